"""Why: the proof of one conclusion of a case of the small knowledge base, worked out by hand.

The pond: freeboard 10 - 8.5 = 1.5 m, orange; a hundred people below make it red. The list calls a crack of 21 mm severe,
which is orange. The worst stands: red.
"""

from __future__ import annotations

import datetime as dt

import pytest

import dingji
from dingji.errors import CaseError, KnowledgeError
from dingji.knowledge.model import Knowledge
from dingji.methods.model import FactProof
from dingji.reasoning.explanation.why import QuestionError, Why, why
from knowledge.mistakes import GOOD
from knowledge.small import CASE


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def ask(good: Knowledge, *changes: tuple[str, str], **asked: str) -> Why:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return why(good, dingji.parse_case(text), **asked)


def stated(proof: FactProof) -> set[str]:
    here = {proof.fact} if proof.how == "stated" else set()
    return here.union(*(stated(part) for part in proof.facts))


def test_by_default_the_determination(good: Knowledge) -> None:
    answer = ask(good)
    assert (answer.kind, answer.asked) == ("determination", "final_grade")
    assert answer.proof is not None
    assert (answer.proof.value, {f.fact for f in answer.proof.facts}) == ("red", {"pond_grade", "listed@pond"})


def test_a_fact_goes_down_to_what_is_stated(good: Knowledge) -> None:
    answer = ask(good, ("people_below: 100", "people_below: {value: 100, asserted_by: Li}"), fact="pond_grade")
    assert answer.proof is not None
    assert (answer.proof.value, [r.id for r in answer.proof.rules]) == ("red", ["p10.people"])
    # the patrol, the cracks' list and the day found play no part
    assert stated(answer.proof) == {"people_below", "crest_level_m", "water_level_m", "crack_width_mm"}
    people = next(f for f in answer.proof.facts if f.fact == "people_below")
    assert people.provenance is not None
    assert people.provenance.asserted_by == "Li"


def test_a_rule_with_its_condition_and_the_facts_behind_it(good: Knowledge) -> None:
    answer = ask(good, rule="list.2")
    (rule,) = answer.rules
    assert (rule.truth, rule.concludes, rule.cite.en, rule.confidence) == (True, "severe", "item 2", "verified")
    assert {f.fact: f.value for f in answer.facts} == {"crack_width_mm": "21", "cracks": "[]", "region": "north"}


def test_a_row_of_a_crosswalk_stands_for_the_finding_it_carries(good: Knowledge) -> None:
    (rule,) = ask(good, rule="notice-to-pond.severe").rules
    assert (rule.id, rule.truth) == ("notice-to-pond.severe@pond.list", True)


def test_a_rule_that_the_plan_leaves_out_is_false(good: Knowledge) -> None:
    # item 2 is for the north only
    (rule,) = ask(good, ("region: north", "region: south"), rule="list.2").rules
    assert rule.truth is False


def test_an_instrument_and_one_that_does_not_apply(good: Knowledge) -> None:
    answer = ask(good, instrument="pond.list")
    assert answer.proof is not None
    assert answer.proof.value == "severe"
    excluded = ask(good, instrument="pond.2020").exclusion
    assert excluded is not None
    assert (excluded.in_force, excluded.in_scope, excluded.start, excluded.instead) == (False, True, "2020", ("pond.2010",))
    later = why(good, dingji.parse_case(CASE), instrument="pond.2010", as_of=dt.date(2021, 1, 1)).exclusion
    assert later is not None
    assert (later.in_force, later.end, later.instead) == (False, "2019", ("pond.2020",))


@pytest.mark.parametrize(
    ("asked", "hint"),
    [({"rule": "list.3"}, "'list.1'"), ({"fact": "pond_grad"}, "'pond_grade'"), ({"instrument": "pond.lists"}, "'pond.list'")],
)
def test_an_unknown_name_is_an_error_with_the_nearest(good: Knowledge, asked: dict[str, str], hint: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        ask(good, **asked)
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("K021", 3)
    assert hint in problem.hint


def test_an_instrument_without_a_finding_says_what_to_ask(good: Knowledge) -> None:
    with pytest.raises(QuestionError, match="gives no finding"):
        ask(good, instrument="pond.duties")


def test_a_case_that_breaks_a_requirement_is_refused_as_in_grading(good: Knowledge) -> None:
    with pytest.raises(CaseError, match="C029"):
        ask(good, ("people_below: 100", "people_below: 60000"))


def test_a_profile_changes_the_proof(good: Knowledge) -> None:
    # waves take half a metre: 1 m of freeboard is no longer below 1, but a rule of the profile now gives it
    answer = ask(good, fact="freeboard_m", profile="waves")
    assert answer.proof is not None
    assert (answer.proof.value, [r.id for r in answer.proof.rules]) == ("1", ["waves.freeboard"])
