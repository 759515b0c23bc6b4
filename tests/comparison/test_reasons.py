"""Why methods differ, from the proofs."""

from __future__ import annotations

import dingji
from conftest import ROOT
from dingji.comparison.model import KINDS
from dingji.comparison.reasons import explained
from dingji.comparison.rows import graded, row
from dingji.knowledge.model import Knowledge

from .samples import SILENT, UNJUDGED, deaths, explained_row, official, pair, survey


def test_the_worked_dispute_leaves_casualties_out(kb: Knowledge) -> None:
    found = explained_row(kb)
    main = pair(found, "example", "quantitative").main
    assert (main.kind, main.factor) == ("left_out", "casualties")
    # what the paper says that the list entry leaves out
    assert set(main.factors) == {"casualties", "likelihood", "duration", "people"}
    assert {"potential_deaths", "persons_on_site", "occurrence_frequency"} <= set(main.facts)
    assert "SGE-002" in main.rules
    assert "alcr.level.major" in main.rules
    assert found.main is not None
    assert found.main.main.factor == "casualties"


def test_a_fact_that_is_unknown_keeps_a_pair_open(kb: Knowledge) -> None:
    found = explained_row(kb, UNJUDGED)
    # with two serious injuries R is 8 to 20: medium, as the list says, or major
    open_pair = (
        pair(found, "quantitative", "example")
        if any(p.milder == "quantitative" for p in found.pairs)
        else pair(found, "example", "quantitative")
    )
    assert open_pair.open
    assert (open_pair.main.kind, open_pair.main.facts) == ("fact_unknown", ("potential_deaths",))


def test_a_fact_that_changes_nothing_between_two_is_not_why_they_differ(kb: Knowledge) -> None:
    found = explained_row(kb, UNJUDGED)
    # I or II by consequence, III by the list: one grade apart at least, whatever the deaths
    met = pair(found, "example", "consequence")
    assert (met.open, met.distance, met.main.kind, met.main.factor) == (False, 1, "left_out", "casualties")
    assert "fact_unknown" in {r.kind for r in met.further}


def test_a_silent_list(kb: Knowledge) -> None:
    found = explained_row(kb, SILENT)
    met = pair(found, "example", "consequence")
    assert (met.main.kind, met.distance, met.main.instruments) == ("list_silent", None, ("sg.examples-2010",))


def test_other_facts(kb: Knowledge) -> None:
    case = dingji.read_case(ROOT / "cases" / "power-grid" / "ten-deaths-possible.yaml").check(kb)
    found = graded(kb, case)
    met = pair(explained(found, row(found, ())), "quantitative", "consequence")
    assert met.main.kind == "different_facts"
    assert "potential_deaths" not in met.main.facts, "both read the deaths"
    assert {"occurrence_frequency", "occurrence_interval_years"} & set(met.main.facts), "likelihood plays no part in the classes"


def test_a_rater_whose_grade_contradicts_the_reasons_ticked(kb: Knowledge) -> None:
    found = explained_row(kb, more=survey("III casualties", "III grid", "III"))
    met = pair(found, "subjective", "consequence")
    # five deaths alone are a personal event of level 3: II at least
    assert (met.main.kind, met.main.raters) == ("rater_slip", ("a",))
    assert "potential_deaths" in met.main.facts
    assert "sg.class-2014.II.personal" in met.main.rules


def test_a_ticked_list_item_says_its_grade_itself(kb: Knowledge) -> None:
    # SGE-002 is general (III); who ticks it and says IV contradicts it
    found = explained_row(kb, more=survey("IV SGE-002", "IV", "IV"))
    main = pair(found, "subjective", "example").main
    assert (main.kind, main.raters, main.rules) == ("rater_slip", ("a",), ("SGE-002",))


def test_raters_who_tick_other_consequences_leave_casualties_out(kb: Knowledge) -> None:
    # a 500 kV outage of level 7 is general, so grid alone says III: no slip
    found = explained_row(kb, more=survey("III grid", "III grid", "III grid"))
    main = pair(found, "subjective", "consequence").main
    assert (main.kind, main.factor) == ("left_out", "casualties")


