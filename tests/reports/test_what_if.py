"""The page of what-if and its part of a graded case's page: values by hand, over the small base and the worked dispute."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dingji
from conftest import ROOT
from dingji.knowledge.model import Knowledge
from dingji.reasoning.variation.model import Answer, Hinges
from dingji.reasoning.variation.what_if import WhatIf, read_statement
from dingji.records import replace
from dingji.reports import Language, render
from dingji.reports.lines import columns_of
from dingji.reports.messages import catalogue
from dingji.reports.what_if import MOST_ON_PAGE, changes_on_page, render_what_if
from knowledge.mistakes import GOOD
from knowledge.small import CASE

from .html.pages import parsed, said, section
from .samples import DEMO, HOSTILE, LANGUAGES

Changes = tuple[tuple[str, str], ...]
CRACKED: Changes = (
    ("cracks: []", "cracks: [{kind: along, width_mm: 30, wet: false}]"),
    ("crack_width_mm: 21", "crack_width_mm: 5"),
    ("people_below: 100", "people_below: 5"),
    ("water_level_m: 8.5", "water_level_m: 7.5"),
)
"""A freeboard of 2.5 m is yellow, and so is a pond without patrol; one listed crack of more than 20 mm makes it orange."""


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def asked(good: Knowledge, *changes: tuple[str, str]) -> WhatIf:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return WhatIf(good, dingji.parse_case(text).check(good))


def answered(what_if: WhatIf, *statements: str) -> Answer:
    read = [read_statement(text, what_if.case, what_if.knowledge) for text in statements]
    return what_if.answer(what_if.difference(read) if read else None, None, None if read else what_if.hinges())


def lines(good: Knowledge, answer: Answer, language: Language = "en", form: Any = "text") -> list[str]:
    return render_what_if(answer, good, form=form, language=language, width=200).splitlines()


@pytest.mark.parametrize(
    ("changes", "language", "expected"),
    [
        # a run of values that ends where the range of the fact ends names the other end only
        ((), "en", "- people below: 100 persons → 99 persons or less: orange"),
        ((), "zh", "- 下游人数：100人 → 99人及以下：橙"),
        (CRACKED, "en", "- cracks, item 1, width: 30 mm → 20 mm or less: yellow"),
        (CRACKED, "zh", "- 裂缝第1项的宽度：30毫米 → 20毫米及以下：黄"),
        (CRACKED, "en", "- cracks, item 1 (kind: along the crest, width: 30 mm, wet: no): off the list: yellow"),
    ],
)
def test_what_turns_the_grade_in_words(good: Knowledge, changes: Changes, language: Language, expected: str) -> None:
    assert expected in lines(good, answered(asked(good, *changes)), language)


def test_a_duty_that_comes_and_a_rule_newly_met(good: Knowledge) -> None:
    """From 99 people to 100: the pond gets one grade worse, and what is to be done about a red one is due at once."""
    page = lines(good, answered(asked(good, ("people_below: 100", "people_below: 99")), "people_below=100"))
    assert page[page.index("Rules newly met") + 2] == "- duty.lower"
    assert page[page.index("New duties") + 2] == "- at once: The owner lowers the water."
    assert "Duties that go" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_case_says_what_would_change_its_grade(kb: Knowledge, language: Language) -> None:
    """In the worked dispute ten deaths make a matter of level I (§ 8.1 of the code), five do not."""
    case = dingji.read_case(DEMO).check(kb)
    changes = changes_on_page(WhatIf(kb, case).hinges(), kb, language)
    page = parsed(render(dingji.grade(kb, case), kb, form="html", language=language, detail="panel", changes=changes))
    shown = said(section(page, "changes"))
    assert {"en": "5 persons → 10 persons or more: Level I", "zh": "5人 → 10人及以上：一级"}[language] in shown


def test_the_page_says_that_nothing_alone_would(good: Knowledge) -> None:
    """Two findings of yellow or worse hold each other up."""
    (only,) = changes_on_page(Hinges("pond", (), ("people_below",)), good, "en")
    assert (only.head, only.note) == ("There is none: no single fact turns the grade.", True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_note_does_not_stand_under_the_words_about_changes(kb: Knowledge, language: Language) -> None:
    """Nothing was found: the page must not say that each of these changes alone would do."""
    result = dingji.grade(kb, dingji.read_case(DEMO))
    lead = catalogue(language)("html.changes.lead")
    for changes, alone in ((Hinges("hazard-level", (), ()), False), (WhatIf(kb, dingji.read_case(DEMO).check(kb)).hinges(), True)):
        lines = changes_on_page(changes, kb, language)
        page = said(section(parsed(render(result, kb, form="html", language=language, detail="panel", changes=lines)), "changes"))
        assert (lead in page) is alone
        assert lines[0].head in page


def test_the_page_says_what_it_leaves_out(good: Knowledge) -> None:
    hinges = asked(good).hinges()
    many = replace(hinges, hinges=hinges.hinges * MOST_ON_PAGE, untried=2)
    heads = [change.head for change in changes_on_page(many, good, "en")]
    assert len(heads) == MOST_ON_PAGE + 2
    assert heads[-2] == f"{2 * MOST_ON_PAGE} more changes turn it; dingji what-if shows them."
    assert heads[-1].startswith("2 possible changes were not tried, for want of time;")


def test_without_time_nothing_is_claimed(good: Knowledge) -> None:
    what_if = asked(good)
    hinges = what_if.hinges(seconds=-1)
    # both levels, the people, the crack, the patrol and the list; no rule behind the grade asks when the hazard was found
    assert (hinges.hinges, hinges.steady, hinges.untried) == ((), (), 6)
    page = "\n".join(lines(good, what_if.answer(None, None, hinges)))
    assert "No single fact" not in page
    assert f"{hinges.untried} possible changes were not tried" in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("changes", [(), CRACKED])
def test_no_line_is_wider_than_the_page(good: Knowledge, language: Language, changes: Changes) -> None:
    what_if = asked(good, *changes)
    answers = [answered(what_if), answered(what_if, "people_below=5", "patrol_done=true"), what_if.answer(None, what_if.ways("yellow"))]
    for width in (60, 80):
        for answer in answers:
            page = render_what_if(answer, good, form="text", language=language, width=width)
            assert [x for x in page.splitlines() if columns_of(x) > width and good.digest not in x] == []


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_users_write_is_harmless(good: Knowledge, form: str) -> None:
    page = "\n".join(
        lines(good, answered(asked(good, ("case: pond", f"case: pond\ntitle: {{en: {json.dumps(HOSTILE)}, zh: x}}"))), form=form)
    )
    assert "\x1b" not in page
    assert "\u202e" not in page
    if form == "markdown":
        assert "<script>" not in page


# distances ----------------------------------------------------------------------------------------------------

NEXT = {
    "en": [
        "- Regulation on reporting and investigating production safety accidents: deaths",
        "  (actual or credible worst) 2 persons, general accident",
        "  As long as the other facts of the table stay as they are: direct economic loss",
        "  (actual or credible worst) and serious injuries (actual or credible worst).",
        "  1 person to the more severe larger accident (from 3 persons on)",
        "  2 persons to the milder no accident by these figures (up to 0 persons)",
    ],
    "zh": [
        "- 生产安全事故报告和调查处理条例：死亡人数（实际或可信最坏）2人，一般事故",
        "  表中其他事实保持不变：直接经济损失（实际或可信最坏）和重伤人数（实际或可信最",
        "  坏，含急性工业中毒）。",
        "  距较重的较大事故差1人（3人起）",
        "  距较轻的未达事故标准差2人（0人以下）",
    ],
}


def two_killed(kb: Knowledge) -> WhatIf:
    cases = dingji.read_cases(ROOT / "cases" / "accidents" / "order-493-deaths.yaml")
    return WhatIf(kb, next(c for c in cases if c.id == "order-493-deaths-2").check(kb))


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_far_each_figure_is_from_the_next_cell(kb: Knowledge, language: Language) -> None:
    """Order 493, Art. 3: from three killed on it is a larger accident."""
    page = render_what_if(two_killed(kb).answer(), kb, form="text", language=language).splitlines()
    first = page.index(NEXT[language][0])
    assert page[first : first + len(NEXT[language])] == NEXT[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_case_says_how_far_it_is_from_the_next_cell(kb: Knowledge, language: Language) -> None:
    what_if = two_killed(kb)
    views = changes_on_page(what_if.hinges(), kb, language, distances=what_if.distances())
    result = dingji.grade(kb, what_if.case)
    shown = said(section(parsed(render(result, kb, form="html", language=language, detail="panel", changes=views)), "changes"))
    assert catalogue(language)("what-if.distances") in shown
    assert NEXT[language][-2].strip() in shown
    markdown = render_what_if(what_if.answer(), kb, form="markdown", language=language)
    assert f"  - {NEXT[language][-1].strip()}" in markdown.splitlines()
