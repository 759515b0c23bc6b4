"""From the cell of a table to the value of a fact.

A cell is brought into the form that case files have (`1,234.5` becomes 1234.5, `2024年7月5日` becomes 2024-07-05) and then
goes through the checks of case files.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import yaml

from dingji.cases.values import Values
from dingji.documents import Document, Problems
from dingji.errors import Problem
from dingji.language import types as t
from dingji.language.units import parse_unit, show
from dingji.language.values import CONTEXT
from dingji.records import Record
from dingji.shapes import Reader
from dingji.tables.model import Column
from dingji.tables.writing import unguarded

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
EPOCH = dt.date(1899, 12, 30)
"""Day 0 of spreadsheets, as far as days after February 1900 are concerned."""
SERIAL = re.compile(r"[2-7]\d{4}(\.\d+)?", re.ASCII)
"""A day as a spreadsheet counts: 1954 to 2119."""
DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年 ?(\d{1,2})月 ?)(\d{1,2})日?(?:[ T]\d{1,2}:\d{2}.{0,20})?", re.ASCII)
DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_GROUPED = re.compile(r"([-+]?)(\d{1,3}(?:([,'])\d{3})(?:\3\d{3})*)(?!\d)", re.ASCII)
"""Thousands set apart. Not by a space: `220 500` may be two numbers."""
_NUMBER = re.compile(r"([-+]?)(\d{0,30})(?:\.(\d{0,20}))?(?:[eE]([-+]?\d{1,2}))?(?: *([^\d\s.].*))?", re.ASCII)
_MARK = yaml.Mark("", 0, 0, 0, "", 0)
_TAG = "tag:yaml.org,2002:str"
MOST_KEPT = 1000
"""Texts of a column whose values are remembered."""


class Refused(Record, frozen=True):
    """A cell that gives no value, such as a formula without a result: why, and what to do.

    `value` is what a header in this place says nevertheless: that of the merged range.
    """

    code: str
    message: str
    hint: str
    value: Any = None


class _Blank:
    """Nothing was written in the cell."""

    def __repr__(self) -> str:
        return "BLANK"


BLANK = _Blank()


def text_of(raw: Any) -> str:
    """A cell as text: whole numbers without a point, numbers with the fifteen digits that spreadsheets keep."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, float):
        raw = Decimal(format(raw, ".15g"))
    if isinstance(raw, Decimal):
        return format(raw.normalize(CONTEXT), "f") if raw.is_finite() and abs(raw.adjusted()) < 60 else str(raw)
    if isinstance(raw, dt.datetime):
        return raw.date().isoformat()
    return str(raw).strip()


def serial_day(raw: Any, epoch: dt.date) -> Any:
    """The day that a number counts in a spreadsheet, if it can be one; else what is given."""
    return epoch + dt.timedelta(days=int(raw)) if isinstance(raw, int | float) and SERIAL.fullmatch(text_of(raw)) else raw


def number_text(text: str, column: Column) -> str | None:
    """A number as case files write it, followed by its unit if the cell names another than the fact's; None if it is none."""
    found = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if column.decimal == ",":
        found = found.replace(".", "'").replace(",", ".")
    if grouped := _GROUPED.match(found):
        found = grouped[1] + grouped[2].replace(grouped[3], "") + found[grouped.end() :]
    match = _NUMBER.fullmatch(found)
    if not match or not (match[2] or match[3]):
        return None
    sign, whole, part, exponent, unit = match.groups()
    number = Decimal(f"{sign}{whole or 0}.{part or 0}")
    if exponent:
        number = number.scaleb(int(exponent), CONTEXT)
    kind = column.type
    label = (unit or "").strip()
    own = column.unit or (show(kind.unit) if isinstance(kind, t.Number) else "")
    if label == "%" and own != "%" and isinstance(kind, t.Number) and not kind.unit:
        number, label = number.scaleb(-2, CONTEXT), ""  # that is what the sign means where the fact has no unit
    if column.times is not None and label in ("", own):
        number, label = CONTEXT.multiply(number, Decimal(column.times)), ""
    if label and parse_unit(label) == (kind.unit if isinstance(kind, t.Number) else ()):
        label = ""
    return f"{text_of(number)} {label}".strip()


