"""The columns of a result, from the outcomes of a plan."""

from __future__ import annotations

from sqlglot import exp

from dingji.batch.statement import days
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Amount, choose
from dingji.batch.statement.decisions import Chosen, Settled
from dingji.batch.statement.expressions import Expressions
from dingji.batch.statement.missing import Missing
from dingji.batch.statement.schema import HIGH, LOW
from dingji.batch.statement.sql import Sql, Truth
from dingji.batch.statement.values import Known, Masked
from dingji.batch.statement.weakness import Weakness
from dingji.inference.plan import Applied, Plan, Step
from dingji.knowledge.model import Due, ScaleDefinition
from dingji.language import nodes as n
from dingji.language import types as t

Named = list[tuple[str, Sql]]
MOST_LISTED = 4
"""Grades of a scale whose sets are written out: one list for each."""


def columns(plan: Plan, at: Expressions, settled: dict[str, Settled], truths: dict[int, Truth], weakness: Weakness) -> Named:
    """Name and value of every column of the result but `doubt`."""
    maker = _Output(plan, at, settled, truths, weakness)
    found = [maker.finding(item) for item in plan.applied if item.instrument.decides]
    return [
        *maker.determination(found),
        ("findings", q.array([struct(fields) for fields, *_ in found])),
        ("flags", ids([(plan.rules[i].id, truths[i]) for i in plan.flags])),
        ("duties", maker.duties()),
        ("missing", maker.missing()),
        ("refused", ids([(plan.rules[i].id, q.negation(truths[i])) for i in plan.requirements])),
    ]


def struct(fields: Named) -> Sql:
    """A struct of named values."""
    parts = [exp.PropertyEQ(this=exp.Identifier(this=name, quoted=False), expression=value.node) for name, value in fields]
    return q.over([value for _, value in fields], exp.Struct(expressions=parts))


def ids(chosen: list[tuple[str, Truth]], some: Truth = True) -> Sql:
    """The names whose condition is true, in order; none where `some` is not true."""
    kept = [(name, truth) for name, truth in chosen if truth is not False and truth is not None]
    if not kept:
        return q.cast(q.array([]), "TEXT[]")
    items = [q.when((q.is_true(truth), q.constant(name))) for name, truth in kept]
    found = _present(items)
    return found if some is True else q.when((some, found), default=q.cast(q.array([]), "TEXT[]"))


def _present(items: list[Sql]) -> Sql:
    """The items that are not NULL, in order."""
    name = exp.Identifier(this="x", quoted=False)
    there = exp.Not(this=exp.Is(this=exp.Column(this=name), expression=exp.Null()))
    listed = q.array(items)
    return q.over(items, exp.ArrayFilter(this=listed.node, expression=exp.Lambda(this=there, expressions=[name])))


def _text(value: str | None) -> Sql:
    return q.cast(q.NULL, "TEXT") if value is None else q.constant(value)


