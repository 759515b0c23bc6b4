"""Tables read in columns: the same cases, and the same refusals, as row by row."""

from __future__ import annotations

import csv
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dingji
from dingji.batch.direct import DirectJob
from dingji.batch.engine import Engine, connect
from dingji.batch.inputs import Table
from dingji.batch.job import Job
from dingji.batch.results import comparable
from dingji.batch.statement.where import Where
from dingji.batch.table import columns
from dingji.batch.table.columns import RegisterFile, UnfitError, unfit
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge

MAPPING = """
mapping: register
case: 编号
subject: {constant: hazard}
as_of: 日期
title: 名称
values: {√: true, ×: false}
unknown: [查无]
columns:
  行业: {fact: sector, values: {工贸: trade}}
  空间: confined_space_entry
  审批: confined_space_entry_approved
  损失: {fact: direct_loss_cny, times: 10000}
  死亡: potential_deaths
  距离: ground_clearance_m
"""
HEADER = ["编号", "日期", "名称", "行业", "空间", "审批", "损失", "死亡", "距离", "备注"]
SPACES = st.sampled_from(["", "", "", " ", "\t", "\u3000", "\xa0"])
ODD = [
    "",
    "x",
    "'=1",
    "'a",
    "-",
    "unknown",
    "查无",
    "#",
    "a  b",
    "1 m",
    "\u200b",
    "true",
    "True",
    "0",
    "1,2",
    "é",
    "line\nbreak",
    '"A"',
    "=cmd",
]
NUMBERS = ["0", "3", "007", "3.0", "2.50", "-1", "-0", "1,234.5", "12.", ".5", "1e3", "9" * 17, "3 m", "１２", "5%"]
DAYS = ["2024-7-1", "2024/7/1", "2024/02/30", "20240701", "45474", "2024年7月1日", "2024-02-30", "0000-01-01", "2023-12-31"]
IDS = ["A1", "A2", "'A1", "=A1", "'=A1", "row-2", "x" * 201]
BOOLS = ["true", "false", "是", "√", "×", "yes", "No", "/", "maybe"]
USUAL = ("2024-07-01", "名称", "工贸", "是", "×", "0.5", "2", "30.25", "note")
UNUSUAL = (DAYS, ["名称 1"], ["trade", "工贸", "coal_mine", "nowhere"], BOOLS, BOOLS, NUMBERS, NUMBERS, NUMBERS, ["note"])


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """Rows with a few cells that are spelled otherwise, or are no cells of their columns, or whose id stands twice."""
    rows = []
    for number in range(draw(st.integers(0, 8))):
        row = [f"H-{number}" if draw(st.integers(0, 2)) else draw(st.sampled_from(IDS)), *USUAL]
        for place in draw(st.lists(st.integers(0, len(row) - 1), max_size=2)):
            new = draw(st.sampled_from([*(UNUSUAL[place - 1] if place else IDS), *(ODD if draw(st.booleans()) else [])]))
            row[place] = draw(SPACES) + new + draw(SPACES)
        rows.append(tuple(row))
    return rows


