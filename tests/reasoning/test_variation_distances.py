"""Distances in tables over several facts, and what is said of a grade that is open; every expected value is worked out by hand.

The small base: the table of 2010 reads the freeboard (crest above water) and the score of the crack (21 mm: 3). A freeboard
below 1 m is red, below 2 m orange; from 2 m on it is the score that decides: 4 and more orange, 3 yellow, less clear. People
below make it one grade worse.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import dingji
from conftest import ROOT
from dingji.knowledge.model import Knowledge
from dingji.reasoning.variation.distances import Distance, Edge
from dingji.reasoning.variation.what_if import WhatIf, read_statement
from knowledge.conftest import edited, good  # noqa: F401
from knowledge.small import CASE

Shown = dict[str, tuple[str, Any, Any]]
TODAY = ("as_of: 2015-06-01", "as_of: 2021-06-01")


def asked(knowledge: Knowledge, *changes: tuple[str, str], **options: Any) -> WhatIf:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return WhatIf(knowledge, dingji.parse_case(text).check(knowledge), **options)


def shown(found: tuple[Distance, ...]) -> Shown:
    """Fact -> the grade now, and where a more severe and a milder one begin: grade, edge, whether it belongs to it, how far."""

    def begins(edge: Edge | None) -> Any:
        return edge and (edge.grade, Decimal(edge.at), edge.inside, Decimal(edge.distance))

    return {d.fact: (d.grade, begins(d.severer), begins(d.milder)) for d in found}


def at(grade: str, edge: str, inside: bool, far: str) -> tuple[str, Decimal, bool, Decimal]:
    return grade, Decimal(edge), inside, Decimal(far)


def test_on_each_axis_with_the_other_fact_fixed(good: Knowledge) -> None:  # noqa: F811
    """A freeboard of 2.5 m and a score of 3: yellow. Half a metre less makes it orange; a score of 4 too, one of 2 makes it clear."""
    distances = asked(good, ("water_level_m: 8.5", "water_level_m: 7.5")).distances()
    assert shown(distances) == {
        "freeboard_m": ("yellow", at("orange", "2", False, "0.5"), None),
        "score": ("yellow", at("orange", "4", True, "1"), at("clear", "2", True, "1")),
    }
    assert [(d.instrument, d.adjusted, d.others) for d in distances] == [
        ("pond.2010", True, ("score",)),
        ("pond.2010", True, ("freeboard_m",)),
    ]


def test_an_axis_on_which_nothing_changes_is_left_out(good: Knowledge) -> None:  # noqa: F811
    """A freeboard of 1.5 m is orange whatever the score. Yellow is next above 2 m, since the score is 3."""
    assert shown(asked(good).distances()) == {"freeboard_m": ("orange", at("red", "1", False, "0.5"), at("yellow", "2", True, "0.5"))}


def test_the_other_fact_says_which_cell_is_next(good: Knowledge) -> None:  # noqa: F811
    """A crack of 50 mm scores 5: above 2 m it is orange as well, and no freeboard makes it milder. Of 5 mm: clear is next."""
    wide = asked(good, ("crack_width_mm: 21", "crack_width_mm: 50")).distances()
    assert shown(wide) == {"freeboard_m": ("orange", at("red", "1", False, "0.5"), None)}
    narrow = asked(good, ("crack_width_mm: 21", "crack_width_mm: 5")).distances()
    assert shown(narrow) == {"freeboard_m": ("orange", at("red", "1", False, "0.5"), at("clear", "2", True, "0.5"))}


@pytest.mark.parametrize(
    ("people", "by_freeboard", "by_people"),
    [
        # 0.5 m: red from 10 people on; otherwise orange, and nothing is more severe but red
        ("5", ("orange", None, at("yellow", "1", True, "0.5")), ("orange", at("red", "10", True, "5"), None)),
        ("10", ("red", None, at("yellow", "1", True, "0.5")), ("red", None, at("orange", "9", True, "1"))),
    ],
)
def test_counts_step_from_one_whole_number_to_the_next(good: Knowledge, people: str, by_freeboard: Any, by_people: Any) -> None:  # noqa: F811
    changes = (TODAY, ("water_level_m: 8.5", "water_level_m: 9.5"), ("people_below: 100", f"people_below: {people}"))
    assert shown(asked(good, *changes).distances()) == {"freeboard_m": by_freeboard, "people_below": by_people}


def test_each_figure_of_an_accident(kb: Knowledge) -> None:
    """Order 493, Art. 3: 3 killed, 10 badly hurt or 10 million yuan lost make it a larger accident; here are 2, none and nothing."""
    case = next(c for c in dingji.read_cases(ROOT / "cases" / "accidents" / "order-493-deaths.yaml") if c.id == "order-493-deaths-2")
    found = {d.fact: d for d in WhatIf(kb, case.check(kb)).distances() if d.instrument == "cn.order-493"}
    assert shown(tuple(found.values())) == {
        "potential_deaths": ("general", at("larger", "3", True, "1"), at("none", "0", True, "2")),
        "potential_serious_injuries": ("general", at("larger", "10", True, "10"), None),
        "direct_loss_cny": ("general", at("larger", "10000000", True, "10000000"), None),
    }


def test_a_number_that_another_fact_of_the_table_is_reckoned_from_is_no_axis(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    """Made orange from 30 mm on as well, 21 mm would be 9 mm short of it; but with another width the score would not stay."""
    path = "instruments/pond-2010.yaml"
    knowledge = edited(
        (path, "freeboard_m >= 2 and score >= 4", "freeboard_m >= 2 and (score >= 4 or crack_width_mm >= 30)"),
        (path, "3 <= score < 4", "3 <= score < 4 and crack_width_mm < 30"),
    )
    found = shown(asked(knowledge, ("water_level_m: 8.5", "water_level_m: 7.5")).distances())
    assert sorted(found) == ["freeboard_m", "score"]


# open grades --------------------------------------------------------------------------------------------------


def test_no_distance_where_the_grade_is_open(good: Knowledge) -> None:  # noqa: F811
    """Without the crest there is no freeboard, without the crack no score: from 2 m on it is orange, yellow or clear."""
    assert asked(good, ("crest_level_m: 10", "crest_level_m: unknown")).distances() == ()
    deep = ("water_level_m: 8.5", "water_level_m: 7.5")
    assert asked(good, deep, ("crack_width_mm: 21", "crack_width_mm: unknown")).distances() == ()


def test_what_lies_beyond_an_open_stretch_is_not_said(good: Knowledge) -> None:  # noqa: F811
    """1.5 m is orange in any case. Above 2 m it hangs on the score, which is not known: nothing milder is sure; below 1 m is red."""
    found = asked(good, ("crack_width_mm: 21", "crack_width_mm: unknown")).distances()
    assert shown(found) == {"freeboard_m": ("orange", at("red", "1", False, "0.5"), None)}


def test_a_bound_is_no_number(good: Knowledge) -> None:  # noqa: F811
    """From 8.1 to 8.9 m of water it is orange; how far it is from red or yellow is not known."""
    found = asked(good, ("water_level_m: 8.5", "water_level_m: {at_least: 8.1, at_most: 8.9}"))
    assert found.graded(found.case).finding("pond.2010").grade == "red"  # type: ignore[union-attr]
    assert found.distances() == ()


OPEN = [
    (("people_below: 100", "people_below: unknown"),),
    (("crest_level_m: 10", "crest_level_m: unknown"),),
    (("crack_width_mm: 21", "crack_width_mm: unknown"), ("water_level_m: 8.5", "water_level_m: 7.5")),
    (("people_below: 100", "people_below: {at_least: 90, at_most: 120}"), ("patrol_done: false", "patrol_done: unknown")),
]


@pytest.mark.parametrize("changes", OPEN)
def test_what_turns_an_open_grade_is_what_grading_says(good: Knowledge, changes: tuple[tuple[str, str], ...]) -> None:  # noqa: F811
    """Each turning, graded again: just those grades are possible then, and they are others than now."""
    what_if = asked(good, *changes)
    now = what_if.before.determination
    assert now is not None
    assert len(now.reachable) > 1, "the grade is open"
    hinges = what_if.hinges()
    turnings = [t for h in hinges.hinges for t in h.turnings]
    assert turnings
    for turning in turnings:
        assert turning.edit.after is not None
        after = what_if.difference([read_statement(f"{turning.edit.fact}={turning.edit.after}", what_if.case, good)]).determination
        assert after is not None
        assert after.after is not None
        assert set(after.after.reachable) == set(turning.reachable) != set(now.reachable)
    unknown = {old.partition(":")[0] for old, new in changes if "unknown" in new}
    assert {t.edit.before for t in turnings if t.edit.fact in unknown} <= {"unknown"}, "no value is made up for what nobody stated"
