"""Kinds of evidence: what a fact names, what is usual in its file, and that the knowledge base leaves nobody without a hint."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dingji
from dingji.knowledge.model import Knowledge, Words
from dingji.reports.messages import catalogue
from dingji.reports.questions import evidence_named
from dingji.reports.values import Speech

from .mistakes import GOOD
from .small import graded

KINDS = """\
evidence_kinds:
  gauge_book:
    label: {en: gauge book, zh: 水尺记录}
    note: {en: signed by the warden, zh: 由责任人签字}
    cite: {en: Art. 7, zh: 第七条}
    source: pond-list
    confidence: verified
  photograph: {label: {en: photograph, zh: 照片}}
  expert_opinion: {label: {en: expert opinion, zh: 专家意见}}
"""


@pytest.fixture
def shown(tmp_path: Path) -> Knowledge:
    """The small base: photographs are usual for what is observed, an expert's opinion for what is judged; two facts name their own."""
    folder = tmp_path / "good"
    shutil.copytree(GOOD, folder)
    (folder / "evidence.yaml").write_text(KINDS, "utf-8")
    path = folder / "vocabulary.yaml"
    text = path.read_text("utf-8")
    for old, new in (
        ("facts:\n  subject:", "evidence: {observed: [photograph], judged: [expert_opinion]}\nfacts:\n  subject:"),
        ("  water_level_m:\n", "  water_level_m:\n    evidence: [gauge_book, photograph]\n"),
        ("    factor: people\n", "    factor: people\n    evidence: [gauge_book]\n"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return dingji.load(folder, cache=False)


def test_a_fact_has_its_own_evidence_or_what_is_usual_for_its_nature(shown: Knowledge) -> None:
    assert shown.facts["water_level_m"].evidence == ("gauge_book", "photograph")
    assert shown.facts["people_below"].evidence == ("gauge_book",)
    assert shown.facts["warden"].evidence == ("photograph",)
    judged = [f.evidence for f in shown.facts.values() if f.nature == "judged" and f.name != "people_below"]
    assert judged, "the small base has no other judged fact: say so here"
    assert set(judged) == {("expert_opinion",)}
    assert {f.evidence for f in shown.facts.values() if f.nature == "derived"} == {()}


def test_a_kind_says_what_it_must_show_and_which_text_names_it(shown: Knowledge) -> None:
    kind = shown.evidence["gauge_book"]
    assert (kind.label, kind.note, kind.cite) == (
        Words("gauge book", "水尺记录"),
        Words("signed by the warden", "由责任人签字"),
        Words("Art. 7", "第七条"),
    )
    assert (kind.source, kind.confidence, str(kind.place)) == ("pond-list", "verified", "good/evidence.yaml:2:3")
    assert (shown.evidence["photograph"].source, shown.evidence["photograph"].note) == ("", Words("", ""))


def test_the_kinds_are_named_in_the_language_of_the_reader_the_best_first(shown: Knowledge) -> None:
    named = {lang: evidence_named("water_level_m", Speech(shown, catalogue(lang))) for lang in ("en", "zh")}
    assert named == {"en": "gauge book; photograph", "zh": "水尺记录；照片"}


def test_evidence_changes_no_grade(good: Knowledge, shown: Knowledge) -> None:
    with_it, without = graded(shown).to_dict(), graded(good).to_dict()
    assert with_it.pop("knowledge") != without.pop("knowledge"), "two bases of different content"
    assert with_it["determination"]["grade"] == without["determination"]["grade"]
    assert [(f["instrument"], f["grade"]) for f in with_it["findings"]] == [(f["instrument"], f["grade"]) for f in without["findings"]]


def test_a_base_without_kinds_of_evidence_is_whole(good: Knowledge) -> None:
    assert good.evidence == {}
    assert {fact.evidence for fact in good.facts.values()} == {()}
    assert evidence_named("water_level_m", Speech(good, catalogue("en"))) == ""


# --- the knowledge base of the project


def test_every_fact_that_people_state_has_a_kind_of_evidence(kb: Knowledge) -> None:
    stated = [fact for fact in kb.facts.values() if fact.nature != "derived"]
    assert len(stated) > 2000
    assert [fact.name for fact in stated if not fact.evidence] == []


def test_nobody_is_asked_for_a_heap_of_papers(kb: Knowledge) -> None:
    assert [fact.name for fact in kb.facts.values() if len(fact.evidence) > 3] == []


def test_every_kind_is_named_by_some_fact_and_reads_alike_in_no_two_kinds(kb: Knowledge) -> None:
    named = {kind for fact in kb.facts.values() for kind in fact.evidence}
    assert sorted(set(kb.evidence) - named) == []
    for language in ("en", "zh"):
        labels = [kind.label.in_(language) for kind in kb.evidence.values()]
        assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("fact", "first"),
    [
        ("crane_vertical_clearance_m", "measurement"),  # a distance is measured
        ("direct_loss_cny", "accounts"),  # a loss is reckoned from vouchers
        ("potential_deaths", "medical_record"),
        ("grid_events", "dispatch_record"),
        ("work_safety_licence_valid", "certificate"),
        ("special_operator_certified", "certificate"),
        ("confined_space_trained", "training_record"),
        ("work_ticket_present", "work_permit"),
        ("special_plan_exists", "work_plan"),
        ("design_dry_beach_length_m", "design_document"),
        ("face_methane_pct", "monitoring_data"),
        ("acetylene_ul_l", "test_report"),
        ("gas_grade", "appraisal_report"),
        ("weather", "weather_record"),
        ("safety_agreement_signed", "contract"),
        ("accident_reported_on", "official_document"),
        ("std_points", "score_sheet"),
        ("sprinkler_required", "rule_text"),
        ("auto_fire_alarm_works", "maintenance_record"),
        ("exit_blocked", "site_record"),
    ],
)
def test_the_first_kind_is_what_an_inspector_would_ask_for(kb: Knowledge, fact: str, first: str) -> None:
    assert kb.facts[fact].evidence[0] == first
