"""`dingji resolve` without a terminal and with one."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wcwidth

from conftest import ROOT
from disputes.ponds import SOUND

from .terminal import CTRL_C, END, Terminal
from .test_commands import dingji

GOOD = ROOT / "tests" / "knowledge" / "good"
DEMO = "cases/disputes/photovoltaic-site-and-risk-office.yaml"


@pytest.fixture
def pond(tmp_path: Path) -> Path:
    path = tmp_path / "pond.yaml"
    path.write_text(SOUND, "utf-8")
    return path


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = dingji("resolve", *arguments, "--knowledge", GOOD)
    return done.returncode, done.stdout, done.stderr


DECIDE = ("--decide", "people_below=100", "--reason", "The census counts a hundred.")


def test_the_analysis_says_what_it_turns_on(pond: Path) -> None:
    code, out, err = run(pond)
    assert (code, err) == (0, "")
    assert "The dispute turns on 1 of 4 issues" in out
    assert "- 60 persons: orange\n- 100 persons: red\n" in out
    assert "No rule behind the grade reads it." in out


def test_the_ruling_follows_from_what_is_decided(pond: Path) -> None:
    code, out, err = run(pond, *DECIDE, "--grade", "red", "--dissent", "ben", "people_below=@owner", "The register says sixty.")
    assert (code, err) == (0, "")
    assert "pond grade: red" in out
    assert "Reason: The census counts a hundred." in out
    assert "Ben dissents (60 persons): The register says sixty." in out
    assert "The owner lowers the water." in out
    assert "Not known: no text on appeals" in " ".join(out.split())


def test_a_grade_that_does_not_follow_is_refused(pond: Path) -> None:
    code, out, err = run(pond, *DECIDE, "--grade", "orange")
    assert (code, out) == (1, "")
    assert "error[D040]: the grade orange does not follow from the findings: what follows is red" in err


def test_an_override_shows_both_grades(pond: Path) -> None:
    over = ("--override", "orange", "--justification", "drained", "--authority", "the board", "--expires", "2016-01-01")
    code, out, _ = run(pond, *DECIDE, *over)
    assert code == 0
    assert "Computed from the findings: red" in out
    assert "Set by the panel until 2016-01-01: orange" in out
    data = json.loads(run(pond, *DECIDE, *over, "--format", "json")[1])
    assert (data["ruling"]["computed"], data["ruling"]["stands"]) == ("red", "orange")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--decide", "people_below=5"), 2, "each finding has its reason"),
        (("--guide",), 2, "needs a terminal"),
        (("--format", "docx"), 2, "wants a file"),
        (("--override", "orange"), 2, "--override goes with"),
        (("--authority", "x"), 2, "go with --override"),
        (("--decide", "people=5", "--reason", "x", "--decide", "patrol_done=maybe", "--reason", "y"), 4, "C021"),
        (("--grade", "III"), 4, "D022"),
    ],
)
def test_wrong_options(pond: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    found, out, err = run(pond, *arguments)
    assert (found, out) == (code, "")
    assert says in err


def test_all_that_is_wrong_with_the_findings_is_told_at_once(pond: Path) -> None:
    _, _, err = run(pond, "--decide", "people=5", "--reason", "x", "--decide", "finding=none", "--reason", "y")
    assert ("error[D020]" in err, "error[D021]" in err, err.count("error[")) == (True, True, 2)


def test_a_ruling_goes_into_the_chain_and_is_audited(pond: Path, tmp_path: Path) -> None:
    """Two rulings, one of them a departure that has ended: the audit grades both again, and reports the departure."""
    folder = tmp_path / "records"
    over = ("--override", "orange", "--justification", "drained", "--authority", "the board", "--expires", "2016-01-01")
    shown = run(pond, *DECIDE)[1]
    assert run(pond, *DECIDE, "--record", folder, "--by", "Ann", "--at", "2015-06-02T09:00:00+08:00") == (0, shown, "")
    assert run(pond, *DECIDE, *over, "--record", folder)[0] == 0
    done = dingji("audit", folder, "--knowledge", GOOD, "--on", "2015-12-31")
    assert (done.returncode, done.stderr) == (0, "")
    assert ("reproduced: 2" in done.stdout, "[A059]" in done.stdout, "red -> orange, the board" in done.stdout) == (True, True, True)
    late = dingji("audit", folder, "--knowledge", GOOD, "--on", "2016-01-01")
    assert (late.returncode, "[A043]" in late.stdout) == (1, True)
    kept = json.loads((folder / "00000001.json").read_bytes())["predicate"]
    assert (kept["recordedBy"], kept["ruling"]["ruling"]["stands"]) == ("Ann", "red")
    assert kept["ruling"]["ruling"]["findings"][0]["reason"]["en"] == "The census counts a hundred."


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [((), 2, "--record keeps a ruling"), (("--decide", "warden=Ann", "--reason", "x"), 1, "error[D043]"), (DECIDE, 1, "error[A005]")],
)
def test_what_is_no_ruling_is_not_recorded(pond: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    folder = tmp_path / "records"
    at = ("--at", "yesterday") if "A005" in says else ()
    found, out, err = run(pond, *arguments, "--record", folder, *at)
    assert (found, out, says in err, folder.exists()) == (code, "", True, False)


def test_findings_are_kept_in_the_file(pond: Path) -> None:
    code, _, err = run(pond, *DECIDE, "--save", pond)
    assert (code, err) == (0, f"findings saved in {pond}: 1\n")
    assert pond.read_text("utf-8").startswith(SOUND.rstrip("\n"))
    assert "pond grade: red" in run(pond)[1]
    other = pond.parent / "other.yaml"
    assert run(pond, "--save", other, "--quiet")[2] == ""
    assert other.read_text("utf-8") == pond.read_text("utf-8")
    code, _, err = run(pond, "--save", other)
    assert (code, "there is such a file already" in err) == (1, True)


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_form_in_both_languages(form: str, language: str) -> None:
    done = dingji("resolve", DEMO, "--format", form, "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"text": {"en": "Level II", "zh": "二级"}[language], "json": '"computed": "II"'}.get(
        form, "II" if language == "en" else "二级"
    ) in done.stdout


@pytest.mark.parametrize("name", ["photovoltaic-site-and-risk-office", "shopping-mall-fire", "enterprise-grade-a-or-b"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_text_fits_eighty_columns(name: str, language: str) -> None:
    out = dingji("resolve", f"cases/disputes/{name}.yaml", "--lang", language).stdout
    assert [line for line in out.splitlines() if wcwidth.wcswidth(line) > 80] == []


def test_a_word_document(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "ruling.docx"
    assert dingji("resolve", DEMO, "--format", "docx", "-o", path, "--lang", "zh").returncode == 0
    document = docx.Document(io.BytesIO(path.read_bytes()))
    text = "\n".join(p.text for p in document.paragraphs)
    assert "45至47号塔的照片显示吊臂下方有人作业。" in text
    assert document.tables[0].cell(0, 0).text == "隐患等级：二级"


# --- in a terminal


@pytest.fixture
def talk() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str | Path, language: str = "en") -> Terminal:
        opened.append(Terminal("resolve", *arguments, "--knowledge", GOOD, "--lang", language))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


Talk = Callable[..., Terminal]


def test_a_panel_is_walked_through_what_matters(talk: Talk, pond: Path) -> None:
    terminal = talk(pond)
    shown = terminal.answer("?")
    assert "1. people below (a judgement)" in shown
    assert "1. 60 persons (the owner)" in shown
    assert "60 persons: orange" in terminal.answer("2")
    assert "For what reason?" in terminal.answer("The census counts a hundred.")
    assert "Found: people below: 100 persons" in terminal.answer("ben")
    terminal.answer("@owner")
    terminal.answer("The register says sixty.")
    terminal.answer("no")
    code, shown = terminal.end()
    assert code == 0
    assert "The outcome is fixed: red. Nothing else need be decided." in shown
    assert "Ben dissents (60 persons): The register says sixty." in shown
    kept = pond.read_text("utf-8")
    assert kept.startswith(SOUND.rstrip("\n"))
    assert "member: ben" in kept


def test_the_dialogue_in_chinese_takes_other_values_and_goes_back(talk: Talk, pond: Path) -> None:
    terminal = talk(pond, language="zh")
    terminal.answer("返回")
    assert "没有可返回的认定。" in terminal.answer("很多")
    terminal.answer("普查")
    refused = terminal.answer("99")
    assert "不能采纳" in refused
    assert re.search("[a-z]{3} [a-z]{3}", refused.split("\n", 1)[1]) is None, "the reason is told in Chinese too"
    terminal.answer("实地清点")
    terminal.answer("否")
    code, shown = terminal.end()
    assert code == 0
    assert "结论已定：橙。" in shown
    assert "finds: 99" in pond.read_text("utf-8")


def test_a_ruling_found_in_a_dialogue_is_recorded(talk: Talk, pond: Path, tmp_path: Path) -> None:
    terminal = talk(pond, "--record", tmp_path / "records")
    terminal.answer("2")
    terminal.answer("The census counts a hundred.")
    terminal.answer("no")
    assert terminal.end()[0] == 0
    assert dingji("audit", tmp_path / "records", "--knowledge", GOOD).returncode == 0
    assert b'"stands":"red"' in (tmp_path / "records" / "00000001.json").read_bytes()


def test_stopping_changes_nothing(talk: Talk, pond: Path) -> None:
    terminal = talk(pond)
    terminal.expect("\n> ")
    terminal.type(END, end="")
    code, shown = terminal.end()
    assert (code, "Stopped; not everything is decided." in shown) == (0, True)
    assert pond.read_text("utf-8") == SOUND
    other = talk(pond)
    other.interrupt()
    assert other.end()[0] == 130
    assert CTRL_C not in pond.read_text("utf-8")


def test_a_decided_dispute_asks_nothing(talk: Talk, pond: Path) -> None:
    pond.write_text(SOUND + "ruling: {findings: {people_below: {finds: 100, reason: x}}}\n", "utf-8")
    code, shown = talk(pond).end()
    assert (code, "The outcome is fixed: red." in shown, "\n> " in shown) == (0, True, False)
    code, shown = talk(pond, "--no-guide").end()
    assert (code, "The outcome is fixed" in shown) == (0, False)
