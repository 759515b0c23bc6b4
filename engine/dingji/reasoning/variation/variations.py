"""Trying changed facts: what a grade would be, by the reference evaluator over the rules behind it.

Three-valued logic serves the search: with some facts set to unknown, the evaluator says which grades are possible whatever
they become. Where the wanted grade is not among them, no value of those facts can bring it about.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from copy import copy
from typing import Any

import msgspec

from dingji.cases.model import Case
from dingji.errors import CaseError, KnowledgeError, Problem
from dingji.inference.plan import Plan, Step, plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.language import nodes as n
from dingji.language.values import Partial, Records, possible
from dingji.methods.grounds import grounds
from dingji.reasoning.variation.mentions import Mentions, mentions
from dingji.reasoning.variation.propagation import again
from dingji.reasoning.variation.slots import Change, Slot, changed
from dingji.records import replace

Grades = frozenset[int]
"""Severities that are possible; empty if the facts are refused or the rules contradict each other on them."""


Start = tuple[tuple[Change, ...], tuple[Slot, ...]]
"""Changes made and slots set free."""
_NOTHING: Start = ((), ())
MOST_STARTS = 64
"""So many evaluations are kept for others to start from."""


class Variations:
    """Tries changes of a case's facts on the grade that stands, or on the finding of one instrument.

    Raises CaseError if the case has no such grade.
    """

    def __init__(self, knowledge: Knowledge, case: Case, day: dt.date, instrument: str | None = None) -> None:
        self.knowledge, self.case, self.day = knowledge, case, day
        self.facts = case.facts()
        self.scope = _scope_facts(knowledge)
        fixed = {name: value for name, value in self.facts.items() if name not in knowledge.index or not self.movable(name)}
        # without the index facts that may change, the plan also holds the rules that other values of theirs choose
        plan = plan_for(knowledge, fixed, day)
        self.goal, self.settled = _goal(plan, case, instrument)
        scale = knowledge.scale_of(self.goal)
        assert scale is not None, "checked by the loader"
        self.scale: ScaleDefinition = scale
        self.plan, self.cone = _behind(plan, self.goal)
        self._starts: dict[Any, tuple[Start, Evaluation | None]] = {}
        self.count = 0

    def movable(self, fact: str) -> bool:
        """May a change of the fact be proposed? Not of what says which instruments apply, nor of what is declared immutable."""
        definition = self.knowledge.facts[fact]
        return not (definition.nature == "derived" or definition.immutable or definition.unless_stated or fact in self.scope)

    def evaluate(self, changes: Iterable[Change] = (), freed: Iterable[Slot] = (), start: Start | None = None) -> Evaluation | None:
        """The evaluation of the facts after some changes; None if they are refused or the rules contradict each other.

        `start` are changes and freed slots that many calls have in common: their evaluation is kept, and the others start from it.
        """
        evaluation = self.look(changes, freed, start)
        return None if evaluation is None or self.refused(evaluation) else evaluation

    def look(self, changes: Iterable[Change] = (), freed: Iterable[Slot] = (), start: Start | None = None) -> Evaluation | None:
        """The same, also of facts that a requirement refuses."""
        changes, freed = tuple(changes), tuple(freed)
        return self._from(self._start(start or ((changes, ()) if freed else (changes[:-1], ()))), (changes, freed))

    def refused(self, evaluation: Evaluation) -> bool:
        """Does a requirement refuse the facts?"""
        return any(evaluation.truths[i] is False for i in self.plan.requirements)

    def _start(self, start: Start) -> tuple[Start, Evaluation | None]:
        key = signature(start[0]), start[1]
        if key not in self._starts:
            if len(self._starts) > MOST_STARTS:
                self._starts = {_NOTHING: self._starts[_NOTHING]}
            evaluation = self._from(self._start(_NOTHING), start) if start != _NOTHING else self._proved(self.facts)
            self._starts[key] = start, evaluation
        return self._starts[key]

    def _from(self, start: tuple[Start, Evaluation | None], end: Start) -> Evaluation | None:
        """The evaluation of one state of the facts, from that of another."""
        (changes, freed), evaluation = start
        if evaluation is None:
            return self._proved(changed(self.facts, *end, self.knowledge.facts))
        self.count += 1
        one, two = dict(changes), dict(end[0])
        slots = {slot for slot in one.keys() | two.keys() if slot not in one or slot not in two or one[slot] != two[slot]}
        names = {slot.fact for slot in slots | ({*freed} ^ {*end[1]})}
        here = {name: self.facts[name] for name in names if name in self.facts}
        edits = [c for c in end[0] if c.slot.fact in names], [slot for slot in end[1] if slot.fact in names]
        try:
            return again(evaluation, changed(here, *edits, self.knowledge.facts), names)
        except KnowledgeError:
            return None

    def _proved(self, facts: dict[str, Any]) -> Evaluation | None:
        self.count += 1
        try:
            return prove(self.plan, facts)
        except KnowledgeError:
            return None

    def grades(self, changes: Iterable[Change] = (), freed: Iterable[Slot] = (), start: Start | None = None) -> Grades:
        """The severities that are possible after some changes, whatever the slots of `freed` become."""
        return self.reach(self.evaluate(changes, freed, start))

    def reach(self, evaluation: Evaluation | None) -> Grades:
        """The severities that are possible; none, if the facts are refused."""
        if evaluation is None or self.refused(evaluation):
            return frozenset()
        value = evaluation.facts.get(self.goal)
        values = possible(value) if value is not None else range(len(self.scale.grades))
        if values is None:
            assert isinstance(value, Partial)
            top = len(self.scale.grades) - 1
            values = range(value.low or 0, (top if value.high is None else value.high) + 1)
        return frozenset(values)

    def further(self, evaluation: Evaluation, change: Change) -> Evaluation | None:
        """An evaluation after one more change."""
        self.count += 1
        name = change.slot.fact
        here = {name: evaluation.facts[name]} if name in evaluation.facts else {}
        try:
            return again(evaluation, changed(here, [change], (), self.knowledge.facts), [name])
        except KnowledgeError:
            return None

    def supposing(self, changes: Iterable[Change]) -> Variations:
        """The same questions where some facts are otherwise: with the same slots, whatever they now are."""
        changes = tuple(changes)
        other = copy(self)
        other.facts = changed(self.facts, changes, (), self.knowledge.facts)
        other._starts = {_NOTHING: (_NOTHING, self._from(self._start(_NOTHING), (changes, ())))}
        return other

    def doubts(self) -> tuple[Variations, ...]:
        """The same questions with every doubt whether an instrument's finding counts resolved one way, and the other way.

        What is possible then is possible as it is, too: whatever holds in spite of the doubt holds in both. Empty without a doubt.
        """
        plan = self.plan
        if plan.reconciliation is None or plan.reconciliation.decides != self.goal or all(item.certain for item in plan.counted):
            return ()
        counted = [tuple(replace(item, certain=True) for item in plan.counted)]
        sure = tuple(item for item in plan.counted if item.certain)
        if sure and plan.reconciliation.policy == "worst":
            # of the worst of several findings, one that does not count is as good as none
            counted.insert(0, sure)
        resolved = []
        for findings in counted:
            other = copy(self)
            other.plan = msgspec.structs.replace(plan, counted=findings, memo=dict(plan.memo))
            other._starts = {}
            resolved.append(other)
        return tuple(resolved)

    def behind(self, names: Iterable[str]) -> frozenset[str]:
        """The facts that some concluded ones are reckoned from; nothing for those that are stated."""
        concluded = {step.decision.fact for step in self.plan.steps}.intersection(names)
        return _closure(concluded, self.plan, [_reads(self.plan, step) for step in self.plan.steps]) if concluded else frozenset()

    def slots(self) -> tuple[Slot, ...]:
        """What can be changed of the facts that the grade is reckoned from."""
        found = []
        for name in sorted(self.cone):
            if name not in self.knowledge.facts or not self.movable(name):
                continue
            value = self.facts.get(name)
            found.append(Slot(name))
            if isinstance(value, Records):
                for number in range(len(value.items)):
                    found.append(Slot(name, number))
                    found += [Slot(name, number, f.name) for f in self.knowledge.facts[name].fields]
        return tuple(found)

    def grounds(self) -> tuple[str, ...]:
        """The stated and unknown facts that decide the grade as it is."""
        evaluation = prove(self.plan, self.facts)
        return tuple(name for name in grounds(evaluation, self.goal).facts if name in self.knowledge.facts and self.movable(name))

    def mentions(self) -> Mentions:
        """What the rules behind the grade ask of their facts."""
        memo = self.plan.memo
        if "mentions" not in memo:
            nodes = [node for step in self.plan.steps for e in step.entries for node in _nodes(self.plan, e.position)]
            nodes += [node for i in self.plan.requirements for node in _nodes(self.plan, i)]
            read = frozenset().union(*map(n.facts_of, nodes))
            definitions = [self.knowledge.facts[name] for name in read if name in self.knowledge.facts]
            derived = frozenset(d.name for d in definitions if d.nature == "derived")
            memo["mentions"] = mentions(nodes, {d.name: d.type for d in definitions}, derived, self.knowledge.defaults)
        found: Mentions = memo["mentions"]
        return found


def signature(changes: Iterable[Change]) -> tuple[Any, ...]:
    """What tells changes from others, even those of lists."""
    return tuple((slot, value if not isinstance(value, Records) else repr(value)) for slot, value in changes)


def _nodes(plan: Plan, position: int) -> list[n.Node]:
    rule = plan.rules[position]
    return [node for node in (rule.when, rule.value) if node is not None]


def _scope_facts(knowledge: Knowledge) -> frozenset[str]:
    """The facts that say which instruments and which reconciliation apply: another value makes it another case."""
    key = ("what-if", "scope")
    if key not in knowledge.plans:
        scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
        knowledge.plans[key] = frozenset().union(*map(n.facts_of, scopes))
    found: frozenset[str] = knowledge.plans[key]
    return found


def _goal(plan: Plan, case: Case, instrument: str | None) -> tuple[str, bool]:
    """The fact that is the grade, and whether it surely is the grade of this case."""
    if instrument is not None:
        found = next((a for a in plan.applied if a.instrument.id == instrument and a.instrument.decides), None)
        if found is not None:
            return found.instrument.decides, found.truth is True
        grading = ", ".join(a.instrument.id for a in plan.applied if a.instrument.decides)
        raise _refused(case, f"the instrument {instrument} gives this case no grade", f"those that do: {grading or 'none'}")
    if plan.reconciliation is not None:
        return plan.reconciliation.decides, plan.covered
    grading = ", ".join(a.instrument.id for a in plan.applied if a.instrument.decides)
    raise _refused(case, "nothing makes one grade of the findings of this case", f"name an instrument: {grading or 'none'}")


def _refused(case: Case, message: str, hint: str) -> CaseError:
    place = case.place
    return CaseError([Problem(place.file, place.line, place.column, "C025", message, hint)])


def _behind(plan: Plan, goal: str) -> tuple[Plan, frozenset[str]]:
    """The plan reduced to the steps behind a fact and to the requirements, and all the facts behind it."""
    memo = plan.memo
    key = ("behind", goal)
    if key not in memo:
        reads = [_reads(plan, step) for step in plan.steps]
        cone = _closure({goal}, plan, reads)
        needed = _closure({name for i in plan.requirements for name in rule_reads(plan.rules[i])} | {goal}, plan, reads)
        seen: set[int] = set()
        steps = tuple(_first(step, seen) for step in plan.steps if step.decision.fact in needed)
        memo[key] = msgspec.structs.replace(plan, steps=steps, flags=(), duties=(), engine=None, memo={}), cone
    found: tuple[Plan, frozenset[str]] = memo[key]
    return found


def _reads(plan: Plan, step: Step) -> set[str]:
    read = {*step.decision.inputs} | ({step.decision.base} if step.decision.base else set())
    return read.union(*(rule_reads(plan.rules[e.position]) for e in step.entries))


def _closure(names: set[str], plan: Plan, reads: list[set[str]]) -> frozenset[str]:
    found = set(names)
    # steps stand in the order of evaluation: backwards, each is asked after all that read it
    for step, read in zip(reversed(plan.steps), reversed(reads), strict=True):
        if step.decision.fact in found:
            found |= read
    return frozenset(found)


def _first(step: Step, seen: set[int]) -> Step:
    """A step that evaluates the rules which no kept step before it has evaluated."""

    def again(entries: Any) -> Any:
        return tuple(entry._replace(first=entry.position not in seen) for entry in entries)

    blocks = tuple((needs, again(entries)) for needs, entries in step.blocks)
    entries = again(step.entries)
    seen.update(entry.position for entry in step.entries)
    return msgspec.structs.replace(step, entries=entries, blocks=blocks)
