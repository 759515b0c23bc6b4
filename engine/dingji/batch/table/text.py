"""Tables as text that DuckDB surely reads as the row reader does: the file itself, or a copy of it.

A file in another encoding is copied into UTF-8. Any other table (a workbook, JSON lines, text of which two readers might make
different cells) is copied cell by cell; rows that are no rows of text are put aside as they are, and stand as blank rows.
"""

from __future__ import annotations

import csv
import pickle
import shutil
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dingji.batch.register import files
from dingji.batch.table.columns import CONSTANTS, Text, simple, unfit
from dingji.language import types as t
from dingji.tables.cells import Refused, serial_day, text_of
from dingji.tables.columnar import Parquet
from dingji.tables.reader import Table
from dingji.tables.sources import blank
from dingji.tables.text import CsvText

_CHUNK = 1 << 22
_SOMETHING = "#"
"""Stands for whatever is in a cell that nothing reads: the row is not blank."""


class Aside:
    """Rows as the reader of the file gave them, on the disk, by their numbers; their ids beside them."""

    def __init__(self, folder: Path) -> None:
        self._stream = (folder / "aside").open("w+b")
        self._path = folder / "aside.csv"
        self._ids = self._path.open("w", encoding="utf-8", errors="replace", newline="")
        self._writer = csv.writer(self._ids)
        self._numbers, self._places = array("q"), array("q")

    @property
    def many(self) -> int:
        """How many rows there are."""
        return len(self._numbers)

    def add(self, number: int, cells: Sequence[Any] | Refused, id: Any) -> None:
        """Keep a row; numbers come in order."""
        self._numbers.append(number)
        self._places.append(self._stream.tell())
        pickle.dump(cells, self._stream)
        said = "" if isinstance(id, Refused | list | tuple | dict) else text_of(id).replace("\0", "")
        self._writer.writerow([number, said])

    def ids(self) -> str:
        """The table of their numbers and ids, for DuckDB; every id a person could write again is in it."""
        self._ids.flush()
        form = "delim=',', quote='\"', escape='\"', header=false, auto_detect=false, strict_mode=true"
        return f"read_csv({files(self._path)}, columns={{'number': 'BIGINT', 'id': 'VARCHAR'}}, {form})"

    def get(self, number: int) -> Sequence[Any] | Refused | None:
        """The row of a number, if it was kept."""
        index = bisect_left(self._numbers, number)
        if index == len(self._numbers) or self._numbers[index] != number:
            return None
        self._stream.seek(self._places[index])
        found: Sequence[Any] | Refused = pickle.load(self._stream)  # written above, by this process
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()
        self._ids.close()


def texts(table: Table, folder: Path) -> Iterator[Text]:
    """The texts of a table, each to be tried where the one before was not fit; they are made in `folder`."""
    source, mapping = table._source, table.mapping
    why = unfit(table)
    if why == CONSTANTS:
        return
    if not why:
        yield Text(table.path, table.delimiter, 2 if isinstance(source, CsvText) else 1)
    if isinstance(source, Parquet):
        return
    if isinstance(source, CsvText) and mapping.first == 2 and source.encoding not in ("utf-8", "utf-8-sig"):
        copy = _in_utf8(source, _made(folder) / "text.csv")
        if simple(copy):
            yield Text(copy, table.delimiter, 2)
    yield _cell_by_cell(table, _made(folder))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _in_utf8(source: CsvText, path: Path) -> Path:
    try:
        with source.open() as stream, path.open("w", encoding="utf-8", newline="") as copy:
            shutil.copyfileobj(stream, copy, _CHUNK)
    except UnicodeError as error:
        raise source.undecodable(error) from None
    return path


def _cell_by_cell(table: Table, folder: Path) -> Text:
    path, aside = folder / "cells.csv", Aside(folder)
    lines = _Lines(table)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"c{index}" for index in range(lines.width)])
        empty = [""] * lines.width
        expected = table.mapping.first
        for number, cells in table._source.rows():
            if number < expected:
                continue
            writer.writerows(empty for _ in range(number - expected))  # blank lines have no row of their own in some files
            expected = number + 1
            line = None if isinstance(cells, Refused) else lines.line(cells)
            if line is None:
                aside.add(number, cells, None if isinstance(cells, Refused) or not -1 < lines.id < len(cells) else cells[lines.id])
            writer.writerow(empty if line is None else line)
    return Text(path, ",", table.mapping.first, aside)


class _Lines:
    """Rows of cells as rows of text that mean the same."""

    def __init__(self, table: Table) -> None:
        self.width, self.source = len(table.columns), table._source
        find = {header: index for index, header in reversed(list(enumerate(table.columns)))}
        kinds: dict[int, set[type[t.Type]]] = {}
        for column in table.mapping.columns:
            kinds.setdefault(find[column.header], set()).add(type(column.type))
        self.used = frozenset(kinds)
        self.id = find[table.mapping.case.header] if table.mapping.case else -1
        self.days = frozenset(index for index, found in kinds.items() if found == {t.Date})
        self.mixed = frozenset(index for index, found in kinds.items() if t.Date in found) - self.days
        bools = [column.values for column in table.mapping.columns if isinstance(column.type, t.Bool)]
        self.bools = all(values.get("true") is True and values.get("false") is False for values in bools)

    def line(self, cells: Sequence[Any]) -> Sequence[str] | None:
        """The row as text; None if it must stay as it is."""
        width = self.width
        if blank(cells):
            return [""] * width
        if len(cells) != width:
            if self.source.even and not (len(cells) > width and blank(cells[width:])):
                return None
            if len(cells) > width and blank(cells[:width]):
                return None
            cells = [*cells[:width], *[None] * (width - len(cells))]
        if any(cell.__class__ is not str for cell in cells):
            found = [cell if cell.__class__ is str else self._text(index, cell) for index, cell in enumerate(cells)]
            if None in found:
                return None
            cells = found
        whole = "".join(cells)
        return cells if "\0" not in whole and (whole.isascii() or _encodable(whole)) else None

    def _text(self, index: int, cell: Any) -> str | None:
        if cell is None:
            return ""
        if isinstance(cell, Refused | list | tuple | dict) or (isinstance(cell, bool) and not self.bools):
            return None if index in self.used else _SOMETHING
        if isinstance(cell, int | float) and index in self.mixed:
            return None
        return text_of(serial_day(cell, self.source.epoch) if index in self.days else cell)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a pair, from the escapes of JSON
        return False
    return True
