"""The page that all ledgers share, and how it is laid out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dingji.records import Record
from dingji.reports import Form, Language
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page

if TYPE_CHECKING:
    from dingji.reports.html.document import Figure

MOST_ROWS = 40
"""A section of a text report lists so many rows."""
MOST_LISTED = 3000
"""And a page so many, over all its sections."""
OPEN = 25
"""So many rows of a section stand open on a page; the others are closed."""


class Grade(Record, frozen=True):
    """A cell: a grade with its colour, or another text; `below` in small print."""

    text: str
    colour: str = ""
    graded: bool = False
    below: str = ""


class Row(Record, frozen=True):
    """A row of a section: its head, grades, and why they differ. `number` is that of a record."""

    number: str
    name: str
    below: str
    cells: tuple[Grade, ...]
    why: tuple[str, ...]
    brief: str = ""
    """Why, on one line of a terminal."""

    @property
    def first(self) -> str:
        """The first cell, as text."""
        return self.cells[0].text if self.cells else ""

    @property
    def second(self) -> str:
        """The second cell."""
        return self.cells[1].text if len(self.cells) > 1 else ""

    @property
    def third(self) -> str:
        """The third cell."""
        return self.cells[2].text if len(self.cells) > 2 else ""

    @property
    def said(self) -> str:
        """Why, on one line."""
        return self.brief or " ".join(self.why)

    @property
    def short(self) -> str:
        """The last cell, in its colour."""
        return self.cells[-1].text if self.cells else ""

    @property
    def colour(self) -> str:
        """The colour of the last cell."""
        return self.cells[-1].colour if self.cells else ""


class Section(Record, frozen=True):
    """A part of the page. `kind`: grades (rows with grades then and now) or counts (names with a number and a text)."""

    id: str
    heading: str
    lead: tuple[str, ...] = ()
    kind: str = "counts"
    heads: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    rest: tuple[Row, ...] = ()
    more: str = ""
    beyond: str = ""
    closed: bool = False


class Tile(Record, frozen=True):
    """A number of the summary, with the section it stands for."""

    value: str
    label: str


class Ledger(Record, frozen=True):
    """The page."""

    language: str
    title: str
    where: tuple[str, ...]
    headline: str
    meaning: tuple[str, ...]
    tiles: tuple[Tile, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    foot: str


def counted(
    words: Catalogue, id: str, heading: str, heads: Sequence[str], rows: Iterable[Row], *, lead: tuple[str, ...] = (), kind: str = "counts"
) -> Section:
    """A section with all its rows; `fitted` cuts it to what a form has room for."""
    return Section(id, heading, lead, kind, tuple(heads), tuple(rows))


def fitted(section: Section, form: Form, words: Catalogue, room: int) -> Section:
    """A section as long as a form has room for. On a page what is long is closed, and `room` is what all sections share."""
    from dingji.records import replace

    count = len(section.rows)
    if form != "html":
        beyond = words("ledger.beyond", n=count - MOST_ROWS) if count > MOST_ROWS else ""
        return replace(section, rows=section.rows[:MOST_ROWS], beyond=beyond)
    shown, rest = section.rows[:OPEN], section.rows[OPEN : max(OPEN, room)]
    if section.closed:
        shown, rest = (), section.rows[:room]
    left = count - len(shown) - len(rest)
    return replace(
        section,
        rows=shown,
        rest=rest,
        more=words("ledger.more", n=len(rest)) if shown else words("ledger.all", n=len(rest)),
        beyond=words("ledger.beyond", n=left) if left else "",
    )


def render_ledger(
    view: Ledger, *, form: Form, language: Language, width: int = 80, colour: bool = False, templates: Path | None = None
) -> str:
    """A ledger as a report. Raises ReportError as `dingji.reports.render` does."""
    from dingji.records import replace

    words = catalogue(language, templates)
    sections, room = [], MOST_LISTED
    for section in view.sections:
        sections.append(fitted(section, form, words, room))
        room = max(0, room - len(section.rows))
    view = replace(view, sections=tuple(s for s in sections if s.rows or s.rest or s.lead))
    name = "audit/html/ledger.j2" if form == "html" else f"audit/ledger-{form}.j2"
    return render_page(name, view, words, form=form, width=width, colour=colour, templates=templates)


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV; a cell that a spreadsheet would run as a formula is guarded."""
    from dingji.tables.writing import guarded

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return stream.getvalue()
