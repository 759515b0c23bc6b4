"""What changes make of a case, over the small base; every expected value is worked out by hand.

The case: crest 10 m, water 8.5 m, so a freeboard of 1.5 m: orange by the table of 2010. A hundred people below make it one
grade worse: red. The list finds a crack of 21 mm: severe, which is orange. The determination is the worst of the two: red.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import dingji
from conftest import ROOT
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge
from dingji.reasoning.variation.model import Edit, Ends, Hinges, Ways
from dingji.reasoning.variation.what_if import WhatIf, read_statement
from knowledge.conftest import edited, good  # noqa: F401
from knowledge.small import CASE

VOCABULARY = "vocabulary.yaml"
CRACKED = (("cracks: []", "cracks: [{kind: along, width_mm: 30, wet: true}]"), ("crack_width_mm: 21", "crack_width_mm: 5"))
DEEP = ("water_level_m: 8.5", "water_level_m: 7.5")


def asked(knowledge: Knowledge, *changes: tuple[str, str], **options: Any) -> WhatIf:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return WhatIf(knowledge, dingji.parse_case(text).check(knowledge), **options)


def place(edit: Edit) -> str:
    return edit.fact if edit.item is None else f"{edit.fact}[{edit.item}]" + (f".{edit.field}" if edit.field else "")


def shown(ways: Ways) -> list[dict[str, str | None]]:
    return [{place(edit): edit.after for edit in way.edits} for way in ways.ways]


def turned(hinges: Hinges) -> dict[str, list[tuple[str | None, tuple[str, ...]]]]:
    return {place(h.turnings[0].edit): [(t.edit.after, t.reachable) for t in h.turnings] for h in hinges.hinges}


# --to ---------------------------------------------------------------------------------------------------------


def test_single_changes_smallest_first(good: Knowledge) -> None:  # noqa: F811
    """One person fewer, or a freeboard of 2 m (then yellow, made orange by the people): by the crest or by the water."""
    ways = asked(good).ways("orange")
    assert shown(ways) == [{"people_below": "99"}, {"crest_level_m": "10.5"}, {"water_level_m": "8"}]
    assert [way.edits[0].within for way in ways.ways] == [
        Ends(at_least="0", at_most="99"),
        Ends(at_least="10.5", at_most="200"),
        Ends(at_least="0", at_most="8"),
    ]
    assert [(way.reached.grade, way.reached.status) for way in ways.ways] == [("orange", "determined")] * 3
    assert (ways.found, ways.complete, ways.cut_off, ways.already) == (3, (1, 2, 3), False, False)


def test_pairs_where_no_single_change_does(good: Knowledge) -> None:  # noqa: F811
    """Yellow wants a freeboard of 2 m, a score below 3 (clear, made yellow by the people) and no crack wider than 20 mm."""
    ways = asked(good).ways("yellow")
    assert shown(ways) == [{"crack_width_mm": "9", "crest_level_m": "10.5"}, {"crack_width_mm": "9", "water_level_m": "8"}]
    assert ways.ways[0].edits[0].within == Ends(at_least="0", below="10")
    assert ways.found == 2, "three changes add nothing: every set of three holds one of the two"


def test_more_changes_than_three_are_not_sought(good: Knowledge) -> None:  # noqa: F811
    """Clear wants four: the freeboard, the crack, the people and the patrol."""
    ways = asked(good).ways("clear")
    assert (shown(ways), ways.complete) == ([], (1, 2, 3))


def test_at_most_takes_milder_grades_too(good: Knowledge) -> None:  # noqa: F811
    calm = asked(good, ("people_below: 100", "people_below: 1"))
    assert calm.ways("yellow", at_most=True, changes=1).ways == ()
    ways = asked(good, DEEP, ("people_below: 100", "people_below: 99")).ways("yellow", at_most=True)
    assert {"crack_width_mm": "20"} in shown(ways), "the list is slight then: yellow"
    assert asked(good).ways("red", at_most=True).already


def test_upwards(good: Knowledge) -> None:  # noqa: F811
    """From orange to red: a hundred people, no more than the register has; or a freeboard below 1 m."""
    ways = asked(good, ("people_below: 100", "people_below: 60")).ways("red")
    assert shown(ways) == [{"crest_level_m": "9.4"}, {"water_level_m": "9.1"}, {"people_below": "100"}]
    assert [way.edits[0].within for way in ways.ways] == [
        Ends(at_least="0", below="9.5"),
        Ends(above="9", at_most="200"),
        Ends(at_least="100", at_most="50000"),
    ]


def test_items_of_lists(good: Knowledge) -> None:  # noqa: F811
    """A wet crack of 30 mm at 2.5 m of freeboard: orange by the score 4, red with the people; severe by the list.

    Without it the score is 0: clear, yellow with the people, and the list has only the patrol: slight, yellow.
    """
    ways = asked(good, *CRACKED, DEEP).ways("yellow", changes=2)
    assert shown(ways) == [{"cracks[1]": None}, {"cracks[1].width_mm": "20", "cracks[1].wet": "false"}]
    assert ways.ways[1].edits[1].within == Ends(at_least="0", at_most="20")


def test_unknown_facts_are_found_out(good: Knowledge) -> None:  # noqa: F811
    ways = asked(good, ("people_below: 100", "people_below: unknown")).ways("orange")
    found = {place(w.edits[0]): w.edits[0].within for w in ways.ways}
    assert found["people_below"] == Ends(at_least="0", at_most="99")
    # with 2 m of freeboard it is yellow or orange, and the list says orange in any case
    assert found["water_level_m"] == Ends(at_least="0", at_most="8")
    assert ways.ways[-1].edits[0].before == "unknown"


def test_an_immutable_fact_is_never_proposed(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    old = "    nature: judged\n    factor: people\n"
    fixed = edited((VOCABULARY, old, old + "    immutable: true\n"))
    assert fixed.facts["people_below"].immutable
    assert shown(asked(fixed).ways("orange")) == [{"crest_level_m": "10.5"}, {"water_level_m": "8"}]
    assert "people_below" not in turned(asked(fixed).hinges())


def test_observed_facts_come_before_judged_ones(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    """Two changes of equal size: a bool that is seen on site, and one that is judged."""
    observed = "    type: bool\n    nature: observed\n"
    judged = "  gate_shut:\n    type: bool\n    nature: judged\n    label: {en: gate, zh: 闸}\n    question: {en: Shut?, zh: 关？}\n"
    knowledge = edited(
        (VOCABULARY, "  patrol_done:\n" + observed, judged + "  patrol_done:\n" + observed),
        (
            "instruments/list.yaml",
            "  - id: list.1\n    when: not patrol_done\n",
            "  - id: list.1\n    when: not patrol_done or not gate_shut\n",
        ),
        ("instruments/list.yaml", "crack_width_mm > 20 or any", "patrol_done and gate_shut and crack_width_mm > 20 or any"),
    )
    facts = ("patrol_done: false", "patrol_done: true\n  gate_shut: true"), ("people_below: 100", "people_below: 1"), DEEP
    # severe while both are true; slight, which is yellow, when either is not
    assert shown(asked(knowledge, *facts).ways("yellow", changes=1))[-2:] == [{"patrol_done": "false"}, {"gate_shut": "false"}]


def test_the_finding_of_one_instrument(good: Knowledge) -> None:  # noqa: F811
    ways = asked(good, instrument="pond.list").ways("slight")
    assert shown(ways) == [{"crack_width_mm": "20"}]
    with pytest.raises(CaseError, match=r"C025.*pond\.2020 gives this case no grade; those that do: pond\.list, pond\.2010"):
        asked(good, instrument="pond.2020").ways("red")


def test_a_grade_that_the_scale_has_not(good: Knowledge) -> None:  # noqa: F811
    with pytest.raises(CaseError, match=r"--to: error\[C021\]: the scale pond has no grade 'orang'; did you mean 'orange'"):
        asked(good).ways("orang")


def test_no_time_is_said(good: Knowledge) -> None:  # noqa: F811
    ways = asked(good).ways("yellow", seconds=0)
    assert (ways.cut_off, ways.complete, ways.ways) == (True, (), ())


def test_best_ways_only_are_shown_but_all_are_counted(good: Knowledge) -> None:  # noqa: F811
    ways = asked(good).ways("orange", most=1)
    assert (shown(ways), ways.found) == ([{"people_below": "99"}], 3)


# --sensitivity ------------------------------------------------------------------------------------------------


def test_each_fact_with_the_value_where_it_turns(good: Knowledge) -> None:  # noqa: F811
    hinges = asked(good).hinges()
    assert turned(hinges) == {
        "people_below": [("99", ("orange",))],
        "crest_level_m": [("10.5", ("orange",))],
        "water_level_m": [("8", ("orange",))],
    }
    assert hinges.hinges[2].turnings[0].edit.within == Ends(at_least="0", at_most="8")
    assert hinges.steady == ()


@pytest.mark.parametrize(
    ("formula", "crest", "now", "after", "within"),
    [
        ("crest_level_m - water_level_m / 3", "10", "orange", "red", Ends(above="27", at_most="200")),
        ("crest_level_m - water_level_m / 7", "10", "orange", "red", Ends(above="63", at_most="200")),
        ("crest_level_m - water_level_m / 3", "1.1", "red", "orange", Ends(at_least="0", at_most="0.3")),
        ("max(crest_level_m, 3) - water_level_m * 3", "1.1", "red", "orange", Ends(at_least="0", at_most="0.666666")),
    ],
)
def test_edges_through_formulas(
    edited: Callable[..., Knowledge],  # noqa: F811
    formula: str,
    crest: str,
    now: str,
    after: str,
    within: Ends,
) -> None:
    """A freeboard below 1 m is red, from 1 m the list's orange is the worst. A third has no last decimal: six are told."""
    knowledge = edited(
        ("instruments/pond-2010.yaml", "    value: crest_level_m - water_level_m\n", f"    value: {formula}\n"),
        (VOCABULARY, "freeboard_m: {type: number, unit: m, range: [-200, 200]", "freeboard_m: {type: number, unit: m, range: [-600, 200]"),
    )
    case = asked(knowledge, ("crest_level_m: 10", f"crest_level_m: {crest}"), ("people_below: 100", "people_below: 1"))
    found = case.graded(case.case).determination
    assert found is not None and found.grade == now
    (water,) = [h for h in case.hinges().hinges if h.turnings[0].edit.fact == "water_level_m"]
    assert [(t.reachable, t.edit.within) for t in water.turnings] == [((after,), within)]


