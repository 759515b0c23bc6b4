"""The command line through real processes: output, exit codes, error lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import jsonschema
import pytest

from conftest import ROOT
from dingji.cli import dingji as program
from dingji.cli.language import language
from dingji.cli.options import default_language

DEMO = "cases/power-grid/photovoltaic-under-500kv.yaml"


def dingji(*arguments: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in ("LANG", "LC_ALL", "LC_MESSAGES")} | environment
    command = [sys.executable, "-m", "dingji", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


@pytest.mark.parametrize("path", [DEMO, "power-grid/photovoltaic-under-500kv.yaml"])
def test_demo_grades_from_any_folder(tmp_path: Path, path: str) -> None:
    run = dingji("grade", path, "--format", "json", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert (result["determination"]["grade"], result["determination"]["status"]) == ("II", "provisional")
    assert {f["instrument"]: f["grade"] for f in result["findings"]}["sg.alcr"] == "major"
    assert set(result["disagreement"]["left_out"]) == {"casualties", "likelihood", "duration", "people"}
    assert result["evaluators"][0] == "reference"


def test_json_result_follows_its_schema() -> None:
    schema = json.loads(dingji("schema", "result").stdout)
    jsonschema.Draft7Validator(schema).validate(json.loads(dingji("grade", DEMO, "--format", "json").stdout))


@pytest.mark.parametrize("kind", ["case", "knowledge", "mapping", "result"])
def test_schemas_are_draft_7(kind: str) -> None:
    run = dingji("schema", kind)
    assert run.returncode == 0, run.stderr
    schema = json.loads(run.stdout)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("detail", ["brief", "panel", "full"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_reports_name_the_grade(detail: str, language: str, form: str) -> None:
    run = dingji("grade", DEMO, "--detail", detail, "--lang", language, "--format", form)
    assert run.returncode == 0, run.stderr
    assert {"en": "Level II", "zh": "二级"}[language] in run.stdout
    assert run.stderr == ""


def test_language_follows_the_locale() -> None:
    assert "二级" in dingji("grade", DEMO, LANG="zh_CN.UTF-8").stdout
    assert "Level II" in dingji("grade", DEMO, LANG="en_US.UTF-8").stdout


def test_explain_shows_the_proof() -> None:
    run = dingji("explain", DEMO)
    assert run.returncode == 0, run.stderr
    for expected in ("alcr.level.major", "SGE-002", "= 4 × 4", "§2.3"):
        assert expected in run.stdout


def test_output_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    run = dingji("grade", DEMO, "--format", "json", "-o", target)
    assert (run.returncode, run.stdout) == (0, "")
    assert json.loads(target.read_text(encoding="utf-8"))["case"] == "photovoltaic-under-500kv"
    assert list(tmp_path.iterdir()) == [target]


def test_output_that_can_not_be_written(tmp_path: Path) -> None:
    run = dingji("grade", DEMO, "-o", tmp_path / "no" / "such" / "folder.txt")
    assert run.returncode == 1
    assert "can't write" in run.stderr and "Traceback" not in run.stderr


def test_a_bad_case_writes_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("case: x\nsubject: hazard\nas_of: 2014-07-15\nfacts: {potential_death: 5, direct_loss_cny: much}\n", encoding="utf-8")
    target = tmp_path / "out.txt"
    run = dingji("grade", bad, "-o", target)
    assert run.returncode == 4
    assert not target.exists()
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert lines[0].startswith(f"{bad}:4:9: error[C020]: unknown fact 'potential_death'; did you mean 'potential_deaths'")
    assert lines[1].startswith(f"{bad}:4:46: error[C021]: direct_loss_cny: a number in cny is expected, not 'much'")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("case: [", "C002"),
        ("case: x\n\tsubject: hazard", "C002"),
        ("a: &x 1\nb: *x", "C003"),
        ("case: x\ncase: y\nsubject: hazard\nas_of: 2014-07-15", "C004"),
        ("case: x\nsubject: hazard\nas_of: 2014-02-30", "C006"),
        ("case: x\nsubject: hazard", "C007"),
        ("case: x\nsubject: hazard\nas_of: 1949-10-01\nscope: {sector: trade}", "C025"),
    ],
)
def test_bad_case_files(tmp_path: Path, text: str, code: str) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text, encoding="utf-8")
    run = dingji("grade", bad)
    assert run.returncode == 4
    assert f"error[{code}]" in run.stderr and "Traceback" not in run.stderr


def test_missing_case() -> None:
    run = dingji("grade", "no-such-case.yaml")
    assert (run.returncode, run.stderr) == (4, "no-such-case.yaml: error[C001]: there is no such file\n")


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as stream:
        stream.truncate(2**30)
    run = dingji("grade", huge)
    assert run.returncode == 4
    assert "1,073,741,824 bytes" in run.stderr


def test_bad_knowledge_exits_3(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("facts:\n  Bad-Name: {type: bool}\n", encoding="utf-8")
    for command in (("kb", "check"), ("grade", ROOT / DEMO)):
        run = dingji(*command, "--knowledge", tmp_path)
        assert run.returncode == 3
        assert "error[K006]" in run.stderr and "Traceback" not in run.stderr


def test_usage_errors_exit_2() -> None:
    run = dingji("grad", DEMO)
    assert run.returncode == 2
    assert "did you mean 'grade'?" in run.stderr
    assert dingji("grade", DEMO, "--as-of", "yesterday").returncode == 2
    assert dingji("grade", DEMO, "--require", "Z").returncode == 2


@pytest.mark.parametrize(("required", "code"), [("I", 0), ("II", 0), ("III", 1), ("IV", 1)])
def test_require(required: str, code: int) -> None:
    assert dingji("grade", DEMO, "--require", required).returncode == code


def test_another_day_picks_another_edition() -> None:
    result = json.loads(dingji("grade", DEMO, "--as-of", "2023-07-15", "--format", "json").stdout)
    instruments = {f["instrument"] for f in result["findings"]}
    assert "sg.class-2022" in instruments and "sg.class-2014" not in instruments


def test_profile_changes_the_grade_and_is_named() -> None:
    case = "cases/power-grid/risk-matrix.yaml"
    by_value = json.loads(dingji("grade", case, "--case", "alcr-matrix-p5-f4", "--profile", "split-by-value", "--format", "json").stdout)
    default = json.loads(dingji("grade", case, "--case", "alcr-matrix-p5-f4", "--format", "json").stdout)
    assert (default["determination"]["grade"], by_value["determination"]["grade"]) == ("II", "I")
    assert by_value["knowledge"]["profile"] == "split-by-value"


def test_unknown_profile_and_case_name_the_nearest() -> None:
    run = dingji("grade", DEMO, "--profile", "split-by-valeu")
    assert run.returncode == 3 and "did you mean 'split-by-value'?" in run.stderr
    run = dingji("grade", "cases/power-grid/risk-matrix.yaml", "--case", "alcr-matrix-p9-f9")
    assert run.returncode == 4 and "did you mean" in run.stderr


def test_kb_check_list_show() -> None:
    assert "no problems" in dingji("kb", "check").stdout
    assert json.loads(dingji("kb", "check", "--format", "json").stdout)["problems"] == []
    assert "sg.alcr" in dingji("kb", "list").stdout
    assert "potential_deaths" in dingji("kb", "list", "facts", "--search", "死亡").stdout
    shown = dingji("kb", "show", "alcr.level.major").stdout
    assert "9 < risk_value <= 25" in shown and "assumed" in shown
    run = dingji("kb", "show", "SGE-0002")
    assert run.returncode == 3 and "did you mean 'SGE-002'" in run.stderr


def test_no_colour_and_no_prompt_without_a_terminal() -> None:
    assert "\x1b" not in dingji("grade", DEMO, "--detail", "full").stdout


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m dingji grade {DEMO} --detail full | head -n 1"
    run = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert run.stderr == ""


def test_ascii_terminal_gets_chinese_without_a_crash() -> None:
    run = dingji("grade", DEMO, "--lang", "zh", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.returncode == 0, run.stderr


def test_without_the_rule_engine_the_reference_grades_alone(tmp_path: Path) -> None:
    (tmp_path / "durable").mkdir()
    (tmp_path / "durable" / "__init__.py").write_text("raise ImportError('not for this Python')\n", encoding="utf-8")
    run = dingji("grade", DEMO, "--format", "json", PYTHONPATH=str(tmp_path))
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["evaluators"] == ["reference"] and result["without"]
    assert result["determination"]["grade"] == "II"
    assert "the reference evaluator graded alone" in run.stderr
    assert dingji("grade", DEMO, "--quiet", PYTHONPATH=str(tmp_path)).stderr == ""


def test_version_and_help() -> None:
    assert dingji("--version").stdout.startswith("dingji 0.")
    for command in ((), ("grade",), ("explain",), ("kb",), ("kb", "show"), ("schema",)):
        run = dingji(*command, "--help")
        assert (run.returncode == 0 and "Examples:" in run.stdout) or command == ("kb",)


def test_a_template_with_an_error_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "determination" / "text"
    folder.mkdir(parents=True)
    (folder / "brief.j2").write_text("first line\n{% if %}\n", encoding="utf-8")
    run = dingji("grade", DEMO, "--templates", tmp_path)
    assert (run.returncode, run.stdout) == (5, "")
    assert f"{folder / 'brief.j2'}:2" in run.stderr and "Traceback" not in run.stderr


def test_every_command_speaks_the_language_it_is_asked_for() -> None:
    def below(group: click.Group, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            if isinstance(found, click.Group):
                yield from below(found, (*path, name))
            elif found is not None and "lang" not in {option.name for option in found.params}:
                yield (*path, name)

    assert list(below(program, ())) == []
    run = dingji("audit", "export", "no-such-folder", "--lang", "zh")
    assert run.returncode != 0 and "错误" in run.stderr


def test_the_language_is_that_of_the_locale_where_no_argument_is_given() -> None:
    assert language([]) == language(["grade"]) == default_language()
    assert (language(["grade", "--lang", "zh"]), language(["--lang=en"])) == ("zh", "en")
