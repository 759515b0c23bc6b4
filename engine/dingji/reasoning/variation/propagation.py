"""Evaluating again after a few facts changed: only the rules that read what changed, step by step, as far as the change goes.

The result is that of `prove` on the changed facts. Of some hundred rules a single fact is read by a few, and most changes end
at the first table: that is what makes it possible to try thousands of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any

from dingji.inference.plan import Entry, Plan, Step
from dingji.inference.policies import Hit
from dingji.inference.prover import Evaluation, conclude
from dingji.knowledge.linking import rule_reads
from dingji.records import Draft, field

_Readers = dict[int, dict[int, Entry]]
"""Steps by number, each with the entries to evaluate again, by the positions of their rules."""


class Index(Draft):
    """Who reads each fact of a plan: steps with their rules, steps as a whole, and the rules of no step."""

    readers: dict[str, _Readers] = field(default_factory=dict)
    whole: dict[str, set[int]] = field(default_factory=dict)
    """Steps that depend on the value itself, not only on the truth of their rules: formulas, adjusted and reconciled grades."""
    loose: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Rules of no step, by position: requirements, flags and duties."""
    writers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """The steps that write each fact; more than one where instruments combine their values."""


def index_of(plan: Plan) -> Index:
    """The index of a plan, made once."""
    if "readers" not in plan.memo:
        plan.memo["readers"] = _indexed(plan)
    index: Index = plan.memo["readers"]
    return index


def _indexed(plan: Plan) -> Index:
    index = Index()
    for number, step in enumerate(plan.steps):
        decision = step.decision
        index.writers[decision.fact] = (*index.writers.get(decision.fact, ()), number)
        for name in (*decision.inputs, *([decision.base] if decision.base else [])):
            index.whole.setdefault(name, set()).add(number)
        for entry in step.entries:
            for name in rule_reads(plan.rules[entry.position]):
                index.readers.setdefault(name, {}).setdefault(number, {})[entry.position] = entry
                if step.formula is not None:
                    index.whole.setdefault(name, set()).add(number)
    for position in (*plan.requirements, *plan.flags, *plan.duties):
        for name in rule_reads(plan.rules[position]):
            index.loose[name] = (*index.loose.get(name, ()), position)
    return index


def again(base: Evaluation, stated: dict[str, Any], changed: Iterable[str]) -> Evaluation:
    """The evaluation of the `stated` facts, which differ from those of `base` in the facts that `changed` names.

    Raises KnowledgeError as `prove` does.
    """
    return _Spread(base, stated, changed).result()


class _Spread:
    """A change on its way through the steps, in the order of the plan."""

    def __init__(self, base: Evaluation, stated: dict[str, Any], changed: Iterable[str]) -> None:
        self.plan, self.index = base.plan, index_of(base.plan)
        self.evaluation = Evaluation(base.plan, dict(base.facts), list(base.truths), dict(base.outcomes))
        self.queue: list[int] = []
        self.rules: _Readers = {}
        self.whole: set[int] = set()
        self.changed: set[str] = set()
        self.now = -1
        for name in changed:
            self._write(name, stated.get(name))

    def result(self) -> Evaluation:
        """Follow the change to its end."""
        evaluation, plan = self.evaluation, self.plan
        while self.queue:
            number = heappop(self.queue)
            if number > self.now:
                self.now = number
                self._step(plan.steps[number])
        for position in {p for name in self.changed for p in self.index.loose.get(name, ())}:
            evaluation.truths[position] = plan.evaluators[position](evaluation.facts)
        return evaluation

    def _write(self, name: str, value: Any) -> None:
        facts = self.evaluation.facts
        if facts.get(name) == value:
            return
        if value is None:
            facts.pop(name, None)
        else:
            facts[name] = value
        self.changed.add(name)
        for number, entries in self.index.readers.get(name, {}).items():
            if number > self.now:
                self.rules.setdefault(number, {}).update(entries)
                heappush(self.queue, number)
        for number in self.index.whole.get(name, ()):
            if number > self.now:
                self.whole.add(number)
                heappush(self.queue, number)

    def _step(self, step: Step) -> None:
        truths, facts, touched = self.evaluation.truths, self.evaluation.facts, self.now in self.whole
        for position, _, evaluator, first in self.rules.get(self.now, {}).values():
            if first:
                truth = evaluator(facts)
                if truth is not truths[position]:
                    truths[position] = truth
                    touched = True
            else:
                touched = True  # the step before it has evaluated the rule
        last = self.index.writers[step.decision.fact][-1]
        if touched and self.now == last:
            self._conclude(step.decision.fact)
        elif touched:
            self.whole.add(last)
            heappush(self.queue, last)

    def _conclude(self, fact: str) -> None:
        """The value of a fact anew. What several steps write is combined by each in turn, once the rules of all are evaluated."""
        evaluation = self.evaluation
        evaluation.outcomes.pop(fact, None)
        for number in self.index.writers[fact]:
            step = self.plan.steps[number]
            hits = [
                Hit(position, truth if step.certain else None, value)
                for position, value, _, _ in step.entries
                if (truth := evaluation.truths[position]) is not False
            ]
            evaluation.outcomes[fact] = conclude(step, hits, evaluation)
        self._write(fact, evaluation.outcomes[fact].value)
