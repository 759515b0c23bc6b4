"""`dingji ask CASE`: interview the person about a half-filled case."""

from __future__ import annotations

import datetime as dt
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.options import Day, case_options, find_case, pick, terminal_width, use_colour, write
from dingji.records import Draft

if TYPE_CHECKING:
    from dingji.cases.reader import CaseFile
    from dingji.knowledge.model import Knowledge
    from dingji.reasoning.interview import Interview
    from dingji.reports.ask import Asker


class _Job(Draft):
    """What the command works on: the case, where it stands, where the answers go and what the reader wants to see."""

    knowledge: Knowledge
    file: CaseFile
    before: bytes | None
    """What the file holds that the answers go into; None if there is none yet."""
    text: str
    target: Path
    interview: Interview
    asker: Asker
    form: str
    output: Path | None
    quiet: bool
    options: dict[str, Any]


@click.command("ask")
@click.argument("path", metavar="[CASE]", required=False, type=click.Path(path_type=Path))
@click.option("--new", metavar="ID", help="Start a new case of this id, in ID.yaml.")
@click.option("--subject", help="What a new case is about: hazard, enterprise, ...")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="Save into this file instead of CASE.")
@click.option("--by", default="", metavar="NAME", help="Who answers: recorded with each answer.")
@click.option("--on", type=Day(), help="The day of the answers, recorded with NAME (default: today).")
@click.option("--again", is_flag=True, help="Ask also for what the case states as unknown.")
@click.option("--list", "listing", is_flag=True, help="Only list the open questions, best first.")
@click.option("--answers", type=click.Path(path_type=Path), help="Answer from a file (fact: answer), without a dialogue.")
@case_options
def command(path: Path | None, new: str | None, subject: str | None, listing: bool, answers: Path | None, **options: Any) -> int:
    """Ask for the facts that can still change the grade of a case, the most telling first, and save the answers in its file.

    At each question: ? says why it is asked, `unknown` that nobody knows, `back` returns to the last one, `save` stops.
    Comments, order and layout of the file stay. On the saved file the command goes on where it stopped.

    \b
    Examples:
      dingji ask my-case.yaml --by "Li Wei"
      dingji ask --new pond-7 --subject hazard --lang zh
      dingji ask my-case.yaml --list --format json
      dingji ask my-case.yaml --answers answers.yaml --to answered.yaml
    """
    if not listing and answers is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("ask is a dialogue and needs a terminal; without one use --list or --answers FILE")
    if listing and answers is not None:
        raise click.UsageError("--list and --answers exclude each other")
    by, on = options.pop("by"), options.pop("on")
    job = _job(path, new, subject, must_save=not listing, **options)
    if listing:
        return _list(job)
    day = (on or dt.date.today()) if by else None
    return _fill(job, answers, by, day) if answers is not None else _talk(job, by, day)


def _job(
    path: Path | None,
    new: str | None,
    subject: str | None,
    *,
    must_save: bool,
    target: Path | None,
    again: bool,
    form: str,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    profile: str | None,
    as_of: dt.date | None,
    case_id: str | None,
    templates: Path | None,
    quiet: bool,
) -> _Job:
    from dingji.grading import load
    from dingji.reasoning.interview import Interview
    from dingji.reports.ask import Asker

    if (path is None) == (new is None):
        raise click.UsageError("name a CASE, or start one with --new ID --subject SUBJECT")
    base = load(knowledge)
    if new is not None:
        file, text, before, place = _started(base, new, subject, target, as_of or dt.date.today())
    else:
        assert path is not None
        file, text, before, place = _opened(path, case_id, target)
    if must_save:
        _check_target(place, path)
    case = file.check(base)
    interview = Interview(base, case, as_of=as_of, profile=profile, again=again)
    colour = use_colour(output) and form == "text"
    asker = Asker(interview, lang, width=terminal_width(), colour=colour, templates=templates)
    shown = {"lang": lang, "profile": profile, "as_of": as_of, "templates": templates}
    return _Job(base, file, before, text, place, interview, asker, form, output, quiet, shown)


_Opened = tuple["CaseFile", str, "bytes | None", Path]
"""A case, the text of its file, what the file holds that the answers go into, and that file."""


def _started(base: Knowledge, new: str, subject: str | None, target: Path | None, day: dt.date) -> _Opened:
    from dingji.cases.reader import parse_case
    from dingji.cases.writer import new_case

    if subject is None:
        subjects = ", ".join(name for name, _ in base.facts["subject"].values)
        raise click.UsageError(f"--new needs --subject; subjects: {subjects}")
    place = target or Path(f"{new}.yaml")
    if place.exists():
        raise click.UsageError(f"{place} exists already; `dingji ask {shlex.quote(str(place))}` goes on with it")
    text = new_case(new, subject, day)
    return parse_case(text, str(place)), text, None, place


