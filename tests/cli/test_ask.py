"""`dingji ask` in a terminal and without one, over the small base of the knowledge tests and the cases of the project."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wcwidth

from conftest import ROOT
from knowledge.small import CASE

from .terminal import BACKSPACE, END, Terminal
from .test_commands import dingji

GOOD = ROOT / "tests" / "knowledge" / "good"
# Freeboard 5 m. The crack decides most (see tests/reasoning/test_interview.py), then the people, then the patrol.
HALF = """\
# the upper pond, half filled in
case: pond
subject: hazard
as_of: 2015-06-01
scope: {region: north}
facts:
  crest_level_m: 10   # drawing
  water_level_m: 5
  cracks: []
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "pond.yaml"
    path.write_text(HALF, "utf-8")
    return path


def run(*arguments: str | Path, cwd: Path = ROOT) -> tuple[int, str, str]:
    done = dingji("ask", *arguments, "--knowledge", GOOD, cwd=cwd)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def talk() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str | Path, cwd: Path = ROOT, language: str = "en", **environment: str) -> Terminal:
        opened.append(Terminal("ask", *arguments, "--knowledge", GOOD, "--lang", language, cwd=cwd, **environment))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


Talk = Callable[..., Terminal]


def test_the_open_questions_best_first(case: Path) -> None:
    code, out, err = run(case, "--list")
    assert (code, err) == (0, "")
    assert [out.index(fact) for fact in ("[crack_width_mm]", "[people_below]", "[patrol_done]")] == sorted(
        out.index(fact) for fact in ("[crack_width_mm]", "[people_below]", "[patrol_done]")
    )
    assert "pond: 3 questions can change the grade" in out
    plain = json.loads(run(case, "--list", "--format", "json")[1])
    assert [(q["fact"], q["kind"]) for q in plain["questions"]] == [
        ("crack_width_mm", "alone"),
        ("people_below", "alone"),
        ("patrol_done", "alone"),
    ]
    assert (plain["reachable"], plain["settled"], plain["put_off"]) == (["red", "orange", "yellow", "clear"], False, [])
    crack = plain["questions"][0]
    assert (crack["type"], crack["unit"], crack["range"]) == ("number", "mm", [0, None])
    assert case.read_text("utf-8") == HALF


def test_without_a_terminal_it_says_what_to_do(case: Path) -> None:
    code, out, err = run(case)
    assert (code, out) == (2, "")
    assert "--list" in err and "--answers FILE" in err


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("patrol_done: yes\ncrack_width_mm: 30 mm\npeople_below: 10\n", ["crack_width_mm"]),
        (
            "- {fact: people_below, answer: 不知道}\n- patrol_done: 是\n- [crack_width_mm, 3 毫米]\n",
            ["crack_width_mm", "people_below", "patrol_done"],
        ),
    ],
)
def test_answers_from_a_file(case: Path, tmp_path: Path, text: str, taken: list[str]) -> None:
    # 30 mm is severe (orange) by the list and yellow by the code, orange with many people: nothing else matters
    (tmp_path / "answers.yaml").write_text(text, "utf-8")
    code, out, err = run(case, "--answers", tmp_path / "answers.yaml", "--format", "json")
    assert code == 0, err
    assert str(case) in err.replace("\n", "")
    plain = json.loads(out)
    assert plain["taken"] == taken
    assert plain["not_needed"] == [f for f in ("patrol_done", "people_below") if f not in taken]
    assert plain["questions"] == []
    assert plain["settled"] is (taken == ["crack_width_mm"])
    saved = case.read_text("utf-8")
    assert saved.startswith(HALF)
    assert [line.split(":")[0].strip() for line in saved.removeprefix(HALF).splitlines()] == taken


