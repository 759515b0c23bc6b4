"""Findings side by side, how they differ, and the editions of today, as finished strings."""

from __future__ import annotations

from dataclasses import dataclass

from dingji.methods import model as m
from dingji.reports.values import Speech


@dataclass(frozen=True, slots=True)
class FindingView:
    """What one method says under one instrument. `canonical` is its grade on the scale of the determination."""

    instrument: str
    edition: str
    method: str
    scale: str
    grade: str
    colour: str
    canonical: str
    status: str
    score: str
    remarks: tuple[str, ...]
    factors: str


@dataclass(frozen=True, slots=True)
class PairView:
    """A more severe finding, and why the milder one stays below it."""

    instrument: str
    grade: str
    reason: str


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A finding and all that are more severe."""

    instrument: str
    grade: str
    severer: tuple[PairView, ...]


@dataclass(frozen=True, slots=True)
class TodayView:
    """An edition applied, and the one that would apply today."""

    instrument: str
    applied: str
    edition: str


def findings(result: m.Result, speech: Speech) -> tuple[FindingView, ...]:
    """The findings: those that count first, the most severe on top, then those that stand beside."""
    scale = speech.knowledge.scales.get(result.determination.scale) if result.determination else None
    grades = [g.id for g in scale.grades] if scale else []

    def place(finding: m.Finding) -> tuple[bool, int]:
        first = finding.canonical[0] if finding.canonical else ""
        return not finding.counted, grades.index(first) if first in grades else len(grades)

    return tuple(_finding(f, result, speech) for f in sorted(result.findings, key=place))


def _finding(finding: m.Finding, result: m.Result, speech: Speech) -> FindingView:
    words = speech.words
    return FindingView(
        instrument=speech.text(finding.title),
        edition=finding.edition,
        method=words.choice("method", finding.method),
        scale=speech.text(finding.scale_title),
        grade=_grade(finding, speech),
        colour=finding.colour or "",
        canonical=_canonical(finding, result, speech),
        status=words.choice("status", finding.status),
        score=_score(finding, speech),
        remarks=tuple(_remarks(finding, speech)),
        factors=words.listed(map(speech.factor, finding.factors)),
    )


def _grade(finding: m.Finding, speech: Speech) -> str:
    if finding.grade_label is not None:
        return speech.text(finding.grade_label)
    shown = speech.grades(finding.scale, finding.reachable)
    return speech.words("grade.open", grades=shown) if finding.status == "undetermined" else shown


def _canonical(finding: m.Finding, result: m.Result, speech: Speech) -> str:
    if not finding.counted or result.determination is None:
        return speech.words("canonical.beside")
    shown = speech.grades(result.determination.scale, finding.canonical)
    return shown if len(finding.canonical) < 2 else speech.words("grade.open", grades=shown)


def _score(finding: m.Finding, speech: Speech) -> str:
    score = finding.score
    if score is None:
        return ""
    definition = speech.knowledge.facts.get(score.fact)
    value = speech.value(definition, score.value) if definition else score.value
    if score.distance_to_next is None:
        return value
    distance = speech.value(definition, score.distance_to_next) if definition else score.distance_to_next
    return speech.words("score.distance", value=value, distance=distance)


def _remarks(finding: m.Finding, speech: Speech) -> list[str]:
    """What the status alone does not tell."""
    words, title = speech.words, speech.text(finding.title)
    found = []
    if finding.silence is not None:
        found.append(words.choice("silence", finding.silence, instrument=title))
    if finding.conditional:
        found.append(words("remark.conditional", instrument=title))
    return found


def differences(result: m.Result, speech: Speech) -> tuple[DifferenceView, ...]:
    """Each finding with those above it, pair by pair."""
    pairs: dict[str, list[PairView]] = {}
    for difference in result.disagreement.differences:
        if difference.left_out:
            reason = speech.words("pair.left-out", factors=speech.words.listed(map(speech.factor, difference.left_out)))
        else:
            reason = speech.words("pair.weighs-otherwise")
        shown = PairView(speech.instrument(difference.severer), _on_scale(difference.severer, result, speech), reason)
        pairs.setdefault(difference.milder, []).append(shown)
    return tuple(DifferenceView(speech.instrument(i), _on_scale(i, result, speech), tuple(above)) for i, above in pairs.items())


def _on_scale(instrument: str, result: m.Result, speech: Speech) -> str:
    finding = result.finding(instrument)
    return _canonical(finding, result, speech) if finding is not None else ""


def today(result: m.Result, speech: Speech) -> tuple[TodayView, ...]:
    """The findings whose instrument has another edition today."""
    return tuple(
        TodayView(speech.instrument(f.today), speech.text(f.title), speech.edition(f.today)) for f in result.findings if f.today is not None
    )
