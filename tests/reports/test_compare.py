"""A comparison in words: reasons, figures, signs, both languages."""

from __future__ import annotations

import re

import pytest
import wcwidth

from comparison.samples import AGREED, SILENT, UNJUDGED, case, compared, deaths, official, survey
from dingji.comparison import precedents
from dingji.comparison.model import KINDS, Comparison, Reason
from dingji.knowledge.model import Knowledge
from dingji.reports.compare import MOST, comparison, render_comparison
from dingji.reports.compare_reasons import Reasons
from dingji.reports.messages import catalogue
from dingji.reports.values import Speech

from .samples import LANGUAGES


@pytest.fixture(scope="module")
def found(kb: Knowledge) -> Comparison:
    """Every kind of case: disputed, agreed, silent list, facts unknown, experts, official grades, a precedent."""
    peers, _ = precedents.settled(kb, [case(kb, deaths(3), name="settled", more=official("II-major"))])
    cases = [case(kb, name=f"c{n}", more=survey("II", "III casualties", "IV") + official("general", by="north")) for n in range(10)]
    cases += [case(kb, *AGREED, name="calm"), case(kb, SILENT, name="silent"), case(kb, UNJUDGED, name="open")]
    return compared(kb, *cases, settled=peers, screen=True)


def shown(found: Comparison, kb: Knowledge, language: str, form: str = "text", width: int = 80) -> str:
    return render_comparison(found, kb, form=form, language=language, width=width, screening=True, precedents=True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_keeps_to_its_width(found: Comparison, kb: Knowledge, language: str, width: int) -> None:
    assert [line for line in shown(found, kb, language, width=width).splitlines() if wcwidth.width(line) > width] == []


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_chinese_report_is_chinese(found: Comparison, kb: Knowledge, form: str) -> None:
    text = shown(found, kb, "zh", form)
    words = set(re.findall(r"[A-Za-z][a-z]{3,}", re.sub(r"[\w.-]*[.\d-][\w.-]*", "", text)))
    assert words <= {"calm", "silent", "open", "settled", "north", "kappa", "json", "xlsx", "deaths"}


def test_signs_in_the_table_of_cases(found: Comparison, kb: Knowledge) -> None:
    lines = {line.split()[0]: line.split() for line in shown(found, kb, "en").splitlines() if line.strip()}
    # official, experts, examples, consequence, risk, apart; III by the county and the list, the experts' median is III
    assert lines["c0"][:1] == ["c0"]
    assert lines["c0"][-4:] == ["III", "II*", "II*", "1"]
    assert lines["silent"][-4:] == ["–", "II*", "II*", "0"]
    assert lines["open"][-4:] == ["III", "I/II?", "?", "–"]
    assert lines["calm"][-1] == "0"


def test_the_summary_counts_classes(found: Comparison, kb: Knowledge) -> None:
    text = shown(found, kb, "en")
    # twelve differ: ten with a slip of expert b, the silent list, the open one by what the list leaves out
    assert "The methods differ in 12 of 13 cases, in 11 of them by their grades" in " ".join(text.split())
    assert "- 8% (1 of 12): the example list is silent" in text


def test_what_is_not_asked_for_is_not_told(found: Comparison, kb: Knowledge) -> None:
    text = render_comparison(found, kb, form="text", language="en")
    assert "Precedents" not in text
    assert "Cases that deserve a calculation" not in text
    assert "Precedents" in shown(found, kb, "en")


def test_markdown_tables_have_as_many_cells_in_each_row(found: Comparison, kb: Knowledge) -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", shown(found, kb, "en", "markdown"), flags=re.MULTILINE)
    assert len(blocks) > 6
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence(kb: Knowledge, language: str) -> None:
    reasons = Reasons(Speech(kb, catalogue(language)))
    said = {reasons.sentence(Reason(kind, facts=("potential_deaths",), rules=("a", "b", "c", "d", "e"))) for kind in KINDS}
    assert len(said) == len(KINDS)


def test_a_long_list_of_rules_is_cut_and_counted(kb: Knowledge) -> None:
    reasons = Reasons(Speech(kb, catalogue("en")))
    assert reasons.sentence(Reason("different_facts", rules=tuple("abcdef"))).endswith("rules: a, b, c, d and 2 more")


def test_many_cases_are_cut_and_counted(kb: Knowledge) -> None:
    many = compared(kb, *(case(kb, name=f"c{n}") for n in range(MOST + 2)))
    view = comparison(many, kb, catalogue("en"), screening=False, precedents=False)
    assert (len(view.cases.rows), len(view.reasons)) == (MOST, MOST)
    assert view.rest.startswith("2 more cases differ")


def test_verdict_words_name_their_source(found: Comparison, kb: Knowledge) -> None:
    assert "Landis" in shown(found, kb, "en") or "Krippendorff" in shown(found, kb, "en")
