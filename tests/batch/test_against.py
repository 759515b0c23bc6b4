"""`dingji batch --against`: what changes under another profile, another knowledge folder or on another day; all grades by hand."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from conftest import ROOT
from dingji.batch.engine import Engine
from dingji.cli import dingji
from dingji.errors import DingjiError, EvaluationError, KnowledgeError
from dingji.reports.lines import columns_of

MAPPING = """
mapping: points
case: 编号
subject: {constant: risk_point}
as_of: 日期
group: {county: 区县, discipline: 专业}
columns:
  可能性: lec_likelihood
  暴露: lec_exposure
  后果: lec_consequence
  违反强制规定: breaks_mandatory_rule
constants:
  sector: chemical
  risk_method: lec
  accident_category: fire
  past_serious_accident: false
  past_minor_accidents: 0
  accident_conditions_remain: false
  involves_major_hazard_source: false
  mass_harm_danger: false
  persons_on_site: 3
"""
HEADER = "编号,日期,区县,专业,可能性,暴露,后果,违反强制规定"
# D = L x E x C. Cuts of the table: 70, 160 and above 320; of the profile: 70, 200, 400. A broken mandatory rule makes a major risk.
POINTS = [
    # 3 x 10 x 15 = 450
    ("渝北,机械,possible,continuous,one_death,否", "major", "major", "status"),
    # 3 x 3 x 40 = 360
    ("渝北,机械,possible,weekly,disaster,否", "major", "larger", "grade"),
    # 6 x 2 x 15 = 180
    ("渝北,电气,quite_possible,monthly,one_death,否", "larger", "general", "grade"),
    # 6 x 3 x 15 = 270
    ("江北,电气,quite_possible,weekly,one_death,否", "larger", "larger", "status"),
    # 1 x 6 x 15 = 90
    ("江北,机械,unlikely,daily,one_death,否", "general", "general", "status"),
    # 1 x 6 x 3 = 18: slight by the table, which the profile does not know; low by both
    ("江北,机械,unlikely,daily,disabling,否", "low", "low", "findings"),
    # 90, and it is not known whether a mandatory rule is broken: general or major by both
    ("江北,机械,unlikely,daily,one_death,", "", "", "same"),
    # 360: major by the table, whatever else; larger or major by the profile
    ("江北,电气,possible,weekly,disaster,", "major", "", "opened"),
    # 180: larger or major; general or major
    (",电气,quite_possible,monthly,one_death,", "", "", "reachable"),
]
REFUSED = ",电气,nowhere,monthly,one_death,"


def points(folder: Path, times: int = 1) -> tuple[Path, Path]:
    rows = [*(text for text, *_ in POINTS), REFUSED] * times
    table, mapping = folder / "points.csv", folder / "map.yaml"
    lines = [HEADER, *(f"P-{number},2024-05-20,{text}" for number, text in enumerate(rows, 1))]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    return table, mapping


def run(*arguments: object, lang: str = "en") -> tuple[int, str, str]:
    result = CliRunner().invoke(dingji, ["batch", *map(str, arguments), "--lang", lang])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def rows_of(path: Path, names: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(f"SELECT {names} FROM read_parquet(?) ORDER BY _row", [str(path)]).fetchall()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.mark.parametrize("times", [1, 60], ids=["one by one", "by statements"])
def test_the_grades_of_both_sides_stand_side_by_side(tmp_path: Path, times: int) -> None:
    table, mapping = points(tmp_path, times)
    output = tmp_path / "changes.parquet"
    code, shown, told = run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", output, "--sample-check", 30)
    assert code == 0
    found = rows_of(output, "coalesce(grade_a, ''), coalesce(grade_b, ''), change")
    assert found == [(before, after, change) for _, before, after, change in POINTS] * times
    flags = rows_of(output, "changed, status_a = 'undetermined', status_b = 'undetermined'")
    assert [sum(column) for column in zip(*flags, strict=True)] == [3 * times, 2 * times, 3 * times]
    assert f"{3 * times} of {9 * times} rows change grade (33.3%)." in shown
    assert f"{10 * times} rows read" in told and f"{9 * times} graded" in told and f"{times} refused" in told
    assert "no difference" in told
    with (tmp_path / "changes.rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        rejects = list(csv.DictReader(stream))
    assert [(reject["row"], reject["column"], reject["code"]) for reject in rejects] == [
        (str(10 * n + 1), "可能性", "C021") for n in range(1, times + 1)
    ]
    assert left(tmp_path) == []


def test_groups_and_what_is_missing_stand_beside(tmp_path: Path) -> None:
    table, mapping = points(tmp_path)
    run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", tmp_path / "c.parquet")
    found = rows_of(tmp_path / "c.parquet", '_row, _key, "group.county", "group.discipline", missing_a, missing_b')
    assert found[1] == (3, "P-2", "渝北", "机械", [], [])
    assert found[7] == (9, "P-8", "江北", "电气", [], ["breaks_mandatory_rule"])
    assert found[8] == (10, "P-9", "", "电气", ["breaks_mandatory_rule"], ["breaks_mandatory_rule"])


def test_the_terminal_says_from_what_to_what_and_where(tmp_path: Path) -> None:
    table, mapping = points(tmp_path)
    _, shown, _ = run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", tmp_path / "c.parquet")
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert [line for line in lines if "→" in line] == [
        "major risk → larger risk 1 11.1%",
        "major risk → open 1 11.1%",
        "larger risk → general risk 1 11.1%",
        "渝北 3 2 66.7% larger risk → general risk",
        "江北 5 1 20% major risk → open",
        "电气 4 2 50% larger risk → general risk",
        "机械 5 1 20% major risk → larger risk",
    ]
    assert lines[-3:] == [
        "1 row keeps its answer, but an instrument gives another.",
        "1 row stays open, with other grades still possible.",
        "3 rows keep their grade, which stands more or less firmly.",
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_tables_keep_to_the_terminal(tmp_path: Path, lang: str) -> None:
    table, mapping = points(tmp_path)
    table.write_text(table.read_text("utf-8").replace("渝北", "一个名称很长很长的区县" * 6), encoding="utf-8")
    _, shown, told = run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", tmp_path / "c.parquet", lang=lang)
    assert shown.count("→") == 7
    assert max(columns_of(line) for line in (shown + told).splitlines()) <= 80


def test_from_the_profile_to_none_it_is_the_other_way_round(tmp_path: Path) -> None:
    table, mapping = points(tmp_path)
    output = tmp_path / "c.parquet"
    run(table, "--mapping", mapping, "--profile", "lec-200-400", "--against", "none", "-o", output)
    assert rows_of(output, "coalesce(grade_b, ''), coalesce(grade_a, '')") == [(before, after) for _, before, after, _ in POINTS]
    # from undetermined to a grade is a kind of its own
    assert [change for (change,) in rows_of(output, "change")][7] == "settled"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx"])
def test_other_kinds_of_file_have_the_same_columns(tmp_path: Path, suffix: str) -> None:
    table, mapping = points(tmp_path)
    table.write_text(table.read_text("utf-8").replace("渝北", "=cmd"), encoding="utf-8")
    output = tmp_path / f"c{suffix}"
    code, _, _ = run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", output)
    assert code == 0
    if suffix == ".xlsx":
        import openpyxl

        sheet = openpyxl.load_workbook(output).active
        assert sheet is not None
        heads, second = [cell.value for cell in sheet[1]], sheet[3]
        row = dict(zip(heads, (cell.value for cell in second), strict=True))
        assert second[heads.index("group.county")].data_type == "s"
    else:
        reader = "read_csv(?, all_varchar = true)" if suffix == ".csv" else "read_json(?)"
        cursor = duckdb.execute(f"SELECT * FROM {reader}", [str(output)])
        row = dict(zip((column[0] for column in cursor.description), cursor.fetchall()[1], strict=True))
    assert (row["grade_a"], row["grade_b"], row["change"]) == ("major", "larger", "grade")
    assert row["group.county"] == ("'=cmd" if suffix == ".csv" else "=cmd")


def test_names_of_no_profile_are_told_before_anything_is_read(tmp_path: Path) -> None:
    table, mapping = points(tmp_path)
    for options in (["--against", "lec-200-40"], ["--profile", "lec-200-40", "--against", "none"]):
        with pytest.raises(KnowledgeError) as caught:
            run(table, "--mapping", mapping, *options, "-o", tmp_path / "c.parquet")
        [problem] = caught.value.problems
        assert problem.file == options[0]
        assert "lec-200-40'" in problem.message and "lec-200-400" in problem.hint
    assert left(tmp_path) == []


@pytest.mark.parametrize("options", [["--against", "none"], ["--profile", "lec-loss", "--against", "lec-loss"]])
def test_a_side_against_itself_is_an_error(tmp_path: Path, options: list[str]) -> None:
    table, mapping = points(tmp_path)
    code, _, told = run(table, "--mapping", mapping, *options, "-o", tmp_path / "c.parquet")
    assert code == 2
    assert "both sides are the same" in told
    assert left(tmp_path) == []


@pytest.mark.parametrize("other", [["--row", "P-1"], ["--explain-sql"], ["--engine", "spark", "--master", "local"]])
def test_what_shows_one_grading_shows_no_changes(tmp_path: Path, other: list[str]) -> None:
    table, mapping = points(tmp_path)
    code, _, told = run(table, "--mapping", mapping, "--against", "lec-loss", *other)
    assert code == 2
    assert "--against" in told


def test_a_table_that_can_not_be_read_leaves_nothing(tmp_path: Path) -> None:
    table, mapping = points(tmp_path)
    mapping.write_text(MAPPING.replace("编号", "号码"), encoding="utf-8")
    with pytest.raises(DingjiError, match="号码"):
        run(table, "--mapping", mapping, "--against", "lec-loss", "-o", tmp_path / "c.parquet")
    assert left(tmp_path) == []


def test_a_difference_in_a_sampled_row_of_the_second_side_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Engine._statement

    def wrong(self: Engine, plan: Any, *rest: Any) -> str:
        text = honest(self, plan, *rest)
        return f"SELECT * REPLACE ('silent' AS status) FROM ({text})" if "lec-200-400.high" in {rule.id for rule in plan.rules} else text

    monkeypatch.setattr(Engine, "_statement", wrong)
    table, mapping = points(tmp_path, 60)
    with pytest.raises(EvaluationError) as caught:
        run(table, "--mapping", mapping, "--against", "lec-200-400", "-o", tmp_path / "c.parquet", "--sample-check", 40)
    assert {problem.code for problem in caught.value.problems} == {"X007"}
    assert not (tmp_path / "c.parquet").exists()


# --- another day and other thresholds, by the two editions of tests/knowledge/good

GOOD = ROOT / "tests" / "knowledge" / "good"
# crest 10 m; the freeboard is what the water leaves. 2010: below 1 red, below 2 orange, else by the cracks, and from 100 people one
# grade more. 2020: below 1 red from 10 people, else orange; below 2 yellow.
PONDS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "freeboard-1.5": ({"water_level_m": 8.5}, "orange", "yellow", "grade"),
    "freeboard-0.5": ({"water_level_m": 9.5}, "red", "red", "same"),
    "few-people": ({"water_level_m": 9.5, "people_below": 5}, "red", "orange", "grade"),
    "crack-15": ({"crack_width_mm": 15}, "yellow", "clear", "grade"),
    "crack-unknown": ({"crack_width_mm": None}, "", "clear", "settled"),
    "people-unknown": ({"water_level_m": 9.5, "people_below": None}, "red", "", "opened"),
    "too-many-people": ({"people_below": 60000}, "", "", ""),  # what a requirement forbids
}


def ponds(folder: Path) -> Path:
    usual = {"crest_level_m": 10, "water_level_m": 7, "people_below": 20, "crack_width_mm": 5, "patrol_done": True, "cracks": []}
    documents = []
    for name, (changes, *_) in PONDS.items():
        facts = {key: value for key, value in {**usual, "found_on": "2015-05-30", **changes}.items() if value is not None}
        documents.append({"case": name, "subject": "hazard", "as_of": "2015-06-01", "scope": {"region": "south"}, "facts": facts})
    place = folder / "ponds.yaml"
    place.write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
    return place


def test_editions_are_compared_by_their_days(tmp_path: Path) -> None:
    output = tmp_path / "c.parquet"
    code, shown, told = run(ponds(tmp_path), "--knowledge", GOOD, "--against-as-of", "2021-06-01", "-o", output)
    assert code == 0
    found = {key: rest for key, *rest in rows_of(output, "_key, coalesce(grade_a, ''), coalesce(grade_b, ''), change")}
    assert found == {name: [before, after, change] for name, (_, before, after, change) in PONDS.items() if change}
    assert "5 of 6 rows change grade (83.3%)." in shown
    assert "1 refused" in told
    assert "C029" in (tmp_path / "c.rejects.csv").read_text("utf-8-sig")


def test_rows_that_one_side_refuses_stay_with_the_reason(tmp_path: Path) -> None:
    output = tmp_path / "c.parquet"
    run(ponds(tmp_path), "--knowledge", GOOD, "--against-as-of", "2009-06-01", "-o", output)
    found = rows_of(output, "status_b, change, changed, refused_a, refused_b")
    # the refusal by the requirement is no answer on the first side; no edition of 2009 covers any pond
    assert len(found) == 6
    assert {row[:4] for row in found} == {("refused", "lost", True, None)}
    assert all(row[4].startswith("C025: ") for row in found)
    assert "C029" in (tmp_path / "c.rejects.csv").read_text("utf-8-sig")


def test_another_knowledge_folder_is_another_set_of_thresholds(tmp_path: Path) -> None:
    other = Path(shutil.copytree(GOOD, tmp_path / "other"))
    code = other / "instruments" / "pond-2020.yaml"
    text = code.read_text("utf-8")
    assert text.count("freeboard_m < 2") == 1
    code.write_text(text.replace("freeboard_m < 2", "freeboard_m < 3.5"), encoding="utf-8")
    place, output = ponds(tmp_path), tmp_path / "c.parquet"
    place.write_text(place.read_text("utf-8").replace("2015-06-01", "2021-06-01"), encoding="utf-8")
    run(place, "--knowledge", GOOD, "--against-knowledge", other, "-o", output)
    changed = rows_of(output, "CASE WHEN changed THEN _key || ': ' || grade_a || ' ' || grade_b END")
    # a freeboard of 3 m is now yellow
    assert [text for (text,) in changed if text] == ["crack-15: clear yellow", "crack-unknown: clear yellow"]


# --- a run that is killed

SCRIPT = """
import os, signal, sys
from dingji.batch.table import columns
from dingji.batch.engine import Engine
from dingji.cli import batch, main
columns.MOST_AT_ONCE = 2_048
stop, told, graded = int(sys.argv.pop(1)), [], []
honest = Engine.grade_register
def grade_register(self, plan, *rest):
    graded.append("b" if any(rule.id.startswith("lec-200-400") for rule in plan.rules) else "a")
    return honest(self, plan, *rest)
