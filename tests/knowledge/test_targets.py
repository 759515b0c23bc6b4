"""The targets of the knowledge base: loaded, shown, compared; they grade nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import ROOT
from dingji.analysis.difference import changes
from dingji.cli import dingji
from dingji.grading import load
from dingji.knowledge.model import Knowledge

FIRST = "  - id: cq.register.a\n    scale: enterprise-grade\n    grades: [A]\n    at_least: 30\n"


def test_every_target_names_its_document_and_place(kb: Knowledge) -> None:
    assert len(kb.targets) == 4
    for id, target in kb.targets.items():
        assert id == target.rule.id
        assert target.rule.source in kb.sources
        assert target.rule.cite.en and target.rule.text.en and target.rule.text.zh
        assert set(target.grades) <= {grade.id for grade in kb.scales[target.scale].grades}
        assert id not in kb.rules  # no case is graded by it


def test_a_changed_target_is_a_difference_and_changes_no_rule(kb: Knowledge, tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", folder)
    text = (folder / "targets.yaml").read_text("utf-8")
    assert FIRST in text
    (folder / "targets.yaml").write_text(text.replace(FIRST, FIRST.replace("30", "35.5")), "utf-8")
    (found,) = changes(kb, load(folder, cache=False))
    assert (found.change, found.kind, found.id, found.parts) == ("changed", "target", "cq.register.a", (("at_least", "30", "35.5"),))


@pytest.mark.parametrize(("language", "said"), [("en", "A: 30 % or more of all firms of the county."), ("zh", "全县A级企业占30%以上。")])
def test_a_target_is_listed_and_shown(language: str, said: str) -> None:
    def run(*arguments: str) -> str:
        return CliRunner().invoke(dingji, ["kb", *arguments, "--lang", language], catch_exceptions=False).stdout

    assert f"cq.register.a  {said}  [enterprise-grade: A]" in run("list", "targets")
    shown = json.loads(run("show", "cq.register.c", "--format", "json"))
    assert (shown["bounds"], shown["by"], shown["confidence"]) == (["<= 20 percent"], "county", "stated")
