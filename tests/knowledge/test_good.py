"""The small knowledge base in good/: what the loader makes of it, and what follows, worked out by hand."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import dingji
from dingji.knowledge.folder import digest_of, knowledge_files
from dingji.knowledge.linking import reads
from dingji.knowledge.model import Due, InForce, Knowledge
from dingji.language.types import Date, Enum, Number, Records, Scale
from dingji.language.values import Partial

from .mistakes import GOOD
from .small import found, graded

PEOPLE = (("persons", 1),)


# --- names and types


def test_facts(good: Knowledge) -> None:
    assert good.facts["subject"].type == Enum(("hazard", "dam"))
    assert good.facts["people_below"].type == Number(PEOPLE, integer=True, low=0, high=100000)
    assert good.facts["people_below"].factor == "people"
    assert good.facts["crack_width_mm"].type == Number((("mm", 1),), low=0)
    assert good.facts["found_on"].type == Date()
    assert good.facts["base_grade"].type == Scale("pond", ("red", "orange", "yellow", "clear"))
    records = good.facts["cracks"].type
    assert isinstance(records, Records)
    assert [name for name, _ in records.fields] == ["kind", "width_mm", "wet"]
    assert records.field("width_mm") == Number((("mm", 1),), low=0, high=500)
    warden = good.facts["warden"]
    assert warden.question is not None
    assert (warden.nature, warden.question.en, warden.label.zh) == ("observed", "Who is the warden?", "责任人")
    assert str(warden.place) == "good/vocabulary.yaml:53:3"
    assert good.facts["region"].values[1][1].zh == "南区"


def test_what_is_known_of_a_number_that_nobody_stated(good: Knowledge) -> None:
    assert good.defaults["crack_width_mm"] == Partial(0, None)
    assert good.defaults["people_below"] == Partial(0, 100000)
    assert "visits" not in good.defaults, "a derived number: only its rules say what it can be"
    assert "patrol_done" not in good.defaults


def test_scales_run_from_the_most_severe_grade(good: Knowledge) -> None:
    pond = good.scales["pond"]
    assert [pond.severity(g) for g in ("red", "orange", "yellow", "clear")] == [3, 2, 1, 0]
    assert pond.grade(3).colour == "red"
    assert pond.grade(0).silent
    with pytest.raises(ValueError):
        pond.severity("purple")


def test_sources_keep_their_dates_as_written(good: Knowledge) -> None:
    assert (good.sources["pond-code"].issued, good.sources["pond-list"].issued) == ("2010-02-01", "2012")
    issuer = good.sources["pond-code"].issuer
    assert issuer is not None
    assert issuer.zh == "水库局"


# --- rules


def test_a_row_inherits_from_its_table_what_it_leaves_out(good: Knowledge) -> None:
    five, three = good.rules["p10.score.5"], good.rules["p10.score.3"]
    assert (five.cite.en, five.confidence, five.source, five.text.en) == ("§2", "verified", "pond-code", "Cracks score by width.")
    assert (three.cite.en, three.confidence, three.source) == ("§2.1", "stated", "pond-code")
    assert (three.table, three.owner, three.kind, three.then) == ("p10.score", "pond.2010", "row", (("score", 3),))
    assert three.condition == "crack_width_mm >= 10"
    assert str(three.place) == "good/instruments/pond-2010.yaml:29:9"


def test_an_item_joins_its_precondition_and_writes_several_facts(good: Knowledge) -> None:
    item = good.rules["list.2"]
    assert item.then == (("listed", 2), ("listed_strictly", 2))  # severe is the worst of three grades
    assert item.condition == 'region == "north" and (crack_width_mm > 20 or any(c.width_mm > 20 for c in cracks))'
    assert item.weighs == ("water",)
    assert good.rules["list.1"].weighs is None


def test_adjustment_duties_and_flag(good: Knowledge) -> None:
    adjustment = good.rules["p10.people"].adjustment
    assert adjustment is not None
    assert (adjustment.kind, adjustment.amount) == ("lower", 1)
    assert good.rules["duty.report"].due == Due("within", 3, "days", "found_on")
    assert good.rules["duty.lower"].due == Due("at_once")
    assert good.rules["duty.report"].weak
    assert not good.rules["duty.lower"].weak
    assert good.rules["flag.warden"].kind == "flag"


def test_crosswalk_rows_name_themselves(good: Knowledge) -> None:
    assert good.rules["notice-to-pond.severe"].then == (("from", 2), ("to", 2))
    assert good.rules["notice-to-pond.slight"].then == (("from", 1), ("to", 1))
    crosswalk = good.crosswalks["notice-to-pond"]
    assert (crosswalk.source_scale, crosswalk.target_scale, good.rules["notice-to-pond.none"].source) == ("notice", "pond", "pond-list")


def test_the_header_of_an_instrument(good: Knowledge) -> None:
    first, listing, duties = good.instruments["pond.2010"], good.instruments["pond.list"], good.instruments["pond.duties"]
    assert (first.in_force, first.family, first.method, first.decides) == (
        InForce("2010-03-01", "2019"),
        "pond",
        "quantitative",
        "pond_grade",
    )
    assert (listing.completeness, listing.in_force_confidence, first.completeness) == ("partial", "unverified", "complete")
    assert (duties.decides, duties.method, duties.in_force) == ("", "", InForce())
    assert [i.id for i in good.editions(first)] == ["pond.2010", "pond.2020"]
    assert [i.id for i in good.editions(listing)] == ["pond.list"]


def test_reconciliation(good: Knowledge) -> None:
    found = good.reconciliations["pond.hazard"]
    assert (found.decides, found.policy, found.rule, found.disagreement) == ("final_grade", "worst", "pond.hazard", "pond.hazard.worst")


# --- stages and order


def test_stages(good: Knowledge) -> None:
    stages = {d.id: d.stage for d in good.decisions}
    assert stages["p10.freeboard"] == 0  # derive
    assert stages["pond.list.listed"] == 1  # identify
    assert stages["p10.base"] == 2  # as declared
    assert stages["p20.grade"] == 2  # it decides the finding
    assert stages["pond.2010.pond_grade"] == 3  # adjust
    assert stages["duty.visits"] == 3, "it reads an adjusted grade, and is lifted from derive"
    assert stages["pond.hazard"] == 4  # determine


@pytest.mark.parametrize("base", ["good", "project"])
def test_each_decision_reads_only_what_was_written_before(base: str, good: Knowledge, kb: Knowledge) -> None:
    knowledge = good if base == "good" else kb
    position = {d.id: number for number, d in enumerate(knowledge.decisions)}
    writers: dict[str, list[str]] = {}
    for decision in knowledge.decisions:
        writers.setdefault(decision.fact, []).append(decision.id)
    late = [
        (decision.id, writer)
        for decision in knowledge.decisions
        for fact in reads(decision, knowledge.rules)
        for writer in writers.get(fact, ())
        if position[writer] >= position[decision.id]
    ]
    assert late == []
    assert [d.stage for d in knowledge.decisions] == sorted(d.stage for d in knowledge.decisions)


def test_a_chain_of_lifted_decisions(edited: Callable[..., Knowledge]) -> None:
    """A table that reads a lifted fact is lifted as well, wherever its file stands."""
    table = """tables:
  - id: a.alarm
    decides: spare
    policy: any
    cite: §9
    confidence: verified
    text: {en: Spare., zh: 备。}
    rows:
      - {id: a.alarm.1, when: visits > 3, then: 1}
