"""The HTML report: valid, self-contained, safe, readable by those who don't see it, and small."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge
from dingji.reports import Language, render

from ..samples import DEMO, HOSTILE, LANGUAGES, UNDETERMINED, files, graded, hostile
from .pages import LS, STYLE, TRADE, classes, having, page_of, parsed, said, section, text_of

SAMPLES = [DEMO, UNDETERMINED, TRADE, LS]


class Outline(HTMLParser):
    """What a look at all cases needs, faster than a full parse."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += filter(None, [values.get("id")])
        self.links += [v or "" for k, v in attrs if k in ("href", "src", "srcset", "data", "action", "poster", "background")]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_a_page_is_valid_html_in_its_language(path: Path, language: Language, kb: Knowledge) -> None:
    root = page_of(kb, path, language)  # a parse error raises
    assert root.get("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    assert [m.get("charset") for m in root.iter("meta") if m.get("charset")] == ["utf-8"]
    assert said(section(root, "determination")).count("{") == 0


def test_the_pages_of_cases_of_every_kind_are_well_formed(kb: Knowledge) -> None:
    wrong, looked_at = [], 0
    for number, path in enumerate(files()[::4]):
        try:
            result = graded(kb, path)
        except CaseError:
            continue  # a case that is meant to be refused
        looked_at += 1
        page = Outline(render(result, kb, form="html", language=LANGUAGES[number % 2], detail="full"))  # type: ignore[arg-type]
        if len(set(page.ids)) != len(page.ids):
            wrong.append((path, "an id stands twice"))
        if any(not link.startswith("#") or link[1:] not in page.ids for link in page.links):
            wrong.append((path, "a link leads nowhere or outside"))
        if page.headings[0] != 1 or page.headings.count(1) != 1:
            wrong.append((path, "not one title, at the top"))
        if any(b > a + 1 for a, b in pairwise(page.headings)):
            wrong.append((path, "a level of headings is left out"))
    assert looked_at > 20
    assert wrong == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_what_names_another_element_names_one_that_is_there(path: Path, kb: Knowledge) -> None:
    root = page_of(kb, path)
    ids = {e.get("id") for e in root.iter() if e.get("id")}
    named = {e.get("aria-labelledby") for e in root.iter() if e.get("aria-labelledby")}
    assert named
    assert named <= ids


def test_a_page_needs_nothing_from_outside(kb: Knowledge) -> None:
    text = text_of(kb, DEMO, "zh")
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "@font-face" not in STYLE
    assert re.findall(r"https?:|//\w", text) == []
    tags = {e.tag for e in page_of(kb, DEMO, "zh").iter()}
    assert not tags & {"img", "link", "iframe", "object", "embed", "form", "video", "audio"}


def test_only_our_script_may_run_and_nothing_may_be_fetched(kb: Knowledge) -> None:
    root = page_of(kb)
    (policy,) = [m.get("content", "") for m in root.iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    (script,) = list(root.iter("script"))
    digest = base64.b64encode(hashlib.sha256((script.text or "").encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_a_page_reads_without_its_script(kb: Knowledge) -> None:
    root = page_of(kb)
    # what only the script can work is hidden until it runs; the tree opens by itself
    assert all(tools.get("hidden") is not None for tools in having(root, "tools"))
    assert all(next(iter(d)).tag == "summary" for d in root.iter("details"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_of_users_stays_text(language: Language, kb: Knowledge) -> None:
    # HOSTILE holds a script, an image, a link, a template and control characters, wherever a user writes freely
    root = parsed(render(hostile(kb, HOSTILE), kb, form="html", language=language, detail="full"))
    (script,) = list(root.iter("script"))
    assert "alert(1)" not in (script.text or "")
    assert {name for e in root.iter() for name in e.attrib if name.startswith("on")} == set()
    assert list(root.iter("img")) == []
    assert "<script>alert(1)</script>" in said(section(root, "facts"))
    assert "{{ 7*1234567 }}" in said(section(root, "facts"))
    assert "8641969" not in said(root)
    assert not set("\x00\x07\x1b\u202e\u200b") & set("".join(root.itertext()))


def test_text_that_would_leave_an_attribute_stays_in_it(kb: Knowledge) -> None:
    root = parsed(render(hostile(kb, '" onmouseover="x" \' <b>'), kb, form="html", language="en", detail="full"))
    assert {name for e in root.iter() for name in e.attrib if name.startswith("on")} == set()
    assert "<b>" in said(section(root, "facts"))


def test_templates_of_users_escape_too(tmp_path: Path, kb: Knowledge) -> None:
    folder = tmp_path / "determination" / "html"
    folder.mkdir(parents=True)
    (folder / "brief.j2").write_text("<p>{{ r.report.title }}</p>", "utf-8")
    page = render(hostile(kb, "<script>x</script>"), kb, form="html", language="en", detail="brief", templates=tmp_path)
    assert page == "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_colour_never_stands_alone(path: Path, kb: Knowledge) -> None:
    root = page_of(kb, path)
    here, possible = having(root, "step", "here"), having(root, "step", "possible")
    assert [said(step)[:1] for step in here] == ["◆"] * len(here)
    assert [said(step)[:1] for step in possible] == ["?"] * len(possible)
    assert here or possible
    assert all(strip.get("role") == "img" and strip.get("aria-label") for strip in having(root, "strip"))
    for colour in ("red", "orange", "yellow", "blue"):
        bare = [e for e in having(root, colour) if not said(e) and not classes(e) & {"step", "swatch"}]
        assert bare == []
    assert all(said(swatch_of) for swatch_of in root.iter("dt"))


def test_signs_have_words_for_those_who_listen(kb: Knowledge) -> None:
    marks = [mark for path in (DEMO, UNDETERMINED) for mark in section(page_of(kb, path), "proof").iter("i")]
    told = {(said(mark), mark.get("role"), mark.get("aria-label")) for mark in marks}
    assert told == {("✓", "img", "holds"), ("✗", "img", "does not hold"), ("?", "img", "not known")}


def _palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[:2]
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}}


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known grey that just fails


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    colours = _palettes()[scheme]
    pairs = [(name, name.removesuffix("-ink")) for name in colours if name.endswith("-ink")]
    pairs += [(ink, ground) for ink in ("ink", "soft", "accent", "yes", "no", "open") for ground in ("paper", "ground")]
    assert len(pairs) == 10 + 12  # five colours full and pale, six inks on two grounds
    assert [(ink, ground) for ink, ground in pairs if contrast(colours[ink], colours[ground]) < 4.5] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_and_frames_stand_out(scheme: str) -> None:
    colours = _palettes()[scheme]
    edges = [(name, "paper") for name in colours if name.endswith("-edge")] + [("ink", "paper")]
    assert len(edges) == 6
    assert [edge for edge, ground in edges if contrast(colours[edge], colours[ground]) < 3] == []


def test_every_colour_of_the_style_is_in_the_palette() -> None:
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    rules = re.sub(r"@page \{.*?\n\}", "", rules, flags=re.DOTALL)  # margin boxes can't read the palette
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\s*[.{h])", rules) == []


def test_paper_gets_a4_and_whole_rows() -> None:
    page = re.search(r"@page \{(.*?)\n\}", STYLE, re.DOTALL)
    assert page is not None
    assert "size: A4" in page[1]
    uncut = re.search(r"\n([^\n]*)\{ break-inside: avoid; \}", STYLE)
    assert uncut is not None
    assert {"tr", ".verdict", ".findings > li", ".matrix", ".rule"} <= {part.strip() for part in uncut[1].split(",")}


def test_a_page_is_small_and_quick(kb: Knowledge) -> None:
    result = graded(kb, DEMO)
    times = []
    for _ in range(7):
        start = time.perf_counter()
        page = render(result, kb, form="html", language="en", detail="full")
        times.append(time.perf_counter() - start)
    assert len(page.encode("utf-8")) <= 300_000
    assert min(times) <= 0.1
