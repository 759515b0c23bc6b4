"""The cells of a table in SQL: what `dingji.tables.cells` reads from them, for the spellings that leave no question.

A cell that is spelled in any other way is odd: its row goes to the row reader, which finds its value or says what is wrong.

Texts are read by functions of one column and constants, no CASE and no cast: of a column with few different texts DuckDB has
the function answer once for each text, and not for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from dingji.batch.register import MOST_PLACES, quoted
from dingji.batch.statement import sql as q
from dingji.batch.statement.schema import Stored
from dingji.language import types as t
from dingji.records import Record, field
from dingji.tables.cells import CONTROL
from dingji.tables.model import Column

LONGEST = 1900
"""Characters of a text that is surely not too long."""
_STRANGE = r"[\x00-\x1f\x7f\x{fffe}\x{ffff}]|^[\p{Z}\x{85}'']|[\p{Z}\x{85}]$"
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")
_NARROW = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_DAY = r"\d{4}(-\d{1,2}-|/\d{1,2}/|\.\d{1,2}\.|年\d{1,2}月)\d{1,2}日?|\d{8}"
_PARTS = r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?"
_DIGITS, _PLACES = 14, MOST_PLACES - 4
"""Digits before and after the point of a number that leaves no question."""
_MOST = 10**_DIGITS


class Cell(Record, frozen=True):
    """A cell: its text (NULL: blank), its value (NULL: unknown) and whether it is odd (never NULL).

    `codes`: columns that must stand beside the cell for `value` and `odd` to read, and their expressions.
    `whole` and `places` find, over all rows, how many digits the numbers have before and after the point.
    """

    text: str
    value: str
    odd: str
    codes: dict[str, str] = field(default_factory=dict)
    whole: str = ""
    places: str = ""


class _Read(Record, frozen=True):
    """How a cell that no word stands for is read: its value, and whether it has none although it is not blank."""

    value: str
    bad: str
    codes: dict[str, str] = field(default_factory=dict)
    whole: str = ""
    places: str = ""


def cell(column: Column, name: str, source: str, stored: Stored | None = None) -> Cell:
    """The cell of a column that stands as `name` in a table, where it has the SQL type `source`."""
    if isinstance(column.type, t.Bool) and source == "BOOLEAN":
        return Cell(f"CAST({name} AS VARCHAR)", name, "FALSE")
    text, surely = _text(name, source)
    if not surely:
        return Cell(text, f"CAST(NULL AS {_type(column.type, stored)})", f"({text} IS NOT NULL)")
    read = _plainly(column, name, source, stored)
    if read is not None:
        return Cell(text, read.value, f"coalesce({read.bad}, FALSE)", {}, read.whole, read.places)
    words = {word: value for word, value in column.values.items() if _plain(word)}
    words |= {word: None for word in column.unknown if _plain(word) and word not in column.values}
    kind = _type(column.type, stored)
    said = f"list_extract({_list([None, *words.values()])}::{kind}[], {{}})"
    coded = quoted(f"{name} {column.name}")
    codes = {coded: f"list_position({_list(['', *words])}, {text})"}
    no_word = f"{coded} IS NULL AND {name} IS NOT NULL"
    if isinstance(column.type, t.Bool | t.Enum | t.Scale):
        return Cell(f"nullif({text}, '')", said.format(coded), f"({no_word})", codes)
    read = _free(column, name, text, source, stored)
    value = f"CASE WHEN {coded} IS NULL THEN {read.value} ELSE {said.format(coded)} END"
    return Cell(f"nullif({text}, '')", value, f"coalesce({no_word} AND {read.bad}, FALSE)", codes | read.codes, read.whole, read.places)


def _type(kind: t.Type, stored: Stored | None) -> str:
    return (stored or Stored(kind)).sql_type


def _list(values: Iterable[Any]) -> str:
    return "[" + ", ".join(map(_constant, values)) + "]"


def _constant(value: Any) -> str:
    return "NULL" if value is None else q.constant(value).node.sql("duckdb")


def _plain(word: str) -> bool:
    """Does the text of a cell mean this word if and only if it is the word, spaces at the ends apart?"""
    return word != "" and not word.startswith("'") and not CONTROL.search(word) and word == " ".join(word.split())


def _text(name: str, source: str) -> tuple[str, bool]:
    """The text of a cell, empty or NULL if it is blank; and whether the row reader has the same."""
    if source == "VARCHAR":
        return f"trim({name}, ' \t')", True
    if source in _WHOLE or source in ("BOOLEAN", "DATE"):
        return f"CAST({name} AS VARCHAR)", True
    if source.startswith("DECIMAL"):
        shown = f"CAST({name} AS VARCHAR)"
        return (shown if source.endswith(",0)") else f"rtrim(rtrim({shown}, '0'), '.')"), True
    if source in ("FLOAT", "DOUBLE"):
        return f"regexp_replace(CAST(CAST({name} AS DOUBLE) AS VARCHAR), '\\.0$', '')", True
    if source == "TIMESTAMP":
        return f"CAST(CAST({name} AS DATE) AS VARCHAR)", True
    return f"CAST({name} AS VARCHAR)", False


# --- numbers and days of columns that hold such


def _plainly(column: Column, name: str, source: str, stored: Stored | None) -> _Read | None:
    """A cell that is a number or a day, and that no word could mean."""
    if any(any(c.isdigit() for c in word) for word in (*column.values, *column.unknown)):
        return None
    if isinstance(column.type, t.Date) and source == "DATE" and not column.day:
        return _Read(name, f"{name} NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'")
    found = _DECIMAL.fullmatch(source)
    scale = int(found[2]) if found else 0
    if not isinstance(column.type, t.Number) or not (found or source in _NARROW) or scale > _PLACES:
        return None
    value = _valued(column, name, stored)
    if value is None:
        return None
    bad = _out_of(column.type, value)
    if source == "BIGINT" or (found and int(found[1]) - scale > _DIGITS):
        bad.append(f"{name} NOT BETWEEN {1 - _MOST} AND {_MOST - 1}")
    if column.type.integer and scale:
        bad.append(f"{name} <> trunc({name})")
    shown = f"CAST(max(abs(CAST({name} AS {source if found else 'HUGEINT'}))) AS VARCHAR)"
    return _Read(value, f"{name} IS NOT NULL AND ({' OR '.join(bad)})", {}, *_widths(column, f"length(split_part({shown}, '.', 1))", scale))


def _valued(column: Column, digits: str, stored: Stored | None) -> str | None:
    """The number that some digits mean; NULL in SQL where it can't be stored, None where SQL can't say it."""
    kind, times = column.type, column.times
    assert isinstance(kind, t.Number)
    wide = (stored or Stored(kind, 31, MOST_PLACES)).sql_type
    if times is None:
        return f"TRY_CAST({digits} AS {wide})"
    if isinstance(times, int) and 0 < times < 10**9 and not kind.integer:
        return f"TRY_CAST(TRY_CAST({digits} AS DECIMAL(22, {_PLACES})) * {times}::DECIMAL(10, 0) AS {wide})"
    return None


def _out_of(kind: t.Number, value: str) -> list[str]:
    """The conditions under which a number is none that the fact can have."""
    bounds = (("<", kind.low), (">", kind.high))
    return [f"{value} IS NULL", *(f"{value} {op} {_constant(Decimal(bound))}" for op, bound in bounds if bound is not None)]


def _widths(column: Column, whole: str, places: int | str) -> tuple[str, str]:
    """Digits at the most before and after the point, where the cells have so many."""
    times = column.times if isinstance(column.times, int) else 1
    zeros = len(str(times)) - len(str(times).rstrip("0"))
    return f"{whole} + {len(str(times - 1)) if times > 1 else 0}", f"greatest({places} - {zeros}, 0)"


# --- texts


def _free(column: Column, name: str, text: str, source: str, stored: Stored | None) -> _Read:
    """Value and oddness of a number, a day or a text that no word stands for."""
    match column.type:
        case t.Number():
            return _number(column, name, text, source, stored)
        case t.Date():
            if source not in ("VARCHAR", "DATE", "TIMESTAMP") or column.day:
                return _Read("CAST(NULL AS DATE)", "TRUE")
            dashed = quoted(f"{name} {column.name} dashed")
            codes = {dashed: f"regexp_full_match({text}, '\\d{{4}}-\\d{{2}}-\\d{{2}}')"}
            other, parted = f"regexp_full_match({text}, '{_DAY}')", f"regexp_replace({text}, '{_PARTS}', '\\1-\\2-\\3')"
            days = f"WHEN {dashed} THEN TRY_CAST({text} AS DATE) WHEN {other} THEN TRY_CAST({parted} AS DATE)"
            value = f"CASE WHEN {text} < '0001' THEN NULL {days} END"
            return _Read(value, f"({value}) IS NULL", codes)
    return _Read(text, f"(regexp_matches({text}, '{_STRANGE}') OR length({text}) > {LONGEST})")


def _number(column: Column, name: str, text: str, source: str, stored: Stored | None) -> _Read:
    kind = column.type
    assert isinstance(kind, t.Number)
    sign = "," if column.decimal == "," else "\\."
    places = f"(?:{sign}0{{1,8}})?()" if kind.integer else f"(?:{sign}(\\d{{1,{_PLACES}}}))?"
    shape = f"-?(\\d{{1,{_DIGITS}}}){places}"
    shaped = quoted(f"{name} {column.name} shaped")
    fits = f"regexp_full_match({text}, '{shape}')"
    if source in ("FLOAT", "DOUBLE"):
        fits = f"({fits} AND length({text}) <= 15)"
    value = _valued(column, f"replace({text}, ',', '.')" if column.decimal == "," else text, stored)
    if value is None:
        return _Read(f"CAST(NULL AS {_type(kind, stored)})", "TRUE")
    widths = _widths(column, *(f"max(length(regexp_extract({text}, '^{shape}$', {group})))" for group in (1, 2)))
    bad = " OR ".join([f"NOT {shaped}", *_out_of(kind, value)])
    return _Read(f"CASE WHEN {shaped} THEN {value} END", f"({bad})", {shaped: fits}, *widths)
