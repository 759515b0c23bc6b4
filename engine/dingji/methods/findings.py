"""From an evaluation to findings: what each method says under each instrument that applies."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dingji.cases.model import Case
from dingji.inference.plan import Applied, Plan, Step
from dingji.inference.prover import Evaluation
from dingji.knowledge.model import Instrument, Knowledge, ScaleDefinition
from dingji.language import nodes as n
from dingji.language.evaluate import is_known
from dingji.language.types import Number
from dingji.language.values import Partial, possible
from dingji.methods import model as m
from dingji.methods.grounds import Grounds, factors_of, grounds, steps_by_fact, weak_rules


def findings(evaluation: Evaluation, case: Case, today: dt.date | None) -> tuple[m.Finding, ...]:
    """The finding of every instrument that applies and gives one. `today` names the edition that would apply on that day."""
    plan = evaluation.plan
    return tuple(_finding(evaluation, case, item, today) for item in plan.applied if item.instrument.decides)


def reachable(scale: ScaleDefinition, value: Any) -> tuple[str, ...]:
    """The grades that a value allows, most severe first."""
    ranks = possible(value) if value is not None else range(len(scale.grades))
    if ranks is None:
        assert isinstance(value, Partial)
        bottom = 0 if value.low is None else value.low
        top = len(scale.grades) - 1 if value.high is None else value.high
        ranks = range(bottom, top + 1)
    return tuple(scale.grade(rank).id for rank in sorted(ranks, reverse=True))


def status_of(scale: ScaleDefinition, value: Any, weak: bool) -> str:
    """determined, provisional, undetermined or silent."""
    if not is_known(value):
        return "undetermined"
    if scale.grade(value).silent:
        return "silent"
    return "provisional" if weak else "determined"


def _finding(evaluation: Evaluation, case: Case, item: Applied, today: dt.date | None) -> m.Finding:
    plan, instrument = evaluation.plan, item.instrument
    knowledge = plan.knowledge
    scale = knowledge.scale_of(instrument.decides)
    assert scale is not None, "checked by the loader"
    value = evaluation.facts.get(instrument.decides)
    step = steps_by_fact(plan).get(instrument.decides)
    outcome = evaluation.outcomes.get(instrument.decides)
    basis = grounds(evaluation, instrument.decides)
    weak = tuple(plan.rules[i].id for i in weak_rules(evaluation, instrument.decides))
    status = status_of(scale, value, bool(weak)) if item.truth else "undetermined"
    grade = scale.grade(value) if value is not None and is_known(value) and status != "silent" and item.truth else None
    reach = (grade.id,) if grade else reachable(scale, value)
    return m.Finding(
        instrument=instrument.id,
        method=instrument.method,
        title=instrument.title,
        edition=instrument.number or knowledge.sources[instrument.source].number,
        scale=scale.id,
        scale_title=scale.title,
        grade=grade.id if grade else None,
        grade_label=grade.label if grade else None,
        colour=grade.colour if grade else None,
        status=status,
        reachable=reach,
        canonical=_canonical(evaluation, instrument),
        counted=any(c.instrument == instrument.id for c in plan.counted),
        fired=tuple(plan.rules[i].id for i in outcome.winners) if outcome else (),
        undecided=tuple(plan.rules[i].id for i in outcome.undecided) if outcome else (),
        rests_on=weak,
        factors=_factors(evaluation, case, basis, outcome.winners if outcome else ()),
        score=_score(evaluation, step),
        silence=_silence(instrument) if status == "silent" else None,
        conditional=item.truth is None,
        today=_edition_today(knowledge, instrument, today),
    )


def _silence(instrument: Instrument) -> str:
    """What it means that a list found nothing."""
    if instrument.method != "example":
        return "no_grade"
    return "partial" if instrument.completeness == "partial" else "cleared_by_this_list"


def _canonical(evaluation: Evaluation, instrument: Instrument) -> tuple[str, ...]:
    plan = evaluation.plan
    counted = next((c for c in plan.counted if c.instrument == instrument.id), None)
    if counted is None or plan.reconciliation is None:
        return ()
    scale = plan.knowledge.scale_of(plan.reconciliation.decides)
    return reachable(scale, evaluation.facts.get(counted.fact)) if scale else ()


def _factors(evaluation: Evaluation, case: Case, basis: Grounds, winners: tuple[int, ...]) -> tuple[str, ...]:
    """The factors that the winning rules say they weigh; without such a word, those of the facts that decided."""
    weighed = [w for i in winners for w in evaluation.plan.rules[i].weighs or ()]
    return tuple(dict.fromkeys(weighed)) if weighed else factors_of(evaluation, case, basis)


def _edition_today(knowledge: Knowledge, instrument: Instrument, today: dt.date | None) -> str | None:
    """The edition of the same family that would apply today, if it is another one."""
    if today is None or instrument.in_force.covers(today) is not False:
        return None
    return next((e.id for e in knowledge.editions(instrument) if e.in_force.covers(today) is not False), None)


def _score(evaluation: Evaluation, step: Step | None) -> m.Score | None:
    """The number that a band table reads, if it reads just one."""
    if step is None or step.decision.policy in ("formula", "reconcile", "adjust"):
        return None
    plan = evaluation.plan
    key = ("band", step.decision.id)
    if key not in plan.memo:
        plan.memo[key] = _band(plan, step)
    if plan.memo[key] is None:
        return None
    fact, edges = plan.memo[key]
    value = evaluation.facts.get(fact)
    if value is None:
        return None
    return m.Score(fact, str(value), _distance(value, evaluation.facts.get(step.decision.fact), edges))


def _band(plan: Plan, step: Step) -> tuple[str, list[tuple[int, Any]]] | None:
    """The number a table compares with constants, and (severity, constant) for each constant in a row; None for other tables."""
    names: set[str] = set()
    edges: list[tuple[int, Any]] = []
    for entry in step.entries:
        when = plan.rules[entry.position].when
        if when is None:
            return None
        names |= n.facts_of(when)
        edges += [(entry.value, c) for c in _constants(when)]
    if len(names) != 1 or not edges:
        return None
    name = names.pop()
    return (name, edges) if isinstance(plan.knowledge.facts[name].type, Number) else None


def _constants(node: n.Node) -> list[Any]:
    if isinstance(node, n.Literal):
        return [node.value]
    return [c for child in n.children(node) for c in _constants(child)]


def _distance(value: Any, severity: Any, edges: list[tuple[int, Any]]) -> str | None:
    """How far a known value is from the nearest edge of a more severe band."""
    if not is_known(value) or not is_known(severity):
        return None
    beyond = [abs(edge - value) for row, edge in edges if row > severity]
    return str(min(beyond)) if beyond else None
