"""Parquet folders graded by Spark, by the command as people give it: row by row what the single-case path says, whatever fails."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch import registers
from batch.conftest import needed
from batch.registers import run_batch
from dingji.batch.register import literal, quoted
from dingji.batch.results import comparable
from dingji.batch.statement.schema import Stored
from dingji.batch.statement.where import Where
from dingji.cases.model import Case
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge
from dingji.language import types as t

CLUSTER = "local-cluster[2,1,1024]"
TESTS = Path(__file__).resolve().parents[1]
PARTS = 4
"""Files of a folder."""
CONDITION = "not known(transport_points) or transport_points >= 700"


def sql_type(kind: t.Type) -> str:
    match kind:
        case t.Number(integer=whole):
            return "INTEGER" if whole else "DECIMAL(20, 4)"
        case t.Scale():
            return "VARCHAR"
        case t.Records():
            return "STRUCT(" + ", ".join(f"{quoted(name)} {sql_type(field)}" for name, field in kind.fields) + ")[]"
    return Stored(kind).sql_type


def parquet(kb: Knowledge, chosen: list[Case], folder: Path, changed: Mapping[str, dict[str, Any]] | None = None) -> Path:
    """The register as a folder of several files. `changed`: other cells for the rows of some ids."""
    facts = {name: sql_type(kind) for name, kind in registers.columns(kb, chosen).items()}
    kinds = {"case": "VARCHAR", "as_of": "DATE", **facts, "group.county": "VARCHAR"}
    columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in kinds.items())
    folder.mkdir()
    rows = [{**row, "group.county": county(row["case"])} for row in registers.rows(kb, chosen)]
    rows = [{**row, **(changed or {}).get(row["case"], {})} for row in rows]
    for part in range(PARTS):
        lines = folder.parent / f"{part}.jsonl"
        lines.write_text("".join(json.dumps(row, default=registers.plain_json) + "\n" for row in rows[part::PARTS]), encoding="utf-8")
        source = f"read_json({literal(str(lines))}, format='newline_delimited', columns={{{columns}}})"
        duckdb.execute(f"COPY (SELECT * FROM {source}) TO {literal(str(folder / f'{part}.parquet'))} (FORMAT parquet)")
        lines.unlink()
    return folder


def county(key: str) -> str:
    return "north" if len(key) % 2 else ""


def results(files: str) -> dict[str, dict[str, Any]]:
    cursor = duckdb.execute(f"SELECT * FROM read_parquet({literal(files)})")
    names = [column[0] for column in cursor.description or ()]
    return {row[1]: comparable(dict(zip(names, row, strict=True))) for row in cursor.fetchall()}


def test_the_command_grades_a_folder_on_a_cluster_where_parts_fail_twice(kb: Knowledge, tmp_path: Path) -> None:
    """In processes of their own: the command, a master, two executors.

    One row has no day, one has the id of another (which is looked at by itself, too), and one is spelled oddly.
    """
    needed(importlib.util.find_spec("pyspark"), "pyspark (pip install 'dingji[spark]')")
    needed(shutil.which("java"), "Java (apt-get install default-jre-headless)")
    chosen = registers.several(kb, registers.SMALL)
    by_id = {case.id: case for case in chosen}
    odd, undated, twice = by_id["trade-worked-aluminium-casting-1"], by_id["et18.published-3"], by_id["et18.published-4"]
    changed: dict[str, dict[str, Any]] = {odd.id: {"sector": " 工贸 "}, undated.id: {"as_of": None}, twice.id: {"case": chosen[0].id}}
    source = parquet(kb, chosen, tmp_path / "hazards", changed)
    failures, output = tmp_path / "failures", tmp_path / "grades"
    failures.mkdir()
    arguments = ["--engine", "spark", "--master", CLUSTER, "-o", str(output), "--where", CONDITION, "--sample-check", "5", "--lang", "en"]
    command = [sys.executable, str(TESTS / "batch" / "failing.py"), str(failures), "batch", str(source), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    wanted = Where.of(CONDITION, kb)
    kept = [case for case in chosen if case not in (undated, twice) and wanted(case)]
    left_out = sum(not wanted(case) for case in chosen if case not in (undated, twice))
    assert left_out > 10
    # the cluster did fail: of some part the first two tries
    tries = {path.name.rpartition("-")[2] for path in failures.iterdir()}
    assert tries == {"0", "1"}
    expected = registers.expected(kb, kept, lambda case: {"county": county(case.id)})
    found = results(str(output / "*.parquet"))
    assert found == expected
    told = done.stderr
    assert f"{len(chosen)} rows read" in told and f"{len(kept)} graded: grades" in told
    assert "of these one by one" in told and "2 refused: grades.rejects.csv" in told and f"{left_out} left out by --where" in told
    assert "5 graded again one by one: no difference" in told
    rejects = (tmp_path / "grades.rejects.csv").read_text(encoding="utf-8-sig").splitlines()
    assert sorted(line.split(",")[2:4] for line in rejects[1:]) == [["as_of", "C007"], ["case", "C067"]]
    # nothing is left beside what was asked for
    assert {path.name for path in tmp_path.iterdir()} == {"hazards", "failures", "conf", "grades", "grades.rejects.csv"}
    # and DuckDB says the same of the same table
    whole = tmp_path / "whole.parquet"
    duckdb.execute(f"COPY (SELECT * FROM read_parquet({literal(str(source / '*.parquet'))})) TO {literal(str(whole))} (FORMAT parquet)")
    code, _, told = run_batch(whole, "-o", tmp_path / "duck.parquet", "--where", CONDITION)
    assert code == 0, told
    assert results(str(tmp_path / "duck.parquet")) == found


def environment(folder: Path) -> dict[str, str]:
    """This machine alone, and Spark as a cluster's owner would set it for small registers."""
    conf = folder / "conf"
    conf.mkdir()
    local = "spark.driver.host 127.0.0.1\nspark.driver.bindAddress 127.0.0.1\n"
    (conf / "spark-defaults.conf").write_text(
        local + "spark.sql.shuffle.partitions 2\nspark.sql.codegen.wholeStage false\n", encoding="utf-8"
    )
    return {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_CONF_DIR": str(conf), "PYTHONPATH": str(TESTS)}


class Kept:
    """A session that the command must not stop."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def stop(self) -> None:
        pass


@pytest.fixture
def here(spark: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command grades in the session of the tests."""
    monkeypatch.setattr("dingji.batch.stores.spark.connect", lambda master: Kept(spark))
    yield
    for view in spark.catalog.listTables():
        spark.catalog.dropTempView(view.name)


@pytest.fixture(scope="module")
def few(kb: Knowledge) -> list[Case]:
    """Too few for a statement, but for the points."""
    return registers.several(kb, {"enterprises/transport-1000.yaml": (8, 8), "escalation/blacklists.yaml": (1, 2)})


def graded(source: Path, output: Path, *options: object) -> tuple[int, str, str]:
    return run_batch(source, "--engine", "spark", "--master", "local[2]", "-o", output, *options)


def test_a_folder_of_grades_is_replaced_only_if_that_is_said(here: None, kb: Knowledge, few: list[Case], tmp_path: Path) -> None:
    source, output = parquet(kb, few, tmp_path / "rated"), tmp_path / "grades"
    output.mkdir()
    (output / "part-0.parquet").write_bytes(b"an earlier run")
    code, _, told = graded(source, output)
    assert code == 2 and "--replace" in told
    assert (output / "part-0.parquet").read_bytes() == b"an earlier run"
    code, _, told = graded(source, output, "--replace")
    assert code == 0, told
    assert not (output / "part-0.parquet").exists()
    assert results(str(output / "*.parquet")) == registers.expected(kb, few, lambda case: {"county": county(case.id)})
    assert {path.name for path in tmp_path.iterdir()} == {"rated", "grades"}


def test_nothing_else_is_replaced(kb: Knowledge, few: list[Case], tmp_path: Path) -> None:
    source, output = parquet(kb, few, tmp_path / "rated"), tmp_path / "letters"
    output.mkdir()
    (output / "letter.txt").write_text("dear", encoding="utf-8")
    for place, why in (
        (output, "holds more"),
        (source, "holds the input"),
        (source / "grades", "lies in it"),
        (tmp_path, "holds the input"),
    ):
        code, _, told = graded(source, place, "--replace")
        assert code == 2 and why in told, (place, told)
    assert (output / "letter.txt").exists() and len(list(source.iterdir())) == 4


def test_one_row_is_proved_and_a_difference_in_a_sampled_row_is_an_error(
    here: None, kb: Knowledge, few: list[Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = parquet(kb, few, tmp_path / "rated"), tmp_path / "grades"
    code, shown, told = run_batch(source, "--engine", "spark", "--master", "local[2]", "--row", "transport-1000-score-899-5-0")
    assert code == 0, told
    assert "899.5" in shown and "level-2" in shown.replace("Level 2", "level-2")
    from dingji.batch.stores.spark import SparkStore

    honest = SparkStore.insert

    def wrong(store: SparkStore, query: str) -> None:
        honest(store, f"SELECT * EXCEPT (status), 'provisional' AS status FROM ({query})")

    monkeypatch.setattr(SparkStore, "insert", wrong)
    with pytest.raises(DingjiError) as caught:
        graded(source, output, "--sample-check", len(few))
    assert {problem.code for problem in caught.value.problems} == {"X007"}
    assert caught.value.exit_code == 5
    assert {path.name for path in tmp_path.iterdir()} == {"rated"}


@pytest.mark.parametrize(
    ("make", "code", "exit_code"),
    [(lambda path: None, "C001", 4), (lambda path: path.write_text("case,subject\n"), "C071", 4)],
    ids=["no such folder", "no Parquet"],
)
def test_an_input_that_is_none_is_an_error(here: None, tmp_path: Path, make: Any, code: str, exit_code: int) -> None:
    make(tmp_path / "hazards")
    with pytest.raises(DingjiError) as caught:
        graded(tmp_path / "hazards", tmp_path / "grades")
    assert [problem.code for problem in caught.value.problems] == [code]
    assert caught.value.exit_code == exit_code


def test_a_cluster_that_does_not_answer_is_an_error_at_once(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    for master in ("spark://127.0.0.1:9", "spark://127.0.0.1", "spark://no-such-host.invalid:7077"):
        with pytest.raises(DingjiError) as caught:
            graded(tmp_path / "hazards", tmp_path / "grades", "--master", master)
        assert [problem.code for problem in caught.value.problems] == ["X010"]
        assert caught.value.exit_code == 2


def test_a_master_that_is_no_address_is_an_error(tmp_path: Path) -> None:
    needed(shutil.which("java"), "Java (apt-get install default-jre-headless)")
    command = [
        sys.executable,
        "-m",
        "dingji",
        "batch",
        str(tmp_path / "hazards"),
        "--engine",
        "spark",
        "--master",
        "the-cluster",
        "--lang",
        "en",
    ]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "grades")], capture_output=True, text=True, env=environment(tmp_path), timeout=300
    )
    assert done.returncode == 2, done.stderr
    assert "error[X010]: the cluster can't be reached" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("lacking", ["java", "pyspark"])
def test_what_is_not_installed_is_named(lacking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if lacking == "java":
        pytest.importorskip("pyspark")
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    else:
        monkeypatch.setitem(sys.modules, "pyspark.sql", None)
        monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(DingjiError) as caught:
        graded(tmp_path / "hazards", tmp_path / "grades")
    [problem] = caught.value.problems
    assert problem.code == "X004"
    assert ("default-jre-headless" if lacking == "java" else "dingji[spark]") in problem.hint


def test_what_the_engine_can_not_do_is_said_in_one_line(tmp_path: Path) -> None:
    code, _, told = graded(tmp_path / "hazards", tmp_path / "grades", "--resume", "--sheet", "1", "--dsn", "x", "--table", "y")
    assert code == 2
    assert "not with --engine spark: --resume, --sheet, --dsn, --table" in told
