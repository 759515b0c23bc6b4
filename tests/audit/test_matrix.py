"""The replay matrix on the small base, each expectation worked out by hand.

The pond: freeboard 10 - 8.5 = 1.5 m is orange, 100 people below raise it to red; the list says severe, which is orange. So: red.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dingji.audit import matrix as x
from dingji.audit.chain import append, name_of
from dingji.audit.outcome import CAME, CHANGED, FELL, RuleChange
from dingji.errors import DingjiError
from dingji.records import replace

from .bases import CODE, GATE, MORE_PEOPLE, base_with, changed_case, recorded
from .samples import GOOD, real

WATER, PEOPLE = "water_level_m: 8.5", "people_below: 100"


def now(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pond.yaml").write_text(text, "utf-8")
    return folder


def one(
    tmp_path: Path, base: Path, facts: tuple[tuple[str, str], ...] = (), *, day: str | None = None, earlier: tuple[str, ...] = ()
) -> x.Row:
    """The row of the pond, recorded under the small base."""
    records = recorded(tmp_path / "records", changed_case())
    cases = x.cases_now(now(tmp_path / "now", changed_case(*facts))) if facts else None
    (row,) = x.matrix(records, x.Settings(str(base), day, cases, earlier)).rows
    return row


def test_nothing_changed(tmp_path: Path) -> None:
    row = one(tmp_path, GOOD)
    assert (row.verdict, row.then_then.grade, row.now_then.grade, row.then_now, row.now_now) == (x.SAME, "red", "red", None, None)
    assert (row.rules, row.facts, row.steps) == ((), (), 0)


def test_a_case_with_the_same_facts_in_other_words_is_the_same(tmp_path: Path) -> None:
    facts = ((WATER, "water_level_m: {value: 8.50, asserted_by: a, evidence: [b]}"), ("  patrol_done", "  warden: unknown\n  patrol_done"))
    row = one(tmp_path, GOOD, facts)
    assert (row.verdict, row.facts, row.now.grade) == (x.SAME, (), "red")


def test_knowledge_changes_it(tmp_path: Path) -> None:
    row = one(tmp_path, base_with(tmp_path / "k", MORE_PEOPLE))
    assert (row.verdict, row.then_then.grade, row.now_then.grade, row.steps) == (x.BY_KNOWLEDGE, "red", "orange", -1)
    # the rule that raised it fell, and with red the duty to lower the water
    assert row.rules == (RuleChange("p10.people", FELL), RuleChange("duty.lower", FELL))
    assert (row.appear, row.vanish) == ((), ("duty.lower",))
    assert row.first.startswith("final_grade > pond_grade > p10.people")


def test_a_rule_that_says_something_else_is_named(tmp_path: Path) -> None:
    edit = (CODE, "1 <= freeboard_m < 2 or freeboard_m >= 2 and score >= 4, then: orange", "1 <= freeboard_m < 2, then: yellow")
    row = one(tmp_path, base_with(tmp_path / "k", edit))
    # yellow, raised by the people to orange
    assert (row.verdict, row.now_then.grade, row.steps) == (x.BY_KNOWLEDGE, "orange", -1)
    # of the rule that raises, too, another grade follows now
    assert [c.rule for c in row.rules if c.change == CHANGED] == ["p10.base.orange"]


def test_facts_change_it(tmp_path: Path) -> None:
    row = one(tmp_path, GOOD, ((PEOPLE, "people_below: 50"), ("found_on: 2015-05-30", "found_on: 2015-05-31")))
    assert (row.verdict, row.steps, row.rules) == (x.BY_FACTS, -1, ())
    assert [cell.grade for cell in (row.then_then, row.now_then, row.then_now, row.now_now) if cell] == ["red", "red", "orange", "orange"]
    # the day found is stated otherwise, too, but no grade reads it
    assert row.facts == (x.FactChange("people_below", "100", "50", True), x.FactChange("found_on", "2015-05-30", "2015-05-31", False))


def test_each_of_both_changes_it(tmp_path: Path) -> None:
    row = one(tmp_path, base_with(tmp_path / "k", MORE_PEOPLE), ((PEOPLE, "people_below: 50"),))
    assert (row.verdict, row.steps) == (x.BY_BOTH, -1)
    assert RuleChange("p10.people", FELL) in row.rules
    assert [f.fact for f in row.facts] == ["people_below"]


def test_only_both_together_change_it(tmp_path: Path) -> None:
    # freeboard 0.7 is red under the code of then, orange under that of now; with 99 people it stays so. 1.5 m with 100 is red in both.
    base = base_with(
        tmp_path / "k",
        (CODE, "id: p10.base.red, when: freeboard_m < 1,", "id: p10.base.red, when: freeboard_m < 0.5,"),
        (CODE, "1 <= freeboard_m < 2 or", "0.5 <= freeboard_m < 2 or"),
    )
    row = one(tmp_path, base, ((WATER, "water_level_m: 9.3"), (PEOPLE, "people_below: 99")))
    cells = [cell.grade for cell in (row.then_then, row.now_then, row.then_now, row.now_now) if cell]
    assert cells == ["red", "red", "red", "orange"]
    assert (row.verdict, row.steps) == (x.BY_BOTH, -1)
    assert RuleChange("p10.base.orange", CAME) in row.rules
    assert RuleChange("p10.base.red", FELL) in row.rules
    assert {f.fact for f in row.facts} == {"water_level_m", "people_below"}


def test_facts_make_up_for_knowledge(tmp_path: Path) -> None:
    row = one(tmp_path, base_with(tmp_path / "k", MORE_PEOPLE), ((PEOPLE, "people_below: 250"),))
    cells = [cell.grade for cell in (row.then_then, row.now_then, row.then_now, row.now_now) if cell]
    assert (row.verdict, cells) == (x.OFFSET, ["red", "orange", "red", "red"])


def test_duties_alone_are_a_change(tmp_path: Path) -> None:
    base = base_with(
        tmp_path / "k", ("instruments/duties.yaml", 'when: pond_grade >= "orange"\n    actor', 'when: pond_grade < "orange"\n    actor')
    )
    row = one(tmp_path, base)
    assert (row.verdict, row.now_then.grade, row.steps, row.vanish) == (x.BY_KNOWLEDGE, "red", 0, ("duty.report",))


def test_the_editions_of_a_day(tmp_path: Path) -> None:
    # by the code of 2020 a freeboard of 1.5 m is yellow; the list still says severe, which is orange
    row = one(tmp_path, GOOD, day="2021-01-01")
    assert (row.verdict, row.now_then.grade, row.steps) == (x.BY_KNOWLEDGE, "orange", -1)
    assert {c.rule for c in row.rules if c.change == CAME} >= {"p20.grade.yellow"}
    assert {c.rule for c in row.rules if c.change == FELL} >= {"p10.people", "p10.base.orange"}


def test_what_only_the_whole_base_of_then_can_tell(tmp_path: Path) -> None:
    """The list has an item for the north only: in the south other rules may concern the pond than the record carries."""
    base = base_with(tmp_path / "k", MORE_PEOPLE)
    row = one(tmp_path, base, (("region: north", "region: south"),))
    assert (row.verdict, row.then_now and row.then_now.reason) == (x.IMPOSSIBLE, x.NO_WHOLE)
    (row,) = x.matrix(tmp_path / "records", x.Settings(str(base), None, x.cases_now(tmp_path / "now"), (str(GOOD),))).rows
    # the code does not ask for the region: red then, orange now
    assert (row.verdict, row.then_now and row.then_now.grade) == (x.BY_KNOWLEDGE, "red")


def test_facts_that_the_knowledge_of_now_does_not_have(tmp_path: Path) -> None:
    old = base_with(tmp_path / "old", ("vocabulary.yaml", "  subject:\n", GATE))
    text = changed_case((PEOPLE, "people_below: {value: 100, rests_on: [gate_painted]}\n  gate_painted: true"))
    records = recorded(tmp_path / "records", text, base=old)
    (row,) = x.matrix(records, x.Settings(str(GOOD))).rows
    assert (row.verdict, row.now_then.grade, row.unread) == (x.SAME, "red", ("gate_painted",))


def test_what_the_knowledge_of_now_refuses(tmp_path: Path) -> None:
    base = base_with(tmp_path / "k", ("vocabulary.yaml", "    range: [0, 100000]", "    range: [0, 99]"))
    row = one(tmp_path, base)
    assert (row.verdict, row.steps, row.now_then.reason[:5]) == (x.IMPOSSIBLE, None, "C023:")


def test_records_that_are_none_or_do_not_replay(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    record = real()
    append(folder, replace(record, result={**record.result, "determination": {**record.result["determination"], "grade": "clear"}}))
    append(folder, record)
    path = folder / name_of(2)
    path.write_bytes(path.read_bytes().replace(b"Li Wei", b"Bo Wei"))
    rows = x.matrix(folder, x.Settings(str(GOOD))).rows
    assert [(row.number, row.verdict) for row in rows] == [(1, x.UNSOUND), (2, x.UNSOUND)]
    assert "A013" in rows[1].then_then.reason


def test_the_weightiest_stand_first_and_the_texts_are_there(tmp_path: Path) -> None:
    people = [changed_case((PEOPLE, f"people_below: {n}"), ("case: pond", f"case: pond-{n}")) for n in (300, 50, 150)]
    records = recorded(tmp_path / "records", *people)
    found = x.matrix(records, x.Settings(str(base_with(tmp_path / "k", MORE_PEOPLE))))
    assert [(row.case, row.verdict) for row in found.rows] == [("pond-150", x.BY_KNOWLEDGE), ("pond-300", x.SAME), ("pond-50", x.SAME)]
    assert found.texts["p10.people"].text.en == "A hundred people below make it one grade more severe."
    assert (found.duties["duty.lower"].actor.zh, found.matched) == ("业主", 0)


def test_many_records_are_shared_among_processes(tmp_path: Path) -> None:
    records = recorded(tmp_path / "records", *[changed_case(("case: pond", f"case: pond-{n}")) for n in range(70)])
    steps: list[int] = []
    found = x.matrix(records, x.Settings(str(base_with(tmp_path / "k", MORE_PEOPLE))), progress=steps.append)
    assert ([row.number for row in found.rows], {row.verdict for row in found.rows}) == (list(range(1, 71)), {x.BY_KNOWLEDGE})
    assert sum(steps) == 140


def test_two_cases_of_one_id_are_refused(tmp_path: Path) -> None:
    now(tmp_path / "now", changed_case())
    (tmp_path / "now" / "again.yaml").write_text(changed_case(), "utf-8")
    with pytest.raises(DingjiError, match=r"C011.*pond stands in two files"):
        x.cases_now(tmp_path / "now")
