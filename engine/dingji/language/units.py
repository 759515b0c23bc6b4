"""Units as labels with a small algebra: equal units compare and add, `*` and `/` combine them. Nothing is converted.

A unit is a map from atoms to exponents: `mm/kV` is {mm: 1, kV: -1}. Conversions are the author's arithmetic, in sight of
the reader; that is safer in a legal text than a factor that nobody wrote down.
"""

from __future__ import annotations

Unit = tuple[tuple[str, int], ...]
"""Sorted (atom, exponent) pairs; empty for a plain number."""

PLAIN: Unit = ()
# labels that carry no dimension: a ratio of two lengths is a plain number
_DIMENSIONLESS = frozenset({"", "1", "ratio", "score"})


def parse_unit(label: str) -> Unit:
    """The unit of a label such as `m`, `mm/kV`, `ohm*m` or `1/d`."""
    powers: dict[str, int] = {}
    sign = 1
    for part in label.replace("*", " * ").replace("/", " / ").split(" "):
        if part == "/":
            sign = -1
        elif part == "*":
            sign = 1
        elif part not in _DIMENSIONLESS:
            powers[part] = powers.get(part, 0) + sign
    return _normal(powers)


def multiply(a: Unit, b: Unit) -> Unit:
    """The unit of a product."""
    powers = dict(a)
    for atom, exponent in b:
        powers[atom] = powers.get(atom, 0) + exponent
    return _normal(powers)


def divide(a: Unit, b: Unit) -> Unit:
    """The unit of a quotient."""
    return multiply(a, tuple((atom, -exponent) for atom, exponent in b))


def show(unit: Unit) -> str:
    """The label of a unit, for messages."""
    over = "*".join(atom if e == 1 else f"{atom}^{e}" for atom, e in unit if e > 0)
    under = "".join(f"/{atom}" if e == -1 else f"/{atom}^{-e}" for atom, e in unit if e < 0)
    return (over or ("1" if under else "a plain number")) + under


def _normal(powers: dict[str, int]) -> Unit:
    return tuple(sorted((atom, e) for atom, e in powers.items() if e))
