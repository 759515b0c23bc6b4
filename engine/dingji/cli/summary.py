"""`dingji summary GRADES...`: what the grades of whole registers come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.options import knowledge_options, write

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge, Target

FORMS = ("text", "markdown", "html", "json")
SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".json": "json"}


@click.command("summary")
@click.argument("grades", nargs=-1, required=True, metavar="GRADES...", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMS), help="Default: by the name of -o, else text.")
@click.option("--by", multiple=True, metavar="GROUP", help="Only these group columns (default: all).")
@click.option("--targets", type=click.Path(dir_okay=False, path_type=Path), help="A file with targets of your own.")
@click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours.")
@knowledge_options
def command(
    grades: tuple[Path, ...],
    form: str | None,
    by: tuple[str, ...],
    targets: Path | None,
    templates: Path | None,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """Sum up the grades of registers: by grade, colour, instrument, group and time, with targets, rules and missing facts.

    GRADES are files that `dingji batch` wrote: Parquet, JSON lines or CSV, or folders of Parquet. An output of --against is
    told as the changes that it holds.

    \b
    Examples:
      dingji summary grades.parquet
      dingji summary grades.parquet -o summary.html --lang zh
      dingji summary 2025.parquet 2026.parquet --by county --targets our-targets.yaml
    """
    from dingji.grading import load

    write_summary(grades, load(knowledge), form, lang, output, by, targets, templates)
    return 0


def write_summary(
    grades: tuple[Path, ...],
    base: Knowledge,
    form: str | None,
    lang: str,
    output: Path | None,
    by: tuple[str, ...] = (),
    targets: Path | None = None,
    templates: Path | None = None,
) -> None:
    """Sum up result files and print or write it. Without a form the name of the output says it."""
    from dingji.batch.engine import duckdb
    from dingji.batch.summary.figures import summary

    duckdb()
    language = "zh" if lang == "zh" else "en"
    form = form or form_of(output)
    own: tuple[Target, ...] = ()
    if targets is not None:
        from dingji.knowledge.targets import read_targets

        own = tuple(read_targets(targets, base).values())
    found = summary(grades, base, own, by)
    if form == "json":
        text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2)
    elif form == "html":
        from dingji.reports.html.summary import render_summary_page

        text = render_summary_page(found, base, language=language, templates=templates)
    else:
        from dingji.reports.summary import render_summary

        text = render_summary(found, base, form=form, language=language, templates=templates)
    write(text, output)


def ready_for(place: Path, output: Path | None, options: dict[str, Any]) -> Path:
    """The output of a run of which a summary can be made. Raises UsageError before anything is graded."""
    from dingji.batch.summary.outputs import SUFFIXES as READ

    if output is None or options["key"] or options["explain_sql"]:
        raise click.UsageError("--summary sums up the file of -o")
    if options["engine"] == "duckdb" and output.suffix.lower() not in READ:
        raise click.UsageError(f"--summary reads no {output.suffix} file: grade into one that ends in {', '.join(READ)}")
    if not place.parent.is_dir():
        raise click.UsageError(f"the folder {place.parent} does not exist: make it first, or write the summary elsewhere")
    if place.resolve() == output.resolve():
        raise click.UsageError("the grades and their summary go into two files")
    return output


def form_of(output: Path | None) -> str:
    """The form that the name of a file asks for."""
    return "text" if output is None else SUFFIXES.get(output.suffix.lower(), "text")
