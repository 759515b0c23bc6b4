"""A table in columns, without a case for each row: read by DuckDB, its cells made values by SQL.

Rows in which any cell is odd (`dingji.batch.table.cells`), whose id stands twice, or which are of a rare kind, are read by the row
reader. The table is read from its file range by range (`dingji.batch.table.stand`), so that it may be larger than memory.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dingji.batch.register import KEY, MOST_PLACES, MOST_WHOLE, ROW, constant_parts, files, fits, literal, quoted
from dingji.batch.results import GROUP
from dingji.batch.statement.schema import AS_OF, Stored
from dingji.batch.statement.sql import constant, digits
from dingji.batch.table.cells import Cell, cell
from dingji.batch.table.kinds import KIND, UNDER, Kind, Kinds, deciding, find_kinds
from dingji.batch.table.stand import PLACE, Stand, stand
from dingji.language import types as t
from dingji.language.values import Partial, Records
from dingji.records import Record
from dingji.tables import model as m
from dingji.tables.columnar import Parquet
from dingji.tables.reader import Table
from dingji.tables.rows import RowReader
from dingji.tables.sources import blank
from dingji.tables.text import CsvText

if TYPE_CHECKING:
    from dingji.batch.statement.where import Where
    from dingji.batch.table.text import Aside

ODD, TWICE = "_odd", "_twice"
CELLS_AT_ONCE, MOST_AT_ONCE = 100_000_000, 491_520
"""Cells and rows of a chunk, at the most."""
BYTES_OF_CELL = 30
"""Memory for each cell of a chunk: more than it takes when it is graded."""
READ_AT_ONCE = 5_000
"""Rows that are fetched together for the row reader."""
_SPACED = re.compile(rb'[ \t]"|"[ \t]')


FORM, CONSTANTS = "the form of the file", "constants that no column holds"


class UnfitError(Exception):
    """The table must be read row by row; the message says why."""


class FormError(UnfitError):
    """The text can't be read; another text of the same table may be."""


class Text(Record, frozen=True):
    """A file that DuckDB reads as the row reader reads the table; `first` is the number of the row after its headers.

    `aside` keeps the rows that are no text: they stand as blank rows in the file.
    """

    path: Path
    delimiter: str
    first: int
    aside: Aside | None = None


def unfit(table: Table) -> str:
    """Why a table can't be read in columns; empty if it can. Its file is looked at too."""
    mapping = table.mapping
    if not all(fits(one.value) for one in mapping.constants):
        return CONSTANTS
    source = table._source
    if isinstance(source, Parquet):
        return ""
    if not isinstance(source, CsvText) or (mapping.header, mapping.first) != (1, 2):
        return FORM
    return "" if source.encoding in ("utf-8", "utf-8-sig") and simple(table.path) else FORM


