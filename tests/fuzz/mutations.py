"""Strategies that damage a text file as people and programs do: lines, values, characters, bytes.

`FUZZ=50 pytest tests/fuzz` tries fifty times as many examples as a plain run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st


def examples(number: int) -> settings:
    """Settings for so many examples, times FUZZ."""
    return settings(
        max_examples=number * int(os.environ.get("FUZZ", "1")),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        print_blob=True,
    )


# what YAML, JSON, regulations and keyboards trip over
SCRAPS = (
    "", " ", "  ", "\t", "\n", "\r", "\0", "\x07", "\x85", "\u2028", "\ufeff", "\u200b", "：", "，", "“", "'", '"', "''", "#", " #",
    "- ", "? ", ": ", ":", "---", "...", "%YAML 1.1", "&a", "*a", "!!int", "!x", "|", ">-", "[", "]", "{", "}", "[]", "{}", "<<", "~",
    "null", "true", "yes", "no", "unknown", ".inf", ".nan", "-1", "0", "1e9", "0x1F", "1:30", "9" * 40, "1" * 5000, "0.1", "5 m",
    "500 kV", "2015-02-30", "9999-12-31", "0000", "0001-01-01", "１２", "渗水", "😀", "\ud7ff", "x" * 300, "(" * 80, "not " * 70,
    "a and", "1/0", "$ref", "\\ud800", "\\", "`", "@",
)  # fmt: skip
TOKEN = re.compile(r"[\w.§-]+|[^\w\s]")

scraps = st.sampled_from(SCRAPS) | st.text(max_size=8)


@st.composite
def damaged(draw: st.DrawFn, sources: Sequence[str], most: int = 4) -> str:
    """One of the sources after one to `most` changes."""
    text = draw(st.sampled_from(sources))
    for _ in range(draw(st.integers(1, most))):
        change = draw(st.sampled_from(("line", "token", "insert", "cut", "swap")))
        if change == "insert":
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(scraps) + text[at:]
        elif change == "cut":
            start = draw(st.integers(0, len(text)))
            text = text[:start] + text[start + draw(st.integers(1, 200)) :]
        elif change == "line":
            text = _line(draw, text)
        else:
            text = _token(draw, text, swap=change == "swap")
    return text


def _line(draw: st.DrawFn, text: str) -> str:
    """A line goes, stands twice, moves, or shifts to the side."""
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    match draw(st.sampled_from(("delete", "double", "move", "shift", "unshift"))):
        case "delete":
            del lines[at]
        case "double":
            lines.insert(at, lines[at])
        case "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        case "shift":
            lines[at] = draw(st.sampled_from((" ", "  ", "\t"))) + lines[at]
        case _:
            lines[at] = lines[at].lstrip(" ")
    return "\n".join(lines)


def _token(draw: st.DrawFn, text: str, *, swap: bool) -> str:
    """A word, a number or a sign becomes another one of the file, or a scrap."""
    tokens = list(TOKEN.finditer(text))
    if not tokens:
        return text
    chosen = draw(st.sampled_from(tokens))
    new = draw(st.sampled_from(tokens))[0] if swap else draw(scraps)
    return text[: chosen.start()] + new + text[chosen.end() :]
