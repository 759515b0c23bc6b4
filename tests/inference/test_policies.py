"""Hit policies and adjustments against their meaning: what comes out while rules are unknown is what can still come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pytest

from dingji.inference.policies import ConflictError, Hit, Outcome, adjust, combine, settle
from dingji.knowledge.model import Adjustment
from dingji.language.values import Partial, possible

TRUTHS = (True, False, None)


def hits(*rows: tuple[bool | None, Any]) -> list[Hit]:
    """Rows as (truth, value), without those known to be false, numbered as written."""
    return [Hit(i, truth, value) for i, (truth, value) in enumerate(rows) if truth is not False]


def completions(truths: Sequence[bool | None]) -> Iterator[tuple[bool, ...]]:
    """Every way in which the unknown rules may turn out."""
    return product(*([truth] if truth is not None else [True, False] for truth in truths))


def outcomes(policy: str, rows: Sequence[tuple[bool | None, Any]], default: Any) -> set[Any]:
    """The values that a table can still take, by its definition in words; rows that contradict each other can't both be true."""
    found = set()
    for truths in completions([truth for truth, _ in rows]):
        values = [value for truth, (_, value) in zip(truths, rows, strict=True) if truth]
        if not values:
            # a table without a default is taken to be complete
            found |= {default} - {None}
        elif policy == "first":
            found.add(values[0])
        elif policy in ("worst", "best"):
            found.add(max(values) if policy == "worst" else min(values))
        elif len(set(values)) == 1:
            found.add(values[0])
    return found


@pytest.mark.parametrize("default", [None, 0, 1, 2])
@pytest.mark.parametrize("policy", ["unique", "any", "first", "worst", "best"])
def test_a_table_of_three_rows_takes_exactly_the_values_that_can_still_come_out(policy: str, default: int | None) -> None:
    for truths, values in product(product(TRUTHS, repeat=3), product(range(3), repeat=3)):
        rows = list(zip(truths, values, strict=True))
        expected = outcomes(policy, rows, default)
        try:
            found = settle(policy, hits(*rows), default, default is not None)
        except ConflictError:
            assert policy in ("unique", "any")
            assert len({value for truth, value in rows if truth}) > 1, rows
            continue
        assert set(possible(found.value) or ()) - {None} == expected, (rows, found)
        assert found.gap is (not any(t is not False for t in truths) and default is None)


# unique and any ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["unique", "any"])
def test_true_rows_that_differ_contradict_each_other(policy: str) -> None:
    with pytest.raises(ConflictError) as caught:
        settle(policy, hits((False, 3), (True, 1), (None, 2), (True, 2)), None, False)
    assert (caught.value.first, caught.value.second) == (1, 3)


@pytest.mark.parametrize("policy", ["unique", "any"])
def test_true_rows_that_agree_all_win(policy: str) -> None:
    assert settle(policy, hits((True, 2), (None, 1), (True, 2)), 0, True) == Outcome(2, (0, 2))


@pytest.mark.parametrize("policy", ["unique", "any", "first", "worst", "best"])
def test_no_row_and_no_default_is_a_gap(policy: str) -> None:
    assert settle(policy, hits((False, 1)), None, False) == Outcome(None, gap=True)


@pytest.mark.parametrize("policy", ["unique", "any", "first", "worst", "best"])
def test_the_default_stands_when_no_row_does(policy: str) -> None:
    assert settle(policy, hits((False, 1)), 0, True) == Outcome(0)


@pytest.mark.parametrize("policy", ["unique", "any", "first", "worst", "best"])
def test_an_unknown_row_leaves_the_default_possible(policy: str) -> None:
    assert settle(policy, hits((None, 2)), 0, True) == Outcome(Partial(0, 2, (0, 2)), (), (0,))


def test_enum_values_come_out_in_a_fixed_order() -> None:
    assert settle("unique", hits((None, "line"), (None, "bus")), None, False).value == Partial("bus", "line", ("bus", "line"))


# first ------------------------------------------------------------------------------------------------------


def test_first_takes_the_first_true_row() -> None:
    assert settle("first", hits((False, 3), (True, 1), (True, 2), (None, 0)), None, False) == Outcome(1, (1,))


def test_first_waits_for_unknown_rows_before_the_true_one() -> None:
    found = settle("first", hits((None, 3), (None, 1), (True, 1), (True, 2)), None, False)
    # the second row would conclude what the true one does: only the first can change the value
    assert found == Outcome(Partial(1, 3, (1, 3)), (2,), (0,))


# worst and best ---------------------------------------------------------------------------------------------


def test_worst_takes_the_greatest_and_names_every_rule_that_reached_it() -> None:
    assert settle("worst", hits((True, 1), (True, 3), (False, 4), (True, 3)), 0, True) == Outcome(3, (1, 3))


def test_worst_waits_only_for_unknown_rows_beyond_what_is_sure() -> None:
    found = settle("worst", hits((None, 1), (True, 2), (None, 2), (None, 4), (None, 3)), 0, True)
    assert found == Outcome(Partial(2, 4, (2, 3, 4)), (1,), (3, 4))


