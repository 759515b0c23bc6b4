"""What to bring, in the places where somebody is asked or a dispute must be settled: over the small base with three kinds of evidence."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import dingji
from cli.test_commands import dingji as command
from dingji.audit.extract import extract, source_files
from dingji.disputes.settlement import Settlement
from dingji.reasoning.interview import Interview
from dingji.reports import Language
from dingji.reports.ask import Asker
from dingji.reports.dispute import render_dispute
from disputes.ponds import SOUND, dispute
from knowledge.mistakes import GOOD

KINDS = """\
evidence_kinds:
  gauge_book:
    label: {en: gauge book, zh: 水尺记录}
    note: {en: signed by the warden, zh: 由责任人签字}
    cite: {en: Art. 7, zh: 第七条}
    source: pond-evidence
    confidence: verified
  register: {label: {en: register of households, zh: 住户登记册}}
  photograph: {label: {en: photograph, zh: 照片}}
"""
SOURCE = "sources:\n  pond-evidence: {title: {en: Rules of evidence for ponds, zh: 水塘证据规则}}\n"
HALF = """\
case: pond
subject: hazard
as_of: 2015-06-01
scope: {region: north}
facts: {crest_level_m: 10, water_level_m: 5, cracks: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small base where people are shown by a register and a gauge book, whatever is observed else by photographs."""
    folder = tmp_path / "good"
    shutil.copytree(GOOD, folder)
    (folder / "evidence.yaml").write_text(KINDS, "utf-8")
    (folder / "more-sources.yaml").write_text(SOURCE, "utf-8")
    path = folder / "vocabulary.yaml"
    text = path.read_text("utf-8")
    for old, new in (
        ("facts:\n  subject:", "evidence:\n  observed:\n    - photograph\nfacts:\n  subject:"),
        ("    factor: people\n", "    factor: people\n    evidence: [register, gauge_book]\n"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return folder


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def interviewed(folder: Path) -> Interview:
    base = dingji.load(folder, cache=False)
    return Interview(base, dingji.parse_case(HALF).check(base))


@pytest.mark.parametrize(
    ("language", "line", "why", "kinds"),
    [
        ("en", "Have at hand: register of households; gauge book", "What would show it", "- gauge book: signed by the warden"),
        ("zh", "请备：住户登记册；水尺记录", "可用于证明的材料", "- 水尺记录：由责任人签字"),
    ],
)
def test_who_is_asked_hears_what_to_have_at_hand(folder: Path, language: Language, line: str, why: str, kinds: str) -> None:
    interview = interviewed(folder)
    asker = Asker(interview, language)
    candidate = next(c for c in interview.open() if c.fact == "people_below")
    assert line in flat(asker.question(candidate, 1))
    told = flat(asker.why(interview.reason("people_below")))
    assert why in told
    assert kinds in told
    for form in ("text", "markdown"):
        assert line in flat(asker.listing(form))


def test_without_kinds_of_evidence_nothing_is_said_of_them() -> None:
    interview = interviewed(GOOD)
    asker = Asker(interview, "en")
    assert "Have at hand" not in asker.listing("text")
    assert "What would show it" not in asker.why(interview.reason("people_below"))


def test_the_list_for_programs_names_them(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(HALF, "utf-8")
    run = command("ask", path, "--list", "--format", "json", "--knowledge", folder)
    (people,) = (q for q in json.loads(run.stdout)["questions"] if q["fact"] == "people_below")
    assert people["evidence"] == {
        "register": {"en": "register of households", "zh": "住户登记册"},
        "gauge_book": {"en": "gauge book", "zh": "水尺记录"},
    }


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Evidence that would show it, the best first: register of households; gauge book"),
        ("zh", "可用于查明的证据（首选在前）：住户登记册；水尺记录"),
    ],
)
def test_a_dispute_says_what_would_settle_an_issue(folder: Path, language: Language, said: str) -> None:
    settlement = Settlement(dispute(base := dingji.load(folder, cache=False), SOUND), base)
    assert said.replace(" ", "") in re.sub(r"\s+", "", render_dispute(settlement, None, form="text", language=language))


def test_the_base_shows_the_kinds_of_a_fact_and_the_facts_of_a_kind(folder: Path) -> None:
    fact = json.loads(command("kb", "show", "people_below", "--format", "json", "--knowledge", folder).stdout)
    assert fact["evidence"] == ["register  register of households", "gauge_book  gauge book"]
    kind = json.loads(command("kb", "show", "gauge_book", "--format", "json", "--lang", "zh", "--knowledge", folder).stdout)
    assert (kind["label"], kind["note"], kind["cite"], kind["source"]) == ("水尺记录", "由责任人签字", "第七条", "水塘证据规则")
    assert (kind["confidence"], kind["shows"]) == ("verified", ["people_below"])


def test_the_base_that_a_record_carries_keeps_its_evidence(folder: Path, tmp_path: Path) -> None:
    """What is usual in a file stands above its facts, the kinds in a file of their own, and a source stands behind a kind."""
    base = dingji.load(folder, cache=False)
    case = dingji.parse_case(HALF)
    checked = case.check(base)
    carried = extract(source_files(folder, base.digest), base, base, checked, dingji.grade(base, case))
    again = tmp_path / "again"
    for name, text in carried.items():
        (again / name).parent.mkdir(parents=True, exist_ok=True)
        (again / name).write_text(text, "utf-8")
    kept = dingji.load(again, cache=False)
    assert len(kept.facts) > 3
    assert {name: fact.evidence for name, fact in kept.facts.items()} == {name: base.facts[name].evidence for name in kept.facts}
    assert kept.facts["crest_level_m"].evidence == ("photograph",)
    assert kept.evidence.keys() == base.evidence.keys()
