"""A plan as one SQL statement: every rule of the instruments that apply, for a whole register at once.

The statement reads the columns of a schema (`dingji.batch.statement.schema`) and gives, for every row, what the single-case path gives:
the determination, its status and the grades still reachable; every finding with the rules that gave it and those that could
still change it; flags, duties and requirements not met. Where SQL can't say for sure what the reference evaluator would (a
comparison of inexact quotients that come too close, contradicting rules, working days), `doubt` is true: such a row must be
graded by the single-case path, and nothing else of it counts.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import decisions as d
from dingji.batch.statement import lists, output
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Doubts
from dingji.batch.statement.decisions import Hit, Settled, Table
from dingji.batch.statement.dialects import spelled
from dingji.batch.statement.expressions import Expressions
from dingji.batch.statement.schema import AS_OF, Schema
from dingji.batch.statement.sql import Columns, Truth
from dingji.batch.statement.values import Known, Masked, Plain, Range, Value
from dingji.batch.statement.weakness import Weakness
from dingji.inference.plan import Plan, Step
from dingji.language import types as t
from dingji.records import Draft, Record, field, replace


class Statement(Record, frozen=True):
    """A compiled plan. `singly` says which rules SQL can't express and why: every row is in doubt then."""

    plan: Plan
    select: exp.Expression
    singly: tuple[tuple[str, str], ...]

    def sql(self, dialect: str = "duckdb", pretty: bool = False) -> str:
        """The statement in a dialect."""
        return spelled(self.select, dialect, pretty)


def compile_plan(plan: Plan, schema: Schema, source: exp.Expression, keep: tuple[str, ...] = ()) -> Statement:
    """The statement that grades the rows of `source` (something to select from). `keep` are columns handed through."""
    return _Compiler.of(plan, schema).statement(source, keep)


