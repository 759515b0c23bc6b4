"""Grading every combination of positions, without grading each by itself.

Issues on texts and scope facts each have plans of their own. Within a plan the issues on facts are decided one after the
other, and after each only those steps are evaluated that read it and nothing that is still open. What the later steps can see
of the decisions so far is a state; combinations that lead to the same state have the same future, which is evaluated once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from dingji.disputes.diagram import REFUSED, Diagram, Outcome, Part
from dingji.disputes.model import Dispute, Issue
from dingji.disputes.world import FACTS, World, Worlds
from dingji.errors import CaseError, KnowledgeError, Problem
from dingji.inference.plan import Entry, Plan, Step, plan_for
from dingji.inference.prover import prove
from dingji.knowledge.choices import stands
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.methods.findings import reachable
from dingji.records import Draft, Record, replace

MOST_PLANS = 512
"""Combinations of texts and scope facts that are graded; beyond, the dispute must be cut down first."""
MOST_STATES = 500_000


class Goal(Record, frozen=True):
    """The fact that is the grade in dispute, its scale, and whether it surely is the grade of the case."""

    fact: str
    scale: ScaleDefinition
    sure: bool


class Segment(Draft):
    """The steps that are evaluated once so many issues are decided, and the facts that later segments read."""

    plan: Plan
    seen: tuple[str, ...] = ()


class Grid:
    """The outcomes of a dispute over all combinations of positions on its issues."""

    def __init__(self, dispute: Dispute, knowledge: Knowledge, variants: dict[Any, Knowledge] | None = None) -> None:
        self.dispute = dispute
        self.worlds = Worlds(dispute, knowledge, variants)
        texts = [issue for issue in dispute.issues if issue.kind not in FACTS or issue.kind == "scope"]
        facts = [issue for issue in dispute.issues if issue not in texts]
        combinations = list(product(*(range(len(issue.positions)) for issue in texts)))
        if len(combinations) > MOST_PLANS:
            message = f"{len(texts)} issues on texts and scope make {len(combinations)} combinations; at most {MOST_PLANS} are graded"
            place = dispute.place
            raise CaseError([Problem(place.file, place.line, place.column, "D031", message, "agree on some of them first")])
        self._prepared = {c: _Prepared(self._world(texts, c), dispute, facts, _finding(texts, c)) for c in combinations}
        weight = {issue.id: sum(p.weights.get(issue.id, 0) for p in self._prepared.values()) for issue in facts}
        # what the heaviest steps read is decided first, so that they are evaluated least often
        facts.sort(key=lambda issue: -weight[issue.id])
        self.issues: tuple[Issue, ...] = (*texts, *facts)
        self.number = {issue.id: number for number, issue in enumerate(self.issues)}
        self.diagram = Diagram(len(issue.positions) for issue in self.issues)
        self.states = 0
        self.root = self._texts(len(texts), facts, ())

    def _world(self, texts: Sequence[Issue], combination: tuple[int, ...]) -> World:
        choice = {issue.id: position for issue, position in zip(texts, combination, strict=True)}
        return self.worlds.world(choice, method=False)

    def _texts(self, count: int, facts: Sequence[Issue], chosen: tuple[int, ...]) -> Part:
        number = len(chosen)
        if number == count:
            walk = _Walk(self, self._prepared[chosen], facts, count)
            return walk.part()
        parts = tuple(self._texts(count, facts, (*chosen, p)) for p in range(self.diagram.sizes[number]))
        return self.diagram.node(number, parts)

    def reads(self, issue: str) -> bool:
        """Does any rule behind the grade read what the issue is about, in any combination? Texts count as read."""
        return any(prepared.reads(issue) for prepared in self._prepared.values())


def _finding(texts: Sequence[Issue], combination: tuple[int, ...]) -> tuple[str, ...] | None:
    """The findings that stand; None where it is no issue."""
    for issue, position in zip(texts, combination, strict=True):
        if issue.kind == "method":
            found: tuple[str, ...] = issue.positions[position].value
            return found
    return None


class _Prepared:
    """One combination of texts and scope facts: the plan behind the grade, and which step depends on which issue."""

    def __init__(self, world: World, dispute: Dispute, issues: Sequence[Issue], finding: tuple[str, ...] | None) -> None:
        if finding is None:
            finding = next(issue.positions[0].value for issue in dispute.common if issue.kind == "method")
        about = {issue.about: issue.id for issue in issues}
        self.facts = {name: value for name, value in world.case.facts().items() if name not in about}
        fixed = {name: value for name, value in self.facts.items() if value is not None}
        # index facts in dispute stay open: the plan then also holds the rules that each of their values chooses
        plan = plan_for(world.knowledge, fixed, world.day)
        if finding:
            counted = tuple(c for c in plan.counted if stands(world.knowledge, c.instrument, finding))
            plan = replace(plan, counted=counted)
        self.plan, self.goal = plan, _goal(plan, dispute.about)
        self.steps: list[tuple[Step, frozenset[str]]] = []
        self.requirements: list[tuple[int, frozenset[str]]] = []
        self.weights: dict[str, int] = {}
        self.seen: frozenset[str] = frozenset()
        if self.goal is not None:
            self._trace(about)

    def _trace(self, about: dict[str, str]) -> None:
        """The steps and the requirements, each with the issues on which it depends; and the issues that the grade can see.

        Steps that the grade does not read are evaluated as well: where their rules contradict each other nothing is graded.
        """
        assert self.goal is not None
        plan = self.plan
        depends: dict[str, frozenset[str]] = {name: frozenset((issue,)) for name, issue in about.items()}
        # twice: a fact that two instruments write depends on what either of them reads
        for step in (*plan.steps, *plan.steps):
            fact = step.decision.fact
            depends[fact] = depends.get(fact, frozenset()).union(*(depends.get(r, frozenset()) for r in _reads(plan, step)))
        self.steps = [(step, depends[step.decision.fact]) for step in plan.steps]
        for i in plan.requirements:
            self.requirements.append((i, frozenset().union(*(depends.get(r, frozenset()) for r in rule_reads(plan.rules[i])))))
        for step, issues in self.steps:
            for issue in issues:
                self.weights[issue] = self.weights.get(issue, 0) + len(step.entries)
        required = frozenset().union(*(issues for _, issues in self.requirements))
        self.seen = depends.get(self.goal.fact, frozenset()) | required

    def reads(self, issue: str) -> bool:
        return issue in self.seen


class _Walk:
    """Decides the issues on facts one after the other."""

    def __init__(self, grid: Grid, prepared: _Prepared, issues: Sequence[Issue], first: int) -> None:
        self.grid, self.prepared, self.first = grid, prepared, first
        self.issues = list(issues)
        self.memo: dict[tuple[Any, ...], Part] = {}
        self.segments = self._segments()

    def _segments(self) -> list[Segment]:
        """The segments: one before any issue is decided, one after each."""
        prepared, level = self.prepared, {issue.id: n + 1 for n, issue in enumerate(self.issues)}

        def at(issues: frozenset[str]) -> int:
            return max((level[i] for i in issues), default=0)

        segments, plan = [], prepared.plan
        for number in range(len(self.issues) + 1):
            seen: set[int] = set()
            steps = tuple(_first(step, seen) for step, issues in prepared.steps if at(issues) == number)
            requirements = tuple(i for i, issues in prepared.requirements if at(issues) == number)
            segments.append(Segment(replace(plan, steps=steps, flags=(), duties=(), requirements=requirements, engine=None, memo={})))
        later: set[str] = {prepared.goal.fact} if prepared.goal else set()
        varying = {step.decision.fact for step, issues in prepared.steps if issues} | {issue.about for issue in self.issues}
        for segment in reversed(segments):
            segment.seen = tuple(sorted(later & varying))
            later = later.union(*(_reads(plan, s) for s in segment.plan.steps))
            later = later.union(*(rule_reads(plan.rules[i]) for i in segment.plan.requirements))
        return segments

    def part(self) -> Part:
        if self.prepared.goal is None:
            return self.grid.diagram.outcome(REFUSED)
        return self.after(0, self.prepared.facts, ())

    def after(self, number: int, facts: dict[str, Any], taken: tuple[int, ...]) -> Part:
        """What follows once `number` issues are decided: evaluate their segment, then decide the next."""
        segment = self.segments[number]
        if segment.plan.steps or segment.plan.requirements:
            self.grid.states += 1
            if self.grid.states > MOST_STATES:
                raise self._too_many()
            try:
                evaluation = prove(segment.plan, facts)
            except KnowledgeError:
                return self.grid.diagram.outcome(REFUSED)
            if any(evaluation.truths[i] is False for i in segment.plan.requirements):
                return self.grid.diagram.outcome(REFUSED)
            facts = evaluation.facts
        if number == len(self.issues):
            return self._outcome(facts)
        key = (number, *(self._state(name, facts, taken) for name in segment.seen))
        if key not in self.memo:
            self.memo[key] = self._decide(number, facts, taken)
        return self.memo[key]

    def _decide(self, number: int, facts: dict[str, Any], taken: tuple[int, ...]) -> Part:
        issue = self.issues[number]
        if issue.id not in self.prepared.weights and not self.prepared.reads(issue.id):
            return self.after(number + 1, facts, (*taken, 0))
        parts = []
        for position, option in enumerate(issue.positions):
            stated = facts if option.value is None else {**facts, issue.about: option.value}
            parts.append(self.after(number + 1, stated, (*taken, position)))
        return self.grid.diagram.node(self.first + number, tuple(parts))

    def _state(self, name: str, facts: dict[str, Any], taken: tuple[int, ...]) -> Any:
        """What later segments see of a fact: of one in dispute the position, since a list can't be a key."""
        for position, issue in zip(taken, self.issues, strict=False):
            if issue.about == name:
                return position
        return facts.get(name)

    def _outcome(self, facts: dict[str, Any]) -> Outcome:
        goal = self.prepared.goal
        assert goal is not None
        grades = reachable(goal.scale, facts.get(goal.fact))
        return self.grid.diagram.outcome(Outcome(goal.scale.id, grades, goal.sure and len(grades) == 1))

    def _too_many(self) -> CaseError:
        place = self.grid.dispute.place
        message = "the issues have too many combinations to grade them all"
        return CaseError([Problem(place.file, place.line, place.column, "D031", message, "agree on some of them first")])


