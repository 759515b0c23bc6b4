"""Tables as they stand in files: rows of raw cells.

Each kind of file is a class with the same face; `open_source` picks by what the file is, not only by its name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from dingji.errors import CaseError, Problem
from dingji.records import Record
from dingji.tables.cells import EPOCH, Refused

RawRow = tuple[int, Sequence[Any] | Refused]
"""The number of a row, from 1, and its cells: text, numbers, bools, days, None, or `Refused`; `Refused` alone: it has no cells."""


class Options(Record, frozen=True):
    """What a mapping says of the file itself."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    merged: str = ""


class Source(Protocol):
    """A table in a file."""

    notes: list[str]
    """What a person should know of how it was read."""
    guarded: bool
    """May texts carry the guard of CSV files?"""
    even: bool
    """Must every row have as many cells as there are headers?"""
    header: int | None
    """The row of the headers, 0 for a file that names its columns itself, None if the mapping says."""
    epoch: dt.date

    def rows(self) -> Iterator[RawRow]:
        """All rows, that of the headers included; each call reads the file anew."""


def refuse(path: Path, code: str, message: str, hint: str = "", row: int = 0) -> CaseError:
    """The error of a table that can't be read."""
    return CaseError([Problem(str(path), row, int(bool(row)), code, message, hint)])


def open_source(path: Path, options: Options) -> Source:
    """The table of a file. Raises CaseError if it is none that can be read."""
    start = _start(path)
    if start.startswith(b"PK\x03\x04"):
        from dingji.tables.workbook import Workbook

        return Workbook(path, options)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse(path, "C071", "a workbook of the old binary kind (.xls)", "save it as .xlsx or .csv")
    if start.startswith(b"PAR1"):
        from dingji.tables.columnar import Parquet

        return Parquet(path)
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        from dingji.tables.columnar import JsonLines

        return JsonLines(path)
    from dingji.tables.text import CsvText

    return CsvText(path, options)


def _start(path: Path) -> bytes:
    if path.is_dir():
        raise refuse(path, "C001", "this is a folder, not a table", "name a file in it")
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except FileNotFoundError:
        raise refuse(path, "C001", "there is no such file") from None
    except OSError as error:
        raise refuse(path, "C001", f"can't be read: {error.strerror or error}") from None
    if not start.strip():
        raise refuse(path, "C061", "the table is empty", "its first row holds the headers")
    return start


def blank(cells: Sequence[Any]) -> bool:
    """Does no cell of a row say anything?"""
    return all(cell is None or (cell.__class__ is str and not cell.strip()) for cell in cells)


__all__ = ["EPOCH", "Options", "RawRow", "Source", "blank", "open_source", "refuse"]
