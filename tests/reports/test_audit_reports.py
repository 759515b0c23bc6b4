"""Ledgers over many records, and the report of one: what they say, in both languages, within 80 columns."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from wcwidth import wcswidth

import dingji
from audit.bases import MORE_PEOPLE, base_with, changed_case, recorded
from audit.samples import GOOD
from dingji.audit import impact as i
from dingji.audit import matrix as x
from dingji.audit import usage as u
from dingji.audit.account import Account, account
from dingji.audit.chain import name_of
from dingji.audit.verify import Settings
from dingji.records import replace
from dingji.reports.account.render import render_account, render_account_document
from dingji.reports.ledger.impact import impact_ledger
from dingji.reports.ledger.matrix import matrix_csv, matrix_ledger
from dingji.reports.ledger.model import MOST_ROWS, render_ledger
from dingji.reports.ledger.usage import usage_ledger
from dingji.reports.messages import catalogue

from .html.browser import looked_at
from .html.pages import having, parsed, said, section
from .samples import HOSTILE, LANGUAGES

PEOPLE = "people_below: 100"
KINDS = ("matrix", "impact", "usage", "account")


def pond(name: str, people: str = "100") -> str:
    return changed_case(("case: pond", f"case: {name}"), (PEOPLE, f"people_below: {people}"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four ponds: red that the new code makes orange, red by both; one whose people moved away, one that has not changed."""
    place = tmp_path_factory.mktemp("ledgers")
    recorded(place / "records", pond("a"), pond("b", "300"), pond("c", "400"), pond("d", "50"))
    base_with(place / "new", MORE_PEOPLE)
    (place / "now").mkdir()
    for name, people in (("b", "300"), ("c", "20")):
        (place / "now" / f"{name}.yaml").write_text(pond(name, people), "utf-8")
    return place


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    new, records = str(folder / "new"), folder / "records"
    return {
        "matrix": x.matrix(records, x.Settings(new, None, x.cases_now(folder / "now"))),
        "impact": i.impact(records, i.Settings(str(GOOD), new)),
        "usage": u.usage(records, u.Settings(str(GOOD))),
        "account": account(records / name_of(1), Settings("2015-06-02", (str(GOOD),))),
    }


def shown(found: dict[str, Any], kind: str, form: Any, language: Any) -> str:
    if kind == "account":
        return render_account(found[kind], form=form, language=language)
    words = catalogue(language)
    base = dingji.load(GOOD)
    make: dict[str, Any] = {"matrix": matrix_ledger, "impact": impact_ledger, "usage": usage_ledger}
    return render_ledger(make[kind](found[kind], base, words), form=form, language=language)


# --- what they say


def test_the_matrix(found: dict[str, Any]) -> None:
    text = shown(found, "matrix", "text", "en")
    for line in (
        "Of 4 records, 2 would have another grade or other duties today",
        "by knowledge: 1",
        "by facts: 1",
        "the same: 2",
        "Facts of now found for 2 records",
    ):
        assert line in text
    row = next(line for line in text.splitlines() if line.startswith("1    a "))
    assert row.split()[:5] == ["1", "a", "red", "orange", "–"]
    flat = " ".join(text.split())
    assert "1 grade milder; no longer applies:" in flat
    assert "A hundred people below make it one grade more severe." in flat


def test_the_matrix_in_chinese(found: dict[str, Any]) -> None:
    text = shown(found, "matrix", "text", "zh")
    for line in ("共4条记录，其中2条今天的等级或义务会有不同", "知识引起变化（1）", "事实引起变化（1）", "没有变化（2）"):
        assert line in text
    assert "下游人数" in text
    assert not re.search(r"\b(record|grade|knowledge)\b", text)


def test_the_matrix_as_csv(found: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(matrix_csv(found["matrix"]))))
    keys = ("case", "verdict", "then_then", "now_then", "then_now", "now_now", "steps")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("a", "knowledge", "red", "orange", "", "", "-1"),
        ("c", "facts", "red", "red", "orange", "orange", "-1"),
        ("b", "same", "red", "red", "red", "red", "0"),
        ("d", "same", "orange", "orange", "", "", "0"),
    ]
    assert (rows[0]["rules_fell"], rows[0]["duties_vanish"]) == ("p10.people duty.lower", "duty.lower")
    assert rows[1]["facts"] == "people_below: 400 -> 20"


def test_csv_holds_no_formula(found: dict[str, Any]) -> None:
    matrix = found["matrix"]
    row = replace(matrix.rows[0], case="=1+1", path="@SUM(A1)")
    line = matrix_csv(replace(matrix, rows=(row,))).splitlines()[1]
    assert ("'=1+1" in line, "'@SUM(A1)" in line) == (True, True)


def test_the_impact(found: dict[str, Any]) -> None:
    text = " ".join(shown(found, "impact", "text", "en").split())
    for line in ("Of 4 past determinations, 1 would differ", "1 grade milder: 1", "The owner lowers the water"):
        assert line in text
    assert "共4项既有定级，其中1项结果会有不同" in shown(found, "impact", "text", "zh")


def test_the_usage(found: dict[str, Any]) -> None:
    text = shown(found, "usage", "text", "en")
    assert "list.alarm.1 (fired in records: 4)" in text
    assert "crack width: 50 mm (nearest value: 21 mm)" in text
    assert "a, 58% away" in text
    assert "裂缝宽度：50毫米（最接近的数值：21毫米）" in shown(found, "usage", "text", "zh")


