"""How a Word document looks: fonts, headings, tables and the four colours. python-docx is imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

FILLS = {
    "red": ("B3261E", "FFFFFF"),
    "orange": ("F08C1E", "241500"),
    "yellow": ("F7D046", "241D00"),
    "blue": ("2460AD", "FFFFFF"),
}
"""The four colours and the ink on them, as on the page."""
FONT, CHINESE = "Calibri", "Microsoft YaHei"
"""Fonts that Word has; other programs put their own in their place."""
SOFT, LINE, HEAD = "4C5B69", "C3CCD4", "E6EAEE"
WIDTH = 170
"""Of the text on A4, in millimetres."""


def prepare(document: Document, title: str, language: str) -> None:
    """A4, our fonts (Chinese text has a font of its own in Word), and the properties of the file."""
    from docx.oxml.ns import qn
    from docx.shared import Mm

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm((210 - WIDTH) / 2)
    section.top_margin = section.bottom_margin = Mm(18)
    for name, size in (("Normal", 10), ("Title", 18), ("Heading 1", 13), ("List Bullet", 10), ("List Number", 10)):
        style: Any = document.styles[name]
        style.font.name, style.font.size = FONT, points(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), CHINESE)
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
            fonts.attrib.pop(qn(theme), None)
    normal: Any = document.styles["Normal"]
    normal.paragraph_format.space_after = points(4)
    properties = document.core_properties
    properties.title, properties.author, properties.language, properties.comments = title[:255], "dingji", language, ""


def table(document: Document, heads: Sequence[str], rows: Iterable[Sequence[str]], shares: Sequence[float]) -> list[list[_Cell]]:
    """A table with thin lines; its head repeats on each page and no row breaks over two. `shares` are those of the width.

    Returns the cells, those of the head first.
    """
    from docx.shared import Mm

    content = [*([heads] if heads else []), *rows]
    made = document.add_table(rows=len(content), cols=len(shares))
    made.style, made.autofit = "Table Grid", False
    _lines(made)
    widths = [Mm(WIDTH * share / sum(shares)) for share in shares]
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width  # the grid, for programs that read no others
    cells = []
    for number, (row, texts) in enumerate(zip(made.rows, content, strict=True)):
        head = bool(heads) and number == 0
        _mark(row._tr.get_or_add_trPr(), "w:cantSplit")
        if head:
            _mark(row._tr.get_or_add_trPr(), "w:tblHeader")
        found = list(row.cells)
        for cell, text, width in zip(found, texts, widths, strict=True):
            cell.width = width
            line = cell.paragraphs[0]
            line.paragraph_format.space_before = line.paragraph_format.space_after = points(2)
            line.paragraph_format.keep_with_next = head
            run(line, text, bold=head, size=9)
            if head:
                shade(cell, HEAD)
        cells.append(found)
    gap = document.add_paragraph()
    gap.paragraph_format.space_after = points(0)
    gap.paragraph_format.line_spacing = points(6)
    return cells


def run(line: Paragraph, text: str, *, bold: bool = False, italic: bool = False, size: float = 0, ink: str = "") -> None:
    """Text at the end of a paragraph."""
    if not text:
        return
    from docx.shared import RGBColor

    made = line.add_run(text)
    made.bold, made.italic = bold or None, italic or None
    if size:
        made.font.size = points(size)
    if ink:
        made.font.color.rgb = RGBColor.from_string(ink)


def fill(cell: _Cell, colour: str, bold: bool = False) -> None:
    """A cell in one of the four colours, with its ink."""
    from docx.shared import RGBColor

    ground, ink = FILLS[colour]
    shade(cell, ground)
    for part in cell.paragraphs[0].runs:
        part.font.color.rgb = RGBColor.from_string(ink)
        part.bold = bold or part.bold


def shade(cell: _Cell, ground: str) -> None:
    """The ground of a cell."""
    _mark(cell._tc.get_or_add_tcPr(), "w:shd", val="clear", color="auto", fill=ground)


def points(size: float) -> Any:
    """A length in points."""
    from docx.shared import Pt

    return Pt(size)


def _lines(made: Any) -> None:
    borders = _mark(made._tbl.tblPr, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _mark(borders, f"w:{side}", val="single", sz="4", space="0", color=LINE)


def _mark(parent: Any, name: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element: Any = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    parent.append(element)
    return element