def test_best_waits_only_for_unknown_rows_below_what_is_sure() -> None:
    found = settle("best", hits((None, 1), (True, 2), (None, 2), (None, 4)), 0, True)
    assert found == Outcome(Partial(1, 2, (1, 2)), (1,), (0,))


def test_the_default_of_worst_counts_only_while_nothing_is_sure() -> None:
    assert settle("worst", hits((None, 1)), 3, True).value == Partial(1, 3, (1, 3))
    assert settle("worst", hits((True, 1)), 3, True).value == 1


@pytest.mark.parametrize(
    ("policy", "values", "value"),
    [
        ("worst", [1, 3, 2], 3),
        ("best", [1, 3, 2], 1),
        ("worst", [Partial(0, 2, (0, 2)), 1], Partial(1, 2, (1, 2))),
        ("best", [Partial(0, 2, (0, 2)), 1], Partial(0, 1, (0, 1))),
        ("worst", [Partial(0, 2, (0, 2)), 2], 2),
        ("worst", [Partial(0, 1, (0, 1)), Partial(0, 3, (0, 3))], Partial(0, 3, (0, 1, 3))),
        ("worst", [], None),
    ],
)
def test_findings_combine_to_the_worst_or_best_possible(policy: str, values: list[Any], value: Any) -> None:
    assert combine(policy, values) == value


# Adjustments ------------------------------------------------------------------------------------------------

# severities 0 (mildest) to 3
MOST_SEVERE = 3
KINDS = [("lower", 1), ("lower", 2), ("raise", 1), ("raise", 3), ("at_least", 2), ("at_most", 1), ("set", 0), ("set", 3)]


def by_hand(kind: str, amount: int, severity: int) -> int:
    match kind:
        case "lower":
            return [0, 1, 2, 3][min(severity + amount, 3)]
        case "raise":
            return [0, 1, 2, 3][max(severity - amount, 0)]
        case "at_least":
            return severity if severity >= amount else amount
        case "at_most":
            return severity if severity <= amount else amount
    return amount


@pytest.mark.parametrize(
    ("kind", "amount", "after"),
    [
        ("lower", 1, [1, 2, 3, 3]),  # more severe, but not beyond the most severe grade
        ("lower", 5, [3, 3, 3, 3]),
        ("raise", 1, [0, 0, 1, 2]),
        ("raise", 2, [0, 0, 0, 1]),
        ("at_least", 2, [2, 2, 2, 3]),
        ("at_most", 1, [0, 1, 1, 1]),
        ("set", 2, [2, 2, 2, 2]),
    ],
)
def test_an_adjustment_moves_each_grade(kind: str, amount: int, after: list[int]) -> None:
    for severity, moved in enumerate(after):
        found = adjust(severity, [(7, True, Adjustment(kind, amount))], MOST_SEVERE)
        # an adjustment that changes nothing did not bring the grade about
        assert found == Outcome(moved, (7,) if moved != severity else ())


def test_two_adjustments_give_exactly_what_can_still_come_out() -> None:
    bases: list[Any] = [None, 0, 1, 3, Partial(0, 2, (0, 2)), Partial(1, 3, (1, 2, 3))]
    for base, (first, second), truths in product(bases, product(KINDS, repeat=2), product(TRUTHS, repeat=2)):
        steps = [(i, truth, Adjustment(*kind)) for i, (truth, kind) in enumerate(zip(truths, (first, second), strict=True))]
        expected = set()
        for severity, outcome in product(possible(base) or range(MOST_SEVERE + 1), completions(truths)):
            for holds, kind in zip(outcome, (first, second), strict=True):
                severity = by_hand(*kind, severity) if holds else severity
            expected.add(severity)
        found = adjust(base, steps, MOST_SEVERE)
        assert set(possible(found.value) or ()) == expected, (base, first, second, truths)


def test_adjustments_follow_each_other_in_the_order_written() -> None:
    floor, worse = Adjustment("at_most", 1), Adjustment("lower", 1)
    assert adjust(3, [(0, True, floor), (1, True, worse)], MOST_SEVERE) == Outcome(2, (0, 1))
    assert adjust(3, [(0, True, worse), (1, True, floor)], MOST_SEVERE) == Outcome(1, (1,))


def test_an_unknown_adjustment_leaves_both_grades_possible() -> None:
    found = adjust(1, [(4, None, Adjustment("lower", 1)), (5, None, Adjustment("at_least", 1))], MOST_SEVERE)
    # the second can change nothing: whatever the first does, the grade is 1 or more
    assert found == Outcome(Partial(1, 2, (1, 2)), (), (4,))


def test_an_unknown_base_is_any_grade() -> None:
    assert adjust(None, [], MOST_SEVERE).value == Partial(0, 3, (0, 1, 2, 3))
    assert adjust(None, [(0, True, Adjustment("at_least", 2))], MOST_SEVERE).value == Partial(2, 3, (2, 3))
    assert adjust(None, [(0, True, Adjustment("set", 2))], MOST_SEVERE).value == 2