def test_a_grade_without_reasons_has_those_of_the_method_it_stands_with(kb: Knowledge) -> None:
    found = explained_row(kb, more=official("general"))
    main = pair(found, "official", "consequence").main
    assert (main.kind, main.factor, main.through) == ("left_out", "casualties", "example")


def test_a_grade_that_stands_with_no_method_is_unexplained(kb: Knowledge) -> None:
    found = explained_row(kb, more=official("safety-event"))
    assert pair(found, "official", "example").main.kind == "unexplained"


def test_an_official_grade_by_an_edition_no_longer_in_force(kb: Knowledge) -> None:
    found = explained_row(kb, more=official("general", "sg-class-2009"))
    main = pair(found, "official", "consequence").main
    assert (main.kind, main.instruments[0]) == ("other_edition", "sg.class-2009")


def test_a_reading_under_which_they_agree(kb: Knowledge) -> None:
    # P 2 (every 3 years), F 5 (ten deaths): R 10 is major, Level I by the impact of 5, Level II by the profile that splits at 20
    every_three_years = ("    value: half_yearly\n", "    value: unknown\n")
    found = explained_row(
        kb,
        deaths(10),
        every_three_years,
        ("  hazard_category:", "  occurrence_interval_years: 3\n  hazard_category:"),
        more=official("II-major"),
    )
    main = pair(found, "official", "quantitative").main
    assert (main.kind, main.profile, main.rules) == ("crosswalk", "split-by-value", ("risk-three-to-hazard-level.I",))


def test_every_pair_has_one_main_class_of_those_declared(kb: Knowledge) -> None:
    for more in ("", official("I-major"), survey("IV", "II casualties", "III")):
        for each in explained_row(kb, more=more).pairs:
            assert each.main.kind in KINDS
            assert each.main not in each.further


def test_the_furthest_apart_and_most_severe_pair_comes_first(kb: Knowledge) -> None:
    found = explained_row(kb, more=official("safety-event"))
    distances = [p.distance for p in found.pairs]
    assert distances == sorted(distances, key=lambda d: -(d or 0))
    assert distances[0] == 2


LEC_180 = """\
case: lec-180
subject: risk_point
as_of: 2024-05-20
scope: {sector: trade, risk_method: lec}
facts:
  accident_category: machinery
  lec_likelihood: quite_possible
  lec_exposure: monthly
  lec_consequence: one_death
  breaks_mandatory_rule: false
  past_serious_accident: false
  past_minor_accidents: 0
  accident_conditions_remain: false
  involves_major_hazard_source: false
  mass_harm_danger: false
  persons_on_site: 1
official: {scale: risk-four, grade: general, by: county}
"""


def test_another_band_scheme(kb: Knowledge) -> None:
    # D = 6 x 2 x 15 = 180: from 160 a larger risk by the classic cuts, below 200 a general one by the cuts 70, 200 and 400
    about = graded(kb, dingji.parse_case(LEC_180).check(kb))
    main = pair(explained(about, row(about, ())), "official", "quantitative").main
    # the table that the profile replaces
    assert (main.kind, main.profile, main.rules) == ("band_scheme", "lec-200-400", ("lec.degree",))


def test_a_scale_that_has_no_such_grade(kb: Knowledge) -> None:
    # one death possible is "major" of the classes of 2022, Level II; nothing in those classes leads to Level I
    first = (ROOT / "cases" / "power-grid" / "classes-2022.yaml").read_text("utf-8").split("\n---\n")[0].split("expect:")[0]
    about = graded(kb, dingji.parse_case(first + "official: {scale: hazard-level, grade: I}\n").check(kb))
    reasons = pair(explained(about, row(about, ())), "consequence", "official")
    assert reasons.distance == 1
    found = [r for r in (reasons.main, *reasons.further) if r.kind == "other_scale"]
    assert [(r.instruments, r.rules) for r in found] == [(("sg.class-2022",), ("sg-class-2022-to-hazard-level.major",))]
