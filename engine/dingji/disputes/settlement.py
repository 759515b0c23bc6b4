"""What a dispute turns on: the issues that matter, what follows from each way of deciding them, and what each claim is worth."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec

from dingji.disputes.diagram import REFUSED, Diagram, Outcome, Part, Tree, tree_of
from dingji.disputes.grid import Grid
from dingji.disputes.model import Dispute, Issue
from dingji.disputes.names import claimed
from dingji.disputes.world import FACTS, Positions
from dingji.errors import CaseError, EvaluationError, KnowledgeError
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.methods.model import Result
from dingji.records import Record, replace

MOST_CONFIRMED = 24
"""So many rows of the table are graded again by both evaluators."""


class Verdict(Record, frozen=True):
    """A party's claim tested. `status`: follows from its own positions, fails on them, or is open among the grades they leave.

    `claim` is the claim on the scale in dispute. `needs`: the positions without which no combination gives the claim, by issue;
    None if none gives it.
    """

    party: str
    claim: tuple[str, ...]
    own: Outcome
    status: str
    needs: dict[str, tuple[int, ...]] | None


class Way(Record, frozen=True):
    """An outcome, the smallest sets of findings that fix it, and how many combinations lead to it."""

    outcome: Outcome
    sets: tuple[dict[str, int], ...]
    combinations: int


class Unsettled(Record, frozen=True):
    """An issue with no bearing on the outcome, and why: `unread` (no rule behind the grade reads it) or `same`."""

    issue: str
    why: str


class Settlement:
    """The analysis of one dispute. `variants` shares the knowledge bases that other analyses of it have made."""

    def __init__(self, dispute: Dispute, knowledge: Knowledge, variants: dict[Any, Knowledge] | None = None) -> None:
        self.whole, self.knowledge = dispute, knowledge
        # what the panel found beyond the parties is no part of their dispute
        held = tuple(replace(i, positions=tuple(p for p in i.positions if p.parties)) for i in dispute.issues)
        self.dispute = replace(dispute, issues=held)
        self.grid = Grid(self.dispute, knowledge, variants)
        self.diagram: Diagram = self.grid.diagram
        self.root: Part = self.grid.root

    def with_dispute(self, dispute: Dispute) -> Settlement:
        """The same analysis, of a dispute in which the panel has found more; what the parties differ in is the same."""
        again = copy.copy(self)
        again.whole = dispute
        return again

    @cached_property
    def scale(self) -> ScaleDefinition | None:
        """The scale in dispute, None if nothing is graded."""
        names = sorted({outcome.scale for outcome in self.diagram.outcomes(self.root)} - {""})
        return self.knowledge.scales[names[0]] if names else None

    @cached_property
    def material(self) -> tuple[Issue, ...]:
        """The issues of which some position, in some combination of the others, changes the outcome; as the file names them."""
        found = self.diagram.support(self.root)
        return tuple(issue for issue in self.dispute.issues if self.grid.number[issue.id] in found)

    @cached_property
    def immaterial(self) -> tuple[Unsettled, ...]:
        """The other issues, each with why it does not matter."""
        material = {issue.id for issue in self.material}
        left = [issue for issue in self.dispute.issues if issue.id not in material]
        return tuple(
            Unsettled(i.id, "unread" if i.kind in FACTS and i.kind != "scope" and not self.grid.reads(i.id) else "same") for i in left
        )

    @cached_property
    def combinations(self) -> int:
        """How many combinations of positions there are on all the issues."""
        count = 1
        for issue in self.dispute.issues:
            count *= len(issue.positions)
        return count

    def after(self, choice: Positions) -> Part:
        """What remains after some findings."""
        return self.diagram.decided(self.root, {self.grid.number[id]: position for id, position in choice.items()})

    def tree(self, choice: Positions | None = None) -> Tree | Outcome:
        """The settlement table as a decision tree, after some findings."""
        return tree_of(self.diagram, self.after(choice or {}))

    def id(self, number: int) -> str:
        """The id of the issue that the diagram knows by number."""
        return self.grid.issues[number].id

    def rows(self) -> list[tuple[dict[str, int], Outcome]]:
        """Every combination of positions on the material issues, with what follows."""
        numbers = [self.grid.number[issue.id] for issue in self.material]
        return [({self.id(n): p for n, p in choice.items()}, o) for choice, o in self.diagram.rows(self.root, numbers)]

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """For each outcome, the smallest sets of findings that fix it; what takes the fewest findings first."""
        counts: dict[Outcome, int] = self._counts(self.root)
        found = []
        for outcome in self.diagram.outcomes(self.root):
            sets = self.diagram.smallest(self.root, outcome)
            found.append(Way(outcome, tuple({self.id(n): p for n, p in s.items()} for s in sets), counts[outcome]))
        return tuple(sorted(found, key=lambda way: (len(way.sets[0]), way.outcome.scale, way.outcome.grades)))

    def _counts(self, root: Part) -> dict[Outcome, int]:
        """How many combinations lead to each outcome."""
        support = sorted(self.diagram.support(root))
        memo: dict[int, dict[Outcome, int]] = {}

        def size(above: int, below: int) -> int:
            """Combinations of the issues between two questions, which the part below does not ask."""
            count = 1
            for number in support:
                if above < number < below:
                    count *= self.diagram.sizes[number]
            return count

        def level(part: Part) -> int:
            return len(self.diagram.sizes) if isinstance(part, Outcome) else part.issue

        def count(part: Part) -> dict[Outcome, int]:
            if isinstance(part, Outcome):
                return {part: 1}
            if id(part) not in memo:
                total: dict[Outcome, int] = {}
                for child in part.parts:
                    for outcome, n in count(child).items():
                        total[outcome] = total.get(outcome, 0) + n * size(part.issue, level(child))
                memo[id(part)] = total
            return memo[id(part)]

        return {outcome: n * size(-1, level(root)) for outcome, n in count(root).items()}

    # claims ---------------------------------------------------------------------------------------------------

    def own(self, party: str) -> dict[str, int]:
        """The positions that a party holds."""
        return {issue.id: issue.held_by(party) for issue in self.dispute.issues}

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Each party's claim, tested on its own facts and texts."""
        return tuple(self._verdict(party.id) for party in self.dispute.parties)

    def _verdict(self, name: str) -> Verdict:
        own = self.after(self.own(name))
        assert isinstance(own, Outcome), "a party holds a position in every issue"
        claim = claimed(self.knowledge, self.dispute.party(name), own.scale) or (self.dispute.party(name).grade,)
        status = "open" if set(claim) & set(own.grades) else "fails"
        if own.settled and status == "open":
            status = "follows"
        wanted = frozenset(o for o in self.diagram.outcomes(self.root) if o.settled and o.grades[0] in claim)
        needs = None
        if wanted:
            needs = {self.id(n): tuple(sorted(able)) for n, able in self.diagram.needed(self.root, wanted).items()}
        return Verdict(name, claim, own, status, needs)

    # both evaluators ------------------------------------------------------------------------------------------

    def graded(self, choice: Positions) -> Result:
        """One combination graded by both evaluators. Issues left out are decided as the first party has them."""
        full = {issue.id: choice.get(issue.id, 0) for issue in self.dispute.issues}
        return self.grid.worlds.world(full).graded()

    def confirm(self) -> int:
        """Grade a combination of each branch of the tree by both evaluators; how many were graded.

        Raises EvaluationError if one of them has another grade than the table says.
        """
        done = 0
        for choice, outcome in branches(self, self.tree())[:MOST_CONFIRMED]:
            found = self.outcome_of({id: positions[0] for id, positions in choice})
            if found != outcome:
                raise EvaluationError(f"the settlement table says {outcome.grades}, grading says {found.grades}; please report this")
            done += 1
        return done

    def outcome_of(self, choice: Positions) -> Outcome:
        """The outcome of one combination, graded by both evaluators."""
        try:
            result = self.graded(choice)
        except (CaseError, KnowledgeError):
            return REFUSED
        return outcome_of(result, self.dispute.about)


