"""What a value rests on: the rules and facts that decided it, followed from the value back to the stated facts.

"Decided" is narrower than "read": of a maximum only the greatest operand, of a true `or` only its first true part. So a
report can say which factors carried a grade, and which assumed rules it stands on.
"""

from __future__ import annotations

from typing import Any

from dingji.cases.model import Case
from dingji.inference.plan import Plan, Step
from dingji.inference.prover import Evaluation
from dingji.knowledge.linking import rule_reads
from dingji.language import nodes as n
from dingji.language.evaluate import Tracer, is_known, tracer
from dingji.language.values import Truth, high, low, possible
from dingji.records import Draft, field

Sides = dict[str, str]
"""Facts that decided something, each with the bound that mattered: `low`, `high`, or empty for the value as a whole."""


class Grounds(Draft):
    """Rules (positions in the plan) and facts that decided a value, in the order found from the value downwards."""

    rules: dict[int, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)


def steps_by_fact(plan: Plan) -> dict[str, Step]:
    """The last step that writes each fact."""
    steps: dict[str, Step] = plan.memo.get("steps") or {s.decision.fact: s for s in plan.steps}
    plan.memo["steps"] = steps
    return steps


def tracer_of(plan: Plan, position: int, formula: bool = False) -> Tracer | None:
    """The tracer of a rule's condition (or formula), compiled when first asked for."""
    rule = plan.rules[position]
    node = rule.value if formula else rule.when
    if node is None:
        return None
    key = ("tracer", position, formula)
    if key not in plan.memo:
        plan.memo[key] = tracer(node, plan.knowledge.defaults)
    found: Tracer = plan.memo[key]
    return found


def grounds(evaluation: Evaluation, fact: str) -> Grounds:
    """What the value of `fact` rests on; for a value that is not settled, also what could still decide it."""
    found = Grounds()
    steps = steps_by_fact(evaluation.plan)
    stack = [fact]
    while stack:
        name = stack.pop()
        if name in found.facts:
            continue
        found.facts[name] = None
        if name in steps:
            rules, facts = _decided_by(evaluation, steps[name])
            for position in rules:
                found.rules[position] = None
            stack += reversed(list(facts))
    return found


def _decided_by(evaluation: Evaluation, step: Step) -> tuple[tuple[int, ...], Sides]:
    """The rules that decided one step, and the facts that decided them; worked out once per evaluation."""
    fact = step.decision.fact
    if fact not in evaluation.memo:
        evaluation.memo[fact] = _work_out(evaluation, step)
    found: tuple[tuple[int, ...], Sides] = evaluation.memo[fact]
    return found


def _work_out(evaluation: Evaluation, step: Step) -> tuple[tuple[int, ...], Sides]:
    plan, facts = evaluation.plan, evaluation.facts
    outcome = evaluation.outcomes[step.decision.fact]
    policy = step.decision.policy
    if policy == "reconcile":
        # a settled grade rests on the findings that surely give it, an open one on all that could
        value = outcome.value
        if is_known(value):
            return (), {c.fact: "" for c in plan.counted if facts.get(c.fact) == value}
        return (), {c.fact: "" for c in plan.counted if not is_known(facts.get(c.fact)) or facts[c.fact] in (possible(value) or ())}
    rules = outcome.winners + outcome.undecided
    if policy == "formula":
        formula = tracer_of(plan, step.entries[0].position, formula=True) if step.entries else None
        return rules, _carriers(formula, facts) if formula else {}
    read: Sides = {step.decision.base: ""} if policy == "adjust" else {}
    for position in rules:
        condition = tracer_of(plan, position)
        if condition is not None:
            _join(read, deciders(condition, facts))
    return rules, read


def _join(sides: Sides, more: Sides) -> None:
    """Add facts; one that matters by two sides matters as a whole."""
    for fact, side in more.items():
        sides[fact] = side if sides.get(fact, side) == side else ""


def weak_rules(evaluation: Evaluation, fact: str, side: str = "") -> tuple[int, ...]:
    """The unverified and assumed rules on which the value of `fact` rests (positions in the plan).

    None, if one way to the value is free of them: a grade that a verified rule gives does not become weaker because an assumed
    rule gives it as well. `side` is `low` or `high` where only that bound of a number mattered: what may yet be added to a sum
    does not carry the fact that the sum is large enough already.
    """
    key = ("weak", fact, side)
    if key not in evaluation.memo:
        step = steps_by_fact(evaluation.plan).get(fact)
        ways = _ways(evaluation, step, side) if step else []
        found = [_weak_on(evaluation, rules, facts) for rules, facts in ways]
        evaluation.memo[key] = () if () in found else tuple(dict.fromkeys(rule for weak in found for rule in weak))
    weak: tuple[int, ...] = evaluation.memo[key]
    return weak


