"""What a sound case file may look like, and what is read from it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import dingji
from dingji.cases.model import Case
from dingji.knowledge.model import Knowledge
from dingji.language.values import Partial, Records
from knowledge.mistakes import GOOD

from .mistakes import SOUND


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def read(good: Knowledge, *changes: tuple[str, str]) -> Case:
    text = SOUND
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return dingji.parse_case(text).check(good)


def value(good: Knowledge, fact: str, written: str) -> Any:
    """The value of a fact that is written so, in place of its line in the sound case."""
    line = next(line for line in SOUND.split("\n") if line.startswith(f"  {fact}:"))
    old = f"  {fact}:\n    - {{kind: along, width_mm: 3, wet: true}}\n" if fact == "cracks" else line + "\n"
    return read(good, (old, f"  {fact}: {written}\n")).statements[fact].value


@pytest.mark.parametrize(
    ("fact", "written", "expected"),
    [
        ("crest_level_m", "10", 10),
        ("crest_level_m", "+10", 10),
        ("crest_level_m", "10.50", Decimal("10.5")),
        ("crest_level_m", "0", 0),
        ("crest_level_m", "200", 200),
        ("crest_level_m", "10.5 m", Decimal("10.5")),
        ("crest_level_m", "10.5   m", Decimal("10.5")),
        ("crest_level_m", "{value: 10, unit: m}", 10),
        ("crest_level_m", "{value: 10 m, unit: m}", 10),
        ("crest_level_m", "unknown", None),
        ("crest_level_m", "{value: unknown}", None),
        ("crest_level_m", '"unknown"', None),
        ("crest_level_m", "{at_least: 5}", Partial(5, 200)),  # the range closes the other end
        ("crest_level_m", "{at_most: 5 m}", Partial(0, 5)),
        ("crest_level_m", "{at_least: 5, at_most: 7.5}", Partial(5, Decimal("7.5"))),
        ("crest_level_m", "{at_least: 5, at_most: 5}", 5),
        ("crest_level_m", "{at_least: unknown, at_most: 7}", Partial(0, 7)),
        ("crack_width_mm", "{at_least: 30}", Partial(30, None)),
        ("crack_width_mm", "0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("people_below", "3.0", 3),
        ("people_below", "3 persons", 3),
        ("patrol_done", "true", True),
        ("patrol_done", "unknown", None),
        ("warden", "nobody", "nobody"),
        ("warden", "12", "12"),
        ("warden", "no", "no"),
        ("warden", "2015-01-01", "2015-01-01"),
        ("warden", '"unknown"', "unknown"),  # a person of that name; without quotes nobody knows
        ("warden", "unknown", None),
        ("warden", '"渗\\u6c34 \\U0001F600"', "渗水 😀"),
        ("warden", "|-\n    two\n    lines", "two\nlines"),
        ("found_on", "2016-02-29", dt.date(2016, 2, 29)),
        ("found_on", '"2016-02-29"', dt.date(2016, 2, 29)),
        ("cracks", "[]", Records(())),
        ("cracks", "unknown", None),
        ("cracks", "{value: [], complete: false}", Records((), complete=False)),
        ("cracks", "{value: [], complete: true}", Records(())),
        ("cracks", "[{kind: across, width_mm: 2.5 mm}]", Records(({"kind": "across", "width_mm": Decimal("2.5")},))),
        # a width that nobody states lies in its declared range; what else is left out is unknown
        ("cracks", "[{wet: true}]", Records(({"wet": True, "width_mm": Partial(0, 500)},))),
        ("cracks", "[{wet: unknown, kind: unknown, width_mm: unknown}]", Records(({"width_mm": Partial(0, 500)},))),
        ("cracks", "[{}]", Records(({"width_mm": Partial(0, 500)},))),
    ],
)  # fmt: skip
def test_values(fact: str, written: str, expected: Any, good: Knowledge) -> None:
    found = value(good, fact, written)
    assert found == expected
    assert type(found) is type(expected)


def test_a_statement_says_who_and_on_what_evidence(good: Knowledge) -> None:
    statement = """people_below:
    value: 100
    asserted_by: owner
    asserted_on: 2015-05-31
    evidence: [map.pdf#3, census 2014]
    rests_on: [crest_level_m, region]
    note: A guess.
"""
    found = read(good, ("people_below: 100\n", statement)).statements["people_below"]
    assert (found.value, found.asserted_by, found.asserted_on) == (100, "owner", dt.date(2015, 5, 31))
    assert (found.evidence, found.rests_on, found.note) == (("map.pdf#3", "census 2014"), ("crest_level_m", "region"), "A guess.")
    assert str(found.place) == "<case>:8:3"


def test_scope_and_subject_are_facts(good: Knowledge) -> None:
    case = read(good)
    assert (case.id, case.subject, case.as_of) == ("pond", "hazard", dt.date(2015, 6, 1))
    assert case.facts()["subject"] == "hazard"
    assert case.facts()["region"] == "north"
    assert case.title.en == "pond", "without a title the id stands for it"


def test_unknown_facts_are_stated_but_not_known(good: Knowledge) -> None:
    case = read(good, ("patrol_done: false", "patrol_done: unknown"))
    assert "patrol_done" in case.statements
    assert "patrol_done" not in case.facts()


def test_opinions_and_expectation(good: Knowledge) -> None:
    more = """title: {en: Pond, zh: 水库}
note: A remark.
opinions:
  - {rater: expert-1, round: 1, grade: red, reasons: [low], weight: 0.5, date: 2015-06-02}
expect:
  determination: {scale: pond, grade: red, status: determined}
  findings:
    - {instrument: pond.2010, reachable: [red, orange]}
  facts: {score: 4, base_grade: orange, freeboard_m: 1.5}
  flags: [flag.warden]
  left_out: []
  first_question: people_below
facts:
"""
    case = read(good, ("facts:\n", more))
    assert (case.title.zh, case.note) == ("水库", "A remark.")
    (opinion,) = case.opinions
    assert (opinion.rater, opinion.round, opinion.grade, opinion.weight) == ("expert-1", 1, "red", Decimal("0.5"))
    assert opinion.date == dt.date(2015, 6, 2)
    expected = case.expectation
    assert expected is not None
    assert expected.determination is not None
    assert expected.determination.grade == "red"
    assert expected.findings[0].reachable == ("red", "orange")
    assert dict(expected.facts) == {"score": 4, "base_grade": 2, "freeboard_m": Decimal("1.5")}  # orange is third of four
    assert (expected.flags, expected.left_out, expected.first_question) == (("flag.warden",), (), "people_below")


# --- files

PLAIN: dict[str, Any] = {
    "case": "pond",
    "subject": "hazard",
    "as_of": "2015-06-01",
    "scope": {"region": "north"},
    "facts": {"crest_level_m": 10, "water_level_m": 8.5, "warden": "渗水 \U0001f600", "cracks": [{"wet": True}]},
}


@pytest.mark.parametrize(
    "options",
    [{}, {"indent": "\t"}, {"indent": 4}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"ensure_ascii": True}],
    ids=["plain", "tabs", "spaces", "dense", "as it is", "escaped"],
)
def test_json_however_it_is_laid_out(options: dict[str, Any], good: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(PLAIN, **options), "utf-8")
    case = dingji.read_case(path).check(good)
    assert case.statements["warden"].value == "渗水 😀"
    assert case.statements["water_level_m"].value == Decimal("8.5")
    assert case.statements["cracks"].value == Records(({"wet": True, "width_mm": Partial(0, 500)},))


@pytest.mark.parametrize(
    "text",
    ['a\\"b', "a\\\\b", "a\\/b", "a\\tb", "a\\\\ud83d", "\\u0041", "a: b # c", "'", "{}", "\\ud83d\\ude00\\ud83d\\ude01", "é\u00a0中"],
)
def test_json_text_is_read_as_json_means_it(text: str, good: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(json.dumps(PLAIN, ensure_ascii=False).replace("渗水 \U0001f600", text), "utf-8")
    wanted = json.loads(path.read_text("utf-8"))["facts"]["warden"]
    assert dingji.read_case(path).check(good).statements["warden"].value == wanted


def test_json_and_yaml_of_one_case_mean_the_same(good: Knowledge, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps(PLAIN), "utf-8")
    (tmp_path / "case.yaml").write_text(json.dumps(PLAIN, ensure_ascii=False), "utf-8")  # JSON is YAML
    first, second = (dingji.read_case(tmp_path / name).check(good).facts() for name in ("case.json", "case.yaml"))
    assert first == second


@pytest.mark.parametrize("change", ["crlf", "mark", "start", "end", "version"])
def test_the_same_case_in_another_dress(change: str, good: Knowledge, tmp_path: Path) -> None:
    data = {
        "crlf": SOUND.replace("\n", "\r\n").encode(),
        "mark": b"\xef\xbb\xbf" + SOUND.encode(),
        "start": b"---\n" + SOUND.encode(),
        "end": SOUND.encode() + b"...\n",
        "version": b"%YAML 1.2\n---\n" + SOUND.encode(),
    }[change]
    path = tmp_path / "case.yaml"
    path.write_bytes(data)
    assert dingji.read_case(path).check(good).facts() == dingji.parse_case(SOUND).check(good).facts()


def test_several_cases_in_one_file(good: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(SOUND + "---\n" + SOUND.replace("case: pond", "case: pool"), "utf-8")
    first, second = dingji.read_cases(path)
    assert (first.id, second.id) == ("pond", "pool")
    assert second.check(good).place.line == 16


def test_one_case_is_asked_for_and_two_are_given() -> None:
    """Neither is picked silently, whether they come from a file or as text."""
    with pytest.raises(dingji.CaseError, match="C011"):
        dingji.parse_case(SOUND + "---\n" + SOUND.replace("case: pond", "case: pool"))


def test_mistakes_of_all_cases_of_a_file_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("case: a\nsubject: hazard\nasof: 2015-01-01\n---\ncase: 5\nsubject: hazard\nas_of: 2015-01-01\n", "utf-8")
    with pytest.raises(dingji.CaseError) as caught:
        dingji.read_cases(path)
    assert [(p.line, p.column, p.code) for p in caught.value.problems] == [(1, 1, "C007"), (3, 1, "C005"), (5, 7, "C006")]


# --- what is not a file


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.yaml", "there is no such file"),
        ("nowhere/case.yaml", "there is no such file"),
        ("folder.yaml", "this is a folder, not a file"),
        ("file/case.yaml", "can't be read"),
        ("a\0b", "can't be read"),
        ("x" * 5000, "can't be read"),
        ("link.yaml", "there is no such file"),
        ("loop.yaml", "can't be read"),
    ],
)
def test_no_such_case(name: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    with pytest.raises(dingji.CaseError) as caught:
        dingji.read_case(tmp_path / name)
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.file) == ("C001", 0, str(tmp_path / name))
    assert says in problem.message
    assert caught.value.exit_code == 4


def test_a_case_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    import os

    path = tmp_path / "case.yaml"
    path.touch()
    os.truncate(path, 1 << 30)
    with pytest.raises(dingji.CaseError, match=r"C001.*1,073,741,824 bytes; at most 16,777,216"):
        dingji.read_case(path)


def test_too_many_values(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("facts: [" + "1," * 400_001 + "]\n")
    with pytest.raises(dingji.CaseError, match=r"C009.*too many values"):
        dingji.read_case(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, '{"a":' * 100_000, "- " * 100_000, "? " * 100_000])
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_nested_a_hundred_thousand_times(text: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"case.{suffix}"
    path.write_text(text)
    with pytest.raises(dingji.CaseError, match=r"C00[29]"):
        dingji.read_case(path)


# --- the ends of the calendar


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "9999-12-29"])
def test_the_first_and_last_days_of_the_calendar(day: str, good: Knowledge) -> None:
    """A time limit that ends beyond the calendar has no day, but it stays a duty."""
    result = dingji.grade(good, dingji.parse_case(SOUND.replace("found_on: 2015-05-30", f"found_on: {day}")))
    duty = next(d for d in result.duties if d.id == "duty.report")  # within 3 days, for orange or worse
    assert duty.due == {"0001-01-01": "0001-01-04", "9999-12-31": None, "9999-12-29": None}[day]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_cases_at_the_ends_of_the_calendar(day: str, good: Knowledge) -> None:
    text = SOUND.replace("as_of: 2015-06-01", f"as_of: {day}")
    if day.startswith("0001"):
        with pytest.raises(dingji.CaseError, match="C025"):
            dingji.grade(good, dingji.parse_case(text))
    else:
        assert dingji.grade(good, dingji.parse_case(text)).determination is not None
