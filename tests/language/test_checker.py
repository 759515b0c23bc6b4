"""Types and units: what fits together, what does not, and where the error is reported."""

from __future__ import annotations

from typing import Any

import pytest

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.parser import ExpressionError, parse
from dingji.language.units import PLAIN, divide, multiply, parse_unit, show
from language.marks import refused

SCALE = t.Scale("four", ("I", "II", "III", "IV"))
OTHER = t.Scale("two", ("major", "general"))
KINDS = t.Enum(("bus", "line", "plant"))


def measured(unit: str, **more: Any) -> t.Number:
    return t.Number(parse_unit(unit), **more)


EVENT = (
    ("voltage", measured("kV")),
    ("deaths", measured("persons", integer=True)),
    ("lost", t.Bool()),
    ("kind", KINDS),
    ("level", SCALE),
    ("on", t.Date()),
)
VOCABULARY: dict[str, t.Type] = {
    "wet": t.Bool(),
    "permit_held": t.Bool(),
    "clearance": measured("m"),
    "height": measured("m"),
    "creepage": measured("mm"),
    "voltage": measured("kV"),
    "ratio_needed": measured("mm/kV"),
    "area": measured("m*m"),
    "duration": measured("d"),
    "deaths": measured("persons", integer=True),
    "score": measured(""),
    "kind": KINDS,
    "other_kind": KINDS,
    "material": t.Enum(("steel", "wood")),
    "level": SCALE,
    "other_level": SCALE,
    "grade": OTHER,
    "began": t.Date(),
    "ended": t.Date(),
    "remark": t.Text(),
    "events": t.Records(EVENT),
    "visits": t.Records((("on", t.Date()),)),
}


def read(source: str, expected: t.Type | None = None) -> n.Node:
    return check(parse(source), VOCABULARY, expected)


# What fits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "wet and not permit_held",
        "True",
        "clearance < height",
        "clearance < 5 and 2 < height <= 7.5",
        "2 < clearance < height < 9",
        "clearance + height * 2 - 1 > 3",
        "-clearance < 0",
        "abs(clearance - height) > 0.5",
        "max(clearance, height, 3) > 2",
        "max(3, clearance) > height",
        "min(clearance, 3) > height",
        "creepage / voltage < 25",  # a literal takes the unit of the other side
        "creepage / voltage >= ratio_needed",
        "ratio_needed * voltage > creepage",
        "clearance * height <= area",
        "area / height == clearance",
        "clearance / height < score",  # a ratio of lengths is a plain number
        "2 * clearance < height",
        "clearance / 2 < height",
        "1 / duration * duration < score",
        "deaths >= 3",
        "kind == other_kind",
        'kind != "bus"',
        '"bus" == kind',
        'kind in ["bus", "line"]',
        "level >= other_level",
        '"III" <= level < "I"',
        'level not in ["I", "II"]',
        'grade == "major"',
        'remark == "as built"',
        'remark in ["", "as built"]',
        "began < ended",
        'began >= date("2020-01-31")',
        'began in [date("2020-01-31")]',
        "days_between(began, ended) > duration",
        "months_between(began, ended) >= 3",
        "years_between(began, ended) >= 3",
        "deaths in [1, 2, 3]",
        "score in [0.5]",
        "known(clearance) and known(events) and known(wet)",
        "any(e.lost for e in events)",
        "any(known(e.on) for e in events)",
        'any(e.kind == "bus" and e.voltage >= 220 for e in events)',
        "all(e.voltage > voltage for e in events if not e.lost)",
        "count(e for e in events if e.lost) >= 3",
        "count(e for e in events) >= deaths",  # a count takes the unit of the other side
        "sum(e.deaths for e in events) > deaths",
        "max(e.voltage for e in events) > voltage",
        'any(e.level >= "II" for e in events)',
        "any(e.level >= level and e.kind == kind for e in events)",
        "any(any(v.on == e.on for v in visits) for e in events)",
        "any(any(f.voltage > e.voltage for f in events) for e in events)",
        "any(count(v for v in visits if v.on < e.on) > 2 for e in events)",
        "any(e.lost for e in events) and all(e.lost for e in events)",  # a name is free again after its list
        "round(score) > 3 and round(score, 2) > 3",
    ],
)
def test_a_condition_that_fits(source: str) -> None:
    read(source, t.Bool())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("clearance + height", measured("m")),
        ("clearance * 2", measured("m")),
        ("5", measured("m")),
        ("max(1, 2)", measured("kV")),
        ("creepage / voltage", measured("mm/kV")),
        ("clearance * clearance", measured("m*m")),
        ("clearance / height", measured("")),
        ("round(clearance, 1)", measured("m")),
        ("abs(-clearance)", measured("m")),
        ("sum(e.deaths for e in events)", measured("persons")),
        ("max(e.voltage for e in events)", measured("kV")),
        ("count(e for e in events)", measured("persons")),
        ("days_between(began, ended)", measured("d")),
        ("months_between(began, ended)", measured("mo")),
        ("years_between(began, ended)", measured("a")),
        ("wet", t.Bool()),
        ("began", t.Date()),
        ("level", SCALE),
        ('"II"', SCALE),
        ('"bus"', KINDS),
        ('"text"', t.Text()),
    ],
)
def test_a_formula_of_the_type_of_its_fact(source: str, expected: t.Type) -> None:
    read(source, expected)


