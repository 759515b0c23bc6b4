"""Every case with an expectation is a test; the expected values were worked out by hand from the regulations."""

from __future__ import annotations

from pathlib import Path

import pytest

import dingji
from conftest import ROOT
from dingji.analysis.coverage import coverage
from dingji.cases.folder import case_files
from dingji.cases.reader import CaseFile
from dingji.conformance import check
from dingji.knowledge.model import Knowledge

FILES = case_files([ROOT / "cases"])
CASES = [(path, case) for path in FILES for case in dingji.read_cases(path)]


@pytest.mark.parametrize(("path", "file"), CASES, ids=[f"{p.stem}:{c.id}" for p, c in CASES])
def test_case(kb: Knowledge, path: Path, file: CaseFile) -> None:
    case = file.check(kb)
    assert case.expectation is not None, "a case of the project says what it expects"
    assert check(kb, case) == []


def test_ids_are_unique() -> None:
    seen: dict[str, Path] = {}
    for path, case in CASES:
        assert case.id not in seen, f"{case.id} stands in {seen[case.id]} and {path}"
        seen[case.id] = path


def test_every_rule_is_seen_true_and_false(kb: Knowledge) -> None:
    """Each rule fires in some case, and each condition is false in another. Rules without a condition can't be false."""
    found = coverage(kb, (file for _, file in CASES))
    assert [c.rule for c in found if not c.true] == [], "never true"
    assert [c.rule for c in found if c.can_be_false and not c.false] == [], "never false"
