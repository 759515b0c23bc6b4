"""`dingji grade CASE`: grade a case by every method that applies."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click

from dingji.cli.options import PAGES, find_case, pick, report_options, terminal_width, use_colour, write


@click.command("grade")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option(
    "--detail", type=click.Choice(["brief", "panel", "full"]), help="How much to show (default: brief; full for html, docx, pdf)."
)
@click.option("--require", metavar="GRADE", help="Exit 1 unless the grade is settled and not more severe than GRADE.")
@report_options
def command(path: Path, detail: str | None, require: str | None, **options: Any) -> int:
    """Grade a case by every method that applies, and say where the methods part.

    CASE is a YAML or JSON file, or the path of a case that comes with dingji. The formats html, docx and pdf make one
    document of one case; docx and pdf need the extra dingji[documents].

    \b
    Examples:
      dingji grade cases/power-grid/photovoltaic-under-500kv.yaml
      dingji grade CASE --format json -o result.json
      dingji grade CASE --format html -o report.html
      dingji grade CASE --lang zh --detail panel
    """
    return grade_file(path, detail or ("full" if options["form"] in PAGES else "brief"), require, **options)


def grade_file(
    path: Path,
    detail: str,
    require: str | None,
    *,
    form: str,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    profile: str | None,
    as_of: dt.date | None,
    case_id: str | None,
    templates: Path | None,
    quiet: bool,
) -> int:
    """Grade the cases of a file and write the report; 1 if a grade does not meet `require`."""
    from dingji.cases.reader import read_cases
    from dingji.grading import grade, load

    if form in ("docx", "pdf") and output is None:
        raise click.UsageError(f"--format {form} wants a file: -o FILE")
    base = load(knowledge)
    cases = pick(read_cases(find_case(path)), case_id, path)
    if form in PAGES and len(cases) > 1:
        raise click.UsageError(f"--format {form} makes a document of one case, and the file holds {len(cases)}: choose with --case")
    results = [grade(base, case, as_of=as_of, today=dt.date.today(), profile=profile) for case in cases]
    met = require is None or all(_meets(base, result, require) for result in results)
    if form == "json":
        plain = [r.to_dict() for r in results]
        text: str | bytes = json.dumps(plain[0] if len(plain) == 1 else plain, ensure_ascii=False, indent=2)
    else:
        pages = [_page(result, base, form, lang, detail, templates, use_colour(output)) for result in results]
        text = pages[0] if len(pages) == 1 else "\n".join(map(str, pages))
    write(text, output)
    if results and results[0].without and not quiet:
        click.echo(f"note: the rule engine did not run ({results[0].without}); the reference evaluator graded alone", err=True)
    return int(not met)


def _page(result: Any, base: Any, form: str, lang: str, detail: str, templates: Path | None, colour: bool) -> str | bytes:
    """A result as a report."""
    from dingji.reports import Detail, Document, Form, Language, render, render_document

    language: Language = "zh" if lang == "zh" else "en"
    much: Detail = "brief" if detail == "brief" else "panel" if detail == "panel" else "full"
    if form in ("docx", "pdf"):
        document: Document = "docx" if form == "docx" else "pdf"
        return render_document(result, base, form=document, language=language, detail=much, templates=templates)
    shape: Form = "html" if form == "html" else "markdown" if form == "markdown" else "text"
    colour = colour and shape == "text"
    return render(result, base, form=shape, language=language, detail=much, width=terminal_width(), colour=colour, templates=templates)


def _meets(base: Any, result: Any, require: str) -> bool:
    found = result.determination
    if found is None:
        return False
    scale = base.scales[found.scale]
    grades = [g.id for g in scale.grades]
    if require not in grades:
        raise click.UsageError(f"--require: the scale {found.scale} has no grade {require!r}; grades: {', '.join(grades)}")
    return found.grade is not None and scale.severity(found.grade) <= scale.severity(require)
