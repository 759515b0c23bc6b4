"""Whatever stands in a knowledge file: a knowledge base, or a KnowledgeError that names files and lines. Never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

import dingji
from cases.mistakes import SOUND
from dingji.knowledge import with_profile
from knowledge.mistakes import GOOD

from .mutations import damaged, examples, scraps

FILES = {str(path.relative_to(GOOD)): path.read_text("utf-8") for path in sorted(GOOD.rglob("*.yaml"))}
DAYS = ("2010-02-01", "2015-06-01", "2019-06-01", "2021-01-01")


def judge(folder: Path, name: str, data: str | bytes) -> None:
    """Load the good base with one file replaced; if it loads, it also grades, under every profile and edition."""
    if not folder.exists():
        shutil.copytree(GOOD, folder)
    path = folder / name
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    try:
        knowledge = dingji.load(folder, cache=False)
        for profile in (None, *knowledge.profiles):
            under = with_profile(knowledge, profile) if profile else knowledge
            for day in DAYS:
                try:
                    dingji.grade(under, dingji.parse_case(SOUND.replace("2015-06-01", day))).to_dict()
                except dingji.CaseError as error:
                    assert error.problems
    except dingji.KnowledgeError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.code[0] in "KE", str(problem)
            assert problem.file.startswith("good/") or problem.file == str(folder), str(problem)
            assert problem.message
            assert "\n" not in str(problem)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


@examples(100)
@given(data=st.binary(max_size=200))
@example(data=b"facts:\n  a: \xff")
@example(data=b"---\n---\n")
def test_bytes(data: bytes, tmp_path: Path) -> None:
    judge(tmp_path / "good", "more.yaml", data)


@examples(180)
@given(name=st.sampled_from(sorted(FILES)), data=st.data())
def test_one_damaged_file(name: str, data: st.DataObject, tmp_path: Path) -> None:
    judge(tmp_path / "good", name, data.draw(damaged([FILES[name]])))


CONDITION = 'when: warden == "nobody"'
WORDS = (
    "patrol_done", "people_below", "crack_width_mm", "region", "cracks", "pond_grade", "warden", "found_on", "c", "c.wet",
    "c.width_mm", "for", "in", "if", "else", "and", "or", "not", "==", "<", ">=", "!=", "+", "-", "*", "/", "//", "**", "(", ")",
    "[", "]", ",", ".", ":", "#", "\\", "any", "all", "count", "sum", "max", "min", "known", "round", "date", "days_between",
    '"north"', '"red"', '"2020-01-01"', "1", "0.5", "1e9", "True", "None", "lambda", "x", "f''", "@", ":=", "await", "yield", "…",
    "渗", "\n",
)  # fmt: skip


@examples(200)
@given(words=st.lists(st.sampled_from(WORDS) | scraps, min_size=1, max_size=14), folded=st.booleans())
def test_any_words_as_a_condition(words: list[str], folded: bool, tmp_path: Path) -> None:
    text = " ".join(words)
    quoted = "'" + text.replace("'", "''") + "'"
    condition = "when: >-\n      " + text.replace("\n", "\n      ") if folded else f"when: {quoted}"
    judge(tmp_path / "good", "instruments/duties.yaml", FILES["instruments/duties.yaml"].replace(CONDITION, condition))
