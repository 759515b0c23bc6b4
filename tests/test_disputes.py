"""Every worked dispute is a test: its issues, its table and its claims were worked out by hand."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from conftest import ROOT
from dingji.cases.folder import case_files, dispute_files
from dingji.disputes.conformance import check
from dingji.disputes.reader import read_dispute
from dingji.disputes.settlement import Settlement
from dingji.knowledge.model import Knowledge

FILES = dispute_files([ROOT / "cases"])


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_dispute(kb: Knowledge, path: Path) -> None:
    dispute = read_dispute(path).check(kb)
    assert dispute.id == path.stem
    assert dispute.expectation is not None, "a dispute of the project says what it expects"
    assert dispute.expectation.material is not None
    assert dispute.expectation.not_material is not None
    assert dispute.expectation.table
    assert check(kb, dispute) == []


MOST = 256
"""Combinations of a worked dispute that are all graded one by one."""


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_table_is_what_grading_each_combination_gives(kb: Knowledge, path: Path) -> None:
    settlement = Settlement(read_dispute(path).check(kb), kb)
    if settlement.combinations > MOST:
        return  # the rows of its table are graded by `check`, and the small base tries every combination of many disputes
    sizes = [range(len(issue.positions)) for issue in settlement.dispute.issues]
    for positions in product(*sizes):
        choice = {issue.id: p for issue, p in zip(settlement.dispute.issues, positions, strict=True)}
        assert settlement.after(choice) == settlement.outcome_of(choice), choice


def test_disputes_and_cases_are_told_apart() -> None:
    assert {path.parent.name for path in FILES} == {"disputes"}
    assert not set(FILES) & set(case_files([ROOT / "cases"]))
    assert len(FILES) >= 3