class _Output:
    def __init__(self, plan: Plan, at: Expressions, settled: dict[str, Settled], truths: dict[int, Truth], weakness: Weakness) -> None:
        self.plan, self.at, self.settled, self.truths, self.weakness = plan, at, settled, truths, weakness
        self.open_rules: dict[str, Chosen] = {}

    def undecided(self, fact: str) -> Chosen:
        """The rules that may still change a fact, worked out once."""
        if fact not in self.open_rules:
            found = self.settled[fact].undecided()
            self.open_rules[fact] = [(rule, self.at.columns.truth(test, "open")) for rule, test in found]
        return self.open_rules[fact]

    def missing(self) -> Sql:
        """What is not known of a row that is open: looked for in these rows only."""
        found = Missing(self.plan, self.at, self.settled, self.truths, self.undecided)
        return ids(found.chosen(), found.open())

    def grades(self, scale: ScaleDefinition, value: Masked) -> Sql:
        """The grades that a value allows, most severe first."""
        mask = q.typed(exp.Coalesce, value.mask, expressions=[q.constant(value.everything).node])
        mask = self.at.columns.let(mask, "reach")
        if len(value.domain) <= MOST_LISTED and not value.open:
            lists = {
                m: [q.constant(scale.grade(i).id) for i in sorted(value.domain, reverse=True) if m >> i & 1]
                for m in range(1, 1 << len(value.domain))
            }
            return q.when(*((q.make(exp.EQ, mask, q.constant(m)), q.array(names)) for m, names in lists.items()))
        return ids([(scale.grade(i).id, w.bit(mask, 1 << i)) for i in sorted(value.domain, reverse=True)])

    def _grade(self, scale: ScaleDefinition, value: Masked, silent: bool) -> Sql:
        cases = [(i, scale.grade(i)) for i in value.domain]
        found = q.when(
            *((q.make(exp.EQ, value.mask, q.constant(1 << i)), q.constant(grade.id)) for i, grade in cases if silent or not grade.silent)
        )
        return q.cast(found, "TEXT")

    def _status(self, scale: ScaleDefinition, value: Masked, weak: Truth) -> Sql:
        silent = [q.make(exp.EQ, value.mask, q.constant(1 << i)) for i in value.domain if scale.grade(i).silent]
        single = self.at.columns.truth(w.single(value), "single")
        quiet = self.at.columns.truth(q.is_true(q.either(silent)), "silent")
        if weak is None or isinstance(weak, Sql):
            self.at.doubts.note(q.both([single, q.negation(quiet), q.is_unknown(weak)]))
        return q.when(
            (q.negation(single), q.constant("undetermined")),
            (quiet, q.constant("silent")),
            (weak, q.constant("provisional")),
            default=q.constant("determined"),
        )

    def finding(self, item: Applied) -> tuple[Named, Sql, Masked | None]:
        """The fields of a finding; its status; and its value on the determination's scale, where that counts."""
        instrument = item.instrument
        scale = self.plan.knowledge.scale_of(instrument.decides)
        assert scale is not None, "checked by the loader"
        value = w.masked(self.at.fact(instrument.decides), tuple(range(len(scale.grades))))
        outcome = self.settled.get(instrument.decides)
        sure = item.truth is True
        weak = self.weakness.weak(instrument.decides) if sure else False
        status = self.at.columns.let(self._status(scale, value, weak), "status") if sure else q.constant("undetermined")
        low, high, fact = self._score(instrument.decides)
        fields = [
            ("instrument", q.constant(instrument.id)),
            ("grade", self._grade(scale, value, silent=False) if sure else _text(None)),
            ("status", status),
            ("reachable", self.grades(scale, value)),
            ("fired", self._rules(outcome.winners(), outcome.any_winner) if outcome else ids([])),
            ("undecided", self._rules(self.undecided(instrument.decides), outcome.any_undecided) if outcome else ids([])),
            ("score_of", _text(fact)),
            ("score_low", low),
            ("score_high", high),
        ]
        counted = next((c for c in self.plan.counted if c.instrument == instrument.id), None)
        canonical = None
        if counted is not None and self.plan.reconciliation is not None:
            target = self.plan.knowledge.scale_of(self.plan.reconciliation.decides)
            assert target is not None
            canonical = w.masked(self.at.fact(counted.fact), tuple(range(len(target.grades))))
        return fields, status, canonical

    def _rules(self, chosen: Chosen, some: Truth) -> Sql:
        return ids([(self.plan.rules[i].id, test) for i, test in chosen], some)

    def _score(self, fact: str) -> tuple[Sql, Sql, str | None]:
        """The number that a band table reads, if it reads just one."""
        empty = q.cast(q.NULL, "DOUBLE")
        step = self.weakness.steps.get(fact)
        name = None if step is None or step.decision.policy in ("formula", "reconcile", "adjust") else self._band(step)
        if name is None:
            return empty, empty, None
        ends = []
        for end in self._stated_ends(name):
            if end is None:
                ends.append(empty)
                continue
            top = q.cast(end.node, "DOUBLE")
            ends.append(top if end.den is None else q.make(exp.Div, top, q.cast(end.den.node, "DOUBLE"), typed=True))
        return ends[0], ends[1], name

    def _stated_ends(self, name: str) -> tuple[Amount | None, Amount | None]:
        """The bounds of a number as stated or derived; its range alone is no score."""
        stored = self.at.schema.get(name)
        if self.plan.knowledge.facts[name].nature == "derived":
            found = w.ranged(self.at.fact(name))
            return found.low, found.high
        if stored is None:
            return None, None
        if not stored.bounded:
            own = Amount(q.column(name), stored.precision, stored.scale)
            return own, own
        given = q.either(q.not_null(q.column(name + ending)) for ending in ("", LOW, HIGH))
        found = w.ranged(self.at.fact(name))
        low, high = (None if end is None else choose(given, end, None) for end in (found.low, found.high))
        return low, high

    def _band(self, step: Step) -> str | None:
        names: set[str] = set()
        for entry in step.entries:
            when = self.plan.rules[entry.position].when
            if when is None:
                return None
            names |= n.facts_of(when)
        if len(names) != 1:
            return None
        name = names.pop()
        return name if isinstance(self.plan.knowledge.facts[name].type, t.Number) else None

    def determination(self, found: list[tuple[Named, Sql, Masked | None]]) -> Named:
        """grade, status, reachable, scale and differ."""
        plan = self.plan
        if plan.reconciliation is None:
            none = q.cast(q.array([]), "TEXT[]")
            return [
                ("scale", _text(None)),
                ("grade", _text(None)),
                ("status", _text(None)),
                ("reachable", none),
                ("differ", q.constant(False)),
            ]
        target = plan.reconciliation.decides
        scale = plan.knowledge.scale_of(target)
        assert scale is not None, "checked by the loader"
        value = w.masked(self.at.fact(target), tuple(range(len(scale.grades))))
        differ = self.at.columns.truth(self._differ(found), "differ")
        weak = self.weakness.weak(target)
        if plan.knowledge.rules[plan.reconciliation.disagreement].weak:
            weak = q.either([weak, differ])
        status = self._status(scale, value, weak) if plan.covered else q.constant("undetermined")
        return [
            ("scale", q.constant(scale.id)),
            ("grade", self._grade(scale, value, silent=True) if plan.covered else _text(None)),
            ("status", status),
            ("reachable", self.grades(scale, value)),
            ("differ", q.sql(differ)),
        ]

    def _differ(self, found: list[tuple[Named, Sql, Masked | None]]) -> Truth:
        """Do settled findings say different grades?"""
        parts = []
        for _, status, canonical in found:
            if canonical is None:
                continue
            settled = exp.In(this=status.node, expressions=[q.constant(s).node for s in ("determined", "provisional")])
            known = q.both([q.over([status], settled), w.single(canonical)])
            parts.append(q.when((known, canonical.mask), default=q.constant(0)))
        if len(parts) < 2:
            return False
        union = self.at.columns.let(q.bits_or(parts), "said")
        return q.make(exp.NEQ, q.make(exp.BitwiseAnd, union, q.make(exp.Sub, union, q.constant(1))), q.constant(0))

    def duties(self) -> Sql:
        """What follows: the duties whose condition holds, each with the day it is due."""
        items = []
        for position in self.plan.duties:
            rule, truth = self.plan.rules[position], self.truths[position]
            if truth is False or truth is None:
                continue
            due = self._due(rule.due or Due("none_stated"), truth)
            items.append(q.when((truth, struct([("id", q.constant(rule.id)), ("due", due)]))))
        if not items:
            return q.cast(q.array([]), "STRUCT(id TEXT, due DATE)[]")
        return _present(items)

    def _due(self, due: Due, truth: Truth) -> Sql:
        none = q.cast(q.NULL, "DATE")
        doubts = self.at.doubts
        before = len(doubts.tests)
        day = self._last_day(due)
        # a day that SQL can't reckon is asked for only where the duty holds
        doubts.tests[before:] = [q.both([q.is_true(truth), test]) for test in doubts.tests[before:]]
        return none if day is None else q.cast(day, "DATE")

    def _last_day(self, due: Due) -> Sql | None:
        if due.day is not None:
            return self.at.date(self.at.value(due.day))
        if not due.since or due.kind != "within":
            return None
        since = self.at.fact(due.since)
        if since == Known(None):
            return None
        start = self.at.date(since)
        amount = due.amount
        match due.unit:
            case "hours":
                return None if amount % 24 else days.shifted("days_after", start, q.constant(amount // 24))
            case "years":
                return days.shifted("months_after", start, q.constant(amount * 12))
            case "working_days":
                self.at.doubts.note(q.not_null(start))
                return None
        return days.shifted(f"{due.unit}_after", start, q.constant(amount))
