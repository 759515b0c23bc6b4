"""Hit policies and adjustments against their meaning: what comes out while rules are unknown is what can still come out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from dingji.errors import KnowledgeError
from dingji.inference.plan import plan_for
from dingji.inference.policies import ConflictError, Hit, Outcome, adjust, combine, settle
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge import load
from dingji.knowledge.model import Adjustment, Knowledge
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


# Through the prover -----------------------------------------------------------------------------------------

BASE = """
scales:
  four:
    title: {en: Levels, zh: 等级}
    grades:
      - {id: I, label: {en: I, zh: 一级}}
      - {id: II, label: {en: II, zh: 二级}}
      - {id: III, label: {en: III, zh: 三级}}
      - {id: none, label: {en: none, zh: 无}, silent: true}
---
sources:
  text: {title: {en: A text, zh: 文本}}
---
facts:
  a: {type: bool, nature: observed, label: {en: a, zh: 甲}, question: {en: "a?", zh: 甲？}}
  b: {type: bool, nature: observed, label: {en: b, zh: 乙}, question: {en: "b?", zh: 乙？}}
  c: {type: bool, nature: observed, label: {en: c, zh: 丙}, question: {en: "c?", zh: 丙？}}
  size: {type: integer, range: [0, 10], nature: observed, label: {en: size, zh: 大小}, question: {en: "size?", zh: 大小？}}
  width: {type: integer, range: [0, 10], nature: observed, label: {en: width, zh: 宽}, question: {en: "width?", zh: 宽？}}
