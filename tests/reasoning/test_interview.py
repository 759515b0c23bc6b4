"""The interview: which question comes first and why, what is never asked, and that it never stops too early.

Over the small base in tests/knowledge/good. On 2015-06-01 in the north the code of 2010 grades by the freeboard (crest less water:
under 1 m red, under 2 m orange, else yellow from 3 points on, clear below), by one grade worse from 100 people on; the list says
slight (yellow) for a pond that is not patrolled and severe (orange) for a crack wider than 20 mm. The worst counts.
"""

from __future__ import annotations

import itertools
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import dingji
from conftest import ROOT
from dingji.cases.reader import parse_case
from dingji.cases.writer import mapping, scalar, sequence
from dingji.documents import pairs
from dingji.inference.plan import plan_for
from dingji.inference.prover import prove
from dingji.knowledge.model import Knowledge
from dingji.language.values import Records
from dingji.methods.asking import candidates
from dingji.methods.unsettled import grades_left, settled
from dingji.reasoning.interview import Interview
from dingji.shapes import scalar_text
from knowledge.small import CASE

GOOD = ROOT / "tests" / "knowledge" / "good"


@pytest.fixture(scope="module")
def base() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def interview(knowledge: Knowledge, *without: str, again: bool = False, **changes: str) -> Interview:
    """An interview about the small case without some of its facts, with others changed."""
    lines = []
    for line in CASE.strip().splitlines():
        name = line.strip().partition(":")[0]
        if name in without:
            continue
        lines.append(f"  {name}: {changes[name]}" if name in changes else line)
    text = "\n".join("scope: {}" if line.startswith("scope") and "region" in without else line for line in lines)
    return Interview(knowledge, parse_case(text).check(knowledge), again=again)


def asked(found: Interview) -> list[str]:
    return [candidate.fact for candidate in found.open()]


def test_a_settled_case_has_no_question(base: Knowledge) -> None:
    found = interview(base)
    assert (found.next(), found.settled(), found.put_off()) == (None, True, ())


def test_what_applies_is_asked_before_all_else(base: Knowledge) -> None:
    # the list covers the north and the south only
    found = interview(base, "region", "water_level_m")
    assert [(c.fact, c.kind) for c in found.open()] == [("region", "scope")]
    found.answer("region", scalar("north"))
    assert asked(found) == ["water_level_m"]
    assert [s.scope for s in found.statements()] == [True]


def test_only_what_can_still_change_the_grade_is_asked(base: Knowledge) -> None:
    # 21 mm is severe, so orange is sure; the patrol could give yellow at most, wet cracks orange by score, the same as the list
    found = interview(base, "water_level_m", "patrol_done")
    assert found.grades() == ("red", "orange")
    assert asked(found) == ["water_level_m"]


def test_a_fact_that_no_open_rule_reads_is_not_asked(base: Knowledge) -> None:
    # with 9.5 m of water the freeboard is 0.5 m: red, whatever else
    assert asked(interview(base, "people_below", "patrol_done", "crack_width_mm", water_level_m="9.5")) == []


def test_the_answer_that_leaves_fewest_grades_is_asked_first(base: Knowledge) -> None:
    # Freeboard 5 m, no wet cracks. By the width of the crack, with fewer than 100 people or with more, patrolled or not:
    #   under 10 mm: 0 points, clear (unpatrolled: yellow) or yellow;  10 to 20 mm: 3 points, yellow or orange;
    #   21 to 49 mm: orange by the list, and by the code at most;      from 50 mm: 5 points, orange or red.
    # What is left on average over the values on each side of the thresholds:
    #   crack_width_mm 0, 9, 10, 15, 20: two grades; 35: one; 50, 51: two                            15/8
    #   people_below under 100: orange, yellow, clear; from 100 on: red, orange, yellow               3
    #   patrol_done: all four; not done: all but clear                                               3.5
    found = interview(base, "crack_width_mm", "people_below", "patrol_done", water_level_m="5")
    assert found.grades() == ("red", "orange", "yellow", "clear")
    assert asked(found) == ["crack_width_mm", "people_below", "patrol_done"]
    assert all(candidate.kind == "alone" for candidate in found.open())


def test_an_answer_closes_the_questions_that_it_makes_needless(base: Knowledge) -> None:
    # a crack of 30 mm is orange by the list, and by the code yellow or, above 100 people, orange
    found = interview(base, "crack_width_mm", "people_below", "patrol_done", water_level_m="5")
    found.answer("crack_width_mm", scalar("30"))
    assert (found.next(), found.settled(), found.grades()) == (None, True, ("orange",))
    assert [s.fact for s in found.statements()] == ["crack_width_mm"]