"""
    knowledge = edited(
        ("vocabulary.yaml", "  visits: {type", "  spare: {type: integer, nature: derived, label: {en: spare, zh: 备}}\n  visits: {type"),
        ("instruments/pond-2020.yaml", "tables:\n", table),
    )
    stages = {d.id: d.stage for d in knowledge.decisions}
    assert (stages["duty.visits"], stages["a.alarm"]) == (3, 3)


def test_a_circle_names_every_rule_with_its_place(edited: Callable[..., Knowledge]) -> None:
    with pytest.raises(dingji.KnowledgeError) as caught:
        edited(("instruments/pond-2010.yaml", "when: freeboard_m < 1,", "when: visits > 3,"))
    (problem,) = caught.value.problems
    assert problem.code == "K029"
    # by hand: visits reads the adjusted grade, which starts from the base grade, which now reads visits
    for named in (
        "visits (duty.visits in good/instruments/duties.yaml:14:9)",
        "pond_grade (pond.2010.pond_grade in good/instruments/pond-2010.yaml:53:5)",
        "base_grade (p10.base in good/instruments/pond-2010.yaml:39:9)",
    ):
        assert named in problem.message
    assert problem.message.count(" in good/") == 3


def test_a_circle_through_the_determination_names_its_place(edited: Callable[..., Knowledge]) -> None:
    with pytest.raises(dingji.KnowledgeError) as caught:
        edited(("instruments/pond-2010.yaml", "when: freeboard_m < 1,", 'when: final_grade == "red",'))
    (problem,) = caught.value.problems
    assert problem.code == "K029"
    assert "final_grade (pond.hazard in good/reconciliation.yaml:2:3)" in problem.message


# --- editions


@pytest.mark.parametrize(
    ("start", "end", "day", "truth"),
    [
        ("2010-03-01", "2019", "2010-02-28", False),
        ("2010-03-01", "2019", "2010-03-01", True),
        ("2010-03-01", "2019", "2018-12-31", True),
        ("2010-03-01", "2019", "2019-01-01", None),  # some day of 2019
        ("2010-03-01", "2019", "2019-12-31", None),
        ("2010-03-01", "2019", "2020-01-01", False),
        ("2020", "", "2019-12-31", False),
        ("2020", "", "2020-07-01", None),
        ("2020", "", "2021-01-01", True),
        ("", "2009-12-31", "2009-12-31", True),
        ("", "2009-12-31", "2010-01-01", False),
        ("", "", "1949-10-01", True),
        ("2015", "2015", "2015-05-05", None),
    ],
)
def test_in_force(start: str, end: str, day: str, truth: bool | None) -> None:
    assert InForce(start, end).covers(dt.date.fromisoformat(day)) is truth


def test_the_day_picks_the_edition(good: Knowledge) -> None:
    """10 m less 8.5 m is a freeboard of 1.5 m: orange in 2010, one worse with a hundred people; yellow in 2020."""
    before = graded(good, ("as_of: 2015-06-01", "as_of: 2010-03-01"))
    assert found(before) == {"pond.2010": ("red", "determined")}
    assert found(graded(good)) == {"pond.list": ("severe", "determined"), "pond.2010": ("red", "determined")}
    after = graded(good, ("as_of: 2015-06-01", "as_of: 2021-01-01"))
    assert found(after) == {"pond.list": ("severe", "determined"), "pond.2020": ("yellow", "determined")}
    assert after.determination is not None
    assert after.determination.grade == "orange"  # the list's severe is orange on the pond scale


def test_a_year_that_is_all_the_source_gives_settles_nothing(good: Knowledge) -> None:
    result = graded(good, ("as_of: 2015-06-01", "as_of: 2019-06-01"))
    finding = result.finding("pond.2010")
    assert finding is not None
    assert (finding.grade, finding.status, finding.conditional) == (None, "undetermined", True)
    assert result.determination is not None
    assert (result.determination.status, set(result.determination.reachable)) == ("undetermined", {"red", "orange"})


def test_no_duty_is_certain_that_rests_on_an_edition_which_may_not_be_in_force(good: Knowledge) -> None:
    result = graded(good, ("as_of: 2015-06-01", "as_of: 2019-06-01"))
    assert "duty.lower" not in [d.id for d in result.duties], "red only if the edition of 2010 is still in force"


def test_a_day_that_no_edition_covers_is_refused(good: Knowledge) -> None:
    with pytest.raises(dingji.CaseError, match=r"C025.*2010-02-28.*the earliest edition is of 2010-03-01"):
        graded(good, ("as_of: 2015-06-01", "as_of: 2010-02-28"))


# --- the folder


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    def digest(folder: Path) -> str:
        return digest_of(folder, knowledge_files(folder))

    shutil.copytree(GOOD, tmp_path / "a")
    shutil.copytree(GOOD, tmp_path / "elsewhere")
    assert digest(tmp_path / "a") == digest(tmp_path / "elsewhere") == digest(GOOD)
    (tmp_path / "a" / ".draft.yaml").write_text("not: knowledge", "utf-8")
    (tmp_path / "a" / "readme.txt").write_text("not knowledge", "utf-8")
    assert digest(tmp_path / "a") == digest(GOOD), "hidden and other files do not count"
    (tmp_path / "a" / "names.yaml").rename(tmp_path / "a" / "words.yaml")
    assert digest(tmp_path / "a") != digest(GOOD)
    with (tmp_path / "elsewhere" / "names.yaml").open("a") as stream:
        stream.write("#")
    assert digest(tmp_path / "elsewhere") != digest(GOOD)


@pytest.mark.parametrize("change", ["crlf", "mark"])
def test_windows_files_mean_the_same(change: str, good: Knowledge, tmp_path: Path) -> None:
    shutil.copytree(GOOD, tmp_path / "good")
    for path in (tmp_path / "good").rglob("*.yaml"):
        data = path.read_bytes()
        path.write_bytes(data.replace(b"\n", b"\r\n") if change == "crlf" else b"\xef\xbb\xbf" + data)
    loaded = dingji.load(tmp_path / "good", cache=False)
    assert loaded.rules == good.rules
    assert loaded.facts == good.facts
    assert loaded.decisions == good.decisions


def test_result_names_version_and_digest(good: Knowledge) -> None:
    assert (good.version, good.digest) == (dingji.__version__, digest_of(GOOD, knowledge_files(GOOD)))