"""
GROUNDS = "cite: §1, confidence: verified, text: {en: By row., zh: 按行。}"
DAY = dt.date(2024, 7, 1)
# severities on the scale
FIRST, SECOND, THIRD, NONE = 3, 2, 1, 0


def derived(name: str, kind: str = "type: scale, scale: four") -> str:
    """The declaration of a fact that rules write."""
    return f"  {name}: {{{kind}, nature: derived, label: {{en: {name}, zh: 结果}}}}\n"


def instrument(name: str, decides: str = "") -> str:
    tail = f", method: example, decides: {decides}" if decides else ""
    return f'---\ninstrument: {{id: {name}, title: {{en: It, zh: 此}}, source: text, scope: "True"{tail}}}\n'


def table(name: str, decides: str, policy: str, *rows: str) -> str:
    listed = "".join(f"      - {{{row}, {GROUNDS}}}\n" for row in rows)
    return f"  - id: {name}\n    decides: {decides}\n    policy: {policy}\n    default: none\n    rows:\n{listed}"


def knowledge_of(folder: Path, *texts: str) -> Knowledge:
    (folder / "all.yaml").write_text(BASE + "".join(texts), encoding="utf-8")
    return load(folder, cache=False)


def one_table(folder: Path, policy: str, *rows: str) -> Knowledge:
    return knowledge_of(folder, derived("level"), instrument("it", "level"), "tables:\n", table("it.level", "level", policy, *rows))


def facts(knowledge: Knowledge, **stated: Any) -> dict[str, Any]:
    return prove(plan_for(knowledge, stated, DAY), stated).facts


SPECIAL, GENERAL = "id: special, when: a, then: III, override: [general]", "id: general, when: b, then: I"


@pytest.mark.parametrize(
    ("stated", "level"),
    [
        ({"a": True, "b": True}, THIRD),  # the special beats the general: no contradiction
        ({"a": False, "b": True}, FIRST),
        ({"a": True, "b": False}, THIRD),
        ({"a": False, "b": False}, NONE),
        ({"a": True}, THIRD),
        ({"a": False}, Partial(NONE, FIRST, (NONE, FIRST))),
        ({"b": False}, Partial(NONE, THIRD, (NONE, THIRD))),
        ({}, Partial(NONE, FIRST, (NONE, THIRD, FIRST))),
    ],
)
def test_the_special_beats_the_general(tmp_path: Path, stated: dict[str, bool], level: Any) -> None:
    assert facts(one_table(tmp_path, "unique", SPECIAL, GENERAL), **stated)["level"] == level


def test_while_the_special_is_unknown_the_general_stands_or_falls_with_it(tmp_path: Path) -> None:
    """b is true: if a holds, too, the level is III, if not, it is I. The default is out of reach."""
    assert facts(one_table(tmp_path, "unique", SPECIAL, GENERAL), b=True)["level"] == Partial(THIRD, FIRST, (THIRD, FIRST))


def test_without_an_override_the_rows_contradict_each_other(tmp_path: Path) -> None:
    knowledge = one_table(tmp_path, "unique", SPECIAL.replace(", override: [general]", ""), GENERAL)
    with pytest.raises(KnowledgeError) as caught:
        facts(knowledge, a=True, b=True)
    (problem,) = caught.value.problems
    assert problem.code == "K041"
    assert "special" in problem.message
    assert "general" in problem.message
    assert "a = True, b = True" in problem.message


def test_an_override_beats_a_worse_grade(tmp_path: Path) -> None:
    knowledge = one_table(tmp_path, "worst", SPECIAL, GENERAL, "id: other, when: c, then: II")
    assert facts(knowledge, a=True, b=True, c=False)["level"] == THIRD
    assert facts(knowledge, a=True, b=True, c=True)["level"] == SECOND
    assert facts(knowledge, a=False, b=True, c=True)["level"] == FIRST


@pytest.mark.parametrize("names", ["ac", "ca"])
@pytest.mark.parametrize("stated", [{"a": True}, {"a": True, "c": False}, {"a": True, "c": True}])
def test_one_sure_override_is_enough(tmp_path: Path, names: str, stated: dict[str, bool]) -> None:
    """Two special rows beat the general one. One of them is true, whatever the other turns out to be."""
    special = [f"id: special-{name}, when: {name}, then: III, override: [general]" for name in names]
    assert facts(one_table(tmp_path, "worst", *special, GENERAL), b=True, **stated)["level"] == THIRD


def test_an_override_across_tables_is_refused_or_works(tmp_path: Path) -> None:
    """A rule of one instrument names one of another, as the special beats the general."""
    level = derived("level", "type: scale, scale: four, policy: worst")
    tables = [instrument(name, "level") + "tables:\n" + table(f"{name}.t", "level", "unique", row) for name, row in (("x", GENERAL), ("y", SPECIAL))]
    try:
        knowledge = knowledge_of(tmp_path, level, *tables)
    except KnowledgeError as error:
        assert "general" in str(error)
    else:
        assert facts(knowledge, a=True, b=True)["level"] == THIRD


def test_adjustments_fold_over_the_grade_of_a_table(tmp_path: Path) -> None:
    knowledge = knowledge_of(
        tmp_path,
        derived("start"),
        derived("level"),
        instrument("it", "level"),
        "tables:\n",
        table("it.start", "start", "unique", "id: row, when: b, then: III"),
        "adjustments:\n",
        f"  - {{id: worse, fact: level, base: start, when: a, lower: 1, {GROUNDS}}}\n",
        f"  - {{id: floor, fact: level, base: start, when: c, at_least: II, {GROUNDS}}}\n",
    )
    assert facts(knowledge, b=True, a=False, c=False)["level"] == THIRD
    assert facts(knowledge, b=True, a=True, c=False)["level"] == SECOND
    assert facts(knowledge, b=True, a=True, c=True)["level"] == SECOND
    assert facts(knowledge, b=True, a=False)["level"] == Partial(THIRD, SECOND, (THIRD, SECOND))
    assert facts(knowledge, b=True, c=True)["level"] == SECOND
    assert facts(knowledge, c=True, a=False)["level"] == SECOND  # none or III, not below II
    assert facts(knowledge, a=False, c=False)["level"] == Partial(NONE, THIRD, (NONE, THIRD))


def two_instruments(folder: Path, policy: str, kind: str, first: str, second: str) -> Knowledge:
    """Two instruments, both in force, that write one fact."""
    return knowledge_of(folder, derived("found", f"{kind}, policy: {policy}"), instrument("x"), first, instrument("y"), second)


@pytest.mark.parametrize(
    ("policy", "stated", "found"),
    [
        ("worst", {"a": True, "b": True}, FIRST),
        ("worst", {"a": True, "b": False}, THIRD),
        ("worst", {"a": False, "b": True}, FIRST),
        ("worst", {"b": True}, FIRST),
        ("worst", {"a": True}, Partial(THIRD, FIRST, (THIRD, FIRST))),
        ("best", {"a": True, "b": True}, THIRD),
        ("best", {"b": True}, Partial(NONE, THIRD, (NONE, THIRD))),
    ],
)
def test_tables_of_two_instruments_combine(tmp_path: Path, policy: str, stated: dict[str, bool], found: Any) -> None:
    first = "tables:\n" + table("x.t", "found", "unique", "id: x.row, when: a, then: III")
    second = "tables:\n" + table("y.t", "found", "unique", "id: y.row, when: b, then: I")
    assert facts(two_instruments(tmp_path, policy, "type: scale, scale: four", first, second), **stated)["found"] == found


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ({"size": 7, "width": 2}, 7),
        ({"size": 2, "width": 7}, 7),
        ({"size": 7, "width": Partial(6, 9)}, Partial(7, 9)),
        ({"size": Partial(6, 9), "width": 7}, Partial(7, 9)),
    ],
)
def test_formulas_of_two_instruments_are_refused_or_combine(tmp_path: Path, stated: dict[str, Any], found: Any) -> None:
    first, second = (f"formulas:\n  - {{id: {i}.f, fact: found, value: {fact}, {GROUNDS}}}\n" for i, fact in (("x", "size"), ("y", "width")))
    try:
        knowledge = two_instruments(tmp_path, "worst", "type: integer, range: [0, 10]", first, second)
    except KnowledgeError as error:
        assert "found" in str(error)
    else:
        assert facts(knowledge, **stated)["found"] == found


def test_an_unknown_finding_does_not_vanish_when_another_is_known(tmp_path: Path) -> None:
    """x may say 5 or nothing at all, y says 2: the worst of both is not known to be 2."""
    first = f"formulas:\n  - {{id: x.f, fact: found, when: a, value: size, {GROUNDS}}}\n"
    second = f"formulas:\n  - {{id: y.f, fact: found, value: width, {GROUNDS}}}\n"
    try:
        knowledge = two_instruments(tmp_path, "worst", "type: integer, range: [0, 10]", first, second)
    except KnowledgeError as error:
        assert "found" in str(error)
    else:
        assert facts(knowledge, size=5, width=2)["found"] != 2


def test_a_formula_beyond_the_range_of_its_fact_is_not_taken_to_lie_within(tmp_path: Path) -> None:
    """No case may have a rule left out because of a range that the rules themselves break."""
    knowledge_text = (
        derived("twice", "type: integer, range: [0, 10]"),
        derived("level"),
        instrument("it", "level"),
        f"formulas:\n  - {{id: it.f, fact: twice, value: size * 2, {GROUNDS}}}\n",
        "tables:\n",
        table("it.level", "level", "unique", "id: row, when: twice > 15, then: I"),
    )
    try:
        knowledge = knowledge_of(tmp_path, *knowledge_text)
    except KnowledgeError as error:
        assert "twice" in str(error)
    else:
        assert facts(knowledge, size=9)["level"] == FIRST
