"""The columns of a store as facts: one view of values, whatever the mapping says of them.

A row whose cells leave any question is odd (`dingji.batch.table.typed`), and so is one of which SQL does not read all: experts' grades,
which tell facts of their own, lists that stand in several columns, and constants that are lists or ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from dingji.batch.register import KEY, ROW
from dingji.batch.results import GROUP
from dingji.batch.statement.dialects import short
from dingji.batch.statement.schema import AS_OF, Stored
from dingji.batch.table.typed import PLACES_OF, WHOLE, WIDE, Cell, Kind, Speech, cell, item_width, listed, stored_as
from dingji.knowledge import model as k
from dingji.language import types as t
from dingji.language.values import Partial, Records
from dingji.records import Draft, field
from dingji.tables import model as m
from dingji.tables.columns import fact_column

ODD, UNDER = "_odd", "_under"
"""Columns beside the facts: is the row odd? And the profile under which the table wants it graded."""
VALUES = "_values"


class Source(Protocol):
    """Where a register stands. `source` is a relation with ROW and the columns."""

    place: str
    dialect: str
    source: str
    kinds: Mapping[str, Kind]

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query."""

    def view(self, name: str, query: str) -> None:
        """A name for a query, to be read by the queries that follow."""


class Reading(Draft):
    """The values that SQL reads from a store, by a mapping."""

    store: Source
    knowledge: k.Knowledge
    mapping: m.Mapping
    schema: dict[str, Stored] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of each list fact, the fields that its items may state."""

    @property
    def speech(self) -> Speech:
        """How the store says things."""
        return Speech(self.store.dialect)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the view."""
        names = (short(name) if self.store.dialect == "postgres" else name for name in self.values)
        return (ROW, KEY, AS_OF, UNDER, *names, ODD)

    def key(self) -> tuple[str, str]:
        """The id of a row, and whether its spelling is odd."""
        if self.mapping.case is None:
            return f"CONCAT('row-', {ROW})", "FALSE"
        found = self._cell(self.mapping.case)
        return found.value, found.odd

    def make(self) -> None:
        """Make the view VALUES: every fact, the id, the day, the profile, the group columns, and whether the row is odd."""
        speech, mapping, odd = self.speech, self.mapping, self.odd
        key, strange = self.key()
        day = f"CAST({self._said(mapping.as_of)} AS DATE)"
        subject = self._said(mapping.subject)
        odd += [strange, f"({day}) IS NULL", f"({subject}) IS NULL", f"({key}) IS NULL", f"LENGTH({key}) > 200"]
        under = f"CAST({self._said(mapping.profile)} AS {speech.text})"
        self._said(mapping.title)
        self._said(mapping.official.given if mapping.official else None)
        odd += [self._cell(one.column).said for one in mapping.opinions]
        self._facts(day)
        for one in mapping.constants:
            self._constant(one)
        self.values[m.SUBJECT] = subject
        self.schema[m.SUBJECT] = Stored(self.knowledge.facts[m.SUBJECT].type)
        for name, given in mapping.group:
            self.values[GROUP + name] = f"COALESCE({self._said(given)}, '')"
        parts = [ROW, f"{key} AS {KEY}", f"{day} AS {AS_OF}", f"{under} AS {UNDER}"]
        parts += [f"{value} AS {speech.name(name)}" for name, value in self.values.items()]
        parts.append(f"({' OR '.join(dict.fromkeys(x for x in odd if x != 'FALSE'))}) AS {ODD}")
        # PostgreSQL would put each value into every place that reads it
        fence = " OFFSET 0" if self.store.dialect == "postgres" else ""
        self.store.view(VALUES, f"SELECT {', '.join(parts)} FROM {self.store.source}{fence}")

    def _said(self, given: m.Given) -> str:
        """The value of a column or constant; where its cell is odd, the row is."""
        if isinstance(given, m.Constant):
            return self.speech.constant(given.value)
        if given is None:
            return "NULL"
        found = self._cell(given)
        self.odd.append(found.odd)
        return found.value

    def _cell(self, column: m.Column) -> Cell:
        return cell(column, self.speech.name(column.header), self.store.kinds[column.header], self.speech)

    def _facts(self, day: str) -> None:
        """Adds the facts that have columns."""
        mapping = self.mapping
        facts = {column.name: self._cell(column) for column in mapping.facts}
        lists = self._lists()
        widths = self._widths([c for c in mapping.facts if isinstance(c.type, t.Number)], facts, lists)
        for column in mapping.facts:
            own = facts[column.name]
            self.schema[column.name] = stored_as(column.type, widths, column.name)
            given_day = f"CASE WHEN NOT {own.said} THEN {day} ELSE {own.value} END"
            self.values[column.name] = self._as(column.name, given_day if column.name in self.knowledge.dated else own.value)
            self.odd.append(own.odd)
        for name in lists:
            fact = self.knowledge.facts[name]
            fields = ((f, stored_as(f.type, widths, f"{name}.{f.name}")) for f in fact.fields if f.name in self.fields[name])
            self.schema[name] = Stored(fact.type, partial=False, fields=tuple((f.name, stored) for f, stored in fields))

    def _lists(self) -> dict[str, dict[str, str]]:
        """Adds the list facts; of those that SQL reads, the numbers among the fields of their items."""
        found = {}
        for one in self.mapping.lists:
            if one.whole is None:
                columns = [column for record in one.records for column in record] + [one.count] * (one.count is not None)
                self.odd += [self._cell(column).said for column in columns if column is not None]
                continue
            fact = self.knowledge.facts[one.fact]
            assert isinstance(fact.type, t.Records)
            kinds = {f.name: fact_column(self.knowledge, f.name, f, one.fact) for f in fact.fields}
            header = one.whole.header
            own, fields = listed(fact.type, kinds, self.speech.name(header), self.store.kinds[header], self.speech)
            self.odd.append(own.odd)
            if fields:
                self.values[one.fact] = own.value
                self.fields[one.fact] = tuple(fields)
                found[one.fact] = {name: value for name, value in fields.items() if isinstance(kinds[name].type, t.Number)}
        return found

    def _widths(
        self, columns: list[m.Column], facts: Mapping[str, Cell], lists: Mapping[str, Mapping[str, str]]
    ) -> dict[str, tuple[int, int]]:
        """The digits of every number, before and after the point."""
        places = PLACES_OF % self.speech.text
        asked, names = [], []
        for column in columns:
            own = facts[column.name]
            whole = column.times is None and self.store.kinds[column.header] == "whole"
            value = own.number if own.number and column.times is None else own.value
            names.append(column.name)
            asked += [f"MAX(ABS({value}))", "0" if whole else f"MAX({places.format(f'CAST({value} AS {WIDE})')})"]
        for fact, fields in lists.items():
            for name in fields:
                names.append(f"{fact}.{name}")
                for what in ("ABS({})", places.replace("{0}", f"CAST({{}} AS {WIDE})")):
                    asked.append(f"MAX({item_width(name, self.values[fact], self.speech, what)})")
        if not asked:
            return {}
        row = next(iter(self.store.rows(f"SELECT {', '.join(asked)} FROM {self.store.source}")))
        pairs = zip(row[::2], row[1::2], strict=True)
        return {name: (min(len(str(int(most or 0))), WHOLE), int(scale or 0)) for name, (most, scale) in zip(names, pairs, strict=True)}

    def _as(self, name: str, value: str) -> str:
        kind = self.schema[name].sql_type
        return f"CAST({value} AS {self.speech.text if kind == 'TEXT' else kind})"

    def _constant(self, one: m.Constant) -> None:
        from dingji.batch.statement.sql import digits

        if one.value is None:
            return
        if isinstance(one.value, Partial | Records):
            self.odd.append("TRUE")
            return
        kind = self.knowledge.facts[one.name].type
        self.schema[one.name] = Stored(kind, *digits(one.value)) if isinstance(kind, t.Number) else Stored(kind)
        self.values[one.name] = self._as(one.name, self.speech.constant(one.value))
