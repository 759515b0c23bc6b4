"""What an expression of the rule language is in SQL: the counterparts of `dingji.language.values`.

- `Plain`: a text, choice, grade or day that is known or NULL;
- `Masked`: one of a few values of a domain, as bits (NULL: nothing is known); what tables conclude;
- `Range`: a number by its bounds, NULL where open (both NULL: nothing is known);
- `Known`: a value that is the same in every row, as the reference evaluator has it;
- `Listed`: a list fact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import sql as q
from dingji.batch.statement.amounts import Amount, Doubts
from dingji.batch.statement.schema import Stored
from dingji.batch.statement.sql import Sql, Truth
from dingji.language import values as v
from dingji.records import Record

MOST_BITS = 62


class Known(Record, frozen=True):
    """A value known when the statement is compiled (None: unknown in every row)."""

    value: Any


class Plain(Record, frozen=True):
    """A value that is known or NULL. Grades stand as severities."""

    node: Sql


class Masked(Record, frozen=True):
    """One of the values of a domain in ascending order: bit n is set where value n is possible.

    `open`: the bit above the domain may be set. It marks a value known by its bounds only (see `values.Partial`), not by the
    set of what is possible.
    """

    mask: Sql
    domain: tuple[Any, ...]
    open: bool = False

    @property
    def everything(self) -> int:
        """All bits of the domain."""
        return (1 << len(self.domain)) - 1


class Range(Record, frozen=True):
    """A number between bounds. `exact`: never known in part. `sets`: it may be one of several values, which bounds alone don't say.

    `settled`, if given, is the condition under which it is known, and `whole` then its value (NULL where it is not known).
    """

    low: Amount | None
    high: Amount | None
    exact: bool = False
    sets: bool = False
    whole: Amount | None = None
    settled: Truth = None


class Listed(Record, frozen=True):
    """A list fact; `complete` is the truth of "there are no more items than these"."""

    node: Sql
    complete: Truth
    stored: Stored


class UnsupportedError(Exception):
    """An expression that has no counterpart in SQL; the message says what."""


Value = Known | Plain | Masked | Range | Listed | Sql | bool | None
"""A truth stands as itself."""


def bit(mask: Sql, bits: int) -> Sql:
    """Is any of these bits set? NULL for a NULL mask."""
    return q.make(exp.NEQ, q.make(exp.BitwiseAnd, mask, q.constant(bits)), q.constant(0))


def no_bit(mask: Sql, bits: int) -> Sql:
    """Is none of these bits set?"""
    return q.make(exp.EQ, q.make(exp.BitwiseAnd, mask, q.constant(bits)), q.constant(0))


def masked(value: Value, domain: tuple[Any, ...]) -> Masked:
    """A value over a domain that holds every value it can have."""
    if isinstance(value, Masked):
        return value
    if isinstance(value, Known):
        possible = v.possible(value.value)
        if value.value is not None and possible is None:  # bounds without values
            inside = [x for x in domain if not (value.value.low is not None and x < value.value.low)]
            possible = tuple(x for x in inside if not (value.value.high is not None and x > value.value.high))
            mask = sum(1 << domain.index(x) for x in possible) | 1 << len(domain)
            return Masked(q.constant(mask), domain, open=True)
        return Masked(q.constant(None if possible is None else sum(1 << domain.index(x) for x in possible)), domain)
    if isinstance(value, Plain):
        cases = [q.make(exp.EQ, value.node, q.constant(x)) for x in domain]
        return Masked(q.when(*((test, q.constant(1 << i)) for i, test in enumerate(cases))), domain)
    raise UnsupportedError(f"{type(value).__name__} over a domain")


def known(value: Value) -> Truth:
    """Is it fully known? Never NULL."""
    match value:
        case Known(value=x):
            return not (x is None or isinstance(x, v.Partial) or (isinstance(x, v.Records) and not x.complete))
        case Plain(node=node):
            return q.not_null(node)
        case Masked():
            return single(value)
        case Range(low=low, high=high, exact=exact):
            if value.whole is not None:
                return value.settled
            if low is None or high is None:
                return False
            if exact:
                return present(low)
            return q.is_true(am.compare("==", low, high, Doubts(q.Columns(frozenset()))))
        case Listed(node=node, complete=complete):
            return q.both([q.not_null(node), q.is_true(complete)])
    return q.negation(q.is_unknown(value))


def present(amount: Amount) -> Sql:
    """Has the amount a value?"""
    found = q.not_null(amount.node)
    if amount.den is None:
        return found
    return q.make(exp.And, found, q.not_null(amount.den.node))


def single(value: Masked) -> Sql:
    """Is just one value possible? Never NULL."""
    mask = value.mask
    less = q.make(exp.BitwiseAnd, mask, q.make(exp.Sub, mask, q.constant(1)))
    found = q.is_true(q.make(exp.EQ, less, q.constant(0)))
    assert isinstance(found, Sql), "it depends on the mask"
    return found


def ranged(value: Value) -> Range:
    """A number by its bounds."""
    match value:
        case Range():
            return value
        case Known(value=x):
            if x is None:
                return Range(None, None)
            bounds = [None if b is None else am.constant(b) for b in (v.low(x), v.high(x))]
            return Range(bounds[0], bounds[1], not isinstance(x, v.Partial), isinstance(x, v.Partial) and x.values is not None)
        case Masked(domain=domain):
            return Range(_end(value, list(enumerate(domain))), _end(value, list(enumerate(domain))[::-1]), sets=True)
    raise UnsupportedError(f"{type(value).__name__} as a number")


def _end(value: Masked, order: Sequence[tuple[int, Any]]) -> Amount:
    constants = [am.constant(x) for _, x in order]
    if not all(c.exact for c in constants):
        raise UnsupportedError("a choice among numbers of more digits than SQL holds")
    scale = max(c.scale for c in constants)
    precision = max(c.precision - c.scale for c in constants) + scale
    node = q.when(
        *((bit(value.mask, 1 << i), q.cast(c.node, q.decimal_type(precision, scale))) for (i, _), c in zip(order, constants, strict=True))
    )
    return Amount(node, precision, scale, min(value.domain), max(value.domain))


def compare(op: str, a: Value, b: Value, doubts: Doubts) -> Truth:
    """`a op b`, as `values.compare` has it."""
    if isinstance(a, Known) and isinstance(b, Known):
        return v.compare(op, a.value, b.value)
    if (isinstance(a, Known) and a.value is None) or (isinstance(b, Known) and b.value is None):
        return None
    if isinstance(b, Known) and not isinstance(b.value, v.Partial):
        if isinstance(a, Masked):
            return _settled(a, lambda x: v.OPERATORS[op](x, b.value))
        if isinstance(a, Plain):
            return q.make(_OPERATORS[op], a.node, q.constant(b.value))
    if isinstance(a, Known) and not isinstance(a.value, v.Partial) and isinstance(b, Masked | Plain):
        return compare(MIRRORED[op], b, a, doubts)
    if isinstance(a, Plain) and isinstance(b, Plain):
        return q.make(_OPERATORS[op], a.node, b.node)
    if _words(a) or _words(b) or (isinstance(a, Masked) and isinstance(b, Masked)):
        return _pairs(op, a, b, doubts)
    return _ranges(op, ranged(a), ranged(b), doubts)


_OPERATORS: dict[str, type[exp.Expression]] = {"==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _words(value: Value) -> bool:
    """Is it a value of another kind than a number, or a grade?"""
    return isinstance(value, Plain) or (isinstance(value, Masked) and (value.open or not isinstance(value.domain[0], Decimal | int)))


def _settled(value: Masked, test: Callable[[Any], bool]) -> Sql:
    """True where every possible value passes a test, false where none does."""
    passing = sum(1 << i for i, x in enumerate(value.domain) if test(x))
    failing = value.everything & ~passing
    return q.when((no_bit(value.mask, failing), Sql(exp.true())), (no_bit(value.mask, passing), Sql(exp.false())))


def _pairs(op: str, a: Value, b: Value, doubts: Doubts) -> Sql:
    """Two values of which one is a set: by every value that the first can have."""
    if not isinstance(a, Masked):
        if not isinstance(b, Masked):
            raise UnsupportedError("a comparison of values that have no domain")
        return _pairs(MIRRORED[op], b, a, doubts)
    other = masked(b, a.domain)
    if other.domain != a.domain:
        domain = tuple(sorted({*a.domain, *other.domain}))
        a, other = moved(a, domain), moved(other, domain)
    if op in ("==", "!="):
        # a value known by its bounds is compared by them
        for one, rest in ((a, other), (other, a)):
            if one.open:
                doubts.note(q.both([bit(one.mask, 1 << len(one.domain)), q.negation(single(rest))]))
    tests = [(x, _settled(other, partial(v.OPERATORS[op], x))) for x in a.domain]
    every = q.both(q.either([no_bit(a.mask, 1 << i), test]) for i, (_, test) in enumerate(tests))
    none = q.both(q.either([no_bit(a.mask, 1 << i), q.negation(test)]) for i, (_, test) in enumerate(tests))
    present = q.both([q.not_null(a.mask), q.not_null(other.mask)])
    return q.when((q.both([present, q.is_true(every)]), Sql(exp.true())), (q.both([present, q.is_true(none)]), Sql(exp.false())))


def moved(value: Masked, domain: tuple[Any, ...]) -> Masked:
    """The same value over a wider domain."""
    if value.domain == domain:
        return value
    places = [(i, domain.index(x)) for i, x in enumerate(value.domain)]
    if value.open:
        places.append((len(value.domain), len(domain)))
    parts = [q.when((bit(value.mask, 1 << old), q.constant(1 << new)), default=q.constant(0)) for old, new in places]
    return Masked(q.when((q.not_null(value.mask), q.bits_or(parts))), domain, value.open)


def _ranges(op: str, a: Range, b: Range, doubts: Doubts) -> Truth:
    if a.exact and b.exact:
        return None if a.low is None or b.low is None else am.compare(op, a.low, b.low, doubts)
    if op in (">", ">="):
        a, b, op = b, a, MIRRORED[op]
    if op in ("<", "<="):
        surely = _ends(op, a.high, b.low, doubts)
        never = _ends(">=" if op == "<" else ">", a.low, b.high, doubts)
        return _either_way(surely, never)
    apart = q.either([_ends("<", a.high, b.low, doubts), _ends("<", b.high, a.low, doubts)])
    settled = q.both([known(a), known(b)])
    same = _ends("==", a.low, b.low, doubts)
    if (a.sets or b.sets) and isinstance(settled, Sql | bool):
        # sets may be disjoint where their bounds are not
        open_end = q.both(
            [q.negation(settled), q.negation(q.is_true(apart)), *(q.not_null(e.node) for r in (a, b) for e in (r.low, r.high) if e)]
        )
        doubts.note(open_end)
    equal = _choose(q.is_true(apart), False, _choose(settled, same, None))
    return equal if op == "==" else q.negation(equal)


def _choose(test: Truth, then: Truth, other: Truth) -> Truth:
    if not isinstance(test, Sql):
        return then if test else other
    if then == other:
        return then
    return q.when((test, q.sql(then)), default=q.sql(other))


def _either_way(surely: Truth, never: Truth) -> Truth:
    return _choose(q.is_true(surely), True, _choose(q.is_true(never), False, None))


def _ends(op: str, a: Amount | None, b: Amount | None, doubts: Doubts) -> Truth:
    return None if a is None or b is None else am.compare(op, a, b, doubts)


def member(value: Value, choices: frozenset[Any], doubts: Doubts) -> Truth:
    """Is the value one of the constants?"""
    match value:
        case Known(value=x):
            return v.member(x, choices)
        case Plain(node=node):
            ordered = sorted(choices)
            return q.over([node], exp.In(this=q.wrap(node), expressions=[q.constant(c).node for c in ordered]))
        case Masked():
            inside = _settled(value, lambda x: x in choices)
            if not value.open:
                return inside
            loose = bit(value.mask, 1 << len(value.domain))
            return q.when((q.both([loose, inside]), NULL_TRUTH), default=inside)
        case Range(exact=True, low=low) if low is not None:
            return q.either(am.compare("==", low, am.constant(c), doubts) for c in sorted(choices))
        case Range():
            return _range_member(value, choices, doubts)
    raise UnsupportedError("a membership test")


NULL_TRUTH = q.sql(None)


def _range_member(value: Range, choices: frozenset[Any], doubts: Doubts) -> Truth:
    inside, outside = [], []
    for choice in sorted(choices):
        constant = am.constant(choice)
        inside.append(q.both([known(value), _ends("==", value.low, constant, doubts)]))
        outside.append(q.either([_ends("<", value.high, constant, doubts), _ends(">", value.low, constant, doubts)]))
    away = q.both(outside)
    if value.sets:
        ends = [q.not_null(e.node) for e in (value.low, value.high) if e]
        doubts.note(q.both([q.negation(known(value)), q.negation(q.is_true(away)), *ends]))
    found = q.either(q.is_true(x) for x in inside)
    settled = _choose(known(value), q.is_true(found), None)
    return _choose(q.is_true(away), False, settled)
