"""What must change together, read off the rules; every expected set is worked out by hand.

The list of the small base: a crack of more than 20 mm, or a listed one, is severe; a pond without patrol slight. The case has a
crack of 21 mm, no listed one and no patrol.
"""

from __future__ import annotations

import pytest

import dingji
from dingji.knowledge.model import Knowledge
from dingji.reasoning.variation.families import NEVER, NOTHING, Family, all_of, both, either
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.supports import Supporter
from dingji.reasoning.variation.variations import Start, Variations
from knowledge.conftest import good  # noqa: F401
from knowledge.small import CASE

START: Start = ((), ())


@pytest.mark.parametrize(
    ("families", "most", "expected"),
    [
        ([(0b001,), (0b011, 0b100)], 3, (0b001, 0b100)),  # the second holds the first: it is left out
        ([(0b111,), (0b1111,)], 3, (0b111,)),  # four are too many
        ([NEVER, (0b010,)], 3, (0b010,)),
        ([NOTHING, (0b010,)], 3, NOTHING),
    ],
)
def test_one_of_several(families: list[Family], most: int, expected: Family) -> None:
    assert either(families, most) == expected


def test_several_at_once() -> None:
    assert both((0b001, 0b010), (0b100, 0b001), 3) == (0b001, 0b110)
    assert both((0b011,), (0b1100,), 3) == NEVER, "four are too many"
    assert all_of([(0b001,), (0b010,), (0b100,)], 3) == (0b111,)
    assert all_of([(0b001,), NEVER], 3) == NEVER
    assert all_of([], 3) == NOTHING


def needed(knowledge: Knowledge, wanted: int, most: int = 3, *changes: tuple[str, str]) -> set[frozenset[str]] | None:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    case = dingji.parse_case(text).check(knowledge)
    variations = Variations(knowledge, case, case.as_of, "pond.list")
    samples = Samples(variations)
    supporter = Supporter(variations, samples, [s for s in variations.slots() if samples.changes(s)])
    family = supporter.needed(variations, START, frozenset((wanted,)), most)
    return None if family == NOTHING else {frozenset(slot.fact for slot in supporter.slots_of(one)) for one in family}


def test_what_must_change_together(good: Knowledge) -> None:  # noqa: F811
    assert needed(good, 0) == {frozenset(("crack_width_mm", "patrol_done"))}, "not on the list at all"
    assert needed(good, 1) == {frozenset(("crack_width_mm",))}, "slight: the patrol must stay undone"
    assert needed(good, 0, 1) == set(), "no single fact does"


def test_what_is_as_it_should_be_need_not_change(good: Knowledge) -> None:  # noqa: F811
    """The grade is severe already; and with the crack not known it is slight or severe."""
    assert needed(good, 2) is None
    assert needed(good, 1, 3, ("crack_width_mm: 21", "crack_width_mm: unknown")) is None
