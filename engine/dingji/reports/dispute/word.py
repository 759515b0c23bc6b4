"""A dispute as a Word document (DOCX), by python-docx."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from dingji.errors import Problem
from dingji.reports.dispute.view import DisputePage, Question
from dingji.reports.errors import ReportError
from dingji.reports.html.pdf import EXTRA
from dingji.reports.html.word import clean
from dingji.reports.html.wordstyle import FILLS, SOFT, fill, points, prepare, run, table
from dingji.reports.messages import Catalogue
from dingji.reports.plain import mapped

if TYPE_CHECKING:
    from docx.document import Document


def document(view: DisputePage, words: Catalogue) -> bytes:
    """The document. Raises ReportError (T005) if python-docx is not installed."""
    try:
        import docx
    except ImportError:
        raise ReportError([Problem("python-docx", 0, 0, "T005", "a Word document needs a package", EXTRA)]) from None
    made = docx.Document()
    view = mapped(view, clean)
    prepare(made, view.title, view.language)
    _head(made, view, words)
    for section in view.sections:
        made.add_heading(section.heading, 1)
        for paragraph in section.before:
            made.add_paragraph(paragraph)
        for point in section.points:
            made.add_paragraph(point.head, style="List Bullet")
            for detail in point.details:
                _indented(made, detail, 1)
        if section.tree is not None:
            _tree(made, section.tree, 0)
        for paragraph in section.after:
            made.add_paragraph(paragraph)
    run(made.add_paragraph(), words("foot.knowledge", version=view.version, digest=view.digest), size=8, ink=SOFT)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _head(made: Document, view: DisputePage, words: Catalogue) -> None:
    made.add_heading(view.title, 0)
    run(made.add_paragraph(), words("list.semicolon").join(view.where), ink=SOFT)
    cell = table(made, [], [[""]], [1])[0][0]
    if view.colour:
        fill(cell, view.colour)
    headline = words("headline", scale=view.scale, grade=view.headline) if view.scale else view.headline
    ink = FILLS[view.colour][1] if view.colour in FILLS else ""
    run(cell.paragraphs[0], headline, bold=True, size=18, ink=ink)
    for paragraph in view.meaning:
        made.add_paragraph(paragraph)


def _indented(made: Document, text: str, depth: int) -> Any:
    line = made.add_paragraph(text)
    line.paragraph_format.left_indent = points(18 * depth)
    return line


def _tree(made: Document, question: Question, depth: int) -> None:
    run(_indented(made, "", depth), question.text, bold=True)
    for branch in question.branches:
        line = _indented(made, f"– {branch.answer}", depth)
        if branch.outcome:
            run(line, f" → {branch.outcome}", bold=True)
        if branch.below is not None:
            _tree(made, branch.below, depth + 1)
