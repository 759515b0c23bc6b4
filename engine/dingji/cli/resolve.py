"""`dingji resolve DISPUTE`: what a dispute turns on, and the ruling."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.audit.recording import Recording, append_all, record_options
from dingji.cli.language import spoken
from dingji.cli.options import Day, find_case, knowledge_options, terminal_width, use_colour, write
from dingji.records import Draft

if TYPE_CHECKING:
    from dingji.disputes.deciding import Deciding
    from dingji.disputes.reader import DisputeFile
    from dingji.disputes.ruling import Ruling
    from dingji.disputes.settlement import Settlement
    from dingji.knowledge.model import Knowledge


class Job(Draft):
    """The dispute at hand: its file, its analysis, what is decided so far, and how to show it."""

    knowledge: Knowledge
    folder: Path | None
    """Where the knowledge was loaded from."""
    path: Path
    file: DisputeFile
    before: bytes
    settlement: Settlement
    deciding: Deciding
    form: str
    lang: str
    output: Path | None
    templates: Path | None
    quiet: bool
    recording: Recording | None


FORMS = ("text", "markdown", "html", "docx", "json")


@click.command("resolve")
@click.argument("path", metavar="DISPUTE", type=click.Path(path_type=Path))
@click.option(
    "--decide", "decisions", multiple=True, metavar="ISSUE=FINDING", help="What the panel finds; `@party` for what a party holds."
)
@click.option("--reason", "reasons", multiple=True, metavar="TEXT", help="Why: one for each --decide, in the same order.")
@click.option("--dissent", "dissents", nargs=3, multiple=True, metavar="MEMBER ISSUE=FINDING REASON", help="A member who finds otherwise.")
@click.option("--grade", metavar="GRADE", help="The grade that the panel rules: refused if it does not follow from the findings.")
@click.option("--override", "override", metavar="GRADE", help="Depart from the computed grade; both stay visible.")
@click.option("--justification", default="", metavar="TEXT", help="With --override: why.")
@click.option("--authority", default="", metavar="TEXT", help="With --override: who may do so, by which text.")
@click.option("--expires", type=Day(), help="With --override: the day from which the computed grade stands again.")
@click.option(
    "--duties-follow", type=click.Choice(["computed", "override"]), default="computed", show_default=True, help="With --override."
)
@click.option("--save", "save_to", type=click.Path(dir_okay=False, path_type=Path), help="Keep the findings in this dispute file.")
@click.option("--guide/--no-guide", default=None, help="Walk the panel through the issues (default: in a terminal).")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@click.option("--format", "form", type=click.Choice(FORMS), default="text", show_default=True)
@record_options
@knowledge_options
def command(
    path: Path, decisions: tuple[str, ...], reasons: tuple[str, ...], guide: bool | None, save_to: Path | None, **options: Any
) -> int:
    """Show what a dispute turns on, and draft the ruling that follows from the findings of its panel.

    Only what can change the grade has to be decided; the rest is shown not to matter. Findings come from the dispute file, from
    --decide, or from the dialogue that a terminal opens. Exit code 1: the grade ruled does not follow from the findings.

    \b
    Examples:
      dingji resolve cases/disputes/photovoltaic.yaml
      dingji resolve DISPUTE --decide potential_deaths=5 --reason "Thirty people work below the line."
      dingji resolve DISPUTE --format docx -o ruling.docx --lang zh
      dingji resolve DISPUTE --record my-records --by "Chen"
    """
    if len(reasons) != len(decisions):
        raise click.UsageError(f"--decide stands {len(decisions)} times, --reason {len(reasons)} times: each finding has its reason")
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if guide and not terminal:
        raise click.UsageError("--guide is a dialogue and needs a terminal; without one use --decide")
    job = _job(path, **{key: options[key] for key in ("knowledge", "form", "lang", "output", "templates", "quiet", "recording")})
    _take(job, decisions, reasons, options)
    talks = guide if guide is not None else terminal and not decisions and job.form == "text" and job.output is None
    if talks:
        return _talk(job, save_to)
    ruling = _rule(job)
    _record(job, ruling)
    if save_to is not None:
        _save(job, save_to)
    _show(job, ruling)
    return 0


def _job(path: Path, *, knowledge: Path | None, form: str, output: Path | None, **options: Any) -> Job:
    from dingji.disputes.deciding import Deciding
    from dingji.disputes.reader import read_dispute
    from dingji.disputes.settlement import Settlement
    from dingji.grading import load

    if form == "docx" and output is None:
        raise click.UsageError("--format docx wants a file: -o FILE")
    base = load(knowledge)
    path = find_case(path)
    file = read_dispute(path)
    dispute = file.check(base)
    settlement = Settlement(dispute, base)
    settlement.confirm()
    return Job(base, knowledge, path, file, path.read_bytes(), settlement, Deciding(dispute, base), form=form, output=output, **options)


def _take(job: Job, decisions: tuple[str, ...], reasons: tuple[str, ...], options: dict[str, Any]) -> None:
    """What the options say of the ruling. All that is wrong with them is told at once."""
    from dingji.disputes.deciding import Given, Objection
    from dingji.errors import CaseError, Problem

    problems: list[Problem] = []
    steps: list[tuple[Any, Any]] = []
    for decision, reason in zip(decisions, reasons, strict=True):
        issue, _, finds = decision.partition("=")
        steps.append((job.deciding.take, Given(issue.strip(), finds.strip(), reason)))
    for member, decision, reason in options["dissents"]:
        issue, _, finds = decision.partition("=")
        steps.append((job.deciding.dissent, Objection(member, issue.strip(), finds.strip(), reason)))
    for step, given in steps:
        try:
            step(given)
        except CaseError as error:
            problems += error.problems
    if problems:
        raise CaseError(problems)
    _take_grade(job, options)


def _take_grade(job: Job, options: dict[str, Any]) -> None:
    grade, override, expires = options["grade"], options["override"], options["expires"]
    scale = job.settlement.scale
    if (grade or override) and scale is None:
        raise click.UsageError("nothing is graded in this dispute: there is no grade to rule")
    if grade and scale is not None:
        job.deciding.grade(grade, scale)
    if override and scale is not None:
        if expires is None:
            raise click.UsageError("--override goes with --justification, --authority and --expires")
        follow: str = options["duties_follow"]
        job.deciding.override(override, options["justification"], options["authority"], expires, follow, scale)
    elif options["justification"] or options["authority"] or expires:
        raise click.UsageError("--justification, --authority and --expires go with --override")


def _rule(job: Job) -> Ruling | None:
    """The ruling so far; None if nothing is decided."""
    from dingji.disputes.ruling import rule

    ruled = job.deciding.ruled
    if not (ruled.findings or ruled.grade or ruled.override):
        return None
    return rule(job.settlement.with_dispute(job.deciding.dispute), ruled)


def _talk(job: Job, save_to: Path | None) -> int:
    from dingji.cli.deliberation import Deliberation

    _show(job, None)
    click.echo()
    before = job.deciding.ruled
    Deliberation(job.settlement, job.deciding, job.lang, job.templates).run()
    if job.deciding.ruled != before or save_to is not None:
        _save(job, save_to or job.path)
    ruling = _rule(job)
    _record(job, ruling)
    if ruling is not None:
        click.echo()
        _show(job, ruling)
    return 0


def _record(job: Job, ruling: Ruling | None) -> None:
    """Write the ruling at the end of the chain of records, where that was asked for."""
    if job.recording is None:
        return
    if ruling is None:
        raise click.UsageError("--record keeps a ruling: decide with --decide, or name a dispute that has one")
    from dingji.audit.record import Recorder
    from dingji.disputes.recording import Answering, recorded

    settlement = job.settlement.with_dispute(job.deciding.dispute)
    answering = Answering(job.recording.by, job.recording.time)
    append_all(job.recording, [recorded(Recorder(job.knowledge, job.folder), settlement, ruling, job.file, answering)])


def _save(job: Job, target: Path) -> None:
    """Write the ruling into a dispute file: the one that was read, or a copy of it."""
    from dingji.disputes.writer import UnwritableError, save, with_ruling

    same = target.exists() and target.resolve() == job.path.resolve()
    try:
        text = with_ruling(job.file, job.before.decode("utf-8-sig"), job.deciding.ruled, job.knowledge, target)
        save(target, text, job.before if same else None)
    except (UnwritableError, OSError) as error:
        raise click.ClickException(f"can't write {target}: {getattr(error, 'strerror', None) or error}") from None
    if not job.quiet:
        click.echo(spoken(f"findings saved in {target}: {len(job.deciding.ruled.findings)}"), err=True)


def _show(job: Job, ruling: Ruling | None) -> None:
    from dingji.reports import Form, Language
    from dingji.reports.dispute import dispute_document, render_dispute

    settlement = job.settlement.with_dispute(job.deciding.dispute)
    language: Language = "zh" if job.lang == "zh" else "en"
    if job.form == "json":
        from dingji.disputes.ruling import record
        from dingji.disputes.settlement import plain

        data = plain(settlement) if ruling is None else record(settlement, ruling)
        write(json.dumps(data, ensure_ascii=False, indent=2), job.output)
    elif job.form == "docx":
        write(dispute_document(settlement, ruling, language=language, templates=job.templates), job.output)
    else:
        form: Form = "html" if job.form == "html" else "markdown" if job.form == "markdown" else "text"
        colour = use_colour(job.output) and form == "text"
        shape: dict[str, Any] = {"width": terminal_width(), "colour": colour, "templates": job.templates}
        write(render_dispute(settlement, ruling, form=form, language=language, **shape), job.output)
