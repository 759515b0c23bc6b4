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


def writers(plan: Plan, fact: str) -> tuple[Step, ...]:
    """All steps that write a fact: several decisions may, and their values combine."""
    if "writers" not in plan.memo:
        found: dict[str, tuple[Step, ...]] = {}
        for step in plan.steps:
            found[step.decision.fact] = (*found.get(step.decision.fact, ()), step)
        plan.memo["writers"] = found
    steps: dict[str, tuple[Step, ...]] = plan.memo["writers"]
    return steps[fact]


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
    read: Sides = {step.decision.base: ""} if policy == "adjust" else {}
    for position in rules:
        _join(read, _read_by(evaluation, position))
    return rules, read


def _read_by(evaluation: Evaluation, position: int, side: str = "") -> Sides:
    """The facts by which one rule had a part: those that carry its formula, or that decide its condition."""
    formula, condition = (tracer_of(evaluation.plan, position, formula=f) for f in (True, False))
    read = carriers(formula, evaluation.facts, side) if formula is not None else {}
    # that a formula applies goes without saying, unless it is open
    if condition is not None and (formula is None or evaluation.truths[position] is None):
        _join(read, deciders(condition, evaluation.facts))
    return read


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
    outcome = evaluation.outcomes[step.decision.fact]
    rules, read = _decided_by(evaluation, step)
    if step.decision.policy == "reconcile":
        return [((), {fact: ""}) for fact in read] if is_known(outcome.value) else [((), read)]
    if step.decision.policy == "formula" and side:
        bound: Sides = {}
        for position in rules:
            _join(bound, _read_by(evaluation, position, side))
        return [(rules, bound)]
    if outcome.undecided or len(rules) < 2 or step.decision.policy in ("adjust", "formula"):
        return [(rules, read)]
    return [((position,), _read_by(evaluation, position)) for position in rules]


OPEN = "open"
"""The side of what is not known yet: what can still move a value."""
_OTHER = {"low": "high", "high": "low"}


def carriers(trace: Tracer, facts: dict[str, Any], side: str = "") -> Sides:
    """The facts that carry a formula's value, each with the side by which it does.

    Of a maximum or minimum the operands at the extreme; while it is open, all that may still be there. `side` asks for one bound
    only: of a sum whose least value matters, the terms that add to it; or for what can still move the value (OPEN).
    """
    node = trace.node
    if isinstance(node, n.Fact):
        return {node.name: side}
    if isinstance(node, n.Quantifier) or not trace.parts:  # the parts of a quantifier speak of items
        return dict.fromkeys(trace.facts, side if side == OPEN else "")
    parts = [(part, side if side == OPEN else "") for part in trace.parts]
    if isinstance(node, n.Call) and node.function in ("max", "min"):
        parts = [(part, side) for part in _at_the_end(trace, facts, side)]
    elif side in _OTHER and isinstance(node, n.Negative):
        parts = [(part, _OTHER[side]) for part in trace.parts]
    elif side in _OTHER and isinstance(node, n.Arithmetic) and node.operator in "+-":
        parts = _terms(trace, node, facts, side)
    found: Sides = {}
    for part, own in parts:
        if side != OPEN or not is_known(part.evaluate(facts)):
            _join(found, carriers(part, facts, own))
    return found


def _terms(trace: Tracer, node: n.Arithmetic, facts: dict[str, Any], side: str) -> list[tuple[Tracer, str]]:
    """The terms of a sum or difference that carry one of its bounds, each with the bound of it that does."""
    # constants are no parts: one part may be either operand
    first = [side] if not isinstance(node.left, n.Literal) else []
    second = [side if node.operator == "+" else _OTHER[side]] if not isinstance(node.right, n.Literal) else []
    terms = list(zip(trace.parts, first + second, strict=True))
    # a term that may be nothing does not hold a sum up
    return [(part, own) for part, own in terms if side == "high" or own == "high" or low(part.evaluate(facts)) != 0]


def _at_the_end(trace: Tracer, facts: dict[str, Any], side: str) -> list[Tracer]:
    """The operands of a maximum or minimum that give its value or the bound asked for; of an open one, all that may."""
    assert isinstance(trace.node, n.Call)
    greatest, value = trace.node.function == "max", trace.evaluate(facts)
    if side in _OTHER:
        bound = low if side == "low" else high
        return [part for part in trace.parts if bound(part.evaluate(facts)) == bound(value)]
    near, far = (low, high) if greatest else (high, low)
    sure = near(value)  # no operand on this side of it matters
    reach = [(part, part.evaluate(facts)) for part in trace.parts]

    def beyond(own: Any) -> bool:
        end = far(own)
        return sure is None or end is None or bool(end > sure if greatest else end < sure)

    # an operand that starts from what is sure leaves nothing to those that only come up to it
    alone = any(beyond(own) and near(own) == sure for _, own in reach)
    return [part for part, own in reach if beyond(own) or (is_known(own) and own == sure and not alone)]


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