# What does not ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "says", "hint"),
    [
        ("wet and ‸clearence < 5", "unknown fact 'clearence'", "clearance"),
        ("‸xyzzy", "unknown fact 'xyzzy'", "declare it"),
        ("known(‸nothing_like_it)", "unknown fact", "declare it"),
        ("max(clearance, ‸hight) > 3", "unknown fact 'hight'", "height"),
        ("any(e.lost for e in events) and ‸e.lost", "'e' is not bound", "any(... for e in"),
        ("any(‸f.lost for e in events)", "'f' is not bound", ""),
        ("any(e.lost and ‸e.voltag > 3 for e in events)", "no field 'voltag'", "voltage"),
        ("any(‸v.deaths > 3 for v in visits)", "no field 'deaths'", "fields: on"),
        ("wet or ‸any(e.lost for e in event)", "unknown fact 'event'", "events"),
        ("‸水位 > 3", "unknown fact '水位'", "declare it"),
    ],
)
def test_an_unknown_name(marked: str, says: str, hint: str) -> None:
    error = refused(marked, "E010", read)
    assert says in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        # conditions
        ("wet and ‸clearance", "a condition is expected, this is a number in m"),
        ("not ‸kind", "this is one of bus, line, plant"),
        ("wet or ‸events", "this is a list"),
        ("wet and ‸5", "this is a number"),
        ("any(‸e.voltage for e in events)", "a condition is expected"),
        ("count(e for e in events if ‸e.voltage) > 1", "a condition is expected"),
        # numbers
        ("‸wet + 1 > 2", "a number is expected, this is true or false"),
        ("1 + ‸kind > 2", "a number is expected"),
        ("-‸wet > 1", "a number is expected"),
        ("max(1, ‸wet) > 1", "a number is expected"),
        ("abs(‸level) > 1", "a grade of the scale four"),
        ('1 + ‸"bus" > 2', 'the string "bus"'),
        ("sum(‸e.lost for e in events) > 1", "a number is expected"),
        ("‸began + ended > 1", "a number is expected, this is a date"),
        # comparisons
        ("clearance == ‸kind", "a number in m can't be compared with one of"),
        ("kind == ‸material", "can't be compared"),
        ("level < ‸grade", "a grade of the scale four can't be compared with a grade of the scale two"),
        ("level < ‸2", "can't be compared with a number"),
        ("began < ‸5", "a date can't be compared with a number"),
        ('began == ‸"2020-01-31"', "a date can't be compared with the string"),
        ('clearance == ‸"5"', "can't be compared with the string"),
        ('‸"5" == clearance', "can't be compared with the string"),
        ("remark == ‸5", "text can't be compared with a number"),
        ("clearance < 5 < ‸kind", "can't be compared"),
        ("‸kind < other_kind", "has no order"),
        ('‸kind < "bus"', "has no order"),
        ('‸remark > "a"', "has no order"),
        ("‸events == events", "has no order"),
        ('‸"a" == "a"', ""),
        ("‸wet == permit_held", "stands alone"),
        ("‸wet == True", "stands alone"),
        ("‸wet != False", "stands alone"),
        # membership
        ("‸wet in [True]", "`in` can't test true or false"),
        ("‸events in [1]", "`in` can't test a list"),
        ('‸"bus" in ["bus"]', "`in` can't test the string"),
        ("clearance in [1, ‸True]", "can't be compared"),
        ('clearance in [1, ‸"a"]', "can't be compared"),
        ('kind in ["bus", ‸1]', "can't be compared"),
        ("level in [‸2]", "can't be compared"),
        ('began in [‸"2020-01-31"]', "can't be compared"),
        # functions
        ("‸known(1)", "known takes one fact"),
        ("‸known(clearance + 1)", "known takes one fact"),
        ("days_between(began, ‸clearance) > 1", "takes two dates, this is a number in m"),
        ('years_between(‸"2020-01-31", began) > 1', "takes two dates"),
        ("round(score, ‸deaths) > 1", "constant number of places"),
        ("round(score, ‸1.5) > 1", "constant number of places"),
        ("round(score, ‸11) > 1", "constant number of places"),
        # lists
        ("‸any(e.lost for e in wet)", "wet is true or false, not a list"),
        ("‸count(e for e in clearance) > 1", "not a list"),
        ("any(‸e for e in events)", "e is a list item"),
        ("any(e.lost and ‸e for e in events)", "e is a list item"),
        ("‸any(wet.lost for wet in events)", "the name 'wet' is taken"),
        ("‸any(max.lost for max in events)", "the name 'max' is taken"),
        ("any(‸any(e.on == e.on for e in visits) for e in events)", "the name 'e' is taken"),
        ("any(e.lost for e in events if ‸e.voltage)", "a condition is expected"),
    ],
)
def test_a_wrong_type(marked: str, says: str) -> None:
    assert says in refused(marked, "E011", read).message


