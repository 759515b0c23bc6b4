"""What a new edition does to past determinations, on the small base."""

from __future__ import annotations

from pathlib import Path

from dingji.audit import impact as i
from dingji.audit.chain import name_of
from dingji.audit.outcome import FELL, RuleChange

from .bases import MORE_PEOPLE, base_with, changed_case, recorded
from .samples import GOOD

CRACK, PEOPLE = "crack_width_mm: 21", "people_below: 100"


def pond(name: str, *changes: tuple[str, str]) -> str:
    return changed_case(("case: pond", f"case: {name}"), *changes)


def test_a_stricter_condition_moves_the_records_between_the_bounds(tmp_path: Path) -> None:
    records = recorded(
        tmp_path / "records",
        pond("a"),  # 100 people: red by the old code, orange by the new one
        pond("b", (PEOPLE, "people_below: 200")),  # red by both
        pond("c", (PEOPLE, "people_below: 99")),  # orange by both
        pond("d", (PEOPLE, "people_below: 199"), ("water_level_m: 8.5", "water_level_m: 9.5")),  # 0.5 m is red by itself
    )
    found = i.impact(records, i.Settings(str(GOOD), str(base_with(tmp_path / "new", MORE_PEOPLE))))
    (moved,) = found.moved
    assert (moved.number, moved.case, moved.recorded.grade, moved.before.grade, moved.after.grade) == (1, "a", "red", "red", "orange")
    assert (moved.change.steps, moved.change.vanish, moved.change.appear) == (-1, ("duty.lower",), ())
    assert (found.count, found.steps(), found.due(), found.due(vanish=True)) == (4, [(-1, 1)], [], [("duty.lower", 1)])
    assert found.rules()[0] == (RuleChange("duty.lower", FELL), 1)
    assert (found.refused, found.otherwise) == ((), ())


def test_a_new_edition_counts_on_its_day(tmp_path: Path) -> None:
    # no wide crack: the list says slight, which is yellow; in 2021 the freeboard of 1.5 m is yellow, by the amended edition orange
    records = recorded(tmp_path / "records", pond("a", (CRACK, "crack_width_mm: 15")))
    new = base_with(tmp_path / "new", ("instruments/pond-2020.yaml", "freeboard_m < 2, then: yellow", "freeboard_m < 2, then: orange"))
    own_day = i.impact(records, i.Settings(str(GOOD), str(new)))
    assert (own_day.moved, own_day.otherwise) == ((), ())
    (moved,) = i.impact(records, i.Settings(str(GOOD), str(new), "2021-01-01")).moved
    assert (moved.recorded.grade, moved.before.grade, moved.after.grade, moved.change.steps) == ("red", "yellow", "orange", 1)
    assert (moved.change.appear, moved.change.vanish) == (("duty.report",), ())


def test_a_record_that_the_old_base_grades_otherwise(tmp_path: Path) -> None:
    """Made by a third base: what is compared is old and new, and the record is named."""
    records = recorded(tmp_path / "records", pond("a"), base=base_with(tmp_path / "third", MORE_PEOPLE))
    found = i.impact(records, i.Settings(str(GOOD), str(GOOD)))
    assert (found.moved, found.otherwise) == ((), (1,))


def test_what_can_not_be_graded_is_told(tmp_path: Path) -> None:
    records = recorded(tmp_path / "records", pond("a"), pond("b"))
    (records / name_of(2)).write_bytes(b"{}")
    new = base_with(tmp_path / "new", ("vocabulary.yaml", "    range: [0, 100000]", "    range: [0, 99]"))
    found = i.impact(records, i.Settings(str(GOOD), str(new)))
    assert [(r.number, r.by, r.reason[:4]) for r in found.refused] == [(1, "new", "C023"), (2, "record", "A012")]


def test_the_hardest_hit_stand_first(tmp_path: Path) -> None:
    # without the list's severe and without people: yellow by 3 m and a score of 3; the new code makes that red, orange or leaves it
    calm = ((CRACK, "crack_width_mm: 15"), (PEOPLE, "people_below: 0"), ("water_level_m: 8.5", "water_level_m: 7"))
    records = recorded(tmp_path / "records", pond("mild", (CRACK, "crack_width_mm: 15"), (PEOPLE, "people_below: 0")), pond("hard", *calm))
    edits = (
        (
            "instruments/pond-2010.yaml",
            "freeboard_m >= 2 and 3 <= score < 4, then: yellow",
            "freeboard_m >= 2 and 3 <= score < 4, then: red",
        ),
        (
            "instruments/pond-2010.yaml",
            "1 <= freeboard_m < 2 or freeboard_m >= 2 and score >= 4, then: orange",
            "1 <= freeboard_m < 2, then: red",
        ),
    )
    found = i.impact(records, i.Settings(str(GOOD), str(base_with(tmp_path / "new", *edits))))
    # hard: yellow to red, two grades; mild: orange to red, one
    assert [(m.case, m.change.steps) for m in found.moved] == [("hard", 2), ("mild", 1)]
    assert found.steps() == [(2, 1), (1, 1)]
    assert dict(found.due()) == {"duty.lower": 2, "duty.report": 1}
