"""Cases made from the worked dispute of the 2017 paper, and their comparison."""

from __future__ import annotations

from typing import Any

import dingji
from conftest import ROOT
from dingji.cases.model import Case
from dingji.comparison import compare, model
from dingji.comparison.reasons import explained
from dingji.comparison.rows import Graded, graded, row
from dingji.knowledge.model import Knowledge

WORKED = (ROOT / "cases" / "power-grid" / "photovoltaic-under-500kv.yaml").read_text("utf-8").split("expect:")[0]
DEATHS = "    value: 5\n    asserted_by: safety department\n    rests_on: [persons_on_site, large_machine_near_live_line]\n"

# By the paper and the classes of 2012: the entry of the list says general (III on the common scale). Five deaths are a personal event
# of level 3, Level II major (II). R = 4 x max(1, 4, 2, 1) = 16, a major risk with an impact below 5 (II).
AGREED = (
    ("    value: 5\n    asserted_by: safety", "    value: 0\n    asserted_by: safety"),
    ("potential_serious_injuries: {value: 2", "potential_serious_injuries: {value: 0"),
)
"""Nobody dies or is badly hurt: the outage of level 7 makes it general (III), R = 4 x max(1, 1, 2, 1) = 8 is medium (III): all agree."""


SILENT = ("hazard_category: illegal_construction", "hazard_category: other")
"""No entry of the list speaks of it."""
UNJUDGED = (DEATHS, DEATHS.replace("value: 5", "value: unknown"))
"""Nobody has judged the deaths."""


def deaths(number: int) -> tuple[str, str]:
    """The worked case with another number of possible deaths."""
    return DEATHS, DEATHS.replace("value: 5", f"value: {number}")


def text(*changes: tuple[str, str], more: str = "", name: str = "worked") -> str:
    found = WORKED.replace("case: photovoltaic-under-500kv", f"case: {name}")
    for old, new in changes:
        assert found.count(old) == 1, (old, found.count(old))
        found = found.replace(old, new)
    return found + more


def case(kb: Knowledge, *changes: tuple[str, str], more: str = "", name: str = "worked") -> Case:
    return dingji.parse_case(text(*changes, more=more, name=name)).check(kb)


def about(kb: Knowledge, *changes: tuple[str, str], more: str = "", by: tuple[str, ...] = ()) -> tuple[Graded, model.Row]:
    found = graded(kb, case(kb, *changes, more=more))
    return found, explained(found, row(found, by))


def explained_row(kb: Knowledge, *changes: tuple[str, str], more: str = "") -> model.Row:
    return about(kb, *changes, more=more)[1]


def pair(found: model.Row, milder: str, severer: str) -> model.CasePair:
    (met,) = [p for p in found.pairs if (p.milder, p.severer) == (milder, severer)]
    return met


def official(grade: str, scale: str = "sg-class-2014", **more: Any) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"official: {{scale: {scale}, grade: {grade}{extra}}}\n"


def survey(*opinions: str) -> str:
    """A closed survey: each opinion is `grade` or `grade reason reason ...`; the experts are a, b, c, ..."""
    lines = []
    for name, opinion in zip("abcdefgh", opinions, strict=False):
        grade, *reasons = opinion.split()
        lines.append(f"  - {{rater: {name}, round: 1, grade: {grade}, reasons: [{', '.join(reasons)}]}}\n")
    panel = ", ".join("abcdefgh"[: len(opinions)])
    return f"survey: {{scale: hazard-level, panel: [{panel}], closed_on: 2014-07-20}}\nopinions:\n{''.join(lines)}"


def compared(kb: Knowledge, *cases: Case, **options: Any) -> model.Comparison:
    return compare.compare(kb, cases, task=compare.Task(**options))
