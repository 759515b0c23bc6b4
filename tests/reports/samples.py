"""Graded cases for the tests of reports, and text that tries to break them."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import dingji
from dingji.cases.folder import case_files
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml"
UNDETERMINED = ROOT / "cases" / "power-grid" / "photovoltaic-deaths-unknown.yaml"
TODAY = dt.date(2026, 11, 1)

FORMS = ("text", "markdown")
LANGUAGES = ("en", "zh")
DETAILS = ("brief", "panel", "full")

HOSTILE = (
    "x\r\n# top | cell \\| `code` **bold** _it_ \x1b[31mred\x1b[0m\x1b]0;owned\x07\x9b2J \x07\x00 {{ 7*1234567 }} {% for a in b %} <script>"
    "alert(1)</script> \u202eexe.gpj\u202c \u200b\u2066 [l](http://x) ![i](y) $z$ ~s~ &lt; \u2028- item\n\n| a | b |\n|---|---|\n```"
)
"""Line breaks, table cells, code, colours, a window title, a template, a script, direction marks, links and a table."""


@cache
def files() -> tuple[Path, ...]:
    """Every case file of the project that holds a case which is graded, not refused."""
    found = case_files([ROOT / "cases"])
    texts = {path: path.read_text("utf-8") for path in found}
    return tuple(
        path for path in found if texts[path].count("\ncase: ") + texts[path].startswith("case: ") > texts[path].count("refused: [")
    )


def graded(kb: Knowledge, path: Path) -> Result:
    """The first case of a file that is not refused, graded; with the editions of a fixed day as today's."""
    cases = (file.check(kb) for file in dingji.read_cases(path))
    return dingji.grade(kb, next(c for c in cases if not (c.expectation and c.expectation.refused)), today=TODAY)


def hostile(kb: Knowledge, text: str) -> Result:
    """The demo with `text` in every place where a user writes freely."""
    quoted = '"' + "".join(c if (c.isascii() and c.isalnum()) or c == " " else f"\\U{ord(c):08x}" for c in text) + '"'
    source = DEMO.read_text("utf-8")
    for old in ("safety department", "operation department", "line patrol", '"photographs, towers 45-47"'):
        source = source.replace(old, quoted)
    lines = [f"title: {{en: {quoted}, zh: {quoted}}}" if line.startswith("title:") else line for line in source.splitlines()]
    lines = [line.split("note:")[0] + f"note: {quoted}" if line.lstrip().startswith("note:") else line for line in lines]
    return dingji.grade(kb, dingji.parse_case("\n".join(lines)), today=TODAY)
