"""Days of the calendar in SQL, as `dingji.language.dates` reckons them. Working days are left to the single-case path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Amount
from dingji.batch.statement.sql import Sql
from dingji.language.dates import SHIFTS

if TYPE_CHECKING:
    from dingji.batch.statement.expressions import Expressions

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
LAST_YEAR = 9999


def last_day(day: Sql, period: str) -> Sql:
    """The last day of the period in which a day lies."""
    length = _MONTHS[period]
    if length == 1:
        return q.typed(exp.LastDay, day)
    last = q.when(
        *((q.make(exp.LTE, _part("MONTH", day), q.constant(month)), q.constant(month)) for month in range(length, 12, length)),
        default=q.constant(12),
    )
    first = q.typed(exp.DateFromParts, _part("YEAR", day), last, q.constant(1))
    return q.when((q.not_null(day), q.typed(exp.LastDay, first)))


def _part(name: str, day: Sql) -> Sql:
    return q.over([day], exp.Extract(this=exp.Var(this=name), expression=q.wrap(day)))


def reckoned(at: Expressions, name: str, first: w.Value, second: w.Value) -> w.Value:
    """A period between two days, or the day so much later."""
    day = at.date(first)
    if w.Known(None) in (first, second):
        return w.Known(None)
    if name in SHIFTS:
        whole = w.ranged(second)
        if whole.low is None or whole.high is None:
            return w.Known(None)
        amount = whole.low.node if whole.exact else q.when((w.known(whole), whole.low.node))
        if name.startswith("working"):
            at.doubts.note(q.both([q.not_null(day), q.not_null(amount)]))
            return w.Known(None)
        return w.Plain(at.columns.let(shifted(name, day, amount), "d"))
    other = at.date(second)
    if name.startswith("working"):
        at.doubts.note(q.both([q.not_null(day), q.not_null(other)]))
        return w.Known(None)
    node = at.columns.let(between(name, day, other), "n")
    found = Amount(node, 7, 0)
    return w.Range(found, found, exact=True)


def between(unit: str, a: Sql, b: Sql) -> Sql:
    """Whole days, months or years from `a` to `b`."""
    if unit == "days_between":
        return q.cast(q.typed(exp.DateDiff, b, a, unit=exp.Var(this="DAY")), "INT")
    months = q.when((q.make(exp.GTE, b, a), _months(a, b)), (q.make(exp.LT, b, a), q.make(exp.Neg, _months(b, a))))
    if unit == "months_between":
        return months
    early, late = _years(_months(a, b)), q.make(exp.Neg, _years(_months(b, a)))
    return q.when((q.make(exp.GTE, b, a), early), (q.make(exp.LT, b, a), late))


def _years(months: Sql) -> Sql:
    return q.cast(q.typed(exp.Floor, q.make(exp.Div, months, q.constant(12), typed=False)), "INT")


def _months(a: Sql, b: Sql) -> Sql:
    """Complete months from the earlier to the later day."""
    years = q.make(exp.Mul, q.make(exp.Sub, _part("YEAR", b), _part("YEAR", a)), q.constant(12))
    whole = q.make(exp.Add, years, q.make(exp.Sub, _part("MONTH", b), _part("MONTH", a)))
    short = q.both([q.make(exp.LT, _part("DAY", b), _part("DAY", a)), q.make(exp.NEQ, b, q.typed(exp.LastDay, b))])
    return q.cast(q.make(exp.Sub, whole, q.when((short, q.constant(1)), default=q.constant(0))), "INT")


def shifted(unit: str, day: Sql, amount: Sql) -> Sql:
    """The day so many days or months later; none beyond the calendar."""
    word = "DAY" if unit == "days_after" else "MONTH"
    # beyond any calendar there is no day, but engines raise an error: keep the amount within bounds first
    most = q.constant(4_000_000 if word == "DAY" else 130_000)
    fits = q.make(exp.LTE, q.typed(exp.Abs, amount), most)
    moved = q.typed(exp.DateAdd, day, q.cast(amount, "INT"), unit=exp.Var(this=word))
    found = q.cast(moved, "DATE")
    year = _part("YEAR", found)
    inside = q.both([fits, q.make(exp.GTE, year, q.constant(1)), q.make(exp.LTE, year, q.constant(LAST_YEAR))])
    return q.when((fits, q.when((inside, found))))
