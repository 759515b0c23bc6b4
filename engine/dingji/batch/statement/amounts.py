"""Exact arithmetic in SQL.

An amount is a decimal wide enough for every digit, a quotient of two such decimals, or, where neither fits into 38 digits, a
double with a bound on its error. What a comparison of doubles can't tell for sure is never guessed: the row gets a doubt
(`Doubts`) and goes to the single-case path.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dingji.batch.statement import sql as q
from dingji.batch.statement.sql import Sql, Truth
from dingji.records import Draft, Record, field

MOST_DIGITS = 37
"""38 is what the engines hold; one digit is kept for the carry."""
EPSILON = "1e-9"


class Amount(Record, frozen=True):
    """A number of a row. `den`: it is `node / den`; `error`: it is a double, and wrong by no more than EPSILON * error.

    `precision` and `scale` are those of the decimals; `least` and `most` bound every value it can have, None where open.
    `sure`: it is never NULL. `derived`: the quotient was reckoned with further, where the reference evaluator rounds to 60 digits.
    """

    node: Sql
    precision: int = 19
    scale: int = 0
    least: Any = None
    most: Any = None
    den: Amount | None = None
    error: Sql | None = None
    derived: bool = False
    sure: bool = False

    @property
    def exact(self) -> bool:
        """Is it a decimal?"""
        return self.den is None and self.error is None

    @property
    def decimal(self) -> Sql:
        """The decimal in a type of just its digits, so that the engines reckon the same type for the result."""
        return q.cast(self.node, q.decimal_type(self.precision, self.scale))


class Doubts(Draft):
    """Conditions under which a row must be graded by the single-case path, and the columns to reckon with."""

    columns: q.Columns
    tests: list[Truth] = field(default_factory=list)

    def note(self, test: Truth) -> None:
        """The row is in doubt if the test is true."""
        if test is not False and test is not None:
            self.tests.append(q.is_true(test))


def constant(value: int | Decimal) -> Amount:
    """A number of the language; one with more digits than the engines hold is a double."""
    precision, scale = q.digits(value)
    if precision > MOST_DIGITS:
        node = q.cast(Sql(exp.Literal.string(str(value))), "DOUBLE")
        return _inexact(node, q.typed(exp.Abs, node), value, value)
    return Amount(q.constant(value), precision, scale, value, value, sure=True)


def _magnitude(amount: Amount) -> Sql:
    return amount.error if amount.error is not None else q.typed(exp.Abs, _double(amount))


def _double(amount: Amount) -> Sql:
    if amount.error is not None:
        return amount.node
    top = q.cast(amount.node, "DOUBLE")
    return top if amount.den is None else q.make(exp.Div, top, q.cast(amount.den.node, "DOUBLE"), typed=True)


def _inexact(node: Sql, error: Sql, least: Any = None, most: Any = None) -> Amount:
    return Amount(node, 38, 0, least, most, error=error)


def negative(a: Amount) -> Amount:
    """Its sign changed."""
    least, most = (None if a.most is None else -a.most), (None if a.least is None else -a.least)
    return Amount(q.make(exp.Neg, a.node), a.precision, a.scale, least, most, a.den, a.error, a.derived, a.sure)


def plus(a: Amount, b: Amount) -> Amount:
    """The sum."""
    least = None if a.least is None or b.least is None else a.least + b.least
    most = None if a.most is None or b.most is None else a.most + b.most
    scale = max(a.scale, b.scale)
    precision = max(a.precision - a.scale, b.precision - b.scale) + scale + 1
    if a.exact and b.exact and precision <= MOST_DIGITS:
        return Amount(q.make(exp.Add, a.decimal, b.decimal), precision, scale, least, most, sure=a.sure and b.sure)
    return _inexact(q.make(exp.Add, _double(a), _double(b)), q.make(exp.Add, _magnitude(a), _magnitude(b)), least, most)


def times(a: Amount, b: Amount) -> Amount:
    """The product."""
    corners = [x * y for x in (a.least, a.most) for y in (b.least, b.most) if x is not None and y is not None]
    least, most = (min(corners), max(corners)) if len(corners) == 4 else (0 if _positive(a, b) else None, None)
    if a.den is None and b.den is not None:
        a, b = b, a
    precision, scale = a.precision + b.precision, a.scale + b.scale
    if a.error is None and b.exact and precision <= MOST_DIGITS:
        fraction = a.den is not None
        node = q.make(exp.Mul, a.decimal, b.decimal)
        return Amount(node, precision, scale, least, most, a.den, derived=fraction, sure=a.sure and b.sure and not fraction)
    return _inexact(q.make(exp.Mul, _double(a), _double(b)), q.make(exp.Mul, _magnitude(a), _magnitude(b)), least, most)


def _positive(a: Amount, b: Amount) -> bool:
    return all(x.least is not None and x.least >= 0 for x in (a, b))


def quotient(a: Amount, b: Amount, doubts: Doubts) -> Amount:
    """The quotient; no value for a divisor of zero."""
    least = 0 if _positive(a, b) else None
    zero = q.constant(0)
    if a.error is None and b.exact:
        precision = b.precision + (a.den.precision if a.den else 0)
        divisor = Amount(q.typed(exp.Nullif, b.decimal, zero), b.precision, b.scale, b.least, b.most)
        if a.den is None:
            return Amount(a.decimal, a.precision, a.scale, least, None, divisor)
        if precision <= MOST_DIGITS:
            return Amount(a.decimal, a.precision, a.scale, least, None, times(a.den, divisor), derived=True)
    top, bottom = _double(a), _double(b)
    if b.error is not None:
        doubts.note(q.make(exp.LTE, q.typed(exp.Abs, bottom), _scaled(b.error)))
    by = q.typed(exp.Nullif, bottom, zero)
    size = q.make(exp.Div, q.make(exp.Mul, _magnitude(a), _magnitude(b)), q.make(exp.Mul, by, by), typed=True)
    return _inexact(q.make(exp.Div, top, by, typed=True), size, least)


def _scaled(error: Sql) -> Sql:
    return q.make(exp.Mul, error, q.cast(Sql(exp.Literal.string(EPSILON)), "DOUBLE"))


_COMPARE: dict[str, type[exp.Expression]] = {"==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


def compare(op: str, a: Amount, b: Amount, doubts: Doubts) -> Sql:
    """`a op b`, NULL if either has no value."""
    kind = _COMPARE[op]
    if a.exact and b.exact and max(a.precision - a.scale, b.precision - b.scale) + max(a.scale, b.scale) <= MOST_DIGITS:
        return q.make(kind, a.node, b.node)
    if a.error is None and b.error is None and (a.den is None) != (b.den is None):
        crossed = _crossed(a, b)
        if crossed is not None:
            left, right = crossed
            if a.derived or b.derived:
                doubts.note(q.make(exp.EQ, left.node, right.node))
            return q.make(kind, left.node, right.node)
    left_value, right_value = _double(a), _double(b)
    error = _scaled(q.make(exp.Add, _magnitude(a), _magnitude(b)))
    doubts.note(q.make(exp.LTE, q.typed(exp.Abs, q.make(exp.Sub, left_value, right_value)), error))
    return q.make(kind, left_value, right_value)


def _crossed(a: Amount, b: Amount) -> tuple[Amount, Amount] | None:
    """Both sides times the divisor that one of them has; None if the digits don't fit."""
    swap = a.den is None
    fraction, plain = (b, a) if swap else (a, b)
    divisor = fraction.den
    assert divisor is not None
    if plain.precision + divisor.precision > MOST_DIGITS:
        return None
    above = Amount(fraction.node, fraction.precision, fraction.scale)
    if divisor.least is None or divisor.least < 0:
        above = times(above, Amount(q.typed(exp.Sign, divisor.node), 1, 0))
        if above.precision > MOST_DIGITS or not above.exact:
            return None
        divisor = Amount(q.typed(exp.Abs, divisor.node), divisor.precision, divisor.scale)
    across = times(plain, divisor)
    if max(above.precision - above.scale, across.precision - across.scale) + max(above.scale, across.scale) > MOST_DIGITS:
        return None
    return (across, above) if swap else (above, across)


