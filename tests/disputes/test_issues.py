"""What the parties differ in is found, each kind under its own name, and only what can change the grade is material."""

from __future__ import annotations

import dataclasses

import pytest

from dingji.disputes.conformance import check
from dingji.disputes.settlement import Settlement
from dingji.knowledge.model import Knowledge
from dingji.records import replace

from .ponds import CASE, SOUND, between, dispute

KINDS = [
    ("facts: {water_level_m: 5}", "", "water_level_m", "fact", ["5", "8.5"]),
    ("facts: {people_below: 5}", "", "people_below", "judgement", ["5", "100"]),
    ("facts: {water_level_m: unknown}", "", "water_level_m", "fact", ["unknown", "8.5"]),
    ("facts: {warden: Ann}", "", "warden", "fact", ["Ann", "unknown"]),
    ("facts: {region: south}", "", "region", "scope", ["south", "north"]),
    ("relies_on: {as_of: 2021-01-01}", "", "as_of", "date", ["2021-01-01", "2015-06-01"]),
    ("relies_on: {editions: [pond.2020]}", "relies_on: {editions: [pond.2010]}", "edition:pond", "edition", ["pond.2020", "pond.2010"]),
    ("relies_on: {not_applicable: [pond.list]}", "", "applies:pond.list", "applicable", ["not_applicable", "by_scope"]),
    ("relies_on: {applies: [pond.2020]}", "", "applies:pond.2020", "applicable", ["applies", "by_scope"]),
    ("relies_on: {not_applicable: [notice-to-pond]}", "", "applies:notice-to-pond", "applicable", ["not_applicable", "by_scope"]),
    ("relies_on: {finding: [pond.2010]}", "", "finding", "method", ["pond.2010", "all"]),
    ("relies_on: {method: example}", "", "finding", "method", ["example", "all"]),
    ("relies_on: {profiles: [waves]}", "", "profile:waves", "profile", ["waves", "none"]),
    ("relies_on: {profiles: [cautious]}", "", "profile:cautious", "crosswalk", ["cautious", "none"]),
    ("readings: {list.1: met}", "readings: {list.1: not_met}", "reading:list.1", "reading", ["met", "not_met"]),
]


@pytest.mark.parametrize(("first", "second", "id", "kind", "positions"), KINDS, ids=[f"{k[3]}: {k[0]}" for k in KINDS])
def test_each_difference_is_an_issue(good: Knowledge, first: str, second: str, id: str, kind: str, positions: list[str]) -> None:
    (issue,) = dispute(good, between(first, second)).issues
    assert (issue.id, issue.kind, [p.key for p in issue.positions]) == (id, kind, positions)
    assert [p.parties for p in issue.positions] == [("one",), ("two",)]


def test_what_both_say_is_no_issue_and_holds(good: Knowledge) -> None:
    """Both state the water at 5 m: the freeboard is 5 m and the code finds nothing. Both rely on the list only."""
    said = "facts: {water_level_m: 5.0}\nrelies_on: {finding: [pond.list]}"
    found = dispute(good, between(said, said.replace("5.0", "5")))
    assert found.issues == ()
    assert (found.case.statements["water_level_m"].value, [i.id for i in found.common]) == (5, ["as_of", "finding"])
    settlement = Settlement(found, good)
    assert settlement.after({}) == settlement.outcome_of({})
    assert [way.outcome.grades for way in settlement.ways] == [("clear",)]


def test_profiles_that_can_stand_together_are_issues_of_their_own(good: Knowledge) -> None:
    found = dispute(good, between("relies_on: {profiles: [waves, cautious]}", "relies_on: {profiles: [strict-list]}"))
    assert [issue.id for issue in found.issues] == ["profile:waves", "profile:cautious", "profile:strict-list"]


def test_profiles_that_replace_the_same_rule_are_one_issue(good: Knowledge) -> None:
    profiles = {**good.profiles, "calm": replace(good.profiles["waves"], id="calm", removes=("p10.freeboard",))}
    base = dataclasses.replace(good, profiles=profiles, plans={})
    (issue,) = dispute(base, between("relies_on: {profiles: [waves]}", "relies_on: {profiles: [calm]}")).issues
    assert (issue.id, [p.key for p in issue.positions]) == ("profile:waves", ["waves", "calm"])


def test_the_profile_of_the_case_is_held_by_who_names_none(good: Knowledge) -> None:
    case = CASE.replace("  subject: hazard", "  subject: hazard\n  profile: waves")
    assert dispute(good, between("", "facts: {people_below: 5}", case)).issues[0].id == "people_below"
    (issue,) = dispute(good, between("relies_on: {profiles: []}", "", case)).issues
    assert [p.key for p in issue.positions] == ["none", "waves"]
    # with 1.5 m of freeboard, waves leave 1.0: clear, one worse with the people: yellow. Without: orange, one worse: red.
    settlement = Settlement(dispute(good, between("relies_on: {profiles: []}", "", case)), good)
    assert [(choice["profile:waves"], o.grades) for choice, o in settlement.rows()] == [(0, ("red",)), (1, ("yellow",))]


