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
from dingji.language.values import high, possible
from dingji.records import Draft, field


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
            if name not in evaluation.memo:
                evaluation.memo[name] = _decided_by(evaluation, steps[name])
            rules, facts = evaluation.memo[name]
            for position in rules:
                found.rules[position] = None
            stack += reversed(facts)
    return found


def _decided_by(evaluation: Evaluation, step: Step) -> tuple[tuple[int, ...], list[str]]:
    """The rules that decided one step, and the facts that decided them."""
    plan, facts = evaluation.plan, evaluation.facts
    outcome = evaluation.outcomes[step.decision.fact]
    policy = step.decision.policy
    if policy == "reconcile":
        # a settled grade rests on the findings that surely give it, an open one on all that could
        value = outcome.value
        if is_known(value):
            return (), [c.fact for c in plan.counted if facts.get(c.fact) == value]
        return (), [c.fact for c in plan.counted if not is_known(facts.get(c.fact)) or facts[c.fact] in (possible(value) or ())]
    rules = outcome.winners + outcome.undecided
    if policy == "formula":
        formula = tracer_of(plan, step.entries[0].position, formula=True) if step.entries else None
        return rules, list(_carriers(formula, facts)) if formula else []
    read = [step.decision.base] if policy == "adjust" else []
    for position in rules:
        condition = tracer_of(plan, position)
        if condition is not None:
            read += deciders(condition, facts)
    return rules, list(dict.fromkeys(read))


def _carriers(trace: Tracer, facts: dict[str, Any]) -> dict[str, None]:
    """The facts that carry a formula's value: of a maximum or minimum the operands at the extreme."""
    node = trace.node
    if isinstance(node, n.Call) and node.function in ("max", "min"):
        value = trace.evaluate(facts)
        ends = {high(value)} if node.function == "max" else {value.low if hasattr(value, "low") else value}
        carrying = [p for p in trace.parts if (x := p.evaluate(facts)) is None or ends & set(possible(x) or (high(x),))]
        return {name: None for part in carrying for name in _carriers(part, facts)}
    if trace.parts:
        return {name: None for part in trace.parts for name in _carriers(part, facts)}
    return dict.fromkeys(trace.facts)


def deciders(trace: Tracer, facts: dict[str, Any]) -> list[str]:
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
        return list(dict.fromkeys(f for part in chosen for f in deciders(part, facts)))
    return list(trace.facts)


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
