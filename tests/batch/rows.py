"""Cases of the random vocabulary as rows of a register, and the statement that evaluates conditions over them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.dialects import column_type, spelled
from dingji.batch.statement.expressions import Expressions
from dingji.batch.statement.schema import COMPLETE, HIGH, LOW, Stored
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.values import Partial, Records
from inference.strategies import DAYS, DEFAULTS, DERIVED, EVENT, VOCABULARY

WIDE, NARROW = (38, 30), (12, 3)
"""Digits and places: as long as the readers allow, and as people write numbers."""
NUMBER = "_number"
"""The column with the number of a row."""


def stored(kind: t.Type, digits: tuple[int, int]) -> Stored:
    if isinstance(kind, t.Records):
        return Stored(kind, partial=True, fields=tuple((name, stored(field, digits)) for name, field in kind.fields))
    return Stored(kind, *digits, bounded=False)


def expressions(digits: tuple[int, int], columns: q.Columns) -> Expressions:
    """Expressions over one column for each fact, for one rule: its doubts are its own.

    Derived facts hold what the rules of a plan would have written.
    """
    schema: dict[str, Stored] = {}
    for name, kind in VOCABULARY.items():
        column = stored(kind, digits)
        schema[name] = Stored(kind, *digits, bounded=True) if isinstance(kind, t.Number) else column
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


def statement(digits: tuple[int, int], rules: list[n.Node], dialect: str = "duckdb") -> str:
    """A query over the relation `source`: the number of each row, and for every rule its truth and whether the row is in doubt."""
    columns = q.Columns(frozenset((NUMBER,)))
    chosen = []
    for i, rule in enumerate(rules):
        at = expressions(digits, columns)
        truth = at.truth(rule)
        chosen += [exp.alias_(q.sql(x).node, f"{kind}{i}") for kind, x in (("r", truth), ("d", q.either(at.doubts.tests)))]
    tables, last = columns.over(exp.select("*").from_("source"))
    select = exp.Select(expressions=[q.column(NUMBER).node, *chosen]).from_(last)
    for name, node in tables:
        select = select.with_(name, as_=node, copy=False)
    return spelled(select, dialect)


def source(cases: list[dict[str, Any]], digits: tuple[int, int], dialect: str = "duckdb") -> str:
    """A query whose rows are the cases, with their numbers."""
    rows = []
    for number, facts in enumerate(cases):
        named = ", ".join(f'{text} AS "{name}"' for name, text in cells(facts, digits, dialect).items())
        rows.append(f'SELECT {number} AS "{NUMBER}", {named}')
    return " UNION ALL ".join(rows)


def cells(facts: dict[str, Any], digits: tuple[int, int], dialect: str) -> dict[str, str]:
    """The columns of a case, as constants of DuckDB or PostgreSQL."""
    found: dict[str, str] = {}
    for name, kind in VOCABULARY.items():
        value = facts.get(name)
        column = stored(kind, digits)
        if isinstance(kind, t.Records):
            items = json_listed(value, kind) if dialect == "postgres" else listed(value, kind, digits)
            found[name] = f"CAST({items} AS {column_type(column, dialect)})"
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


def json_listed(value: Records | None, kind: t.Records) -> str:
    """A list as PostgreSQL has it; numbers with all their digits."""
    if value is None:
        return "NULL"
    items = []
    for item in value.items:
        stated = {name: x for name, _ in kind.fields if (x := item.get(name)) is not None and not isinstance(x, Partial)}
        items.append("{" + ", ".join(f'"{name}": {json_constant(x)}' for name, x in stated.items()) + "}")
    return f"'[{', '.join(items)}]'"


def json_constant(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(str(value) if isinstance(value, dt.date) else value, ensure_ascii=False)


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