def _opened(path: Path, case_id: str | None, target: Path | None) -> _Opened:
    from dingji.cases.reader import read_cases

    found = find_case(path)
    cases = pick(read_cases(found), case_id, path)
    if len(cases) > 1:
        raise click.UsageError(f"{path} holds several cases; choose one with --case: {', '.join(c.id for c in cases[:8])}")
    data = found.read_bytes()
    if target is not None and target.exists() and not target.samefile(found):
        raise click.UsageError(f"{target} exists already")
    return cases[0], data.decode("utf-8-sig"), data if target is None or target.exists() else None, target or found


def _check_target(place: Path, path: Path | None) -> None:
    """Rather before the first question than after the last answer: can the file be written?"""
    from dingji.knowledge import bundled

    if path is not None and not path.exists() and bundled("cases").resolve() in place.resolve().parents:
        raise click.UsageError(f"{path} comes with dingji and stays as it is; name a file for the answers with --to FILE")
    folder = place.resolve().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or (place.exists() and not os.access(place, os.W_OK)):
        raise click.UsageError(f"can't write {place}; name another file with --to FILE")


def _list(job: _Job) -> int:
    interview = job.interview
    if job.form == "json":
        write(json.dumps({**_head(job), **_questions(interview)}, ensure_ascii=False, indent=2), job.output)
    else:
        write(job.asker.listing(job.form), job.output)
    return 0


def _head(job: _Job) -> dict[str, Any]:
    interview = job.interview
    reachable = {"scale": interview.scale(), "reachable": list(interview.grades()), "settled": interview.settled()}
    return {"case": interview.case.id, "as_of": interview.day.isoformat(), **reachable}


def _questions(interview: Interview) -> dict[str, Any]:
    from dingji.reports.ask import question_data

    asked = [question_data(candidate, interview.base) for candidate in interview.open()]
    return {"questions": asked, "put_off": [candidate.fact for candidate in interview.put_off()]}


def _fill(job: _Job, answers: Path, by: str, on: dt.date | None) -> int:
    from dingji.cases.writer import stated_by
    from dingji.reports.answers import Listener, read_answers

    interview = job.interview
    found = read_answers(answers, job.knowledge, interview.case, Listener(job.knowledge, job.options["templates"]))
    not_needed = interview.fill({fact: stated_by(node, by, on) for fact, node in found.items()})
    graded = _save(job)
    result = _grade(job, graded)
    if job.form == "json":
        saved = str(job.target) if interview.answers else None
        account = {"saved": saved, "taken": list(interview.answers), "not_needed": list(not_needed)}
        text = json.dumps({**_head(job), **account, **_questions(interview), "result": result.to_dict()}, ensure_ascii=False, indent=2)
    else:
        text = f"{job.asker.account(not_needed, job.form)}\n{_report(job, result)}"
    write(text, job.output)
    return 0


def _talk(job: _Job, by: str, on: dt.date | None) -> int:
    from dingji.cli.dialogue import Dialogue
    from dingji.reports.answers import Listener

    dialogue = Dialogue(job.interview, job.asker, Listener(job.knowledge, job.options["templates"]), by=by, on=on)
    finished = dialogue.run()
    click.echo()
    graded = _save(job)
    click.echo(job.asker.ending(shlex.quote(str(job.target)), stopped=not finished))
    result = _grade(job, graded)
    write(json.dumps(result.to_dict(), ensure_ascii=False, indent=2) if job.form == "json" else _report(job, result), job.output)
    return 0


def _save(job: _Job) -> CaseFile:
    """Write the answers, and return the case with them. Answers that can't be saved are printed, so that none is lost."""
    from dingji.cases.writer import UnwritableError, flow, save, with_statements

    statements = job.interview.statements()
    if not statements:
        _note(job, "nothing-saved")
        return job.file
    try:
        text, file = with_statements(job.file, job.text, statements, job.knowledge)
        save(job.target, text, job.before)
    except (UnwritableError, OSError) as error:
        click.echo(job.asker.told("lost"), err=True, nl=False)
        click.echo("".join(f"{stated.fact}: {flow(stated.node)}\n" for stated in statements), nl=False)
        raise click.ClickException(f"can't write {job.target}: {getattr(error, 'strerror', None) or error}") from None
    _note(job, "saved", path=job.target, n=len(statements))
    return file


def _note(job: _Job, code: str, **fields: object) -> None:
    if not job.quiet:
        click.echo(job.asker.told(code, **fields), err=True, nl=False)


def _grade(job: _Job, file: CaseFile) -> Any:
    from dingji.grading import grade

    options = job.options
    return grade(job.knowledge, file, as_of=options["as_of"], today=dt.date.today(), profile=options["profile"])


def _report(job: _Job, result: Any) -> str:
    from dingji.reports import render

    return render(
        result,
        job.knowledge,
        form="markdown" if job.form == "markdown" else "text",
        language="zh" if job.options["lang"] == "zh" else "en",
        detail="brief",
        width=terminal_width(),
        colour=use_colour(job.output) and job.form == "text",
        templates=job.options["templates"],
    )
