"""Every case with an expectation is a test; the expected values were worked out by hand from the regulations."""

from __future__ import annotations

from pathlib import Path

import pytest

import dingji
from conftest import ROOT
from dingji.cases.reader import CaseFile
from dingji.conformance import differences
from dingji.knowledge import with_profile
from dingji.knowledge.model import Knowledge

FILES = sorted(p for p in (ROOT / "cases").rglob("*") if p.suffix in (".yaml", ".json"))
CASES = [(path, case) for path in FILES for case in dingji.read_cases(path)]


@pytest.mark.parametrize(("path", "file"), CASES, ids=[f"{p.stem}:{c.id}" for p, c in CASES])
def test_case(kb: Knowledge, path: Path, file: CaseFile) -> None:
    case = file.check(kb)
    result = dingji.grade(kb, case)
    under = kb.plans[("profile", case.profile)] if case.profile else kb
    assert case.expectation is not None, "a case of the project says what it expects"
    assert differences(result, case, under) == []


def test_ids_are_unique() -> None:
    seen: dict[str, Path] = {}
    for path, case in CASES:
        assert case.id not in seen, f"{case.id} stands in {seen[case.id]} and {path}"
        seen[case.id] = path


def test_every_rule_is_seen_true_and_false(kb: Knowledge) -> None:
    """Each rule fires in some case, and each condition is false in another. Rules without a condition can't be false."""
    from dingji.inference.run import run

    true: set[str] = set()
    false: set[str] = set()
    for _, file in CASES:
        case = file.check(kb)
        under = with_profile(kb, case.profile) if case.profile else kb
        evaluation = run(under, case.facts(), case.as_of).evaluation
        # a crosswalk row stands once for each finding it carries: `row@instrument`
        truths = [(rule.id.split("@")[0], truth) for rule, truth in zip(evaluation.plan.rules, evaluation.truths, strict=True)]
        present = {rule for rule, _ in truths}
        owners = {a.instrument.id for a in evaluation.plan.applied}
        true |= {rule for rule, truth in truths if truth}
        false |= {rule for rule, truth in truths if truth is False}
        # a rule that the plan left out is false by the index facts alone
        false |= {r.id for r in under.rules.values() if r.owner in owners and r.id not in present}
    rules = {**kb.rules, **{r.id: r for p in kb.profiles.values() for r in p.rules}}
    settling = {r.disagreement for r in kb.reconciliations.values()}
    assert sorted(set(rules) - true - settling) == [], "never true"
    conditional = {i for i, rule in rules.items() if rule.when is not None}
    assert sorted(conditional - false) == [], "never false"
