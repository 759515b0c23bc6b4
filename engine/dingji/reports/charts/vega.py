"""Vega as the drawing library: a specification in, a static SVG for a page out.

Text stays text in the fonts of the page, and colours are the names of the page's palette, so that a chart follows its light and dark
schemes. There is no script in what comes out, nothing is fetched, and the same specification gives the same bytes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from dingji.errors import Problem
from dingji.records import Record
from dingji.reports.errors import ReportError
from dingji.reports.lines import columns_of, wrap
from dingji.reports.plain import stripped

EXTRA = "pip install 'dingji[charts]'"
FONT = 13
"""Size of the letters, in the units of a chart: those of the page where a chart is as wide as it was drawn."""
COLUMN = 7.4
"""Width that one column of text takes at that size: a Latin letter has one, a Chinese one two."""
LINE = 16
"""From one line of text to the next."""
NARROW, WIDE = 360, 780
"""Widths of a chart beside its table, and of one over the whole page."""

Plain = dict[str, Any]
COLOURS = ("red", "orange", "yellow", "blue", "plain")
"""Colours of grades in the page's palette."""

_DECIMALS = re.compile(r"\d+\.\d{2,}")
_PAINT = ("fill", "stroke")
_NOISE = frozenset({"class", "role", "aria-roledescription", "aria-hidden", "font-family", "version"})


class Grid(Record, frozen=True):
    """The numbers of a chart as a table: heads, and rows of as many cells; the first cell of a row is its head."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Chart(Record, frozen=True):
    """A drawn chart. `svg` is markup of ours; `description` says in words what is to be seen, `grid` holds the same numbers."""

    id: str
    title: str
    description: str
    svg: str
    grid: Grid
    wide: bool = False


def drawn(id: str, title: str, description: str, specification: Plain) -> str:
    """The SVG of a specification, to stand in a page. `id` is its own there. Raises ReportError (T005) without the package."""
    try:
        import vl_convert
    except ImportError:
        raise ReportError([Problem("vl_convert", 0, 0, "T005", "charts need a package", EXTRA)]) from None
    text = vl_convert.vega_to_svg(_clean(specification), allowed_base_urls=[])
    root = ET.fromstring(text)
    _tidy(root)
    size = {key: root.get(key, "") for key in ("width", "height", "viewBox")}
    root.attrib.clear()
    names = {"title": f"{id}-title", "desc": f"{id}-desc"}
    root.attrib.update({"class": "chart", "id": id, "role": "img", "aria-labelledby": " ".join(names.values()), **size})
    for place, (tag, said) in enumerate((("title", title), ("desc", description))):
        words = ET.Element(tag, {"id": names[tag]})
        words.text = stripped(said)
        root.insert(place, words)
    return ET.tostring(root, encoding="unicode")


def _clean(value: Any) -> Any:
    """A specification whose texts hold no control characters: they come from users, and SVG can't hold them."""
    if isinstance(value, str):
        return stripped(value)
    if isinstance(value, Mapping):
        return {key: _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, (list, tuple)) else value


def _tidy(element: ET.Element) -> None:
    """Leave out what a page does not need, and let its palette and font in."""
    element.tag = element.tag.rpartition("}")[2]
    for name in _NOISE & element.attrib.keys():
        del element.attrib[name]
    for name, value in element.attrib.items():
        element.set(name, _DECIMALS.sub(lambda number: f"{float(number[0]):.1f}", value))
    paints = [f"{name}:{element.attrib.pop(name)}" for name in _PAINT if element.get(name, "").startswith("var(")]
    if paints:
        element.set("style", ";".join(paints))
    for child in list(element):
        _tidy(child)
        if child.tag == "path" and not {"style", "fill", "stroke"} & child.attrib.keys():
            element.remove(child)  # frames of groups, without any paint


# --- the parts that specifications are made of


def specification(width: float, height: float, data: Mapping[str, Sequence[Plain]], marks: Sequence[Plain], **more: Any) -> Plain:
    """A specification whose size is exactly what is said: nothing in it depends on the fonts of this machine."""
    named = [{"name": name, "values": list(values)} for name, values in data.items()]
    return {"width": width, "height": height, "padding": 0, "autosize": "none", "data": named, "marks": list(marks), **more}


def mark(kind: str, data: str, **channels: Any) -> Plain:
    """One mark for each record of a data set. A channel is a field's name, a scaled position (`on`) or a constant (`is_`)."""
    found = {name: {"field": channel} if isinstance(channel, str) else channel for name, channel in channels.items()}
    return {"type": kind, "from": {"data": data}, "encode": {"enter": found}}


def text(data: str, field: str, **channels: Any) -> Plain:
    """Texts of a data set, in the ink of the page unless it is said otherwise."""
    base = {"text": field, "fontSize": is_(FONT), "fill": colour("ink"), "baseline": is_("middle"), "lineHeight": is_(LINE)}
    return mark("text", data, **{**base, **channels})


def is_(value: Any) -> Plain:
    """A constant."""
    return {"value": value}


def colour(name: str) -> Plain:
    """A colour of the page's palette."""
    return {"value": paint(name)}


def paint(name: str) -> str:
    """The same, for a field of a data set."""
    return f"var(--{name})"


def on(scale: str, field: str, band: float | None = None, offset: float = 0) -> Plain:
    """The position of a field on a scale; `band`: how far into its band."""
    return {"scale": scale, "field": field, "offset": offset, **({} if band is None else {"band": band})}


def lines(label: str, width: float, most: int = 3) -> list[str]:
    """A label as lines no wider than `width`, at most so many; what is left out is in the table."""
    found = wrap(stripped(label), max(int(width / COLUMN), 4))
    return found if len(found) <= most else [*found[: most - 1], found[most - 1] + "…"]


def raised(found: Sequence[str]) -> float:
    """How far the first of several lines stands above the middle of all of them."""
    return -(len(found) - 1) * LINE / 2


def length(label: str) -> float:
    """About how wide a text is."""
    return columns_of(label) * COLUMN
