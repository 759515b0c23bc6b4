"""Duties as calendar entries (iCalendar, RFC 5545)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from dingji.errors import DingjiError, Problem
from dingji.methods.agenda import Item
from dingji.version import __version__


def calendar(items: Sequence[Item], on: dt.date, language: str) -> str:
    """An all-day entry on the last day of each duty that has one; what is due at once stands on the day `on`.

    The same duty of the same case keeps its identifier, so that importing it again moves the entry. Raises DingjiError if the
    icalendar package is not installed.
    """
    try:
        from icalendar import Calendar, Event
    except ImportError:
        raise DingjiError([Problem("icalendar", 0, 0, "X004", "the calendar needs a package", "pip install 'dingji[calendar]'")]) from None

    made = Calendar()
    made.add("prodid", f"-//dingji//{__version__}//{language.upper()}")
    made.add("version", "2.0")
    for item in items:
        day = on if item.group == "at_once" else dt.date.fromisoformat(item.duty.due) if item.duty.due else None
        if day is None:
            continue
        entry = Event()
        entry.add("uid", hashlib.sha256(f"{item.case} {item.duty.id}".encode()).hexdigest()[:32] + "@dingji")
        entry.add("dtstamp", dt.datetime.combine(on, dt.time(), dt.UTC))
        entry.add("dtstart", day)
        entry.add("dtend", day + dt.timedelta(days=1))
        entry.add("summary", f"{item.duty.actor_label.in_(language)}: {item.duty.act.in_(language)}")
        entry.add(
            "description", f"{item.title.in_(language)} ({item.case})\n{item.duty.limit.in_(language)}\n{item.duty.cite.in_(language)}"
        )
        entry.add("transp", "TRANSPARENT")
        made.add_component(entry)
    text: str = made.to_ical().decode()
    return text
