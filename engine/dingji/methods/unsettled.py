"""What of a determination is still open: the grades left, the findings that can move it, the rules that an answer helps to decide."""

from __future__ import annotations

from typing import Any

from dingji.inference.plan import Plan, Step
from dingji.inference.prover import Evaluation
from dingji.knowledge.model import FactDefinition
from dingji.language.evaluate import is_known
from dingji.language.values import Records, high, low
from dingji.methods.findings import reachable
from dingji.methods.grounds import OPEN, carriers, deciders, steps_by_fact, tracer_of, writers


def target_of(plan: Plan) -> str | None:
    """The fact that is the determination, None if nothing makes one of the findings."""
    return plan.reconciliation.decides if plan.reconciliation else None


def grades_left(evaluation: Evaluation) -> tuple[str, ...]:
    """The grades of the determination that are still possible, most severe first; empty if there is no determination."""
    target = target_of(evaluation.plan)
    scale = evaluation.plan.knowledge.scale_of(target) if target else None
    return reachable(scale, evaluation.facts.get(target)) if scale and target else ()


def settled(evaluation: Evaluation) -> bool:
    """Is the determination final, whatever else may yet be stated?"""
    target = target_of(evaluation.plan)
    return target is not None and evaluation.plan.covered and is_known(evaluation.facts.get(target))


def open_findings(evaluation: Evaluation) -> list[str]:
    """The facts of the findings that can still move the determination."""
    plan, facts = evaluation.plan, evaluation.facts
    assert plan.reconciliation is not None
    value = facts.get(plan.reconciliation.decides)
    worst = plan.reconciliation.policy == "worst"
    found = []
    for counted in plan.counted:
        reach = facts.get(counted.fact)
        if counted.certain and is_known(reach):
            continue
        # of the worst of several, one that can't exceed what is sure already moves nothing
        if value is not None and reach is not None and (high(reach) <= low(value) if worst else low(reach) >= high(value)):
            continue
        found.append(counted.fact)
    return found


def reached(evaluation: Evaluation) -> tuple[str, ...]:
    """The facts behind the open findings that can still move them, from the findings downwards."""
    plan, facts = evaluation.plan, evaluation.facts
    steps, found = steps_by_fact(plan), dict[str, None]()
    stack = open_findings(evaluation)[::-1]
    while stack:
        name = stack.pop()
        step = steps.get(name)
        if name in found or (step is not None and is_known(facts.get(name))):
            continue
        found[name] = None
        if step is not None:
            stack += reversed([fact for _, read in _open_reads(evaluation, step) for fact in read])
    return tuple(found)


def open_rules(evaluation: Evaluation, fact: str) -> tuple[int, ...]:
    """The rules behind the open determination (positions in the plan) that an answer for `fact` helps to decide."""
    steps = steps_by_fact(evaluation.plan)
    opened = [steps[name] for name in reached(evaluation) if name in steps]
    return tuple(dict.fromkeys(rule for step in opened for rule, read in _open_reads(evaluation, step) if rule >= 0 and fact in read))


def _open_reads(evaluation: Evaluation, step: Step) -> list[tuple[int, tuple[str, ...]]]:
    """The rules of a fact whose value is open that may still change it, each with the facts that can change the rule.

    What an adjustment starts from is read by no rule (-1).
    """
    plan, facts = evaluation.plan, evaluation.facts
    reads: list[tuple[int, tuple[str, ...]]] = []
    for own in writers(plan, step.decision.fact):
        reads += [(-1, (own.decision.base,))] if own.decision.policy == "adjust" else []
        for position in (e.position for e in own.entries if evaluation.truths[e.position] is not False):
            trace = tracer_of(plan, position)
            if trace is not None and evaluation.truths[position] is None:
                reads.append((position, tuple(deciders(trace, facts))))
            formula = tracer_of(plan, position, formula=True)
            if formula is not None:
                reads.append((position, tuple(carriers(formula, facts, OPEN))))
    return reads


def is_open(definition: FactDefinition, value: Any) -> bool:
    """Is the fact unknown, or a list of which an item, or a field of an item, is?"""
    if not isinstance(value, Records):
        return not is_known(value)
    return not value.complete or any(not is_known(item.get(f.name)) for item in value.items for f in definition.fields)
