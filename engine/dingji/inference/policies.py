"""Hit policies: from the truths of the rules that write a fact to its value.

Every policy is three-valued: a rule whose condition is unknown keeps its conclusion possible, so the value comes out as a
`Partial` over what can still be. A table without a default is taken to be complete: one of its rows is meant to hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dingji.knowledge.model import Adjustment
from dingji.language.values import Truth, extreme, one_of, possible
from dingji.records import Record


class Hit(NamedTuple):
    """One rule of a decision: its position, the truth of its condition and what it concludes."""

    rule: int
    truth: Truth
    value: Any


class Outcome(Record, frozen=True):
    """The value of a decision, the rules that gave it, and the rules that could still change it."""

    value: Any
    winners: tuple[int, ...] = ()
    undecided: tuple[int, ...] = ()
    gap: bool = False
    """No row was true and there is no default."""


class ConflictError(Exception):
    """Two true rows of a table conclude different values."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(first, second)
        self.first, self.second = first, second


def settle(policy: str, hits: Sequence[Hit], default: Any, has_default: bool) -> Outcome:
    """The outcome of a table: unique, any, first, worst or best. `hits` leaves out rows known to be false.

    Raises ConflictError when rows of a `unique` or `any` table contradict each other.
    """
    if policy == "first":
        return _first(hits, default, has_default)
    if policy in ("worst", "best"):
        return _extreme(policy, hits, default, has_default)
    sure = [h for h in hits if h.truth]
    for other in sure[1:]:
        if other.value != sure[0].value:
            raise ConflictError(sure[0].rule, other.rule)
    if sure:
        return Outcome(sure[0].value, tuple(h.rule for h in sure))
    return _nothing_sure(hits, default, has_default)


def _nothing_sure(hits: Sequence[Hit], default: Any, has_default: bool) -> Outcome:
    if not hits:
        return Outcome(default, gap=not has_default)
    values = [h.value for h in hits] + ([default] if has_default else [])
    return Outcome(one_of(values), (), tuple(h.rule for h in hits))


def _first(hits: Sequence[Hit], default: Any, has_default: bool) -> Outcome:
    before: list[Hit] = []
    for hit in hits:
        if hit.truth:
            value = one_of([h.value for h in before] + [hit.value])
            return Outcome(value, (hit.rule,), tuple(h.rule for h in before if h.value != hit.value))
        before.append(hit)
    return _nothing_sure(hits, default, has_default)


def _extreme(policy: str, hits: Sequence[Hit], default: Any, has_default: bool) -> Outcome:
    pick = max if policy == "worst" else min
    sure = [h.value for h in hits if h.truth]
    if not sure:
        return _nothing_sure(hits, default, has_default)
    floor = pick(sure)
    beyond = [h for h in hits if h.truth is None and h.value != floor and pick(h.value, floor) == h.value]
    winners = tuple([h.rule for h in hits if h.truth and h.value == floor])
    if not beyond:
        return Outcome(floor, winners)
    return Outcome(one_of([floor, *(h.value for h in beyond)]), winners, tuple(h.rule for h in beyond))


def adjust(base: Any, steps: Sequence[tuple[int, Truth, Adjustment]], most_severe: int) -> Outcome:
    """A grade after its adjustments, in the order written. Severities run from 0 to `most_severe`."""
    values = possible(base)
    if values is None:
        values = tuple(range(most_severe + 1))
    winners, undecided = [], []
    for rule, truth, adjustment in steps:
        if truth is False:
            continue
        moved = tuple(min(max(_move(adjustment, v), 0), most_severe) for v in values)
        if moved == values:
            continue
        if truth is True:
            values = moved
            winners.append(rule)
        else:
            values = tuple(sorted({*values, *moved}))
            undecided.append(rule)
    return Outcome(one_of(values), tuple(winners), tuple(undecided))


def _move(adjustment: Adjustment, severity: int) -> int:
    match adjustment.kind:
        case "lower":
            return severity + adjustment.amount
        case "raise":
            return severity - adjustment.amount
        case "at_least":
            return max(severity, adjustment.amount)
        case "at_most":
            return min(severity, adjustment.amount)
    return adjustment.amount


def combine(policy: str, values: Sequence[Any]) -> Any:
    """The worst or best of several findings, each possibly known only in part."""
    return extreme("max" if policy == "worst" else "min", values) if values else None
