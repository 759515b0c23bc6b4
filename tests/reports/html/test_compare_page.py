"""The page of a comparison: what it says, its charts with the same numbers as tables, safe, self-contained and small."""

from __future__ import annotations

import re
import sys
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cli.test_commands import dingji
from comparison.samples import AGREED, SILENT, case, compared, official, survey, text
from dingji.comparison import model
from dingji.comparison.agreement import Leniency
from dingji.comparison.precedents import settled
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge, Words
from dingji.records import replace
from dingji.reports.html.compare import render_comparison_page
from dingji.reports.html.compare_cases import LISTED

from ..samples import HOSTILE, LANGUAGES, ROOT
from . import pages as made
from .browser import looked_at
from .pages import having, said, section
from .test_html_page import contrast

# The worked dispute, by the paper: the list says general (III on the common scale), five deaths make it II by consequence, and
# R = 4 x 4 = 16 II by calculation. Agreed: all three III, R = 4 x 2 = 8. Silent: the list says nothing, the others II.
DISPUTED, ALIKE, UNLISTED = 12, 4, 3
STYLE = (ROOT / "templates" / "compare" / "html" / "style.css").read_text("utf-8")


@pytest.fixture(scope="module")
def found(kb: Knowledge) -> model.Comparison:
    cases = [case(kb, name=f"disputed-{n}") for n in range(DISPUTED)]
    cases += [case(kb, *AGREED, name=f"alike-{n}") for n in range(ALIKE)]
    cases += [case(kb, SILENT, name=f"unlisted-{n}") for n in range(UNLISTED)]
    precedents, _ = settled(kb, [case(kb, name="settled", more=official("II-major"))], None)
    whole = compared(kb, *cases, screen=True, settled=precedents)
    # the experts come from other cases, so that the figures of the methods stay those of three methods
    (people,) = compared(kb, *(case(kb, name=f"asked-{n}", more=survey("III", "II", "II")) for n in range(DISPUTED))).scales
    return replace(whole, scales=tuple(replace(s, panel=people.panel, raters=people.raters) for s in whole.scales))


def parsed(text: str) -> ET.Element:
    """The tree of a page, its drawings without their namespace. Raises ParseError where it is not valid HTML."""
    root = made.parsed(text)
    for e in root.iter():
        if isinstance(e.tag, str):
            e.tag = e.tag.rpartition("}")[2]
    return root


def page_text(found: model.Comparison, kb: Knowledge, language: str = "en", **more: Any) -> str:
    return render_comparison_page(found, kb, language=language, screening=True, precedents=True, **more)


