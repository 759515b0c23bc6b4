"""Tables in any form come in columns to what they come to row by row: encodings, uneven rows, workbooks, JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dingji
from dingji.batch.engine import Engine, connect
from dingji.batch.inputs import Table
from dingji.batch.table.columns import RegisterFile
from dingji.batch.table.text import texts
from dingji.knowledge.model import Knowledge

from .test_columns import HEADER, MAPPING, in_columns, outcome, plain, row_by_row, tables

Rows = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def mapped(folder: Path, extra: str = "") -> Path:
    (folder / "map.yaml").write_text(MAPPING + extra, encoding="utf-8")
    return folder / "map.yaml"


def write(folder: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    with (folder / "register.csv").open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return folder / "register.csv"


def singly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The places of the rows that are read by the row reader."""
    found: list[int] = []
    honest = RegisterFile.rows
    monkeypatch.setattr(RegisterFile, "rows", lambda self, places, reader: found.extend(places) or honest(self, places, reader))
    return found


def same(kb: Knowledge, path: Path, mapping: Path, folder: Path) -> tuple[Any, ...]:
    """What a table comes to, in columns as well as row by row."""
    table = Table(path, kb, mapping, None, None)
    wanted = outcome(row_by_row(kb, table, folder))
    assert outcome(in_columns(kb, table, folder)) == wanted
    return wanted


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("gb18030", ","), ("gbk", ";"), ("utf-16", "\t"), ("utf-16-le", ","), ("utf-8-sig", ",")]
)
def test_encodings(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, delimiter: str) -> None:
    rows = plain(60)
    rows[7] = ("H-7", "45474", *rows[7][2:])  # a day as a spreadsheet counts it
    rows[9] = (*rows[9][:2], '"名称", 二', *rows[9][3:])
    source = write(tmp_path, [HEADER, *rows], encoding, delimiter)
    read = singly(monkeypatch)
    mapping = mapped(tmp_path, "encoding: utf-16-le\n" if encoding == "utf-16-le" else "")
    wanted = same(kb, source, mapping, tmp_path)
    assert wanted[2][:3] == (60, 60, 0)
    assert read == [7], "only the odd row is read by the row reader"
    notes = Table(source, kb, mapping, None, None).notes
    said = {"gb18030": "read as GB18030", "gbk": "read as GB18030", "utf-16": "read as UTF-16"}.get(encoding)
    assert said is None or any(said in note for note in notes)


