"""The solver against the evaluator: what it calls impossible never happens, and the cases it shows are such cases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingji.analysis.solver import Solver, shown
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.evaluate import compile_node
from dingji.language.parser import parse
from dingji.language.printer import to_source
from dingji.language.values import Records
from inference.strategies import DEFAULTS, VOCABULARY, completed, conditions

KNOWLEDGE: Any = SimpleNamespace(rules={}, facts={name: SimpleNamespace(type=kind) for name, kind in VOCABULARY.items()})
RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))


def condition(source: str) -> n.Node:
    return check(parse(source), VOCABULARY, t.Bool())


@st.composite
def with_cases(draw: Callable[[Any], Any]) -> tuple[n.Node, list[dict[str, Any]]]:
    return draw(conditions(depth=3)), [completed(draw, {}) for _ in range(3)]


@settings(RELAXED, max_examples=300)
@given(with_cases())
def test_what_happens_is_possible(drawn: tuple[n.Node, list[dict[str, Any]]]) -> None:
    node, cases = drawn
    solver = Solver(KNOWLEDGE)
    for case in cases:
        truth = compile_node(node, DEFAULTS)(dict(case))
        if truth is True:
            assert solver.possible([node]), to_source(node)
        elif truth is False:
            assert solver.possible(false=[node]), to_source(node)


@pytest.mark.parametrize(
    ("source", "true", "false"),
    [
        ("wet and not wet", False, True),
        ("wet or not wet", True, False),
        ("workers > 12", False, True),
        ("workers <= 12", True, False),
        ("workers > 11", True, True),
        ("2 < workers < 3", False, True),
        ("2 < load < 3", True, True),
        ('kind in ["bus", "line", "plant"]', True, False),
        ('kind == "bus" and kind == "line"', False, True),
        ('level >= "IV"', True, False),
        ('level > "I"', False, True),
        ('level == "I" and level < "II"', False, True),
        ("max(workers, height) > 12", False, True),
        ("abs(load) < 0", False, True),
        ("load * 0 == 1", False, True),
        ("depth / workers > 3", True, True),
        ("count(e for e in events) >= 8", True, True),
        ("any(e.score > 10 for e in events)", False, True),
        ("any(e.lost for e in events) and all(not e.lost for e in events)", False, True),
        ("any(e.lost for e in events) and count(e for e in events) == 0", False, True),
        ("sum(e.score for e in events) < 0", False, True),
        ("max(e.score for e in events) > 10 and count(e for e in events) >= 1", False, True),
        ("days_between(began, ended) > 3 and ended < began", False, True),
        ('remark == "a" and remark == "b"', False, True),
        ("known(load) and not known(load)", False, True),
        ("known(load)", True, True),
    ],
)
def test_answers_by_hand(source: str, true: bool, false: bool) -> None:
    node = condition(source)
    solver = Solver(KNOWLEDGE)
    assert (solver.possible([node]), solver.possible(false=[node])) == (true, false)


@pytest.mark.parametrize(
    "source",
    [
        "workers >= 3 and height * 2 == 5 and not wet",
        'kind == "line" and level >= "II" and began > date("2020-02-29")',
        'any(e.score == 7 and e.kind == "plant" for e in events) and count(e for e in events) == 2',
        'remark == "as built" and depth / 4 > 2.5',
    ],
)
def test_a_case_it_shows_is_such_a_case(source: str) -> None:
    node = condition(source)
    case = Solver(KNOWLEDGE).case([node])
    assert case is not None
    facts: dict[str, Any] = {name: _read(name, value) for name, value in case.items() if "[" not in name}
    items: dict[str, dict[str, Any]] = {}
    for name, value in case.items():
        if "." in name:
            item, field = name.split(".")
            kind = dict(VOCABULARY["events"].fields)[field]  # type: ignore[attr-defined]
            items.setdefault(item, {})[field] = _value(kind, value)
    facts["events"] = Records(tuple(items.values()))
    assert compile_node(node, DEFAULTS)(facts) is True, shown(case)


def _read(name: str, value: Any) -> Any:
    return _value(VOCABULARY[name], value)


def _value(kind: t.Type, value: Any) -> Any:
    if isinstance(kind, t.Scale):
        return kind.severity(value)
    return Decimal(value) if isinstance(kind, t.Number) and isinstance(value, str) else value


def test_implication() -> None:
    solver = Solver(KNOWLEDGE)
    assert solver.implies(condition("workers > 5 and wet"), condition("workers >= 5"))
    assert not solver.implies(condition("workers >= 5 and wet"), condition("workers > 5"))
    assert solver.implies(condition("wet and not wet"), condition("wet and live and not wet"))


def test_a_case_is_shown_in_the_words_of_case_files() -> None:
    case = {"wet": True, "level": "II", "began": dt.date(2020, 1, 31), "height": "2.5"}
    assert shown(case) == "wet true, level II, began 2020-01-31, height 2.5"
    assert shown({}) == "any case"
