"""The page of a summary: its numbers, its charts with the same numbers as tables, safe, self-contained, on phone and desktop."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest

from batch.graded import row, written
from dingji.batch.summary.figures import Summary, summary
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge
from dingji.reports.charts.cells import Cell, heat_map
from dingji.reports.charts.stacks import Part, Stack, columns, stacks
from dingji.reports.charts.vega import Grid
from dingji.reports.html.summary import render_summary_page

from ..samples import HOSTILE, LANGUAGES
from ..summaries import register, turned
from .browser import looked_at
from .pages import having, said, section
from .test_compare_page import figure, parsed, printed


@pytest.fixture(scope="module")
def found(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return register(kb, tmp_path_factory.mktemp("firms"))


@pytest.fixture(scope="module")
def changed(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return turned(kb, tmp_path_factory.mktemp("twice"))


@pytest.fixture(scope="module")
def texts(found: Summary, changed: Summary, kb: Knowledge) -> dict[tuple[str, str], str]:
    return {
        (name, language): render_summary_page(one, kb, language=language)
        for name, one in (("found", found), ("changed", changed))
        for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def pages(texts: dict[tuple[str, str], str]) -> dict[tuple[str, str], ET.Element]:
    return {key: parsed(text) for key, text in texts.items()}  # html5lib, strict: a parse error raises


# --- what it says


def test_what_matters_stands_first(pages: dict[tuple[str, str], ET.Element]) -> None:
    # one of 40 firms is D, which is red; 4 are open, all of them for want of one fact
    for language, headline in (("en", "2.5% of the rows are red"), ("zh", "2.5%的行为红色")):
        assert said(next(iter(pages["found", language].iter("h2")))) == headline
    (summary,) = having(pages["found", "en"], "summary")
    assert "4 rows are open for want of facts (10%). Most of these lack: ammonia refrigeration (100%)." in said(summary)
    # in two counties: A met and open, B missed and open, C missed and open, D missed and met
    assert "Targets: 2 met, 3 missed, 3 not yet known." in said(summary)
    (tiles,) = having(pages["found", "en"], "tiles")
    assert [said(each) for each in tiles.iter("dd")] == ["40", "36", "4", "2"]


def test_colours_by_group_as_a_chart_and_as_a_table(pages: dict[tuple[str, str], ET.Element]) -> None:
    svg, rows = figure(pages["found", "en"], "colours-1")
    assert rows[0] == ["county", "rows", "red", "orange", "yellow", "blue", "open"]
    assert rows[1:] == [["West", "30", "0", "9", "12", "9", "0"], ["East", "10", "1", "0", "3", "2", "4"]]
    shown = printed(svg)
    assert {"West", "East", "30", "10"} <= set(shown)
    assert {"blue 9", "yellow 12"} <= set(shown) or {"9", "12"} <= set(shown)  # numbers stand in the parts: colour is not alone
    key = said(having(section(pages["found", "en"], "colours"), "bands")[0])
    assert "orange9 (22.5%)" in key


def test_the_stacks_are_as_wide_as_their_rows(pages: dict[tuple[str, str], ET.Element]) -> None:
    svg, _ = figure(pages["found", "en"], "colours-1")
    tiles = [e for e in svg.iter("path") if "fill:var(--" in e.get("style", "")]
    widths = [float(re.match(r"M[\d.]+,[\d.]+h([\d.]+)", e.get("d", "")).group(1)) for e in tiles]  # type: ignore[union-attr]
    colours = [re.search(r"fill:var\(--([\w-]+)\)", e.get("style", "")).group(1) for e in tiles]  # type: ignore[union-attr]
    assert colours == ["orange", "yellow", "blue", "red", "yellow", "blue", "paper"]  # the open rows are an outline
    unit = widths[0] / 9
    assert widths == pytest.approx([unit * n for n in (9, 12, 9, 1, 3, 2, 4)], abs=0.3)


def test_targets_with_their_bounds(pages: dict[tuple[str, str], ET.Element]) -> None:
    svg, rows = figure(pages["found", "en"], "target-1")
    assert rows[1:] == [
        ["East", "20% to 60%", "? not yet known", "at least 30%", "10"],
        ["West", "30%", "✓ met", "at least 30%", "30"],
    ]
    assert "? not yet known: 20% to 60%" in printed(svg)
    strokes = list(svg.iter("line"))
    assert len({e.get("transform") for e in strokes}) >= 2  # one for each county
    told = said(section(pages["found", "en"], "targets"))
    assert "§4(3); stated in a source document." in told
    # the target of no D firm counts rows and has a table only
    assert "target-4" not in {e.get("id") for e in pages["found", "en"].iter("svg")}
    assert "1 to 3" in told


def test_rules_facts_and_months(pages: dict[tuple[str, str], ET.Element]) -> None:
    page = pages["found", "en"]
    svg, rows = figure(page, "rules-bars")
    assert [line[1:] for line in rows[1:3]] == [["11", "27.5%"], ["2", "5%"]]
    assert "11 (27.5%)" in printed(svg)
    _, rows = figure(page, "missing-bars")
    assert rows[1] == ["Does the enterprise use ammonia for refrigeration?", "4", "100%", "2"]
    svg, rows = figure(page, "time-columns")
    assert [line[:2] for line in rows[1:]] == [["2012-09", "9"], ["2012-10", "21"], ["2012-11", "10"]]
    assert {"2012-09", "2012-10", "2012-11"} <= set(printed(svg))
    assert "Art. 3(2); verified [trade-2023-a3-i2]" in said(section(page, "rules"))
    assert "2 rows were refused" in said(section(page, "refused"))


def test_changes_as_a_heat_map_and_as_a_table(pages: dict[tuple[str, str], ET.Element]) -> None:
    page = pages["changed", "en"]
    assert said(next(iter(page.iter("h2")))) == "55.6% of the rows change"
    svg, rows = figure(page, "changes-map")
    assert rows[0] == ["from ↓ to →", "B, good", "A, excellent", "open", "no determination"]
    assert rows[2] == ["A, excellent", "2", "(2)", "1", "–"]
    shown = printed(svg)
    assert shown.count("(2)") == 1 and shown.count("2") == 1  # two stay A, two become B
    strong = [e.get("style", "") for e in svg.iter("path") if "heat-" in e.get("style", "")]
    assert len(strong) == 4  # A to B, D to A, open to A, A to open; what stays has no heat
    assert sum("heat-4" in style for style in strong) == 1
    svg, rows = figure(page, "changes-map-1")
    assert rows[1][:4] == ["y", "4", "4", "100%"]
    assert "A, excellent → B, good: 2" in rows[1][4]


@pytest.mark.parametrize("name", ["found", "changed"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_well_built(name: str, language: str, pages: dict[tuple[str, str], ET.Element]) -> None:
    page = pages[name, language]
    assert page.get("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    ids = [e.get("id") for e in page.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert {name for e in page.iter() for name in (e.get("aria-labelledby") or "").split()} <= set(ids)
    assert all(e.get("href", "")[1:] in ids for e in page.iter("a"))
    levels = [int(e.tag[1]) for e in page.iter() if isinstance(e.tag, str) and re.fullmatch(r"h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
    assert "{" not in said(page)
    for one in page.iter("figure"):
        (svg,) = list(one.iter("svg"))
        told = [said(e) for e in svg if e.get("id") in svg.get("aria-labelledby", "").split()]
        assert (svg.get("role"), [bool(each) for each in told]) == ("img", [True, True])
        (table,) = list(one.iter("table"))
        assert len(list(table.iter("tr"))) > 1
        assert printed(svg)


@pytest.mark.parametrize("name", ["found", "changed"])
def test_the_page_needs_nothing_from_outside_and_runs_nothing(
    name: str, texts: dict[tuple[str, str], str], pages: dict[tuple[str, str], ET.Element]
) -> None:
    assert re.findall(r"https?:|//\w|url\(|@import|@font-face", texts[name, "zh"]) == []
    tags = {e.tag for e in pages[name, "zh"].iter()}
    assert not tags & {"script", "img", "image", "link", "iframe", "object", "embed", "form", "foreignObject", "use"}
    for svg in pages[name, "zh"].iter("svg"):
        for e in svg.iter():
            assert not {e.get("fill"), e.get("stroke")} - {None, "none", "transparent"}, ET.tostring(e)


def test_text_of_users_stays_text(kb: Knowledge, tmp_path: Path) -> None:
    page = parsed(render_summary_page(register(kb, tmp_path, HOSTILE, "<b>x{{ 7*1234567 }}.parquet"), kb, language="en"))
    assert {e.tag for e in page.iter()} & {"script", "img"} == set()
    assert {name for e in page.iter() for name in e.attrib if name.startswith("on")} == set()
    assert "<script>alert(1)</script>" in said(section(page, "colours"))
    assert "8641969" not in said(page)
    assert not set("\x00\x07\x1b\u202e\u200b") & set("".join(page.itertext()))


def test_a_group_column_may_have_any_name(kb: Knowledge, tmp_path: Path) -> None:
    name = 'x"><script>alert(1)</script>'
    path = written(tmp_path / "g.parquet", [row("A", **{f"group_{name}": "1"})], (name,))
    page = parsed(render_summary_page(summary([path], kb), kb, language="en"))
    assert "script" not in {e.tag for e in page.iter()}
    assert f"Rows by {name} and colour" in said(page)


def test_nothing_changes_and_nothing_is_there(kb: Knowledge, tmp_path: Path) -> None:
    for language, words in (("en", "The results hold no row"), ("zh", "结果中没有数据行")):
        page = parsed(render_summary_page(summary([written(tmp_path / "e.parquet", [])], kb), kb, language=language))
        assert said(next(iter(page.iter("h2")))) == words
    lone = parsed(
        render_summary_page(summary([written(tmp_path / "o.parquet", [row(None, scale=None) | {"status": None}])], kb), kb, language="en")
    )
    assert "no determination" in said(section(lone, "colours"))


def test_the_same_summary_gives_the_same_bytes(found: Summary, kb: Knowledge, texts: dict[tuple[str, str], str]) -> None:
    assert render_summary_page(found, kb, language="en") == texts["found", "en"]


def test_a_missing_package_is_named(found: Summary, kb: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(DingjiError, match=r"T005.*charts need a package.*pip install 'dingji\[charts\]'"):
        render_summary_page(found, kb, language="en")


# --- charts


def test_a_part_prints_the_longest_text_that_has_room() -> None:
    wide, narrow = Part("red", 90, ("red 90,000", "90,000")), Part("blue", 10, ("blue 10,000", "10,000"))
    chart = stacks("s", "t", "d", [Stack("all", (wide, narrow), "100")], Grid((), ()))
    texts = re.findall(r">([^<>]+)</text>", chart.svg)
    assert "red 90,000" in texts and "10,000" not in texts and "blue 10,000" not in texts


@pytest.mark.parametrize("most", [1, 2, 7, 10, 21, 99, 103_353, 5_000_000])
def test_columns_have_few_round_ticks_and_room_above(most: int) -> None:
    chart = columns("c", "t", "d", [Stack("2026-01", (Part("red", most),))], Grid((), ()))
    ticks = [int(text.replace(",", "")) for text in re.findall(r">([\d,]+)</text>", chart.svg)]
    assert ticks[0] == 0 and len(ticks) <= 7
    assert ticks[-1] > most or (most in (1, 2) and ticks[-1] >= most)
    assert len({b - a for a, b in pairwise(ticks)}) == 1


def test_long_numbers_stay_in_their_cells() -> None:
    cells = [[Cell("(1,234,567)", "12%", None) for _ in range(9)]]
    chart = heat_map("h", "t", "d", ["from"], [f"to {n}" for n in range(9)], cells, Grid((), ()), wide=True)
    sizes = {float(size) for size in re.findall(r'font-size="([\d.]+)px"[^>]*>\(1,234,567\)', chart.svg)}
    assert sizes and max(sizes) < 15


# --- in a browser


def test_the_pages_in_a_browser(texts: dict[tuple[str, str], str], tmp_path: Path) -> None:
    shown = {(f"{name}-{language}", width): text for (name, language), text in texts.items() for width in (360, 1280)}
    looks, picture = looked_at(shown, tmp_path)
    assert len(looks) == 8
    for (_, width), look in looks.items():
        assert look["scroll"] == width
        assert look["out"] == []
        assert 0 < look["top"] < look["bottom"] < 740
    assert "尚不能判定" in looks["found-zh", 360]["text"]
    assert picture.stat().st_size > 100_000
