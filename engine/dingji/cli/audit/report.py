"""`dingji audit report RECORD`: how one grade was reached, for a person, and what to look at first."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from dingji.cli.options import Day, default_language, terminal_width, use_colour, write


@click.command("report")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--number", type=click.IntRange(1), help="Which record, where PATH is a folder.")
@click.option("--keys", type=click.Path(path_type=Path), help="A folder of public keys: who is trusted to sign.")
@click.option(
    "--knowledge", "folders", multiple=True, type=click.Path(path_type=Path), help="A knowledge folder to replay from (default: our own)."
)
@click.option("--on", type=Day(), help="Reckon expiry and editions in force on this day (default: today).")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "html", "docx", "json"]), default="text", show_default=True)
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language of the report (default: by locale).")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
def command(
    path: Path,
    number: int | None,
    keys: Path | None,
    folders: tuple[Path, ...],
    on: dt.date | None,
    form: str,
    templates: Path | None,
    lang: str,
    output: Path | None,
) -> int:
    """Tell how the grade of one record was reached, in the order it was: who stated which fact on what evidence, what was assumed,
    what was unknown; above all what to look at first, and why. Exit 1 if anything is wrong.

    \b
    Examples:
      dingji audit report my-records/00000007.json
      dingji audit report my-records --number 7 --format docx -o audit.docx --lang zh
    """
    from dingji.audit.account import account
    from dingji.audit.chain import name_of
    from dingji.audit.signing import trusted
    from dingji.audit.verify import Settings

    if path.is_dir() != (number is not None):
        raise click.UsageError("name a record, or a folder and --number")
    if form == "docx" and output is None:
        raise click.UsageError(f"--format {form} wants a file: -o FILE")
    place = path if number is None else path / name_of(number)
    bases: tuple[str | None, ...] = tuple(map(str, folders)) or (None,)
    settings = Settings((on or dt.date.today()).isoformat(), bases, None if keys is None else trusted(keys))
    found = account(place, settings)
    language: Any = "zh" if lang == "zh" else "en"
    wrong = int(any(point.wrong for point in found.points))
    if form == "json":
        from dingji.reports.account.view import account_plain, account_view
        from dingji.reports.messages import catalogue

        write(json.dumps(account_plain(found, account_view(found, catalogue(lang, templates))), ensure_ascii=False, indent=2), output)
        return wrong
    from dingji.reports.account.render import render_account, render_account_document

    if form == "docx":
        write(render_account_document(found, language=language, templates=templates), output)
        return wrong
    shape: Any = form
    layout: dict[str, Any] = {"width": terminal_width(), "colour": use_colour(output) and form == "text", "templates": templates}
    write(render_account(found, form=shape, language=language, **layout), output)
    return wrong
