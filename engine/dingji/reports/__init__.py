"""Reports: a graded case as text or Markdown, in English or Chinese.

A report is made in three steps: a view turns the result into finished strings in the reader's language, a template lays
them out, and the page cares for width, colour and escaping. Templates hold no logic about grades, views none about layout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dingji.errors import Problem
from dingji.knowledge.model import Knowledge
from dingji.methods.agenda import Item
from dingji.methods.model import Result
from dingji.reports.errors import ReportError

__all__ = ["Detail", "Form", "Language", "ReportError", "render", "render_duties", "render_review"]

Form = Literal["text", "markdown"]
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
) -> str:
    """A graded case as a report that ends with a line break.

    `knowledge` is the base that the case was graded with. `detail`: the grade and its reason on one screen (brief), all that
    a panel discusses (panel), with the proof (full). `width` and `colour` (ANSI) concern text only. Files of the folder
    `templates` replace those of the same name that come with dingji, message by message for the catalogues.

    Raises ReportError naming file and line if a template or catalogue is wrong.
    """
    _check_folder(templates)
    # jinja2 takes longer to import than a case to grade
    from dingji.reports.messages import catalogue
    from dingji.reports.pages import render_page
    from dingji.reports.view import report

    words = catalogue(language, templates)
    with_proof = detail == "full"
    view = report(result, knowledge, words, with_proof=with_proof)
    return render_page(f"determination/{form}/{detail}.j2", view, words, form=form, width=width, colour=colour, templates=templates)


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
