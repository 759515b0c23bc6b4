"""A ruling in the chain of records: the case as it was found, graded again by the audit; departures and what was left open."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import ROOT
from dingji.audit.canonical import plain
from dingji.audit.chain import append
from dingji.audit.model import DeterminationRecord, Options
from dingji.audit.record import Recorder
from dingji.audit.replay import case_of, replay_embedded
from dingji.audit.verify import Audit, Settings, audit
from dingji.disputes.reader import parse_dispute, read_dispute
from dingji.disputes.recording import Answering, recorded
from dingji.disputes.ruling import RulingError, rule
from dingji.disputes.settlement import Settlement
from dingji.knowledge.choices import Choice
from dingji.knowledge.model import Knowledge
from dingji.records import replace
from knowledge.mistakes import GOOD

from .ponds import SOUND, between

TIME = "2026-03-04T05:06:07Z"
FINDS = "ruling:\n  findings:\n    people_below: {finds: 100, reason: {en: counted, zh: 已清点}}\n"
OVER = "  override: {grade: orange, justification: drained, authority: board, expires: 2016-01-01, duties_follow: computed}\n"


def record_of(good: Knowledge, text: str) -> DeterminationRecord:
    file = parse_dispute(text, "pond.yaml")
    settlement = Settlement(file.check(good), good)
    return recorded(Recorder(good, GOOD), settlement, rule(settlement), file, Answering("Ann", TIME))


def audited(folder: Path, record: DeterminationRecord, today: str = "2015-12-31") -> Audit:
    append(folder, record)
    return audit(folder, Settings(today, (str(GOOD),)))


def test_the_record_states_what_the_panel_found(good: Knowledge, tmp_path: Path) -> None:
    """A hundred people, found by the panel: red. Of what was left the owner's account stands: its warden, its evidence."""
    record = record_of(good, SOUND + FINDS)
    assert (record.case, record.recorded_by, record.result["determination"]["grade"]) == ("pond", "Ann", "red")
    stated = case_of(record).check(good).statements
    found = stated["people_below"]
    assert (found.value, found.asserted_by, found.note) == (100, "panel", "counted / 已清点")
    assert stated["warden"].value == "nobody"
    assert record.ruling is not None
    assert [f["issue"] for f in record.ruling["ruling"]["findings"]] == ["people_below"]
    (verdict,) = audited(tmp_path, record).verdicts
    assert (verdict.verdict, verdict.wrong) == ("reproduced", ())


def test_what_a_party_says_is_found_on_its_evidence(good: Knowledge) -> None:
    record = record_of(good, SOUND + FINDS.replace("100", '"@owner"'))
    found = case_of(record).check(good).statements["people_below"]
    assert (found.value, found.evidence, found.asserted_by) == (60, ("register of 2014",), "panel")
    assert record.result["determination"]["grade"] == "orange"


TEXTS = [
    ("relies_on: {profiles: [waves]}", '"profile:waves": {finds: waves', Choice("profile", ("waves",)), "yellow"),
    ("relies_on: {as_of: 2021-01-01}", "as_of: {finds: 2021-01-01", None, "yellow"),
    ("relies_on: {editions: [pond.2020]}", '"edition:pond": {finds: pond.2020', Choice("edition", ("pond.2020",)), "yellow"),
    ("relies_on: {applies: [pond.list], finding: [pond.list]}", "finding: {finds: pond.list", Choice("findings", ("pond.list",)), "clear"),
    ("readings: {p10.people: not_met}", '"reading:p10.people": {finds: not_met', Choice("not_met", ("p10.people",)), "orange"),
]


@pytest.mark.parametrize(("said", "finds", "choice", "grade"), TEXTS, ids=[text[0] for text in TEXTS])
def test_decisions_on_texts_are_taken_again(
    good: Knowledge, tmp_path: Path, said: str, finds: str, choice: Choice | None, grade: str
) -> None:
    """The freeboard of 1.5 m is orange, red with 100 people below. Waves leave 1.0 m: clear, one worse: yellow. By the code of 2020 it is
    yellow. The list finds nothing in a patrolled pond without cracks. Read without the people, orange stays orange."""
    record = record_of(good, between(said, "") + f"ruling: {{findings: {{{finds}, reason: read}}}}}}\n")
    assert choice is None or choice in record.options.choices
    assert record.result["determination"]["grade"] == grade
    (verdict,) = audited(tmp_path, record).verdicts
    assert (verdict.verdict, verdict.embedded and verdict.embedded.verdict, verdict.base and verdict.base.verdict) == ("reproduced",) * 3
    # without the decision the same case has the grade of the other party
    assert replay_embedded(replace(record, options=Options(as_of="2015-06-01"))).verdict != "reproduced"


@pytest.mark.parametrize(("today", "code"), [("2015-12-31", "A059"), ("2016-01-01", "A043")])
def test_a_departure_is_told_until_it_ends_and_wrong_afterwards(good: Knowledge, tmp_path: Path, today: str, code: str) -> None:
    """The ruling says: from 1 January 2016 the computed grade stands again."""
    record = record_of(good, SOUND + FINDS + OVER)
    (override,) = record.overrides
    assert (override.computed, override.grade, override.reference) == ("red", "orange", "upper-pond")
    found = audited(tmp_path, record, today)
    (verdict,) = found.verdicts
    assert verdict.verdict == "reproduced"
    assert code in [t.code for t in (*verdict.wrong, *verdict.notes)]
    assert found.sound == (code == "A059")


@pytest.mark.parametrize(
    "change",
    [lambda r: replace(r, overrides=()), lambda r: replace(r, ruling={**r.ruling, "ruling": {**r.ruling["ruling"], "computed": "orange"}})],
)
def test_a_ruling_that_is_not_that_of_its_result_is_found(good: Knowledge, tmp_path: Path, change: object) -> None:
    assert callable(change)
    (verdict,) = audited(tmp_path, change(record_of(good, SOUND + FINDS + OVER))).verdicts
    assert [t.code for t in verdict.wrong] == ["A033"]


def test_nothing_is_recorded_while_several_grades_can_follow(good: Knowledge) -> None:
    with pytest.raises(RulingError, match="D043") as caught:
        record_of(good, SOUND)
    assert "people_below" in caught.value.problems[0].hint


RULED = [
    "bridge-crane-serious-or-major",
    "basement-pit-which-edition",
    "group-enterprise-members-grades",
    "wood-dust-collector-nine-issues",
]


@pytest.mark.parametrize("name", RULED)
def test_rulings_on_the_whole_base_are_reproduced(kb: Knowledge, name: str) -> None:
    """A crosswalk that does not apply, an edition, lists of members, a reading: each from the part of the base that the record carries."""
    file = read_dispute(ROOT / "cases" / "disputes" / f"{name}.yaml")
    settlement = Settlement(file.check(kb), kb)
    ruling = rule(settlement)
    record = recorded(Recorder(kb), settlement, ruling, file, Answering("", TIME))
    assert record.result["determination"]["grade"] == ruling.grade
    assert replay_embedded(record).verdict == "reproduced"
    assert len(record.embedded.packed) < 300_000, "a part of the base, not all of it"
    assert plain(record.ruling)["dispute"] == name
