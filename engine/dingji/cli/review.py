"""`dingji review PATH...`: what is wrong with the records."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import click

from dingji.cli.many import grade_all
from dingji.cli.options import Day, knowledge_options, terminal_width, write


@click.command("review")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--on", type=Day(), help="Reckon delays on this day (default: each case's own).")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
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
    """List the warnings of the cases below PATH: breaches, overdue steps, audit findings. Exit 1 if there is one.

    \b
    Examples:
      dingji review my-cases --on 2026-11-01
      dingji review my-cases --format json
    """
    from dingji.grading import load

    base = load(knowledge)
    results = grade_all(base, paths, profile=profile, on=on, quiet=quiet)
    if form == "json":
        import msgspec

        plain = [{"case": r.case, "warnings": msgspec.to_builtins(r.flags)} for r in results if r.flags]
        write(json.dumps({"cases": len(results), "found": plain}, ensure_ascii=False, indent=2), output)
    else:
        from dingji.reports import render_review

        language = "zh" if lang == "zh" else "en"
        shape = "markdown" if form == "markdown" else "text"
        write(render_review(results, base, form=shape, language=language, width=terminal_width(), templates=templates), output)  # type: ignore[arg-type]
    return int(any(r.flags for r in results))
