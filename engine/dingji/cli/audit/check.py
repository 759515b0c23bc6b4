"""`dingji audit check PATH`: every check of every record."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from dingji.cli.audit.bar import Bar
from dingji.cli.options import Day, default_language, terminal_width, use_colour, write


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--keys", type=click.Path(path_type=Path), help="A folder of public keys: who is trusted to sign. Then every record must be signed."
)
@click.option(
    "--knowledge",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A knowledge folder to replay from, beside what the records carry; may be given several times (default: our own).",
)
@click.option("--on", type=Day(), help="Reckon the expiry of departures on this day (default: today).")
@click.option("--strict", is_flag=True, help="Exit 1 also where something is only to be cleared up.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that share the work.")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language of the report (default: by locale).")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors.")
def command(
    path: Path,
    keys: Path | None,
    folders: tuple[Path, ...],
    on: dt.date | None,
    strict: bool,
    form: str,
    workers: int,
    templates: Path | None,
    lang: str,
    output: Path | None,
    quiet: bool,
) -> int:
    """Check the records in a folder, or one record: chain, digests, signatures, replay, citations, grounds.

    Each record is reproduced, differs (where, and the first node of the proof that does), can't be replayed (why) or is damaged.
    Exit 1 if anything is wrong.

    \b
    Examples:
      dingji audit my-records
      dingji audit my-records --knowledge last-year/knowledge --lang zh
      dingji audit my-records/00000007.json --format json
    """
    from dingji.audit.signing import trusted
    from dingji.audit.verify import Settings, audit, steps

    today = (on or dt.date.today()).isoformat()
    bases: tuple[str | None, ...] = tuple(map(str, folders)) or (None,)
    settings = Settings(today, bases, None if keys is None else trusted(keys))
    with Bar(steps(path), quiet=quiet) as bar:
        found = audit(path, settings, workers=workers, progress=bar.update)
    if form == "json":
        write(_json(found), output)
    else:
        from dingji.reports.audit import render_audit

        shape: Any = form
        layout: dict[str, Any] = {"width": terminal_width(), "colour": use_colour(output) and form == "text", "templates": templates}
        write(render_audit(found, form=shape, language="zh" if lang == "zh" else "en", **layout), output)
    return int(not (found.clear if strict else found.sound))


def _json(found: Any) -> str:
    import msgspec

    plain = msgspec.to_builtins(found)
    return json.dumps({"sound": found.sound, "clear": found.clear, **plain}, ensure_ascii=False, indent=2)
