"""Lines of a terminal: wrapped, in columns and tables, by the columns that characters take (Chinese ones take two).

wcwidth measures. It would break a line before a full stop or inside a number, which Chinese typesetting forbids, so the
places where a line may break are found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import wcwidth

GAP = 2
"""Spaces between the columns of a table."""
SHORT = 10
"""A column whose cells are no longer than this is not wrapped, if there is room."""
LEAST = 12
"""Text keeps at least this many columns, however deep its indentation."""

_WIDE = r"\u2e80-\u303f\u3041-\u33ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003ffff“”"
_ATOM = re.compile(rf"\s+|[{_WIDE}]|[^\s{_WIDE}]+")
_OPENING = frozenset("（「『【〔《〈“［｛([")
# a run of signs and letters after a Chinese character, as in 安监/3, starts no line
_JOINING = frozenset("/-.,:;%+")
_CLOSING = frozenset("，。、；：？！）」』】〕》〉”％］｝…)]")
# where a long word may break: not inside a decimal
_SEAM = re.compile(r"(?<=[-/_@)])(?=[^\s)\]])|(?<=[.,;:])(?=[^\s\d])|(?<=\w)(?=[(\[])")
_COLOURS = {"red": "1;31", "orange": "1;38;5;208", "yellow": "1;33", "blue": "1;34", "bold": "1"}


class Painted(str):
    """A text with a colour, laid on once the text has been cut to its lines."""

    __slots__ = ("colour",)
    colour: str

    def __new__(cls, text: str, colour: str) -> Painted:
        """`colour` is the colour of a grade, `bold`, or empty for none."""
        self = super().__new__(cls, text)
        self.colour = colour
        return self


def columns_of(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else wcwidth.width(text)


def wrap(text: str, width: int) -> list[str]:
    """The lines of a text, none wider than `width` (or one character, if that is wider)."""
    lines, line, used, space = [], "", 0, ""
    for piece in _pieces(text, width):
        if piece.isspace():
            space = " " if line else ""
            continue
        size = columns_of(piece)
        if line and used + len(space) + size > width:
            lines.append(line)
            line, used, space = "", 0, ""
        line += space + piece
        used += len(space) + size
        space = ""
    return [*lines, line] if line or not lines else lines


def _words(text: str) -> Iterator[str]:
    """What must stay together: a word or one Chinese character with its opening and closing marks, a number with its unit."""
    word = ""
    for match in _ATOM.finditer(text):
        atom = match[0]
        if word and (atom.isspace() or not _together(word[-1], atom)):
            yield word
            word = ""
        if atom.isspace():
            yield atom
        else:
            word += atom
    if word:
        yield word


def _together(before: str, atom: str) -> bool:
    if atom[0] in _CLOSING or atom[0] in _JOINING or before in _OPENING:
        return True
    return before.isdigit() and not atom.isascii()


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in _words(text):
        if word.isspace() or columns_of(word) <= width:
            yield word
            continue
        for part in _SEAM.split(word):
            if columns_of(part) <= width:
                yield part
            else:
                yield from _cut(part, width)


def _cut(text: str, width: int) -> Iterator[str]:
    """Pieces of a word that has no place to break."""
    part, used = "", 0
    for grapheme in wcwidth.iter_graphemes(text):
        size = columns_of(grapheme)
        if part and used + size > width:
            yield part
            part, used = "", 0
        part += grapheme
        used += size
    if part:
        yield part


def fill(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Wrapped lines, the first after `first`, the others after `rest` (by default as many spaces).

    Indentation that would leave the text too little room gives way from the left.
    """
    rest = " " * columns_of(first) if rest is None else rest
    most = max(0, width - LEAST)
    first, rest = (_kept(indent, most) for indent in (first, rest))
    room = width - max(columns_of(first), columns_of(rest))
    return [(first if number == 0 else rest) + line for number, line in enumerate(wrap(text, room))]


def _kept(indent: str, most: int) -> str:
    while columns_of(indent) > most:
        indent = indent[1:]
    return indent


