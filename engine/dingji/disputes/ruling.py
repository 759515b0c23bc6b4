"""The ruling: from the panel's findings to the grade that follows, its duties, and the decision record.

The panel decides issues; the grade is derived. A grade that does not follow is refused, unless the panel departs from it openly:
with a justification, an authority and a day on which the departure ends. Then both grades stay visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from dingji.disputes.diagram import Outcome
from dingji.disputes.issues import fact_key
from dingji.disputes.model import Dispute, Override, PanelFinding, Ruled
from dingji.disputes.settlement import Settlement, only_day, outcome_of, plain
from dingji.errors import CaseError, DingjiError, EvaluationError, KnowledgeError, Problem
from dingji.inference.plan import Plan, plan_for
from dingji.inference.policies import Outcome as Settled
from dingji.inference.prover import prove
from dingji.methods.determination import duties
from dingji.methods.grounds import grounds
from dingji.methods.model import Determination, Duty, FactProof, Finding, Result, RuleProof
from dingji.records import Record, replace


class RulingError(DingjiError):
    """The ruling does not follow from its findings: the answer is no."""

    exit_code = 1


class Ruling(Record, frozen=True):
    """A ruling, whole or so far. `computed` is what follows from the findings; `result` the case graded on them, if it is settled.

    `open` are the issues that must still be decided, `left` those that need not be and were not. What the rest of the result says
    may turn on them: `rules` and `duties` hold on every party's account of them, `doubtful` duties only on some. Duties follow from
    the grade that stands, or from the computed one, as the override says.
    """

    dispute: Dispute
    findings: tuple[PanelFinding, ...]
    computed: tuple[Outcome, ...]
    open: tuple[str, ...]
    left: tuple[str, ...]
    result: Result | None
    override: Override | None
    rules: frozenset[str]
    duties: tuple[Duty, ...]
    doubtful: tuple[Duty, ...]
    account: dict[str, int]
    """The positions on which `result` was graded: what was found, and of the rest one party's account."""
    beside: tuple[str, ...] = ()
    """Assumed or unverified rules among the grounds of a grade that stands without them: another way to it is free of them."""

    @property
    def settled(self) -> Outcome | None:
        """The one outcome that follows, None while several can."""
        return self.computed[0] if len(self.computed) == 1 else None

    @property
    def grade(self) -> str | None:
        """The computed grade; None if it is not settled."""
        settled = self.settled
        return settled.grades[0] if settled is not None and settled.settled else None

    @property
    def stands(self) -> str | None:
        """The grade that stands: the panel's where it overrides the computed one."""
        return self.override.grade if self.override is not None else self.grade

    def standing(self) -> Determination | Finding | None:
        """The graded determination or finding in dispute."""
        if self.result is None:
            return None
        return self.result.determination if self.dispute.about is None else self.result.finding(self.dispute.about)


def rule(settlement: Settlement, ruled: Ruled | None = None) -> Ruling:
    """The ruling that follows from findings (by default those of the file).

    Raises RulingError (D040) if the grade ruled does not follow, or is overridden without need (D041), or ends before the day of
    the decision.
    """
    dispute = settlement.whole
    ruled = ruled if ruled is not None else dispute.ruling
    fixed = _fixed(settlement, ruled)
    computed = tuple(sorted(fixed.diagram.outcomes(fixed.root), key=lambda o: (o.scale, o.grades)))
    still = tuple(issue.id for issue in fixed.material)
    decided = {finding.issue for finding in ruled.findings}
    left = tuple(issue.id for issue in dispute.issues if issue.id not in decided and issue.id not in still)
    accounts = _accounts(fixed) if len(computed) == 1 else []
    graded = [(choice, result) for choice in accounts if (result := _graded(fixed, choice, computed[0], dispute)) is not None]
    results = [result for _, result in graded]
    result = results[0] if results else None
    account = {**graded[0][0], **{f.issue: f.position for f in ruled.findings}} if graded else {}
    ruling = Ruling(dispute, ruled.findings, computed, still, left, result, ruled.override, frozenset(), (), (), account)
    _check(ruling, ruled)
    following = [r.duties for r in results]
    if ruled.override is not None and ruled.override.duties_follow == "override":
        following = [_duties_at(fixed, choice, ruled.override.grade) for choice in accounts]
    sure, doubtful = _common(following)
    rules = [frozenset(r.id for r in applied(behind(result, dispute.about))) for result in results]
    beside = _beside(fixed, graded[0][0]) if graded else ()
    return replace(ruling, rules=frozenset.intersection(*rules) if rules else frozenset(), duties=sure, doubtful=doubtful, beside=beside)


