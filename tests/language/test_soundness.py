"""What the evaluator says of a case known in part must hold of every way to complete it, and be right once all is known."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.parser import parse
from dingji.language.printer import to_source
from dingji.language.values import Partial, Records
from inference.strategies import DEFAULTS, completed, conditions, formulas, partial_cases
from language.reference import NoValueError, exact, meaning

COMPLETIONS = 3
RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def known_in_part_and_whole(
    draw: Callable[[Any], Any], nodes: st.SearchStrategy[n.Node]
) -> tuple[n.Node, dict[str, Any], list[dict[str, Any]]]:
    facts = draw(partial_cases())
    return draw(nodes), facts, [completed(draw, facts) for _ in range(COMPLETIONS)]


def evaluate(node: n.Node, facts: dict[str, Any]) -> Any:
    return compile_node(node, DEFAULTS)(dict(facts))


def allows(less: Any, more: Any) -> bool:
    """Does `more`, worked out with more facts, say nothing that `less` excluded, and take nothing back?"""
    if less is None:
        return True
    if not isinstance(less, Partial):
        return not isinstance(more, Partial) and more == less and isinstance(more, bool) == isinstance(less, bool)
    if more is None:
        return False
    low, high = (more.low, more.high) if isinstance(more, Partial) else (more, more)
    if less.values is not None:
        values = more.values if isinstance(more, Partial) else (more,)
        return values is not None and set(values) <= set(less.values)
    above = less.low is None or (low is not None and low >= less.low)
    return above and (less.high is None or (high is not None and high <= less.high))


def says(node: n.Node, facts: dict[str, Any], less: Any, more: Any) -> str:
    read = {name: facts[name] for name in sorted(n.facts_of(node)) if name in facts}
    return f"{to_source(node)}\n  with {read}\n  first {less!r}, then {more!r}"


def check_sound(node: n.Node, facts: dict[str, Any], wholes: list[dict[str, Any]]) -> None:
    less = evaluate(node, facts)
    for whole in wholes:
        more = evaluate(node, whole)
        assert allows(less, more), says(node, whole, less, more) + f"\n  first with {facts}"


@settings(RELAXED, max_examples=600)
@given(known_in_part_and_whole(conditions(depth=3)))
def test_a_condition_known_in_part_allows_every_completion(drawn: tuple[n.Node, dict[str, Any], list[dict[str, Any]]]) -> None:
    check_sound(*drawn)


@settings(RELAXED, max_examples=600)
@given(known_in_part_and_whole(formulas(depth=3)))
def test_bounds_of_a_formula_hold_every_completion(drawn: tuple[n.Node, dict[str, Any], list[dict[str, Any]]]) -> None:
    check_sound(*drawn)


@settings(RELAXED, max_examples=600)
@given(known_in_part_and_whole(st.one_of(conditions(depth=3), formulas(depth=4))))
def test_the_evaluator_means_what_exact_arithmetic_means(drawn: tuple[n.Node, dict[str, Any], list[dict[str, Any]]]) -> None:
    node, _, wholes = drawn
    for whole in wholes:
        try:
            expected = meaning(node, whole)
        except NoValueError:
            continue
        found = evaluate(node, whole)
        assert not isinstance(found, Partial), says(node, whole, expected, found)
        assert exact(found) == expected, says(node, whole, expected, found)
        assert isinstance(found, bool) == isinstance(expected, bool)


@settings(RELAXED, max_examples=300)
@given(known_in_part_and_whole(st.one_of(conditions(depth=3, known=True), formulas(depth=3))))
def test_evaluating_twice_gives_the_same_and_leaves_the_facts_alone(drawn: tuple[n.Node, dict[str, Any], list[dict[str, Any]]]) -> None:
    node, facts, _ = drawn
    evaluator, mine = compile_node(node, DEFAULTS), dict(facts)
    assert evaluator(mine) == evaluator(mine)
    assert mine == facts


@settings(RELAXED, max_examples=600)
@given(conditions(depth=3, known=True), partial_cases())
def test_a_condition_is_false_while_the_lists_it_needs_are_empty(node: n.Node, facts: dict[str, Any]) -> None:
    needed = n.lists_needed(node)
    assert needed <= n.facts_of(node)
    if needed:
        assert evaluate(node, {**facts, **dict.fromkeys(needed, Records(()))}) is False


# The properties must be able to fail ------------------------------------------------------------------------


def unsound(source: str) -> bool:
    """Can the property be broken for one expression within a few hundred examples?"""
    try:
        find(
            known_in_part_and_whole(st.just(parse(source))),
            broken,
            settings=settings(RELAXED, max_examples=400, phases=[Phase.generate], database=None),
        )
    except NoSuchExample:
        return False
    return True


def broken(drawn: tuple[n.Node, dict[str, Any], list[dict[str, Any]]]) -> bool:
    try:
        check_sound(*drawn)
    except AssertionError:
        return True
    return False


def test_the_property_sees_a_condition_that_takes_back_what_it_said() -> None:
    # `known` is about the case, not about the world: it is the one function that may turn
    assert unsound("not known(load)")
    assert unsound("depth > 1 or not known(depth)")
    assert not unsound("depth > 1 or depth <= 1 or not wet")


@pytest.mark.parametrize("function", ["absolute", "rounded"])
def test_the_property_sees_bounds_that_are_too_narrow(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dingji.language import values

    original = getattr(values, function)

    def narrow(*arguments: Any) -> Any:
        found = original(*arguments)
        return Partial(found.low + Decimal("0.5"), found.high) if isinstance(found, Partial) and found.low is not None else found

    monkeypatch.setattr(values, function, narrow)
    assert unsound("abs(height)" if function == "absolute" else "round(height)")