def test_the_account_follows_the_order_of_reasoning(found: dict[str, Any]) -> None:
    text = shown(found, "account", "text", "en")
    order = [
        "What to look at first",
        "people below: 100 persons",
        "Values derived",
        "freeboard: 1.5 m",
        "List items met",
        "notice by the list",
    ]
    order += [
        "Findings",
        "grade before adjustment: orange",
        "Adjustments",
        "grade: red",
        "Determination",
        "What was assumed",
        "Duties in time",
    ]
    places = [text.index(each, text.index("What to look at first") if each != order[0] else 0) for each in order]
    assert places == sorted(places)
    assert "1. · The grade turns on a judgement without evidence: people below" in text
    assert "Since when Pond list is in force: unverified" in text
    assert "Nothing was found to be wrong." in text


def test_the_account_in_chinese(found: dict[str, Any]) -> None:
    text = shown(found, "account", "text", "zh")
    for line in ("等级取决于1项没有证据的判断：下游人数", "1. 推算数值", "超高：1.5米", "水库清单的施行日期：未核对"):
        assert line in text


def test_defaults_and_days_that_were_assumed(tmp_path: Path) -> None:
    # no crack of ten millimetres: the score is 0 because no row says more
    calm = changed_case(("crack_width_mm: 21", "crack_width_mm: 5"))
    recorded(tmp_path, calm)
    text = render_account(account(tmp_path / name_of(1), Settings("2015-06-02", (str(GOOD),))), form="text", language="en")
    assert "score: 0, because no rule of the table holds" in " ".join(text.split())


# --- built well


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_text_keeps_to_80_columns(found: dict[str, Any], kind: str, language: str) -> None:
    text = shown(found, kind, "text", language)
    assert [line for line in text.splitlines() if wcswidth(line) > 80] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_markdown_tables_are_whole(found: dict[str, Any], kind: str, language: str) -> None:
    text = shown(found, kind, "markdown", language)
    blocks = re.findall(r"(?:^\|.*\|\s*$\n?)+", text, re.MULTILINE)
    assert text.startswith("# ")
    assert all(len({len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().splitlines()}) == 1 for block in blocks)
    assert (len(blocks) > 1) is True


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_valid_and_need_nothing(found: dict[str, Any], kind: str, language: str) -> None:
    text = shown(found, kind, "html", language)
    page = parsed(text)
    assert page.get("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    links = [e.get("href", "") for e in page.iter("a")]
    assert links
    assert all(link[:1] == "#" and link[1:] in ids for link in links)
    assert {e.tag for e in page.iter() if isinstance(e.tag, str)} & {"script", "img", "link", "iframe"} == set()
    assert re.findall(r"https?:|url\(|@import", text) == []
    assert "{" not in said(page)


def test_what_is_the_same_is_closed_on_the_page(found: dict[str, Any]) -> None:
    page = parsed(shown(found, "matrix", "html", "en"))
    closed = {id(row) for each in section(page, "same").iter("details") for row in each.iter("tr")}
    assert [id(row) in closed for row in section(page, "same").iter("tr")] == [True] * 3  # the head, b and d
    assert list(section(page, "knowledge").iter("details")) == []
    assert said(having(page, "verdict")[0]).startswith("Of 4 records, 2 would have another grade or other duties today")


def test_a_thousand_records_are_a_small_page_and_a_short_text(found: dict[str, Any]) -> None:
    matrix = found["matrix"]
    rows = tuple(replace(matrix.rows[n % 4], number=n, case=f"case-{n}") for n in range(1000))
    many = {"matrix": replace(matrix, rows=rows)}
    page = shown(many, "matrix", "html", "zh")
    assert len(page.encode("utf-8")) < 2_000_000
    assert page.count('<th scope="row">') >= 1000
    text = shown(many, "matrix", "text", "en")
    assert text.count("case-") == 3 * MOST_ROWS
    assert f"{250 - MOST_ROWS} more are not listed" in text


def hostile(found: Account) -> Account:
    record = found.stored.record
    assert record is not None
    return replace(found, stored=replace(found.stored, record=replace(record, recorded_by=HOSTILE)))


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_text_of_users_stays_text(found: dict[str, Any], form: str) -> None:
    matrix = replace(found["matrix"], rows=tuple(replace(row, case=HOSTILE) for row in found["matrix"].rows))
    for kind, each in (("matrix", matrix), ("account", hostile(found["account"]))):
        text = shown({kind: each}, kind, form, "en")
        assert "8641969" not in text
        assert not set("\x00\x07\x1b\u202e\u200b") & set(text)
        if form == "html":
            tags: set[str] = {e.tag for e in parsed(text).iter() if isinstance(e.tag, str)}
            assert not tags & {"script", "img"}
        elif form == "markdown":
            assert "<script>" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_document(found: dict[str, Any], language: Any, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    path = tmp_path / "audit.docx"
    path.write_bytes(render_account_document(hostile(found["account"]), language=language))
    document = docx.Document(str(path))
    text = "\n".join(p.text for p in document.paragraphs)
    assert {"en": "What to look at first", "zh": "首先应当查看"}[language] in text
    assert {"en": "freeboard: 1.5 m", "zh": "超高：1.5米"}[language] in text
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert {"en": "100 persons", "zh": "100人"}[language] in cells


def test_the_pages_in_a_browser(found: dict[str, Any], tmp_path: Path) -> None:
    pages = {
        (f"{kind} {language}", width): shown(found, kind, "html", language)
        for kind in KINDS
        for language in LANGUAGES
        for width in (360, 1280)
    }
    looks, picture = looked_at(pages, tmp_path)
    assert len(looks) == 16
    for (_, width), look in looks.items():
        assert look["scroll"] == width
        assert look["out"] == []
        assert 0 < look["top"] < look["bottom"] < 740
    assert picture.stat().st_size > 100_000
