"""Many cases: agreement by hand, groups, shares, order, processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from dingji.comparison import compare, precedents
from dingji.comparison.model import Comparison, Group
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge, Words
from dingji.schema import comparison_schema

from .samples import AGREED, SILENT, case, compared, deaths, official, survey, text


@pytest.fixture(scope="module")
def ten(kb: Knowledge) -> Comparison:
    """Six times the worked dispute (III by the list, II by consequence and by calculation), four times agreed on III."""
    disputed = [case(kb, name=f"disputed-{n}", more=official("general", by="north")) for n in range(6)]
    agreed = [case(kb, *AGREED, name=f"agreed-{n}", more=official("safety-event", by="south")) for n in range(4)]
    return compared(kb, *agreed, *disputed)


def test_a_confusion_matrix_counted_by_hand(ten: Comparison) -> None:
    (section,) = ten.scales
    assert section.methods == ("official", "example", "consequence", "quantitative")
    (met,) = [p for p in section.pairs if (p.first, p.second) == ("example", "consequence")]
    at = {grade: i for i, grade in enumerate(met.confusion.grades)}
    counts = met.confusion.counts
    assert (counts[at["III"]][at["II"]], counts[at["III"]][at["III"]], met.confusion.n) == (6, 4, 10)
    assert met.raw.value == pytest.approx(0.4)
    # the list always says III, so chance alone gives 0.4 as well
    assert met.kappa.value == pytest.approx(0)
    assert (met.bias.value, met.severer, met.milder) == (pytest.approx(0.6), 6, 0)


def test_too_few_cases_give_no_number(kb: Knowledge) -> None:
    found = compared(kb, *(case(kb, name=f"c{n}") for n in range(3)))
    for met in found.scales[0].pairs:
        assert (met.linear.value, met.linear.reason, met.linear.n) == (None, "too-few-cases", 3)


def test_reasons_are_counted_by_cases_and_pairs(ten: Comparison) -> None:
    # agreed cases differ by their official grade only, which stands with no method
    assert ten.disagreeing == 10
    counted = {(s.kind, s.factor): (s.cases, s.share, s.pairs) for s in ten.reasons}
    # list against consequence, list against calculation; the official grade, with the list, against both
    assert counted["left_out", "casualties"] == (6, 0.6, 24)
    assert counted["unexplained", None] == (4, 0.4, 12)
    assert sum(s.share for s in ten.reasons) == pytest.approx(1)


def test_units_are_measured_against_the_methods(ten: Comparison) -> None:
    units = {u.unit.value: u.leniency for u in ten.scales[0].units}
    # north says III where the methods say III, II, II: 2/3 of a grade below their mean; south IV where all say III: one below
    assert (units["north"].difference.n, units["north"].milder, units["north"].severer) == (6, 6, 0)
    assert (units["south"].difference.n, units["south"].milder, units["south"].severer) == (4, 4, 0)
    assert units["south"].difference.value is None, "four cases are too few"


def test_disagreement_comes_first(ten: Comparison, kb: Knowledge) -> None:
    found = compared(kb, case(kb, *AGREED, name="a"), case(kb, name="z"))
    assert [row.case for row in found.rows] == ["z", "a"]


def test_leniency_of_experts_by_hand(kb: Knowledge) -> None:
    # b grades one below a and c throughout: against the mean of the others b lies one below, a and c half a grade above
    found = compared(kb, *(case(kb, name=f"c{n}", more=survey("II", "III", "II")) for n in range(10)))
    leniency = {x.rater: x.difference.value for x in found.scales[0].raters}
    assert leniency == {"a": pytest.approx(0.5), "b": pytest.approx(-1), "c": pytest.approx(0.5)}
    panel = found.scales[0].panel
    assert panel is not None
    assert panel.raters == ("a", "b", "c")


def test_cases_are_grouped_by_what_tells_them_apart(kb: Knowledge) -> None:
    other = ("discipline: transmission", "discipline: substation")
    cases = [case(kb, name=f"t{n}") for n in range(10)] + [case(kb, other, name=f"s{n}") for n in range(2)]
    found = compared(kb, *cases)
    assert found.by == ("discipline",)
    bias = {(x.first, x.second, x.group.value): x.bias for x in found.scales[0].bias}
    assert bias["example", "consequence", "transmission"].value == pytest.approx(1)
    assert ("example", "consequence", "substation") not in bias, "the list of another discipline is silent"


def test_a_fact_to_group_by(kb: Knowledge) -> None:
    found = compared(kb, case(kb, name="a"), case(kb, *AGREED, name="b"), by=("large_machine_near_live_line",))
    assert {g.value for row in found.rows for g in row.groups} == {"true"}


def test_findings_without_a_crosswalk_are_counted(ten: Comparison) -> None:
    counted = {x.instrument: (x.own_scale, x.scale, x.cases) for x in ten.not_comparable}
    assert counted["sg.events-2011"] == ("sg-event-level", "hazard-level", 10)


def test_what_could_not_be_compared_is_counted_with_the_reason(kb: Knowledge) -> None:
    found = compared(kb, case(kb, SILENT, name="a"), case(kb, name="b"))
    left = {(x.first, x.second): (x.state, x.cases) for x in found.scales[0].left}
    assert left["example", "consequence"] == ("silent", 1)


def test_an_invalid_case_is_never_passed_over(kb: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(text(), "utf-8")
    (tmp_path / "bad.yaml").write_text(text(("potential_minor_injuries", "potential_minor_injurys")), "utf-8")
    found = compare.outcomes(None, kb, sorted(tmp_path.iterdir()), compare.Task())
    with pytest.raises(CaseError, match=r"bad\.yaml.*C020.*potential_minor_injuries"):
        compare.summed_up(kb, found, compare.Task())


def test_two_processes_find_what_one_finds(kb: Knowledge, tmp_path: Path) -> None:
    for n in range(compare.FEW):
        (tmp_path / f"{n:03}.yaml").write_text(text(deaths(n % 12), name=f"c{n}"), "utf-8")
    paths, task, told = sorted(tmp_path.iterdir()), compare.Task(screen=True), list[int]()
    several = compare.outcomes(None, kb, paths, task, processes=2, done=told.append)
    assert several == compare.outcomes(None, kb, paths, task)
    assert sum(told) == len(paths)


def test_groups_of_a_table_stand_beside_those_of_facts(kb: Knowledge) -> None:
    subject = compare.Subject(case(kb), (Group("party", "north", Words("north", "north"), True),))
    found = compare.compare(kb, [subject])
    assert [(g.fact, g.value) for g in found.rows[0].groups] == []
    two = compare.compare(kb, [subject, compare.Subject(case(kb, name="b"), (Group("party", "south", Words("s", "s"), True),))])
    assert {g.value for row in two.rows for g in row.groups} == {"north", "south"}


def test_every_part_of_a_comparison_follows_its_schema(kb: Knowledge) -> None:
    (peers, _) = precedents.settled(kb, [case(kb, deaths(3), name="settled", more=official("II-major", by="x"))])
    found = compared(kb, case(kb, more=survey("II", "III casualties", "IV")), case(kb, SILENT, name="b"), settled=peers, screen=True)
    assert found.precedents
    assert found.screened
    Draft7Validator(comparison_schema()).validate(json.loads(json.dumps(found.to_dict())))


def test_a_comparison_is_plain_data(ten: Comparison) -> None:
    plain = ten.to_dict()
    Draft7Validator(comparison_schema()).validate(json.loads(json.dumps(plain)))
    assert plain["knowledge"].keys() == {"version", "digest", "profile"}
    assert len(plain["rows"]) == 10
    assert plain["rows"][0]["pairs"][0]["main"]["kind"] == "left_out"
