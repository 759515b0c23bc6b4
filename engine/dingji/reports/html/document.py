"""What a page of figures is made of: a summary with its numbers, then sections of charts, tables, cases and items."""

from __future__ import annotations

from dingji.records import Record
from dingji.reports.charts.vega import Chart, Grid
from dingji.reports.compare import Item
from dingji.reports.html.compare_cases import CaseGroup
from dingji.reports.html.matrix import BandView


class Tile(Record, frozen=True):
    """A number of the summary."""

    value: str
    label: str


class Figure(Record, frozen=True):
    """A chart on the page with what explains it: the bands of its colours, and notes."""

    chart: Chart
    key: tuple[BandView, ...] = ()
    notes: tuple[str, ...] = ()


class Table(Record, frozen=True):
    """A table or, without rows, lines of text or tables within. A `closed` one opens at its title."""

    title: str
    grid: Grid = Grid((), ())
    note: str = ""
    closed: bool = False
    lines: tuple[str, ...] = ()
    inner: tuple[Table, ...] = ()


class Block(Record, frozen=True):
    """A part of a section: figures, then tables and texts, the long ones closed."""

    heading: str
    lead: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


class Section(Record, frozen=True):
    """A section of the page; what it has none of is empty."""

    id: str
    heading: str
    lead: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    groups: tuple[CaseGroup, ...] = ()
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()


class Page(Record, frozen=True):
    """A page. `skip` is the text of the link that leads past the contents."""

    language: str
    title: str
    where: tuple[str, ...]
    skip: str
    headline: str
    meaning: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    version: str
    digest: str
