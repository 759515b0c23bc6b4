"""Registers graded by statements: row by row what the single-case path says, for the cases that come with dingji."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dingji
from dingji.batch.engine import Engine, connect
from dingji.batch.inputs import rows_of_cases
from dingji.batch.job import Job, Read
from dingji.batch.results import comparable, single
from dingji.errors import CaseError, DingjiError, EvaluationError
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge

CASES = bundled("cases")
# a list with unknown facts; bands and counts; a matrix; a score sheet; a register of several kinds
FILES = ("hazards/worked/trade-2023.yaml", "power-grid/photovoltaic-under-500kv.yaml", "hazards/worked/coal-2026.yaml")


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def job(kb: Knowledge, output: Path, **options: Any) -> Job:
    return Job(kb, Engine(kb, connect(), worth=1), output, "signature", **options)


def results(path: Path) -> dict[int, dict[str, Any]]:
    cursor = connect().execute("SELECT * FROM read_parquet(?)", [str(path)])
    names = [column[0] for column in cursor.description]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


@pytest.mark.parametrize("name", FILES)
def test_a_statement_says_what_the_single_case_path_says(kb: Knowledge, name: str, tmp_path: Path) -> None:
    output = tmp_path / "grades.parquet"
    rows = list(rows_of_cases(CASES / name, kb))
    counts = job(kb, output).run(iter(rows))
    found = results(output)
    assert counts.graded == counts.read == len(rows)
    assert counts.singly == 0
    for row in rows:
        assert row.case is not None
        assert comparable(found[row.number]) == comparable(single(row.number, kb, row.case))


def trade_rows(kb: Knowledge) -> list[Read]:
    return list(rows_of_cases(CASES / FILES[0], kb))


def test_rows_that_are_no_cases_are_refused_with_their_reason_and_everything_is_counted(kb: Knowledge, tmp_path: Path) -> None:
    rows = trade_rows(kb)
    problem = CaseError("x").problems[0]
    rows.append(Read(len(rows) + 1, None, (problem,), "depth"))
    work = job(kb, tmp_path / "grades.parquet")
    counts = work.run(iter(rows))
    assert (counts.read, counts.graded, counts.refused) == (5, 4, 1)
    lines = work.rejects.read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["row,key,column,code,reason", "5,,depth,X001,x"]
    assert not work.folder.exists()


def test_where_leaves_rows_out(kb: Knowledge, tmp_path: Path) -> None:
    rows = trade_rows(kb)
    chosen = rows[0].case
    assert chosen is not None
    counts = job(kb, tmp_path / "grades.parquet", where=lambda case: case.id == chosen.id).run(iter(rows))
    assert (counts.graded, counts.left_out) == (1, 3)


class BrokenOffError(Exception):
    pass


def broken(rows: list[Read], after: int) -> Any:
    yield from rows[:after]
    raise BrokenOffError


def test_a_run_that_was_broken_off_leaves_no_output_and_goes_on(kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, output = trade_rows(kb), tmp_path / "grades.parquet"
    with pytest.raises(BrokenOffError):
        job(kb, output, chunk=1).run(broken(rows, 2))
    assert not output.exists()
    again = job(kb, output, chunk=1, resume=True)
    graded: list[int] = []
    honest = again.engine.grade
    monkeypatch.setattr(again.engine, "grade", lambda cases, *rest: graded.extend(n for n, _ in cases) or honest(cases, *rest))
    counts = again.run(iter(rows))
    assert graded == [3, 4]
    assert sorted(results(output)) == [1, 2, 3, 4]
    assert counts.read == counts.graded == 4


def test_a_run_goes_on_only_with_the_same_input(kb: Knowledge, tmp_path: Path) -> None:
    rows, output = trade_rows(kb), tmp_path / "grades.parquet"
    with pytest.raises(BrokenOffError):
        job(kb, output, chunk=1).run(broken(rows, 2))
    other = job(kb, output, chunk=1, resume=True)
    other.signature = "another"
    with pytest.raises(DingjiError) as caught:
        other.run(iter(rows))
    assert caught.value.problems[0].code == "X008"


def test_a_difference_in_a_sampled_row_is_an_error_and_writes_nothing(
    kb: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = job(kb, tmp_path / "grades.parquet", sample=4)
    honest = work.engine._statement

    def wrong(*arguments: Any) -> str:
        return f"SELECT * REPLACE ('determined' AS status) FROM ({honest(*arguments)})"

    monkeypatch.setattr(work.engine, "_statement", wrong)
    with pytest.raises(EvaluationError) as caught:
        work.run(iter(trade_rows(kb)))
    assert {p.code for p in caught.value.problems} == {"X007"}
    assert caught.value.exit_code == 5
    assert not work.output.exists()
    # the same sample without the change: no difference
    job(kb, tmp_path / "grades.parquet", sample=4).run(iter(trade_rows(kb)))
