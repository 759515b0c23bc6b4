"""The audit: every check of part 3, each with a record that fails it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dingji
from dingji.audit.chain import append, name_of
from dingji.audit.embedded import pack, unpack
from dingji.audit.model import DeterminationRecord, Override, RecordError
from dingji.audit.signing import make_key, signer, trusted
from dingji.audit.verify import Audit, Settings, audit
from dingji.records import replace
from knowledge.small import CASE

from .samples import GOOD, codes, real

SETTINGS = Settings("2026-11-22", (str(GOOD),))


def audited(folder: Path, record: DeterminationRecord, settings: Settings = SETTINGS) -> Audit:
    append(folder, record)
    return audit(folder, settings)


def wrong(found: Audit) -> list[str]:
    return [t.code for v in found.verdicts for t in v.wrong]


def notes(found: Audit) -> list[str]:
    return [t.code for v in found.verdicts for t in v.notes]


def test_a_sound_record(tmp_path: Path) -> None:
    found = audited(tmp_path, real())
    (verdict,) = found.verdicts
    assert (found.sound, found.count, found.wrong) == (True, 1, ())
    assert (verdict.verdict, verdict.case, verdict.by, verdict.signature) == ("reproduced", "pond", "Li Wei", "unsigned")
    assert verdict.embedded is not None
    assert verdict.base is not None
    assert verdict.embedded.verdict == verdict.base.verdict == "reproduced"
    assert wrong(found) == []


def test_one_record_by_itself(tmp_path: Path) -> None:
    append(tmp_path, real())
    found = audit(tmp_path / name_of(1), SETTINGS)
    assert (found.sound, found.chain, len(found.verdicts)) == (True, "", 1)


def test_a_record_whose_result_was_changed_differs(tmp_path: Path) -> None:
    record = real()
    result = {**record.result, "determination": {**record.result["determination"], "grade": "white"}}
    found = audited(tmp_path, replace(record, result=result))
    (verdict,) = found.verdicts
    assert (verdict.verdict, found.sound) == ("differs", False)
    for replayed in (verdict.embedded, verdict.base):
        assert replayed is not None
        assert replayed.difference is not None
        assert replayed.difference.path == "determination.grade"


def test_a_case_that_was_changed_is_not_what_its_digest_says(tmp_path: Path) -> None:
    record = real()
    found = audited(tmp_path, replace(record, case_text=record.case_text.replace("crack_width_mm: 21", "crack_width_mm: 12")))
    assert wrong(found) == ["A031"]
    assert found.verdicts[0].verdict == "differs"


def test_knowledge_that_was_changed_in_the_record(tmp_path: Path) -> None:
    record = real()
    files = {name: text.replace("crack_width_mm > 20", "crack_width_mm > 30") for name, text in unpack(record.embedded).items()}
    found = audited(tmp_path, replace(record, embedded=pack(files)))
    (verdict,) = found.verdicts
    assert verdict.verdict == "differs"
    assert verdict.base is not None
    assert verdict.base.verdict == "reproduced", "the base of that version tells that the record was changed"


def test_a_base_of_another_version_is_named(tmp_path: Path) -> None:
    then = shutil.copytree(GOOD, tmp_path / "then")
    (then / "names.yaml").write_text((then / "names.yaml").read_text("utf-8") + "# earlier\n", "utf-8")
    found = audited(tmp_path / "records", real(folder=then))
    assert "A055" in notes(found)
    assert found.verdicts[0].base is None
    assert found.sound
    both = audit(tmp_path / "records", replace(SETTINGS, knowledge=(str(GOOD), str(then))))
    assert both.verdicts[0].base is not None
    assert "A055" not in notes(both)


def _quoted(record: DeterminationRecord, old: str, new: str) -> DeterminationRecord:
    """The record with other words in the rules of its proof and of its knowledge's files."""
    files = {name: text.replace(old, new) for name, text in unpack(record.embedded).items()}
    return replace(record, embedded=pack(files))


