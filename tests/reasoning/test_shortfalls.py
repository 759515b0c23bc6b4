"""What conditions lack, on bare expressions: arithmetic, maxima, alternatives and negations, worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dingji.language.parser import parse
from dingji.language.values import Partial, Records
from dingji.reasoning.explanation.lacks import NOTHING, Found
from dingji.reasoning.explanation.parts import Part
from dingji.reasoning.explanation.shortfalls import Shortfalls


def lacks(source: str, wanted: bool = True, **facts: Any) -> Found:
    return Shortfalls(facts, {}, lambda goal: NOTHING).condition(Part(parse(source), {}), wanted, facts)


def told(found: Found) -> list[tuple[str, Any]]:
    return [(lack.fact or lack.source, lack.tests) for lack in found.base]


@pytest.mark.parametrize(
    ("source", "facts", "expected"),
    [
        ("a and b", {"a": True, "b": False}, [("b", (("==", True),))]),
        # of alternatives the shorter way; what is only unknown before what is false
        ("a and b or c", {"a": False, "b": False, "c": False}, [("c", (("==", True),))]),
        ("a or b", {"a": False}, [("b", (("==", True),))]),
        ("not (a or b)", {"a": True, "b": True}, [("a", (("==", False),)), ("b", (("==", False),))]),
        ("x < 15 or y < 15", {"x": 30, "y": 18}, [("y", (("<", 15),))]),
        ("1 <= x < 5", {"x": 9}, [("x", (("<", 5),))]),
        ("1 <= x < 5", {}, [("x", ((">=", 1), ("<", 5)))]),
        ('k in ["a", "b"]', {"k": "c"}, [("k", (("in", ("a", "b")),))]),
        ("x != 3", {"x": 3}, [("x", (("!=", 3),))]),
        # a bound implies the wider one of the same fact
        ("x < 5 and x < 3", {"x": 9}, [("x", (("<", 3),))]),
        ("x >= 5 and x > 5", {"x": 1}, [("x", ((">", 5),))]),
        ("x >= 5 and x <= 2", {"x": 3}, [("x", ((">=", 5),)), ("x", (("<=", 2),))]),
    ],
)
def test_the_shortest_way(source: str, facts: dict[str, Any], expected: list[tuple[str, Any]]) -> None:
    assert told(lacks(source, **facts)) == expected


@pytest.mark.parametrize(
    ("source", "facts", "expected"),
    [
        # 1 + 8 > 10: a above 2 is a whole way off, b above 9 one part in nine
        ("a + b > 10", {"a": 1, "b": 8}, ("b", ((">", 9),))),
        ("a - b < 1", {"a": 10}, ("b", ((">", 9),))),
        ("a - b < 1", {"b": 4}, ("a", (("<", 5),))),
        ("a * 4 > 9", {"a": 2}, ("a", ((">", Decimal("2.25")),))),
        ("a * (-2) > 9", {"a": 1}, ("a", (("<", Decimal("-4.5")),))),
        ("a / 2 >= 3", {"a": 1}, ("a", ((">=", 6),))),
        ("6 / a >= 3", {"a": 4}, ("a", (("<=", 2),))),
        ("-a < -3", {"a": 1}, ("a", ((">", 3),))),
        ("max(a, b) >= 5", {"a": 1, "b": 4}, ("b", ((">=", 5),))),
        ("min(a, b) < 2", {"a": 3, "b": 9}, ("a", (("<", 2),))),
        ("max(a, b) == 5", {"a": 1, "b": 4}, ("b", (("==", 5),))),
    ],
)
def test_through_a_formula_to_the_fact_inside(source: str, facts: dict[str, Any], expected: tuple[str, Any]) -> None:
    assert told(lacks(source, **facts)) == [expected]


def test_a_maximum_stays_below_only_if_all_do() -> None:
    assert told(lacks("max(a, b) <= 2", a=5, b=3)) == [("a", (("<=", 2),)), ("b", (("<=", 2),))]
    assert told(lacks("max(a, b) == 2", a=5, b=1)) == [("a", (("==", 2),))]


def test_the_value_found_meets_the_condition() -> None:
    # what is lacking, made good exactly, makes the condition hold
    for a in range(-4, 5):
        for source in ("a * 3 - 2 > 4", "10 - a <= 7", "max(a, 1) + 1 >= 4", "abs(a) * 0 == 0"):
            found = lacks(source, a=a)
            holds = Part(parse(source), {}).evaluate({"a": a})
            assert (not found.base) is holds
            for lack in found.base:
                ((op, constant),) = lack.tests
                mended = constant + 1 if op == ">" else constant
                assert Part(parse(source), {}).evaluate({"a": mended}) is True, (source, a, lack)


def test_unknown_counts_less_than_false_and_the_nearer_number_first() -> None:
    unknown, false = lacks("x < 5").cost, lacks("x < 5", x=6).cost
    nearer, farther = lacks("x < 15", x=18).cost, lacks("x < 15", x=20).cost
    assert (unknown[1], unknown[2], false[1], false[2]) == (1, 0, 1, 1)
    assert unknown < false
    assert nearer < farther
    assert nearer[3] == pytest.approx(3 / 15)


def test_a_number_known_in_part_is_off_by_its_nearer_bound() -> None:
    found = lacks("x < 5", x=Partial(6, 9))
    assert found.base[0].truth is False
    assert found.cost[3] == pytest.approx(1 / 5)
    assert lacks("x < 5", x=Partial(4, 9)).base[0].truth is None


def test_items_of_a_list() -> None:
    events = Records(({"kind": "a", "kv": 110}, {"kind": "b", "kv": 500}))
    found = lacks('any(e.kind == "a" and e.kv >= 220 for e in events)', events=events)
    # the first item lacks its voltage (110 of 220, half), the second its kind: the number is nearer than the other kind
    assert [(x.list, x.item, x.fact, x.tests) for x in found.base] == [("events", 1, "kv", ((">=", 220),))]
    nothing = lacks('any(e.kind == "a" and e.kv >= 220 for e in events)', events=Records(()))
    assert [(x.list, x.item, x.weight, [f.fact for f in x.fields]) for x in nothing.base] == [("events", 0, 2, ["kind", "kv"])]
    fallen = lacks("any(e.kv >= 100 for e in events)", wanted=False, events=events)
    assert [(x.item, x.tests) for x in fallen.base] == [(1, (("<", 100),)), (2, (("<", 100),))]
    every = lacks("all(e.kv >= 220 for e in events)", events=events)
    assert [(x.item, x.tests) for x in every.base] == [(1, ((">=", 220),))]
