"""Errors in Chinese: every text that the engine says has one, and no other; what stands in the gaps is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import cases.mistakes as case_mistakes
import dingji
from dingji.cli.language import language
from dingji.errors import Problem, nearest
from dingji.knowledge.model import Knowledge
from dingji.reports.messages import read_messages
from dingji.reports.problems import GAP, Translator, shown, translator
from knowledge import mistakes

from . import raised
from .samples import ROOT

FOLDER = ROOT / "templates" / "messages" / "zh" / "errors"
CLICK = "click.yaml"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def catalogues(*, click: bool = False) -> dict[str, tuple[str, str]]:
    """Text -> (file, Chinese) of all catalogues; of click's only if wanted."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if click or path.name != CLICK:
            for text, chinese in read_messages(path, path.stat().st_mtime_ns).items():
                assert text not in found, f"{text!r} stands in {found[text][0]} and {path.name}"
                found[text] = (path.name, chinese)
    return found


def test_every_error_of_the_engine_has_its_chinese() -> None:
    known = catalogues(click=True)
    assert len(raised.raised()) > 400
    missing = {text: place for text, place in raised.raised().items() if text not in known}
    assert missing == {}, "add them to templates/messages/zh/errors"


def test_no_catalogue_holds_an_error_that_is_never_said() -> None:
    said = raised.raised()
    assert [(file, text) for text, (file, _) in catalogues().items() if text not in said and not text.startswith("did you mean")] == []


def test_both_texts_have_the_same_gaps_and_the_second_is_chinese() -> None:
    for text, (file, chinese) in catalogues(click=True).items():
        # a text that is there in both languages is said in one
        left_out = set(GAP.findall(text.split(" / ")[0].rpartition(" ")[2])) if " / " in text else set()
        assert set(GAP.findall(text)) - left_out == set(GAP.findall(chinese)), (file, text)
        assert CHINESE.search(chinese), (file, text)


SOURCE = """
from dingji.errors import Problem
HINT = "try " + "again"

def found(a, problems, hint=""):
    message = f"no {a!r} of {len(a)}" if a else "nothing at all"
    problems.report(a, 7, message, HINT)
    raise CaseError([Problem(a, 0, 0, "C001", "said " + ", ".join(a), wanted(a) or "or so")])

def wanted(a):
    return "one of {}".format(a)

def _handed(node, message, hint):
    return Problem(node, 0, 0, "C001", message, hint)

def handing(node):
    return _handed(node, "by way of a helper", hint="named")
"""


def test_the_reader_of_the_sources_finds_every_way_to_say_something(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(SOURCE, "utf-8")
    assert {raised.numbered(text) for _, text in raised.Module(tmp_path / "some.py").texts()} == {
        "no {1} of {2}",
        "nothing at all",
        "try again",
        "said {1}",
        "one of {1}",
        "or so",
        "by way of a helper",
        "named",
    }


def test_nothing_that_is_said_escapes_the_reader() -> None:
    """Words handed to a problem that the reader can't follow to a text; each is a text that was found elsewhere, or no words of ours."""
    assert sorted(raised.unread() - {*raised.FOLLOWED}) == []


def test_an_error_is_said_in_chinese_and_keeps_names_places_and_codes() -> None:
    problem = Problem("a.yaml", 3, 7, "C022", "the scale hazard-level has no grade 'V'", "did you mean 'IV' or 'I'?")
    assert shown(problem, "zh") == "a.yaml:3:7: 错误[C022]：量表 hazard-level 没有等级 'V'；是否想写 'IV' 或 'I'？"
    assert shown(problem, "en") == str(problem)


def test_what_stands_in_a_gap_is_said_in_chinese_too() -> None:
    text = translator("zh").text
    assert text("potential_deaths: a whole number is expected, not a list") == "potential_deaths：应为整数，而不是 列表"
    assert text(nearest("water_levl", ["water_level"])) == "是否想写 'water_level'？"


def test_the_text_that_says_more_is_meant() -> None:
    words = Translator({"{1} is a list": "甲{1}", "{1} is a list item": "乙{1}", "the list": "丙"})
    assert (words.text("x is a list item"), words.text("the list"), words.text("y is a list")) == ("乙x", "丙", "甲y")


def test_what_no_catalogue_knows_stays_as_it_is() -> None:
    assert translator("zh").text("no such words") == "no such words"
    assert translator("zh").text("x" * 100_000) == "x" * 100_000


def test_a_gap_can_hold_anything_and_says_nothing_by_itself() -> None:
    hostile = "{1} {2} \\1 {{ x }} <b>\n 值"
    assert translator("zh").text(f"unknown fact {hostile!r}") == f"未知的事实 {hostile!r}"


def test_many_gaps_in_a_long_text_take_no_time() -> None:
    import time

    started = time.process_time()
    translator("zh").text("a (b) and c contradict each other in " + " and (x) contradict " * 90)
    assert time.process_time() - started < 1


def test_the_users_own_words_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "messages" / "zh" / "errors").mkdir(parents=True)
    (tmp_path / "messages" / "zh" / "errors" / "own.yaml").write_text('"unknown fact {1}": "词汇表里没有{1}"\n', "utf-8")
    assert translator("zh", tmp_path).text("unknown fact 'x'") == "词汇表里没有'x'"
    assert translator("zh", tmp_path).text("unknown rule 'x'") == "未知的规则 'x'"


CASES = list(case_mistakes.mistakes(case_mistakes.HERE / "bad"))
AUTHORS = list(mistakes.mistakes(mistakes.HERE / "bad"))


@pytest.fixture(scope="module")
def good() -> Knowledge:
    return dingji.load(mistakes.GOOD, cache=False)


@pytest.mark.parametrize("entry", [entry for _, entry in CASES], ids=[name for name, _ in CASES])
def test_every_mistake_in_a_case_is_said_in_chinese(entry: dict[str, Any], good: Knowledge, tmp_path: Path) -> None:
    path, _ = case_mistakes.make(entry, tmp_path)
    with pytest.raises(dingji.CaseError) as caught:
        dingji.grade(good, dingji.read_case(path))
    assert in_english(caught.value.problems) == []


@pytest.mark.parametrize("entry", [entry for _, entry in AUTHORS], ids=[name for name, _ in AUTHORS])
def test_every_mistake_of_an_author_is_said_in_chinese(entry: dict[str, Any], tmp_path: Path) -> None:
    mistakes.make(entry, tmp_path / "good")
    with pytest.raises(dingji.KnowledgeError) as caught:
        dingji.load(tmp_path / "good", cache=False)
    assert in_english(caught.value.problems) == []


def in_english(problems: Iterable[Problem]) -> list[str]:
    """What is left in English of problems told in Chinese."""
    told = [translator("zh").problem(problem) for problem in problems]
    return [text for problem in told for text in (problem.message, problem.hint) if text and not CHINESE.search(text)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["grade", "x.yaml", "--lang", "zh"], "zh"),
        (["grade", "--lang=zh"], "zh"),
        (["--lang", "en"], "en"),
        (["grade", "--lang", "fr"], "en"),
        (["grade", "--lang"], "en"),
        (["grade"], "en"),
    ],
)
def test_the_language_of_errors_is_that_of_the_command(arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language(arguments) == expected


def test_without_an_option_the_locale_says_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert language(["grade"]) == "zh"
