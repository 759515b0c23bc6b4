"""The reference evaluator: every rule in scope, three-valued, in the order of the plan."""

from __future__ import annotations

from typing import Any

from dingji.errors import KnowledgeError, Problem
from dingji.inference.plan import Plan, Step
from dingji.inference.policies import ConflictError, Hit, Outcome, adjust, combine, settle
from dingji.language.types import Scale
from dingji.language.values import Records, Truth, one_of, possible
from dingji.records import Draft, field


class Evaluation(Draft):
    """What the prover found: `facts` stated and derived, the truth of each rule by position, each step's outcome."""

    plan: Plan
    facts: dict[str, Any]
    truths: list[Truth]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)
    """What later layers work out once per evaluation."""


def prove(plan: Plan, stated: dict[str, Any]) -> Evaluation:
    """Evaluate every rule of the plan over the stated facts.

    Raises KnowledgeError (K041) when two rules contradict each other on this case.
    """
    facts = dict(stated)
    truths: list[Truth] = [False] * len(plan.rules)
    evaluation = Evaluation(plan, facts, truths)
    empty = frozenset([name for name, value in facts.items() if type(value) is Records and not value.items and value.complete])
    for step in plan.steps:
        hits = []
        for position, value, evaluator, needs, first in step.entries:
            if not first:
                truth = truths[position]
            elif needs is not None and needs <= empty:
                continue
            else:
                truth = truths[position] = evaluator(facts)
            if truth is not False:
                hits.append(Hit(position, truth, value))
        outcome = _outcome(step, hits, evaluation)
        evaluation.outcomes[step.decision.fact] = outcome
        if outcome.value is not None:
            facts[step.decision.fact] = outcome.value
    for position in (*plan.flags, *plan.duties):
        truths[position] = plan.evaluators[position](facts)
    return evaluation


def _outcome(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    plan, decision, truths = evaluation.plan, step.decision, evaluation.truths
    if decision.policy == "formula":
        return _formula(step, hits, evaluation)
    if decision.policy == "reconcile":
        return _reconcile(plan, evaluation)
    if decision.policy == "adjust":
        scale = plan.knowledge.facts[decision.fact].type
        assert isinstance(scale, Scale)
        steps = [(h.rule, h.truth, a) for h in hits if (a := plan.rules[h.rule].adjustment) is not None]
        return adjust(evaluation.facts.get(decision.base), steps, len(scale.grades) - 1)
    if step.overrides:
        hits = _without_beaten(hits, step, truths)
    try:
        outcome = settle(decision.policy, hits, decision.default, decision.has_default) if hits else step.nothing
    except ConflictError as conflict:
        raise _contradiction(conflict, step, evaluation) from None
    before = evaluation.outcomes.get(decision.fact) if step.combines else None
    if step.combines and before is not None:
        value = combine(step.combines, [v for v in (before.value, outcome.value) if v is not None])
        return Outcome(value, before.winners + outcome.winners, before.undecided + outcome.undecided)
    return outcome


def _formula(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    if not hits or step.formula is None:
        return Outcome(None, gap=True)
    if hits[0].truth is None:
        return Outcome(None, (), (hits[0].rule,))
    return Outcome(step.formula(evaluation.facts), (hits[0].rule,))


def _without_beaten(hits: list[Hit], step: Step, truths: list[Truth]) -> list[Hit]:
    """A rule that another overrides falls if that one is true, and stays only possible while that one is unknown."""
    beaten = {loser: truths[winner] for winner, loser in step.overrides if truths[winner] is not False}
    kept = []
    for hit in hits:
        if hit.rule not in beaten:
            kept.append(hit)
        elif beaten[hit.rule] is None:
            kept.append(Hit(hit.rule, None, hit.value))
    return kept


def _reconcile(plan: Plan, evaluation: Evaluation) -> Outcome:
    reconciliation = plan.reconciliation
    assert reconciliation is not None
    scale = plan.knowledge.scale_of(reconciliation.decides)
    assert scale is not None, "checked by the loader"
    everything = tuple(range(len(scale.grades)))
    values = []
    for item in plan.counted:
        value = evaluation.facts.get(item.fact)
        reach = possible(value) if value is not None else everything
        # a finding that may not apply may also be nothing at all
        values.append(one_of(reach or everything) if item.certain else one_of([0, *(reach or everything)]))
    if not values:
        return Outcome(None, gap=True)
    value = combine(reconciliation.policy, values)
    evaluation.truths[plan.settling] = True
    return Outcome(value, (plan.settling,))


def _contradiction(conflict: ConflictError, step: Step, evaluation: Evaluation) -> KnowledgeError:
    rules, knowledge = evaluation.plan.rules, evaluation.plan.knowledge
    first, second = rules[conflict.first], rules[conflict.second]
    from dingji.knowledge.linking import rule_reads

    read = sorted(rule_reads(first) | rule_reads(second))
    shown = ", ".join(f"{f} = {knowledge.shown(f, evaluation.facts.get(f))}" for f in read if evaluation.facts.get(f) is not None)
    message = f"{first.id} ({first.place}) and {second.id} contradict each other in {step.decision.id}: {shown}"
    place = second.place
    hint = "let one override the other, or make the conditions exclude each other"
    return KnowledgeError([Problem(place.file, place.line, place.column, "K041", message, hint)])
