"""Findings side by side, how they differ, and the editions of today, as finished strings."""

from __future__ import annotations

from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.values import Speech


class FindingView(Record, frozen=True):
    """What one method says under one instrument. `named` is its title with the number of the edition, `canonical` its grade on
    the scale of the determination; `short` is the grade for one line, without those that are still possible.
    """

    instrument: str
    named: str
    method: str
    grade: str
    short: str
    colour: str
    canonical: str
    beside: bool
    status: str
    score: str


class PairView(Record, frozen=True):
    """A more severe finding, and why the milder one stays below it."""

    instrument: str
    grade: str
    reason: str


class DifferenceView(Record, frozen=True):
    """A finding and all that are more severe."""

    instrument: str
    grade: str
    severer: tuple[PairView, ...]


class TodayView(Record, frozen=True):
    """An edition applied, and the one that would apply today."""

    then: str
    now: str


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
        named=_named(speech.text(finding.title), finding.edition, speech),
        method=words.choice("method", finding.method),
        grade=_grade(finding, speech),
        short=words.choice("status", finding.status) if finding.status == "undetermined" else _grade(finding, speech),
        colour=finding.colour or "",
        canonical=_canonical(finding, result, speech),
        beside=not finding.counted,
        status=words.choice("status", finding.status),
        score=_score(finding, speech),
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


def remarks(result: m.Result, speech: Speech) -> tuple[str, ...]:
    """What the status of a finding alone does not tell: what a silence means, and doubts whether an instrument applies."""
    words, found = speech.words, []
    for finding in result.findings:
        title = speech.text(finding.title)
        if finding.silence is not None:
            found.append(words.choice("silence", finding.silence, instrument=title))
        if finding.conditional:
            found.append(words("remark.conditional", instrument=title))
    return tuple(found)


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
    found = []
    for finding in result.findings:
        if finding.today is not None:
            now = _named(speech.instrument(finding.today), speech.edition(finding.today), speech)
            found.append(TodayView(_named(speech.text(finding.title), finding.edition, speech), now))
    return tuple(found)


def _named(title: str, edition: str, speech: Speech) -> str:
    return speech.words("instrument.edition", instrument=title, edition=edition) if edition else title
