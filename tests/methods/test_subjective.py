"""Grading by experts: the finding with its proof, beside the others; and the rounds of the survey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import dingji
from dingji.cases.model import Case
from dingji.knowledge.model import Knowledge
from dingji.methods.model import FactProof, Result
from dingji.methods.subjective import Delphi, delphi, sheet

ROUNDS = Path(__file__).parents[2] / "cases" / "expert-opinions" / "rounds.yaml"
HEAD = "case: x\nsubject: hazard\nas_of: 2016-03-01\nscope: {sector: electric_power, special_field: none, discipline: other}\n"
TWO_ROUNDS = """
survey: {scale: hazard-level, panel: [zhao, qian, sun, li]}
opinions:
  - {rater: zhao, round: 1, grade: I, reasons: [casualties, the crane turns over the line], date: 2016-03-02}
  - {rater: qian, round: 1, grade: II, reasons: [casualties]}
  - {rater: sun, round: 1, grade: II}
  - {rater: li, round: 1, grade: IV, reasons: [potential_deaths]}
  - {rater: zhao, round: 2, grade: II}
  - {rater: qian, round: 2, grade: II}
  - {rater: sun, round: 2, grade: II, weight: 2}
"""


def graded(kb: Knowledge, text: str) -> tuple[Case, Result]:
    case = dingji.parse_case(HEAD + text).check(kb)
    return case, dingji.grade(kb, case)


def surveyed(kb: Knowledge, text: str) -> Delphi:
    return delphi(kb, *graded(kb, text))


def parts(proof: tuple[FactProof, ...]) -> Iterator[FactProof]:
    for part in proof:
        yield part
        yield from parts(part.facts)


def test_without_opinions_no_expert_is_heard(kb: Knowledge) -> None:
    _, result = graded(kb, "")
    assert [f.instrument for f in result.findings if f.method == "subjective"] == []


def test_the_finding_stands_beside_the_others_and_does_not_count(kb: Knowledge) -> None:
    _, result = graded(kb, TWO_ROUNDS)
    finding = result.finding("expert.hazard-level")
    assert finding is not None
    assert (finding.method, finding.grade, finding.status, finding.counted) == ("subjective", "II", "provisional", False)
    assert result.determination is not None
    assert result.determination.grade is None, "nothing else is known of the case, and experts alone settle nothing"


def test_both_evaluators_grade(kb: Knowledge) -> None:
    """The rules on opinions are ordinary ones: the rule engine fires them from the facts that the opinions tell."""
    _, result = graded(kb, TWO_ROUNDS)
    assert len(result.evaluators) == 2 or result.without


def test_the_proof_names_the_opinions_of_the_last_round(kb: Knowledge) -> None:
    case, result = graded(kb, TWO_ROUNDS)
    found = {part.fact: part for part in parts(result.proof) if part.how != "seen"}
    median = found["median_hazard_level"]
    assert (median.how, median.value) == ("surveyed", "II")
    assert [(p.fact, p.value, p.how) for p in median.facts[:3]] == [
        (f"{rater}@hazard-level", "II", "stated") for rater in ("zhao", "qian", "sun")
    ]
    assert median.facts[2].label.en == "Opinion, round 2, weight 2"
    assert median.facts[2].provenance is not None
    assert median.facts[2].provenance.asserted_by == "sun"
    assert median.facts[3].fact == "survey_spread"
    # one of four has not answered, and can change nothing: weight 4 of 5 at least is at II
    assert found["survey_same_share"].value == "80..100"
    assert case.survey is not None


def test_without_a_grade_the_proof_says_what_was_missing(kb: Knowledge) -> None:
    """Two answers and the survey closed: the rule that needs three stands in the proof, false, with the opinions below."""
    text = (
        "survey: {scale: hazard-level, last_round: 1}\nopinions:\n  - {rater: a, round: 1, grade: II}\n  - {rater: b, round: 1, grade: I}\n"
    )
    _, result = graded(kb, text)
    finding = result.finding("expert.hazard-level")
    assert finding is not None
    assert (finding.grade, finding.status) == (None, "undetermined")
    assert "expert.survey.too-few" in [flag.id for flag in result.flags]
    found = {part.fact: part for part in parts(result.proof) if part.how != "seen"}
    (rule,) = found["expert_hazard_level"].rules
    assert (rule.id, rule.truth) == ("expert.hazard-level.median", False)
    assert rule.condition is not None
    assert next((c.source, c.truth, c.value) for c in rule.condition.parts) == ("survey_raters >= 3", False, "2")
    assert [p.value for p in found["median_hazard_level"].facts[:2]] == ["II", "I"]


def test_what_goes_back_to_the_experts(kb: Knowledge) -> None:
    survey = surveyed(kb, TWO_ROUNDS)
    first, second = survey.feedback
    assert survey.panel == ("zhao", "qian", "sun", "li")
    # IV II II I: the middle two are II; quartiles are 2.5 and 3.25 grades above none
    assert (first.median, first.spread, first.same_share, first.awaited) == (("II",), pytest.approx(0.75), 50, ())
    assert [(s.grade, s.experts, s.reasons) for s in first.dissent] == [
        ("I", 1, ("casualties", "the crane turns over the line")),
        ("IV", 1, ("potential_deaths",)),
    ]
    assert (second.experts, second.awaited, second.same_share, second.changed_share) == (3, ("li",), None, None)
    assert survey.over, "whatever li says, three quarters give II"


def test_a_sheet_is_blind_and_asks_who_dissents(kb: Knowledge) -> None:
    survey = surveyed(kb, TWO_ROUNDS)
    mine = sheet(survey, "li", 2)
    assert (mine.own, mine.dissents, mine.own_reasons) == ("IV", True, ("potential_deaths",))
    assert not sheet(survey, "sun", 2).dissents
    assert sheet(survey, "li", 1).feedback is None
    with pytest.raises(ValueError, match="4"):
        sheet(survey, "li", 4)


def test_which_round_is_due(kb: Knowledge) -> None:
    cases = {c.id: c.check(kb) for c in dingji.read_cases(ROUNDS)}
    due = {
        "experts-grade-again": (False, 2),
        "experts-agree-at-once": (True, 1),
        "experts-awaited": (False, 3),  # the round goes on
        "experts-too-few": (True, 1),  # closed: no grade, and none to come
        "experts-out-of-rounds": (True, 3),
    }
    for name, wanted in due.items():
        survey = delphi(kb, cases[name], dingji.grade(kb, cases[name]))
        assert (survey.over, survey.next) == wanted, name


def test_a_case_without_a_survey_has_no_rounds(kb: Knowledge) -> None:
    with pytest.raises(dingji.CaseError, match="C040"):
        surveyed(kb, "")


def test_opinions_on_another_scale_reach_another_finding(kb: Knowledge) -> None:
    _, result = graded(
        kb,
        TWO_ROUNDS.replace("hazard-level", "risk-three")
        .replace("grade: II", "grade: medium")
        .replace("grade: IV", "grade: general")
        .replace("grade: I,", "grade: major,"),
    )
    assert result.finding("expert.hazard-level") is None
    finding = result.finding("expert.risk-level")
    assert finding is not None
    assert finding.grade == "medium"
