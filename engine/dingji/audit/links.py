"""Whether the records of a folder form one unbroken chain."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from dingji.audit import model as m
from dingji.audit.chain import HEAD, OURS, PENDING, Head, name_of, read_head
from dingji.records import Draft, Record, field


class Brief(Record, frozen=True):
    """What the chain needs to know of a file. `troubles` are those of the file by itself; `link` is None if it is no record."""

    path: str
    number: int
    digest: str
    link: m.Link | None
    time: str
    knowledge: str
    troubles: tuple[m.Trouble, ...]


def brief(stored: m.Stored) -> Brief:
    """The brief of a file."""
    record = stored.record
    link, time = (None, "") if record is None else (record.link, record.time)
    return Brief(stored.path, stored.number, stored.digest, link, time, record.embedded.digest if record else "", stored.troubles)


class ChainReport(Draft):
    """What is wrong with a chain: `troubles` break it, `notes` are to be cleared up. `of` has them by record, `whole` of the folder."""

    chain: str = ""
    head: str = ""
    count: int = 0
    whole: list[m.Trouble] = field(default_factory=list)
    notes: list[m.Trouble] = field(default_factory=list)
    of: dict[int, list[m.Trouble]] = field(default_factory=dict)

    def add(self, entry: Brief, code: str, message: str, detail: str = "") -> None:
        """Note what breaks the chain at a record."""
        self.of.setdefault(entry.number, []).append(m.Trouble(code, message, where=entry.path, detail=detail))


def check(folder: Path, briefs: Iterable[Brief]) -> ChainReport:
    """Hold the records against each other and against chain.json. `briefs` stand in the order of their numbers."""
    report = ChainReport()
    head = read_head(folder / HEAD)
    if isinstance(head, m.Trouble):
        code = "A020" if head.code == "A014" else head.code
        report.whole.append(m.Trouble(code, head.message, "nothing tells how many records there were", head.where, head.detail))
    last = _follow(report, briefs, head.chain if isinstance(head, Head) else "")
    _strangers(report, folder)
    if isinstance(head, Head):
        report.chain = head.chain
        _end(report, folder, head, last)
    report.head = last.digest if last else ""
    return report


def _follow(report: ChainReport, briefs: Iterable[Brief], chain: str) -> Brief | None:
    chains: Counter[str] = Counter()
    before: Brief | None = None
    for entry in briefs:
        report.count += 1
        expected = before.number + 1 if before else 1
        if entry.number != expected:
            gap = name_of(expected) if entry.number == expected + 1 else f"{name_of(expected)} ... {name_of(entry.number - 1)}"
            report.whole.append(m.Trouble("A026", f"records are missing: {gap}", where=entry.path, detail=gap))
        if entry.link is not None:
            chains[entry.link.chain] += 1
            chain = chain or entry.link.chain
            _linked(report, entry, before if before and entry.number == expected else None, chain)
        before = entry
    if len(chains) > 1:
        told = ", ".join(f"{name} ({count})" for name, count in chains.most_common(4))
        report.whole.append(m.Trouble("A028", f"records of {len(chains)} chains lie in one folder: {told}", detail=told))
    return before


def _linked(report: ChainReport, entry: Brief, before: Brief | None, chain: str) -> None:
    link = entry.link
    assert link is not None
    if link.chain != chain:
        report.add(entry, "A025", f"the record belongs to another chain: {link.chain}", link.chain)
    if link.number != entry.number:
        report.add(entry, "A027", f"the record is number {link.number} of its chain, not {entry.number}", str(link.number))
    elif entry.number == 1 and link.previous is not None:
        report.add(entry, "A023", "the record does not begin a chain, though it is the first")
    elif before is not None and link.previous != before.digest:
        report.add(entry, "A023", "the record does not follow the one before it: one of the two was changed or exchanged")
    if before is not None and before.time and moment(entry.time) < moment(before.time):
        detail = f"{before.time} > {entry.time}"
        report.notes.append(m.Trouble("A050", f"the clock went backwards: {detail}", where=entry.path, detail=detail))


def moment(time: str) -> dt.datetime:
    """A record's time, the earliest moment for one that can't be read."""
    try:
        found = dt.datetime.fromisoformat(time)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _strangers(report: ChainReport, folder: Path) -> None:
    """Files that do not belong into a folder of records, and what a killed writer left."""
    for name in _names(folder):
        if name == PENDING:
            message = "a writer was stopped while it wrote; what it wrote was never acknowledged"
            report.notes.append(m.Trouble("A051", message, where=str(folder / name)))
        elif name not in OURS and not (len(name) == len(name_of(1)) and name[:8].isdigit() and name.endswith(".json")):
            report.whole.append(m.Trouble("A029", "this file does not belong to the chain", where=str(folder / name)))


def _names(folder: Path) -> Iterator[str]:
    return iter(sorted(entry.name for entry in os.scandir(folder)))


def _end(report: ChainReport, folder: Path, head: Head, last: Brief | None) -> None:
    """The end of the chain, held against chain.json: records cut off at the end leave no gap."""
    number = last.number if last else 0
    if number < head.count:
        detail = name_of(number + 1) if head.count == number + 1 else f"{name_of(number + 1)} ... {name_of(head.count)}"
        report.whole.append(m.Trouble("A026", f"records are missing at the end: {detail}", where=str(folder), detail=detail))
    elif number == head.count + 1 and last and last.link and last.link.previous == head.head and last.link.chain == head.chain:
        report.notes.append(m.Trouble("A052", f"{HEAD} does not count the last record yet: its writer was stopped", where=last.path))
    elif number > head.count:
        message = f"{HEAD} is older than the records: it counts {head.count} of {number}"
        report.whole.append(m.Trouble("A022", message, where=str(folder / HEAD), detail=f"{head.count} < {number}"))
    elif last and last.digest != head.head:
        message = f"the last record is not the one that {HEAD} names"
        report.add(last, "A021", message)
