"""Columns of a database as facts: tables that have types, read by Apache Spark or PostgreSQL where they stand.

As in `dingji.batch.table.cells`, only what leaves no question is read by SQL: any other cell makes its row odd, and the row reader finds
its value or says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dingji.batch.register import literal
from dingji.batch.statement import sql as q
from dingji.batch.statement.dialects import short
from dingji.batch.statement.schema import Stored
from dingji.language import types as t
from dingji.records import Record
from dingji.tables.model import Column

WHOLE, PLACES = 14, 8
"""Digits of a number before and after the point, at the most."""
LONGEST = 1900
_STRANGE = "[\\x01-\\x1f\\x7f]|^[^!-~\\u00a1-\\u1fff\\u2010-\\u2027\\u2030-\\u205e\\u2070-\\u2fff\\u3001-\\ufffd]|[ \\u3000\\u00a0]$|  |^'"
_DAY = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"
_NUMBER = f"^-?[0-9]{{1,{WHOLE}}}([.][0-9]{{1,{PLACES}}})?$"
WIDE = f"DECIMAL({WHOLE + PLACES}, {PLACES})"

Kind = str | Mapping[str, Any]
"""text, whole, decimal, double, boolean, date, timestamp, json or other; for a list of structs, the kinds of their fields."""


class Cell(Record, frozen=True):
    """A cell: whether anything is said, its value (NULL: unknown) and whether it is odd (never NULL)."""

    said: str
    value: str
    odd: str
    number: str = ""
    """Of a number: the least that tells its digits (before it is multiplied)."""


class Speech:
    """How a dialect says what is needed here."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.text = "STRING" if dialect == "spark" else "TEXT"
        self.double = "DOUBLE" if dialect == "spark" else "DOUBLE PRECISION"

    def name(self, name: str) -> str:
        """A name in quotes."""
        return "`" + name.replace("`", "``") + "`" if self.dialect == "spark" else '"' + short(name).replace('"', '""') + '"'

    def string(self, text: str) -> str:
        """A text constant."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" if self.dialect == "spark" else literal(text)

    def constant(self, value: Any) -> str:
        """A constant of the rule language."""
        return str(q.constant(value).node.sql(self.dialect))

    def matches(self, value: str, pattern: str) -> str:
        """Does a text match a pattern?"""
        return f"({value} {'RLIKE' if self.dialect == 'spark' else '~'} {self.string(pattern)})"


def cell(column: Column, name: str, kind: Kind, speech: Speech) -> Cell:
    """The cell of a column, which stands as the expression `name`."""
    wanted = column.type
    said = f"({name} IS NOT NULL)"
    if isinstance(wanted, t.Bool) and kind == "boolean":
        return Cell(said, name, "FALSE")
    if kind == "text":
        return _text(column, name, speech)
    if isinstance(wanted, t.Date) and kind in ("date", "timestamp"):
        inside = f"({name} >= DATE '0001-01-01' AND {name} < DATE '9999-12-31')"
        return Cell(said, f"CASE WHEN {inside} THEN CAST({name} AS DATE) END", f"({said} AND NOT {inside})")
    plain = not any(_looks_like_number(word) for word in (*column.values, *column.unknown))
    if isinstance(wanted, t.Number) and plain and kind in ("whole", "decimal", "double"):
        return _number(column, wanted, name, kind, speech)
    if kind == "whole":
        return _text(column, f"CAST({name} AS {speech.text})", speech)
    return Cell(said, f"CAST(NULL AS {_type(wanted, speech)})", said)


def _type(kind: t.Type, speech: Speech) -> str:
    match kind:
        case t.Bool():
            return "BOOLEAN"
        case t.Number():
            return WIDE
        case t.Date():
            return "DATE"
        case t.Scale():
            return "SMALLINT"
    return speech.text


def _looks_like_number(word: str) -> bool:
    return any(c.isdigit() for c in word)


def _text(column: Column, name: str, speech: Speech) -> Cell:
    """A text: one of the words known, or what its kind reads from it."""
    bare = f"TRIM({name})"
    said = f"({name} IS NOT NULL AND {bare} <> '')"
    words = [(word, value) for word, value in column.values.items() if _single(word)]
    unknown = [word for word in column.unknown if _single(word) and word not in column.values]
    kind = _type(column.type, speech)
    listed = "".join(f" WHEN {speech.string(word)} THEN {speech.constant(value)}" for word, value in words)
    both = [speech.string(word) for word in (*(word for word, _ in words), *unknown)]
    known = f"({bare} IN ({', '.join(both)}))" if both else "FALSE"
    free, odd = _free(column, bare, speech)
    value = f"CAST(CASE {bare}{listed} ELSE {free} END AS {kind})" if listed else f"CAST({free} AS {kind})"
    nothing = "".join(f" WHEN {bare} IN ({', '.join(map(speech.string, unknown))}) THEN NULL" if unknown else "")
    value = f"CASE WHEN NOT {said} THEN NULL{nothing} ELSE {value} END"
    return Cell(said, value, f"({said} AND NOT {known} AND {odd})")


def _single(word: str) -> bool:
    return word != "" and word == " ".join(word.split()) and word.isprintable()


def _free(column: Column, bare: str, speech: Speech) -> tuple[str, str]:
    """What a text says that is no word: its value, and whether it is odd."""
    match column.type:
        case t.Number() as kind:
            good = speech.matches(bare, _NUMBER) if column.decimal == "." else "FALSE"
            read = _times(column, f"CASE WHEN {good} THEN CAST({bare} AS {WIDE}) END")
            return read, f"(NOT {good} OR {_outside(kind, read, speech, column.times is not None)})"
        case t.Date():
            good = f"({speech.matches(bare, _DAY)} AND {bare} >= '0001')" if not column.day else "FALSE"
            return f"CASE WHEN {good} THEN CAST({bare} AS DATE) END", f"(NOT {good})"
        case t.Text():
            return bare, f"({speech.matches(bare, _STRANGE)} OR LENGTH({bare}) > {LONGEST})"
    return "NULL", "TRUE"


def _times(column: Column, read: str) -> str:
    return read if column.times is None else f"(({read}) * CAST('{column.times}' AS DECIMAL(15, 4)))"


def _number(column: Column, kind: t.Number, name: str, source: Kind, speech: Speech) -> Cell:
    said = f"({name} IS NOT NULL)"
    fits = f"(ABS({name}) < 1E{WHOLE})"
    exact = f"CASE WHEN {fits} THEN CAST({name} AS {WIDE}) END"  # rounded, if it has more places: then the row is odd
    back = f"CAST({exact} AS {speech.double})" if source == "double" else f"({exact})"
    read = _times(column, exact)
    if source == "whole" and column.times is None:
        value = f"CASE WHEN {fits} THEN CAST({name} AS {WIDE}) END"
        bounds = [f"{name} {op} {speech.constant(b)}" for op, b in (("<", kind.low), (">", kind.high)) if b is not None]
        return Cell(said, value, "COALESCE(" + " OR ".join([f"NOT {fits}", *bounds]) + ", FALSE)", name)
    odd = f"({said} AND (NOT {fits} OR COALESCE({back} <> {name}, FALSE) OR {_outside(kind, read, speech, column.times is not None)}))"
    if source == "double":
        odd = f"({odd} OR COALESCE(ABS({name}) >= 1E7, FALSE))"  # fifteen digits: those that a double and the row reader keep
    return Cell(said, f"CASE WHEN ABS({read}) < 1E{WHOLE} THEN CAST({read} AS {WIDE}) END", odd, exact)


def _outside(kind: t.Number, read: str, speech: Speech, multiplied: bool) -> str:
    """Is a number out of the range of its kind, broken where it should be whole, or too long after it was multiplied?"""
    tests = [f"({read}) {op} {speech.constant(b)}" for op, b in (("<", kind.low), (">", kind.high)) if b is not None]
    if kind.integer:
        tests.append(f"({read}) <> ROUND({read}, 0)")
    tests.append(f"({read}) IS NULL")
    if multiplied:
        tests += [f"({read}) <> ROUND({read}, {PLACES})", f"ABS({read}) >= 1E{WHOLE}"]
    return "COALESCE(" + " OR ".join(tests) + ", TRUE)"


def listed(fact: t.Records, columns: Mapping[str, Column], name: str, kind: Kind, speech: Speech) -> tuple[Cell, dict[str, str]]:
    """A list fact that stands in one column, and for each field of its items that may be stated the value (`_x` is the item)."""
    said = f"({name} IS NOT NULL)"
    if isinstance(kind, Mapping):
        known = {field: kind[field] for field in columns if field in kind}
        cells = {field: cell(columns[field], f"_x.{speech.name(field)}", known[field], speech) for field in known}
        wrong = [c.odd for c in cells.values()] + ["TRUE" for field in kind if field not in columns]
        strange = " OR ".join(["_x IS NULL", *wrong])
        parts = ", ".join(f"{speech.string(field)}, {c.value}" for field, c in cells.items())
        value = f"TRANSFORM({name}, _x -> NAMED_STRUCT({parts}))"
        odd = f"COALESCE(EXISTS({name}, _x -> {strange}), FALSE)"
        return Cell(said, value, odd), {field: c.value for field, c in cells.items()}
    if kind == "json":
        return _json(columns, name, said, speech)
    return Cell(said, "NULL", said), {}


_JSON = {t.Bool: ("boolean", "BOOLEAN", "boolean"), t.Number: ("number", "NUMERIC", "decimal")}


def _json(columns: Mapping[str, Column], name: str, said: str, speech: Speech) -> tuple[Cell, dict[str, str]]:
    fields: dict[str, Cell] = {}
    tests = ["JSONB_TYPEOF(_x) <> 'object'"]
    tests.append(f"EXISTS (SELECT 1 FROM JSONB_OBJECT_KEYS(_x) AS k WHERE k NOT IN ({', '.join(map(speech.string, columns))}))")
    for field, column in columns.items():
        form, cast, kind = _JSON.get(type(column.type), ("string", "TEXT", "text"))
        key = speech.string(field)
        right = f"JSONB_TYPEOF(_x -> {key}) = '{form}'"
        fields[field] = cell(column, f"(CASE WHEN {right} THEN CAST(_x ->> {key} AS {cast}) END)", kind, speech)
        tests.append(f"COALESCE(JSONB_TYPEOF(_x -> {key}) NOT IN ('{form}', 'null'), FALSE)")
        tests.append(fields[field].odd)
    objects = "CASE WHEN JSONB_TYPEOF(_x) = 'object' THEN _x ELSE '{}' END"
    each = f"JSONB_ARRAY_ELEMENTS(CASE WHEN JSONB_TYPEOF({name}) = 'array' THEN {name} ELSE '[]' END) AS _x"
    items, whole = f"(SELECT {objects} AS _x FROM {each}) AS _i", f"(SELECT _x FROM {each}) AS _i"
    # a function takes a hundred arguments
    parts = " || ".join(f"JSONB_BUILD_OBJECT({speech.string(field)}, {c.value})" for field, c in fields.items())
    value = f"CASE WHEN {said} THEN COALESCE((SELECT JSONB_AGG({parts}) FROM {items}), '[]') END"
    strange = f"EXISTS (SELECT 1 FROM {items} WHERE {' OR '.join(tests[1:])}) OR EXISTS (SELECT 1 FROM {whole} WHERE {tests[0]})"
    odd = f"({said} AND (JSONB_TYPEOF({name}) <> 'array' OR {strange}))"
    return Cell(said, value, odd), {field: c.value for field, c in fields.items()}


def item_width(field: str, name: str, speech: Speech, what: str) -> str:
    """The greatest of something over the items of a list column of values: `what` says it of the item's number as {}."""
    if speech.dialect == "spark":
        return f"ARRAY_MAX(TRANSFORM({name}, _x -> {what.format('_x.' + speech.name(field))}))"
    number = f"CAST(_x ->> {speech.string(field)} AS NUMERIC)"
    return f"(SELECT MAX({what.format(number)}) FROM JSONB_ARRAY_ELEMENTS({name}) AS _x)"


PLACES_OF = "LENGTH(SPLIT_PART(TRIM(TRAILING '0' FROM CAST({0} AS %s)), '.', 2))"
"""The digits that a decimal has after the point."""


def stored_as(kind: t.Type, widths: Mapping[str, tuple[int, int]], name: str) -> Stored:
    """The column of a scalar; `widths` are the digits found, before and after the point."""
    whole, places = widths.get(name, (1, 0))
    return Stored(kind, whole + places, places) if isinstance(kind, t.Number) else Stored(kind)