Engine.grade_register = grade_register
def progress(words, quiet, start, total):
    def tell(counts):
        told.append(counts.read)
        if len(told) == stop:
            os.kill(os.getpid(), signal.SIGKILL)
    return tell
batch._progress = progress
try:
    main()
finally:
    print("graded:", "".join(graded))
"""


def test_a_killed_run_goes_on_without_the_side_that_is_done(tmp_path: Path) -> None:
    table, mapping = points(tmp_path, 500)
    output = tmp_path / "c.parquet"
    options = [str(table), "--mapping", str(mapping), "--against", "lec-200-400", "--lang", "en"]

    def start(stop: int, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", SCRIPT, str(stop), "batch", *options, *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    # 5,000 rows in three chunks on each side: killed when the second chunk of the second side is done
    killed = start(5, "-o", str(output))
    assert killed.returncode == -signal.SIGKILL
    assert not output.exists()
    assert left(tmp_path) == [".c.parquet.against"]
    refused = start(0, "-o", str(output), "--resume", "--sheet", "other")
    assert refused.returncode == 5 and "X008" in refused.stderr
    again = start(0, "-o", str(output), "--resume")
    assert again.returncode == 0, again.stderr
    assert "1500 of 4500 rows change grade (33.3%)." in again.stdout
    # nothing but the third chunk of the second side
    assert again.stdout.splitlines()[-1] == "graded: b"
    fresh = start(0, "-o", str(tmp_path / "fresh.parquet"))
    assert fresh.stdout.splitlines()[-1] == "graded: aaabbb"
    differ = "SELECT count(*) FROM (FROM read_parquet(?) EXCEPT ALL FROM read_parquet(?))"
    assert duckdb.execute(differ, [str(output), str(tmp_path / "fresh.parquet")]).fetchall() == [(0,)]
    assert left(tmp_path) == []
