"""A table in columns, without a case for each row: read by DuckDB, its cells made values by SQL.

Rows in which any cell is odd (`dingji.batch.cells`), whose id stands twice, or which are of a rare kind, are read by the row
reader. The table stands in a database on the disk while it is graded, so that it may be larger than memory.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from dingji.batch.cells import Cell, cell
from dingji.batch.register import KEY, MOST_PLACES, MOST_WHOLE, ROW, literal, quoted
from dingji.batch.schema import AS_OF, Stored
from dingji.batch.sql import constant, digits
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.values import Partial, Records
from dingji.records import Record
from dingji.tables import model as m
from dingji.tables.columnar import Parquet
from dingji.tables.reader import Table
from dingji.tables.rows import RowReader
from dingji.tables.sources import blank
from dingji.tables.text import CsvText

KIND, ODD, TWICE, REST, UNDER = "_kind", "_odd", "_twice", "_rest", "_under"
CELLS_AT_ONCE, MOST_AT_ONCE = 100_000_000, 491_520
"""Cells and rows of a chunk, at the most."""
_SPACED = re.compile(rb'[ \t]"|"[ \t]')


class UnfitError(Exception):
    """The table must be read row by row; the message says why."""


class Kind(Record, frozen=True):
    """Rows under one plan."""

    number: int
    plan: Plan
    knowledge: Knowledge


def unfit(table: Table) -> str:
    """Why a table can't be read in columns; empty if it can. Its file is looked at too."""
    mapping = table.mapping
    if mapping.opinions:
        return "experts' grades"
    if any(isinstance(one.value, Partial | Records) for one in mapping.constants):
        return "constants that are lists or ranges"
    source = table._source
    if isinstance(source, Parquet):
        return ""
    if not isinstance(source, CsvText) or (mapping.header, mapping.first) != (1, 2):
        return "the form of the file"
    return "" if source.encoding in ("utf-8", "utf-8-sig") and _simple(table.path) else "the form of the file"


def _simple(path: Path) -> bool:
    """Do csv.reader and DuckDB surely cut the text into the same cells, row by row?"""
    returns = lines = both = 0
    last = b"\n"
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 24):
            text = last + chunk
            if b"\0" in chunk or b"\n\n" in text or b"\n\r" in text or (b'"' in text and _SPACED.search(text)):
                return False
            returns, lines, both = returns + chunk.count(b"\r"), lines + chunk.count(b"\n"), both + text.count(b"\r\n")
            last = chunk[-1:]
    return not returns or returns == lines == both


