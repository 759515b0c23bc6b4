"""`dingji compare` through real processes: case files, folders, tables, every format."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
import wcwidth

from comparison.samples import AGREED, deaths, official, survey, text

from .terminal import Terminal
from .test_commands import DEMO, dingji

MAPPING = """\
mapping: register
case: 编号
subject: {constant: hazard}
as_of: {constant: 2014-07-15}
official: {column: 定级, scale: sg-class-2014, values: {一般: general, 二级重大: II-major}}
group: {party: 单位}
columns:
  死亡: potential_deaths
  重伤: potential_serious_injuries
  频次: {fact: occurrence_frequency, values: {半年: half_yearly, 每年: yearly}}
constants:
  sector: electric_power
  special_field: none
  discipline: transmission
  direct_loss_cny: 150000
  image_reach: city
  personal: unknown
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "cases"
    place.mkdir()
    for n in range(6):
        (place / f"a{n}.yaml").write_text(
            text(name=f"disputed-{n}", more=official("general", by="north") + survey("II", "III", "II")), "utf-8"
        )
    for n in range(5):
        (place / f"b{n}.yaml").write_text(text(*AGREED, name=f"agreed-{n}", more=survey("III", "IV", "III")), "utf-8")
    return place


def test_the_demo_case_is_classed_as_casualties_left_out() -> None:
    run = dingji("compare", DEMO, "--lang", "en")
    assert run.returncode == 0, run.stderr
    assert "- 100% (1 of 1): consequence left out: casualties" in run.stdout
    assert "not computable: n = 1" in " ".join(run.stdout.split())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_text_fits_eighty_columns(folder: Path, language: str) -> None:
    run = dingji("compare", folder, "--precedents", folder, "--screen", "--lang", language)
    assert run.returncode == 0, run.stderr
    assert [line for line in run.stdout.splitlines() if wcwidth.width(line) > 80] == []
    assert len(run.stdout.splitlines()) > 100


def test_figures_of_the_text(folder: Path) -> None:
    plain = " ".join(dingji("compare", folder, "--lang", "en").stdout.split())
    # six of eleven cases differ; the list says III in all of them
    assert "The methods differ in" in plain
    assert "examples against consequence: 11 cases" in plain
    assert "Level III 6 5" in plain
    assert "Leniency of experts" in plain
    assert "b 11 −1.00" in plain, "b is one grade milder than a and c in every case"


def test_markdown(folder: Path) -> None:
    run = dingji("compare", folder, "--lang", "en", "--format", "markdown")
    lines = run.stdout.splitlines()
    assert lines[0] == "# 11 cases, graded by all methods"
    tables = [line for line in lines if line.startswith("|---")]
    assert len(tables) > 5
    assert "| Level III | 6 | 5 |" in run.stdout


def test_json_is_the_whole_comparison(folder: Path) -> None:
    found = json.loads(dingji("compare", folder, "--format", "json", "--screen").stdout)
    assert len(found["rows"]) == 11
    assert found["rows"][0]["case"] == "disputed-0"
    assert {s["case"] for s in found["screened"]} >= {"disputed-0"}
    assert sum(share["share"] for share in found["reasons"]) == pytest.approx(1)


def test_csv_has_a_row_for_each_case(folder: Path) -> None:
    run = dingji("compare", folder, "--format", "csv", "--by", "discipline")
    rows = list(csv.DictReader(io.StringIO(run.stdout.lstrip("\ufeff"))))
    first = next(row for row in rows if row["case"] == "disputed-0")
    assert (len(rows), first["example"], first["consequence"], first["official"], first["distance"]) == (11, "III", "II", "III", "1")
    assert (first["reason"], first["factor"], first["discipline"]) == ("left_out", "casualties", "transmission")


def test_a_workbook(folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "out.xlsx"
    run = dingji("compare", folder, "--format", "xlsx", "-o", made, "--screen", "--precedents", folder, "--lang", "en")
    assert run.returncode == 0, run.stderr
    book = openpyxl.load_workbook(made)
    assert book.sheetnames == ["cases", "differences", "agreement", "reasons", "screening", "precedents"]
    assert book["cases"].max_row == 12
    reasons = {row[0]: row[3] for row in book["reasons"].iter_rows(min_row=2, values_only=True)}
    assert reasons["left_out"] == 6


def test_a_workbook_needs_a_file() -> None:
    run = dingji("compare", DEMO, "--format", "xlsx")
    assert (run.returncode, run.stdout) == (2, "")
    assert "-o FILE" in run.stderr


def test_precedents_and_settled_cases_that_contradict_each_other(tmp_path: Path) -> None:
    settled = tmp_path / "settled"
    settled.mkdir()
    (settled / "a.yaml").write_text(text(deaths(3), name="three", more=official("II-major")), "utf-8")
    (settled / "b.yaml").write_text(text(deaths(4), name="four", more=official("general")), "utf-8")
    (settled / "c.yaml").write_text(text(deaths(4), name="undecided"), "utf-8")
    run = dingji("compare", DEMO, "--precedents", settled, "--lang", "en")
    assert run.returncode == 0, run.stderr
    plain = " ".join(run.stdout.split())
    assert "At least Level II, a fortiori from three." in plain
    assert "four is at least as severe in every fact, yet III; three is II." in plain
    assert "bind nobody" in plain
    assert "undecided" in run.stderr


def test_a_table_with_its_mapping(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(MAPPING.replace("  personal: unknown\n", ""), "utf-8")
    table = tmp_path / "register.csv"
    table.write_text("编号,定级,单位,死亡,重伤,频次\nH-1,一般,渝北,5,0,半年\nH-2,二级重大,江北,5,0,每年\n", "utf-8")
    run = dingji("compare", table, "--mapping", tmp_path / "map.yaml", "--format", "json")
    assert run.returncode == 0, run.stderr
    rows = {row["case"]: row for row in json.loads(run.stdout)["rows"]}
    assert {c["method"]: c["grade"] for c in rows["H-1"]["columns"]}["official"] == "III"
    assert {g["value"] for row in rows.values() for g in row["groups"] if g["fact"] == "party"} == {"渝北", "江北"}


@pytest.mark.parametrize(
    ("change", "code"),
    [(("potential_minor_injuries", "potential_minor_injurys"), "C020"), (("subject: hazard", "subject: hazzard"), "C021")],
)
def test_invalid_cases_are_all_told_and_nothing_is_compared(folder: Path, change: tuple[str, str], code: str) -> None:
    (folder / "bad.yaml").write_text(text(change, name="bad"), "utf-8")
    run = dingji("compare", folder)
    assert (run.returncode, run.stdout) == (4, "")
    assert code in run.stderr
    assert "bad.yaml" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--by", "disciplin"], "discipline"), (["--format", "pdf"], "pdf"), ([], "PATH")],
)
def test_usage(arguments: list[str], says: str) -> None:
    run = dingji("compare", *([DEMO] if arguments else []), *arguments)
    assert run.returncode == 2
    assert says in run.stderr


def test_a_bar_on_a_terminal(folder: Path) -> None:
    screen = Terminal("compare", folder, "--lang", "en", "-o", folder.parent / "out.txt")
    screen.expect("100%")
    assert screen.end()[0] == 0
