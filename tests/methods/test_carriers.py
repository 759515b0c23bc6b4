"""What carries the value of a formula, and what may still move it, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dingji.cases.reader import parse_case
from dingji.inference.prover import Evaluation
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.evaluate import tracer
from dingji.language.parser import parse
from dingji.language.values import Partial, Records
from dingji.methods.grounds import carriers, grounds
from dingji.methods.unsettled import reached
from knowledge.conftest import edited  # noqa: F401
from knowledge.small import CASE

ITEM = {"m": t.Number(), "k": t.Number()}
VOCABULARY = {**dict.fromkeys("abc", t.Number()), "rows": t.Records(tuple(ITEM.items()))}
ROWS = Records(({"m": 1, "k": 2}, {"m": 3, "k": 4}))
MORE = Records(({"m": 1, "k": 2},), complete=False)


def carried(source: str, side: str = "", **facts: Any) -> dict[str, str]:
    return carriers(tracer(check(parse(source), VOCABULARY), {}), facts, side)


@pytest.mark.parametrize(
    ("source", "facts", "whole"),
    [
        # a settled maximum is carried by the operands that reach it
        ("max(a, b)", {"a": 5, "b": 3}, {"a"}),
        ("max(a, b)", {"a": 5, "b": 5}, {"a", "b"}),
        ("min(a, b)", {"a": 5, "b": 3}, {"b"}),
        ("max(a, 9)", {"a": 5}, set()),
        # an open operand that can only tie decides nothing
        ("max(a, b)", {"a": 5, "b": Partial(0, 5)}, {"a"}),
        # an open maximum: what reaches its least value, and all that may exceed it, not only the greatest
        ("max(a, b, c)", {"a": 4, "b": Partial(0, 7), "c": Partial(0, 9)}, {"a", "b", "c"}),
        ("max(a, b, c)", {"a": 4, "b": Partial(0, 3), "c": Partial(0, 9)}, {"a", "c"}),
        ("max(a, b, c)", {"a": 4, "b": 2, "c": None}, {"a", "c"}),
        # b is 1 at least: that a is 1 says nothing
        ("max(a, b)", {"a": 1, "b": Partial(1, 5)}, {"b"}),
        ("min(a, b, c)", {"a": 4, "b": Partial(2, 9), "c": Partial(5, 9)}, {"a", "b"}),
        ("min(a, b)", {"a": None, "b": None}, {"a", "b"}),
        # a list carries what is reckoned over it
        ("sum(r.m for r in rows)", {"rows": ROWS}, {"rows"}),
        ("a + sum(r.m for r in rows if r.k > b)", {"a": 1, "b": 2, "rows": ROWS}, {"a", "b", "rows"}),
        ("max(a, sum(r.m for r in rows))", {"a": 3, "rows": ROWS}, {"rows"}),
        ("sum(max(r.m, r.k, a) for r in rows)", {"a": 3, "rows": ROWS}, {"a", "rows"}),
        ("max(r.m for r in rows)", {"rows": MORE}, {"rows"}),
    ],
)
def test_what_carries_a_value(source: str, facts: dict[str, Any], whole: set[str]) -> None:
    assert set(carried(source, **facts)) == whole


@pytest.mark.parametrize(
    ("source", "side", "facts", "expected"),
    [
        # "the sum is at least 5" stands on what adds to its least value
        ("a + b", "low", {"a": 5, "b": Partial(0, 9)}, {"a": "low"}),
        ("a + b", "high", {"a": 0, "b": 2}, {"a": "high", "b": "high"}),
        # a known 4 holds the maximum up, whatever the open operand comes to
        ("max(a, b)", "low", {"a": 4, "b": Partial(0, 5)}, {"a": "low"}),
        ("max(a, b)", "high", {"a": 4, "b": Partial(0, 5)}, {"b": "high"}),
        ("min(a, b)", "low", {"a": 4, "b": Partial(1, 5)}, {"b": "low"}),
        ("max(0, a + b)", "low", {"a": 2, "b": Partial(0, 1)}, {"a": "low"}),
        # what is taken away holds a difference up by being small
        ("a - b", "low", {"a": 9, "b": Partial(0, 2)}, {"a": "low", "b": "high"}),
        ("a - b", "high", {"a": 9, "b": Partial(0, 2)}, {"a": "high", "b": "low"}),
        ("a + -b", "low", {"a": 9, "b": 2}, {"a": "low", "b": "high"}),
        # a fact by both sides, or under another operation, counts as a whole
        ("a - (b - a)", "low", {"a": 9, "b": 2}, {"a": "low", "b": "high"}),
        ("a - a * b", "low", {"a": 9, "b": 2}, {"a": "", "b": ""}),
        ("a / b", "low", {"a": 9, "b": 3}, {"a": "", "b": ""}),
    ],
)
def test_what_carries_one_bound(source: str, side: str, facts: dict[str, Any], expected: dict[str, str]) -> None:
    assert carried(source, side, **facts) == expected


@pytest.mark.parametrize(
    ("source", "facts", "movers"),
    [
        ("a + b", {"a": 1, "b": None}, {"b"}),
        ("max(a, b, c)", {"a": 4, "b": Partial(0, 7), "c": Partial(0, 4)}, {"b"}),
        ("min(a, b)", {"a": 4, "b": Partial(4, 9)}, set()),
        ("a + 0 * b", {"a": None, "b": Partial(0, 9)}, {"a"}),
        ("a + sum(r.m for r in rows)", {"a": 1, "rows": MORE}, {"rows"}),
        ("a + sum(r.m for r in rows)", {"a": None, "rows": ROWS}, {"a"}),
    ],
)
def test_what_may_still_move_a_value(source: str, facts: dict[str, Any], movers: set[str]) -> None:
    assert set(carried(source, "open", **facts)) == movers


TWO = (
    """\
  - id: p10.freeboard
    fact: freeboard_m
    value: crest_level_m - water_level_m
