"""How the facts of a register are stored: the columns that a statement reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dingji.language import types as t
from dingji.records import Record

LOW, HIGH, COMPLETE = "__low", "__high", "__complete"
"""Endings of the columns beside a fact: stated bounds of a number, and whether a list is complete."""


class Stored(Record, frozen=True):
    """A column of the register. Grades stand as severities, choices and texts as text; NULL is unknown.

    `precision` and `scale` hold every number of the column. `bounded`: the columns NAME__low and NAME__high give bounds where
    NAME is NULL. `partial`: for a list, the column NAME__complete is false where more items may exist.
    """

    type: t.Type
    precision: int = 19
    scale: int = 0
    bounded: bool = False
    partial: bool = False
    fields: tuple[tuple[str, Stored], ...] = ()

    def field(self, name: str) -> Stored | None:
        """A field of a list's items, None if the register has no such column."""
        return dict(self.fields).get(name)

    @property
    def sql_type(self) -> str:
        """The SQL type of the column."""
        match self.type:
            case t.Bool():
                return "BOOLEAN"
            case t.Number():
                return f"DECIMAL({self.precision}, {self.scale})"
            case t.Date():
                return "DATE"
            case t.Scale():
                return "SMALLINT"
            case t.Records():
                return "STRUCT(" + ", ".join(f'"{name}" {field.sql_type}' for name, field in self.fields) + ")[]"
        return "TEXT"


Schema = Mapping[str, Stored]
"""Fact -> its column. A fact that has none is unknown in every row."""

AS_OF = "as_of"
"""The day of the case."""


def stored_number(kind: t.Number, values: list[Any]) -> Stored:
    """The column for numbers such as these."""
    from dingji.batch.statement.sql import digits

    found = [digits(value) for value in values] or [(1, 0)]
    scale = max(s for _, s in found)
    return Stored(kind, max(p - s for p, s in found) + scale, scale)
