"""A result as a page: the view of the text reports, and what only a page can show beside it."""

from __future__ import annotations

from dingji.knowledge.model import Knowledge
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.html.citations import CitedView, citations
from dingji.reports.html.facts import FactGroup, stated_facts
from dingji.reports.html.matrix import MatrixView, matrices
from dingji.reports.html.strips import ScaledFinding, StripView, scaled_findings, strip
from dingji.reports.html.timeline import StopView, timeline
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech
from dingji.reports.view import Report, report

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""Language tags of pages."""


class ChangeView(Record, frozen=True):
    """A change of the facts and the grade that it leads to, as one line with its details; or a `note` on what was looked for."""

    head: str
    details: tuple[str, ...] = ()
    note: bool = False


class PageView(Record, frozen=True):
    """A graded case on a page. `report` is what all reports show; `strip` the determination on its scale."""

    language: str
    report: Report
    status: str
    status_word: str
    strip: StripView | None
    findings: tuple[ScaledFinding, ...]
    matrices: tuple[MatrixView, ...]
    facts: tuple[FactGroup, ...]
    timeline: tuple[StopView, ...]
    citations: tuple[CitedView, ...]
    changes: tuple[ChangeView, ...]


def page(result: m.Result, knowledge: Knowledge, words: Catalogue, *, with_proof: bool, changes: tuple[ChangeView, ...] = ()) -> PageView:
    """The view of a result in the language of the catalogue. `changes` come from whoever looked for them; grading does not."""
    speech = Speech(knowledge, words)
    found = result.determination
    return PageView(
        language=LANGUAGES.get(words.language, words.language),
        report=report(result, knowledge, words, with_proof=with_proof),
        status=found.status if found else "none",
        status_word=words.choice("status", found.status) if found else "",
        strip=strip(found.scale, (found.grade,) if found.grade is not None else found.reachable, speech) if found else None,
        findings=scaled_findings(result, speech),
        matrices=matrices(result, speech),
        facts=stated_facts(result, speech) if with_proof else (),
        timeline=timeline(result, speech),
        citations=citations(result, speech) if with_proof else (),
        changes=changes,
    )
