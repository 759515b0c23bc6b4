"""Tables are written whole or not at all, and no spreadsheet runs what a cell says."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingji.tables import writing
from dingji.tables.writing import guarded, unguarded, write_csv, write_xlsx

DANGEROUS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1+1", " =1+1"]


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_would_run_is_guarded(text: str) -> None:
    assert guarded(text) == "'" + text
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("value", [-5, Decimal("-1.50"), -2.5, "-5", "+8.2", "plain", "it's", "'quoted'", None, dt.date(2024, 1, 2)])
def test_numbers_and_plain_text_stay(value: Any) -> None:
    expected = "-1.50" if isinstance(value, Decimal) else value
    assert guarded(value) == expected


@given(st.text())
def test_the_guard_comes_off_again(text: str) -> None:
    assert unguarded(guarded(text)) == text
    first = guarded(text)[:1]
    assert first not in ("=", "@", "＝", "\t", "\r", "\n")


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    assert write_csv(path, ["名称", "=x"], [["=1+1", -5], ["a,b", None], [True, Decimal("0.10")]]) == 3
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel takes the file for UTF-8 by its mark only"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [["名称", "'=x"], ["'=1+1", "-5"], ["a,b", ""], ["true", "0.10"]]


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    long = "x" * 40_000
    rows = [["=1+1", -5, dt.date(2024, 1, 2)], ["a\x01b", Decimal("1.5"), 12345678901234567890], [True, None, long]]
    assert write_xlsx(path, [("隐患/表", ["=a", "b", "c"], rows), ("空", ["x"], []), ("空", ["y"], [])]) == 3
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["隐患 表", "空", "空 (2)"]
    sheet = book["隐患 表"]
    assert [(cell.value, cell.data_type) for cell in sheet[2]][:2] == [("=1+1", "s"), (-5, "n")]
    assert (sheet["A1"].value, sheet["A1"].data_type) == ("=a", "s")
    assert sheet["C2"].value == dt.datetime(2024, 1, 2)
    assert [cell.value for cell in sheet[3]] == ["a\ufffdb", 1.5, "12345678901234567890"]
    assert sheet["C4"].value == long[:32767]
    assert [cell.value for cell in book["空"][1]] == ["x"]


def test_a_table_longer_than_a_sheet_goes_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_ROWS", 3)
    assert write_xlsx(tmp_path / "out.xlsx", [("t", ["n"], [[i] for i in range(5)])]) == 5
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    found = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book]
    assert found == [["n", 0, 1], ["n", 2, 3], ["n", 4]]


@pytest.mark.parametrize("write", [write_csv, lambda path, header, rows: write_xlsx(path, [("t", header, rows)])])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, write: Any) -> None:
    path = tmp_path / "out"
    path.write_text("old")

    def rows() -> Iterator[list[int]]:
        yield [1]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(path, ["n"], rows())
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("out", "old")]
