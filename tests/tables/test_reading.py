"""What a sound table gives: cases with the values that its cells say."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

import dingji
from dingji.knowledge.model import Knowledge
from dingji.language.values import Partial, Records
from dingji.tables.mapping import read_mapping
from dingji.tables.reader import read_table

from .samples import HEADERS, PLAIN, ROW, facts, mapping, one, rows_of, said, write_csv, write_mapping, write_xlsx


def test_a_row_is_the_case_that_its_cells_state(ponds: Knowledge, tmp_path: Path) -> None:
    (row,) = rows_of(write_csv(tmp_path, HEADERS, ROW), ponds, mapping(tmp_path, ponds))
    assert facts(row) == {
        "subject": "hazard",
        "region": "north",
        "crest_level_m": 10,
        "water_level_m": Decimal("8.5"),  # 850 cm
        "people_below": 1200,
        "patrol_done": True,
        "warden": "张三",
        "found_on": dt.date(2015, 5, 30),
        "crack_width_mm": 21,
        "cracks": Records(({"kind": "along", "width_mm": 3, "wet": True}, {"kind": "across", "width_mm": 5})),
    }
    case = row.case
    assert case is not None
    assert (case.id, case.subject, case.title.zh, case.as_of) == ("P-1", "hazard", "西塘", dt.date(2015, 6, 1))
    assert (row.number, row.official, row.group) == (2, "red", {"county": "渝北", "party": "水务局"})
    assert case.official is not None
    assert (case.official.scale, case.official.grade) == ("pond", "red")
    place = case.statements["region"].place
    assert place is not None
    assert (place.line, place.column) == (2, 6)


def test_it_grades_as_the_case_file_that_says_the_same(ponds: Knowledge, tmp_path: Path) -> None:
    (row,) = rows_of(write_csv(tmp_path, HEADERS, ROW), ponds, mapping(tmp_path, ponds))
    text = """\
case: P-1
subject: hazard
as_of: 2015-06-01
facts: {region: north, crest_level_m: 10, water_level_m: 8.5, people_below: 1200, patrol_done: true, warden: 张三,
        found_on: 2015-05-30, crack_width_mm: 21, cracks: [{kind: along, width_mm: 3, wet: true}, {kind: across, width_mm: 5}]}