def clipped(text: str, width: int) -> str:
    """A text on one line, cut with an ellipsis where it is too long."""
    if columns_of(text) <= width:
        return text
    return wcwidth.clip(text, 0, max(0, width - 1)).rstrip() + "…"


def paint(line: str, colour: str, on: bool) -> str:
    """A line in a colour, if colour is on."""
    code = _COLOURS.get(colour) if on else None
    return f"\x1b[{code}m{line}\x1b[0m" if code and line else line


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, colour: bool) -> list[str]:
    """A table whose long cells wrap inside their columns; where it can't stand, one block of `head: cell` lines per row."""
    sizes = _sizes([head, *rows], width)
    if sizes is None:
        return _stacked(head, rows, width, colour)
    lines = [paint(line, "bold", colour) for line in _row(head, sizes, False)]
    lines.append((" " * GAP).join("-" * size for size in sizes))
    for row in rows:
        lines += _row(row, sizes, colour)
    return lines


def _row(cells: Sequence[str], sizes: Sequence[int], colour: bool) -> list[str]:
    wrapped = [wrap(cell, size) for cell, size in zip(cells, sizes, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped))):
        parts = []
        for cell, lines_of, size in zip(cells, wrapped, sizes, strict=True):
            text = lines_of[number] if number < len(lines_of) else ""
            painted = paint(text, cell.colour, colour) if isinstance(cell, Painted) else text
            parts.append(painted + " " * (size - columns_of(text)))
        lines.append((" " * GAP).join(parts).rstrip())
    return lines


def _sizes(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The width of each column: what its longest word needs, short cells whole, then more where it saves most lines."""
    columns = list(zip(*rows, strict=True))
    spare = width - GAP * (len(columns) - 1)
    wanted = [max(columns_of(cell) for cell in column) for column in columns]
    least = [max(_longest(cell) for cell in column) for column in columns]
    sizes = [max(size, min(want, SHORT)) for size, want in zip(least, wanted, strict=True)]
    if sum(sizes) > spare:
        sizes = least
    if sum(sizes) > spare:
        return None
    while sum(sizes) < spare:
        needs = [want / size if want > size else 0 for want, size in zip(wanted, sizes, strict=True)]
        most = max(range(len(needs)), key=needs.__getitem__)
        if not needs[most]:
            break
        sizes[most] += 1
    return sizes


def _longest(cell: str) -> int:
    return max((columns_of(part) for word in _words(cell) for part in _SEAM.split(word)), default=1)


def _stacked(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, colour: bool) -> list[str]:
    label = min(max(map(columns_of, head)), width // 2) + GAP
    lines: list[str] = []
    for row in rows:
        lines += [""] if lines else []
        for name, cell in zip(head, row, strict=True):
            shade = cell.colour if isinstance(cell, Painted) else ""
            named = wrap(name, label - GAP) if cell else []
            said = wrap(cell, max(LEAST, width - label)) if cell else []
            for start, line in zip_longest(named, said, fillvalue=""):
                lines.append((start + " " * (label - columns_of(start)) + paint(line, shade, colour)).rstrip())
    return lines


def one_line_each(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, colour: bool) -> list[str]:
    """A table with one line per row: where it is too wide the first column is cut, then the widest of the others."""
    sizes = [max(map(columns_of, column)) for column in zip(head, *rows, strict=True)]
    while sum(sizes) + GAP * (len(sizes) - 1) > width:
        widest = 0 if sizes[0] > 2 * LEAST else max(range(len(sizes)), key=sizes.__getitem__)
        sizes[widest] -= 1
    lines = []
    for number, row in enumerate([head, *rows]):
        parts = []
        for cell, size in zip(row, sizes, strict=True):
            text = clipped(cell, size)
            shade = "bold" if number == 0 else cell.colour if isinstance(cell, Painted) else ""
            parts.append(paint(text, shade, colour) + " " * (size - columns_of(text)))
        lines.append((" " * GAP).join(parts).rstrip())
    return lines
