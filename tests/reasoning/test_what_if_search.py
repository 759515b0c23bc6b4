"""The search against brute force: every set of one, two or three changes, each tried by itself on the whole plan."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from functools import cache
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import dingji
from conftest import ROOT
from dingji.cases.model import Case, Statement
from dingji.errors import KnowledgeError
from dingji.inference.plan import plan_for
from dingji.inference.prover import prove
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge
from dingji.language.values import Partial, Records, between, possible
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.search import Search
from dingji.reasoning.variation.slots import Change, Slot, changed
from dingji.reasoning.variation.variations import Variations
from dingji.reasoning.variation.what_if import WhatIf, stated
from knowledge.mistakes import GOOD
from knowledge.small import CASE

UNKNOWN = st.none()
WIDTH = st.sampled_from([0, 9, 10, 20, Decimal("20.5"), 50])
ITEM = st.fixed_dictionaries({}, optional={"kind": st.sampled_from(["along", "across"]), "width_mm": WIDTH, "wet": st.booleans()})
FACTS = st.fixed_dictionaries(
    {
        "crest_level_m": st.sampled_from([10, Decimal("10.5"), 200]) | UNKNOWN,
        "water_level_m": st.sampled_from([7, 8, Decimal("8.5"), Decimal("9.1")]) | st.just(Partial(7, 9)) | UNKNOWN,
        "people_below": st.sampled_from([0, 99, 100, 50000]) | st.just(Partial(90, 120)) | UNKNOWN,
        "crack_width_mm": WIDTH | UNKNOWN,
        "patrol_done": st.booleans() | UNKNOWN,
        "cracks": st.builds(lambda items, all: Records(tuple(items), all), st.lists(ITEM, max_size=2), st.booleans()) | UNKNOWN,
    }
)
WANTED = st.sampled_from([frozenset((0,)), frozenset((1,)), frozenset((2,)), frozenset((3,)), frozenset((0, 1)), frozenset((0, 1, 2))])


BASES = ("good", "asking", "doubtful")


@cache
def base(name: str = "good") -> Knowledge:
    """The small base, or one whose list also asks what is known; no fixture, because Hypothesis would print it whole.

    `doubtful` is the small base for cases that don't say their region, without which it is open whether the list applies.

    Where the wet crack's width or the score's crack is not known, `asking` takes the severe notice: to know more can make it
    milder, so what holds with a fact unknown need not hold with each of its values.
    """
    if name != "asking":
        return dingji.load(GOOD, cache=False)
    with TemporaryDirectory() as folder:
        shutil.copytree(GOOD, Path(folder) / "good")
        path = Path(folder) / "good" / "instruments" / "list.yaml"
        text = path.read_text("utf-8")
        old = "when: crack_width_mm > 20 or any(c.width_mm > 20 for c in cracks)"
        assert text.count(old) == 1
        more = "any(c.wet and not known(c.width_mm) for c in cracks) or patrol_done and not known(crack_width_mm)"
        path.write_text(text.replace(old, f"{old} or {more}"), "utf-8")
        return dingji.load(path.parent.parent, cache=False)


def case_of(knowledge: Knowledge, facts: dict[str, Any], name: str = "good") -> Case:
    region = "scope: {region: north}\n"
    assert CASE.count(region) == 1
    case = dingji.parse_case(CASE.replace(region, "") if name == "doubtful" else CASE).check(knowledge)
    for item in facts["cracks"].items if facts["cracks"] is not None else ():
        item.setdefault("width_mm", between(0, 500))
    return stated(case, [Statement(name, value) for name, value in facts.items()])


def reaches(
    knowledge: Knowledge, case: Case, changes: tuple[Change, ...], wanted: frozenset[int], both: bool = False, goal: str = "final_grade"
) -> bool:
    """Is the determination surely a wanted one after the changes, by all rules (and by `both` evaluators)?"""
    facts = changed(case.facts(), changes, (), knowledge.facts)
    try:
        plan = plan_for(knowledge, facts, case.as_of)
        evaluation = run(knowledge, facts, case.as_of).evaluation if both else prove(plan, facts)
    except KnowledgeError:
        return False
    if any(evaluation.truths[i] is False for i in evaluation.plan.requirements):
        return False
    value = evaluation.facts.get(goal)
    values = possible(value) if value is not None else None
    return values is not None and set(values) <= wanted


def by_brute_force(knowledge: Knowledge, case: Case, samples: Samples, wanted: frozenset[int], most: int) -> set[frozenset[Slot]]:
    """The smallest sets of up to `most` slots with some of whose values the grade is reached."""
    slots = samples.variations.slots()
    found: set[frozenset[Slot]] = set()
    for size in range(1, most + 1):
        for chosen in combinations(slots, size):
            if any(a.clashes(b) for a, b in combinations(chosen, 2)) or any(smaller <= set(chosen) for smaller in found):
                continue
            if any(reaches(knowledge, case, ways, wanted) for ways in product(*map(samples.changes, chosen))):
                found.add(frozenset(chosen))
    return found


def check(knowledge: Knowledge, case: Case, wanted: frozenset[int], most: int) -> None:
    """The search finds what brute force finds, and each way leads there by both evaluators."""
    variations = Variations(knowledge, case, case.as_of)
    samples = Samples(variations)
    search = Search(variations, samples, wanted, 600)
    if search.reached(()):
        assert reaches(knowledge, case, (), wanted)
        return
    found = search.run(most)
    assert all(reaches(knowledge, case, way.changes, wanted, both=True) for way in found.ways), "each really leads there"
    assert {frozenset(c.slot for c in way.changes) for way in found.ways} == by_brute_force(knowledge, case, samples, wanted, most)
    assert (found.complete, found.cut_off) == ([*range(1, most + 1)], False)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(BASES), facts=FACTS, wanted=WANTED)
def test_exactly_the_smallest_sets_are_found(name: str, facts: dict[str, Any], wanted: frozenset[int]) -> None:
    check(base(name), case_of(base(name), facts, name), wanted, 2)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(BASES), facts=FACTS, wanted=WANTED)
def test_three_changes_are_found_just_so(name: str, facts: dict[str, Any], wanted: frozenset[int]) -> None:
    check(base(name), case_of(base(name), facts, name), wanted, 3)


ATOMS = [
    "patrol_done",
    "crack_width_mm > 20",
    "crack_width_mm >= 10",
    "people_below >= 100",
    "water_level_m > 8",
    "freeboard_m < 2",
    "score >= 3",
    "any(c.wet for c in cracks)",
    "all(c.width_mm > 9 for c in cracks)",
    "known(people_below)",
]
SIMPLE = st.sampled_from(ATOMS) | st.sampled_from(ATOMS).map("(not {})".format)


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(parts, min_size=2, max_size=4)
    return st.tuples(st.sampled_from([" and ", " or "]), several).map(lambda pair: f"({pair[0].join(pair[1])})")


CONDITION = joined(SIMPLE | joined(SIMPLE)) | SIMPLE


@settings(max_examples=60, deadline=None)
@given(severe=CONDITION, slight=CONDITION, lowered=CONDITION, facts=FACTS, wanted=WANTED)
def test_whatever_the_rules_are(severe: str, slight: str, lowered: str, facts: dict[str, Any], wanted: frozenset[int]) -> None:
    """Rules of any shape, over concluded facts and lists, too: the leads that are read off them miss no way."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "good"
        shutil.copytree(GOOD, path)
        texts = {
            "list": {
                "when: not patrol_done\n    grade": f"when: {slight}\n    grade",
                "when: crack_width_mm > 20 or any(c.width_mm > 20 for c in cracks)": f"when: {severe}",
            },
            "pond-2010": {"    when: people_below >= 100\n": f"    when: {lowered}\n"},
        }
        for file, changes in texts.items():
            text = (path / "instruments" / f"{file}.yaml").read_text("utf-8")
            for old, new in changes.items():
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            (path / "instruments" / f"{file}.yaml").write_text(text, "utf-8")
        knowledge = dingji.load(path, cache=False)
    check(knowledge, case_of(knowledge, facts), wanted, 2)


