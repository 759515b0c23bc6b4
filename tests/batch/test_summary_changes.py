"""Sums over two gradings of a register: from which grade to which, of all rows and by group, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dingji
import dingji.cli
from dingji.batch.engine import connect
from dingji.batch.summary.figures import summary
from dingji.batch.summary.turns import Changes, Side, Turn
from dingji.errors import CaseError
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge

from .graded import MIXED_SIDES, compared, row, sides, written

A, B, D = (Side("enterprise-grade", grade) for grade in "ABD")
OPEN, NONE = Side("", "", "undetermined"), Side("", "", "ungraded")


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def changes(kb: Knowledge, path: Path) -> Changes:
    found = summary([path], kb).changes
    assert found is not None
    return found


def test_every_turn_is_counted_and_an_open_grade_is_a_side_of_its_own(kb: Knowledge, tmp_path: Path) -> None:
    found = changes(kb, compared(tmp_path / "g.parquet", MIXED_SIDES))
    # nine rows: A stays twice (once it becomes provisional), A to B twice, D to A, open to A, A to open, open stays, none stays
    assert {(turn.before, turn.after): turn.rows for turn in found.turns} == {
        (A, A): 2,
        (A, B): 2,
        (D, A): 1,
        (OPEN, A): 1,
        (A, OPEN): 1,
        (OPEN, OPEN): 1,
        (NONE, NONE): 1,
    }
    assert (found.rows, found.changed, found.open) == (9, 5, 2)
    assert found.turns[0] == Turn(A, B, 2)  # what changes comes first, the most rows first
    assert not found.turns[-1].changed
    assert found.before == (D, A, OPEN, NONE)
    assert found.after == (B, A, OPEN, NONE)  # most severe first, then what is no grade


def test_groups_are_told_by_their_changes(kb: Knowledge, tmp_path: Path) -> None:
    (group,) = changes(kb, compared(tmp_path / "g.parquet", MIXED_SIDES)).groups
    assert [(part.value, part.rows, part.changed) for part in group.parts] == [("y", 4, 4), ("x", 5, 1)]
    assert (group.values, group.rest) == (2, 0)


def test_other_kinds_of_files_and_results_without_the_scale(kb: Knowledge, tmp_path: Path) -> None:
    whole = changes(kb, compared(tmp_path / "g.parquet", MIXED_SIDES))
    for name in ("g.csv", "g.jsonl"):
        assert changes(kb, compared(tmp_path / name, MIXED_SIDES)) == whole
    bare = changes(kb, compared(tmp_path / "b.parquet", [{k: v for k, v in one.items() if "scale" not in k} for one in MIXED_SIDES]))
    assert (bare.rows, bare.changed) == (9, 5)


def test_one_grading_and_two_are_not_summed_up_together(kb: Knowledge, tmp_path: Path) -> None:
    paths = [compared(tmp_path / "two.parquet", MIXED_SIDES), written(tmp_path / "one.parquet", [row("A")])]
    with pytest.raises(CaseError, match=r"X013.*two in this file"):
        summary(paths, kb)


def test_a_row_that_is_refused_on_one_side_changes_and_without_an_answer_on_both_not(kb: Knowledge, tmp_path: Path) -> None:
    rows = [
        sides(None, "A", "x", status_a="refused"),
        sides("A", None, "x", status_b="refused"),
        sides(None, None, "x", status_a="refused", status_b=None, scale_b=None),
    ]
    found = changes(kb, compared(tmp_path / "g.parquet", rows))
    refused = Side("", "", "refused")
    assert {(turn.before, turn.after, turn.changed) for turn in found.turns} == {
        (refused, A, True),
        (A, refused, True),
        (refused, NONE, False),
    }
    assert found.changed == 2


def test_what_changes_beside_the_grade_is_counted(kb: Knowledge, tmp_path: Path) -> None:
    kinds = ["same", "status", "status", "findings", "grade"]
    rows = [sides("A", "B" if kind == "grade" else "A", "x", change=kind) for kind in kinds]
    assert changes(kb, compared(tmp_path / "g.parquet", rows)).unchanged == (("same", 1), ("status", 2), ("findings", 1))


PROFILE = "chongqing-700-is-c"


def test_a_comparison_that_the_command_wrote(kb: Knowledge, tmp_path: Path) -> None:
    """What `dingji batch --against` marks as changed are the turns that change."""
    cases = bundled("cases") / "enterprises" / "chongqing-rating.yaml"
    output = tmp_path / "changes.parquet"
    run = CliRunner().invoke(dingji.cli.dingji, ["batch", str(cases), "--profile", PROFILE, "--against", "none", "-o", str(output), "-q"])
    assert run.exit_code == 0, run.output
    found = changes(kb, output)
    query = "SELECT count(*), count(*) FILTER (changed), count(*) FILTER (grade_b IS NULL AND status_b = 'undetermined') FROM "
    assert connect().execute(f"{query}'{output}'").fetchall() == [(found.rows, found.changed, found.open)]
    assert found.changed  # some case of the worked file has just 700 points


def test_no_rows(kb: Knowledge, tmp_path: Path) -> None:
    path = compared(tmp_path / "g.parquet", MIXED_SIDES)
    connect().execute(f"COPY (SELECT * FROM '{path}' WHERE false) TO '{tmp_path / 'e.parquet'}' (FORMAT parquet)")
    found: Any = changes(kb, tmp_path / "e.parquet")
    assert (found.rows, found.changed, found.turns, found.groups[0].parts) == (0, 0, (), ())
