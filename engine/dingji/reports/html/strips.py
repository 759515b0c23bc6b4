"""A grade on its scale: one step per grade, the mildest first."""

from __future__ import annotations

from collections.abc import Sequence

from dingji.methods import model as m
from dingji.records import Record, replace
from dingji.reports.findings import FindingView, findings
from dingji.reports.values import Speech


class StepView(Record, frozen=True):
    """A grade of a scale. `state`: here (the grade), possible (still open) or empty; `silent`: it says only that nothing was found."""

    label: str
    colour: str
    state: str
    silent: bool


class StripView(Record, frozen=True):
    """A scale with the grade on it; `told` says the same in words, for those who don't see it."""

    title: str
    grade: str
    colour_word: str
    told: str
    steps: tuple[StepView, ...]


class ScaledFinding(Record, frozen=True):
    """A finding on its own scale and, where it counts, on that of the determination."""

    finding: FindingView
    edition: str
    status: str
    own: StripView | None
    shared: StripView | None


def strip(scale: str, grades: Sequence[str], speech: Speech) -> StripView | None:
    """A scale with the grades that are still possible; one of them alone is the grade. None without a grade to show."""
    words, found = speech.words, speech.knowledge.scales.get(scale)
    if found is None or not grades:
        return None
    state = "here" if len(grades) == 1 else "possible"
    steps = [
        StepView(speech.text(grade.label), grade.colour or "", state if grade.id in grades else "", grade.silent)
        for grade in reversed(found.grades)
    ]
    title, shown = speech.text(found.title), speech.grades(scale, tuple(grades))
    places = [number for number, step in enumerate(steps, 1) if step.state]
    if state == "here":
        told = words("html.strip.here", scale=title, grade=shown, place=places[0], of=len(steps))
    else:
        told = words("html.strip.possible", scale=title, grades=shown, of=len(steps))
    colour = speech.colour(scale, grades[0]) if state == "here" else ""
    return StripView(title, shown, words.choice("colour", colour) if colour else "", told, tuple(steps))


def scaled_findings(result: m.Result, speech: Speech) -> tuple[ScaledFinding, ...]:
    """The findings in the order of the other reports, each with its scales."""
    order = findings(result, speech)
    shown = []
    for finding in result.findings:
        (view,) = findings(replace(result, findings=(finding,)), speech)
        own = strip(finding.scale, _possible(finding), speech)
        counts = finding.counted and result.determination is not None
        shared = strip(result.determination.scale, finding.canonical, speech) if counts and result.determination else None
        shown.append(ScaledFinding(view, finding.edition, finding.status, own, shared))
    return tuple(sorted(shown, key=lambda each: order.index(each.finding)))


def _possible(finding: m.Finding) -> tuple[str, ...]:
    return (finding.grade,) if finding.grade is not None else finding.reachable