def size(a: Amount) -> Amount:
    """The amount without its sign."""
    if a.den is not None:
        a = _inexact(_double(a), _magnitude(a), a.least, a.most)
    most = max(abs(a.least), abs(a.most)) if a.least is not None and a.most is not None else None
    return Amount(q.typed(exp.Abs, a.node), a.precision, a.scale, 0, most, None, a.error)


def rounded(a: Amount, places: int, doubts: Doubts) -> Amount:
    """Rounded half up (away from zero)."""
    if a.exact:
        if a.scale <= places:
            return a
        whole = a.precision - a.scale + 1
        return Amount(q.typed(exp.Round, a.decimal, q.constant(places)), whole + places, places, None, None)
    value = _double(a)
    shifted = q.make(exp.Mul, q.typed(exp.Abs, value), q.constant(10**places))
    off = q.make(exp.Sub, q.make(exp.Sub, shifted, q.typed(exp.Floor, shifted)), q.cast(Sql(exp.Literal.string("0.5")), "DOUBLE"))
    doubts.note(q.make(exp.LTE, q.typed(exp.Abs, off), _scaled(q.make(exp.Mul, _magnitude(a), q.constant(10**places)))))
    # beyond 18 digits a double says nothing about the places
    result = q.cast(q.typed(exp.Round, value, q.constant(places)), q.decimal_type(18 + places, places), safe=True)
    doubts.note(q.both([q.not_null(value), q.make(exp.GTE, q.typed(exp.Abs, value), q.constant(10**12))]))
    return Amount(result, 18 + places, places)


