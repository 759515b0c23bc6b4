"""How far the numbers that a grade is read from are from the neighbouring bands.

A table over one number has bands; one over several facts has cells, and for each of its numbers the distance is that to the
next cell of another grade while the other facts stay as they are. Beyond a stretch where the grade is open nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any

from dingji.errors import KnowledgeError
from dingji.inference.plan import Plan, Step
from dingji.inference.policies import Hit
from dingji.inference.prover import Evaluation, conclude
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import ScaleDefinition, Words
from dingji.language import nodes as n
from dingji.language.evaluate import is_known
from dingji.language.types import Number
from dingji.methods.grounds import steps_by_fact
from dingji.records import Record

LISTS = "example"
"""The method of instruments that list cases one by one: their rows are no bands."""


class Edge(Record, frozen=True):
    """Where another band begins: its grade, the score at the edge, and how far that is. `inside`: the edge belongs to it."""

    grade: str
    label: Words
    at: str
    inside: bool
    distance: str


class Distance(Record, frozen=True):
    """A number that a table reads, and the nearest more severe and milder bands; null where there is none.

    `adjusted`: the finding starts from the grade of the table, and adjustments follow. `others` are the other facts that the
    table reads: they stay as they are.
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
    others: tuple[str, ...] = ()


def distances(evaluation: Evaluation) -> tuple[Distance, ...]:
    """For every finding that a table gives, or that starts from such a grade: how far each number is from the bands beside it."""
    found: list[Distance] = []
    for applied in evaluation.plan.applied:
        if applied.instrument.decides and applied.truth:
            found += _of_finding(evaluation, applied.instrument.id, applied.instrument.decides)
    return tuple(found)


def _of_finding(evaluation: Evaluation, instrument: str, decides: str) -> Iterator[Distance]:
    plan, knowledge = evaluation.plan, evaluation.plan.knowledge
    steps = steps_by_fact(plan)
    step = steps.get(decides)
    adjusted = step is not None and step.decision.policy == "adjust"
    while step is not None and step.decision.policy == "adjust":
        step = steps.get(step.decision.base)
    if step is None or step.decision.policy in ("formula", "reconcile"):
        return
    conditions = [when for e in step.entries if (when := plan.rules[e.position].when) is not None]
    names = frozenset().union(*map(n.facts_of, conditions))
    grade, scale = evaluation.facts.get(step.decision.fact), knowledge.scale_of(step.decision.fact)
    if len(conditions) < len(step.entries) or not isinstance(grade, int) or scale is None:
        return
    if len(names) > 1 and knowledge.instruments[instrument].method == LISTS:
        return
    for name in sorted(names):
        bands = _bands(evaluation, step, name, conditions, len(names) == 1)
        if not bands:
            continue
        severer, milder = _nearest(bands, evaluation.facts[name], grade, scale)
        if len(names) == 1 or severer is not None or milder is not None:
            yield Distance(
                instrument=instrument,
                title=knowledge.instruments[instrument].title,
                scale=scale.id,
                grade=scale.grade(grade).id,
                grade_label=scale.grade(grade).label,
                fact=name,
                label=knowledge.facts[name].label,
                value=str(evaluation.facts[name]),
                severer=severer,
                milder=milder,
                adjusted=adjusted,
                others=tuple(sorted(names - {name})),
            )


class _Band(Record, frozen=True):
    """A stretch of numbers, with its ends or without, and the severity; None where it is open."""

    low: Any
    high: Any
    closed: bool
    severity: int | None

    def holds(self, x: Any) -> bool:
        """Does the number lie in it?"""
        if self.closed:
            return (self.low is None or x >= self.low) and (self.high is None or x <= self.high)
        return (self.low is None or x > self.low) and (self.high is None or x < self.high)


def _bands(evaluation: Evaluation, step: Step, name: str, conditions: Sequence[n.Node], single: bool) -> list[_Band]:
    """The bands along a fact in ascending order; none if it is no known number, or not one that is compared with constants only.

    The score of a table over a `single` number is a point on its scale; a count in a table over several steps from one whole
    number to the next.
    """
    definition, value = evaluation.plan.knowledge.facts.get(name), evaluation.facts.get(name)
    if definition is None or not isinstance(definition.type, Number) or not is_known(value):
        return []
    if name in _behind(evaluation.plan, conditions):
        return []  # another fact of the table would not stay as it is
    found = [_edges(when, name) for when in conditions]
    if any(edges is None for edges in found):
        return []
    kind, whole = definition.type, definition.type.integer and not single
    edges = sorted({e for edges in found for e in edges or () if _within(kind, e)})
    if not edges:
        return []
    bands = []
    for low, high in pairwise([None, *edges, None]):
        stretch = _whole(low, high) if whole else (low, high)
        x = None if stretch is None else _inside(kind, *stretch, whole)
        if stretch is not None and x is not None:
            bands.append(_Band(*stretch, whole, _severity(evaluation, step, name, x)))
        if high is not None and not (whole and high != int(high)):
            bands.append(_Band(high, high, True, _severity(evaluation, step, name, high)))
    return bands


