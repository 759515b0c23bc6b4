"""Shares that lie between two bounds, beside the share that is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from dingji.records import Record
from dingji.reports.charts.vega import (
    FONT,
    LINE,
    NARROW,
    Chart,
    Grid,
    Plain,
    colour,
    drawn,
    is_,
    lines,
    mark,
    paint,
    specification,
    text,
)

BAR = 16
GAP = 16
FULL = 100.0


class Range(Record, frozen=True):
    """A share from `low` to `high` percent, and what is wanted of it: at least or at most so much; `shown` says how it stands."""

    label: str
    low: float
    high: float
    at_least: float | None
    at_most: float | None
    shown: str


def ranges(id: str, title: str, description: str, items: Sequence[Range], grid: Grid) -> Chart:
    """Bars from nothing to everything: solid up to the lower bound, dashed up to the upper, with a stroke where the target lies."""
    bars: list[Plain] = []
    heads: list[Plain] = []
    marks: list[Plain] = []
    y = 4.0
    for item in items:
        label = lines(item.label, NARROW - 4, 2)
        top = y + len(label) * LINE + 3
        heads.append({"label": label, "y": y + LINE / 2, "under": top + BAR + 10, "shown": lines(item.shown, NARROW - 4, 1)})
        low, high = (_at(share) for share in (item.low, item.high))
        bars += [
            {"x": 0, "y": top, "width": NARROW - 2, "fill": paint("paper"), "edge": paint("line"), "dash": []},
            {"x": low, "y": top, "width": max(high - low, 0), "fill": paint("plain-pale"), "edge": paint("open"), "dash": [4, 3]},
            {"x": 0, "y": top, "width": low, "fill": paint("accent"), "edge": paint("accent"), "dash": []},
        ]
        marks += [{"x": _at(bound), "top": top - 4, "foot": top + BAR + 4} for bound in (item.at_least, item.at_most) if bound is not None]
        y = top + BAR + LINE + GAP
    found = [
        mark("rect", "bars", x="x", y="y", width="width", height=is_(BAR), fill="fill", stroke="edge", strokeDash="dash"),
        mark("rule", "marks", x="x", y="top", y2="foot", stroke=colour("ink"), strokeWidth=is_(2.5)),
        text("heads", "label", x=is_(0), y="y"),
        text("heads", "shown", x=is_(0), y="under", fontSize=is_(FONT - 1), fill=colour("soft")),
    ]
    data = {"bars": [bar for bar in bars if bar["width"]], "heads": heads, "marks": marks}
    spec = specification(NARROW, y - GAP + 6, data, found)
    return Chart(id, title, description, drawn(id, title, description, spec), grid)


def _at(share: float) -> float:
    return (NARROW - 2) * min(max(share, 0), FULL) / FULL
