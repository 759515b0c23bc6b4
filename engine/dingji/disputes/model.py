"""A dispute, read and checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal

from dingji.cases.model import Case, Statement
from dingji.knowledge.model import Place, Words
from dingji.records import Record

NO_WORDS = Words("", "")
Kind = Literal["fact", "judgement", "scope", "date", "edition", "applicable", "method", "bands", "crosswalk", "profile", "reading"]


class Position(Record, frozen=True):
    """One answer to an issue. `key` is how it is written; `value` what it means to the evaluator; `parties` who hold it."""

    key: str
    value: Any
    parties: tuple[str, ...] = ()


class Issue(Record, frozen=True):
    """What parties differ in. `about` is the fact, instrument, family, rule or profile that it concerns."""

    id: str
    kind: Kind
    about: str
    positions: tuple[Position, ...]

    def held_by(self, party: str) -> int:
        """The number of the position that a party holds."""
        return next(i for i, position in enumerate(self.positions) if party in position.parties)

    def find(self, key: str) -> int | None:
        """The number of the position that is written so, None if there is none."""
        return next((i for i, position in enumerate(self.positions) if position.key == key), None)


class Argument(Record, frozen=True):
    """A reference of a party: `kind` is rule, fact or instrument."""

    kind: str
    name: str
    says: Words


class Reliance(Record, frozen=True):
    """The texts and methods that a party relies on. `profiles` None: those of the case."""

    as_of: dt.date | None = None
    editions: tuple[str, ...] = ()
    applies: tuple[str, ...] = ()
    not_applicable: tuple[str, ...] = ()
    profiles: tuple[str, ...] | None = None
    finding: tuple[str, ...] = ()


class Party(Record, frozen=True):
    """One party: the grade it claims, what it asserts and what it relies on."""

    id: str
    name: Words
    role: Words
    scale: str
    grade: str
    statements: dict[str, Statement]
    relies_on: Reliance
    readings: dict[str, bool]
    arguments: tuple[Argument, ...]


class Member(Record, frozen=True):
    """A member of the panel."""

    id: str
    name: Words
    role: Words
    chairs: bool


class Procedure(Record, frozen=True):
    """The days of the procedure, and the note on appeal as the file has it."""

    filed_on: dt.date | None = None
    heard_on: dt.date | None = None
    decided_on: dt.date | None = None
    appeal: Words = NO_WORDS


class Dissent(Record, frozen=True):
    """A member who finds otherwise; `position` is the number of the position in the issue, `written` how the file writes it."""

    member: str
    position: int
    reason: Words
    written: str


class PanelFinding(Record, frozen=True):
    """The panel's finding in one issue; `written` is how the file writes it."""

    issue: str
    position: int
    reason: Words
    written: str
    dissents: tuple[Dissent, ...] = ()


class Override(Record, frozen=True):
    """A departure from the computed grade. `duties_follow`: computed or override."""

    grade: str
    justification: Words
    authority: Words
    expires: dt.date
    duties_follow: str


class Ruled(Record, frozen=True):
    """The ruling as the file has it."""

    findings: tuple[PanelFinding, ...] = ()
    grade: str | None = None
    override: Override | None = None


class ExpectedRow(Record, frozen=True):
    """A row of the expected table: position numbers by issue, and the grades that follow; None: refused."""

    choice: dict[str, int]
    grades: tuple[str, ...] | None


class Expectation(Record, frozen=True):
    """What a dispute expects of its analysis; None where it says nothing."""

    material: tuple[str, ...] | None = None
    not_material: tuple[str, ...] | None = None
    table: tuple[ExpectedRow, ...] = ()
    decides: dict[str, int] | None = None
    claims: dict[str, str] | None = None
    reachable: dict[str, bool] | None = None
    grade: str | None = None
    status: str | None = None


class Dispute(Record, frozen=True):
    """A dispute over the grade of a case. The case holds the agreed facts; `agreed` names those that the dispute file adds."""

    id: str
    title: Words
    case: Case
    about: str | None
    agreed: tuple[str, ...]
    parties: tuple[Party, ...]
    panel: tuple[Member, ...]
    procedure: Procedure
    issues: tuple[Issue, ...]
    common: tuple[Issue, ...]
    """What all parties rely on alike, beside the facts: issues with one position."""
    ruling: Ruled
    expectation: Expectation | None
    note: str
    place: Place

    def days(self, findings: Iterable[PanelFinding] = ()) -> tuple[dt.date, ...]:
        """The day as of which the case is graded: what was found, or what all say alike; while it is open, every day in dispute."""
        found = {finding.issue: finding.position for finding in findings}
        for issue in (*self.issues, *self.common):
            if issue.kind == "date":
                positions = (issue.positions[found[issue.id]],) if issue.id in found else issue.positions
                return tuple(position.value for position in positions)
        return (self.case.as_of,)

    def issue(self, id: str) -> Issue:
        """The issue of an id. Raises KeyError if there is none."""
        for issue in self.issues:
            if issue.id == id:
                return issue
        raise KeyError(id)

    def party(self, id: str) -> Party:
        """The party of an id. Raises KeyError if there is none."""
        for party in self.parties:
            if party.id == id:
                return party
        raise KeyError(id)
