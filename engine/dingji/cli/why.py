"""`dingji why CASE`: the proof of one conclusion."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.language import remark
from dingji.cli.options import case_options, find_case, pick, terminal_width, write

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge


@click.command("why")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--rule", metavar="ID", help="Whether this rule holds.")
@click.option("--fact", metavar="NAME", help="How this fact got its value.")
@click.option("--instrument", metavar="ID", help="How the finding of this instrument was reached.")
@case_options
def command(
    path: Path,
    rule: str | None,
    fact: str | None,
    instrument: str | None,
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
    """Show the proof of one conclusion (by default the determination): rules, conditions, facts and who stated them.

    \b
    Examples:
      dingji why cases/power-grid/photovoltaic-under-500kv.yaml --fact impact_score
      dingji why CASE --rule SGE-002 --lang zh
      dingji why CASE --instrument sg.alcr --format json
    """
    if sum(x is not None for x in (rule, fact, instrument)) > 1:
        raise click.UsageError("--rule, --fact and --instrument: one of them")
    from dingji.cases.reader import read_cases
    from dingji.grading import load
    from dingji.reasoning.explanation.why import QuestionError, why

    base = load(knowledge)
    cases = pick(read_cases(find_case(path)), case_id, path)
    try:
        answers = [why(base, case, rule=rule, fact=fact, instrument=instrument, as_of=as_of, profile=profile) for case in cases]
    except QuestionError as error:
        raise click.UsageError(str(error)) from None
    from dingji.reports.why import render_why

    return show(answers, render_why, base, form, lang, output, templates, quiet)


def show(
    answers: Sequence[Any],
    render: Callable[..., str],
    base: Knowledge,
    form: str,
    lang: str,
    output: Path | None,
    templates: Path | None,
    quiet: bool,
) -> int:
    """Write answers as data or pages, each with the words of the profile that it was given under."""
    if form == "json":
        plain = [answer.to_dict() for answer in answers]
        text = json.dumps(plain[0] if len(plain) == 1 else plain, ensure_ascii=False, indent=2)
    else:
        from dingji.grading import under

        shape = {"form": form, "language": lang, "width": terminal_width(), "templates": templates}
        text = "\n".join(render(answer, under(base, answer.profile), **shape) for answer in answers)
    write(text, output)
    if answers and answers[0].without and not quiet:
        remark(f"the rule engine did not run ({answers[0].without}); the reference evaluator stands alone")
    return 0
