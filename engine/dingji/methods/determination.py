"""From findings to one determination, and why the findings differ."""

from __future__ import annotations

import datetime as dt

from dingji.cases.model import Case
from dingji.inference.prover import Evaluation
from dingji.knowledge import model as k
from dingji.language.dates import shifted
from dingji.language.evaluate import compile_node, is_known
from dingji.methods import model as m
from dingji.methods.findings import reachable, status_of
from dingji.methods.grounds import Grounds, factors_read, grounds, weak_rules
from dingji.methods.proof import shown_value


def determination(evaluation: Evaluation, case: Case, differ: bool) -> m.Determination | None:
    """The grade that stands; None if no reconciliation covers the case. `differ`: the findings do not agree."""
    plan = evaluation.plan
    reconciliation = plan.reconciliation
    if reconciliation is None:
        return None
    scale = plan.knowledge.scale_of(reconciliation.decides)
    assert scale is not None, "checked by the loader"
    value = evaluation.facts.get(reconciliation.decides)
    basis = grounds(evaluation, reconciliation.decides)
    weak = [plan.rules[i] for i in weak_rules(evaluation, reconciliation.decides)]
    settling = plan.knowledge.rules[reconciliation.disagreement]
    if differ and settling.weak:
        weak.append(settling)
    status = status_of(scale, value, bool(weak)) if plan.covered else "undetermined"
    grade = scale.grade(value) if value is not None and is_known(value) and plan.covered else None
    return m.Determination(
        scale=scale.id,
        scale_title=scale.title,
        grade=grade.id if grade else None,
        grade_label=grade.label if grade else None,
        colour=grade.colour if grade else None,
        status=status,
        reachable=(grade.id,) if grade else reachable(scale, value),
        rests_on=tuple(m.Ground(rule.id, rule.text, rule.cite, rule.source, rule.confidence, rule.note) for rule in weak),
        judged=_judged(evaluation, case, basis),
    )


def _judged(evaluation: Evaluation, case: Case, basis: Grounds) -> tuple[m.Judgement, ...]:
    """The judged facts that the grade turns on: most real disputes are about these."""
    definitions = evaluation.plan.knowledge.facts
    found = []
    for name in basis.facts:
        statement = case.statements.get(name)
        if statement is not None and statement.value is not None and definitions[name].nature == "judged":
            value = shown_value(evaluation.plan.knowledge, name, statement.value)
            found.append(m.Judgement(name, definitions[name].label, value, statement.asserted_by, statement.evidence))
    return tuple(found)


def disagreement(evaluation: Evaluation, found: tuple[m.Finding, ...]) -> m.Disagreement:
    """Where counted findings differ on the determination's scale, and the factors that the milder ones left out.

    A factor is left out if it carried a more severe finding and the milder one neither weighs it nor looks at it.
    """
    plan = evaluation.plan
    scale = plan.knowledge.scale_of(plan.reconciliation.decides) if plan.reconciliation else None
    if scale is None:
        return m.Disagreement(False, (), ())
    settled = [
        (scale.severity(f.canonical[0]), f)
        for f in found
        if f.counted and len(f.canonical) == 1 and f.status in ("determined", "provisional")
    ]
    severities = {severity for severity, _ in settled}
    differences = []
    for severity, milder in settled:
        looked_at = _looked_at(evaluation, milder)
        for above, severer in settled:
            if above > severity:
                left_out = tuple(factor for factor in severer.factors if factor not in looked_at)
                reason = "left_out" if left_out else "weighs_otherwise"
                differences.append(m.Difference(milder.instrument, severer.instrument, left_out, reason))
    left_out = tuple(dict.fromkeys(factor for d in differences for factor in d.left_out))
    return m.Disagreement(len(severities) > 1, left_out, tuple(differences))


def _looked_at(evaluation: Evaluation, finding: m.Finding) -> frozenset[str]:
    """The factors that a finding takes into account: those its rules say they weigh, else all that they read."""
    instrument = next(a.instrument for a in evaluation.plan.applied if a.instrument.id == finding.instrument)
    fired = [evaluation.plan.knowledge.rules[r] for r in finding.fired if r in evaluation.plan.knowledge.rules]
    weighed = frozenset(w for rule in fired for w in rule.weighs or ())
    return weighed or factors_read(evaluation.plan, instrument.decides)


def flags(evaluation: Evaluation) -> tuple[m.Flag, ...]:
    """The warnings that hold."""
    plan = evaluation.plan
    raised = (plan.rules[i] for i in plan.flags if evaluation.truths[i] is True)
    return tuple(m.Flag(rule.id, rule.text, rule.cite) for rule in raised)


def duties(evaluation: Evaluation) -> tuple[m.Duty, ...]:
    """What follows from the facts and grades: the duties whose condition holds, the earliest due first."""
    plan = evaluation.plan
    found = [_duty(plan.rules[i], evaluation) for i in plan.duties if evaluation.truths[i] is True]
    return tuple(sorted(found, key=lambda duty: (duty.due is None, duty.due or "")))


_UNITS = {
    "hours": k.Words("hours", "小时"),
    "days": k.Words("days", "日"),
    "working_days": k.Words("working days", "个工作日"),
    "months": k.Words("months", "个月"),
    "years": k.Words("years", "年"),
}


def _duty(rule: k.Rule, evaluation: Evaluation) -> m.Duty:
    knowledge, memo = evaluation.plan.knowledge, evaluation.plan.memo
    due = rule.due or k.Due("none_stated")
    key = ("limit", due)
    if key not in memo:
        memo[key] = _limit(due, knowledge)
    day = _last_day(due, evaluation)
    return m.Duty(
        id=rule.id,
        actor=rule.actor,
        actor_label=knowledge.actors.get(rule.actor) or k.Words(rule.actor, rule.actor),
        act=rule.text,
        due=day.isoformat() if day else None,
        limit=memo[key],
        cite=rule.cite,
        source=rule.source,
        confidence=rule.confidence,
        kind=due.kind,
    )


def _last_day(due: k.Due, evaluation: Evaluation) -> dt.date | None:
    """The last day of a time limit; None where it has none, or the case does not say from when."""
    facts = evaluation.facts
    if due.day is not None:
        day = compile_node(due.day, evaluation.plan.knowledge.defaults)(facts)
        return day if isinstance(day, dt.date) else None
    start = facts.get(due.since)
    match due.unit:
        case "hours":
            # the hour of the start is not known: whole days can be told, "within 1 hour" can't
            return None if due.amount % 24 else shifted("days_after", start, due.amount // 24)
        case "years":
            return shifted("months_after", start, due.amount * 12)
    return shifted(f"{due.unit}_after", start, due.amount) if due.since else None


def _limit(due: k.Due, knowledge: k.Knowledge) -> k.Words:
    """A time limit in words."""
    if due.kind == "at_once":
        return k.Words("at once", "立即")
    if due.kind == "none_stated":
        return k.Words("no time limit in the source", "原文未规定期限")
    if due.text is not None:
        return due.text
    unit, since = _UNITS[due.unit], knowledge.facts[due.since].label
    if due.amount == 0:
        return k.Words(f"on or before the day: {since.en}", f"不迟于{since.zh}当日")
    return k.Words(f"within {due.amount} {unit.en} of: {since.en}", f"自{since.zh}起{due.amount}{unit.zh}内")
