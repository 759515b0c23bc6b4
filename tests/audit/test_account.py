"""What an auditor should look at first in one record, each point with a record that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

import dingji
from dingji.audit.account import RANKS, WRONG, Account, account
from dingji.audit.chain import append, name_of
from dingji.audit.model import DeterminationRecord, Embedded, Override, RecordError
from dingji.audit.signing import make_key, trusted
from dingji.audit.verify import Settings
from dingji.records import replace

from .bases import changed_case
from .samples import GOOD, real

TODAY = Settings("2015-06-02", (str(GOOD),))


def read(folder: Path, *records: DeterminationRecord, settings: Settings = TODAY) -> Account:
    """The account of the last record of a chain."""
    for record in records:
        append(folder, record)
    return account(folder / name_of(len(records)), settings)


def kinds(found: Account) -> list[str]:
    return [point.kind for point in found.points]


def names(found: Account, kind: str) -> tuple[str, ...]:
    (point,) = [point for point in found.points if point.kind == kind]
    return point.names


def override(expires: str | None) -> Override:
    return Override("pond", "red", "orange", "the water is low", "pond board", "2015-06-01", expires)


def test_a_sound_record_has_nothing_wrong(tmp_path: Path) -> None:
    found = read(tmp_path, real(), real())
    # 100 people below were judged without evidence and raise it to red; the list says orange, the code red
    assert kinds(found) == ["judged", "disagreement"]
    assert (names(found, "judged"), names(found, "disagreement")) == (("people_below",), ("pond.list", "pond.2010"))
    assert [point.wrong for point in found.points] == [False, False]
    assert found.result == dingji.grade(dingji.load(GOOD), dingji.parse_case(changed_case()))


def test_evidence_settles_a_judgement(tmp_path: Path) -> None:
    text = changed_case(("people_below: 100", "people_below: {value: 100, evidence: [census]}"))
    assert "judged" not in kinds(read(tmp_path, real(text)))


def test_a_grade_on_an_assumed_rule(tmp_path: Path) -> None:
    # the list says slight, which the cautious profile assumes to be orange; by the code 3 m with a score of 3 is yellow
    text = changed_case(
        ("subject: hazard", "subject: hazard\nprofile: cautious"),
        ("crack_width_mm: 21", "crack_width_mm: 15"),
        ("water_level_m: 8.5", "water_level_m: 7"),
        ("people_below: 100", "people_below: 5"),
    )
    found = read(tmp_path, real(text))
    assert names(found, "provisional") == ("cautious.slight",)
    assert kinds(found)[0] == "provisional"


def test_unknown_facts_that_could_change_the_grade(tmp_path: Path) -> None:
    # freeboard 1.5 m: orange without people, red with a hundred
    found = read(tmp_path, real(changed_case(("people_below: 100", "people_below: unknown"))))
    assert names(found, "unknown") == ("people_below",)


def test_a_changed_result_differs(tmp_path: Path) -> None:
    record = real()
    result = {**record.result, "determination": {**record.result["determination"], "grade": "clear"}}
    found = read(tmp_path, replace(record, result=result))
    assert kinds(found)[:2] == ["differs", "differs"]
    assert [p.names for p in found.points[:2]] == [("embedded",), ("base",)]
    assert found.points[0].wrong


def test_knowledge_that_can_not_be_loaded(tmp_path: Path) -> None:
    found = read(tmp_path, replace(real(), embedded=Embedded("0" * 64, "AAAA")))
    assert "impossible" in kinds(found)
    assert (found.embedded, found.knowledge.digest) == (False, dingji.load(GOOD).digest)


def test_a_damaged_record_says_only_that(tmp_path: Path) -> None:
    append(tmp_path, real())
    path = tmp_path / name_of(1)
    path.write_bytes(path.read_bytes().replace(b"Li Wei", b"Bo Wei"))
    found = account(path, TODAY)
    assert (found.record, found.result, kinds(found)) == (None, None, ["record"])
    assert found.points[0].trouble is not None
    assert found.points[0].trouble.code == "A013"


def test_a_neighbour_that_was_exchanged(tmp_path: Path) -> None:
    for record in (real(), real(by="B"), real(by="C")):
        append(tmp_path, record)
    other = tmp_path / "other"
    append(other, real(by="D"))
    (tmp_path / name_of(1)).write_bytes((other / name_of(1)).read_bytes())
    assert kinds(account(tmp_path / name_of(2), TODAY))[0] == "chain"  # the one before is not the one it follows
    assert kinds(account(tmp_path / name_of(1), TODAY))[:2] == ["chain", "chain"]  # of another chain, and not followed by the next
    assert "chain" not in kinds(account(tmp_path / name_of(3), TODAY))


@pytest.mark.parametrize(
    ("expires", "kind"),
    [("2015-06-01", "expired"), ("2015-06-02", "expiring"), ("2015-08-31", "expiring"), ("2015-09-01", "departure"), (None, "departure")],
)
def test_departures_past_and_near_their_end(tmp_path: Path, expires: str | None, kind: str) -> None:
    """2015-06-02 and ninety days are 2015-08-31."""
    found = kinds(read(tmp_path, replace(real(), overrides=(override(expires),))))
    assert [k for k in found if k in ("expired", "expiring", "departure")] == [kind]


def test_an_edition_that_is_no_longer_in_force(tmp_path: Path) -> None:
    found = read(tmp_path, real(), settings=Settings("2020-01-01", (str(GOOD),)))
    assert names(found, "superseded") == ("pond.2010",)
    assert kinds(found).index("superseded") > kinds(found).index("judged")


def test_nobody_who_is_trusted_signed(tmp_path: Path) -> None:
    make_key(tmp_path / "keys", "li", valid_from=None, valid_until=None)
    found = read(tmp_path / "records", real(), settings=replace(TODAY, keys=trusted(tmp_path / "keys")))
    assert kinds(found)[0] == "signature"


def test_what_is_wrong_stands_before_what_is_open() -> None:
    assert [kind in WRONG for kind in RANKS] == sorted((kind in WRONG for kind in RANKS), reverse=True)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="A019"):
        account(tmp_path / name_of(1), TODAY)
