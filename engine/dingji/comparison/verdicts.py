"""Words for statistics of agreement. The words, their bounds and the fewest cases stand in knowledge/agreement.yaml."""

from __future__ import annotations

from decimal import Decimal

from dingji.comparison.agreement import MINIMUM, Plan, Statistic
from dingji.knowledge.model import Band, Knowledge, Verdicts, Words
from dingji.records import Record


class Verdict(Record, frozen=True):
    """The word for a value, and the scheme it is taken from (its `rule` has citation, source, confidence and note)."""

    word: Words
    scheme: Verdicts


def verdict(knowledge: Knowledge, statistic: Statistic) -> Verdict | None:
    """The word for a statistic; None if it was not computed, or if knowledge has no words for it."""
    if statistic.value is None or knowledge.agreement is None:
        return None
    # a value is judged as it is printed: 0.6667 by bounds of three places, not by the tail of a binary fraction
    value = Decimal(repr(round(statistic.value, 6)))
    for scheme in knowledge.agreement.verdicts:
        if statistic.measure in scheme.measures:
            return next(Verdict(band.word, scheme) for band in scheme.bands if _within(value, band))
    return None


def plan_of(knowledge: Knowledge, *, seed: int | None = None, draws: int | None = None) -> Plan:
    """How to compute: with the fewest cases that knowledge asks for."""
    fewest = knowledge.agreement.minimum_cases if knowledge.agreement is not None else MINIMUM
    plan = Plan(minimum=fewest)
    return Plan(draws if draws is not None else plan.draws, seed if seed is not None else plan.seed, plan.level, fewest)


def _within(value: Decimal, band: Band) -> bool:
    if band.bound is None:
        return True
    return value >= band.bound if band.inclusive else value > band.bound
