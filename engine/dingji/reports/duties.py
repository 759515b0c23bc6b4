"""Duties in the order in which they fall due, as finished strings."""

from __future__ import annotations

from dingji.knowledge.shapes import WEAK
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.values import Speech


class DutyView(Record, frozen=True):
    """Who must do what, by when. `day` is empty where the source names no time or the case not the day it runs from."""

    due: str
    day: str
    at_once: bool
    actor: str
    act: str
    cite: str


def duties(result: m.Result, speech: Speech) -> tuple[DutyView, ...]:
    """What is due at once, then by day, then what waits for a day, then what has no time limit."""

    def order(duty: m.Duty) -> tuple[int, str]:
        return (0 if duty.kind == "at_once" else 1 if duty.due else 2 if duty.kind != "none_stated" else 3), duty.due or ""

    return tuple(_duty(duty, speech) for duty in sorted(result.duties, key=order))


def _duty(duty: m.Duty, speech: Speech) -> DutyView:
    words, limit = speech.words, speech.text(duty.limit)
    day = speech.date(duty.due) if duty.due else ""
    return DutyView(
        due=words("due.day", day=day, limit=limit) if day else limit,
        day=day,
        at_once=duty.kind == "at_once",
        actor=speech.text(duty.actor_label),
        act=speech.text(duty.act),
        cite=cited(duty, speech),
    )


def cited(duty: m.Duty, speech: Speech) -> str:
    """The text that a duty comes from, with how sure we are of it where we are not."""
    words = speech.words
    cite = words("cited", cite=speech.text(duty.cite), document=speech.source(duty.source))
    if duty.confidence in WEAK:
        cite = words("cited.sure", cited=cite, confidence=words.choice("confidence", duty.confidence))
    return words("cite", cite=cite)
