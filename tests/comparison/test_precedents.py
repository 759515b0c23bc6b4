"""Precedents: what follows a fortiori, which settled cases contradict each other, which are near."""

from __future__ import annotations

import pytest

from dingji.comparison import precedents
from dingji.comparison.directions import BOTH, LESS, MORE, at_least, directions
from dingji.comparison.model import Precedence
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge

from .samples import about, case, compared, deaths, official

FREQUENCY = "    value: half_yearly\n"


@pytest.fixture(scope="module")
def plan(kb: Knowledge) -> Plan:
    worked = case(kb)
    return plan_for(kb, worked.facts(), worked.as_of)


def settled(kb: Knowledge, number: int, grade: str, *changes: tuple[str, str], name: str = "") -> precedents.Settled:
    (found,), left = precedents.settled(kb, [case(kb, deaths(number), *changes, more=official(grade), name=name or f"settled-{number}")])
    assert left == ()
    return found


def told(kb: Knowledge, *peers: precedents.Settled, changes: tuple[tuple[str, str], ...] = (), more: str = "") -> Precedence:
    graded, row = about(kb, *changes, more=more)
    found = precedents.precedence(graded, row, peers)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fact", "direction"),
    [
        ("potential_deaths", MORE),  # every table of events: from so many deaths on
        ("potential_serious_injuries", MORE),
        ("direct_loss_cny", MORE),
        ("persons_on_site", MORE),
        ("grid_events", MORE),  # any(...): the more events the worse
        ("line_work_permit_obtained", LESS),  # an entry of the list asks for work without a permit
        ("nominal_voltage_kv", BOTH),  # which clearance applies to which voltage: no direction
        ("discipline", BOTH),
    ],
)
def test_the_direction_of_a_fact_is_that_of_the_rules(plan: Plan, fact: str, direction: int) -> None:
    assert directions(plan)[fact] == direction


def test_facts_that_no_rule_behind_the_grade_reads_have_no_part(plan: Plan) -> None:
    assert "reported_on" not in directions(plan)


@pytest.mark.parametrize(
    ("fact", "a", "b", "expected"),
    [
        ("potential_deaths", 3, 5, True),
        ("potential_deaths", 5, 3, False),
        ("potential_deaths", None, 5, None),
        # likelihood 3, 4 and 5 by the paper's scale
        ("occurrence_frequency", "yearly", "half_yearly", True),
        ("occurrence_frequency", "half_yearly", "monthly", True),
        ("occurrence_frequency", "monthly", "half_yearly", None),
        ("image_reach", "county", "province", True),
        ("image_reach", "province", "county", None),
        ("image_reach", "none", "county", True),  # both score 1
        ("image_reach", "county", "none", True),
        ("nominal_voltage_kv", 220, 500, None),
        ("discipline", "transmission", "substation", None),
    ],
)
def test_which_of_two_values_is_worse(plan: Plan, fact: str, a: object, b: object, expected: bool | None) -> None:
    assert at_least(plan, fact, a, b) is expected


def test_at_least_the_grade_of_a_settled_case_that_is_no_worse(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "II-major"))
    assert (found.at_least, found.at_most, found.conflict) == ("II", None, False)
    (by,) = found.at_least_by
    assert (by.milder, by.milder_grade, by.severer, by.severer_grade) == ("settled-3", "II", "worked", None)
    (dimension,) = by.dimensions
    assert (dimension.fact, dimension.milder, dimension.severer, dimension.direction) == ("potential_deaths", "3", "5", "more_is_worse")


def test_what_speaks_against_it_is_named(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "II-major"), more=official("general"))
    assert found.against == ("official", "example"), "both say III, which is milder than II"


def test_at_most_the_grade_of_a_settled_case_that_is_no_better(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 8, "II-major"))
    assert (found.at_least, found.at_most, found.against) == (None, "II", ())


def test_a_case_between_two_settled_ones(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "general"), settled(kb, 8, "I-major"), settled(kb, 4, "II-major"))
    assert (found.at_least, found.at_most) == ("II", "I")


def test_settled_cases_that_leave_no_grade(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "I-major"), settled(kb, 8, "general"))
    assert (found.at_least, found.at_most, found.conflict) == ("I", "III", True)


