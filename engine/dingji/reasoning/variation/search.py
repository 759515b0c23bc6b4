"""The smallest sets of changes that bring a grade about.

Sizes one, two, three in turn; a set is passed over if a smaller found one is part of it. Three things keep the search
short without losing a set:

- leads: the rules say which few slots must change together before the grade can come about at all (`supports`). Every way
  holds one of these sets, so only they are looked at, and from there what must still join them;
- all values at once: a set is not tried while the grade stays ruled out with all its slots free;
- the worst case: where unknown facts, or a doubt whether an instrument applies, leave the grade possible, they are assumed to
  stand against it.

What passes is tried with every value that makes a difference (`samples`), on the facts as stated.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.slots import Change, Slot
from dingji.reasoning.variation.supports import Supporter
from dingji.reasoning.variation.variations import Variations
from dingji.reasoning.variation.worlds import Worlds
from dingji.records import Draft, Record, field

MOST_CHANGES = 3


class Way(Record, frozen=True):
    """A set of changes that reaches the grade. `weight` is the sum of their relative sizes, `judged` how many judged facts change."""

    changes: tuple[Change, ...]
    weight: float
    judged: int

    @property
    def order(self) -> tuple[Any, ...]:
        """The best way first: fewer changes, then smaller ones, then such as can be made on site."""
        return len(self.changes), round(self.weight, 9), self.judged, tuple(change.slot for change in self.changes)


class Found(Draft):
    """The ways, best first; `complete` are the sizes that were searched to the end."""

    ways: list[Way] = field(default_factory=list)
    complete: list[int] = field(default_factory=list)
    cut_off: bool = False


class _CutOff(Exception):  # noqa: N818 - no error
    """The time is over."""


class Search:
    """Searches for ways to the severities `wanted`. `seconds` is the time it may take."""

    def __init__(self, variations: Variations, samples: Samples, wanted: frozenset[int], seconds: float) -> None:
        self.variations, self.samples, self.wanted = variations, samples, wanted
        self.deadline = time.monotonic() + seconds
        self.worlds = Worlds(variations, samples, wanted, self._mind_the_time)
        self.supporters: dict[int, Supporter] = {}
        self.found: dict[frozenset[Slot], Way] = {}
        self.slots: list[Slot] = []
        self.size = self.most = 1

    def run(self, most: int = MOST_CHANGES) -> Found:
        """The ways of up to `most` changes."""
        result, self.most = Found(), most
        try:
            self.slots = [slot for slot in self.variations.slots() if self.samples.changes(slot)]
            # single changes are few: each is tried, before anything is thought about
            for slot in self.slots:
                self._try(slot)
            result.complete.append(1)
            if most > 1:
                single = frozenset(slot for slots in self.found for slot in slots)
                self.slots = [slot for slot in self.slots if slot not in single]
            for size in range(2, most + 1):
                self.size = size
                self._extend([], frozenset(), size)
                result.complete.append(size)
        except _CutOff:
            result.cut_off = True
        result.ways = sorted(self.found.values(), key=lambda way: way.order)
        return result

    def reached(self, changes: Sequence[Change]) -> bool:
        """Is the grade surely a wanted one after these changes?"""
        grades = self.variations.grades(changes)
        return bool(grades) and grades <= self.wanted

    def _extend(self, changes: list[Change], done: frozenset[Slot], more: int) -> None:
        """Find all ways that have up to `more` slots beside the changes made, without the slots that are done with."""
        leads = list(self._leads(changes, frozenset(), done, more))
        # a short lead may go with any other slot: all ways with one of its slots, and then none with it any more
        short = [lead for lead in leads if len(lead) < more]
        while short:
            slot = min({s for lead in short for s in lead}, key=lambda s: (-sum(s in lead for lead in short), s))
            for change in self.samples.changes(slot):
                if self.reached([*changes, change]):
                    self._keep([*changes, change])
                else:
                    self._extend([*changes, change], done, more - 1)
            done = done | {slot}
            short = [lead for lead in short if slot not in lead]
        for lead in leads:
            if len(lead) == more and not lead & done:
                self._fill(changes, sorted(lead))

    def _leads(self, changes: list[Change], freed: frozenset[Slot], done: frozenset[Slot], more: int) -> Iterator[frozenset[Slot]]:
        """Sets of slots with which the grade is possible: each way beside the changes made holds one of them."""
        held = frozenset(change.slot for change in changes)
        for joined in self._needed(changes, freed, more):
            lead = freed | joined
            if len(lead) > more or lead & done or lead & held or self._is_closed(held | lead):
                continue
            if self.worlds.possible(changes, sorted(lead), make=len(lead) < more):
                yield lead
            elif len(lead) < more and any(self.samples.asked(slot) for slot in lead):
                yield lead  # what must join it can't be asked while it is free
            elif len(lead) < more:
                yield from self._leads(changes, lead, done, more)

    def _needed(self, changes: list[Change], freed: frozenset[Slot], more: int) -> list[frozenset[Slot]]:
        """What must join the changes made and the free slots before the grade can come about; any slot, where the rules don't say."""
        state = tuple(changes), tuple(sorted(freed))
        world = self.worlds.against(*state)
        if world is not None:
            supporter = self.supporters.get(id(world.plan))
            if supporter is None:
                supporter = self.supporters[id(world.plan)] = Supporter(world, self.samples, self.slots)
            # the first look at the rules serves all later ones, so it is for the greatest size
            size = self.most if supporter.first is None else more - len(freed)
            sets = supporter.needed(world, state, self.wanted, size)
            found = [supporter.slots_of(one) for one in sets]
            if not any(one <= freed for one in found):
                return found
        return [frozenset((slot,)) for slot in self.slots if slot not in freed]

    def _is_closed(self, slots: frozenset[Slot]) -> bool:
        """Does a smaller way make it pointless to look at these slots, or can't they change together?"""
        if any(smaller <= slots for smaller in self.found if len(smaller) < self.size):
            return True
        return any(a.clashes(b) for a, b in combinations(slots, 2))

    def _fill(self, changes: list[Change], lead: Sequence[Slot]) -> None:
        """Try all values of some slots."""
        self._mind_the_time()
        slot, rest = lead[0], lead[1:]
        for change in self.samples.changes(slot):
            now = [*changes, change]
            if not rest:
                if self.reached(now):
                    self._keep(now)
            elif self.worlds.possible(now, rest):
                self._fill(now, rest)

    def _try(self, slot: Slot) -> None:
        self._mind_the_time()
        for change in self.samples.changes(slot):
            if self.reached([change]):
                self._keep([change])

    def _keep(self, changes: Sequence[Change]) -> None:
        slots = frozenset(change.slot for change in changes)
        if any(smaller < slots for smaller in self.found):
            return
        way = self._way(changes)
        if slots not in self.found or way.order < self.found[slots].order:
            self.found[slots] = way

    def _mind_the_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise _CutOff

    def _way(self, changes: Sequence[Change]) -> Way:
        facts, definitions = self.variations.facts, self.variations.knowledge.facts
        weight = sum(relative_size(c, facts, c.slot.type(definitions[c.slot.fact])) for c in changes)
        judged = sum(definitions[c.slot.fact].nature == "judged" for c in changes)
        return Way(tuple(sorted(changes, key=lambda change: change.slot)), weight, judged)


def relative_size(change: Change, facts: dict[str, Any], kind: t.Type | None) -> float:
    """How great a change is: of a number its part of the greater value, of a grade that of the scale, of all else 1."""
    now, value = change.slot.value(facts), change.value
    if not is_known(now):
        return 1.0
    if isinstance(kind, t.Number):
        return float(abs(value - now) / max(abs(value), abs(now))) if value != now else 0.0
    if isinstance(kind, t.Scale):
        return float(abs(value - now) / (len(kind.grades) - 1))
    return 1.0
