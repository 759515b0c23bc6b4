"""The ruling: what follows from the findings, what is refused, what an override leaves visible, what the file keeps."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from dingji.cases.writer import UnwritableError
from dingji.disputes.deciding import Deciding, Given, Objection
from dingji.disputes.reader import parse_dispute
from dingji.disputes.ruling import Ruling, RulingError, next_issue, record, rule
from dingji.disputes.settlement import Settlement
from dingji.disputes.writer import with_ruling
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge

from .ponds import SOUND, between, dispute

FINDS = "ruling:\n  findings:\n    people_below: {{finds: {}, reason: counted}}\n"


def ruled(good: Knowledge, text: str) -> Ruling:
    return rule(Settlement(dispute(good, text), good))


def test_the_grade_follows_from_the_findings(good: Knowledge) -> None:
    """100 people: red. Nothing else need be decided. The owner lowers the water, and the inspector reports in three days of 30 May."""
    ruling = ruled(good, SOUND + FINDS.format(100))
    assert (ruling.grade, ruling.stands, ruling.open) == ("red", "red", ())
    assert ruling.left == ("warden", "patrol_done", "finding")
    assert [(duty.id, duty.due) for duty in ruling.duties] == [("duty.report", "2015-06-02"), ("duty.lower", None)]
    assert ruling.doubtful == ()
    assert {"p10.people", "p10.base.orange"} <= ruling.rules
    assert ruling.result is not None and ruling.result.evaluators[0] == "reference"


def test_duties_that_hang_on_what_was_left_open_are_told_apart(good: Knowledge) -> None:
    """Orange by either party's list finding, but who has to report turns on the grade of the code, which one party leaves out."""
    first = "facts: {crack_width_mm: 21, water_level_m: 5, people_below: 5}"
    second = "facts: {crack_width_mm: 21, water_level_m: 8.5, people_below: 5}"
    ruling = ruled(good, between(first, second) + "ruling: {findings: {}, grade: orange}\n")
    assert ruling.grade == "orange"
    assert [duty.id for duty in ruling.duties] == []
    assert [duty.id for duty in ruling.doubtful] == ["duty.report"]


def test_several_grades_can_still_follow(good: Knowledge) -> None:
    settlement = Settlement(dispute(good), good)
    ruling = rule(settlement)
    assert (ruling.settled, ruling.grade, ruling.open, ruling.result, ruling.duties) == (None, None, ("people_below",), None, ())
    assert [o.grades for o in ruling.computed] == [("orange",), ("red",)]
    assert next_issue(settlement, ruling.dispute.ruling) == "people_below"


def test_a_value_that_no_party_holds_can_be_found(good: Knowledge) -> None:
    """99 people are fewer than a hundred: orange."""
    found = dispute(good, SOUND + FINDS.format(99))
    assert [p.key for p in found.issue("people_below").positions] == ["60", "100", "99"]
    settlement = Settlement(found, good)
    assert rule(settlement).grade == "orange"
    assert settlement.combinations == 16, "the dispute stays what the parties differ in"


def refused(good: Knowledge, text: str) -> tuple[str, str]:
    with pytest.raises(RulingError) as caught:
        ruled(good, text)
    assert caught.value.exit_code == 1
    (problem,) = caught.value.problems
    return problem.code, f"{problem.message}; {problem.hint}"


