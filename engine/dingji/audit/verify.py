"""The audit of a folder of records: every check, and one verdict for each record.

The work is shared among processes: first each file by itself, then the chain, then the replays, sorted by the knowledge that the
records carry, so that each is loaded once. Nothing but short verdicts stays in memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from dingji.audit import citations, links
from dingji.audit import model as m
from dingji.audit.canonical import sha256
from dingji.audit.chain import load_file, record_files
from dingji.audit.embedded import knowledge_of
from dingji.audit.replay import case_of, replay_base, replay_embedded
from dingji.audit.signing import SIGNED, UNSIGNED, TrustedKey, worth
from dingji.cases.reader import CaseFile
from dingji.errors import DingjiError
from dingji.grading import load
from dingji.knowledge.model import Knowledge, Words
from dingji.records import Record, replace

MANY = 64
"""From so many records on, several processes share the work."""
BATCH = 32
Progress = Callable[[int], None]


class Settings(Record, frozen=True):
    """How to audit: `knowledge` are folders of knowledge bases (None: our own), `keys` whom to trust (None: nobody was named)."""

    today: str
    knowledge: tuple[str | None, ...] = (None,)
    keys: dict[str, TrustedKey] | None = None


class Verdict(Record, frozen=True):
    """What the audit says of one record.

    `verdict`: reproduced, differs, impossible (it can't be replayed) or damaged (it is no record). `base` is null where the base of
    that version is not at hand. `wrong` are the troubles, `notes` what is to be cleared up.
    """

    number: int
    path: str
    case: str
    time: str
    by: str
    grade: str | None
    grade_label: Words | None
    scale: str
    status: str
    verdict: str
    embedded: m.Replay | None
    base: m.Replay | None
    signature: str
    signers: tuple[str, ...]
    wrong: tuple[m.Trouble, ...]
    notes: tuple[m.Trouble, ...]


class Audit(Record, frozen=True):
    """The audit of a folder (or of one record: `chain` is empty)."""

    path: str
    chain: str
    head: str
    count: int
    wrong: tuple[m.Trouble, ...]
    notes: tuple[m.Trouble, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def sound(self) -> bool:
        """Is nothing wrong?"""
        return not self.wrong and all(v.verdict == "reproduced" and not v.wrong for v in self.verdicts)

    @property
    def clear(self) -> bool:
        """Is there nothing to be cleared up, either?"""
        return self.sound and not self.notes and not any(v.notes for v in self.verdicts)


def audit(path: Path, settings: Settings, *, workers: int = 2, progress: Progress | None = None) -> Audit:
    """Audit a folder of records, or one record by itself. `progress` is told of steps done; there are two for each record.

    Raises RecordError (A019) if there is nothing to audit.
    """
    tell = progress or (lambda steps: None)
    if not path.is_dir():
        stored = load_file(path)
        if stored.troubles and stored.troubles[0].code == "A014":
            raise m.RecordError(m.Trouble("A019", "there is no such file or folder", where=str(path)))
        verdict = inspect(stored, settings, _bases(settings))
        return Audit(str(path), "", stored.digest, 1, (), (), (verdict,))
    try:
        paths = [str(p) for p in record_files(path)]
    except OSError as error:
        raise m.RecordError(m.Trouble("A019", f"the folder can't be read: {error.strerror}", where=str(path))) from None
    if not paths and not (path / "chain.json").exists():
        raise m.RecordError(m.Trouble("A019", "there are no records in the folder", "name a folder of `dingji grade --record`", str(path)))
    with ExitStack() as stack:
        run: Callable[..., Iterable[Any]] = map
        if len(paths) >= MANY and workers > 1:
            run = stack.enter_context(ProcessPoolExecutor(workers, get_context("spawn"))).map
        briefs: list[links.Brief] = []
        for part in run(_briefs, _batches(paths)):
            briefs += part
            tell(len(part))
        report = links.check(path, briefs)
        verdicts: list[Verdict] = []
        groups = _groups(briefs)
        for found in run(_Inspector(settings), groups):
            verdicts += found
            tell(len(found))
    verdicts.sort(key=lambda v: v.number)
    joined = tuple(replace(v, wrong=(*report.of[v.number], *v.wrong)) if v.number in report.of else v for v in verdicts)
    return Audit(str(path), report.chain, report.head, report.count, tuple(report.whole), tuple(report.notes), joined)


def steps(path: Path) -> int:
    """How many steps an audit takes, for a progress bar."""
    try:
        return 2 * sum(1 for _ in record_files(path)) if path.is_dir() else 1
    except OSError:
        return 1


def _batches(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(items[start : start + BATCH]) for start in range(0, len(items), BATCH))


def _briefs(paths: Sequence[str]) -> list[links.Brief]:
    return [links.brief(load_file(Path(path))) for path in paths]


def _groups(briefs: Iterable[links.Brief]) -> list[tuple[str, ...]]:
    """Files with the same knowledge together, in parts that are small enough to be shared out evenly."""
    by_knowledge: dict[str, list[str]] = {}
    for entry in briefs:
        by_knowledge.setdefault(entry.knowledge, []).append(entry.path)
    size = 16 * BATCH
    parts = ((tuple(paths[i : i + size]) for i in range(0, len(paths), size)) for paths in by_knowledge.values())
    return sorted(chain.from_iterable(parts), key=len, reverse=True)


_AT_HAND: dict[tuple[str | None, ...], dict[str, Knowledge]] = {}


def _bases(settings: Settings) -> Mapping[str, Knowledge]:
    """The knowledge bases at hand by their digest, loaded once per process."""
    if settings.knowledge not in _AT_HAND:
        found = [load(folder) for folder in settings.knowledge]
        _AT_HAND[settings.knowledge] = {base.digest: base for base in found}
    return _AT_HAND[settings.knowledge]


class _Inspector(Record, frozen=True):
    """Inspects a group of files; what a process is given to do."""

    settings: Settings

    def __call__(self, paths: Sequence[str]) -> list[Verdict]:
        bases = _bases(self.settings)
        return [inspect(load_file(Path(path)), self.settings, bases) for path in paths]


def inspect(stored: m.Stored, settings: Settings, bases: Mapping[str, Knowledge]) -> Verdict:
    """The verdict on one record, its place in the chain apart."""
    record = stored.record
    if record is None:
        return Verdict(stored.number, stored.path, "", "", "", None, None, "", "", "damaged", None, None, UNSIGNED, (), stored.troubles, ())
    wrong = list(stored.troubles)
    notes: list[m.Trouble] = []
    if sha256(record.case_text.encode()) != record.case_digest:
        wrong.append(m.Trouble("A031", "the case is not what its digest says"))
    _check_time(record, wrong)
    _check_ruling(record, wrong)
    case = _case(record)
    embedded = replay_embedded(record, case)
    base = replay_base(record, bases[record.knowledge_digest], case) if record.knowledge_digest in bases else None
    if base is None:
        notes.append(
            m.Trouble("A055", f"the knowledge base {record.knowledge_digest[:12]} is not at hand", detail=record.knowledge_digest[:12])
        )
    verdict = _joined([r.verdict for r in (embedded, base) if r is not None])
    if embedded.verdict == "reproduced":
        cited, open_points = citations.check(record, knowledge_of(record))
        wrong += cited
        notes += open_points
    _grounds(record, settings, wrong, notes)
    signature, names = _signature(stored, settings, wrong, notes)
    determination = record.result.get("determination") or {}
    return Verdict(
        stored.number,
        stored.path,
        record.case,
        record.time,
        record.recorded_by,
        determination.get("grade"),
        _words(determination.get("grade_label")),
        determination.get("scale", ""),
        determination.get("status", "none"),
        verdict,
        embedded,
        base,
        signature,
        names,
        tuple(wrong),
        tuple(notes),
    )


def _case(record: m.DeterminationRecord) -> CaseFile | None:
    """The case of a record, read once for both replays; None if it can't be read (they say why)."""
    try:
        return case_of(record)
    except DingjiError:
        return None


def _words(plain: m.Plain | None) -> Words | None:
    return None if plain is None else Words(str(plain.get("en", "")), str(plain.get("zh", "")))


def _joined(verdicts: Iterable[str]) -> str:
    found = set(verdicts)
    return next((v for v in ("differs", "impossible") if v in found), "reproduced")


def _check_time(record: m.DeterminationRecord, wrong: list[m.Trouble]) -> None:
    try:
        if dt.datetime.fromisoformat(record.time).tzinfo is not None:
            return
    except ValueError:
        pass
    wrong.append(m.Trouble("A032", f"its time can't be read: {record.time[:40]!r}", detail=record.time[:40]))


def _check_ruling(record: m.DeterminationRecord, wrong: list[m.Trouble]) -> None:
    """Is the grade that a ruling calls computed the one of its result? Is what it sets the departure on record?"""
    if record.ruling is None:
        return
    about, said = record.ruling.get("about"), record.ruling.get("ruling")
    graded = [record.result.get("determination")] if about is None else record.result.get("findings", ())
    found: m.Plain = next((f for f in graded if f and (about is None or f.get("instrument") == about)), {})
    ruled = said if isinstance(said, dict) else {}
    stands = record.overrides[-1].grade if record.overrides else found.get("grade")
    for what, told, right in (("computed", ruled.get("computed"), found.get("grade")), ("stands", ruled.get("stands"), stands)):
        if told != right:
            detail = f"{what}: {told} / {right}"
            wrong.append(m.Trouble("A033", f"the ruling is not that of its result and departures: {detail}", detail=detail))


def _grounds(record: m.DeterminationRecord, settings: Settings, wrong: list[m.Trouble], notes: list[m.Trouble]) -> None:
    """Evaluators, provisional grounds, departures, and the warnings that the knowledge's own checks raised."""
    result = record.result
    if len(record.evaluators) < 2:
        notes.append(m.Trouble("A056", f"one evaluator graded alone: {record.without}", detail=record.without))
    rests_on = [ground["rule"] for ground in (result.get("determination") or {}).get("rests_on", ())]
    if rests_on:
        told = ", ".join(rests_on)
        notes.append(m.Trouble("A057", f"the grade is provisional: it rests on {told}", detail=told))
    raised = [flag["id"] for flag in result.get("flags", ())]
    notes += [m.Trouble("A058", f"a check of the knowledge warns: {flag}", detail=flag) for flag in raised]
    for override in record.overrides:
        told = f"{override.computed or '-'} -> {override.grade}, {override.authority}"
        if override.expires is not None and override.expires < settings.today:
            wrong.append(
                m.Trouble("A043", f"a departure from the grade expired on {override.expires}: {told}", detail=f"{told}, {override.expires}")
            )
        else:
            until = override.expires or "-"
            notes.append(m.Trouble("A059", f"a panel departed from the grade: {told} (until {until})", detail=f"{told}, {until}"))


_SIGNATURES = {"bad": "A044", "unknown": "A045", "expired": "A046", "unsigned": "A047"}
_SAID = {
    "bad": "a signature does not fit",
    "unknown": "signed by nobody whom the trust folder names",
    "expired": "signed with a key that was not valid at the time",
    "unsigned": "the record is not signed",
}


def _signature(stored: m.Stored, settings: Settings, wrong: list[m.Trouble], notes: list[m.Trouble]) -> tuple[str, tuple[str, ...]]:
    """What the signature is worth; without a trust folder nothing can be said of one, and none is asked for."""
    if settings.keys is None:
        return ("unchecked" if stored.signatures else UNSIGNED), ()
    try:
        found = worth(stored, settings.keys)
    except (DingjiError, ValueError):
        return "bad", ()
    if found.status != SIGNED:
        told = ", ".join(found.names)
        wrong.append(m.Trouble(_SIGNATURES[found.status], _SAID[found.status] + (f" ({told})" if told else ""), detail=told))
    return found.status, found.names