ROWS = tables()


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def write_table(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    source = folder / "register.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([HEADER, *rows])
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    return source


def outcome(work: Job) -> tuple[Any, ...]:
    """The rows of the output, and of the rejects."""
    cursor = connect().execute("SELECT * FROM read_parquet(?)", [str(work.output)])
    names = [column[0] for column in cursor.description]
    rows = [(row[0], comparable(dict(zip(names, row, strict=True)))) for row in cursor.fetchall()]
    refused = work.rejects.read_text(encoding="utf-8-sig") if work.rejects.exists() else ""
    counts = (work.counts.read, work.counts.graded, work.counts.refused, work.counts.left_out)
    return rows, refused, counts


def in_columns(kb: Knowledge, table: Table, folder: Path, **options: Any) -> DirectJob:
    engine = Engine(kb, connect(), worth=1)
    work = DirectJob(kb, engine, folder / "columns.parquet", "signature", **options)
    file = table.in_columns(engine.connection, work.scratch, None, engine.worth)
    assert file is not None
    work.run_file(file)
    return work


def row_by_row(kb: Knowledge, table: Table, folder: Path, **options: Any) -> Job:
    work = Job(kb, Engine(kb, connect(), worth=10_000), folder / "rows.parquet", "signature", **options)
    work.run(table.rows())
    return work


def test_a_table_in_columns_comes_to_what_it_comes_to_row_by_row(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> None:
    read = {"columns": 0}

    @settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(ROWS)
    def agree(rows: list[tuple[str, ...]]) -> None:
        folder = tmp_path_factory.mktemp("table")
        table = Table(write_table(folder, rows), kb, folder / "map.yaml", None, None)
        if unfit(table.table):
            return
        read["columns"] += 1
        assert outcome(in_columns(kb, table, folder)) == outcome(row_by_row(kb, table, folder))

    agree()
    assert read["columns"] > 12


def plain(many: int) -> list[tuple[str, ...]]:
    marks = ("true", "否", "√", "/", "")
    return [
        (f"H-{i}", "2024-07-01", "名称", "工贸", marks[i % 5], marks[i % 3], str(i % 50), str(i % 4), f"{i % 90}.5", "")
        for i in range(many)
    ]


def test_plain_rows_never_become_cases(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = plain(200)
    rows[16] = ("H-16", "2024年7月1日", *rows[16][2:])
    rows[17] = ("H-17", "45474", *rows[17][2:])
    rows[40] = (" H-39", *rows[40][1:])
    table = Table(write_table(tmp_path, rows), kb, tmp_path / "map.yaml", None, None)
    wanted = outcome(row_by_row(kb, table, tmp_path))
    singly: list[int] = []
    honest = RegisterFile.rows
    monkeypatch.setattr(RegisterFile, "rows", lambda self, places, reader: singly.extend(places) or honest(self, places, reader))
    assert outcome(in_columns(kb, table, tmp_path)) == wanted
    # a day as a spreadsheet counts, and an id that stands twice: both of its rows
    assert singly == [17, 39, 40]
    assert wanted[2] == (200, 199, 1, 0)


CONDITIONS = [
    "direct_loss_cny > 6000",
    "potential_deaths >= 2 or not confined_space_entry_approved",
    "known(ground_clearance_m) and ground_clearance_m != 30.25",
    "direct_loss_cny / ground_clearance_m >= 165.2892561983",
    'sector == "trade" and ground_clearance_m / potential_deaths * 3 < 45.375',
]


def test_a_condition_leaves_the_same_rows_out_in_columns(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> None:
    seen = {"left out": 0, "graded": 0}

    @settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(ROWS, st.sampled_from(CONDITIONS))
    def agree(rows: list[tuple[str, ...]], text: str) -> None:
        folder = tmp_path_factory.mktemp("table")
        table = Table(write_table(folder, rows), kb, folder / "map.yaml", None, None)
        where = Where.of(text, kb)
        found = outcome(in_columns(kb, table, folder, where=where))
        assert found == outcome(row_by_row(kb, table, folder, where=where))
        seen["left out"] += found[2][3]
        seen["graded"] += found[2][1]

    agree()
    assert min(seen.values()) > 5


def test_rows_that_a_condition_leaves_out_are_counted_and_not_drawn(kb: Knowledge, tmp_path: Path) -> None:
    table = Table(write_table(tmp_path, plain(600)), kb, tmp_path / "map.yaml", None, None)
    # deaths are 0, 1, 2, 3 in turn: 300 rows with 2 or 3
    work = in_columns(kb, table, tmp_path, where=Where.of("potential_deaths >= 2", kb), sample=40)
    assert (work.counts.read, work.counts.graded, work.counts.refused, work.counts.left_out) == (600, 300, 0, 300)
    assert work.counts.singly == 0
    assert len(work.sampled) == 40
    assert all(int(str(read.case.id).removeprefix("H-")) % 4 >= 2 for read in work.sampled if read.case is not None)


@pytest.mark.parametrize(
    "text", ["a,b\n\n1,2\n", 'a,b\n1, "2"\n', "a,b\r\n1,2\n", "a,b\n1,2\r3,4\n"], ids=["blank", "quote", "ends", "return"]
)
def test_text_that_two_readers_may_cut_differently_is_read_row_by_row(kb: Knowledge, tmp_path: Path, text: str) -> None:
    source = write_table(tmp_path, plain(2))
    head = ",".join(HEADER)
    source.write_bytes(text.replace("a,b", head).encode())
    assert unfit(Table(source, kb, tmp_path / "map.yaml", None, None).table) == "the form of the file"


def test_a_row_of_another_length_makes_the_table_unfit(kb: Knowledge, tmp_path: Path) -> None:
    source = write_table(tmp_path, plain(3))
    source.write_text(source.read_text(encoding="utf-8") + "H-9,2024-07-01\n", encoding="utf-8", newline="")
    table = Table(source, kb, tmp_path / "map.yaml", None, None)
    with pytest.raises(UnfitError):
        RegisterFile(table.table, connect(), tmp_path / "work", None, 1)
    assert not (tmp_path / "work").exists()


RUN = """
import sys, dingji
from pathlib import Path
from dingji.batch.table import columns
from dingji.batch.table.cells import LONGEST
from dingji.batch.direct import DirectJob
from dingji.batch.engine import Engine, connect
from dingji.batch.inputs import Table
source, mapping, output = map(Path, sys.argv[1:4])
columns.MOST_AT_ONCE = 2_048
kb = dingji.load()
engine = Engine(kb, connect(), worth=1)
table = Table(source, kb, mapping, None, None)
work = DirectJob(kb, engine, output, "signature", resume=len(sys.argv) > 4)
file = table.in_columns(engine.connection, work.scratch, None, engine.worth)
work.run_file(file, lambda counts: print(counts.read, flush=True))
"""


def test_a_killed_run_leaves_no_output_and_goes_on_to_the_same_result(kb: Knowledge, tmp_path: Path) -> None:
    rows = plain(12_000)
    rows[5_000] = ("H-0", *rows[5_000][1:])  # stands twice: in a chunk that is done, and in one that is not
    source, output = write_table(tmp_path, rows), tmp_path / "columns.parquet"
    command = [sys.executable, "-c", RUN, str(source), str(tmp_path / "map.yaml"), str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert first.strip() == "2048"
    assert child.returncode == -signal.SIGKILL
    assert not output.exists()
    done = sorted((tmp_path / f".{output.name}.work").glob("0*.json"))
    assert done
    stamps = [path.stat().st_mtime_ns for path in done]
    time.sleep(0.01)
    again = subprocess.run([*command, "resume"], check=True, capture_output=True, text=True)
    assert len(again.stdout.splitlines()) == 6
    assert stamps
    table = Table(source, kb, tmp_path / "map.yaml", None, None)
    work = Job(kb, Engine(kb, connect(), worth=1), tmp_path / "rows.parquet", "signature")
    work.run(table.rows())
    both = connect().execute(
        "SELECT count(*) FROM (SELECT * FROM read_parquet(?) EXCEPT SELECT * FROM read_parquet(?))", [str(output), str(work.output)]
    )
    assert both.fetchone() == (0,)
    assert connect().execute("SELECT count(*), max(as_of) FROM read_parquet(?)", [str(output)]).fetchone() == (11_999, dt.date(2024, 7, 1))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


WIDE = 20_000


def write_wide(folder: Path, form: str) -> Path:
    """A table of 20,000 columns, of which the mapping reads nine."""
    rows = plain(120)
    others = [f"列{index}" for index in range(WIDE - len(HEADER))]
    text = folder / "wide.csv"
    with text.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*others[:9_000], *HEADER, *others[9_000:]])
        writer.writerows([*["a"] * 9_000, *row, *[""] * (len(others) - 9_000)] for row in rows)
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    if form == "csv":
        return text
    found = folder / "wide.parquet"
    options = "header=true, all_varchar=true, delim=',', quote='\"', auto_detect=true, max_line_size=10000000"
    connect().execute(f"COPY (SELECT * FROM read_csv('{text}', {options})) TO '{found}' (FORMAT parquet)")
    return found


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_twenty_thousand_columns_take_seconds(kb: Knowledge, tmp_path: Path, form: str) -> None:
    source = write_wide(tmp_path, form)
    start = time.process_time()
    table = Table(source, kb, tmp_path / "map.yaml", None, None)
    assert len(table.table.columns) == WIDE
    work = in_columns(kb, table, tmp_path)
    assert (work.counts.read, work.counts.graded, work.counts.singly) == (120, 120, 0)
    assert time.process_time() - start < 30


def write_parquet(folder: Path, many: int) -> Path:
    """Plain rows in columns with types: a tenth of the losses is unknown."""
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    found = folder / "register.parquet"
    columns = {
        "编号": "'H-' || i",
        "日期": "DATE '2024-07-01'",
        "名称": "'名称'",
        "行业": "'工贸'",
        "空间": "i % 2 = 0",
        "审批": "CASE WHEN i % 3 > 0 THEN i % 3 = 1 END",
        "损失": "CASE WHEN i % 10 > 0 THEN (i % 50)::DECIMAL(6, 2) END",
        "死亡": "(i % 4)::INTEGER",
        "距离": "((i % 90) + 0.5)::DOUBLE",
        "备注": "NULL::VARCHAR",
    }
    chosen = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    connect().execute(f"COPY (SELECT {chosen} FROM range({many}) t(i)) TO '{found}' (FORMAT parquet)")
    return found


def test_typed_columns_come_to_what_they_come_to_row_by_row(kb: Knowledge, tmp_path: Path) -> None:
    table = Table(write_parquet(tmp_path, 300), kb, tmp_path / "map.yaml", None, None)
    work = in_columns(kb, table, tmp_path, sample=30)
    assert (work.counts.graded, work.counts.singly, len(work.sampled)) == (300, 0, 30)
    assert outcome(work) == outcome(row_by_row(kb, table, tmp_path))


def test_chunks_are_smaller_where_there_is_less_memory(kb: Knowledge, tmp_path: Path) -> None:
    table = Table(write_parquet(tmp_path, 10), kb, tmp_path / "map.yaml", None, None)
    chunks = []
    for memory in ("3GB", "100MB"):
        file = table.in_columns(connect(memory), tmp_path / "work", None, 1)
        assert file is not None
        chunks.append(file.chunk)
        file.close()
    # 100 MB for cells of 30 bytes, in the nine columns that are read and one for the row; in steps of 2,048
    assert chunks == [491_520, 331_776]


def test_a_register_in_chunks_is_graded_in_order(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_AT_ONCE", 65_536)
    table = Table(write_parquet(tmp_path, 150_000), kb, tmp_path / "map.yaml", None, None)
    engine = Engine(kb, connect("1GB"), worth=1)
    work = DirectJob(kb, engine, tmp_path / "columns.parquet", "signature")
    file = table.in_columns(engine.connection, work.scratch, None, engine.worth)
    assert file is not None
    told: list[int] = []
    work.run_file(file, lambda counts: told.append(counts.read))
    assert told == [65_536, 131_072, 150_000]
    assert work.counts.graded == 150_000
    in_order = "SELECT count(*), bool_and(_row = r) FROM (SELECT _row, row_number() OVER () AS r FROM read_parquet(?))"
    assert connect().execute(in_order, [str(work.output)]).fetchone() == (150_000, True)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_table_that_changes_while_it_is_read_gives_no_output(kb: Knowledge, tmp_path: Path) -> None:
    source = write_parquet(tmp_path, 50)
    table = Table(source, kb, tmp_path / "map.yaml", None, None)
    engine = Engine(kb, connect(), worth=1)
    work = DirectJob(kb, engine, tmp_path / "columns.parquet", "signature")
    file = table.in_columns(engine.connection, work.scratch, None, engine.worth)
    assert file is not None
    with pytest.raises(DingjiError) as caught:
        work.run_file(file, lambda counts: os.utime(source, (1, 1)))
    assert [(p.code, p.message) for p in caught.value.problems] == [("X008", "the input changed while it was read")]
    assert not work.output.exists()


def test_rows_that_say_nothing_are_no_rows_without_a_column_of_ids(kb: Knowledge, tmp_path: Path) -> None:
    source = write_table(tmp_path, plain(4))
    mapping = MAPPING.replace("case: 编号\n", "").replace("as_of: 日期", "as_of: {constant: 2024-07-01}").replace("title: 名称\n", "")
    (tmp_path / "map.yaml").write_text(mapping, encoding="utf-8")
    blanks = [",,, ,,,,,,", ",,,,,,,,,\u3000", ",,,,,,,,,note", ",,,,,,,,,"]
    source.write_text(source.read_text(encoding="utf-8") + "\n".join(blanks) + "\n", encoding="utf-8", newline="")
    table = Table(source, kb, tmp_path / "map.yaml", None, None)
    assert unfit(table.table) == ""
    wanted = outcome(row_by_row(kb, table, tmp_path))
    # the row with a note is one, though nothing reads the note
    assert [row[0] for row in wanted[0]] == [2, 3, 4, 5, 8]
    assert outcome(in_columns(kb, table, tmp_path)) == wanted