def test_an_open_grade_is_narrowed_by_what_is_unknown(good: Knowledge) -> None:  # noqa: F811
    hinges = turned(asked(good, ("people_below: 100", "people_below: unknown")).hinges())
    assert hinges["people_below"] == [("0", ("orange",)), ("100", ("red",))]


def test_facts_in_the_grounds_that_do_not_turn_alone(good: Knowledge) -> None:  # noqa: F811
    """The crest at 0 m and the water at 199.5 m: red, and no crest and no water level alone makes a metre of freeboard."""
    hinges = asked(good, ("crest_level_m: 10", "crest_level_m: 0"), ("water_level_m: 8.5", "water_level_m: 199.5")).hinges()
    assert (hinges.hinges, set(hinges.steady)) == ((), {"crest_level_m", "water_level_m"})


# --set --------------------------------------------------------------------------------------------------------


def test_the_difference(good: Knowledge) -> None:  # noqa: F811
    """With 8 m of water the freeboard is 2 m: yellow by the score 3, orange with the people; the owner need not lower it."""
    case = asked(good)
    difference = case.difference([read_statement("water_level_m=8", case.case, good), read_statement("warden=nobody", case.case, good)])
    assert [(e.fact, e.before, e.after) for e in difference.edits] == [("water_level_m", "8.5", "8"), ("warden", "unknown", "nobody")]
    shift = difference.determination
    assert shift is not None and shift.before is not None and shift.after is not None
    assert (shift.before.grade, shift.after.grade) == ("red", "orange")
    assert [f.instrument for f in difference.findings] == ["pond.2010"]
    assert {(f.rule, f.before, f.after) for f in difference.firings} == {
        ("p10.base.orange", True, False),
        ("p10.base.yellow", False, True),
        ("duty.lower", True, False),
        ("flag.warden", None, True),
    }
    assert ([f.id for f in difference.raised], difference.cleared) == (["flag.warden"], ())
    assert [(d.before and d.before.id, d.after) for d in difference.duties] == [("duty.lower", None)]