"""
    assert row.case is not None
    told = [dingji.grade(ponds, case).to_dict() for case in (row.case, dingji.parse_case(text))]
    assert told[0]["determination"] == told[1]["determination"]
    assert told[0]["findings"] == told[1]["findings"]


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("人数", "", None),
        ("人数", "0", None),  # this column says so
        ("人数", "不详", None),
        ("人数", "没查", None),
        ("人数", "/", None),
        ("人数", "１２３", 123),
        ("人数", "12，345", 12345),
        ("人数", "1.2E+3", 1200),
        ("人数", "12.0", 12),
        ("人数", "35 persons", 35),
        ("坝高", "10m", 10),
        ("坝高", " 10.50 m ", Decimal("10.5")),
        ("水位(cm)", "850 cm", Decimal("8.5")),
        ("水位(cm)", "8.5 m", Decimal("8.5")),  # a cell that names the unit of the fact
        ("巡查", "×", False),
        ("巡查", "是", True),
        ("巡查", "无", False),
        ("巡查", "TRUE", True),
        ("区域", "south", "south"),
        ("区域", "南区", "south"),
        ("责任人", "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("责任人", "'=1+1", "=1+1"),  # as our own CSV guards it
        ("责任人", "N/A", None),
    ],
)
def test_cells(ponds: Knowledge, tmp_path: Path, header: str, cell: str, value: Any) -> None:
    row = list(ROW)
    row[HEADERS.index(header)] = cell
    (found,) = rows_of(write_csv(tmp_path, HEADERS, row), ponds, mapping(tmp_path, ponds))
    names = {"人数": "people_below", "坝高": "crest_level_m", "水位(cm)": "water_level_m", "巡查": "patrol_done"}
    name = {**names, "区域": "region", "责任人": "warden"}[header]
    assert facts(found).get(name) == value
    assert type(facts(found).get(name)) is type(value)
    if value is None:  # blank says nothing; a word says that nobody knows
        assert found.case is not None
        assert (name in found.case.statements) == (cell != "")


@pytest.mark.parametrize(
    "text", ["2015-06-01", "2015/6/1", "2015.6.1", "2015年6月1日", "20150601", "42156", "2015-06-01 08:30:00", "２０１５－０６－０１"]
)
def test_days(ponds: Knowledge, tmp_path: Path, text: str) -> None:
    """42156 days after 1899-12-30 is 2015-06-01, as spreadsheets count."""
    row = one(read_table(write_csv(tmp_path, PLAIN, ["a", "hazard", text, "1"]), ponds))
    assert row.case is not None, row.problems
    assert row.case.as_of == dt.date(2015, 6, 1)


@pytest.mark.parametrize(
    ("count", "records", "expected"),
    [
        ("", ["", "", "", "", ""], None),
        ("0", ["", "", "", "", ""], Records(())),
        ("", ["纵向", "", "", "", ""], Records(({"kind": "along", "width_mm": Partial(0, 500)},))),
        ("3", ["", "", "", "横向", "7"], Records(({"kind": "across", "width_mm": 7},), complete=False)),
        ("1", ["不详", "", "", "", ""], Records(({"width_mm": Partial(0, 500)},))),
    ],
)
def test_lists(ponds: Knowledge, tmp_path: Path, count: str, records: list[str], expected: Records | None) -> None:
    (row,) = rows_of(write_csv(tmp_path, HEADERS, [*ROW[:12], count, *records]), ponds, mapping(tmp_path, ponds))
    assert facts(row).get("cracks") == expected


def test_a_count_below_the_records_is_a_problem(ponds: Knowledge, tmp_path: Path) -> None:
    (row,) = rows_of(write_csv(tmp_path, HEADERS, [*ROW[:12], "1", *ROW[13:]]), ponds, mapping(tmp_path, ponds))
    assert said(row) == [(2, 13, "C021")]


# --- files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
def test_encodings_are_found_out_and_said(ponds: Knowledge, tmp_path: Path, encoding: str) -> None:
    rows = [[f"P-{i}", *ROW[1:]] for i in range(20)]
    table = read_table(write_csv(tmp_path, HEADERS, *rows, encoding=encoding), ponds, mapping(tmp_path, ponds))
    assert [facts(row)["warden"] for row in table.rows()] == ["张三"] * 20
    said = [note for note in table.notes if "read as" in note]
    assert (said == []) == encoding.startswith("utf-8")
    if encoding == "gb18030":
        assert "GB18030" in said[0]


def test_an_encoding_in_the_mapping_is_taken(ponds: Knowledge, tmp_path: Path) -> None:
    mapped = mapping(tmp_path, ponds, "encoding: gb18030\n" + (write_mapping(tmp_path)).read_text("utf-8"))
    table = read_table(write_csv(tmp_path, HEADERS, ROW, encoding="gb18030"), ponds, mapped)
    assert facts(one(table))["warden"] == "张三"
    assert table.notes == ()


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_delimiters(ponds: Knowledge, tmp_path: Path, sign: str) -> None:
    table = read_table(write_csv(tmp_path, HEADERS, ROW, delimiter=sign), ponds, mapping(tmp_path, ponds))
    assert facts(one(table))["people_below"] == 1200


def test_quoted_line_breaks_stay_in_their_cell(ponds: Knowledge, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path, [*PLAIN, "warden"], ["a", "hazard", "2015-06-01", "1", "two\nlines"], ["b", "hazard", "2015-06-01", "2", "x"]
    )
    assert [(row.number, facts(row)["warden"]) for row in rows_of(path, ponds)] == [(2, "two\nlines"), (3, "x")]


def test_workbooks(ponds: Knowledge, tmp_path: Path) -> None:
    """Numbers, days and bools as such; a percentage is what is shown; a formula is what it gave."""
    cells = [
        "P-1",
        dt.datetime(2015, 6, 1),
        "西塘",
        "重大",
        "渝北",
        "北",
        10,
        850.0,
        "1,200",
        True,
        "=1+1",
        42154,
        0,
        None,
        None,
        None,
        None,
        None,
    ]
    path = write_xlsx(tmp_path, HEADERS, cells)
    book = openpyxl.load_workbook(path)
    book.active["K2"].data_type = "s"
    book.save(path)
    text = write_mapping(tmp_path).read_text("utf-8").replace(', date: "%d.%m.%Y"', "")
    row = one(read_table(path, ponds, mapping(tmp_path, ponds, text)))
    found = facts(row)
    assert (found["crest_level_m"], found["water_level_m"], found["people_below"], found["patrol_done"]) == (10, Decimal("8.5"), 1200, True)
    assert (found["warden"], found["found_on"], found["cracks"]) == ("=1+1", dt.date(2015, 5, 30), Records(()))
    assert row.case is not None
    assert row.case.as_of == dt.date(2015, 6, 1)


def test_a_percentage_of_a_workbook_is_what_it_shows(kb: Knowledge, tmp_path: Path) -> None:
    fact = next(f for f in kb.facts.values() if f.unit == "%" and f.nature != "derived" and f.type.high in (None, 100))  # type: ignore[attr-defined]
    path = write_xlsx(tmp_path, ["subject", "as_of", fact.name], ["hazard", dt.date(2024, 1, 1), 0.85])
    book = openpyxl.load_workbook(path)
    book.active["C2"].number_format = "0%"
    book.save(path)
    assert facts(one(read_table(path, kb)))[fact.name] == 85


def test_sheets(ponds: Knowledge, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "draft"
    book.active.sheet_state = "hidden"
    for name, level in (("2014", 1), ("2015", 2)):
        sheet = book.create_sheet(name)
        sheet.append(PLAIN)
        sheet.append(["a", "hazard", "2015-06-01", level])
    book.save(tmp_path / "table.xlsx")
    table = read_table(tmp_path / "table.xlsx", ponds)
    assert facts(one(table))["water_level_m"] == 1
    (note,) = table.notes
    assert "reads the sheet 2014; not read: 2015; hidden: draft" in note
    assert facts(one(read_table(tmp_path / "table.xlsx", ponds, sheet="2015")))["water_level_m"] == 2


def test_json_lines(ponds: Knowledge, tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"case": "a", "subject": "hazard", "as_of": "2015-06-01", "water_level_m": 8.5, "patrol_done": False, "warden": None},
        {"case": "b", "subject": "dam", "as_of": "2015-06-01", "cracks": [{"kind": "along", "width_mm": 3.25}, {"wet": True}]},
    ]
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", "utf-8")
    first, second = rows_of(path, ponds)
    assert (first.number, second.number) == (1, 2)
    assert (facts(first)["water_level_m"], facts(first)["patrol_done"], "warden" in facts(first)) == (Decimal("8.5"), False, False)
    assert facts(second)["cracks"] == Records(({"kind": "along", "width_mm": Decimal("3.25")}, {"wet": True, "width_mm": Partial(0, 500)}))


def test_a_table_maps_itself_by_names_or_labels_in_both_languages(ponds: Knowledge, tmp_path: Path) -> None:
    for headers in (PLAIN, ["case id", "subject", "date of the facts", "water level (m)"], ["编号", "对象", "日期", "水位（m）"]):
        row = one(read_table(write_csv(tmp_path, headers, ["a", "隐患", "2015-06-01", "8.5"]), ponds))
        assert row.case is not None, row.problems
        assert (row.case.id, row.case.subject, facts(row)["water_level_m"]) == ("a", "hazard", Decimal("8.5"))


def test_headers_below_a_title(ponds: Knowledge, tmp_path: Path) -> None:
    text = "header: 2\n" + write_mapping(tmp_path).read_text("utf-8")
    (row,) = rows_of(write_csv(tmp_path, ["台账", *[""] * 17], HEADERS, ROW), ponds, mapping(tmp_path, ponds, text))
    assert (row.number, facts(row)["warden"]) == (3, "张三")


def test_opinions_and_the_survey_they_belong_to(kb: Knowledge, tmp_path: Path) -> None:
    scale = next(scale for i in kb.instruments.values() for scale in i.surveys)
    grades = kb.scales[scale].grades
    text = f"""\
