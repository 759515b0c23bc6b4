"""The chain: what a folder of records promises, whoever writes to it and however it ends."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from dingji.audit import chain as chains
from dingji.audit.canonical import sha256
from dingji.audit.chain import append, load_file, name_of, read_chain
from dingji.audit.links import brief, check
from dingji.audit.model import RecordError

from .samples import chain_of, codes, report, toy


def test_each_record_names_the_one_before(tmp_path: Path) -> None:
    folder = chain_of(tmp_path / "new" / "records", 3)
    records = [stored.record for stored in read_chain(folder)]
    assert [r.case for r in records if r] == ["toy-1", "toy-2", "toy-3"]
    files = [(folder / name_of(n)).read_bytes() for n in (1, 2, 3)]
    assert [r.link.previous for r in records if r] == [None, sha256(files[0]), sha256(files[1])]
    assert [r.link.number for r in records if r] == [1, 2, 3]
    found = report(folder)
    assert (found.whole, found.of, found.notes, found.count, found.head) == ([], {}, [], 3, sha256(files[2]))


def test_appending_looks_at_the_last_record_only(tmp_path: Path) -> None:
    folder = chain_of(tmp_path, 4)
    for number in (1, 2, 3):
        (folder / name_of(number)).unlink()
    assert append(folder, toy()).number == 5


def _writer(folder: Path, count: int, name: str) -> subprocess.Popen[bytes]:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from audit.samples import append, toy\nfrom pathlib import Path\n"
        f"for n in range({count}): append(Path({str(folder)!r}), toy(f'{name}-{{n}}'))\n"
    )
    return subprocess.Popen([sys.executable, "-c", code])


def test_two_writers_at_once_make_one_unbroken_chain_of_2000(quick: Path) -> None:
    writers = [_writer(quick, 1000, name) for name in ("left", "right")]
    assert [w.wait(120) for w in writers] == [0, 0]
    assert codes(quick) == set()
    names = [stored.record.case for stored in read_chain(quick) if stored.record]
    assert sorted(names) == sorted(f"{side}-{n}" for side in ("left", "right") for n in range(1000))
    # they took turns: neither waited for the other to end
    assert {name.split("-")[0] for name in names[:1000]} == {"left", "right"}


def test_500_killed_writers_lose_nothing_and_leave_no_half_record(quick: Path) -> None:
    script = Path(__file__).with_name("killing.py")
    run = subprocess.run([sys.executable, str(script), str(quick), "500", "7"], capture_output=True, text=True, timeout=180, check=False)
    assert run.returncode == 0, run.stderr
    rounds, told, halves, count = map(int, run.stdout.split())
    assert rounds == 500
    assert told > 100, "the writers must have come to acknowledge something"
    assert count >= told + 2
    assert halves > 0, "some must have been killed in the middle of a file"


class _Killed(BaseException):
    """Ends a writer at a chosen step, as a kill would: nothing after it runs."""


def _steps(monkeypatch: pytest.MonkeyPatch, dies_at: int) -> list[str]:
    """Count the steps that touch the disk; die before the one of that number."""
    done: list[str] = []

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if len(done) == dies_at:
                raise _Killed
            done.append(name)
            return function(*arguments, **options)

        return step

    monkeypatch.setattr(os, "fsync", counted("sync", os.fsync))
    monkeypatch.setattr(Path, "replace", counted("move", Path.replace))
    monkeypatch.setattr(Path, "unlink", counted("clear", Path.unlink))
    return done


@pytest.mark.parametrize("records", [0, 1, 5])
def test_a_writer_may_die_before_any_step(tmp_path: Path, records: int) -> None:
    chain_of(tmp_path / "count", records)
    with pytest.MonkeyPatch.context() as patch:
        done = _steps(patch, -1)
        append(tmp_path / "count", toy())
        total = len(done)
    assert total >= 6
    for step in range(total + 4):
        folder = tmp_path / f"dies-{step}"
        chain_of(folder, records)
        with pytest.MonkeyPatch.context() as patch:
            _steps(patch, step)
            try:
                append(folder, toy("dies"))
                told = 1
            except _Killed:
                told = 0
        assert codes(folder) <= {"A020"} if records == 0 else codes(folder) == set()
        append(folder, toy("goes on"))
        names = [stored.record.case for stored in read_chain(folder) if stored.record]
        assert names[:records] == [f"toy-{n}" for n in range(1, records + 1)]
        assert names[-1] == "goes on"
        assert names.count("dies") in ({1} if told else {0, 1})
        assert codes(folder) == set()


def test_a_flipped_bit_is_found_in_each_of_1000_records(quick: Path) -> None:
    folder = chain_of(quick, 1000)
    briefs = [brief(load_file(folder / name_of(n))) for n in range(1, 1001)]
    assert check(folder, briefs).of == {}
    chance = random.Random(5)
    for index in range(1000):
        path = folder / name_of(index + 1)
        sound = path.read_bytes()
        place, bit = chance.randrange(len(sound)), 1 << chance.randrange(8)
        path.write_bytes(sound[:place] + bytes([sound[place] ^ bit]) + sound[place + 1 :])
        flipped = brief(load_file(path))
        assert flipped.troubles, f"record {index + 1}, byte {place}, bit {bit}: not seen in the file itself"
        path.write_bytes(sound)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_byte_of_a_record_and_of_the_head_counts(quick: Path, number: int) -> None:
    folder = chain_of(quick, 3)
    for path in (folder / name_of(number), folder / "chain.json"):
        sound = path.read_bytes()
        for place in range(len(sound)):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            assert codes(folder) != set(), f"{path.name}, byte {place}"
        path.write_bytes(sound)
    assert codes(folder) == set()


def _resealed(path: Path, old: bytes, new: bytes) -> None:
    """Change a record and give it a new seal, as somebody would who knows how."""
    data = path.read_bytes()
    assert data.count(old) >= 1
    seal = data.split(b'"seal":"')[1][:64]
    blank = data.replace(old, new).replace(b'"seal":"' + seal, b'"seal":"', 1)
    path.write_bytes(blank.replace(b'"seal":"', b'"seal":"' + sha256(blank).encode(), 1))


@pytest.mark.parametrize(("number", "code"), [(1, "A023"), (2, "A023"), (3, "A021")])
def test_a_record_rewritten_with_a_new_seal_breaks_the_chain(tmp_path: Path, number: int, code: str) -> None:
    folder = chain_of(tmp_path, 3)
    _resealed(folder / name_of(number), b'"recordedBy":"Li"', b'"recordedBy":"Bo"')
    assert load_file(folder / name_of(number)).troubles == ()
    assert codes(folder) == {code}


def _truncated(folder: Path) -> None:
    path = folder / name_of(4)
    path.write_bytes(path.read_bytes()[:-200])


def _emptied(folder: Path) -> None:
    (folder / name_of(4)).write_bytes(b"")


def _cut_off(folder: Path) -> None:
    (folder / name_of(4)).unlink()


def _cut_off_two(folder: Path) -> None:
    _cut_off(folder)
    (folder / name_of(3)).unlink()


def _gap(folder: Path) -> None:
    (folder / name_of(2)).unlink()


def _swapped(folder: Path) -> None:
    second, third = folder / name_of(2), folder / name_of(3)
    one, two = second.read_bytes(), third.read_bytes()
    second.write_bytes(two)
    third.write_bytes(one)


def _spliced(folder: Path) -> None:
    other = chain_of(folder.parent / "other", 4)
    (folder / name_of(3)).write_bytes((other / name_of(3)).read_bytes())


def _two_chains(folder: Path) -> None:
    other = chain_of(folder.parent / "other", 6)
    for number in (5, 6):
        (other / name_of(number)).rename(folder / name_of(number))


def _copied(folder: Path) -> None:
    (folder / "00000002 (copy).json").write_bytes((folder / name_of(2)).read_bytes())


def _not_json(folder: Path) -> None:
    (folder / name_of(4)).write_bytes(b"\x89PNG")


def _huge(folder: Path) -> None:
    with (folder / name_of(4)).open("wb") as stream:
        stream.truncate(chains.MOST_BYTES + 1)


def _deep(folder: Path) -> None:
    (folder / name_of(4)).write_bytes(b"[" * 200_000 + b"]" * 200_000)


def _twice(folder: Path) -> None:
    path = folder / name_of(4)
    path.write_bytes(path.read_bytes().replace(b'"recordedBy":"Li"', b'"recordedBy":"Bo","recordedBy":"Li"'))


def _printed_anew(folder: Path) -> None:
    path = folder / name_of(4)
    path.write_bytes(path.read_bytes().replace(b",", b", "))


def _foreign(folder: Path) -> None:
    (folder / name_of(4)).write_bytes(b'{"a":1}')


def _link(folder: Path) -> None:
    path = folder / name_of(4)
    path.rename(folder.parent / "elsewhere.json")
    path.symlink_to(folder.parent / "elsewhere.json")


def _device(folder: Path) -> None:
    _cut_off(folder)
    os.mkfifo(folder / name_of(4))


def _no_head(folder: Path) -> None:
    (folder / "chain.json").unlink()


def _old_head(folder: Path) -> None:
    path = folder / "chain.json"
    now = path.read_bytes()
    append(folder, toy())
    append(folder, toy())
    path.write_bytes(now)


def _bad_head(folder: Path) -> None:
    (folder / "chain.json").write_bytes(b'{"chain":"x"}')


# damage, what the audit says, what a writer says (None: the end of the chain is sound, so it writes)
DAMAGE = [
    (_truncated, {"A010"}, "A010"),
    (_emptied, {"A010"}, "A010"),
    (_cut_off, {"A026"}, "A014"),
    (_cut_off_two, {"A026"}, "A014"),
    (_gap, {"A026"}, None),
    (_swapped, {"A027"}, None),
    (_spliced, {"A025", "A023", "A028"}, None),
    (_two_chains, {"A025", "A023", "A028", "A022"}, "A023"),
    (_copied, {"A029"}, None),
    (_not_json, {"A010"}, "A010"),
    (_huge, {"A017"}, "A017"),
    (_deep, {"A010"}, "A010"),
    (_twice, {"A011"}, "A011"),
    (_printed_anew, {"A011"}, "A011"),
    (_foreign, {"A012"}, "A012"),
    (_link, {"A015"}, "A015"),
    (_device, {"A015"}, "A015"),
    (_no_head, {"A020"}, "A020"),
    (_old_head, {"A022"}, "A022"),
    (_bad_head, {"A024"}, "A024"),
]


@pytest.mark.parametrize(("damage", "seen", "refused"), DAMAGE, ids=[d[0].__name__.strip("_") for d in DAMAGE])
def test_damage_is_named_and_nothing_is_written_after_a_damaged_end(
    tmp_path: Path, damage: Callable[[Path], None], seen: set[str], refused: str | None
) -> None:
    folder = chain_of(tmp_path / "records", 4)
    damage(folder)
    found = codes(folder)
    assert seen <= found
    assert found <= seen | {"A021", "A023"}
    before = {path.name: path.lstat().st_mtime_ns for path in folder.iterdir() if path.name != ".lock"}
    if refused is None:
        assert append(folder, toy()).number == 5
        return
    with pytest.raises(RecordError) as caught:
        append(folder, toy())
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == (refused, 1)
    assert "dingji audit" in problem.hint
    assert {path.name: path.lstat().st_mtime_ns for path in folder.iterdir() if path.name != ".lock"} == before, "nothing was touched"


def test_a_clock_that_goes_backwards_is_said(tmp_path: Path) -> None:
    for time in ("2026-03-04T10:00:00+08:00", "2026-03-04T03:00:00Z", "2026-03-04T02:59:59Z"):
        append(tmp_path, toy(time=time))
    found = report(tmp_path)
    # 10:00 in China is 02:00 in Greenwich: only the third goes back
    assert [(n.code, Path(n.where).name) for n in found.notes] == [("A050", name_of(3))]
    assert found.whole == []


def test_what_a_killed_writer_left_is_said(tmp_path: Path) -> None:
    folder = chain_of(tmp_path, 2)
    (folder / ".pending").write_bytes(b'{"_type":')
    assert [n.code for n in report(folder).notes] == ["A051"]
    append(folder, toy())
    assert report(folder).notes == []


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("no folder")
    with pytest.raises(RecordError, match="A006"):
        append(tmp_path / "records", toy())


def test_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear auditor")
    with pytest.raises(RecordError, match=r"A020.*not empty"):
        append(tmp_path, toy())
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "letter.txt"]


def test_a_writer_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import filelock

    folder = chain_of(tmp_path, 1)
    monkeypatch.setattr(chains, "WAIT", 0.05)
    held = filelock.FileLock(folder / ".lock")
    with held, pytest.raises(RecordError, match="A007"):
        append(folder, toy())
