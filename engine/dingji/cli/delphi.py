"""`dingji delphi CASE`: a survey of experts in rounds, and the sheets for its next round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.language import spoken
from dingji.cli.options import find_case, knowledge_options, pick, terminal_width, write

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge
    from dingji.methods.model import Result
    from dingji.methods.subjective import Delphi

ENDINGS = {"text": "txt", "markdown": "md", "html": "html"}


@click.command("delphi")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("--round", "number", type=click.IntRange(1), help="The sheets of this round (default: the one that is due).")
@click.option("--rater", help="The sheet of this expert, instead of the rounds.")
@click.option("--sheets", type=click.Path(file_okay=False, path_type=Path), help="Write the sheet of every expert into this folder.")
@click.option("--format", "form", type=click.Choice([*ENDINGS, "json"]), default="text", show_default=True)
@click.option("--case", "case_id", help="Which case of a file that holds several.")
@click.option("--profile", help="A profile: another way of bringing opinions together.")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@knowledge_options
def command(
    case: Path,
    number: int | None,
    rater: str | None,
    sheets: Path | None,
    form: str,
    case_id: str | None,
    profile: str | None,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """Show the rounds of the experts asked on CASE: median, spread, dissent; and print a sheet per expert for the next round.

    A sheet tells what the round before told and the reasons given, without names.

    \b
    Examples:
      dingji delphi cases/expert-opinions/rounds.yaml --case experts-grade-again
      dingji delphi CASE --sheets round-2 --format html --lang zh
      dingji delphi CASE --rater expert-3
    """
    from dingji.cases.reader import read_cases
    from dingji.grading import grade, load, under
    from dingji.methods.subjective import delphi, sheet

    base = load(knowledge)
    path = find_case(case)
    files = pick(read_cases(path), case_id, path)
    if len(files) > 1:
        raise click.UsageError(f"{path} holds {len(files)} cases: name one with --case")
    checked = files[0].check(base)
    used = under(base, profile or checked.profile)
    result = grade(base, checked, profile=profile)
    survey = delphi(used, checked, result)
    round_ = number or min(survey.next, len(survey.feedback) + 1)
    raters = [rater] if rater else list(survey.panel)
    _check(survey, rater, round_, sheets)
    page = _Pages(survey, result, used, form, lang, templates)
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        for name in raters:
            write(page.sheet(sheet(survey, name, round_)), sheets / f"{checked.id}.round-{round_}.{name}.{ENDINGS.get(form, 'json')}")
        if not quiet:
            click.echo(spoken(f"{len(raters)} sheets for round {round_} in {sheets}"), err=True)
        return 0
    write(page.sheet(sheet(survey, rater, round_)) if rater else page.rounds(), output)
    return 0


def _check(survey: Delphi, rater: str | None, number: int, sheets: Path | None) -> None:
    if rater is not None and rater not in survey.panel:
        from dingji.errors import nearest

        hint = nearest(rater, survey.panel) or "experts: " + (", ".join(survey.panel) or "none")
        raise click.UsageError(f"there is no expert {rater!r} on the panel; {hint}")
    if sheets is not None and not survey.panel:
        raise click.UsageError("nobody is on the panel: write `survey: {panel: [...]}` in the case")
    if number > len(survey.feedback) + 1:
        raise click.UsageError(f"round {number} needs the opinions of round {number - 1}; there are {len(survey.feedback)} rounds")


class _Pages:
    """The survey in the form that was asked for."""

    def __init__(self, survey: Delphi, result: Result, knowledge: Knowledge, form: str, lang: str, templates: Path | None) -> None:
        self.survey, self.result, self.knowledge, self.form = survey, result, knowledge, form
        self.lang, self.templates = lang, templates

    def rounds(self) -> str:
        """The rounds, for who holds the survey."""
        if self.form == "json":
            told = {"case": self.survey.case.id, "scale": self.survey.scale.id, "panel": self.survey.panel, "over": self.survey.over}
            return _json({**told, "next": self.survey.next, "rounds": self.survey.feedback})
        from dingji.reports.delphi import survey_view

        return self._laid_out("survey", survey_view, self.survey, self.result)

    def sheet(self, one: Any) -> str:
        """The sheet of one expert."""
        if self.form == "json":
            return _json(one)
        from dingji.reports.delphi import sheet_view

        return self._laid_out("sheet", sheet_view, one, self.survey)

    def _laid_out(self, name: str, view: Any, *about: Any) -> str:
        from dingji.reports.messages import catalogue
        from dingji.reports.pages import render_page

        words = catalogue(self.lang, self.templates)
        made = view(*about, self.knowledge, words)
        width = terminal_width()
        template = f"delphi/{self.form}/{name}.j2"
        return render_page(template, made, words, form=self.form, width=width, colour=False, templates=self.templates)


def _json(value: Any) -> str:
    import msgspec

    return json.dumps(msgspec.to_builtins(value, str_keys=True), ensure_ascii=False, indent=2, default=str)
