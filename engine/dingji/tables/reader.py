"""Reading a table of cases row by row."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from dingji.errors import CaseError, Problem, nearest
from dingji.knowledge.model import Knowledge
from dingji.records import replace
from dingji.tables.cells import CellReader, Refused, text_of
from dingji.tables.headers import map_headers, names_in
from dingji.tables.model import AS_OF, SUBJECT, Column, Constant, Mapping, Row
from dingji.tables.rows import RowReader
from dingji.tables.sources import Options, Source, blank, open_source, refuse
from dingji.tables.words import plain_text
from dingji.tables.writing import unguarded

_MOST_NAMED = 12
_OF_ROWS = ("C063", "C064")
"""Problems of rows that have no cells."""
_MOST_COMPARED = 2000


class Table:
    """A table with its mapping. `rows()` may be called again; each call reads the file anew.

    `columns` are the headers as they stand in the file, `notes` what the reader should know (the encoding found, the
    columns that nothing reads, hidden sheets): one line each, for stderr.
    """

    def __init__(self, path: Path, knowledge: Knowledge, mapping: Mapping, source: Source, columns: tuple[str, ...]) -> None:
        self.path, self.knowledge, self.mapping, self.columns = path, knowledge, mapping, columns
        self.notes: tuple[str, ...] = ()
        self._source = source

    @property
    def encoding(self) -> str:
        """The encoding of a CSV file; empty for other files."""
        return str(getattr(self._source, "encoding", ""))

    @property
    def delimiter(self) -> str:
        """The sign between the cells of a CSV file; empty for other files."""
        return str(getattr(self._source, "delimiter", ""))

    @property
    def sheet(self) -> str:
        """The sheet of a workbook; empty for other files."""
        return str(getattr(self._source, "sheet", ""))

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in order; memory does not grow with the rows.

        Raises CaseError where the rest of the file can't be read.
        """
        source = self._source
        find = {header: index for index, header in reversed(list(enumerate(self.columns)))}
        reader = RowReader(self.path, self.knowledge, self.mapping, find, self._cells)
        try:
            for number, cells in source.rows():
                if number >= self.mapping.first and (row := self.row(reader, number, cells)) is not None:
                    yield row
        finally:
            reader.close()

    def row(self, reader: RowReader, number: int, cells: Sequence[Any] | Refused) -> Row | None:
        """The case of a row, or why it is none; None if the row is blank."""
        width = len(self.columns)
        if isinstance(cells, Refused):
            return Row(number, None, (Problem(str(self.path), number, 1, cells.code, cells.message, cells.hint),), None, {})
        if blank(cells):
            return None
        if self._source.even and len(cells) != width and not (len(cells) > width and blank(cells[width:])):
            message = f"the row has {len(cells)} cells, the headers are {width}"
            hint = "is a delimiter missing, or does a cell with one lack its quotes?"
            return Row(number, None, (Problem(str(self.path), number, 1, "C064", message, hint),), None, {})
        return reader.row(number, cells)

    def header(self, row: Row) -> str:
        """The header of the column in which the first problem of a row stands; empty if it is the row's own."""
        first = row.problems[0] if row.problems else None
        index = -1 if first is None or first.code in _OF_ROWS else first.column - 1
        return self.columns[index] if 0 <= index < len(self.columns) else ""

    def _cells(self, column: Column) -> CellReader:
        return CellReader(column, column.name, guarded=self._source.guarded, epoch=self._source.epoch)


