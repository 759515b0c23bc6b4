"""`dingji delphi`: the rounds, and sheets without names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from html5lib import HTMLParser

from conftest import ROOT
from dingji.reports.lines import columns_of

from .test_commands import dingji

ROUNDS = ROOT / "cases" / "expert-opinions" / "rounds.yaml"
PANEL = ("zhao", "qian", "sun", "li")
CASE = """case: crane
subject: hazard
title: {en: Crane beside a line, zh: 线路旁起重机作业}
as_of: 2016-03-01
scope: {sector: electric_power, special_field: none, discipline: transmission}
facts:
  persons_on_site: {value: 30, asserted_by: sun}
  grid_events: []
survey: {scale: hazard-level, panel: [zhao, qian, sun, li]}
opinions:
  - {rater: zhao, round: 1, grade: I, reasons: [casualties, "the jib <b>turns</b> over the line"]}
  - {rater: qian, round: 1, grade: III, reasons: [casualties]}
  - {rater: sun, round: 1, grade: III}
  - {rater: li, round: 1, grade: IV, reasons: [persons_on_site]}
"""


class Done(NamedTuple):
    code: int
    out: str
    err: str


def run(*arguments: str) -> Done:
    done = dingji(*arguments)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "crane.yaml"
    path.write_text(CASE, "utf-8")
    return path


def test_the_rounds(case: Path) -> None:
    done = run("delphi", str(case), "--lang", "en")
    assert done.code == 0, done.err
    for words in ("Panel: zhao, qian, sun, li.", "Level III: 2 experts", "Median: Level III.", "· casualties", "Due: round 2."):
        assert words in done.out, words
    assert "The experts do not agree yet" in done.out


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_a_sheet_names_nobody_else(case: Path, lang: str, form: str) -> None:
    done = run("delphi", str(case), "--rater", "li", "--lang", lang, "--format", form)
    assert done.code == 0, done.err
    assert "li" in done.out
    for other in ("zhao", "qian", "sun"):
        assert other not in done.out, f"{other} on the sheet of li"
    # the reasons of the dissenters are told, in the reader's words
    assert ("casualties" if lang == "en" else "人员伤亡") in done.out
    assert ("Your grade in round 1: Level IV." if lang == "en" else "您在第1轮的评定：四级。") in done.out
    assert ("Your grade was not the one in the middle" if lang == "en" else "您的评定与居中意见不同") in done.out


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_texts_fit_eighty_columns(case: Path, lang: str) -> None:
    for options in ((), ("--rater", "zhao")):
        out = run("delphi", str(case), "--lang", lang, *options).out
        assert [line for line in out.splitlines() if columns_of(line) > 80] == []


def test_a_page_is_sound_and_loads_nothing(case: Path) -> None:
    for options in ((), ("--rater", "zhao")):
        out = run("delphi", str(case), "--format", "html", "--lang", "zh", *options).out
        parser = HTMLParser(strict=True)
        parser.parse(out)
        assert "&lt;b&gt;turns&lt;/b&gt;" in out
        assert 'lang="zh-Hans"' in out
        assert "http" not in out.replace("http-equiv", "")


def test_sheets_for_everybody(case: Path, tmp_path: Path) -> None:
    folder = tmp_path / "round-2"
    done = run("delphi", str(case), "--sheets", str(folder), "--format", "markdown", "--lang", "en")
    assert done.code == 0, done.err
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"crane.round-2.{rater}.md" for rater in PANEL)
    assert "4 sheets for round 2" in done.err
    assert "Your grade in round 1: Level I." in (folder / "crane.round-2.zhao.md").read_text("utf-8")


def test_the_first_round_has_nothing_to_feed_back(case: Path) -> None:
    out = run("delphi", str(case), "--rater", "sun", "--round", "1", "--lang", "en").out
    assert "What the round before told" not in out
    assert "Please give your own judgement" in out
    assert "[ ] Level I\n" in out


def test_json(case: Path) -> None:
    told = json.loads(run("delphi", str(case), "--format", "json").out)
    assert (told["scale"], told["over"], told["next"]) == ("hazard-level", False, 2)
    assert told["rounds"][0]["median"] == ["III"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--rater", "lee"), 2, "experts: zhao, qian, sun, li"),
        (("--round", "3"), 2, "round 3 needs the opinions of round 2"),
    ],
)
def test_what_can_not_be_printed(case: Path, options: tuple[str, ...], code: int, says: str) -> None:
    done = run("delphi", str(case), *options)
    assert done.code == code
    assert says in done.err


def test_which_case_of_a_file(case: Path) -> None:
    assert "name one with --case" in run("delphi", str(ROUNDS)).err
    assert run("delphi", str(ROUNDS), "--case", "experts-stand-firm", "--lang", "en").code == 0
    done = run("delphi", str(ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml"))
    assert (done.code, "C040" in done.err) == (4, True)
