"""Text in a case can't run in, or break, what any command prints; and every template can be replaced, its mistakes named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from knowledge.small import CASE

KNOWLEDGE = ROOT / "tests" / "knowledge" / "good"
TEMPLATES = ROOT / "templates"
HOSTILE = "<script>alert(1)</script> {{ 7*1234567 }} {% for a in b %} \u202eexe.gpj \x1b[31mred"
QUOTED = '"' + "".join(c if c.isalnum() or c == " " else f"\\u{ord(c):04x}" for c in HOSTILE) + '"'
STATED = f"  people_below: {{value: 100, asserted_by: {QUOTED}, evidence: [{QUOTED}], note: {QUOTED}}}\n"

COMMANDS: dict[str, tuple[str, ...]] = {
    "grade": ("grade", "{case}", "--detail", "full"),
    "explain": ("explain", "{case}"),
    "why": ("why", "{case}"),
    "why-not": ("why-not", "{case}", "--grade", "yellow"),
    "what-if": ("what-if", "{case}", "--set", "water_level_m=5"),
    "what-if-to": ("what-if", "{case}", "--to", "yellow"),
    "ask": ("ask", "{case}", "--list"),
}


def dingji(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dingji", *map(str, arguments), "--knowledge", str(KNOWLEDGE)], capture_output=True, encoding="utf-8"
    )


PAGE = ("grade", "{case}", "--detail", "full", "--format", "html")


def command(name: str, case: Path) -> list[str]:
    return [part.replace("{case}", str(case)) for part in {**COMMANDS, "html": PAGE}[name]]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    text = CASE.replace("case: pond", f"case: pond\ntitle: {{en: {QUOTED}, zh: {QUOTED}}}\nnote: {QUOTED}", 1)
    assert "  people_below: 100\n" in text
    path = tmp_path / "case.yaml"
    path.write_text(text.replace("  people_below: 100\n", STATED), "utf-8")
    return path


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("name", COMMANDS)
def test_hostile_text_stays_text(name: str, form: str, language: str, case: Path) -> None:
    done = dingji(*command(name, case), "--format", form, "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    assert "8641969" not in done.stdout, "the expression was calculated"
    assert not set(done.stdout) & set("\u202e\x1b"), "the text turns or colours what follows"
    if form == "markdown":
        assert "<script" not in done.stdout.replace("\\<script", "")


def test_hostile_text_stays_text_in_pages(case: Path, tmp_path: Path) -> None:
    done = dingji("grade", case, "--format", "html", "--detail", "full", "-o", tmp_path / "page.html")
    assert (done.returncode, done.stderr) == (0, "")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>alert" not in page and "8641969" not in page and "\u202e" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_hostile_text_in_an_error_is_told_without_effect(case: Path) -> None:
    case.write_text(case.read_text("utf-8").replace("region: north", f"region: {QUOTED}"), "utf-8")
    for language in ("en", "zh"):
        done = dingji("grade", case, "--lang", language)
        assert done.returncode == 4
        assert "C021" in done.stderr and "8641969" not in done.stderr
        assert not set(done.stderr) & set("\u202e\x1b")


USED = {
    "grade": ("determination/text/full.j2", "determination/text/_parts.j2", "determination/text/_proof.j2", "determination/text/_head.j2"),
    "html": ("determination/html/full.j2", "determination/html/_page.j2", "determination/html/_parts.j2"),
    "why": ("why/text.j2", "why/_parts.j2"),
    "why-not": ("why/not-text.j2",),
    "what-if": ("what-if/text.j2",),
    "ask": ("ask/text/list.j2",),
}


@pytest.mark.parametrize(("name", "template"), [(name, template) for name, templates in USED.items() for template in templates])
def test_every_template_is_the_users_to_replace_and_its_mistake_is_named(name: str, template: str, case: Path, tmp_path: Path) -> None:
    own = tmp_path / "own" / template
    own.parent.mkdir(parents=True)
    text = (TEMPLATES / template).read_text("utf-8")
    own.write_text(text + "\n{% nonsense %}\n", "utf-8")
    done = dingji(*command(name, case), "--templates", tmp_path / "own")
    line = text.count("\n") + 2
    assert done.returncode == 5
    assert f"{own}:{line}:1: error[T002]" in done.stderr


@pytest.mark.parametrize("name", ["html", "why", "why-not", "what-if", "ask"])
def test_a_template_of_the_user_is_used_and_runs_in_the_sandbox(name: str, case: Path, tmp_path: Path) -> None:
    own = tmp_path / "own" / USED[name][0]
    own.parent.mkdir(parents=True)
    own.write_text("mine\n", "utf-8")
    assert dingji(*command(name, case), "--templates", tmp_path / "own").stdout.strip() == "mine"
    own.write_text("{{ ''.__class__.__mro__ }}\n", "utf-8")
    done = dingji(*command(name, case), "--templates", tmp_path / "own")
    assert done.returncode == 5
    assert f"{own}:1:1: error[T003]" in done.stderr and "unsafe" in done.stderr
