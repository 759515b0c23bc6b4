"""Hit policies in SQL, as `dingji.inference.policies` and the prover have them.

What a table concludes is a set of possible values, kept as bits of a small domain: the distinct values of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import lists
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Doubts
from dingji.batch.statement.sql import Columns, Sql, Truth
from dingji.batch.statement.values import Known, Masked, Range, Value
from dingji.knowledge.model import Adjustment
from dingji.language import types as t
from dingji.records import Draft, Record

ZERO = q.constant(0)
MOST_COMBINATIONS = 128
"""Beyond, the reference evaluator follows bounds only (see `values.extreme`)."""

Chosen = list[tuple[int, Truth]]
"""Rules by their position, each with the condition under which it counts."""


class Settled(Draft):
    """The outcome of a decision. `winners` gave the value, `undecided` may still change it; both are worked out when asked for."""

    value: Value
    gap: Truth
    winners: Callable[[], Chosen]
    undecided: Callable[[], Chosen]
    any_winner: Truth = True
    any_undecided: Truth = True
    """False where there are surely none: the lists of most rows are empty, and need not be looked for."""


def nothing() -> Chosen:
    """No rules."""
    return []


class Hit(NamedTuple):
    """One rule of a table (see `policies.Hit`); its truth may depend on the row."""

    rule: int
    truth: Truth
    value: Any


class Table(Record, frozen=True):
    """One table to settle: its hits by value, and where the columns go. Hits have a truth each; false ones take no part."""

    policy: str
    hits: tuple[Hit, ...]
    default: Any
    has_default: bool
    domain: tuple[Any, ...]
    columns: Columns
    doubts: Doubts


class Groups(Draft):
    """The hits of a table, joined by what they conclude: one condition for each value."""

    table: Table
    truths: dict[int, Truth]

    @staticmethod
    def of(table: Table) -> Groups:
        """The groups of a table."""
        found: dict[int, list[Truth]] = {}
        for hit in table.hits:
            found.setdefault(table.domain.index(hit.value), []).append(hit.truth)
        return Groups(table, {i: table.columns.truth(q.either(truths), "v") for i, truths in sorted(found.items())})

    def none_sure(self) -> Truth:
        """No row is surely true. Never unknown."""
        return self.table.columns.truth(q.negation(q.is_true(q.either(self.truths.values()))), "unsure")

    def possible(self) -> Sql:
        """The bits of what unknown rows conclude."""
        return q.bits_or([q.when((q.is_unknown(truth), q.constant(1 << i)), default=ZERO) for i, truth in self.truths.items()])

    def some(self) -> Truth:
        """Is a row true?"""
        return self.table.columns.truth(q.either(self.truths.values()), "some")

    def gap(self) -> Truth:
        """Is nothing concluded at all?"""
        return False if self.table.has_default else q.negation(q.either(q.not_false(truth) for truth in self.truths.values()))

    def default(self) -> Sql:
        """The bits of the default."""
        return q.constant(1 << self.table.domain.index(self.table.default) if self.table.has_default else 0)


def settle(table: Table) -> Settled:
    """The outcome of a table: unique, any, first, worst or best."""
    if table.policy == "first":
        return _first(table)
    groups = Groups.of(table)
    loose = table.columns.let(groups.possible(), "possible")
    open_value = q.typed(exp.Nullif, q.make(exp.BitwiseOr, loose, groups.default()), ZERO)
    if table.policy in ("worst", "best"):
        return _extreme(table, groups, loose, open_value)
    ladder = [(truth, q.constant(1 << i)) for i, truth in groups.truths.items()]
    mask = q.when(*ladder, default=open_value)
    sure = [q.is_true(truth) for truth in groups.truths.values()]
    for i, one in enumerate(sure):  # two that contradict each other: the single-case path says which
        table.doubts.note(q.both([one, q.either(sure[i + 1 :])]))
    hits = table.hits

    def undecided() -> Chosen:
        unsure = groups.none_sure()
        return [(h.rule, q.both([q.is_unknown(h.truth), unsure])) for h in hits]

    gap = groups.gap()
    return Settled(
        Masked(table.columns.let(mask, "is"), table.domain), gap, lambda: [(h.rule, q.is_true(h.truth)) for h in hits], undecided
    )


def _extreme(table: Table, groups: Groups, loose: Sql, open_value: Sql) -> Settled:
    """The worst or best: the most extreme sure value, and what may yet lie beyond it."""
    order = sorted(groups.truths, reverse=table.policy == "worst")
    cases = []
    for i in order:
        beyond = sum(1 << j for j in groups.truths if (j > i) == (table.policy == "worst") and j != i)
        more = q.make(exp.BitwiseAnd, loose, q.constant(beyond)) if beyond else ZERO
        cases.append((groups.truths[i], q.make(exp.BitwiseOr, more, q.constant(1 << i)) if beyond else q.constant(1 << i)))
    mask = table.columns.let(q.when(*cases, default=open_value), "is")
    sure = {i: q.is_true(truth) for i, truth in groups.truths.items()}

    def clear(positions: Sequence[int]) -> Truth:
        return table.columns.truth(q.negation(q.either(sure[j] for j in positions)), "clear")

    def chosen(which: Callable[[Truth], Truth], with_own: bool) -> Chosen:
        above = {i: clear(order[: order.index(i) + with_own]) for i in order}
        return [(h.rule, q.both([which(h.truth), above[table.domain.index(h.value)]])) for h in table.hits]

    gap = groups.gap()
    value = Masked(mask, table.domain)
    # of one value, an unknown row matters only where none is true
    loosely = q.is_unknown(groups.some()) if len(groups.truths) == 1 else _any_of(loose)
    return Settled(value, gap, lambda: chosen(q.is_true, False), lambda: chosen(q.is_unknown, True), groups.some(), loosely)


def _any_of(mask: Sql) -> Truth:
    return q.make(exp.NEQ, mask, ZERO)


def _first(table: Table) -> Settled:
    """The first true row; unknown rows before it may still be it."""
    hits, end = table.hits, len(table.hits)
    stop = table.columns.let(q.when(*((h.truth, q.constant(i)) for i, h in enumerate(hits)), default=q.constant(end)), "stop")
    bits = {i: 1 << table.domain.index(h.value) for i, h in enumerate(hits)}

    def reached(i: int) -> Sql:
        return q.make(exp.GTE, stop, q.constant(i))

    def met(i: int) -> Sql:
        return q.make(exp.EQ, stop, q.constant(i))

    parts = [q.when((q.both([reached(i), q.not_false(h.truth)]), q.constant(bits[i])), default=ZERO) for i, h in enumerate(hits)]
    if table.has_default:
        parts.append(q.when((met(end), q.constant(1 << table.domain.index(table.default))), default=ZERO))
    mask = table.columns.let(q.typed(exp.Nullif, q.bits_or(parts), ZERO), "is")

    def undecided() -> Chosen:
        found = []
        for i, hit in enumerate(hits):
            same = [met(j) for j in range(i + 1, end) if hits[j].value == hit.value]
            found.append((hit.rule, q.both([reached(i), q.is_unknown(hit.truth), q.negation(q.either(same))])))
        return found

    gap = False if table.has_default else q.negation(q.either(q.not_false(h.truth) for h in hits))
    return Settled(Masked(mask, table.domain), gap, lambda: [(h.rule, met(i)) for i, h in enumerate(hits)], undecided)


def adjust(base: Masked, steps: Sequence[tuple[int, Truth, Adjustment]], columns: Columns) -> Settled:
    """A grade after its adjustments, in the order written."""
    top = len(base.domain) - 1
    mask = q.typed(exp.Coalesce, base.mask, expressions=[q.constant(base.everything).node])
    if base.open:  # known by its bounds only: anything may be
        mask = q.when((w.bit(base.mask, 1 << len(base.domain)), q.constant(base.everything)), default=mask)
    mask = columns.let(mask, "base")
    moves: list[tuple[int, Truth, Sql, int]] = []
    for rule, truth, adjustment in steps:
        image = {i: min(max(_move(adjustment, i), 0), top) for i in range(top + 1)}
        shaken = sum(1 << i for i, new in image.items() if new != i)
        targets: dict[int, int] = {}
        for i, new in image.items():
            targets[new] = targets.get(new, 0) | 1 << i
        after = q.bits_or([q.when((w.bit(mask, old), q.constant(1 << new)), default=ZERO) for new, old in targets.items()])
        moves.append((rule, truth, mask, shaken))
        either = q.make(exp.BitwiseOr, mask, after)
        mask = columns.let(q.when((truth, after), (q.is_unknown(truth), either), default=mask), "adjusted")

    def chosen(which: Callable[[Truth], Truth]) -> Chosen:
        return [(rule, q.both([which(truth), w.bit(before, shaken)])) for rule, truth, before, shaken in moves]

    return Settled(Masked(mask, base.domain), False, lambda: chosen(q.is_true), lambda: chosen(q.is_unknown))


def _move(adjustment: Adjustment, severity: int) -> int:
    match adjustment.kind:
        case "lower":
            return severity + adjustment.amount
        case "raise":
            return severity - adjustment.amount
        case "at_least":
            return max(severity, adjustment.amount)
        case "at_most":
            return min(severity, adjustment.amount)
    return adjustment.amount


def worst(policy: str, values: Sequence[Masked], columns: Columns) -> Masked:
    """The worst or best of several grades, each known at least by a set of what is possible."""
    if len(values) == 1:
        return values[0]
    domain = values[0].domain
    union = columns.let(q.bits_or([value.mask for value in values]), "any_of")
    if policy == "worst":
        edge = _function(exp.Greatest, [q.make(exp.BitwiseAnd, v.mask, q.make(exp.Neg, v.mask)) for v in values])
        edge = columns.let(edge, "least")
        mask = q.make(exp.BitwiseAnd, union, q.make(exp.Neg, edge))
    else:
        edge = columns.let(_function(exp.Least, [_highest(v.mask, len(domain)) for v in values]), "most")
        mask = q.make(exp.BitwiseAnd, union, q.make(exp.Sub, q.make(exp.Mul, edge, q.constant(2)), q.constant(1)))
    mask = columns.let(mask, "worst")
    if len(domain) ** len(values) <= MOST_COMBINATIONS:
        return Masked(mask, domain)
    sizes = [q.cast(_count(value.mask, len(domain)), "BIGINT") for value in values]
    product = sizes[0]
    for size in sizes[1:]:
        product = q.make(exp.Mul, product, size)
    many = columns.truth(q.make(exp.GT, product, q.constant(MOST_COMBINATIONS)), "many")
    low = q.make(exp.BitwiseAnd, mask, q.make(exp.Neg, mask))
    top = _highest(mask, len(domain))
    # all bits from the lowest to the highest, and the mark of bounds unless they meet
    filled = q.make(exp.Sub, q.make(exp.Mul, top, q.constant(2)), low)
    loose = q.when((q.make(exp.EQ, low, top), filled), default=q.make(exp.BitwiseOr, filled, q.constant(1 << len(domain))))
    return Masked(columns.let(q.when((many, loose), default=mask), "worst"), domain, open=True)


def _highest(mask: Sql, size: int) -> Sql:
    return q.when(*((w.bit(mask, 1 << i), q.constant(1 << i)) for i in range(size - 1, -1, -1)))


def _count(mask: Sql, size: int) -> Sql:
    return q.add([q.when((w.bit(mask, 1 << i), q.constant(1)), default=ZERO) for i in range(size)])


def _function(kind: type[exp.Expression], parts: Sequence[Sql]) -> Sql:
    return q.over(parts, kind(this=parts[0].node, expressions=[p.node for p in parts[1:]], ignore_nulls=True))


def as_type(kind: t.Type, value: Value, columns: Columns) -> Value:
    """What a table concludes, as the value of a fact: a truth for one that is true or false."""
    if isinstance(kind, t.Bool) and isinstance(value, Masked):
        cases = [(q.make(exp.EQ, value.mask, q.constant(1 << i)), q.constant(x)) for i, x in enumerate(value.domain)]
        return columns.truth(q.when(*cases), "is")
    return value


def joined(policy: str, before: Settled, after: Settled, columns: Columns) -> Settled:
    """A number that two instruments write: the worst or best of both, or the one that has no gap."""
    kind = "max" if policy == "worst" else "min"
    helper = lists.extreme_of(columns, kind, [w.ranged(before.value), w.ranged(after.value)])
    first, second = before.gap, after.gap
    low = _pick(first, second, before, after, helper, "low", columns)
    high = _pick(first, second, before, after, helper, "high", columns)
    sets = any(w.ranged(s.value).sets for s in (before, after))
    value: Value = Known(None) if low is None and high is None else Range(low, high, sets=sets)

    def chosen(pick: Callable[[Settled], Chosen], exact: bool) -> Chosen:
        found = []
        for own, other in ((before, after), (after, before)):
            gives: Truth = True
            if exact:
                same = q.is_true(w.compare("==", own.value, value, Doubts(columns)))
                gives = q.either([other.gap, q.negation(w.known(own.value)), same])
            alone = q.negation(own.gap)
            found += [(rule, q.both([test, gives, alone])) for rule, test in pick(own)]
        return found

    gap = q.both([first, second])
    return Settled(value, gap, lambda: chosen(lambda s: s.winners(), True), lambda: chosen(lambda s: s.undecided(), False))


def _pick(first: Truth, second: Truth, before: Settled, after: Settled, helper: Range, side: str, columns: Columns) -> am.Amount | None:
    ends: list[am.Amount | None] = [getattr(r, side) for r in (w.ranged(before.value), w.ranged(after.value), helper)]
    own, other, found = ends
    for gap, alone in ((second, own), (first, other)):
        if gap is False:
            continue
        if alone is not None:
            found = am.choose(gap, alone, found)
        elif found is not None:
            found = am.choose(q.negation(gap), found, None)
    if found is None:
        return None
    from dingji.records import replace

    return replace(found, node=columns.let(found.node, "n"))