def simple(path: Path) -> bool:
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

    def __init__(self, table: Table, connection: Any, folder: Path, profile: str | None, worth: int, text: Text | None = None) -> None:
        self.table, self.connection, self.mapping, self.knowledge = table, connection, table.mapping, table.knowledge
        self.profile, self.worth, self.folder = profile, worth, folder
        self.find = {header: index for index, header in reversed(list(enumerate(table.columns)))}
        self.used = sorted({self.find[column.header] for column in self.mapping.columns})
        self.text = text or Text(table.path, table.delimiter, 2 if isinstance(table._source, CsvText) else 1)
        self.first = self.text.first
        self.schema: dict[str, Stored] = {}
        self.stand = self._stand(folder)
        try:
            self._read_cells()
            self._find_twice()
            self.found = self._kinds()
            self.kinds = self.found.kinds
            self.reader = self.new_reader()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _kinds(self) -> Kinds:
        names = deciding(self.knowledge, list(self.values))
        if names is None:
            raise UnfitError("scopes that read facts which are not indexed")
        return find_kinds(self.connection, self.knowledge, self.profile, self.worth, self._facts(), names, self.schema)

    # --- the file

    def _stand(self, folder: Path) -> Stand:
        import duckdb

        run = self.connection.execute
        run("set preserve_insertion_order = true")
        with contextlib.suppress(duckdb.Error):  # it stays where it is once something was put there
            run(f"set temp_directory = {literal(str(folder / 'spill'))}")
        [(spill,)] = run("SELECT current_setting('temp_directory')").fetchall()
        self.spill = Path(spill)
        self.spill.mkdir(parents=True, exist_ok=True)
        try:
            return stand(self.connection, self.table, self.used, self.text, folder)
        except duckdb.Error as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise FormError(str(error)) from None

    @property
    def total(self) -> int:
        """How many rows there are, blank ones included."""
        return self.stand.total

    def close(self) -> None:
        """Let go of the file, and of what did not fit into memory."""
        self.reader.close()
        if self.text.aside is not None:
            self.text.aside.close()
        for folder in (self.spill, self.folder):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.spill.parent.rmdir()

    # --- its cells

    def _cell(self, given: m.Given, stored: Stored | None = None) -> Cell | None:
        if not isinstance(given, m.Column):
            return None
        name = f"c{self.find[given.header]}"
        found = cell(given, name, self.stand.types[name], stored)
        self.codes.update(found.codes)
        return found

    def _read_cells(self) -> None:
        """What the columns say: every fact, and whether a row is odd."""
        self.codes: dict[str, str] = {}
        self._widths()
        self.odd = self._columns()

    def _facts(self, within: str = "") -> str:
        """A query for the facts of every row, or of those of a range."""
        head = f"{PLACE} + {self.first} AS {ROW}, {self.key} AS {KEY}, {self.day} AS {AS_OF}, {self.under} AS {UNDER}"
        values = "".join(f", {value} AS {quoted(name)}" for name, value in self.values.items())
        values += "".join(f", {text} AS {quoted(GROUP + name)}" for name, text in self.group.items())
        codes = "".join(f", {code} AS {name}" for name, code in self.codes.items())
        source = f"(SELECT *{codes} FROM {self.stand.relation}{within})"
        return f"SELECT {head}{values}, coalesce({self.odd}, TRUE) AS {ODD} FROM {source}"

    def _columns(self) -> str:
        """Fills `values`; the condition under which a row is odd."""
        mapping = self.mapping
        odd: list[str] = []
        self.values: dict[str, str] = {}
        day, self.key = self._said(mapping.as_of, odd), f"'row-' || ({PLACE} + {self.first})"
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
            odd += self._stated(columns)
        odd += self._stated([opinion.column for opinion in mapping.opinions])
        if (case := self._cell(mapping.case)) is not None:
            self.key = case.value
            odd += [case.odd, f"{case.text} IS NULL", f"length({case.text}) > 200"]
        else:
            # it may be blank: the row reader sees what the other columns say
            odd.append(" AND ".join(f"trim(coalesce(CAST(c{index} AS VARCHAR), ''), ' \t') = ''" for index in self.used) or "TRUE")
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

    def _stated(self, columns: Iterable[m.Column]) -> list[str]:
        """Where something stands in columns that only the row reader understands."""
        return [f"{found.text} IS NOT NULL" for column in columns if (found := self._cell(column)) is not None]

    def _constant(self, name: str, value: Any) -> None:
        kind = self.knowledge.facts[name].type
        if isinstance(value, Partial | Records):
            stored, parts = constant_parts(name, kind, value)
            self.schema[name] = stored
            self.values.update(parts)
            return
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
            if found is not None and found.whole:
                numbers.append(column)
                asked += [found.whole, found.places]
        row = self.connection.execute(f"SELECT {', '.join(asked)} FROM {self.stand.relation}").fetchone() if asked else ()
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
        self.doubled = False
        if case is None:
            return
        name = f"c{self.find[case.header]}"
        if self.stand.types[name] not in ("VARCHAR", "BIGINT", "INTEGER"):
            raise UnfitError(f"ids of the type {self.stand.types[name]}")
        id = f"regexp_replace(CAST({name} AS VARCHAR), '^[\\s\\p{{Z}}\\p{{C}}'']+|[\\s\\p{{Z}}\\p{{C}}]+$', '', 'g')"
        named = f"(SELECT {PLACE}, {name} FROM {self.stand.relation}{self._ids_aside()})"
        many = f"SELECT hash({id}) AS h FROM {named} t({PLACE}, {name}) WHERE {name} IS NOT NULL GROUP BY h HAVING count(*) > 1"
        run(f"CREATE OR REPLACE TEMP TABLE many AS {many}")
        self.doubled = run("SELECT count(*) FROM many").fetchone()[0] > 0
        if self.doubled:
            run(f"INSERT INTO twice SELECT {PLACE} FROM {named} t({PLACE}, {name}) WHERE hash({id}) IN (SELECT h FROM many)")
        run("DROP TABLE many")

    def _ids_aside(self) -> str:
        """The ids of the rows that stand aside, to be added to those of the others."""
        if self.text.aside is None or not self.text.aside.many:
            return ""
        return f" UNION ALL SELECT number - {self.first}, id FROM {self.text.aside.ids()}"

    # --- rows

    @property
    def chunk(self) -> int:
        """Rows that are graded together: fewer where there are many columns or there is little memory."""
        [(limit,)] = self.connection.execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'").fetchall()
        cells = min(CELLS_AT_ONCE, bytes_of(limit) // BYTES_OF_CELL)
        return max(2_048, min(MOST_AT_ONCE, cells // (len(self.used) + 1) // 2_048 * 2_048))

    def load(self, start: int, end: int, where: Where | None = None) -> int:
        """The relation `loaded`: the rows of a range that need no row reader, each with its kind. The rows that `where` leaves out."""
        run = self.connection.execute
        kind, source = self.found.named(self._facts(f" WHERE {PLACE} >= {start} AND {PLACE} < {end}"))
        query = f"SELECT v.* EXCLUDE ({ODD}, {UNDER}), {kind} FROM {source} WHERE NOT {ODD}"
        if self.doubled:
            query += f" AND {ROW} NOT IN (SELECT {TWICE} + {self.first} FROM twice WHERE {TWICE} >= {start} AND {TWICE} < {end})"
        run(f"CREATE OR REPLACE TEMP TABLE passed ({ROW} BIGINT)")
        # a statement that reads the file itself is faster, but has no more threads than there are groups of rows
        if where is None and self.found.every and len(self.kinds) == 1 and self.stand.fine:
            self.loaded = "flowing"
            run(f"CREATE OR REPLACE TEMP VIEW {self.loaded} AS {query}")
            return 0
        self.loaded = "loaded"
        run(f"CREATE OR REPLACE TEMP TABLE {self.loaded} AS {query}")
        if where is None:
            return 0
        from dingji.batch.statement.where import UNSURE, WANTED

        run(f"CREATE OR REPLACE TEMP TABLE asked AS {where.query(self.schema, self.loaded, (ROW,))}")
        run(f"INSERT INTO passed SELECT {ROW} FROM asked WHERE NOT {WANTED} AND NOT {UNSURE}")
        run(f"DELETE FROM {self.loaded} WHERE {ROW} IN (SELECT {ROW} FROM asked WHERE NOT {WANTED} OR {UNSURE})")
        return int(run("SELECT count(*) FROM passed").fetchone()[0])

    def present(self) -> tuple[Kind, ...]:
        """The kinds of the rows that are loaded."""
        if len(self.kinds) < 2:
            return self.kinds
        there = {kind for (kind,) in self.connection.execute(f"SELECT DISTINCT {KIND} FROM {self.loaded}").fetchall()}
        return tuple(kind for kind in self.kinds if kind.number in there)

    def of_kind(self, kind: Kind) -> str:
        """A relation of the rows of a kind, of those that are loaded."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW of_kind AS SELECT * FROM {self.loaded} WHERE {KIND} = {kind.number}")
        return "of_kind"

    def left(self, start: int, end: int, graded: list[Path]) -> list[int]:
        """The places of the rows of a range that are neither in the files of the graded nor left out, in order."""
        taken = f"SELECT {ROW} FROM passed" + "".join(f" UNION ALL SELECT {ROW} FROM read_parquet({files(path)})" for path in graded)
        query = f"SELECT r FROM range({start + self.first}, {end + self.first}) t(r) ANTI JOIN ({taken}) ON {ROW} = r ORDER BY r"
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
        for begin in range(0, len(places), READ_AT_ONCE):
            numbers = places[begin : begin + READ_AT_ONCE]
            within = f"{PLACE} BETWEEN {numbers[0]} AND {numbers[-1]} AND {PLACE} IN (SELECT unnest({numbers}))"
            query = f"SELECT * FROM {self.stand.whole} WHERE {within} ORDER BY {PLACE}"
            for place, *found, rest in self.connection.execute(query).fetchall():
                cells: list[Any] = [None] * width
                for index, value in zip(self.used, found, strict=True):
                    cells[index] = value
                number, kept = place + self.first, self.text.aside.get(place + self.first) if self.text.aside else None
                if kept is not None:
                    row = self.table.row(reader, number, kept)
                else:  # a cell that nothing reads may be all that stands in the row
                    row = None if blank([*cells, rest]) else reader.row(number, cells)
                if row is not None:
                    yield row


def bytes_of(shown: str) -> int:
    """A size as DuckDB shows it."""
    number, unit = shown.split()
    return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB").index(unit))
