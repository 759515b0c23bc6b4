"""Writing records while grading: the options of `grade --record`, and what they do."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from dingji.records import Record

if TYPE_CHECKING:
    from dingji.audit.model import DeterminationRecord
    from dingji.cases.reader import CaseFile
    from dingji.knowledge.model import Knowledge
    from dingji.methods.model import Result

F = TypeVar("F", bound=Callable[..., Any])


class Recording(Record, frozen=True):
    """Where to record, who records, when (None: now), and the private key to sign with."""

    folder: Path
    by: str
    time: str | None
    key: Path | None


def record_options(function: F) -> F:
    """--record, --by, --at and --key, given to the command as `recording` (None without --record)."""

    def command(*arguments: Any, record: Path | None, by: str | None, at: str | None, key: Path | None, **options: Any) -> Any:
        if record is None and (by or at or key):
            raise click.UsageError("--by, --at and --key go with --record")
        recording = None if record is None else Recording(record, by or "", at, key)
        return function(*arguments, recording=recording, **options)

    functools.update_wrapper(command, function)
    for option in (
        click.option("--key", type=click.Path(dir_okay=False, path_type=Path), help="Sign the record with this private key."),
        click.option("--at", metavar="TIME", help="When it was determined, such as 2026-11-22T09:30:00+08:00 (default: now)."),
        click.option("--by", metavar="NAME", help="Who answers for the determination."),
        click.option(
            "--record", type=click.Path(file_okay=False, path_type=Path), help="Keep a record of each determination in this folder."
        ),
    ):
        command = option(command)
    return cast(F, command)


def record_all(
    recording: Recording,
    base: Knowledge,
    folder: Path | None,
    cases: Sequence[CaseFile],
    results: Sequence[Result],
    *,
    as_of: dt.date | None,
    today: dt.date | None,
    profile: str | None,
) -> None:
    """Record the results, in order. `folder` is where `base` was loaded from. Raises RecordError."""
    from dingji.audit.model import Options
    from dingji.audit.record import Recorder, checked_time

    if recording.time is not None:
        checked_time(recording.time)
    recorder = Recorder(base, folder)
    options = Options(_iso(as_of), _iso(today), profile)
    made = [recorder.record(c, r, options=options, by=recording.by, time=recording.time) for c, r in zip(cases, results, strict=True)]
    append_all(recording, made)


def append_all(recording: Recording, made: Sequence[DeterminationRecord]) -> None:
    """Write records at the end of the chain, signed where a key is named. Raises RecordError."""
    from dingji.audit.chain import append
    from dingji.audit.signing import signer

    sign = signer(recording.key) if recording.key is not None else None
    for record in made:
        append(recording.folder, record, sign)


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
