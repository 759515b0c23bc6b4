"""Files that name their columns themselves: JSON lines and Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from dingji.errors import DingjiError, Problem
from dingji.tables.cells import EPOCH
from dingji.tables.sources import RawRow, refuse

LONGEST = 16 * 1024 * 1024
"""Characters of a line."""
_BATCH = 1000


class _TwiceError(ValueError):
    """A key stands twice in an object."""


def _once(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(entries)
    if len(found) < len(entries):
        keys = [key for key, _ in entries]
        raise _TwiceError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return found


class JsonLines:
    """JSON lines: an object on each line. The columns are the keys of all lines."""

    guarded, even, epoch = False, False, EPOCH
    header: int | None = 0

    def __init__(self, path: Path) -> None:
        self.path, self.notes = path, list[str]()
        self.keys: dict[str, None] = {}
        for _, found in self._lines():
            if not self.keys.keys() >= found.keys():
                self.keys.update(dict.fromkeys(found))
        if not self.keys:
            raise refuse(path, "C061", "the table is empty", "each line holds a JSON object")

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        number = 0
        try:
            with self.path.open(encoding="utf-8-sig") as stream:
                while line := stream.readline(LONGEST + 1):
                    number += 1
                    if len(line) > LONGEST:
                        raise ValueError(f"the line has more than {LONGEST:,} characters")
                    if line.strip():
                        found = json.loads(line, parse_float=Decimal, object_pairs_hook=_once)
                        if not isinstance(found, dict):
                            raise ValueError("an object is expected on each line")
                        yield number, found
        except UnicodeError as error:
            raise refuse(self.path, "C060", f"not UTF-8: {error}", "JSON is UTF-8 text") from None
        except _TwiceError as error:
            raise refuse(self.path, "C063", str(error), "a key stands once in a line", number) from None
        except (ValueError, RecursionError) as error:
            raise refuse(self.path, "C064", f"not JSON lines: {error}", "one JSON object on each line", number) from None

    def rows(self) -> Iterator[RawRow]:
        """The keys as row 0, then the lines; a key that a line lacks is a blank cell."""
        keys = list(self.keys)
        yield 0, keys
        for number, found in self._lines():
            yield number, [found.get(key) for key in keys]


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
                found = connection.execute("select * from read_parquet(?)", [str(self.path)])
                yield 0, [column[0] for column in found.description]
                number = 0
                while batch := found.fetchmany(_BATCH):
                    for cells in batch:
                        number += 1
                        yield number, cells
        except self._duckdb.Error as error:
            raise refuse(self.path, "C071", f"not a Parquet file: {error}", "save it again") from None
