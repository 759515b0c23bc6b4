"""Rows of a register by colour: bars in parts below their labels, or columns along time."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log10

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
    specification,
    text,
)

BAR = 22
GAP = 12
HEIGHT = 240
"""What the highest column is high."""
LEAST = 1.5
"""A part with any rows can be seen."""


class Part(Record, frozen=True):
    """A part of a bar: a colour of the palette, how much it is, and what is printed in it if there is room, the longest first.

    `tone` is full, pale (it counts, but less surely) or open (nothing is known of it: an outline only).
    """

    colour: str
    value: float
    shown: tuple[str, ...] = ()
    tone: str = "full"


class Stack(Record, frozen=True):
    """A bar or column: its label, its parts in order, and what is printed at its end."""

    label: str
    parts: tuple[Part, ...]
    shown: str = ""


def stacks(id: str, title: str, description: str, items: Sequence[Stack], grid: Grid) -> Chart:
    """Bars in parts, each below its label. All bars share one measure."""
    most = max((_sum(item) for item in items), default=1) or 1
    room = NARROW - max((length(item.shown) for item in items), default=0) * 1.1 - 10
    tiles: list[Plain] = []
    heads: list[Plain] = []
    y = 4.0
    for item in items:
        label = lines(item.label, NARROW - 4, 2)
        top = y + len(label) * LINE + 3
        heads.append({"label": label, "y": y + LINE / 2})
        x = 0.0
        for part in (part for part in item.parts if part.value):
            width = max(room * part.value / most, LEAST)
            tiles.append({"x": x, "y": top, "width": width, "height": BAR, **_paints(part), **_inside(part, width, BAR, x, top)})
            x += width
        heads[-1] |= {"end": x + 6, "middle": top + BAR / 2, "shown": item.shown}
        y = top + BAR + GAP
    marks = [
        _tiles(),
        *_printed(),
        text("heads", "label", x=is_(0), y="y"),
        text("heads", "shown", x="end", y="middle", fontWeight=is_(600)),
    ]
    size = specification(NARROW, y - GAP + 4, {"tiles": tiles, "heads": heads}, marks)
    return Chart(id, title, description, drawn(id, title, description, size), grid)


def columns(id: str, title: str, description: str, items: Sequence[Stack], grid: Grid) -> Chart:
    """Columns in parts, from the first to the last; the part named first lies at the bottom."""
    ticks = _ticks(max((_sum(item) for item in items), default=1) or 1)
    left = max(length(shown) for _, shown in ticks) + 12
    step = (WIDE - left) / max(len(items), 1)
    width = min(step * 0.8, 60)
    scale = HEIGHT / ticks[-1][0]
    foot = 12.0 + HEIGHT
    tiles: list[Plain] = []
    heads: list[Plain] = []
    every = ceil(max((length(item.label) for item in items), default=0) * 1.1 / step) or 1
    for number, item in enumerate(items):
        x, y = left + (number + 0.5) * step, foot
        for part in (part for part in item.parts if part.value):
            height = max(part.value * scale, LEAST)
            y -= height
            box = {"x": x - width / 2, "y": y, "width": width, "height": height}
            tiles.append({**box, **_paints(part), **_inside(part, width, height, x - width / 2, y)})
        heads.append({"label": item.label if number % every == 0 else "", "x": x, "top": y - 8, "shown": item.shown if step > 40 else ""})
    axis: list[Plain] = [{"y": foot - value * scale, "shown": shown} for value, shown in ticks]
    marks = [
        mark("rule", "axis", x=is_(left), x2=is_(WIDE), y="y", stroke=colour("line")),
        text("axis", "shown", x=is_(left - 8), y="y", align=is_("right"), fontSize=is_(FONT - 1)),
        _tiles(),
        *_printed(),
        text("heads", "label", x="x", y=is_(foot + 16), align=is_("center"), fontSize=is_(FONT - 1)),
        text("heads", "shown", x="x", y="top", align=is_("center"), fontWeight=is_(600), fontSize=is_(FONT - 1)),
    ]
    spec = specification(WIDE, foot + 28, {"tiles": tiles, "heads": heads, "axis": axis}, marks)
    return Chart(id, title, description, drawn(id, title, description, spec), grid, True)


def _sum(item: Stack) -> float:
    return sum(part.value for part in item.parts)


def _ticks(most: float) -> list[tuple[float, str]]:
    """Round numbers from zero up to the first that is not below the highest column; it leaves room for what stands above it."""
    step = 10 ** int(log10(most)) if most >= 1 else 1
    step = next(part for part in (step / 5, step / 2, step, 2 * step) if most / part <= 5)
    step = max(int(step), 1)
    return [(n * step, f"{n * step:,}") for n in range(int(most // step) + 2)]


def _paints(part: Part) -> Plain:
    tone = part.colour or "plain"
    if part.tone == "open":
        return {"fill": paint("paper"), "edge": paint("open"), "ink": paint("ink"), "dash": [4, 3]}
    pale = "-pale" if part.tone == "pale" else ""
    return {"fill": paint(f"{tone}{pale}"), "edge": paint(f"{tone}-edge"), "ink": paint(f"{tone}{pale}-ink"), "dash": []}


def _inside(part: Part, width: float, height: float, x: float, y: float) -> Plain:
    """What is printed in a part: the longest of its texts that has room."""
    fits = (shown for shown in part.shown if length(shown) * 1.05 + 6 <= width)
    shown = next(fits, "") if height >= LINE - 2 else ""
    return {"shown": shown, "middle": x + width / 2, "centre": y + height / 2}


def _tiles() -> Plain:
    return mark("rect", "tiles", x="x", y="y", width="width", height="height", fill="fill", stroke="edge", strokeDash="dash")


def _printed() -> list[Plain]:
    return [text("tiles", "shown", x="middle", y="centre", fill="ink", align=is_("center"), fontSize=is_(FONT - 1), fontWeight=is_(600))]
