"""Lists and bounds in SQL: quantifiers over the items of a list fact, products, quotients and extremes of bounded numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Amount, Doubts
from dingji.batch.statement.sql import Sql, Truth
from dingji.batch.statement.values import Known, Listed, Range, Value
from dingji.language import nodes as n
from dingji.records import replace

if TYPE_CHECKING:
    from dingji.batch.statement.expressions import Expressions

ZERO = q.constant(0)
MOST_ITEMS_DIGITS = 6
"""Digits that a sum over a list may have beyond those of its terms: up to a million items."""


def quantifier(at: Expressions, node: n.Quantifier) -> Value:
    """any, all, count, sum, max or min over a list."""
    listed = at.fact(node.source)
    if isinstance(listed, Known):
        # only the rest of the condition depends on the row, and nothing is known of the list, or it is the same in all rows
        if listed.value is None:
            return Range(am.constant(0), None) if node.kind == "count" else None
        raise w.UnsupportedError(f"{node.source} is the same in every row")
    assert isinstance(listed, Listed), "checked"
    inner = _Inner(at, node, listed)
    return inner.result()


class _Inner:
    """One quantifier: its terms are compiled with the item bound, the doubts about them gathered over the list."""

    def __init__(self, at: Expressions, node: n.Quantifier, listed: Listed) -> None:
        self.at, self.node, self.listed = at, node, listed
        self.variable = f"_{node.variable}{len(at.items)}"
        self.item = Sql(exp.Column(this=exp.Identifier(this=self.variable, quoted=False)), 0, frozenset((self.variable,)))
        outer = at.doubts
        at.doubts = Doubts(at.columns)
        at.items[node.variable] = (self.item, listed.stored)
        try:
            self.counted: Truth = True if node.condition is None else at.truth(node.condition)
            self.element: Value = None if node.element is None else at.value(node.element)
            self.terms = self._terms()
        finally:
            inner, at.doubts = at.doubts, outer
            del at.items[node.variable]
        for test in inner.tests:
            if isinstance(test, Sql) and self.variable not in test.bound:
                at.doubts.note(q.both([test, self._any(True)]))
            else:
                at.doubts.note(q.make(exp.EQ, self._over("MAX", q.when((test, q.constant(1)), default=ZERO)), q.constant(1)))

    def _over(self, aggregate: str, term: Sql, kind: str = "BIGINT") -> Sql:
        """MAX, MIN or SUM of a term over the items; NULL for none. NULL terms do not count. `kind` is the type of a sum."""
        body = exp.Lambda(this=term.node, expressions=[exp.Identifier(this=self.variable, quoted=False)])
        # the type is asked of the first item of a list that may be empty
        mapped = exp.Transform(this=self.listed.node.node, expression=body)
        node = exp.Anonymous(this=f"LIST_{aggregate}", expressions=[mapped])
        node.meta.update(stored=self.listed.stored, kind=kind)  # what other dialects than DuckDB's must say (see `dialects`)
        bound = (term.bound | self.listed.node.bound) - {self.variable}
        found = Sql(node, max(term.level, self.listed.node.level), bound)
        return self.at.columns.let(found, "q")

    def _terms(self) -> Truth:
        if self.node.kind == "any":
            assert isinstance(self.element, Sql | bool | None)
            return q.both([self.counted, self.element])
        if self.node.kind == "all":
            assert isinstance(self.element, Sql | bool | None)
            return q.either([q.negation(self.counted), self.element])
        return None

    def result(self) -> Value:
        present = q.not_null(self.listed.node)
        closed = q.both([present, q.is_true(self.listed.complete)])
        match self.node.kind:
            case "any":
                return self._settled(self.terms, True, closed)
            case "all":
                return q.negation(self._settled(q.negation(self.terms), True, closed))
            case "count":
                return self._count(closed)
            case "sum":
                return self._sum(closed)
        return self._extreme(closed)

    def _settled(self, term: Truth, truth: bool, closed: Truth) -> Truth:
        """True if a term is true; false if all are false and no item is missing."""
        marks = q.when((term, q.constant(2)), (q.is_unknown(term), q.constant(1)), default=ZERO)
        best = self._over("MAX", marks)
        ifs = [exp.If(this=exp.Literal.number("2"), true=exp.true()), exp.If(this=exp.Literal.number("1"), true=q.sql(None).node)]
        rest = q.when((closed, Sql(exp.false())), default=q.sql(None))
        return q.over([best, rest], exp.Case(this=best.node, ifs=ifs, default=rest.node))

    def _number(self, aggregate: str, term: Sql) -> Sql:
        return self._over(aggregate, term)

    def _count(self, closed: Truth) -> Value:
        one = q.constant(1)
        sure = q.typed(exp.Coalesce, self._over("SUM", q.when((q.is_true(self.counted), one), default=ZERO)), expressions=[ZERO.node])
        most = self._over("SUM", q.when((q.not_false(self.counted), one), default=ZERO))
        high = q.when((closed, q.typed(exp.Coalesce, most, expressions=[ZERO.node])))
        let = self.at.columns.let
        return Range(Amount(let(q.cast(sure, "BIGINT"), "n"), 9, 0, 0), Amount(let(q.cast(high, "BIGINT"), "n"), 9, 0, 0))

    def _sum(self, closed: Truth) -> Value:
        value = w.ranged(self.element)
        if value.low is None and value.high is None:
            # the sum of no items is known
            empty = q.both([closed, q.negation(self._any(q.not_false(self.counted)))])
            zero = Amount(q.when((empty, ZERO)), 1, 0, 0, 0)
            return Range(zero, zero, exact=True)
        if value.exact and self.counted is True and value.low is not None:
            total = self._sum_of(value.low, "low", closed)
            return Range(total, total, exact=True)
        ends = []
        for side in ("low", "high"):
            amount: Amount | None = getattr(value, side)
            ends.append(None if amount is None else self._sum_of(amount, side, closed))
        return Range(ends[0], ends[1], sets=value.sets)

    def _sum_of(self, amount: Amount, side: str, closed: Truth) -> Amount:
        """The sum of one bound; open if a term is."""
        if not amount.exact:
            # the sum of quotients is left to the single-case path
            self.at.doubts.note(q.not_null(self.listed.node))
            amount = am.constant(0)
        none = q.make(exp.GT if side == "low" else exp.LT, amount.node, ZERO)
        unsure = q.when((none, ZERO), default=amount.node)
        term = q.when((q.is_true(self.counted), amount.node), (q.is_unknown(self.counted), unsure), default=ZERO)
        precision = min(38, amount.precision + MOST_ITEMS_DIGITS)
        total = q.typed(exp.Coalesce, self._over("SUM", term, q.decimal_type(38, amount.scale)), expressions=[ZERO.node])
        total = q.cast(total, q.decimal_type(precision, amount.scale))
        wanting = q.both([q.not_false(self.counted), q.is_null(amount.node)])
        whole = q.both([closed, q.negation(self._any(wanting))])
        least = 0 if amount.least is not None and amount.least >= 0 else None
        return Amount(self.at.columns.let(q.when((whole, total)), "n"), precision, amount.scale, least, None)

    def _any(self, test: Truth) -> Truth:
        """Does a test hold for any item? Never NULL."""
        marks = q.when((test, q.constant(1)), default=ZERO)
        return q.is_true(q.make(exp.EQ, self._over("MAX", marks), q.constant(1)))

    def _extreme(self, closed: Truth) -> Value:
        """Bounds of the greatest or least of the items that count."""
        value, kind = w.ranged(self.element), self.node.kind
        sure = self._any(q.is_true(self.counted))
        least = self._end(value.low, "low", kind)
        most = self._end(value.high, "high", kind)
        # `certain`: of the items that surely count; `every`: of all that may
        near, far = (least, most) if kind == "max" else (most, least)
        opened = q.either([q.negation(closed), self._any(q.is_unknown(self.counted))])
        certain_far, every_far = far
        certain_near, _ = near
        bound = None
        if every_far is not None and certain_far is not None:
            inner = am.choose(opened, where(closed, every_far), certain_far)
            bound = where(sure, self.at.let(inner))
        close = None if certain_near is None else where(sure, certain_near)
        low, high = (close, bound) if kind == "max" else (bound, close)
        if low is None and high is None:
            return None
        return Range(low, high, sets=value.sets)

    def _end(self, amount: Amount | None, side: str, kind: str) -> tuple[Amount | None, Amount | None]:
        """One bound of the extreme: over the items that surely count, and over all that may count."""
        if amount is None:
            return None, None
        if not amount.exact:
            self.at.doubts.note(q.not_null(self.listed.node))
            amount = am.constant(0)
        needs_all = (side == "high") == (kind == "max")
        found: list[Amount | None] = []
        for counted in (q.is_true(self.counted), q.not_false(self.counted)):
            node = self._over("MAX" if kind == "max" else "MIN", q.when((counted, amount.node)))
            if needs_all:  # an item without the bound leaves the extreme open
                node = q.when((q.negation(self._any(q.both([counted, q.is_null(amount.node)]))), node))
            found.append(self.at.let(replace(amount, node=node, sure=False)))
        return found[0], found[1]


def where(test: Truth, amount: Amount) -> Amount:
    """The amount where a test is true."""
    if test is True:
        return amount
    return replace(amount, node=q.when((test, amount.node)), sure=False)


def whole(value: Range) -> Amount | None:
    """The amount of a number where it is known, NULL where it is not; None if there is no cheap way to say."""
    return value.low if value.exact else value.whole


def negated(value: Range) -> Range:
    """The number with its sign changed."""
    low, high, own = (None if e is None else am.negative(e) for e in (value.high, value.low, value.whole))
    if value.exact:
        return replace(value, low=low, high=low, whole=None)
    return replace(value, low=low, high=high, whole=own)


def _present(ends: list[Amount]) -> Truth:
    """Have all of them a value? Those that always have are not asked."""
    return q.both([w.present(e) for e in ends if not e.sure])


def _not_negative(amount: Amount) -> bool:
    return amount.least is not None and amount.least >= 0


def product(at: Expressions, a: Range, b: Range) -> Value:
    """The product of bounds."""
    if a.low is None or b.low is None:
        return None
    for factor, other in ((a, b), (b, a)):
        if factor.exact and factor.low is not None and factor.low.sure and _not_negative(factor.low) and factor.low.least != 0:
            return _multiple(at, other, factor.low)
    sets = a.sets or b.sets
    lows = at.let(am.times(a.low, b.low))
    highs = None if a.high is None or b.high is None else at.let(am.times(a.high, b.high))
    if _not_negative(a.low) and _not_negative(b.low):
        return Range(lows, None if highs is None else where(_present([a.low, b.low]), highs), sets=sets)
    positive = q.both([am.compare(">=", x, am.constant(0), at.doubts) for x in (a.low, b.low)])
    if highs is None or a.high is None or b.high is None:
        return Range(at.let(where(positive, lows)), None, sets=sets)
    corners = [lows, *(at.let(am.times(x, y)) for x, y in ((a.low, b.high), (a.high, b.low))), highs]
    complete = _present([a.low, a.high, b.low, b.high])
    least, most = am.extreme("min", corners), am.extreme("max", corners)
    low = am.choose(complete, least, where(positive, lows))
    return Range(at.let(low), at.let(where(complete, most)), sets=sets)


def _multiple(at: Expressions, value: Range, factor: Amount) -> Value:
    """A number times a constant above zero."""
    low, high, own = (None if e is None else at.let(am.times(e, factor)) for e in (value.low, value.high, value.whole))
    both = value.low is not None and value.high is not None
    if value.low is not None and not _not_negative(value.low):
        # an end that is open leaves both open, unless the other shows that nothing is below zero
        assert low is not None
        ends = [e for e in (value.low, value.high) if e is not None]
        if not both or _present(ends) is not True:
            above = am.compare(">=", value.low, am.constant(0), at.doubts)
            complete = _present(ends) if both else False
            low = at.let(where(q.either([q.is_true(complete), above]), low))
            high = None if high is None else at.let(where(complete, high))
    elif value.low is not None and high is not None:
        high = where(_present([value.low]), high)
    return replace(value, low=low, high=high, whole=own)


def quotient(at: Expressions, a: Range, b: Range) -> Value:
    """A quotient of numbers that may be known in part."""
    if (a.low is None and a.high is None) or b.low is None:
        return None
    divisor = whole(b)
    unknown_spans = b.exact or (b.low.sure and _not_negative(b.low) and b.low.least == 0)
    if divisor is not None and unknown_spans and _not_negative(b.low):
        return _by_known(at, a, b, divisor)
    if a.low is not None and _not_negative(a.low) and b.low.least is not None and b.low.least > 0:
        return _positive(at, a, b)
    if a.low is None and b.high is None:
        return None
    both = q.both([w.known(a), w.known(b)])
    zero = am.constant(0)
    ends = [w.present(e) for e in (a.low, a.high, b.low, b.high) if e is not None]
    away = q.either([am.compare(">", b.low, zero, at.doubts), False if b.high is None else am.compare("<", b.high, zero, at.doubts)])
    if a.sets or b.sets:
        away = True
    at.doubts.note(q.both([q.negation(both), q.is_true(away), q.either(ends)]))
    if a.low is None or b.high is None or a.high is None:
        return None
    found = at.let(am.quotient(where(both, a.low), b.low, at.doubts))
    return Range(found, found, exact=True)


def _positive(at: Expressions, a: Range, b: Range) -> Value:
    """A quotient of which nothing is below zero, and the divisor never zero."""
    assert a.low is not None and b.low is not None
    present = _present([a.low, b.low])
    high = None if a.high is None else at.let(am.quotient(where(present, a.high), b.low, at.doubts))
    nothing = where(present, am.constant(0))
    if b.high is None:  # an open end of the divisor shows only that nothing is below zero
        return Range(at.let(nothing), high, sets=a.sets or b.sets)
    if a.high is None:
        return None
    closed = _present([b.high])
    top = am.choose(closed, where(_present([a.high]), a.low), am.constant(0))
    bottom = am.choose(closed, b.high, am.constant(1))
    low = at.let(am.quotient(where(present, top), replace(bottom, least=b.high.least), at.doubts))
    assert high is not None
    zero = q.is_true(am.compare("==", a.low, am.constant(0), at.doubts))
    settled = q.both([w.known(a), q.either([w.known(b), zero])])
    return Range(low, high, sets=a.sets or b.sets, whole=at.let(where(settled, low)), settled=settled)


def _by_known(at: Expressions, a: Range, b: Range, divisor: Amount) -> Value:
    """By a number that is not negative: where it is not known, it may be zero, and nothing is known of the quotient."""
    own = whole(a)
    top = None if own is None else at.let(am.quotient(own, divisor, at.doubts))
    if a.low is None or a.high is None:
        return None if top is None else Range(top, top, exact=True)
    present = _present([a.low, a.high])
    low, high = (at.let(am.quotient(where(present, e), divisor, at.doubts)) for e in (a.low, a.high))
    if top is None:
        return Range(low, high, sets=a.sets)
    settled = q.both([w.known(a), w.known(b), q.is_true(am.compare("!=", divisor, am.constant(0), at.doubts))])
    return Range(low, high, sets=a.sets, whole=top, settled=settled)


def extreme(at: Expressions, kind: str, ranges: list[Range]) -> Value:
    """The greatest or least of several numbers."""
    found = extreme_of(at.columns, kind, ranges)
    return None if found.low is None and found.high is None else found


def extreme_of(columns: q.Columns, kind: str, ranges: list[Range]) -> Range:
    """The bounds of the greatest or least."""
    near = [r.low if kind == "max" else r.high for r in ranges]
    far = [r.high if kind == "max" else r.low for r in ranges]
    close = [a for a in near if a is not None]
    bound = None
    if all(a is not None for a in far):
        whole = [a for a in far if a is not None]
        bound = kept(columns, where(q.both([w.present(a) for a in whole]), am.extreme(kind, whole)))
    inner = kept(columns, am.extreme(kind, close)) if close else None
    low, high = (inner, bound) if kind == "max" else (bound, inner)
    return Range(low, high, sets=any(r.sets for r in ranges))


def absolute(at: Expressions, value: Range) -> Value:
    """The size of a number."""
    if value.low is None and value.high is None:
        return None
    if value.exact and value.low is not None:
        found = at.let(am.size(value.low))
        return Range(found, found, exact=True, sets=value.sets)
    zero = am.constant(0)
    low, high = value.low, value.high
    above: Truth = None if low is None else am.compare(">=", low, zero, at.doubts)
    below: Truth = None if high is None else am.compare("<=", high, zero, at.doubts)
    if value.sets and low is not None and high is not None:
        at.doubts.note(q.both([q.negation(q.is_true(above)), q.negation(q.is_true(below)), *(q.not_null(e.node) for e in (low, high))]))
    sizes = [None if e is None else am.size(e) for e in (low, high)]
    some = q.either([q.not_null(e.node) for e in (low, high) if e is not None])
    spans = am.Amount(q.when((some, ZERO)), 1, 0, 0, 0)
    least = spans
    if sizes[1] is not None:
        least = am.choose(q.is_true(below), sizes[1], least)
    if sizes[0] is not None:
        least = am.choose(q.is_true(above), sizes[0], least)
    most = None
    if sizes[0] is not None and sizes[1] is not None:
        whole = [x for x in sizes if x is not None]
        most = where(q.both([w.present(x) for x in whole]), am.extreme("max", whole))
    if sizes[1] is not None:  # low >= 0: the high end, open or not
        most = am.choose(q.is_true(above), sizes[1], most)
    if sizes[0] is not None:
        most = am.choose(q.is_true(below), sizes[0], most)
    return Range(at.let(least), None if most is None else at.let(most), sets=value.sets)


def kept(columns: q.Columns, amount: Amount) -> Amount:
    """An amount whose parts are columns."""
    den = None if amount.den is None else kept(columns, amount.den)
    error = None if amount.error is None else columns.let(amount.error, "e")
    return replace(amount, node=columns.let(amount.node, "n"), den=den, error=error)