def test_what_nobody_knows_is_not_asked_again_and_named_at_the_end(base: Knowledge) -> None:
    found = interview(base, "water_level_m")
    found.answer("water_level_m", scalar("unknown"))
    assert (found.next(), found.settled()) == (None, False)
    assert [c.fact for c in found.put_off()] == ["water_level_m"]


def test_what_the_case_states_as_unknown_is_asked_only_again(base: Knowledge) -> None:
    assert asked(interview(base, water_level_m="unknown")) == []
    assert asked(interview(base, again=True, water_level_m="unknown")) == ["water_level_m"]


def test_bounds_are_an_answer(base: Knowledge) -> None:
    # 8 to 10 m of water: red or orange either way; 9.5 to 9.8 m leave less than 1 m of freeboard, red
    found = interview(base, "water_level_m")
    found.answer("water_level_m", mapping([("at_least", scalar("8")), ("at_most", scalar("10"))]))
    assert (found.next(), found.grades()) == (None, ("red", "orange"))
    assert found.back() == "water_level_m"
    found.answer("water_level_m", mapping([("at_least", scalar("9.5")), ("at_most", scalar("9.8"))]))
    assert found.grades() == ("red",)


def test_back_asks_the_last_question_again(base: Knowledge) -> None:
    found = interview(base, "crack_width_mm", "people_below", "patrol_done", water_level_m="5")
    found.answer("patrol_done", scalar("true"))
    found.answer("crack_width_mm", scalar("unknown"))
    assert found.back() == "crack_width_mm"
    following = found.next()
    assert following is not None and following.fact == "crack_width_mm"
    assert found.back() == "patrol_done"
    following = found.next()
    # gone back to, it comes before the better question
    assert following is not None and following.fact == "patrol_done"
    assert found.back() is None


@pytest.mark.parametrize(
    ("fact", "text", "code"),
    [
        ("people_below", "many", "C021"),
        ("people_below", "1000000", "C023"),
        ("people_below", "60000", "C029"),  # more than the register has: must.count
        ("patrol_done", "perhaps", "C021"),
        ("freeboard_m", "3", "C024"),
        ("people", "3", "C020"),
    ],
)
def test_a_bad_answer_is_refused_like_a_bad_case_and_changes_nothing(base: Knowledge, fact: str, text: str, code: str) -> None:
    found = interview(base, "people_below", "patrol_done", crack_width_mm="5")
    before = asked(found)
    with pytest.raises(dingji.CaseError) as caught:
        found.answer(fact, scalar(text))
    assert [p.code for p in caught.value.problems] == [code]
    assert (asked(found), found.statements()) == (before, ())


def test_why_names_the_rules_and_what_each_answer_leaves(base: Knowledge) -> None:
    # 15 mm: yellow by score, orange with 100 people; the list has only the patrol left
    found = interview(base, "patrol_done", crack_width_mm="5", people_below="10", water_level_m="1")
    reason = found.reason("patrol_done")
    assert [rule.id for rule in reason.rules] == ["list.1"]
    assert reason.candidate.decides == ("yellow", "clear")
    assert [(o.value, o.grades) for o in reason.candidate.outlooks] == [(True, ("clear",)), (False, ("yellow",))]
    scope = interview(base, "region", crack_width_mm="5", people_below="10", water_level_m="1").reason("region")
    assert ([i.id for i in scope.instruments], scope.rules) == (["pond.list"], ())


TWINS = """
instrument:
  id: pond.twins
  title: {en: Twins, zh: 双条件}
  source: pond-list
  scope: subject == "hazard"
  method: example
  decides: twin
  default: none
  completeness: partial
examples:
  - {id: twin.1, when: gate_stuck and gate_rusty, grade: severe, cite: a, confidence: verified, text: {en: One., zh: 一。}}
  - {id: twin.2, when: gate_stuck and gate_leaks, grade: severe, cite: b, confidence: verified, text: {en: Two., zh: 二。}}
  - {id: twin.3, when: spillway_blocked and spillway_small, grade: severe, cite: c, confidence: verified, text: {en: Three., zh: 三。}}
"""
FACT = "  {name}: {{type: bool, nature: observed, label: {{en: {name}, zh: 名}}, question: {{en: '{name}?', zh: 问？}}}}\n"


