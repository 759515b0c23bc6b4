"""`audit matrix`, `audit usage`, `audit report` and `kb diff --records` through real processes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from wcwidth import wcswidth

from audit.bases import MORE_PEOPLE, base_with, changed_case, recorded
from audit.samples import GOOD

from .test_commands import dingji


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ponds on record, red both; by the new code the first is orange. Today's facts of the second: its people moved away."""
    folder = tmp_path_factory.mktemp("audit")
    ponds = [
        changed_case(("case: pond", f"case: {name}"), ("people_below: 100", f"people_below: {n}")) for name, n in (("a", 100), ("b", 300))
    ]
    recorded(folder / "records", *ponds)
    base_with(folder / "new", MORE_PEOPLE)
    (folder / "now").mkdir()
    (folder / "now" / "b.yaml").write_text(ponds[1].replace("people_below: 300", "people_below: 3"), "utf-8")
    return folder


def test_matrix(place: Path) -> None:
    common = ("audit", "matrix", place / "records", "--knowledge", place / "new", "--cases", place / "now", "--own-day")
    run = dingji(*common, "--format", "csv")
    assert (run.returncode, run.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(run.stdout)))
    assert [(row["case"], row["verdict"], row["steps"]) for row in rows] == [("a", "knowledge", "-1"), ("b", "facts", "-1")]
    plain = json.loads(dingji(*common, "--format", "json").stdout)
    assert [row["now_then"]["grade"] for row in plain["rows"]] == ["orange", "red"]
    assert plain["texts"]["p10.people"]["text"]["zh"] == "下游百人以上升一级。"
    text = dingji(*common, "--lang", "zh").stdout
    assert "共2条记录，其中2条今天的等级或义务会有不同" in text


def test_the_matrix_grades_by_the_editions_of_a_day(place: Path) -> None:
    run = dingji("audit", "matrix", place / "records", "--knowledge", GOOD, "--as-of", "2021-01-01", "--format", "json")
    # by the code of 2020 a freeboard of 1.5 m is yellow, and the list's severe is orange
    assert {row["now_then"]["grade"] for row in json.loads(run.stdout)["rows"]} == {"orange"}
    run = dingji("audit", "matrix", place / "records", "--own-day", "--as-of", "2021-01-01")
    assert (run.returncode, "exclude each other" in run.stderr) == (2, True)


def test_usage(place: Path) -> None:
    run = dingji("audit", "usage", place / "records", "--knowledge", GOOD, "--format", "json")
    plain = json.loads(run.stdout)
    assert (run.returncode, plain["count"], [t["bound"] for t in plain["far"]][:1]) == (0, 2, ["50000"])
    text = dingji("audit", "usage", place / "records", "--knowledge", GOOD, "--near", "0.999", "--lang", "zh").stdout
    assert "从未接近的界限值：1" in text  # only that which no record has a value for


def test_diff_tells_the_impact_on_records(place: Path) -> None:
    run = dingji("kb", "diff", GOOD, place / "new", "--records", place / "records", "--lang", "en")
    assert (run.returncode, run.stderr) == (0, "")
    for line in (
        "changed rule p10.people",
        "Of 2 past determinations, 1 would differ",
        "1 grade milder: 1",
        "owner: The owner lowers the water",
    ):
        assert line in run.stdout
    plain = json.loads(dingji("kb", "diff", GOOD, place / "new", "--records", place / "records", "--format", "json").stdout)
    (moved,) = plain["records"]["moved"]
    assert (moved["case"], moved["change"]["steps"], moved["change"]["vanish"]) == ("a", -1, ["duty.lower"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_report(place: Path, language: str) -> None:
    run = dingji("audit", "report", place / "records", "--number", "1", "--knowledge", GOOD, "--lang", language, "--on", "2015-06-02")
    assert (run.returncode, run.stderr) == (0, "")
    assert {"en": "Nothing was found to be wrong.", "zh": "未发现错误。"}[language] in run.stdout
    assert max(map(wcswidth, run.stdout.splitlines())) <= 80


def test_report_of_a_damaged_record(place: Path, tmp_path: Path) -> None:
    path = tmp_path / "00000001.json"
    path.write_bytes((place / "records" / path.name).read_bytes().replace(b"Li Wei", b"Bo Wei"))
    run = dingji("audit", "report", path, "--knowledge", GOOD, "--format", "json")
    assert run.returncode == 1
    assert [(p["kind"], p["wrong"]) for p in json.loads(run.stdout)["points"]] == [("record", True)]


@pytest.mark.parametrize("form", ["html", "docx"])
def test_documents(place: Path, tmp_path: Path, form: str) -> None:
    record, target = place / "records" / "00000001.json", tmp_path / f"audit.{form}"
    run = dingji("audit", "report", record, "--knowledge", GOOD, "--format", form, "-o", target)
    assert (run.returncode, run.stderr) == (0, "")
    assert target.read_bytes()[:2] == {"html": b"<!", "docx": b"PK"}[form]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "{records}"), "name a record, or a folder and --number"),
        (("report", "{records}", "--number", "1", "--format", "docx"), "--format docx wants a file"),
        (("report", "{records}", "--number", "9"), "A019"),
        (("matrix", "{records}/none"), "A019"),
        (("usage", "{now}"), "A019"),
    ],
)
def test_refusals(place: Path, arguments: tuple[str, ...], said: str) -> None:
    run = dingji("audit", *(each.format(records=place / "records", now=place / "now") for each in arguments))
    assert run.returncode in (1, 2)
    assert said in run.stderr
    assert run.stdout == ""
