"""Duties along a line of time: at once, day by day, when a day is known, and those without a time limit."""

from __future__ import annotations

import datetime as dt

from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.duties import cited
from dingji.reports.values import Speech

_ALWAYS = frozenset({"at_once", "no_limit"})
"""Where the heading says all about the time."""


class DutyLine(Record, frozen=True):
    """Who must do what; `limit` is how the day is reckoned, where the heading does not say it."""

    actor: str
    act: str
    limit: str
    cite: str


class StopView(Record, frozen=True):
    """The duties of one time. `kind` is at_once, dated, waiting or no_limit; `after` how long after the day of the case it is."""

    kind: str
    heading: str
    after: str
    duties: tuple[DutyLine, ...]


def timeline(result: m.Result, speech: Speech) -> tuple[StopView, ...]:
    """The duties by the time at which they fall due."""
    stops: dict[tuple[str, str], list[m.Duty]] = {}
    for duty in sorted(result.duties, key=_order):
        stops.setdefault(_order(duty)[1:], []).append(duty)
    return tuple(_stop(kind, day, found, result, speech) for (kind, day), found in stops.items())


def _order(duty: m.Duty) -> tuple[int, str, str]:
    if duty.kind == "at_once":
        return 0, "at_once", ""
    if duty.due:
        return 1, "dated", duty.due
    return (2, "waiting", "") if duty.kind != "none_stated" else (3, "no_limit", "")


def _stop(kind: str, day: str, found: list[m.Duty], result: m.Result, speech: Speech) -> StopView:
    words = speech.words
    lines = tuple(
        DutyLine(
            actor=speech.text(duty.actor_label),
            act=speech.text(duty.act),
            limit="" if kind in _ALWAYS else speech.text(duty.limit),
            cite=cited(duty, speech),
        )
        for duty in found
    )
    if not day:
        return StopView(kind, words.choice("agenda", kind), "", lines)
    days = (dt.date.fromisoformat(day) - dt.date.fromisoformat(result.as_of)).days
    return StopView(kind, words("agenda.by", day=speech.date(day)), words("html.duties.after", n=days) if days > 0 else "", lines)