def test_a_file_of_answers_says_what_stays_open(case: Path, tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text("patrol_done: true\nwater_level_m: 3\n", "utf-8")
    code, out, err = run(case, "--answers", tmp_path / "answers.yaml", "--to", tmp_path / "new.yaml", "--by", "Li", "--on", "2015-06-02")
    assert code == 0, err
    assert "Taken: 1 answer\nNot needed: water level\nStill open: crack width, people below\n" in out
    assert "undetermined" in out
    assert case.read_text("utf-8") == HALF
    assert (tmp_path / "new.yaml").read_text("utf-8") == HALF + "  patrol_done: {value: true, asserted_by: Li, asserted_on: 2015-06-02}\n"


def test_every_mistake_of_a_file_of_answers_is_named(case: Path, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text("patrol_done: perhaps\npeople_bellow: 3\nfreeboard_m: 3\npatrol_done: true\ncrack_width_mm: 3 km\n", "utf-8")
    code, out, err = run(case, "--answers", answers)
    assert (code, out, case.read_text("utf-8")) == (4, "", HALF)
    assert [line.split("error[")[0].removeprefix(str(answers)) + line.split("error[")[1][:4] for line in err.splitlines()] == [
        ":1:14: C021",
        ":2:1: C020",
        ":3:1: C024",
        ":4:1: C004",
        ":5:17: C022",
    ]


def test_a_dialogue_in_english(case: Path, talk: Talk) -> None:
    terminal = talk(case, "--by", "Li Wei", "--on", "2015-06-02")
    shown = terminal.answer("?")
    assert "Question 1." in shown and "How wide is the widest crack?" in shown
    shown = terminal.answer("wide")
    assert "A crack is wider than 20 mm. [Pond list, item 2]" in shown
    shown = terminal.answer("15 mm")
    assert "crack_width_mm: a number in mm is expected, not 'wide'" in " ".join(shown.split())
    # 15 mm is yellow; the people make it orange, and then the patrol, yellow at most, is not asked for
    shown = terminal.answer("100")
    assert "Noted: crack width: 15 mm" in shown and "How many people live below?" in shown
    code, shown = terminal.end()
    assert code == 0
    assert "No further answer can change the grade." in shown
    assert "Pond grade: orange" in shown
    assert case.read_text("utf-8") == HALF + (
        "  crack_width_mm: {value: 15, asserted_by: Li Wei, asserted_on: 2015-06-02}\n"
        "  people_below: {value: 100, asserted_by: Li Wei, asserted_on: 2015-06-02}\n"
    )
    assert max(len(line) for line in terminal.text.splitlines()) <= 80


def test_a_dialogue_in_chinese(case: Path, talk: Talk) -> None:
    terminal = talk(case, language="zh")
    assert "最宽的裂缝多宽？" in terminal.answer("？")
    assert "［水库清单，item 2］" in terminal.answer("十五")
    terminal.answer("１５毫米")
    shown = terminal.answer("返回")
    assert "已记录：裂缝宽度：15毫米" in shown
    shown = terminal.answer("不知道")
    assert "已撤回：裂缝宽度" in shown
    shown = terminal.answer("50人")
    assert "已记录：裂缝宽度：未知" in shown and "下游有多少人？" in shown
    assert "是否已巡查？" in terminal.answer("不" + BACKSPACE + "是")
    code, shown = terminal.end()
    assert (code, "裂缝宽度" in shown, "水库等级：尚不能确定" in shown) == (0, True, True)
    assert case.read_text("utf-8") == HALF + "  crack_width_mm: unknown\n  people_below: 50\n  patrol_done: true\n"
    assert max(wcwidth.wcswidth(line) for line in terminal.text.splitlines()) <= 80


def test_going_back_over_two_questions(case: Path, talk: Talk) -> None:
    # 5 mm scores nothing: the people can make it yellow, and so can the patrol, so both are asked for
    terminal = talk(case)
    terminal.answer("back")
    assert "Question 1." in terminal.answer("5"), "before the first there is none"
    assert "How many people live below?" in terminal.answer("10")
    assert "Question 3." in terminal.answer("back")
    shown = terminal.answer("back")
    assert "Taken back: people below" in shown and "How many people live below?" in shown
    shown = terminal.answer("15")
    assert "Taken back: crack width" in shown and "How wide is the widest crack?" in shown
    assert "Noted: crack width: 15 mm" in terminal.answer("100")
    assert terminal.end()[0] == 0
    saved = case.read_text("utf-8")
    assert saved == HALF + "  crack_width_mm: 15\n  people_below: 100\n", "what was taken back is not saved"


@pytest.mark.parametrize("stop", ["save", "quit", "保存", END])
def test_stopping_saves_and_the_next_time_goes_on(case: Path, stop: str, talk: Talk) -> None:
    terminal = talk(case)
    terminal.answer("unknown")
    terminal.answer(stop, end="" if stop == END else "\n")
    code, shown = terminal.end()
    assert (code, "2 questions at most are open" in " ".join(shown.split())) == (0, True)
    assert case.read_text("utf-8") == HALF + "  crack_width_mm: unknown\n"
    terminal = talk(case)
    assert "How many people live below?" in terminal.answer("save")
    assert "Nothing to save." in terminal.end()[1]
    # what nobody knew is asked for only on request
    again = run(case, "--list", "--again", "--format", "json")[1]
    assert json.loads(again)["questions"][0]["fact"] == "crack_width_mm"


def test_ctrl_c_twice_stops_and_leaves_the_file(case: Path, talk: Talk) -> None:
    terminal = talk(case)
    terminal.answer("15")
    terminal.interrupt()
    assert "Ctrl-C again stops without saving" in terminal.interrupt()
    assert terminal.end()[0] == 130
    assert case.read_text("utf-8") == HALF
    assert list(case.parent.iterdir()) == [case]
    terminal = talk(case)
    terminal.interrupt()  # nothing to lose yet
    assert terminal.end()[0] == 130


def test_one_ctrl_c_only_drops_the_line(case: Path, talk: Talk) -> None:
    terminal = talk(case)
    terminal.answer("15")
    terminal.answer("10", end="")
    terminal.press_ctrl_c()
    terminal.answer("20")
    # fewer than 100 people: yellow, and the patrol could give no more
    assert terminal.end()[0] == 0
    assert case.read_text("utf-8") == HALF + "  crack_width_mm: 15\n  people_below: 20\n"


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}], ids=str)
def test_chinese_in_any_locale(case: Path, talk: Talk, locale: dict[str, str]) -> None:
    terminal = talk(case, language="zh", **locale)
    terminal.answer("不道" + BACKSPACE + "知道")
    assert "已记录：裂缝宽度：未知" in terminal.answer("退出")
    assert terminal.end()[0] == 0
    assert case.read_text("utf-8") == HALF + "  crack_width_mm: unknown\n"


