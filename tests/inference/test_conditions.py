"""Conditions and facts as the rule engine gets them: ranks among constants, negations at the leaves, computed truths.

Ranks by hand: among constants c0 < c1 < ..., a value below c0 has rank 0, on c0 rank 1, between c0 and c1 rank 2, on c1
rank 3, and so on. `x<` is the rank of the lower bound of x, `x>` that of the upper.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from dingji.inference.conditions import Encoder
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.evaluate import compile_node
from dingji.language.parser import parse
from dingji.language.values import Partial, Records

SCALE = t.Scale("four", ("I", "II", "III", "IV"))
TYPES: dict[str, t.Type] = {
    "wet": t.Bool(),
    "live": t.Bool(),
    "depth": t.Number(low=0),
    "width": t.Number(),
    "score": t.Number(),
    "kind": t.Enum(("bus", "line", "plant")),
    "group": t.Enum(("bus", "line", "plant")),
    "level": SCALE,
    "rank": SCALE,
    "began": t.Date(),
    "remark": t.Text(),
    "events": t.Records((("size", t.Number()),)),
}
DERIVED = frozenset({"score", "group", "rank"})
DEFAULTS = {"depth": Partial(0, None)}


def encoder(*sources: str) -> Encoder:
    return Encoder(TYPES, DERIVED, DEFAULTS, [check(parse(source), TYPES, t.Bool()) for source in sources])


def encoded(source: str) -> Any:
    return encoder(source).conditions[0]


def is_(name: str, op: str, value: Any) -> tuple[str, str, str, Any]:
    return ("test", name, op, value)


# Ranks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "rank"),
    [
        (0, 0),
        (Decimal("2.4999999999999999999999999999"), 0),
        (Decimal("2.5"), 1),
        (Decimal("2.50"), 1),
        (Decimal("2.5000000000000000000000000001"), 2),
        (4, 3),
        (Decimal("4.0"), 3),
        (Decimal("4.1"), 4),
        (6, 5),
        (7, 6),
        (10**30, 6),
    ],
)
def test_a_known_number_has_one_rank_among_the_constants(value: Any, rank: int) -> None:
    rules = encoder("depth >= 2.5", "depth < 6 and depth != 4")
    assert rules.constants_of("depth") == [Decimal("2.5"), 4, 6]
    assert rules.fields({"depth": value}) == {"depth<": rank, "depth>": rank}


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        (Partial(3, 5), {"width<": 2, "width>": 4}),  # between 2 and 4 .. between 4 and 6
        (Partial(2, 6), {"width<": 1, "width>": 5}),  # bounds on constants
        (Partial(3, Decimal("3.5")), {"width<": 2, "width>": 2}),  # no constant inside
        (Partial(3, None), {"width<": 2}),
        (Partial(None, 4), {"width>": 3}),
        (None, {}),
    ],
)
def test_a_bounded_number_has_a_rank_for_each_bound(value: Any, fields: dict[str, int]) -> None:
    rules = encoder("width in [2, 4, 6]")
    assert rules.fields({} if value is None else {"width": value}) == fields


def test_a_number_that_nobody_stated_has_the_bounds_of_its_range() -> None:
    assert encoder("depth > 3 or width > 3").fields({}) == {"depth<": 0}


def test_one_of_several_values_has_the_ranks_of_the_ends() -> None:
    assert encoder("score > 3", "score > 9").fields({"score": Partial(3, 10, (3, 5, 10))}) == {"score<": 1, "score>": 4}


def test_constants_that_differ_only_in_writing_are_one() -> None:
    assert encoder("width > 2.0", "width < 2", "width == 2.00").constants_of("width") == [2]


def test_grades_and_days_are_ranked_too() -> None:
    rules = encoder('level >= "II"', 'level != "IV"', 'began < date("2020-01-01")')
    assert rules.constants_of("level") == [0, 2]  # IV is the mildest: severity 0; II has severity 2
    fields = rules.fields({"level": 1, "began": dt.date(2020, 1, 1)})
    assert fields == {"level<": 2, "level>": 2, "began<": 1, "began>": 1}


def test_constants_inside_computed_tests_are_not_ranked() -> None:
    rules = encoder("depth + 1 > 3", "any(i.size > 9 and depth > 8 for i in events)", "width > depth")
    assert rules.constants_of("depth") == []
    assert rules.constants_of("unheard_of") == []


# Conditions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("depth < 4", is_("depth>", "<", 1)),  # surely below: the upper bound is below
        ("depth <= 4", is_("depth>", "<=", 1)),
        ("depth > 4", is_("depth<", ">", 1)),
        ("depth >= 4", is_("depth<", ">=", 1)),
        ("depth == 4", ("and", (is_("depth<", ">=", 1), is_("depth>", "<=", 1)))),
        ("depth != 4", ("or", (is_("depth>", "<", 1), is_("depth<", ">", 1)))),
        # mirrored
        ("4 > depth", is_("depth>", "<", 1)),
        ("4 >= depth", is_("depth>", "<=", 1)),
        ("4 < depth", is_("depth<", ">", 1)),
        ("4 <= depth", is_("depth<", ">=", 1)),
        ("4 == depth", ("and", (is_("depth<", ">=", 1), is_("depth>", "<=", 1)))),
        ("4 != depth", ("or", (is_("depth>", "<", 1), is_("depth<", ">", 1)))),
        # negated
        ("not depth < 4", is_("depth<", ">=", 1)),
        ("not depth >= 4", is_("depth>", "<", 1)),
        ("not 4 < depth", is_("depth>", "<=", 1)),
        ("not depth == 4", ("or", (is_("depth>", "<", 1), is_("depth<", ">", 1)))),
        ("not depth != 4", ("and", (is_("depth<", ">=", 1), is_("depth>", "<=", 1)))),
        ("not not depth < 4", is_("depth>", "<", 1)),
        # chains
        ("2 <= depth < 4", ("and", (is_("depth<", ">=", 1), is_("depth>", "<", 3)))),
        ("not 2 <= depth < 4", ("or", (is_("depth>", "<", 1), is_("depth<", ">=", 3)))),
        # several constants: ranks 1 and 3
        (
            "depth in [2, 4]",
            ("or", (("and", (is_("depth<", ">=", 1), is_("depth>", "<=", 1))), ("and", (is_("depth<", ">=", 3), is_("depth>", "<=", 3))))),
        ),
        (
            "depth not in [2, 4]",
            ("and", (("or", (is_("depth>", "<", 1), is_("depth<", ">", 1))), ("or", (is_("depth>", "<", 3), is_("depth<", ">", 3))))),
        ),
        # the greater severity is the more severe grade: II has severity 2
        ('level >= "II"', is_("level<", ">=", 1)),
        ('"II" < level', is_("level<", ">", 1)),
        ('began < date("2020-01-01")', is_("began>", "<", 1)),
        # true-or-false facts, enums and texts go as they are
        ("wet", is_("wet", "==", True)),
        ("not wet", is_("wet", "==", False)),
        ('kind == "bus"', is_("kind", "==", "bus")),
        ('"bus" != kind', is_("kind", "!=", "bus")),
        ('not kind == "bus"', is_("kind", "!=", "bus")),
        ('kind in ["bus", "line"]', ("or", (is_("kind", "==", "bus"), is_("kind", "==", "line")))),
        ('not kind in ["bus", "line"]', ("and", (is_("kind", "!=", "bus"), is_("kind", "!=", "line")))),
        ('not kind not in ["bus", "line"]', ("or", (is_("kind", "==", "bus"), is_("kind", "==", "line")))),
        ('remark != "as built"', is_("remark", "!=", "as built")),
        # negation goes down to the leaves
        ("not (wet and not live)", ("or", (is_("wet", "==", False), is_("live", "==", True)))),
        ("not (wet or depth > 4)", ("and", (is_("wet", "==", False), is_("depth>", "<=", 1)))),
        # the order of a derived number depends on its bounds only, its equality on the values still possible
        ("score > 4", is_("score<", ">", 1)),
        ("score == 4", is_("?score == 4", "==", True)),
        ("score not in [4, 5]", is_("?score not in [4, 5]", "==", True)),
        ('rank == "II"', is_('?rank == "II"', "==", True)),
        ('group != "bus"', is_('?group != "bus"', "==", True)),
        ("not score == 4", is_("?score == 4", "==", False)),
        # the rest is computed
        ("depth + 1 > 4", is_("?depth + 1 > 4", "==", True)),
        ("depth > -4", is_("?depth > -4", "==", True)),
        ("not depth < width", is_("?depth < width", "==", False)),
        ("known(wet)", is_("?known(wet)", "==", True)),
        ("not any(i.size > 4 for i in events)", is_("?any(i.size > 4 for i in events)", "==", False)),
        ("2 < depth < width", ("and", (is_("depth<", ">", 1), is_("?depth < width", "==", True)))),
    ],
)
def test_a_condition_as_the_engine_gets_it(source: str, condition: Any) -> None:
    assert encoded(source) == condition


def test_only_the_truth_that_some_test_asks_for_is_given() -> None:
    rules = encoder("wet", "not live", "depth + 1 > 4", "not depth + 2 > 4")
    assert rules.fields({"wet": True, "live": True, "depth": 9}) == {"wet": True, "?depth + 1 > 4": True}
    assert rules.fields({"wet": False, "live": False, "depth": 1}) == {"live": False, "?depth + 2 > 4": False}
    assert rules.fields({}) == {}


def test_a_test_that_stands_both_ways_is_given_both_ways() -> None:
    rules = encoder("wet or not depth + 1 > 4", "not wet or depth + 1 > 4")
    assert rules.fields({"wet": False, "depth": 1}) == {"wet": False, "?depth + 1 > 4": False}
    assert rules.fields({"wet": True, "depth": 9}) == {"wet": True, "?depth + 1 > 4": True}


def test_what_no_rule_asks_for_is_not_given() -> None:
    rules = encoder("wet")
    assert rules.fields({"kind": "bus", "depth": 3, "events": Records(()), "remark": "as built"}) == {}


def test_a_computed_test_is_unknown_to_the_engine_while_it_is_unknown() -> None:
    rules = encoder("any(i.size > 4 for i in events)", "not any(i.size > 4 for i in events)")
    name = "?any(i.size > 4 for i in events)"
    assert rules.fields({"events": Records(({"size": 5},), complete=False)}) == {name: True}
    assert rules.fields({"events": Records(({"size": 4},), complete=False)}) == {}
    assert rules.fields({"events": Records(({"size": 4},))}) == {name: False}


# What the coding means --------------------------------------------------------------------------------------


def holds(condition: Any, fields: dict[str, Any]) -> bool:
    """What the engine makes of a condition: a test of a field that isn't there is not met."""
    if condition[0] == "test":
        _, name, op, constant = condition
        if name not in fields:
            return False
        a = fields[name]
        return {"==": a == constant, "!=": a != constant, "<": a < constant, "<=": a <= constant, ">": a > constant, ">=": a >= constant}[
            op
        ]
    return (all if condition[0] == "and" else any)(holds(part, fields) for part in condition[1])


