"""Workbooks (XLSX), read row by row with openpyxl."""

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
        finally:
            book.close()
        self.formulas, self.merged = self._scan(part)

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

    def _scan(self, part: str) -> tuple[bool, list[tuple[int, int, int, int]]]:
        """Are there formulas, and which ranges are merged (first row, last row, first column, last column), by first row.

        openpyxl tells neither while it reads row by row.
        """
        from openpyxl.utils import range_boundaries

        formulas, merged, rest = False, set[tuple[int, int, int, int]](), b""
        with zipfile.ZipFile(self.path) as archive, archive.open(part.lstrip("/")) as stream:
            while chunk := stream.read(_CHUNK):
                text = rest + chunk
                formulas = formulas or _FORMULA.search(text) is not None
                for match in _MERGED.finditer(text):
                    left, top, right, bottom = range_boundaries(match[1].decode())
                    merged.add((int(top or 0), int(bottom or 0), int(left or 0), int(right or 0)))
                rest = text[-_OVERLAP:]
        return formulas, sorted(merged)

    def rows(self) -> Iterator[RawRow]:
        """The rows with the values that formulas had when the workbook was saved."""
        values, sources = self._cells(values=True), self._cells(values=False) if self.formulas else repeat(())
        merges = _Merges(self.merged, self.repeats)
        for number, (cells, origins) in enumerate(zip(values, sources, strict=False), 1):
            row = [_value(cell) for cell in cells]
            for index, origin in enumerate(origins):
                if origin.data_type == "f" and row[index] is None and cells[index].data_type != "str":
                    row[index] = FORMULA
            yield number, merges.apply(number, row)

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
