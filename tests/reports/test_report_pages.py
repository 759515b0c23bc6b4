"""Reports as a whole: width, colour, hostile text, overriding folders, and templates that go wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
import wcwidth

import dingji
from dingji.errors import DingjiError, Problem
from dingji.knowledge.model import Knowledge, Words
from dingji.methods.model import Result
from dingji.records import replace
from dingji.reports import Detail, Form, Language, ReportError, render
from dingji.reports.plain import escaped, stripped

from .samples import DEMO, DETAILS, FORMS, HOSTILE, LANGUAGES, ROOT, UNDETERMINED, files, graded, hostile


@pytest.fixture(scope="module")
def demo(kb: Knowledge) -> Result:
    return graded(kb, DEMO)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT / "cases")))
def test_every_case_keeps_to_the_width_in_both_languages(path: Path, kb: Knowledge) -> None:
    result = graded(kb, path)
    for language in ("en", "zh"):
        for width in (60, 80):
            page = render(result, kb, form="text", language=language, detail="full", width=width)
            wide = [line for line in page.splitlines() if wcwidth.width(line) > width]
            assert wide == [], (language, width)


@pytest.mark.parametrize("width", [40, 60, 100])
@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", [DEMO, UNDETERMINED], ids=["demo", "undetermined"])
def test_every_detail_keeps_to_the_width(path: Path, language: Language, detail: Detail, width: int, kb: Knowledge) -> None:
    page = render(graded(kb, path), kb, form="text", language=language, detail=detail, width=width)
    assert [line for line in page.splitlines() if wcwidth.width(line) > width] == []
    assert [line for line in page.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", [DEMO, UNDETERMINED], ids=["demo", "undetermined"])
def test_brief_fits_one_screen(path: Path, language: Language, kb: Knowledge) -> None:
    assert len(render(graded(kb, path), kb, form="text", language=language, detail="brief").splitlines()) <= 24


def test_what_the_inspector_must_see(demo: Result, kb: Knowledge) -> None:
    page = render(demo, kb, form="text", language="zh", detail="brief")
    assert "隐患等级：二级（橙色）" in page
    assert "2014年7月15日" in page
    assert "暂定：所依据的规则中有" in page
    assert "为何不同：" in page
    assert "人员伤亡" in page


def test_what_the_panel_must_see(demo: Result, kb: Knowledge) -> None:
    page = render(demo, kb, form="markdown", language="en", detail="panel")
    wanted = [
        "safety department",
        "5 persons",
        "photographs, towers 45-47",
        "by 2014-07-18",
        "today",
        "the milder one leaves out casualties",
    ]
    assert [words for words in wanted if words not in page] == []


def test_what_the_auditor_must_see(demo: Result, kb: Knowledge) -> None:
    page = " ".join(render(demo, kb, form="text", language="en", detail="full", width=100).split())
    wanted = ["= 4 × 4", "= the greatest of (1, 4, 2, 1)", "alcr.level.major", "9 < risk value R ≤ 25 (here 16)"]
    wanted += [demo.knowledge_digest, *demo.evaluators[1:]]
    assert [words for words in wanted if words not in page] == []


def test_three_silences_are_told_apart(demo: Result, kb: Knowledge) -> None:
    silent = next(f for f in demo.findings if f.status == "silent")
    found = set()
    for code in ("no_grade", "partial", "cleared_by_this_list"):
        page = render(replace(demo, findings=(replace(silent, silence=code),)), kb, form="text", language="zh", detail="panel")
        found.add(re.sub(r"\s", "", page))
    assert len(found) == 3


def test_a_run_without_the_rule_engine_says_so(demo: Result, kb: Knowledge) -> None:
    alone = replace(demo, evaluators=("reference",), without="no wheel for this Python")
    for language in ("en", "zh"):
        assert "no wheel for this Python" in render(alone, kb, form="markdown", language=language, detail="panel")


def test_a_case_without_determination_shows_its_findings_only(kb: Knowledge) -> None:
    path = ROOT / "cases" / "risks" / "overall-risk.yaml"
    result = next(r for c in dingji.read_cases(path) if (r := dingji.grade(kb, c)).determination is None)
    page = render(result, kb, form="text", language="en", detail="panel")
    assert "No determination" in page
    assert "not counted" not in page


def test_a_title_in_one_language_serves_both(demo: Result, kb: Knowledge) -> None:
    page = render(replace(demo, title=Words("Only English", "")), kb, form="text", language="zh", detail="brief")
    assert page.startswith("Only English\n")


def test_colour_changes_nothing_but_colour(demo: Result, kb: Knowledge) -> None:
    for detail in ("brief", "panel", "full"):
        plain = render(demo, kb, form="text", language="zh", detail=detail)
        coloured = render(demo, kb, form="text", language="zh", detail=detail, colour=True)
        assert "\x1b[" not in plain
        assert "\x1b[1;38;5;208m" in coloured  # orange, the colour of level II
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_markdown_has_no_colour(demo: Result, kb: Knowledge) -> None:
    assert "\x1b" not in render(demo, kb, form="markdown", language="zh", detail="full", colour=True)


# hostile text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("form", FORMS)
def test_hostile_text_stays_text(form: Form, detail: Detail, language: Language, kb: Knowledge) -> None:
    page = render(hostile(kb, HOSTILE), kb, form=form, language=language, detail=detail)
    assert "{{" in page or r"\{\{" in page  # it is there …
    assert "8641969" not in page  # … and was not run
    bad = {c for c in page if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c != "\n"}
    assert bad == set()
    assert "owned" not in page
    assert "31m" not in page
    if form == "text":
        assert [line for line in page.splitlines() if wcwidth.width(line) > 80] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("detail", DETAILS)
def test_hostile_text_leaves_the_markdown_as_it_was(detail: Detail, language: Language, kb: Knowledge) -> None:
    def outline(text: str) -> list[str]:
        """What starts each line, and how many cells it has."""
        page = render(hostile(kb, text), kb, form="markdown", language=language, detail=detail)
        rows = []
        for line in page.splitlines():
            bare = re.sub(r"\\.", "", line)
            mark = re.match(r"\s*(#+|-|\d+\.|\||\*\*)?", bare)
            assert mark
            rows.append(f"{mark[0]} {bare.count('|')} {bare.count('*')} {bare.count('`')} {bare.count('~')}")
            assert "<" not in bare
        return rows

    assert outline(HOSTILE) == outline("harmless")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a|b", r"a\|b"),
        ("# a", r"\# a"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("12) a", r"12\) a"),
        ("2014年", "2014年"),
        ("snake_case_name", "snake_case_name"),
        ("_a_", r"\_a\_"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("[a](b)", r"\[a\](b)"),
        ("`a` *b*", r"\`a\` \*b\*"),
        ("a\\", "a\\\\"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\tc\r\n d", "a b c d"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]8;;http://x\x1b\\b", "ab"),
        ("a\x1b[", "a"),
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("\x00\x08a", "a"),
        ("㐀𠀀李\U00031350", "㐀𠀀李\U00031350"),  # rare characters of names stay
        ("שלום", "שלום"),
    ],
)
def test_stripped(text: str, expected: str) -> None:
    assert stripped(text) == expected


# templates of the user


def own(folder: Path, text: str, name: str = "determination/text/brief.j2") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return folder


def refused(demo: Result, kb: Knowledge, folder: Path) -> Problem:
    with pytest.raises(ReportError) as caught:
        render(demo, kb, form="text", language="en", detail="brief", templates=folder)
    (problem,) = caught.value.problems
    assert caught.value.exit_code == 5
    assert isinstance(caught.value, DingjiError)
    return problem


def test_a_folder_replaces_single_files(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    own(tmp_path, "{{ r.title }}!\n")
    own(tmp_path, "{% macro head() %}mine\n{% endmacro %}{% macro determination() %}{% endmacro %}", "determination/markdown/_head.j2")
    assert render(demo, kb, form="text", language="en", detail="brief", templates=tmp_path) == f"{demo.title.en}!\n"
    page = render(demo, kb, form="markdown", language="en", detail="panel", templates=tmp_path)
    assert page.startswith("mine\n")
    assert "## Findings" in page
    assert render(demo, kb, form="text", language="en", detail="brief") != f"{demo.title.en}!\n"


def test_a_changed_template_is_read_again(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    own(tmp_path, "one")
    assert render(demo, kb, form="text", language="en", detail="brief", templates=tmp_path) == "one\n"
    path = own(tmp_path, "two") / "determination/text/brief.j2"
    os.utime(path, (1, 1))
    assert render(demo, kb, form="text", language="en", detail="brief", templates=tmp_path) == "two\n"


def test_a_template_that_is_wrong_is_named_with_its_line(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    own(tmp_path, "{{ r.title }}\n\n{% if r.title %}\n")
    problem = refused(demo, kb, tmp_path)
    assert (problem.code, problem.line) == ("T002", 3)
    assert problem.file == str(tmp_path / "determination/text/brief.j2")
    assert "endif" in problem.message
    assert str(problem).startswith(f"{problem.file}:3:1: error[T002]: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n{{ nobody }}\n", "'nobody' is undefined"),
        ("\n{{ r.nothing }}\n", "nothing"),
        ("\n{{ r.title.__class__.__mro__ }}\n", "__class__"),
        ("\n{{ r.title | nofilter }}\n", "nofilter"),
        ("\n{{ t('no.such.message') }}\n", "no.such.message"),
        ("\n{{ t('note') }}\n", "{note}"),
        ("\n{{ 1 + 'a' }}\n", "unsupported operand"),
        ("\n{{ 'a' * 1000000000 }}\n", "can't calculate"),
        ("\n{{ 9 ** 9 ** 9 ** 9 }}\n", "can't calculate"),
        ("\n{% for i in range(1000000000) %}{% endfor %}\n", "ange too big"),
        ("\n{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}\n", "200,000 steps"),
        ("\n{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(90) }}\n", "200,000 steps"),
        ("\n{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}\n", "without end"),
        ("\n{% include 'determination/text/brief.j2' %}\n", "without end"),
        ("\n{% include 'no/such.j2' %}\n", "no such template"),
        ("\n{% include '../../../../etc/passwd' %}\n", "no such template"),
    ],
)
def test_a_template_that_fails_is_an_error_with_its_line(text: str, said: str, demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    problem = refused(demo, kb, own(tmp_path, text))
    assert said in problem.message
    if problem.code != "T001":
        assert (problem.file, problem.line) == (str(tmp_path / "determination/text/brief.j2"), 2)


def test_a_folder_that_is_not_there_is_an_error(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    problem = refused(demo, kb, tmp_path / "tempaltes")
    assert (problem.code, problem.file) == ("T001", str(tmp_path / "tempaltes"))


def test_a_template_that_is_no_text_is_an_error(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    path = own(tmp_path, "") / "determination/text/brief.j2"
    path.write_bytes(b"\xff\xfe\x00")
    assert refused(demo, kb, tmp_path).code == "T001"


def test_a_wrong_message_of_a_user_is_named_with_the_template(demo: Result, kb: Knowledge, tmp_path: Path) -> None:
    own(tmp_path, 'question.first: "{nobody}"\nfindings.title: "{nobody}"\n', "messages/en/own.yaml")
    problem = refused(demo, kb, tmp_path)
    assert problem.code == "T004"
    assert "findings.title" in problem.message
    assert problem.file.endswith("determination/text/brief.j2")
    assert str(tmp_path / "messages" / "en") in problem.hint


def test_nothing_heavy_is_imported_before_a_report_is_asked_for() -> None:
    code = "import sys, dingji.reports; print([m for m in ('jinja2', 'wcwidth') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