def behind(result: Result, about: str | None) -> tuple[FactProof, ...]:
    """The proof of the grade in dispute: that of the determination stands first; what a finding shares with it stands there."""
    return result.proof[:1] if about is None else result.proof


def applied(proof: Iterable[FactProof]) -> Iterator[RuleProof]:
    """The rules that gave a value, from the grade downwards."""
    for part in proof:
        yield from (found for found in part.rules if found.truth is True)
        yield from applied(part.facts)


def _accounts(fixed: Settlement) -> list[dict[str, int]]:
    """Each party's account of the issues that were not decided; parties that say the same count once."""
    found: list[dict[str, int]] = []
    for party in fixed.dispute.parties:
        own = fixed.own(party.id)
        if own not in found:
            found.append(own)
    return found


def _common(following: Sequence[tuple[Duty, ...]]) -> tuple[tuple[Duty, ...], tuple[Duty, ...]]:
    """The duties that stand in all lists, and those that stand in some."""
    if not following:
        return (), ()
    everywhere = [duty for duty in following[0] if all(duty in other for other in following)]
    somewhere = dict.fromkeys(duty for some in following for duty in some if duty not in everywhere)
    return tuple(everywhere), tuple(somewhere)


def next_issue(settlement: Settlement, ruled: Ruled) -> str | None:
    """The issue to be decided next, so that few must be decided; None once the outcome is fixed."""
    fixed = _fixed(settlement, ruled)
    tree = fixed.tree()
    return None if isinstance(tree, Outcome) else fixed.id(tree.issue)


def _fixed(settlement: Settlement, ruled: Ruled) -> Settlement:
    """The dispute with each issue that the panel has decided left with the one position found."""
    found = {f.issue: f.position for f in ruled.findings}
    parties = tuple(party.id for party in settlement.whole.parties)
    issues = []
    for issue in settlement.whole.issues:
        if issue.id in found:
            issue = replace(issue, positions=(replace(issue.positions[found[issue.id]], parties=parties),))
        issues.append(issue)
    worlds = settlement.grid.worlds
    return Settlement(replace(settlement.whole, issues=tuple(issues)), settlement.knowledge, worlds.variants)


def _graded(fixed: Settlement, choice: dict[str, int], computed: Outcome, dispute: Dispute) -> Result | None:
    """The case on the findings and one account of the rest, graded by both evaluators; None if it is refused."""
    try:
        result = fixed.graded(choice)
    except (CaseError, KnowledgeError):
        return None
    if outcome_of(result, dispute.about) != computed:
        raise EvaluationError("grading the findings again gives another grade than the settlement table; please report this")
    return result


def _check(ruling: Ruling, ruled: Ruled) -> None:
    override = ruled.override
    if ruled.grade is not None and override is None and ruled.grade != ruling.grade:
        follows = _in_words(ruling)
        hint = "find otherwise in an issue, or override with justification, authority and expiry"
        raise _refused(ruling, 40, f"the grade {ruled.grade} does not follow from the findings: {follows}", hint)
    if override is None:
        return
    if ruling.settled is None:
        hint = "decide first: " + ", ".join(ruling.open)
        raise _refused(ruling, 41, "a grade that is not computed yet can't be overridden", hint)
    if override.grade == ruling.grade:
        raise _refused(ruling, 41, f"the override sets {override.grade}, which follows anyway", "leave the override out")
    day = ruling.dispute.procedure.decided_on or ruling.dispute.case.as_of
    if override.expires <= day:
        raise _refused(ruling, 41, f"the override ends on {override.expires}, not after {day}", "name a later day")
    if ruled.grade is not None and ruled.grade != override.grade:
        raise _refused(ruling, 41, f"the ruling says {ruled.grade}, its override {override.grade}", "let both say the same")


