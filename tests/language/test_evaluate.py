"""Three-valued evaluation by hand: the tables of the connectives, facts known in part, and lists known in part."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.evaluate import compile_node, tracer
from dingji.language.parser import parse
from dingji.language.values import Partial, Records

SCALE = t.Scale("four", ("I", "II", "III", "IV"))
FIELDS = (("n", t.Number()), ("met", t.Bool()), ("kind", t.Enum(("bus", "line"))), ("level", SCALE), ("on", t.Date()))
VOCABULARY: dict[str, t.Type] = {
    **dict.fromkeys("abc", t.Bool()),
    **dict.fromkeys("xyz", t.Number()),
    "depth": t.Number(low=0, high=50),
    "kind": t.Enum(("bus", "line")),
    "level": SCALE,
    "began": t.Date(),
    "ended": t.Date(),
    "items": t.Records(FIELDS),
    "others": t.Records(FIELDS),
}
DEFAULTS = {"depth": Partial(0, 50)}


def value(source: str, **facts: Any) -> Any:
    return compile_node(check(parse(source), VOCABULARY), DEFAULTS)({name: fact for name, fact in facts.items() if fact is not None})


# Kleene's tables --------------------------------------------------------------------------------------------

T, F, U = True, False, None
AND = {(T, T): T, (T, F): F, (T, U): U, (F, T): F, (F, F): F, (F, U): F, (U, T): U, (U, F): F, (U, U): U}
OR = {(T, T): T, (T, F): T, (T, U): T, (F, T): T, (F, F): F, (F, U): U, (U, T): T, (U, F): U, (U, U): U}


@pytest.mark.parametrize(("a", "b"), AND)
def test_and_or(a: bool | None, b: bool | None) -> None:
    assert value("a and b", a=a, b=b) is AND[a, b]
    assert value("a or b", a=a, b=b) is OR[a, b]


def test_and_or_of_three() -> None:
    for a, b, c in product((T, F, U), repeat=3):
        assert value("a and b and c", a=a, b=b, c=c) is AND[AND[a, b], c]
        assert value("a or b or c", a=a, b=b, c=c) is OR[OR[a, b], c]
        assert value("a and (b or c)", a=a, b=b, c=c) is AND[a, OR[b, c]]


@pytest.mark.parametrize(("a", "truth"), [(T, F), (F, T), (U, U)])
def test_not(a: bool | None, truth: bool | None) -> None:
    assert value("not a", a=a) is truth
    assert value("not not a", a=a) is a


def test_what_must_hold_either_way_is_not_guessed() -> None:
    """Kleene's logic looks at each part alone: that is the price of an answer that is the same in every evaluator."""
    assert value("a or not a") is None
    assert value("a and not a") is None


def test_constants() -> None:
    assert value("True") is True
    assert value("False or a") is None
    assert value("not False") is True


# Comparisons ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "truth"),
    [
        (0, F),
        (1, T),
        (Decimal("4.9999999999999999999999"), T),
        (5, F),
        (U, U),
        (Partial(1, 4), T),
        (Partial(1, 5), U),
        (Partial(5, None), F),
        (Partial(None, 0), F),
        (Partial(0, 2), U),
    ],
)
def test_a_chain_holds_if_all_its_links_hold(x: Any, truth: bool | None) -> None:
    assert value("1 <= x < 5", x=x) is truth
    assert value("1 <= x and x < 5", x=x) is truth


def test_a_chain_is_false_if_one_link_is() -> None:
    assert value("x < y < z", x=3, y=2) is False
    assert value("x < y < z", x=1, y=2) is None
    assert value("x < y < z", x=1, z=0) is None


def test_a_number_that_nobody_stated_lies_in_its_range() -> None:
    assert value("depth <= 50") is True
    assert value("depth > 50") is False
    assert value("depth == 51") is False
    assert value("depth >= 50") is None
    assert value("depth in [51, 60]") is False
    assert value("x > 50") is None  # no range


@pytest.mark.parametrize(
    ("level", "at_least", "beyond", "one_of"),
    [
        (3, T, T, F),  # I, the most severe
        (2, T, F, T),  # II
        (1, F, F, F),
        (0, F, F, T),  # IV
        (U, U, U, U),
        (Partial(2, 3, (2, 3)), T, U, U),
        (Partial(0, 2, (0, 2)), U, F, T),
        (Partial(0, 1, (0, 1)), F, F, U),
    ],
)
def test_grades_compare_by_severity(level: Any, at_least: bool | None, beyond: bool | None, one_of: bool | None) -> None:
    assert value('level >= "II"', level=level) is at_least
    assert value('"II" < level', level=level) is beyond
    assert value('level in ["II", "IV"]', level=level) is one_of
    assert value('not level < "II"', level=level) is at_least


