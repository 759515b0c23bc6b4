"""The smallest sets of changes that bring a grade about.

Sizes one, two, three in turn; a set is passed over if a smaller found one is part of it. Three things keep the search
short without losing a set:

- the grounds of the refusal: a smallest set of facts which, all others unknown, already rule the grade out. Whatever brings
  the grade about changes one of them, so only they are tried first, and after each change its own grounds;
- many at once: if the grade stays ruled out while a group of facts is unknown, none of them need be tried. Groups are made
  such that each alone rules it out: what is possible with one more fact is then due to that fact;
- the worst case: where unknown facts, or a doubt whether an instrument applies, leave the grade possible, they are assumed to
  stand against it.

What passes is tried with every value that makes a difference (`samples`), on the facts as stated.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.values import Partial
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.slots import Change, Slot
from dingji.reasoning.variation.variations import Grades, Start, Variations
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
        self.resolved = variations
        """Where it is asked what is possible: with doubts about instruments resolved against the grade."""
        self.deadline = time.monotonic() + seconds
        self.found: dict[frozenset[Slot], Way] = {}
        self.slots: list[Slot] = []
        self.groups: list[list[Slot]] = []
        self.against: tuple[Change, ...] = ()
        self.size = 1

    def run(self, most: int = MOST_CHANGES) -> Found:
        """The ways of up to `most` changes."""
        result = Found()
        try:
            self.slots = [slot for slot in self.variations.slots() if self.samples.changes(slot)]
            # single changes are few: each is tried, before anything is thought about
            for slot in self.slots:
                self._try([], slot)
            result.complete.append(1)
            if most > 1:
                self._resolve_doubts()
                self.groups = self._grouped(self.slots)
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
        """Try all sets of `more` slots beside the changes made, without the slots that are done with."""
        if more == 1:
            self._close(changes, self._fresh(changes, done))
            return
        fresh = self._fresh(changes, done)
        self._assume_the_worst(changes, ())
        for slot in self._grounds(changes, [s for s in self.slots if s in fresh]):
            done = done | {slot}
            if more > 2:
                for change in self.samples.changes(slot):
                    self._extend([*changes, change], done, more - 1)
            # with whom may it work, whatever its value? Then again for each value
            elif partners := frozenset(self._partners(changes, (slot,), self._fresh(changes, done))):
                for change in self.samples.changes(slot):
                    self._close([*changes, change], partners & self._fresh([*changes, change], done))

    def _close(self, changes: list[Change], among: frozenset[Slot]) -> None:
        """Try each single slot beside the changes made."""
        for slot in self._partners(changes, (), among):
            self._try(changes, slot)

    def _try(self, changes: list[Change], slot: Slot) -> None:
        self._mind_the_time()
        for change in self.samples.changes(slot):
            if self.reached([*changes, change]):
                self._keep([*changes, change])

    def _fresh(self, changes: Sequence[Change], done: frozenset[Slot]) -> frozenset[Slot]:
        """The slots that may join the changes: they complete no set of which a smaller one was found."""
        held = {change.slot for change in changes}
        closed = set(done | held)
        for slots in self.found:
            missing = slots - held
            if not missing:
                return frozenset()
            if len(missing) == 1 and len(slots) < self.size:
                closed |= missing
        return frozenset(s for s in self.slots if s not in closed and not any(s.clashes(h) for h in held))

    def _keep(self, changes: Sequence[Change]) -> None:
        slots = frozenset(change.slot for change in changes)
        if any(smaller < slots for smaller in self.found):
            return
        way = self._way(changes)
        if slots not in self.found or way.order < self.found[slots].order:
            self.found[slots] = way

    # what is possible -----------------------------------------------------------------------------------------

    def _grounds(self, changes: Sequence[Change], slots: list[Slot]) -> list[Slot]:
        """A smallest set of slots which, with the changes made and all other slots free, rule the grade out (QuickXplain)."""
        asked = [s for s in slots if self.samples.asked(s)]
        others = [s for s in slots if not self.samples.asked(s)]

        def ruled_out(kept: Iterable[Slot]) -> bool:
            held = set(kept)
            return not self._possible(changes, [s for s in others if s not in held])

        def smallest(kept: list[Slot], new: bool, rest: list[Slot]) -> list[Slot]:
            if new and ruled_out(kept):
                return []
            if len(rest) == 1:
                return rest
            first, second = rest[: len(rest) // 2], rest[len(rest) // 2 :]
            late = smallest([*kept, *first], True, second)
            early = smallest([*kept, *late], bool(late), first)
            return [*early, *late]

        if not others or not ruled_out(others):
            return slots
        # what no unknown fact can bring about is out of the question, unless a rule asks whether one is known
        return [*asked, *([] if ruled_out(()) else smallest([], False, others))]

    def _grouped(self, slots: Sequence[Slot]) -> list[list[Slot]]:
        """Groups of slots that leave the grade ruled out even if all of a group are free; a slot that doesn't stands alone."""
        groups: list[list[Slot]] = []
        if self._possible((), ()):
            return [[*slots]]  # it is not ruled out as it is

        def put(part: list[Slot]) -> None:
            for group in groups:
                if not self._possible((), [*group, *part]):
                    group += part
                    return
            if len(part) > 1:
                put(part[: len(part) // 2])
                put(part[len(part) // 2 :])
            else:
                groups.append(part)

        put([s for s in slots if not self.samples.asked(s)])
        return groups + [[s] for s in slots if self.samples.asked(s)]

    def _partners(self, changes: Sequence[Change], freed: tuple[Slot, ...], among: frozenset[Slot]) -> list[Slot]:
        """The slots any one of which, set free with `freed`, leaves the grade possible."""
        if not among:
            return []
        groups = [[s for s in group if s in among and not any(s.clashes(f) for f in freed)] for group in self.groups]
        if not any(self.samples.asked(slot) for slot in freed) and not self._assume_the_worst(changes, freed):
            return [slot for group in groups for slot in group]
        return [slot for group in groups for slot in self._halved(changes, freed, group)]

    def _halved(self, changes: Sequence[Change], freed: tuple[Slot, ...], rest: Sequence[Slot]) -> Iterator[Slot]:
        if not rest or not self._possible(changes, (*freed, *rest)):
            return
        if len(rest) == 1:
            yield rest[0]
            return
        middle = len(rest) // 2
        yield from self._halved(changes, freed, rest[:middle])
        yield from self._halved(changes, freed, rest[middle:])

    def _possible(self, changes: Sequence[Change], freed: Sequence[Slot]) -> bool:
        """May a wanted grade come about while these slots are free?

        A rule that asks whether a fact is known would take a free one for unknown: such a slot is tried with each value
        instead, two of them are not judged.
        """
        asked = [slot for slot in freed if self.samples.asked(slot)]
        if len(asked) > 1:
            return True
        if asked:
            others = [slot for slot in freed if slot not in asked]
            ways = [[*changes], *([*changes, change] for change in self.samples.changes(asked[0]))]
            return any(self._possible(way, others) for way in ways)
        return not self._ruled_out(self._grades((*self.against, *changes), freed))

    def _assume_the_worst(self, changes: Sequence[Change], freed: tuple[Slot, ...]) -> bool:
        """Is the grade ruled out with unknown facts assumed to stand against it? More is assumed where that is not yet enough.

        A set of changes must hold whatever the unknown facts are, so also under any assumption about those it does not set.
        """

        def grades(*assumed: Change) -> Grades:
            now = (*self.against, *changes, *assumed)
            return self._grades(now, freed, (now[:-1] if assumed else now, freed))

        if self._ruled_out(grades()):
            return True
        taken = {change.slot for change in (*self.against, *changes)}.union(freed)
        unknown = [s for s in self.slots if s not in taken and not is_known(s.value(self.variations.facts)) and not self.samples.asked(s)]
        single = [next((c for c in self._open_to(slot) if self._ruled_out(grades(c))), None) for slot in unknown]
        assumed = [change for change in single if change is not None]
        for slot in unknown if not assumed else ():
            # no single fact decides: one after the other, so that the grade is never sure and less and less possible
            after = [(grades(*assumed, change), change) for change in self._open_to(slot)]
            if not after:
                continue
            least, change = min(after, key=lambda pair: (pair[0] <= self.wanted, len(pair[0] & self.wanted)))
            assumed.append(change)
            if self._ruled_out(least):
                break
        if not self._ruled_out(grades(*assumed)):
            return False
        self.against += tuple(assumed)
        return True

    def _resolve_doubts(self) -> None:
        """Assume the worst about unknown facts and about instruments that may not apply: whatever leads there does so in spite of both."""
        for resolved in (*self.variations.doubts(), self.variations):
            self.resolved, self.against = resolved, ()
            if self._assume_the_worst((), ()):
                return

    def _open_to(self, slot: Slot) -> list[Change]:
        """The values that an unknown slot may really have: within its bounds, if they are stated."""
        now = slot.value(self.variations.facts)
        if not isinstance(now, Partial):
            return [*self.samples.changes(slot)]
        inside = t.Number(low=now.low, high=now.high)
        return [change for change in self.samples.changes(slot) if inside.admits(change.value)]

    def _ruled_out(self, grades: Grades) -> bool:
        """Is no wanted grade among these? Facts that are refused under an assumption say nothing of those that make none."""
        return grades.isdisjoint(self.wanted) and (bool(grades) or not self.against)

    def _grades(self, changes: Sequence[Change], freed: Sequence[Slot] = (), start: Start | None = None) -> Grades:
        self._mind_the_time()
        return self.resolved.grades(changes, freed, start)

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
