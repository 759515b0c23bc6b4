"""`dingji why` and `dingji why-not` through real processes, over the small base of the knowledge tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ROOT
from knowledge.small import CASE

from .test_commands import dingji

GOOD = ROOT / "tests" / "knowledge" / "good"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """2 m of freeboard, a crack of 21 mm, 50 people below: yellow by the code, orange by the list."""
    path = tmp_path / "pond.yaml"
    text = CASE.replace("water_level_m: 8.5", "water_level_m: 8").replace("people_below: 100", "people_below: {value: 50, asserted_by: Li}")
    path.write_text(text, "utf-8")
    return path


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = dingji(*arguments, "--knowledge", GOOD)
    return done.returncode, done.stdout, done.stderr


def test_why_prints_one_conclusion_only(case: Path) -> None:
    code, out, err = run("why", case, "--fact", "base_grade")
    assert (code, err) == (0, "")
    for said in (
        "Why: grade before adjustment",
        "grade before adjustment: yellow",
        "p10.base.yellow gives yellow",
        "[Pond code, §3; verified]",
    ):
        assert said in out
    assert "notice" not in out
    code, out, _ = run("why", case, "--rule", "p10.people")
    assert code == 0
    assert "p10.people does not hold" in out
    assert "✗ people below ≥ 100 persons (here 50 persons)" in out
    assert "judged by Li" in out


def test_why_not_names_the_nearest_miss_and_what_it_takes(case: Path) -> None:
    code, out, err = run("why-not", case, "--grade", "red")
    assert (code, err) == (0, "")
    assert "Determination is orange. No rule that would give red holds; the nearest miss\ncomes first." in out
    assert "1. p10.base.red would give red" in out
    assert "→ freeboard: 2 m; needed: less than 1 m (1 m too much)" in out
    assert "→ crest level: 10 m; needed: less than 9 m (1 m too much)" in out
    assert "With that, determination would be red." in out
    assert out.index("p10.base.red") < out.index("p10.people")
    assert "→ people below: 50 persons; needed: at least 100 persons (50 persons short)\n     judged by Li" in out


def test_why_not_in_chinese_and_as_markdown(case: Path) -> None:
    out = run("why-not", case, "--grade", "red", "--lang", "zh")[1]
    assert "为何不是红：定级" in out
    assert "→ 超高：2米；须为小于1米（超出1米）" in out
    assert "如此，定级即为红。" in out
    out = run("why-not", case, "--grade", "red", "--format", "markdown")[1]
    assert out.startswith("# Why not red: determination\n")
    assert "  - → **freeboard: 2 m; needed: less than 1 m (1 m too much)**" in out


def test_both_as_data(case: Path) -> None:
    plain = json.loads(run("why-not", case, "--grade", "red", "--format", "json")[1])
    assert (plain["status"], plain["value"], plain["routes"][0]["rule"]["id"]) == ("missed", "orange", "p10.base.red")
    assert plain["routes"][0]["needs"][0]["tests"] == [["<", ["1"]]]
    assert plain["routes"][0]["then"]["value"] == "red"
    plain = json.loads(run("why", case, "--instrument", "pond.list", "--format", "json")[1])
    assert (plain["kind"], plain["proof"]["value"]) == ("instrument", "severe")


def test_an_edition_that_is_not_in_force_says_its_dates_and_what_applies(case: Path) -> None:
    code, out, _ = run("why-not", case, "--instrument", "pond.2020", "--grade", "red")
    assert code == 0
    assert "Pond code of 2020 does not apply to this case." in out
    assert "It is in force from 2020; the case is graded as of 2015-06-01." in out
    assert "In its place: Pond code of 2010." in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["why", "--fact", "pond_grad"], 3, "error[K021]: there is no fact 'pond_grad'; did you mean 'pond_grade'"),
        (["why-not", "--rule", "p10.bas.red"], 3, "did you mean 'p10.base.red'"),
        (["why-not", "--instrument", "pond.lists"], 3, "there is no instrument 'pond.lists'; did you mean 'pond.list'"),
        (["why-not", "--grade", "redd"], 2, "the scale pond has no grade 'redd'; did you mean 'red'"),
        (["why-not"], 2, "--grade GRADE, --rule ID or --instrument ID"),
        (["why-not", "--rule", "list.1", "--grade", "red"], 2, "--rule stands alone"),
        (["why", "--rule", "list.1", "--fact", "score"], 2, "one of them"),
        (["why", "--instrument", "pond.duties"], 2, "gives no finding"),
    ],
)
def test_errors_teach(case: Path, arguments: list[str], code: int, said: str) -> None:
    found, out, err = run(arguments[0], case, *arguments[1:])
    assert (found, out) == (code, "")
    assert said in err