def outcome_of(result: Result, about: str | None) -> Outcome:
    """The outcome that a graded case has for the dispute."""
    found: Any = result.determination if about is None else result.finding(about)
    if found is None:
        return REFUSED
    sure = found.status != "undetermined"
    return Outcome(found.scale, found.reachable, sure and len(found.reachable) == 1)


Branch = tuple[tuple[tuple[str, tuple[int, ...]], ...], Outcome]
"""The answers on the way through a tree, each with its positions, and what follows."""


def branches(settlement: Settlement, tree: Tree | Outcome) -> list[Branch]:
    """The branches of a tree, from the first question on."""
    if isinstance(tree, Outcome):
        return [((), tree)]
    id = settlement.id(tree.issue)
    found = []
    for positions, below in tree.branches:
        found += [(((id, positions), *rest), outcome) for rest, outcome in branches(settlement, below)]
    return found


def plain(settlement: Settlement) -> dict[str, Any]:
    """The analysis as plain data: the JSON of `dingji resolve`."""
    dispute = settlement.dispute
    outcome = _outcome_data
    key = {issue.id: [position.key for position in issue.positions] for issue in dispute.issues}

    def decided(choice: Mapping[str, Any]) -> dict[str, Any]:
        return {id: [key[id][p] for p in v] if isinstance(v, tuple) else key[id][v] for id, v in choice.items()}

    return {
        "dispute": dispute.id,
        "title": msgspec.to_builtins(dispute.title),
        "case": dispute.case.id,
        "as_of": only_day(dispute.days(), dispute),
        "knowledge": {"version": settlement.knowledge.version, "digest": settlement.knowledge.digest},
        "about": dispute.about,
        "issues": [
            {
                "id": issue.id,
                "kind": issue.kind,
                "material": any(m.id == issue.id for m in settlement.material),
                "positions": [{"finding": p.key, "parties": list(p.parties)} for p in issue.positions],
            }
            for issue in dispute.issues
        ],
        "not_material": [{"issue": u.issue, "why": u.why} for u in settlement.immaterial],
        "combinations": settlement.combinations,
        "table": [{"if": decided(dict(way)), **outcome(o)} for way, o in branches(settlement, settlement.tree())],
        "decides": [{**outcome(w.outcome), "sets": [decided(s) for s in w.sets]} for w in settlement.ways],
        "claims": [
            {
                "party": v.party,
                "claim": list(v.claim),
                "own": outcome(v.own),
                "status": v.status,
                "reachable": v.needs is not None,
                "needs": None if v.needs is None else decided(v.needs),
            }
            for v in settlement.verdicts
        ],
    }


def only_day(days: tuple[dt.date, ...], dispute: Dispute) -> str:
    """The day as of which a dispute is graded; that of its case while the parties differ in it."""
    return (days[0] if len(days) == 1 else dispute.case.as_of).isoformat()


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    return {"scale": outcome.scale or None, "grade": outcome.grades[0] if outcome.settled else None, "reachable": list(outcome.grades)}
