"""Charts along one axis: bars for shares, dots with intervals for differences."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

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
    length,
    lines,
    mark,
    on,
    paint,
    raised,
    specification,
    text,
)

BAR = 18
BOLD = 1.1
"""Bold letters are so much wider."""
GAP = 14
AXIS = 46
"""Height of the axis with the words at its ends."""


class Bar(Record, frozen=True):
    """A bar: its label, its value, and what is printed at its end. `pale`: it counts, but says no more than that nothing is known."""

    label: str
    value: float
    shown: str
    pale: bool = False


class Dot(Record, frozen=True):
    """A value with its interval; None where it was not computed, then `shown` says why."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    shown: str


def bars(id: str, title: str, description: str, items: Sequence[Bar], grid: Grid) -> Chart:
    """Bars from the greatest down, each below its label: labels are sentences, and a phone is narrow."""
    most = max((item.value for item in items), default=1) or 1
    room = NARROW - max((length(item.shown) for item in items), default=0) * BOLD - 12
    values: list[Plain] = []
    y = 4.0
    for item in items:
        label = lines(item.label, NARROW - 4)
        top = y + len(label) * LINE + 3
        fill, edge = ("plain-pale", "plain-edge") if item.pale else ("accent", "accent")
        values.append(
            {
                "label": label,
                "y": y + LINE / 2,
                "top": top,
                "width": max(room * item.value / most, 2),
                "end": max(room * item.value / most, 2) + 7,
                "middle": top + BAR / 2,
                "shown": item.shown,
                "fill": paint(fill),
                "edge": paint(edge),
            }
        )
        y = top + BAR + GAP
    marks = [
        mark("rect", "bars", x=is_(0), y="top", width="width", height=is_(BAR), fill="fill", stroke="edge", cornerRadius=is_(2)),
        text("bars", "label", x=is_(0), y="y"),
        text("bars", "shown", x="end", y="middle", fontWeight=is_(600)),
    ]
    return Chart(id, title, description, drawn(id, title, description, specification(NARROW, y - GAP + 4, {"bars": values}, marks)), grid)


def dots(id: str, title: str, description: str, items: Sequence[Dot], ends: tuple[str, str], grid: Grid) -> Chart:
    """Dots on an axis through zero, with whiskers; `ends` say what lies to the left and to the right of it."""
    left = min(max((length(item.label) for item in items), default=0), NARROW * 0.36) + 10
    labels = [lines(item.label, left - 8, 2) for item in items]
    height = 34 if max(map(len, labels), default=1) == 1 else 42
    foot = height * len(items) + 8
    far = max([abs(v) for item in items for v in (item.value, item.low, item.high) if v is not None], default=0.5)
    far = ceil(far * 4 * 1.05) / 4
    rows: list[Plain] = []
    for number, (item, label) in enumerate(zip(items, labels, strict=True)):
        y = number * height + height / 2 + 4
        rows.append({"label": label, "y": y, "first": y + raised(label), "shown": item.shown, "line": y + height / 2})
        if item.value is not None:
            low, high = (item.value if end is None else end for end in (item.low, item.high))
            rows[-1] |= {"value": item.value, "low": low, "high": high}
    known = [row for row in rows if "value" in row]
    step = 0.25 if far <= 0.75 else 0.5 if far <= 1.5 else 1.0
    ticks = [n * step for n in range(-int(far / step), int(far / step) + 1)]
    axis: list[Plain] = [{"at": tick, "shown": f"{tick:+g}".replace("-", "−") if tick else "0"} for tick in ticks]
    zero: list[Plain] = [{"at": 0}]
    scales = [{"name": "x", "type": "linear", "domain": [-far, far], "range": [left + 16, NARROW - 20]}]
    marks = [
        mark("rule", "rows", x=is_(0), x2=is_(NARROW), y="line", stroke=colour("line")),
        mark("rule", "axis", x=on("x", "at"), y=is_(4), y2=is_(foot), stroke=colour("line")),
        mark("rule", "zero", x=on("x", "at"), y=is_(4), y2=is_(foot + 4), stroke=colour("ink"), strokeWidth=is_(1.5)),
        mark("rule", "known", x=on("x", "low"), x2=on("x", "high"), y="y", stroke=colour("accent"), strokeWidth=is_(2.5)),
        *(_cap(end) for end in ("low", "high")),
        mark(
            "symbol", "known", x=on("x", "value"), y="y", size=is_(110), fill=colour("accent"), stroke=colour("paper"), strokeWidth=is_(1.5)
        ),
        text("rows", "label", x=is_(0), y="first"),
        text("open", "shown", x=is_(left + 8), y="y", fill=colour("soft"), fontSize=is_(FONT - 1)),
        text("axis", "shown", x=on("x", "at"), y=is_(foot + 14), align=is_("center"), fontSize=is_(FONT - 1)),
        text("ends", "words", x="x", y=is_(foot + 34), align="align", fontSize=is_(FONT - 1), fontWeight=is_(600)),
    ]
    words: list[Plain] = [
        {"words": f"← {ends[0]}", "x": left + 8, "align": "left"},
        {"words": f"{ends[1]} →", "x": NARROW - 4, "align": "right"},
    ]
    open_ones = [row for row in rows if "value" not in row]
    data = {"rows": rows, "known": known, "open": open_ones, "axis": axis, "zero": zero, "ends": words}
    return Chart(
        id, title, description, drawn(id, title, description, specification(NARROW, foot + AXIS, data, marks, scales=scales)), grid
    )


def _cap(end: str) -> Plain:
    """The small stroke at the end of a whisker."""
    return mark(
        "rule",
        "known",
        x=on("x", end),
        y={"field": "y", "offset": -5},
        y2={"field": "y", "offset": 5},
        stroke=colour("accent"),
        strokeWidth=is_(2),
    )
