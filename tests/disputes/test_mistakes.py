"""One fixture for each mistake in a dispute file: where it is, what is wrong, what right looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingji.disputes.reader import read_dispute
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge
from knowledge.codes import codes
from knowledge.mistakes import MARK, marks, mistakes

from .ponds import SOUND

HERE = Path(__file__).parent
MISTAKES = list(mistakes(HERE / "bad"))


def text_of(entry: dict[str, Any]) -> str:
    if entry.get("deep"):
        return "dispute: " + "[" * 60 + "]" * 60
    if entry.get("missing"):
        return ""
    if "text" in entry:
        return str(entry["text"])
    if "add" in entry:
        return SOUND + str(entry["add"])
    assert SOUND.count(entry["find"]) == 1, f"{entry['find']!r} stands {SOUND.count(entry['find'])} times in the dispute"
    return SOUND.replace(entry["find"], entry["put"])


def places(entry: dict[str, Any], text: str) -> list[tuple[int, int]]:
    """Where each problem is expected: at the marks, or as the entry says."""
    at = entry.get("at")
    if at is None:
        # a mark inside quotes stands one column right of the value
        return [(line, column - bool(text.splitlines()[line - 1][column - 2] == '"')) for line, column in marks(text)] or [(0, 0)]
    return [tuple(place) for place in (at if isinstance(at[0], list) else [at])]


@pytest.mark.parametrize("entry", [entry for _, entry in MISTAKES], ids=[name for name, _ in MISTAKES])
def test_mistake(entry: dict[str, Any], good: Knowledge, tmp_path: Path) -> None:
    text = text_of(entry)
    path = tmp_path / "dispute.yaml"
    if not entry.get("missing"):
        path.write_text(text.replace(MARK, ""), "utf-8")
    if entry.get("ponds"):
        case = "case: {}\nsubject: hazard\nas_of: 2015-06-01\n"
        (tmp_path / "ponds.yaml").write_text("---\n".join(case.format(name) for name in ("upper", "middle")), "utf-8")
    with pytest.raises(CaseError) as caught:
        read_dispute(path).check(good)
    problems = caught.value.problems
    listing = "\n".join(map(str, problems))
    wanted = entry.get("expect") or [{"code": entry["code"], "says": entry["says"]}]
    assert [p.code for p in problems] == [w["code"] for w in wanted], listing
    assert {p.file for p in problems} == {str(path)}
    if not entry.get("loose"):
        assert [(p.line, p.column) for p in problems] == places(entry, text), listing
    for problem, expected in zip(problems, wanted, strict=True):
        shown = f"{problem.message}; {problem.hint}"
        assert [words for words in map(str, expected["says"]) if words not in shown] == [], listing
    assert caught.value.exit_code == 4


def test_all_mistakes_of_a_file_are_told_at_once(good: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "dispute.yaml"
    text = SOUND.replace("grade: red}", "grade: severe}").replace("patrol_done: false", "patrol_don: false").replace("p10.people,", "p10,")
    path.write_text(text, "utf-8")
    with pytest.raises(CaseError) as caught:
        read_dispute(path).check(good)
    assert [p.code for p in caught.value.problems] == ["D026", "D022", "C020"]


def test_every_code_has_a_mistake() -> None:
    files = ["disputes/names.py", "disputes/positions.py", "disputes/reader.py", "documents.py", "shapes.py"]
    raised = {c for c in codes("D", files) if c[0] == "D"}
    shown = {wanted["code"] for _, entry in MISTAKES for wanted in entry.get("expect", [entry]) if wanted["code"][0] == "D"}
    assert sorted(raised - shown) == [], "reported by the engine, without a fixture in bad/"
    assert sorted(shown - raised) == [], "in a fixture, but the engine never reports it"
    assert len(raised) >= 15


def test_the_sound_dispute_has_no_problem(good: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "dispute.yaml"
    path.write_text(SOUND, "utf-8")
    assert [issue.id for issue in read_dispute(path).check(good).issues] == ["people_below", "warden", "patrol_done", "finding"]
