"""Reports of a dispute: the analysis for the panel and, once it has found, the ruling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dingji.disputes.settlement import Settlement
from dingji.reports import Form, Language
from dingji.reports.messages import catalogue
from dingji.reports.pages import render_page

if TYPE_CHECKING:
    from dingji.disputes.ruling import Ruling


def render_dispute(
    settlement: Settlement,
    ruling: Ruling | None = None,
    *,
    form: Form,
    language: Language,
    width: int = 80,
    colour: bool = False,
    templates: Path | None = None,
) -> str:
    """The analysis of a dispute, with the ruling if there is one, as a page that ends with a line break.

    Raises ReportError as `dingji.reports.render` does.
    """
    from dingji.reports.dispute.view import page

    words = catalogue(language, templates)
    view = page(settlement, ruling, words)
    return render_page(f"resolve/{form}/page.j2", view, words, form=form, width=width, colour=colour, templates=templates)


def dispute_document(settlement: Settlement, ruling: Ruling | None = None, *, language: Language, templates: Path | None = None) -> bytes:
    """The same as a file for Word. Raises ReportError (T005) naming what to install if a package is missing."""
    from dingji.reports.dispute.view import page
    from dingji.reports.dispute.word import document

    words = catalogue(language, templates)
    return document(page(settlement, ruling, words), words)