def test_a_rule_that_was_not_in_force(tmp_path: Path) -> None:
    # the list is in force from 2012; a copy of the knowledge that says from 2010 grades a case of 2011 by it
    then = shutil.copytree(GOOD, tmp_path / "then")
    for path in then.rglob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("in_force: {from: 2012}", "in_force: {from: 2010}"), "utf-8")
    record = real(CASE.replace("2015-06-01", "2011-06-01"), folder=then)
    assert any(f["instrument"] == "pond.list" for f in record.result["findings"])
    from dingji.audit import citations
    from dingji.audit.embedded import knowledge_of

    assert citations.check(record, knowledge_of(record))[0] == []
    real_knowledge = dingji.load(GOOD)
    found = [t.code for t in citations.check(record, real_knowledge)[0]]
    assert found == ["A042"]


def test_a_quotation_that_is_not_the_rule(tmp_path: Path) -> None:
    from dingji.audit import citations

    record = real()
    knowledge = dingji.load(GOOD)
    assert citations.check(record, knowledge)[0] == []
    quoted = next(citations.rules_cited(record.result))
    quoted["cite"] = {"en": "§99", "zh": "§99"}
    assert [(t.code, t.detail) for t in citations.check(record, knowledge)[0]] == [("A041", quoted["id"])]
    quoted["id"] = "rule.of.nobody"
    assert [(t.code, t.detail) for t in citations.check(record, knowledge)[0]] == [("A040", "rule.of.nobody")]


def override(expires: str | None) -> Override:
    return Override("pond-grade", "orange", "yellow", "the dam was rebuilt", "panel 3", "2026-03-04", expires)


@pytest.mark.parametrize(("expires", "sound", "code"), [("2026-11-21", False, "A043"), ("2026-11-22", True, "A059"), (None, True, "A059")])
def test_departures_from_the_grade_expire(tmp_path: Path, expires: str | None, sound: bool, code: str) -> None:
    found = audited(tmp_path, replace(real(), overrides=(override(expires),)))
    assert found.sound is sound
    assert code in wrong(found) + notes(found)


def test_a_check_of_the_knowledge_warns(tmp_path: Path) -> None:
    found = audited(tmp_path, real(CASE.replace("patrol_done: false", "patrol_done: false\n  warden: nobody")))
    assert ("A058", "flag.warden") in [(t.code, t.detail) for v in found.verdicts for t in v.notes]
    assert found.sound
    assert not found.clear


def test_a_time_that_can_not_be_read(tmp_path: Path) -> None:
    assert wrong(audited(tmp_path, replace(real(), time="yesterday"))) == ["A032"]


def test_one_evaluator_alone_is_said(tmp_path: Path) -> None:
    record = replace(real(), evaluators=("reference",), without="no compiler")
    assert ("A056", "no compiler") in [(t.code, t.detail) for v in audited(tmp_path, record).verdicts for t in v.notes]


def test_signatures_are_asked_for_where_keys_are_named(tmp_path: Path) -> None:
    private, _ = make_key(tmp_path / "keys", "li", valid_from=None, valid_until=None)
    other, _ = make_key(tmp_path / "own", "mo", valid_from=None, valid_until=None)
    append(tmp_path / "records", real(), signer(private))
    append(tmp_path / "records", real())
    append(tmp_path / "records", real(), signer(other))
    found = audit(tmp_path / "records", replace(SETTINGS, keys=trusted(tmp_path / "keys")))
    assert [v.signature for v in found.verdicts] == ["signed", "unsigned", "unknown"]
    assert found.verdicts[0].signers == ("li",)
    assert wrong(found) == ["A047", "A045"]
    without = audit(tmp_path / "records", SETTINGS)
    assert [v.signature for v in without.verdicts] == ["unchecked", "unsigned", "unchecked"]
    assert without.sound


def test_many_records_are_shared_among_processes(quick: Path) -> None:
    record = real()
    for _ in range(70):
        append(quick, record)
    path = quick / name_of(33)
    path.write_bytes(path.read_bytes().replace(b'"recordedBy":"Li Wei"', b'"recordedBy":"Bo Wei"'))
    told: list[int] = []
    found = audit(quick, SETTINGS, workers=2, progress=told.append)
    assert sum(told) == 140
    assert [v.number for v in found.verdicts] == list(range(1, 71))
    assert [(v.number, v.verdict) for v in found.verdicts if v.verdict != "reproduced"] == [(33, "damaged")]
    assert found == audit(quick, SETTINGS, workers=1)
    assert not found.sound
    assert codes(quick) == {"A013", "A023"}


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_nothing_to_audit(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match="A019"):
        audit(tmp_path / name, SETTINGS)
