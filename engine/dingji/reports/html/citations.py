"""The documents that a report rests on: which edition, which places, and how sure we are of their text."""

from __future__ import annotations

from collections.abc import Iterator

from dingji.knowledge.shapes import WEAK
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.values import Speech


class PlaceView(Record, frozen=True):
    """A place of a document, and how sure we are of its text."""

    cite: str
    confidence: str
    weak: bool


class CitedView(Record, frozen=True):
    """A cited document."""

    title: str
    edition: str
    places: tuple[PlaceView, ...]


def citations(result: m.Result, speech: Speech) -> tuple[CitedView, ...]:
    """Every document that the proof or a duty cites, in the order in which it is met."""
    documents: dict[str, dict[tuple[str, str], None]] = {}
    for source, cite, confidence in _cited(result, speech):
        documents.setdefault(source, {})[cite, confidence] = None
    return tuple(
        CitedView(
            title=speech.source(source),
            edition=_edition(source, speech),
            places=tuple(PlaceView(cite, speech.words.choice("confidence", sure), sure in WEAK) for cite, sure in places),
        )
        for source, places in documents.items()
    )


def _cited(result: m.Result, speech: Speech) -> Iterator[tuple[str, str, str]]:
    for rule in _rules(result.proof):
        yield rule.source, speech.text(rule.cite), rule.confidence
    for duty in result.duties:
        yield duty.source, speech.text(duty.cite), duty.confidence


def _rules(proof: tuple[m.FactProof, ...]) -> Iterator[m.RuleProof]:
    for part in proof:
        yield from (*part.rules, *part.open_rules)
        yield from _rules(part.facts)


def _edition(source: str, speech: Speech) -> str:
    """Number, issuer and day of issue, as far as they are known."""
    document = speech.knowledge.sources.get(source)
    if document is None:
        return ""
    issued = speech.date(document.issued) if len(document.issued) > 4 else document.issued
    parts = [document.number, speech.text(document.issuer), speech.words("html.issued", day=issued) if issued else ""]
    return speech.words("list.semicolon").join(filter(None, parts))
