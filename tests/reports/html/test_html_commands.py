"""Documents from the command line."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dingji.cli import dingji

from ..samples import DEMO, LANGUAGES, ROOT

SEVERAL = ROOT / "cases" / "hazards" / "trade-2023.yaml"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(dingji, [str(a) for a in arguments])


@pytest.mark.parametrize("command", ["grade", "explain"])
def test_html_holds_everything_unless_less_is_asked_for(command: str) -> None:
    full = call(command, DEMO, "--format", "html", "--lang", "en")
    assert (full.exit_code, full.stderr) == (0, "")
    assert full.stdout.startswith("<!DOCTYPE html>\n")
    assert 'id="proof"' in full.stdout
    brief = call(command, DEMO, "--format", "html", "--lang", "en", "--detail", "brief")
    assert 'id="proof"' not in brief.stdout


def test_grade_stays_brief_in_a_terminal() -> None:
    plain = call("grade", DEMO, "--lang", "en")
    assert plain.stdout == call("grade", DEMO, "--lang", "en", "--detail", "brief").stdout
    assert len(plain.stdout.splitlines()) < 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_goes_to_a_file(language: str, tmp_path: Path) -> None:
    run = call("grade", DEMO, "--format", "html", "--lang", language, "-o", tmp_path / "report.html")
    assert (run.exit_code, run.stdout) == (0, "")
    assert {"en": "Level II", "zh": "二级"}[language] in (tmp_path / "report.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_word_goes_to_a_file(tmp_path: Path) -> None:
    run = call("grade", DEMO, "--format", "docx", "-o", tmp_path / "report.docx")
    assert (run.exit_code, run.stdout) == (0, "")
    assert "word/document.xml" in zipfile.ZipFile(tmp_path / "report.docx").namelist()


def test_pdf_goes_to_a_file(tmp_path: Path) -> None:
    run = call("explain", DEMO, "--format", "pdf", "--lang", "en", "--detail", "brief", "-o", tmp_path / "report.pdf")
    assert (run.exit_code, run.stdout) == (0, "")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_a_binary_document_wants_a_file(form: str) -> None:
    run = call("grade", DEMO, "--format", form)
    assert run.exit_code == 2
    assert f"--format {form} wants a file: -o FILE" in run.stderr


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
def test_a_document_is_of_one_case(form: str, tmp_path: Path) -> None:
    run = call("grade", SEVERAL, "--format", form, "-o", tmp_path / "report")
    assert run.exit_code == 2
    assert "choose with --case" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_case_of_several_can_be_chosen() -> None:
    first = SEVERAL.read_text("utf-8").split("case: ", 1)[1].split()[0]
    run = call("grade", SEVERAL, "--case", first, "--format", "html")
    assert run.exit_code == 0
    assert first in run.stdout
