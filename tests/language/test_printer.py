"""Printing is the inverse of parsing: whatever tree there can be comes back, and what was printed once stays as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dingji.language import nodes as n
from dingji.language.check import check
from dingji.language.parser import FUNCTIONS, parse
from dingji.language.printer import to_source
from inference.strategies import VOCABULARY, conditions, formulas
from language.test_parser import bare

RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))
NAMES = st.sampled_from(["a", "b", "crane_at_work", "max", "水位", "i"])
STRINGS = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cc", "Cs"]), max_size=6)


def text(value: str) -> n.Literal:
    return n.Literal(value, f'"{value}"')


def number(value: int | Decimal) -> n.Literal:
    return n.Literal(value, str(value))


NUMBERS = st.one_of(
    st.integers(0, 10**30 - 1),
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)).map(lambda parts: Decimal(f"{parts[0]}.{parts[1]}")),
)
LITERALS = st.one_of(
    NUMBERS.map(number),
    STRINGS.map(text),
    st.booleans().map(lambda truth: n.Literal(truth, str(truth))),
    st.dates().map(lambda day: n.Literal(day, f'date("{day}")')),
)
ATOMS = st.one_of(LITERALS, NAMES.map(n.Fact), st.builds(n.Field, NAMES, NAMES))


@st.composite
def quantifiers(draw: Callable[[Any], Any], inner: st.SearchStrategy[n.Node]) -> n.Quantifier:
    kind = draw(st.sampled_from(["any", "all", "count", "sum", "max", "min"]))
    element = None if kind == "count" else draw(inner)
    return n.Quantifier(kind, element, draw(NAMES), draw(NAMES), draw(st.none() | inner))


@st.composite
def comparisons(draw: Callable[[Any], Any], inner: st.SearchStrategy[n.Node]) -> n.Compare:
    operands = draw(st.lists(inner, min_size=2, max_size=4))
    operators = [draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="])) for _ in operands[1:]]
    return n.Compare(tuple(operands), tuple(operators))


@st.composite
def calls(draw: Callable[[Any], Any], inner: st.SearchStrategy[n.Node]) -> n.Call:
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    least, most = FUNCTIONS[name]
    return n.Call(name, tuple(draw(st.lists(inner, min_size=least, max_size=min(most, 3)))))


def larger(inner: st.SearchStrategy[n.Node]) -> st.SearchStrategy[n.Node]:
    """Every kind of node over every kind of node, well typed or not."""
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(n.Not, inner),
        st.builds(n.And, several),
        st.builds(n.Or, several),
        comparisons(inner),
        st.builds(n.Member, inner, st.lists(LITERALS, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(n.Arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(n.Negative, inner),
        calls(inner),
        quantifiers(inner),
    )


TREES = st.recursive(ATOMS, larger, max_leaves=12)


@settings(RELAXED, max_examples=1500)
@given(TREES)
def test_every_tree_comes_back(tree: n.Node) -> None:
    source = to_source(tree)
    if len(source) <= 4000:
        assert bare(parse(source)) == bare(tree)


@settings(RELAXED, max_examples=400)
@given(st.one_of(conditions(depth=4, known=True), formulas(depth=4)))
def test_a_checked_expression_comes_back_checked(tree: n.Node) -> None:
    """Grades are resolved to severities in the tree but printed as grades."""
    source = to_source(tree)
    assert bare(check(parse(source), VOCABULARY)) == bare(tree)


@settings(RELAXED, max_examples=300)
@given(TREES)
def test_what_was_printed_once_stays_as_it_is(tree: n.Node) -> None:
    once = to_source(tree)
    if len(once) <= 4000:
        assert to_source(parse(once)) == once


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("((a))", "a"),
        ("(a and b) and (c)", "(a and b) and c"),  # a tree of its own, not one list of three
        ("(a) or (b and c)", "a or b and c"),
        ("(a or b) and c", "(a or b) and c"),
        ("not (a and b)", "not (a and b)"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("(a + b) * c", "(a + b) * c"),
        ("a + (b * c)", "a + b * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a / (b / c)", "a / (b / c)"),
        ("-(a + b)", "-(a + b)"),
        ("(-a) + b", "-a + b"),
        ("a - (-b)", "a - -b"),
        ("(a < b) == c", "(a < b) == c"),
        ("a in (1,2)", "a in [1, 2]"),
        ("a   not  in['p']", "a not in ['p']"),
        ("count(i.n>5 for i in l)", "count(i for i in l if i.n > 5)"),
        ("any((i.a or i.b) for i in l if (i.c or a))", "any(i.a or i.b for i in l if i.c or a)"),
        ("max( a,b )", "max(a, b)"),
        ("a and\n   b", "a and b"),
        ("1.50 < a", "1.50 < a"),
    ],
)
def test_parentheses_only_where_they_are_needed(source: str, printed: str) -> None:
    assert to_source(parse(source)) == printed


def test_a_grade_is_printed_as_written() -> None:
    tree = check(parse('level >= "II"'), VOCABULARY)
    assert isinstance(tree, n.Compare)
    assert tree.operands[1] == n.Literal(2, "")
    assert to_source(tree) == 'level >= "II"'


def test_an_expression_is_printed_on_one_line() -> None:
    assert "\n" not in to_source(parse('a == "p"\n  or b == date(\n"2020-01-31")'))


def test_the_day_of_a_date_constant_survives() -> None:
    assert parse(to_source(parse('a < date("2020-02-29")'))) == n.Compare((n.Fact("a"), n.Literal(dt.date(2020, 2, 29), "")), ("<",))
