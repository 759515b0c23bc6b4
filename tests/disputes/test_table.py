"""The settlement table against brute force: every combination of every issue, graded by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dingji.disputes.diagram import Outcome
from dingji.disputes.model import Dispute
from dingji.disputes.settlement import Settlement

from .ponds import between, dispute, small

FACTS = {
    "water_level_m": ["5", "8.5", "9.5", "unknown"],
    "crack_width_mm": ["0", "21", "60", "{at_least: 5, at_most: 30}", "unknown"],
    "people_below": ["5", "100", "60000", "unknown"],  # 60000 breaks a requirement of the code
    "patrol_done": ["true", "false", "unknown"],
    "region": ["north", "south"],
    "cracks": ["[]", "[{wet: true}]", "[{width_mm: 30, wet: false}]", "unknown"],
}
RELIANCE = {
    "as_of": ["2015-06-01", "2020-06-01", "2022-01-01"],
    "editions": ["[pond.2010]", "[pond.2020]"],
    "applies": ["[pond.2020]"],
    "not_applicable": ["[pond.list]", "[notice-to-pond]", "[pond.2010]"],
    "profiles": ["[waves]", "[cautious]", "[waves, cautious]", "[strict-list]", "[]"],
    "finding": ["[pond.list]", "[pond.2010]"],
}
READINGS = {"list.1": ["met", "not_met"], "p10.people": ["met", "not_met"], "p10.base.red": ["met"], "must.count": ["met"]}


def some(choices: dict[str, list[str]], most: int) -> st.SearchStrategy[dict[str, str]]:
    keys = st.lists(st.sampled_from(sorted(choices)), max_size=most, unique=True)
    return keys.flatmap(lambda names: st.fixed_dictionaries({name: st.sampled_from(choices[name]) for name in names}))


@st.composite
def sides(draw: st.DrawFn) -> str:
    lines = []
    for key, choices, most in (("facts", FACTS, 4), ("relies_on", RELIANCE, 2), ("readings", READINGS, 1)):
        said = draw(some(choices, most))
        lines.append(f"{key}: {{{', '.join(f'{k}: {v}' for k, v in said.items())}}}")
    return "\n".join(lines)


MOST = 48
"""Combinations of one dispute: each is graded by both evaluators."""


def combinations(found: Dispute) -> Iterator[dict[str, int]]:
    for positions in product(*(range(len(issue.positions)) for issue in found.issues)):
        yield dict(zip([issue.id for issue in found.issues], positions, strict=True))


def graded(settlement: Settlement) -> dict[tuple[int, ...], Outcome]:
    """What grading each combination by itself says."""
    return {tuple(choice.values()): settlement.outcome_of(choice) for choice in combinations(settlement.dispute)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(first=sides(), second=sides())
def test_the_table_is_what_grading_each_combination_gives(first: str, second: str) -> None:
    good = small()
    found = dispute(good, between(first, second))
    assume(found.issues and prod(len(issue.positions) for issue in found.issues) <= MOST)
    settlement = Settlement(found, good)
    brute = graded(settlement)
    for choice in combinations(found):
        assert settlement.after(choice) == brute[tuple(choice.values())], choice
    check_material(settlement, brute)
    check_ways(settlement, brute)
    check_claims(settlement, brute)
    check_tree(settlement, brute)


def check_material(settlement: Settlement, brute: dict[tuple[int, ...], Outcome]) -> None:
    """An issue is material exactly if flipping it somewhere changes the outcome."""
    turning = set()
    for number, issue in enumerate(settlement.dispute.issues):
        rest = {(positions[:number], positions[number + 1 :]) for positions in brute}
        if any(len({brute[(*a, p, *b)] for p in range(len(issue.positions))}) > 1 for a, b in rest):
            turning.add(issue.id)
    assert {issue.id for issue in settlement.material} == turning
    assert {found.issue for found in settlement.immaterial} == {issue.id for issue in settlement.dispute.issues} - turning


def check_ways(settlement: Settlement, brute: dict[tuple[int, ...], Outcome]) -> None:
    """Each smallest set fixes its outcome, and no smaller one does; every combination is counted once."""
    ids = [issue.id for issue in settlement.dispute.issues]

    def follows(fixed: dict[str, int]) -> set[Outcome]:
        return {o for positions, o in brute.items() if all(positions[ids.index(id)] == p for id, p in fixed.items())}

    for way in settlement.ways:
        assert all(follows(found) == {way.outcome} for found in way.sets)
        for found in way.sets:
            assert all(follows({id: p for id, p in found.items() if id != left}) != {way.outcome} for left in found)
    sizes = [len(issue.positions) for issue in settlement.material]
    assert sum(way.combinations for way in settlement.ways) == prod(sizes)
    assert {way.outcome for way in settlement.ways} == set(brute.values())


def check_claims(settlement: Settlement, brute: dict[tuple[int, ...], Outcome]) -> None:
    for verdict in settlement.verdicts:
        own = brute[tuple(settlement.own(verdict.party).values())]
        assert verdict.own == own
        among = set(verdict.claim) & set(own.grades)
        assert verdict.status == ("fails" if not among else "follows" if own.settled else "open")
        reached = [positions for positions, o in brute.items() if o.settled and o.grades[0] in verdict.claim]
        assert (verdict.needs is not None) == bool(reached)
        ids = [issue.id for issue in settlement.dispute.issues]
        for id, able in (verdict.needs or {}).items():
            assert {positions[ids.index(id)] for positions in reached} == set(able)


def check_tree(settlement: Settlement, brute: dict[tuple[int, ...], Outcome]) -> None:
    """Walking the tree with any combination ends at what grading it gives."""
    ids = [issue.id for issue in settlement.dispute.issues]
    for positions, outcome in brute.items():
        here: Any = settlement.tree()
        while not isinstance(here, Outcome):
            taken = positions[ids.index(settlement.id(here.issue))]
            here = next(below for answers, below in here.branches if taken in answers)
        assert here == outcome
