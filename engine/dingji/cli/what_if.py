"""`dingji what-if CASE`: the grade with other facts, the changes that lead to a grade, the facts that turn it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.options import case_options, find_case, pick
from dingji.cli.why import show

if TYPE_CHECKING:
    from dingji.cases.model import Case
    from dingji.knowledge.model import Knowledge
    from dingji.reasoning.variation.model import Answer


@click.command("what-if")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--set", "changes", multiple=True, metavar="FACT=VALUE", help="Another value, as in a case file. Repeat it for more facts.")
@click.option("--to", metavar="GRADE", help="The smallest sets of changes that lead to this grade.")
@click.option("--at-most", is_flag=True, help="With --to: to this grade or a milder one.")
@click.option("--sensitivity", is_flag=True, help="Every fact that turns the grade by itself, and where (the default).")
@click.option("--instrument", metavar="ID", help="The finding of this instrument instead of the determination.")
@click.option("--changes", "size", type=click.IntRange(1, 3), default=3, show_default=True, help="With --to: so many facts at once.")
@click.option("--most", type=click.IntRange(1), default=10, show_default=True, help="With --to: so many ways are shown.")
@click.option("--time", "seconds", type=click.FloatRange(0), default=2.0, show_default=True, help="With --to: seconds to search.")
@case_options
def command(
    path: Path,
    changes: tuple[str, ...],
    to: str | None,
    at_most: bool,
    sensitivity: bool,
    instrument: str | None,
    size: int,
    most: int,
    seconds: float,
    form: str,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    profile: str | None,
    as_of: dt.date | None,
    case_id: str | None,
    templates: Path | None,
    quiet: bool,
) -> int:
    """Show what becomes of the grade when facts change.

    --to and --sensitivity start from the case as changed by --set. Facts that say which instruments apply, facts declared
    immutable and the day of the case stay as they are. Exit code 1: --to found no way.

    \b
    Examples:
      dingji what-if cases/power-grid/photovoltaic-under-500kv.yaml
      dingji what-if CASE --set potential_deaths=2 --set image_reach=county
      dingji what-if CASE --to III --at-most
    """
    if at_most and to is None:
        raise click.UsageError("--at-most goes with --to GRADE")
    names = [change.partition("=")[0].strip() for change in changes]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise click.UsageError(f"--set {repeated} stands twice")
    from dingji.cases.reader import read_cases
    from dingji.grading import load

    base = load(knowledge)
    options = {"as_of": as_of, "profile": profile, "instrument": instrument}
    search: dict[str, Any] = {"to": to, "at_most": at_most, "seconds": seconds, "changes": size, "most": most}
    wants_hinges = sensitivity or not (changes or to)
    cases = pick(read_cases(find_case(path)), case_id, path)
    answers = [_answer(base, case.check(base), changes, search, wants_hinges, options) for case in cases]
    from dingji.reports.what_if import render_what_if

    code = show(answers, render_what_if, base, form, lang, output, templates, quiet)
    return code or int(any(a.ways is not None and not a.ways.already and not a.ways.ways for a in answers))


def _answer(
    base: Knowledge, case: Case, changes: tuple[str, ...], search: dict[str, Any], wants_hinges: bool, options: dict[str, Any]
) -> Answer:
    from dingji.errors import CaseError, Problem
    from dingji.reasoning.variation.what_if import WhatIf, read_statement

    asked = WhatIf(base, case, **options)
    difference = None
    if changes:
        statements, problems = [], list[Problem]()
        for change in changes:
            try:
                statements.append(read_statement(change, case, asked.knowledge))
            except CaseError as error:
                problems += error.problems
        if problems:
            raise CaseError(problems)
        difference = asked.difference(statements)
        asked = asked.with_statements(statements)
    ways = asked.ways(**search) if search["to"] is not None else None
    return asked.answer(difference, ways, asked.hinges() if wants_hinges else None)
