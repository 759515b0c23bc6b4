"""Grading through the Python interface: what the issue of a case turns on."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

import dingji
from conftest import ROOT
from dingji.knowledge.model import Knowledge
from dingji.language.check import check
from dingji.language.parser import parse
from dingji.records import replace

DEMO = ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml"


def with_risk_value(kb: Knowledge, value: int) -> Knowledge:
    """The knowledge base with a fixed risk value instead of the formula P x F."""
    fixed = check(parse(str(value)), {})
    rules = {**kb.rules, "alcr.risk-value": replace(kb.rules["alcr.risk-value"], value=fixed)}
    return dataclasses.replace(kb, rules=rules, plans={})


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (1, "general"),
        (2, "general"),
        (4, "general"),
        (5, "medium"),
        (9, "medium"),
        (10, "major"),
        (12, "major"),
        (16, "major"),
        (25, "major"),
    ],
)
def test_risk_bands(kb: Knowledge, value: int, level: str) -> None:
    finding = dingji.grade(with_risk_value(kb, value), dingji.read_case(DEMO)).finding("sg.alcr")
    assert finding is not None
    assert finding.grade == level


@pytest.mark.parametrize("value", [0, 26])
def test_a_risk_value_outside_the_matrix_is_an_error(kb: Knowledge, value: int) -> None:
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.grade(with_risk_value(kb, value), dingji.read_case(DEMO))
    (problem,) = caught.value.problems
    assert problem.code == "K042"
    assert f"risk_value = {value}, out of its range 1 .. 25" in problem.message


def test_nobody_may_state_what_a_rule_finds(kb: Knowledge) -> None:
    text = "case: x\nsubject: hazard\nas_of: 2015-01-01\nscope: {sector: electric_power}\nfacts: {risk_value: 26}\n"
    with pytest.raises(dingji.CaseError) as caught:
        dingji.grade(kb, dingji.parse_case(text))
    assert [p.code for p in caught.value.problems] == ["C024"]


def test_unknown_deaths_leave_bounds_and_the_question_that_decides(kb: Knowledge) -> None:
    result = dingji.grade(kb, dingji.read_case(ROOT / "cases" / "power-grid" / "photovoltaic-deaths-unknown.yaml"))
    finding = result.finding("sg.alcr")
    assert finding is not None and finding.score is not None
    # F2 is 2 to 5 with two serious injuries, so F = max(1, F2, 2, 1) is 2 to 5 and R = 4 x F one of 8, 12, 16, 20
    assert finding.score.value == "8 | 12 | 16 | 20"
    assert set(finding.reachable) == {"major", "medium"}
    assert result.unknown[0].fact == "potential_deaths"


def test_the_proof_reaches_the_stated_facts(kb: Knowledge) -> None:
    result = dingji.grade(kb, dingji.read_case(DEMO))
    stated: set[str] = set()
    stack = list(result.proof)
    while stack:
        node = stack.pop()
        stack += node.facts
        if node.how == "stated":
            stated.add(node.fact)
    assert {"potential_deaths", "occurrence_frequency", "direct_loss_cny", "image_reach", "grid_events", "nominal_voltage_kv"} <= stated


def test_every_grade_names_its_text(kb: Knowledge) -> None:
    """Each rule in a proof carries a citation, a document and words in both languages."""
    stack = list(dingji.grade(kb, dingji.read_case(DEMO)).proof)
    while stack:
        node = stack.pop()
        stack += node.facts
        for rule in (*node.rules, *node.open_rules):
            assert rule.cite.en and rule.cite.zh and rule.document and rule.text.en and rule.text.zh


def test_results_are_frozen(kb: Knowledge) -> None:
    result = dingji.grade(kb, dingji.read_case(DEMO))
    with pytest.raises(AttributeError):
        result.case = "another"  # type: ignore[misc]


def test_the_day_picks_the_edition(kb: Knowledge) -> None:
    case = dingji.read_case(DEMO)
    by_day = {
        day: {f.instrument for f in dingji.grade(kb, case, as_of=day).findings} for day in (dt.date(2014, 7, 15), dt.date(2023, 7, 15))
    }
    assert {"sg.events-2011", "sg.class-2014", "sg.examples-2010", "cn.serc-2013"} <= by_day[dt.date(2014, 7, 15)]
    assert {"sg.events-2020", "sg.class-2022", "sg.examples-2022", "cn.nea-2022"} <= by_day[dt.date(2023, 7, 15)]
    assert not by_day[dt.date(2014, 7, 15)] & {"sg.class-2022", "cn.nea-2022"}


def test_a_newer_edition_is_named(kb: Knowledge) -> None:
    result = dingji.grade(kb, dingji.read_case(DEMO), today=dt.date(2024, 1, 1))
    finding = result.finding("sg.class-2014")
    assert finding is not None
    assert finding.today == "sg.class-2022"


def test_a_year_in_which_an_edition_changed_leaves_its_findings_open(kb: Knowledge) -> None:
    """Of the classes of 2012-2022 and those from 2022 only the year is known: in 2022 either may apply."""
    result = dingji.grade(kb, dingji.read_case(DEMO), as_of=dt.date(2022, 6, 1))
    for instrument in ("sg.class-2014", "sg.class-2022"):
        finding = result.finding(instrument)
        assert finding is not None
        assert (finding.status, finding.conditional, finding.grade) == ("undetermined", True, None)
