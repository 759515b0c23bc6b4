"""One fixture for each thing that may be wrong with a table: it never gives a case, and it says where and why."""

from __future__ import annotations

import datetime as dt
import os
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from dingji.errors import CaseError, Problem
from dingji.knowledge.model import Knowledge
from dingji.tables import columnar
from dingji.tables.reader import read_table
from knowledge.codes import codes

from .samples import HEADERS, MAPPING, PLAIN, ROW, mapping, one, rows_of, said, write_csv, write_xlsx

SOUND = ["a", "hazard", "2015-06-01", "8.5"]


def problem_of(row_or_error: object) -> Problem:
    problems = row_or_error.problems  # type: ignore[attr-defined]
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]  # type: ignore[no-any-return]


def refused(path: Path, knowledge: Knowledge, text: str = "", folder: Path | None = None) -> Problem:
    """The one problem of a table that can't be read at all, at once or at its rows."""
    with pytest.raises(CaseError) as caught:
        list(read_table(path, knowledge, mapping(folder, knowledge, text) if folder else None).rows())
    return problem_of(caught.value)


@pytest.mark.parametrize(
    ("header", "cell", "code", "says"),
    [
        ("人数", "many", "C021", "'人数': people_below: a number in persons is expected, not 'many'"),
        ("人数", "12.5", "C021", "people_below"),
        ("人数", "-1", "C023", "out of range; the range is 0 .. 100000"),
        ("人数", "220 500", "C021", "people_below"),  # two numbers, not one with its thousands apart
        ("坝高", "10 mm", "C022", "measured in m, not in mm"),
        ("坝高", "10..12", "C021", "crest_level_m"),
        ("坝高", "1" * 40, "C021", "crest_level_m"),
        ("坝高", "9E99", "C021", "crest_level_m"),
        ("巡查", "也许", "C021", "patrol_done: true or false is expected"),
        ("区域", "nort", "C021", "there is no value 'nort'; did you mean 'north'"),
        ("发现", "2015-05-30", "C021", "the form is %d.%m.%Y"),  # the mapping names a form, and only that is read
        ("排查日期", "31/02/2015", "C021", "a date is expected"),
        ("排查日期", "2015-02-30", "C021", "as_of: a date is expected"),
        ("排查日期", "07/15/2024", "C021", "as_of"),
        ("排查日期", "", "C007", "as_of: the day of the facts is not known"),
        ("排查日期", "不详", "C007", "as_of"),
        ("定级", "特大", "C021", "there is no value '特大'"),
        ("定级", "clear", "C021", "there is no value 'clear'"),  # nothing found is no official grade
        ("编号", "", "C067", "the case has no id"),
        ("编号", "x" * 201, "C067", "201 characters"),
        ("责任人", "张\x01三", "C068", "control characters"),
        ("责任人", "x" * 2001, "C023", "at most 2000"),
        ("裂缝数", "-1", "C023", "cracks.count"),
        ("宽2", "600", "C023", "cracks.width_mm: 600 is out of range"),
    ],
)
def test_cells(ponds: Knowledge, tmp_path: Path, header: str, cell: str, code: str, says: str) -> None:
    column = HEADERS.index(header)
    row = [*ROW[:column], cell, *ROW[column + 1 :]]
    path = write_csv(tmp_path, HEADERS, ["P-0", *ROW[1:]], row)
    sound, bad = rows_of(path, ponds, mapping(tmp_path, ponds))
    assert sound.case is not None, "the other rows are read"
    assert bad.case is None
    problem = problem_of(bad)
    assert (problem.file, problem.line, problem.column, problem.code) == (str(path), 3, column + 1, code)
    assert says in f"{problem.message}; {problem.hint}"


def test_all_problems_of_a_row_at_once(ponds: Knowledge, tmp_path: Path) -> None:
    row = ["", "x", *ROW[2:6], "10 mm", "y", *ROW[8:]]
    (bad,) = rows_of(write_csv(tmp_path, HEADERS, row), ponds, mapping(tmp_path, ponds))
    assert sorted(said(bad)) == [(2, 1, "C067"), (2, 2, "C021"), (2, 7, "C022"), (2, 8, "C021")]


def test_a_key_that_stands_twice(ponds: Knowledge, tmp_path: Path) -> None:
    first, second, third = rows_of(write_csv(tmp_path, PLAIN, SOUND, SOUND, ["b", *SOUND[1:]]), ponds)
    assert (first.case is not None, third.case is not None) == (True, True)
    assert "the id 'a' stands in row 2 already" in problem_of(second).message


