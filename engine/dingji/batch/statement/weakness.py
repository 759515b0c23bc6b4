"""Which grades stand only provisionally: `dingji.methods.grounds.weak_rules` as a truth in SQL.

Unknown means that SQL can't say; the row is then in doubt if it matters. Facts behind which there is no weak rule at all cost nothing.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Doubts
from dingji.batch.statement.decisions import Settled
from dingji.batch.statement.expressions import Expressions, reads_items
from dingji.batch.statement.sql import Truth
from dingji.inference.plan import Plan, Step
from dingji.knowledge.linking import rule_reads
from dingji.language import nodes as n
from dingji.records import Draft, field

Deciding = list[tuple[str, str, Truth]]
"""(fact, side, condition): a fact that decided something, by which bound, and when it did."""


class Weakness(Draft):
    """The weak grounds of the facts of a plan."""

    plan: Plan
    at: Expressions
    settled: dict[str, Settled]
    steps: dict[str, Step] = field(default_factory=dict)
    reach: dict[str, bool] = field(default_factory=dict)
    memo: dict[tuple[str, str], Truth] = field(default_factory=dict)

    def may(self, fact: str) -> bool:
        """Is there a weak rule anywhere behind the fact?"""
        if fact not in self.reach:
            self.reach[fact] = False
            self.reach[fact] = any(self._may_step(step) for step in self.plan.steps if step.decision.fact == fact)
        return self.reach[fact]

    def _may_step(self, step: Step) -> bool:
        rules = [self.plan.rules[entry.position] for entry in step.entries]
        read = {*step.decision.inputs, *([step.decision.base] if step.decision.base else [])}
        read |= {name for rule in rules for name in rule_reads(rule)}
        return any(rule.weak for rule in rules) or any(self.may(name) for name in sorted(read))

    def weak(self, fact: str, side: str = "") -> Truth:
        """Does the value of the fact rest on a weak rule, on every way that leads to it?"""
        if not self.may(fact) or fact not in self.settled:
            return False
        step = self.steps[fact]
        if step.decision.policy != "formula":
            side = ""
        key = (fact, side)
        if key not in self.memo:
            self.memo[key] = False
            self.memo[key] = self.at.columns.truth(self._of(step, side), "weak")
        return self.memo[key]

    def _of(self, step: Step, side: str) -> Truth:
        settled = self.settled[step.decision.fact]
        if step.decision.policy == "reconcile":
            return self._reconciled(settled)
        winners, undecided = settled.winners(), settled.undecided()
        rules = [*winners, *undecided]
        if step.decision.policy == "formula":
            own = [q.both([self.plan.rules[i].weak, test]) for i, test in rules]
            node = self.plan.rules[step.entries[0].position].value if step.entries else None
            carrying = self._carriers(node, side) if node is not None else []
            return q.either([*own, *(q.both([test, self.weak(fact, side)]) for fact, test in carrying)])
        together = self._together(step, rules)
        if step.decision.policy == "adjust":
            return together
        ways = [(test, self._rule(i)) for i, test in winners]
        apart = q.both(
            [
                q.either(q.both([test, weak]) for test, weak in ways),
                q.negation(q.either(q.both([test, q.negation(weak)]) for test, weak in ways)),
            ]
        )
        doubtful = self.at.columns.truth(q.either(test for _, test in undecided), "undecided")
        if not isinstance(doubtful, q.Sql):
            return together if doubtful else apart
        return q.either([q.both([doubtful, together]), q.both([q.negation(doubtful), apart])])

    def _reconciled(self, settled: Settled) -> Truth:
        """A settled grade rests on the findings that give it, and one way free of weak rules is enough."""
        value = settled.value
        assert isinstance(value, w.Masked)
        gives = []
        for item in self.plan.counted:
            own = w.masked(self.at.fact(item.fact), value.domain)
            gives.append((q.is_true(q.make(exp.EQ, own.mask, value.mask)), self.weak(item.fact)))
        some = q.either(q.both([test, weak]) for test, weak in gives)
        clean = q.either(q.both([test, q.negation(weak)]) for test, weak in gives)
        return q.both([some, q.negation(clean)])

    def _rule(self, position: int) -> Truth:
        """One rule by itself: weak, or decided by facts that are."""
        rule = self.plan.rules[position]
        if rule.weak:
            return True
        return q.either(self._facts(self._deciders(rule.when)) if rule.when is not None else [])

    def _together(self, step: Step, rules: list[tuple[int, Truth]]) -> Truth:
        """All rules that had a part, taken as one way."""
        found: Deciding = [(step.decision.base, "", True)] if step.decision.policy == "adjust" else []
        own = []
        for position, test in rules:
            rule = self.plan.rules[position]
            own.append(q.both([rule.weak, test]))
            if rule.when is not None:
                found += [(fact, side, q.both([test, when])) for fact, side, when in self._deciders(rule.when)]
        return q.either([*own, *self._facts(found)])

    def _facts(self, found: Deciding) -> list[Truth]:
        """The weakness of the facts that decided; one that matters by two sides matters as a whole."""
        sides: dict[str, dict[str, list[Truth]]] = {}
        for fact, side, test in found:
            if not self.may(fact):
                continue
            if self.steps[fact].decision.policy != "formula":
                side = ""
            sides.setdefault(fact, {}).setdefault(side, []).append(test)
        result: list[Truth] = []
        for fact, tests in sides.items():
            whole, low, high = (q.either(tests.get(side, [])) for side in ("", "low", "high"))
            whole = q.either([whole, q.both([low, high])])
            result.append(q.both([whole, self.weak(fact)]))
            for side, test in (("low", low), ("high", high)):
                if test is not False:
                    result.append(q.both([test, q.negation(whole), self.weak(fact, side)]))
        return result

    def _deciders(self, node: n.Node) -> Deciding:
        """The facts that decide the truth of a condition, as `grounds.deciders` finds them."""
        if not any(self.may(name) for name in n.facts_of(node)):
            return []
        if isinstance(node, n.Not):
            return self._deciders(node.operand)
        truth = self.at.truth(node)
        if isinstance(node, n.And | n.Or):
            return self._junction(node, truth)
        names = sorted(name for name in n.facts_of(node) if self.may(name))
        side = _side(node)
        if not side:
            return [(name, "", True) for name in names]
        other = "high" if side == "low" else "low"
        cases = ((side, q.is_true(truth)), (other, q.is_true(q.negation(truth))), ("", q.is_unknown(truth)))
        return [(name, which, test) for name in names for which, test in cases]

    def _junction(self, node: n.And | n.Or, truth: Truth) -> Deciding:
        settling = isinstance(node, n.Or)
        parts = [part for part in node.operands if not isinstance(part, n.Literal)]
        truths = [self.at.truth(part) for part in parts]

        def settles(own: Truth) -> Truth:
            return q.is_true(own if settling else q.negation(own))

        decided, open_ = settles(truth), q.is_unknown(truth)
        found: Deciding = []
        for i, part in enumerate(parts):
            below = self._deciders(part)
            if not below:
                continue
            first = q.both([settles(truths[i]), q.negation(q.either(map(settles, truths[:i])))])
            unknown = q.both([open_, q.is_unknown(truths[i])])
            agreeing = q.both([q.negation(open_), q.negation(decided)])
            test = self.at.columns.truth(q.either([q.both([decided, first]), unknown, agreeing]), "part")
            found += [(fact, side, q.both([test, when])) for fact, side, when in below]
        return found

    def _carriers(self, node: n.Node, side: str) -> list[tuple[str, Truth]]:
        """The facts that carry a formula's value, as `grounds._carriers` finds them."""
        if not any(self.may(name) for name in n.facts_of(node)):
            return []
        parts = [part for part in n.children(node) if not isinstance(part, n.Literal)]
        if reads_items(node):  # inside a list, which part carries the value is left to the single-case path
            return self._all(parts, "", [None] * len(parts)) or [(name, True) for name in sorted(n.facts_of(node)) if self.may(name)]
        if side == "low" and isinstance(node, n.Arithmetic) and node.operator == "+":
            return self._all(parts, side, [self._adds(part) for part in parts])
        if isinstance(node, n.Call) and node.function in ("max", "min"):
            whole = self.at.value(node)
            return self._all(parts, "", [self._carries(part, whole) for part in parts])
        if parts:
            return self._all(parts, "", [True] * len(parts))
        return [(name, True) for name in sorted(n.facts_of(node)) if self.may(name)]

    def _all(self, parts: list[n.Node], side: str, tests: list[Truth]) -> list[tuple[str, Truth]]:
        return [(fact, q.both([test, when])) for part, test in zip(parts, tests, strict=True) for fact, when in self._carriers(part, side)]

    def _adds(self, part: n.Node) -> Truth:
        low = w.ranged(self._number(part)).low
        return True if low is None else q.either([q.is_null(low.node), q.is_true(q.make(exp.NEQ, low.node, q.constant(0)))])

    def _carries(self, part: n.Node, whole: Any) -> Truth:
        own = self._number(part)
        test = w.compare("==", own, whole, Doubts(self.at.columns))
        return q.both([q.either([q.both([w.known(own), w.known(whole)]), None]), test])

    def _number(self, part: n.Node) -> w.Value:
        value = self.at.value(part)
        return w.Known(None) if value is None else value


def _side(node: n.Node) -> str:
    """The bound of a number by which its comparison with a constant comes true; empty if both may matter."""
    if not isinstance(node, n.Compare) or len(node.operators) > 1:
        return ""
    left, right = node.operands
    if not isinstance(left, n.Fact) or not isinstance(right, n.Literal) or node.operators[0] not in ("<", "<=", ">", ">="):
        return ""
    return "low" if node.operators[0] in (">", ">=") else "high"