def test_a_duty_that_is_due_on_another_day(good: Knowledge) -> None:  # noqa: F811
    case = asked(good)
    (shift,) = case.difference([read_statement("found_on=2015-05-31", case.case, good)]).duties
    assert shift.before is not None and shift.after is not None
    assert (shift.before.due, shift.after.due) == ("2015-06-02", "2015-06-03")


def test_unknown_is_a_value(good: Knowledge) -> None:  # noqa: F811
    case = asked(good)
    shift = case.difference([read_statement("people_below=unknown", case.case, good)]).determination
    assert shift is not None and shift.after is not None
    assert (shift.after.status, shift.after.reachable) == ("undetermined", ("red", "orange"))


def test_the_questions_go_on_from_the_changed_case(good: Knowledge) -> None:  # noqa: F811
    case = asked(good)
    changed = case.with_statements([read_statement("people_below=99", case.case, good)])
    assert changed.ways("orange").already


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people_below=many", "C021]: people_below: a number in persons is expected, not 'many'"),
        ("people_below=1.5", "C021]"),
        ("people_below=200000", "C023]: people_below: 200000 is out of range"),
        ("peeple_below=1", "C020]: unknown fact 'peeple_below'; did you mean 'people_below'?"),
        ("pond_grade=red", "C024]: pond_grade is derived"),
        ("people_below=", "C021]"),
        ("people_below", "C006]: a fact and its value are expected; write fact=value"),
        ("cracks=[{width: 3}]", "C020]: cracks has no field 'width'; did you mean 'width_mm'?"),
        ("subject=pond", "C021]: subject: there is no value 'pond'"),
        ("people_below: 5\n  region=x", "C006]"),
    ],
)
def test_values_are_checked_as_in_case_files(good: Knowledge, text: str, said: str) -> None:  # noqa: F811
    with pytest.raises(CaseError) as caught:
        read_statement(text, asked(good).case, good)
    assert str(caught.value.problems[0]).startswith(f"--set {text}: error[")
    assert said in str(caught.value)


