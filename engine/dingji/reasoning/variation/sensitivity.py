"""Which facts turn a grade by themselves, and how far a score is from the neighbouring bands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from dingji.inference.prover import Evaluation
from dingji.knowledge.model import ScaleDefinition, Words
from dingji.language import nodes as n
from dingji.language.evaluate import is_known
from dingji.language.types import Number
from dingji.methods.grounds import steps_by_fact
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
    """Try each slot by itself with every value that makes a difference; those of the grounds first, if the time is limited."""
    end = None if seconds is None else time.monotonic() + seconds
    now, grounds = variations.grades(), variations.grounds()
    slots = sorted(variations.slots(), key=lambda slot: slot.fact not in grounds)
    turns, tried = [], set[str]()
    untried = 0
    for number, slot in enumerate(slots):
        if end is not None and time.monotonic() > end:
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


# distances --------------------------------------------------------------------------------------------------


class Edge(Record, frozen=True):
    """Where another band begins: its grade, the score at the edge, and how far that is. `inside`: the edge belongs to it."""

    grade: str
    label: Words
    at: str
    inside: bool
    distance: str


class Distance(Record, frozen=True):
    """A score that a band table reads, and the nearest more severe and milder bands; null where there is none.

    `adjusted`: the finding starts from the grade of the table, and adjustments follow.
    """

    instrument: str
    title: Words
    scale: str
    grade: str
    grade_label: Words
    fact: str
    label: Words
    value: str
    severer: Edge | None
    milder: Edge | None
    adjusted: bool = False


def distances(evaluation: Evaluation) -> tuple[Distance, ...]:
    """For every finding that a table gives from one number, or that starts from such a grade: how far that is from the bands beside it."""
    found = []
    for applied in evaluation.plan.applied:
        name = applied.instrument.decides
        if name and applied.truth and (distance := _distance(evaluation, applied.instrument.id, name)) is not None:
            found.append(distance)
    return tuple(found)


def _distance(evaluation: Evaluation, instrument: str, decides: str) -> Distance | None:
    plan, knowledge = evaluation.plan, evaluation.plan.knowledge
    steps = steps_by_fact(plan)
    step = steps.get(decides)
    adjusted = step is not None and step.decision.policy == "adjust"
    while step is not None and step.decision.policy == "adjust":
        decides = step.decision.base
        step = steps.get(decides)
    if step is None or step.decision.policy in ("formula", "reconcile"):
        return None
    conditions = [plan.rules[e.position].when for e in step.entries]
    names = frozenset().union(*(n.facts_of(when) for when in conditions if when is not None))
    if None in conditions or len(names) != 1:
        return None
    name = next(iter(names))
    definition, scale = knowledge.facts[name], knowledge.scale_of(decides)
    score, grade = evaluation.facts.get(name), evaluation.facts.get(decides)
    if not isinstance(definition.type, Number) or not is_known(score) or not isinstance(grade, int) or scale is None:
        return None
    edges = sorted({c for when in conditions if when is not None for c in _constants(when)})
    bands = _bands(evaluation, decides, name, edges)
    return Distance(
        instrument=instrument,
        title=knowledge.instruments[instrument].title,
        scale=scale.id,
        grade=scale.grade(grade).id,
        grade_label=scale.grade(grade).label,
        fact=name,
        label=definition.label,
        value=str(score),
        severer=_nearest(bands, score, lambda severity: severity > grade, scale),
        milder=_nearest(bands, score, lambda severity: severity < grade, scale),
        adjusted=adjusted,
    )


def _constants(node: n.Node) -> list[Any]:
    if isinstance(node, n.Literal):
        return [node.value]
    return [c for child in n.children(node) for c in _constants(child)]


Band = tuple[Any, Any, bool, int | None]
"""The lower end, the upper end, whether the ends are its own (only a single number's are), and the severity."""


def _bands(evaluation: Evaluation, decides: str, name: str, edges: Sequence[Any]) -> list[Band]:
    """The severity on each edge, between any two of them, and beyond the outer ones: by the rules of the table themselves."""
    if not edges:
        return []
    inner = [(a, b, Decimal(a + b) / 2) for a, b in pairwise(edges)]
    spans = [(None, edges[0], edges[0] - 1), *inner, (edges[-1], None, edges[-1] + 1)]
    bands: list[Band] = [(low, high, False, _severity(evaluation, decides, {name: x})) for low, high, x in spans]
    bands += [(edge, edge, True, _severity(evaluation, decides, {name: edge})) for edge in edges]
    return bands


def _severity(evaluation: Evaluation, decides: str, facts: dict[str, Any]) -> int | None:
    """What the table gives for a number; None where no row holds and there is no default."""
    step = steps_by_fact(evaluation.plan)[decides]
    held = [entry.value for entry in step.entries if entry.evaluator(dict(facts)) is True]
    if not held:
        value = step.decision.default if step.decision.has_default else None
        return value if isinstance(value, int) else None
    severity: int = max(held) if step.decision.policy == "worst" else min(held) if step.decision.policy == "best" else held[0]
    return severity


def _nearest(bands: Sequence[Band], score: Any, fits: Callable[[int], bool], scale: ScaleDefinition) -> Edge | None:
    """The nearest end of a band whose severity fits."""
    edges = []
    for low, high, inside, severity in bands:
        if severity is not None and fits(severity):
            edge = low if high is None or (low is not None and low >= score) else high
            edges.append((abs(edge - score), not inside, edge, severity))
    if not edges:
        return None
    distance, open_end, edge, severity = min(edges)
    grade = scale.grade(severity)
    return Edge(grade.id, grade.label, str(edge), not open_end, str(distance))