@settings(max_examples=100, deadline=None)
@given(facts=FACTS, wanted=WANTED)
def test_no_part_of_three_changes_does(facts: dict[str, Any], wanted: frozenset[int]) -> None:
    case = case_of(base(), facts)
    variations = Variations(base(), case, case.as_of)
    samples = Samples(variations)
    search = Search(variations, samples, wanted, 600)
    if search.reached(()):
        return
    for way in [way for way in search.run(3).ways if len(way.changes) == 3]:
        assert reaches(base(), case, way.changes, wanted)
        for size in (1, 2):
            for part in combinations([c.slot for c in way.changes], size):
                assert not any(reaches(base(), case, ways, wanted) for ways in product(*map(samples.changes, part)))


@settings(max_examples=300, deadline=None)
@given(facts=FACTS, at=st.data())
def test_every_value_of_a_class_does_the_same(facts: dict[str, Any], at: st.DataObject) -> None:
    """A number anywhere between two neighbouring edges gives the grade of the value that stands for it."""
    case = case_of(base(), facts)
    variations = Variations(base(), case, case.as_of)
    samples = Samples(variations)
    numbers = [s for s in variations.slots() if s.item < 0 and s.fact.endswith(("_m", "_mm", "_below")) and samples.classes(s)]
    slot = at.draw(st.sampled_from(numbers))
    sample = at.draw(st.sampled_from(samples.classes(slot)))
    low, high = 0 if sample.low is None else sample.low, 1000 if sample.high is None else sample.high
    whole = slot.fact == "people_below"
    inside = st.integers(int(low), int(high)) if whole else st.decimals(low, high, places=3)
    value = at.draw(inside.filter(lambda x: (x > low or sample.low_inside) and (x < high or sample.high_inside)))
    assert variations.grades([Change(slot, value)]) == variations.grades([Change(slot, sample.value)]), (slot, sample, value)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(BASES), facts=FACTS, at=st.data())