def _in_words(ruling: Ruling) -> str:
    if ruling.settled is None:
        return "several grades can still follow; decide " + ", ".join(ruling.open)
    if not ruling.settled.grades:
        return "on these findings nothing is graded"
    return "what follows is " + " or ".join(ruling.settled.grades)


def _refused(ruling: Ruling, number: int, message: str, hint: str) -> RulingError:
    place = ruling.dispute.place
    return RulingError([Problem(place.file, place.line, place.column, f"D{number:03d}", message, hint)])


def _graded_fact(plan: Plan, about: str | None) -> str:
    """The fact that is the grade in dispute, of a case that has one."""
    if about is not None:
        return plan.knowledge.instruments[about].decides
    assert plan.reconciliation is not None, "a grade was computed"
    return plan.reconciliation.decides


def _beside(fixed: Settlement, choice: dict[str, int]) -> tuple[str, ...]:
    """The weak rules among the grounds of the grade; whether they make it provisional says its status."""
    world = fixed.grid.worlds.world(choice)
    facts = world.case.facts()
    plan = plan_for(world.knowledge, facts, world.day)
    if plan.reconciliation is None and fixed.dispute.about is None:
        return ()
    found = grounds(prove(plan, facts), _graded_fact(plan, fixed.dispute.about))
    return tuple(plan.rules[position].id for position in found.rules if plan.rules[position].weak)


def _duties_at(fixed: Settlement, choice: dict[str, int], grade: str) -> tuple[Duty, ...]:
    """The duties as they would be if the grade in dispute were another: those that rest on other findings stay as they are."""
    world = fixed.grid.worlds.world(choice)
    plan = plan_for(world.knowledge, world.case.facts(), world.day)
    fact = _graded_fact(plan, fixed.dispute.about)
    scale = world.knowledge.scale_of(fact)
    assert scale is not None, "a grade was computed"
    steps, severity = [], scale.severity(grade)
    for step in plan.steps:
        if step.decision.fact == fact:
            step = replace(
                step,
                decision=replace(step.decision, policy="unique", rules=()),
                entries=(),
                blocks=(),
                nothing=Settled(severity),
                overrides=(),
                combines=None,
                certain=True,
            )
        steps.append(step)
    return duties(prove(replace(plan, steps=tuple(steps), engine=None, memo={}), world.case.facts()))


def record(settlement: Settlement, ruling: Ruling) -> dict[str, Any]:
    """The decision as plain data: what was in dispute, what was found, what follows, and under which knowledge."""
    return {**decision(settlement, ruling), "result": None if ruling.result is None else ruling.result.to_dict()}


def decision(settlement: Settlement, ruling: Ruling) -> dict[str, Any]:
    """The record without the graded case."""
    dispute = settlement.whole
    keys = {issue.id: [position.key for position in issue.positions] for issue in dispute.issues}
    findings = []
    for finding in ruling.findings:
        place = keys[finding.issue]
        dissents = [{"member": d.member, "finds": place[d.position], "reason": msgspec.to_builtins(d.reason)} for d in finding.dissents]
        findings.append(
            {
                "issue": finding.issue,
                "finds": keys[finding.issue][finding.position],
                "reason": msgspec.to_builtins(finding.reason),
                "dissents": dissents,
            }
        )
    return {
        **plain(settlement),
        "as_of": only_day(dispute.days(ruling.findings), dispute),
        "procedure": msgspec.to_builtins(dispute.procedure),
        "panel": [msgspec.to_builtins(member) for member in dispute.panel],
        "agreed": {name: fact_key(settlement.knowledge, name, dispute.case.statements[name].value) for name in dispute.agreed},
        "ruling": {
            "findings": findings,
            "open": list(ruling.open),
            "computed": ruling.grade,
            "reachable": sorted({grade for outcome in ruling.computed for grade in outcome.grades}),
            "stands": ruling.stands,
            "override": None if ruling.override is None else msgspec.to_builtins(ruling.override),
            "left_undecided": list(ruling.left),
            "rules": sorted(ruling.rules),
            "duties": [msgspec.to_builtins(duty) for duty in ruling.duties],
            "doubtful_duties": [msgspec.to_builtins(duty) for duty in ruling.doubtful],
        },
    }
