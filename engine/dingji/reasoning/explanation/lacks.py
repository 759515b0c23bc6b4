"""What is lacking, as records: single lacks, all of one shortfall together, and the order of shortfalls."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from msgspec.structs import force_setattr

from dingji.language import values as v
from dingji.records import Record

Test = tuple[str, Any]
"""An operator and a constant; with `in` and `not in`, a tuple of constants. `known` and `holds` have none."""

NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}
MEASURED = frozenset({"==", "<", "<=", ">", ">="})
"""Operators for which it means something how far a number is from the constant."""
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Goal(Record, frozen=True):
    """A derived fact and the tests that its value is to meet."""

    fact: str
    tests: tuple[Test, ...]


class Lack(Record, frozen=True):
    """One condition that is not met. `wanted` is the truth it is to have, `truth` the one it has (false, or unknown).

    `fact` is empty where several facts meet in one condition; then `source` and `facts` tell it. `list` and `item` name the
    place of a field. `weight` counts the conditions that it stands for; `gap` is how far a number is from the threshold, in
    parts of it. `goal` is set where the fact is derived, `impossible` where no rule that applies can give what is wanted.
    """

    source: str
    wanted: bool
    truth: v.Truth
    fact: str = ""
    tests: tuple[Test, ...] = ()
    value: Any = None
    facts: tuple[str, ...] = ()
    list: str = ""
    item: int = 0
    weight: int = 1
    gap: float = 0.0
    goal: Goal | None = None
    impossible: bool = False
    fields: tuple[Lack, ...] = ()
    """What a new item of the list would need, where that is what is lacking."""
    key: frozenset[tuple[Any, ...]] = frozenset()
    """Two lacks of the same key are one. Made with the record, as a set since that reckons its hash once: it is asked often."""

    def __post_init__(self) -> None:
        """Set the key."""
        made = (self.list, self.item, self.fact, self.tests) if self.fact else (self.source, self.wanted, self.item)
        force_setattr(self, "key", frozenset((made,)))


Cost = tuple[int, int, int, float]


class Found(Record, frozen=True):
    """What is lacking: `own` at the level of one condition, `base` among the stated facts, through all rules behind it.

    `cost` orders alternatives: what can be reached first, then the fewest conditions, then the fewest that are false, then the
    nearest numbers.
    """

    own: tuple[Lack, ...] = ()
    base: tuple[Lack, ...] = ()
    cost: Cost = (0, 0, 0, 0.0)


NOTHING = Found()


def lacking(own: tuple[Lack, ...], base: tuple[Lack, ...]) -> Found:
    """A shortfall, counted."""
    if len(base) == 1:
        (lack,) = base
        return Found(own, base, (int(lack.impossible), lack.weight, lack.weight if lack.truth is False else 0, 0.0 + lack.gap))
    impossible = missing = false = 0
    gap = 0.0
    for lack in base:
        impossible += lack.impossible
        missing += lack.weight
        false += lack.weight if lack.truth is False else 0
        gap += lack.gap
    return Found(own, base, (impossible, missing, false, gap))


def joined(found: Iterable[Found]) -> Found:
    """All of several shortfalls together; what they share counts once, and what another one implies does not count."""
    # the same shortfall is often shared: once is enough
    parts = {id(part): part for part in found if part is not NOTHING}.values()
    if len(parts) < 2:
        return next(iter(parts), NOTHING)
    lacks = [lack for part in parts for lack in part.base]
    # mostly they speak of different facts: then none is shared, and none implies another
    base = tuple(lacks) if len({lack.fact or lack.key for lack in lacks}) == len(lacks) else _without_repeated(lacks)
    if len(base) == len(lacks) and all(part.own is part.base for part in parts):
        return lacking(base, base)
    return lacking(tuple({lack.key: lack for part in parts for lack in part.own}.values()), base)


def _without_repeated(lacks: list[Lack]) -> tuple[Lack, ...]:
    """Each lack once, without those that another one implies."""
    base: dict[Any, Lack] = {}
    for lack in lacks:
        base.setdefault(lack.key, lack)
    named = [lack.fact for lack in base.values() if lack.fact]
    if len(set(named)) < len(named):
        _without_implied(base)
    return tuple(base.values())


def _without_implied(base: dict[Any, Lack]) -> None:
    """Takes out what is made good with another lack of the same fact."""
    groups: dict[Any, list[Lack]] = {}
    for lack in base.values():
        if lack.fact:
            groups.setdefault((lack.list, lack.item, lack.fact), []).append(lack)
    for group in groups.values():
        for lack in group if len(group) > 1 else ():
            if any(other is not lack and other.key in base and _implies(other, lack) for other in group):
                del base[lack.key]


def _implies(one: Lack, other: Lack) -> bool:
    """Is what `other` lacks made good with `one`?"""
    if len(one.tests) != 1 or not other.tests:
        return False
    ((op, constant),) = one.tests
    if op in ("==", "in"):
        return all(meets(other.tests, c) for c in (constant if op == "in" else (constant,)))
    # a bound implies every wider one of its side
    wider = operator.ge if op[0] == "<" else operator.le
    return op[0] in "<>" and all(
        side[0] == op[0] and wider(edge, constant) and (edge != constant or len(side) >= len(op)) for side, edge in other.tests
    )


def cheapest(found: Iterable[Found]) -> Found:
    """The least of several alternatives; the first of equals."""
    return min(found, key=lambda f: f.cost)


def meets(tests: tuple[Test, ...], value: Any) -> bool:
    """Does a known value meet all tests?"""
    for op, constant in tests:
        test = v.OPERATORS.get(op)
        if not (test(value, constant) if test is not None else (value in constant) is (op == "in")):
            return False
    return True


def compared(test: Test, value: Any) -> v.Truth:
    """The truth of one test, for a value that may be unknown or known in part."""
    op, constant = test
    if op in ("in", "not in"):
        inside = v.member(value, frozenset(constant))
        return inside if op == "in" else v.negate(inside)
    return v.compare(op, value, constant)


def truth_of(tests: tuple[Test, ...], value: Any) -> v.Truth:
    """The truth of all tests together, for a value that may be unknown or known in part."""
    if len(tests) == 1:
        return compared(tests[0], value)
    truths = [compared(test, value) for test in tests]
    return False if False in truths else None if None in truths else True


def gap_of(tests: tuple[Test, ...], value: Any) -> float:
    """How far a number (or a bound of it) is from the furthest threshold that it does not meet, in parts of the threshold.

    What is no number is as far as a whole; what is not known at all has no distance.
    """
    if value is None:
        return 0.0
    gaps = [0.0]
    for op, constant in tests:
        if compared((op, constant), value) is not False:
            continue
        bound = v.high(value) if op in (">", ">=") else v.low(value)
        if op not in MEASURED or isinstance(constant, bool | str) or isinstance(bound, bool | str) or bound is None:
            gaps.append(1.0)
            continue
        try:
            gaps.append(abs(float(bound - constant)) / (abs(float(constant)) or 1.0))
        except TypeError:
            # days, counted in years
            gaps.append(abs((bound - constant).days) / 365)
    return max(gaps)
