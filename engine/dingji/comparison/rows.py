"""A graded case as a row: what each method says, brought to the scale of the case's determination.

Nothing is brought from one scale to another silently: only a declared crosswalk does it, and the rules of the crosswalk stand in
the row. A finding without one is not comparable. Several findings of one method are combined by the policy by which the case's
reconciliation combines findings; where there is none the worst stands, as everywhere else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from dingji.cases.model import Case, Opinion
from dingji.cases.survey import rounds
from dingji.comparison import model as m
from dingji.grading import grade, under
from dingji.inference.plan import plan_for
from dingji.inference.policies import combine
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import Knowledge, ScaleDefinition, Words
from dingji.knowledge.shapes import METHODS
from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.values import one_of, possible
from dingji.methods.grounds import steps_by_fact
from dingji.methods.model import Difference, Finding
from dingji.methods.proof import shown_value
from dingji.records import Draft, field

SUBJECTIVE = "subjective"
ORDER = (m.OFFICIAL, *METHODS)
"""The columns in the order in which they are shown."""
RATED = ("settled", "provisional")


class Graded(Draft):
    """A case with its findings and the evaluation behind them: all that a row, its reasons and its screening are made of."""

    knowledge: Knowledge
    case: Case
    as_of: dt.date
    evaluation: Evaluation
    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...] = ()
    memo: dict[Any, Any] = field(default_factory=dict)
    """What is worked out once per case."""

    @property
    def scale(self) -> ScaleDefinition | None:
        """The scale on which the case's findings are compared: that of its determination."""
        found = self.evaluation.plan.reconciliation
        return self.knowledge.scale_of(found.decides) if found else None

    @property
    def policy(self) -> str:
        """How several findings of one method are combined."""
        reconciliation = self.evaluation.plan.reconciliation
        return reconciliation.policy if reconciliation else "worst"


def graded(knowledge: Knowledge, case: Case, profile: str | None = None) -> Graded:
    """Grade a case by all methods, and keep what the grades rest on. Raises what grading raises."""
    base = under(knowledge, profile or case.profile)
    result = grade(knowledge, case, profile=profile)
    evaluation = evaluated(base, case, case.as_of)
    return Graded(base, case, case.as_of, evaluation, result.findings, result.disagreement.differences)


def supposed(base: Knowledge, case: Case, day: dt.date) -> dict[str, str]:
    """The grade of each method that is settled under other knowledge or on another day, as the reference evaluator alone finds it."""
    evaluation = evaluated(base, case, day)
    reconciliation = evaluation.plan.reconciliation
    scale = base.scale_of(reconciliation.decides) if reconciliation else None
    if scale is None or reconciliation is None:
        return {}
    values: dict[str, list[Any]] = {}
    for counted in evaluation.plan.counted:
        value = evaluation.facts.get(counted.fact)
        found = value if value is not None and counted.certain else one_of(range(len(scale.grades)))
        values.setdefault(base.instruments[counted.instrument].method, []).append(found)
    combined = {method: possible(combine(reconciliation.policy, found)) or () for method, found in values.items()}
    grades = {method: scale.grade(ranks[0]) for method, ranks in combined.items() if len(ranks) == 1}
    return {method: grade.id for method, grade in grades.items() if not grade.silent}


def evaluated(base: Knowledge, case: Case, day: dt.date) -> Evaluation:
    """What the prover finds for a case."""
    facts = case.facts()
    return prove(plan_for(base, facts, day), facts)


def row(about: Graded, by: Sequence[str]) -> m.Row:
    """The row of a case, its pairs still to be explained (`reasons.explained`). `by` are the facts to group by."""
    scale = about.scale
    found = columns(about)
    raters = _raters(about)
    rated = [r.severity for r in raters if r.severity is not None]
    case = about.case
    return m.Row(
        case=case.id,
        title=case.title,
        subject=case.subject,
        as_of=about.as_of.isoformat(),
        place=str(case.place),
        scale=scale.id if scale else "",
        columns=found,
        distance=_distance(found),
        consequence=max((c.severity for c in found if c.severity is not None), default=-1),
        pairs=(),
        groups=tuple(_groups(about, by)),
        raters=raters,
        spread=max(rated) - min(rated) if len(rated) > 1 else None,
    )


