"""Which of the open facts is the most telling: each is tried with every value that makes a difference.

First come the facts whose answer leaves the fewest grades. But where a grade hangs on several unknown facts together no single
answer changes what is possible; such facts follow, and the one comes first whose answer settles the most rules.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from dingji.errors import KnowledgeError
from dingji.inference.plan import Counted, Entry, Plan, Step
from dingji.inference.policies import combine
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import FactDefinition
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.values import Records, Truth, one_of, possible
from dingji.methods.findings import reachable
from dingji.methods.unsettled import grades_left, is_open, reached, target_of
from dingji.records import Draft, Record, replace

MOST_SAMPLES = 12
"""Values of one fact that are tried."""
MOST_CANDIDATES = 400
"""Facts that are ranked; where more are open, what applies is not known yet, and that is asked first."""


_OTHERS = "the other findings"


class Outlook(Record, frozen=True):
    """What one answer leaves possible: grades of the determination, most severe first."""

    value: Any
    grades: tuple[str, ...]


class Candidate(Record, frozen=True):
    """An unknown fact, and what its answers would do.

    `kind`: scope (it says what applies), alone (its answer by itself changes which grades are possible), together (it does so
    with other answers) or open (its answers can't be tried: a date, a list). `decides` are the grades between which it decides.
    """

    fact: str
    kind: str
    decides: tuple[str, ...]
    outlooks: tuple[Outlook, ...] = ()


class _Trial(Draft):
    """The part of a plan that a fact can change, ready to be proved again."""

    plan: Plan
    facts: dict[str, Any]
    open: int


class Ranking:
    """Ranks the open facts of one evaluation.

    What is settled stays so whatever else is stated (three-valued logic is monotone), so only the open steps are proved again,
    and of them only those that a fact reaches.
    """

    def __init__(self, evaluation: Evaluation, skip: frozenset[str]) -> None:
        self.evaluation, self.plan = evaluation, evaluation.plan
        self.target = str(target_of(evaluation.plan))
        self.now = grades_left(evaluation)
        scale = self.plan.knowledge.scale_of(self.target)
        assert scale is not None, "checked by the loader"
        self.scale = scale
        definitions = self.plan.knowledge.facts
        names = reached(evaluation)
        self.chain = {*names, self.target}
        asked = [name for name in names if name in definitions and definitions[name].nature != "derived" and name not in skip]
        self.asked = [name for name in asked if is_open(definitions[name], evaluation.facts.get(name))][:MOST_CANDIDATES]
        self._others: dict[tuple[Counted, ...], Any] = {}
        self.steps = [step for step in map(self._reduced, self.plan.steps) if step is not None]
        self.reads = [[self._reads(e.position) for e in step.entries] for step in self.steps]

    def _reduced(self, step: Step) -> Step | None:
        """The step with the rules that are not yet known to be false; None if it is settled or leads elsewhere."""
        fact = step.decision.fact
        if fact not in self.chain or (is_known(self.evaluation.facts.get(fact)) and fact != self.target):
            return None
        entries = tuple(e._replace(first=True) for e in step.entries if self.evaluation.truths[e.position] is not False)
        return replace(step, entries=entries, blocks=((frozenset(), entries),))

    def _reads(self, position: int) -> frozenset[str]:
        memo, key = self.plan.memo, ("asking reads", position)
        if key not in memo:
            memo[key] = frozenset(rule_reads(self.plan.rules[position]))
        found: frozenset[str] = memo[key]
        return found

    def ranked(self) -> tuple[Candidate, ...]:
        """All candidates, best first."""
        keyed = [(*self._weighed(name), number) for number, name in enumerate(self.asked)]
        keyed.sort(key=lambda item: (item[0], item[2]))
        return tuple(candidate for _, candidate, _ in keyed)

    def _weighed(self, name: str) -> tuple[tuple[float, ...], Candidate]:
        definition = self.plan.knowledge.facts[name]
        trial = self._trial(name)
        outlooks, left = [], 0
        for value in samples(definition, self.plan):
            try:
                again = prove(trial.plan, {**trial.facts, name: value})
            except KnowledgeError:  # a value that no case can have, with what is stated already
                continue
            grades = reachable(self.scale, again.facts.get(self.target))
            outlooks.append(Outlook(value, grades))
            left += self._open_in(trial.plan, again)
        tried = isinstance(definition.type, t.Bool | t.Enum | t.Number | t.Scale) and bool(outlooks)
        reach = [o.grades for o in outlooks] + ([] if tried else [self.now])
        decides = tuple(g for g in self.now if any((g in r) != (g in reach[0]) for r in reach))
        gain = trial.open - left / len(outlooks) if outlooks else 0.5
        size = sum(map(len, reach)) / len(reach)
        if decides:
            return (0, size, not tried, -gain), Candidate(name, "alone", decides, tuple(outlooks))
        kind = "together" if tried else "open"
        return (1, -gain, not tried, 0), Candidate(name, kind, self.now, tuple(outlooks))

    def _trial(self, name: str) -> _Trial:
        dirty: set[str] = {name, self.target}
        for step, reads in zip(self.steps, self.reads, strict=True):
            if not dirty.isdisjoint((step.decision.base, *step.decision.inputs)) or any(not dirty.isdisjoint(r) for r in reads):
                dirty.add(step.decision.fact)
        # every step that writes a fact goes along: their values combine
        pairs = zip(self.steps, self.reads, strict=True)
        steps = [self._pinned(step, reads, dirty) for step, reads in pairs if step.decision.fact in dirty]
        written = {s.decision.fact for s in steps}
        moved = tuple(c for c in self.plan.counted if c.fact in written)
        still = tuple(c for c in self.plan.counted if c.fact not in written)
        facts = {k: v for k, v in self.evaluation.facts.items() if k not in written}
        if still:
            facts[_OTHERS] = self._combined(still)
            moved = (*moved, Counted("", _OTHERS, True))
        plan = replace(self.plan, steps=tuple(steps), counted=moved, flags=(), duties=(), requirements=())
        return _Trial(plan, facts, self._open_in(plan, self.evaluation))

    def _combined(self, still: tuple[Counted, ...]) -> Any:
        """What the findings that stay give together; the same ones stay in many trials."""
        if still not in self._others:
            everything = tuple(range(len(self.scale.grades)))
            reach = [(possible(self.evaluation.facts.get(c.fact)) or everything, c.certain) for c in still]
            assert self.plan.reconciliation is not None
            values = [one_of(grades if certain else (0, *grades)) for grades, certain in reach]
            self._others[still] = combine(self.plan.reconciliation.policy, values)
        return self._others[still]

    def _pinned(self, step: Step, reads: list[frozenset[str]], dirty: set[str]) -> Step:
        """The step with every rule held still that reads nothing of `dirty`; of those that say the same, one stands for all."""
        alike = step.decision.policy in ("worst", "best", "any", "unique") and not step.overrides
        entries: list[Entry] = []
        stand: set[tuple[Truth, Any]] = set()
        for entry, read in zip(step.entries, reads, strict=True):
            if dirty.isdisjoint(read):
                truth = self.evaluation.truths[entry.position]
                if alike and (truth, entry.value) in stand:
                    continue
                stand.add((truth, entry.value))
                entry = entry._replace(evaluator=_true if truth else _unknown)
            entries.append(entry)
        return replace(step, entries=tuple(entries), blocks=((frozenset(), tuple(entries)),))

    def _open_in(self, plan: Plan, evaluation: Evaluation) -> int:
        return sum(evaluation.truths[e.position] is None for s in plan.steps for e in s.entries)


def _true(facts: dict[str, Any]) -> Truth:
    """A rule that holds whatever is answered."""
    return True


def _unknown(facts: dict[str, Any]) -> Truth:
    """A rule that the answer does not concern."""
    return None


def samples(definition: FactDefinition, plan: Plan) -> list[Any]:
    """The values of a fact that make a difference: each choice, each side of every threshold; of a list that it is empty."""
    kind = definition.type
    if isinstance(kind, t.Bool):
        return [True, False]
    if isinstance(kind, t.Enum):
        return list(kind.values)
    if isinstance(kind, t.Scale):
        return list(range(len(kind.grades)))
    if isinstance(kind, t.Records):
        return [Records(())]
    if not isinstance(kind, t.Number):
        return []
    edges = sorted(plan.encoder.constants_of(definition.name))
    values = set(edges)
    for a, b in pairwise(edges):
        values.add((a + b) // 2 if kind.integer else (a + b) / 2)
    if edges:
        values |= {edges[0] - 1, edges[-1] + 1}
    values |= {bound for bound in (kind.low, kind.high) if bound is not None}
    inside = [v for v in sorted(values) if (kind.low is None or v >= kind.low) and (kind.high is None or v <= kind.high)]
    return inside[:: max(1, -(-len(inside) // MOST_SAMPLES))]
