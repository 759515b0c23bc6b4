"""`dingji batch INPUT -o OUTPUT`: grade a whole register."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli import against
from dingji.cli.destination import broken_off, ready
from dingji.cli.language import language, remark
from dingji.cli.options import Day, default_language

if TYPE_CHECKING:
    from dingji.batch.direct import DirectJob
    from dingji.batch.inputs import Table
    from dingji.batch.job import Counts, Read
    from dingji.batch.statement.where import Where
    from dingji.knowledge.model import Knowledge
    from dingji.reports.messages import Catalogue


@click.command("batch")
@click.argument("source", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A .parquet, .jsonl, .csv or .xlsx file; a folder with Spark.")
@click.option("--mapping", type=click.Path(path_type=Path), help="Which column of a table is which fact.")
@click.option("--sheet", help="The sheet of a workbook.")
@click.option("--as-of", type=Day(), help="The day of the facts, where the table does not say.")
@click.option(
    "--where", "condition", metavar="CONDITION", help="Grade only the rows for which this condition of the rule language is true."
)
@click.option(
    "--sample-check", "sample", type=click.IntRange(0), default=0, help="Grade so many random rows again, one by one, and compare."
)
@click.option("--resume", is_flag=True, help="Go on where a run that was broken off stopped.")
@click.option("--explain-sql", is_flag=True, help="Print the statements for the kinds of cases in INPUT; grade nothing.")
@click.option("--row", "key", metavar="KEY", help="Show the full proof of one row, by the id of its case; grade nothing else.")
@click.option("--dialect", type=click.Choice(["duckdb", "spark", "postgres"]), default="duckdb", help="Of --explain-sql.")
@click.option("--engine", type=click.Choice(["duckdb", "spark", "postgres"]), default="duckdb", show_default=True, help="What grades.")
@click.option("--master", metavar="URL", help="The Spark cluster, such as spark://host:7077.")
@click.option("--dsn", help="The PostgreSQL database, such as postgresql://user@host/database.")
@click.option("--table", help="The table of the database that is graded.")
@click.option("--into", metavar="TABLE", help="The table of the database for the grades.")
@click.option("--replace", is_flag=True, help="Replace a table or folder of grades that is there already.")
@click.option("--memory", default="3GB", show_default=True, help="Memory that the engine may take.")
@click.option("--profile", help="A profile: another band scheme, scale or reading.")
@click.option("--against", metavar="PROFILE", help="Grade under this profile, too (none: under no profile), and tell what changes.")
@click.option("--against-knowledge", type=click.Path(path_type=Path), help="Grade by this knowledge folder, too: other thresholds.")
@click.option("--against-as-of", type=Day(), help="Grade as on this day, too, by the editions in force then.")
@click.option("--knowledge", type=click.Path(path_type=Path), help="Another knowledge folder.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language of the messages (default: by locale).")
@click.option(
    "--summary", type=click.Path(dir_okay=False, path_type=Path), help="Sum up the grades in this .html, .md, .txt or .json file, too."
)
@click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors.")
def command(source: Path | None, output: Path | None, knowledge: Path | None, lang: str, quiet: bool, **options: Any) -> int:
    """Grade a whole register: a CSV, XLSX, JSON lines or Parquet table, or a folder of case files.

    Rows that are not cases go to OUTPUT's .rejects.csv with the column and the reason; the others are graded by one statement
    for each kind of case, as `dingji grade` grades them one by one. The output appears whole or not at all.

    \b
    Examples:
      dingji batch hazards.csv --mapping hazards.yaml -o grades.parquet --sample-check 200
      dingji batch hazards.xlsx --mapping hazards.yaml -o grades.xlsx --where 'sector == "trade"'
      dingji batch hazards.csv --mapping hazards.yaml --row H-0017
      dingji batch my-cases --explain-sql
      dingji batch firms.csv --profile chongqing-700-is-c --against none -o changes.parquet
      dingji batch hazards/ --engine spark --master spark://host:7077 -o grades/
      dingji batch --engine postgres --dsn postgresql://host/safety --table hazards --into hazard_grades
    """
    from dingji.batch.engine import duckdb
    from dingji.grading import load

    duckdb()
    base = load(knowledge)
    words = _words(lang)
    summed = _summary(output, base, options, lang)
    if options["engine"] != "duckdb":
        from dingji.cli.inplace import run

        if against.asked(options):
            raise click.UsageError("--against goes with --engine duckdb")
        return summed(run(source, output, base, options, words, quiet))
    if source is None:
        raise click.UsageError("which register? INPUT is a table or a folder of case files")
    shows = bool(options["key"] or options["explain_sql"])
    target = output if shows else ready(output, (source, options["mapping"]))
    if shows and against.asked(options):
        raise click.UsageError("--row and --explain-sql show one grading: leave out --against")
    if target is not None and against.asked(options):
        return summed(against.run(source, target, base, options, words, quiet))
    table, rows = open_rows(source, base, options, quiet)
    if options["key"]:
        return _proof(source, base, rows(), options, lang)
    if options["explain_sql"]:
        return _explain(base, rows(), options)
    assert target is not None
    return summed(_grade(source, target, base, (table, rows), options, words, quiet))


def _summary(output: Path | None, base: Knowledge, options: dict[str, Any], lang: str) -> Callable[[int], int]:
    """What writes the summary, if one is asked for, once the grades are written."""
    place = options["summary"]
    if place is None:
        return lambda code: code
    from dingji.cli.summary import ready_for, write_summary

    grades = ready_for(place, output, options)

    def write(code: int) -> int:
        if not code:
            write_summary((grades,), base, None, lang, place)
        return code

    return write


def _words(lang: str) -> Catalogue:
    from dingji.reports.messages import catalogue

    return catalogue("zh" if lang == "zh" else "en")


def open_rows(source: Path, base: Knowledge, options: dict[str, Any], quiet: bool) -> tuple[Table | None, Callable[[], Iterator[Read]]]:
    """The input, opened: the table, if it is one, and what reads its rows, each time anew."""
    from dingji.batch.inputs import Table, holds_cases, rows_of_cases

    if holds_cases(source, options["mapping"]):
        return None, lambda: rows_of_cases(source, base)
    table = Table(source, base, options["mapping"], options["sheet"], options["as_of"])
    if not quiet:
        for text in table.notes:
            remark(text)
    return table, table.rows


def _condition(base: Knowledge, text: str | None) -> Where | None:
    """--where as a test of a case: only rows for which it is true are graded."""
    from dingji.batch.statement.where import Where

    return None if text is None else Where.of(text, base)


def _grade(
    source: Path,
    output: Path,
    base: Knowledge,
    given: tuple[Table | None, Callable[[], Iterator[Read]]],
    options: dict[str, Any],
    words: Catalogue,
    quiet: bool,
) -> int:
    job = job_of(source, output, base, given, options)
    start = time.monotonic()
    with broken_off(job):
        counts = run_job(job, given, words, quiet)
    if not quiet:
        from dingji.reports.batch import lines

        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
        for line in lines(words, counts, output, job.rejects, len(job.sampled), time.monotonic() - start, job.engine.unsupported):
            click.echo(line, err=True)
    return 0


def job_of(
    source: Path, output: Path, base: Knowledge, given: tuple[Table | None, Callable[[], Iterator[Read]]], options: dict[str, Any]
) -> DirectJob:
    """The run that the options ask for."""
    from dingji.batch.direct import DirectJob
    from dingji.batch.engine import Engine, connect
    from dingji.batch.inputs import signature
    from dingji.reports.problems import reason

    engine = Engine(base, connect(options["memory"]))
    engine.says = partial(reason, language=language())
    paths = [source, *([options["mapping"]] if options["mapping"] else [])]
    depends = [options[name] for name in ("sheet", "as_of", "condition", "profile")]
    return DirectJob(
        base,
        engine,
        output,
        signature(paths, base, depends),
        profile=options["profile"],
        where=_condition(base, options["condition"]),
        sample=options["sample"],
        resume=options["resume"],
        group=given[0].group if given[0] else (),
    )


def run_job(job: DirectJob, given: tuple[Table | None, Callable[[], Iterator[Read]]], words: Catalogue, quiet: bool) -> Counts:
    """Grade the rows: in columns where the table can be read so."""
    table, rows = given
    start = time.monotonic()
    file = table.in_columns(job.engine.connection, job.scratch, job.profile, job.engine.worth) if table else None
    tell = _progress(words, quiet, start, file.total if file else None)
    return job.run(rows(), tell) if file is None else job.run_file(file, tell)


def _progress(words: Catalogue, quiet: bool, start: float, total: int | None) -> Callable[[Counts], None]:
    def tell(counts: Counts) -> None:
        seconds = time.monotonic() - start
        if not quiet and sys.stderr.isatty() and seconds > 1:
            from dingji.reports.batch import progress

            click.echo("\r" + progress(words, counts, seconds, total) + "\x1b[K", nl=False, err=True)

    return tell


def _proof(source: Path, base: Knowledge, rows: Iterator[Read], options: dict[str, Any], lang: str) -> int:
    from dingji.cli.proof import show
    from dingji.errors import CaseError, Problem

    case = next((read.case for read in rows if read.case is not None and read.case.id == options["key"]), None)
    if case is None:
        raise CaseError(
            [Problem(str(source), 0, 0, "C012", f"there is no case {options['key']!r} in the file", "--row wants the id of a case")]
        )
    return show(base, case, options["profile"], lang)


def _explain(base: Knowledge, rows: Iterator[Read], options: dict[str, Any]) -> int:
    from dingji.batch.explain import statements

    for head, text in statements(base, rows, options["profile"], options["dialect"]):
        click.echo(f"-- {head}\n{text};\n")
    return 0