@pytest.fixture(scope="module")
def texts(found: model.Comparison, kb: Knowledge) -> dict[str, str]:
    return {language: page_text(found, kb, language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def pages(texts: dict[str, str]) -> dict[str, ET.Element]:
    return {language: parsed(each) for language, each in texts.items()}  # html5lib, strict: a parse error raises


def figure(page: ET.Element, chart: str) -> tuple[ET.Element, list[list[str]]]:
    """The drawing of a chart, and the rows of the table in its figure."""
    (one,) = [f for f in page.iter("figure") if any(svg.get("id") == chart for svg in f.iter("svg"))]
    (svg,) = list(one.iter("svg"))
    rows = [[said(cell) for cell in row if cell.tag in ("th", "td")] for table in one.iter("table") for row in table.iter("tr")]
    return svg, rows


def printed(svg: ET.Element) -> list[str]:
    return [said(each) for each in svg.iter("text")]


# --- what it says


def test_the_most_frequent_reason_stands_first(pages: dict[str, ET.Element]) -> None:
    # 12 of the 15 that disagree leave the casualties out, in 3 the list is silent
    for language, headline in (
        ("en", "80% of the disagreements come from leaving casualties out"),
        ("zh", "80%的分歧源于遗漏人员伤亡后果"),
    ):
        page = pages[language]
        assert said(next(iter(page.iter("h2")))) == headline
    (tiles,) = having(pages["en"], "tiles")
    assert [said(each) for each in tiles.iter("dd")] == ["19", "15", "4"]
    assert [said(each) for each in tiles.iter("dt")] == ["cases", "disagree", "agree"]
    (summary,) = having(pages["en"], "summary")
    assert "Next: the example list being silent (20%)." in said(summary)


def test_reasons_as_bars_and_as_a_table(pages: dict[str, ET.Element]) -> None:
    svg, rows = figure(pages["en"], "chart-reasons")
    assert rows[1:] == [["consequence left out: casualties", "12", "80%"], ["the example list is silent", "3", "20%"]]
    assert {"80% (12)", "20% (3)"} <= set(printed(svg))


def test_agreement_as_a_heat_map_and_as_a_table(pages: dict[str, ET.Element]) -> None:
    # the list met the two others in 16 cases and agreed in 4; those two agreed in all 19
    svg, rows = figure(pages["en"], "scale-1-agreement")
    assert [row[:3] for row in rows[1:]] == [
        ["examples / conseq.", "16", "25%"],
        ["examples / risk", "16", "25%"],
        ["conseq. / risk", "19", "100%"],
    ]
    assert "almost perfect" in rows[3][3]
    assert printed(svg).count("25%") == 2
    assert printed(svg).count("n = 19") == 1
    notes = said(section(pages["en"], "scale-1"))
    assert "The measurement of observer agreement" in notes


def test_flows_and_their_table(pages: dict[str, ET.Element]) -> None:
    svg, rows = figure(pages["en"], "scale-1-flows")
    assert rows[1:] == [
        ["Level III", "Level II", "Level II", "12"],
        ["Level III", "Level III", "Level III", "4"],
        ["no grade", "Level II", "Level II", "3"],
    ]
    # by the examples 16 III and 3 without a grade, by the two others 15 II and 4 III
    shown = printed(svg)
    assert [shown.count(number) for number in ("16", "3", "15", "4")] == [1, 1, 2, 2]


def test_leniency_of_experts(pages: dict[str, ET.Element]) -> None:
    # a is one grade below the mean of b and c (II, II); b and c are half a grade above III and II
    svg, rows = figure(pages["en"], "scale-1-raters")
    assert [(row[0], row[2].split(" ")[0]) for row in rows[1:]] == [("a", "−1.00"), ("b", "+0.50"), ("c", "+0.50")]
    assert {"a", "b", "c", "← milder", "more severe →"} <= set(printed(svg))


def test_the_matrix_holds_all_cases(pages: dict[str, ET.Element]) -> None:
    svg, rows = figure(pages["en"], "matrix-sg-alcr")
    (four,) = [row for row in rows if row[0] == "4"]
    assert four == ["4", "0", "4", "0", "15", "0"]
    assert sum(int(cell) for row in rows[1:] for cell in row[1:]) == DISPUTED + ALIKE + UNLISTED
    assert printed(svg).count("15") == 3  # 15 cases, and the products 3 x 5 and 5 x 3
    bands = " ".join(said(each) for each in having(section(pages["en"], "matrix"), "bands"))
    assert "major risk (red)" in bands


@pytest.mark.parametrize("language", LANGUAGES)
def test_cases_stand_with_the_furthest_apart_first(language: str, pages: dict[str, ET.Element], found: model.Comparison) -> None:
    listed = [each for each in section(pages[language], "cases").iter("tr") if each.find("td") is not None]
    names = [said(each).split() for each in listed]
    assert len(listed) == len(found.rows)
    order = [next(word.split("-")[0] for word in line if re.match(r"(disputed|unlisted|alike)-\d", word)) for line in names]
    assert order == ["disputed"] * DISPUTED + ["unlisted"] * UNLISTED + ["alike"] * ALIKE
    first = said(listed[0])
    assert ("Level II" in first and "leaving" not in first) if language == "en" else "二级" in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_screening_and_precedents_stand_where_they_were_asked_for(language: str, found: model.Comparison, kb: Knowledge) -> None:
    asked = parsed(page_text(found, kb, language))
    plain = parsed(render_comparison_page(found, kb, language=language))
    ids = [{s.get("id") for s in page.iter("section")} for page in (asked, plain)]
    assert ids[0] - ids[1] == {"screening", "precedents", "inconsistent"}
    assert len(found.screened) > 0
    heads = having(section(asked, "screening"), "head")
    assert len(heads) == len(found.screened)


def test_a_comparison_without_disagreement_or_cases_has_a_page(kb: Knowledge) -> None:
    one = parsed(page_text(compared(kb, case(kb, *AGREED)), kb))
    assert said(next(iter(one.iter("h2")))) == "No two methods disagree"
    none = parsed(page_text(compared(kb), kb))
    assert said(next(iter(none.iter("h2")))).startswith("No case was graded by two methods")
    assert list(none.iter("svg")) == []


# --- built well


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_well_built(language: str, pages: dict[str, ET.Element]) -> None:
    page = pages[language]
    assert page.get("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    named = {name for e in page.iter() for name in (e.get("aria-labelledby") or "").split()}
    assert len(named) > 10
    assert named <= set(ids)
    links = [e.get("href", "") for e in page.iter("a")]
    assert all(link[:1] == "#" and link[1:] in ids for link in links)
    levels = [int(e.tag[1]) for e in page.iter() if isinstance(e.tag, str) and re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
    assert "{" not in said(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chart_has_a_title_a_description_and_a_table(language: str, pages: dict[str, ET.Element]) -> None:
    figures = list(pages[language].iter("figure"))
    assert len(figures) == 5
    for one in figures:
        (svg,) = list(one.iter("svg"))
        names = svg.get("aria-labelledby", "").split()
        told = [said(e) for e in svg if e.get("id") in names]
        assert svg.get("role") == "img"
        assert [bool(each) for each in told] == [True, True]
        (table,) = list(one.iter("table"))
        assert len(list(table.iter("tr"))) > 1
        assert {th.get("scope") for th in table.iter("th")} == {"col", "row"}
        assert printed(svg)  # words and numbers stand as text, in the fonts of the page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_from_outside_and_runs_nothing(language: str, texts: dict[str, str], pages: dict[str, ET.Element]) -> None:
    assert re.findall(r"https?:|//\w|url\(|@import|@font-face", texts[language]) == []
    tags = {e.tag for e in pages[language].iter()}
    assert not tags & {"script", "img", "image", "link", "iframe", "object", "embed", "form", "foreignObject", "use"}
    (policy,) = [m.get("content", "") for m in pages[language].iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "script" not in policy


def test_text_of_users_stays_text(found: model.Comparison, kb: Knowledge) -> None:
    rows = tuple(replace(row, title=Words(HOSTILE, HOSTILE), case=HOSTILE) for row in found.rows)
    raters = tuple(Leniency(HOSTILE + each.rater, each.difference, each.severer, each.milder) for each in found.scales[0].raters)
    scales = (replace(found.scales[0], raters=raters), *found.scales[1:])
    screened = tuple(replace(each, title=Words(HOSTILE, HOSTILE)) for each in found.screened)
    page = parsed(page_text(replace(found, rows=rows, scales=scales, screened=screened), kb))
    assert {e.tag for e in page.iter()} & {"script", "img"} == set()
    assert {name for e in page.iter() for name in e.attrib if name.startswith("on")} == set()
    assert "<script>alert(1)</script>" in said(section(page, "cases"))
    assert "8641969" not in said(page)
    assert not set("\x00\x07\x1b\u202e\u200b") & set("".join(page.itertext()))
    svg, _ = figure(page, "scale-1-raters")
    assert printed(svg)[0].startswith("x # top")


def test_charts_take_their_colours_from_the_palette(pages: dict[str, ET.Element]) -> None:
    for svg in pages["en"].iter("svg"):
        for e in svg.iter():
            assert not {e.get("fill"), e.get("stroke")} - {None, "none", "transparent"}, ET.tostring(e)
            assert re.findall(r"(?:fill|stroke):(?!var\(--[\w-]+\))", e.get("style", "")) == []
            assert "font-family" not in e.attrib


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_the_heat_map_stands_out(scheme: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[["light", "dark"].index(scheme)]))
    pairs = [(name, name.removesuffix("-ink")) for name in colours if name.endswith("-ink")]
    assert len(pairs) == 5
    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []


def test_every_colour_of_the_style_is_in_the_palette() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []


def test_the_same_comparison_gives_the_same_bytes(found: model.Comparison, kb: Knowledge, texts: dict[str, str]) -> None:
    assert page_text(found, kb) == texts["en"]


# --- large, missing, asked for


def many(found: model.Comparison, number: int) -> model.Comparison:
    rows = [replace(row, case=f"{row.case}-{n}") for row in found.rows for n in range(number // len(found.rows) + 1)][:number]
    return replace(found, rows=tuple(rows))


def test_a_thousand_cases_are_a_small_page(found: model.Comparison, kb: Knowledge) -> None:
    start = time.process_time()
    text = page_text(many(found, 1000), kb, "zh")
    assert time.process_time() - start < 5
    assert text.count('<tr><th scope="row">') > 1000
    assert len(text.encode("utf-8")) <= 3_000_000


def test_a_page_holds_as_many_cases_as_a_browser_shows(found: model.Comparison, kb: Knowledge) -> None:
    page = parsed(page_text(many(found, 4000), kb))
    # 4,000 / 19 is 210.5: 211 of each of the 12 disputed cases
    assert f"{211 * DISPUTED - LISTED} more cases: see --format csv, xlsx or json." in said(section(page, "cases"))


def test_long_lists_are_closed(found: model.Comparison, kb: Knowledge) -> None:
    page = parsed(page_text(many(found, 300), kb))
    cases = section(page, "cases")
    closed = {id(e) for d in cases.iter("details") for e in d.iter("tr")}
    assert all(d.get("open") is None for d in page.iter("details"))
    assert len([e for e in cases.iter("tr") if id(e) not in closed and e.find("td") is not None]) == 25


def test_a_missing_package_is_named(found: model.Comparison, kb: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(DingjiError, match=r"T005.*charts need a package.*pip install 'dingji\[charts\]'"):
        page_text(found, kb)


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    place = tmp_path / "cases"
    place.mkdir()
    (place / "one.yaml").write_text(text(), "utf-8")
    target = tmp_path / "page.html"
    run = dingji("compare", str(place), "--screen", "--format", "html", "-o", str(target), "--lang", "zh")
    assert run.returncode == 0, run.stderr
    page = parsed(target.read_text("utf-8"))
    assert "遗漏人员伤亡后果" in said(next(iter(page.iter("h2"))))
    assert section(page, "screening") is not None


def test_the_page_in_a_browser(texts: dict[str, str], tmp_path: Path) -> None:
    shown = {(language, width): texts[language] for language in LANGUAGES for width in (360, 1280)}
    looks, picture = looked_at(shown, tmp_path)
    assert len(looks) == 4
    for (_, width), look in looks.items():
        assert look["scroll"] == width
        assert look["out"] == []
        assert 0 < look["top"] < look["bottom"] < 740  # the headline stands on the first screen
    assert "← 偏宽" in looks["zh", 360]["text"]
    assert picture.stat().st_size > 100_000
