"""The property on which every row rests: SQL finds a condition true, false or unknown exactly as the reference evaluator does.

What SQL can't say for sure it must call doubtful, never answer; and it must not call much doubtful.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from sqlglot import exp

from batch.rows import NARROW, WIDE, fits, source, statement
from dingji.batch.register import literal
from dingji.batch.statement import amounts, lists, values
from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.printer import to_source
from dingji.language.values import Partial
from inference.strategies import DEFAULTS, conditions, number, partial_cases

RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))
RULES, CASES = 4, 12
AT_ONCE = 8
"""Draws whose rules Spark evaluates by one statement."""

Drawn = tuple[list[n.Node], list[dict[str, Any]]]


def drawn(depth: int = 3) -> st.SearchStrategy[Drawn]:
    rules = st.lists(conditions(depth=depth, known=True), min_size=RULES, max_size=RULES)
    return st.tuples(rules, st.lists(partial_cases(), min_size=CASES, max_size=CASES))


Answers = list[tuple[Any, ...]]
"""For each row its number, and for every rule its truth and whether the row is in doubt."""
Engine = Callable[[list[n.Node], list[dict[str, Any]], tuple[int, int]], Answers]


class InDuckdb:
    """From constants, or from a Parquet file."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder, self.connection = folder, duckdb.connect()

    def __call__(self, rules: list[n.Node], cases: list[dict[str, Any]], digits: tuple[int, int]) -> Answers:
        given = source(cases, digits)
        if self.folder is not None:
            given = f"SELECT * FROM read_parquet({literal(str(self.parquet(cases, digits)))})"
        query = f"WITH source AS MATERIALIZED ({given}) SELECT * FROM ({statement(digits, rules)})"
        return self.connection.execute(query).fetchall()

    def parquet(self, cases: list[dict[str, Any]], digits: tuple[int, int]) -> Path:
        assert self.folder is not None
        file = self.folder / "cases.parquet"
        self.connection.execute(f"COPY ({source(cases, digits)}) TO {literal(str(file))} (FORMAT parquet)")
        return file


class InPostgres:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        connection.autocommit = True

    def __call__(self, rules: list[n.Node], cases: list[dict[str, Any]], digits: tuple[int, int]) -> Answers:
        query = (
            f"WITH source AS MATERIALIZED ({source(cases, digits, 'postgres')}) SELECT * FROM ({statement(digits, rules, 'postgres')}) AS x"
        )
        found: Answers = self.connection.execute(query.encode()).fetchall()
        return found


class InSpark:
    """The cases stand in a Parquet file."""

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.files = session, InDuckdb(folder)

    def __call__(self, rules: list[n.Node], cases: list[dict[str, Any]], digits: tuple[int, int]) -> Answers:
        self.session.read.parquet(self.files.parquet(cases, digits).as_uri()).createOrReplaceTempView("source")
        return [tuple(row) for row in self.session.sql(statement(digits, rules, "spark")).collect()]


def outcomes(engine: Engine, rules: list[n.Node], cases: list[dict[str, Any]], digits: tuple[int, int]) -> list[Any]:
    """(rule, case, the reference's truth, the statement's truth or "doubt") for every pair."""
    kept = [{k: v for k, v in case.items() if fits(v, digits[1])} for case in cases]
    found = []
    rows = sorted(engine(rules, kept, digits))
    assert [row[0] for row in rows] == list(range(len(kept)))
    for place, rule in enumerate(rules):
        evaluate = compile_node(rule, DEFAULTS)
        for case, row in zip(kept, rows, strict=True):
            truth, doubt = row[1 + 2 * place : 3 + 2 * place]
            found.append((rule, case, evaluate(dict(case)), "doubt" if doubt else truth))
    return found


def differences(engine: Engine, pair: Drawn, digits: tuple[int, int]) -> list[str]:
    found = []
    for rule, case, wanted, got in outcomes(engine, *pair, digits):
        if got != "doubt" and got is not wanted:
            read = {name: case.get(name) for name in sorted(n.facts_of(rule))}
            found.append(f"{wanted}, in SQL {got}: {to_source(rule)} with {read}")
    return found


def agrees(engine: Engine, digits: tuple[int, int], examples: int) -> None:
    @settings(RELAXED, max_examples=examples)
    @given(drawn())
    def agree(pair: Drawn) -> None:
        assert differences(engine, pair, digits) == []

    agree()


