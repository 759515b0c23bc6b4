"""Whatever stands in a case file: a result, or a CaseError whose every problem has a place in the file. Never a traceback."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

import dingji
from cases.mistakes import SOUND
from conftest import ROOT
from dingji.knowledge.model import Knowledge
from knowledge.mistakes import GOOD

from .mutations import damaged, examples

# the demo, and the first documents of cases of every kind
REAL = [
    (ROOT / "cases" / name).read_text("utf-8").split("\n---\n")[0] + "\n"
    for name in (
        "power-grid/photovoltaic-under-500kv.yaml",
        "power-grid/photovoltaic-deaths-unknown.yaml",
        "power-grid/duties.yaml",
        "accidents/order-493-combined.yaml",
        "accidents/order-599-worked.yaml",
    )
]


def judge(path: Path, knowledge: Knowledge) -> None:
    """Read, check and grade every case of a file."""
    size = path.stat().st_size
    try:
        for case in dingji.read_cases(path):
            dingji.grade(knowledge, case).to_dict()
    except dingji.CaseError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.code[0] in "CE"
            assert problem.file == str(path)
            assert problem.message
            assert 0 <= problem.line <= size + 2
            assert 0 <= problem.column <= size + 2
            assert "\n" not in str(problem)


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return path


@examples(150)
@given(data=st.binary(max_size=200), name=st.sampled_from(("case.yaml", "case.json", "case")))
@example(data=b"\xff\xfe", name="case.yaml")
@example(data=b"{}", name="case.json")
@example(data=b"--- \n--- \n", name="case.yaml")
@example(data=b'"\\ud800"', name="case.json")
def test_bytes(data: bytes, name: str, kb: Knowledge, tmp_path: Path) -> None:
    judge(write(tmp_path, name, data), kb)


@examples(150)
@given(text=st.text(alphabet=st.sampled_from("casefturbjo_:-[]{}?,&*!|>'\"%@#\\ \t\n\r0159.~渗\u2028\x85"), max_size=120))
def test_the_signs_of_yaml(text: str, kb: Knowledge, tmp_path: Path) -> None:
    judge(write(tmp_path, "case.yaml", "case: a\nsubject: hazard\nas_of: 2015-06-01\nfacts:\n  " + text), kb)


@examples(200)
@given(text=damaged(REAL))
def test_damaged_cases_of_the_project(text: str, kb: Knowledge, tmp_path: Path) -> None:
    judge(write(tmp_path, "case.yaml", text), kb)


SMALL: list[Knowledge] = []


def small() -> Knowledge:
    if not SMALL:
        SMALL.append(dingji.load(GOOD, cache=False))
    return SMALL[0]


@examples(300)
@given(text=damaged([SOUND]))
def test_a_damaged_small_case(text: str, tmp_path: Path) -> None:
    judge(write(tmp_path, "case.yaml", text), small())


@examples(100)
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.sampled_from(["unknown", "along", "north", "10 m"]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "at_least", "unit", "kind", "wet", "x"]), inner)
        ),
        max_leaves=6,
    ),
    fact=st.sampled_from(["crest_level_m", "people_below", "patrol_done", "warden", "found_on", "cracks", "region", "score", "moon"]),
)
def test_any_json_value_for_any_fact(value: object, fact: str, tmp_path: Path) -> None:
    import json

    document = {"case": "a", "subject": "hazard", "as_of": "2015-06-01", "facts": {fact: value}}
    judge(write(tmp_path, "case.json", json.dumps(document)), small())
