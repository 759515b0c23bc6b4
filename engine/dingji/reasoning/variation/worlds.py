"""Worlds in which a grade is ruled out: the unknown facts, and the doubts whether an instrument applies, resolved against it.

A way to a grade holds whatever the unknown facts are, so it holds in each of these worlds, and what is impossible in one of
them is no way. Worlds are made when they are needed, and asked again in the order of their last success.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Any

from dingji.inference.plan import Plan
from dingji.inference.prover import Evaluation
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.values import Partial, Records
from dingji.reasoning.variation.propagation import index_of
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.slots import Change, Slot
from dingji.reasoning.variation.variations import Grades, Variations, signature

_Key = tuple[frozenset[Any], frozenset[Slot]]


class Worlds:
    """The worlds against the severities `wanted`. `mind` is called before each evaluation; it may raise to end the search."""

    def __init__(self, variations: Variations, samples: Samples, wanted: frozenset[int], mind: Callable[[], None]) -> None:
        self.variations, self.samples, self.wanted, self.mind = variations, samples, wanted, mind
        self.slots = variations.slots()
        self.resolved = (*variations.doubts(), variations)
        self.known: list[Variations] = [*self.resolved]
        self.failed: set[_Key] = set()

    def against(self, changes: Sequence[Change], freed: Sequence[Slot] = (), make: bool = True) -> Variations | None:
        """A world in which no wanted grade is possible after some changes, whatever the slots of `freed` become.

        None if none is known, and none is found where one is to be made.
        """
        bare = None
        for place, world in enumerate(self.known):
            if self._ruled_out(world, changes, freed):
                if not make or world not in self.resolved:
                    self.known.insert(0, self.known.pop(place))
                    return world
                bare = bare or world
        key = frozenset(signature(changes)), frozenset(freed)
        if not make or key in self.failed:
            return bare
        for resolved, sign in product(self.resolved, (0, -1)):
            made = self._supposed(resolved, changes, freed, sign)
            if made is not None:
                self.known.insert(0, made)
                return made
        self.failed.add(key)
        return bare

    def possible(self, changes: Sequence[Change], freed: Sequence[Slot], make: bool = False) -> bool:
        """May a wanted grade come about in every world while these slots are free?

        A rule that asks whether a fact is known would take a free one for unknown: such a slot is tried with each value
        instead, two of them are not judged.
        """
        asked = [slot for slot in freed if self.samples.asked(slot)]
        if len(asked) > 1:
            return True
        if asked:
            others = [slot for slot in freed if slot not in asked]
            ways = [[*changes], *([*changes, change] for change in self.samples.changes(asked[0]))]
            return any(self.possible(way, others, make) for way in ways)
        return self.against(changes, freed, make) is None

    def _ruled_out(self, world: Variations, changes: Sequence[Change], freed: Sequence[Slot]) -> bool:
        """Is no wanted grade possible there? Facts that are refused where more is supposed say nothing of those that suppose less."""
        self.mind()
        grades = world.grades(changes, freed)
        return grades.isdisjoint(self.wanted) and (bool(grades) or world in self.resolved)

    def _supposed(self, start: Variations, changes: Sequence[Change], freed: Sequence[Slot], sign: int) -> Variations | None:
        """A world made by supposing unknown facts one after the other, so that the grade is less and less possible.

        Where no value of a fact decides, the first is taken, or that with the most false rules (`sign` -1).
        """
        evaluation = start.look(changes, freed)
        if evaluation is None or start.refused(evaluation):
            return None
        supposed: list[Change] = []
        for slot in self._unknown(start, changes, freed):
            if self._is_out(start.reach(evaluation)):
                return start.supposing([*supposed, *self._settled(start, evaluation, supposed, changes, freed)])
            if self._matters(evaluation, slot):
                tried = [(self._further(start, evaluation, change), change) for change in self._open_to(slot)]
                after = [(now, change) for now, change in tried if now is not None and start.reach(now)]
                if after:
                    evaluation, change = min(after, key=lambda pair: (*self._hopes(start.reach(pair[0])), sign * _false(pair[0], pair[1])))
                    supposed.append(change)
        return start.supposing(supposed) if supposed and self._is_out(start.reach(evaluation)) else None

    def _settled(
        self, start: Variations, evaluation: Evaluation, supposed: Sequence[Change], changes: Sequence[Change], freed: Sequence[Slot]
    ) -> Iterator[Change]:
        """The rest of the unknown facts supposed, too: what is possible with one more fact is then due to that fact."""
        settled = {change.slot for change in supposed}
        for slot in self._unknown(start, changes, freed):
            if slot in settled:
                continue
            for change in sorted(self._open_to(slot), key=_false_alone(start.plan)):
                now = self._further(start, evaluation, change)
                if now is not None and self._is_out(start.reach(now)):
                    evaluation = now
                    yield change
                    break

    def _further(self, start: Variations, evaluation: Evaluation, change: Change) -> Evaluation | None:
        self.mind()
        return start.further(evaluation, change)

    def _is_out(self, grades: Grades) -> bool:
        return bool(grades) and grades.isdisjoint(self.wanted)

    def _unknown(self, world: Variations, changes: Sequence[Change], freed: Sequence[Slot]) -> list[Slot]:
        """The slots that are not known and stay so. Where an item of a list may leave, the others don't keep their places."""
        taken = {change.slot for change in changes}.union(freed)
        lists = {slot.fact for slot in taken if slot.item >= 0}
        return [s for s in self.slots if s not in taken and s.fact not in lists and not is_known(s.value(world.facts))]

    def _matters(self, evaluation: Evaluation, slot: Slot) -> bool:
        """Is a rule open that reads the slot, or does a value depend on it?"""
        if slot.fact in index_of(evaluation.plan).whole:
            return True
        return any(evaluation.truths[p] is None for p in _readers(evaluation.plan, slot.fact))

    def _hopes(self, grades: Grades) -> tuple[Any, ...]:
        return grades <= self.wanted, len(grades & self.wanted)

    def _open_to(self, slot: Slot) -> Iterable[Change]:
        """The values that an unknown slot may really have: within its bounds, if they are stated."""
        now = slot.value(self.variations.facts)
        changes = self.samples.changes(slot) or self._any(slot)
        if isinstance(now, Partial):
            inside = t.Number(low=now.low, high=now.high)
            changes = tuple(change for change in changes if inside.admits(change.value))
        if not self.samples.asked(slot):
            return changes
        # the rules that ask whether it is known go on being told that it is not
        return [Change(slot, Partial(c.value, c.value, (c.value,))) for c in changes if not isinstance(c.value, bool | Records)]

    def _any(self, slot: Slot) -> tuple[Change, ...]:
        """Two values of a number or a day of which no single one makes a difference, such as one that is compared with another."""
        kind = slot.type(self.variations.knowledge.facts[slot.fact])
        if isinstance(kind, t.Date):
            return tuple(Change(slot, self.variations.day + dt.timedelta(days)) for days in (0, 1))
        if not isinstance(kind, t.Number):
            return ()
        low = 0 if kind.low is None else kind.low
        return tuple(Change(slot, value) for value in (low, low + 1) if kind.admits(value))


def _readers(plan: Plan, fact: str) -> frozenset[int]:
    return frozenset().union(*index_of(plan).readers.get(fact, {}).values())


def _false(evaluation: Evaluation, change: Change) -> int:
    """How many rules that read a fact are false."""
    return sum(evaluation.truths[p] is False for p in _readers(evaluation.plan, change.slot.fact))


def _false_alone(plan: Plan) -> Callable[[Change], int]:
    """Puts first the value that makes the most rules false by itself, whatever else is known."""

    def order(change: Change) -> int:
        name = change.slot.fact
        return 0 if change.slot.item >= 0 else -sum(plan.evaluators[p]({name: change.value}) is False for p in _readers(plan, name))

    return order
