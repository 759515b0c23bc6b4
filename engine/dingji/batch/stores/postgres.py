"""A table of PostgreSQL, graded where it stands into another table: all of it in one transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from dingji.batch.engine import Reject
from dingji.batch.register import ROW
from dingji.batch.stores.inplace import lacks
from dingji.batch.table.typed import Kind, Speech
from dingji.errors import Problem, RequestError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,62}(\.[A-Za-z_][A-Za-z0-9_$]{0,62})?", re.ASCII)
_KINDS = {
    **dict.fromkeys(("text", "character varying", "character", "name", "uuid"), "text"),
    **dict.fromkeys(("smallint", "integer", "bigint"), "whole"),
    **dict.fromkeys(("real", "double precision"), "double"),
    **{"numeric": "decimal", "boolean": "boolean", "date": "date", "timestamp without time zone": "timestamp", "jsonb": "json"},
}
FETCHED = 1000
_ROW = "((CTID::TEXT::POINT)[0]::BIGINT << 16) + (CTID::TEXT::POINT)[1]::BIGINT"
"""Where a row stands in its table: a number that is the same for every query of the transaction."""


def connect(dsn: str) -> Any:
    """A connection. Raises DingjiError where the package is missing (X004), RequestError where the server can't be reached (X010)."""
    try:
        import psycopg
    except ImportError:
        raise lacks("psycopg", "postgres") from None
    try:
        connection = psycopg.connect(dsn)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection
    except psycopg.Error as error:
        message = f"the database can't be reached: {' '.join(str(error).split())}"
        raise RequestError([Problem("--dsn", 0, 0, "X010", message, "such as postgresql://user@host/database")]) from None


class PostgresStore:
    """A table and its result. Nothing stands in the database before `finish`; `abandon` leaves it as it was."""

    dialect = "postgres"

    def __init__(self, connection: Any, table: str, into: str | None, replace: bool = False) -> None:
        """`into`, the name of the result, may be missing where rows are only read."""
        self.connection, self.place = connection, table
        self.table = _quoted(table, "--table")
        self.run = connection.execute
        if not self._exists(self.table):
            raise RequestError([Problem("--table", 0, 0, "X011", f"there is no table {table!r} in the database", "SCHEMA.TABLE names one")])
        self.kinds = self._columns()
        self.views = ["_source"]
        self.types: dict[str, str] = {}
        self.there: list[str] = []
        self.cursors = 0
        self.into = self.rejects = ""
        if into is not None:
            self._name(into, replace)
        self.source = "_source"
        self.run(f"CREATE TEMP VIEW _source AS SELECT {_ROW} AS {ROW}, * FROM {self.table} OFFSET 0")

    def _name(self, into: str, replace: bool) -> None:
        """Where the result goes, and the rows that have no grade."""
        self.into, self.rejects = _quoted(into, "--into"), _quoted(f"{into}_rejects", "--into")
        if self._same():
            raise RequestError([Problem("--into", 0, 0, "X012", "a table can't be graded into itself", "name another table")])
        self.there = [name for name in (self.into, self.rejects) if self._exists(name)]
        if self.there and not replace:
            message = f"there is a table {self.there[0]} already"
            raise RequestError([Problem("--into", 0, 0, "X012", message, "name another, or add --replace")])

    def begin(self, columns: Mapping[str, str]) -> None:
        """An empty table, in the place of the one that is replaced."""
        self.types = {name: _type(kind) for name, kind in columns.items()}
        for name in self.there:
            self.run(f"DROP TABLE {name}")
        listed = ", ".join(f"{_in_quotes(name)} {kind}" for name, kind in self.types.items())
        self.run(f'CREATE TABLE {self.into} ({listed}, PRIMARY KEY ("{ROW}"))'.encode())

    def _exists(self, name: str) -> bool:
        return self.run("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchone()[0] is True

    def _same(self) -> bool:
        return bool(self.run("SELECT to_regclass(%s) = to_regclass(%s)", [self.into, self.table]).fetchone()[0])

    def _columns(self) -> dict[str, Kind]:
        query = (
            "SELECT attname, regexp_replace(format_type(atttypid, NULL), '[(].*', '') FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return {name: _KINDS.get(kind, "other") for name, kind in self.run(query, [self.table]).fetchall()}

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, fetched bit by bit."""
        self.cursors += 1
        with self.connection.cursor(name=f"_dingji_{self.cursors}", withhold=False) as cursor:
            cursor.itersize = FETCHED
            cursor.execute(query.encode())
            yield from cursor

    def view(self, name: str, query: str) -> None:
        """A temporary view."""
        self.run(f"CREATE TEMP VIEW {name} AS {query}".encode())
        self.views.append(name)

    def keep(self, name: str, query: str) -> None:
        """A temporary table, gone with the transaction."""
        self.run(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}".encode())

    def insert(self, query: str) -> None:
        """Grade into the result by one statement."""
        columns = ", ".join(f"TO_JSONB({_in_quotes(c)})" if kind == "JSONB" else _in_quotes(c) for c, kind in self.types.items())
        chosen = f"SELECT {columns} FROM ({query}) AS graded WHERE NOT doubt AND CARDINALITY(refused) = 0"
        self.run(f"INSERT INTO {self.into} {chosen}".encode())

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Rows graded one by one."""
        marks = ", ".join(["%s"] * len(self.types))
        values = [[_value(kind, row[name]) for name, kind in self.types.items()] for row in rows]
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {self.into} VALUES ({marks})", values)

    def graded(self) -> str:
        """The result so far."""
        return self.into

    def share(self) -> float:
        """PostgreSQL does not say how far a statement is."""
        return 0.0

    def finish(self, rejects: list[Reject]) -> None:
        """Let the result stand, and beside it the rows that have no grade."""
        if rejects:
            self.run(f'CREATE TABLE {self.rejects} ("row" BIGINT, key TEXT, "column" TEXT, code TEXT, reason TEXT)')
            with self.connection.cursor() as cursor:
                rows = [[getattr(one, name) for name in Reject.__struct_fields__] for one in rejects]
                cursor.executemany(f"INSERT INTO {self.rejects} VALUES (%s, %s, %s, %s, %s)", rows)
        for name in reversed(self.views):
            self.run(f"DROP VIEW {name}")
        self.connection.commit()

    def abandon(self) -> None:
        """Leave the database as it was."""
        with suppress(Exception):
            self.connection.rollback()


def _value(kind: str, value: Any) -> Any:
    return json.dumps(value, default=str, ensure_ascii=False) if kind == "JSONB" else value


def _type(kind: str) -> str:
    """A type of a result; what holds structs is JSON."""
    return "JSONB" if kind.startswith("STRUCT") else kind


def _in_quotes(name: str) -> str:
    return Speech("postgres").name(name)


def _quoted(name: str, option: str) -> str:
    """A name of a table, in quotes. Raises RequestError (X011) for what is no name."""
    if not _NAME.fullmatch(name):
        raise RequestError(
            [Problem(option, 0, 0, "X011", f"{name!r} is no name of a table", "TABLE or SCHEMA.TABLE, in letters and digits")]
        )
    return ".".join(map(_in_quotes, name.split(".")))