def test_ragged_rows(ponds: Knowledge, tmp_path: Path) -> None:
    path = write_csv(tmp_path, PLAIN, SOUND[:3], [*SOUND, "9"], ["b", *SOUND[1:], "", ""], [], ["", " "])
    short, long, padded = rows_of(path, ponds)
    assert said(short) == [(2, 1, "C064")]
    assert "3 cells, the headers are 4" in short.problems[0].message
    assert said(long) == [(3, 1, "C064")]
    assert padded.case is not None, "blank cells beyond the headers are no cells"


def test_a_quote_that_is_not_closed(ponds: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(",".join(PLAIN) + "\n" + ",".join(SOUND) + '\nb,hazard,"2015-06-01,1\n', "utf-8")
    problem = refused(path, ponds)
    assert (problem.code, problem.line) == ("C064", 3)
    assert "a quote is not closed" in problem.message


def test_missing_columns(ponds: Knowledge, tmp_path: Path) -> None:
    headers = ["坝高程" if header == "坝高" else header for header in HEADERS if header != "湿1"]
    with pytest.raises(CaseError) as caught:
        read_table(write_csv(tmp_path, headers, ROW[:-1]), ponds, mapping(tmp_path, ponds))
    told = {p.message.partition("has no column ")[2]: (p.code, p.line, p.hint) for p in caught.value.problems}
    lines = MAPPING.splitlines()
    assert told == {
        "'坝高'": ("C062", lines.index("  坝高: crest_level_m") + 1, "did you mean '坝高程'?"),
        "'湿1'": ("C062", next(i for i, line in enumerate(lines, 1) if "湿1" in line), told["'湿1'"][2]),
    }


def test_extra_columns_are_named(ponds: Knowledge, tmp_path: Path) -> None:
    table = read_table(write_csv(tmp_path, [*PLAIN, "water_levl_m", "备注"], [*SOUND, "1", "x"]), ponds)
    assert one(table).case is not None
    assert [note.partition(": ")[2] for note in table.notes] == [
        "no fact is called 'water_levl_m': did you mean 'water_level_m' or 'crest_level_m'?",
        "nothing reads these 2 columns: water_levl_m, 备注",
    ]


def test_a_header_that_stands_twice(ponds: Knowledge, tmp_path: Path) -> None:
    problem = refused(write_csv(tmp_path, [*HEADERS, "坝高"], [*ROW, "11"]), ponds, MAPPING, tmp_path)
    assert (problem.code, problem.line, problem.column) == ("C063", 1, 19)
    assert "in columns 7 and 19" in problem.message
    with pytest.raises(CaseError, match=r"C069.*water_level_m is stated twice"):
        read_table(write_csv(tmp_path, [*PLAIN, "水位"], [*SOUND, "9"]), ponds)
    # one that nothing reads may stand twice
    assert one(read_table(write_csv(tmp_path, [*HEADERS, "x", "x"], [*ROW, "", ""]), ponds, mapping(tmp_path, ponds))).case is not None


def test_no_header_is_a_fact(ponds: Knowledge, tmp_path: Path) -> None:
    assert refused(write_csv(tmp_path, ["foo", "bar"], ["1", "2"]), ponds).code == "C061"


def test_derived_facts_and_names_of_nothing(ponds: Knowledge, tmp_path: Path) -> None:
    with pytest.raises(CaseError) as caught:
        read_table(write_csv(tmp_path, [*PLAIN, "freeboard_m", "official.nothing", "cracks.1.depth"], [*SOUND, "1", "2", "3"]), ponds)
    assert [(p.column, p.code) for p in caught.value.problems] == [(5, "C024"), (6, "C062"), (7, "C020")]


def test_subject_and_day_must_come_from_somewhere(ponds: Knowledge, tmp_path: Path) -> None:
    path = write_csv(tmp_path, ["case", "water_level_m"], ["a", "1"])
    with pytest.raises(CaseError) as caught:
        read_table(path, ponds)
    assert [p.message for p in caught.value.problems] == ["the table does not say as_of", "the table does not say subject"]
    with_day = write_csv(tmp_path, ["case", "subject"], ["a", "hazard"])
    case = one(read_table(with_day, ponds, as_of=dt.date(2015, 6, 1))).case
    assert case is not None
    assert case.as_of == dt.date(2015, 6, 1)


# --- files


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(ponds: Knowledge, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    assert refused(tmp_path / "table.csv", ponds).code == "C061"


def test_an_empty_workbook_and_empty_lines(ponds: Knowledge, tmp_path: Path) -> None:
    assert refused(write_xlsx(tmp_path), ponds).code == "C061"
    (tmp_path / "table.jsonl").write_text("{}\n")
    assert refused(tmp_path / "table.jsonl", ponds).code == "C061"


def test_headers_without_rows_are_no_mistake(ponds: Knowledge, tmp_path: Path) -> None:
    assert rows_of(write_csv(tmp_path, PLAIN), ponds) == []


def test_a_row_of_headers_that_is_not_there(ponds: Knowledge, tmp_path: Path) -> None:
    problem = refused(write_csv(tmp_path, HEADERS, ROW), ponds, "header: 9\n" + MAPPING, tmp_path)
    assert problem.code == "C061"
    assert "no row 9" in problem.message


def test_no_such_file_and_a_folder(ponds: Knowledge, tmp_path: Path) -> None:
    assert [refused(path, ponds).code for path in (tmp_path / "nowhere.csv", tmp_path)] == ["C001", "C001"]


def test_bytes_that_are_no_text(ponds: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(",".join(PLAIN).encode() + b"\n" + os.urandom(3) + b"\xff\xff\x81\x00\x9d\xff")
    assert refused(tmp_path / "table.csv", ponds).code in ("C060", "C061", "C064")
    path = write_csv(tmp_path, HEADERS, ROW)
    assert refused(path, ponds, "encoding: ascii\n" + MAPPING, tmp_path).code == "C060"
    assert refused(path, ponds, "encoding: klingon\n" + MAPPING, tmp_path).code == "C060"
    (tmp_path / "table.jsonl").write_bytes('{"责": 1}'.encode("gb18030"))
    assert refused(tmp_path / "table.jsonl", ponds).code == "C060"


def test_files_that_are_no_tables(ponds: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest")
    assert "(.xls)" in refused(tmp_path / "old.xls", ponds).message
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refused(tmp_path / "book.xlsx", ponds).code == "C071"
    (tmp_path / "cut.xlsx").write_bytes(write_xlsx(tmp_path, PLAIN, SOUND).read_bytes()[:900])
    assert refused(tmp_path / "cut.xlsx", ponds).code == "C071"


LINE = '{"case": "%s", "subject": "hazard", "as_of": "2015-06-01", "water_level_m": 8.5}\n'


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ('{"case": ', "C064", "not JSON: Expecting value"),
        ("[1]", "C064", "an object is expected"),
        ("7", "C064", "an object is expected"),
        ('{"case": "a", "case": "b"}', "C063", "the key 'case' stands twice"),
        ("[" * 100_000, "C064", "not JSON: nested too deeply"),
        ('{"case": "b", "subject": "hazard", "as_of": "2015-06-01", "water_level_m": {"value": 8}}', "C021", "not an object"),
        ('{"case": "b", "subject": ["hazard"], "as_of": "2015-06-01"}', "C021", "'subject': subject: one value is expected, not a list"),
    ],
)
def test_json_lines(ponds: Knowledge, tmp_path: Path, line: str, code: str, says: str) -> None:
    """A line that is no object, or whose values are none, is refused; the others are read."""
    path = tmp_path / "table.jsonl"
    path.write_text(LINE % "a" + "\n" + line + "\n" + LINE % "c")
    first, bad, third = rows_of(path, ponds)
    assert (first.case is not None, third.case is not None, third.number) == (True, True, 4)
    problem = problem_of(bad)
    assert (problem.code, problem.line, bad.number) == (code, 3, 3)
    assert says in problem.message


def test_json_lines_of_which_none_is_an_object(ponds: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "table.jsonl").write_text("[\n" + LINE % "a" + "]\n")
    assert [row.case is not None for row in rows_of(tmp_path / "table.jsonl", ponds)] == [False, True, False]
    (tmp_path / "table.jsonl").write_text("[\n1\n]\n")
    problem = refused(tmp_path / "table.jsonl", ponds)
    assert (problem.code, problem.line) == ("C064", 1)


def test_a_line_that_is_too_long(ponds: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "LONGEST", 200)
    (tmp_path / "table.jsonl").write_text(LINE % "a" + '{"case": "' + "x" * 900 + '"}\n' + LINE % "c")
    first, bad, third = rows_of(tmp_path / "table.jsonl", ponds)
    assert (first.case is not None, third.case is not None, third.number) == (True, True, 3)
    assert problem_of(bad).message == "the line has more than 200 characters"


def test_lists_in_a_cell(ponds: Knowledge, tmp_path: Path) -> None:
    cells = ['[{"kind": "along"}]', "[]", "", '[{"kind": "up"}]', '[{"depth": 1}]', "two cracks"]
    path = write_csv(tmp_path, [*PLAIN, "cracks"], *([f"c{i}", *SOUND[1:], cell] for i, cell in enumerate(cells)))
    assert [said(row) for row in rows_of(path, ponds)] == [[], [], [], [(5, 5, "C021")], [(6, 5, "C020")], [(7, 5, "C021")]]


# --- workbooks


def test_formulas(ponds: Knowledge, tmp_path: Path) -> None:
    """A formula that was never worked out is a problem; one with a result gives it; one with an error names the error."""
    path = write_xlsx(tmp_path, PLAIN, ["a", "hazard", "2015-06-01", "=4+4.5"], ["b", "hazard", "2015-06-01", 1], ["c", *SOUND[1:3], 1])
    (bad, *_) = rows_of(path, ponds)
    assert said(bad) == [(2, 4, "C065")]
    assert "'water_level_m'" in bad.problems[0].message
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    done = parts[sheet].replace(b"<f>4+4.5</f><v></v>", b"<f>4+4.5</f><v>8.5</v>").replace(b"<f>4+4.5</f><v />", b"<f>4+4.5</f><v>8.5</v>")
    assert done != parts[sheet]
    done = done.replace(b'<c r="D3" t="n"><v>1</v>', b'<c r="D3" t="e"><f>1/0</f><v>#DIV/0!</v>')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**parts, sheet: done}.items():
            archive.writestr(name, content)
    good, wrong, last = rows_of(path, ponds)
    assert good.case is not None
    assert str(good.case.facts()["water_level_m"]) == "8.5"
    assert said(wrong) == [(3, 4, "C065")]
    assert "#DIV/0!" in wrong.problems[0].message
    assert last.case is not None


def test_merged_cells(ponds: Knowledge, tmp_path: Path) -> None:
    """Only the first cell of a merged range holds a value: the others are not taken for blank."""
    path = write_xlsx(tmp_path, PLAIN, ["a", "hazard", "2015-06-01", 1], ["b", None, "2015-06-01", 2], ["c", "hazard", "2015-06-01", 3])
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("B2:B3")
    book.save(path)
    first, second, third = rows_of(path, ponds)
    assert (first.case is not None, third.case is not None) == (True, True)
    assert said(second) == [(3, 2, "C066")]
    text = "mapping: merged\nmerged: repeat\ncase: case\nsubject: subject\nas_of: as_of\ncolumns: {water_level_m: water_level_m}\n"
    assert [row.case is not None for row in rows_of(path, ponds, mapping(tmp_path, ponds, text))] == [True, True, True]


def test_sheets(ponds: Knowledge, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path, PLAIN, SOUND)
    with pytest.raises(CaseError, match=r"C070.*no sheet 'Sheat'; did you mean 'Sheet'"):
        read_table(path, ponds, sheet="Sheat")


def test_20_000_columns_take_no_time(ponds: Knowledge, tmp_path: Path) -> None:
    extra = [f"column {i}" for i in range(20_000)]
    path = write_csv(tmp_path, [*PLAIN, *extra], *([f"r{i}", *SOUND[1:], *["x"] * 20_000] for i in range(20)))
    start = time.perf_counter()
    table = read_table(path, ponds)
    assert [row.case is not None for row in table.rows()] == [True] * 20
    assert "nothing reads these 20000 columns: column 0, " in table.notes[-1]
    with pytest.raises(CaseError) as caught:
        read_table(path, ponds, mapping(tmp_path, ponds))
    assert len(caught.value.problems) == len(set(HEADERS)), "none of the columns is there"
    assert time.perf_counter() - start < 5


def test_every_code_has_a_fixture() -> None:
    """The codes that tables alone report, C060 and up, stand in these tests."""
    raised = {code for code in codes("C", ["tables"]) if "C060" <= code <= "C079"}
    here = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert sorted(code for code in raised if here.count(f'"{code}"') + here.count(f"{code}.*") == 0) == []
    assert len(raised) == 12