def day_text(text: str, column: Column) -> str | None:
    """A day as case files write it; None if it is none of the forms understood."""
    if column.day:
        try:
            return dt.datetime.strptime(text, column.day).date().isoformat()
        except ValueError:
            return f"{text} (the form is {column.day})"
    found = unicodedata.normalize("NFKC", text).strip()
    if match := DAY.fullmatch(found) or DIGITS.fullmatch(found):
        year, *month, day = [part for part in match.groups() if part]
        return f"{year}-{month[0]:0>2}-{day:0>2}"
    if SERIAL.fullmatch(found):
        return (EPOCH + dt.timedelta(days=int(found.partition(".")[0]))).isoformat()
    return None


_FORMS: dict[type[t.Type], Callable[[str, Column], str | None]] = {t.Number: number_text, t.Date: day_text}


class CellReader:
    """Reads the cells of one column. `called` is the name of the fact or field in messages.

    `guarded` says that texts may carry the guard which `dingji.tables.writing` puts before a formula; `epoch` is day 0 of the
    workbook.
    """

    def __init__(self, column: Column, called: str, *, guarded: bool = False, epoch: dt.date = EPOCH) -> None:
        self.column, self.called, self.guarded, self.epoch = column, called, guarded, epoch
        self._kept: dict[Any, tuple[Any, tuple[Problem, ...]]] = {}

    def read(self, raw: Any) -> tuple[Any, tuple[Problem, ...]]:
        """The value (BLANK, None for unknown) and the problems, which have no place yet."""
        key = raw if raw.__class__ is str else (raw.__class__, raw)
        try:
            kept = self._kept.get(key)
        except TypeError:  # a list or mapping of JSON
            return self._read(raw)
        if kept is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            kept = self._kept[key] = self._read(raw)
        return kept

    def _read(self, raw: Any) -> tuple[Any, tuple[Problem, ...]]:
        column = self.column
        if isinstance(raw, Refused):
            return None, (self._problem(raw.code, raw.message, raw.hint),)
        if isinstance(raw, dict | list | tuple):
            kind = "an object" if isinstance(raw, dict) else "a list"
            message = f"{self.called}: one value is expected, not {kind}"
            return None, (self._problem("C021", message, "write the value itself; only facts that are lists hold lists"),)
        if isinstance(column.type, t.Date):
            raw = serial_day(raw, self.epoch)
        text = unguarded(text_of(raw)) if self.guarded else text_of(raw)
        if not text:
            return BLANK, ()
        if CONTROL.search(text):
            return None, (self._problem("C068", f"{self.called}: the text holds control characters", "type the cell again"),)
        if isinstance(raw, bool) and isinstance(column.type, t.Bool):
            return raw, ()
        words = " ".join(text.split())
        if words in column.values:
            return column.values[words], ()
        if words in column.unknown:
            return None, ()
        return self._checked(text)

    def _checked(self, text: str) -> tuple[Any, tuple[Problem, ...]]:
        kind = self.column.type
        form = _FORMS.get(type(kind))
        shown = form(text, self.column) if form else text
        # in quotes: text is text whatever it looks like, and what was not understood is no number though it may begin with one
        style = '"' if isinstance(kind, t.Text) or shown is None else None
        node = yaml.ScalarNode(_TAG, text if shown is None else shown, _MARK, _MARK, style=style)
        problems = Problems("C")
        value = Values(Reader(Document("", "", node), problems)).scalar(self.called, kind, node)
        return value, tuple(self._problem(p.code, p.message, p.hint) for p in problems.found)

    def _problem(self, code: str, message: str, hint: str) -> Problem:
        return Problem("", 0, 0, code, f"column {self.column.header!r}: {message}", hint)