class _Compiler(Draft):
    """Compiles the steps of a plan, in their order."""

    plan: Plan
    at: Expressions
    truths: dict[int, Truth] = field(default_factory=dict)
    settled: dict[str, Settled] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    singly: list[tuple[str, str]] = field(default_factory=list)

    @staticmethod
    def of(plan: Plan, schema: Schema) -> _Compiler:
        knowledge = plan.knowledge
        columns = Columns(frozenset((*schema, AS_OF)))
        types = {name: fact.type for name, fact in knowledge.facts.items()}
        at = Expressions(types, schema, knowledge.defaults, columns, Doubts(columns))
        for name in knowledge.dated:  # where nobody states another day, the day of the case stands
            own = q.column(name) if name in schema else None
            day = q.column(AS_OF)
            at.facts[name] = Plain(day if own is None else q.typed(exp.Coalesce, own, expressions=[day.node]))
        return _Compiler(plan, at)

    def statement(self, source: exp.Expression, keep: tuple[str, ...]) -> Statement:
        for step in self.plan.steps:
            self._step(step)
        for position in (*self.plan.flags, *self.plan.duties, *self.plan.requirements):
            self._truth(position)
        weakness = Weakness(self.plan, self.at, self.settled, self.steps)
        chosen = output.columns(self.plan, self.at, self.settled, self.truths, weakness)
        doubt = True if self.singly else q.either(self.at.doubts.tests)
        chosen.append(("doubt", q.sql(doubt)))
        tables, last = self.at.columns.over(source)
        kept = [exp.Column(this=exp.Identifier(this=name, quoted=True)) for name in keep]
        columns = [*kept, *(exp.alias_(value.node, name, quoted=True, copy=False) for name, value in chosen)]
        select = exp.Select(expressions=columns).from_(last, copy=False)
        ctes = [exp.CTE(this=node, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, node in tables]
        select.set(_WITH, exp.With(expressions=ctes))
        return Statement(self.plan, select, tuple(dict.fromkeys(self.singly)))

    def _truth(self, position: int) -> Truth:
        """The truth of a rule's condition, found once."""
        if position not in self.truths:
            rule = self.plan.rules[position]
            try:
                self.truths[position] = True if rule.when is None else self.at.truth(rule.when)
            except w.UnsupportedError as error:
                self.singly.append((rule.id, str(error)))
                self.truths[position] = None
        return self.truths[position]

    def _step(self, step: Step) -> None:
        hits = []
        for entry in step.entries:
            truth = self._truth(entry.position)
            if not step.certain:  # what an instrument that may not apply concludes is only possible
                truth = q.both([truth, None])
            if truth is not False:
                hits.append(Hit(entry.position, truth, entry.value))
        try:
            outcome = self._outcome(step, hits)
        except w.UnsupportedError as error:
            self.singly.append((step.decision.id, str(error)))
            outcome = Settled(Known(None), False, d.nothing, d.nothing)
        fact = step.decision.fact
        before = self.settled.get(fact)
        if before is not None and step.combines and step.decision.policy not in ("reconcile", "adjust"):
            outcome = d.joined(step.combines, before, outcome, self.at.columns)
        self.settled[fact], self.steps[fact] = outcome, step
        self.at.forget(fact)
        # what two instruments write together has a value wherever one of them has
        self.at.facts[fact] = outcome.value if before is None or step.combines else self._kept(before.value, outcome.value)

    def _kept(self, before: Value, value: Value) -> Value:
        """A value that another decision wrote stays where this one gives none."""
        if isinstance(value, Masked) and isinstance(before, Masked):
            domain = tuple(sorted({*before.domain, *value.domain}))
            new, old = w.moved(value, domain), w.moved(before, domain)
            mask = q.typed(exp.Coalesce, new.mask, expressions=[old.mask.node])
            return Masked(self.at.columns.let(mask, "is"), domain, new.open or old.open)
        if isinstance(value, Plain) and isinstance(before, Plain):
            return Plain(q.typed(exp.Coalesce, value.node, expressions=[before.node]))
        if isinstance(value, Known) and value.value is None:
            return before
        if isinstance(before, Known) and before.value is None:
            return value
        if isinstance(value, q.Sql | bool | None) and isinstance(before, q.Sql | bool | None):
            return before if value is None else q.typed(exp.Coalesce, q.sql(value), expressions=[q.sql(before).node])
        later, first = w.ranged(value), w.ranged(before)
        given = q.either(w.present(e) for e in (later.low, later.high) if e is not None)
        ends = []
        for end, earlier in ((later.low, first.low), (later.high, first.high)):
            if end is None:
                ends.append(None if earlier is None else self.at.let(am.choose(q.negation(given), earlier, None)))
            else:
                ends.append(self.at.let(am.choose(given, end, earlier)))
        return Range(ends[0], ends[1], sets=later.sets or first.sets)

    def _outcome(self, step: Step, hits: list[Hit]) -> Settled:
        decision = step.decision
        if decision.policy == "reconcile":
            return self._reconciled()
        kind = self._type(step)
        if decision.policy == "adjust":
            assert isinstance(kind, t.Scale)
            base = self._scaled(self.at.fact(decision.base), len(kind.grades))
            moves = [(h.rule, h.truth, a) for h in hits if (a := self.plan.rules[h.rule].adjustment) is not None]
            return d.adjust(base, moves, self.at.columns)
        if decision.policy == "formula":
            return self._formula(step, hits, kind)
        if step.overrides:
            hits = self._beaten(step, hits)
        columns = self.at.columns
        if not hits:
            given = decision.default if decision.has_default else None
            value: Value = given if isinstance(kind, t.Bool) else Known(given)
            return Settled(self._domained(kind, value), not decision.has_default, d.nothing, d.nothing)
        domain = self._domain(step, kind)
        if len(domain) > w.MOST_BITS:
            raise w.UnsupportedError(f"{len(domain)} different conclusions")
        outcome = d.settle(Table(decision.policy, tuple(hits), decision.default, decision.has_default, domain, columns, self.at.doubts))
        outcome.value = d.as_type(kind, outcome.value, columns)
        return outcome

    def _domained(self, kind: t.Type, value: Value) -> Value:
        return self._scaled(value, len(kind.grades)) if isinstance(kind, t.Scale) else value

    def _scaled(self, value: Value, grades: int) -> Masked:
        return w.masked(value, tuple(range(grades)))

    def _type(self, step: Step) -> t.Type:
        knowledge = self.plan.knowledge
        if step.decision.scale:
            return knowledge.scales[step.decision.scale].type
        return knowledge.facts[step.decision.fact].type

    def _domain(self, step: Step, kind: t.Type) -> tuple[Any, ...]:
        match kind:
            case t.Scale(grades=grades):
                return tuple(range(len(grades)))
            case t.Bool():
                return (False, True)
        concluded = {entry.value for entry in step.entries}
        if step.decision.has_default:
            concluded.add(step.decision.default)
        return tuple(sorted(concluded))

    def _beaten(self, step: Step, hits: list[Hit]) -> list[Hit]:
        """A rule falls where another overrides it; while that one is unknown, the single-case path follows both ways."""
        truths = {h.rule: h.truth for h in hits}
        left = []
        for hit in hits:
            beating = [self.truths[winner] for winner, loser in step.overrides if loser == hit.rule]
            truth = hit.truth
            for one in beating:
                truth = q.both([truth, q.negation(q.is_true(one))])
            left.append(hit._replace(truth=truth))
        for winner, loser in step.overrides:
            if winner in truths:
                self.at.doubts.note(q.both([q.is_unknown(truths[winner]), q.not_false(truths.get(loser, False))]))
        return [hit for hit in left if hit.truth is not False]

    def _formula(self, step: Step, hits: list[Hit], kind: t.Type) -> Settled:
        if not hits or step.formula is None:
            return Settled(None if isinstance(kind, t.Bool) else Known(None), True, d.nothing, d.nothing)
        rule = self.plan.rules[hits[0].rule]
        truth = hits[0].truth
        assert rule.value is not None, "a formula has one"
        value = self._where(truth, self.at.value(rule.value), kind)
        if isinstance(kind, t.Number):
            for op, bound in (("<", kind.low), (">", kind.high)):
                if bound is not None:
                    self.at.doubts.note(w.compare(op, value, Known(bound), self.at.doubts))
        gap = q.negation(q.not_false(truth))
        return Settled(value, gap, lambda: [(hits[0].rule, q.is_true(truth))], lambda: [(hits[0].rule, q.is_unknown(truth))])

    def _where(self, truth: Truth, value: Value, kind: t.Type) -> Value:
        """The value of a formula where its condition holds."""
        let = self.at.columns.let
        if isinstance(kind, t.Bool):
            assert isinstance(value, q.Sql | bool | None)
            return self.at.columns.truth(q.when((truth, q.sql(value))) if isinstance(truth, q.Sql) else value if truth else None, "is")
        if truth is None or value is None:
            return Known(None)
        if truth is True:
            return value
        match value:
            case Plain(node=node):
                return Plain(let(q.when((truth, node)), "is"))
            case Masked(mask=mask):
                return replace(value, mask=let(q.when((truth, mask)), "is"))
            case Known(value=None):
                return value
            case Known(value=x) if not isinstance(kind, t.Number):
                return Plain(let(q.when((truth, q.constant(x))), "is"))
        found = w.ranged(value)
        low, high = (None if e is None else self.at.let(lists.where(truth, e)) for e in (found.low, found.high))
        return Range(low, low if found.exact else high, found.exact, found.sets)

    def _reconciled(self) -> Settled:
        plan = self.plan
        assert plan.reconciliation is not None
        scale = plan.knowledge.scale_of(plan.reconciliation.decides)
        assert scale is not None, "checked by the loader"
        grades = len(scale.grades)
        everything = q.constant((1 << grades) - 1)
        values = []
        for item in plan.counted:
            own = self._scaled(self.at.fact(item.fact), grades)
            mask = q.typed(exp.Coalesce, own.mask, expressions=[everything.node])
            if own.open:
                mask = q.when((w.bit(own.mask, 1 << grades), everything), default=mask)
            if not item.certain:
                mask = q.make(exp.BitwiseOr, mask, q.constant(1))
            values.append(Masked(self.at.columns.let(mask, "counted"), own.domain))
        if not values:
            return Settled(self._scaled(Known(None), grades), True, d.nothing, d.nothing)
        value = d.worst(plan.reconciliation.policy, values, self.at.columns)
        return Settled(value, False, lambda: [(plan.settling, True)], d.nothing)


_WITH = "with_" if "with_" in exp.Select.arg_types else "with"
