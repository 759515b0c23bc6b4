"""Duties and warnings over many cases, as finished strings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from dingji.knowledge.model import Knowledge
from dingji.methods import model as m
from dingji.methods.agenda import GROUPS, Item
from dingji.records import Record
from dingji.reports.duties import cited
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech


class Line(Record, frozen=True):
    """One duty or warning: what it says, by whom and which text, of which case (empty where there is only one)."""

    head: str
    tail: str
    case: str


class Section(Record, frozen=True):
    """Lines under one heading."""

    heading: str
    lines: tuple[Line, ...]


class AgendaView(Record, frozen=True):
    """A page of sections; `nothing` is what stands there if there are none."""

    title: str
    nothing: str
    sections: tuple[Section, ...]


def duties(items: Sequence[Item], on: dt.date, knowledge: Knowledge, words: Catalogue) -> AgendaView:
    """What is due on a day: overdue first."""
    speech = Speech(knowledge, words)
    several = len({item.case for item in items}) > 1
    sections = [
        Section(words.choice("agenda", group), tuple(_line(item, several, speech) for item in items if item.group == group))
        for group in GROUPS
    ]
    title = words("agenda.title", day=speech.date(on.isoformat()), n=len(items))
    return AgendaView(title, words("agenda.nothing"), tuple(s for s in sections if s.lines))


def warnings(results: Sequence[m.Result], knowledge: Knowledge, words: Catalogue) -> AgendaView:
    """The warnings of each case that has any."""
    speech = Speech(knowledge, words)
    sections = []
    for result in results:
        if result.flags:
            lines = tuple(Line(speech.text(f.text), words("cite", cite=speech.text(f.cite)), "") for f in result.flags)
            sections.append(Section(words("review.case", title=speech.text(result.title), case=result.case), lines))
    count = sum(len(s.lines) for s in sections)
    return AgendaView(words("review.title", n=count, of=len(results)), words("review.nothing"), tuple(sections))


def _line(item: Item, several: bool, speech: Speech) -> Line:
    words, duty = speech.words, item.duty
    act, day = speech.text(duty.act), speech.date(duty.due) if duty.due else ""
    if item.group == "overdue":
        head = words("agenda.line", when=words("agenda.late", n=item.overdue_days, day=day), act=act)
    elif item.group == "dated":
        head = words("agenda.line", when=words("agenda.by", day=day), act=act)
    elif item.group == "waiting":
        head = words("agenda.line", when=speech.text(duty.limit), act=act)
    else:
        head = act  # the heading says when
    tail = words("agenda.actor", actor=speech.text(duty.actor_label), cite=cited(duty, speech))
    return Line(head, tail, words("review.case", title=speech.text(item.title), case=item.case) if several else "")
