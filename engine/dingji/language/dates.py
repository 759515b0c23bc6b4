"""Days of the calendar: periods between them, days so much later, working days of the People's Republic of China.

Working days come from the published holiday arrangements (with the weekends that are worked in exchange), as kept by the
chinesecalendar package. For a year it does not know there is no answer: the arrangement of a coming year is a decision of
the State Council, not a sum.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

from dingji.errors import CaseError, Problem

PERIODS = ("month", "quarter", "half_year", "year")
SHIFTS = ("days_after", "months_after", "working_days_after")
BETWEEN = ("days_between", "working_days_between", "months_between", "years_between")


def apart(unit: str, a: Any, b: Any) -> int | None:
    """Whole days, working days, months or years from date `a` to date `b`; negative if `b` is earlier. Partly known dates: unknown.

    Days count from the day after the first to the last: three days lie between Monday and Thursday.
    """
    if not isinstance(a, dt.date) or not isinstance(b, dt.date):
        return None
    if unit == "days_between":
        return (b - a).days
    if b < a:
        backwards = apart(unit, b, a)
        return None if backwards is None else -backwards
    if unit == "working_days_between":
        return sum(is_working_day(a + dt.timedelta(days=n)) for n in range(1, (b - a).days + 1))
    # a month is complete on the same day of a later month, or on its last day if the month is shorter
    months = (b.year - a.year) * 12 + b.month - a.month
    if b.day < a.day and (b + dt.timedelta(days=1)).day != 1:
        months -= 1
    return months if unit == "months_between" else months // 12


def shifted(unit: str, day: Any, amount: Any) -> dt.date | None:
    """The day so many days, months or working days after `day` (before it, if negative); unknown unless both are known.

    A month ends on its last day at the latest: one month after 31 January is the last of February. None beyond the calendar.
    """
    if not isinstance(day, dt.date) or not isinstance(amount, int):
        return None
    try:
        if unit == "days_after":
            return day + dt.timedelta(days=amount)
        if unit == "working_days_after":
            return _working_days_after(day, amount)
        years, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
        return dt.date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))
    except (OverflowError, ValueError):
        return None


def _working_days_after(day: dt.date, amount: int) -> dt.date:
    step = dt.timedelta(days=1 if amount > 0 else -1)
    for _ in range(abs(amount)):
        day += step
        while not is_working_day(day):
            day += step
    return day


def last_day(day: Any, period: str) -> dt.date | None:
    """The last day of the month, quarter, half-year or year in which `day` lies; unknown if the day is."""
    if not isinstance(day, dt.date):
        return None
    length = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[period]
    month = -(-day.month // length) * length
    return dt.date(day.year, month, calendar.monthrange(day.year, month)[1])


def is_working_day(day: dt.date) -> bool:
    """Is it a working day by the holiday arrangements? Raises CaseError (C028) for a year they do not cover."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        message = f"the working days of {day.year} are not known: the holiday calendar has no such year"
        raise CaseError([Problem("calendar", 0, 0, "C028", message, "a newer chinesecalendar package may have it")]) from None
