"""Which cases deserve a calculation: measures taken by the comparison, thresholds of the knowledge base."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dingji.comparison import screening
from dingji.comparison.model import Screened
from dingji.comparison.screening import measures
from dingji.knowledge.model import Knowledge

from .samples import AGREED, UNJUDGED, about, case, compared, deaths, survey


def screened(kb: Knowledge, *changes: tuple[str, str], more: str = "") -> Screened | None:
    return screening.screened(*about(kb, *changes, more=more))


def rules(found: Screened | None) -> set[str]:
    return {ground.rule for ground in found.rules} if found else set()


def test_the_worked_dispute(kb: Knowledge) -> None:
    found = screened(kb)
    assert rules(found) == {"screening.methods-differ", "screening.severe-possible"}
    assert found is not None
    assert found.calculated


def test_agreement_on_a_mild_grade_deserves_none(kb: Knowledge) -> None:
    assert screened(kb, *AGREED) is None


def test_each_ground_has_its_source_and_the_values_it_read(kb: Knowledge) -> None:
    found = screened(kb)
    assert found is not None
    grounds = {g.rule: g for g in found.rules}
    assert grounds["screening.methods-differ"].values == (("comparison_grades_apart", "1"),)
    assert grounds["screening.methods-differ"].source == "sg-paper-2017"
    assert grounds["screening.severe-possible"].confidence == "assumed"
    assert grounds["screening.severe-possible"].note.en


def test_a_severe_grade_that_is_only_possible_counts(kb: Knowledge) -> None:
    found = screened(kb, UNJUDGED)
    assert "screening.severe-possible" in rules(found)
    assert found is not None
    assert (found.calculated, found.missing) == (False, ("potential_deaths",))


@pytest.mark.parametrize(("opinions", "expected"), [(("II", "III", "III"), False), (("II", "III", "IV"), True)])
def test_experts_two_grades_apart(kb: Knowledge, opinions: tuple[str, ...], expected: bool) -> None:
    assert ("screening.experts-apart" in rules(screened(kb, *AGREED, more=survey(*opinions)))) is expected


def test_a_score_at_the_edge(kb: Knowledge) -> None:
    # P 3 (yearly), F 3 (one death): R 9 is the last of the medium band, and the major one begins right above
    yearly = ("    value: half_yearly\n", "    value: yearly\n")
    graded, row = about(kb, deaths(1), ("potential_serious_injuries: {value: 2", "potential_serious_injuries: {value: 0"), yearly)
    assert measures(graded, row)["comparison_edge_percent"] == 0
    assert "screening.near-edge" in rules(screening.screened(graded, row))


def test_a_score_in_the_middle_of_its_band(kb: Knowledge) -> None:
    # R 8 is 1 below the edge at 9: an eighth of the score, above the tenth
    graded, row = about(kb, *AGREED)
    assert measures(graded, row) == {
        "comparison_grades_apart": 0,
        "comparison_grades_below_worst": 2,
        "comparison_edge_percent": Decimal("12.5"),
    }


def test_what_a_case_states_of_its_comparison_comes_first(kb: Knowledge) -> None:
    stated = ("  social_effect: false\n", "  social_effect: false\n  comparison_opinion_spread: 3\n")
    assert "screening.experts-apart" in rules(screened(kb, *AGREED, stated))


def test_only_if_asked(kb: Knowledge) -> None:
    assert compared(kb, case(kb)).screened == ()
    assert [s.case for s in compared(kb, case(kb), case(kb, *AGREED, name="calm"), screen=True).screened] == ["worked"]
