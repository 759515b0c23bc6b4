"""`dingji duties PATH...`: what is due, by whom, when."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click

from dingji.cli.language import remark
from dingji.cli.many import grade_all
from dingji.cli.options import Day, knowledge_options, terminal_width, write


@click.command("duties")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--on", type=Day(), help="Reckon on this day (default: today).")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json", "ics"]), default="text", show_default=True)
@click.option("--profile", help="A profile: another band scheme, scale or reading.")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@knowledge_options
def command(
    paths: tuple[Path, ...],
    on: dt.date | None,
    form: str,
    profile: str | None,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """List the duties of the cases below PATH: overdue first, then at once, then by day.

    A duty whose source states no time limit is never overdue. `--format ics` makes calendar entries of those with a day.

    \b
    Examples:
      dingji duties cases/power-grid/photovoltaic-under-500kv.yaml --on 2014-07-20
      dingji duties my-cases --format ics -o duties.ics
    """
    from dingji.grading import load
    from dingji.methods.agenda import agenda

    base = load(knowledge)
    day = on or dt.date.today()
    items = agenda(grade_all(base, paths, profile=profile, on=day, quiet=quiet), day)
    if form == "ics":
        from dingji.reports.calendar import calendar

        undated = sum(item.duty.due is None and item.group != "at_once" for item in items)
        if undated and not quiet:
            remark(f"duties without a day, left out of the calendar: {undated}")
        write(calendar(items, day, "zh" if lang == "zh" else "en"), output)
        return 0
    if form == "json":
        import msgspec

        write(json.dumps({"on": day.isoformat(), "duties": msgspec.to_builtins(items)}, ensure_ascii=False, indent=2), output)
        return 0
    from dingji.reports import render_duties

    text = render_duties(
        items,
        day,
        base,
        form="markdown" if form == "markdown" else "text",
        language="zh" if lang == "zh" else "en",
        width=terminal_width(),
        templates=templates,
    )
    write(text, output)
    return 0
