"""The property on which every grade rests: the rule engine fires exactly the rules that the reference evaluator finds true.

Random rules over random cases known in part, then the guard in `inference/run.py` that turns a difference into an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from dingji.errors import EvaluationError, KnowledgeError
from dingji.inference import conditions as coding
from dingji.inference import durable
from dingji.inference import plan as planning
from dingji.inference.conditions import Encoder
from dingji.inference.durable import DurableRuleset
from dingji.inference.run import run
from dingji.knowledge import load
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.printer import to_source
from dingji.language.values import Partial
from inference.strategies import DEFAULTS, DERIVED, VOCABULARY, conditions, partial_cases

# 450 rule sets with 8 cases each: 3,600 pairs in every run
RULE_SETS, RULES, CASES = 450, 6, 8
RELAXED = settings(deadline=None, suppress_health_check=list(HealthCheck))

pytestmark = pytest.mark.skipif(not durable.available(), reason=str(durable.unavailable_reason()))

Drawn = tuple[list[n.Node], list[dict[str, Any]]]


@st.composite
def rules_and_cases(draw: Callable[[Any], Any], rules: int = RULES, cases: int = CASES) -> Drawn:
    """Rules, each followed by its negation now and then, and the cases to fire them on."""
    found: list[n.Node] = []
    while len(found) < rules:
        rule = draw(conditions(depth=3, known=True))
        found += [rule, n.Not(rule)] if draw(st.booleans()) else [rule]
    return found[:rules], [draw(partial_cases()) for _ in range(cases)]


def disagreements(rules: Sequence[n.Node], cases: Sequence[dict[str, Any]]) -> list[str]:
    """Every rule on which the two evaluators differ, with the facts it reads."""
    encoder = Encoder(VOCABULARY, DERIVED, DEFAULTS, rules)
    engine = DurableRuleset("random", [(f"r{i}", condition) for i, condition in enumerate(encoder.conditions)])
    evaluators = [compile_node(rule, DEFAULTS) for rule in rules]
    found = []
    for facts in cases:
        truths = [evaluator(dict(facts)) for evaluator in evaluators]
        # as a run does it, with the truths at hand, and from the facts alone
        for fired in (engine.fire(encoder.fields(dict(facts), truths)), engine.fire(encoder.fields(dict(facts)))):
            for i, rule in enumerate(rules):
                if (f"r{i}" in fired) != (truths[i] is True):
                    read = {name: facts.get(name) for name in sorted(n.facts_of(rule))}
                    found.append(f"{'fired' if f'r{i}' in fired else 'proved'} only: {to_source(rule)} with {read}")
    return found


@settings(RELAXED, max_examples=RULE_SETS)
@given(rules_and_cases())
def test_the_rule_engine_fires_what_the_evaluator_proves(drawn: Drawn) -> None:
    assert disagreements(*drawn) == []


@settings(RELAXED, max_examples=40)
@given(st.lists(conditions(depth=2, known=True), min_size=40, max_size=40), st.lists(partial_cases(), min_size=4, max_size=4))
def test_large_rule_sets_agree(rules: list[n.Node], cases: list[dict[str, Any]]) -> None:
    """Enough rules for several rulesets of the engine."""
    assert disagreements(rules, cases) == []


def test_random_rules_are_true_false_and_unknown_in_fair_shares() -> None:
    """The property means nothing if hardly a rule ever fires."""
    counts = {True: 0, False: 0, None: 0}

    @settings(RELAXED, max_examples=60, database=None, derandomize=True)
    @given(rules_and_cases())
    def count(drawn: Drawn) -> None:
        rules, cases = drawn
        for rule in rules:
            evaluator = compile_node(rule, DEFAULTS)
            for facts in cases:
                counts[evaluator(dict(facts))] += 1

    count()
    total = sum(counts.values())
    assert total >= 60 * RULES * CASES
    assert all(number > total / 10 for number in counts.values()), counts


def rank_without_ties(value: Any, constants: list[Any]) -> int:
    return 2 * sum(c < value for c in constants)


def fields_with_bounds_swapped(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def fields(*arguments: Any) -> dict[str, Any]:
        other = {"<": ">", ">": "<"}
        return {name[:-1] + other[name[-1]] if name[-1] in other else name: value for name, value in original(*arguments).items()}

    return fields


@pytest.mark.parametrize(
    ("target", "name", "changed"),
    [
        (coding, "_rank_of", rank_without_ties),
        (coding, "_NEGATED", {**coding._NEGATED, "<": ">"}),
        (coding, "_NEGATED", {**coding._NEGATED, "==": "=="}),
        (coding, "_MIRRORED", {op: op for op in coding._MIRRORED}),
        (Encoder, "fields", fields_with_bounds_swapped(Encoder.fields)),
    ],
    ids=["ties", "not less", "not equal", "mirror", "bounds"],
)
def test_a_defect_in_the_coding_is_found(target: Any, name: str, changed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, name, changed)
    quick = settings(RELAXED, max_examples=4 * RULE_SETS, phases=[Phase.generate], database=None, derandomize=True)
    try:
        find(rules_and_cases(), lambda drawn: disagreements(*drawn) != [], settings=quick)
    except NoSuchExample:
        pytest.fail("the property would not have noticed")


# The guard --------------------------------------------------------------------------------------------------


KNOWLEDGE = """
scales:
  three:
    title: {en: Levels, zh: 等级}
    grades:
      - {id: high, label: {en: high, zh: 高}}
      - {id: low, label: {en: low, zh: 低}}
      - {id: none, label: {en: none, zh: 无}, silent: true}
