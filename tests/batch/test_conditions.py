"""The property on which every row rests: SQL finds a condition true, false or unknown exactly as the reference evaluator does.

What SQL can't say for sure it must call doubtful, never answer; and it must not call much doubtful.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from sqlglot import exp

from batch.rows import NARROW, WIDE, expressions, fits, source, statement
from dingji.batch import amounts, lists, values
from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.printer import to_source
from inference.strategies import DEFAULTS, conditions, partial_cases

RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))
RULES, CASES = 4, 12

Drawn = tuple[list[n.Node], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def drawn(depth: int = 3) -> st.SearchStrategy[Drawn]:
    rules = st.lists(conditions(depth=depth, known=True), min_size=RULES, max_size=RULES)
    return st.tuples(rules, st.lists(partial_cases(), min_size=CASES, max_size=CASES))


def outcomes(engine: duckdb.DuckDBPyConnection, rules: list[n.Node], cases: list[dict[str, Any]], digits: tuple[int, int]) -> list[Any]:
    """(rule, case, the reference's truth, the statement's truth or "doubt") for every pair."""
    kept = [{k: v for k, v in case.items() if fits(v, digits[1])} for case in cases]
    found = []
    for rule in rules:
        at = expressions(digits)
        query = statement(at, [at.truth(rule)])
        rows = engine.execute(f"WITH source AS MATERIALIZED ({source(kept, digits)}) SELECT * FROM ({query})").fetchall()
        evaluate = compile_node(rule, DEFAULTS)
        for case, (truth, doubt) in zip(kept, rows, strict=True):
            found.append((rule, case, evaluate(dict(case)), "doubt" if doubt else truth))
    return found


def differences(engine: duckdb.DuckDBPyConnection, pair: Drawn, digits: tuple[int, int]) -> list[str]:
    found = []
    for rule, case, wanted, got in outcomes(engine, *pair, digits):
        if got != "doubt" and got is not wanted:
            read = {name: case.get(name) for name in sorted(n.facts_of(rule))}
            found.append(f"{wanted}, in SQL {got}: {to_source(rule)} with {read}")
    return found


@pytest.mark.parametrize("digits", [NARROW, WIDE], ids=["usual numbers", "30 places"])
def test_sql_finds_what_the_evaluator_finds(engine: duckdb.DuckDBPyConnection, digits: tuple[int, int]) -> None:
    @settings(RELAXED, max_examples=30)
    @given(drawn())
    def agree(pair: Drawn) -> None:
        assert differences(engine, pair, digits) == []

    agree()


def test_rows_in_doubt_are_few_and_truths_are_of_all_kinds(engine: duckdb.DuckDBPyConnection) -> None:
    """The property means nothing if everything is in doubt."""
    counts: Counter[Any] = Counter()

    @settings(RELAXED, max_examples=15, database=None, derandomize=True, phases=[Phase.generate])
    @given(drawn())
    def count(pair: Drawn) -> None:
        counts.update(got for *_, got in outcomes(engine, *pair, NARROW))

    count()
    total = sum(counts.values())
    assert counts["doubt"] < total / 8, counts
    assert all(counts[truth] > total / 10 for truth in (True, False, None)), counts


@pytest.mark.parametrize(
    ("target", "name", "changed"),
    [
        (values, "MIRRORED", {op: op for op in values.MIRRORED}),
        (amounts, "_COMPARE", {**amounts._COMPARE, "<": exp.LTE}),
        (lists, "_not_negative", lambda amount: True),
        (values, "no_bit", values.bit),
    ],
    ids=["mirror", "ties", "signs", "bits"],
)
def test_a_defect_in_the_compiler_is_found(
    engine: duckdb.DuckDBPyConnection, target: Any, name: str, changed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, name, changed)
    quick = settings(RELAXED, max_examples=150, phases=[Phase.generate], database=None, derandomize=True)
    try:
        find(drawn(), lambda pair: differences(engine, pair, NARROW) != [], settings=quick)
    except NoSuchExample:
        pytest.fail("the property would not have noticed")
