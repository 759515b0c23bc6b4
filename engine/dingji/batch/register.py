"""Cases as rows of a register: written as JSON lines, read back by the engine in columns of exact types."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from dingji.batch.statement.schema import AS_OF, COMPLETE, HIGH, LOW, Schema, Stored
from dingji.batch.statement.sql import digits
from dingji.language import types as t
from dingji.language.values import Partial, Records
from dingji.tables.columnar import itself

MOST_WHOLE, MOST_PLACES = 18, 12
"""Digits before and after the point that the columns of a register hold; cases with longer numbers are graded singly."""
ROW, KEY = "_row", "_key"
"""The number of a row, from 1, and its key: the id of the case."""


def fits(value: Any) -> bool:
    """Can a register hold the value?"""
    match value:
        case bool():
            return True
        case int() | Decimal():
            precision, scale = digits(value)
            return precision - scale <= MOST_WHOLE and scale <= MOST_PLACES
        case Partial(low=low, high=high, values=values):
            return values is None and all(bound is None or fits(bound) for bound in (low, high))
        case Records(items=items):
            return all(fits(x) for item in items for x in item.values())
    return True


class Writer:
    """Writes cases to a file of JSON lines, and finds out how wide the columns must be."""

    def __init__(self, stream: IO[str], types: Mapping[str, t.Type]) -> None:
        self.stream, self.types = stream, types
        self.width: dict[str, tuple[int, int]] = {}
        self.found: dict[str, set[str]] = {}

    def write(self, row: int, key: str, as_of: dt.date, facts: Mapping[str, Any], others: Mapping[str, str] | None = None) -> None:
        """One case; facts as `Case.facts` gives them, and other columns."""
        line: dict[str, Any] = {ROW: row, KEY: key, AS_OF: as_of.isoformat(), **(others or {})}
        for name, value in facts.items():
            marks = self.found.setdefault(name, set())
            if isinstance(value, Records):
                line[name] = [self._item(name, item) for item in value.items]
                if not value.complete:
                    marks.add(COMPLETE)
                    line[name + COMPLETE] = False
            elif isinstance(value, Partial):
                marks.add(LOW)
                for ending, bound in ((LOW, value.low), (HIGH, value.high)):
                    line[name + ending] = self._plain(name, bound)
            else:
                line[name] = self._plain(name, value)
        self.stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _item(self, fact: str, item: Mapping[str, Any]) -> dict[str, Any]:
        # a number that is not stated lies in its range: the statement knows
        return {name: self._plain(f"{fact}.{name}", value) for name, value in item.items() if not isinstance(value, Partial)}

    def _plain(self, name: str, value: Any) -> Any:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            precision, scale = digits(value)
            whole, places = self.width.get(name, (1, 0))
            self.width[name] = (max(whole, precision - scale), max(places, scale))
            return format(value, "f") if isinstance(value, Decimal) else value
        self.found.setdefault(name, set())
        return value.isoformat() if isinstance(value, dt.date) else value

    def schema(self) -> dict[str, Stored]:
        """The columns of what was written."""
        return {name: self._stored(name, self.types[name]) for name in self.found if name in self.types}

    def _stored(self, name: str, kind: t.Type) -> Stored:
        whole, scale = self.width.get(name, (1, 0))
        marks = self.found.get(name, set())
        if isinstance(kind, t.Records):
            written = {key for key in (*self.found, *self.width) if key.startswith(name + ".")}
            fields = tuple((field, self._stored(f"{name}.{field}", own)) for field, own in kind.fields if f"{name}.{field}" in written)
            # a list whose items are all empty still has items
            fields = fields or tuple((field, self._stored(f"{name}.{field}", own)) for field, own in kind.fields[:1])
            return Stored(kind, partial=COMPLETE in marks, fields=fields)
        return Stored(kind, whole + scale, scale, bounded=LOW in marks)


def column_types(schema: Schema) -> dict[str, str]:
    """Name and SQL type of every column of a register with this schema."""
    found = {ROW: "BIGINT", KEY: "TEXT", AS_OF: "DATE"}
    for name, stored in schema.items():
        found[name] = stored.sql_type
        if stored.bounded:
            found[name + LOW] = found[name + HIGH] = stored.sql_type
        if stored.partial:
            found[name + COMPLETE] = "BOOLEAN"
    return found


def constant_parts(name: str, kind: t.Type, value: Any) -> tuple[Stored, dict[str, str]]:
    """How a list or a range that holds for every row is stored, and the SQL of each of its columns."""
    stream = io.StringIO()
    writer = Writer(stream, {name: kind})
    writer.write(0, "", dt.date.min, {name: value})
    stored, line = writer.schema()[name], json.loads(stream.getvalue())
    if isinstance(line.get(name), list):  # a cast wants every field
        line[name] = [{field: item.get(field) for field, _ in stored.fields} for item in line[name]]
    columns = {column: sql for column, sql in column_types({name: stored}).items() if column not in (ROW, KEY, AS_OF)}
    said = {column: literal(json.dumps(line.get(column), ensure_ascii=False)) for column in columns}
    return stored, {column: f"CAST(CAST({said[column]} AS JSON) AS {sql})" for column, sql in columns.items()}


def read_lines(path: Path, schema: Schema, others: Iterable[str] = ()) -> str:
    """A query for what a Writer wrote; `others` are the columns that are no facts."""
    kinds = {**column_types(schema), **dict.fromkeys(others, "TEXT")}
    columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in kinds.items())
    return f"SELECT * FROM read_json({literal(str(path))}, format='newline_delimited', columns={{{columns}}})"


def literal(text: str) -> str:
    """A text constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def files(*paths: Path) -> str:
    """Some files for SQL; signs that would stand for several files stand for themselves."""
    return f"[{', '.join(literal(itself(path)) for path in paths)}]"


def quoted(name: str) -> str:
    """A name of SQL."""
    return '"' + name.replace('"', '""') + '"'