@pytest.mark.parametrize("digits", [NARROW, WIDE], ids=["usual numbers", "30 places"])
def test_sql_finds_what_the_evaluator_finds(digits: tuple[int, int]) -> None:
    agrees(InDuckdb(), digits, 30)


@pytest.mark.parametrize("digits", [NARROW, WIDE], ids=["usual numbers", "30 places"])
def test_so_it_does_over_parquet(digits: tuple[int, int], tmp_path: Path) -> None:
    agrees(InDuckdb(tmp_path), digits, 10)


@pytest.mark.parametrize("digits", [NARROW, WIDE], ids=["usual numbers", "30 places"])
def test_so_it_does_in_postgresql(postgres: str, digits: tuple[int, int]) -> None:
    from dingji.batch.stores.postgres import connect

    with connect(postgres) as connection:
        agrees(InPostgres(connection), digits, 30)


@pytest.mark.parametrize("digits", [NARROW, WIDE], ids=["usual numbers", "30 places"])
def test_so_it_does_in_spark(spark: Any, digits: tuple[int, int], tmp_path: Path) -> None:
    """One statement for many rules: Spark takes seconds for each statement, whatever it says."""
    rules: list[n.Node] = []
    cases: list[dict[str, Any]] = []

    @settings(RELAXED, max_examples=AT_ONCE, phases=[Phase.generate], database=None)
    @given(drawn())
    def gather(pair: Drawn) -> None:
        rules.extend(pair[0])
        cases.extend(pair[1])

    gather()
    assert differences(InSpark(spark, tmp_path), (rules, cases), digits) == []


def test_rows_in_doubt_are_few_and_truths_are_of_all_kinds() -> None:
    """The property means nothing if everything is in doubt."""
    counts: Counter[Any] = Counter()
    engine = InDuckdb()

    @settings(RELAXED, max_examples=15, database=None, derandomize=True, phases=[Phase.generate])
    @given(drawn())
    def count(pair: Drawn) -> None:
        counts.update(got for *_, got in outcomes(engine, *pair, NARROW))

    count()
    total = sum(counts.values())
    assert counts["doubt"] < total / 8, counts
    assert all(counts[truth] > total / 10 for truth in (True, False, None)), counts


def test_a_long_fraction_over_a_number_below_zero_keeps_its_sign() -> None:
    """Found by chance: 0 < 1.0…01 / -0.3…01 came out true, since one more digit for the sign did not fit."""
    above, below = Decimal("1.000000000000000000000000001"), Decimal("0.30000000000000000001")
    fraction = n.Arithmetic("/", n.Arithmetic("+", number(above), n.Fact("workers")), n.Negative(number(below)))
    rule = n.Compare((n.Arithmetic("+", n.Fact("workers"), n.Fact("workers")), fraction), ("<",))
    assert compile_node(rule, DEFAULTS)({"workers": 0}) is False
    assert differences(InDuckdb(), ([rule], [{"workers": 0}]), NARROW) == []


BELOW_ZERO = (
    [n.Compare((n.Arithmetic("*", n.Fact("height"), n.Fact("load")), n.Literal(3, "3")), (">=",))],
    [{"height": Partial(-2, -1), "load": Partial(-3, -1)}],
)
"""A product from 1 to 6. Random conditions have products of negative numbers once in about a hundred draws."""


@pytest.mark.parametrize(
    ("target", "name", "changed", "among"),
    [
        (values, "MIRRORED", {op: op for op in values.MIRRORED}, drawn()),
        (amounts, "_COMPARE", {**amounts._COMPARE, "<": exp.LTE}, drawn()),
        (lists, "_not_negative", lambda amount: True, st.just(BELOW_ZERO)),
        (values, "no_bit", values.bit, drawn()),
    ],
    ids=["mirror", "ties", "signs", "bits"],
)
def test_a_defect_in_the_compiler_is_found(target: Any, name: str, changed: Any, among: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = InDuckdb()
    quick = settings(RELAXED, max_examples=150, phases=[Phase.generate], database=None, derandomize=True)
    assert differences(engine, BELOW_ZERO, NARROW) == [], "without a defect"
    monkeypatch.setattr(target, name, changed)
    try:
        find(among, lambda pair: differences(engine, pair, NARROW) != [], settings=quick)
    except NoSuchExample:
        pytest.fail("the property would not have noticed")