@pytest.mark.parametrize(("kind", "truth"), [("bus", T), ("line", F), (U, U), (Partial("bus", "line", ("bus", "line")), U)])
def test_enums(kind: Any, truth: bool | None) -> None:
    assert value('kind == "bus"', kind=kind) is truth
    assert value('kind != "line"', kind=kind) is truth
    assert value('kind in ["bus"]', kind=kind) is truth
    assert value('kind not in ["line"]', kind=kind) is truth
    assert value('kind in ["bus", "line"]', kind=kind) is (None if kind is None else True)


def test_dates() -> None:
    assert value('began < date("2020-01-01")', began=dt.date(2019, 12, 31)) is True
    assert value("began < ended", began=dt.date(2020, 1, 1)) is None
    assert value("months_between(began, ended) >= 12", began=dt.date(2020, 2, 29), ended=dt.date(2021, 2, 28)) is True


def test_known_asks_about_the_case() -> None:
    assert value("known(x)", x=0) is True
    assert value("known(x)") is False
    assert value("known(x)", x=Partial(1, 2)) is False
    assert value("known(depth)") is False  # its range is not a value
    assert value("known(a)", a=False) is True
    assert value("known(items)", items=Records(())) is True
    assert value("known(items)", items=Records(({},), complete=False)) is False
    assert value("any(known(i.n) for i in items)", items=Records(({"n": Partial(1, 2)}, {}))) is False


# Arithmetic -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "facts", "result"),
    [
        ("x + y * 2", {"x": 1, "y": 3}, 7),
        ("x - y - 1", {"x": 1, "y": 3}, -3),
        ("-x", {"x": 3}, -3),
        ("x / y", {"x": 1, "y": 0}, None),
        ("x / (y - y)", {"x": 1, "y": 3}, None),
        ("0.1 + 0.2", {}, Decimal("0.3")),
        ("x / 3", {"x": 1}, Decimal("0." + "3" * 60)),
        ("depth * 2", {}, Partial(0, 100)),
        ("depth - 10", {}, Partial(-10, 40)),
        ("-depth", {}, Partial(-50, 0)),
        ("max(depth, 20)", {}, Partial(20, 50)),
        ("max(x, 3)", {}, Partial(3, None)),
        ("max(x / 0, 3)", {"x": 1}, Partial(3, None)),  # a part without a value is unknown, not left out
        ("round(depth / 3)", {}, Partial(0, 17)),
        ("abs(depth - 10)", {}, Partial(0, 40)),
        ("round(x, 1)", {"x": Decimal("2.25")}, Decimal("2.3")),
    ],
)
def test_formulas(source: str, facts: dict[str, Any], result: Any) -> None:
    assert value(source, **facts) == result


def test_division_by_zero_makes_a_condition_unknown() -> None:
    assert value("1 / x > 0", x=0) is None
    assert value("not 1 / x > 0", x=0) is None
    assert value("1 / x > 0 or y > 0", x=0, y=1) is True
    assert value("1 / x > 0", x=Partial(0, 5)) is None
    assert value("1 / x > 0", x=Partial(1, 5)) is True


# Lists ------------------------------------------------------------------------------------------------------


def items(*rows: Any, more: bool = False) -> Records:
    """Items by their number (None: not known); a pair is (met, number)."""
    found = []
    for row in rows:
        met, number = row if isinstance(row, tuple) else (None, row)
        found.append({name: v for name, v in (("met", met), ("n", number)) if v is not None})
    return Records(tuple(found), complete=not more)


