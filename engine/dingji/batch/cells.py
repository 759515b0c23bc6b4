"""The cells of a table in SQL: what `dingji.tables.cells` reads from them, for the spellings that leave no question.

A cell that is spelled in any other way is odd: its row goes to the row reader, which finds its value or says what is wrong.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dingji.batch import sql as q
from dingji.batch.register import MOST_PLACES, literal, quoted
from dingji.batch.schema import Stored
from dingji.language import types as t
from dingji.records import Record
from dingji.tables.cells import CONTROL
from dingji.tables.model import Column

LONGEST = 1900
"""Characters of a text that is surely not too long."""
_STRANGE = r"[\x00-\x1f\x7f\x{fffe}\x{ffff}]|^[\p{Z}\x{85}'']|[\p{Z}\x{85}]$"
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT")


class Cell(Record, frozen=True):
    """A cell: its text (NULL: blank), its value (NULL: unknown) and whether it is odd (never NULL).

    `code`: an expression that must stand as the column `coded` for `value` and `odd` to read: which word the text is.
    `number`: the plain text of a number, by which the width of its column is found.
    """

    text: str
    value: str
    odd: str
    number: str = ""
    code: str = ""
    coded: str = ""


def cell(column: Column, name: str, source: str, stored: Stored | None = None) -> Cell:
    """The cell of a column that stands as `name` in a table, where it has the SQL type `source`."""
    if isinstance(column.type, t.Bool) and source == "BOOLEAN":
        return Cell(f"CAST({name} AS VARCHAR)", name, "FALSE")
    text, surely = _text(name, source)
    if not surely:
        return Cell(text, f"CAST(NULL AS {_type(column.type, stored)})", f"{text} IS NOT NULL")
    words = {word: value for word, value in column.values.items() if _plain(word)}
    unknown = [word for word in column.unknown if _plain(word) and word not in column.values]
    values = list(dict.fromkeys(words.values()))
    # one comparison after the other: of a long list DuckDB makes a join
    known = "".join(f" WHEN {text} = {literal(word)} THEN {values.index(value)}" for word, value in words.items())
    code = f"CASE WHEN {text} IS NULL THEN -1{known}{''.join(f' WHEN {text} = {literal(word)} THEN -1' for word in unknown)} ELSE -2 END"
    coded = quoted(f"{name} {column.name}")
    listed = "".join(f" WHEN {coded} = {i} THEN {_constant(value)}" for i, value in enumerate(values))
    kind = _type(column.type, stored)
    if isinstance(column.type, t.Bool | t.Enum | t.Scale):
        value = f"CAST(CASE{listed} END AS {kind})" if listed else f"CAST(NULL AS {kind})"
        return Cell(text, value, f"({coded} = -2)", code=code, coded=coded)
    read, bad, number = _free(column, text, source, stored)
    value = f"CAST(CASE{listed} WHEN {coded} = -2 THEN {read} END AS {kind})"
    return Cell(text, value, f"coalesce({coded} = -2 AND {bad}, FALSE)", number, code, coded)


def _type(kind: t.Type, stored: Stored | None) -> str:
    return (stored or Stored(kind)).sql_type


def _constant(value: Any) -> str:
    return "NULL" if value is None else q.constant(value).node.sql("duckdb")


def _plain(word: str) -> bool:
    """Does the text of a cell mean this word if and only if it is the word, spaces at the ends apart?"""
    return word != "" and not word.startswith("'") and not CONTROL.search(word) and word == " ".join(word.split())


def _text(name: str, source: str) -> tuple[str, bool]:
    """The text of a cell, NULL if it is blank; and whether the row reader has the same."""
    if source == "VARCHAR":
        return f"nullif(trim({name}, ' \t'), '')", True
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


def _free(column: Column, text: str, source: str, stored: Stored | None) -> tuple[str, str, str]:
    """Value, oddness and plain number of a number, a day or a text that no word stands for."""
    match column.type:
        case t.Number() as kind:
            return _number(kind, column, text, source, stored)
        case t.Date():
            days = source in ("VARCHAR", "DATE", "TIMESTAMP") and not column.day
            plain = f"regexp_full_match({text}, '\\d{{4}}-\\d{{2}}-\\d{{2}}') AND {text} >= '0001'"
            slashes = f"regexp_full_match({text}, '\\d{{4}}/\\d{{1,2}}/\\d{{1,2}}') AND {text} >= '0001'"
            read = f"CASE WHEN {plain} THEN TRY_CAST({text} AS DATE) WHEN {slashes} THEN CAST(try_strptime({text}, '%Y/%m/%d') AS DATE) END"
            return (read, f"({read}) IS NULL", "") if days else ("NULL", f"{text} IS NOT NULL", "")
    return text, f"(regexp_matches({text}, '{_STRANGE}') OR length({text}) > {LONGEST})", ""


def _number(kind: t.Number, column: Column, text: str, source: str, stored: Stored | None) -> tuple[str, str, str]:
    sign = "," if column.decimal == "," else "\\."
    places = f"({sign}0{{1,8}})?" if kind.integer else f"({sign}\\d{{1,{MOST_PLACES - 4}}})?"
    shape = f"regexp_full_match({text}, '-?\\d{{1,14}}{places}')"
    if source in ("FLOAT", "DOUBLE"):
        shape = f"({shape} AND length({text}) <= 15)"
    digits = f"replace({text}, ',', '.')" if column.decimal == "," else text
    plain = f"CASE WHEN {shape} THEN {digits} END"
    wide = stored or Stored(kind, 31, MOST_PLACES)
    if column.times is None:
        read, number = f"TRY_CAST({plain} AS {wide.sql_type})", plain
    elif isinstance(column.times, int) and 0 < column.times < 10**9 and not kind.integer:
        read = f"TRY_CAST(TRY_CAST({plain} AS DECIMAL(22, 8)) * {column.times}::DECIMAL(10, 0) AS {wide.sql_type})"
        number = f"rtrim(rtrim(CAST({read} AS VARCHAR), '0'), '.')"
    else:
        return "NULL", f"{text} IS NOT NULL", ""
    bounds = [f"({read}) {op} {_constant(Decimal(b))}" for op, b in (("<", kind.low), (">", kind.high)) if b is not None]
    return read, "(" + " OR ".join([f"({read}) IS NULL", *bounds]) + ")", number