def _whole(low: Any, high: Any) -> tuple[Any, Any] | None:
    """The whole numbers between two others, by the first and the last; None if there are none."""
    first, last = None if low is None else floor(low) + 1, None if high is None else ceil(high) - 1
    return None if first is not None and last is not None and first > last else (first, last)


def _inside(kind: Number, low: Any, high: Any, whole: bool) -> Any:
    """A number of a stretch; None if the range of the fact holds none."""
    if low is None:
        x = high if whole else high - 1 if kind.low is None else max(high - 1, kind.low)
        return x if _within(kind, x) and (whole or x < high) else None
    if high is None:
        x = low if whole else low + 1 if kind.high is None else min(low + 1, kind.high)
        return x if _within(kind, x) and (whole or x > low) else None
    return low if whole else Decimal(low + high) / 2


def _within(kind: Number, x: Any) -> bool:
    return (kind.low is None or x >= kind.low) and (kind.high is None or x <= kind.high)


def _behind(plan: Plan, conditions: Iterable[n.Node]) -> frozenset[str]:
    """The facts from which those that some conditions read are concluded."""
    steps = steps_by_fact(plan)
    found: set[str] = set()
    waiting = {name for when in conditions for name in n.facts_of(when)}
    while waiting:
        step = steps.get(waiting.pop())
        if step is not None:
            read = {*step.decision.inputs, step.decision.base} - {""}
            read = read.union(*(rule_reads(plan.rules[e.position]) for e in step.entries))
            waiting |= read - found
            found |= read
    return frozenset(found)


def _edges(node: n.Node, name: str) -> list[Any] | None:
    """The constants that a fact is compared with in a condition; None if it is used otherwise."""
    fact = n.Fact(name)
    match node:
        case n.Fact():
            return None if node == fact else []
        case n.Compare(operands=operands) if fact in operands:
            others = [x for x in operands if x != fact]
            return [x.value for x in others if isinstance(x, n.Literal)] if all(isinstance(x, n.Literal) for x in others) else None
        case n.Member(operand=operand, choices=choices) if operand == fact:
            return [choice.value for choice in choices]
    found = [_edges(child, name) for child in n.children(node)]
    return None if any(edges is None for edges in found) else [e for edges in found for e in edges or ()]


def _severity(evaluation: Evaluation, step: Step, name: str, x: Any) -> int | None:
    """What the table gives for a number, all else as it is; None where that is open, or no row holds and there is no default."""
    facts, truths = {**evaluation.facts, name: x}, list(evaluation.truths)
    hits = []
    for entry in step.entries:
        truth = truths[entry.position] = entry.evaluator(facts)
        if truth is not False:
            hits.append(Hit(entry.position, truth if step.certain else None, entry.value))
    try:
        value = conclude(step, hits, Evaluation(evaluation.plan, facts, truths)).value
    except KnowledgeError:
        return None
    return value if isinstance(value, int) else None


def _nearest(bands: Sequence[_Band], score: Any, grade: int, scale: ScaleDefinition) -> tuple[Edge | None, Edge | None]:
    """The nearest edge of a more severe band and of a milder one, on either side of the score."""
    place = next((number for number, band in enumerate(bands) if band.holds(score)), None)
    if place is None:
        return None, None
    severer: list[tuple[Any, bool, Any, int]] = []
    milder: list[tuple[Any, bool, Any, int]] = []
    for side in (bands[place + 1 :], bands[:place][::-1]):
        for band in side:
            if band.severity is None:
                break
            edge = band.low if band.low is not None and band.low >= score else band.high
            found = severer if band.severity > grade else milder
            if band.severity != grade:
                found.append((abs(edge - score), not band.closed, edge, band.severity))
    return _edge(severer, scale), _edge(milder, scale)


def _edge(found: list[tuple[Any, bool, Any, int]], scale: ScaleDefinition) -> Edge | None:
    if not found:
        return None
    distance, outside, edge, severity = min(found)
    grade = scale.grade(severity)
    return Edge(grade.id, grade.label, str(edge), not outside, str(distance))