mapping: opinions
subject: {{constant: hazard}}
as_of: {{constant: 2024-07-15}}
survey: {{scale: {scale}, last_round: 2}}
opinions:
  - {{column: 专家甲, rater: expert-1, values: {{重: {grades[0].id}}}}}
  - {{column: 专家乙, rater: expert-2}}
  - {{column: 专家乙二轮, rater: expert-2, round: 2}}
"""
    path = write_csv(tmp_path, ["专家甲", "专家乙", "专家乙二轮"], ["重", grades[1].label.zh, grades[0].id], ["", "", grades[1].id])
    first, second = rows_of(path, kb, read_mapping(write_mapping(tmp_path, text), kb))
    assert first.case is not None
    assert second.case is not None
    given = [(o.rater, o.round, o.grade) for o in first.case.opinions]
    assert given == [("expert-1", 1, grades[0].id), ("expert-2", 1, grades[1].id), ("expert-2", 2, grades[0].id)]
    assert [o.rater for o in second.case.opinions] == ["expert-2"]
    assert first.case.survey is not None
    assert (first.case.survey.scale, first.case.id) == (scale, "row-2")


def test_one_column_may_state_several_facts(ponds: Knowledge, tmp_path: Path) -> None:
    text = """\
mapping: several
subject: {constant: hazard}
as_of: {constant: 2015-06-01}
columns:
  情况:
    - {fact: patrol_done, values: {巡查无人: true, 未巡查: false}}
    - {fact: warden, unknown: [巡查无人]}