def test_a_choice_is_worse_if_every_table_says_so(kb: Knowledge) -> None:
    yearly = settled(kb, 5, "II-major", (FREQUENCY, "    value: yearly\n"))
    (by,) = told(kb, yearly).at_least_by
    assert [(d.fact, d.direction) for d in by.dimensions] == [("occurrence_frequency", "tried")]


def test_what_has_no_direction_must_be_equal(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "II-major", ("  nominal_voltage_kv: 500\n", "  nominal_voltage_kv: 330\n")))
    assert (found.at_least, found.at_most) == (None, None)


def test_a_fact_known_in_one_case_only_can_not_be_compared(kb: Knowledge) -> None:
    found = told(kb, settled(kb, 3, "II-major", ("  social_effect: false\n", "")))
    assert (found.at_least, found.at_most) == (None, None)


def test_another_edition_gives_no_ground(kb: Knowledge) -> None:
    later = settled(
        kb,
        3,
        "II-major",
        ("as_of: 2014-07-15", "as_of: 2023-07-15"),
        ("reported_on: {value: 2014-07-15", "reported_on: {value: 2023-07-15"),
    )
    found = told(kb, later)
    assert (found.at_least, found.nearest[0].precedent) == (None, "settled-3")


def test_no_case_is_its_own_precedent(kb: Knowledge) -> None:
    graded, row = about(kb)
    assert precedents.precedence(graded, row, [settled(kb, 5, "II-major", name="worked")]) is None


def test_settled_cases_that_contradict_each_other(kb: Knowledge) -> None:
    # 8 deaths called general, 5 called Level II: worse in one fact, equal in all others, yet milder
    peers = [settled(kb, 5, "II-major"), settled(kb, 8, "general"), settled(kb, 9, "I-major")]
    (found,) = precedents.inconsistent(kb, peers)
    assert (found.severer, found.severer_grade, found.milder, found.milder_grade) == ("settled-8", "III", "settled-5", "II")
    assert [d.fact for d in found.dimensions] == ["potential_deaths"]


def test_equal_cases_graded_differently_contradict_each_other(kb: Knowledge) -> None:
    peers = [settled(kb, 5, "II-major", name="a"), settled(kb, 5, "general", name="b")]
    (found,) = precedents.inconsistent(kb, peers)
    assert (found.severer, found.milder, found.dimensions) == ("b", "a", ())


def test_cases_without_an_official_grade_settle_nothing(kb: Knowledge) -> None:
    found, left = precedents.settled(kb, [case(kb, name="open"), case(kb, name="risk", more=official("level-two", "grid-risk-2014"))])
    assert (found, left) == ((), ("open", "risk")), "no crosswalk leads from the grid risk to the hazard level"


def test_the_nearest_by_gowers_coefficient(kb: Knowledge) -> None:
    # deaths 5 against 3 and 8: the range over the three is 5, so 1 - 2/5 and 1 - 3/5; all other facts are equal
    near, far = told(kb, settled(kb, 8, "II-major"), settled(kb, 3, "II-major")).nearest
    assert (near.precedent, far.precedent) == ("settled-3", "settled-8")
    assert near.differing == ("potential_deaths",)
    assert near.alike == near.compared - 1
    assert near.similarity == pytest.approx((near.compared - 1 + 0.6) / near.compared)
    assert far.similarity == pytest.approx((far.compared - 1 + 0.4) / far.compared)


def test_conditions_that_are_false_in_both_are_no_likeness(kb: Knowledge) -> None:
    false = ("  management_hazard: false\n", "  management_hazard: true\n")
    (alike,) = told(kb, settled(kb, 3, "II-major")).nearest
    (other,) = told(kb, settled(kb, 3, "II-major", false)).nearest
    assert other.compared == alike.compared + 1, "true against false is compared, false against false is not"


def test_precedents_join_a_comparison_and_change_no_grade(kb: Knowledge) -> None:
    peers = (settled(kb, 3, "I-major"),)
    with_them, without = compared(kb, case(kb), settled=peers), compared(kb, case(kb))
    assert with_them.precedents[0].at_least == "I"
    assert with_them.rows == without.rows
    assert with_them.scales == without.scales
