"""What an open question is good for, in words: the same in a report and in an interview."""

from __future__ import annotations

from collections.abc import Sequence

from dingji.knowledge.model import EvidenceKind
from dingji.language import types as t
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.values import Speech

MOST_QUESTIONS = 10
"""Questions that a report shows; nobody reads hundreds, and each answer makes others needless."""


class QuestionView(Record, frozen=True):
    """What to ask, and what the answer decides."""

    question: str
    decides: str


def questions(result: m.Result, speech: Speech) -> tuple[QuestionView, ...]:
    """The open questions of a result, best first, as many as anybody reads."""
    found = result.determination
    if found is None:
        return ()
    return tuple(
        QuestionView(speech.text(q.question), decides(q.fact, q.kind, q.decides, found.scale, speech))
        for q in result.unknown[:MOST_QUESTIONS]
    )


def more_questions(result: m.Result, speech: Speech) -> str:
    """How many questions are left out; empty if none is."""
    left = len(result.unknown) - MOST_QUESTIONS
    return speech.words("questions.more", n=left) if left > 0 and result.determination is not None else ""


def evidence_of(fact: str, speech: Speech) -> tuple[EvidenceKind, ...]:
    """The kinds of evidence that would show a fact, the best first."""
    known = speech.knowledge.evidence
    return tuple(known[kind] for kind in speech.knowledge.facts[fact].evidence)


def evidence_named(fact: str, speech: Speech) -> str:
    """Those kinds by their names, in one line; empty if the vocabulary names none."""
    return speech.words("list.semicolon").join(speech.text(kind.label) for kind in evidence_of(fact, speech))


def decides(fact: str, kind: str, grades: Sequence[str], scale: str, speech: Speech) -> str:
    """Which grades the answer for a fact decides between, and whether it does so alone."""
    words = speech.words
    named = [speech.grade(scale, grade) for grade in grades]
    if kind == "scope":
        return words("decides.scope")
    if kind in ("together", "open"):
        return words("decides.together", grades=words.listed(named))
    tried = isinstance(speech.knowledge.facts[fact].type, t.Bool | t.Enum | t.Number | t.Scale)
    if len(grades) == 1 or not tried:
        return words("decides.reached", grades=speech.grades(scale, tuple(grades)))
    return words("decides.alone", grades=words.listed(named))