def _weak_on(evaluation: Evaluation, rules: tuple[int, ...], facts: Sides) -> tuple[int, ...]:
    own = [position for position in rules if evaluation.plan.rules[position].weak]
    below = [position for fact, side in facts.items() for position in weak_rules(evaluation, fact, side)]
    return tuple(dict.fromkeys(own + below))


def _ways(evaluation: Evaluation, step: Step, side: str) -> list[tuple[tuple[int, ...], Sides]]:
    """The ways that led to one value, each enough by itself: its rules, and the facts that decided them."""
    plan, facts = evaluation.plan, evaluation.facts
    outcome = evaluation.outcomes[step.decision.fact]
    rules, read = _decided_by(evaluation, step)
    if step.decision.policy == "reconcile":
        return [((), {fact: ""}) for fact in read] if is_known(outcome.value) else [((), read)]
    if step.decision.policy == "formula" and side and step.entries:
        formula = tracer_of(plan, step.entries[0].position, formula=True)
        return [(rules, dict.fromkeys(_carriers(formula, facts, side), side))] if formula else [(rules, {})]
    if outcome.undecided or len(rules) < 2 or step.decision.policy in ("adjust", "formula"):
        return [(rules, read)]
    traces = [(position, tracer_of(plan, position)) for position in rules]
    return [((position,), deciders(trace, facts) if trace else {}) for position, trace in traces]


def _carriers(trace: Tracer, facts: dict[str, Any], side: str = "") -> Sides:
    """The facts that carry a formula's value: of a maximum or minimum the operands at the extreme.

    Of a sum of which only the lower bound matters, the terms that add to it.
    """
    node = trace.node
    if side == "low" and isinstance(node, n.Arithmetic) and node.operator == "+":
        adding = [part for part in trace.parts if low(part.evaluate(facts)) != 0]
        return {name: "" for part in adding for name in _carriers(part, facts, side)}
    if isinstance(node, n.Call) and node.function in ("max", "min"):
        value = trace.evaluate(facts)
        ends = {high(value)} if node.function == "max" else {value.low if hasattr(value, "low") else value}
        carrying = [p for p in trace.parts if (x := p.evaluate(facts)) is None or ends & set(possible(x) or (high(x),))]
        return {name: "" for part in carrying for name in _carriers(part, facts)}
    if trace.parts:
        return {name: "" for part in trace.parts for name in _carriers(part, facts)}
    return dict.fromkeys(trace.facts, "")


def deciders(trace: Tracer, facts: dict[str, Any]) -> Sides:
    """The facts that decide the truth of a condition: the first part that settles it, or all parts that must hold."""
    node, truth = trace.node, trace.evaluate(facts)
    if isinstance(node, n.Not):
        return deciders(trace.parts[0], facts)
    if isinstance(node, n.And | n.Or):
        settling = isinstance(node, n.Or)
        if truth is settling:
            first = next(p for p in trace.parts if p.evaluate(facts) is settling)
            return deciders(first, facts)
        chosen = trace.parts if truth is not None else [p for p in trace.parts if p.evaluate(facts) is None]
        found: Sides = {}
        for part in chosen:
            _join(found, deciders(part, facts))
        return found
    return dict.fromkeys(trace.facts, _side(node, truth))


def _side(node: n.Node, truth: Truth) -> str:
    """The bound of a number by which its comparison with a constant was decided; empty if both may matter."""
    if not isinstance(node, n.Compare) or len(node.operators) > 1 or truth is None:
        return ""
    left, right = node.operands
    if not isinstance(left, n.Fact) or not isinstance(right, n.Literal) or node.operators[0] not in ("<", "<=", ">", ">="):
        return ""
    return "low" if (node.operators[0] in (">", ">=")) is truth else "high"


def factors_of(evaluation: Evaluation, case: Case, found: Grounds) -> tuple[str, ...]:
    """The factors of the facts that decided a value, and of the observed facts that judged ones rest on."""
    definitions = evaluation.plan.knowledge.facts
    names = dict(found.facts)
    for name in list(names):
        statement = case.statements.get(name)
        if statement is not None:
            names.update(dict.fromkeys(statement.rests_on))
    factors = (definitions[name].factor for name in names if name in definitions)
    return tuple(dict.fromkeys(f for f in factors if f))


def factors_read(plan: Plan, fact: str) -> frozenset[str]:
    """The factors that the rules behind `fact` look at, whether or not they decided anything."""
    key = ("factors read", fact)
    store = plan.memo
    if key not in store:
        steps, seen, stack = steps_by_fact(plan), set(), [fact]
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            step = steps.get(name)
            if step is not None:
                stack += step.decision.inputs
                stack += [step.decision.base] if step.decision.base else []
                for entry in step.entries:
                    stack += rule_reads(plan.rules[entry.position])
        definitions = plan.knowledge.facts
        store[key] = frozenset(f for name in seen if name in definitions and (f := definitions[name].factor))
    found: frozenset[str] = store[key]
    return found
