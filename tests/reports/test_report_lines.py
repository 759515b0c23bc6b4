"""Lines of a terminal: width, breaking, tables."""

from __future__ import annotations

import re

import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from dingji.reports.lines import Painted, clipped, fill, one_line_each, table, wrap

CHINESE = "隐患所在单位，立即采取（防控）措施。防止隐患失控；并向“地市公司”报告。"
WORDS = st.text(st.sampled_from("ab1 .-/(）（，。隐患é\U0001f6e0"), max_size=60)


def test_english_breaks_between_words() -> None:
    assert wrap("The most severe finding stands", 12) == ["The most", "severe", "finding", "stands"]


def test_chinese_takes_two_columns_a_character() -> None:
    assert wrap("隐患等级", 4) == ["隐患", "等级"]
    assert wrap("隐患等级", 5) == ["隐患", "等级"]


def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one() -> None:
    for width in range(8, 40):
        for line in wrap(CHINESE, width):
            assert line[0] not in "，。；）”", (width, line)
            assert line[-1] not in "（“", (width, line)


def test_a_number_keeps_its_digits_and_its_unit_together() -> None:
    text = "电压为500千伏，日期2014年7月15日，损失15.5万元，共17项"
    for width in range(10, 40):
        joined = "\n".join(wrap(text, width))
        assert not re.search(r"\d\n[\d.千年月日万项]", joined), (width, joined)


def test_a_sign_after_a_chinese_character_starts_no_line() -> None:
    for width in range(8, 24):
        assert not any(line.startswith("/") for line in wrap("国家电网公司规定，国网(安监/3)481-2014", width)), width


@given(WORDS, st.integers(2, 30))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(wcwidth.width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(WORDS, st.integers(14, 40), st.integers(0, 60))
def test_indentation_gives_way_to_the_text(text: str, width: int, indent: int) -> None:
    assert all(wcwidth.width(line) <= width for line in fill(text, width, "│ " * indent))


def test_fill_indents_as_told() -> None:
    assert fill("one two three four", 16, "- ") == ["- one two three", "  four"]
    assert fill("one two three four", 16, "├ ", "│ ") == ["├ one two three", "│ four"]


def test_long_words_break_after_their_marks_then_anywhere() -> None:
    assert wrap("sg.class-2014.II.personal", 14) == ["sg.class-2014.", "II.personal"]
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]
    assert wrap("1009-2374(2017)02-0186-03", 16) == ["1009-2374(2017)", "02-0186-03"]


def test_clipped_leaves_room_for_the_ellipsis() -> None:
    assert clipped("隐患等级", 7) == "隐患等…"
    assert clipped("隐患等级", 6) == "隐患…"
    assert clipped("隐患等级", 8) == "隐患等级"


def test_a_table_stands_in_columns_counted_by_what_characters_take() -> None:
    assert table(["方法", "grade"], [["风险计算", "II"], ["a", "二级"]], 40, False) == [
        "方法      grade",
        "--------  -----",
        "风险计算  II",
        "a         二级",
    ]


def test_a_long_cell_wraps_inside_its_column() -> None:
    assert table(["a", "b"], [["one two three four", "x"]], 13, False) == [
        "a           b",
        "----------  -",
        "one two     x",
        "three four",
    ]


def test_a_table_that_can_not_stand_is_told_row_by_row() -> None:
    assert table(["method", "grade"], [["consequence", "undetermined"], ["examples", ""]], 20, False) == [
        "method  consequence",
        "grade   undetermined",
        "",
        "method  examples",
    ]


def test_one_line_each_cuts_the_first_column_first() -> None:
    rows = [["a title that is much too long for the line", "Level II", "Level II"]]
    assert one_line_each(["finding", "grade", "level"], rows, 50, False)[1] == "a title that is much too long…  Level II  Level II"


@given(st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=4), st.integers(40, 90))
def test_tables_keep_to_the_width(rows: list[list[str]], width: int) -> None:
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    head = ["方法", "grade", "level"]
    for line in table(head, rows, width, False) + one_line_each(head, rows, width, False):
        assert wcwidth.width(line) <= width


def test_colour_is_laid_on_after_the_columns_are_made() -> None:
    plain = table(["a", "b"], [["high", "x"], ["low", "y"]], 30, False)
    painted = table(["a", "b"], [[Painted("high", "red"), "x"], [Painted("low", ""), "y"]], 30, True)
    assert painted[2] == "\x1b[1;31mhigh\x1b[0m  x"
    assert [wcwidth.strip_sequences(line) for line in painted] == plain
