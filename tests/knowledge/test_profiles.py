"""Profiles, overrides and clashes over the small knowledge base, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import dingji
from dingji.knowledge import with_profile
from dingji.knowledge.model import Knowledge
from dingji.language.values import Partial

from .small import facts_of, found, graded

# --- profiles


def test_a_profile_replaces_rules_and_tables(good: Knowledge) -> None:
    """Half a metre of waves leaves 1.0 m: clear, one worse with a hundred people; the list's severe is orange."""
    under = with_profile(good, "waves")
    assert "p10.freeboard" not in under.rules
    assert "p10.base.red" not in under.rules, "rows leave with their table"
    assert "p10.freeboard" in good.rules
    result = graded(good, profile="waves")
    assert result.profile == "waves"
    assert found(result)["pond.2010"] == ("yellow", "provisional")  # the profile's rules are assumed
    assert result.determination is not None
    assert result.determination.grade == "orange"
    assert facts_of(under)["freeboard_m"] == Decimal("1.0")


def test_a_profile_replaces_a_row_of_a_crosswalk(good: Knowledge) -> None:
    """A dry pond with a small crack: only `not patrolled` is met, slight: yellow, and orange where slight is read as orange."""
    changes = (("crest_level_m: 10", "crest_level_m: 13.5"), ("crack_width_mm: 21", "crack_width_mm: 5"))
    plain, cautious = graded(good, *changes), graded(good, *changes, profile="cautious")
    assert found(plain) == {"pond.list": ("slight", "determined"), "pond.2010": ("yellow", "determined")}
    assert plain.determination is not None
    assert cautious.determination is not None
    assert (plain.determination.grade, cautious.determination.grade) == ("yellow", "orange")


def test_a_reading_moves_the_finding_and_its_default(good: Knowledge) -> None:
    """Read strictly, only item 2 counts: no wide crack, so the list finds nothing."""
    strict = with_profile(good, "strict-list")
    assert strict.instruments["pond.list"].decides == "listed_strictly"
    assert good.instruments["pond.list"].decides == "listed"
    result = graded(good, ("crack_width_mm: 21", "crack_width_mm: 5"), profile="strict-list")
    assert found(result)["pond.list"] == (None, "silent")


def test_an_unknown_profile_names_the_nearest(good: Knowledge) -> None:
    with pytest.raises(dingji.KnowledgeError, match=r"K021.*unknown profile 'wave'; did you mean 'waves'\?"):
        with_profile(good, "wave")
    with pytest.raises(dingji.KnowledgeError, match="profiles: cautious, strict-list, waves"):
        with_profile(good, "x")


def test_a_profile_may_replace_a_rule_that_another_beats(edited: Callable[..., Knowledge]) -> None:
    knowledge = edited(
        ("crosswalks/notice-to-pond.yaml", "{from: severe, to", "{id: walk.severe, override: [notice-to-pond.slight], from: severe, to")
    )
    assert "notice-to-pond.slight" not in with_profile(knowledge, "cautious").rules


def test_a_reading_of_a_finding_that_is_not_declared(edited: Callable[..., Knowledge]) -> None:
    """Many problems follow from one missing fact; a traceback is none of them."""
    line = "  listed: {type: scale, scale: notice, nature: derived, label: {en: notice by the list, zh: 清单通知}}\n"
    with pytest.raises(dingji.KnowledgeError, match="unknown fact 'listed'"):
        edited(("vocabulary.yaml", line, ""))


# --- overrides and clashes

CLASH = "      - {id: p10.alarm.2, when: crack_width_mm > 20, then: 2}\n"


def test_two_true_rows_that_differ_are_a_contradiction(edited: Callable[..., Knowledge]) -> None:
    knowledge = edited(("instruments/pond-2010.yaml", CLASH, CLASH + "      - {id: p10.alarm.3, when: crack_width_mm > 15, then: 3}\n"))
    with pytest.raises(dingji.KnowledgeError) as caught:
        graded(knowledge)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.column, problem.code) == ("good/instruments/pond-2010.yaml", 52, 9, "K041")
    assert "p10.alarm.2 (good/instruments/pond-2010.yaml:51:9) and p10.alarm.3 contradict each other" in problem.message
    assert "crack_width_mm = 21" in problem.message
    assert caught.value.exit_code == 3
    assert facts_of(knowledge, ("crack_width_mm: 21", "crack_width_mm: 18"))["alarm"] == 3, "18 mm meets the second row alone"


@pytest.mark.parametrize(("width", "alarm"), [("21", 2), ("18", 3), ("{at_least: 16}", Partial(2, 3, (2, 3)))])
def test_an_override_settles_it(width: str, alarm: Any, edited: Callable[..., Knowledge]) -> None:
    """The beaten row falls where the other is true, and stays possible where that is unknown."""
    old = CLASH.replace("then: 2}", "then: 2, override: [p10.alarm.3]}")
    knowledge = edited(("instruments/pond-2010.yaml", CLASH, old + "      - {id: p10.alarm.3, when: crack_width_mm > 15, then: 3}\n"))
    assert facts_of(knowledge, ("crack_width_mm: 21", f"crack_width_mm: {width}"))["alarm"] == alarm


def test_a_fact_with_a_policy_takes_the_worst_of_two_instruments(good: Knowledge) -> None:
    assert facts_of(good)["alarm"] == 2  # the code says 2 for a crack over 20 mm, the list 1 for no patrol
    assert facts_of(good, ("crack_width_mm: 21", "crack_width_mm: 5"))["alarm"] == 1  # 0 against 1
    assert facts_of(good, ("crack_width_mm: 21", "crack_width_mm: 5"), ("patrol_done: false", "patrol_done: true"))["alarm"] == 0
