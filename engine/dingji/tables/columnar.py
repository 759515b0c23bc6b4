"""Files that name their columns themselves: JSON lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from dingji.errors import DingjiError, Problem
from dingji.records import Record
from dingji.tables.cells import EPOCH, Refused
from dingji.tables.sources import RawRow, refuse

LONGEST = 16 * 1024 * 1024
"""Characters of a line."""
_BATCH = 1000


def itself(path: Path) -> str:
    """A path as DuckDB takes it, in which signs that would stand for several files stand for themselves."""
    return str(path).replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")


class _TwiceError(ValueError):
    """A key stands twice in an object."""


def _once(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(entries)
    if len(found) < len(entries):
        keys = [key for key, _ in entries]
        raise _TwiceError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return found


class Line(Record, frozen=True):
    """A line that is not blank: its number, its text, and the object it holds, or why it holds none."""

    number: int
    text: str
    found: dict[str, Any] | Refused


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of a file of JSON lines. Raises CaseError where the file is no text."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig") as stream:
            while text := stream.readline(LONGEST + 1):
                number += 1
                if len(text) > LONGEST:
                    message = f"the line has more than {LONGEST:,} characters"
                    yield Line(number, "", Refused("C064", message, "one JSON object on each line"))
                    while text and not text.endswith("\n"):
                        text = stream.readline(LONGEST)
                elif text.strip():
                    yield Line(number, text, _object(text))
    except UnicodeError as error:
        raise refuse(path, "C060", f"not UTF-8: {error}", "JSON is UTF-8 text", number + 1) from None


def _object(text: str) -> dict[str, Any] | Refused:
    try:
        found = json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
    except _TwiceError as error:
        return Refused("C063", str(error), "a key stands once in a line")
    except ValueError as error:
        return Refused("C064", f"not JSON: {error}", "one JSON object on each line")
    except RecursionError:
        return Refused("C064", "not JSON: nested too deeply", "one JSON object on each line")
    return found if isinstance(found, dict) else Refused("C064", "an object is expected on each line", 'such as {"case": "H-1"}')


class JsonLines:
    """JSON lines: an object on each line. The columns are the keys of all lines."""

    guarded, even, epoch = False, False, EPOCH
    header: int | None = 0

    def __init__(self, path: Path) -> None:
        self.path, self.notes = path, list[str]()
        self.keys: dict[str, None] = {}
        bad: Line | None = None
        for line in lines_of(path):
            if isinstance(line.found, Refused):
                bad = bad or line
            elif not self.keys.keys() >= line.found.keys():
                self.keys.update(dict.fromkeys(line.found))
        if not self.keys:
            why = bad.found if bad is not None and isinstance(bad.found, Refused) else None
            if bad is not None and why is not None:
                raise refuse(path, why.code, why.message, why.hint, bad.number)
            raise refuse(path, "C061", "the table is empty", "each line holds a JSON object")

    def rows(self) -> Iterator[RawRow]:
        """The keys as row 0, then the lines; a key that a line lacks is a blank cell."""
        keys = list(self.keys)
        yield 0, keys
        for line in lines_of(self.path):
            yield line.number, line.found if isinstance(line.found, Refused) else [line.found.get(key) for key in keys]


class Parquet:
    """A Parquet file, read by DuckDB in batches."""

    guarded, even, epoch = False, False, EPOCH
    header: int | None = 0

    def __init__(self, path: Path) -> None:
        self.path, self.notes = path, list[str]()
        try:
            import duckdb
        except ImportError:
            raise DingjiError([Problem("duckdb", 0, 0, "X004", "Parquet needs a package", "pip install 'dingji[batch]'")]) from None
        self._duckdb: Any = duckdb

    def rows(self) -> Iterator[RawRow]:
        """The names of the columns as row 0, then the rows."""
        try:
            with self._duckdb.connect() as connection:
                connection.execute("set enable_progress_bar = false")
                found = connection.execute("select * from read_parquet(?)", [itself(self.path)])
                yield 0, [column[0] for column in found.description]
                number = 0
                while batch := found.fetchmany(_BATCH):
                    for cells in batch:
                        number += 1
                        yield number, cells
        except self._duckdb.Error as error:
            raise refuse(self.path, "C071", f"not a Parquet file: {error}", "save it again") from None
