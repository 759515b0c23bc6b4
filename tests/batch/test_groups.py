"""The columns that tell where a row belongs (`group.NAME`) and what is not known of it (`missing`), by every way to a result."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml

import dingji
from conftest import ROOT
from dingji.batch.direct import DirectJob
from dingji.batch.engine import Engine, connect
from dingji.batch.inputs import Table
from dingji.batch.job import Job
from dingji.batch.results import single
from dingji.batch.statement import missing as m
from dingji.cases.model import Case
from dingji.knowledge.model import Knowledge

HEADER = "case,subject,sector,special_field,as_of,special_operation_performed,special_operator_certified,县,组"
MAPPING = """
mapping: places
case: case
subject: subject
as_of: as_of
group: {county: 县, party: 组, province: {constant: 渝}}
columns:
  sector: sector
  special_field: special_field
  special_operation_performed: special_operation_performed
  special_operator_certified: special_operator_certified
"""
ROWS = [
    "H-1,hazard,trade,none,2024-06-01,yes,no,渝北,=1+1",
    "H-2,hazard,trade,none,2024-06-01,yes,yes,,B",
    "H-3,hazard,trade,none,2024年6月1日,yes,no,江北,B",  # an odd day: read by the row reader
]
PLACES = [("渝北", "=1+1", "渝"), ("", "B", "渝"), ("江北", "B", "渝")]


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def places(folder: Path, kb: Knowledge) -> Table:
    source, mapping = folder / "places.csv", folder / "map.yaml"
    source.write_text("\n".join([HEADER, *ROWS, ""]), encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    return Table(source, kb, mapping, None, None)


def graded(folder: Path, kb: Knowledge, name: str, in_columns: bool, worth: int = 1) -> Path:
    table = places(folder, kb)
    engine = Engine(kb, connect(), worth=worth)
    job = DirectJob(kb, engine, folder / name, "signature", group=table.group, sample=3)
    if in_columns:
        file = table.in_columns(engine.connection, job.scratch, None, 1)
        assert file is not None
        job.run_file(file)
    else:
        job.run(table.rows())
    assert len(job.sampled) == 3
    return folder / name


@pytest.mark.parametrize(("in_columns", "worth"), [(True, 1), (False, 1), (False, 1000)], ids=["in columns", "row by row", "one by one"])
def test_the_group_columns_pass_through(kb: Knowledge, tmp_path: Path, in_columns: bool, worth: int) -> None:
    output = graded(tmp_path, kb, "out.parquet", in_columns, worth)
    query = 'SELECT "group.county", "group.party", "group.province" FROM read_parquet(?) ORDER BY _row'
    assert duckdb.execute(query, [str(output)]).fetchall() == PLACES
    names = [row[0] for row in duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(output)]).fetchall()]
    assert names[-4:] == ["missing", "group.county", "group.party", "group.province"]


def test_tables_and_lines_have_them_and_run_nothing(kb: Knowledge, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in graded(tmp_path, kb, "out.jsonl", True).read_text("utf-8").splitlines()]
    assert [(line["group.county"], line["group.party"]) for line in lines] == [place[:2] for place in PLACES]
    with graded(tmp_path, kb, "out.csv", True).open(encoding="utf-8-sig", newline="") as stream:
        cells = list(csv.DictReader(stream))
    assert [cell["group.party"] for cell in cells] == ["'=1+1", "B", "B"]
    sheet = openpyxl.load_workbook(graded(tmp_path, kb, "out.xlsx", True)).active
    assert sheet is not None
    heads = [cell.value for cell in sheet[1]]
    first = sheet[2][heads.index("group.party")]
    assert (first.value, first.data_type) == ("=1+1", "s")


def test_a_register_that_has_no_rows_still_has_the_columns(kb: Knowledge, tmp_path: Path) -> None:
    job = Job(kb, Engine(kb, connect()), tmp_path / "out.parquet", "signature", group=("county",))
    job.run(iter(()))
    names = [row[0] for row in duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(job.output)]).fetchall()]
    assert names[-2:] == ["missing", "group.county"]


@pytest.mark.parametrize("header", ["group.county", "区县", "county"])
def test_headers_alone_may_name_a_group(kb: Knowledge, tmp_path: Path, header: str) -> None:
    source = tmp_path / "places.csv"
    source.write_text("\n".join([HEADER.replace("县,组", header), *(row.rpartition(",")[0] for row in ROWS)]), encoding="utf-8")
    table = Table(source, kb, None, None, None)
    expected = {"group.county": ("county",)}.get(header, ())
    assert table.group == expected


# What is missing, by hand: tests/knowledge/good holds two editions of a code and a list.
POND = {
    "region": "south",
    "crest_level_m": 10,
    "water_level_m": 7,
    "people_below": 20,
    "crack_width_mm": 5,
    "patrol_done": True,
    "cracks": [],
    "found_on": "2015-05-30",
}
OLD, NEW = "2015-06-01", "2021-06-01"
UNSTATED: dict[str, Any] = dict.fromkeys(POND)
CASES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("known", NEW, {}, []),
    # freeboard 0.5: red for ten people or more, else orange
    ("people", NEW, {"water_level_m": 9.5, "people_below": None}, ["people_below"]),
    # freeboard 3: clear, however many people
    ("people do not matter", NEW, {"people_below": None}, []),
    # through the freeboard, which is derived
    ("water", NEW, {"water_level_m": None}, ["water_level_m"]),
    ("water and people", NEW, {"water_level_m": None, "people_below": None}, ["people_below", "water_level_m"]),
    # freeboard 3 and the score open: clear, yellow or orange
    ("crack", OLD, {"crack_width_mm": None}, ["crack_width_mm"]),
    # freeboard 1.5: orange whatever the cracks are; a hundred people make it red
    ("people of the adjustment", OLD, {"water_level_m": 8.5, "crack_width_mm": None, "people_below": None}, ["people_below"]),
    # the adjustment is decided, what it starts from is not
    ("base of the adjustment", OLD, {"water_level_m": None, "people_below": 200}, ["water_level_m"]),
    # freeboard 0.5 is red, and red it stays
    ("nothing beyond red", OLD, {"water_level_m": 9.5, "people_below": None, "crack_width_mm": None}, []),
    # a wet crack scores 4
    ("field of an item", OLD, {"cracks": [{"kind": "along", "width_mm": 3}]}, ["cracks"]),
    ("another field of an item", OLD, {"cracks": [{"kind": "along", "wet": False}]}, []),
    ("no list", OLD, {"cracks": None}, ["cracks"]),
    # an unpatrolled pond is on the list, if the list covers its region; that would be yellow
    ("scope", NEW, {"patrol_done": False, "region": None}, ["region"]),
]


@pytest.fixture(scope="module")
def ponds() -> Knowledge:
    return dingji.load(ROOT / "tests" / "knowledge" / "good")


def pond(kb: Knowledge, name: str, day: str, changes: dict[str, Any]) -> Case:
    facts = {key: value for key, value in {**POND, **changes}.items() if value is not None}
    scope = {"region": facts.pop("region")} if "region" in facts else {}
    text = yaml.safe_dump({"case": name.replace(" ", "-"), "subject": "hazard", "as_of": day, "scope": scope, "facts": facts})
    return dingji.parse_case(text).check(kb)


@pytest.mark.parametrize(("name", "day", "changes", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_is_missing_is_what_the_open_rules_read(
    ponds: Knowledge, tmp_path: Path, name: str, day: str, changes: dict[str, Any], expected: list[str]
) -> None:
    case = pond(ponds, name, day, changes)
    alone = single(1, ponds, case)
    assert (alone["missing"], alone["status"] == "undetermined") == (expected, bool(expected))
    engine = Engine(ponds, connect(), worth=1)
    found = engine.grade([(1, case)], tmp_path)
    assert (found.graded, found.singly) == (1, 0)
    [(listed,)] = engine.connection.execute("SELECT missing FROM read_parquet(?)", [str(found.files[0])]).fetchall()
    assert listed == expected


def test_nothing_is_missing_of_a_row_that_is_settled_though_a_finding_is_open(ponds: Knowledge) -> None:
    # freeboard 0.5 with 20 people is red; the list is open
    case = pond(ponds, "settled", NEW, {"water_level_m": 9.5, "patrol_done": None})
    row = single(1, ponds, case)
    assert row["grade"] == "red"
    assert [finding["status"] for finding in row["findings"] if finding["instrument"] == "pond.list"] == ["undetermined"]
    assert row["missing"] == []


def test_the_fields_that_a_rule_reads_are_those_of_its_own_list() -> None:
    from dingji.language.parser import parse

    read = m.reads(parse("any(c.wet for c in cracks if c.width_mm > depth) and count(d for d in dogs if d.old) > 1"))
    assert read == {"cracks": {"wet", "width_mm"}, "depth": frozenset(), "dogs": {"old"}}
