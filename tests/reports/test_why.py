"""The pages of why and why-not: every need in words, in both languages, harmless whatever a user writes."""

from __future__ import annotations

import pytest

import dingji
from dingji.knowledge.model import Knowledge
from dingji.reasoning.explanation.why import why
from dingji.reasoning.explanation.why_not import WhyNot, why_not
from dingji.reports.lines import columns_of
from dingji.reports.messages import catalogue
from dingji.reports.why import render_why
from dingji.reports.why_not import render_why_not
from dingji.reports.why_not import why_not as view
from knowledge.mistakes import GOOD
from knowledge.small import CASE

from .samples import HOSTILE, LANGUAGES

RULES = ("p10.score.wet", "p10.score.5", "list.2", "duty.lower", "notice-to-pond.slight", "p10.alarm.2", "flag.warden", "p20.grade.red")


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def ask(good: Knowledge, *changes: tuple[str, str], **asked: str) -> WhyNot:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return why_not(good, dingji.parse_case(text), **asked)


def said(good: Knowledge, answer: WhyNot, language: str = "en") -> list[str]:
    return [need.text for route in view(answer, good, catalogue(language)).routes for need in route.needs]


@pytest.mark.parametrize(
    ("changes", "rule", "expected"),
    [
        ((), "p10.score.5", "crack width: 21 mm; needed: at least 50 mm (29 mm short)"),
        ((("  crack_width_mm: 21\n", ""),), "p10.score.5", "crack width: not known; needed: at least 50 mm"),
        ((("region: north", "region: south"),), "list.2", "region: south; needed: north"),
        ((("patrol_done: false", "patrol_done: true"),), "list.1", "patrol done: yes; needed: no"),
        ((), "p10.score.wet", "needed: at least one of cracks: wet: yes"),
        ((("cracks: []", "cracks: [{wet: false}]"),), "p10.score.wet", "item 1 of cracks, wet: no; needed: yes"),
        (
            (("people_below: 100", "people_below: 5"), ("water_level_m: 8.5", "water_level_m: 8")),
            "duty.report",
            "grade: yellow; needed: orange or more severe",
        ),
        ((), "p10.base.clear", "score: 3; needed: less than 3"),
    ],
)
def test_needs_in_words(good: Knowledge, changes: tuple[tuple[str, str], ...], rule: str, expected: str) -> None:
    assert any(text.startswith(expected) for text in said(good, ask(good, *changes, rule=rule)))


def test_needs_in_chinese(good: Knowledge) -> None:
    assert said(good, ask(good, rule="p10.score.5"), "zh") == ["裂缝宽度：21毫米；须为不小于50毫米（差29毫米）"]


def test_what_stands_against_it_is_named_with_its_value(good: Knowledge) -> None:
    shown = view(ask(good, grade="orange"), good, catalogue("en"))
    texts = [item.text for route in shown.routes for item in route.against]
    assert "outdone by another finding, grade: red (p10.people)" in texts
    assert shown.answer == "A rule gives orange, but determination is red: something outdoes it."


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", RULES)
def test_no_line_is_wider_than_the_page(good: Knowledge, language: str, rule: str) -> None:
    case = dingji.parse_case(CASE)
    for width in (60, 80):
        shape = {"form": "text", "language": language, "width": width}
        for page in (
            render_why_not(why_not(good, case, rule=rule), good, **shape),  # type: ignore[arg-type]
            render_why(why(good, case, rule=rule), good, **shape),  # type: ignore[arg-type]
        ):
            assert rule in page
            # the digest is one word
            assert all(columns_of(line) <= width for line in page.splitlines() if good.digest not in line)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_users_write_is_harmless(good: Knowledge, form: str) -> None:
    quoted = '"' + "".join(c if (c.isascii() and c.isalnum()) or c == " " else f"\\U{ord(c):08x}" for c in HOSTILE) + '"'
    case = dingji.parse_case(
        CASE.replace("crack_width_mm: 21", f"crack_width_mm: {{value: 21, asserted_by: {quoted}, evidence: [{quoted}]}}")
    )
    page = render_why_not(why_not(good, case, rule="p10.score.5"), good, form=form, language="en")  # type: ignore[arg-type]
    assert "\x1b" not in page
    assert "\u202e" not in page
    if form == "markdown":
        assert "<script>" not in page
