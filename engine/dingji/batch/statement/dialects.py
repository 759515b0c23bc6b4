"""The statement in the words of DuckDB, Apache Spark and PostgreSQL.

sqlglot spells most of it; what is written here it leaves to the writer: aggregates over the items of a list, structs, days and
what the engines do with an integer, a NULL or a name that is long. In PostgreSQL a list is JSON (`jsonb`), and so are structs.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.postgres import Postgres
from sqlglot.dialects.spark import Spark
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.generators.postgres import PostgresGenerator
from sqlglot.generators.spark import SparkGenerator

from dingji.batch.statement.schema import Stored
from dingji.language import types as t

DIALECTS = ("duckdb", "spark", "postgres")
LONGEST_NAME = 63
"""Bytes of a name in PostgreSQL, which cuts longer ones off."""


def spelled(node: exp.Expression, dialect: str = "duckdb", pretty: bool = False) -> str:
    """The text of a statement."""
    match dialect:
        case "spark":
            return str(_Spark().generate(_pruned(node.copy(), fenced=False), copy=False, pretty=pretty))
        case "postgres":
            return str(_Postgres().generate(_pruned(node.copy(), fenced=True), copy=False, pretty=pretty))
    return str(_DuckDB().generate(node, pretty=pretty))


def _pruned(select: exp.Expression, fenced: bool) -> exp.Expression:
    """The statement with just the columns that later steps read: PostgreSQL has room for 1,664, and Spark looks at each.

    `fenced`: PostgreSQL would put the steps into each other, and compute a column as often as it is read; OFFSET 0 forbids it.
    """
    wanted = _read(select.expressions)
    for cte in reversed(list(select.find_all(exp.CTE))):
        step = cte.this
        if not cte.alias.startswith("_step"):
            continue
        made = [one for one in step.expressions if isinstance(one, exp.Alias) and one.alias in wanted]
        passed = sorted(wanted - {one.alias for one in made})
        step.set("expressions", [*(exp.Column(this=exp.Identifier(this=name, quoted=True)) for name in passed), *made])
        wanted = _read(step.expressions)
        if fenced:
            step.set("offset", exp.Offset(expression=exp.Literal.number(0)))
    return select


def _read(nodes: list[exp.Expression]) -> set[str]:
    """The columns that expressions read: those in quotes, as list items are not."""
    return {column.name for node in nodes for column in node.find_all(exp.Column) if column.this.quoted}


def column_type(stored: Stored, dialect: str) -> str:
    """The type of a column of facts."""
    if dialect == "postgres" and isinstance(stored.type, t.Records):
        return "JSONB"
    return exp.DataType.build(stored.sql_type, dialect="duckdb").sql(dialect)


def short(name: str) -> str:
    """A name that PostgreSQL does not cut off."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class _DuckDB(DuckDB):
    class Generator(DuckDBGenerator):
        TRANSFORMS: ClassVar[dict[Any, Any]] = {
            kind: way for kind, way in DuckDBGenerator.TRANSFORMS.items() if kind is not exp.ArrayFilter
        }

        def arrayfilter_sql(self, expression: exp.ArrayFilter) -> str:
            """Names under conditions: a mask over the names costs less than a value for each of them and a filter."""
            found = _conditions(expression.this)
            if found is None:
                return self.func("LIST_FILTER", expression.this, expression.expression)
            names, tests = zip(*((self.sql(name), self.sql(test)) for name, test in found), strict=True)
            return f"LIST_WHERE([{', '.join(names)}], [{', '.join(tests)}])"


def _conditions(listed: Any) -> list[tuple[Any, Any]] | None:
    """A list of texts, each there under a condition: the texts and the conditions. None for another list."""
    found = []
    for item in listed.expressions:
        if not isinstance(item, exp.Case) or len(item.args["ifs"]) > 1 or item.args.get("default") or item.this:
            return None
        only = item.args["ifs"][0]
        if not isinstance(only.args["true"], exp.Literal):
            return None
        found.append((only.args["true"], only.this))
    return found


