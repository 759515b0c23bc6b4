"""Policies, overrides and adjustments through the loader and the prover, on knowledge of a few lines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from dingji.errors import KnowledgeError
from dingji.inference.plan import plan_for
from dingji.inference.prover import prove
from dingji.knowledge import load
from dingji.knowledge.model import Knowledge
from dingji.language.values import Partial, possible

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
    tables = [
        instrument(name, "level") + "tables:\n" + table(f"{name}.t", "level", "unique", row)
        for name, row in (("x", GENERAL), ("y", SPECIAL))
    ]
    try:
        knowledge = knowledge_of(tmp_path, level, *tables)
    except KnowledgeError as error:
        assert "general" in str(error)
    else:
        assert facts(knowledge, a=True, b=True)["level"] == THIRD


@pytest.mark.parametrize("kind", ["adjustment", "flag"])
def test_an_override_among_other_rules_is_refused_or_works(tmp_path: Path, kind: str) -> None:
    start = table("it.start", "start", "unique", "id: row, when: b, then: III")
    rows = {
        "adjustment": "fact: level, base: start, when: {}, at_least: {}",
        "flag": "when: {}",
    }
    special = f"  - {{id: special, override: [general], {rows[kind].format('a', 'II')}, {GROUNDS}}}\n"
    general = f"  - {{id: general, {rows[kind].format('b', 'I')}, {GROUNDS}}}\n"
    if kind == "flag":
        start += table("it.level", "level", "unique", "id: same, when: b, then: III")
    try:
        knowledge = knowledge_of(
            tmp_path, derived("start"), derived("level"), instrument("it", "level"), "tables:\n", start, f"{kind}s:\n", special, general
        )
    except KnowledgeError as error:
        assert "general" in str(error)
        return
    plan = plan_for(knowledge, {"a": True, "b": True}, DAY)
    found = prove(plan, {"a": True, "b": True})
    if kind == "adjustment":
        assert found.facts["level"] == SECOND
    else:
        assert [plan.rules[i].id for i in plan.flags if found.truths[i] is True] == ["special"]


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
    first, second = (
        f"formulas:\n  - {{id: {i}.f, fact: found, value: {fact}, {GROUNDS}}}\n" for i, fact in (("x", "size"), ("y", "width"))
    )
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


@pytest.mark.parametrize("size", [9, Partial(4, 9), Partial(4, None), None])
def test_a_formula_beyond_the_range_of_its_fact_is_an_error_or_counts(tmp_path: Path, size: Any) -> None:
    """No case may have a rule left out because of a range that the rules themselves break, or may break."""
    texts = (
        derived("twice", "type: integer, range: [0, 10]"),
        derived("level"),
        instrument("it", "level"),
        f"formulas:\n  - {{id: it.f, fact: twice, value: size * 2, {GROUNDS}}}\n",
        "tables:\n",
        table("it.level", "level", "unique", "id: row, when: twice > 15, then: I"),
    )
    try:
        level = facts(knowledge_of(tmp_path, *texts), **({} if size is None else {"size": size}))["level"]
    except KnowledgeError as error:
        assert "twice" in str(error)
    else:
        assert FIRST in (possible(level) or ()), "nine times two is eighteen"