BOUNDS = (None, 1, 2, Decimal("2.5"), 3, 4, 5)
NUMBERS_IN_PART = [
    *((low if low == high else Partial(low, high)) for low in BOUNDS for high in BOUNDS if low is None or high is None or low <= high),
]


CHANGES: list[dict[str, Any]] = [
    {},
    {"wet": True},
    {"wet": False},
    {"depth": 1},
    {"depth": 9},
    {"depth": Partial(3, None)},
    {"width": Partial(None, 4), "kind": "bus"},
    {"kind": "line", "score": Partial(3, 5, (3, 5))},
    {"events": Records(({"size": 5},), complete=False)},
    {"events": Records(())},
    {"level": 1, "began": dt.date(2020, 1, 1), "wet": None},
]


def test_fields_of_changed_facts_are_those_of_the_facts_alone() -> None:
    """From every one of these cases to every other: facts appear, change and go; with the truths at hand and without."""
    sources = (
        "wet and depth > 2.5",
        "not wet or width in [2, 4]",
        'kind == "bus"',
        "depth + 1 > 4",
        "score == 3 or depth * 2 < width",
        "any(e.size > 4 for e in events)",
        'level >= "II" and began < date("2020-01-01")',
        "known(depth)",
    )
    rules = encoder(*sources)
    nodes = [check(parse(source), TYPES, t.Bool()) for source in sources]
    evaluators = [compile_node(node, DEFAULTS) for node in nodes]
    different = 0
    for before in CHANGES:
        for after in CHANGES:
            truths = [evaluate(dict(after)) for evaluate in evaluators]
            alone = rules.fields(dict(after), truths)
            assert alone == rules.fields(dict(after))
            assert rules.fields_since(rules.fields(dict(before)), before, dict(after), truths) == alone, (before, after)
            assert rules.fields_since(rules.fields(dict(before)), before, dict(after)) == alone, (before, after)
            different += alone != rules.fields(dict(before))
    assert different > len(CHANGES)  # most of these changes do change a field


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("form", ["width {} 2", "4 {} width", "not width {} 3", "2 {} width {} 4", "not 4 {} width {} 2"])
def test_every_comparison_of_every_number_known_in_part(op: str, form: str) -> None:
    """All pairs of bounds on, between and outside the constants; what is sure is worked out here from single values."""
    source = form.format(op, op)
    node = check(parse(source), TYPES, t.Bool())
    rules = Encoder(TYPES, DERIVED, DEFAULTS, [node])
    evaluate = compile_node(node, DEFAULTS)
    fired = 0
    for value in NUMBERS_IN_PART:
        facts = {} if value is None else {"width": value}
        fires = holds(rules.conditions[0], rules.fields(facts))
        assert fires is (evaluate(dict(facts)) is True), (source, value)
        if fires:
            # sound: no number within the bounds, tried from beyond one end to beyond the other, makes it false
            low, high = (value.low, value.high) if isinstance(value, Partial) else (value, value)
            tried = [
                Decimal(x) / 4 for x in range(-4, 33) if (low is None or Decimal(x) / 4 >= low) and (high is None or Decimal(x) / 4 <= high)
            ]
            assert tried
            assert all(evaluate({"width": x}) is True for x in tried), (source, value)
            fired += 1
    if op in ("!=", "<", ">") and form.startswith("width"):
        assert fired  # some of these are surely true


@pytest.mark.parametrize(
    ("value", "fires"),
    [
        (4, False),
        (5, True),
        (Partial(3, 5), False),
        (Partial(4, 5), False),
        (Partial(Decimal("4.1"), None), True),
        (Partial(None, 3), True),
        (Partial(None, 4), False),
        (Partial(5, 9), True),
        (None, False),
    ],
)
def test_unequal_holds_of_a_bounded_number_only_off_the_constant(value: Any, fires: bool) -> None:
    rules = encoder("width != 4")
    assert holds(rules.conditions[0], rules.fields({} if value is None else {"width": value})) is fires


@pytest.mark.parametrize(
    ("source", "fires"),
    [
        ("score != 4", True),  # 3 or 5, never 4: bounds alone could not tell
        ("score == 4", False),
        ("not score == 4", True),
        ("score in [3, 5]", True),
        ("score not in [4]", True),
        ("score > 2", True),
        ("score > 3", False),
        ("not score > 5", True),
    ],
)
def test_a_derived_number_with_several_values(source: str, fires: bool) -> None:
    rules = encoder(source)
    assert holds(rules.conditions[0], rules.fields({"score": Partial(3, 5, (3, 5))})) is fires
