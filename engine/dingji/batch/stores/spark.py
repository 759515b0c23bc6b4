"""Parquet folders graded by an Apache Spark cluster. Only SQL runs on the cluster: no worker needs Python or this package."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlglot import exp

from dingji.batch.engine import Reject
from dingji.batch.register import ROW
from dingji.batch.statement.schema import AS_OF
from dingji.batch.stores.inplace import lacks, write_rejects
from dingji.batch.table.typed import Kind
from dingji.errors import CaseError, DingjiError, Problem, RequestError

_KINDS = {
    **dict.fromkeys(("byte", "short", "integer", "long"), "whole"),
    **dict.fromkeys(("float", "double"), "double"),
    **{"string": "text", "boolean": "boolean", "date": "date", "timestamp_ntz": "timestamp"},
}
PATIENCE = 5
"""Seconds for a master to answer."""


def connect(master: str, **settings: str) -> Any:
    """A session on a cluster. Raises DingjiError where the package or Java is missing (X004), or the cluster can't be reached (X010)."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise lacks("pyspark", "spark") from None
    if not shutil.which("java", path=f"{os.environ.get('JAVA_HOME', '')}/bin{os.pathsep}{os.environ.get('PATH', '')}"):
        hint = "on Debian: apt-get install default-jre-headless"
        raise DingjiError([Problem("java", 0, 0, "X004", "Apache Spark needs Java 17 or later", hint)])
    _reach(master)
    # Spark says much, and all of it to the terminal of the person who asked for grades
    own = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.log.level": "ERROR",
        # the conditions of a list are deep trees, and Spark walks through them by recursion
        "spark.driver.extraJavaOptions": "-Xss64m",
        "spark.executor.extraJavaOptions": "-Xss64m",
        **settings,
    }
    try:
        builder = SparkSession.builder.appName("dingji").master(master)
        for name, value in own.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError, _java_error()) as error:
        message = f"the cluster can't be reached: {' '.join(str(error).split())[:300]}"
        raise RequestError([Problem("--master", 0, 0, "X010", message, SUCH_AS)]) from None


def _reach(master: str) -> None:
    """Is there anything at the address of a cluster of Spark's own kind? Spark itself would ask for minutes, and then say nothing."""
    hosts = master.removeprefix("spark://").split(",") if master.startswith("spark://") else []
    last: Exception | None = None
    for host in hosts:
        name, _, port = host.rpartition(":")
        try:
            socket.create_connection((name.strip("[]"), int(port)), PATIENCE).close()
            return
        except (OSError, ValueError) as error:
            last = error
    if last is not None:
        raise RequestError([Problem("--master", 0, 0, "X010", f"the cluster can't be reached: {last}", SUCH_AS)])


def _java_error() -> type[Exception]:
    from py4j.protocol import Py4JError

    found: type[Exception] = Py4JError
    return found


SUCH_AS = "such as spark://host:7077, or local[2]"


