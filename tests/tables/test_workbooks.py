"""Workbooks are read by two libraries: the fast one only where it says the same as the thorough one."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingji.tables import workbook
from dingji.tables.cells import text_of
from dingji.tables.sources import Options
from dingji.tables.workbook import Workbook

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    # whole numbers of 16 digits are left to openpyxl, however they are written
    st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0).filter(lambda x: not 1e15 <= abs(x) < 1e16),
    st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31)),
    st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 30)),
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff_="), max_size=8),
)


def made(path: Path, fill: Callable[[Any], None]) -> Workbook:
    book = openpyxl.Workbook()
    fill(book.active)
    book.save(path)
    return Workbook(path, Options())


def texts(rows: Any) -> dict[int, list[str]]:
    """The cells that say anything, as text, by the numbers of their rows."""
    found = {}
    for number, cells in rows:
        row = [text_of(cell) for cell in cells]
        while row and not row[-1]:
            row.pop()
        if row:
            found[number] = row
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(CELLS, max_size=5), max_size=6), st.integers(1, 4), st.integers(1, 4))
def test_both_libraries_say_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[list[Any]], top: int, left: int) -> None:
    def fill(sheet: Any) -> None:
        for row, cells in enumerate(rows, top):
            for column, value in enumerate(cells, left):
                if value is not None:
                    sheet.cell(row, column, value)

    book = made(tmp_path_factory.mktemp("book") / "t.xlsx", fill)
    fast = book._plain_rows()
    assert fast is not None
    assert texts(fast) == texts(book._told_rows())


SPECIAL: dict[str, Callable[[Any], None]] = {
    "formula": lambda sheet: sheet.__setitem__("B2", "=1+1"),
    "error": lambda sheet: sheet.__setitem__("B2", "#DIV/0!"),
    "percentage": lambda sheet: (sheet.__setitem__("B2", 0.85), setattr(sheet["B2"], "number_format", "0.0%")),
    "built-in percentage": lambda sheet: (sheet.__setitem__("B2", 0.85), setattr(sheet["B2"], "number_format", "0%")),
    "far cell": lambda sheet: sheet.__setitem__("XFD1048576", 1),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_sheet_whose_values_do_not_say_everything_is_read_thoroughly(tmp_path: Path, name: str) -> None:
    assert not made(tmp_path / "t.xlsx", SPECIAL[name]).plain


def test_a_sheet_of_plain_values_is_read_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(sheet: Any) -> None:
        for number in range(2000):
            sheet.append([f"H-{number}", 0.1, number, dt.date(2024, 7, 1), True])
        sheet.merge_cells("A3:A4")

    book = made(tmp_path / "t.xlsx", fill)
    monkeypatch.setattr(book, "_told_rows", None)
    rows = list(book.rows())
    assert rows[0] == (1, ["H-0", 0.1, 0, dt.date(2024, 7, 1), True])
    assert (len(rows), repr(rows[3][1][0])) == (2000, repr(workbook.replace(workbook.MERGED, value="H-2")))


@pytest.mark.parametrize(
    ("old", "new"), [(b' r="B1"', b""), (b"<v>2</v>", b"<v>110101199003071234</v>"), (b'<c r="B1" t="n"', b'<c r="B1" t="d"')]
)
def test_a_sheet_that_another_program_wrote(tmp_path: Path, old: bytes, new: bytes) -> None:
    """Cells that do not say where they stand, numbers of eighteen digits, days as text: openpyxl knows them."""
    book = made(tmp_path / "t.xlsx", lambda sheet: sheet.append([1, 2]))
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    assert old in parts[sheet]
    parts[sheet] = parts[sheet].replace(old, new)
    with zipfile.ZipFile(tmp_path / "u.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert (book.plain, Workbook(tmp_path / "u.xlsx", Options()).plain) == (True, False)