@pytest.fixture
def twins(tmp_path: Path) -> Knowledge:
    folder = tmp_path / "twins"
    shutil.copytree(GOOD, folder)
    (folder / "instruments" / "twins.yaml").write_text(TWINS, "utf-8")
    names = ("gate_rusty", "gate_leaks", "gate_stuck", "spillway_blocked", "spillway_small")
    text = "facts:\n" + "".join(FACT.format(name=name) for name in names)
    text += "  twin: {type: scale, scale: notice, nature: derived, label: {en: twin, zh: 双}}\n"
    (folder / "more.yaml").write_text(text, "utf-8")
    return dingji.load(folder, cache=False)


def test_facts_that_decide_only_together_are_asked_where_one_settles_most(twins: Knowledge) -> None:
    # clear but for the new list. One answer never decides: while one pair is open, severe (orange) stays possible. A gate that is
    # not stuck settles two items, each other answer one at most.
    found = interview(twins, crack_width_mm="5", people_below="10", water_level_m="1", patrol_done="true")
    assert found.grades() == ("orange", "clear")
    assert {c.kind for c in found.open()} == {"together"}
    assert asked(found)[0] == "gate_stuck"
    assert sorted(asked(found)) == ["gate_leaks", "gate_rusty", "gate_stuck", "spillway_blocked", "spillway_small"]
    found.answer("gate_stuck", scalar("false"))
    # now the other pair stands alone, and the gate's rust and leaks are out
    assert sorted(asked(found)) == ["spillway_blocked", "spillway_small"]
    found.answer("spillway_blocked", scalar("true"))
    assert [(c.fact, c.kind, c.decides) for c in found.open()] == [("spillway_small", "alone", ("orange", "clear"))]


def test_answers_from_a_store_are_taken_in_the_order_of_need(twins: Knowledge) -> None:
    found = interview(twins, crack_width_mm="5", people_below="10", water_level_m="1", patrol_done="true")
    store = {"gate_leaks": scalar("true"), "spillway_small": scalar("unknown"), "gate_stuck": scalar("false")}
    # the stuck gate comes first and makes the leaks needless; the spillway may still be blocked
    assert found.fill(store) == ("gate_leaks",)
    assert [s.fact for s in found.statements()] == ["gate_stuck", "spillway_small"]
    assert asked(found) == ["spillway_blocked"]


# Every way in which six facts can be stated or not, against all that they may turn out to be.
VALUES: dict[str, tuple[object, ...]] = {
    "water_level_m": (5, 8, 9),
    "crack_width_mm": (5, 15, 30),
    "people_below": (10, 100),
    "patrol_done": (True, False),
    "cracks": (Records(()), Records(({"wet": True, "width_mm": 1},))),
}


def completions(facts: dict[str, object], missing: tuple[str, ...]) -> Iterator[dict[str, object]]:
    for values in itertools.product(*(VALUES[name] for name in missing)):
        yield {**facts, **dict(zip(missing, values, strict=True))}


def test_what_is_not_asked_could_not_have_changed_the_grade(base: Knowledge) -> None:
    case = parse_case(CASE).check(base)
    fixed = {"subject": "hazard", "region": "north", "crest_level_m": 10}
    checked_facts = 0
    for missing in (m for size in range(1, 5) for m in itertools.combinations(VALUES, size)):
        known = [name for name in VALUES if name not in missing]
        for values in itertools.product(*(VALUES[name] for name in known)):
            facts = {**fixed, **dict(zip(known, values, strict=True))}
            evaluation = prove(plan_for(base, facts, case.as_of), facts)
            found = {c.fact for c in candidates(evaluation)}
            needless = [name for name in missing if name not in found]
            if not needless:
                continue
            grades: dict[tuple[object, ...], set[object]] = {}
            for full in completions(facts, missing):
                again = prove(plan_for(base, full, case.as_of), full)
                key = tuple(str(full[name]) for name in missing if name in found)
                grades.setdefault(key, set()).add(again.facts["final_grade"])
            # the facts that were asked for decide; the others add nothing
            assert all(len(g) == 1 for g in grades.values()), (facts, needless, grades)
            checked_facts += len(needless)
    assert checked_facts > 100


WORKED = sorted((ROOT / "cases" / "hazards" / "worked").glob("*.yaml"))


