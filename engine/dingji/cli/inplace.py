"""`dingji batch --engine spark|postgres`: registers graded where they stand."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dingji.batch.inplace import Register
    from dingji.knowledge.model import Knowledge
    from dingji.reports.messages import Catalogue

_UNFIT = {"condition": "--where", "sample": "--sample-check", "resume": "--resume", "key": "--row", "sheet": "--sheet"}


def run(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    """Grade a Parquet folder on a cluster, or a table in a database."""
    engine = options["engine"]
    for name, option in _UNFIT.items():
        if options[name]:
            raise click.UsageError(f"{option} goes with --engine duckdb")
    if engine == "postgres":
        return _postgres(source, output, base, options, words, quiet)
    for name, option in (("dsn", "--dsn"), ("table", "--table"), ("into", "--into")):
        if options[name]:
            raise click.UsageError(f"{option} goes with --engine postgres")
    return _spark(source, output, base, options, words, quiet)


def _register(store: Any, base: Knowledge, options: dict[str, Any]) -> Register:
    from dingji.batch.inplace import Register
    from dingji.tables.mapping import read_mapping

    mapping = read_mapping(options["mapping"], base) if options["mapping"] else None
    return Register.of(store, base, mapping, options["as_of"], options["profile"])


def _postgres(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    for name in ("dsn", "table", "into"):
        if not options[name]:
            raise click.UsageError(f"--engine postgres needs --{name}")
    if source is not None or output is not None or options["master"]:
        raise click.UsageError("--engine postgres grades --table into --into: no INPUT, no -o, no --master")
    from dingji.batch.postgres import PostgresStore, connect

    connection = connect(options["dsn"])
    try:
        store = PostgresStore(connection, options["table"], options["into"], options["replace"])
        register = _register(store, base, options)
        if options["explain_sql"]:
            return _explain(register)
        refused = Path(f"{options['into']}_rejects")
        return _graded(register, store.finish, (Path(options["into"]), refused), words, quiet)
    finally:
        connection.rollback()
        connection.close()


def _spark(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    if source is None or not options["master"]:
        raise click.UsageError("--engine spark needs INPUT, a folder of Parquet files, and --master")
    if output is None and not options["explain_sql"]:
        raise click.UsageError("the grades go into a folder: -o FOLDER")
    target = output or source.with_name(f"{source.name}.grades")
    if target.exists() and not options["replace"] and not options["explain_sql"]:
        raise click.UsageError(f"{target} is there already: name another folder, or add --replace")
    from dingji.batch.spark import SparkStore, connect

    session = connect(options["master"])
    store = None
    try:
        store = SparkStore(session, source, target)
        register = _register(store, base, options)
        if options["explain_sql"]:
            return _explain(register)
        return _graded(register, store.finish, (target, target.with_name(f"{target.name}.rejects.csv")), words, quiet)
    finally:
        if store is not None:
            store.abandon()
        session.stop()


def _explain(register: Register) -> int:
    register.prepare()
    for number, (plan, condition) in enumerate(register.plans()):
        head = ", ".join(a.instrument.id for a in plan.applied)
        text = register.statement(plan, condition, number).sql(register.store.dialect, pretty=True)
        click.echo(f"-- {head}\n{text};\n")
    return 0


def _graded(register: Register, finish: Callable[[Any], None], places: tuple[Path, Path], words: Catalogue, quiet: bool) -> int:
    from dingji.reports.batch import lines

    start = time.monotonic()
    counts, rejects = register.run()
    finish(rejects)
    if not quiet:
        for line in lines(words, counts, *places, 0, time.monotonic() - start, register.singly):
            click.echo(line, err=True)
    return 0