""",
    """\
  - id: p10.freeboard
    fact: freeboard_m
    when: not patrol_done
    value: crest_level_m - water_level_m
    cite: §1
    confidence: verified
    text: {en: The freeboard is the crest above the water., zh: 超高为坝顶与水位之差。}
  - id: p10.safe
    fact: freeboard_m
    when: patrol_done
    value: crest_level_m
""",
)
BOTH = (
    "freeboard_m: {type: number, unit: m, range: [-200, 200], nature: derived, ",
    "freeboard_m: {type: number, unit: m, range: [-200, 200], nature: derived, policy: worst, ",
)


def evaluated(knowledge: Knowledge, *changes: tuple[str, str]) -> Evaluation:
    text = CASE
    for old, new in changes:
        text = text.replace(old, new)
    case = parse_case(text).check(knowledge)
    return run(knowledge, case.facts(), case.as_of).evaluation


def test_the_formula_that_gave_the_value_is_its_ground_not_the_last_one(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    knowledge = edited(("instruments/pond-2010.yaml", *TWO), ("vocabulary.yaml", *BOTH))
    found = grounds(evaluated(knowledge), "freeboard_m")
    assert set(found.facts) == {"freeboard_m", "crest_level_m", "water_level_m"}
    found = grounds(evaluated(knowledge, ("patrol_done: false", "patrol_done: true")), "freeboard_m")
    assert set(found.facts) == {"freeboard_m", "crest_level_m"}


def test_what_the_formula_that_holds_reads_can_move_the_grade(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    knowledge = edited(("instruments/pond-2010.yaml", *TWO), ("vocabulary.yaml", *BOTH))
    dry = ("crack_width_mm: 21", "crack_width_mm: 2")
    moved = reached(evaluated(knowledge, dry, ("  water_level_m: 8.5\n", "")))
    assert "water_level_m" in moved
    assert "water_level_m" not in reached(
        evaluated(knowledge, dry, ("  water_level_m: 8.5\n", ""), ("patrol_done: false", "patrol_done: true"))
    )
    # which formula holds is open, and with it everything that either reads
    both = reached(evaluated(knowledge, dry, ("  water_level_m: 8.5\n", ""), ("  patrol_done: false\n", "")))
    assert {"patrol_done", "water_level_m"} <= set(both)
