"""`dingji batch --engine postgres`, as people give it, over tables of every make: what is read by SQL and what row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batch import registers
from batch.registers import run_batch
from dingji.batch.results import comparable
from dingji.batch.statement.where import Where
from dingji.batch.stores.inplace import Register
from dingji.batch.stores.postgres import PostgresStore, connect
from dingji.cases.model import Case
from dingji.errors import CaseError, DingjiError
from dingji.knowledge.model import Knowledge
from dingji.records import replace
from dingji.tables.mapping import read_mapping
from dingji.tables.reader import read_table

RATED = {"enterprises/transport-1000.yaml": (8, 10), "escalation/blacklists.yaml": (6, 12)}


@pytest.fixture
def database(postgres: str) -> Iterator[Any]:
    """A connection to an empty database; `info.dsn` says how to reach it."""
    made = connect(postgres)
    made.autocommit = True
    made.execute("DROP SCHEMA public CASCADE")
    made.execute("CREATE SCHEMA public")
    yield made
    made.close()


@pytest.fixture(scope="module")
def rated(kb: Knowledge) -> list[Case]:
    return registers.several(kb, RATED)


def create(database: Any, rows: list[dict[str, Any]], kinds: dict[str, str], table: str = "rated") -> None:
    """A table with these columns; those without a kind are texts."""
    names = list(rows[0])
    listed = ", ".join(f'"{name}" {kinds.get(name, "TEXT")}' for name in names)
    database.execute(f"CREATE TABLE {table} ({listed})")
    for row in rows:
        values = [json.dumps(v, default=registers.plain_json) if isinstance(v, list) else v for v in row.values()]
        database.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(values))})", values)


def kinds_of(kb: Knowledge, chosen: list[Case]) -> dict[str, str]:
    from batch.test_postgres import sql_type

    return {"as_of": "DATE", **{name: sql_type(kind) for name, kind in registers.columns(kb, chosen).items()}}


def graded(database: Any, postgres: str, *options: object, into: str = "grades") -> tuple[int, str, str]:
    where = ("--into", into) if into else ()
    return run_batch("--engine", "postgres", "--dsn", postgres, "--table", "rated", *where, *options)


def results(database: Any, table: str = "grades") -> dict[str, dict[str, Any]]:
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column.name for column in cursor.description]
    return {row[1]: comparable(dict(zip(names, row, strict=True))) for row in cursor.fetchall()}


def county(case: Case) -> dict[str, str]:
    return {"county": "north" if len(case.id) % 2 else ""}


CONDITIONS = (
    "not known(transport_points) or transport_points >= 700",
    "transport_points * 3 > 2100.5 or listed_in_succession",
    "any(r.on >= date('2016-01-01') for r in accident_records)",
    "years_between(blacklist_published_on, state_checked_on) < 1",
)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_where_leaves_out_what_it_leaves_out_one_by_one(
    database: Any, postgres: str, kb: Knowledge, rated: list[Case], condition: str
) -> None:
    """The rows, the group columns, and every row counted; two rows are no cases."""
    rows = [{**row, "group.county": county(case)["county"] or None} for case, row in zip(rated, registers.rows(kb, rated), strict=True)]
    rows[1]["as_of"] = None
    rows[2]["case"] = rows[0]["case"]
    create(database, rows, kinds_of(kb, rated))
    code, _, told = graded(database, postgres, "--where", condition, "--sample-check", 7)
    assert code == 0, told
    wanted = Where.of(condition, kb)
    cases = [case for place, case in enumerate(rated) if place not in (1, 2)]
    kept = [case for case in cases if wanted(case)]
    assert 10 < len(kept) < len(cases) - 10
    assert results(database) == registers.expected(kb, kept, county)
    assert f"{len(rated)} rows read" in told and f"{len(kept)} graded: grades" in told and "2 refused: grades_rejects" in told
    assert f"{len(cases) - len(kept)} left out by --where" in told and "7 graded again one by one: no difference" in told


def test_a_profile_may_stand_in_a_column(database: Any, postgres: str, kb: Knowledge, rated: list[Case]) -> None:
    profiles = (None, "escalation-blacklist-local", "escalation-blacklist-2011")
    chosen = [replace(case, profile=profiles[place % 3]) for place, case in enumerate(rated)]
    rows = [{**row, "profile": case.profile} for case, row in zip(chosen, registers.rows(kb, chosen), strict=True)]
    create(database, rows, kinds_of(kb, chosen))
    code, _, told = graded(database, postgres)
    assert code == 0, told
    found = results(database)
    assert found == registers.expected(kb, chosen)
    # by a profile that is asked for, whatever the column says
    code, _, told = graded(database, postgres, "--profile", "escalation-blacklist-local", into="others")
    assert code == 0, told
    assert results(database, "others") == registers.expected(kb, chosen, profile="escalation-blacklist-local") != found


def test_ids_and_days_may_have_other_types(database: Any, postgres: str, kb: Knowledge, rated: list[Case]) -> None:
    chosen = [replace(case, id=str(place)) for place, case in enumerate(rated, 100)]
    kinds = {**kinds_of(kb, chosen), "case": "BIGINT", "as_of": "TIMESTAMP"}
    rows = registers.rows(kb, chosen)
    create(database, rows, kinds)
    register = Register.of(PostgresStore(database, "rated", "grades"), kb, None, None, None)
    register.worth = 1
    with database.transaction():
        counts, rejects = register.run()
    assert (counts.graded, counts.singly, rejects) == (len(chosen), 0, [])
    assert results(database) == registers.expected(kb, chosen)


MAPPED = """
mapping: rated
case: no
subject: {constant: enterprise}
as_of: day
survey: {scale: hazard-level}
opinions:
  - {column: first, rater: ann}
