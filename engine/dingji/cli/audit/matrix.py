"""`dingji audit matrix PATH`: would the grades on record stand today, and if not, by knowledge or by facts?"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from dingji.cli.audit.bar import Bar
from dingji.cli.audit.options import records_options
from dingji.cli.options import Day, terminal_width, use_colour, write


@click.command("matrix")
@records_options(("text", "markdown", "html", "json", "csv"))
@click.option("--cases", type=click.Path(path_type=Path), help="A folder with the case files of now; they are matched by case id.")
@click.option("--as-of", type=Day(), help="Grade now by the editions of this day (default: today).")
@click.option("--own-day", is_flag=True, help="Grade now by the editions of each record's own day: only corrections count.")
@click.option(
    "--earlier", multiple=True, type=click.Path(path_type=Path), help="The whole knowledge folder of then, beside what records carry."
)
def command(
    path: Path,
    cases: Path | None,
    as_of: dt.date | None,
    own_day: bool,
    earlier: tuple[Path, ...],
    form: str,
    workers: int,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """Grade each record of PATH under the knowledge then and now, with the facts then and now.

    Each comes out the same, changed by knowledge (by which rules), by facts (which) or by both. Without --cases the facts are as
    they were. Knowledge of now is --knowledge (default: our own) with the editions of today.

    \b
    Examples:
      dingji audit matrix my-records
      dingji audit matrix my-records --cases cases-of-today --format html -o matrix.html
      dingji audit matrix my-records --knowledge next-year/knowledge --as-of 2027-01-01 --format csv
    """
    from dingji.audit.matrix import Settings, cases_now, matrix
    from dingji.audit.walk import paths_of
    from dingji.grading import load

    if own_day and as_of is not None:
        raise click.UsageError("--own-day and --as-of exclude each other")
    day = None if own_day else (as_of or dt.date.today()).isoformat()
    now = cases_now(cases) if cases is not None else None
    settings = Settings(None if knowledge is None else str(knowledge), day, now, tuple(map(str, earlier)))
    with Bar(2 * len(paths_of(path)), quiet=quiet) as bar:
        found = matrix(path, settings, workers=workers, progress=bar.update)
    if form == "json":
        import msgspec

        write(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=2), output)
        return 0
    from dingji.reports.ledger.matrix import matrix_csv, matrix_ledger
    from dingji.reports.ledger.model import render_ledger
    from dingji.reports.messages import catalogue

    if form == "csv":
        write(matrix_csv(found), output)
        return 0
    shape: Any = form
    view = matrix_ledger(found, load(knowledge), catalogue(lang, templates), charts=form == "html")
    layout: dict[str, Any] = {"width": terminal_width(), "colour": use_colour(output) and form == "text", "templates": templates}
    write(render_ledger(view, form=shape, language="zh" if lang == "zh" else "en", **layout), output)
    return 0
