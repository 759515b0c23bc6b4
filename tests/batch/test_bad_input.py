"""Bad input to `dingji batch`, in processes of its own: what is wrong, where, and what right looks like; never half a file."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
import duckdb
import openpyxl
import pytest

from dingji.cli.destination import ready
from knowledge.mistakes import GOOD
from tables.samples import HEADERS, MAPPING, ROW

Done = subprocess.CompletedProcess[str]
CELLS: list[Any] = list(ROW)


def batch(*arguments: object, lang: str = "en") -> Done:
    command = [sys.executable, "-m", "dingji", "batch", *map(str, arguments), "--lang", lang, "--knowledge", str(GOOD)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)


def write_csv(path: Path, rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] = lambda sheet: None) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    change(book.active)
    book.save(path)
    return path


WRITERS: dict[str, Callable[[Path, Sequence[Sequence[Any]]], Path]] = {"csv": write_csv, "xlsx": write_xlsx}


@pytest.fixture(params=WRITERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    return tmp_path / "mapping.yaml"


def table(folder: Path, kind: str, rows: Sequence[Sequence[Any]], headers: Sequence[str] = HEADERS) -> Path:
    return WRITERS[kind](folder / f"ponds.{kind}", [headers, *rows])


def changed(id: str, **cells: Any) -> list[Any]:
    """A sound row with another id and other cells, by their headers."""
    return [id if header == "编号" else cells.get(header, cell) for header, cell in zip(HEADERS, CELLS, strict=True)]


def grades(path: Path) -> list[dict[str, Any]]:
    cursor = duckdb.connect().execute("SELECT * FROM read_parquet(?) ORDER BY _row", [str(path)])
    return [dict(zip([column[0] for column in cursor.description or ()], row, strict=True)) for row in cursor.fetchall()]


def rejects(path: Path) -> list[list[str]]:
    """Row, column, code and reason of each rejected row."""
    with path.with_name(f"{path.stem}.rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [[row[0], *row[2:]] for row in list(csv.reader(stream))[1:]]


def graded(done: Done, output: Path, ids: Sequence[str]) -> None:
    """The command ended well and the rows with these ids have grades."""
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [row["_key"] for row in grades(output)] == list(ids)


def refused(done: Done, code: int, *says: str, folder: Path) -> None:
    """The command ended with an exit code, said why, and wrote nothing."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert [text for text in says if text not in done.stderr] == [], done.stderr
    assert "internal error" not in done.stderr and "Traceback" not in done.stderr
    assert not list(folder.rglob("*.work")) and not list(folder.rglob("*.tmp"))


# --- what the table says


def test_missing_columns(tmp_path: Path, mapping: Path, kind: str) -> None:
    headers = ["坝高程" if header == "坝高" else header for header in HEADERS]
    done = batch(table(tmp_path, kind, [ROW], headers), "--mapping", mapping, "-o", tmp_path / "grades.parquet")
    line = MAPPING.splitlines().index("  坝高: crest_level_m") + 1
    refused(done, 4, f"mapping.yaml:{line}:3: error[C062]", "has no column '坝高'; did you mean '坝高程'?", folder=tmp_path)
    assert not (tmp_path / "grades.parquet").exists()


def test_extra_columns(tmp_path: Path, mapping: Path, kind: str) -> None:
    output = tmp_path / "grades.parquet"
    done = batch(table(tmp_path, kind, [[*ROW, "x", "y"]], [*HEADERS, "备注", "处数"]), "--mapping", mapping, "-o", output)
    graded(done, output, ["P-1"])
    assert "nothing reads these 2 columns: 备注, 处数" in done.stderr


def test_mixed_types(tmp_path: Path, mapping: Path, kind: str) -> None:
    rows = [changed("a"), changed("b", 坝高="ten"), changed("c", 坝高="10 mm", 巡查="maybe"), changed("d", 坝高=10.5)]
    output = tmp_path / "grades.parquet"
    done = batch(table(tmp_path, kind, rows), "--mapping", mapping, "-o", output)
    graded(done, output, ["a", "d"])
    found = rejects(output)
    assert [row[:3] for row in found] == [["3", "坝高", "C021"], ["4", "坝高", "C022"], ["4", "坝高", "C021"]]
    assert "crest_level_m: a number in m is expected, not 'ten'" in found[0][3]
    assert "'坝高': crest_level_m" in found[1][3] and "'巡查': patrol_done" in found[2][3]
    assert "4 rows read" in done.stderr and "2 graded" in done.stderr and "2 refused" in done.stderr


