"""The knowledge commands through real processes, over a small base of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conftest import ROOT

from .test_commands import dingji

GOOD = ROOT / "tests" / "analysis" / "good"
CASES = ROOT / "tests" / "analysis" / "cases"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A copy of the small base, to be edited."""
    shutil.copytree(GOOD, tmp_path / "good")
    return tmp_path / "good"


def edit(base: Path, name: str, old: str, new: str) -> None:
    text = (base / name).read_text("utf-8")
    assert text.count(old) == 1
    (base / name).write_text(text.replace(old, new), "utf-8")


def test_check_counts_what_is_there() -> None:
    run = dingji("kb", "check", "--knowledge", GOOD)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "no problems in 2 instruments, 9 rules, 9 facts, 1 scale, 0 crosswalks, 0 profiles, 1 source\n"


def test_what_the_commands_say_in_chinese(base: Path, tmp_path: Path) -> None:
    """Counts, differences, refused cases and coverage."""
    run = dingji("kb", "check", "--knowledge", GOOD, "--lang", "zh")
    assert run.stdout == "未发现问题：2 个文件、9 条规则、9 个事实、1 个量表、0 个对照表、0 个方案、1 个来源\n"
    case = tmp_path / "case.yaml"
    case.write_text("case: a\nsubject: hazard\nas_of: 2021-05-01\nfacts: {depth_m: 1}\nexpect: {met: [band.01]}\n", "utf-8")
    edit(base, "pit-2010.yaml", "when: depth_m >= 5 and not shored", "when: depth_m > 5 and not shored")
    run = dingji("kb", "test", CASES, case, "--knowledge", base, "--lang", "zh")
    assert "pits.yaml: old-deep: old.deep：预期为 满足，实为 不满足\n" in run.stdout
    assert "错误[C026]：未知的规则 'band.01'；是否想写 'band.1'" in run.stdout
    assert run.stdout.endswith("4 个案例符合预期，2 个不符，1 个未写预期\n")
    run = dingji("kb", "coverage", CASES, "--knowledge", GOOD, "--rule", "band.2", "--lang", "zh")
    assert run.stdout == (
        "band.2\n  触发的案例：shallow\n  未触发的案例：deep-sand, very-shallow\n1 条规则中有 1 条在某一案例中成立、在另一案例中不成立\n"
    )


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_check_reports_what_is_wrong(base: Path, form: str) -> None:
    edit(base, "pit-2020.yaml", "when: 3 <= depth_m < 5,", "when: 3 <= depth_m <= 5,")
    run = dingji("kb", "check", "--knowledge", base, "--format", form)
    assert run.returncode == 3
    wanted = "band.2 and band.3 give depth_band different values in one case: depth_m 5"
    if form == "text":
        assert run.stderr.startswith(f"good/pit-2020.yaml:22:9: error[K053]: {wanted}")
        assert run.stdout == ""
        return
    assert run.stderr == ""
    plain = json.loads(run.stdout)
    if form == "json":
        assert plain["conditions_analysed"] is True
        assert [(p["code"], p["line"], p["column"]) for p in plain["problems"]] == [("K053", 22, 9)]
    else:
        (result,) = plain["runs"][0]["results"]
        assert (result["ruleId"], wanted in result["message"]["text"]) == ("K053", True)
        assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 22, "startColumn": 9}


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_check_reports_what_does_not_load(base: Path, form: str) -> None:
    edit(base, "pit-2020.yaml", "when: 3 <= depth_m < 5,", "when: 3 <= dept_m < 5,")
    run = dingji("kb", "check", "--knowledge", base, "--format", form)
    plain = json.loads(run.stdout)
    found = plain["problems"] if form == "json" else plain["runs"][0]["results"]
    assert (run.returncode, len(found)) == (3, 1)
    assert "did you mean 'depth_m'" in json.dumps(found)


def test_cases_as_tests(base: Path) -> None:
    run = dingji("kb", "test", CASES, "--knowledge", base)
    assert (run.returncode, run.stdout, run.stderr) == (0, "5 cases as expected, 0 not, 1 without expectation\n", "")
    edit(base, "pit-2010.yaml", "when: depth_m >= 5 and not shored", "when: depth_m > 5 and not shored")
    run = dingji("kb", "test", CASES, "--knowledge", base)
    assert run.returncode == 1
    assert "pits.yaml: old-deep: old.deep: expected met, found not met" in run.stdout
    assert run.stdout.endswith("4 cases as expected, 1 not, 1 without expectation\n")
    plain = json.loads(dingji("kb", "test", CASES, "--knowledge", base, "--format", "json").stdout)
    assert (plain["met"], plain["failed"], plain["without_expectation"]) == (4, 1, 1)
    assert {d["case"] for d in plain["differences"]} == {"old-deep"}


