"""The values of a fact that make a difference: true and false, each choice, each threshold and what lies between them.

The values of a slot fall into classes that the rules treat alike; one value of each class stands for it. For a number
that rules compare with constants the classes are exact. A number that goes into a formula has its thresholds pulled back
through the formula, to six decimals or exactly where the edge has no more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.nodes import facts_of
from dingji.language.values import ARITHMETIC, CONTEXT, Records
from dingji.reasoning.variation.mentions import Gauge
from dingji.reasoning.variation.slots import DROPPED, Change, Slot
from dingji.reasoning.variation.variations import Variations
from dingji.records import Record

GRID = Decimal("0.000001")
MOST_STEPS = 40
_LAST_DAY = dt.date.max.toordinal()


class Sample(Record, frozen=True):
    """One class of values. `low` and `high` are its ends, None where open; `alike` are the other values of an enum's class."""

    value: Any
    low: Any = None
    high: Any = None
    low_inside: bool = True
    high_inside: bool = True
    alike: tuple[str, ...] = ()
    current: bool = False


class Samples:
    """The classes of each slot's values, worked out once."""

    def __init__(self, variations: Variations) -> None:
        self.variations, self.mentions = variations, variations.mentions()
        self.behind_asked = variations.behind({fact for fact, _ in self.mentions.asked})
        self._known: dict[Slot, tuple[Sample, ...]] = {}

    def classes(self, slot: Slot) -> tuple[Sample, ...]:
        """All classes, in ascending order where there is one; that of the present value is marked."""
        if slot not in self._known:
            self._known[slot] = tuple(self._classes(slot))
        return self._known[slot]

    def changes(self, slot: Slot) -> tuple[Change, ...]:
        """A change to each class but that of the present value."""
        return tuple(Change(slot, sample.value) for sample in self.classes(slot) if not sample.current)

    def asked(self, slot: Slot) -> bool:
        """Does a rule ask whether it is known, or whether something is that is concluded from it?"""
        asked = self.mentions.asked
        if slot.fact in self.behind_asked:
            return True
        if slot.item >= 0 and not slot.field:
            return any(fact == slot.fact for fact, _ in asked)
        return (slot.fact, slot.field) in asked or (slot.fact, "") in asked

    def _classes(self, slot: Slot) -> Iterable[Sample]:
        value = slot.value(self.variations.facts)
        kind = slot.type(self.variations.knowledge.facts[slot.fact])
        match kind:
            case None:
                return [Sample(DROPPED)]
            case t.Bool():
                return [Sample(truth, current=value is truth) for truth in (True, False)]
            case t.Scale(grades=grades):
                return [Sample(rank, current=value == rank) for rank in range(len(grades))]
            case t.Enum(values=values):
                return self._choices(slot, values, value)
            case t.Records():
                if value is None:
                    return [Sample(Records(()))]
                return [] if value.complete else [Sample(Records(value.items))]
            case t.Number():
                return _Line(self, slot, kind).classes(value)
            case t.Date():
                days = _Line(self, slot, t.Number(integer=True, low=1, high=_LAST_DAY), days=True)
                return days.classes(value.toordinal() if isinstance(value, dt.date) else None)
        constants = sorted(self._constants(slot))
        return [Sample(text, current=text == value) for text in constants]

    def _constants(self, slot: Slot) -> set[Any]:
        return self.mentions.constants.get((slot.fact, slot.field), set())

    def _choices(self, slot: Slot, values: tuple[str, ...], value: Any) -> list[Sample]:
        """The values that rules name, each for itself, and one for all others."""
        named = values if (slot.fact, slot.field) in self.mentions.compared else self._constants(slot)
        others = tuple(v for v in values if v not in named)
        samples = [Sample(v, current=v == value) for v in values if v in named]
        if others:
            first = value if value in others else others[0]
            samples.append(Sample(first, alike=tuple(v for v in others if v != first), current=first == value))
        return samples


