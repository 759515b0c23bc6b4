"""Where the rows of a table stand while it is graded: in a Parquet file, of which any range of rows can be read again.

A Parquet table is read where it is; text is brought into such a file first, its cells as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dingji.batch.register import files, literal, quoted
from dingji.errors import DingjiError, Problem
from dingji.records import Record
from dingji.tables.columnar import Parquet

if TYPE_CHECKING:
    from dingji.batch.table.columns import Text
    from dingji.tables.reader import Table

PLACE, REST = "_place", "_rest"
_NUMBER = "file_row_number"
_CELLS_OF_GROUP, _ROWS_OF_GROUP = 4_000_000, 122_880
NOTHING = r"[\s\p{Z}\x0b\x1c-\x1f\x85]*"
"""Texts that say nothing."""


class Stand(Record, frozen=True):
    """The rows by PLACE, from 0, with a column `c5` for the sixth of the table's columns, as far as they are read.

    `relation` has these; `whole` has REST too: what stands in the columns that nothing reads. `types` are the SQL types.
    """

    path: Path
    state: tuple[int, int]
    relation: str
    whole: str
    types: dict[str, str]
    total: int
    fine: bool
    """Are the rows in groups so small that several threads read a chunk?"""

    def check(self) -> None:
        """Raises DingjiError (X008) if the file is not the one that it was."""
        if _state(self.path) != self.state:
            raise DingjiError([Problem(str(self.path), 0, 0, "X008", "the input changed while it was read", "run again")])


def stand(connection: Any, table: Table, used: list[int], text: Text, folder: Path) -> Stand:
    """Where a table stands; what must be made for it is made in `folder`. Raises duckdb.Error for text in another form."""
    names = [f"c{index}" for index in range(len(table.columns))]
    if not isinstance(table._source, Parquet):
        cells = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        form = f"delim={literal(text.delimiter)}, quote='\"', escape='\"', header=true, auto_detect=false, strict_mode=true"
        source = f"read_csv({files(text.path)}, columns={{{cells}}}, {form}, null_padding=false, ignore_errors=false)"
        return _copied(connection, source, names, used, folder)
    state = _state(table.path)
    own = [str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({files(table.path)})").fetchall()]
    if _NUMBER in map(str.lower, own):
        renamed = ", ".join(f"{quoted(name)} AS {short}" for name, short in zip(own, names, strict=False))
        return _copied(connection, f"(SELECT {renamed} FROM read_parquet({files(table.path)}))", names, used, folder)
    read = [f"{quoted(own[index])} AS {names[index]}" for index in used]
    others = [f"CAST({quoted(name)} AS VARCHAR)" for index, name in enumerate(own) if index not in set(used)]
    source = f"FROM read_parquet({files(table.path)}, {_NUMBER}=true)"
    rest = f"concat_ws('', {', '.join(others)})" if others else "NULL::VARCHAR"
    number = f"{_NUMBER} AS {PLACE}"
    return _made(
        connection,
        (table.path, state),
        f"(SELECT {', '.join([number, *read])} {source})",
        f"(SELECT {', '.join([number, *read, f'{rest} AS {REST}'])} {source})",
    )


def _copied(connection: Any, source: str, names: list[str], used: list[int], folder: Path) -> Stand:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "table.parquet"
    read = [names[index] for index in used]
    others = [f"CAST({names[index]} AS VARCHAR)" for index in range(len(names)) if index not in set(used)]
    # whether a row is blank, the columns that nothing reads say only where the others say nothing
    bare = " AND ".join(f"regexp_full_match(coalesce(CAST({name} AS VARCHAR), ''), '{NOTHING}')" for name in read) or "TRUE"
    rest = f"CASE WHEN {bare} THEN concat_ws('', {', '.join(others)}) END" if others else "NULL::VARCHAR"
    chosen = ", ".join([*read, f"{rest} AS {REST}"])
    rows = max(2_048, min(_ROWS_OF_GROUP, _CELLS_OF_GROUP // (len(read) + 1) // 2_048 * 2_048))
    form = f"FORMAT parquet, COMPRESSION uncompressed, ROW_GROUP_SIZE {rows}"
    connection.execute(f"COPY (SELECT {chosen} FROM {source}) TO {literal(str(path))} ({form})")
    file = f"FROM read_parquet({files(path)}, {_NUMBER}=true)"
    number = f"{_NUMBER} AS {PLACE}"
    relation = f"(SELECT {', '.join([number, *read])} {file})"
    return _made(connection, (path, _state(path)), relation, f"(SELECT {', '.join([number, *read, REST])} {file})")


def _made(connection: Any, at: tuple[Path, tuple[int, int]], relation: str, whole: str) -> Stand:
    types = {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    [(total,)] = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()
    groups = f"SELECT coalesce(max(row_group_num_rows), 0) FROM parquet_metadata({files(at[0])})"
    [(largest,)] = connection.execute(groups).fetchall()
    return Stand(*at, relation, whole, types, int(total), int(largest) <= _ROWS_OF_GROUP)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
