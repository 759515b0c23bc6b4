"""What is due on a day, over any number of graded cases: overdue first, then at once, then by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from dingji.knowledge.model import Words
from dingji.methods.model import Duty, Result
from dingji.records import Record

GROUPS = ("overdue", "at_once", "dated", "waiting", "no_limit")


class Item(Record, frozen=True):
    """A duty of a case as it stands on a day.

    `group`: overdue, at_once, dated, waiting (for a day that the case does not state) or no_limit (none in the source: such a
    duty is never overdue). `overdue_days` counts from the day after the last day.
    """

    case: str
    title: Words
    group: str
    overdue_days: int
    duty: Duty


def agenda(results: Iterable[Result], on: dt.date) -> tuple[Item, ...]:
    """The duties of all results, in the order in which they ask for attention."""
    items = [_item(result, duty, on) for result in results for duty in result.duties]
    return tuple(sorted(items, key=lambda item: (GROUPS.index(item.group), item.duty.due or "", item.case)))


def _item(result: Result, duty: Duty, on: dt.date) -> Item:
    late = (on - dt.date.fromisoformat(duty.due)).days if duty.due else 0
    if duty.kind == "at_once":
        group = "at_once"
    elif duty.due:
        group = "overdue" if late > 0 else "dated"
    else:
        group = "no_limit" if duty.kind == "none_stated" else "waiting"
    return Item(result.case, result.title, group, max(0, late), duty)