@pytest.mark.parametrize(
    ("rows", "sure", "at_most"),
    [
        (items(), 0, 0),
        (items(5, 5, 5), 3, 3),
        (items(5, 1, 1), 1, 1),
        (items(5, 5, None), 2, 3),
        (items(5, None, None), 1, 3),
        (items(None, None), 0, 2),
        (items(Partial(3, 9), Partial(5, 9), Partial(0, 3)), 1, 2),
        (items(5, 5, more=True), 2, None),
        (items(1, None, more=True), 0, None),
        (None, 0, None),
    ],
)
def test_a_count_has_bounds(rows: Records | None, sure: int, at_most: int | None) -> None:
    """Items of more than 3: `sure` of them certainly, `at_most` possibly (None: no limit)."""
    counted = "count(i for i in items if i.n > 3)"
    for limit in range(5):
        expected = True if sure >= limit else False if at_most is not None and at_most < limit else None
        assert value(f"{counted} >= {limit}", items=rows) is expected, limit
        assert value(f"not {counted} < {limit}", items=rows) is expected, limit
    exact = sure == at_most
    assert value(f"{counted} == {sure}", items=rows) is (True if exact else None)
    if sure:
        assert value(f"{counted} == {sure - 1}", items=rows) is False


@pytest.mark.parametrize(
    ("rows", "truth"),
    [
        (items(), F),
        (items(1, 5), T),
        (items(1, 2), F),
        (items(1, None), U),
        (items(5, None), T),
        (items(5, more=True), T),
        (items(1, more=True), U),
        (items(more=True), U),
        (items(Partial(4, 9)), T),
        (items(Partial(0, 3)), F),
        (items(Partial(0, 9)), U),
        (None, U),
    ],
)
def test_any_and_all(rows: Records | None, truth: bool | None) -> None:
    assert value("any(i.n > 3 for i in items)", items=rows) is truth
    assert value("not all(i.n <= 3 for i in items)", items=rows) is truth
    assert value("all(not i.n > 3 for i in items)", items=rows) is (None if truth is None else not truth)
    assert value("any(i.n > 3 for i in items if True)", items=rows) is truth
    assert value("any(True for i in items if i.n > 3)", items=rows) is truth


@pytest.mark.parametrize(
    ("rows", "some", "every"),
    [
        (items((T, 5)), T, T),
        (items((T, 1)), F, F),
        (items((F, 5)), F, T),
        (items((F, 1)), F, T),
        (items((U, 5)), U, T),  # counted or not, it holds
        (items((U, 1)), F, U),
        (items((T, U)), U, U),
        (items((F, U)), F, T),
        (items((U, U)), U, U),
        (items((U, 5), (T, 5)), T, T),
        (items((U, 1), (T, 1)), F, F),
        (items((F, 1), more=True), U, U),
        (items((T, 5), more=True), T, U),
        (items((T, 1), more=True), U, F),
    ],
)
def test_any_and_all_of_items_that_may_not_count(rows: Records, some: bool | None, every: bool | None) -> None:
    assert value("any(i.n > 3 for i in items if i.met)", items=rows) is some
    assert value("all(i.n > 3 for i in items if i.met)", items=rows) is every


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        (items(), 0),
        (items((T, 2), (T, 3)), 5),
        (items((T, 2), (F, 3)), 2),
        (items((T, 2), (U, 3)), Partial(2, 5)),  # the second may not count
        (items((T, 2), (U, -3)), Partial(-1, 2)),
        (items((T, 2), (T, Partial(1, 4))), Partial(3, 6)),
        (items((T, 2), (U, Partial(1, 4))), Partial(2, 6)),
        (items((T, 2), (U, Partial(-1, 4))), Partial(1, 6)),
        (items((T, 2), (T, Partial(1, None))), Partial(3, None)),
        (items((U, Partial(None, 4)), (T, 2)), Partial(None, 6)),
        (items((T, 2), (F, U)), 2),
        (items((T, 2), (T, U)), None),
        (items((T, 2), (U, U)), None),
        (items((T, 2), more=True), None),  # what is not listed could add anything
        (None, None),
    ],
)
def test_a_sum_has_bounds(rows: Records | None, total: Any) -> None:
    assert value("sum(i.n for i in items if i.met)", items=rows) == total


@pytest.mark.parametrize(
    ("rows", "greatest", "least"),
    [
        (items(), None, None),
        (items((T, 2), (T, 7)), 7, 2),
        (items((T, 2), (F, 7)), 2, 2),
        (items((F, 2)), None, None),
        (items((T, 2), (U, 7)), Partial(2, 7), 2),
        (items((T, 7), (U, 2)), 7, Partial(2, 7)),
        (items((T, 4), (U, 2), (U, 7)), Partial(4, 7), Partial(2, 4)),
        (items((U, 2)), None, None),  # perhaps nothing counts: then there is no value
        (items((T, Partial(1, 5)), (T, 3)), Partial(3, 5), Partial(1, 3)),
        (items((T, 3), (T, U)), Partial(3, None), Partial(None, 3)),
        (items((T, 3), (U, U)), Partial(3, None), Partial(None, 3)),
        (items((T, 3), more=True), Partial(3, None), Partial(None, 3)),
        (items((T, Partial(1, 5)), more=True), Partial(1, None), Partial(None, 5)),
        (items(more=True), None, None),
        (None, None, None),
    ],
)
def test_the_greatest_and_the_least_have_bounds(rows: Records | None, greatest: Any, least: Any) -> None:
    assert value("max(i.n for i in items if i.met)", items=rows) == greatest
    assert value("min(i.n for i in items if i.met)", items=rows) == least


