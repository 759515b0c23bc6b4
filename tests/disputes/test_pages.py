"""The pages of a dispute: sound HTML that stands alone, text that nobody's words can break, both grades of an override."""

from __future__ import annotations

import io
import re

import html5lib
import pytest

from dingji.disputes.ruling import record, rule
from dingji.disputes.settlement import Settlement
from dingji.knowledge.model import Knowledge
from dingji.reports import Form, Language
from dingji.reports.dispute import dispute_document, render_dispute

from .ponds import SOUND, between, dispute

RULED = SOUND + "ruling:\n  findings:\n    people_below: {finds: 100, reason: REASON}\n"
OVER = "  override: {grade: orange, justification: drained, authority: board, expires: 2016-01-01, duties_follow: computed}\n"
HOSTILE = '"<script>alert(1)</script> | *x* [l](javascript:x) \\e[31mred"'


def page(good: Knowledge, text: str, form: Form = "text", language: Language = "en") -> str:
    settlement = Settlement(dispute(good, text), good)
    return render_dispute(settlement, rule(settlement), form=form, language=language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", [SOUND, RULED, RULED + OVER, between("", "")])
def test_html_is_valid_and_stands_alone(good: Knowledge, text: str, language: Language) -> None:
    made = page(good, text, "html", language)
    html5lib.HTMLParser(strict=True).parse(made)
    assert f'<html lang="{language}">' in made
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*""", made) == []
    ids = re.findall(r'id="([^"]+)"', made)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', made)} <= set(ids)


def test_nobodys_words_break_a_page(good: Knowledge) -> None:
    text = RULED.replace("REASON", HOSTILE)
    html = page(good, text, "html")
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\x1b" not in page(good, text)
    markdown = page(good, text, "markdown")
    assert "&lt;script&gt;" in markdown
    assert r"\[l\](javascript:x)" in markdown


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_both_grades_of_an_override_stand_in_every_form(good: Knowledge, form: Form) -> None:
    made = page(good, RULED + OVER, form)
    assert "Computed from the findings: red" in made
    assert "Set by the panel until 2016-01-01: orange" in made
    assert "The duties below follow the computed grade." in made


DUTIES = {
    ("en", "computed"): "They follow the computed grade, red, not the one set by the panel, orange.",
    ("en", "override"): "They follow the grade set by the panel, orange, not the computed one, red.",
    ("zh", "computed"): "义务依计算结论（红）确定，不依评审组设定的等级（橙）。",
    ("zh", "override"): "义务依评审组设定的等级（橙）确定，不依计算结论（红）。",
}
LOWER = {"en": "The owner lowers the water.", "zh": "业主降低水位。"}


def every_form(good: Knowledge, text: str, language: Language) -> dict[str, str]:
    """The page in all forms of text, line breaks aside."""
    import docx

    settlement = Settlement(dispute(good, text), good)
    forms: tuple[Form, ...] = ("text", "markdown", "html")
    made = {form: " ".join(page(good, text, form, language).split()) for form in forms}
    word = docx.Document(io.BytesIO(dispute_document(settlement, rule(settlement), language=language)))
    return {**made, "docx": "\n".join(p.text for p in word.paragraphs)}


@pytest.mark.parametrize(("language", "follow"), DUTIES)
def test_duties_say_which_grade_they_follow(good: Knowledge, language: Language, follow: str) -> None:
    """The code's own grade is in dispute: at red the owner lowers the water, at orange nobody need."""
    over = OVER.replace("duties_follow: computed", f"duties_follow: {follow}")
    for form, made in every_form(good, SOUND + "about: pond.2010\n" + RULED.removeprefix(SOUND) + over, language).items():
        said = made.replace(" ", "") if language == "zh" else made
        assert DUTIES[language, follow].replace(" ", "" if language == "zh" else " ") in said, form
        assert (LOWER[language] in said) == (follow == "computed"), form


def test_duties_without_an_override_follow_the_only_grade(good: Knowledge) -> None:
    assert "follow the" not in every_form(good, RULED, "en")["text"].partition("Duties that follow")[2]


def test_doubtful_duties_have_actor_and_citation(good: Knowledge) -> None:
    """Orange either way, by the list or by the code; who reports turns on the code."""
    first, second = (f"facts: {{crack_width_mm: 21, water_level_m: {level}, people_below: 5}}" for level in ("5", "8.5"))
    text = (
        between(first, second + "\nreadings: {list.1: not_met}") + 'ruling: {findings: {"reading:list.1": {finds: not_met, reason: x}}}\n'
    )
    lines = page(good, text).partition("Duties that may follow\n")[2].partition("\nAppeal")[0].splitlines()
    assert [line for line in lines if line.startswith("- ")] == ["- by 2015-06-02 (within 3 days of: day found): The inspector reports."]
    assert "    inspector [Pond code, §11; assumed]" in lines
    html = page(good, text, "html")
    assert '<section id="doubtful"' in html


def test_the_day_in_the_head_is_the_one_that_was_found(good: Knowledge) -> None:
    text = between("relies_on: {as_of: 2021-01-01}", "")
    head = "graded as of {}\n"
    assert head.format("2021-01-01 or 2015-06-01") in page(good, text)
    assert head.format("2021-01-01") in page(good, text + "ruling: {findings: {as_of: {finds: 2021-01-01, reason: x}}}\n")
    assert head.format("2015-06-01") in page(good, text + "ruling: {findings: {as_of: {finds: 2015-06-01, reason: x}}}\n")
    both = between("relies_on: {as_of: 2021-01-01}", "relies_on: {as_of: 2021-01-01}\nfacts: {people_below: 5}")
    assert head.format("2021-01-01") in page(good, both)
    settlement = Settlement(dispute(good, text + "ruling: {findings: {as_of: {finds: 2021-01-01, reason: x}}}\n"), good)
    assert record(settlement, rule(settlement))["as_of"] == "2021-01-01"


CRACKS = "facts: {{cracks: [{{kind: along, width_mm: 3, wet: false}}, {{kind: across, width_mm: {}, wet: {}}}]}}"


def test_of_lists_only_the_rows_that_differ_are_shown(good: Knowledge) -> None:
    text = between(CRACKS.format(4, "false"), CRACKS.format(30, "true"))
    text += 'panel: [{member: ben, name: {en: Ben, zh: 本}}]\nruling: {findings: {cracks: {finds: "@two", reason: seen,'
    text += ' dissents: [{member: ben, finds: "@one", reason: dry}]}}}\n'
    made = " ".join(page(good, text).split())
    assert "- cracks: kind: across the crest, width: 30 mm, wet: yes (beside the one row that all hold)" in made
    assert "Ben dissents (kind: across the crest, width: 4 mm, wet: no (beside the one row that all hold)): dry" in made
    assert "along the crest" not in made
    fewer = "facts: {cracks: [{kind: along, width_mm: 3, wet: false}]}"
    assert "only the one row that all hold (one)" in " ".join(page(good, between(fewer, CRACKS.format(30, "true"))).split())
    apart = "facts: {cracks: [{kind: across, width_mm: 9, wet: true}]}"
    assert "kind: along the crest, width: 3 mm, wet: no (one)" in " ".join(page(good, between(fewer, apart)).split())


SURE = [
    # waves leave 1.0 m: clear by an assumed band, one worse: yellow; a pond that is not patrolled is slight, yellow by a verified row
    (
        "relies_on: {profiles: [waves]}\nfacts: {patrol_done: false, warden: Ann}",
        "relies_on: {profiles: [waves]}\nfacts: {patrol_done: false}",
        "waves.base.clear and waves.freeboard are assumed or unverified. The grade is not provisional all the same: another way",
    ),
    # orange by the code; that an empty list means clear is assumed, and decides nothing
    (
        "facts: {people_below: 5, warden: Ann}",
        "facts: {people_below: 5}",
        "notice-to-pond.none is assumed or unverified. The grade is not provisional all the same: it does not rest on it.",
    ),
]


@pytest.mark.parametrize(("first", "second", "said"), SURE)
def test_why_an_assumed_rule_does_not_make_the_ruling_provisional(good: Knowledge, first: str, second: str, said: str) -> None:
    text = between(first, second) + "ruling: {findings: {warden: {finds: Ann, reason: x}}}\n"
    made = " ".join(page(good, text).split())
    assert "It follows from the findings of the panel (determined)." in made
    assert f"Of these, {said}" in made


def test_a_provisional_ruling_has_no_such_excuse(good: Knowledge) -> None:
    """Waves alone, in a patrolled pond: yellow rests on the assumed band."""
    first = "relies_on: {profiles: [waves]}"
    made = page(good, between(f"{first}\nfacts: {{warden: Ann}}", first) + "ruling: {findings: {warden: {finds: Ann, reason: x}}}\n")
    assert "(provisional)" in made
    assert "Of these" not in made


def test_a_dispute_over_nothing_says_so(good: Knowledge) -> None:
    """Both say the same, yet claim different grades: red, whatever they claim."""
    made = page(good, between("", ""))
    assert "Nothing that the parties differ in changes the outcome" in made
    assert "Whatever is found, the outcome is: red." in made
    assert "Even on its own facts the outcome is red, not clear." in made


def test_a_word_document_holds_the_tree(good: Knowledge) -> None:
    import docx

    settlement = Settlement(dispute(good), good)
    document = docx.Document(io.BytesIO(dispute_document(settlement, language="en")))
    text = [p.text for p in document.paragraphs]
    assert "– 60 persons → orange" in text
    assert "– 100 persons → red" in text
    assert document.core_properties.title == "Dispute: The upper pond"
