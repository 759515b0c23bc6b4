"""The coverage map: every row of the source inventory once, and no id that the knowledge base does not have."""

from __future__ import annotations

import difflib
import re
from collections import Counter

import pytest

from conftest import ROOT
from dingji.knowledge.model import Knowledge

MAP = ROOT / "knowledge" / "COVERAGE.md"
ROWS = {"P1": 30, "P2": 43, "P3": 29, "P4": 29, "P5": 16, "P6": 60, "P7": 29, "P8": 6, "P9": 67, "N": 43, "M": 47, "E": 20, "G": 13}
"""Rows of the inventory per part, counted in the inventory itself."""
ROW = re.compile(r"^(P\d|[NMEG])-(\d\d)$")


def table_rows(text: str) -> list[tuple[str, str, str]]:
    """The cells of every table row, without the headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    wrong = [c for c in cells if len(c) != 3]
    assert wrong == [], "three cells to a row"
    return [(c[0], c[1], c[2]) for c in cells if c[0] != "Row" and not set(c[0]) <= {"-"}]


def ids_of(cell: str) -> list[str]:
    """`P2-02, P2-03` and `P6-01 to P6-60` spelled out."""
    found: list[str] = []
    for part in cell.split(", "):
        first, _, last = part.partition(" to ")
        for name in filter(None, (first, last)):
            assert ROW.match(name), f"not a row id: {name!r}"
        if not last:
            found.append(first)
            continue
        (group, low), (other, high) = first.split("-"), last.split("-")
        assert group == other and int(low) < int(high), f"not a range: {part}"
        found += [f"{group}-{n:02}" for n in range(int(low), int(high) + 1)]
    return found


def known_ids(kb: Knowledge) -> set[str]:
    rules = {*kb.rules, *(r.id for p in kb.profiles.values() for r in p.rules)}
    tables = {d.id for d in kb.decisions} | {d.id for p in kb.profiles.values() for d in p.decisions}
    return {*rules, *tables, *kb.instruments, *kb.facts, *kb.scales, *kb.profiles, *kb.crosswalks, *kb.sources}


def unknown_ids(text: str, known: set[str]) -> list[str]:
    found = []
    for name in dict.fromkeys(re.findall(r"`([^`]+)`", text)):
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1, 0.0)
            found.append(f"{name}: did you mean {near[0]}?")
    return found


def test_every_row_stands_once() -> None:
    counted = Counter(i for cell, _, _ in table_rows(MAP.read_text("utf-8")) for i in ids_of(cell))
    wanted = {f"{part}-{n:02}" for part, count in ROWS.items() for n in range(1, count + 1)}
    assert sorted(wanted - counted.keys()) == [], "missing"
    assert sorted(counted.keys() - wanted) == [], "not in the inventory"
    assert sorted(i for i, times in counted.items() if times > 1) == [], "twice"


def test_every_row_says_where_or_why_not() -> None:
    silent = [row for row, where, why in table_rows(MAP.read_text("utf-8")) if "`" not in where and not why]
    assert silent == []


def test_every_id_exists(kb: Knowledge) -> None:
    assert unknown_ids(MAP.read_text("utf-8"), known_ids(kb)) == []


def test_a_wrong_id_is_told_with_the_nearest(kb: Knowledge) -> None:
    assert unknown_ids("`alcr.risk-value` `alcr.risk-valeu`", known_ids(kb)) == ["alcr.risk-valeu: did you mean alcr.risk-value?"]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("N-43", ["N-43"]),
        ("P2-02, P2-03", ["P2-02", "P2-03"]),
        ("M-09 to M-11, M-13", ["M-09", "M-10", "M-11", "M-13"]),
    ],
)
def test_ranges_are_spelled_out(cell: str, found: list[str]) -> None:
    assert ids_of(cell) == found


@pytest.mark.parametrize("cell", ["P1-1", "X-01", "P2-03 to P2-02", "P2-01 to P3-02", "P1-01 and P1-02"])
def test_a_cell_that_is_no_row_is_refused(cell: str) -> None:
    with pytest.raises(AssertionError, match="not a"):
        ids_of(cell)
