"""A folder of records: one file each, written whole or not at all, each naming the digest of the one before.

    00000001.json ...   the records
    chain.json          the chain's id, how many records it has, and the digest of the last: what the end can be held against
    .lock, .pending     while somebody writes

A record is written beside its place, synced, and moved there; then chain.json follows. A writer that is killed leaves a file in
`.pending` that nobody reads, or a whole record that chain.json does not count yet: the next writer counts it. Anything else at the
end of a chain is damage, and nothing is written after it. Appending reads the last record only.
"""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import msgspec

from dingji.audit import model as m
from dingji.audit.canonical import EXTRA, INSTALL, canonical, sha256
from dingji.audit.envelope import open_file
from dingji.audit.statement import NotARecordError, encode
from dingji.records import replace

HEAD = "chain.json"
PENDING = ".pending"
OURS = frozenset({HEAD, PENDING, ".lock"})
MOST_BYTES = 32 * 1024 * 1024
"""Of one record."""
WAIT = 60.0
"""Seconds that a writer waits for another one."""
STOP = "nothing was written; keep the folder as it is, run `dingji audit` on it, and record into a new folder"
Sign = Callable[[bytes], bytes]
"""Makes the file of a statement: the signed envelope, where records are signed."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What chain.json says. `format` is that of the folder."""

    chain: str
    count: int
    format: Literal[1]
    head: str | None


def name_of(number: int) -> str:
    """The file name of a record."""
    return f"{number:08d}.json"


def append(folder: Path, record: m.DeterminationRecord, sign: Sign | None = None) -> m.Stored:
    """Write a record at the end of the chain in a folder; a new folder begins a chain.

    When this returns the record is on the disk. Raises RecordError, having written nothing, if the end of the chain is damaged or
    the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder):
            head = _end(folder)
            number = head.count + 1
            record = replace(record, link=m.Link(head.chain, number, head.head))
            data = encode(record)
            data = sign(data) if sign is not None else data
            path = folder / name_of(number)
            _write(path, data)
            _sync(folder)
            digest = sha256(data)
            _write(folder / HEAD, _head_bytes(Head(head.chain, number, 1, digest)))
    except OSError as error:
        message = f"can't write to the folder of records: {error.strerror or error}"
        raise m.RecordError(m.Trouble("A006", message, "name a folder that you may write to", str(folder))) from None
    return m.Stored(str(path), number, digest, record)


def _lock(folder: Path) -> AbstractContextManager[object]:
    try:
        import filelock
    except ImportError:
        raise m.RecordError(m.Trouble("A001", EXTRA, INSTALL)) from None
    try:
        return filelock.FileLock(folder / ".lock", timeout=WAIT).acquire(poll_interval=0.005)
    except filelock.Timeout:
        hint = "try again when the other writer is done"
        raise m.RecordError(m.Trouble("A007", f"another writer has held the chain for {WAIT:.0f} s", hint, str(folder))) from None


def _end(folder: Path) -> Head:
    """The end of a chain, ready to be written after. Raises RecordError (A020 ...) for one that is damaged."""
    path = folder / HEAD
    if not path.exists():
        if any(entry.name not in OURS for entry in list(folder.iterdir())):
            message = f"the folder is not empty, and has no {HEAD}"
            raise m.RecordError(m.Trouble("A020", message, STOP, str(folder)))
        head = Head(str(uuid.uuid4()), 0, 1, None)
        _write(path, _head_bytes(head))
        return head
    found = read_head(path)
    if isinstance(found, m.Trouble):
        raise m.RecordError(replace(found, hint=STOP))
    if found.count:
        last = load_file(folder / name_of(found.count))
        if last.troubles:
            raise m.RecordError(replace(last.troubles[0], hint=STOP))
        if last.digest != found.head:
            raise m.RecordError(m.Trouble("A021", f"the last record is not the one that {HEAD} names", STOP, last.path))
    return _uncounted(folder, found)


def _uncounted(folder: Path, head: Head) -> Head:
    """The head, moved on over a record whose writer was killed before it could count it."""
    path = folder / name_of(head.count + 1)
    if not os.path.lexists(path):
        return head
    found = load_file(path)
    if found.troubles or found.record is None:
        raise m.RecordError(replace(found.troubles[0], hint=STOP))
    if found.record.link != m.Link(head.chain, head.count + 1, head.head):
        raise m.RecordError(
            m.Trouble("A023", f"the record does not follow the one before it, and {HEAD} does not count it", STOP, str(path))
        )
    if os.path.lexists(folder / name_of(head.count + 2)):
        raise m.RecordError(m.Trouble("A022", f"{HEAD} is older than the records: it counts {head.count}", STOP, str(folder)))
    head = Head(head.chain, head.count + 1, 1, found.digest)
    _write(folder / HEAD, _head_bytes(head))
    return head


def _head_bytes(head: Head) -> bytes:
    return canonical(msgspec.to_builtins(head))


def _write(path: Path, data: bytes) -> None:
    """Write a file whole: beside its place first, on the disk, then moved."""
    pending = path.parent / PENDING
    pending.unlink(missing_ok=True)  # of a writer that was killed
    with os.fdopen(os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    pending.replace(path)


def _sync(folder: Path) -> None:
    """Make the names in a folder last; where folders can't be synced (Windows) there is nothing to do."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_head(path: Path) -> Head | m.Trouble:
    """What chain.json says, or what is wrong with it."""
    data = read_bytes(path)
    if isinstance(data, m.Trouble):
        return data
    try:
        head = msgspec.json.decode(data, type=Head)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return m.Trouble("A024", f"{HEAD} is damaged: {error}", where=str(path), detail=str(error))
    if head.count < 0 or (head.count == 0) != (head.head is None) or data != _head_bytes(head):
        return m.Trouble("A024", f"{HEAD} is damaged", where=str(path))
    return head


