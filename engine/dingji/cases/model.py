"""A case, read and type-checked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from dingji.knowledge.model import Place, Words
from dingji.records import Record, field, replace

DAY_OF_CASE = "the day of the case"
"""The note of a date that nobody stated, for which the day of the case stands."""


class Statement(Record, frozen=True):
    """A fact as stated: its value (as in `dingji.language.values`; None if unknown) and its provenance."""

    name: str
    value: Any
    asserted_by: str = ""
    asserted_on: dt.date | None = None
    evidence: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    note: str = ""
    place: Place | None = None


class Opinion(Record, frozen=True):
    """One expert's grade in one round."""

    rater: str
    round: int
    grade: str
    reasons: tuple[str, ...] = ()
    weight: int | Decimal = 1
    date: dt.date | None = None


class Survey(Record, frozen=True):
    """How experts were asked: on which scale, who, and when answers were no longer taken.

    `panel` empty: those who answer. `last_round` is the round with which the survey ended, None if it was not ended by that.
    """

    scale: str
    panel: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    closed_on: dt.date | None = None
    last_round: int | None = None

    @property
    def closed(self) -> bool:
        """Are answers no longer taken?"""
        return self.closed_on is not None or self.last_round is not None


class Official(Record, frozen=True):
    """The grade that an authority gave: who, when. It takes no part in grading."""

    scale: str
    grade: str
    by: str = ""
    on: dt.date | None = None
    note: str = ""


class Expected(Record, frozen=True):
    """What a case expects of the determination or of one finding; None where it says nothing."""

    instrument: str = ""
    scale: str | None = None
    grade: str | None = None
    status: str | None = None
    reachable: tuple[str, ...] | None = None


class Expectation(Record, frozen=True):
    """The expected result of a case."""

    determination: Expected | None = None
    findings: tuple[Expected, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()
    flags: tuple[str, ...] | None = None
    left_out: tuple[str, ...] | None = None
    first_question: str | None = None
    met: tuple[str, ...] = ()
    not_met: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Case(Record, frozen=True):
    """One subject with its facts on a date. `statements` holds the facts that were stated, `unknown` ones included."""

    id: str
    subject: str
    title: Words
    as_of: dt.date
    statements: dict[str, Statement]
    opinions: tuple[Opinion, ...]
    expectation: Expectation | None
    note: str
    place: Place
    profile: str | None = None
    official: Official | None = None
    survey: Survey | None = None
    told: dict[str, Any] = field(default_factory=dict)
    """What the opinions of the experts tell, by fact."""

    def on(self, day: dt.date) -> Case:
        """The case as it is reckoned on another day: dates for which the day of the case stands become that day."""
        moved = {name: replace(s, value=day) for name, s in self.statements.items() if s.note == DAY_OF_CASE and not s.place}
        return replace(self, statements={**self.statements, **moved})

    def facts(self) -> dict[str, Any]:
        """Name -> value of every fact that is known at least in part."""
        return {name: s.value for name, s in self.statements.items() if s.value is not None} | self.told