def test_evaluating_again_is_evaluating(name: str, facts: dict[str, Any], at: st.DataObject) -> None:
    """What spreads from the changed facts is what the reference evaluator finds on all of them, step by step and rule by rule."""
    case = case_of(base(name), facts, name)
    variations = Variations(base(name), case, case.as_of)
    samples = Samples(variations)
    slots = [s for s in variations.slots() if samples.changes(s)]
    chosen = at.draw(st.lists(st.sampled_from(slots), max_size=4, unique_by=lambda s: (s.fact, s.item)))
    changes = tuple(at.draw(st.sampled_from(samples.changes(slot))) for slot in chosen[:2])
    freed = tuple(chosen[2:])
    start = at.draw(st.sampled_from([None, ((), ()), (changes, ()), (changes[:1], freed), ((), freed)]))
    found = variations.evaluate(changes, freed, start)
    try:
        whole = prove(variations.plan, changed(variations.facts, changes, freed, base(name).facts))
    except KnowledgeError:
        assert found is None
        return
    if any(whole.truths[i] is False for i in variations.plan.requirements):
        assert found is None
        return
    assert found is not None
    assert (found.facts, found.truths, found.outcomes) == (whole.facts, whole.truths, whole.outcomes)


@settings(max_examples=300, deadline=None)
@given(facts=FACTS, at=st.data())
def test_what_is_possible_with_a_doubt_resolved_is_possible_with_it(facts: dict[str, Any], at: st.DataObject) -> None:
    case = case_of(base(), facts, "doubtful")
    variations = Variations(base(), case, case.as_of)
    assert [(item.instrument, item.certain) for item in variations.plan.counted] == [("pond.list", False), ("pond.2010", True)]
    without, certain = variations.doubts()
    samples = Samples(variations)
    slots = [s for s in variations.slots() if samples.changes(s)]
    chosen = at.draw(st.lists(st.sampled_from(slots), max_size=3, unique_by=lambda s: (s.fact, s.item)))
    changes = tuple(at.draw(st.sampled_from(samples.changes(slot))) for slot in chosen[:2])
    found = variations.grades(changes, chosen[2:])
    assert without.grades(changes, chosen[2:]) <= found
    assert certain.grades(changes, chosen[2:]) <= found
    assert bool(without.grades(changes, chosen[2:])) is bool(found)


