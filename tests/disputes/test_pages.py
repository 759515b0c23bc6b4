"""The pages of a dispute: sound HTML that stands alone, text that nobody's words can break, both grades of an override."""

from __future__ import annotations

import io
import re

import html5lib
import pytest

from dingji.disputes.ruling import rule
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