def test_the_issues_of_the_sound_dispute(good: Knowledge) -> None:
    """By hand: the code finds orange, red with 100 people; the list at most yellow. So only the people count."""
    settlement = Settlement(dispute(good), good)
    assert [issue.id for issue in settlement.material] == ["people_below"]
    assert {u.issue: u.why for u in settlement.immaterial} == {"warden": "unread", "patrol_done": "same", "finding": "same"}
    assert [(way.outcome.grades, way.sets) for way in settlement.ways] == [
        (("orange",), ({"people_below": 0},)),
        (("red",), ({"people_below": 1},)),
    ]
    owner, board = settlement.verdicts
    assert (owner.status, owner.needs, board.status, board.needs) == ("follows", {"people_below": (0,)}, "follows", {"people_below": (1,)})
    assert settlement.confirm() == 2


def test_even_on_its_own_facts_a_claim_may_fail(good: Knowledge) -> None:
    """One party claims clear, but says nothing that the case does not: red. No combination is clear."""
    settlement = Settlement(dispute(good, between("", "facts: {water_level_m: 9.5}")), good)
    one, two = settlement.verdicts
    assert (one.status, one.own.grades, one.needs) == ("fails", ("red",), None)
    assert (two.status, two.own.grades) == ("follows", ("red",))


def test_what_nobody_knows_stays_unknown(good: Knowledge) -> None:
    """Without the people, orange may become red: the claim of red is possible, but not shown."""
    settlement = Settlement(dispute(good, between("facts: {people_below: 5}", "facts: {people_below: unknown}")), good)
    one, two = settlement.verdicts
    assert (one.own.grades, one.status) == (("orange",), "fails")
    assert (two.own.grades, two.own.settled, two.status, two.needs) == (("red", "orange"), False, "open", None)


def test_a_refused_combination_is_an_outcome(good: Knowledge) -> None:
    """More than 50 000 people break a requirement."""
    settlement = Settlement(dispute(good, between("facts: {people_below: 60000}", "")), good)
    assert [(choice["people_below"], o.grades) for choice, o in settlement.rows()] == [(0, ()), (1, ("red",))]
    assert settlement.verdicts[0].status == "fails"


def test_the_finding_of_one_instrument_can_be_in_dispute(good: Knowledge) -> None:
    """The list alone: an unpatrolled pond is slight, whoever lives below."""
    text = SOUND.replace("{scale: pond, grade: orange}", "{scale: notice, grade: none}").replace(
        "{scale: pond, grade: red}", "{scale: notice, grade: slight}"
    )
    settlement = Settlement(dispute(good, text + "about: pond.list\n"), good)
    assert [issue.id for issue in settlement.material] == ["patrol_done"]
    assert {o.grades for _, o in settlement.rows()} == {("slight",), ("none",)}
    assert [v.status for v in settlement.verdicts] == ["follows", "follows"]


def test_a_claim_on_another_scale_goes_through_the_crosswalk(good: Knowledge) -> None:
    """Severe on the scale of notices is orange on that of ponds."""
    settlement = Settlement(dispute(good, SOUND.replace("{scale: pond, grade: orange}", "{scale: notice, grade: severe}")), good)
    assert (settlement.verdicts[0].claim, settlement.verdicts[0].status) == (("orange",), "follows")


RIGHT = """\
expect:
  material: [people_below]
  not_material: [warden, patrol_done, finding]
  table: [{if: {people_below: "@owner"}, grade: orange}, {if: {people_below: 100}, grade: red}]
  decides: {orange: 1, red: 1}
  claims: {owner: follows, board: follows}
  reachable: {owner: true}
"""
WRONG = [
    ("material: [people_below]", "material: [patrol_done]", "material: expected patrol_done, found people_below"),
    ("not_material: [warden, ", "not_material: [", "not material: expected patrol_done, finding, found warden, patrol_done, finding"),
    ("grade: orange}", "grade: yellow}", "table: people_below 60: expected yellow, found orange"),
    ("{if: {people_below: 100}, grade: red}", "", "table: no row for people_below 100; found red"),
    ("grade: orange}", "reachable: [red, orange]}", "table: people_below 60: expected red or orange, found orange"),
    ("grade: orange}", "refused: true}", "table: people_below 60: expected refused, found orange"),
    ("decides: {orange: 1", "decides: {orange: 2", "decides: orange: expected 2, found 1"),
    ("claims: {owner: follows", "claims: {owner: fails", "owner: claim: expected fails, found follows"),
    ("reachable: {owner: true}", "reachable: {owner: false}", "owner: claim reachable: expected False, found True"),
]


def test_what_a_dispute_expects_is_met(good: Knowledge) -> None:
    assert check(good, dispute(good, SOUND + RIGHT)) == []


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_what_is_not_met_is_told(good: Knowledge, right: str, wrong: str, said: str) -> None:
    assert RIGHT.count(right) == 1
    assert check(good, dispute(good, SOUND + RIGHT.replace(right, wrong))) == [said]


def test_rows_that_no_combination_meets_are_told(good: Knowledge) -> None:
    found = dispute(good, SOUND + RIGHT)
    assert found.expectation is not None
    rows = (*found.expectation.table, replace(found.expectation.table[0], choice={"people_below": 5}))
    expectation = replace(found.expectation, table=rows)
    assert check(good, replace(found, expectation=expectation)) == ["table: rows that no combination meets: 3"]
