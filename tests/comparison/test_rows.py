"""A case as a row: each method's finding on one scale, never brought there silently."""

from __future__ import annotations

from dingji.knowledge.model import Knowledge

from .samples import AGREED, SILENT, UNJUDGED, about, explained_row, official, survey


def grades(row: object) -> dict[str, str | None]:
    return {c.method: c.grade for c in row.columns}  # type: ignore[attr-defined]


def test_the_worked_dispute(kb: Knowledge) -> None:
    row = explained_row(kb)
    assert grades(row) == {"example": "III", "consequence": "II", "quantitative": "II"}
    assert (row.scale, row.distance, row.consequence) == ("hazard-level", 1, 3)


def test_no_grade_changes_its_scale_without_the_rules_of_a_crosswalk(kb: Knowledge) -> None:
    row = explained_row(kb)
    for column in row.columns:
        for s in column.standings:
            assert s.own_scale == row.scale or s.crosswalk or s.state == "not_comparable"
    example = row.column("example")
    assert example is not None
    assert example.standings[0].crosswalk == ("sg-class-2014-to-hazard-level.general",)


def test_a_finding_without_a_crosswalk_is_not_comparable(kb: Knowledge) -> None:
    column = explained_row(kb).column("consequence")
    assert column is not None
    states = {s.instrument: s.state for s in column.standings}
    assert states["sg.events-2011"] == "not_comparable", "event levels grade an event, not a hazard"
    assert states["sg.class-2014"] == "provisional"


def test_several_findings_of_a_method_are_combined_and_the_carriers_named(kb: Knowledge) -> None:
    column = explained_row(kb).column("consequence")
    assert column is not None
    assert (column.policy, column.carried_by) == ("worst", ("cn.serc-2013", "sg.class-2014"))


def test_the_number_behind_a_grade_and_its_factors_place_the_case_on_a_matrix(kb: Knowledge) -> None:
    column = explained_row(kb).column("quantitative")
    assert column is not None
    (standing,) = column.standings
    assert (standing.score_fact, standing.score) == ("risk_value", "16")
    assert [(p.fact, p.value) for p in standing.score_parts] == [("likelihood_score", "4"), ("impact_score", "4")]


def test_an_official_grade_is_a_column_of_its_own(kb: Knowledge) -> None:
    row = explained_row(kb, more=official("general", by="county"))
    assert grades(row)["official"] == "III"
    assert row.columns[0].standings[0].title.en == "county"


def test_an_official_grade_without_a_crosswalk_is_not_comparable(kb: Knowledge) -> None:
    row = explained_row(kb, more=official("level-three", "grid-risk-2014"))
    column = row.column("official")
    assert column is not None
    assert (column.state, column.grade) == ("not_comparable", None)
    assert "official" not in {m for p in row.pairs for m in (p.milder, p.severer)}


def test_an_unknown_fact_leaves_a_method_open_and_says_between_what(kb: Knowledge) -> None:
    row = explained_row(kb, UNJUDGED)
    column = row.column("consequence")
    assert column is not None
    # two serious injuries alone are a personal event of level 4, so never below II
    assert (column.state, column.reachable, column.severity) == ("undetermined", ("I", "II"), None)


def test_a_silent_list_is_no_grade(kb: Knowledge) -> None:
    row = explained_row(kb, SILENT)
    column = row.column("example")
    assert column is not None
    assert (column.state, column.grade, column.severity) == ("silent", None, None)
    assert row.distance == 0, "the two that gave a grade agree"


def test_methods_that_agree_have_no_pair(kb: Knowledge) -> None:
    row = explained_row(kb, *AGREED)
    assert set(grades(row).values()) == {"III"}
    assert (row.pairs, row.distance) == ((), 0)


def test_experts_with_their_spread(kb: Knowledge) -> None:
    row = explained_row(kb, more=survey("II", "IV", "III"))
    assert [(r.rater, r.grade, r.severity) for r in row.raters] == [("a", "II", 3), ("b", "IV", 1), ("c", "III", 2)]
    assert row.spread == 2
    assert grades(row)["subjective"] == "III", "the median"


def test_groups_carry_their_labels(kb: Knowledge) -> None:
    _, row = about(kb, by=("discipline",))
    (group,) = row.groups
    assert (group.fact, group.value, group.label.zh) == ("discipline", "transmission", "输电")