def test_values_in_the_syntax_of_case_files(good: Knowledge) -> None:  # noqa: F811
    case = asked(good).case
    assert read_statement("cracks=[{wet: true, width_mm: 3}]", case, good).value.items[0]["width_mm"] == 3
    bounded = read_statement("people_below={at_least: 5, at_most: 9, rests_on: [patrol_done], asserted_by: Li}", case, good)
    assert (bounded.value.low, bounded.value.high, bounded.rests_on, bounded.asserted_by) == (5, 9, ("patrol_done",), "Li")
    assert read_statement("water_level_m=8 m", case, good).value == 8
    assert read_statement("subject=dam", case, good).value == "dam"


# distances ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("water", "severer", "milder"),
    [
        ("8.5", ("orange", "1", False, "0.5"), ("clear", "2", True, "0.5")),
        ("8", ("yellow", "2", False, "0"), None),
        ("9.75", None, ("orange", "0.5", True, "0.25")),
        ("9.5", ("red", "0.5", False, "0.0"), ("yellow", "1", True, "0.5")),
    ],
)
def test_distances_in_both_directions(edited: Callable[..., Knowledge], water: str, severer: Any, milder: Any) -> None:  # noqa: F811
    """The code of 2020 with a table over the freeboard alone: red below 0.5 m, orange below 1 m, yellow below 2 m."""
    knowledge = edited(("instruments/pond-2020.yaml", "freeboard_m < 1 and people_below >= 10", "freeboard_m < 0.5"))
    case = asked(knowledge, ("as_of: 2015-06-01", "as_of: 2021-06-01"), ("water_level_m: 8.5", f"water_level_m: {water}"))
    (distance,) = [d for d in case.answer().distances if d.instrument == "pond.2020"]
    found = [e and (e.grade, e.at, e.inside, e.distance) for e in (distance.severer, distance.milder)]
    assert [f and (*f[:3], Decimal(f[3])) for f in found] == [e and (*e[:3], Decimal(e[3])) for e in (severer, milder)]
    score = case.graded(case.case).finding("pond.2020")
    assert score is not None and score.score is not None
    assert (score.score.distance_to_next is None) == (distance.severer is None)
    if distance.severer is not None:
        assert Decimal(str(score.score.distance_to_next)) == Decimal(distance.severer.distance)


def test_the_distance_of_a_score_whose_grade_is_adjusted(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    """The code of 2010 over the freeboard alone: 1.5 m is orange, half a metre from red and from yellow; people make it red."""
    path = "instruments/pond-2010.yaml"
    knowledge = edited(
        (path, "1 <= freeboard_m < 2 or freeboard_m >= 2 and score >= 4", "1 <= freeboard_m < 2"),
        (path, "freeboard_m >= 2 and 3 <= score < 4", "2 <= freeboard_m < 3"),
        (path, "freeboard_m >= 2 and score < 3", "freeboard_m >= 3"),
    )
    case = asked(knowledge)
    assert case.graded(case.case).finding("pond.2010").grade == "red"  # type: ignore[union-attr]
    (distance,) = case.answer().distances
    assert (distance.instrument, distance.grade, distance.adjusted) == ("pond.2010", "orange", True)
    found = [(e.grade, e.at, e.inside, Decimal(e.distance)) for e in (distance.severer, distance.milder) if e is not None]
    assert found == [("red", "1", False, Decimal("0.5")), ("yellow", "2", True, Decimal("0.5"))]


def test_the_worked_dispute(kb: Knowledge) -> None:
    """Nobody killed and nobody seriously hurt: then Level III. R is 16 of 25, the band below ends at 9."""
    case = dingji.read_case(ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml").check(kb)
    what_if = WhatIf(kb, case)
    assert {"potential_deaths": "0", "potential_serious_injuries": "0"} in shown(what_if.ways("III", changes=2, seconds=60))
    assert turned(what_if.hinges())["potential_deaths"] == [("10", ("I",))]
