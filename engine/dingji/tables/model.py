"""A mapping from columns to facts, checked against the vocabulary: plain data.

Two readers follow it: the row reader of this package makes a case of every row, and the SQL engine compiles the same
columns. A cell means, in this order: the value that `values` gives for its text; unknown, if it is blank or its text is
among `unknown`; else what its kind reads from it (`dingji.tables.cells` says which spellings of numbers and days).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as Dictionary
from decimal import Decimal
from typing import Any

from dingji.cases.model import Case, Survey
from dingji.errors import Problem
from dingji.knowledge.model import Place
from dingji.language.types import Type
from dingji.records import Record, field

SUBJECT, AS_OF, CASE, TITLE, PROFILE = "subject", "as_of", "case", "title", "profile"


class Column(Record, frozen=True):
    """A column of a table and how its cells are read.

    `header` is the text of the header, with single spaces; `name` what the cells say: a fact, a field of a list fact
    (`grid_events.kind`) or a key of the case (`case`, `title`, `as_of`, `profile`, `official`, `opinion`, `group.party`).

    `values` gives the value for each text that is translated, as `dingji.language.values` has it (a bool, an enum value, a
    number; the severity for a grade of a scale). For bools, enums and scales these are all the texts allowed: the words of
    the mapping file, the ids, the labels in both languages where they are clear. `unknown` are the texts that say that
    nobody knows. Texts are compared with single spaces and none at their ends.

    `unit` is the unit written in the mapping; `times` multiplies the number in the cell (10000 for 万元 in a fact in yuan).
    `day` is the form of days for strptime, empty for the usual forms; `decimal` the sign before the decimals.
    """

    header: str
    name: str
    type: Type
    values: Dictionary[str, Any] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    unit: str = ""
    times: int | Decimal | None = None
    day: str = ""
    decimal: str = "."
    place: Place | None = None

    def to_dict(self) -> dict[str, Any]:
        """The column as plain data."""
        return {
            "header": self.header,
            "name": self.name,
            "type": type(self.type).__name__.lower(),
            "values": {text: _plain(value) for text, value in self.values.items()},
            "unknown": sorted(self.unknown),
            "unit": self.unit,
            "times": None if self.times is None else str(self.times),
            "day": self.day,
            "decimal": self.decimal,
        }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal | dt.date) else value


class Constant(Record, frozen=True):
    """What holds for the whole table: a value as `dingji.language.values` has it (None: unknown)."""

    name: str
    value: Any
    place: Place | None = None


Given = Column | Constant | None
"""Where something comes from: a column, one value for all rows, or nowhere."""


class ListColumns(Record, frozen=True):
    """A list fact from columns: one record for each group of columns; a group whose cells are all blank is no record.

    `count`, if given, is the column with the number of records: 0 says that there are none, and a number above the
    records found that more exist. Without it a row without records leaves the fact unknown.
    `whole` is a column whose cells hold the whole list (JSON lines, Parquet). `complete` is false if more may exist.
    """

    fact: str
    records: tuple[tuple[Column, ...], ...]
    count: Column | None = None
    whole: Column | None = None
    complete: bool = True
    place: Place | None = None


class OpinionColumn(Record, frozen=True):
    """A column with the grade that one rater gave in one round; its cells are translated to grade ids (text)."""

    column: Column
    rater: str
    round: int = 1


class Official(Record, frozen=True):
    """The official grade: a grade of `scale`."""

    scale: str
    given: Column | Constant


class Mapping(Record, frozen=True):
    """Which column of a table says what. Made by `read_mapping` from a file, or by `map_headers` from the headers."""

    id: str
    case: Column | None
    subject: Given
    as_of: Given
    title: Column | None
    profile: Given
    official: Official | None
    survey: Survey | None
    """How the experts were asked, if there are columns with their grades."""
    opinions: tuple[OpinionColumn, ...]
    group: tuple[tuple[str, Given], ...]
    """(name, where from), for the columns by which reports group: party, discipline, county, ..."""
    facts: tuple[Column, ...]
    constants: tuple[Constant, ...]
    lists: tuple[ListColumns, ...]
    sheet: str = ""
    header: int = 1
    """The row of the headers, from 1."""
    first: int = 2
    """The row of the first case."""
    encoding: str = ""
    delimiter: str = ""
    merged: str = ""
    """`repeat`: every cell of a merged range has its value; empty: a merged range is a problem."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column that the mapping reads, in the order case, subject, day, ..., facts, lists."""
        given = [self.case, self.subject, self.as_of, self.title, self.profile, self.official.given if self.official else None]
        found = [g for g in [*given, *(o.column for o in self.opinions), *(g for _, g in self.group)] if isinstance(g, Column)]
        found += self.facts
        for one in self.lists:
            found += [column for record in one.records for column in record]
            found += [column for column in (one.count, one.whole) if column is not None]
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """The mapping as plain data."""

        def given(one: Given) -> Any:
            if isinstance(one, Column):
                return one.to_dict()
            return None if one is None else {"constant": _plain(one.value)}

        return {
            "id": self.id,
            "case": given(self.case),
            "subject": given(self.subject),
            "as_of": given(self.as_of),
            "title": given(self.title),
            "profile": given(self.profile),
            "official": {"scale": self.official.scale, "grade": given(self.official.given)} if self.official else None,
            "opinions": [{"rater": o.rater, "round": o.round, "grade": o.column.to_dict()} for o in self.opinions],
            "group": {name: given(one) for name, one in self.group},
            "facts": {column.name: column.to_dict() for column in self.facts},
            "constants": {one.name: _plain(one.value) for one in self.constants},
            "lists": {
                one.fact: {
                    "records": [[column.to_dict() for column in record] for record in one.records],
                    "count": given(one.count),
                    "whole": given(one.whole),
                    "complete": one.complete,
                }
                for one in self.lists
            },
        }


class Row(Record, frozen=True):
    """A row of a table: its number as a spreadsheet counts, and the case, or why it is none.

    `official` is the id of the official grade (None where the table gives none), `group` the texts of the group columns;
    a blank cell is an empty text there.
    """

    number: int
    case: Case | None
    problems: tuple[Problem, ...]
    official: str | None
    group: dict[str, str]
