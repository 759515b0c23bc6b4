"""The account of a record as text, Markdown, HTML or a Word document."""

from __future__ import annotations

import io
from pathlib import Path

from dingji.audit.account import Account
from dingji.errors import Problem
from dingji.reports import Form, Language
from dingji.reports.account.view import AccountView, StepView, account_view
from dingji.reports.errors import ReportError
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.plain import mapped

MARKS = {"wrong": "✗", "open": "·"}


def render_account(
    found: Account, *, form: Form, language: Language, width: int = 80, colour: bool = False, templates: Path | None = None
) -> str:
    """An account as a report. Raises ReportError as `dingji.reports.render` does."""
    words = catalogue(language, templates)
    view = account_view(found, words)
    name = "audit/html/account.j2" if form == "html" else f"audit/account-{form}.j2"
    return render_page(name, view, words, form=form, width=width, colour=colour, templates=templates)


def render_account_document(found: Account, *, language: Language, templates: Path | None = None) -> bytes:
    """An account as a file for Word. Raises ReportError (T005) if python-docx is not installed."""
    try:
        import docx
    except ImportError:
        from dingji.reports.html.pdf import EXTRA

        raise ReportError([Problem("python-docx", 0, 0, "T005", "a Word document needs a package", EXTRA)]) from None
    from dingji.reports.html.word import Writer, clean
    from dingji.reports.html.wordstyle import SOFT, fill, prepare, run

    words = catalogue(language, templates)
    view = mapped(account_view(found, words), clean)
    document = docx.Document()
    prepare(document, view.title, view.language)
    document.add_heading(view.title, 0)
    run(document.add_paragraph(), words("list.semicolon").join(view.where), ink=SOFT)
    _headline(document, view, fill, run)
    for text in view.meaning:
        document.add_paragraph(text)
    document.add_heading(words("account.first"), 1)
    for point in view.points:
        line = document.add_paragraph(style="List Number")
        run(line, f"{MARKS[point.mark]} {point.text} ", bold=point.mark == "wrong")
        run(line, point.why, ink=SOFT)
    if not view.points:
        document.add_paragraph(words("account.nothing"))
    shown = Writer(document, view.page, words) if view.page is not None else None
    if shown is not None:
        shown.facts()
    _stages(document, view, words, run)
    for heading, lines in ((words("account.assumed"), view.assumed), (words("account.unknown"), view.unknown)):
        document.add_heading(heading, 1)
        for text in lines or (words("account.none"),):
            document.add_paragraph(text, style="List Bullet")
    if shown is not None:
        shown.duties()
        shown.citations()
    for text in view.foot:
        run(document.add_paragraph(), text, ink=SOFT)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _headline(document, view: AccountView, fill, run) -> None:  # type: ignore[no-untyped-def]
    from dingji.reports.html.wordstyle import FILLS, table

    cell = table(document, [], [[""]], [1])[0][0]
    if view.colour:
        fill(cell, view.colour)
    run(cell.paragraphs[0], view.headline, bold=True, size=16, ink=FILLS[view.colour][1] if view.colour in FILLS else "")


def _stages(document, view: AccountView, words: Catalogue, run) -> None:  # type: ignore[no-untyped-def]
    document.add_heading(words("account.reached"), 1)
    for stage in view.stages:
        document.add_heading(stage.heading, 2)
        for step in stage.steps:
            _step(document, step, words, run)


def _step(document, step: StepView, words: Catalogue, run) -> None:  # type: ignore[no-untyped-def]
    from dingji.reports.html.wordstyle import SOFT

    line = document.add_paragraph(style="List Bullet")
    run(line, words("proof.value", label=step.label, value=step.value), bold=True)
    run(line, "".join(words("list.semicolon") + remark for remark in step.remarks), ink=SOFT)
    if step.inputs:
        run(line, " " + words("account.from", inputs=step.inputs))
    for rule in (*step.rules, *step.open_rules):
        below = document.add_paragraph(style="List Bullet 2")
        run(below, f"{rule.id}: {rule.text} ")
        run(below, " ".join(filter(None, (rule.cite, rule.note))), ink=SOFT)
