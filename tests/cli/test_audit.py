"""`grade --record` and `dingji audit` through real processes, over the small base of the knowledge tests."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from wcwidth import wcswidth

from conftest import ROOT
from dingji.cli.audit import bar as progress
from knowledge.small import CASE

from .terminal import Terminal
from .test_commands import dingji

GOOD = ROOT / "tests" / "knowledge" / "good"
TIME = "2026-03-04T05:06:07+08:00"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "pond.yaml"
    path.write_text(CASE, "utf-8")
    return path


@pytest.fixture
def records(tmp_path: Path, case: Path) -> Path:
    """Two records of the small base."""
    folder = tmp_path / "records"
    for _ in range(2):
        run = dingji("grade", case, "--knowledge", GOOD, "--record", folder, "--by", "Li Wei", "--at", TIME)
        assert run.returncode == 0, run.stderr
    return folder


def audit(*arguments: str | Path) -> tuple[int, str, str]:
    run = dingji("audit", *arguments, "--knowledge", GOOD)
    return run.returncode, run.stdout, run.stderr


def test_grading_records_and_still_reports(case: Path, tmp_path: Path) -> None:
    plain = dingji("grade", case, "--knowledge", GOOD)
    run = dingji("grade", case, "--knowledge", GOOD, "--record", tmp_path / "records")
    assert (run.returncode, run.stdout) == (0, plain.stdout)
    statement = json.loads((tmp_path / "records" / "00000001.json").read_bytes())
    assert statement["predicate"]["timeSource"] == "clock"


def test_a_sound_folder(records: Path) -> None:
    code, out, err = audit(records)
    assert (code, err) == (0, "")
    for said in ("2 records: nothing is wrong.", "reproduced: 2", "pond", "2026-03-04", "none"):
        assert said in out


def test_check_is_the_same_by_its_name(records: Path) -> None:
    assert audit(records) == audit("check", records)


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_damage_in_both_languages_on_80_columns(records: Path, language: str, form: str) -> None:
    path = records / "00000001.json"
    path.write_bytes(path.read_bytes().replace(b"Li Wei", b"Bo Wei"))
    (records / "notes.txt").write_text("mine")
    code, out, err = audit(records, "--lang", language, "--format", form)
    assert (code, err) == (1, "")
    said = {"en": ("something is wrong", "the seal does not fit", "does not belong"), "zh": ("发现问题", "封印不符", "不属于该链")}
    for words in (*said[language], "A013", "A023", "A029"):
        assert words in out
    if form == "text":
        assert max(map(wcswidth, out.splitlines())) <= 80


def test_json_holds_every_verdict(records: Path) -> None:
    code, out, _ = audit(records, "--format", "json")
    plain = json.loads(out)
    assert (code, plain["sound"], plain["count"]) == (0, True, 2)
    assert [(v["verdict"], v["embedded"]["verdict"], v["base"]["verdict"]) for v in plain["verdicts"]] == [("reproduced",) * 3] * 2


def test_a_base_that_is_not_that_of_the_records_is_to_be_cleared_up(records: Path) -> None:
    run = dingji("audit", records)
    assert (run.returncode, "A055" in run.stdout) == (0, True)
    assert dingji("audit", records, "--strict").returncode == 1


def test_keys_sign_and_are_asked_for(case: Path, tmp_path: Path) -> None:
    made = dingji("audit", "key", "li", "--dir", tmp_path / "keys", "--valid-until", "2026-12-31")
    assert (made.returncode, made.stdout) == (0, "")
    assert "keep it secret" in made.stderr
    folder = tmp_path / "records"
    signed = ("grade", case, "--knowledge", GOOD, "--record", folder, "--key", tmp_path / "keys" / "li.key", "--at")
    assert dingji(*signed, TIME).returncode == 0
    assert audit(folder, "--keys", tmp_path / "keys")[0] == 0
    assert dingji(*signed, "2027-01-01T12:00:00Z").returncode == 0
    code, out, _ = audit(folder, "--keys", tmp_path / "keys")
    assert code == 1
    assert "A046" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--by", "Li"), "--by, --at and --key go with --record"),
        (("--record", "R", "--at", "yesterday"), "A005"),
        (("--record", "R", "--key", "none.key"), "A061"),
    ],
)
def test_what_recording_refuses(case: Path, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    run = dingji("grade", case, "--knowledge", GOOD, *options, cwd=tmp_path)
    assert run.returncode in (1, 2)
    assert said in run.stderr
    assert run.stdout == ""
    assert not (tmp_path / "R").exists()


def test_nothing_is_reported_that_could_not_be_recorded(case: Path, records: Path) -> None:
    (records / "00000002.json").write_bytes(b"")
    run = dingji("grade", case, "--knowledge", GOOD, "--record", records)
    assert (run.returncode, run.stdout) == (1, "")
    assert "A010" in run.stderr
    assert "run `dingji audit`" in run.stderr


@pytest.mark.parametrize("path", ["none", "empty"])
def test_nothing_to_audit(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = audit(tmp_path / path)
    assert (code, out) == (1, "")
    assert "A019" in err


def test_export(records: Path, tmp_path: Path) -> None:
    one = dingji("audit", "export", records / "00000001.json")
    assert json.loads(one.stdout)["predicateType"] == "urn:dingji:predicate:determination:v1"
    many = dingji("audit", "export", records)
    assert [json.loads(line)["_type"] for line in many.stdout.splitlines()] == ["https://in-toto.io/Statement/v1"] * 2
    prov = dingji("audit", "export", records, "--format", "prov-json", "-o", tmp_path / "prov.json")
    assert prov.returncode == 0, prov.stderr
    assert {"prefix", "entity", "activity", "agent", "used"} <= json.loads((tmp_path / "prov.json").read_text("utf-8")).keys()


def test_help_shows_path_and_commands() -> None:
    run = dingji("audit", "--help")
    assert run.returncode == 0
    for said in ("PATH", "check", "export", "key"):
        assert said in run.stdout


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_on_a_terminal_once_it_has_taken_long(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.Bar(10, quiet=False) as bar:
        bar.update(4)
        assert screen.getvalue() == "", "a second has not passed"
        monkeypatch.setattr(progress, "PATIENCE", 0)
        bar.update(3)
    assert "70%" in screen.getvalue()


def test_a_short_audit_shows_no_bar(records: Path) -> None:
    code, shown = Terminal("audit", records, "--knowledge", GOOD).end()
    assert code == 0
    assert "nothing is wrong" in shown
    assert "%" not in shown
