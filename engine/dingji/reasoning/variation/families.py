"""Families of small sets of slots, each set a number whose bits are its slots.

A family stands for a condition that any one of its sets can bring about. It holds no set of which another one is part.
"""

from __future__ import annotations

from collections.abc import Iterable

Family = tuple[int, ...]
"""Sets of slots, none part of another."""
NOTHING: Family = (0,)
"""Nothing need be changed."""
NEVER: Family = ()
"""No set is small enough."""


def either(families: Iterable[Family], most: int) -> Family:
    """The sets that bring about one condition of several."""
    return _smallest({s for family in families for s in family}, most)


def both(one: Family, other: Family, most: int) -> Family:
    """The sets that bring about two conditions at once."""
    if one == NOTHING:
        return other
    if other == NOTHING:
        return one
    return _smallest({a | b for a in one for b in other}, most)


def all_of(families: Iterable[Family], most: int) -> Family:
    """The sets that bring about each of several conditions."""
    found = NOTHING
    # the shortest first: one that no small set brings about ends it
    for family in sorted(families, key=len):
        found = both(found, family, most)
        if not found:
            break
    return found


def _smallest(sets: set[int], most: int) -> Family:
    if 0 in sets:
        return NOTHING
    kept: dict[int, None] = {}
    for one in sorted((s for s in sets if s.bit_count() <= most), key=int.bit_count):
        if not _has_part(one, kept):
            kept[one] = None
    return tuple(kept)


def _has_part(one: int, kept: dict[int, None]) -> bool:
    part = (one - 1) & one
    while part:
        if part in kept:
            return True
        part = (part - 1) & one
    return False
