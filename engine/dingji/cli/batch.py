"""`dingji batch INPUT -o OUTPUT`: grade a whole register."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.language import remark
from dingji.cli.options import Day, default_language

if TYPE_CHECKING:
    from dingji.batch.inputs import Table
    from dingji.batch.job import Counts, Read
    from dingji.cases.model import Case
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
@click.option("--knowledge", type=click.Path(path_type=Path), help="Another knowledge folder.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language of the messages (default: by locale).")
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
      dingji batch hazards/ --engine spark --master spark://host:7077 -o grades/
      dingji batch --engine postgres --dsn postgresql://host/safety --table hazards --into hazard_grades
    """
    from dingji.batch.engine import duckdb
    from dingji.grading import load

    duckdb()
    base = load(knowledge)
    words = _words(lang)
    if options["engine"] != "duckdb":
        from dingji.cli.inplace import run

        return run(source, output, base, options, words, quiet)
    if source is None:
        raise click.UsageError("which register? INPUT is a table or a folder of case files")
    table, rows = _rows(source, base, options, quiet)
    if options["key"]:
        return _proof(source, base, rows(), options, lang)
    if options["explain_sql"]:
        return _explain(base, rows(), options)
    if output is None:
        raise click.UsageError("the grades go into a file: -o FILE")
    return _grade(source, output, base, (table, rows), options, words, quiet)


def _words(lang: str) -> Catalogue:
    from dingji.reports.messages import catalogue

    return catalogue("zh" if lang == "zh" else "en")


def _rows(source: Path, base: Knowledge, options: dict[str, Any], quiet: bool) -> tuple[Table | None, Callable[[], Iterator[Read]]]:
    """Opens the input: the table, if it is one, and what reads its rows, each time anew."""
    from dingji.batch.inputs import Table, is_folder, rows_of_cases

    if is_folder(source):
        return None, lambda: rows_of_cases(source, base)
    table = Table(source, base, options["mapping"], options["sheet"], options["as_of"])
    if not quiet:
        for text in table.notes:
            remark(text)
    return table, table.rows


def _condition(base: Knowledge, text: str | None) -> Callable[[Case], bool] | None:
    """--where as a test of a case: only rows for which it is true are graded."""
    from dingji.errors import CaseError, Problem
    from dingji.language.check import check
    from dingji.language.evaluate import compile_node
    from dingji.language.parser import ExpressionError, parse
    from dingji.language.types import Bool

    if text is None:
        return None
    stated = {name: fact.type for name, fact in base.facts.items() if fact.nature != "derived"}
    try:
        evaluate = compile_node(check(parse(text), stated, Bool()), base.defaults)
    except ExpressionError as error:
        raise CaseError([Problem("--where", 1, error.at + 1, error.code, error.message, error.hint)]) from None
    return lambda case: evaluate(case.facts()) is True


def _grade(
    source: Path,
    output: Path,
    base: Knowledge,
    given: tuple[Table | None, Callable[[], Iterator[Read]]],
    options: dict[str, Any],
    words: Catalogue,
    quiet: bool,
) -> int:
    from dingji.batch.direct import DirectJob
    from dingji.batch.engine import Engine, connect
    from dingji.batch.inputs import signature
    from dingji.batch.job import SUFFIXES

    if output.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"what kind of file is {output.name}? It ends with none of {', '.join(SUFFIXES)}")
    engine = Engine(base, connect(options["memory"]))
    paths = [source, *([options["mapping"]] if options["mapping"] else [])]
    depends = [options[name] for name in ("sheet", "as_of", "condition", "profile")]
    job = DirectJob(
        base,
        engine,
        output,
        signature(paths, base, depends),
        profile=options["profile"],
        where=_condition(base, options["condition"]),
        sample=options["sample"],
        resume=options["resume"],
    )
    start = time.monotonic()
    table, rows = given
    file = table.in_columns(engine.connection, job.scratch, options["profile"], engine.worth) if table and not job.where else None
    tell = _progress(words, quiet, start, file.total if file else None)
    counts = job.run(rows(), tell) if file is None else job.run_file(file, tell)
    if not quiet:
        from dingji.reports.batch import lines

        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
        for line in lines(words, counts, output, job.rejects, len(job.sampled), time.monotonic() - start, engine.unsupported):
            click.echo(line, err=True)
    return 0


def _progress(words: Catalogue, quiet: bool, start: float, total: int | None) -> Callable[[Counts], None]:
    def tell(counts: Counts) -> None:
        seconds = time.monotonic() - start
        if not quiet and sys.stderr.isatty() and seconds > 1:
            from dingji.reports.batch import progress

            click.echo("\r" + progress(words, counts, seconds, total) + "\x1b[K", nl=False, err=True)

    return tell


def _proof(source: Path, base: Knowledge, rows: Iterator[Read], options: dict[str, Any], lang: str) -> int:
    from dingji.cli.options import terminal_width, use_colour
    from dingji.errors import CaseError, Problem
    from dingji.grading import grade
    from dingji.reports import render

    case = next((read.case for read in rows if read.case is not None and read.case.id == options["key"]), None)
    if case is None:
        raise CaseError(
            [Problem(str(source), 0, 0, "C012", f"there is no case {options['key']!r} in the file", "--row wants the id of a case")]
        )
    result = grade(base, case, today=dt.date.today(), profile=options["profile"])
    text = render(
        result, base, form="text", detail="full", language="zh" if lang == "zh" else "en", width=terminal_width(), colour=use_colour(None)
    )
    click.echo(text)
    return 0


def _explain(base: Knowledge, rows: Iterator[Read], options: dict[str, Any]) -> int:
    from dingji.batch.explain import statements

    for head, text in statements(base, rows, options["profile"], options["dialect"]):
        click.echo(f"-- {head}\n{text};\n")
    return 0
