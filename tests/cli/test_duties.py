"""`dingji duties` and `dingji review` through real processes, over the small base of the knowledge tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from icalendar import Calendar

from conftest import ROOT
from knowledge.small import CASE

from .test_commands import dingji

GOOD = ROOT / "tests" / "knowledge" / "good"
# a freeboard of 1.5 m is orange; with 100 people below one grade worse: the owner lowers the water at once, the inspector
# reports within 3 days of 30 May
GRAVE = CASE.strip() + "\n  warden: nobody\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "a.yaml").write_text(GRAVE + "title: {en: Upper pond, zh: 上库}\n", "utf-8")
    calm = (
        GRAVE.replace("case: pond", "case: calm")
        .replace("water_level_m: 8.5", "water_level_m: 1")
        .replace("people_below: 100", "people_below: 1")
    )
    (tmp_path / "cases" / "b.yaml").write_text(calm.replace("warden: nobody", "warden: Li"), "utf-8")
    return tmp_path / "cases"


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = dingji(*arguments, "--knowledge", GOOD)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("on", "said"),
    [("2015-06-02", "by 2015-06-02"), ("2015-06-03", "1 day late, due 2015-06-02"), ("2015-06-12", "10 days late, due 2015-06-02")],
)
def test_overdue_counts_from_the_day_after_the_last(folder: Path, on: str, said: str) -> None:
    code, out, err = run("duties", folder, "--on", on)
    assert (code, err) == (0, "")
    assert f"Duties on {on}: 2" in out
    assert f"- {said}: The inspector reports." in out
    assert out.index("Overdue" if "late" in said else "At once") < out.index("The inspector reports.")
    assert "At once\n-------\n- The owner lowers the water.\n  owner [Pond code, §10]" in out


def test_duties_in_chinese(folder: Path) -> None:
    out = run("duties", folder, "--on", "2015-06-03", "--lang", "zh")[1]
    assert "2015年6月3日的职责：2项" in out
    assert "逾期1日（期限2015年6月2日）：检查员报告。" in out


def test_duties_as_data(folder: Path) -> None:
    plain = json.loads(run("duties", folder, "--on", "2015-06-05", "--format", "json")[1])
    assert plain["on"] == "2015-06-05"
    assert [(d["case"], d["duty"]["id"], d["group"], d["overdue_days"], d["duty"]["due"]) for d in plain["duties"]] == [
        ("pond", "duty.report", "overdue", 3, "2015-06-02"),
        ("pond", "duty.lower", "at_once", 0, None),
    ]


def test_duties_as_a_calendar(folder: Path) -> None:
    code, out, err = run("duties", folder, "--on", "2015-06-01", "--format", "ics")
    assert (code, err) == (0, "")
    entries = {str(e["summary"]): e for e in Calendar.from_ical(out).walk("VEVENT")}
    assert set(entries) == {"inspector: The inspector reports.", "owner: The owner lowers the water."}
    report = entries["inspector: The inspector reports."]
    assert (report["dtstart"].dt.isoformat(), report["dtend"].dt.isoformat()) == ("2015-06-02", "2015-06-03")
    assert entries["owner: The owner lowers the water."]["dtstart"].dt.isoformat() == "2015-06-01"
    again = run("duties", folder, "--on", "2015-06-04", "--format", "ics")[1]
    assert {str(e["uid"]) for e in Calendar.from_ical(again).walk("VEVENT")} == {str(e["uid"]) for e in entries.values()}


def test_a_duty_without_its_day_waits_and_is_not_in_the_calendar(folder: Path) -> None:
    (folder / "a.yaml").write_text(GRAVE.replace("  found_on: 2015-05-30\n", ""), "utf-8")
    out = run("duties", folder, "--on", "2015-06-12")[1]
    assert "Waiting for a day that the case does not state" in out
    assert "late" not in out
    code, out, err = run("duties", folder, "--on", "2015-06-12", "--format", "ics")
    assert (code, err) == (0, "note: duties without a day, left out of the calendar: 1\n")


def test_review_lists_warnings_and_answers_no(folder: Path) -> None:
    code, out, err = run("review", folder)
    assert (code, err) == (1, "")
    assert out == "1 warning in 2 cases\n\nUpper pond (pond)\n-----------------\n- The pond has no warden.\n  [§12]\n"
    plain = json.loads(run("review", folder, "--format", "json")[1])
    assert (plain["cases"], [(f["case"], [w["id"] for w in f["warnings"]]) for f in plain["found"]]) == (2, [("pond", ["flag.warden"])])
    code, out, _ = run("review", folder / "b.yaml", "--lang", "zh")
    assert (code, out) == (0, "1个案件共0条警示\n\n没有警示。\n")


def test_one_wrong_case_is_named_and_nothing_is_passed_over(folder: Path) -> None:
    (folder / "b.yaml").write_text(GRAVE.replace("people_below: 100", "people_below: 60000"), "utf-8")
    for command in ("duties", "review"):
        code, out, err = run(command, folder)
        assert (code, out) == (4, "")
        assert "b.yaml:1:1: error[C029]: must.count" in err
