"""One fixture for each mistake of an author: where it is reported, under which code, in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dingji
from dingji.inference import durable

from .codes import codes
from .mistakes import GOOD, HERE, make, mistakes

MISTAKES = list(mistakes(HERE / "bad"))


@pytest.mark.parametrize("entry", [entry for _, entry in MISTAKES], ids=[name for name, _ in MISTAKES])
def test_mistake(entry: dict[str, Any], tmp_path: Path) -> None:
    expected = make(entry, tmp_path / "good")
    if any(e.code == "K034" for e in expected) and not durable.available():
        pytest.skip(str(durable.unavailable_reason()))
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(tmp_path / "good", cache=False)
    problems = caught.value.problems
    listing = "\n".join(map(str, problems))
    assert [(p.file, p.line, p.column, p.code) for p in problems] == [(e.file, e.line, e.column, e.code) for e in expected], listing
    for problem, wanted in zip(problems, expected, strict=True):
        shown = f"{problem.message}; {problem.hint}"
        assert [words for words in wanted.says if words not in shown] == [], listing


def test_every_code_has_a_mistake() -> None:
    raised = {c for c in codes("K", ["knowledge", "language", "inference", "documents.py", "shapes.py"]) if c[0] in "KE"}
    shown = {wanted["code"] for _, entry in MISTAKES for wanted in entry.get("expect", [entry])}
    elsewhere = {"K041", "K042"}  # only a case can bring two rules into conflict, or a formula out of its range
    assert sorted(raised - shown - elsewhere) == [], "reported by the engine, without a fixture in bad/"
    assert sorted(shown - raised) == [], "in a fixture, but the engine never reports it"
    assert len(raised) >= 30, "the sources are no longer read as this test thinks"


def test_each_mistake_is_told_apart() -> None:
    names = [name for name, _ in MISTAKES]
    assert len(names) == len(set(names))


def test_forty_mistakes_in_one_run(tmp_path: Path) -> None:
    """Ten files with four mistakes each: every one is reported, by file and line, and the error is of exit code 3."""
    folder = tmp_path / "forty"
    folder.mkdir()
    for path in GOOD.glob("*.yaml"):
        (folder / path.name).write_bytes(path.read_bytes())
    for number in range(10):
        lines = [
            "factors:",
            f"  f{number}: {{en: a}}",
            f"  {number}: {{en: a, zh: 甲}}",
            "  g: text",
            f"  h{number}: {{en: a, zh: 甲, fr: a}}",
        ]
        (folder / f"wrong-{number}.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(folder, cache=False)
    # by hand: no zh; a number is no id; text is no mapping; French is no key
    wanted = [
        (f"forty/wrong-{number}.yaml", line, column, code)
        for number in range(10)
        for line, column, code in ((2, 7, "K007"), (3, 3, "K006"), (4, 6, "K006"), (5, 22, "K005"))
    ]
    found = [(p.file, p.line, p.column, p.code) for p in caught.value.problems if "/wrong-" in p.file]
    assert found == wanted
    assert len(found) == 40
    assert list(caught.value.problems) == sorted(caught.value.problems, key=lambda p: (p.file, p.line, p.column))
    assert caught.value.exit_code == 3


def test_the_error_reads_as_one_line_each(tmp_path: Path) -> None:
    entry = next(entry for name, entry in MISTAKES if name.endswith("an unknown key with a near name"))
    make(entry, tmp_path / "good")
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(tmp_path / "good", cache=False)
    assert str(caught.value) == "good/scales.yaml:5:44: error[K005]: grade: unknown key 'color'; did you mean 'colour'?"
