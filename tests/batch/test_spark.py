"""Parquet folders graded on a cluster of two executors: row by row what the single-case path says, whatever fails on the way."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from batch import registers
from batch.conftest import needed
from dingji.batch.inplace import Register
from dingji.batch.register import literal, quoted
from dingji.batch.results import COLUMNS, comparable
from dingji.batch.schema import Stored
from dingji.cases.model import Case
from dingji.knowledge.model import Knowledge
from dingji.language import types as t

CLUSTER = "local-cluster[2,1,1024]"
COPIES = 12


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    import importlib.util
    import shutil

    needed(importlib.util.find_spec("pyspark"), "pyspark (pip install 'dingji[spark]')")
    needed(shutil.which("java"), "Java (apt-get install default-jre-headless)")
    from dingji.batch.spark import connect

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    local = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    made = connect(CLUSTER, **local, **{"spark.sql.shuffle.partitions": "2", "spark.sql.codegen.wholeStage": "false"})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def chosen(kb: Knowledge) -> list[Case]:
    # one kind of case for each instrument: Spark plans a statement in seconds, whatever the number of rows
    return registers.cases(kb, COPIES, most=1)


def sql_type(kind: t.Type) -> str:
    match kind:
        case t.Number(integer=whole):
            return "INTEGER" if whole else "DECIMAL(20, 4)"
        case t.Scale():
            return "VARCHAR"
        case t.Records():
            return "STRUCT(" + ", ".join(f"{quoted(name)} {sql_type(field)}" for name, field in kind.fields) + ")[]"
    return Stored(kind).sql_type


def parquet(kb: Knowledge, chosen: list[Case], folder: Path, parts: int = 4) -> Path:
    """The register as a folder of several files."""
    kinds = {"case": "VARCHAR", "as_of": "DATE"} | {name: sql_type(kind) for name, kind in registers.columns(kb, chosen).items()}
    columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in kinds.items())
    folder.mkdir()
    rows = registers.rows(kb, chosen)
    for part in range(parts):
        lines = folder.parent / f"{part}.jsonl"
        lines.write_text("".join(json.dumps(row, default=registers.plain_json) + "\n" for row in rows[part::parts]), encoding="utf-8")
        source = f"read_json({literal(str(lines))}, format='newline_delimited', columns={{{columns}}})"
        duckdb.execute(f"COPY (SELECT * FROM {source}) TO {literal(str(folder / f'{part}.parquet'))} (FORMAT parquet)")
    return folder


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = duckdb.execute(f"SELECT {', '.join(map(quoted, COLUMNS))} FROM read_parquet({literal(str(folder / '*.parquet'))})").fetchall()
    return {row[1]: comparable(dict(zip(COLUMNS, row, strict=True))) for row in found}


def test_a_cluster_says_what_the_single_case_path_says_though_a_part_fails_twice(
    session: Any, kb: Knowledge, chosen: list[Case], tmp_path: Path
) -> None:
    from dingji.batch.spark import SparkStore

    store = SparkStore(session, parquet(kb, chosen, tmp_path / "hazards"), tmp_path / "grades")
    failing(session, store, tmp_path / "failures")
    register = Register.of(store, kb, None, None, None)
    register.worth = 1
    counts, rejects = register.run()
    store.finish(rejects)
    assert (counts.read, counts.graded, counts.singly, rejects) == (len(chosen), len(chosen), 0, [])
    assert results(tmp_path / "grades") == registers.expected(kb, chosen)
    # the cluster did fail: of some part the first two tries
    tries = [path.name for path in (tmp_path / "failures").iterdir()]
    assert any(name.endswith("-try-0") for name in tries) and any(name.endswith("-try-1") for name in tries)


def failing(session: Any, store: Any, folder: Path) -> None:
    """From now on the first part of every task that reads the input fails twice before it succeeds."""
    from pyspark.sql.functions import col, udf

    folder.mkdir()

    def broken(key: str) -> bool:
        from pathlib import Path as Place

        from pyspark import TaskContext

        task = TaskContext.get()
        assert task is not None
        if task.partitionId() == 0 and task.attemptNumber() < 2:
            (Place(str(folder)) / f"stage-{task.stageId()}-try-{task.attemptNumber()}").touch()
            raise RuntimeError("the executor lost its disk")
        return True

    frame = session.table(store.source)
    frame.where(udf(broken, "boolean", useArrow=False)(col("case"))).createOrReplaceTempView(store.source)
