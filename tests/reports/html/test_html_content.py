"""What a page says: each value from the rules or the case, reckoned by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import dingji
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.records import replace
from dingji.reports import Language, render
from dingji.reports.html.matrix import MatrixView, matrices
from dingji.reports.html.strips import strip
from dingji.reports.html.view import ChangeView, PageView, page
from dingji.reports.messages import catalogue
from dingji.reports.values import Speech

from ..samples import DEMO, LANGUAGES, ROOT, TODAY, UNDETERMINED, graded
from .pages import LS, TRADE, having, page_of, parsed, said, section


def view(kb: Knowledge, result: Result, language: str = "en") -> PageView:
    return page(result, kb, catalogue(language), with_proof=True)


def speech(kb: Knowledge, language: str = "en") -> Speech:
    return Speech(kb, catalogue(language))


def drawn(matrix: MatrixView) -> dict[str, list[str]]:
    return {row.head: [cell.grade for cell in row.cells] for row in matrix.rows}


def profiled(kb: Knowledge, path: Path, profile: str) -> Result:
    return dingji.grade(kb, dingji.read_cases(path)[0], today=TODAY, profile=profile)


@pytest.mark.parametrize(
    ("language", "scale", "grade", "colour", "status"),
    [("en", "Hazard level", "Level II", "orange", "provisional"), ("zh", "隐患等级", "二级", "橙色", "暂定")],
)
def test_the_determination_stands_at_the_top(language: Language, scale: str, grade: str, colour: str, status: str, kb: Knowledge) -> None:
    root = page_of(kb, DEMO, language)
    top = section(root, "determination")
    assert said(next(top.iter("h2"))) == f"{scale} {grade}"
    assert [said(e) for e in having(top, "words")] == [f"{colour} ◐ {status}"]
    assert said(next(root.iter("title"))).startswith(grade)
    # nothing but where and what the case is comes before it
    assert [e.tag for e in next(root.iter("header"))][:3] == ["p", "h1", "section"]


def test_a_strip_shows_the_scale_from_mild_to_severe(kb: Knowledge) -> None:
    shown = strip("hazard-level", ("II",), speech(kb))
    assert shown is not None
    assert [step.label for step in shown.steps] == ["no level", "Level IV", "Level III", "Level II", "Level I"]
    assert [step.colour for step in shown.steps] == ["", "blue", "yellow", "orange", "red"]
    assert [step.state for step in shown.steps] == ["", "", "", "here", ""]
    assert [step.silent for step in shown.steps] == [True, False, False, False, False]
    assert shown.told == "hazard level: Level II, step 4 of 5 from the mildest"


def test_a_strip_of_an_open_grade_marks_what_is_possible(kb: Knowledge) -> None:
    shown = strip("hazard-level", ("I", "II"), speech(kb))
    assert shown is not None
    assert [step.state for step in shown.steps] == ["", "", "", "possible", "possible"]
    assert shown.told == "hazard level: Level I or Level II still possible, on a scale of 5 steps"


def test_a_scale_without_a_grade_has_no_strip(kb: Knowledge) -> None:
    assert strip("hazard-level", (), speech(kb)) is None
    assert strip("no-such-scale", ("I",), speech(kb)) is None


def test_findings_stand_on_their_own_scale_and_on_the_common_one(kb: Knowledge) -> None:
    shown = {f.finding.instrument: f for f in view(kb, graded(kb, DEMO)).findings}
    risk = shown["Asset life-cycle risk model of the State Grid"]
    assert risk.own is not None
    assert risk.shared is not None
    assert (risk.own.grade, risk.shared.grade) == ("major risk", "Level II")
    beside = shown["Measures for controlling grid safety risks (trial)"]
    assert beside.own is not None
    assert beside.shared is None


def test_a_risk_matrix_follows_from_the_rules(kb: Knowledge) -> None:
    # risk value = likelihood x impact, both 1 to 5; general up to 4, medium up to 9, major above (the model's table)
    (matrix,) = matrices(graded(kb, DEMO), speech(kb))
    name = {"g": "general risk", "m": "medium risk", "j": "major risk"}
    assert drawn(matrix) == {
        "5": [name[c] for c in "mjjjj"],
        "4": [name[c] for c in "gmjjj"],
        "3": [name[c] for c in "gmmjj"],
        "2": [name[c] for c in "ggmmj"],
        "1": [name[c] for c in "ggggm"],
    }
    assert list(drawn(matrix)) == ["5", "4", "3", "2", "1"]  # the worst corner is the upper right one
    assert (matrix.row_label, matrix.column_label) == ("likelihood P", "impact F")
    assert [(c.value, c.state) for row in matrix.rows for c in row.cells if c.state] == [("16", "here")]
    assert matrix.point == "This case: likelihood P 4 × impact F 4 = 16"
    assert [(b.grade, b.colour_word) for b in matrix.bands] == [("major risk", "red"), ("medium risk", "yellow"), ("general risk", "blue")]


def test_an_open_case_lies_on_every_cell_that_is_possible(kb: Knowledge) -> None:
    # the deaths are not judged: two serious injuries give an impact of at least 2, deaths could make it 5; likelihood 4
    (matrix,) = matrices(graded(kb, UNDETERMINED), speech(kb))
    assert [c.value for row in matrix.rows for c in row.cells if c.state == "possible"] == ["8", "12", "16", "20"]
    assert [c for row in matrix.rows for c in row.cells if c.state == "here"] == []


def test_a_profile_changes_the_bands_of_the_matrix(kb: Knowledge) -> None:
    # the general table calls 9 to below 15 general; the coal table calls 9 to below 20 larger
    (plain,) = matrices(graded(kb, LS), speech(kb))
    assert drawn(plain)["3"] == ["low risk", "low risk", "general risk", "general risk", "larger risk"]
    coal = replace(graded(kb, LS), profile="ls-coal")
    (other,) = matrices(coal, speech(kb))
    assert drawn(other)["3"] == ["low risk", "general risk", "larger risk", "larger risk", "larger risk"]


@pytest.mark.parametrize("path", [TRADE, ROOT / "cases" / "risks" / "lec.yaml", ROOT / "cases" / "risks" / "school-risk.yaml"])
def test_a_method_without_a_product_of_two_small_numbers_has_no_matrix(path: Path, kb: Knowledge) -> None:
    assert matrices(graded(kb, path), speech(kb)) == ()


def test_facts_name_who_states_them_on_what_evidence(kb: Knowledge) -> None:
    judged, seen = view(kb, graded(kb, DEMO)).facts
    deaths = judged.facts[0]
    assert (deaths.id, deaths.value, deaths.by, deaths.evidence, deaths.decisive) == (
        "potential_deaths",
        "5 persons",
        "safety department",
        "photographs, towers 45-47",
        True,
    )
    assert deaths.rests_on == "persons working at the place, large machine close to live conductors"
    assert deaths.note == "Illustrative within the paper's range of 3 to 9 deaths or 10 to 49 serious injuries."
    voltage = next(f for f in seen.facts if f.id == "nominal_voltage_kv")
    assert (voltage.value, voltage.by, voltage.evidence, voltage.decisive) == ("500 kV", "", "", False)
    # the judgements that the grade turns on come first
    assert [f.decisive for f in judged.facts] == sorted((f.decisive for f in judged.facts), reverse=True)


def test_a_long_list_is_a_table_of_its_own(kb: Knowledge) -> None:
    one = "      - {kind: forced_outage, voltage_kv: 500, load_cut_mw: 20}\n"
    source = DEMO.read_text("utf-8")
    assert one in source
    more = one + "      - {kind: forced_outage, voltage_kv: 35}\n      - {kind: forced_outage, voltage_kv: 220, load_cut_mw: 1.5}\n"
    result = dingji.grade(kb, dingji.parse_case(source.replace(one, more)), today=TODAY)
    (judged, _) = view(kb, result).facts
    events = next(f for f in judged.facts if f.id == "grid_events")
    assert events.items is not None
    assert events.items.heads == ("kind of event", "voltage", "load cut")
    assert [row[1:] for row in events.items.rows] == [("500 kV", "20 MW"), ("35 kV", ""), ("220 kV", "1.5 MW")]
    facts = section(parsed(render(result, kb, form="html", language="en", detail="full")), "facts")
    assert [said(e) for e in facts.iter("h4")] == ["grid events (actual or credible worst)"]
    (table,) = having(facts, "items")
    assert len(list(table.iter("tr"))) == 1 + 3
    # one or two items stand in a line of text
    assert next(f for f in view(kb, graded(kb, DEMO)).facts[0].facts if f.id == "grid_events").items is None


def test_each_fact_stands_once(kb: Knowledge) -> None:
    ids = [f.id for group in view(kb, graded(kb, DEMO)).facts for f in group.facts]
    assert len(ids) == len(set(ids))


def test_duties_stand_along_a_line_of_time(kb: Knowledge) -> None:
    # reported on 15 July 2014: details within 24 hours, confirmation within 3 days
    result = graded(kb, DEMO)
    stops = view(kb, result).timeline
    assert [s.kind for s in stops if s.kind != "dated"] == ["at_once", "waiting", "no_limit"]
    assert stops[0].kind == "at_once"
    dated = {s.heading: s.after for s in stops if s.kind == "dated"}
    assert dated["by 2014-07-16"] == "1 day after the day of the case"
    assert dated["by 2014-07-18"] == "3 days after the day of the case"
    assert list(dated) == sorted(dated)
    assert sum(len(s.duties) for s in stops) == len(result.duties)


def test_sources_name_edition_and_how_sure_we_are(kb: Knowledge) -> None:
    shown = {d.title: d for d in view(kb, graded(kb, DEMO)).citations}
    rule = shown["State Grid safety accident investigation rule (2011)"]
    assert rule.edition.startswith("国家电网安监〔2011〕2024号")
    places = {p.cite: (p.confidence, p.weak) for p in rule.places}
    assert places["Personal events, level 3"] == ("verified", False)
    assert places["Event levels"] == ("unverified", True)
    assert all(len(d.places) == len(set(d.places)) for d in shown.values())


def test_open_questions_follow_the_findings(kb: Knowledge) -> None:
    root = page_of(kb, UNDETERMINED)
    shown = [e.get("id") for e in root.iter("section")]
    assert shown.index("questions") == shown.index("findings") + 1
    assert "How many people were killed" in said(section(root, "questions"))


def test_a_section_with_nothing_in_it_is_left_out(kb: Knowledge) -> None:
    root = page_of(kb, TRADE)
    shown = {e.get("id") for e in root.iter("section")}
    assert not shown & {"matrix", "questions", "changes", "flags"}
    listed = {a.get("href", "")[1:] for a in next(root.iter("nav")).iter("a")}
    assert listed == shown - {"determination"}


def test_proof_is_a_tree_that_opens(kb: Knowledge) -> None:
    result = graded(kb, DEMO)
    tree = section(page_of(kb), "proof")
    top = [d for d in having(tree, "fact") if d.get("open") is not None]
    assert said(next(top[0].iter("summary"))) == "hazard level Level II"
    # a fact is proved once: later it is a link to that place
    seen = having(tree, "seen")
    assert seen
    assert all(next(p.iter("a")).get("href") in {f"#{e.get('id')}" for e in tree.iter() if e.get("id")} for p in seen)
    assert len(result.proof) == len(top)


@pytest.mark.parametrize("language", LANGUAGES)
def test_less_detail_leaves_proof_facts_and_sources_out(language: Language, kb: Knowledge) -> None:
    sections = {d: {e.get("id") for e in page_of(kb, DEMO, language, d).iter("section")} for d in ("brief", "panel", "full")}  # type: ignore[arg-type]
    assert sections["brief"] == {"determination", "findings", "duties"}
    assert sections["full"] - sections["panel"] == {"facts", "proof", "citations"}
    assert sections["brief"] < sections["panel"] < sections["full"]


def test_what_would_change_the_grade_stands_on_the_page_if_someone_looked(kb: Knowledge) -> None:
    changes = (ChangeView("deaths: 5 → 10 or more: Level I", ("<b>by</b> Art. 3",)),)
    text = render(graded(kb, DEMO), kb, form="html", language="en", detail="full", changes=changes)
    shown = said(section(parsed(text), "changes"))
    assert "What would change the grade" in shown
    assert "deaths: 5 → 10 or more: Level I<b>by</b> Art. 3" in shown


def test_a_case_that_no_reconciliation_covers_has_findings_and_no_determination(kb: Knowledge) -> None:
    result = replace(graded(kb, DEMO), determination=None)
    root = parsed(render(result, kb, form="html", language="en", detail="full"))
    assert said(next(section(root, "determination").iter("h2"))) == "No determination"
    assert having(section(root, "determination"), "strip") == []
    assert len(having(root, "findings")[0]) == len(result.findings)
