"""Charts of rows and columns: a heat map of values, and counts on a matrix of bands."""

from __future__ import annotations

from collections.abc import Sequence

from dingji.records import Record
from dingji.reports.charts.vega import (
    FONT,
    LINE,
    NARROW,
    WIDE,
    Chart,
    Grid,
    Plain,
    colour,
    drawn,
    is_,
    length,
    lines,
    mark,
    paint,
    raised,
    specification,
    text,
)

MANY = 10
"""So many cases have the largest disc, where no cell has more."""
LEAST = 20
"""Width of the disc of one case among many."""
BOLD, SMALL = 1.1, 8.0
"""Bold letters are so much wider; the letters in a cell are never smaller than that."""
HEAT = 5
"""Steps of a heat map, palest first: the palette has a colour and an ink for each."""


class Cell(Record, frozen=True):
    """A cell: what is printed in it, a smaller line below, and how strong it is (0 to 1; None: nothing was computed)."""

    shown: str
    below: str = ""
    strength: float | None = None


class Square(Record, frozen=True):
    """A cell of a matrix: its value, the colour of its band, and how many cases lie there."""

    value: str
    colour: str
    count: int


class Axis(Record, frozen=True):
    """What the rows or the columns are, and the head of each."""

    label: str
    heads: tuple[str, ...]


def heat_map(
    id: str,
    title: str,
    description: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell | None]],
    grid: Grid,
    wide: bool = False,
) -> Chart:
    """Values by row and column. Each cell prints its value: the strength only helps to find them. None leaves a cell out."""
    room = WIDE if wide else NARROW
    left = min(max(map(length, rows), default=0), room * 0.3) + 12
    width = min((room - left) / max(len(columns), 1), 96)
    longest = max((length(cell.shown) * BOLD for line in cells for cell in line if cell is not None), default=0)
    font = min(FONT + 2, max(FONT * (width - 6) / longest, SMALL)) if longest else FONT + 2
    heads = [lines(column, width - 4) for column in columns]
    top = max(map(len, heads), default=1) * LINE + 10
    height = 52
    tiles: list[Plain] = []
    for r, line in enumerate(cells):
        for c, cell in enumerate(line):
            if cell is not None:
                step = None if cell.strength is None else min(int(max(cell.strength, 0) * HEAT), HEAT - 1)
                tiles.append(
                    {
                        "x": left + c * width + 2,
                        "y": top + r * height + 2,
                        "middle": left + (c + 0.5) * width,
                        "first": top + (r + 0.5) * height - (8 if cell.below else 0),
                        "second": top + (r + 0.5) * height + 11,
                        "shown": cell.shown,
                        "below": cell.below,
                        "fill": paint("paper" if step is None else f"heat-{step}"),
                        "ink": paint("soft" if step is None else f"heat-{step}-ink"),
                        "edge": paint("line" if step is None else "accent"),
                        "dash": [3, 3] if step is None else [],
                    }
                )
    data = {"tiles": tiles, "columns": _heads(heads, left, width, top), "rows": _sides(rows, left, top, height)}
    size = {"width": is_(width - 4), "height": is_(height - 4), "cornerRadius": is_(4)}
    marks = [
        mark("rect", "tiles", x="x", y="y", fill="fill", stroke="edge", strokeDash="dash", **size),
        text("tiles", "shown", x="middle", y="first", align=is_("center"), fill="ink", fontWeight=is_(700), fontSize=is_(font)),
        text("tiles", "below", x="middle", y="second", align=is_("center"), fill="ink", fontSize=is_(FONT - 2)),
        *_headings(),
    ]
    across = left + width * len(columns) + 2
    spec = specification(max(across, room) if wide else across, top + height * len(cells) + 2, data, marks)
    return Chart(id, title, description, drawn(id, title, description, spec), grid, wide)


def counts(id: str, title: str, description: str, row: Axis, column: Axis, squares: Sequence[Sequence[Square]], grid: Grid) -> Chart:
    """How many cases lie on each cell of a matrix: a disc as large as their number, which stands in it. Rows from above down."""
    left, side = 58.0, min((NARROW - 58) / max(len(column.heads), 1), 74)
    top, most = 8.0, max(MANY, *(square.count for line in squares for square in line))
    foot = top + side * len(squares)
    tiles: list[Plain] = []
    for r, line in enumerate(squares):
        for c, square in enumerate(line):
            x, y = left + c * side, top + r * side
            tiles.append(
                {
                    "x": x + 2,
                    "y": y + 2,
                    "middle": x + side / 2 + 4,
                    "centre": y + side / 2 + 5,
                    "corner": x + 6,
                    "upper": y + 10,
                    "value": square.value,
                    "count": square.count or "",
                    "size": (LEAST + (side * 0.62 - LEAST) * (square.count / most) ** 0.5) ** 2 if square.count else 0,
                    "fill": paint(f"{square.colour or 'plain'}-pale"),
                    "ink": paint(f"{square.colour or 'plain'}-pale-ink"),
                    "edge": paint(f"{square.colour or 'plain'}-edge"),
                }
            )
    columns = [{"label": head, "x": left + (c + 0.5) * side} for c, head in enumerate(column.heads)]
    rows = [{"label": head, "y": top + (r + 0.5) * side} for r, head in enumerate(row.heads)]
    across, down = lines(column.label, NARROW - left, 2), lines(row.label, foot - top, 1)
    named = [{"label": across, "x": left + side * len(columns) / 2, "y": foot + 34}]
    upright = [{"label": down, "x": 12, "y": (top + foot) / 2}]
    marks = [
        mark("rect", "tiles", x="x", y="y", width=is_(side - 4), height=is_(side - 4), fill="fill", stroke="edge", cornerRadius=is_(4)),
        text("tiles", "value", x="corner", y="upper", fill="ink", fontSize=is_(FONT - 2)),
        mark("symbol", "tiles", x="middle", y="centre", size="size", fill=colour("paper"), stroke=colour("ink"), strokeWidth=is_(1.5)),
        text("tiles", "count", x="middle", y="centre", align=is_("center"), fontWeight=is_(700)),
        text("columns", "label", x="x", y=is_(foot + 14), align=is_("center")),
        text("rows", "label", x=is_(left - 10), y="y", align=is_("right")),
        text("across", "label", x="x", y="y", align=is_("center"), fontWeight=is_(600)),
        text("upright", "label", x="x", y="y", align=is_("center"), fontWeight=is_(600), angle=is_(-90)),
    ]
    data = {"tiles": tiles, "columns": columns, "rows": rows, "across": named, "upright": upright}
    spec = specification(left + side * len(columns) + 2, foot + 30 + LINE * len(across), data, marks)
    return Chart(id, title, description, drawn(id, title, description, spec), grid)


def _heads(heads: Sequence[list[str]], left: float, width: float, top: float) -> list[Plain]:
    """The heads of columns, standing on the cells."""
    return [{"label": head, "x": left + (c + 0.5) * width, "y": top - 10 - (len(head) - 1) * LINE} for c, head in enumerate(heads)]


def _sides(rows: Sequence[str], left: float, top: float, height: float) -> list[Plain]:
    """The heads of rows, to the left of the cells."""
    found = [lines(row, left - 10) for row in rows]
    return [{"label": label, "y": top + (r + 0.5) * height + raised(label)} for r, label in enumerate(found)]


def _headings() -> list[Plain]:
    return [text("columns", "label", x="x", y="y", align=is_("center")), text("rows", "label", x=is_(0), y="y")]
