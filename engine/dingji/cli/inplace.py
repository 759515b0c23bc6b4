"""`dingji batch --engine spark|postgres`: registers graded where they stand."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.language import language

if TYPE_CHECKING:
    from dingji.batch.job import Counts
    from dingji.batch.stores.inplace import Register
    from dingji.knowledge.model import Knowledge
    from dingji.reports.messages import Catalogue

_UNFIT = {"resume": "--resume", "sheet": "--sheet"}
_OTHERS = {"spark": {"dsn": "--dsn", "table": "--table", "into": "--into"}, "postgres": {"master": "--master"}}
TOLD_EVERY = 0.5
"""Seconds between two looks at how far a run is."""


def run(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    """Grade a Parquet folder on a cluster, or a table in a database."""
    engine = options["engine"]
    unfit = [option for name, option in {**_UNFIT, **_OTHERS[engine]}.items() if options[name]]
    if unfit:
        raise click.UsageError(f"not with --engine {engine}: {', '.join(unfit)}")
    made = _postgres if engine == "postgres" else _spark
    return made(source, output, base, options, words, quiet)


def _register(store: Any, base: Knowledge, options: dict[str, Any]) -> Register:
    from dingji.batch.statement.where import Where
    from dingji.batch.stores.inplace import Register
    from dingji.reports.problems import reason
    from dingji.tables.mapping import read_mapping

    mapping = read_mapping(options["mapping"], base) if options["mapping"] else None
    found = Register.of(store, base, mapping, options["as_of"], options["profile"])
    found.where = None if options["condition"] is None else Where.of(options["condition"], base)
    found.sample = options["sample"]
    found.says = partial(reason, language=language())
    return found


def _postgres(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    shows = _shows(options)
    for name in ("dsn", "table", *(() if shows else ("into",))):
        if not options[name]:
            raise click.UsageError(f"--engine postgres needs --{name}")
    if source is not None or output is not None:
        raise click.UsageError("--engine postgres grades --table into --into: no INPUT, no -o")
    from dingji.batch.stores.postgres import PostgresStore, connect

    connection = connect(options["dsn"])
    try:
        store = PostgresStore(connection, options["table"], None if shows else options["into"], options["replace"])
        register = _register(store, base, options)
        if shows:
            return _show(register, base, options, words)
        places = (Path(options["into"]), Path(f"{options['into']}_rejects"))
        return _graded(register, store.finish, places, words, quiet)
    finally:
        connection.rollback()
        connection.close()


def _spark(source: Path | None, output: Path | None, base: Knowledge, options: dict[str, Any], words: Catalogue, quiet: bool) -> int:
    if source is None or not options["master"]:
        raise click.UsageError("--engine spark needs INPUT, a folder of Parquet files, and --master")
    shows = _shows(options)
    target = source.with_name(f"{source.name}.grades") if shows else _folder(source, output, options["replace"])
    from dingji.batch.stores.spark import SparkStore, connect

    session = connect(options["master"])
    store = None
    try:
        store = SparkStore(session, source, target)
        register = _register(store, base, options)
        if shows:
            return _show(register, base, options, words)
        return _graded(register, store.finish, (target, target.with_name(f"{target.name}.rejects.csv")), words, quiet)
    finally:
        if store is not None:
            store.abandon()
        session.stop()


def _folder(source: Path, output: Path | None, replace: bool) -> Path:
    """Where the grades go, if nothing else is lost by it. Raises UsageError."""
    if output is None:
        raise click.UsageError("the grades go into a folder: -o FOLDER")
    own, given = output.resolve(), source.resolve()
    if own == given or own in given.parents or given in own.parents:
        raise click.UsageError(f"{output} holds the input, or lies in it: name another folder")
    if output.exists() and not replace:
        raise click.UsageError(f"{output} is there already: name another folder, or add --replace")
    if output.exists() and (not output.is_dir() or any(not _of_spark(path) for path in output.iterdir())):
        raise click.UsageError(f"{output} holds more than the Parquet files of a run: it is not replaced")
    return output


def _of_spark(path: Path) -> bool:
    return path.is_file() and (path.suffix in (".parquet", ".crc") or path.name == "_SUCCESS")


def _shows(options: dict[str, Any]) -> bool:
    """Is nothing graded but shown?"""
    return bool(options["explain_sql"] or options["key"])


def _show(register: Register, base: Knowledge, options: dict[str, Any], words: Catalogue) -> int:
    if options["key"]:
        from dingji.cli.proof import show

        return show(base, register.find(options["key"]), options["profile"], words.language)
    for number, planned in enumerate(register.plans()):
        head = ", ".join(a.instrument.id for a in planned.plan.applied)
        click.echo(f"-- {head}\n{register.statement(planned, number).sql(register.store.dialect, pretty=True)};\n")
    return 0


def _graded(register: Register, finish: Callable[[Any], None], places: tuple[Path, Path], words: Catalogue, quiet: bool) -> int:
    from dingji.reports.batch import lines

    start = time.monotonic()
    with _progress(register, words, quiet) as tell:
        counts, rejects = register.run(tell)
        finish(rejects)
    if not quiet:
        for line in lines(words, counts, *places, register.sampled, time.monotonic() - start, register.singly):
            click.echo(line, err=True)
    return 0


@contextmanager
def _progress(register: Register, words: Catalogue, quiet: bool) -> Iterator[Callable[[Counts], None]]:
    """Tells a terminal how far the run is: also between two statements, as far as the engine can say."""
    from dingji.batch.job import Counts
    from dingji.reports.batch import progress

    done, start, over = Counts(), time.monotonic(), threading.Event()

    def tell(counts: Counts) -> None:
        done.read = counts.read

    def watch() -> None:
        while not over.wait(TOLD_EVERY):
            reached = Counts(done.read + round(register.store.share() * register.running))
            click.echo("\r" + progress(words, reached, time.monotonic() - start, register.total or None) + "\x1b[K", nl=False, err=True)

    watcher = threading.Thread(target=watch, daemon=True)
    shown = not quiet and sys.stderr.isatty()
    if shown:
        watcher.start()
    try:
        yield tell
    finally:
        over.set()
        if shown:
            watcher.join()
            click.echo("\r\x1b[K", nl=False, err=True)