def test_a_doubt_is_resolved_against_the_grade() -> None:
    """A freeboard of 3 m without cracks is clear. If the list applies, a crack of 30 mm is orange; if not, it is none."""
    facts = {"crest_level_m": 10, "water_level_m": 7, "people_below": 5, "crack_width_mm": 0, "patrol_done": True, "cracks": Records(())}
    case = case_of(base(), facts, "doubtful")
    variations = Variations(base(), case, case.as_of)
    search = Search(variations, Samples(variations), frozenset((3,)), 600)
    search.run(2)
    world = search.worlds.against(())
    assert world is not None
    assert [item.instrument for item in world.plan.counted] == ["pond.2010"]
    assert variations.doubts() != ()
    known = case_of(base(), facts)
    assert Variations(base(), known, known.as_of).doubts() == (), "no doubt, nothing to resolve"


def test_the_unknown_is_supposed_to_stand_against_the_grade() -> None:
    """Nothing is known but a freeboard of 3 m: a world with a crack of more than 20 mm, or without the patrol, is not clear."""
    facts = {"crest_level_m": 10, "water_level_m": 7, "people_below": None, "crack_width_mm": None, "patrol_done": None, "cracks": None}
    case = case_of(base(), facts)
    variations = Variations(base(), case, case.as_of)
    assert 0 in variations.grades()
    search = Search(variations, Samples(variations), frozenset((0,)), 600)
    world = search.worlds.against(())
    assert world is not None
    assert 0 not in world.grades()
    assert all(world.facts[name] == value for name, value in facts.items() if value is not None), "what is stated stays so"


def test_hinges_agree_with_grading() -> None:
    case = dingji.parse_case(CASE).check(base())
    what_if = WhatIf(base(), case, as_of=dt.date(2015, 6, 1))
    turnings = [t for h in what_if.hinges().hinges for t in h.turnings]
    assert turnings
    for turning in turnings:
        value = Decimal(str(turning.edit.after))
        result = what_if.graded(stated(case, [Statement(turning.edit.fact, value)]))
        assert result.determination is not None
        assert result.determination.reachable == turning.reachable


TRIPLES = [
    # 工贸 2023, Art. 4 (5): in production, the top pressure of the furnace is not interlocked with the bleeder
    {"industry", "blast_furnace_in_production", "top_pressure_interlocked_with_bleeder"},
    # Art. 12 (2): a quick freezer that does not stand in its own room, or more than nine people in the room
    {"ammonia_refrigeration_used", "quick_freezer_present", "quick_freezer_in_separate_room"},
    {"ammonia_refrigeration_used", "quick_freezer_present", "workers_in_freezer_room_count"},
]


def test_three_changes_of_a_large_case_are_searched_to_the_end(kb: Knowledge) -> None:
    """A cigarette factory with 56 facts; the time is for the slowest machine."""
    cases = dingji.read_cases(ROOT / "cases" / "hazards" / "worked" / "trade-2023.yaml")
    case = next(c for c in cases if c.id == "trade-worked-cigarette-factory").check(kb)
    variations = Variations(kb, case, case.as_of)
    wanted = frozenset((variations.scale.severity("major"),))
    found = Search(variations, Samples(variations), wanted, 60).run()
    assert (found.complete, found.cut_off) == ([1, 2, 3], False)
    sets = [{change.slot.fact for change in way.changes} for way in found.ways]
    assert all(triple in sets for triple in TRIPLES)
    assert not any(one < other for one in sets for other in sets), "none holds another"
    assert all(reaches(kb, case, way.changes, wanted, goal=variations.goal) for way in found.ways[::10])