class _Spark(Spark):
    class Generator(SparkGenerator):
        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            aggregate = _aggregate(expression)
            if not aggregate:
                return str(super().anonymous_sql(expression))
            mapped = expression.expressions[0]
            if aggregate in ("MAX", "MIN"):
                return f"ARRAY_{aggregate}({self.sql(mapped)})"
            kind = exp.DataType.build(expression.meta["kind"]).sql("spark")
            term, item = mapped.expression.this, self.sql(mapped.expression.expressions[0])
            step = f"CAST(_sum + COALESCE({self.sql(term)}, 0) AS {kind})"
            return f"AGGREGATE({self.sql(mapped.this)}, CAST(0 AS {kind}), (_sum, {item}) -> {step})"


class _Postgres(Postgres):
    class Generator(PostgresGenerator):
        # sqlglot would not ask the methods below
        TRANSFORMS: ClassVar[dict[Any, Any]] = {
            k: v for k, v in PostgresGenerator.TRANSFORMS.items() if k not in (exp.ArrayFilter, exp.Round, exp.TryCast)
        }

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            aggregate = _aggregate(expression)
            if not aggregate:
                return str(super().anonymous_sql(expression))
            mapped = expression.expressions[0]
            term, item = mapped.expression.this, self.sql(mapped.expression.expressions[0])
            rows = f"{items_of(self.sql(mapped.this), expression.meta['stored'])}"
            # an aggregate that reads nothing of its own rows would belong to the query around it: its terms are columns first
            return f"(SELECT {aggregate}(v) FROM (SELECT {self.sql(term)} AS v FROM {rows.format(item)}) AS {item}_)"

        def struct_sql(self, expression: exp.Struct) -> str:
            parts = (f"'{field.this.name}', {self.sql(field.expression)}" for field in expression.expressions)
            return f"JSONB_BUILD_OBJECT({', '.join(parts)})"

        def arrayfilter_sql(self, expression: exp.ArrayFilter) -> str:
            """The only filter there is: what is NULL goes."""
            return f"ARRAY_REMOVE({self.sql(expression.this)}, NULL)"

        def datatype_sql(self, expression: exp.DataType) -> str:
            listed = expression.this == exp.DType.ARRAY and expression.expressions[0].this == exp.DType.STRUCT
            return "JSONB[]" if listed else str(super().datatype_sql(expression))

        def datefromparts_sql(self, expression: exp.DateFromParts) -> str:
            return self.func("MAKE_DATE", *(self._int(expression.args[name]) for name in ("year", "month", "day")))

        def trycast_sql(self, expression: exp.TryCast) -> str:
            """Only numbers are cast so: one that does not fit is NULL."""
            precision, scale = (int(p.name) for p in expression.to.expressions)
            value = self.sql(expression.this)
            return f"CASE WHEN ABS({value}) < 1E{precision - scale - 1} THEN CAST({value} AS DECIMAL({precision}, {scale})) END"

        def round_sql(self, expression: exp.Round) -> str:
            places = self.sql(expression, "decimals") or "0"
            return f"ROUND(CAST({self.sql(expression.this)} AS DECIMAL), {places})"

        def identifier_sql(self, expression: exp.Identifier) -> str:
            if len(expression.name) > LONGEST_NAME // 4:
                expression.set("this", short(expression.name))
            return str(super().identifier_sql(expression))

        def _int(self, part: Any) -> exp.Expression:
            return exp.Cast(this=part.copy(), to=exp.DataType.build("INT"))


def _aggregate(node: exp.Anonymous) -> str:
    """MAX, MIN or SUM, for an aggregate over the items of a list."""
    name = str(node.this)
    return name.removeprefix("LIST_") if "stored" in node.meta else ""


def items_of(listed: str, stored: Stored) -> str:
    """The items of a JSON list as rows; the name of a row goes where the braces stand."""
    fields = ", ".join(f'"{name}" {field.sql_type}' for name, field in stored.fields)
    return f"JSONB_TO_RECORDSET({listed}) AS {{}}({fields})"