def read_bytes(path: Path) -> bytes | m.Trouble:
    """The bytes of an ordinary file that is not too long, or what is wrong with it. Links are not followed."""
    where = str(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return m.Trouble("A014", "the file is missing", where=where)
    except OSError as error:
        if path.is_symlink():
            return m.Trouble("A015", "this is a link: a record is a file of its own", where=where)
        return m.Trouble("A016", f"can't be read: {error.strerror or error}", where=where, detail=str(error.strerror))
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            return m.Trouble("A015", "this is no ordinary file", where=where)
        if status.st_size > MOST_BYTES:
            return m.Trouble(
                "A017",
                f"the file has {status.st_size:,} bytes, a record at most {MOST_BYTES:,}",
                where=where,
                detail=f"{status.st_size:,} > {MOST_BYTES:,}",
            )
        return stream.read(MOST_BYTES + 1)


def load_file(path: Path) -> m.Stored:
    """One file of a folder of records, with what is wrong with it taken by itself."""
    number = int(path.stem) if path.stem.isdigit() else 0
    data = read_bytes(path)
    if isinstance(data, m.Trouble):
        return m.Stored(str(path), number, "", None, troubles=(data,))
    digest = sha256(data)
    try:
        record, signatures, payload = open_file(data)
    except NotARecordError as error:
        return m.Stored(
            str(path), number, digest, None, troubles=(m.Trouble(error.code, str(error), where=str(path), detail=error.detail),)
        )
    return m.Stored(str(path), number, digest, record, signatures, payload=payload)


def record_files(folder: Path) -> Iterator[Path]:
    """The files of the records in a folder, in the order of their numbers."""
    names = sorted(
        e.name for e in os.scandir(folder) if len(e.name) == len(name_of(1)) and e.name.endswith(".json") and e.name[:8].isdigit()
    )
    return (folder / name for name in names)


def read_chain(folder: Path) -> Iterator[m.Stored]:
    """Every record of a folder, one at a time. Nothing is said of the chain: see `dingji.audit.links`."""
    return map(load_file, record_files(folder))