OVERRIDE = "  override: {{grade: {}, justification: drained, authority: board, expires: {}, duties_follow: {}}}\n"


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (FINDS.format(100) + "  grade: orange\n", "D040", "the grade orange does not follow from the findings: what follows is red"),
        ("ruling: {findings: {}, grade: red}\n", "D040", "several grades can still follow; decide people_below"),
        (FINDS.format(60000) + "  grade: red\n", "D040", "nothing is graded"),
        (FINDS.format(100) + OVERRIDE.format("red", "2016-01-01", "computed"), "D041", "which follows anyway"),
        (FINDS.format(100) + OVERRIDE.format("orange", "2015-06-01", "computed"), "D041", "ends on 2015-06-01, not after 2015-06-01"),
        (
            "ruling:\n  findings: {}\n" + OVERRIDE.format("orange", "2016-01-01", "computed"),
            "D041",
            "not computed yet",
        ),
        (FINDS.format(100) + "  grade: red\n" + OVERRIDE.format("orange", "2016-01-01", "computed"), "D041", "let both say the same"),
    ],
)
def test_what_does_not_follow_is_refused(good: Knowledge, more: str, code: str, says: str) -> None:
    found, said = refused(good, SOUND + more)
    assert found == code
    assert says in said


@pytest.mark.parametrize(("follow", "duties"), [("computed", ["duty.report", "duty.lower"]), ("override", ["duty.report"])])
def test_an_override_leaves_both_grades_visible(good: Knowledge, follow: str, duties: list[str]) -> None:
    """The code finds red; the dispute is about the code's own grade, from which the duties follow."""
    text = SOUND + "about: pond.2010\n" + FINDS.format(100) + OVERRIDE.format("orange", "2016-01-01", follow)
    settlement = Settlement(dispute(good, text), good)
    ruling = rule(settlement)
    assert (ruling.grade, ruling.stands) == ("red", "orange")
    assert [duty.id for duty in ruling.duties] == duties
    kept = record(settlement, ruling)["ruling"]
    assert (kept["computed"], kept["stands"], kept["override"]["expires"]) == ("red", "orange", "2016-01-01")


def test_the_record_is_plain_data_with_all_that_was_found(good: Knowledge) -> None:
    dissents = "dissents: [{member: ben, finds: 60, reason: no}]"
    text = SOUND + f"ruling: {{findings: {{people_below: {{finds: 100, reason: {{en: counted, zh: 已清点}}, {dissents}}}}}}}\n"
    settlement = Settlement(dispute(good, text), good)
    kept: dict[str, Any] = json.loads(json.dumps(record(settlement, rule(settlement)), ensure_ascii=False))
    assert kept["ruling"]["findings"] == [
        {
            "issue": "people_below",
            "finds": "100",
            "reason": {"en": "counted", "zh": "已清点"},
            "dissents": [{"member": "ben", "finds": "60", "reason": {"en": "no", "zh": "no"}}],
        }
    ]
    assert kept["knowledge"]["digest"] == good.digest
    assert kept["result"]["determination"]["grade"] == "red"
    assert [m["id"] for m in kept["panel"]] == ["ann", "ben"]


# --- findings from outside the file


def test_a_finding_replaces_the_one_before_it(good: Knowledge) -> None:
    deciding = Deciding(dispute(good, SOUND + FINDS.format(100)), good)
    deciding.take(Given("people_below", "@owner", "the register counts"))
    deciding.dissent(Objection("ann", "people_below", "100", "I saw them"))
    deciding.dissent(Objection("ann", "people_below", "120", "and more"))
    (found,) = deciding.ruled.findings
    assert (found.position, found.written, found.reason.en) == (0, '"@owner"', "the register counts")
    assert [(d.member, d.written) for d in found.dissents] == [("ann", "120")]
    deciding.drop("people_below")
    assert deciding.ruled.findings == ()


@pytest.mark.parametrize(
    ("step", "code", "says"),
    [
        (Given("people", "5", "x"), "D020", "people_below"),
        (Given("people_below", "many", "x"), "C021", "people_below"),
        (Given("people_below", "@nobody", "x"), "D020", "no party 'nobody'"),
        (Given("people_below", "[", "x"), "D002", "not YAML"),
        (Given("people_below", "5", " "), "D042", "a finding has a reason"),
        (Objection("carl", "people_below", "5", "x"), "D020", "no member"),
        (Objection("ann", "finding", "all", "x"), "D020", "nothing is found in 'finding'"),
    ],
)
def test_what_can_not_be_taken_is_refused(good: Knowledge, step: Given | Objection, code: str, says: str) -> None:
    deciding = Deciding(dispute(good), good)
    with pytest.raises(CaseError) as caught:
        deciding.take(step) if isinstance(step, Given) else deciding.dissent(step)
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == (code, 0)
    assert says in f"{problem.message}; {problem.hint}"
    assert problem.file.startswith(("--decide", "--dissent"))