def test_bytes_that_are_no_text_are_no_answer(case: Path, talk: Talk) -> None:
    terminal = talk(case)
    terminal.expect("\n> ")
    terminal.type("十五", encoding="gb18030")
    assert "That was not UTF-8 text" in terminal.answer(END, end="")
    assert terminal.end()[0] == 0
    assert case.read_text("utf-8") == HALF


def test_a_list_is_asked_for_item_by_item(case: Path, talk: Talk) -> None:
    # clear but for the cracks: 0 points; a wet one makes 4 points, orange
    case.write_text(HALF.replace("  cracks: []\n", "  crack_width_mm: 5\n  people_below: 10\n  patrol_done: true\n"), "utf-8")
    terminal = talk(case)
    assert "cracks: is there one? yes or no" in terminal.answer("yes")
    shown = terminal.answer("2")
    assert "Item 1, kind: a number or name of these" in shown and "   1  along the crest" in shown
    terminal.answer("600")
    assert "cracks.width_mm: 600 is out of range" in terminal.answer("back")
    terminal.answer("across the crest")
    terminal.answer("unknown")
    terminal.answer("yes")
    assert "1 so far" in terminal.answer("unknown")
    assert terminal.end()[0] == 0
    assert case.read_text("utf-8").endswith(
        "  cracks:\n    value:\n      - {kind: across, width_mm: unknown, wet: true}\n    complete: false\n"
    )


def test_a_new_case(tmp_path: Path, talk: Talk) -> None:
    terminal = talk("--new", "dam-3", "--subject", "hazard", "--as-of", "2015-06-01", cwd=tmp_path)
    assert "In which region?" in terminal.answer("South")
    terminal.answer("quit")
    assert terminal.end()[0] == 0
    assert (tmp_path / "dam-3.yaml").read_text("utf-8") == "case: dam-3\nsubject: hazard\nas_of: 2015-06-01\nscope:\n  region: south\n"
    code, _, err = run("--new", "dam-3", "--subject", "hazard", "--list", cwd=tmp_path)
    assert (code, "exists already" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--new ID"),
        (("--new", "x"), 2, "subjects: hazard, dam"),
        (("--new", "x", "--subject", "pond"), 4, "there is no value 'pond'"),
        (("nowhere.yaml",), 4, "there is no such file"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    got, out, err = run(*arguments, "--list", cwd=tmp_path)
    assert (got, out) == (code, "")
    assert said in err


def test_a_case_that_comes_with_dingji_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "answers.yaml").write_text("potential_deaths: 1\n", "utf-8")
    path = "power-grid/photovoltaic-deaths-unknown.yaml"
    done = dingji("ask", path, "--answers", "answers.yaml", cwd=tmp_path)
    assert (done.returncode, "--to FILE" in done.stderr) == (2, True)
    done = dingji("ask", path, "--answers", "answers.yaml", "--again", "--to", "mine.yaml", cwd=tmp_path)
    # one death is F2 = 4: R = 4 x 4 = 16, major, Level II; the serious injuries alone are Level II already
    assert done.returncode == 0, done.stderr
    assert "Hazard level: Level II" in done.stdout
    assert "potential_deaths: 1\n" in (tmp_path / "mine.yaml").read_text("utf-8")


def test_a_file_that_somebody_edits_meanwhile_is_kept_and_no_answer_lost(case: Path, talk: Talk) -> None:
    terminal = talk(case)
    terminal.answer("15")
    terminal.expect("\n>")
    case.write_text(HALF + "  patrol_done: true\n", "utf-8")
    terminal.type("save")
    code, shown = terminal.end()
    assert code == 1
    assert "\ncrack_width_mm: 15\n" in shown
    assert "somebody has changed it meanwhile" in " ".join(shown.split())
    assert case.read_text("utf-8") == HALF + "  patrol_done: true\n"


def test_the_small_case_is_settled(tmp_path: Path) -> None:
    (tmp_path / "whole.yaml").write_text(CASE, "utf-8")
    assert run(tmp_path / "whole.yaml", "--list")[:2] == (0, "pond: no answer can change the grade\n")
    shown = run(tmp_path / "whole.yaml", "--list", "--lang", "zh", "--format", "markdown")[1]
    assert shown == "# pond：任何答案都不会改变等级\n"
