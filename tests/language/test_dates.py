"""Days reckoned from other days. The examples are read from calendars and from the published holiday arrangements."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingji.errors import CaseError
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.dates import apart, is_working_day, last_day, shifted
from dingji.language.evaluate import compile_node
from dingji.language.parser import ExpressionError, parse

DAY = dt.date.fromisoformat
VOCABULARY: dict[str, t.Type] = {
    "began": t.Date(),
    "limit": t.Number((("d", 1),), integer=True),
    "term": t.Number((("mo", 1),), integer=True),
    "weight": t.Number((("t", 1),)),
}


@pytest.mark.parametrize(
    ("unit", "day", "amount", "expected"),
    [
        ("days_after", "2012-03-10", 1, "2012-03-11"),
        ("days_after", "2012-03-01", -1, "2012-02-29"),
        ("months_after", "2011-11-30", 3, "2012-02-29"),  # the notes' T35: clipped to the month's end
        ("months_after", "2012-01-31", 3, "2012-04-30"),
        ("months_after", "2012-02-29", 12, "2013-02-28"),
        ("months_after", "2012-03-31", -1, "2012-02-29"),
        ("months_after", "2012-12-15", 1, "2013-01-15"),
        ("working_days_after", "2014-03-28", -20, "2014-02-28"),  # ET-07: the last timely application
        ("working_days_after", "2014-02-28", 10, "2014-03-14"),  # ET-07: the decision
        ("working_days_after", "2014-03-03", 3, "2014-03-06"),  # ET-16: filing
        ("working_days_after", "2014-03-03", 5, "2014-03-10"),  # ET-16: publication
        ("working_days_after", "2024-03-04", 7, "2024-03-13"),  # ET-24
        ("working_days_after", "2024-09-30", 1, "2024-10-08"),  # the National Day holiday
        ("working_days_after", "2024-10-11", 1, "2024-10-12"),  # a Saturday worked in exchange
        ("working_days_after", "2024-10-08", 0, "2024-10-08"),
    ],
)
def test_days_later(unit: str, day: str, amount: int, expected: str) -> None:
    assert shifted(unit, DAY(day), amount) == DAY(expected)


@pytest.mark.parametrize(
    ("day", "period", "expected"),
    [
        ("2012-02-10", "month", "2012-02-29"),
        ("2012-02-29", "quarter", "2012-03-31"),
        ("2012-04-01", "quarter", "2012-06-30"),
        ("2012-06-30", "half_year", "2012-06-30"),
        ("2012-07-01", "half_year", "2012-12-31"),
        ("2012-07-01", "year", "2012-12-31"),
    ],
)
def test_last_day(day: str, period: str, expected: str) -> None:
    assert last_day(DAY(day), period) == DAY(expected)


def test_working_days_between() -> None:
    assert apart("working_days_between", DAY("2014-03-03"), DAY("2014-03-28")) == 19  # ET-07: one day too few
    assert apart("working_days_between", DAY("2014-02-28"), DAY("2014-03-28")) == 20
    assert apart("working_days_between", DAY("2014-03-28"), DAY("2014-02-28")) == -20
    assert apart("working_days_between", DAY("2024-10-01"), DAY("2024-10-07")) == 0


@given(st.dates(DAY("2005-01-01"), DAY("2024-12-31")), st.integers(0, 60))
def test_a_working_day_so_much_later_is_one_and_so_far_away(day: dt.date, amount: int) -> None:
    later = shifted("working_days_after", day, amount)
    assert later is not None
    assert amount == 0 or is_working_day(later)
    assert apart("working_days_between", day, later) == amount


@given(st.dates(DAY("1990-01-01"), DAY("2050-12-31")), st.integers(-500, 500))
def test_a_month_so_much_later_is_so_far_away(day: dt.date, amount: int) -> None:
    later = shifted("months_after", day, amount)
    assert later is not None
    assert (later.year - day.year) * 12 + later.month - day.month == amount
    assert later.day == day.day or (later + dt.timedelta(days=1)).day == 1


def test_what_is_not_known_stays_unknown() -> None:
    assert shifted("days_after", None, 3) is None
    assert shifted("days_after", DAY("2020-01-01"), None) is None
    assert last_day(None, "month") is None
    assert apart("working_days_between", None, DAY("2020-01-01")) is None
    assert shifted("months_after", DAY("9999-12-01"), 1) is None, "beyond the calendar"


def test_a_year_without_holiday_arrangements_is_an_error() -> None:
    with pytest.raises(CaseError) as caught:
        shifted("working_days_after", DAY("2003-12-30"), 1)
    (problem,) = caught.value.problems
    assert (problem.code, "2003" in problem.message) == ("C028", True)


@pytest.mark.parametrize(
    ("source", "facts", "expected"),
    [
        ('days_after(began, 3) == date("2020-02-03")', {"began": DAY("2020-01-31")}, True),
        ('days_after(began, limit) > date("2020-02-02")', {"began": DAY("2020-01-31"), "limit": 3}, True),
        ('months_after(began, term) == date("2020-02-29")', {"began": DAY("2020-01-31"), "term": 1}, True),
        ('last_day(months_after(began, 1), "month") == date("2020-02-29")', {"began": DAY("2020-01-15")}, True),
        ('days_after(last_day(began, "quarter"), 15) == date("2020-04-15")', {"began": DAY("2020-01-15")}, True),
        ("days_after(began, limit) > began", {"began": DAY("2020-01-31")}, None),
    ],
)
def test_expressions(source: str, facts: dict[str, object], expected: bool | None) -> None:
    assert compile_node(check(parse(source), VOCABULARY, t.Bool()), {})(dict(facts)) is expected


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("days_after(limit, 3) > began", "takes a date first, this is a number in d"),
        ("days_after(began, term) > began", "units differ"),
        ("days_after(began, 1.5) > began", "whole number"),
        ('days_after(began, "x") > began', ""),
        ('last_day(began, "decade") > began', "takes a period second"),
        ("last_day(began, limit) > began", "takes a period second"),
        ("days_after(began) > began", "2 arguments"),
    ],
)
def test_mistakes(source: str, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(parse(source), VOCABULARY, t.Bool())
    assert says in caught.value.message
