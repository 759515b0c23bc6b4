"""A register graded where it stands: on an Apache Spark cluster, or in a PostgreSQL database.

One statement grades the rows of each kind of case. What it can't take (cells spelled in an odd way, ids that stand twice, rows in
doubt, rare kinds) is whatever has no grade after that: those rows, and no others, are read and graded one by one. So every row
of the input is graded or refused, or the run fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from dingji.batch.compiler import Statement, compile_plan
from dingji.batch.dialects import short
from dingji.batch.engine import WORTH, Reject
from dingji.batch.job import Counts
from dingji.batch.register import KEY, ROW
from dingji.batch.results import plain
from dingji.batch.schema import AS_OF, Schema, Stored
from dingji.batch.typed import PLACES_OF, WHOLE, WIDE, Cell, Kind, Speech, cell, item_width, listed, stored_as
from dingji.errors import CaseError, DingjiError, EvaluationError, Problem
from dingji.grading import grade, under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge import model as k
from dingji.language import types as t
from dingji.records import Draft, field, replace
from dingji.tables import model as m
from dingji.tables.cells import CellReader
from dingji.tables.columns import fact_column
from dingji.tables.headers import map_headers
from dingji.tables.rows import RowReader

ODD, TWICE, KIND = "_odd", "_twice", "_kind"
TOGETHER = 5_000
"""Rows graded one by one that are written together."""


class Store(Protocol):
    """Where a register stands. `source` is a relation with ROW and the columns; results go where `insert` and `append` put them."""

    place: str
    dialect: str
    source: str
    kinds: Mapping[str, Kind]

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query."""

    def view(self, name: str, query: str) -> None:
        """A name for a query, to be read by the queries that follow."""

    def keep(self, name: str, query: str) -> None:
        """A name for the rows of a query, which are reckoned once."""

    def insert(self, query: str) -> None:
        """Write the rows of a query to the result."""

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Write some rows to the result."""

    def graded(self) -> str:
        """What is written so far, as a relation."""


class Register(Draft):
    """A register in a store, with the mapping of its columns."""

    store: Store
    knowledge: k.Knowledge
    mapping: m.Mapping
    profile: str | None = None
    worth: int = WORTH
    schema: dict[str, Stored] = field(default_factory=dict)
    singly: dict[str, str] = field(default_factory=dict)
    """Rules that the statements can't express, and why."""

    @staticmethod
    def of(store: Store, knowledge: k.Knowledge, mapping: m.Mapping | None, as_of: dt.date | None, profile: str | None) -> Register:
        """A register; without a mapping its columns are names of facts or their labels."""
        path = Path(store.place)
        if mapping is None:
            mapping, _ = map_headers(path, tuple(store.kinds), 0, knowledge)
        if mapping.as_of is None and as_of is not None:
            mapping = replace(mapping, as_of=m.Constant(AS_OF, as_of))
        problems = [
            Problem(store.place, 0, 0, "C062", f"{store.place} has no column {header!r}", "columns: " + ", ".join(list(store.kinds)[:12]))
            for header in sorted({column.header for column in mapping.columns} - set(store.kinds))
        ]
        for name, given in ((m.SUBJECT, mapping.subject), (AS_OF, mapping.as_of)):
            if given is None:
                problems.append(Problem(store.place, 0, 0, "C007", f"the table does not say {name}", "a column or a mapping says it"))
        if mapping.opinions or isinstance(mapping.profile, m.Column) or any(one.whole is None for one in mapping.lists):
            message = "experts' grades, profiles by row and lists from several columns are not read in place"
            problems.append(Problem(store.place, 0, 0, "X009", message, "grade such a register with --engine duckdb"))
        if problems:
            raise CaseError(problems)
        given = mapping.profile.value if isinstance(mapping.profile, m.Constant) else None
        return Register(store, under(knowledge, profile or given), mapping, profile or given)

    # --- the values

    @property
    def speech(self) -> Speech:
        """How the store says things."""
        return Speech(self.store.dialect)

    def prepare(self) -> None:
        """Make the view of the values: every fact, the id, the day, and whether the row is odd."""
        speech, mapping = self.speech, self.mapping
        values: dict[str, str] = {}
        odd: list[str] = []

        def said(given: m.Given) -> str:
            if isinstance(given, m.Constant):
                return speech.constant(given.value)
            if given is None:
                return "NULL"
            found = self._cell(given)
            odd.append(found.odd)
            return found.value

        day = f"CAST({said(mapping.as_of)} AS DATE)"
        subject = said(mapping.subject)
        odd += [f"({day}) IS NULL", f"({subject}) IS NULL"]
        key = said(mapping.case) if mapping.case else f"CONCAT('row-', {ROW})"
        odd += [f"({key}) IS NULL", f"LENGTH({key}) > 200"]
        for given in (mapping.title, mapping.official.given if mapping.official else None, *(one for _, one in mapping.group)):
            said(given)
        facts = {column.name: self._cell(column) for column in mapping.facts}
        numbers = self._lists(values, odd)
        widths = self._widths([c for c in mapping.facts if isinstance(c.type, t.Number)], facts, values, numbers)
        for column in mapping.facts:
            own = facts[column.name]
            self.schema[column.name] = stored_as(column.type, widths, column.name)
            given_day = f"CASE WHEN NOT {own.said} THEN {day} ELSE {own.value} END"
            values[column.name] = self._as(column.name, given_day if column.name in self.knowledge.dated else own.value)
            odd.append(own.odd)
        self._list_schema(widths)
        for one in mapping.constants:
            self._constant(one, values)
        values[m.SUBJECT] = subject
        self.schema[m.SUBJECT] = Stored(self.knowledge.facts[m.SUBJECT].type)
        parts = [ROW, f"{key} AS {KEY}", f"{day} AS {AS_OF}"]
        parts += [f"{value} AS {speech.name(name)}" for name, value in values.items()]
        parts.append(f"({' OR '.join(dict.fromkeys(x for x in odd if x != 'FALSE'))}) AS {ODD}")
        self._store_view("_values", f"SELECT {', '.join(parts)} FROM {self.store.source}")
        whole = f"SELECT *, CASE WHEN {ODD} OR COUNT(*) OVER (PARTITION BY {KEY}) > 1 THEN TRUE ELSE FALSE END AS {TWICE} FROM _values"
        self.store.view("_facts_read", whole if mapping.case else f"SELECT *, {ODD} AS {TWICE} FROM _values")

    def _store_view(self, name: str, query: str) -> None:
        # PostgreSQL would put each value into every place that reads it
        self.store.view(name, query + (" OFFSET 0" if self.store.dialect == "postgres" else ""))

    def _cell(self, column: m.Column) -> Cell:
        return cell(column, self.speech.name(column.header), self.store.kinds[column.header], self.speech)

    def _lists(self, values: dict[str, str], odd: list[str]) -> dict[str, dict[str, str]]:
        """Adds the values of the list facts; the numbers among the fields of their items."""
        found = {}
        for one in self.mapping.lists:
            assert one.whole is not None, "checked"
            fact = self.knowledge.facts[one.fact]
            assert isinstance(fact.type, t.Records)
            columns = {f.name: fact_column(self.knowledge, f.name, f, one.fact) for f in fact.fields}
            header = one.whole.header
            own, fields = listed(fact.type, columns, self.speech.name(header), self.store.kinds[header], self.speech)
            values[one.fact] = own.value
            odd.append(own.odd)
            self.fields[one.fact] = tuple(fields)
            found[one.fact] = {name: value for name, value in fields.items() if isinstance(columns[name].type, t.Number)}
        return found

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def _widths(
        self, columns: list[m.Column], facts: Mapping[str, Cell], lists: Mapping[str, str], numbers: Mapping[str, Mapping[str, str]]
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
        for fact, fields in numbers.items():
            for name in fields:
                names.append(f"{fact}.{name}")
                for what in ("ABS({})", places.replace("{0}", f"CAST({{}} AS {WIDE})")):
                    asked.append(f"MAX({item_width(name, lists[fact], self.speech, what)})")
        if not asked:
            return {}
        row = next(iter(self.store.rows(f"SELECT {', '.join(asked)} FROM {self.store.source}")))
        pairs = zip(row[::2], row[1::2], strict=True)
        return {name: (min(len(str(int(most or 0))), WHOLE), int(scale or 0)) for name, (most, scale) in zip(names, pairs, strict=True)}

    def _as(self, name: str, value: str) -> str:
        kind = self.schema[name].sql_type
        return f"CAST({value} AS {'STRING' if kind == 'TEXT' and self.store.dialect == 'spark' else kind})"

    def _list_schema(self, widths: Mapping[str, tuple[int, int]]) -> None:
        for one in self.mapping.lists:
            fact = self.knowledge.facts[one.fact]
            fields = ((f, stored_as(f.type, widths, f"{one.fact}.{f.name}")) for f in fact.fields if f.name in self.fields[one.fact])
            self.schema[one.fact] = Stored(fact.type, partial=False, fields=tuple((f.name, stored) for f, stored in fields))

    def _constant(self, one: m.Constant, values: dict[str, str]) -> None:
        from dingji.batch.sql import digits

        if one.value is None:
            return
        kind = self.knowledge.facts[one.name].type
        self.schema[one.name] = Stored(kind, *digits(one.value)) if isinstance(kind, t.Number) else Stored(kind)
        values[one.name] = self._as(one.name, self.speech.constant(one.value))

    # --- the kinds of cases

    def plans(self) -> list[tuple[Plan, str]]:
        """The plans that enough rows need, each with the condition under which a row needs it."""
        base = self.knowledge
        names = sorted(name for name in base.index if name in self.schema)
        days = sorted({day for i in base.instruments.values() for day in _edges(i.in_force)})
        later = " + ".join(f"CASE WHEN {AS_OF} >= {self.speech.constant(day)} THEN 1 ELSE 0 END" for day in days) or "0"
        text = self.speech.text
        key = " || '|' || ".join([f"CAST({later} AS {text})", *(f"COALESCE(CAST({self.speech.name(n)} AS {text}), '')" for n in names)])
        columns = ", ".join(map(self.speech.name, names))
        self.store.keep(KIND, f"SELECT *, {key} AS {KIND} FROM _facts_read WHERE NOT {TWICE}")
        ask = f"SELECT {KIND}, MIN({AS_OF}), COUNT(*), {columns} FROM {KIND} GROUP BY {KIND}, {columns}"
        kinds: dict[int, tuple[Plan, list[str], int]] = {}
        for text_key, day, many, *stated in self.store.rows(ask):
            facts = {name: value for name, value in zip(names, stated, strict=True) if value is not None}
            plan = plan_for(base, facts, day)
            own = kinds.get(id(plan), (plan, [], 0))
            kinds[id(plan)] = (plan, [*own[1], text_key], own[2] + many)
        found = []
        for plan, keys, many in kinds.values():
            if many >= self.worth and any(a.instrument.decides for a in plan.applied):
                found.append((plan, f"{KIND} IN ({', '.join(map(self.speech.string, keys))})"))
        return found

    def statement(self, plan: Plan, condition: str, number: int) -> Statement:
        """The statement for the rows of a kind."""
        from sqlglot import exp

        view = f"_register_{number}"
        self.store.view(view, f"SELECT * FROM {KIND} WHERE {condition}")
        schema: Schema = {short(name) if self.store.dialect == "postgres" else name: s for name, s in self.schema.items()}
        found = compile_plan(plan, schema, exp.select("*").from_(view), (ROW, KEY, AS_OF))
        self.singly.update(found.singly)
        return found

    # --- the run

    def run(self, tell: Callable[[Counts], None] = lambda counts: None) -> tuple[Counts, list[Reject]]:
        """Grade every row."""
        self.prepare()
        total = self._count(self.store.source)
        for number, (plan, condition) in enumerate(self.plans()):
            found = self.statement(plan, condition, number)
            if not found.singly:
                self.store.insert(found.sql(self.store.dialect))
        counts = Counts(total, self._count(self.store.graded()))
        tell(counts)
        rejects = self._rest(counts, tell)
        counts.refused = len({reject.row for reject in rejects})
        written = self._count(self.store.graded())
        if written != counts.graded or counts.graded + counts.refused != total:
            message = f"{total} rows read, {written} written, {counts.refused} refused, {counts.left_out} left out: they do not add up"
            raise EvaluationError([Problem(self.store.place, 0, 0, "X006", message, "no output is written; please report this")])
        return counts, rejects

    def _count(self, relation: str) -> int:
        return int(next(iter(self.store.rows(f"SELECT COUNT(*) FROM {relation}")))[0])

    def _rest(self, counts: Counts, tell: Callable[[Counts], None]) -> list[Reject]:
        """Everything that has no grade yet, row by row."""
        headers = list(self.store.kinds)
        names = ", ".join(f"s.{self.speech.name(header)}" for header in headers)
        lacking = f"NOT EXISTS (SELECT 1 FROM {self.store.graded()} AS g WHERE g.{ROW} = s.{ROW})"
        rows = self.store.rows(f"SELECT s.{ROW}, {names} FROM {self.store.source} AS s WHERE {lacking} ORDER BY 1")
        find = {header: index for index, header in enumerate(headers)}
        reader = RowReader(Path(self.store.place), self.knowledge, self.mapping, find, lambda column: CellReader(column, column.name))
        rejects: list[Reject] = []
        try:
            while batch := list(islice(rows, TOGETHER)):
                done = [found for row in batch if (found := self._one(reader.row(row[0], row[1:]), headers, rejects)) is not None]
                if done:
                    self.store.append(done)
                counts.graded += len(done)
                counts.singly += len(done)
                tell(counts)
        finally:
            reader.close()
        return rejects

    def _one(self, row: m.Row, headers: list[str], rejects: list[Reject]) -> dict[str, Any] | None:
        if row.case is None:
            index = row.problems[0].column - 1
            column = headers[index] if 0 <= index < len(headers) else ""
            rejects += [Reject(row.number, "", column, p.code, p.message) for p in row.problems]
            return None
        try:
            return plain(row.number, grade(self.knowledge, row.case))
        except CaseError as error:
            rejects += [Reject(row.number, row.case.id, "", p.code, p.message) for p in error.problems]
            return None


def _edges(span: k.InForce) -> Iterator[dt.date]:
    """The days from which an instrument may apply, or may no longer apply."""
    for text, later in ((span.start, 0), (span.end, 1)):
        if len(text) == 4:
            yield from (dt.date(int(text), 1, 1), dt.date(int(text) + 1, 1, 1))
        elif text:
            yield dt.date.fromisoformat(text) + dt.timedelta(days=later)


def missing(package: str, extra: str) -> DingjiError:
    """The error that names what to install."""
    return DingjiError([Problem(package, 0, 0, "X004", "registers need a package", f"pip install 'dingji[{extra}]'")])


def write_rejects(path: Path, rejects: list[Reject]) -> None:
    """The file of the rows that have no grade; none where all have one."""
    from dingji.tables.writing import write_csv

    if not rejects:
        path.unlink(missing_ok=True)
        return
    names = Reject.__struct_fields__
    write_csv(path, list(names), ([getattr(reject, name) for name in names] for reject in rejects))
