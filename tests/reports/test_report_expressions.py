"""Conditions in the reader's words."""

from __future__ import annotations

import pytest

from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.methods.model import Condition
from dingji.reports.expressions import Phrases, tree
from dingji.reports.messages import catalogue
from dingji.reports.proof import ConditionView, ProofViews
from dingji.reports.values import Speech


def phrase(kb: Knowledge, source: str, language: str = "en") -> str:
    node = tree(source)
    assert node is not None
    return Phrases(Speech(kb, catalogue(language))).phrase(node)


def label(kb: Knowledge, fact: str, language: str = "en") -> str:
    return kb.facts[fact].label.in_(language)


def test_numbers_take_the_unit_of_the_fact(kb: Knowledge) -> None:
    assert phrase(kb, "potential_deaths >= 3") == f"{label(kb, 'potential_deaths')} ≥ 3 persons"
    assert phrase(kb, "3 <= potential_deaths", "zh") == f"{label(kb, 'potential_deaths', 'zh')} ≥ 3人"
    assert phrase(kb, "direct_loss_cny < 1000000", "zh") == f"{label(kb, 'direct_loss_cny', 'zh')} < 100万元"
    assert phrase(kb, "9 < risk_value <= 25") == f"9 < {label(kb, 'risk_value')} ≤ 25"


@pytest.mark.parametrize(
    ("operator", "english", "chinese"),
    [
        (">=", " is level 4 or more severe", "为四级事件及以上"),
        ("<=", " is level 4 or milder", "为四级事件及以下"),
        (">", " is more severe than level 4", "高于四级事件"),
        ("<", " is milder than level 4", "低于四级事件"),
        ("==", " is level 4", "为四级事件"),
        ("!=", " is not level 4", "不是四级事件"),
    ],
)
def test_grades_compare_by_severity_in_words(operator: str, english: str, chinese: str, kb: Knowledge) -> None:
    source = f'personal_event_level {operator} "level-4"'
    assert phrase(kb, source) == label(kb, "personal_event_level") + english
    assert phrase(kb, source, "zh") == label(kb, "personal_event_level", "zh") + chinese


def test_a_mirrored_comparison_of_grades_turns_round(kb: Knowledge) -> None:
    assert phrase(kb, '"level-4" <= personal_event_level') == phrase(kb, 'personal_event_level >= "level-4"')


def test_a_severity_is_told_as_its_grade(kb: Knowledge) -> None:
    # crosswalks compare by rank: general 0, medium 1, major 2
    assert phrase(kb, "risk_level == 2") == f"{label(kb, 'risk_level')} is major risk"


def test_truths_are_yes_or_no(kb: Knowledge) -> None:
    assert phrase(kb, "power_safety_event") == f"{label(kb, 'power_safety_event')}: yes"
    assert phrase(kb, "not power_safety_event") == f"{label(kb, 'power_safety_event')}: no"


def test_choices_are_told_by_their_labels(kb: Knowledge) -> None:
    labels = dict(kb.facts["discipline"].values)
    source = 'discipline in ["transmission", "distribution"]'
    assert phrase(kb, source) == f"{label(kb, 'discipline')} is {labels['transmission'].en} or {labels['distribution'].en}"


def test_and_inside_or_stands_in_brackets(kb: Knowledge) -> None:
    a, b = label(kb, "power_safety_event"), label(kb, "management_hazard")
    assert phrase(kb, "power_safety_event and management_hazard or social_effect").startswith(f"({a}: yes and {b}: yes) or ")


def test_a_quantifier_names_its_list_and_fields(kb: Knowledge) -> None:
    shown = phrase(kb, "any(e.voltage_kv >= 220 for e in grid_events)")
    assert shown == f"at least one of {label(kb, 'grid_events')}: voltage ≥ 220 kV"
    assert phrase(kb, "count(e for e in grid_events) >= 2") == f"number of {label(kb, 'grid_events')} ≥ 2"


def test_formulas_bracket_what_python_would(kb: Knowledge) -> None:
    node = tree("likelihood_score * (impact_score + 1)")
    assert node is not None
    names = Phrases(Speech(kb, catalogue("en"))).operand(node)
    assert names == f"{label(kb, 'likelihood_score')} × ({label(kb, 'impact_score')} + 1)"
    figures = Phrases(Speech(kb, catalogue("en")), values={"likelihood_score": "4", "impact_score": "3"}).operand(node)
    assert figures == "4 × (3 + 1)"


def view(kb: Knowledge, condition: Condition) -> ConditionView:
    return ProofViews(Speech(kb, catalogue("en")))._condition(condition, None, Phrases(Speech(kb, catalogue("en"))))


def test_a_condition_tells_what_the_case_has(kb: Knowledge) -> None:
    shown = view(kb, Condition("potential_deaths >= 3", False, None, (Condition("potential_deaths", None, "2"),)))
    assert (shown.truth, shown.here) == ("false", "here 2 persons")


def test_an_unstated_fact_is_unknown_not_its_declared_range(kb: Knowledge) -> None:
    default = kb.defaults["potential_deaths"]
    value = f"{default.low}..{default.high}"
    shown = view(kb, Condition("potential_deaths >= 3", None, None, (Condition("potential_deaths", None, value),)))
    assert (shown.truth, shown.here) == ("unknown", "here unknown")


def test_nested_ands_become_one_list(kb: Knowledge) -> None:
    leaf = [Condition(f, True, None) for f in ("power_safety_event", "management_hazard", "social_effect")]
    inner = Condition("power_safety_event and management_hazard", True, None, tuple(leaf[:2]))
    shown = view(kb, Condition("(power_safety_event and management_hazard) and social_effect", True, None, (inner, leaf[2])))
    assert [p.text for p in shown.parts] == [f"{label(kb, c.source)}: yes" for c in leaf]
    assert shown.text == "all of:"


def test_a_negated_fact_tells_the_fact_not_the_negation(kb: Knowledge) -> None:
    inner = Condition("power_safety_event", True, None)
    shown = view(kb, Condition("not power_safety_event", False, None, (inner,)))
    assert (shown.text, shown.here) == (f"{label(kb, 'power_safety_event')}: no", "here yes")


def test_what_can_not_be_read_stands_as_it_is(kb: Knowledge) -> None:
    assert tree("grid_events[1]") is None
    assert view(kb, Condition("grid_events[1]", None, None)).text == "grid_events[1]"
    assert isinstance(tree("a and b"), n.And)