def common(amounts: Sequence[Amount]) -> list[Amount]:
    """The amounts in one type."""
    scale = max(a.scale for a in amounts)
    precision = max(a.precision - a.scale for a in amounts) + scale
    if all(a.exact for a in amounts) and precision <= MOST_DIGITS:
        kind = q.decimal_type(precision, scale)
        return [Amount(q.cast(a.node, kind), precision, scale, a.least, a.most) for a in amounts]
    return [_inexact(_double(a), _magnitude(a), a.least, a.most) for a in amounts]


def extreme(kind: str, amounts: Sequence[Amount]) -> Amount:
    """The greatest (`max`) or least of the amounts that have a value."""
    if len(amounts) == 1:
        return amounts[0]
    same = common(amounts)
    function = exp.Greatest if kind == "max" else exp.Least
    node = _function_of(function, [a.node for a in same])
    error = _function_of(exp.Greatest, [_magnitude(a) for a in same]) if same[0].error is not None else None
    pick = max if kind == "max" else min
    least = None if any(a.least is None for a in same) else pick(a.least for a in same)
    most = None if any(a.most is None for a in same) else pick(a.most for a in same)
    return Amount(node, same[0].precision, same[0].scale, least, most, None, error)


def _function_of(kind: type[exp.Expression], parts: Sequence[Sql]) -> Sql:
    return q.over(parts, kind(this=parts[0].node, expressions=[p.node for p in parts[1:]], ignore_nulls=True))


def choose(test: Truth, a: Amount, b: Amount | None) -> Amount:
    """`a` where the test is true, else `b` (None: no value)."""
    if b is None:
        return Amount(q.when((test, a.node)), a.precision, a.scale, a.least, a.most, a.den, a.error, a.derived)
    left, right = common([a, b])
    error = None if left.error is None or right.error is None else q.when((test, left.error), default=right.error)
    least = None if left.least is None or right.least is None else min(left.least, right.least)
    most = None if left.most is None or right.most is None else max(left.most, right.most)
    return Amount(q.when((test, left.node), default=right.node), left.precision, left.scale, least, most, None, error)