def test_lists_inside_lists() -> None:
    mine, theirs = items((T, 1), (T, 5)), items((T, 3), (T, 4))
    assert value("any(all(j.n < i.n for j in others) for i in items)", items=mine, others=theirs) is True
    assert value("all(any(j.n < i.n for j in others) for i in items)", items=mine, others=theirs) is False
    assert value("count(i for i in items if any(j.n > i.n for j in others)) == 1", items=mine, others=theirs) is True
    assert value("any(all(j.n < i.n for j in others) for i in items)", items=mine) is None
    assert value("any(any(i.n > j.n for i in items) for j in items)", items=mine) is True
    assert value("sum(count(j for j in others if j.n > i.n) for i in items)", items=mine, others=theirs) == 2


def test_a_condition_inside_a_list_may_read_the_case() -> None:
    assert value("count(i for i in items if i.n > x) > 1", items=items(1, 5, 7), x=4) is True
    assert value("count(i for i in items if i.n > x) > 1", items=items(1, 5, 7)) is None
    assert value("any(i.n > x and a for i in items)", items=items(5), x=1) is None


def test_the_items_of_a_list_do_not_outlive_it() -> None:
    facts: dict[str, Any] = {"items": items(1, 2)}
    for source in ("any(i.n > 1 for i in items)", "any(i.n > 1 for i in items if i.n > 0)", "max(i.n for i in items)"):
        compile_node(check(parse(source), VOCABULARY), {})(facts)
        assert set(facts) == {"items"}


# Proofs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["a and not x > 1 or 1 <= x < y + 2", 'kind in ["bus"] and level >= "II"', "max(x, y) > 2 and known(b)", "round(x / y, 2) > abs(-y)"],
)
def test_a_proof_shows_what_the_evaluator_computed(source: str) -> None:
    facts = {"a": True, "x": 3, "y": Partial(1, 2), "kind": "bus", "level": 1}
    root = tracer(check(parse(source), VOCABULARY), DEFAULTS)
    seen = 0
    stack = [root]
    while stack:
        part = stack.pop()
        assert part.evaluate(dict(facts)) == compile_node(part.node, DEFAULTS)(dict(facts))
        assert set(part.facts) == n.facts_of(part.node)
        stack += part.parts
        seen += 1
    assert seen > 3


def test_facts_of_names_lists_too() -> None:
    tree = parse("any(i.n > x for i in items if a) or known(b) and y in [1]")
    assert n.facts_of(tree) == {"items", "x", "a", "b", "y"}


@pytest.mark.parametrize(
    ("source", "lists"),
    [
        ("any(i.met for i in items)", {"items"}),
        ("any(i.met for i in items if a)", {"items"}),
        ("a and any(i.met for i in items)", {"items"}),
        ("any(i.met for i in items) or any(i.met for i in others)", {"items", "others"}),
        ("any(i.met for i in items) or a", set()),
        ("not any(i.met for i in items)", set()),
        ("all(i.met for i in items)", set()),
        ("count(i for i in items) > 0", set()),
        ("any(all(j.met for j in others) for i in items)", {"items"}),
    ],
)
def test_a_condition_is_false_while_the_lists_it_needs_are_empty(source: str, lists: set[str]) -> None:
    tree = check(parse(source), VOCABULARY, t.Bool())
    assert n.lists_needed(tree) == lists
    empty = dict.fromkeys(lists, Records(()))
    for truths in product((T, F, U), repeat=2):
        others: dict[str, Any] = {"others": items((T, 1)), **({} if truths[1] is None else {"items": items((truths[1], 1))}), **empty}
        if truths[0] is not None:
            others["a"] = truths[0]
        if lists:
            assert compile_node(tree, DEFAULTS)(others) is False
