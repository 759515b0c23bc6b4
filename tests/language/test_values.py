"""Values known in part: comparisons, arithmetic and functions on bounds and on sets of possible values, by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from dingji.language import values as v
from dingji.language.dates import apart
from dingji.language.values import (
    Partial,
    absolute,
    arithmetic,
    between,
    compare,
    extreme,
    high,
    low,
    member,
    one_of,
    possible,
    rounded,
)

D = Decimal
WIDE = Partial(1, 5)
OPEN = Partial(1, None)
BELOW = Partial(None, 5)
EITHER = Partial(1, 4, (1, 4))
LONG = D("123456789012345678901234567890.123456789012345678901234567891")  # 60 digits, as many as a reader takes
MINUS_LONG = D(f"-{LONG}")  # the minus sign of Python would round it


# One of several values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ([], None),
        ([3], 3),
        ([3, 3], 3),
        ([3, D("3.0")], 3),
        ([3, 1, 3], Partial(1, 3, (1, 3))),
        ([True], True),
        ([True, False], None),  # a truth that may be both is unknown
        (["line", "bus"], Partial("bus", "line", ("bus", "line"))),
        (range(32), Partial(0, 31, tuple(range(32)))),
        (range(33), Partial(0, 32)),  # too many to keep: the bounds remain
        ([f"{i:02}" for i in range(40)], Partial("00", "39", tuple(f"{i:02}" for i in range(40)))),  # names have no bounds
    ],
)
def test_one_of(values: Any, value: Any) -> None:
    assert one_of(values) == value


@pytest.mark.parametrize(
    ("bottom", "top", "value"),
    [
        (1, 2, Partial(1, 2)),
        (1, None, Partial(1, None)),
        (None, 2, Partial(None, 2)),
        (None, None, None),
        (2, 2, 2),
        (2, D("2.0"), 2),
        (0, 0, 0),
    ],
)
def test_between(bottom: Any, top: Any, value: Any) -> None:
    assert between(bottom, top) == value


def test_bounds_and_possible_values() -> None:
    assert (low(3), high(3), possible(3)) == (3, 3, (3,))
    assert (low(OPEN), high(OPEN), possible(OPEN)) == (1, None, None)
    assert (low(EITHER), high(EITHER), possible(EITHER)) == (1, 4, (1, 4))
    assert (low(None), high(None), possible(None)) == (None, None, None)
    assert possible(False) == (False,)


@pytest.mark.parametrize(("value", "shown"), [(WIDE, "1 .. 5"), (OPEN, "1 .. .."), (BELOW, ".. .. 5"), (EITHER, "1 | 4")])
def test_how_a_partial_value_is_shown(value: Partial, shown: str) -> None:
    assert str(value) == shown


# Comparisons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "op", "b", "truth"),
    [
        (3, "<", 5, True),
        (3, "<", D("3.0"), False),
        (3, "<=", D("3.0"), True),
        (D("0.1"), "==", D("0.10"), True),
        (D("0.1") + D("0.2"), "==", D("0.3"), True),  # no binary fractions
        (None, "==", None, None),
        (None, "<", 5, None),
        (5, "!=", None, None),
        # bounds
        (WIDE, "<", 6, True),
        (WIDE, "<", 5, None),
        (WIDE, "<=", 5, True),
        (WIDE, "<", 1, False),
        (WIDE, "<=", 1, None),
        (WIDE, ">", 0, True),
        (WIDE, ">", 1, None),
        (WIDE, ">=", 1, True),
        (WIDE, ">", 5, False),
        (WIDE, ">=", 5, None),
        (WIDE, "==", 6, False),
        (WIDE, "==", 5, None),
        (WIDE, "==", 3, None),
        (WIDE, "!=", 0, True),
        (WIDE, "!=", 1, None),
        # open bounds
        (OPEN, ">", 0, True),
        (OPEN, ">", 7, None),
        (OPEN, "<", 1, False),
        (OPEN, "<", 2, None),
        (OPEN, "==", 0, False),
        (OPEN, "!=", 0, True),
        (BELOW, "<", 6, True),
        (BELOW, ">=", 6, False),
        (BELOW, "==", 6, False),
        # the other way round
        (6, ">", WIDE, True),
        (5, ">", WIDE, None),
        (5, ">=", WIDE, True),
        (0, "<", WIDE, True),
        (1, "<", WIDE, None),
        (6, "==", WIDE, False),
        # two bounded values
        (WIDE, "<", Partial(6, 9), True),
        (WIDE, "<", Partial(5, 9), None),
        (WIDE, "<=", Partial(5, 9), True),
        (WIDE, ">", Partial(5, 9), False),
        (WIDE, ">=", Partial(5, 9), None),
        (WIDE, "!=", Partial(6, 9), True),
        (WIDE, "==", Partial(6, 9), False),
        (WIDE, "==", Partial(5, 9), None),
        (OPEN, "<", BELOW, None),
        (BELOW, "<", Partial(6, None), True),
        # possible values know more than their bounds
        (EITHER, "==", 3, False),
        (EITHER, "!=", 3, True),
        (EITHER, "==", 4, None),
        (EITHER, "<", 4, None),
        (EITHER, "<=", 4, True),
        (EITHER, "==", Partial(2, 3, (2, 3)), False),
        (EITHER, "<", Partial(5, 6, (5, 6)), True),
        (EITHER, "==", Partial(2, 3), None),  # bounds alone can't tell
        (Partial("bus", "line", ("bus", "line")), "==", "plant", False),
        (Partial("bus", "line", ("bus", "line")), "!=", "bus", None),
    ],
)
def test_compare(a: Any, op: str, b: Any, truth: bool | None) -> None:
    assert compare(op, a, b) is truth


def test_every_comparison_of_small_bounds_is_as_sharp_as_can_be() -> None:
    """Against trying every pair of halves within the bounds: unknown exactly if both truths occur."""
    bounds = [(a, b) for a in range(4) for b in range(a, 4)]
    for (a, b), (c, d), op in product(bounds, bounds, v.OPERATORS):
        left, right = (between(*ends) for ends in ((a, b), (c, d)))
        tried = {v.OPERATORS[op](x, y) for x in range(2 * a, 2 * b + 1) for y in range(2 * c, 2 * d + 1)}
        assert compare(op, left, right) is (tried.pop() if len(tried) == 1 else None), (left, op, right)


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (2, True),
        (D("2.0"), True),
        (3, False),
        (None, None),
        (WIDE, None),
        (Partial(5, 9), False),
        (Partial(4, 9), None),
        (Partial(None, 1), False),
        (Partial(2, 4, (2, 4)), True),
        (Partial(2, 3, (2, 3)), None),
        (Partial(1, 3, (1, 3)), False),
    ],
)
def test_member(value: Any, truth: bool | None) -> None:
    assert member(value, frozenset({2, 4})) is truth


# Arithmetic -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "op", "b", "value"),
    [
        (2, "+", 3, 5),
        (D("0.1"), "+", D("0.2"), D("0.3")),
        (7, "/", 2, D("3.5")),
        (6, "/", 2, 3),
        (1, "/", 0, None),
        (0, "/", 0, None),
        (None, "+", 3, None),
        (3, "*", None, None),
        # bounds
        (WIDE, "+", 1, Partial(2, 6)),
        (1, "-", WIDE, Partial(-4, 0)),
        (WIDE, "-", WIDE, Partial(-4, 4)),  # two readings of one fact are not known to be one
        (OPEN, "+", WIDE, Partial(2, None)),
        (OPEN, "-", WIDE, Partial(-4, None)),
        (WIDE, "-", OPEN, Partial(None, 4)),
        (OPEN, "+", BELOW, None),
        (WIDE, "*", 2, Partial(2, 10)),
        (WIDE, "*", -2, Partial(-10, -2)),
        (WIDE, "*", 0, 0),
        (Partial(-2, 3), "*", Partial(-5, 4), Partial(-15, 12)),
        (OPEN, "*", WIDE, Partial(1, None)),
        (WIDE, "/", 2, Partial(D("0.5"), D("2.5"))),
        (WIDE, "/", -2, Partial(D("-2.5"), D("-0.5"))),
        (10, "/", WIDE, Partial(2, 10)),
        (10, "/", Partial(0, 5), None),  # the divisor may be zero
        (10, "/", Partial(-1, 1), None),
        (10, "/", OPEN, Partial(0, 10)),
        (10, "/", Partial(0, None), None),
        (Partial(-4, 4), "/", 2, Partial(-2, 2)),
        # possible values
        (EITHER, "+", 1, Partial(2, 5, (2, 5))),
        (EITHER, "+", EITHER, Partial(2, 8, (2, 5, 8))),
        (EITHER, "*", 0, 0),
        (EITHER, "/", 2, Partial(D("0.5"), 2, (D("0.5"), 2))),
        (8, "/", Partial(0, 4, (0, 4)), None),
        (EITHER, "+", WIDE, Partial(2, 9)),
        (EITHER, "-", OPEN, Partial(None, 3)),
    ],
)
def test_arithmetic(a: Any, op: str, b: Any, value: Any) -> None:
    assert arithmetic(op, a, b) == value


def test_many_combinations_keep_their_bounds_only() -> None:
    many = Partial(0, 31, tuple(range(32)))
    assert arithmetic("+", many, many) == Partial(0, 62)
    assert arithmetic("*", Partial(0, 11, tuple(range(12))), Partial(0, 10, tuple(range(0, 11, 10)))) == Partial(
        0, 110, (*range(0, 101, 10), 110)
    )


def test_products_of_long_numbers_are_exact() -> None:
    assert arithmetic("*", D("9" * 29 + ".9"), D("0." + "0" * 28 + "1")) == D("0." + "9" * 30)
    # (10^15 + 10^-14)^2 = 10^30 + 20 + 10^-28
    assert arithmetic("*", D("1000000000000000.00000000000001"), D("1000000000000000.00000000000001")) == (
        D("1000000000000000000000000000020.0000000000000000000000000001")
    )
    assert arithmetic("*", 10**29 + 1, 10**29 + 1) == 10**58 + 2 * 10**29 + 1


# Functions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "value"),
    [
        ("max", [1, 3, 2], 3),
        ("min", [1, D("0.5"), 2], D("0.5")),
        ("max", [1, None], Partial(1, None)),
        ("min", [1, None], Partial(None, 1)),
        ("max", [None, None], None),
        ("max", [WIDE, 3], Partial(3, 5)),
        ("min", [WIDE, 3], Partial(1, 3)),
        ("max", [WIDE, 5], 5),
        ("min", [WIDE, 1], 1),
        ("max", [WIDE, 7], 7),
        ("max", [OPEN, 7], Partial(7, None)),
        ("min", [OPEN, 7], Partial(1, 7)),
        ("max", [BELOW, 7], 7),
        ("min", [BELOW, 7], Partial(None, 5)),
        ("max", [EITHER, 2], Partial(2, 4, (2, 4))),
        ("max", [EITHER, 4], 4),
        ("max", [EITHER, Partial(2, 6, (2, 6))], Partial(2, 6, (2, 4, 6))),
        ("max", [EITHER, WIDE], Partial(1, 5)),
        ("max", [EITHER, None], Partial(1, None)),
    ],
)
def test_extreme(kind: str, values: list[Any], value: Any) -> None:
    assert extreme(kind, values) == value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (-3, 3),
        (D("-0.5"), D("0.5")),
        (None, None),
        (Partial(1, 5), Partial(1, 5)),
        (Partial(-5, -1), Partial(1, 5)),
        (Partial(-5, 2), Partial(0, 5)),
        (Partial(-2, 5), Partial(0, 5)),
        (Partial(None, -1), Partial(1, None)),
        (Partial(None, 2), Partial(0, None)),
        (Partial(-2, None), Partial(0, None)),
        (Partial(1, None), Partial(1, None)),
        (Partial(-3, 3, (-3, 2, 3)), Partial(2, 3, (2, 3))),
        (Partial(-3, 3, (-3, 3)), 3),
        (LONG, LONG),
        (MINUS_LONG, LONG),
        (Partial(MINUS_LONG, -1), Partial(1, LONG)),
    ],
)
def test_absolute(value: Any, size: Any) -> None:
    assert absolute(value) == size


def test_a_difference_keeps_every_digit_of_its_bounds() -> None:
    exact = D("-123456789012345678901234567885.123456789012345678901234567891")
    assert arithmetic("-", 5, LONG) == exact
    assert arithmetic("-", 5, Partial(0, LONG)) == Partial(exact, 5)
    assert arithmetic("-", Partial(0, 5), LONG).high == exact


@pytest.mark.parametrize(
    ("value", "places", "result"),
    [
        (D("2.5"), 0, 3),
        (D("3.5"), 0, 4),
        (D("2.4999999999999999999999999999"), 0, 2),
        (D("-2.5"), 0, -3),
        (D("-0.5"), 0, -1),
        (D("0.5"), 0, 1),
        (D("0.49"), 0, 0),
        (D("1.005"), 2, D("1.01")),
        (D("1.004"), 2, D("1.00")),
        (D("0.125"), 2, D("0.13")),
        (7, 0, 7),
        (7, 2, 7),
        (D("7"), 2, 7),
        (None, 0, None),
        (Partial(D("1.4"), D("2.5")), 0, Partial(1, 3)),
        (Partial(D("1.5"), None), 0, Partial(2, None)),
        (Partial(D("1.6"), D("2.4")), 0, 2),
        (Partial(D("1.4"), D("1.6"), (D("1.4"), D("1.6"))), 0, Partial(1, 2, (1, 2))),
        (LONG, 10, D("123456789012345678901234567890.1234567890")),
    ],
)
def test_rounding_is_half_up(value: Any, places: int, result: Any) -> None:
    assert rounded(value, places) == result


def test_a_rounded_number_without_places_is_whole() -> None:
    assert isinstance(rounded(D("2.5"), 0), int)


@pytest.mark.parametrize("value", [D(10) ** 55, D("1.5") * D(10) ** 55, D("123456789012345678901234567890") * 10**29])
def test_a_number_too_long_for_more_places_has_them_already(value: Decimal) -> None:
    assert rounded(value, 10) == value


# Periods ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "days", "months", "years"),
    [
        ("2024-01-15", "2024-01-15", 0, 0, 0),
        ("2024-01-15", "2024-02-14", 30, 0, 0),
        ("2024-01-15", "2024-02-15", 31, 1, 0),
        ("2023-01-15", "2024-01-14", 364, 11, 0),
        ("2023-01-15", "2024-01-15", 365, 12, 1),
        # month ends: the last day of a shorter month completes it
        ("2023-01-31", "2023-02-27", 27, 0, 0),
        ("2023-01-31", "2023-02-28", 28, 1, 0),
        ("2024-01-31", "2024-02-28", 28, 0, 0),  # the leap February has a day more
        ("2024-01-31", "2024-02-29", 29, 1, 0),
        ("2024-01-30", "2024-02-29", 30, 1, 0),
        ("2024-01-31", "2024-03-30", 59, 1, 0),
        ("2024-01-31", "2024-03-31", 60, 2, 0),
        ("2024-01-31", "2024-04-30", 90, 3, 0),
        ("2023-02-28", "2023-03-27", 27, 0, 0),
        ("2023-02-28", "2023-03-28", 28, 1, 0),
        # leap days
        ("2020-02-29", "2021-02-27", 364, 11, 0),
        ("2020-02-29", "2021-02-28", 365, 12, 1),
        ("2020-02-29", "2024-02-28", 1460, 47, 3),
        ("2020-02-29", "2024-02-29", 1461, 48, 4),
        ("2019-02-28", "2020-02-28", 365, 12, 1),
        ("1999-12-31", "2000-01-01", 1, 0, 0),
        ("1900-02-28", "1900-03-01", 1, 0, 0),  # 1900 was no leap year
        ("9999-11-30", "9999-12-31", 31, 1, 0),
    ],
)
def test_whole_periods_between_two_days(start: str, end: str, days: int, months: int, years: int) -> None:
    a, b = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    found = [apart(unit, a, b) for unit in ("days_between", "months_between", "years_between")]
    assert found == [days, months, years]
    backwards = [apart(unit, b, a) for unit in ("days_between", "months_between", "years_between")]
    assert backwards == [-days, -months, -years]


@pytest.mark.parametrize("unit", ["days_between", "months_between", "years_between"])
def test_a_period_from_an_unknown_day_is_unknown(unit: str) -> None:
    day = dt.date(2024, 1, 1)
    assert apart(unit, None, day) is None
    assert apart(unit, day, None) is None
    assert apart(unit, day, Partial(day, None)) is None
