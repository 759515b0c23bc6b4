"""A table of a PostgreSQL server graded in place: row by row what the single-case path says, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from batch import registers
from dingji.batch.results import comparable
from dingji.batch.stores.inplace import Register
from dingji.batch.stores.postgres import PostgresStore, connect
from dingji.cases.model import Case
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge
from dingji.language import types as t

COPIES = 12


@pytest.fixture
def connection(postgres: str) -> Iterator[Any]:
    made = connect(postgres)
    made.execute("DROP SCHEMA public CASCADE")
    made.execute("CREATE SCHEMA public")
    made.commit()
    yield made
    made.close()


@pytest.fixture(scope="module")
def chosen(kb: Knowledge) -> list[Case]:
    return registers.cases(kb, COPIES)


def sql_type(kind: t.Type) -> str:
    match kind:
        case t.Bool():
            return "BOOLEAN"
        case t.Number(integer=whole):
            return "INTEGER" if whole else "NUMERIC"
        case t.Date():
            return "DATE"
        case t.Records():
            return "JSONB"
    return "VARCHAR(400)"


def create(connection: Any, kb: Knowledge, chosen: list[Case], table: str = "hazards") -> None:
    kinds = registers.columns(kb, chosen)
    listed = ", ".join(f'"{name}" {sql_type(kind)}' for name, kind in kinds.items())
    connection.execute(f'CREATE TABLE {table} ("case" TEXT, as_of DATE, {listed})')
    for row in registers.rows(kb, chosen):
        values = [json.dumps(v, default=registers.plain_json) if isinstance(v, list) else v for v in row.values()]
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(values))})", values)
    connection.commit()


def register(connection: Any, kb: Knowledge, worth: int = 1, **options: Any) -> Register:
    store = PostgresStore(connection, "hazards", "grades", **options)
    found = Register.of(store, kb, None, None, None)
    found.worth = worth
    return found


def results(connection: Any, table: str = "grades") -> dict[str, dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column.name for column in cursor.description]
    return {row[1]: comparable(dict(zip(names, row, strict=True))) for row in cursor.fetchall()}


def test_a_statement_in_the_database_says_what_the_single_case_path_says(connection: Any, kb: Knowledge, chosen: list[Case]) -> None:
    create(connection, kb, chosen)
    counts, rejects = register(connection, kb).run()
    connection.commit()
    assert (counts.read, counts.graded, counts.singly, rejects) == (len(chosen), len(chosen), 0, [])
    assert results(connection) == registers.expected(kb, chosen)


def test_what_is_odd_is_read_row_by_row_and_what_is_no_case_is_refused(connection: Any, kb: Knowledge, chosen: list[Case]) -> None:
    few = chosen[:3]
    create(connection, kb, few)
    run = connection.execute
    run("UPDATE hazards SET sector = ' 工贸 ' WHERE \"case\" = %s", [few[0].id])  # a label with spaces around it
    run('UPDATE hazards SET as_of = NULL WHERE "case" = %s', [few[1].id])
    run('INSERT INTO hazards SELECT * FROM hazards WHERE "case" = %s', [few[2].id])
    connection.commit()
    found = register(connection, kb)
    counts, rejects = found.run()
    found.store.finish(rejects)  # type: ignore[attr-defined]
    assert (counts.read, counts.graded, counts.refused) == (4, 2, 2)
    assert sorted((reject.column, reject.code) for reject in rejects) == [("as_of", "C007"), ("case", "C067")]
    assert set(results(connection)) == {few[0].id, few[2].id}
    stored = run("SELECT code FROM grades_rejects ORDER BY code").fetchall()
    assert stored == [("C007",), ("C067",)]


def test_a_run_that_fails_leaves_the_database_as_it_was(
    connection: Any, kb: Knowledge, chosen: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    create(connection, kb, chosen[:3])
    connection.execute("CREATE TABLE grades (kept INTEGER)")
    connection.commit()
    found = register(connection, kb, replace=True)
    monkeypatch.setattr(found.store, "insert", lambda query: found.store.rows("SELECT 1/0").__next__())
    with pytest.raises(Exception, match="division by zero"):
        found.run()
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM information_schema.columns WHERE column_name = 'kept'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("table", "into", "code"),
    [
        ("hazards", "grades", "X012"),
        ("hazards", "hazards", "X012"),
        ("nothing", "other", "X011"),
        ("hazards; drop table hazards", "other", "X011"),
        ("hazards", 'x" (a int); --', "X011"),
    ],
)
def test_names_that_collide_or_are_none_are_errors(connection: Any, table: str, into: str, code: str) -> None:
    connection.execute("CREATE TABLE hazards (sector TEXT)")
    connection.execute("CREATE TABLE grades (sector TEXT)")
    with pytest.raises(DingjiError) as caught:
        PostgresStore(connection, table, into)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_server_that_is_not_there_is_an_error() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(DingjiError) as caught:
        connect("host=/nowhere user=nobody connect_timeout=2")
    assert [problem.code for problem in caught.value.problems] == ["X010"]
