"""`dingji grade CASE`: grade a case by every method that applies."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.audit.recording import Recording, record_all, record_options
from dingji.cli.language import remark
from dingji.cli.options import PAGES, find_case, pick, report_options, terminal_width, use_colour, write

if TYPE_CHECKING:
    from dingji.cases.model import Case
    from dingji.knowledge.model import Knowledge
    from dingji.reports.html.view import ChangeView

SECONDS_FOR_CHANGES = 0.2
"""So long a document looks for what would change the grade; what it did not come to, it says."""


@click.command("grade")
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path))
@click.option(
    "--detail", type=click.Choice(["brief", "panel", "full"]), help="How much to show (default: brief; full for html, docx, pdf)."
)
@click.option("--require", metavar="GRADE", help="Exit 1 unless the grade is settled and not more severe than GRADE.")
@record_options
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
      dingji grade CASE --record my-records --by "Li Wei"
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
    recording: Recording | None = None,
) -> int:
    """Grade the cases of a file, record them, and write the report; 1 if a grade does not meet `require`."""
    from dingji.cases.reader import read_cases
    from dingji.grading import grade, load

    if form in ("docx", "pdf") and output is None:
        raise click.UsageError(f"--format {form} wants a file: -o FILE")
    base = load(knowledge)
    cases = pick(read_cases(find_case(path)), case_id, path)
    if form in PAGES and len(cases) > 1:
        raise click.UsageError(f"--format {form} makes a document of one case, and the file holds {len(cases)}: choose with --case")
    today = dt.date.today()
    results = [grade(base, case, as_of=as_of, today=today, profile=profile) for case in cases]
    if recording is not None:
        record_all(recording, base, knowledge, cases, results, as_of=as_of, today=today, profile=profile)
    met = require is None or all(_meets(base, result, require) for result in results)
    if form == "json":
        plain = [r.to_dict() for r in results]
        text: str | bytes = json.dumps(plain[0] if len(plain) == 1 else plain, ensure_ascii=False, indent=2)
    else:
        pages = []
        for case, result in zip(cases, results, strict=True):
            changes = _changes(base, case.check(base), as_of, profile, lang, templates) if form in PAGES and detail != "brief" else ()
            pages.append(_page(result, base, form, lang, detail, templates, use_colour(output), changes))
        text = pages[0] if len(pages) == 1 else "\n".join(map(str, pages))
    write(text, output)
    if results and results[0].without and not quiet:
        remark(f"the rule engine did not run ({results[0].without}); the reference evaluator graded alone")
    return int(not met)


def _changes(
    base: Knowledge, case: Case, as_of: dt.date | None, profile: str | None, lang: str, templates: Path | None
) -> tuple[ChangeView, ...]:
    """What would change the grade, as far as it is found in the time; nothing where the methods give no grade together."""
    from dingji.errors import CaseError
    from dingji.reasoning.variation.what_if import WhatIf
    from dingji.reports.what_if import changes_on_page

    try:
        asked = WhatIf(base, case, as_of=as_of, profile=profile)
        hinges = asked.hinges(SECONDS_FOR_CHANGES)
    except CaseError:
        return ()
    return changes_on_page(hinges, base, "zh" if lang == "zh" else "en", templates, asked.distances())


def _page(
    result: Any, base: Any, form: str, lang: str, detail: str, templates: Path | None, colour: bool, changes: Sequence[ChangeView]
) -> str | bytes:
    """A result as a report. `changes` (what would change the grade) concern documents only."""
    from dingji.reports import Detail, Document, Form, Language, render, render_document

    language: Language = "zh" if lang == "zh" else "en"
    much: Detail = "brief" if detail == "brief" else "panel" if detail == "panel" else "full"
    if form in ("docx", "pdf"):
        document: Document = "docx" if form == "docx" else "pdf"
        return render_document(result, base, form=document, language=language, detail=much, templates=templates, changes=changes)
    shape: Form = "html" if form == "html" else "markdown" if form == "markdown" else "text"
    colour = colour and shape == "text"
    layout: dict[str, Any] = {"width": terminal_width(), "colour": colour, "templates": templates}
    return render(result, base, form=shape, language=language, detail=much, changes=changes, **layout)


def _meets(base: Any, result: Any, require: str) -> bool:
    found = result.determination
    if found is None:
        return False
    scale = base.scales[found.scale]
    grades = [g.id for g in scale.grades]
    if require not in grades:
        raise click.UsageError(f"--require: the scale {found.scale} has no grade {require!r}; grades: {', '.join(grades)}")
    return found.grade is not None and scale.severity(found.grade) <= scale.severity(require)
