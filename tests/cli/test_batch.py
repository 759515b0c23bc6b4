"""`dingji batch` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from dingji.cli import dingji
from dingji.errors import CaseError
from dingji.knowledge import bundled

TRADE = bundled("cases") / "hazards" / "worked" / "trade-2023.yaml"


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(dingji, ["batch", *map(str, arguments), "--lang", "en"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_table_keeps_text_that_looks_like_a_formula_as_text(tmp_path: Path) -> None:
    table = tmp_path / "hazards.csv"
    header = "case,subject,sector,special_field,as_of,special_operation_performed,special_operator_certified"
    table.write_text(f"{header}\n'=1+1,hazard,trade,none,2024-06-01,yes,no\nH-2,hazard,trade,none,2024-06-01,maybe,no\n", encoding="utf-8")
    output = tmp_path / "grades.csv"
    code, _, told = run(table, "-o", output)
    assert code == 0
    assert "2 rows read" in told and "1 graded" in told and "1 refused" in told
    lines = output.read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith("2,'=1+1,2024-06-01,accident-hazard,major,")
    rejects = (tmp_path / "grades.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rejects[1].startswith("3,,special_operation_performed,C021,")


def test_the_statement_is_shown(tmp_path: Path) -> None:
    code, shown, _ = run(TRADE, "--explain-sql")
    assert code == 0
    assert "cn.trade-2023" in shown.splitlines()[0]
    assert "FROM register" in shown


def test_one_row_is_proved_in_full() -> None:
    code, shown, _ = run(TRADE, "--row", "trade-worked-aluminium-casting")
    assert code == 0
    assert "trade-2023-a3-i2" in shown


def test_a_row_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(CaseError, match="C012"):
        run(TRADE, "--row", "nobody")


def test_where_is_checked_against_the_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="E010"):
        run(TRADE, "-o", tmp_path / "g.csv", "--where", "secktor == 'trade'")


def test_the_output_says_by_its_name_what_it_is(tmp_path: Path) -> None:
    code, _, told = run(TRADE, "-o", tmp_path / "grades.doc")
    assert code == 2
    assert "grades.doc" in told