def read_table(
    path: Path | str, knowledge: Knowledge, mapping: Mapping | None = None, sheet: str | None = None, as_of: dt.date | None = None
) -> Table:
    """Open a CSV, XLSX, JSON lines or Parquet table of cases.

    Without a mapping the table maps itself: its headers are names of facts or their labels (`dingji schema table` writes
    such a table). `as_of` is the day of the facts where neither mapping nor table gives one.
    Raises CaseError with every problem of the file and its headers; problems of single rows stand on the rows.
    """
    path = Path(path)
    given = Options() if mapping is None else Options(mapping.sheet, mapping.encoding, mapping.delimiter, mapping.merged)
    source = open_source(path, replace(given, sheet=sheet) if sheet else given)
    hints: tuple[str, ...] = ()
    if mapping is None:
        row, columns = _own_headers(path, source, knowledge)
        mapping, hints = map_headers(path, columns, row, knowledge)
    else:
        if source.header is not None:
            mapping = replace(mapping, header=source.header, first=source.header + 1)
        columns = _headers(path, _row(path, source, mapping.header))
    if mapping.as_of is None and as_of is not None:
        mapping = replace(mapping, as_of=Constant(AS_OF, as_of))
    problems = _problems(path, mapping, columns)
    if problems:
        raise CaseError(problems)
    table = Table(path, knowledge, mapping, source, columns)
    table.notes = (*source.notes, *hints, *_unread(path, mapping, columns))
    return table


def _row(path: Path, source: Source, number: int) -> Sequence[Any]:
    """The cells of one row."""
    found = -1
    for found, cells in source.rows():
        if found == number and not isinstance(cells, Refused):
            return cells
    if found < 0:
        raise refuse(path, "C061", "the table is empty", "its first row holds the headers")
    raise refuse(path, "C061", f"the table has no row {number}, which should hold the headers", "`header` in the mapping names the row")


def _own_headers(path: Path, source: Source, knowledge: Knowledge) -> tuple[int, tuple[str, ...]]:
    """The row of the headers of a table that maps itself, and the headers: the row below them, if it holds their names."""
    rows = [(number, cells) for number, cells in islice(source.rows(), 2) if not isinstance(cells, Refused)]
    if not rows:
        raise refuse(path, "C061", "the table is empty", "its first row holds the headers")
    if len(rows) > 1 and source.header is None and names_in(rows[1][1], knowledge) and not names_in(rows[0][1], knowledge):
        rows = rows[1:]
    number, cells = rows[0]
    return number, _headers(path, cells)


def _headers(path: Path, cells: Sequence[Any]) -> tuple[str, ...]:
    texts = [plain_text(unguarded(text_of(cell.value if isinstance(cell, Refused) else cell))) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if not texts:
        raise refuse(path, "C061", "the row of the headers is blank", "`header` in the mapping names another row")
    return tuple(texts)


def _problems(path: Path, mapping: Mapping, columns: tuple[str, ...]) -> list[Problem]:
    """What the mapping asks for and the headers do not give."""
    file, counts = str(path), Counter(columns)
    problems: list[Problem] = []
    near = columns[:_MOST_COMPARED]
    for header, place in {column.header: column.place for column in mapping.columns}.items():
        if header not in counts:
            hint = (nearest(header, near) if len(problems) < _MOST_NAMED else "") or "columns: " + _some(near)
            where = (place.file, place.line, place.column) if place else (file, mapping.header, 1)
            problems.append(Problem(*where, "C062", f"{file} has no column {header!r}", hint))
        elif counts[header] > 1:
            first, second = [index for index, text in enumerate(columns, 1) if text == header][:2]
            message = f"the header {header!r} stands twice: in columns {first} and {second}"
            problems.append(Problem(file, mapping.header, second, "C063", message, "give one of them another header"))
    for name, given, hint in (
        (SUBJECT, mapping.subject, "a column `subject`, or `subject: {constant: ...}` in a mapping"),
        (AS_OF, mapping.as_of, "a column `as_of`, or `as_of: {constant: 2024-07-15}` in a mapping"),
    ):
        if given is None:
            problems.append(Problem(file, 0, 0, "C007", f"the table does not say {name}", hint))
    return problems


def _unread(path: Path, mapping: Mapping, columns: tuple[str, ...]) -> Iterator[str]:
    """A line that names the columns which nothing reads."""
    read = {column.header for column in mapping.columns}
    extra = [header for header in dict.fromkeys(columns) if header and header not in read]
    if extra:
        yield f"{path}: nothing reads {'this column' if len(extra) == 1 else f'these {len(extra)} columns'}: {_some(extra)}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