def test_reasons_are_in_the_language_of_the_reader(tmp_path: Path, mapping: Path, kind: str) -> None:
    output = tmp_path / "grades.parquet"
    path = table(tmp_path, kind, [changed("a"), changed("b", 坝高="ten")])
    graded(batch(path, "--mapping", mapping, "-o", output, lang="zh"), output, ["a"])
    (found,) = rejects(output)
    assert found[:3] == ["3", "坝高", "C021"]
    assert "应为以 m 计的数，而不是 'ten'" in found[3]


@pytest.mark.parametrize("name", ["empty.csv", "blank.csv", "empty.xlsx", "empty.jsonl"])
def test_empty_files(tmp_path: Path, mapping: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".xlsx":
        write_xlsx(path, [])
    else:
        path.write_text("\n\n" if name == "blank.csv" else "")
    refused(batch(path, "--mapping", mapping, "-o", tmp_path / "g.csv"), 4, f"{name}: error[C061]: the table is empty", folder=tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet", "jsonl"])
def test_headers_without_rows(tmp_path: Path, mapping: Path, suffix: str) -> None:
    output = tmp_path / f"grades.{suffix}"
    done = batch(table(tmp_path, "csv", []), "--mapping", mapping, "-o", output)
    assert (done.returncode, "0 rows read" in done.stderr) == (0, True), done.stderr
    first = {
        "csv": lambda: output.read_text("utf-8-sig").splitlines()[0].split(",")[:3],
        "xlsx": lambda: [cell.value for cell in openpyxl.load_workbook(output).active[1]][:3],
        "parquet": lambda: [c[0] for c in duckdb.sql(f"SELECT * FROM '{output}'").description or ()][:3],
        "jsonl": lambda: output.read_text(),
    }[suffix]()
    assert first == {"parquet": ["_row", "_key", "as_of"], "jsonl": ""}.get(suffix, ["row", "key", "as_of"])


@pytest.mark.parametrize(("encoding", "said"), [("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-8-sig", "")])
def test_encodings_are_told_and_said(tmp_path: Path, mapping: Path, encoding: str, said: str) -> None:
    path, output = write_csv(tmp_path / "ponds.csv", [HEADERS, *[changed(f"P-{i}") for i in range(60)]], encoding), tmp_path / "g.parquet"
    done = batch(path, "--mapping", mapping, "-o", output)
    graded(done, output, [f"P-{i}" for i in range(60)])
    assert (f"ponds.csv: read as {said}" in done.stderr) is bool(said), done.stderr


def test_a_wrong_encoding(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "ponds.csv", [HEADERS, ROW], "gb18030")
    mapping.write_text("encoding: utf-8\n" + MAPPING, "utf-8")
    done = batch(path, "--mapping", mapping, "-o", tmp_path / "g.csv")
    refused(done, 4, "ponds.csv: error[C060]: not utf-8", "save it as UTF-8, or name its encoding in the mapping", folder=tmp_path)
    # bytes that go wrong only after the rows that were looked at first
    mapping.write_text("encoding: gb18030\n" + MAPPING, "utf-8")
    write_csv(path, [HEADERS, *[changed(f"P-{i}") for i in range(2000)]], "gb18030")
    path.write_bytes(path.read_bytes() + b"\xff\xff,\n")
    done = batch(path, "--mapping", mapping, "-o", tmp_path / "g.csv")
    assert (done.returncode, "error[C060]: not gb18030" in done.stderr) == (4, True), done.stderr
    assert not (tmp_path / "g.csv").exists()


def test_merged_cells_and_formulas(tmp_path: Path, mapping: Path) -> None:
    rows = [changed(id) for id in "abcde"]

    def change(sheet: Any) -> None:
        sheet.merge_cells("F2:F3")  # the regions of a and b
        sheet["G4"] = "=4+5"  # never worked out
        sheet["G5"], sheet["G5"].data_type = "#REF!", "e"

    output = tmp_path / "grades.parquet"
    done = batch(write_xlsx(tmp_path / "ponds.xlsx", [HEADERS, *rows], change), "--mapping", mapping, "-o", output)
    graded(done, output, ["a", "e"])
    found = rejects(output)
    assert [row[:3] for row in found] == [["3", "区域", "C066"], ["4", "坝高", "C065"], ["5", "坝高", "C065"]]
    assert "the cell is part of a merged range" in found[0][3] and "the formula has no result" in found[1][3] and "#REF!" in found[2][3]


def test_days_as_serial_numbers_and_numbers_as_text(tmp_path: Path, mapping: Path, kind: str) -> None:
    # 1 June 2015 is day 42156 of a spreadsheet: 115 years of 365 days, 28 leap days and its 29 February 1900, 151 days, and one
    assert 42156 == 115 * 365 + 28 + 1 + 151 + 1
    rows = [changed("a", 排查日期=42156), changed("b", 排查日期="42156", 坝高="10", 人数="1,200"), changed("c", 坝高=10, 人数=1200)]
    output = tmp_path / "grades.parquet"
    graded(batch(table(tmp_path, kind, rows), "--mapping", mapping, "-o", output), output, ["a", "b", "c"])
    found = grades(output)
    assert [str(row["as_of"]) for row in found] == ["2015-06-01"] * 3
    assert found[0]["grade"] == found[1]["grade"] == found[2]["grade"] is not None


def test_keys_that_stand_twice(tmp_path: Path, mapping: Path, kind: str) -> None:
    output = tmp_path / "grades.parquet"
    rows = [changed("a"), changed("b"), changed("a"), changed(" b ")]
    graded(batch(table(tmp_path, kind, rows), "--mapping", mapping, "-o", output), output, ["a", "b"])
    assert [row[:3] for row in rejects(output)] == [["4", "编号", "C067"], ["5", "编号", "C067"]]
    assert "the id 'a' stands in row 2 already" in rejects(output)[0][3]


def test_rows_of_another_length(tmp_path: Path, mapping: Path) -> None:
    output = tmp_path / "grades.parquet"
    path = write_csv(tmp_path / "ponds.csv", [HEADERS, changed("a"), ["b", "2015-06-01"], changed("c")])
    graded(batch(path, "--mapping", mapping, "-o", output), output, ["a", "c"])
    assert rejects(output) == [["3", "", "C064", rejects(output)[0][3]]]
    assert "the row has 2 cells, the headers are 18" in rejects(output)[0][3]


def test_a_quote_that_is_not_closed(tmp_path: Path, mapping: Path) -> None:
    path = write_csv(tmp_path / "ponds.csv", [HEADERS, changed("a"), changed("b")])
    path.write_text(path.read_text("utf-8") + 'c,"2015-06-01\n', "utf-8")
    done = batch(path, "--mapping", mapping, "-o", tmp_path / "g.csv")
    assert done.returncode == 4 and not (tmp_path / "g.csv").exists()
    assert 'ponds.csv:4:1: error[C064]: not CSV from here on: a quote is not closed; within quotes, write " twice' in done.stderr


def test_json_lines_of_rows_and_of_cases(tmp_path: Path) -> None:
    path, output = tmp_path / "ponds.jsonl", tmp_path / "grades.parquet"
    sound = '"subject": "hazard", "as_of": "2015-06-01", '
    path.write_text(
        f'{{"case": "a", {sound}"water_level_m": 8.5}}\n{{"case": \n[1]\n{{"case": "d", {sound}"water_level_m": {{"low": 1}}}}\n'
    )
    graded(batch(path, "-o", output), output, ["a"])
    assert [row[:3] for row in rejects(output)] == [["2", "", "C064"], ["3", "", "C064"], ["4", "water_level_m", "C021"]]
    lines = [
        '"facts": {"water_level_m": 8.5}',
        '"facts": {"water_levl_m": 8.5}',
        '"colour": 1, "facts": {}',
        '"facts": {"people_below": "x"}',
    ]
    path.write_text("".join(f'{{"case": "{id}", {sound}{line}}}\n' for id, line in zip("abcd", lines, strict=True)) + "7\n")
    graded(batch(path, "-o", output), output, ["a"])
    found = [row[:3] for row in rejects(output)]
    assert found == [["2", "water_levl_m", "C020"], ["3", "colour", "C005"], ["4", "people_below", "C021"], ["5", "", "C064"]]
    assert "did you mean 'water_level_m'" in rejects(output)[0][3], "the reason says what right looks like"


def test_a_folder_with_a_damaged_case(tmp_path: Path) -> None:
    folder, output = tmp_path / "cases", tmp_path / "grades.parquet"
    folder.mkdir()
    sound = "case: {id}\nsubject: hazard\nas_of: 2015-06-01\nfacts: {{water_level_m: 8.5}}\n"
    for name, text in {"a": sound.format(id="a"), "b": "case: [", "c": sound.format(id="c"), "d": sound.format(id="a")}.items():
        (folder / f"{name}.yaml").write_text(text)
    graded(batch(folder, "-o", output), output, ["a", "c"])
    assert [row[:3] for row in rejects(output)] == [["2", f"{folder}/b.yaml:2", "C002"], ["4", f"{folder}/d.yaml:1", "C067"]]
    (tmp_path / "none").mkdir()
    refused(batch(tmp_path / "none", "-o", output), 4, "error[C001]: there is no case file in the folder", folder=tmp_path)


DANGEROUS = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "＝1+1"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_text_that_a_spreadsheet_would_run_stays_text(tmp_path: Path, mapping: Path, kind: str, suffix: str) -> None:
    rows = [changed(id, 区县="=1+1" if kind == "csv" else "\t=1+1") for id in DANGEROUS]
    if kind == "xlsx":  # as text: in a workbook, `=1+1` is a formula

        def change(sheet: Any) -> None:
            for row in sheet.iter_rows(min_row=2):
                for cell in row:
                    cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type

        path = write_xlsx(tmp_path / "ponds.xlsx", [HEADERS, *rows], change)
    else:
        path = table(tmp_path, "csv", rows)
    output = tmp_path / f"grades.{suffix}"
    done = batch(path, "--mapping", mapping, "-o", output)
    assert done.returncode == 0, done.stderr
    if suffix == "csv":
        with output.open(encoding="utf-8-sig", newline="") as stream:
            header, *found = list(csv.reader(stream))
        assert [row[1] for row in found] == ["'" + id for id in DANGEROUS]
        assert {row[header.index("group.county")] for row in found} == {"'=1+1"}
        assert [row[0] for row in found] == ["2", "3", "4", "5", "6"], "numbers stay numbers"
        assert not [cell for row in found for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "＝")]
    elif suffix == "xlsx":
        sheet = openpyxl.load_workbook(output).active
        assert [(row[1].value, row[1].data_type) for row in sheet.iter_rows(min_row=2)] == [(id, "s") for id in DANGEROUS]
        assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [2, 3, 4, 5, 6]
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    else:
        found = duckdb.sql(f"SELECT _key FROM read_json('{output}') ORDER BY _row").fetchall()
        assert [key for (key,) in found] == DANGEROUS, "no spreadsheet reads this: the text as it is"


def test_rejects_hold_no_formula(tmp_path: Path, mapping: Path) -> None:
    path = table(tmp_path, "csv", [changed("a", 坝高="=1+1")], [*HEADERS[:6], *HEADERS[6:]])
    assert batch(path, "--mapping", mapping, "-o", tmp_path / "g.csv").returncode == 0
    text = (tmp_path / "g.rejects.csv").read_text("utf-8-sig")
    assert "not '=1+1'" in text and ",=" not in text and not text.startswith("=")


# --- where the grades go


def wrong(output: str, *says: str) -> tuple[str, tuple[str, ...]]:
    return output, says


@pytest.mark.parametrize(
    ("output", "says"),
    [
        wrong("grades.pdf", "what kind of file is grades.pdf?", ".parquet, .jsonl, .ndjson, .csv, .xlsx"),
        wrong("grades", "what kind of file is grades?"),
        wrong("nowhere/grades.csv", "nowhere does not exist: make it first, or write the grades elsewhere"),
        wrong("folder.parquet", "folder.parquet is a folder: -o names a file"),
        wrong("ponds.csv", "ponds.csv would be written over, and is read: give the grades another name"),
        wrong("link.csv", "link.csv would be written over, and is read"),
        wrong("mapping.csv", "mapping.csv would be written over, and is read"),
        wrong("more.csv", "more.rejects.csv would be written over, and is read"),
    ],
)
def test_outputs_that_can_not_be_written(tmp_path: Path, output: str, says: tuple[str, ...]) -> None:
    """They are refused before anything is read: the input does not even exist as a table."""
    (tmp_path / "mapping.csv").write_text(MAPPING, "utf-8")
    name = "more.rejects.csv" if output == "more.csv" else "ponds.csv"
    path = write_csv(tmp_path / name, [HEADERS, ROW])
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "folder.parquet").mkdir()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    done = batch(path, "--mapping", tmp_path / "mapping.csv", "-o", tmp_path / output)
    refused(done, 2, *says, folder=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, who may write everywhere."""
    locked = (tmp_path, tmp_path / "old.csv")
    (tmp_path / "old.csv").write_text("old")
    for place in locked:
        monkeypatch.setattr(os, "access", lambda path, mode, place=place: path != place)
        with pytest.raises(click.UsageError) as caught:
            ready(tmp_path / "old.csv", [])
        assert caught.value.message == f"can't write {place}: Permission denied"


def test_a_full_disk(tmp_path: Path, mapping: Path, kind: str) -> None:
    """What was graded is kept, and the device is no file to be replaced."""
    path = table(tmp_path, kind, [changed(id) for id in "abc"])
    output = tmp_path / "grades.csv"
    output.symlink_to("/dev/full")
    done = batch(path, "--mapping", mapping, "-o", output)
    assert done.returncode == 1
    assert f"can't write {output}: No space left on device; the same command with --resume goes on where it stopped" in done.stderr
    assert output.is_symlink() and Path("/dev/full").is_char_device()
    output.unlink()
    assert batch(path, "--mapping", mapping, "-o", output, "--resume").returncode == 0
    assert len(output.read_text("utf-8-sig").splitlines()) == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_said_in_chinese(tmp_path: Path, mapping: Path) -> None:
    path = table(tmp_path, "csv", [ROW])
    assert "ponds.csv 是要读取的文件，会被覆盖" in batch(path, "--mapping", mapping, "-o", path, lang="zh").stderr
    assert "没有文件夹" in batch(path, "--mapping", mapping, "-o", tmp_path / "x" / "g.csv", lang="zh").stderr


# --- a run that is interrupted

RUN = """
import sys
from dingji.batch.table import columns
columns.MOST_AT_ONCE = 2_048
from dingji.cli import main
main()
"""


def test_an_interrupted_run_leaves_no_half_file_and_says_how_to_go_on(tmp_path: Path, mapping: Path) -> None:
    path, output = table(tmp_path, "csv", [changed(f"P-{i}") for i in range(30_000)]), tmp_path / "grades.parquet"
    command = [sys.executable, "-c", RUN, "batch", str(path), "--mapping", str(mapping), "-o", str(output), "--lang", "en"]
    command += ["--knowledge", str(GOOD)]
    work = tmp_path / ".grades.parquet.work"
    # a shell that runs the tests behind may have told its children to pass over it
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", preexec_fn=heard) as child:
        end = time.monotonic() + 120
        while child.poll() is None and not (work / "000000.json").exists() and time.monotonic() < end:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        told = child.stderr.read()
    assert child.returncode == 130, told
    assert f"broken off: {output} is not written; the same command with --resume goes on where it stopped" in told
    assert "Traceback" not in told
    assert not output.exists() and (work / "000000.json").exists()
    again = subprocess.run([*command, "--resume"], capture_output=True, encoding="utf-8")
    assert again.returncode == 0, again.stderr
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT _key), min(_row), max(_row) FROM '{output}'").fetchall()
    assert found == [(30_000, 30_000, 2, 30_001)]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["grades.parquet", "mapping.yaml", "ponds.csv"]