class _Line:
    """The classes of a number, or of a day as a number of days."""

    def __init__(self, samples: Samples, slot: Slot, kind: t.Number, days: bool = False) -> None:
        self.samples, self.slot, self.kind, self.days = samples, slot, kind, days
        self.variations = samples.variations
        self.step: Any = 1 if kind.integer else GRID
        self.enclosed: set[tuple[Any, Any]] = set()
        """Neighbours on the grid with an edge between them: which side a value between them belongs to can't be told."""

    def classes(self, value: Any) -> list[Sample]:
        """The classes in ascending order."""
        now = value if is_known(value) else None
        constants = {c.toordinal() if isinstance(c, dt.date) else c for c in self.samples._constants(self.slot)}
        edges = sorted(e for e in constants | self._pulled_back(constants, value) if self.kind.admits(e))
        if self.kind.integer:
            edges = sorted({x for e in edges for x in ([int(e)] if e == int(e) else [_floor(e), _floor(e) + 1]) if self.kind.admits(x)})
        if not edges:
            return []
        unit = self._unit([*edges, *([now] if now is not None else [])])
        found = []
        for low, high in pairwise([None, *edges, None]):
            between = None if (low, high) in self.enclosed else self._between(low, high, now, unit)
            found += [between] if between is not None else []
            if high is not None:
                found.append(Sample(high, high, high, current=now is not None and now == high))
        return [self._as_days(sample) for sample in found] if self.days else found

    def _between(self, low: Any, high: Any, now: Any, unit: Any) -> Sample | None:
        """The class between two edges: its value nearest to the present one, a unit away from the edge if there is room."""
        low_in, high_in = low is None, high is None
        low, high = (self.kind.low if low is None else low), (self.kind.high if high is None else high)
        if self.kind.integer:
            low, high = (low if low_in or low is None else low + 1), (high if high_in or high is None else high - 1)
            low_in = high_in = True
        if low is not None and high is not None and (low > high or (low == high and not (low_in and high_in))):
            return None

        def inside(x: Any) -> bool:
            return (low is None or x > low or (low_in and x == low)) and (high is None or x < high or (high_in and x == high))

        if now is not None and inside(now):
            return Sample(now, low, high, low_in, high_in, current=True)
        upwards = high is None or (low is not None and (now is None or now <= low))
        near, far = (low, high) if upwards else (high, low)
        if near is None:
            return None
        value = near if inside(near) else near + unit if upwards else near - unit
        if not inside(value):
            value = _half(near, far)
        return Sample(value, low, high, low_in, high_in) if inside(value) else None

    def _unit(self, values: list[Any]) -> Any:
        if self.kind.integer:
            return 1
        exponents = [e for v in values if isinstance(v, Decimal) and isinstance(e := v.normalize().as_tuple().exponent, int)]
        places = max(0, -min(exponents, default=0))
        return Decimal(1).scaleb(-min(places, 6))

    def _as_days(self, sample: Sample) -> Sample:
        def day(number: Any) -> Any:
            return None if number is None else dt.date.fromordinal(number)

        low = None if sample.low == 1 else day(sample.low)
        high = None if sample.high == _LAST_DAY else day(sample.high)
        return Sample(day(sample.value), low, high, sample.low_inside, sample.high_inside, (), sample.current)

    # thresholds pulled back through formulas ------------------------------------------------------------------

    def _pulled_back(self, constants: set[Any], value: Any) -> set[Any]:
        gauges = [g for g in self.samples.mentions.gauges if self.slot.fact in _feeding(self.variations, g)]
        if not gauges:
            return set()
        points = [(p, self._readings(gauges, p)) for p in self._points(constants, value)]
        edges: set[Any] = set()
        for number in range(max((len(r) for _, r in points), default=0)):
            for (a, at_a), (b, at_b) in pairwise([(p, r[number]) for p, r in points if len(r) > number and r[number] is not None]):
                edges |= {x for x, reading in ((a, at_a), (b, at_b)) if reading == 0}
                if at_a * at_b < 0:
                    edges |= self._root(gauges, number, (a, at_a), (b, at_b))
        # a gauge that is zero along a stretch has its ends only
        return edges

    def _points(self, constants: set[Any], value: Any) -> list[Any]:
        """Where to look for a change of sign: the constants, the ends of the range, and powers of ten around the value."""
        now = value if is_known(value) and value is not None else None
        wide: set[Any] = {0, 1, 10, 100, 1000, 10**4, 10**5, 10**6, 10**8, -1, -100}
        if now is not None:
            wide |= {now, now * 2, _half(0, now), now * 10, *((now - 366, now + 366, now - 3660, now + 3660) if self.days else ())}
        wide |= {x for x in (self.kind.low, self.kind.high) if x is not None} | constants
        points = {_floor(x) if self.kind.integer else x for x in wide}
        return sorted(p for p in points if self.kind.admits(p))

    def _readings(self, gauges: list[Gauge], x: Any) -> list[Any]:
        change = Change(self.slot, dt.date.fromordinal(x) if self.days else x)
        evaluation = self.variations.evaluate([change])
        return [] if evaluation is None else [reading for g in gauges for reading in g.readings(evaluation.facts)]

    def _root(self, gauges: list[Gauge], number: int, start: tuple[Any, Any], end: tuple[Any, Any]) -> set[Any]:
        """Where a gauge changes its sign between two points: the point itself, or its two neighbours on the grid."""
        (a, at_a), (b, at_b) = start, end
        for turn in range(MOST_STEPS):
            if b - a <= self.step:
                break
            slope = CONTEXT.divide(Decimal(at_a), Decimal(ARITHMETIC["-"](at_a, at_b)))
            guess = a + (b - a) * (slope if turn % 3 < 2 else Decimal("0.5"))
            x = min(max(self._on_grid(guess), a + self.step), b - self.step)
            readings = self._readings(gauges, x)
            at_x = readings[number] if len(readings) > number else None
            if at_x is None:
                break
            if at_x == 0:
                return {x}
            if (at_x > 0) == (at_a > 0):
                a, at_a = x, at_x
            else:
                b, at_b = x, at_x
        self.enclosed.add((a, b))
        return {a, b}

    def _on_grid(self, x: Any) -> Any:
        if self.kind.integer:
            return _floor(x)
        whole = Decimal(x).quantize(GRID, context=CONTEXT)
        return int(whole) if whole == int(whole) else whole.normalize(CONTEXT)


def _floor(x: Any) -> int:
    return int(x) - (1 if x < int(x) else 0)


def _half(a: Any, b: Any) -> Any:
    half = CONTEXT.divide(ARITHMETIC["+"](Decimal(a), Decimal(b or 0)), Decimal(2))
    return int(half) if half == int(half) else half


def _feeding(variations: Variations, gauge: Gauge) -> frozenset[str]:
    """The facts that a gauge is reckoned from, through formulas; what tables conclude has its edges at their own constants."""
    key = ("feeding", gauge.reads)
    memo = variations.plan.memo
    if key not in memo:
        found = set(gauge.reads)
        for step in reversed(variations.plan.steps):
            if step.decision.fact in found and step.decision.policy == "formula":
                found |= {name for e in step.entries for name in _read_by_formula(variations, e.position)}
        memo[key] = frozenset(found)
    feeding: frozenset[str] = memo[key]
    return feeding


def _read_by_formula(variations: Variations, position: int) -> frozenset[str]:
    value = variations.plan.rules[position].value
    return frozenset() if value is None else facts_of(value)
