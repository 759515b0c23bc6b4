"""One fixture for each mistake in a case file: it never grades, and it says where, what is wrong and what right looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dingji
from dingji.knowledge.model import Knowledge
from knowledge.codes import codes
from knowledge.mistakes import GOOD

from .mistakes import HERE, SOUND, make, mistakes

MISTAKES = list(mistakes(HERE / "bad"))


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def test_the_case_without_a_mistake_is_graded(good: Knowledge) -> None:
    """A freeboard of 1.5 m is orange, one worse with a hundred people."""
    result = dingji.grade(good, dingji.parse_case(SOUND))
    assert result.determination is not None
    assert (result.determination.grade, result.determination.status) == ("red", "determined")


@pytest.mark.parametrize("entry", [entry for _, entry in MISTAKES], ids=[name for name, _ in MISTAKES])
def test_mistake(entry: dict[str, Any], good: Knowledge, tmp_path: Path) -> None:
    path, expected = make(entry, tmp_path)
    with pytest.raises(dingji.CaseError) as caught:
        dingji.grade(good, dingji.read_case(path))
    problems = caught.value.problems
    listing = "\n".join(map(str, problems))
    assert [(p.file, p.line, p.column, p.code) for p in problems] == [(e.file, e.line, e.column, e.code) for e in expected], listing
    for problem, wanted in zip(problems, expected, strict=True):
        shown = f"{problem.message}; {problem.hint}"
        assert [words for words in wanted.says if words not in shown] == [], listing
    assert caught.value.exit_code == 4


def test_every_code_has_a_mistake() -> None:
    raised = {c for c in codes("C", ["cases", "grading.py", "documents.py", "shapes.py"]) if c[0] == "C"}
    shown = {wanted["code"] for _, entry in MISTAKES for wanted in entry.get("expect", [entry])}
    assert sorted(raised - shown) == [], "reported by the engine, without a fixture in bad/"
    assert sorted(shown - raised) == [], "in a fixture, but the engine never reports it"
    assert len(raised) >= 15, "the sources are no longer read as this test thinks"


def test_each_mistake_is_told_apart() -> None:
    names = [name for name, _ in MISTAKES]
    assert len(names) == len(set(names))
