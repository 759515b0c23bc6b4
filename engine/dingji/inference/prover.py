"""The reference evaluator: every rule in scope, three-valued, in the order of the plan."""

from __future__ import annotations

from itertools import product
from typing import Any

from dingji.errors import KnowledgeError, Problem
from dingji.inference.plan import Plan, Step
from dingji.inference.policies import ConflictError, Hit, Outcome, adjust, combine, settle
from dingji.language.types import Number, Scale
from dingji.language.values import Partial, Records, Truth, compare, one_of, possible
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

    Raises KnowledgeError when two rules contradict each other on this case (K041), or when a formula leaves the range of its
    fact (K042).
    """
    facts = dict(stated)
    truths: list[Truth] = [False] * len(plan.rules)
    evaluation = Evaluation(plan, facts, truths)
    empty = frozenset([name for name, value in facts.items() if type(value) is Records and not value.items and value.complete])
    for step in plan.steps:
        hits = []
        for needs, entries in step.blocks:
            if needs and needs <= empty:
                continue  # all false
            for position, value, evaluator, first in entries:
                truth = truths[position]
                if first:
                    truth = truths[position] = evaluator(facts)
                if truth is not False:
                    hits.append(Hit(position, truth if step.certain else None, value))
        outcome = conclude(step, hits, evaluation)
        evaluation.outcomes[step.decision.fact] = outcome
        if outcome.value is not None:
            facts[step.decision.fact] = outcome.value
    for position in (*plan.flags, *plan.duties, *plan.requirements):
        truths[position] = plan.evaluators[position](facts)
    return evaluation


def conclude(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    """The outcome of a step whose rules are evaluated: `hits` are those that hold or may hold."""
    decision = step.decision
    if decision.policy == "reconcile":
        return _reconcile(evaluation.plan, evaluation)
    if decision.policy == "adjust":
        return _adjust(step, hits, evaluation)
    outcome = _formula(step, hits, evaluation) if decision.policy == "formula" else _table(step, hits, evaluation)
    before = evaluation.outcomes.get(decision.fact) if step.combines else None
    if before is None or before.gap:
        return outcome
    if outcome.gap:
        return before
    # a value that is not known is one of the values, too: the worst of 2 and an unknown is not known to be 2
    value = combine(str(step.combines), [before.value, outcome.value])
    # what gave a milder value did not give this one
    gave = [part for part in (before, outcome) if isinstance(value, Partial) or part.value == value]
    return Outcome(value, tuple(w for part in gave for w in part.winners), before.undecided + outcome.undecided)


def _adjust(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    rules = evaluation.plan.rules
    scale = evaluation.plan.knowledge.facts[step.decision.fact].type
    assert isinstance(scale, Scale)
    steps = [(h.rule, h.truth, a) for h in hits if (a := rules[h.rule].adjustment) is not None]
    return adjust(evaluation.facts.get(step.decision.base), steps, len(scale.grades) - 1)


def _table(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    decision = step.decision
    try:
        if step.overrides:
            return _with_overrides(step, hits, evaluation.truths)
        return settle(decision.policy, hits, decision.default, decision.has_default) if hits else step.nothing
    except ConflictError as conflict:
        raise _contradiction(conflict, step, evaluation) from None


def _formula(step: Step, hits: list[Hit], evaluation: Evaluation) -> Outcome:
    if not hits or step.formula is None:
        return Outcome(None, gap=True)
    if hits[0].truth is None:
        return Outcome(None, (), (hits[0].rule,))
    value = step.formula(evaluation.facts)
    kind = evaluation.plan.knowledge.facts[step.decision.fact].type
    if isinstance(kind, Number) and (compare("<", value, kind.low) or compare(">", value, kind.high)):
        # rules rely on the range: a value beyond it is a mistake in the knowledge, not a grade
        rule = evaluation.plan.rules[hits[0].rule]
        message = f"{rule.id} gives {step.decision.fact} = {value}, out of its range {kind.low} .. {kind.high}"
        hint = "correct the formula or the range in the vocabulary"
        raise KnowledgeError([Problem(rule.place.file, rule.place.line, rule.place.column, "K042", message, hint)])
    return Outcome(value, (hits[0].rule,))


MOST_OPEN_OVERRIDES = 6
"""Unknown rules that override others are tried both ways up to this many; beyond, what they beat is only possible."""


def _with_overrides(step: Step, hits: list[Hit], truths: list[Truth]) -> Outcome:
    """A rule that another overrides falls if that one is true. While that one is unknown, both ways are followed."""
    decision = step.decision
    open_rules = [h.rule for h in hits if h.truth is None and any(h.rule == winner for winner, _ in step.overrides)]
    if len(open_rules) > MOST_OPEN_OVERRIDES:
        loose = [Hit(h.rule, None, h.value) for h in hits]
        return settle(decision.policy, loose, decision.default, decision.has_default)
    outcomes = []
    for chosen in product((True, False), repeat=len(open_rules)):
        assumed = dict(zip(open_rules, chosen, strict=True))
        beaten = {loser for winner, loser in step.overrides if assumed.get(winner, truths[winner])}
        kept = [h._replace(truth=assumed.get(h.rule, h.truth)) for h in hits if h.rule not in beaten]
        kept = [h for h in kept if h.truth is not False]
        outcomes.append(settle(decision.policy, kept, decision.default, decision.has_default) if kept else step.nothing)
    if len(outcomes) == 1:
        return outcomes[0]
    reach = [possible(o.value) for o in outcomes]
    value = None if None in reach else one_of(v for values in reach for v in values or ())
    sure = [rule for rule in outcomes[0].winners if all(rule in o.winners for o in outcomes)]
    touched = dict.fromkeys(rule for o in outcomes for rule in (*o.winners, *o.undecided) if rule not in sure)
    return Outcome(value, tuple(sure), tuple(touched))


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