class SparkStore:
    """A folder of Parquet files and the folder of its grades, which appears whole or not at all."""

    dialect = "spark"
    source = "_source"

    def __init__(self, session: Any, source: Path, output: Path) -> None:
        self.session, self.place, self.output = session, str(source), output
        if not source.exists():
            raise CaseError([Problem(self.place, 0, 0, "C001", "there is no such file or folder")])
        try:
            frame = session.read.parquet(_address(source))
        except Exception as error:
            raise CaseError(
                [Problem(self.place, 0, 0, "C071", f"not a Parquet file: {str(error).splitlines()[0]}", "save it again")]
            ) from None
        self.kinds: dict[str, Kind] = {one.name: _kind(one.dataType) for one in frame.schema.fields}
        self.work = output.parent / f".{output.name}.work"
        self.kept: list[Path] = []
        self.types: dict[str, str] = {}
        self.read(frame)

    def begin(self, columns: Mapping[str, str]) -> None:
        """An empty folder; `finish` gives it its name."""
        self.types = {name: exp.DataType.build(kind, dialect="duckdb").sql("spark") for name, kind in columns.items()}
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def read(self, frame: Any) -> None:
        """Number the rows: by the place of each in its part of the input, the same in every query and on every try."""
        frame.selectExpr(f"monotonically_increasing_id() AS {ROW}", "*").createOrReplaceTempView(self.source)

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query; no more than a part of it stands in memory."""
        for row in self.session.sql(query).toLocalIterator():
            yield tuple(map(_plain, row))

    def view(self, name: str, query: str) -> None:
        """A temporary view."""
        self.session.sql(query).createOrReplaceTempView(name)

    def keep(self, name: str, query: str) -> None:
        """The rows of a query as a folder of its own: what reads it has a plan that is no deeper than it must be."""
        folder = self.work.with_suffix(f".{name}")
        self.session.sql(query).write.mode("overwrite").parquet(_address(folder))
        self.kept.append(folder)
        self.session.read.parquet(_address(folder)).createOrReplaceTempView(name)

    def insert(self, query: str) -> None:
        """Grade by one statement, on the cluster."""
        columns = [f"CAST(`{name}` AS {kind}) AS `{name}`" for name, kind in self.types.items()]
        # first written, then filtered: a filter above the steps would be pushed down through them, and each step it meets would be
        # written into it, until no memory holds it
        self.keep("_statement", query)
        self._write(self.session.table("_statement").where("NOT doubt AND SIZE(refused) = 0").selectExpr(*columns))

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Rows graded one by one."""
        values = [tuple(_typed(name, row[name]) for name in self.types) for row in rows]
        self._write(self.session.createDataFrame(values, self._schema).coalesce(1))

    @property
    def _schema(self) -> str:
        return ", ".join(f"`{name}` {kind}" for name, kind in self.types.items())

    def _write(self, frame: Any) -> None:
        frame.write.mode("append").parquet(_address(self.work))

    def graded(self) -> str:
        """What is written so far, as a view."""
        self.session.read.schema(self._schema).parquet(_address(self.work)).createOrReplaceTempView("_graded")
        return "_graded"

    def share(self) -> float:
        """The share of the tasks of the running stages that are done."""
        tracker = self.session.sparkContext.statusTracker()
        stages = [found for one in tracker.getActiveStageIds() if (found := tracker.getStageInfo(one)) is not None]
        tasks = sum(stage.numTasks for stage in stages)
        return sum(stage.numCompletedTasks for stage in stages) / tasks if tasks else 0.0

    def finish(self, rejects: list[Reject]) -> None:
        """Put the folder in its place, and beside it the rows that have no grade."""
        write_rejects(self.output.with_name(f"{self.output.name}.rejects.csv"), rejects)
        old = self.work.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        if self.output.exists():
            self.output.rename(old)
        self.work.rename(self.output)
        shutil.rmtree(old, ignore_errors=True)
        self.abandon()

    def abandon(self) -> None:
        """Leave nothing behind."""
        for folder in (self.work, *self.kept):
            shutil.rmtree(folder, ignore_errors=True)


def _address(path: Path) -> str:
    return path.resolve().as_uri()


def _kind(kind: Any) -> Kind:
    """What a type of Spark is to `typed.cell`."""
    name = kind.typeName()
    if name == "array" and kind.elementType.typeName() == "struct":
        return {one.name: _kind(one.dataType) for one in kind.elementType.fields}
    return "decimal" if name == "decimal" else _KINDS.get(name, "other")


def _typed(name: str, value: Any) -> Any:
    """A value of a single-case result as Spark takes it: days are no texts."""
    if name == AS_OF:
        return dt.date.fromisoformat(value)
    if name == "duties":
        return [{**duty, "due": duty["due"] and dt.date.fromisoformat(duty["due"])} for duty in value]
    return value


def _plain(value: Any) -> Any:
    """A struct as a mapping, for the row reader."""
    if hasattr(value, "asDict"):
        return value.asDict(recursive=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value
