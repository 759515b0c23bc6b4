"""What counts as a change between two bases."""

from __future__ import annotations

import shutil
from pathlib import Path

import dingji
from conftest import ROOT
from dingji.analysis.difference import changes

SMALL = ROOT / "tests" / "knowledge" / "good"


def test_where_a_thing_stands_is_no_change(tmp_path: Path) -> None:
    """A profile holds rules of its own, and the verdicts on agreement do: their places name folder and line, too."""
    other = tmp_path / "of-another-name"
    shutil.copytree(SMALL, other)
    for path in other.rglob("*.yaml"):
        path.write_text("# moved down\n" + path.read_text("utf-8"), "utf-8")
    assert changes(dingji.load(SMALL), dingji.load(other)) == ()


def test_a_changed_rule_of_a_profile_is_one(tmp_path: Path) -> None:
    other = tmp_path / "of-another-name"
    shutil.copytree(SMALL, other)
    path = other / "profiles" / "waves.yaml"
    path.write_text(
        path.read_text("utf-8").replace("waves.base.red, when: freeboard_m < 1", "waves.base.red, when: freeboard_m < 2"), "utf-8"
    )
    (change,) = changes(dingji.load(SMALL), dingji.load(other))
    assert (change.change, change.kind, change.id, [name for name, _, _ in change.parts]) == ("changed", "profile", "waves", ["rules"])
    ((_, before, after),) = change.parts
    assert ("freeboard_m < 1" in before, "freeboard_m < 2" in after) == (True, True)
