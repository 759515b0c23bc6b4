"""What is not known of a row whose grade is open: `missing`, by the single-case path and in SQL.

A row is open where its determination is undetermined; where nothing makes a determination of the findings, where one of these
is. Its `missing` are the names, in order of the alphabet, of the stated facts without a full value that are read
- by the rules that could still change the determination (of an outcome: `undecided`), by the formulas of numbers that are not
  known and by what adjustments start from, and so on through the derived facts that these read;
- by the scopes of instruments of which it is open whether they apply, and of the reconciliation likewise.

A fact has no full value where nobody states it, where only bounds of it are stated, and, for a list, where items may be missing
or a field that the rule reads is not known in one of them. Where the row is not open nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.decisions import Chosen, Settled
from dingji.batch.statement.expressions import Expressions
from dingji.batch.statement.sql import Truth
from dingji.cases.model import Case
from dingji.grading import under
from dingji.inference.plan import Plan, Step, plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.evaluate import compile_node, is_known
from dingji.methods import model as m
from dingji.methods.grounds import writers
from dingji.records import Draft, field

Fields = frozenset[str]
Read = dict[str, Fields]
"""Facts that something reads; of a list, the fields of its items."""


def is_open(result: m.Result) -> bool:
    """Is the grade of a single case open?"""
    if result.determination is not None:
        return result.determination.status == "undetermined"
    return any(finding.status == "undetermined" for finding in result.findings)


def missing(knowledge: Knowledge, case: Case, profile: str | None = None) -> list[str]:
    """What is not known of a case that is open."""
    facts = case.facts()
    plan = plan_for(under(knowledge, profile or case.profile), facts, case.as_of)
    evaluation = prove(plan, facts)
    found: set[str] = set()
    seen: set[str] = set()
    rest = roots(plan)
    if plan.reconciliation is None:
        rest = [name for name in rest if not _sure(plan, name) or not is_known(evaluation.facts.get(name))]
    reads = [scope_reads(plan)]
    while rest or reads:
        if not reads:
            fact = rest.pop()
            if fact not in seen and fact in evaluation.outcomes:
                seen.add(fact)
                reads += _reads(evaluation, fact)
            continue
        for name, fields in reads.pop().items():
            if name in evaluation.outcomes:
                rest.append(name)
            elif _stated(plan, name) and compile_node(lacking(name, fields), plan.knowledge.defaults)(evaluation.facts):
                found.add(name)
    return sorted(found)


def _reads(evaluation: Evaluation, fact: str) -> list[Read]:
    """What can still change a derived fact."""
    plan = evaluation.plan
    found = [reads(plan.rules[i].when) for i in evaluation.outcomes[fact].undecided]
    for step in writers(plan, fact):
        found += [dict.fromkeys(inputs(step), Fields())]
        if step.decision.policy == "formula" and not is_known(evaluation.facts.get(fact)):
            found += [reads(plan.rules[e.position].value) for e in step.entries if evaluation.truths[e.position] is not False]
    return found


def roots(plan: Plan) -> list[str]:
    """The determination, or the findings where nothing makes one of them."""
    if plan.reconciliation is not None:
        return [plan.reconciliation.decides]
    return [a.instrument.decides for a in plan.applied if a.instrument.decides]


def _sure(plan: Plan, decides: str) -> bool:
    return all(a.truth is True for a in plan.applied if a.instrument.decides == decides)


def inputs(step: Step) -> list[str]:
    """The facts that a step starts from without a rule that reads them."""
    if step.decision.policy == "reconcile":
        return list(step.decision.inputs)
    return [step.decision.base] if step.decision.policy == "adjust" else []


def scope_reads(plan: Plan) -> Read:
    """What says whether an instrument applies of which this is open, and whether the reconciliation does."""
    counted = {c.instrument for c in plan.counted}
    applied = [a.instrument for a in plan.applied if a.truth is not True and a.instrument.decides]
    scopes = [i.scope for i in applied if plan.reconciliation is None or i.id in counted]
    if plan.reconciliation is not None and not plan.covered:
        scopes.append(plan.reconciliation.when)
    return _joined(map(reads, scopes))


def _joined(found: Iterable[Read]) -> Read:
    both: Read = {}
    for one in found:
        for name, fields in one.items():
            both[name] = both.get(name, Fields()) | fields
    return both


def reads(node: n.Node | None) -> Read:
    """The facts that an expression reads, with the fields of lists."""
    return _joined(_each(node, {})) if node is not None else {}


def _each(node: n.Node, variables: Mapping[str, str]) -> Iterator[Read]:
    if isinstance(node, n.Fact):
        yield {node.name: Fields()}
    elif isinstance(node, n.Field):
        yield {variables[node.variable]: Fields((node.name,))}
    elif isinstance(node, n.Quantifier):
        yield {node.source: Fields()}
        variables = {**variables, node.variable: node.source}
    for child in n.children(node):
        yield from _each(child, variables)


def lacking(name: str, fields: Fields) -> n.Node:
    """The condition that a stated fact has no full value."""
    unknown = n.Not(n.Call("known", (n.Fact(name),)))
    if not fields:
        return unknown
    parts = tuple(n.Not(n.Call("known", (n.Field("x", one),))) for one in sorted(fields))
    return n.Or((unknown, n.Quantifier("any", parts[0] if len(parts) == 1 else n.Or(parts), "x", name)))


def _stated(plan: Plan, name: str) -> bool:
    definition = plan.knowledge.facts.get(name)
    return definition is not None and definition.nature != "derived"


class Missing(Draft):
    """`missing` in SQL: for each stated fact the condition under which it is missing from a row that is open."""

    plan: Plan
    at: Expressions
    settled: Mapping[str, Settled]
    truths: Mapping[int, Truth]
    undecided: Callable[[str], Chosen]
    needs: dict[str, list[Truth]] = field(default_factory=dict)
    """When a derived fact may still change the determination, by the facts that read it."""
    stated: dict[tuple[str, Fields], list[Truth]] = field(default_factory=dict)

    def open(self) -> Truth:
        """Is the row open?"""
        plan = self.plan
        if plan.reconciliation is not None and not plan.covered:
            return True
        return q.either(map(self._open, roots(plan)))

    def _open(self, root: str) -> Truth:
        if self.plan.reconciliation is None and not _sure(self.plan, root):
            return True
        return q.negation(w.known(self.at.fact(root)))

    def chosen(self) -> list[tuple[str, Truth]]:
        """The facts, each with its condition."""
        plan = self.plan
        lone = plan.reconciliation is not None
        self.needs = {root: [True if lone else self._open(root)] for root in roots(plan)}
        self._read(scope_reads(plan), True)
        last = {step.decision.fact: place for place, step in enumerate(plan.steps)}
        for fact in sorted(last, key=lambda name: -last[name]):  # those that read a fact come after all that write it
            if fact in self.needs and fact in self.settled:
                self._fact(fact)
        found: dict[str, list[Truth]] = {}
        for (name, fields), tests in self.stated.items():
            found.setdefault(name, []).append(q.both([self._lacking(name, fields), q.either(tests)]))
        return [(name, q.either(tests)) for name, tests in sorted(found.items())]

    def _fact(self, fact: str) -> None:
        need = self.at.columns.truth(q.either(self.needs[fact]), "need")
        if need is False:
            return
        for position, test in self.undecided(fact):
            self._read(reads(self.plan.rules[position].when), q.both([need, test]))
        for step in writers(self.plan, fact):
            for name in inputs(step):
                self._read({name: Fields()}, need)
            if step.decision.policy == "formula":
                unknown = q.negation(w.known(self.at.fact(fact)))
                for entry in step.entries:
                    maybe = q.not_false(self.truths[entry.position])
                    self._read(reads(self.plan.rules[entry.position].value), q.both([need, unknown, maybe]))

    def _read(self, read: Read, test: Truth) -> None:
        if test is False:
            return
        for name, fields in read.items():
            if name in self.settled:
                self.needs.setdefault(name, []).append(test)
            elif _stated(self.plan, name):
                self.stated.setdefault((name, fields), []).append(test)

    def _lacking(self, name: str, fields: Fields) -> Truth:
        if not fields:
            stored = self.at.schema.get(name)
            # a test that costs little, where it says the same: most facts of most rows have a value
            if stored is not None and not isinstance(stored.type, t.Records) and not isinstance(self.at.fact(name), w.Known):
                return q.is_null(q.column(name)) if name not in self.plan.knowledge.dated else False
            return q.negation(self.at.known(n.Fact(name), self.at.fact(name)))
        try:
            return self.at.truth(lacking(name, fields))
        except w.UnsupportedError:  # the rule that reads it is unsupported, too: the row is in doubt
            return None
