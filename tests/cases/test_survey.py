"""What opinions tell: worked out by hand, and against every way in which outstanding answers may turn out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dingji
from dingji.cases.model import Opinion, Survey
from dingji.cases.survey import rounds, spread, told
from dingji.knowledge.model import GradeDefinition, Knowledge, Place, ScaleDefinition, Words
from dingji.language.evaluate import is_known
from dingji.language.values import Partial

GRADES = ("high", "middle", "low")
SCALE = ScaleDefinition("s", Words("s", "s"), tuple(GradeDefinition(g, Words(g, g), None, False) for g in GRADES), Place("f", 1, 1))
PANEL = ("a", "b", "c", "d", "e")


def given_in(number: int, grades: str, weights: tuple[int, ...] = (1, 1, 1, 1, 1)) -> list[Opinion]:
    """Opinions of one round, a letter for each expert of the panel: h, m, l, or - for none."""
    letters = {g[0]: g for g in GRADES}
    return [Opinion(r, number, letters[x], weight=w) for r, x, w in zip(PANEL, grades, weights, strict=False) if x != "-"]


def of(*held: str, weights: tuple[int, ...] = (1, 1, 1, 1, 1), **keys: Any) -> dict[str, Any]:
    opinions = [o for number, grades in enumerate(held, 1) for o in given_in(number, grades, weights)]
    return told(Survey("s", **keys), opinions, SCALE)


@pytest.mark.parametrize(
    ("grades", "median", "tied"),
    [("h", 2, False), ("hml", 1, False), ("hhl", 2, False), ("hl", 2, True), ("ml", 1, True), ("hmll", 1, True), ("hmmll", 1, False)],
)
def test_the_median_and_its_ties(grades: str, median: int, tied: bool) -> None:
    found = of(grades)
    assert (found["median"], found["median_tied"]) == (median, tied)


@pytest.mark.parametrize(
    ("grades", "majority", "tied"), [("hhl", 2, False), ("hll", 0, False), ("hl", 2, True), ("hhllm", 2, True), ("hmmll", 1, True)]
)
def test_the_majority_and_its_ties(grades: str, majority: int, tied: bool) -> None:
    found = of(grades)
    assert (found["majority"], found["majority_tied"], found["worst"]) == (majority, tied, 2)


def test_weights_count() -> None:
    """A high of weight 2 against two low: an even split; of weight 3 more than half."""
    assert (of("hll", weights=(2, 1, 1))["median"], of("hll", weights=(2, 1, 1))["median_tied"]) == (2, True)
    assert (of("hll", weights=(3, 1, 1))["median"], of("hll", weights=(3, 1, 1))["median_tied"]) == (2, False)
    assert of("hll", weights=(3, 1, 1))["same_share"] == 60  # 3 of 5
    assert of("hll", weights=(3, 1, 1))["raters"] == 3


@pytest.mark.parametrize(
    ("severities", "distance"),
    # by linear interpolation, as a spreadsheet's QUARTILE.INC gives it
    [([0], "0"), ([0, 2], "1"), ([0, 1, 2], "1"), ([2, 2, 3, 4], "1.25"), ([0, 0, 0, 2, 2, 2], "2"), ([1, 1, 1, 1, 4], "0")],
)
def test_the_distance_of_the_quartiles(severities: list[int], distance: str) -> None:
    assert spread(severities) == Decimal(distance)


def test_shares() -> None:
    found = of("hhml", "hmml")
    assert found["same_share"] == 50  # two of four give the median, middle
    assert found["within_one_share"] == 100
    assert found["changed_share"] == 25  # the second expert
    assert found["round"] == 2
    assert of("hll")["changed_share"] == 100, "in the first round every grade is new"


def test_who_is_awaited_may_still_give_any_grade() -> None:
    """high, middle known; three of five outstanding: the middle of five can be anything, shares lie between none and all."""
    found = of("hm---", panel=PANEL)
    assert found["raters"] == Partial(2, 5)
    assert found["median"] == Partial(0, 2, (0, 1, 2))
    assert (found["median_tied"], found["majority_tied"], found["closed"]) == (None, None, False)
    assert found["worst"] == 2


def test_what_is_outstanding_may_change_nothing() -> None:
    found = of("hhhh-", panel=PANEL)
    assert (found["median"], found["majority"], found["worst"]) == (2, 2, 2)
    assert found["same_share"] == Partial(Decimal(80), Decimal(100))


def test_once_closed_those_count_who_answered() -> None:
    for keys in ({"closed_on": dt.date(2020, 1, 1)}, {"last_round": 1}):
        found = of("hl---", panel=PANEL, **keys)
        assert (found["raters"], found["median"], found["closed"]) == (2, 2, True)


def test_who_withdrew_is_neither_awaited_nor_counted() -> None:
    found = of("lllhh", "lll--", panel=PANEL, withdrawn=("d", "e"))
    assert (found["raters"], found["median"], found["same_share"]) == (3, 0, 100)
    assert rounds(Survey("s", PANEL, ("d", "e")), given_in(1, "lllhh"))[0].awaited == ()


def test_without_opinions_nothing_is_known() -> None:
    found = of(panel=PANEL)
    assert (found["round"], found["raters"], found["median"]) == (0, Partial(0, 5), Partial(0, 2, (0, 1, 2)))
    assert of(last_round=1)["median"] is None


letters = st.text("hml-", min_size=1, max_size=5)
weights = st.tuples(*[st.integers(1, 3)] * 5)


def allows(value: Any, actual: Any) -> bool:
    """Is what was told in part true of what came out?"""
    if value is None:
        return True
    if isinstance(value, Partial):
        inside = (value.low is None or value.low <= actual) and (value.high is None or actual <= value.high)
        return inside and (value.values is None or actual in value.values)
    return bool(value == actual)


@given(letters, st.one_of(st.none(), letters), weights)
def test_what_is_told_holds_however_the_others_answer(last: str, before: str | None, weight: tuple[int, ...]) -> None:
    held = [*([before.ljust(len(last), "-")] if before else []), last]
    panel = PANEL[: max(map(len, held))]
    last = last.ljust(len(panel), "-")
    open_places = [i for i, x in enumerate(last) if x == "-"]
    # the weight of who has not answered in any round is not known yet: 1 is taken
    known = {i for grades in held for i, x in enumerate(grades) if x != "-"}
    weight = tuple(w if i in known else 1 for i, w in enumerate(weight))
    if not any(x != "-" for x in last):
        return
    now = of(*held[:-1], last, weights=weight, panel=panel)
    outcomes: dict[str, set[Any]] = {}
    for answers in product("hml", repeat=len(open_places)):
        filled = list(last)
        for place, answer in zip(open_places, answers, strict=True):
            filled[place] = answer
        then = of(*held[:-1], "".join(filled), weights=weight, panel=panel)
        assert all(is_known(value) for value in then.values())
        for name, value in now.items():
            assert allows(value, then[name]), (name, value, then[name])
            outcomes.setdefault(name, set()).add(then[name])
    for name in ("median", "majority", "worst"):
        # and no more is said to be possible than is
        assert outcomes[name] == set(now[name].values if isinstance(now[name], Partial) else [now[name]]), name


@given(st.text("hml", min_size=1, max_size=5), weights)
def test_the_grades_against_their_definitions(grades: str, weight: tuple[int, ...]) -> None:
    found = of(grades, weights=weight)
    drawn = sorted(GRADES[::-1].index({g[0]: g for g in GRADES}[x]) for x, w in zip(grades, weight, strict=False) for _ in range(w))
    # each opinion as often as it weighs: of an even number the graver of the two in the middle
    assert found["median"] == drawn[len(drawn) // 2]
    counts = Counter(drawn)
    assert found["majority"] == max(g for g, n in counts.items() if n == max(counts.values()))
    assert found["worst"] == drawn[-1]


def test_a_case_tells_by_the_facts_of_the_vocabulary(kb: Knowledge) -> None:
    text = "case: x\nsubject: hazard\nas_of: 2016-01-01\nsurvey: {scale: risk-three}\nopinions:\n  - {rater: a, round: 1, grade: medium}\n"
    case = dingji.parse_case(text).check(kb)
    assert case.told["median_risk_level"] == 1
    assert "median_hazard_level" not in case.told
    assert case.facts()["survey_scale"] == "risk-three"
