"""The rows of a register: a table with its mapping, or a folder of case files."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dingji.batch.job import Read
from dingji.cases.folder import cases_below
from dingji.errors import CaseError, DingjiError
from dingji.knowledge.model import Knowledge

if TYPE_CHECKING:
    from dingji.batch.columns import RegisterFile

CASES = (".yaml", ".yml", ".json")


def is_folder(path: Path) -> bool:
    """Does the input hold case files?"""
    return path.is_dir() or path.suffix.lower() in CASES


def rows_of_cases(path: Path, knowledge: Knowledge) -> Iterator[Read]:
    """The cases below a path, counted in the order of their files."""
    for number, (_, found) in enumerate(cases_below([path]), 1):
        try:
            yield Read(number, found.check(knowledge))
        except CaseError as error:
            yield Read(number, None, error.problems)


class Table:
    """The rows of a table; `notes` are what a person should know of how it is read."""

    def __init__(self, path: Path, knowledge: Knowledge, mapping: Path | None, sheet: str | None, as_of: dt.date | None) -> None:
        from dingji.tables.mapping import read_mapping
        from dingji.tables.reader import read_table

        self.table = read_table(path, knowledge, read_mapping(mapping, knowledge) if mapping else None, sheet, as_of)
        self.notes = self.table.notes

    def rows(self) -> Iterator[Read]:
        """Every row, with the header of the column in which its first problem stands."""
        for row in self.table.rows():
            place = row.problems[0].column - 1 if row.problems else 0
            column = self.table.columns[place] if 0 <= place < len(self.table.columns) else ""
            yield Read(row.number, row.case, row.problems, column)

    def in_columns(self, connection: Any, folder: Path, profile: str | None, worth: int) -> RegisterFile | None:
        """The table in columns; None where it must be read row by row. `folder` is for the database."""
        from dingji.batch.columns import RegisterFile, UnfitError, unfit

        if not unfit(self.table):
            with contextlib.suppress(UnfitError):
                return RegisterFile(self.table, connection, folder, profile, worth)
        return None


def signature(paths: list[Path], knowledge: Knowledge, options: object) -> str:
    """What a run depends on, as one short text: the files by size and time, the knowledge and the options."""
    parts = [repr(options), knowledge.digest]
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            try:
                state = file.stat()
            except OSError as error:
                raise DingjiError(f"{file}: {error.strerror}") from None
            parts.append(f"{file} {state.st_size} {state.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
