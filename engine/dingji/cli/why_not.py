"""`dingji why-not CASE --grade GRADE`: what it would have taken."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from dingji.cli.options import case_options, find_case, pick
from dingji.cli.why import show


@click.command("why-not")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--grade", metavar="GRADE", help="The grade not reached: of the determination or, with --instrument, of its finding.")
@click.option("--rule", metavar="ID", help="The rule that does not hold.")
@click.option("--instrument", metavar="ID", help="The instrument that does not apply or finds nothing.")
@click.option("--most", type=click.IntRange(1), default=5, show_default=True, help="Show at most so many ways.")
@case_options
def command(
    path: Path,
    grade: str | None,
    rule: str | None,
    instrument: str | None,
    most: int,
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
    """Say what a grade, a rule or an instrument lacks: the rules that would have given it, the nearest miss first.

    The distance of a rule is the number of conditions on stated facts that are false or unknown, by the shortest way; of equals
    first what is only unknown, then the numbers that are nearest to their threshold.

    \b
    Examples:
      dingji why-not cases/power-grid/photovoltaic-under-500kv.yaml --grade I
      dingji why-not CASE --grade I-major --instrument sg.class-2014
      dingji why-not CASE --rule SGE-003 --lang zh
    """
    if rule is not None and (grade is not None or instrument is not None):
        raise click.UsageError("--rule stands alone; --grade and --instrument may stand together")
    if grade is None and rule is None and instrument is None:
        raise click.UsageError("say what is asked for: --grade GRADE, --rule ID or --instrument ID")
    from dingji.cases.reader import read_cases
    from dingji.grading import load
    from dingji.reasoning.explanation.why import QuestionError
    from dingji.reasoning.explanation.why_not import why_not

    base = load(knowledge)
    cases = pick(read_cases(find_case(path)), case_id, path)
    try:
        answers = [
            why_not(base, case, grade=grade, rule=rule, instrument=instrument, as_of=as_of, profile=profile, most=most) for case in cases
        ]
    except QuestionError as error:
        raise click.UsageError(str(error)) from None
    from dingji.reports.why_not import render_why_not

    return show(answers, render_why_not, base, form, lang, output, templates, quiet)
