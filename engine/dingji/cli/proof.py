"""`dingji batch --row KEY`: the full proof of one row of a register."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dingji.cases.model import Case
    from dingji.knowledge.model import Knowledge


def show(base: Knowledge, case: Case, profile: str | None, lang: str) -> int:
    """Grade the case by itself and print how its grade was reached."""
    from dingji.cli.options import terminal_width, use_colour
    from dingji.grading import grade
    from dingji.reports import render

    result = grade(base, case, today=dt.date.today(), profile=profile)
    click.echo(
        render(
            result,
            base,
            form="text",
            detail="full",
            language="zh" if lang == "zh" else "en",
            width=terminal_width(),
            colour=use_colour(None),
        )
    )
    return 0