"""
    (row,) = rows_of(write_csv(tmp_path, ["情况", "x"], ["巡查无人", ""]), ponds, mapping(tmp_path, ponds, text))
    assert facts(row)["patrol_done"] is True
    assert "warden" not in facts(row)


def test_rows_stream_and_memory_stays_flat(ponds: Knowledge, tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = write_csv(tmp_path, PLAIN, *([f"id-{i}", "hazard", "2015-06-01", i % 190] for i in range(rows)))
        table = read_table(path, ponds)
        tracemalloc.start()
        try:
            assert sum(row.case is not None for row in table.rows()) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # 21,000 cases more, kept, would take some 20 MB
    assert peak(24_000) - peak(3_000) < 300_000


def test_names_of_columns_that_state_no_fact(ponds: Knowledge, tmp_path: Path) -> None:
    """`opinion.SCALE.RATER.ROUND`, `official.SCALE`, `group.NAME`, `profile`."""
    scale = next(scale for i in ponds.instruments.values() for scale in i.surveys)
    grades = [grade.id for grade in ponds.scales[scale].grades]
    headers = ["case", "subject", "as_of", "profile", "official.pond", "group.county", f"opinion.{scale}.a", f"opinion.{scale}.a.2"]
    profile = sorted(ponds.profiles)[0]
    row = one(read_table(write_csv(tmp_path, headers, ["x", "hazard", "2015-06-01", profile, "红", "渝北", *grades[:2]]), ponds))
    assert row.case is not None, row.problems
    assert (row.case.profile, row.official, row.group) == (profile, "red", {"county": "渝北"})
    assert [(o.rater, o.round, o.grade) for o in row.case.opinions] == [("a", 1, grades[0]), ("a", 2, grades[1])]


def test_parquet(ponds: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "table [2]*.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select 'P-' || i as "case", 'hazard' as subject, date '2015-06-01' as as_of, 8.5::decimal(9, 2) as water_level_m,
                    case when i = 1 then true end as patrol_done, 1200 as people_below,
                    case when i = 1 then [{{kind: 'along', width_mm: 3, wet: null::boolean}}] when i = 2 then [] end as cracks
                from range(1, 4) as t(i)
            ) to '{path}' (format parquet)
        """)
    first, second, third = rows_of(path, ponds)
    assert (first.number, facts(first)["water_level_m"], facts(first)["people_below"]) == (1, Decimal("8.5"), 1200)
    assert facts(first)["patrol_done"] is True
    assert facts(first)["cracks"] == Records(({"kind": "along", "width_mm": 3},))
    assert (facts(second)["cracks"], "patrol_done" in facts(second), "cracks" in facts(third)) == (Records(()), False, False)