---
sources:
  text: {title: {en: A text, zh: 文本}}
---
facts:
  flooded: {type: bool, nature: observed, label: {en: flooded, zh: 进水}, question: {en: "Is it flooded?", zh: 是否进水？}}
  depth: {type: number, unit: m, range: [0, 50], nature: observed, label: {en: depth, zh: 水深}, question: {en: "How deep?", zh: 多深？}}
  level: {type: scale, scale: three, nature: derived, label: {en: level, zh: 等级}}
---
instrument:
  id: pit
  title: {en: Pits, zh: 基坑}
  source: text
  scope: "True"
  method: example
  decides: level
tables:
  - id: pit.level
    decides: level
    policy: worst
    default: none
    text: {en: By depth., zh: 按水深。}
    cite: §1
    confidence: verified
    rows:
      - {id: pit.flooded, when: flooded, then: low}
      - {id: pit.deep, when: depth >= 2.5, then: high}
flags:
  - {id: pit.dry, when: not flooded, cite: §2, confidence: verified, text: {en: Dry., zh: 干燥。}}
"""
DAY = dt.date(2024, 7, 1)


@pytest.fixture
def pits(tmp_path: Path) -> Knowledge:
    (tmp_path / "pits.yaml").write_text(KNOWLEDGE, encoding="utf-8")
    return load(tmp_path, cache=False)


def test_a_run_that_agrees_names_both_evaluators(pits: Knowledge) -> None:
    found = run(pits, {"flooded": True, "depth": Partial(1, 3)}, DAY)
    assert found.evaluators == ("reference", f"durable-rules {durable.version()}")
    # `low` is sure, `high` still possible: 2 is `high`, 1 is `low`
    assert found.evaluation.facts["level"] == Partial(1, 2, (1, 2))


def test_a_range_that_leaves_one_value_is_refused_or_agrees(tmp_path: Path) -> None:
    """Where nobody stated the depth, it is 5 all the same: the evaluators must see it alike."""
    text = KNOWLEDGE.replace("range: [0, 50]", "range: [5, 5]").replace("depth >= 2.5", "depth == 5")
    (tmp_path / "pits.yaml").write_text(text, encoding="utf-8")
    try:
        knowledge = load(tmp_path, cache=False)
    except KnowledgeError as error:
        assert "range" in str(error)
    else:
        run(knowledge, {"flooded": True}, DAY)


def tamper(monkeypatch: pytest.MonkeyPatch, **truths: bool | None) -> None:
    """Conditions, named by the fact they read, for which the prover is made to give a fixed truth."""
    honest = planning.compile_node

    def compiled(node: n.Node, defaults: Any) -> Any:
        for name, truth in truths.items():
            if n.facts_of(node) == {name}:
                return lambda facts: truth
        return honest(node, defaults)

    monkeypatch.setattr(planning, "compile_node", compiled)


@pytest.mark.parametrize(
    ("tampered", "facts", "message"),
    [
        ({"flooded": None}, {"flooded": True, "depth": 1}, "only the rule engine fired pit.flooded"),
        ({"flooded": None}, {"flooded": False, "depth": 1}, "only the rule engine fired pit.dry"),
        ({"depth": True}, {"flooded": True, "depth": 1}, "only the reference evaluator proved pit.deep"),
        ({"depth": None}, {"flooded": True, "depth": Partial(3, 4)}, "only the rule engine fired pit.deep"),
        ({"depth": True}, {"flooded": True, "depth": Partial(2, 3)}, "only the reference evaluator proved pit.deep"),
    ],
)
def test_a_difference_between_the_evaluators_is_an_error_that_names_the_rule(
    pits: Knowledge, tampered: dict[str, bool | None], facts: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(monkeypatch, **tampered)
    with pytest.raises(EvaluationError) as caught:
        run(pits, facts, DAY)
    assert (caught.value.problems[0].code, caught.value.problems[0].message) == ("X002", f"the evaluators disagree: {message}")
    assert caught.value.exit_code == 5


def test_every_rule_in_dispute_is_named(pits: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(monkeypatch, flooded=True, depth=None)  # pit.flooded and pit.dry both read `flooded`
    with pytest.raises(EvaluationError) as caught:
        run(pits, {"flooded": False, "depth": 3}, DAY)
    assert [p.message for p in caught.value.problems] == [
        "the evaluators disagree: only the reference evaluator proved pit.flooded",
        "the evaluators disagree: only the rule engine fired pit.deep",
    ]


def test_without_tampering_the_same_cases_agree(pits: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper(monkeypatch)
    for facts in ({"flooded": True, "depth": 1}, {"flooded": True, "depth": Partial(3, 4)}, {"flooded": False, "depth": 3}, {}):
        run(pits, facts, DAY)


def test_without_the_rule_engine_the_evaluator_grades_alone_and_says_why(pits: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "available", lambda: False)
    monkeypatch.setattr(durable, "unavailable_reason", lambda: "no compiler")
    found = run(pits, {"flooded": True}, DAY)
    assert (found.evaluators, found.without) == (("reference",), "no compiler")