class RegisterFile:
    """The rows of a table by their place in it, from 0. Raises UnfitError where it must be read row by row."""

    def __init__(self, table: Table, connection: Any, folder: Path, profile: str | None, worth: int) -> None:
        self.table, self.connection, self.mapping, self.knowledge = table, connection, table.mapping, table.knowledge
        self.profile, self.worth, self.folder = profile, worth, folder
        self.find = {header: index for index, header in reversed(list(enumerate(table.columns)))}
        self.used = sorted({self.find[column.header] for column in self.mapping.columns})
        self.first = 2 if isinstance(table._source, CsvText) else 1
        self.schema: dict[str, Stored] = {}
        self._store(folder)
        try:
            self._read_cells()
            self._find_twice()
            self._find_kinds()
            self.reader = self.new_reader()
        except BaseException:
            connection.execute("DETACH stored")
            shutil.rmtree(folder, ignore_errors=True)
            raise

    # --- the file

    def _store(self, folder: Path) -> None:
        import duckdb

        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "table.duckdb"
        for old in (file, file.with_name(file.name + ".wal")):
            old.unlink(missing_ok=True)
        run = self.connection.execute
        run(f"ATTACH {literal(str(file))} AS stored")
        names = [f"c{index}" for index in range(len(self.table.columns))]
        source = self._source(names)
        used = ", ".join(names[index] for index in self.used)
        rest = [f"CAST({names[index]} AS VARCHAR)" for index in range(len(names)) if index not in set(self.used)]
        there = self.find[self.mapping.case.header] if self.mapping.case else None
        # whether a row without an id is blank, the columns that nothing reads say too
        bare = f"NOT regexp_matches(coalesce(CAST({names[there]} AS VARCHAR), ''), '[^\\s\\p{{Z}}\\x{{85}}]')" if there is not None else ""
        spoken = f"CASE WHEN {bare} THEN " if bare else ""
        others = f"{spoken}concat_ws('', {', '.join(rest)}){' END' if spoken else ''}" if rest else "NULL::VARCHAR"
        run("set preserve_insertion_order = true")
        try:
            run(f"CREATE TABLE stored.cells AS SELECT {used}{', ' if used else ''}{others} AS {REST} FROM {source}")
        except duckdb.Error as error:
            run("DETACH stored")
            shutil.rmtree(folder, ignore_errors=True)
            raise UnfitError(str(error)) from None
        finally:
            run("set preserve_insertion_order = false")
        described = run("DESCRIBE stored.cells").fetchall()
        self.types = {row[0]: str(row[1]) for row in described}
        self.total = int(run("SELECT count(*) FROM stored.cells").fetchone()[0])

    def _source(self, names: list[str]) -> str:
        path = literal(str(self.table.path))
        if self.first == 1:
            own = [row[0] for row in self.connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()]
            listed = ", ".join(f"{quoted(name)} AS {short}" for name, short in zip(own, names, strict=False))
            return f"(SELECT {listed} FROM read_parquet({path}))"
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        form = f"delim={literal(self.table.delimiter)}, quote='\"', escape='\"', header=true, auto_detect=false, strict_mode=true"
        return f"read_csv({path}, columns={{{columns}}}, {form}, null_padding=false, ignore_errors=false)"

    def close(self) -> None:
        """Let go of the file."""
        self.reader.close()
        self.connection.execute("DETACH stored")
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- its cells

    def _cell(self, given: m.Given, stored: Stored | None = None) -> Cell | None:
        if not isinstance(given, m.Column):
            return None
        name = f"c{self.find[given.header]}"
        found = cell(given, name, self.types[name], stored)
        if found.code:
            self.codes[found.coded] = found.code
        return found

    def _read_cells(self) -> None:
        """The table of values: every fact, and whether the row is odd."""
        self.codes: dict[str, str] = {}
        self._widths()
        odd = self._columns()
        head = f"rowid + {self.first} AS {ROW}, {self.key} AS {KEY}, {self.day} AS {AS_OF}, {self.under} AS {UNDER}"
        values = "".join(f", {value} AS {quoted(name)}" for name, value in self.values.items())
        codes = "".join(f", {code} AS {name}" for name, code in self.codes.items())
        query = f"SELECT {head}{values}, coalesce({odd}, TRUE) AS {ODD} FROM (SELECT rowid, *{codes} FROM stored.cells)"
        run = self.connection.execute
        run("set preserve_insertion_order = true")
        run(f"CREATE TABLE stored.facts AS {query}")
        run("set preserve_insertion_order = false")

    def _columns(self) -> str:
        """Fills `values`; the condition under which a row is odd."""
        mapping = self.mapping
        odd: list[str] = []
        self.values: dict[str, str] = {}
        day, self.key = self._said(mapping.as_of, odd), f"'row-' || (rowid + {self.first})"
        self.day = f"CAST({day} AS DATE)"
        odd.append(f"{self.day} IS NULL")
        for column in mapping.facts:
            fact = self._cell(column, self.schema[column.name])
            assert fact is not None
            odd.append(fact.odd)
            dated = column.name in self.knowledge.dated
            self.values[column.name] = f"CASE WHEN {fact.text} IS NULL THEN {self.day} ELSE {fact.value} END" if dated else fact.value
        for one in mapping.constants:
            if one.value is not None:
                self._constant(one.name, one.value)
        self._constant_day()
        subject = self._said(mapping.subject, odd)
        self.schema[m.SUBJECT] = Stored(self.knowledge.facts[m.SUBJECT].type)
        self.values[m.SUBJECT] = f"CAST({subject} AS {self.schema[m.SUBJECT].sql_type})"
        odd.append(f"({subject}) IS NULL")
        self.under = f"CAST({self._said(mapping.profile, odd)} AS VARCHAR)"
        self._said(mapping.title, odd)
        self._said(mapping.official.given if mapping.official else None, odd)
        self.group = {name: f"coalesce({self._said(given, odd)}, '')" for name, given in mapping.group}
        for each in mapping.lists:
            columns = [column for record in each.records for column in record] + [c for c in (each.count, each.whole) if c]
            odd += [f"{found.text} IS NOT NULL" for column in columns if (found := self._cell(column)) is not None]
        if (case := self._cell(mapping.case)) is not None:
            self.key = case.value
            odd += [case.odd, f"{case.text} IS NULL", f"length({case.text}) > 200"]
        else:
            blank_row = " AND ".join([*(f"c{index} IS NULL" for index in self.used), f"coalesce({REST}, '') = ''"])
            odd.append(blank_row)
        return " OR ".join(dict.fromkeys(part for part in odd if part != "FALSE")) or "FALSE"

    def _said(self, given: m.Given, odd: list[str]) -> str:
        """The value of a column or constant."""
        if isinstance(given, m.Constant):
            return constant(given.value).node.sql("duckdb")
        found = self._cell(given)
        if found is None:
            return "NULL"
        odd.append(found.odd)
        return found.value

    def _constant(self, name: str, value: Any) -> None:
        kind = self.knowledge.facts[name].type
        number = isinstance(kind, t.Number)
        self.schema[name] = Stored(kind, *digits(value)) if number else Stored(kind)
        self.values[name] = f"CAST({constant(value).node.sql('duckdb')} AS {self.schema[name].sql_type})"

    def _constant_day(self) -> None:
        """The day of the case stands for dates that nobody states."""
        stated = {one.name for one in self.mapping.constants}
        for name in self.knowledge.dated:
            if name not in self.values and name not in stated:
                self.schema[name], self.values[name] = Stored(self.knowledge.facts[name].type), self.day

    def _widths(self) -> None:
        """The columns of the facts; numbers in decimals that are no wider than the numbers."""
        asked: list[str] = []
        numbers: list[m.Column] = []
        for column in self.mapping.facts:
            self.schema[column.name] = Stored(column.type)
            found = self._cell(column) if isinstance(column.type, t.Number) else None
            if found is not None and found.number:
                numbers.append(column)
                plain = f"ltrim({found.number}, '-')"
                asked += [f"max(length(split_part({plain}, '.', 1)))", f"max(length(split_part({plain}, '.', 2)))"]
        row = self.connection.execute(f"SELECT {', '.join(asked)} FROM stored.cells").fetchone() if asked else ()
        for place, column in enumerate(numbers):
            integer = isinstance(column.type, t.Number) and column.type.integer
            whole, places = row[2 * place] or 1, 0 if integer else row[2 * place + 1] or 0
            for value in column.values.values():
                if isinstance(value, int | Decimal):
                    precision, scale = digits(value)
                    whole, places = max(whole, precision - scale), max(places, scale)
            whole, places = min(whole, MOST_WHOLE), min(places, MOST_PLACES)
            self.schema[column.name] = Stored(column.type, whole + places, places)

    def _find_twice(self) -> None:
        """Ids that may stand twice, however they are spelled."""
        run = self.connection.execute
        case = self.mapping.case
        run(f"CREATE OR REPLACE TEMP TABLE twice ({TWICE} BIGINT)")
        if case is None:
            return
        name = f"c{self.find[case.header]}"
        if self.types[name] not in ("VARCHAR", "BIGINT", "INTEGER"):
            raise UnfitError(f"ids of the type {self.types[name]}")
        id = f"regexp_replace(CAST({name} AS VARCHAR), '^[\\s\\p{{Z}}\\p{{C}}'']+|[\\s\\p{{Z}}\\p{{C}}]+$', '', 'g')"
        many = f"SELECT hash({id}) AS h FROM stored.cells GROUP BY h HAVING count(*) > 1"
        run(f"INSERT INTO twice SELECT rowid FROM stored.cells WHERE hash({id}) IN ({many})")

    # --- kinds

    def _find_kinds(self) -> None:
        """The plans that the rows need, by one grouping."""
        base = self.knowledge
        scopes = [i.scope for i in base.instruments.values()] + [r.when for r in base.reconciliations.values()]
        asked = frozenset().union(*(n.facts_of(scope) for scope in scopes if scope is not None))
        if not asked <= set(base.index):
            raise UnfitError("scopes that read facts which are not indexed")
        # further facts could rule out rules of a plan, but the statement finds those false as well
        names = [name for name in self.values if name in asked or name == base.surveyed.get("scale")]
        listed = ", ".join(map(quoted, [UNDER, AS_OF, *names]))
        query = f"SELECT {listed}, count(*) FROM stored.facts WHERE NOT {ODD} GROUP BY ALL"
        rows = self.connection.execute(query).fetchall()
        found: dict[int, Kind] = {}
        counts: dict[int, int] = {}
        keys = []
        for profile, day, *values, many in rows:
            knowledge = under(self.knowledge, self.profile or profile)
            facts = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            plan = plan_for(knowledge, facts, day)
            kind = found.setdefault(id(plan), Kind(len(found), plan, knowledge))
            counts[kind.number] = counts.get(kind.number, 0) + many
            keys.append((profile, day, *values, kind.number))
        self.kinds = [kind for kind in found.values() if any(a.instrument.decides for a in kind.plan.applied)]
        self.kinds = [kind for kind in self.kinds if counts[kind.number] >= self.worth]
        self._keep_kinds(names, keys)

    def _keep_kinds(self, names: list[str], keys: list[tuple[Any, ...]]) -> None:
        """A table of the kinds, to be joined."""
        run = self.connection.execute
        own = "".join(f", {quoted(name)} {self.schema[name].sql_type}" for name in names)
        run(f"CREATE OR REPLACE TEMP TABLE kinds ({UNDER} VARCHAR, {AS_OF} DATE{own}, {KIND} INTEGER)")
        large = {kind.number for kind in self.kinds}
        kept = [key for key in keys if key[-1] in large]
        if kept:
            marks = ", ".join("?" * len(kept[0]))
            self.connection.executemany(f"INSERT INTO kinds VALUES ({marks})", kept)
        self.joined = " AND ".join(f"k.{quoted(name)} IS NOT DISTINCT FROM v.{quoted(name)}" for name in (UNDER, AS_OF, *names))

    # --- rows

    @property
    def chunk(self) -> int:
        """Rows that are graded together."""
        return max(2_048, min(MOST_AT_ONCE, CELLS_AT_ONCE // max(1, len(self.table.columns))))

    def load(self, start: int, end: int) -> None:
        """The temporary table `loaded`: the rows of a range that need no row reader, each with its kind."""
        within = f"v.rowid >= {start} AND v.rowid < {end}"
        query = f"SELECT v.* EXCLUDE ({ODD}), k.{KIND} FROM stored.facts v JOIN kinds k ON {self.joined} WHERE {within} AND NOT {ODD}"
        single = f"ANTI JOIN twice ON {TWICE} = {ROW} - {self.first}"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE loaded AS SELECT * FROM ({query}) {single}")

    def left(self, start: int, end: int) -> list[int]:
        """The places of the rows of a range that `load` did not take, in order."""
        within = f"{ROW} >= {start + self.first} AND {ROW} < {end + self.first}"
        query = f"SELECT {ROW} FROM stored.facts WHERE {within} AND {ROW} NOT IN (SELECT {ROW} FROM loaded) ORDER BY 1"
        return [row - self.first for (row,) in self.connection.execute(query).fetchall()]

    def skip(self, start: int, end: int) -> None:
        """Note the ids of a range that an earlier run finished."""
        query = f"SELECT {TWICE} FROM twice WHERE {TWICE} >= {start} AND {TWICE} < {end} ORDER BY 1"
        for _ in self.rows([place for (place,) in self.connection.execute(query).fetchall()], self.reader):
            pass

    def new_reader(self) -> RowReader:
        """A row reader that has seen no ids."""
        return RowReader(self.table.path, self.knowledge, self.mapping, self.find, self.table._cells)

    def rows(self, places: list[int], reader: RowReader) -> Iterator[m.Row]:
        """Some rows as cases, or why they are none; blank rows are left out."""
        width = len(self.table.columns)
        for begin in range(0, len(places), 1000):
            numbers = ", ".join(map(str, places[begin : begin + 1000]))
            query = f"SELECT rowid, * FROM stored.cells WHERE rowid IN ({numbers}) ORDER BY rowid"
            for place, *found, rest in self.connection.execute(query).fetchall():
                cells: list[Any] = [None] * width
                for index, value in zip(self.used, found, strict=True):
                    cells[index] = value
                if not blank([*cells, rest]):
                    yield reader.row(place + self.first, cells)


def kind_source(kind: Kind) -> str:
    """The rows of a kind, of those that are loaded."""
    return f"SELECT * FROM loaded WHERE {KIND} = {kind.number}"
