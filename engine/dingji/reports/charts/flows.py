"""How cases flow from the grades of one method to those of the next: boxes and ribbons (an alluvial chart).

Vega has no layout for it, so boxes and ribbons are placed here; it draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dingji.records import Record
from dingji.reports.charts.vega import (
    FONT,
    LINE,
    WIDE,
    Chart,
    Grid,
    Plain,
    colour,
    drawn,
    is_,
    lines,
    mark,
    paint,
    raised,
    specification,
    text,
)

HEIGHT = 300
"""What all cases together are high."""
LEAST = 20
"""A box is at least so high: its label stands in it."""
GAP = 12
BOX = 112
BROAD = 140
"""Width of a box; with few methods there is room for a broad one."""


class Stand(Record, frozen=True):
    """What a method can say: a grade with its colour (a grade is `graded`, nothing found and not known are not)."""

    label: str
    colour: str
    graded: bool = True


class _Box(Record, frozen=True):
    x: float
    width: float
    y: float
    height: float
    count: int


def flows(
    id: str,
    title: str,
    description: str,
    methods: Sequence[str],
    stands: Sequence[Stand],
    cases: Mapping[tuple[int, ...], int],
    grid: Grid,
) -> Chart:
    """Boxes of the stands of each method, from above down in the order given, and ribbons as thick as the cases between two of them.

    `cases` counts the cases by what each method says: the numbers of the stands, one for each method.
    """
    total = sum(cases.values()) or 1
    broad = BOX if len(methods) > 4 else BROAD
    step = (WIDE - broad) / max(len(methods) - 1, 1)
    boxes = {(m, s): box for m in range(len(methods)) for s, box in _column(m * step, broad, m, len(stands), cases, total).items()}
    ribbons = [ribbon for m in range(len(methods) - 1) for ribbon in _ribbons(m, boxes, stands, cases, total)]
    heads: list[Plain] = [{"label": lines(name, broad + 40, 2), "x": m * step + broad / 2} for m, name in enumerate(methods)]
    top = max((len(head["label"]) for head in heads), default=1) * LINE + 14
    for head in heads:
        head["y"] = top - 18 - (len(head["label"]) - 1) * LINE
        head["align"] = "center"
    if heads:  # the outer heads keep to the chart
        heads[0] |= {"x": 0, "align": "left"}
        heads[-1] |= {"x": WIDE, "align": "right"} if len(heads) > 1 else {}
    shown = [_shown(box, stands[s]) for (_, s), box in boxes.items()]
    height = max((box.y + box.height for box in boxes.values()), default=0)
    group = {
        "type": "group",
        "encode": {"enter": {"y": is_(top)}},
        "marks": [
            mark("path", "ribbons", path="path", fill="fill", stroke="edge", strokeWidth=is_(0.6), fillOpacity=is_(0.8)),
            mark(
                "rect",
                "boxes",
                x="x",
                y="y",
                width="width",
                height="height",
                fill="fill",
                stroke="edge",
                strokeDash="dash",
                cornerRadius=is_(3),
            ),
            text("boxes", "label", x="left", y="first", fill="ink", fontSize=is_(FONT - 1)),
            text("boxes", "count", x="right", y="middle", fill="ink", align=is_("right"), fontWeight=is_(700)),
        ],
    }
    marks = [text("heads", "label", x="x", y="y", align="align", fontWeight=is_(600), fill=colour("ink")), group]
    spec = specification(WIDE, top + height + 4, {"ribbons": ribbons, "boxes": shown, "heads": heads}, marks)
    return Chart(id, title, description, drawn(id, title, description, spec), grid, True)


def _column(x: float, width: float, method: int, stands: int, cases: Mapping[tuple[int, ...], int], total: int) -> dict[int, _Box]:
    """The boxes of a method."""
    y, found = 0.0, {}
    for stand in range(stands):
        count = sum(n for said, n in cases.items() if said[method] == stand)
        if count:
            height = max(HEIGHT * count / total, LEAST)
            found[stand] = _Box(x, width, y, height, count)
            y += height + GAP
    return found


def _ribbons(
    method: int, boxes: Mapping[tuple[int, int], _Box], stands: Sequence[Stand], cases: Mapping[tuple[int, ...], int], total: int
) -> list[Plain]:
    """The ribbons from a method to the next: each leaves and enters in the order of the stands, so that few cross."""
    between: dict[tuple[int, int], int] = {}
    for said, n in cases.items():
        key = said[method], said[method + 1]
        between[key] = between.get(key, 0) + n
    at: dict[tuple[int, int], float] = {}
    for key, box in boxes.items():
        at[key] = box.y + (box.height - HEIGHT * box.count / total) / 2
    ends: dict[tuple[int, int], tuple[float, float]] = {}
    for out, into in sorted(between):
        ends[out, into] = at[method, out], 0
        at[method, out] += HEIGHT * between[out, into] / total
    for out, into in sorted(between, key=lambda pair: (pair[1], pair[0])):
        ends[out, into] = ends[out, into][0], at[method + 1, into]
        at[method + 1, into] += HEIGHT * between[out, into] / total
    found = []
    for (out, into), (start, end) in sorted(ends.items()):
        thick = HEIGHT * between[out, into] / total
        left, right = boxes[method, out].x + boxes[method, out].width, boxes[method + 1, into].x
        tone = stands[out].colour if stands[out].graded else "plain"
        path = _ribbon(left, start, right, end, thick)
        found.append({"path": path, "fill": paint(f"{tone or 'plain'}-pale"), "edge": paint(f"{tone or 'plain'}-edge")})
    return found


def _ribbon(left: float, start: float, right: float, end: float, thick: float) -> str:
    half = (left + right) / 2
    there = f"M{left:.1f},{start:.1f}C{half:.1f},{start:.1f},{half:.1f},{end:.1f},{right:.1f},{end:.1f}"
    back = f"V{end + thick:.1f}C{half:.1f},{end + thick:.1f},{half:.1f},{start + thick:.1f},{left:.1f},{start + thick:.1f}Z"
    return there + back


def _shown(box: _Box, stand: Stand) -> Plain:
    tone = stand.colour if stand.graded and stand.colour else "plain"
    room = box.width - 18 - FONT * 0.7 * len(str(box.count))
    label = lines(stand.label, room, 2 if box.height > 2 * LINE + 4 else 1)
    return {
        "x": box.x,
        "width": box.width,
        "y": box.y,
        "height": box.height,
        "left": box.x + 6,
        "right": box.x + box.width - 6,
        "middle": box.y + box.height / 2,
        "label": label,
        "first": box.y + box.height / 2 + raised(label),
        "count": str(box.count),
        "fill": paint(tone if stand.graded and stand.colour else "plain-pale"),
        "ink": paint(f"{tone}-ink" if stand.graded and stand.colour else "plain-pale-ink"),
        "edge": paint(f"{tone}-edge"),
        "dash": [] if stand.graded else [4, 3],
    }