columns:
  scheme: rating_scheme
  sector: sector
  points: transport_points
  unmet_1: transport_unmet_level_1_items
  matter: supervision_matter
lists:
  accident_records:
    count: accidents
    records:
      - {on: accident_on, deaths: dead}
"""


def test_experts_and_lists_in_columns_are_read_row_by_row(database: Any, postgres: str, kb: Knowledge, tmp_path: Path) -> None:
    """As the same table is read from a file."""
    rows: list[dict[str, Any]] = [
        {"no": f"R{i}", "day": "2013-05-20", "scheme": "transport_1000", "sector": "road_transport", "points": 500 + 5 * i, "unmet_1": 0}
        | {"matter": None, "first": "II" if i == 7 else None, "accidents": 0 if i == 8 else None, "accident_on": None, "dead": None}
        for i in range(60)
    ]
    rows[9] |= {"accident_on": "2013-01-02", "dead": 2}
    rows[10]["first"] = "excellent"  # no grade of the scale
    mapping = tmp_path / "rated.yaml"
    mapping.write_text(MAPPED, encoding="utf-8")
    create(database, rows, {"points": "INTEGER", "unmet_1": "INTEGER", "accidents": "INTEGER", "dead": "INTEGER"})
    code, _, told = graded(database, postgres, "--mapping", mapping)
    assert code == 0, told
    assert "3 of these one by one" in told and "1 refused" in told
    table = tmp_path / "rated.csv"
    names = list(rows[0])
    lines = [",".join("" if row[name] is None else str(row[name]) for name in names) for row in rows]
    table.write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")
    cases = [row.case for row in read_table(table, kb, read_mapping(mapping, kb)).rows() if row.case is not None]
    assert len(cases) == 59 and cases[7].opinions
    assert results(database) == registers.expected(kb, cases)


def test_one_row_is_proved(database: Any, postgres: str, kb: Knowledge, rated: list[Case]) -> None:
    rows = registers.rows(kb, rated)
    rows[3]["case"] = f"  {rows[3]['case']} "  # found nevertheless
    rows[5]["as_of"] = None
    create(database, rows, kinds_of(kb, rated))
    for place in (0, 3):
        code, shown, told = graded(database, postgres, "--row", rated[place].id, into="")
        assert code == 0, told
        assert rated[place].id in shown and "Standardization level" in shown and "Knowledge 0.1.0" in shown
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)
    for key, wanted in ((rated[5].id, "C007"), ("nobody", "C012"), ("' OR true --", "C012")):
        with pytest.raises(CaseError) as caught:
            graded(database, postgres, "--row", key, into="")
        assert [problem.code for problem in caught.value.problems] == [wanted]


def test_a_difference_in_a_sampled_row_leaves_the_database_as_it_was(
    database: Any, postgres: str, kb: Knowledge, rated: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    create(database, registers.rows(kb, rated), kinds_of(kb, rated))
    honest = PostgresStore.insert

    def wrong(store: PostgresStore, query: str) -> None:
        honest(store, query)
        store.run(f"UPDATE {store.into} SET differ = NOT differ WHERE status = 'determined'")

    monkeypatch.setattr(PostgresStore, "insert", wrong)
    with pytest.raises(DingjiError) as caught:
        graded(database, postgres, "--sample-check", len(rated))
    assert {problem.code for problem in caught.value.problems} == {"X007"}
    assert caught.value.exit_code == 5
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--table", "nothing", "--into", "grades"), "X011"),
        (("--table", "rated", "--into", "rated"), "X012"),
        (("--table", "rated", "--into", "a b"), "X011"),
        (("--table", "rated", "--into", "grades", "--dsn", "host=/nowhere connect_timeout=2"), "X010"),
    ],
)
def test_what_can_not_be_done_ends_with_exit_code_2(database: Any, postgres: str, options: tuple[str, ...], code: str) -> None:
    database.execute("CREATE TABLE rated (sector TEXT)")
    with pytest.raises(DingjiError) as caught:
        run_batch("--engine", "postgres", "--dsn", postgres, *options)
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.exit_code == 2
