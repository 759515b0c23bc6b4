"""Workbooks (XLSX), read row by row.

openpyxl tells all that must be known of a cell, and takes its time; calamine reads fast and tells values alone. Sheets whose values
say everything are read with calamine: those without formulas, errors, percentages and long numbers.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from dingji.errors import nearest
from dingji.records import replace
from dingji.tables.cells import EPOCH, Refused, text_of
from dingji.tables.sources import Options, RawRow, refuse
from dingji.tables.writing import spreadsheets

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
# all begin with letters that stand for themselves: a search for anything else takes ten times as long
_TELLING = (re.compile(rb' t="[ed]"'), re.compile(rb"<v>[-+]?\d{16}"))
"""Errors, days as text, and whole numbers of more digits than a double holds."""
_STYLE = re.compile(rb' s="(\d+)"')
_COLUMN, _ROW = re.compile(rb' r="([A-Z]{1,3})\d'), re.compile(rb'<row [^>]*?r="(\d+)"')
MOST_CELLS = 30_000_000
"""Cells of the largest sheet that is read with calamine, blank ones included: it holds them all in memory."""
_CHUNK = 1 << 20
_OVERLAP = 200

FORMULA = Refused("C065", "the formula has no result in the file", "open it in a spreadsheet and save it again, or write the value")
MERGED = Refused("C066", "the cell is part of a merged range", "undo the merging, or write `merged: repeat` in the mapping")


def _fault(value: Any) -> Refused:
    return Refused("C065", f"the cell holds the error {value}", "mend the formula, or write the value")


class Workbook:
    """A sheet of a workbook."""

    guarded, even = False, False
    header: int | None = None

    def __init__(self, path: Path, options: Options) -> None:
        self.path, self.notes, self.repeats = path, list[str](), options.merged == "repeat"
        self._openpyxl = spreadsheets()
        book = self._open(values=True)
        try:
            self.epoch: dt.date = EPOCH if book.epoch.year < 1904 else book.epoch.date()
            self.sheet = self._choose(book, options.sheet)
            part = str(book[self.sheet]._worksheet_path)
            percent = _percentages(book)
        finally:
            book.close()
        self.formulas, self.merged, self.plain = self._scan(part, percent)

    def _open(self, *, values: bool) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on parts of the workbook that hold no cells
                return self._openpyxl.load_workbook(self.path, read_only=True, data_only=values)
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
            raise refuse(self.path, "C071", f"not a workbook: {error}", "save it as .xlsx or .csv") from None

    def _choose(self, book: Any, wanted: str) -> str:
        sheets = {sheet.title: sheet.sheet_state == "visible" for sheet in book.worksheets}
        if wanted:
            if wanted not in sheets:
                raise refuse(self.path, "C070", f"there is no sheet {wanted!r}", nearest(wanted, sheets) or "sheets: " + ", ".join(sheets))
            return wanted
        seen = [name for name, visible in sheets.items() if visible]
        if not seen:
            raise refuse(self.path, "C070", "no sheet is visible", "name the sheet to read: " + ", ".join(sheets))
        if len(sheets) > 1:
            hidden = [name for name in sheets if name not in seen]
            tail = f"; hidden: {', '.join(hidden)}" if hidden else ""
            others = f"; not read: {', '.join(seen[1:])}" if seen[1:] else ""
            self.notes.append(f"{self.path}: reads the sheet {seen[0]}{others}{tail}")
        return str(seen[0])

    def _scan(self, part: str, percent: frozenset[bytes]) -> tuple[bool, list[tuple[int, int, int, int]], bool]:
        """Are there formulas; which ranges are merged (first row, last row, first column, last column), by first row; are all cells plain.

        openpyxl tells none of it while it reads row by row.
        """
        from openpyxl.utils import range_boundaries

        found, merged, rest = _Found(percent), set[tuple[int, int, int, int]](), b""
        with zipfile.ZipFile(self.path) as archive, archive.open(part.lstrip("/")) as stream:
            while chunk := stream.read(_CHUNK):
                text = rest + chunk
                cut = text.rfind(b"<c ")  # no cell is cut
                cut = cut if cut > 0 and len(text) - cut < _CHUNK else max(0, len(text) - _OVERLAP)
                found.add(text[:cut])
                for match in _MERGED.finditer(text) if b"mergeCell " in text else ():
                    left, top, right, bottom = range_boundaries(match[1].decode())
                    merged.add((int(top or 0), int(bottom or 0), int(left or 0), int(right or 0)))
                rest = text[cut:]
        found.add(rest)
        return found.formulas, sorted(merged), found.plain

    def rows(self) -> Iterator[RawRow]:
        """The rows with the values that formulas had when the workbook was saved."""
        merges = _Merges(self.merged, self.repeats)
        for number, row in self._plain_rows() or self._told_rows():
            yield number, merges.apply(number, row)

    def _plain_rows(self) -> Iterator[tuple[int, list[Any]]] | None:
        """The rows as calamine reads them; None where openpyxl must."""
        if not self.plain:
            return None
        try:
            from python_calamine import CalamineError, load_workbook
        except ImportError:
            return None
        try:
            with load_workbook(self.path) as book:
                sheet = book.get_sheet_by_name(self.sheet)
        except CalamineError:
            return None
        before = [None] * (sheet.start or (0, 0))[1]  # rows are counted from the first of the sheet, columns from the first with cells
        return ((number, [*before, *(None if cell == "" else cell for cell in row)]) for number, row in enumerate(sheet.iter_rows(), 1))

    def _told_rows(self) -> Iterator[tuple[int, list[Any]]]:
        values, sources = self._cells(values=True), self._cells(values=False) if self.formulas else repeat(())
        for number, (cells, origins) in enumerate(zip(values, sources, strict=False), 1):
            row = [_value(cell) for cell in cells]
            for index, origin in enumerate(origins):
                if origin.data_type == "f" and row[index] is None and cells[index].data_type != "str":
                    row[index] = FORMULA
            yield number, row

    def _cells(self, *, values: bool) -> Iterator[Sequence[Any]]:
        book = self._open(values=values)
        try:
            sheet = book[self.sheet]
            sheet.reset_dimensions()  # what the file says of its size is often wrong
            rows = iter(sheet.rows)
            while True:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # on days out of range: their cells come as errors
                    row = next(rows, None)
                if row is None:
                    return
                yield row
        finally:
            book.close()


class _Found:
    """What the text of a sheet holds beside values."""

    def __init__(self, percent: frozenset[bytes]) -> None:
        self.percent, self.formulas, self.telling = percent, False, False
        self.columns, self.last, self.cells, self.placed = set[bytes](), 1, 0, 0

    def add(self, text: bytes) -> None:
        """A part of the text; no cell is cut."""
        self.formulas = self.formulas or ((b"<f" in text or b":f" in text) and _FORMULA.search(text) is not None)
        if self.telling or self.formulas:
            return
        told = any(pattern.search(text) for pattern in _TELLING)
        self.telling = told or (bool(self.percent) and not self.percent.isdisjoint(_STYLE.findall(text)))
        columns, rows = _COLUMN.findall(text), _ROW.findall(text)
        self.columns.update(columns)
        self.last = max(self.last, *map(int, rows[-1:]), 1)
        self.cells, self.placed = self.cells + text.count(b"<c ") + text.count(b":c "), self.placed + len(columns)

    @property
    def plain(self) -> bool:
        """Do the values say everything, and are they few enough? A cell that leaves out where it stands is counted by openpyxl."""
        from openpyxl.utils import column_index_from_string

        widest = max((column_index_from_string(column.decode()) for column in self.columns), default=1)
        few = self.last * widest <= MOST_CELLS
        return few and not self.telling and not self.formulas and self.placed == self.cells


def _percentages(book: Any) -> frozenset[bytes]:
    """The styles of cells that show a percentage, as the sheet names them."""
    own = {164 + index for index, form in enumerate(book._number_formats) if "%" in form}
    return frozenset(str(index).encode() for index, style in enumerate(book._cell_styles) if style.numFmtId in own | {9, 10})


def _value(cell: Any) -> Any:
    """The value of a cell. A percentage is text with its sign: 0.85 shown as 85% says eighty-five."""
    value = cell.value
    if value is None or value.__class__ is str:
        return _fault(value) if value is not None and cell.data_type == "e" else value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return text_of(float(value) * 100) + "%"
    return value


class _Merges:
    """The merged ranges while the rows pass."""

    def __init__(self, ranges: list[tuple[int, int, int, int]], repeats: bool) -> None:
        self.coming, self.repeats = list(reversed(ranges)), repeats
        self.open: list[tuple[int, int, int, int, Any]] = []

    def apply(self, number: int, row: list[Any]) -> list[Any]:
        while self.coming and self.coming[-1][0] <= number:
            top, bottom, left, right = self.coming.pop()
            self.open.append((top, bottom, left, right, row[left - 1] if left <= len(row) else None))
        self.open = [one for one in self.open if one[1] >= number]
        for top, _, left, right, value in self.open:
            row += [None] * (right - len(row))
            for column in range(left - 1, right):
                if (number, column) != (top, left - 1):
                    row[column] = value if self.repeats else replace(MERGED, value=value)
        return row
