"""Registers that the tests of summaries share: small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

from batch.graded import MIXED_SIDES, Plain, compared, finding, row, written
from dingji.batch.summary.figures import Summary, summary
from dingji.knowledge.model import Knowledge

ALARM, TRAINED = "trade-2023-a5-i6", "trade-2023-a3-i2"
"""Two items of a list, both in the knowledge base."""
AMMONIA, SILO = "ammonia_refrigeration_used", "carbide_slag_silo"


def firms(county: str = "county", odd: str = "East") -> list[Plain]:
    """Forty firms in two counties and three months.

    West: 9 A, 12 B, 9 C (6 key) = 30. East: 2 A, 3 B, 1 D, 4 open (2 of them A or B, 2 anything) = 10.
    """
    west = {f"group_{county}": "West"}
    rows = [row("A", as_of="2012-09-01", findings=[finding("cn.trade-2023", "major", [ALARM])], **west) for _ in range(9)]
    rows += [row("B", as_of="2012-10-01", **west, group_key_industry="no") for _ in range(12)]
    rows += [row("C", "provisional", as_of="2012-10-02", group_key_industry="yes" if n < 6 else "no", **west) for n in range(9)]
    east = {f"group_{county}": odd, "as_of": "2012-11-30"}
    rows += [row("A", findings=[finding("cn.trade-2023", "major", [ALARM, TRAINED])], **east) for _ in range(2)]
    rows += [row("B", **east) for _ in range(3)] + [row("D", findings=[finding("cn.trade-2023", None, status="silent")], **east)]
    rows += [row(None, reachable=["B", "A"], missing=[AMMONIA], **east) for _ in range(2)]
    rows += [
        row(None, reachable=["D", "C", "B", "A"], missing=[AMMONIA, SILO], findings=[finding("cn.trade-2023", None)], **east)
        for _ in range(2)
    ]
    return rows


REJECTS = "\ufeffrow,key,column,code,reason\r\n41,,depth,C021,not a number\r\n42,,depth,C021,not a number\r\n"


def register(kb: Knowledge, folder: Path, odd: str = "East", name: str = "firms.parquet") -> Summary:
    """The summary of the firms above, two more of which were refused."""
    path = written(folder / name, firms(odd=odd), ("county", "key_industry"))
    path.with_name(f"{path.stem}.rejects.csv").write_text(REJECTS, "utf-8")
    return summary([path], kb)


def turned(kb: Knowledge, folder: Path) -> Summary:
    """The summary of nine rows graded twice, five of which change."""
    return summary([compared(folder / "twice.parquet", MIXED_SIDES)], kb)
