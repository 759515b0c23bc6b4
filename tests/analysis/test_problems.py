"""One fixture for each thing that is wrong with knowledge that loads; and nothing is found where nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import dingji
from dingji import analysis
from dingji.analysis.sarif import sarif
from dingji.errors import Problem
from dingji.knowledge.model import Knowledge
from knowledge.codes import codes
from knowledge.mistakes import make, mistakes

HERE = Path(__file__).parent
GOOD = HERE / "good"
MISTAKES = list(mistakes(HERE / "bad.yaml"))


def test_nothing_is_wrong_with_the_good_base() -> None:
    assert analysis.problems(dingji.load(GOOD, cache=False)) == []


def test_nothing_is_wrong_with_our_knowledge(kb: Knowledge) -> None:
    assert [str(p) for p in analysis.problems(kb)] == []


@pytest.mark.parametrize("entry", [entry for _, entry in MISTAKES], ids=[name for name, _ in MISTAKES])
def test_mistake(entry: dict[str, Any], tmp_path: Path) -> None:
    expected = make(entry, tmp_path / "good", GOOD)
    found = analysis.problems(dingji.load(tmp_path / "good", cache=False))
    listing = "\n".join(map(str, found))
    assert [(p.file, p.line, p.column, p.code) for p in found] == [(e.file, e.line, e.column, e.code) for e in expected], listing
    for problem, wanted in zip(found, expected, strict=True):
        for words in wanted.says:
            assert words in f"{problem.message}; {problem.hint}", listing


def test_every_code_has_a_fixture() -> None:
    reported = {e["code"] for _, entry in MISTAKES for e in entry.get("expect", [entry])}
    assert codes("K", ["analysis"]) == reported


def test_a_repetition_of_the_text_can_be_declared(tmp_path: Path) -> None:
    entry = next(e for name, e in MISTAKES if "the same item twice" in name)
    make(entry, tmp_path / "good", GOOD)
    path = tmp_path / "good" / "pit-2010.yaml"
    path.write_text(path.read_text("utf-8").replace("{id: old.again,", "{id: old.again, repeats: [old.deep],"), "utf-8")
    assert analysis.problems(dingji.load(tmp_path / "good", cache=False)) == []


def test_without_the_solver_the_rest_is_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = next(e for name, e in MISTAKES if "a fact that nobody reads" in name)
    make(entry, tmp_path / "good", GOOD)
    monkeypatch.setattr(analysis, "can_solve", lambda: False)
    assert [p.code for p in analysis.problems(dingji.load(tmp_path / "good", cache=False))] == ["K056"]


def test_sarif_names_file_line_and_rule() -> None:
    plain = sarif([Problem("knowledge/a b.yaml", 3, 5, "K050", "never true", "mend it"), Problem("x.yaml", 0, 0, "K001", "gone")])
    run = json.loads(json.dumps(plain))["runs"][0]
    assert run["tool"]["driver"]["rules"] == [{"id": "K001"}, {"id": "K050"}]
    first, second = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "knowledge/a%20b.yaml"}, "region": {"startLine": 3, "startColumn": 5}}
    assert (first["ruleId"], first["level"], first["message"]["text"]) == ("K050", "error", "never true; mend it")
    assert "region" not in second["locations"][0]["physicalLocation"]
