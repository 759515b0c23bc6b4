"""One fixture for each mistake of an author: where it is reported, under which code, in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dingji
import pytest

from .mistakes import HERE, make, mistakes

MISTAKES = list(mistakes(HERE / "bad"))


@pytest.mark.parametrize("entry", [entry for _, entry in MISTAKES], ids=[name for name, _ in MISTAKES])
def test_mistake(entry: dict[str, Any], tmp_path: Path) -> None:
    expected = make(entry, tmp_path / "good")
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(tmp_path / "good", cache=False)
    problems = caught.value.problems
    listing = "\n".join(map(str, problems))
    assert [(p.file, p.line, p.column, p.code) for p in problems] == [(e.file, e.line, e.column, e.code) for e in expected], listing
    for problem, wanted in zip(problems, expected, strict=True):
        shown = f"{problem.message}; {problem.hint}"
        assert [words for words in wanted.says if words not in shown] == [], listing
