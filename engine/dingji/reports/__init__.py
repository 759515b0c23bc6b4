"""Reports: a graded case as text, Markdown, HTML, PDF or Word, in English or Chinese.

A report is made in three steps: a view turns the result into finished strings in the reader's language, a template lays
them out, and the page cares for width, colour and escaping. Templates hold no logic about grades, views none about layout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dingji.errors import Problem
from dingji.knowledge.model import Knowledge
from dingji.methods.agenda import Item
from dingji.methods.model import Result
from dingji.records import Record
from dingji.reports.errors import ReportError

if TYPE_CHECKING:
    from dingji.reports.html.view import ChangeView

__all__ = ["Detail", "Document", "Form", "Language", "ReportError", "render", "render_document", "render_duties", "render_review"]

Form = Literal["text", "markdown", "html"]
Document = Literal["docx", "pdf"]
Language = Literal["en", "zh"]
Detail = Literal["brief", "panel", "full"]


def render(
    result: Result,
    knowledge: Knowledge,
    *,
    form: Form,
    language: Language,
    detail: Detail,
    width: int = 80,
    colour: bool = False,
    templates: Path | None = None,
    changes: Sequence[ChangeView] = (),
) -> str:
    """A graded case as a report that ends with a line break.

    `knowledge` is the base that the case was graded with. `detail`: the grade and its reason on one screen (brief), all that
    a panel discusses (panel), with the proof (full). `width` and `colour` (ANSI) concern text only, `changes` (what would change
    the grade, for those who looked for it) pages only. Files of the folder `templates` replace those of the same name that come
    with dingji, message by message for the catalogues.

    Raises ReportError naming file and line if a template or catalogue is wrong.
    """
    _check_folder(templates)
    # jinja2 takes longer to import than a case to grade
    from dingji.reports.messages import catalogue
    from dingji.reports.pages import render_page
    from dingji.reports.view import report

    words = catalogue(language, templates)
    with_proof = detail == "full"
    if form == "html":
        from dingji.reports.html.view import page

        view: Record = page(result, knowledge, words, with_proof=with_proof, changes=tuple(changes))
    else:
        view = report(result, knowledge, words, with_proof=with_proof)
    return render_page(f"determination/{form}/{detail}.j2", view, words, form=form, width=width, colour=colour, templates=templates)


def render_document(
    result: Result,
    knowledge: Knowledge,
    *,
    form: Document,
    language: Language,
    detail: Detail = "full",
    templates: Path | None = None,
    changes: Sequence[ChangeView] = (),
) -> bytes:
    """A graded case as a file for Word, or as the PDF of its HTML page.

    Raises ReportError (T005) naming what to install if a package is missing, and as `render` does.
    """
    if form == "pdf":
        from dingji.reports.html.pdf import pdf

        return pdf(render(result, knowledge, form="html", language=language, detail=detail, templates=templates, changes=changes))
    _check_folder(templates)
    from dingji.reports.html.view import page
    from dingji.reports.html.word import word
    from dingji.reports.messages import catalogue

    words = catalogue(language, templates)
    return word(page(result, knowledge, words, with_proof=detail == "full", changes=tuple(changes)), words, detail)


def render_duties(
    items: Sequence[Item],
    on: dt.date,
    knowledge: Knowledge,
    *,
    form: Form,
    language: Language,
    width: int = 80,
    templates: Path | None = None,
) -> str:
    """What is due on a day (`dingji.methods.agenda`), overdue first."""
    _check_folder(templates)
    from dingji.reports.agenda import duties
    from dingji.reports.messages import catalogue
    from dingji.reports.pages import render_page

    words = catalogue(language, templates)
    view = duties(items, on, knowledge, words)
    return render_page(f"agenda/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)


def render_review(
    results: Sequence[Result],
    knowledge: Knowledge,
    *,
    form: Form,
    language: Language,
    width: int = 80,
    templates: Path | None = None,
) -> str:
    """The warnings of many cases, case by case."""
    _check_folder(templates)
    from dingji.reports.agenda import warnings
    from dingji.reports.messages import catalogue
    from dingji.reports.pages import render_page

    words = catalogue(language, templates)
    view = warnings(results, knowledge, words)
    return render_page(f"agenda/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)


def _check_folder(templates: Path | None) -> None:
    if templates is not None and not templates.is_dir():
        raise ReportError([Problem(str(templates), 0, 0, "T001", "there is no such folder of templates")])
