"""Dead knowledge, on the small base: what one pond uses of it, worked out by hand.

The pond of 2015 with 1.5 m of freeboard: orange by the code of 2010, raised to red by its 100 people; a crack of 21 mm is severe by
the list, that is orange. The code of 2020 was not in force, and no experts were asked.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from dingji.audit import usage as u
from dingji.audit.chain import name_of

from .bases import GATE, base_with, changed_case, recorded
from .samples import GOOD


def used(tmp_path: Path, *texts: str, near: str = "0.1", base: Path = GOOD, by: Path = GOOD) -> u.Usage:
    return u.usage(recorded(tmp_path / "records", *texts, base=base), u.Settings(str(by), Decimal(near)))


def test_rules_that_never_fired(tmp_path: Path) -> None:
    found = used(tmp_path, changed_case())
    assert (found.count, found.refused, found.instruments) == (1, (), (("pond.duties", 1), ("pond.list", 1), ("pond.2010", 1)))
    assert set(found.never) == {"pond.2020", "pond.experts"}
    assert {(rule.rule, rule.in_scope) for rule in found.unfired} == {
        ("p10.score.5", 1),  # 50 mm
        ("p10.score.wet", 1),
        ("p10.base.red", 1),
        ("p10.base.yellow", 1),
        ("p10.base.clear", 1),
        ("list.alarm.0", 1),
        ("flag.warden", 1),  # not known
        ("duty.visits.1", 1),
        ("notice-to-pond.slight", 1),
        ("notice-to-pond.none", 1),
    }


def test_rules_that_fired_and_never_mattered(tmp_path: Path) -> None:
    found = used(tmp_path, changed_case())
    assert {(rule.rule, rule.elsewhere) for rule in found.idle} == {
        ("p10.score.3", False),  # below 2 m the score is not looked at
        ("p10.alarm.2", False),
        ("list.alarm.1", False),
        ("list.1", False),  # slight beside severe
        ("list.2", True),  # without it the list says slight: another finding, but red stands by the code
        ("notice-to-pond.severe", False),  # whatever severe means, nothing is above red
        ("duty.visits.12", False),
    }


def test_a_rule_that_mattered_once_is_no_idle_one(tmp_path: Path) -> None:
    # freeboard 3 m, no people: the score of 3 makes it yellow; the list's severe makes it orange. Without list.2 it is yellow, and
    # without what severe means, or without the row that gives yellow, it is open. The score itself stays idle: clear beside orange.
    calm = changed_case(("people_below: 100", "people_below: 0"), ("water_level_m: 8.5", "water_level_m: 7"))
    found = used(tmp_path, changed_case(), calm)
    visits = {"duty.visits.12", "duty.visits.1"}
    assert {rule.rule for rule in found.idle} == {"p10.score.3", "p10.alarm.2", "list.alarm.1", "list.1", *visits}
    assert {rule.rule: rule.fired for rule in found.idle}["p10.score.3"] == 2


def test_a_rule_that_keeps_another_from_firing_matters(tmp_path: Path) -> None:
    """It is no ground of the grade: without it another rule fires."""
    guard = """
examples:
  - id: list.guard
    when: alarm < 1
    grade: severe
    cite: item 4
    confidence: verified
    text: {en: A pond without alarm is severe., zh: 无警报为严重。}