# --- keeping the ruling in the file


COMMENTED = SOUND.replace("panel:\n", "panel:   # who decides\n")


def decided(good: Knowledge, text: str) -> Deciding:
    deciding = Deciding(dispute(good, text), good)
    deciding.take(Given("people_below", "100", 'the "census" says: 100'))
    deciding.take(Given("patrol_done", "@board", "没有记录"))
    deciding.dissent(Objection("ben", "people_below", "@owner", "# no"))
    return deciding


@pytest.mark.parametrize("before", [COMMENTED, COMMENTED + FINDS.format(60) + "note: kept\n", COMMENTED.rstrip("\n")])
def test_only_the_ruling_of_the_file_changes(good: Knowledge, before: str, tmp_path: Path) -> None:
    file = parse_dispute(before, "pond.yaml")
    deciding = decided(good, before)
    after = with_ruling(file, before, deciding.ruled, good, tmp_path / "pond.yaml")
    again = parse_dispute(after, "pond.yaml").check(good)
    assert again.ruling == deciding.ruled
    assert after.startswith(COMMENTED.rstrip("\n"))
    assert after.count("ruling:") == 1
    assert ("note: kept\n" in after) == ("note: kept" in before)


def test_windows_line_breaks_stay(good: Knowledge, tmp_path: Path) -> None:
    before = SOUND.replace("\n", "\r\n")
    after = with_ruling(parse_dispute(before, "p.yaml"), before, decided(good, SOUND).ruled, good, tmp_path / "p.yaml")
    assert "\n" not in after.replace("\r\n", "")


def test_json_keeps_its_ruling_too(good: Knowledge, tmp_path: Path) -> None:
    import yaml

    data = json.dumps(yaml.safe_load(SOUND), default=str, ensure_ascii=False)
    file = parse_dispute(data, "pond.json")
    after = with_ruling(file, data, decided(good, SOUND).ruled, good, tmp_path / "pond.json")
    assert json.loads(after)["ruling"]["findings"]["people_below"]["finds"] == 100
    assert {k: v for k, v in json.loads(after).items() if k != "ruling"} == json.loads(data)


def test_yaml_in_braces_is_left_alone(good: Knowledge, tmp_path: Path) -> None:
    import yaml

    data = json.dumps(yaml.safe_load(SOUND), default=str, ensure_ascii=False)
    with pytest.raises(UnwritableError, match="block YAML"):
        with_ruling(parse_dispute(data, "pond.yaml"), data, decided(good, SOUND).ruled, good, tmp_path / "pond.yaml")


def test_an_override_is_kept(good: Knowledge, tmp_path: Path) -> None:
    deciding = decided(good, SOUND)
    scale = good.scales["pond"]
    deciding.override("orange", "drained", "the board", dt.date(2016, 1, 1), "override", scale)
    after = with_ruling(parse_dispute(SOUND, "p.yaml"), SOUND, deciding.ruled, good, tmp_path / "p.yaml")
    found = parse_dispute(after, "p.yaml").check(good).ruling.override
    assert found is not None
    assert (found.grade, found.expires, found.duties_follow, found.authority.en) == ("orange", dt.date(2016, 1, 1), "override", "the board")
    with pytest.raises(CaseError, match="has no grade 'III'"):
        deciding.override("III", "drained", "the board", dt.date(2016, 1, 1), "override", scale)
    with pytest.raises(CaseError, match="a justification and an authority"):
        deciding.override("orange", " ", "the board", dt.date(2016, 1, 1), "override", scale)
