"""The summary of a register as text and Markdown: every number by hand, in both languages, on eighty columns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from batch.graded import compared, row, sides, written
from dingji.batch.summary.figures import Summary, summary
from dingji.cli import dingji
from dingji.knowledge.model import Knowledge
from dingji.knowledge.targets import read_targets
from dingji.reports.lines import columns_of
from dingji.reports.messages import catalogue
from dingji.reports.summary import render_summary
from dingji.reports.summary_figures import Figures, percent

from .samples import HOSTILE, LANGUAGES
from .summaries import REJECTS, firms, register, turned


@pytest.fixture(scope="module")
def found(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return register(kb, tmp_path_factory.mktemp("firms"))


@pytest.fixture(scope="module")
def changed(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return turned(kb, tmp_path_factory.mktemp("twice"))


def text(found: Summary, kb: Knowledge, language: str = "en", form: str = "text", **more: Any) -> str:
    return render_summary(found, kb, form=form, language=language, **more)


def squeezed(shown: str) -> str:
    """Without the spaces of a layout."""
    return " ".join(shown.split())


# --- what it says


def test_counts_grades_and_colours(found: Summary, kb: Knowledge) -> None:
    shown = squeezed(text(found, kb))
    # 40 rows and 2 refused: 36 of 42 graded, 9 of them provisional, 4 open
    assert "graded 36 85.7% of these provisional 9 21.4% open, facts unknown 4 9.5% refused 2 4.8%" in shown
    assert "D, poor (red) 1 2.5% 0 2" in shown
    assert "C, general (orange) 9 22.5% 9 2" in shown
    assert "A, excellent (blue) 11 27.5% 0 4" in shown
    assert "red 1 2.5% orange 9 22.5% yellow 15 37.5% blue 11 27.5% open 4 10%" in shown
    assert "West 30 0 9 12 9 0 East 10 1 0 3 2 4" in shown
    assert "2012-09 9 0 0 0 9 0 2012-10 21 0 9 12 0 0 2012-11 10 1 0 3 2 4" in shown


def test_targets_stand_with_their_source_and_what_they_lack(found: Summary, kb: Knowledge) -> None:
    shown = squeezed(text(found, kb))
    # West: 9 of 30 are A. East: 2 of 10 for sure, with all four open ones 6
    assert "A: 30 % or more of all firms of the county. " in shown
    assert "county now verdict wanted rows" in shown
    assert "East 20% to 60% ? not yet known at least 30% 10 West 30% ✓ met at least 30% 30" in shown
    # West: 12 of 30 are B. East: 3 to 7 of 10
    assert "West 40% ✗ missed at least 50% 30 East 30% to 70% ? not yet known at least 50% 10" in shown
    # C of the key firms. West: 6 of 6, and nobody says of the 9 A whether they are key firms: 6 of 15 at least
    assert "West 40% to 100% ✗ missed at most 20% 6" in shown
    # East: nobody says of any firm
    assert "East 0% to 100% ? not yet known at most 20% 0" in shown
    assert "East 1 to 3 ✗ missed at most 0 10 West 0 ✓ met at most 0 30" in shown
    assert "So far missed in 1, not yet known in 1. Source:" in shown
    assert "§4(3); stated in a source document." in shown
    assert "2 refused rows count in no share." in shown


def test_rules_and_facts_have_their_words(found: Summary, kb: Knowledge) -> None:
    shown = squeezed(text(found, kb))
    assert "- 11 (27.5%): In aluminium deep-well casting" in shown
    assert "- 2 (5%): A worker does a special operation" in shown
    assert "Art. 3(2); verified [trade-2023-a3-i2]" in shown
    assert (
        "- 4 (100%): ammonia refrigeration Does the enterprise use ammonia for refrigeration? In 2 of these it is all that is missing."
        in shown
    )
    assert "- 2 (50%): carbide slag silo Does the plant feed carbide slag from a silo?" in shown


def test_it_speaks_chinese(found: Summary, kb: Knowledge) -> None:
    shown = squeezed(text(found, kb, "zh"))
    for words in (
        "台账汇总：40行",
        "按区县统计行数",
        "West 40% ✗ 未完成 不低于50% 30",
        "目前1处未完成、1处尚不能判定。依据：",
        "其中2行只缺这一项。",
        "2行不成案例，未予定级。",
        "2012年9月",
    ):
        assert words in shown, words
    assert "rows" not in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_keeps_to_eighty_columns(language: str, found: Summary, changed: Summary, kb: Knowledge, tmp_path: Path) -> None:
    for one in (found, changed, register(kb, tmp_path, HOSTILE)):
        lines = text(one, kb, language).splitlines()
        assert [line for line in lines if columns_of(line) > 80] == []
        assert [line for line in lines if line != line.rstrip()] == []


def test_a_million_rows_still_keep_to_eighty_columns(kb: Knowledge, tmp_path: Path) -> None:
    def grown(number: int) -> int:
        return number * 1_000_003

    plain = register(kb, tmp_path)
    parts = [
        type(part)(part.value, grown(part.rows), part.cells, {kind: grown(n) for kind, n in part.colours.items()})
        for part in plain.groups[0].parts
    ]
    group = type(plain.groups[0])("county", tuple(parts), 2, 0)
    from dingji.records import replace

    large = replace(plain, rows=grown(40), groups=(group,), colours={kind: grown(n) for kind, n in plain.colours.items()})
    for language in LANGUAGES:
        assert max(map(columns_of, text(large, kb, language).splitlines())) <= 80


def test_what_changes_is_told_from_grade_to_grade(changed: Summary, kb: Knowledge) -> None:
    shown = squeezed(text(changed, kb))
    assert "5 of 9 rows change (55.6%)." in shown
    assert "D, poor – 1 – –" in shown
    assert "A, excellent 2 (2) 1 –" in shown
    assert "open – 1 (1) –" in shown
    assert "no determination – – – (1)" in shown
    assert "A, excellent → B, good 2 22.2%" in shown
    assert "y 4 4 100% A, excellent → B, good: 2" in shown
    assert "x 5 1 20% A, excellent → open: 1" in shown
    assert "A级（优） → B级（良）" in squeezed(text(changed, kb, "zh"))


def test_sides_on_several_scales_name_them(kb: Knowledge, tmp_path: Path) -> None:
    rows = [sides("A", "A", "x", scale_b="enterprise-grade-a-best")]
    shown = squeezed(text(summary([compared(tmp_path / "t.parquet", rows)], kb), kb))
    assert "1 of 1 row changes (100%)." in shown
    assert "main-responsibility grade (A best, D worst): A, excellent → enterprise grade (A best, D worst): grade A" in shown


def test_more_groups_than_a_table_holds(kb: Knowledge, tmp_path: Path) -> None:
    path = written(
        tmp_path / "g.parquet", [row("A", group_county=f"c{n:02}") for n in range(40)] + [row("D", group_county="c39")], ("county",)
    )
    shown = text(summary([path], kb), kb)
    # 15 of 40 counties are told, the first with 2 rows: 41 - 16 rows are left
    assert "25 more, with 25 rows" in shown
    assert "c13" in shown and "c15" not in shown


def test_a_target_of_ones_own_needs_no_words(kb: Knowledge, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("targets: [{id: our.share, scale: enterprise-grade, grades: [A, B], at_least: 62.5, at_most: 70}]", "utf-8")
    path = written(tmp_path / "g.parquet", firms())
    found = summary([path], kb, list(read_targets(own, kb).values()))
    shown = squeezed(text(found, kb, width=120))
    # 26 of 40 and two open ones that can be nothing else, two more perhaps: 70 to 75 %
    assert "A, excellent and B, good: at least 62.5% and at most 70%" in shown
    assert "all rows 70% to 75% ? not yet known at least 62.5% and at most 70% 40" in shown
    assert "Measured on all rows: the result has no column group.county" in shown  # of those of the knowledge base


def test_results_without_rows_and_without_missing_facts(kb: Knowledge, tmp_path: Path) -> None:
    for language in LANGUAGES:
        shown = text(summary([written(tmp_path / "e.parquet", [])], kb), kb, language)
        assert catalogue(language)("summary.title", n="0") in shown
    shown = text(summary([written(tmp_path / "o.parquet", [row(None)])], kb), kb)
    assert "1 row is open, but no fact that was asked for is missing there." in squeezed(shown)


# --- figures


def test_shares_are_rounded_but_never_to_nothing_or_all(kb: Knowledge) -> None:
    figures = Figures(kb, catalogue("en"))
    shares = {(1, 3): "33.3%", (1, 2): "50%", (1, 10_000): "<0.1%", (9_999, 10_000): ">99.9%", (0, 5): "0%", (5, 5): "100%", (0, 0): "–"}
    assert {key: figures.share(*key) for key in shares} == shares


def test_a_measured_share_is_cut_so_that_it_seems_to_reach_nothing() -> None:
    assert [percent(share) for share in (29.999, 30, 30.004, 66.66666, 0, 100)] == ["29.99", "30", "30", "66.66", "0", "100"]


# --- text of users


def test_markdown_shows_what_users_wrote_as_it_stands(kb: Knowledge, tmp_path: Path) -> None:
    shown = text(register(kb, tmp_path, HOSTILE, "a_b|*c*.parquet"), kb, form="markdown")
    assert "<script>" not in shown
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "8641969" not in shown
    tables = [line for line in shown.splitlines() if line.startswith("|")]
    widths = {line.replace("\\|", "").count("|") for line in tables}
    assert widths <= {4, 5, 6, 7, 8}  # no cell broke out of its table
    assert "a\\_b\\|\\*c\\*.parquet" in shown or "a_b\\|\\*c\\*.parquet" in shown


@pytest.mark.parametrize("odd", ["=cmd|' /C calc'!A0", "{{ 7*1234567 }}", "\u202egnp.exe", "-", "[x](http://y)"])
def test_names_of_groups_run_nothing(odd: str, kb: Knowledge, tmp_path: Path) -> None:
    found = register(kb, tmp_path, odd)
    for form in ("text", "markdown"):
        shown = text(found, kb, form=form)
        assert "8641969" not in shown
        assert "\u202e" not in shown
    assert any(part.value == odd for part in found.groups[0].parts)  # the data keep it as it is


# --- the command


def run(*arguments: object) -> Any:
    return CliRunner().invoke(dingji, list(map(str, arguments)), catch_exceptions=False)


def test_the_command_prints_and_writes_by_the_name_of_the_file(kb: Knowledge, tmp_path: Path) -> None:
    path = written(tmp_path / "firms.parquet", firms(), ("county", "key_industry"))
    assert "Summary of a register: 40 rows" in run("summary", path, "--lang", "en").output
    for name, start in (("s.md", "# 台账汇总"), ("s.json", "{"), ("s.txt", "台账汇总"), ("s.html", "<!DOCTYPE html>")):
        assert run("summary", path, "-o", tmp_path / name, "--lang", "zh").exit_code == 0
        assert (tmp_path / name).read_text("utf-8").startswith(start)
    plain = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert (plain["rows"], plain["colours"]["blue"]) == (40, 11)
    by = run("summary", path, "--by", "county", "--format", "json").stdout
    assert [group["name"] for group in json.loads(by)["groups"]] == ["county"]


def test_a_run_writes_its_summary(tmp_path: Path) -> None:
    table = tmp_path / "hazards.csv"
    header = "case,subject,sector,special_field,as_of,special_operation_performed,special_operator_certified,group.county"
    lines = [
        "1,hazard,trade,none,2024-06-01,yes,no,East",
        "2,hazard,trade,none,2024-06-01,maybe,no,East",
        "3,hazard,trade,none,2024-06-01,,,West",
    ]
    table.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    grades, page = tmp_path / "g.parquet", tmp_path / "s.json"
    assert run("batch", table, "-o", grades, "--summary", page, "--lang", "en", "-q").exit_code == 0
    plain = json.loads(page.read_text("utf-8"))
    # row 1 is a major hazard by the list (the operator has no certificate), row 2 is no case, of row 3 nothing is known
    assert (plain["rows"], plain["graded"], plain["open"], plain["refused"]) == (2, 1, 1, 1)
    assert plain["colours"] == {"red": 1, "undetermined": 1}
    assert plain["fired"] == [["trade-2023-a3-i2", 1]]
    assert {part["value"]: part["rows"] for part in plain["groups"][0]["parts"]} == {"East": 1, "West": 1}
    assert "special_operation_performed" in {one["fact"] for one in plain["missing"]}
    assert run("summary", grades, "--format", "json").stdout == page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "g.xlsx", "--summary", "s.html"), "--summary reads no .xlsx file"),
        (("-o", "g.parquet", "--summary", "nowhere/s.html"), "does not exist"),
        (("-o", "g.parquet", "--summary", "g.parquet"), "two files"),
        (("--explain-sql", "--summary", "s.html"), "--summary sums up the file of -o"),
    ],
)
def test_a_summary_that_can_not_be_written_is_refused_before_anything_is_graded(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "h.csv").write_text("case,subject\n1,hazard\n", "utf-8")
    found = run("batch", "h.csv", *arguments, "--lang", "en")
    assert (found.exit_code, said in found.output) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.csv"]


def test_the_errors_of_a_real_process_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", "utf-8")
    for language, words in (("en", "this is no result of dingji batch: it has no column scale"), ("zh", "这不是 dingji batch 的结果")):
        command = [sys.executable, "-m", "dingji", "summary", "t.csv", "--lang", language]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
        assert done.returncode == 4
        assert words in done.stderr and "Traceback" not in done.stderr
        assert done.stdout == ""


def test_rejects_are_read_beside_a_folder_too(kb: Knowledge, tmp_path: Path) -> None:
    folder = tmp_path / "grades.d"
    folder.mkdir()
    written(folder / "part-0.parquet", firms())
    (tmp_path / "grades.d.rejects.csv").write_text(REJECTS, "utf-8")
    assert summary([folder], kb).refused == 2