"""
    base = base_with(tmp_path / "base", ("instruments/list.yaml", "examples:\n", guard.lstrip("\n")))
    text = changed_case(
        ("people_below: 100", "people_below: 0"), ("water_level_m: 8.5", "water_level_m: 7"), ("crack_width_mm: 21", "crack_width_mm: 15")
    )
    # the alarm of the unpatrolled pond keeps the guard false; 3 m with a score of 3 is yellow, the list says slight, yellow
    found = used(tmp_path, text, base=base, by=base)
    assert "list.alarm.1" not in {rule.rule for rule in found.idle}


def test_thresholds_that_were_never_near(tmp_path: Path) -> None:
    found = used(tmp_path, changed_case())
    assert [(t.fact, t.bound, t.nearest, t.distance, t.rules) for t in found.far] == [
        ("people_below", "50000", "100", "0.998", ("must.count",)),  # 49900 / 50000
        ("crack_width_mm", "50", "21", "0.580", ("p10.score.5",)),  # 29 / 50
        ("crack_width_mm", "10", "21", "0.524", ("p10.score.3",)),  # 11 / 21
        ("freeboard_m", "1", "1.5", "0.333", ("p10.base.red", "p10.base.orange")),
        ("freeboard_m", "2", "1.5", "0.250", ("p10.base.orange", "p10.base.yellow", "p10.base.clear")),
    ]
    # 21 mm is within a tenth of 20, 100 people are 100, and the neighbour of a whole score of 4 is 3
    assert found.thresholds == len(found.far) + 4 + len(found.unmet)
    assert [(t.fact, t.bound) for t in found.unmet] == [("cracks.width_mm", "20")]


def test_how_near_is_near_can_be_said(tmp_path: Path) -> None:
    assert [t.fact for t in used(tmp_path, changed_case(), near="0.55").far] == ["people_below", "crack_width_mm"]


def test_the_nearest_of_all_records_counts(tmp_path: Path) -> None:
    near = changed_case(
        ("case: pond", "case: near"), ("crack_width_mm: 21", "crack_width_mm: 48"), ("cracks: []", "cracks: [{width_mm: 19}]")
    )
    found = used(tmp_path, changed_case(), near)
    assert [(t.bound, t.case) for t in found.far if t.fact == "crack_width_mm"] == [("10", "pond")]
    assert found.unmet == ()


def test_grades_that_were_never_given(tmp_path: Path) -> None:
    grades = {(g.scale, g.grade): (g.determined, g.given) for g in used(tmp_path, changed_case()).grades}
    assert grades == {
        ("pond", "red"): (1, 1),
        ("pond", "orange"): (0, 1),
        ("pond", "yellow"): (0, 0),
        ("pond", "clear"): (0, 0),
        ("notice", "severe"): (0, 1),
        ("notice", "slight"): (0, 0),
        ("notice", "none"): (0, 0),
    }


def test_facts_that_nobody_stated_and_facts_that_nothing_read(tmp_path: Path) -> None:
    base = base_with(tmp_path / "base", ("vocabulary.yaml", "  subject:\n", GATE))
    found = used(tmp_path, changed_case(("  patrol_done", "  gate_painted: true\n  patrol_done")), base=base, by=base)
    assert [(f.fact, f.read) for f in found.unstated] == [("warden", 1)]
    assert [(f.fact, f.stated) for f in found.unread] == [("gate_painted", 1)]


def test_records_that_the_base_can_not_grade_are_named(tmp_path: Path) -> None:
    base = base_with(tmp_path / "base", ("vocabulary.yaml", "    range: [0, 100000]", "    range: [0, 99]"))
    folder = recorded(tmp_path / "records", changed_case(), changed_case(("people_below: 100", "people_below: 99")), changed_case())
    (folder / name_of(3)).write_bytes(b"{}")
    found = u.usage(folder, u.Settings(str(base)))
    assert (found.count, [(r.number, r.reason[:4]) for r in found.refused], found.more_refused) == (3, [(1, "C023"), (3, "A012")], 0)


def test_shared_among_processes_it_is_the_same(tmp_path: Path) -> None:
    texts = [changed_case(("case: pond", f"case: pond-{n}")) for n in range(66)]
    folder = recorded(tmp_path / "records", *texts)
    assert u.usage(folder, u.Settings(str(GOOD)), workers=2) == u.usage(folder, u.Settings(str(GOOD)), workers=1)


def test_a_rule_of_a_profile_counts_where_the_profile_was_used(tmp_path: Path) -> None:
    found = used(tmp_path, changed_case(("subject: hazard", "subject: hazard\nprofile: waves")))
    # 10 - 8.5 - 0.5 = 1 m: clear by the profile; its 100 people make it yellow, but the list's severe makes it orange anyway
    assert "p10.people" in {rule.rule for rule in found.idle}
    # the code's own formula is replaced, and not evaluated
    assert {(r.rule, r.in_scope) for r in found.unfired} >= {("p10.freeboard", 0), ("waves.base.red", 1)}