FORMS: dict[str, tuple[str, Callable[[list[str]], str], int]] = {
    "blank lines": ("", lambda lines: "\n".join([lines[0], "", *lines[1:3], "", "", *lines[3:], "", ""]), 0),
    "quotes in spaces": ("", lambda lines: "\n".join([*lines, 'H-90,2024-07-01, "a",工贸,是,√,1,1,1,']), 0),
    "a single return": ("", lambda lines: "\r".join(lines), 0),
    "line breaks of two kinds": ("", lambda lines: "\r\n".join(lines[:5]) + "\r\n" + "\n".join(lines[5:]), 0),
    "headers in row 3": ("header: 3\n", lambda lines: "\n".join(["隐患台账", ",,", *lines]), 0),
    "uneven rows": ("", lambda lines: "\n".join([*lines[:4], "H-91,2024-07-01", *lines[4:6], lines[6] + ",,", lines[7] + ",x"]), 2),
    "a line break in a cell": ("", lambda lines: "\n".join([*lines, 'H-92,2024-07-01,"a\r\nb",工贸,是,√,1,1,1,"c\rd"']), 0),
    "a sign without a width": ("encoding: utf-8\n", lambda lines: "\n".join([*lines, "H-93,2024-07-01,a\0b,工贸,是,√,1,1,1,"]), 1),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """However a text is cut into rows, only odd rows are read by the row reader, and every row keeps its number."""
    extra, form, refused = FORMS[name]
    lines = [",".join(row) for row in [HEADER, *plain(12)]]
    (tmp_path / "register.csv").write_bytes(form(lines).encode())
    read = singly(monkeypatch)
    wanted = same(kb, tmp_path / "register.csv", mapped(tmp_path, extra), tmp_path)
    assert wanted[2][2] == refused
    assert wanted[2][1] >= 6
    assert len(read) < 8


def test_uneven_rows_alone_are_read_by_the_row_reader(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Rows = plain(40)
    rows[3], rows[20] = rows[3][:4], (*rows[20], "x", "")
    rows[30] = ("H-3", *rows[30][1:])  # of the id that an uneven row has: that one is no case
    read = singly(monkeypatch)
    wanted = same(kb, write(tmp_path, [HEADER, *rows]), mapped(tmp_path), tmp_path)
    assert wanted[2][:3] == (40, 38, 2)
    assert "5,,,C064,the row has 4 cells, the headers are 10" in wanted[1].replace('"', "")
    assert read == [3, 20, 30]


def test_a_key_that_stands_twice_is_found_between_rows_of_both_kinds(kb: Knowledge, tmp_path: Path) -> None:
    lines = [dict(zip(HEADER, row, strict=True)) for row in plain(9)]
    lines[1] |= {"编号": "H-5", "备注": "first"}
    lines[2] |= {"名称": ["a"], "编号": "H-6"}  # no case: its id is free
    lines[4] |= {"名称": "\ud800", "编号": "H-7"}
    path = tmp_path / "register.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    wanted = same(kb, path, mapped(tmp_path), tmp_path)
    told = [line.split(",")[0] + line.partition("C0")[2][:2] for line in wanted[1].splitlines()[1:]]
    assert told[0] == "321", "a list where one value belongs"
    assert wanted[2][0] == 9
    assert sorted(row for row, _ in wanted[0]) == [row for row in range(1, 10) if str(row) not in {line[:1] for line in told}]


VALUES: tuple[tuple[Any, ...], ...] = (
    ("2024-07-01", "2024年7月1日", 45474, 45474.5, True, None),
    ("名称", 3, 2.50, True, None, {"en": "a"}, "\ud800"),
    ("trade", "工贸", "nowhere", None, False),
    (True, False, "是", "√", 1, None),
    (True, False, "no", 0, None, [True]),
    (1, 0.5, Decimal("1.25"), 10**20, "1,234.5", None, True),
    (0, 2, 2.5, "3", -1, None, {"value": 2}),
    (30.25, Decimal("30.250"), 1e300, 0, None, "12 m"),
    ("note", None, {"a": [1]}, ["x"]),
)


@st.composite
def objects(draw: st.DrawFn) -> list[str]:
    """Lines of JSON: most as they should be, some with other values, without keys, or no objects at all."""
    lines = []
    for number in range(draw(st.integers(6, 20))):
        cells: list[Any] = [f"H-{draw(st.integers(0, 3)) if draw(st.booleans()) else number + 10}"]
        cells += [draw(st.sampled_from(values)) if not draw(st.integers(0, 3)) else values[0] for values in VALUES]
        found = {key: cell for key, cell in zip(HEADER, cells, strict=True) if draw(st.integers(0, 9))}
        lines.append(json.dumps(found, default=str) if draw(st.integers(0, 9)) else draw(st.sampled_from(["", "[1]", '{"a": ', "{}"])))
    return lines


def test_json_lines(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> None:
    full = json.dumps(dict(zip(HEADER, plain(1)[0], strict=True)))

    @settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(objects())
    def agree(lines: list[str]) -> None:
        folder = tmp_path_factory.mktemp("table")
        (folder / "register.jsonl").write_text("\n".join([full, *lines]) + "\n")
        same(kb, folder / "register.jsonl", mapped(folder), folder)

    agree()


def test_uneven_text(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(tables(), st.lists(st.tuples(st.integers(0, 8), st.integers(-9, 2))), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
    def agree(rows: Rows, cuts: list[tuple[int, int]], encoding: str) -> None:
        folder = tmp_path_factory.mktemp("table")
        uneven = [list(row) for row in rows]
        for place, cut in cuts:
            if place < len(uneven):
                uneven[place] = uneven[place] + ["", "x"][:cut] if cut >= 0 else uneven[place][:cut]
        same(kb, write(folder, [HEADER, *uneven], encoding), mapped(folder, f"encoding: {encoding}\n"), folder)

    agree()


def test_workbooks(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    for row in plain(30):
        sheet.append([*row[:6], float(row[6]), int(row[7]), float(row[8]), row[9]])
    sheet["B4"] = 45474
    sheet["F6"] = True
    sheet["G7"] = "=1/2"
    sheet["H8"] = "3"
    sheet["I9"] = "#DIV/0!"
    sheet.merge_cells("D11:D12")
    book.save(tmp_path / "register.xlsx")
    read = singly(monkeypatch)
    wanted = same(kb, tmp_path / "register.xlsx", mapped(tmp_path), tmp_path)
    codes = [(int(line.split(",")[0]), line.split(",")[2:4]) for line in wanted[1].splitlines()[1:]]
    assert codes == [(7, ["损失", "C065"]), (9, ["距离", "C065"]), (12, ["行业", "C066"])]
    assert wanted[2][:3] == (30, 27, 3)
    assert read == [5, 7, 10]


def test_experts_grades_are_read_where_they_stand(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extra = "survey: {scale: accident-hazard}\nopinions:\n  - {column: 专家甲, rater: a}\n  - {column: 专家乙, rater: b}\n"
    rows = [[*row, "", ""] for row in plain(20)]
    rows[4][-2:] = ["major", "general"]
    rows[8][-1] = "huge"
    read = singly(monkeypatch)
    wanted = same(kb, write(tmp_path, [[*HEADER, "专家甲", "专家乙"], *rows]), mapped(tmp_path, extra), tmp_path)
    assert (wanted[2][:3], read) == ((20, 19, 1), [4, 8])


def test_constants_that_are_lists(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = "{condition: closed_underground_space, gas_relative_density: 0.75, found_in_operator_check: true, written_notice_given: false}"
    source = write(tmp_path, [HEADER, *plain(12)])
    without = same(kb, source, mapped(tmp_path), tmp_path)
    for value in (f"[{item}]", f"[{item}, {{condition: other}}]", "[]", "unknown"):
        read = singly(monkeypatch)
        wanted = same(kb, source, mapped(tmp_path, f"constants: {{user_side_conditions: {value}}}\n"), tmp_path)
        assert (wanted[2][:3], read) == ((12, 12, 0), [])
        assert (wanted[0] == without[0]) == (value == "unknown")


def test_what_was_made_for_reading_is_gone(kb: Knowledge, tmp_path: Path) -> None:
    source = write(tmp_path, [HEADER, *plain(5), ["x"]], "gb18030")
    table = Table(source, kb, mapped(tmp_path), None, None)
    in_columns(kb, table, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["columns.parquet", "columns.rejects.csv", "map.yaml", "register.csv"]


def test_a_text_that_needs_no_copy_is_read_where_it_is(kb: Knowledge, tmp_path: Path) -> None:
    table = Table(write(tmp_path, [HEADER, *plain(5)]), kb, mapped(tmp_path), None, None)
    first = next(texts(table.table, tmp_path / "scratch"))
    assert (first.path, first.first, (tmp_path / "scratch").exists()) == (tmp_path / "register.csv", 2, False)
    engine = Engine(kb, connect(), worth=1)
    file = table.in_columns(engine.connection, tmp_path / "scratch", None, engine.worth)
    assert file is not None
    file.close()
