"""`dingji compare PATH...`: how far the methods agree, and where they part."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.language import remark
from dingji.cli.options import find_case, knowledge_options, terminal_width, write

if TYPE_CHECKING:
    from dingji.comparison.compare import Source, Task
    from dingji.comparison.model import Comparison
    from dingji.comparison.precedents import Settled
    from dingji.knowledge.model import Knowledge

TABLES = (".csv", ".tsv", ".xlsx", ".xlsm", ".jsonl", ".parquet")
FORMS = ("text", "markdown", "html", "json", "csv", "xlsx")


@click.command("compare")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--mapping", type=click.Path(path_type=Path), help="Which column of a table is which fact.")
@click.option("--precedents", type=click.Path(path_type=Path), help="A folder of settled cases to reason from.")
@click.option("--screen", is_flag=True, help="List the cases that deserve a calculation.")
@click.option("--by", multiple=True, metavar="FACT", help="Group by this fact (default: those that choose the instruments).")
@click.option("--profile", help="A profile: another band scheme, scale or reading.")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), help="Processes that work (default: one for each core, at most 4).")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@knowledge_options
def command(
    paths: tuple[Path, ...],
    mapping: Path | None,
    precedents: Path | None,
    screen: bool,
    by: tuple[str, ...],
    profile: str | None,
    form: str,
    processes: int | None,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """Grade the cases below PATH by every method, and show how far the methods agree and why they differ.

    PATH is a case file, a folder of them, or a table (CSV, XLSX); --mapping says which column is which fact.

    \b
    Examples:
      dingji compare cases/power-grid --screen
      dingji compare hazards.xlsx --mapping hazards.yaml --by discipline -o report.md --format markdown
      dingji compare my-cases --precedents settled --format xlsx -o comparison.xlsx
      dingji compare my-cases --screen --format html -o comparison.html
    """
    from dingji.comparison.compare import Task
    from dingji.grading import load

    if form == "xlsx" and output is None:
        raise click.UsageError("a workbook goes into a file: --format xlsx -o FILE")
    base = load(knowledge)
    _check_facts(base, by)
    settled, unsettled = _settled(base, precedents, profile)
    if unsettled and not quiet:
        remark(f"settled cases without an official grade on their scale, left out: {', '.join(unsettled)}")
    task = Task(profile, by, screen, settled)
    found = _compare(base, knowledge, _sources(base, paths, mapping, quiet), task, processes or min(4, os.cpu_count() or 1), quiet)
    _show(found, base, form, "zh" if lang == "zh" else "en", output, templates, screen=screen, precedents=precedents is not None)
    return 0


def _check_facts(base: Knowledge, by: tuple[str, ...]) -> None:
    from dingji.errors import nearest

    for name in by:
        if name not in base.facts:
            hint = nearest(name, base.facts)
            raise click.BadParameter(f"no fact {name!r}" + (f"; {hint}" if hint else ""), param_hint="--by")


def _settled(base: Knowledge, folder: Path | None, profile: str | None) -> tuple[tuple[Settled, ...], tuple[str, ...]]:
    """The settled cases of a folder, and the ids of those that can't be used."""
    if folder is None:
        return (), ()
    from dingji.cases.folder import cases_below
    from dingji.comparison.precedents import settled
    from dingji.errors import CaseError, Problem

    cases, problems = [], list[Problem]()
    for _, file in cases_below([folder]):
        try:
            cases.append(file.check(base))
        except CaseError as error:
            problems += error.problems
    if problems:
        raise CaseError(problems)
    return settled(base, cases, profile)


def _sources(base: Knowledge, paths: tuple[Path, ...], mapping: Path | None, quiet: bool) -> list[Source]:
    """The case files, and the cases of the tables. Raises CaseError with the problems of all rows."""
    from dingji.cases.folder import case_files

    found: list[Source] = []
    for path in paths:
        if path.suffix.lower() in TABLES:
            found += _rows(base, path, mapping, quiet)
        else:
            found += case_files([find_case(path)])
    return found


def _rows(base: Knowledge, path: Path, mapping: Path | None, quiet: bool) -> list[Source]:
    from dingji.cases.model import Official
    from dingji.comparison.compare import Subject
    from dingji.comparison.model import Group
    from dingji.errors import CaseError, Problem
    from dingji.knowledge.model import Words
    from dingji.records import replace
    from dingji.tables.mapping import read_mapping
    from dingji.tables.reader import read_table

    table = read_table(path, base, read_mapping(mapping, base) if mapping is not None else None)
    for text in table.notes if not quiet else ():
        remark(text)
    found: list[Subject] = []
    problems: list[Problem] = []
    scale = table.mapping.official.scale if table.mapping.official else ""
    for row in table.rows():
        problems += row.problems
        if row.case is None:
            continue
        case = row.case
        if row.official is not None and case.official is None:
            case = replace(case, official=Official(scale, row.official))
        groups = tuple(Group(name, text, Words(text, text), True) for name, text in row.group.items() if text)
        found.append(Subject(case, groups))
    if problems:
        raise CaseError(problems)
    # cases of a kind share their compiled rules: let them follow each other
    found.sort(key=lambda s: [str(s.case.statements[name].value) for name in base.index if name in s.case.statements])
    return list(found)


def _compare(base: Knowledge, folder: Path | None, sources: list[Source], task: Task, processes: int, quiet: bool) -> Comparison:
    """Every case worked out, with a bar on a terminal, then the whole summed up."""
    from dingji.comparison.compare import outcomes, summed_up
    from dingji.comparison.verdicts import plan_of

    hidden = quiet or not sys.stderr.isatty()
    with click.progressbar(length=len(sources), label="cases", file=sys.stderr, hidden=hidden) as bar:
        found = outcomes(folder, base, sources, task, processes=processes, done=bar.update)
    return summed_up(base, found, task, plan_of(base))


def _show(
    found: Comparison,
    base: Knowledge,
    form: str,
    language: str,
    output: Path | None,
    templates: Path | None,
    *,
    screen: bool,
    precedents: bool,
) -> None:
    if form == "json":
        write(json.dumps(found.to_dict(), ensure_ascii=False, indent=2), output)
    elif form in ("csv", "xlsx"):
        from dingji.reports import compare_table as tables

        if output is not None:
            writer = tables.write_comparison_xlsx if form == "xlsx" else tables.write_comparison_csv
            writer(found, base, output, language, templates)
            return
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "comparison.csv"
            tables.write_comparison_csv(found, base, made, language, templates)
            write(made.read_bytes(), None)
    elif form == "html":
        from dingji.reports.html.compare import render_comparison_page

        page = render_comparison_page(found, base, language=language, templates=templates, screening=screen, precedents=precedents)
        write(page, output)
    else:
        from dingji.reports.compare import render_comparison

        text = render_comparison(
            found,
            base,
            form=form,
            language=language,
            width=terminal_width(),
            templates=templates,
            screening=screen,
            precedents=precedents,
        )
        write(text, output)