@pytest.mark.parametrize(
    ("marked", "says"),
    [
        ("clearance < ‸voltage", "m against kV"),
        ("clearance < ‸creepage", "m against mm"),  # nothing is converted
        ("clearance + ‸voltage > 3", "m against kV"),
        ("clearance - ‸score > 3", "m against a plain number"),
        ("creepage / voltage < ‸voltage", "mm/kV against kV"),
        ("clearance * height < ‸clearance", "m^2 against m"),
        ("1 / duration < ‸duration", "1/d against d"),
        ("max(clearance, ‸voltage) > 3", "m against kV"),
        ("max(3, clearance, ‸voltage) > 3", "m against kV"),
        ("max(clearance, height) > ‸voltage", "m against kV"),
        ("2 * clearance < ‸voltage", "m against kV"),
        ("1 < clearance < ‸voltage", "m against kV"),
        ("days_between(began, ended) > ‸deaths", "d against persons"),
        ("months_between(began, ended) > ‸days_between(began, ended)", "mo against d"),
        ("sum(e.deaths for e in events) > ‸voltage", "persons against kV"),
        ("any(e.voltage > ‸e.deaths for e in events)", "kV against persons"),
        ("-clearance > ‸voltage", "m against kV"),
    ],
)
def test_units_that_differ(marked: str, says: str) -> None:
    assert refused(marked, "E012", read).message == f"units differ: {says}"


@pytest.mark.parametrize(
    ("marked", "says", "hint"),
    [
        ('kind == ‸"buss"', 'no such value: "buss"', "did you mean 'bus'"),
        ('wet and kind in ["line", ‸"plat"]', '"plat"', "'plant'"),
        ('‸"xyzzy" != kind', '"xyzzy"', "valid: bus, line, plant"),
        ('level >= ‸"V"', 'the scale four has no grade "V"', "'IV'"),
        ('level in ["I", ‸"major"]', 'the scale four has no grade "major"', "valid: I, II, III, IV"),
        ('grade == ‸"magor"', "the scale two has no grade", "'major'"),
        ('any(e.kind == ‸"lime" for e in events)', '"lime"', "'line'"),
        ('"IV" <= level < ‸"i"', "the scale four has no grade", "valid"),
        ('kind == ‸""', "no such value", "valid"),
        ('remark == "水" and kind == ‸"水"', "no such value", "valid"),
    ],
)
def test_a_value_that_the_enum_or_scale_does_not_have(marked: str, says: str, hint: str) -> None:
    error = refused(marked, "E013", read)
    assert says in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("marked", "expected", "code"),
    [
        ("‸clearance", t.Bool(), "E011"),
        ("‸wet", measured("m"), "E011"),
        ("‸clearance", measured("kV"), "E012"),
        ("‸clearance * 2", measured("kV"), "E012"),
        ("‸count(e for e in events) * clearance", measured("m"), "E012"),
        ("‸level", OTHER, "E011"),
        ("‸material", KINDS, "E011"),
        ('‸"major"', SCALE, "E013"),
        ('‸"steel"', KINDS, "E013"),
        ('‸"5"', measured("m"), "E011"),
        ("‸5", KINDS, "E011"),
        ("‸5", SCALE, "E011"),
        ("‸5", t.Bool(), "E011"),
        ("‸began", t.Text(), "E011"),
        ("‸events", t.Bool(), "E011"),
    ],
)
def test_a_value_that_its_fact_can_not_take(marked: str, expected: t.Type, code: str) -> None:
    refused(marked, code, lambda source: read(source, expected))


