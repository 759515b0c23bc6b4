"""`dingji kb diff`: what changed between two knowledge bases, and which cases change their grade."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from dingji.cli.kb.options import FORMAT, cases_of
from dingji.cli.options import Day, default_language, terminal_width, write

if TYPE_CHECKING:
    from dingji.audit.impact import Impact


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--cases", multiple=True, type=click.Path(path_type=Path), help="Grade the cases below this path under both bases.")
@click.option("--records", type=click.Path(path_type=Path), help="What NEW makes of the determinations recorded in this folder.")
@click.option("--as-of", type=Day(), help="Grade cases and records by the editions of this day, not of their own.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language (default: by locale).")
@FORMAT
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors.")
def command(
    old: Path,
    new: Path,
    cases: tuple[Path, ...],
    records: Path | None,
    as_of: dt.date | None,
    lang: str,
    form: str,
    output: Path | None,
    quiet: bool,
) -> int:
    """Compare the knowledge folders OLD and NEW: rules, facts, scales and instruments that differ in meaning.

    With --records, also which past determinations would differ, by how many grades, and which duties appear or vanish.

    \b
    Examples:
      dingji kb diff last-year/knowledge knowledge
      dingji kb diff last-year/knowledge knowledge --cases cases
      dingji kb diff knowledge next-year/knowledge --records my-records --as-of 2027-01-01
    """
    from dingji.analysis.difference import changes, regraded
    from dingji.grading import load

    before, after = load(old), load(new)
    found = changes(before, after)
    moved = regraded(before, after, (file for _, file in cases_of(cases, quiet=quiet)), as_of) if cases else ()
    struck = _impact(records, old, new, as_of, quiet) if records is not None else None
    if form == "json":
        plain = {"changes": msgspec.to_builtins(found), "cases": msgspec.to_builtins(moved)}
        plain |= {} if struck is None else {"records": msgspec.to_builtins(struck)}
        write(json.dumps(plain, ensure_ascii=False, indent=2), output)
        return 0
    from dingji.reports.knowledge import case_lines, change_lines
    from dingji.reports.messages import catalogue

    words = catalogue(lang)
    lines = change_lines(found, words)
    if cases:
        lines += case_lines(moved, words)
    if struck is not None:
        from dingji.reports.ledger.impact import impact_ledger
        from dingji.reports.ledger.model import render_ledger

        view = impact_ledger(struck, after, words)
        lines += ["", render_ledger(view, form="text", language="zh" if lang == "zh" else "en", width=terminal_width())]
    write("\n".join(lines), output)
    return 0


def _impact(records: Path, old: Path, new: Path, as_of: dt.date | None, quiet: bool) -> Impact:
    """What the new base makes of the records, with a bar on a terminal."""
    from dingji.audit.impact import Settings, impact
    from dingji.audit.walk import paths_of
    from dingji.cli.audit.bar import Bar

    settings = Settings(str(old), str(new), None if as_of is None else as_of.isoformat())
    with Bar(2 * len(paths_of(records)), quiet=quiet) as bar:
        return impact(records, settings, progress=bar.update)
