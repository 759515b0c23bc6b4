"""A PostgreSQL server and a Spark cluster, started by the tests that need them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def needed(there: Any, name: str) -> None:
    """Skip where something is not installed; in continuous integration that is a failure."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not installed")
    pytest.skip(f"{name} is not installed")


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


def _as_somebody() -> list[str]:
    """The server refuses to run as root."""
    if os.getuid() != 0:
        return []
    user = next((user for user in ("postgres", "nobody") if user in {entry.pw_name for entry in pwd.getpwall()}), "nobody")
    return ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The connection string of a server of our own: on a socket, without a port."""
    needed(importlib.util.find_spec("psycopg"), "psycopg (pip install 'dingji[postgres]')")
    initdb, control = _program("initdb"), _program("pg_ctl")
    needed(initdb and control, "postgresql (apt-get install postgresql)")
    assert initdb and control
    # the path of a socket has at most 107 bytes: a folder of pytest's may be too deep
    folder = Path(tempfile.mkdtemp(prefix="dingji-pg-", dir="/tmp"))
    somebody = _as_somebody()
    if somebody:
        shutil.chown(folder, somebody[1].partition("=")[2])
    data = str(folder / "data")
    run = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": folder}
    try:
        subprocess.run([*somebody, initdb, "-D", data, "-A", "trust", "-U", "dingji", "-E", "UTF8", "--locale=C", "-N"], **run)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c jit=off"
        subprocess.run([*somebody, control, "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start"], **run)
        try:
            yield f"host={folder} user=dingji dbname=postgres"
        finally:
            subprocess.run([*somebody, control, "-D", data, "-w", "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark in this machine, for whatever needs no cluster."""
    needed(importlib.util.find_spec("pyspark"), "pyspark (pip install 'dingji[spark]')")
    needed(shutil.which("java"), "Java (apt-get install default-jre-headless)")
    from dingji.batch.stores.spark import connect

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    folder = tmp_path_factory.mktemp("warehouse")
    local = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.sql.warehouse.dir": str(folder)}
    made = connect("local[2]", **local, **{"spark.sql.shuffle.partitions": "2", "spark.sql.codegen.wholeStage": "false"})
    yield made
    made.stop()
