"""`dingji audit usage PATH`: what the records of a folder never used of the knowledge."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from dingji.cli.audit.bar import Bar
from dingji.cli.audit.options import records_options
from dingji.cli.options import terminal_width, use_colour, write


@click.command("usage")
@records_options(("text", "markdown", "html", "json"))
@click.option(
    "--near",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.1,
    show_default=True,
    help="How near a threshold is near, as a share of it.",
)
def command(
    path: Path,
    near: float,
    form: str,
    workers: int,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """Show what the records of PATH never used: rules that never fired, or fired and never mattered, facts never read, thresholds
    never near, grades never given.

    `dingji kb coverage` asks the same of the cases that test the knowledge; this asks it of practice.

    \b
    Examples:
      dingji audit usage my-records
      dingji audit usage my-records --near 0.05 --format html -o usage.html
    """
    from dingji.audit.usage import Settings, usage
    from dingji.audit.walk import paths_of
    from dingji.grading import load

    settings = Settings(None if knowledge is None else str(knowledge), Decimal(str(near)))
    with Bar(2 * len(paths_of(path)), quiet=quiet) as bar:
        found = usage(path, settings, workers=workers, progress=bar.update)
    if form == "json":
        import msgspec

        write(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=2), output)
        return 0
    from dingji.reports.ledger.model import render_ledger
    from dingji.reports.ledger.usage import usage_ledger
    from dingji.reports.messages import catalogue

    shape: Any = form
    view = usage_ledger(found, load(knowledge), catalogue(lang, templates))
    layout: dict[str, Any] = {"width": terminal_width(), "colour": use_colour(output) and form == "text", "templates": templates}
    write(render_ledger(view, form=shape, language="zh" if lang == "zh" else "en", **layout), output)
    return 0
