"""What a record holds, and that it leads to the same result whatever becomes of the knowledge base and of dingji."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

import dingji
from conftest import ROOT
from dingji.audit import record as records
from dingji.audit import replay
from dingji.audit.canonical import canonical, sha256
from dingji.audit.chain import append, load_file, name_of
from dingji.audit.embedded import knowledge_of, pack, unpack
from dingji.audit.model import Embedded, Options, RecordError
from dingji.audit.record import Recorder, case_text
from dingji.audit.replay import first_difference, replay_base, replay_embedded
from dingji.audit.statement import NotARecordError, decode, encode
from dingji.cases.folder import cases_below
from dingji.knowledge.model import Knowledge
from dingji.records import replace
from knowledge.small import CASE

from .samples import GOOD, TIME, real, small_base


def test_a_statement_of_in_toto_with_the_fields_of_a_verification_summary(tmp_path: Path) -> None:
    append(tmp_path, real())
    data = (tmp_path / name_of(1)).read_bytes()
    statement = json.loads(data)
    assert data == canonical(statement)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    (subject,) = statement["subject"]
    predicate = statement["predicate"]
    text = predicate["case"]["text"]
    assert (subject["name"], subject["digest"]["sha256"]) == ("pond", sha256(text.encode()))
    assert text.strip() == CASE.strip()
    assert predicate["policy"]["digest"]["sha256"] == small_base().digest
    assert (predicate["timeVerified"], predicate["timeSource"], predicate["recordedBy"]) == (TIME, "option", "Li Wei")
    assert predicate["verifier"]["version"] == {"dingji": dingji.__version__}
    assert predicate["verifier"]["evaluators"][0] == "reference"
    assert predicate["result"]["determination"]["status"] == predicate["verificationResult"]
    assert predicate["overrides"] == []
    # the seal is the digest of the statement without it
    sealed = {**statement, "predicate": {**predicate, "seal": ""}}
    assert predicate["seal"] == sha256(canonical(sealed))


def test_the_clock_is_named_where_no_time_is_given() -> None:
    record = real(time=None)
    assert (record.time_source, record.time[-1]) == ("clock", "Z")


@pytest.mark.parametrize("time", ["2026-03-04", "2026-03-04T05:06:07", "2026-02-30T00:00:00Z", "now", "2026-03-04T25:00:00Z"])
def test_a_time_without_its_zone_is_refused(time: str) -> None:
    with pytest.raises(RecordError, match=r"A005.*2026-11-22T09:30:00\+08:00"):
        real(time=time)


def test_decode_gives_back_what_encode_wrote() -> None:
    record = real()
    assert decode(encode(record)) == record


def test_a_record_has_no_field_beside_its_own() -> None:
    plain = json.loads(encode(real()))
    plain["predicate"]["grade"] = "IV"
    with pytest.raises(NotARecordError, match="unknown field"):
        decode(canonical(plain))


def test_a_record_carries_the_text_of_the_rules_and_nothing_of_other_instruments() -> None:
    files = unpack(real().embedded)
    text = "\n".join(files.values())
    base = small_base()
    result = dingji.grade(base, dingji.parse_case(CASE))
    applied = {f.instrument for f in result.findings}
    assert applied < base.instruments.keys(), "the small base has instruments that do not apply"
    for rule in base.rules.values():
        if rule.owner in applied:
            assert rule.id in text
            assert rule.text.zh in text
    whole = {p.relative_to(GOOD).as_posix(): p.read_text("utf-8") for p in GOOD.rglob("*.yaml")}
    lines = {line for t in whole.values() for line in t.splitlines()}
    assert {line for line in text.splitlines() if line.strip()} <= lines, "what stays is what the author wrote"
    assert len(text) < sum(map(len, whole.values()))


def test_the_embedded_knowledge_alone_gives_the_same_result() -> None:
    record = real()
    assert replay_embedded(record).verdict == "reproduced"
    assert knowledge_of(record).digest == small_base().digest
    assert len(knowledge_of(record).rules) < len(small_base().rules)


@pytest.mark.parametrize("path", ["power-grid/photovoltaic-under-500kv.yaml", "audit-checks/4-figures.yaml", "loop", "hazards/worked"])
def test_records_of_worked_cases_replay_from_their_part_of_the_base(kb: Knowledge, path: str) -> None:
    recorder = Recorder(kb)
    seen = 0
    for _, case in list(cases_below([ROOT / "cases" / path]))[::7]:
        try:
            result = dingji.grade(kb, case)
        except dingji.DingjiError:
            continue
        record = recorder.record(case, result, options=Options())
        assert replay_embedded(record).verdict == replay_base(record, kb).verdict == "reproduced", case.id
        assert len(knowledge_of(record).rules) < len(kb.rules) / 2, f"{case.id}: the whole base was embedded"
        seen += 1
    assert seen


def test_a_record_replays_after_dingji_and_its_knowledge_have_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    then = shutil.copytree(GOOD, tmp_path / "knowledge")
    record = real(folder=then)
    append(tmp_path / "records", record)
    stored = load_file(tmp_path / "records" / name_of(1)).record
    assert stored is not None
    # the knowledge changes: a crack counts from 30 mm on, and the one of the case has 21
    for path in then.rglob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("crack_width_mm > 20", "crack_width_mm > 30"), "utf-8")
    now = dingji.load(then, cache=False)
    assert now.digest != record.knowledge_digest
    # and so does dingji: a later version, whose results say more
    for module in (records, replay):
        monkeypatch.setattr(module, "__version__", "9.0.0")
    told = dingji.Result.to_dict
    monkeypatch.setattr(dingji.Result, "to_dict", lambda self: {**told(self), "new_in_9": [1, 2]})
    assert stored.version == "0.1.0"
    assert replay_embedded(stored).verdict == "reproduced"
    changed = replay_base(stored, now)
    assert changed.verdict == "differs"
    assert changed.difference is not None
    assert "list.2" in changed.difference.node


def test_a_difference_names_the_first_node_that_differs() -> None:
    record = real()
    knowledge = knowledge_of(record)
    assert knowledge.rules
    wrong = json.loads(json.dumps(record.result))
    wrong["determination"]["grade"] = "white"
    fact = next(f for f in _facts(wrong["proof"]) if f["how"] == "stated" and f["fact"] == "crack_width_mm")
    fact["value"] = "12"
    found = replay_embedded(replace(record, result=wrong))
    assert found.verdict == "differs"
    difference = found.difference
    assert difference is not None
    assert (difference.path, difference.recorded) == ("determination.grade", "white")
    assert difference.replayed == record.result["determination"]["grade"]
    assert difference.node.endswith("crack_width_mm: value")
    assert (difference.node_recorded, difference.node_replayed) == ("12", "21")


def _facts(nodes: list[dict[str, object]]) -> list[dict[str, object]]:
    found = []
    for node in nodes:
        found += [node, *_facts(node["facts"])]  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("recorded", "replayed", "path"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, "b"),
        ({"a": 1, "b": 2}, {"a": 1}, "b"),
        ({"a": [1, 2]}, {"a": [1]}, "a[1]"),
        ({"a": True}, {"a": 1}, "a"),
        ({"findings": [{"instrument": "x", "grade": "I"}]}, {"findings": [{"instrument": "x", "grade": "II"}]}, "findings[x].grade"),
    ],
)
def test_differences_by_their_path(recorded: dict[str, object], replayed: dict[str, object], path: str) -> None:
    found = first_difference(recorded, replayed)
    assert found is not None
    assert found.path == path
    same = first_difference(recorded, {**recorded, "evaluators": ["other"], "later": 1}, strict=False)
    assert same is None


def test_knowledge_that_today_does_not_take_can_not_be_replayed() -> None:
    record = real()
    files = {name: text.replace("instrument:", "instrumental:") for name, text in unpack(record.embedded).items()}
    found = replay_embedded(replace(record, embedded=pack(files)))
    assert found.verdict == "impossible"
    assert found.reason.startswith("K010")


@pytest.mark.parametrize(
    "name", ["../evil.yaml", "/etc/evil.yaml", "a/../../evil.yaml", "evil.py", "a//b.yaml", ".hidden.yaml", "a\\b.yaml"]
)
def test_embedded_files_stay_in_their_folder(name: str) -> None:
    with pytest.raises(RecordError, match="A030"):
        unpack(pack({name: "facts: {}"}))


def test_damaged_or_endless_knowledge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = real().embedded
    for packed in ("", "!", sound.packed[:-8], sound.packed[:40]):
        with pytest.raises(RecordError, match="A030"):
            unpack(Embedded(sound.digest, packed))
    with pytest.raises(RecordError, match=r"A030.*digest"):
        unpack(Embedded("0" * 64, sound.packed))
    monkeypatch.setattr("dingji.audit.embedded.MOST_BYTES", 100)
    with pytest.raises(RecordError, match=r"A030.*larger than 100 bytes"):
        unpack(sound)


def test_knowledge_that_changed_after_the_grading_is_not_recorded(tmp_path: Path) -> None:
    folder = shutil.copytree(GOOD, tmp_path / "knowledge")
    base = dingji.load(folder)
    case = dingji.parse_case(CASE)
    result = dingji.grade(base, case)
    (folder / "names.yaml").write_text((folder / "names.yaml").read_text("utf-8") + "# later\n", "utf-8")
    with pytest.raises(RecordError, match="A002"):
        Recorder(base, folder).record(case, result, options=Options())


def test_a_result_that_is_not_that_of_the_case_is_not_recorded() -> None:
    base = small_base()
    case = dingji.parse_case(CASE)
    other = dingji.grade(base, dingji.parse_case(CASE.replace("crack_width_mm: 21", "crack_width_mm: 3")))
    with pytest.raises(RecordError, match=r"A003.*pond"):
        Recorder(base, GOOD).record(case, other, options=Options())


def test_each_case_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("# first\n" + CASE + "---\n" + CASE.replace("case: pond", "case: lake # by the road") + "...\n", "utf-8")
    one, two = dingji.read_cases(path)
    assert case_text(one).strip() == CASE.strip()
    assert case_text(two).startswith("case: lake # by the road\nsubject: hazard")
    assert "pond" not in case_text(two)


def test_options_of_the_grading_are_replayed() -> None:
    base = small_base()
    case = dingji.parse_case(CASE.replace("as_of: 2015-06-01", "as_of: 2005-06-01"))
    result = dingji.grade(base, case, as_of=dt.date(2015, 6, 1))
    record = Recorder(base, GOOD).record(case, result, options=Options(as_of="2015-06-01"))
    assert replay_embedded(record).verdict == "reproduced"
    with pytest.raises(RecordError, match="A003"):
        Recorder(base, GOOD).record(case, result, options=Options())
