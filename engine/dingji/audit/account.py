"""One record as an auditor reads it: its determination, what the audit says of it, and what to look at first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dingji.audit import links
from dingji.audit import model as m
from dingji.audit.chain import HEAD, load_file, name_of, read_head
from dingji.audit.embedded import knowledge_of
from dingji.audit.replay import graded_again
from dingji.audit.verify import Settings, Verdict, inspect
from dingji.errors import DingjiError
from dingji.grading import load, under
from dingji.knowledge.choices import chosen
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.records import Record, replace

SOON = 90
"""A departure that expires within so many days is to be looked at."""
RANKS = (
    "record",
    "chain",
    "signature",
    "differs",
    "impossible",
    "citation",
    "edition",
    "expired",
    "provisional",
    "judged",
    "unknown",
    "expiring",
    "superseded",
    "disagreement",
    "departure",
    "alone",
    "warning",
    "dates",
    "base",
)
"""What to look at, first things first: what shows that a record can't be trusted, that the grade was not reached rightly, and then
what the grade hangs on."""
WRONG = frozenset(RANKS[: RANKS.index("expired") + 1])
_OF_CODE = {
    **dict.fromkeys(("A020", "A021", "A022", "A023", "A024", "A025", "A026", "A027", "A028"), "chain"),
    **dict.fromkeys(("A044", "A045", "A046", "A047"), "signature"),
    **dict.fromkeys(("A040", "A041"), "citation"),
    "A042": "edition",
    "A043": "expired",
    "A050": "dates",
    "A053": "dates",
    "A054": "dates",
    "A055": "base",
    "A056": "alone",
    "A058": "warning",
    "A059": "departure",
}
_TOLD_BETTER = frozenset({"A057"})
"""The grounds of a provisional grade are named one by one."""


class Point(Record, frozen=True):
    """Something to look at. `names` are what it is about: facts, rules or instruments; `trouble` what the audit found."""

    kind: str
    names: tuple[str, ...] = ()
    trouble: m.Trouble | None = None
    difference: m.Difference | None = None
    reason: str = ""

    @property
    def wrong(self) -> bool:
        """Is it wrong, or only to be cleared up?"""
        return self.kind in WRONG


class Account(Record, frozen=True):
    """A record read by an auditor. `result` is as recorded; where this version can't read it any more, as replayed.

    `knowledge` is what the record carries (`embedded`), or that of now where it carries none that can be loaded.
    """

    stored: m.Stored
    verdict: Verdict
    points: tuple[Point, ...]
    result: Result | None
    knowledge: Knowledge
    embedded: bool

    @property
    def record(self) -> m.DeterminationRecord | None:
        """The record; None if the file holds none that can be trusted."""
        return self.stored.record


def account(path: Path, settings: Settings) -> Account:
    """The account of one record. Its place in the chain is held against its neighbours. Raises RecordError (A019) for no file."""
    if not path.is_file():
        raise m.RecordError(m.Trouble("A019", "there is no such file or folder", where=str(path)))
    stored = load_file(path)
    bases = {base.digest: base for base in map(load, settings.knowledge)}
    verdict = inspect(stored, settings, bases)
    verdict = replace(verdict, wrong=(*_neighbours(path, stored), *verdict.wrong))
    now = next(iter(bases.values()))
    record = stored.record
    if record is None:
        return Account(stored, verdict, tuple(_points(verdict, None, None, now, settings)), None, now, False)
    try:
        knowledge, embedded = chosen(knowledge_of(record), record.options.choices), True
    except DingjiError:
        knowledge, embedded = now, False
    result = _result(record, knowledge)
    if result is not None and result.profile in knowledge.profiles:
        knowledge = under(knowledge, result.profile)
    return Account(stored, verdict, tuple(_points(verdict, record, result, now, settings)), result, knowledge, embedded)


def _result(record: m.DeterminationRecord, knowledge: Knowledge) -> Result | None:
    """The result as it was recorded."""
    plain = dict(record.result)
    of = plain.pop("knowledge", None) or {}
    plain |= {"knowledge_version": of.get("version"), "knowledge_digest": of.get("digest"), "profile": of.get("profile")}
    try:
        return msgspec.convert(plain, Result)
    except msgspec.ValidationError:
        pass  # of a version whose results had another form
    try:
        return graded_again(record, knowledge)
    except DingjiError:
        return None


def _neighbours(path: Path, stored: m.Stored) -> Iterator[m.Trouble]:
    """What is wrong with the place of a record in its chain, as far as its neighbours and the chain's head tell."""
    head = read_head(path.parent / HEAD)
    if stored.record is None or not path.stem.isdigit():
        return
    if isinstance(head, m.Trouble):
        if head.code != "A014":
            yield head
        return
    link = stored.record.link
    if link.chain != head.chain:
        yield m.Trouble("A025", f"the record belongs to another chain: {link.chain}", where=str(path), detail=link.chain)
    if link.number != stored.number:
        yield m.Trouble(
            "A027", f"the record is number {link.number} of its chain, not {stored.number}", where=str(path), detail=str(link.number)
        )
    before = links.brief(load_file(path.with_name(name_of(stored.number - 1)))) if stored.number > 1 else None
    if link.previous != (before.digest if before else None):
        yield m.Trouble("A023", "the record does not follow the one before it: one of the two was changed or exchanged", where=str(path))
    after = load_file(path.with_name(name_of(stored.number + 1)))
    if after.record is not None and after.record.link.previous != stored.digest:
        yield m.Trouble("A023", "the record does not follow the one before it: one of the two was changed or exchanged", where=after.path)
    if stored.number == head.count and stored.digest != head.head:
        yield m.Trouble("A021", f"the last record is not the one that {HEAD} names", where=str(path))