def columns(about: Graded) -> tuple[m.Column, ...]:
    """What each method says about the case, and the official grade if there is one."""
    standings: dict[str, list[m.Standing]] = {}
    for finding in about.findings:
        standings.setdefault(finding.method, []).append(_standing(about, finding))
    found = [_column(about, method, tuple(items)) for method, items in standings.items()]
    if about.case.official is not None:
        found.append(_column(about, m.OFFICIAL, (_official(about),)))
    return tuple(sorted(found, key=lambda c: ORDER.index(c.method)))


def on_scale(about: Graded, scale: str, severity: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The severities on the case's scale that a grade of another scale becomes, and the crosswalk's rules; none without one."""
    target = about.scale
    if target is None:
        return (), ()
    if scale == target.id:
        return (severity,), ()
    rows = [
        rule
        for walk in about.knowledge.crosswalks.values()
        if (walk.source_scale, walk.target_scale) == (scale, target.id)
        for rule in about.knowledge.rules_of(walk.id)
        if dict(rule.then)["from"] == severity
    ]
    facts, defaults = about.evaluation.facts, about.knowledge.defaults
    truths = {rule.id: True if rule.when is None else compile_node(rule.when, defaults)(facts) for rule in rows}
    beaten = {loser for rule in rows if truths[rule.id] for loser in rule.overrides}
    kept = [rule for rule in rows if truths[rule.id] is not False and rule.id not in beaten]
    sure = [rule for rule in kept if truths[rule.id]] or kept
    return tuple(sorted({dict(rule.then)["to"] for rule in sure})), tuple(rule.id for rule in sure)


# --- one finding


def _standing(about: Graded, finding: Finding) -> m.Standing:
    if finding.counted:
        state, reach = _state(about, finding, finding.canonical)
        walk = _crosswalk(about, finding) if state in RATED and about.scale and finding.scale != about.scale.id else ()
    else:
        reach, walk = _carried(about, finding)
        state, reach = _state(about, finding, reach) if reach else ("not_comparable", ())
    score = finding.score
    return m.Standing(
        instrument=finding.instrument,
        title=finding.title,
        edition=finding.edition,
        own_scale=finding.scale,
        own_grade=finding.grade,
        state=state,
        grade=reach[0] if state in RATED else None,
        reachable=reach,
        crosswalk=walk,
        factors=finding.factors,
        fired=finding.fired,
        score_fact=score.fact if score else None,
        score=score.value if score else None,
        distance_to_next=score.distance_to_next if score else None,
        score_parts=_score_parts(about, score.fact) if score else (),
    )


def _state(about: Graded, finding: Finding, reach: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The state of a finding in the comparison and the grades it can be, on the case's scale."""
    scale = about.scale
    assert scale is not None, "a finding is on a scale only where there is one"
    silent = {g.id for g in scale.grades if g.silent}
    if finding.status == "silent" or (reach and silent.issuperset(reach)):
        return "silent", tuple(g for g in reach if g in silent)
    if finding.status == "undetermined" or len(reach) != 1:
        return "undetermined", reach
    return "settled" if finding.status == "determined" else "provisional", reach


def _carried(about: Graded, finding: Finding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The grades that a finding which takes no part in the determination can be on the case's scale, most severe first."""
    own, scale = about.knowledge.scales[finding.scale], about.scale
    found = [on_scale(about, own.id, own.severity(grade)) for grade in finding.reachable]
    if scale is None or not all(ranks for ranks, _ in found):
        return (), ()
    ranks = sorted({rank for each, _ in found for rank in each}, reverse=True)
    return tuple(scale.grade(rank).id for rank in ranks), tuple(dict.fromkeys(rule for _, rules in found for rule in rules))


def _crosswalk(about: Graded, finding: Finding) -> tuple[str, ...]:
    """The rules of the crosswalk that carried a finding to the case's scale."""
    evaluation = about.evaluation
    counted = next((c for c in evaluation.plan.counted if c.instrument == finding.instrument), None)
    outcome = evaluation.outcomes.get(counted.fact) if counted else None
    if outcome is None:
        return ()
    return tuple(evaluation.plan.rules[i].id.split("@")[0] for i in outcome.winners)


def _score_parts(about: Graded, fact: str) -> tuple[m.Part, ...]:
    """The facts that the formula of a score reads, with their values."""
    step = steps_by_fact(about.evaluation.plan).get(fact)
    if step is None or step.decision.policy != "formula" or not step.entries:
        return ()
    formula = about.evaluation.plan.rules[step.entries[0].position].value
    if formula is None:
        return ()
    facts = about.evaluation.facts
    read = _in_order(formula)
    return tuple(m.Part(name, None if (v := facts.get(name)) is None else shown_value(about.knowledge, name, v)) for name in read)


def _in_order(node: n.Node) -> tuple[str, ...]:
    """The facts of a formula as written."""
    if isinstance(node, n.Fact):
        return (node.name,)
    return tuple(dict.fromkeys(name for child in n.children(node) for name in _in_order(child)))


def _official(about: Graded) -> m.Standing:
    """The official grade as a finding of its own kind."""
    given = about.case.official
    assert given is not None, "the caller looked"
    own = about.knowledge.scales[given.scale]
    reach, walk = on_scale(about, given.scale, own.severity(given.grade))
    state = "not_comparable" if not reach else "settled" if len(reach) == 1 else "undetermined"
    names = tuple(about.scale.grade(rank).id for rank in sorted(reach, reverse=True)) if about.scale else ()
    return m.Standing(
        instrument=m.OFFICIAL,
        title=Words(given.by, given.by),
        edition=given.on.isoformat() if given.on else "",
        own_scale=own.id,
        own_grade=given.grade,
        state=state,
        grade=names[0] if state == "settled" else None,
        reachable=names,
        crosswalk=walk,
        factors=(),
        fired=(),
    )


# --- one method


def _column(about: Graded, method: str, standings: tuple[m.Standing, ...]) -> m.Column:
    scale = about.scale
    comparable = [s for s in standings if s.state != "not_comparable"]
    if scale is None or not comparable:
        return m.Column(method, "not_comparable", None, None, None, None, (), about.policy, (), standings)
    graded_ones = [s for s in comparable if s.state != "silent"]
    if not graded_ones:
        return m.Column(method, "silent", None, None, None, None, (), about.policy, _names(comparable), standings)
    value = combine(about.policy, [one_of(scale.severity(g) for g in s.reachable) for s in graded_ones])
    ranks = sorted(possible(value) or range(len(scale.grades)), reverse=True)
    reach = tuple(scale.grade(rank).id for rank in ranks)
    if len(ranks) > 1:
        carriers = [s for s in graded_ones if s.state == "undetermined"]
        return m.Column(method, "undetermined", None, None, None, None, reach, about.policy, _names(carriers), standings)
    found = scale.grade(ranks[0])
    carriers = [s for s in graded_ones if s.reachable == (found.id,)]
    # one way to the grade that is not provisional makes it firm
    state = "settled" if any(s.state == "settled" for s in carriers) else "provisional"
    return m.Column(method, state, found.id, found.label, found.colour, ranks[0], reach, about.policy, _names(carriers), standings)


def _names(standings: Iterable[m.Standing]) -> tuple[str, ...]:
    return tuple(s.instrument for s in standings)


def _distance(found: tuple[m.Column, ...]) -> int | None:
    """The grades between the mildest and the most severe column; None if fewer than two are settled."""
    ranks = [c.severity for c in found if c.severity is not None]
    return max(ranks) - min(ranks) if len(ranks) > 1 else None


# --- people and groups


def last_opinions(case: Case) -> list[Opinion]:
    """The opinions of the last round of a survey."""
    held = rounds(case.survey, case.opinions) if case.survey is not None else ()
    return list(held[-1].opinions) if held else []


def _raters(about: Graded) -> tuple[m.RaterGrade, ...]:
    if about.case.survey is None:
        return ()
    scale = about.knowledge.scales[about.case.survey.scale]
    return tuple(m.RaterGrade(o.rater, o.grade, _rater_severity(about, scale, o)) for o in last_opinions(about.case))


def _rater_severity(about: Graded, scale: ScaleDefinition, opinion: Opinion) -> int | None:
    """A rater's grade as a severity on the case's scale; None without a crosswalk that leads to one grade."""
    reach, _ = on_scale(about, scale.id, scale.severity(opinion.grade))
    return reach[0] if len(reach) == 1 else None


def _groups(about: Graded, by: Sequence[str]) -> Iterable[m.Group]:
    for name in by:
        value = about.evaluation.facts.get(name)
        if value is None:
            continue
        shown = shown_value(about.knowledge, name, value)
        yield m.Group(name, shown, _value_label(about.knowledge, name, shown))


def _value_label(knowledge: Knowledge, name: str, shown: str) -> Words:
    definition = knowledge.facts.get(name)
    scale = knowledge.scale_of(name)
    labels = dict(definition.values) if definition else {}
    if scale is not None:
        labels = {g.id: g.label for g in scale.grades}
    return labels.get(shown) or Words(shown, shown)
