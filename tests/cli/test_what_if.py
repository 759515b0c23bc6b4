"""`dingji what-if` through real processes.

The pond: a freeboard of 1.5 m is orange by the code, a hundred people make it red; by the list a crack of 21 mm is orange.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import ROOT
from dingji.reports.lines import columns_of
from knowledge.small import CASE

from .test_commands import DEMO, dingji

GOOD = ROOT / "tests" / "knowledge" / "good"


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "pond.yaml"
    path.write_text(CASE, "utf-8")
    return path


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = dingji("what-if", *arguments, "--knowledge", GOOD)
    return done.returncode, done.stdout, done.stderr


def points(out: str, heading: str) -> list[str]:
    """The first lines of the points under a heading."""
    lines = out.splitlines()
    rest = lines[lines.index(heading) + 2 :]
    return [line[2:] for line in rest[: rest.index("")] if line.startswith("- ")]


def test_what_turns_the_grade_comes_first(case: Path) -> None:
    code, out, err = run(case, "--lang", "en")
    assert (code, err) == (0, "")
    assert points(out, "What turns the grade by itself") == [
        "people below: 100 persons → 99 persons or less: orange",
        "crest level: 10 m → 10.5 m or more: orange",
        "water level: 8.5 m → 8 m or less: orange",
    ]
    assert run(case, "--lang", "en", "--sensitivity")[1] == out


def test_other_values_change_grade_rules_and_duties(case: Path) -> None:
    code, out, err = run(case, "--lang", "en", "--set", "people_below=99")
    assert (code, err) == (0, "")
    assert points(out, "Changed") == ["people below: 100 persons → 99 persons (a judgement)"]
    assert points(out, "What it makes of the case") == [
        "pond grade: red (determined) → orange (determined)",
        "Pond code of 2010: red (determined) → orange (determined)",
    ]
    assert points(out, "Rules no longer met") == ["duty.lower", "p10.people"]
    assert points(out, "Duties that go") == ["at once: The owner lowers the water."]
    assert "What turns the grade by itself" not in out, "nobody asked"


def test_a_value_that_changes_nothing(case: Path) -> None:
    code, out, _ = run(case, "--lang", "en", "--set", "people_below=101")
    assert code == 0
    assert points(out, "What it makes of the case") == ["pond grade: red (determined), as before"]
    assert "No finding, rule, warning or duty changes." in out


def test_ways_to_a_grade_are_ranked_and_verified(case: Path) -> None:
    code, out, err = run(case, "--to", "orange", "--lang", "zh")
    assert (code, err) == (0, "")
    assert points(out, "怎样成为橙") == [
        "下游人数：100人 → 99人及以下（属判断）",
        "坝顶高程：10米 → 10.5米及以上",
        "水位：8.5米 → 8米及以下",
    ]
    assert "所列各途径均由两个求值器重新定级核实。" in out


def test_the_search_starts_from_the_changed_case(case: Path) -> None:
    """With 5 people only the crack (orange) and the freeboard (orange) are left: both must be better for yellow."""
    code, out, _ = run(case, "--set", "people_below=5", "--to", "yellow", "--lang", "en")
    assert code == 0
    assert points(out, "What makes it yellow") == ["crack width: 21 mm → 20 mm or less"] * 2
    assert "what follows the changes holds of the changed case" in " ".join(out.split())


def test_a_grade_that_stands_needs_no_change(case: Path) -> None:
    code, out, _ = run(case, "--to", "red", "--lang", "en")
    assert code == 0
    assert "It is so already; nothing need be changed." in out


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_grade_out_of_reach_ends_with_1(case: Path, size: int) -> None:
    """For clear, four facts must change: the people, the crack, the patrol and the freeboard."""
    code, out, err = run(case, "--to", "clear", "--changes", str(size), "--lang", "en")
    assert (code, err) == (1, "")
    assert f"There is no way with {'1 fact' if size == 1 else f'up to {size} facts'} changed." in " ".join(out.split())


def test_no_time_is_not_no_way(case: Path) -> None:
    code, out, _ = run(case, "--to", "orange", "--time", "0", "--lang", "en")
    assert code == 1
    assert "No way found before the time was over." in out
    assert "There is no way" not in out


@pytest.mark.parametrize(
    ("arguments", "problems"),
    [
        (("--to", "purple"), ["--to: error[C021]: the scale pond has no grade 'purple'; grades: red, orange, yellow, clear"]),
        (("--to", "oragne"), ["--to: error[C021]: the scale pond has no grade 'oragne'; did you mean 'orange'?"]),
        (("--set", "peple_below=4"), ["--set peple_below=4: error[C020]: unknown fact 'peple_below'; did you mean 'people_below'?"]),
        (
            ("--set", "people_below=-1", "--set", "crest_level_m=x"),
            [
                "--set crest_level_m=x: error[C021]: crest_level_m: a number in m is expected, not 'x'; "
                "write a plain number, without quotes",
                "--set people_below=-1: error[C023]: people_below: -1 is out of range; the range is 0 .. 100000",
            ],
        ),
        (("--set", "people_below"), ["--set people_below: error[C006]: a fact and its value are expected; write fact=value"]),
    ],
)
def test_what_is_wrong_is_named_at_its_option(case: Path, arguments: tuple[str, ...], problems: list[str]) -> None:
    code, out, err = run(case, *arguments)
    assert (code, out) == (4, "")
    assert err.splitlines() == problems


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--at-most",), "--at-most goes with --to GRADE"),
        (("--set", "people_below=1", "--set", "people_below=2"), "--set people_below stands twice"),
        (("--to", "orange", "--changes", "4"), "4 is not in the range 1<=x<=3"),
    ],
)
def test_options_that_do_not_go_together(case: Path, arguments: tuple[str, ...], problem: str) -> None:
    code, out, err = run(case, *arguments)
    assert (code, out) == (2, "")
    assert problem in err


def test_answers_as_data(case: Path) -> None:
    plain = json.loads(run(case, "--set", "people_below=5", "--to", "yellow", "--sensitivity", "--format", "json")[1])
    assert plain["difference"]["determination"]["after"] == {"grade": "orange", "status": "determined", "reachable": ["orange"]}
    assert [duty["after"] for duty in plain["difference"]["duties"]] == [None]
    ways = [[(e["fact"], e["after"]) for e in way["edits"]] for way in plain["ways"]["ways"]]
    assert ways == [[("crack_width_mm", "20"), ("crest_level_m", "10.5")], [("crack_width_mm", "20"), ("water_level_m", "8")]]
    assert plain["ways"]["complete"] == [1, 2, 3]
    assert plain["hinges"]["untried"] == 0
    assert plain["evaluators"][0] == "reference"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("asked", [(), ("--set", "potential_deaths=10"), ("--to", "I", "--changes", "1")])
def test_the_worked_dispute_fits_a_terminal(language: str, asked: tuple[str, ...]) -> None:
    """Ten deaths make it level I; so says every one of the three questions."""
    done = dingji("what-if", DEMO, *asked, "--lang", language, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"en": "Level I", "zh": "一级"}[language] in done.stdout
    assert {"en": "10 persons", "zh": "10人"}[language] in done.stdout
    assert [line for line in done.stdout.splitlines() if columns_of(line) > 80] == []


@pytest.mark.parametrize("command", ["grade", "explain"])
def test_a_page_says_what_would_change_the_grade(command: str) -> None:
    """Of the worked dispute: ten deaths instead of five; a page without details has no room for it."""
    done = dingji(command, DEMO, "--format", "html", "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 persons → 10 persons or more: Level I" in done.stdout
    assert "→ 10 persons" not in dingji(command, DEMO, "--format", "html", "--lang", "en", "--detail", "brief").stdout