def _points(
    verdict: Verdict, record: m.DeterminationRecord | None, result: Result | None, now: Knowledge, settings: Settings
) -> list[Point]:
    found = [Point(_OF_CODE.get(t.code, "record"), trouble=t) for t in verdict.wrong]
    for replay in (verdict.embedded, verdict.base):
        if replay is not None and replay.difference is not None:
            found.append(Point("differs", names=(replay.knowledge,), difference=replay.difference))
        elif replay is not None and replay.verdict == "impossible":
            found.append(Point("impossible", names=(replay.knowledge,), reason=replay.reason))
    found += [Point(_OF_CODE.get(t.code, "dates"), trouble=t) for t in verdict.notes if t.code not in _TOLD_BETTER]
    if record is not None:
        found = [p for p in found if not (p.kind == "departure" and _expires_soon(record, settings))]
        found += [Point("expiring", names=(o.grade, o.expires or ""), reason=o.authority) for o in _soon(record, settings)]
    if result is not None:
        found += _grounds(result, now, settings)
    return sorted(found, key=lambda point: RANKS.index(point.kind))


def _grounds(result: Result, now: Knowledge, settings: Settings) -> Iterator[Point]:
    """What the grade hangs on."""
    determined = result.determination
    if determined is not None and determined.rests_on:
        yield Point("provisional", tuple(dict.fromkeys(g.rule.partition("@")[0] for g in determined.rests_on)))
    bare = [j.fact for j in determined.judged if not j.evidence and j.value != "unknown"] if determined else []
    if bare:
        yield Point("judged", tuple(bare))
    if result.unknown:
        yield Point("unknown", tuple(q.fact for q in result.unknown))
    today = dt.date.fromisoformat(settings.today)
    old = [
        f.instrument
        for f in result.findings
        if f.instrument in now.instruments and now.instruments[f.instrument].in_force.covers(today) is False
    ]
    if old:
        yield Point("superseded", tuple(old))
    if result.disagreement.differ:
        yield Point("disagreement", tuple(dict.fromkeys(f.instrument for f in result.findings if f.counted and f.grade)))


def _soon(record: m.DeterminationRecord, settings: Settings) -> list[m.Override]:
    """The departures that are to expire soon."""
    today = dt.date.fromisoformat(settings.today)
    last = (today + dt.timedelta(SOON)).isoformat()
    return [o for o in record.overrides if o.expires is not None and settings.today <= o.expires <= last]


def _expires_soon(record: m.DeterminationRecord, settings: Settings) -> bool:
    return len(_soon(record, settings)) == len(record.overrides)