@pytest.mark.parametrize("path", WORKED[::4], ids=lambda path: path.stem)
def test_an_interview_with_the_truth_ends_with_the_grade_of_the_whole_case(kb: Knowledge, path: Path) -> None:
    file = dingji.read_cases(path)[0]
    whole = file.check(kb)
    truth = {name: value for part in ("scope", "facts") for name, _, value in file.section.get(part, ())}
    full = prove(plan_for(kb, whole.facts(), whole.as_of), whole.facts())
    rng = random.Random(path.name)
    kept = {name for name in whole.statements if name == "subject" or rng.random() < 0.3}
    half = Interview(kb, dingji.parse_case(f"case: x\nsubject: {whole.subject}\nas_of: {whole.as_of}\n").check(kb))
    half.before = {name: value for name, value in whole.facts().items() if name in kept}
    asked_for = 0
    while (question := half.next()) is not None:
        value = truth.get(question.fact)
        half.answer(question.fact, scalar("unknown") if value is None else _value_of(value))
        asked_for += 1
    assert grades_left(half.evaluation) == grades_left(full)
    assert settled(half.evaluation) == settled(full)
    assert asked_for <= len(kb.facts)


def _value_of(node: yaml.Node) -> yaml.Node:
    """The value of a statement without its evidence."""
    if isinstance(node, yaml.MappingNode):
        entries = {str(scalar_text(key)): value for key, value in pairs(node)}
        return mapping((key, value) for key, value in entries.items() if key in ("value", "at_least", "at_most", "complete"))
    return sequence(node.value) if isinstance(node, yaml.SequenceNode) else node


def test_the_first_question_of_the_worked_dispute(kb: Knowledge) -> None:
    path = ROOT / "cases" / "power-grid" / "photovoltaic-deaths-unknown.yaml"
    found = Interview(kb, dingji.read_case(path).check(kb), again=True)
    assert [(c.fact, c.decides) for c in found.open()] == [("potential_deaths", ("I", "II"))]


DISPUTES = sorted((ROOT / "cases" / "hazards" / "worked").glob("*.yaml"))[::6]


@pytest.mark.parametrize("path", [*DISPUTES, ROOT / "cases" / "enterprises" / "chongqing-rating.yaml"], ids=lambda path: path.stem)
def test_a_grade_asks_what_the_interview_asks(kb: Knowledge, path: Path) -> None:
    for file in dingji.read_cases(path):
        case = file.check(kb)
        if case.expectation is not None and case.expectation.refused:
            continue
        found = Interview(kb, case, again=True).open()
        shown = dingji.grade(kb, case).unknown
        assert [(q.fact, q.kind, q.decides) for q in shown][: len(found)] == [(c.fact, c.kind, c.decides) for c in found]
        assert len(shown) == len(found) or found[0].kind == "scope"


def test_a_grade_names_facts_that_decide_only_together(twins: Knowledge) -> None:
    case = interview(twins, crack_width_mm="5", people_below="10", water_level_m="1", patrol_done="true").case
    asked = dingji.grade(twins, case).unknown
    assert [(q.fact, q.kind) for q in asked][:1] == [("gate_stuck", "together")]
    assert len(asked) == 5


def test_what_nobody_knows_of_the_scope_does_not_hide_the_other_questions(base: Knowledge) -> None:
    text = CASE.replace("scope: {region: north}", "scope: {region: unknown}").replace("  water_level_m: 8.5\n", "")
    assert text.count("unknown") == 1, CASE
    asked = dingji.grade(base, parse_case(text)).unknown
    assert [(q.fact, q.kind) for q in asked] == [("region", "scope"), ("water_level_m", "alone")]


def test_a_list_with_a_gap_behind_a_sum_is_asked(kb: Knowledge) -> None:
    # one of the twelve scores of the sheet is missing: 832.5 points are sure, and no other fact is open
    cases = dingji.read_cases(ROOT / "cases" / "enterprises" / "chongqing-rating.yaml")
    case = next(c for c in cases if c.id == "cq.score-unknown")
    assert [q.fact for q in dingji.grade(kb, case).unknown] == ["score_sheet"]


def test_the_next_question_comes_at_once(kb: Knowledge) -> None:
    # the largest hazard case: nothing is known of a hazard of the power grid; its plan is compiled with the first question
    text = "case: x\nsubject: hazard\nas_of: 2024-06-01\nscope: {sector: electric_power, special_field: none}\n"
    found = Interview(kb, parse_case(text).check(kb))
    first = found.next()
    assert first is not None and len(found.open()) > 150
    taken = []
    for _ in range(3):
        started = time.process_time()
        found.answer(first.fact, scalar("0"))
        assert found.next() is not None
        taken.append(time.process_time() - started)
        found.back()
    assert min(taken) < 0.2