def test_a_case_that_expects_an_unknown_rule(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("case: a\nsubject: hazard\nas_of: 2021-05-01\nfacts: {depth_m: 1}\nexpect: {met: [band.01]}\n", "utf-8")
    run = dingji("kb", "test", path, "--knowledge", GOOD)
    assert run.returncode == 1
    assert "error[C026]: unknown rule 'band.01'; did you mean" in run.stdout


def test_coverage(base: Path) -> None:
    run = dingji("kb", "coverage", CASES, "--knowledge", base)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "8 of 8 rules are seen true in one case and false in another\n"
    run = dingji("kb", "coverage", CASES, "--knowledge", base, "--rule", "band.2")
    assert run.stdout.splitlines()[:3] == ["band.2", "  fired by: shallow", "  missed by: deep-sand, very-shallow"]
    edit(base, "pit-2020.yaml", "then: 3}", "then: 3}\n      - {id: band.deep, when: depth_m == 50, then: 3, override: [band.3]}")
    run = dingji("kb", "coverage", CASES, "--knowledge", base, "--instrument", "pit-2020")
    assert run.returncode == 1
    assert run.stdout.splitlines() == [
        "band.deep",
        "  fired by: never",
        "  missed by: deep-sand, shallow, very-shallow",
        "5 of 6 rules are seen true in one case and false in another",
    ]
    plain = json.loads(dingji("kb", "coverage", CASES, "--knowledge", base, "--format", "json").stdout)
    assert [entry["rule"] for entry in plain if not entry["complete"]] == ["band.deep"]


def test_coverage_of_a_rule_that_is_not_there() -> None:
    run = dingji("kb", "coverage", CASES, "--knowledge", GOOD, "--rule", "band.22")
    assert (run.returncode, "did you mean 'band.2'" in run.stderr) == (3, True)


def test_diff(base: Path) -> None:
    assert dingji("kb", "diff", GOOD, base).stdout == "the two bases mean the same\n"
    edit(base, "pit-2010.yaml", "# yaml-language-server", "\n\n# moved down: positions are no change\n# yaml-language-server")
    assert dingji("kb", "diff", GOOD, base).stdout == "the two bases mean the same\n"
    edit(base, "pit-2010.yaml", "when: depth_m >= 5 and not shored", "when: depth_m > 5 and not shored")
    edit(base, "vocabulary.yaml", "range: [0, 50]", "range: [0, 60]")
    edit(base, "pit-2020.yaml", "policy: first", "policy: worst")
    run = dingji("kb", "diff", GOOD, base, "--cases", CASES)
    assert (run.returncode, run.stderr) == (0, "")
    for line in (
        "changed rule old.deep  (good/pit-2010.yaml:16:5)",
        "  when: depth_m >= 5 and not shored  ->  depth_m > 5 and not shored",
        "changed fact depth_m  (good/vocabulary.yaml:4:3)",
        "  type: a number in m, 0 to 50  ->  a number in m, 0 to 60",
        "changed table class  (good/pit-2020.yaml:",
        "  policy: first  ->  worst",
        "3 changes",
        "case old-deep",
        "  determination: major (determined)  ->  none (nothing found)",
    ):
        assert line in run.stdout, run.stdout
    plain = json.loads(dingji("kb", "diff", GOOD, base, "--cases", CASES, "--format", "json").stdout)
    assert [c["id"] for c in plain["changes"]] == ["old.deep", "depth_m", "class"]
    assert {c["case"]: c["parts"][0] for c in plain["cases"]}["old-deep"] == [
        "determination",
        {"grades": ["major"], "status": "determined", "error": ""},
        {"grades": ["none"], "status": "silent", "error": ""},
    ]


def test_diff_speaks_chinese(base: Path) -> None:
    assert dingji("kb", "diff", GOOD, base, "--lang", "zh").stdout == "两个知识库含义相同\n"
    edit(base, "pit-2010.yaml", "when: depth_m >= 5 and not shored", "when: depth_m > 5 and not shored")
    out = dingji("kb", "diff", GOOD, base, "--cases", CASES, "--lang", "zh").stdout.splitlines()
    assert out[0].startswith("变更规则 old.deep（good/pit-2010.yaml:")
    assert out[1:3] == ["  条件：depth_m >= 5 and not shored  ->  depth_m > 5 and not shored", "1处变更"]
    assert out[3:5] == ["案例old-deep", "  定级：major（已确定）  ->  none（未触及）"]
    assert out[-1] == "1个案例的定级不同"


def test_show_speaks_chinese() -> None:
    lines = dingji("kb", "show", "depth_m", "--knowledge", GOOD, "--lang", "zh").stdout.splitlines()
    assert lines[0] == "事实：depth_m" and "类型：以 m 计的数" in lines
    assert [line for line in lines if ": " in line.split("：")[0]] == []


def test_diff_names_what_came_and_went(base: Path) -> None:
    edit(base, "pit-2010.yaml", "id: old.deep", "id: old.deeper")
    out = dingji("kb", "diff", GOOD, base).stdout.splitlines()
    assert out == ["removed rule old.deep  (good/pit-2010.yaml:13:5)", "added rule old.deeper  (good/pit-2010.yaml:13:5)", "2 changes"]


def test_list_by_word_instrument_and_fact() -> None:
    def ids(*arguments: str) -> list[str]:
        return [row["id"] for row in json.loads(dingji("kb", "list", *arguments, "--knowledge", str(GOOD), "--format", "json").stdout)]

    assert ids("rules", "--fact", "soil") == ["class.major"]
    assert ids("rules", "--fact", "depth_band") == ["band.1", "band.2", "band.3", "class.major", "class.general"]
    assert ids("facts", "--instrument", "pit-2010") == ["depth_m", "shored"]
    assert ids("instruments", "--fact", "shored") == ["pit-2010"]
    assert ids("rules", "--search", "浅") == ["old.shallow"]
    assert ids("rules", "--search", "NOT deep") == ["old.deep"]
    run = dingji("kb", "list", "scales", "--fact", "soil", "--knowledge", str(GOOD))
    assert (run.returncode, "choose among" in run.stderr) == (2, True)
    run = dingji("kb", "list", "rules", "--fact", "soli", "--knowledge", str(GOOD))
    assert (run.returncode, "did you mean 'soil'?" in run.stderr) == (3, True)
