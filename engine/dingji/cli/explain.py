"""`dingji explain CASE`: how the grade was reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dingji.cli.grade import grade_file
from dingji.cli.options import report_options


@click.command("explain")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option("--detail", type=click.Choice(["brief", "panel", "full"]), default="full", show_default=True, help="How much to show.")
@report_options
def command(path: Path, detail: str, **options: Any) -> int:
    """Show how the grade of a case was reached: rules, conditions, facts, citations.

    \b
    Examples:
      dingji explain cases/power-grid/photovoltaic-under-500kv.yaml
      dingji explain CASE --lang zh --format markdown -o proof.md
      dingji explain CASE --format pdf -o proof.pdf
    """
    return grade_file(path, detail, None, **options)
