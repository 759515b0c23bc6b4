"""Writing tables: whole or not at all, and so that no spreadsheet runs what a cell says."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dingji.errors import DingjiError, Problem
from dingji.files import whole
from dingji.shapes import NUMBER

EXTRA = "pip install 'dingji[tables]'"
Cells = Sequence[Any]
"""A row: str, int, float, Decimal, bool, date or None."""

# What a spreadsheet takes for a formula, in full width too (East Asian versions do), behind any apostrophes of ours.
_RUNS = re.compile("[' ]*[=+\\-@\t\r\n＝＋－＠]")
MOST_CHARACTERS = 32_767
"""Characters of a cell of a workbook."""
MOST_ROWS = 1_048_576
"""Rows of a sheet, the headers included."""
_DIGITS = 15
"""Digits that a spreadsheet keeps of a number."""


def guarded(value: Any) -> Any:
    """A cell as it may stand in a CSV file: text that a spreadsheet would run gets an apostrophe. Numbers stay numbers."""
    if isinstance(value, str) and _RUNS.match(value) and not NUMBER.fullmatch(value):
        return "'" + value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value


def unguarded(text: str) -> str:
    """The text that `guarded` wrote."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Cells]) -> int:
    """Write a CSV file that Excel opens with its Chinese intact (UTF-8 with BOM); the number of rows written."""
    written = 0
    with whole(path) as made, made.open("w", encoding="utf-8-sig", newline="", errors="replace") as stream:
        writer = csv.writer(stream)
        writer.writerow([guarded(name) for name in header])
        for row in rows:
            writer.writerow([guarded(value) for value in row])
            written += 1
    return written


def write_xlsx(path: Path, sheets: Iterable[tuple[str, Sequence[str], Iterable[Cells]]]) -> int:
    """Write a workbook of (name, header, rows) sheets, row by row; the number of rows written.

    A table longer than a sheet goes on in further sheets. Raises DingjiError if openpyxl is missing.
    """
    openpyxl = spreadsheets()
    book = openpyxl.Workbook(write_only=True)
    written = 0
    try:
        with whole(path) as made:
            for name, header, rows in sheets:
                sheet, free = _sheet(book, name, header), MOST_ROWS - 1
                for row in rows:
                    if not free:
                        sheet, free = _sheet(book, name, header), MOST_ROWS - 1
                    sheet.append([xlsx_cell(sheet, value) for value in row])
                    free, written = free - 1, written + 1
            book.save(made)
    except BaseException:
        for sheet in book.worksheets:  # openpyxl keeps each sheet in a file of its own until the end
            sheet.close()
            sheet._writer.cleanup()
        raise
    return written


def _sheet(book: Any, name: str, header: Sequence[str]) -> Any:
    """A new sheet with its headers, which stay in sight."""
    sheet = book.create_sheet(sheet_name(name, [other.title for other in book.worksheets]))
    sheet.freeze_panes = "A2"
    sheet.append([xlsx_cell(sheet, title, bold=True) for title in header])
    return sheet


def sheet_name(name: str, taken: Sequence[str]) -> str:
    """A name that a workbook takes: 31 characters, none of []:*?/\\, and not one of another sheet."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", name).strip(" '") or "table"
    found, number = plain[:31], 1
    while found.lower() in {other.lower() for other in taken}:
        number += 1
        tail = f" ({number})"
        found = plain[: 31 - len(tail)] + tail
    return found


def spreadsheets() -> Any:
    """The module openpyxl. Raises DingjiError, with the command that brings it, where it is missing."""
    try:
        import openpyxl
    except ImportError:
        raise DingjiError([Problem("openpyxl", 0, 0, "X004", "workbooks need a package", EXTRA)]) from None
    return openpyxl


def xlsx_cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    """A cell of a write-only sheet. Text is stored as text whatever it begins with: no spreadsheet runs it."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    if isinstance(value, int | Decimal) and not isinstance(value, bool) and len(Decimal(value).as_tuple().digits) > _DIGITS:
        value = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)[:MOST_CHARACTERS]
    cell = WriteOnlyCell(sheet, value=None if isinstance(value, str) else value)
    if isinstance(value, str):
        cell._value, cell.data_type = value, "s"  # type: ignore[attr-defined]  # the setter would take `=` for a formula
        cell.quotePrefix = bool(_RUNS.match(value))
    elif isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"
    if bold:
        cell.font = Font(bold=True)
    return cell
