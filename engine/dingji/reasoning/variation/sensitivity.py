"""Which facts turn a grade by themselves, and how far a score is from the neighbouring bands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from dingji.reasoning.variation.samples import Sample, Samples
from dingji.reasoning.variation.search import relative_size
from dingji.reasoning.variation.slots import Change, Slot
from dingji.reasoning.variation.variations import Grades, Variations
from dingji.records import Record


class Flip(Record, frozen=True):
    """Values of a slot with which the grade is another: the nearest of them, their ends, and the severities then possible."""

    sample: Sample
    grades: Grades


class Turn(Record, frozen=True):
    """A slot that turns the grade by itself. `weight` is the size of the smallest change that does."""

    slot: Slot
    flips: tuple[Flip, ...]
    weight: float


class Sensitivity(Record, frozen=True):
    """The slots that turn the grade, the smallest change first, and the facts in its grounds that don't turn it alone.

    `untried` counts the slots for which there was no time.
    """

    turns: tuple[Turn, ...]
    steady: tuple[str, ...]
    untried: int = 0


def sensitivity(variations: Variations, samples: Samples, seconds: float | None = None) -> Sensitivity:
    """Try each slot by itself with every value that makes a difference; those of the grounds first, if the time is limited.

    The time is that of the processor: what a page says does not hang on what else the machine does.
    """
    end = None if seconds is None else time.thread_time() + seconds
    now, grounds = variations.grades(), variations.grounds()
    slots = sorted(variations.slots(), key=lambda slot: slot.fact not in grounds)
    turns, tried = [], set[str]()
    untried = 0
    for number, slot in enumerate(slots):
        if end is not None and time.thread_time() > end:
            untried = len(slots) - number
            break
        tried.add(slot.fact)
        # a settled grade that stays settled while the slot is free does so with each of its values
        if len(now) == 1 and not samples.asked(slot) and variations.grades(freed=[slot]) == now:
            continue
        flips = tuple(_flips(variations, samples.classes(slot), slot, now))
        if flips:
            kind = slot.type(variations.knowledge.facts[slot.fact])
            weight = min(relative_size(Change(slot, flip.sample.value), variations.facts, kind) for flip in flips)
            turns.append(Turn(slot, flips, weight))
    turning = {turn.slot.fact for turn in turns}
    judged = {name for name in turning if variations.knowledge.facts[name].nature == "judged"}
    turns.sort(key=lambda turn: (round(turn.weight, 9), turn.slot.fact in judged, turn.slot))
    return Sensitivity(tuple(turns), tuple(name for name in grounds if name in tried - turning), untried)


def _flips(variations: Variations, classes: Sequence[Sample], slot: Slot, now: Grades) -> Iterable[Flip]:
    """Runs of neighbouring values with the same grade, without those of the present one and those that are refused."""
    tried = [(sample, now if sample.current else variations.grades([Change(slot, sample.value)])) for sample in classes]
    if any(is_ordered(sample) for sample in classes):
        present = next((i for i, (sample, _) in enumerate(tried) if sample.current), 0)
        for grades, run in groupby(enumerate(tried), key=lambda pair: pair[1][1]):
            found = [(i, sample) for i, (sample, _) in run]
            if grades and grades != now:
                nearest = min(found, key=lambda pair: abs(pair[0] - present))[1]
                yield Flip(joined([sample for _, sample in found], nearest.value), grades)
        return
    for grades in sorted({grades for _, grades in tried if grades and grades != now}, key=sorted):
        alike = [v for sample, of in tried if of == grades for v in (sample.value, *sample.alike)]
        yield Flip(Sample(alike[0], alike=tuple(alike[1:])), grades)


def is_ordered(sample: Sample) -> bool:
    """Does the class have an end, as those of numbers and days do?"""
    return sample.low is not None or sample.high is not None


def joined(run: Sequence[Sample], value: Any) -> Sample:
    """Neighbouring classes as one, which `value` stands for."""
    low, high = run[0], run[-1]
    return Sample(value, low.low, high.high, low.low_inside, high.high_inside)


def extent(classes: Sequence[Sample], value: Any, holds: Callable[[Any], bool]) -> Sample | None:
    """The run of neighbouring classes around a value in which something holds; None for what has no order."""
    place = next((i for i, sample in enumerate(classes) if sample.value == value), None)
    if place is None or not is_ordered(classes[place]):
        return None
    first = last = place
    while first > 0 and holds(classes[first - 1].value):
        first -= 1
    while last + 1 < len(classes) and holds(classes[last + 1].value):
        last += 1
    return joined(classes[first : last + 1], value)