def _goal(plan: Plan, about: str | None) -> Goal | None:
    """The grade in dispute; None where nothing gives it."""
    if not any(a.instrument.decides for a in plan.applied):
        return None
    if about is not None:
        found = next((a for a in plan.applied if a.instrument.id == about and a.instrument.decides), None)
        scale = plan.knowledge.scale_of(found.instrument.decides) if found else None
        return Goal(found.instrument.decides, scale, found.truth is True) if found and scale else None
    if plan.reconciliation is None:
        return None
    scale = plan.knowledge.scale_of(plan.reconciliation.decides)
    return Goal(plan.reconciliation.decides, scale, plan.covered) if scale else None


def _reads(plan: Plan, step: Step) -> frozenset[str]:
    """The facts that a step reads."""
    decision = step.decision
    if decision.policy == "reconcile":
        return frozenset(c.fact for c in plan.counted)  # those that are left out are not read
    memo, key = plan.memo, ("reads", decision.id, decision.fact, decision.policy)
    if key not in memo:
        read = {*decision.inputs} | ({decision.base} if decision.base else set())
        memo[key] = frozenset(read.union(*(rule_reads(plan.rules[e.position]) for e in step.entries)))
    found: frozenset[str] = memo[key]
    return found


def _first(step: Step, seen: set[int]) -> Step:
    """A step of a segment, which evaluates the rules that no step before it in the segment has evaluated."""

    def again(entries: Iterable[Entry]) -> tuple[Entry, ...]:
        return tuple(entry._replace(first=entry.position not in seen) for entry in entries)

    blocks = tuple((needs, again(entries)) for needs, entries in step.blocks)
    entries = again(step.entries)
    seen.update(entry.position for entry in step.entries)
    return replace(step, entries=entries, blocks=blocks)