# What checking resolves -------------------------------------------------------------------------------------


def literals(node: n.Node) -> list[Any]:
    found = [node.value] if isinstance(node, n.Literal) else []
    return found + [value for child in n.children(node) for value in literals(child)]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ('level >= "I"', [3]),  # the greater, the more severe
        ('"IV" < level <= "II"', [0, 2]),
        ('level in ["I", "III"]', [3, 1]),
        ('any(e.level != "II" for e in events)', [2]),
        ('grade == "major"', [1]),
        ('kind == "bus"', ["bus"]),
        ('remark == "I"', ["I"]),
        ("deaths > 3", [3]),
    ],
)
def test_grades_become_severities_and_nothing_else_changes(source: str, values: list[Any]) -> None:
    assert literals(read(source)) == values


def test_checking_twice_is_checking_once_where_no_grade_is_written() -> None:
    tree = read("count(e for e in events if e.voltage > 5) > 2 and not known(wet)")
    assert check(tree, VOCABULARY, t.Bool()) == tree


def test_positions_survive_checking() -> None:
    tree = read('wet and level >= "II"')
    assert isinstance(tree, n.And)
    compare = tree.operands[1]
    assert isinstance(compare, n.Compare)
    assert (compare.at, compare.operands[1].at) == (8, 17)


@pytest.mark.parametrize("source", ['level == "II" == other_level', 'level <= "II" <= other_level', '"II" == level == "III"'])
def test_a_grade_between_two_facts_of_its_scale(source: str) -> None:
    assert [value for value in literals(read(source)) if value not in (1, 2)] == []


def test_a_grade_can_not_stand_between_two_scales() -> None:
    with pytest.raises(ExpressionError) as caught:
        read('level == "I" == grade')
    assert caught.value.code in ("E011", "E013")
    assert "number" not in caught.value.message  # nobody wrote one


# Units ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "unit", "shown"),
    [
        ("", (), "a plain number"),
        ("1", (), "a plain number"),
        ("ratio", (), "a plain number"),
        ("m", (("m", 1),), "m"),
        ("mm/kV", (("kV", -1), ("mm", 1)), "mm/kV"),
        ("m*m", (("m", 2),), "m^2"),
        ("ohm*m", (("m", 1), ("ohm", 1)), "m*ohm"),
        ("1/d", (("d", -1),), "1/d"),
        ("m/m", (), "a plain number"),
        ("%", (("%", 1),), "%"),
        ("kW*h/d", (("d", -1), ("h", 1), ("kW", 1)), "h*kW/d"),
    ],
)
def test_a_unit_is_a_map_from_atoms_to_exponents(label: str, unit: Any, shown: str) -> None:
    assert parse_unit(label) == unit
    assert show(unit) == shown


def test_units_multiply_and_divide() -> None:
    mm, kv = parse_unit("mm"), parse_unit("kV")
    assert divide(mm, kv) == parse_unit("mm/kV")
    assert multiply(divide(mm, kv), kv) == mm
    assert divide(mm, mm) == PLAIN
    assert multiply(mm, PLAIN) == mm
    assert divide(PLAIN, kv) == parse_unit("1/kV")
    assert multiply(mm, kv) == multiply(kv, mm)
    assert show(divide(kv, multiply(mm, mm))) == "kV/mm^2"
