"""Cases of the random vocabulary as rows of a register, and the statement that evaluates conditions over them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dingji.batch import amounts as am
from dingji.batch import sql as q
from dingji.batch import values as w
from dingji.batch.expressions import Expressions
from dingji.batch.schema import COMPLETE, HIGH, LOW, Stored
from dingji.language import types as t
from dingji.language.values import Partial, Records
from inference.strategies import DAYS, DEFAULTS, DERIVED, EVENT, VOCABULARY

WIDE, NARROW = (38, 30), (12, 3)
"""Digits and places: as long as the readers allow, and as people write numbers."""


def stored(kind: t.Type, digits: tuple[int, int]) -> Stored:
    if isinstance(kind, t.Records):
        return Stored(kind, partial=True, fields=tuple((name, stored(field, digits)) for name, field in kind.fields))
    return Stored(kind, *digits, bounded=False)


def expressions(digits: tuple[int, int]) -> Expressions:
    """Expressions over one column for each fact; derived facts hold what the rules of a plan would have written."""
    schema: dict[str, Stored] = {}
    for name, kind in VOCABULARY.items():
        column = stored(kind, digits)
        schema[name] = Stored(kind, *digits, bounded=True) if isinstance(kind, t.Number) else column
    columns = q.Columns(frozenset())
    at = Expressions(VOCABULARY, schema, DEFAULTS, columns, am.Doubts(columns))
    for name in DERIVED:
        kind = VOCABULARY[name]
        if values := domain(kind):
            at.facts[name] = w.Masked(q.column(name), values)
        elif isinstance(kind, t.Number):
            low, high = (am.Amount(q.column(name + ending), *digits) for ending in (LOW, HIGH))
            at.facts[name] = w.Range(low, high, sets=True)
    return at


def domain(kind: t.Type) -> tuple[Any, ...]:
    match kind:
        case t.Scale(grades=grades):
            return tuple(range(len(grades)))
        case t.Enum(values=words):
            return tuple(sorted(words))
        case t.Date():
            return DAYS
    return ()


def statement(at: Expressions, truths: list[q.Truth]) -> str:
    """The truths of every row, and whether the row is in doubt."""
    tables, last = at.columns.over(exp.select("*").from_("source"))
    named = [exp.alias_(q.sql(truth).node, f"r{i}") for i, truth in enumerate(truths)]
    named.append(exp.alias_(q.sql(q.either(at.doubts.tests)).node, "doubt"))
    select = exp.Select(expressions=named).from_(last)
    for name, node in tables:
        select = select.with_(name, as_=node, copy=False)
    return select.sql("duckdb")


def source(cases: list[dict[str, Any]], digits: tuple[int, int]) -> str:
    """A query whose rows are the cases."""
    rows = (", ".join(f'{text} AS "{name}"' for name, text in cells(facts, digits).items()) for facts in cases)
    return " UNION ALL ".join(f"SELECT {row}" for row in rows)


def cells(facts: dict[str, Any], digits: tuple[int, int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in VOCABULARY.items():
        value = facts.get(name)
        column = stored(kind, digits)
        if isinstance(kind, t.Records):
            found[name] = f"CAST({listed(value, kind, digits)} AS {column.sql_type})"
            found[name + COMPLETE] = "NULL::BOOLEAN" if value is None else str(value.complete)
        elif name in DERIVED and domain(kind):
            possible = value.values if isinstance(value, Partial) else () if value is None else (value,)
            bits = sum(1 << domain(kind).index(x) for x in possible or ())
            found[name] = f"{bits or 'NULL'}::INTEGER"
        elif isinstance(kind, t.Number):
            found.update(number(name, value, column))
        else:
            found[name] = f"CAST({constant(value)} AS {column.sql_type})"
    return found


def number(name: str, value: Any, column: Stored) -> dict[str, str]:
    if name in DERIVED:
        value = DEFAULTS[name] if value is None and name in DEFAULTS else value
        bounds = (value.low, value.high) if isinstance(value, Partial) else (value, value)
        return {name + ending: f"{constant(b)}::{column.sql_type}" for ending, b in zip((LOW, HIGH), bounds, strict=True)}
    whole, bounds = (None, (value.low, value.high)) if isinstance(value, Partial) else (value, (None, None))
    cells = {name: whole, name + LOW: bounds[0], name + HIGH: bounds[1]}
    return {key: f"{constant(b)}::{column.sql_type}" for key, b in cells.items()}


def listed(value: Records | None, kind: t.Records, digits: tuple[int, int]) -> str:
    if value is None:
        return "NULL"
    items = []
    for item in value.items:
        fields = ((name, item.get(name), stored(field, digits).sql_type) for name, field in kind.fields)
        items.append("{" + ", ".join(f"'{n}': CAST({constant(None if isinstance(x, Partial) else x)} AS {s})" for n, x, s in fields) + "}")
    return "[" + ", ".join(items) + "]"


def constant(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value)
        case int() | Decimal():
            return f"'{value:f}'" if isinstance(value, Decimal) else str(value)
        case dt.date():
            return f"DATE '{value}'"
    return "'" + str(value) + "'"


def fits(value: Any, places: int) -> bool:
    """Does every number of a value have at most so many places? And has no field of an item bounds that no register holds?"""
    match value:
        case Decimal():
            return -int(value.as_tuple().exponent) <= places
        case Partial():
            return all(fits(x, places) for x in (value.low, value.high, *(value.values or ())))
        case Records():
            return all(fits(x, places) and _storable(EVENT[name], x) for item in value.items for name, x in item.items())
    return True


def _storable(kind: t.Type, value: Any) -> bool:
    return not isinstance(value, Partial) or (isinstance(kind, t.Number) and (value.low, value.high) == (kind.low, kind.high))
