"""The files that `dingji batch` wrote, read back: one view of their rows, whatever their kind and however many they are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dingji.batch.engine import connect
from dingji.batch.register import files, literal, quoted
from dingji.batch.results import GROUP
from dingji.errors import CaseError, Problem, nearest
from dingji.records import Draft, Record

NEEDED = ("scale", "grade", "status", "reachable", "findings")
"""The columns without which a file is no result of grading."""
SIDES = ("grade_a", "status_a", "grade_b", "status_b")
"""The columns without which it is no comparison of two gradings."""
FINDING = "STRUCT(instrument TEXT, grade TEXT, status TEXT, fired TEXT[], undecided TEXT[])"
LISTS = ("reachable", "missing", "reachable_a", "reachable_b")
TYPES = {"as_of": "DATE", "findings": f"{FINDING}[]", **dict.fromkeys(LISTS, "TEXT[]")}
"""Types of the columns that are read; the others are text."""
READ = (*NEEDED, *SIDES, *TYPES, "scale_a", "scale_b", "change")
LINES = (".jsonl", ".ndjson")
SUFFIXES = (".parquet", *LINES, ".csv")
# what `tables.writing.guarded` put before a text that a spreadsheet would run
_APOSTROPHE = r"^''['' ]*[=+\-@\t\r\n＝＋－＠]"


class Reason(Record, frozen=True):
    """Why rows were refused: the column (empty: the whole row), the code, how many rows, and one reason of theirs."""

    column: str
    code: str
    rows: int
    reason: str


class Outputs(Draft):
    """The rows of result files as the view `result` of a connection. `groups` are the names of the group columns."""

    connection: Any
    files: tuple[Path, ...]
    columns: frozenset[str]
    groups: tuple[str, ...]
    folder: Any
    """Where the texts of CSV and JSON lines stand in columns."""

    @property
    def compared(self) -> bool:
        """Do the rows tell of two gradings?"""
        return set(SIDES) <= self.columns

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query over `result`."""
        return list(self._run(query).fetchall())

    def _run(self, query: str) -> Any:
        from duckdb import Error

        try:
            return self.connection.execute(query)
        except Error as error:
            raise _unreadable(self.files[0], error) from None

    def rejects(self) -> tuple[int, tuple[Reason, ...]]:
        """How many rows were refused, by the files beside the results, and why: the most frequent first."""
        found = [path for file in self.files for path in {_rejects(file)} if path.is_file()]
        if not found:
            return 0, ()
        options = "all_varchar = true, header = true, filename = true, quote = '\"', escape = '\"', auto_detect = false, delim = ','"
        names = "{'row': 'TEXT', 'key': 'TEXT', 'column': 'TEXT', 'code': 'TEXT', 'reason': 'TEXT'}"
        source = f"read_csv({files(*found)}, {options}, columns = {names})"
        [(rows,)] = self.all(f"SELECT count(*) FROM (SELECT DISTINCT filename, row FROM {source})")
        why = self.all(
            f"SELECT coalesce(\"column\", ''), code, count(DISTINCT (filename, row)) AS n, min(reason) FROM {source} "
            "GROUP BY 1, 2 ORDER BY n DESC, 1, 2 LIMIT 100"
        )
        return int(rows), tuple(Reason(column, code, n, reason) for column, code, n, reason in why)

    def close(self) -> None:
        """Give back what was needed to read."""
        self.connection.close()
        self.folder.cleanup()


def open_outputs(paths: Sequence[Path], memory: str = "1GB") -> Outputs:
    """Open result files: Parquet, JSON lines, CSV, or folders of Parquet files as a cluster writes them.

    Raises CaseError (X013) for what is no result, naming the columns that are missing.
    """
    connection = connect(memory)
    folder = tempfile.TemporaryDirectory(prefix="dingji-")
    connection.execute(f"set temp_directory = {literal(folder.name)}")
    made = Outputs(connection, tuple(paths), frozenset(), (), folder)
    try:
        selects, found = [], list[set[str]]()
        for number, path in enumerate(paths):
            select, columns = _opened(made, path, Path(folder.name) / f"{number}.parquet")
            selects.append(select)
            found.append(columns)
        _alike(paths, found)
        made.columns = frozenset.union(*map(frozenset, found))
        made.groups = tuple(sorted(name.removeprefix(GROUP) for name in made.columns if name.startswith(GROUP)))
        made._run(f"CREATE TEMP VIEW result AS {' UNION ALL BY NAME '.join(selects)}")
    except BaseException:
        made.close()
        raise
    return made


def _opened(made: Outputs, path: Path, columnar: Path) -> tuple[str, set[str]]:
    """A query for the rows of a path with the columns that are read, and their names."""
    source, suffix = _source(path)
    names = [str(row[0]) for row in _described(made, path, source)]
    plain = {name.removeprefix("_") if suffix == ".csv" else name: name for name in names}
    columns = {name for name in plain if name in READ or (name.startswith(GROUP) and name != GROUP)}
    _check(path, columns)
    items = ", ".join(f"{_value(name, plain[name], suffix)} AS {quoted(name)}" for name in sorted(columns))
    query = f"SELECT {items} FROM {source}"
    if suffix == ".parquet":
        return query, columns
    made._run(f"COPY ({query}) TO {literal(str(columnar))} (FORMAT parquet)")
    return f"SELECT * FROM {_parquet([columnar])}", columns


def _source(path: Path) -> tuple[str, str]:
    """What reads a path, and the kind of file it is."""
    if path.is_dir():
        parts = sorted(p for p in path.rglob("*.parquet") if p.is_file() and not p.name.startswith(("_", ".")))
        if not parts:
            raise _bad(path, "the folder holds no Parquet files", "a folder of grades is one that --engine spark wrote")
        return _parquet(parts), ".parquet"
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        hint = "grade into a .parquet, .jsonl or .csv file" if suffix == ".xlsx" else "it ends in " + ", ".join(SUFFIXES)
        raise _bad(path, "a summary is not made of such a file", hint)
    if not path.is_file():
        near = nearest(path.name, (p.name for p in path.parent.glob("*"))) if path.parent.is_dir() else ""
        raise _bad(path, "there is no such file", near)
    if suffix == ".parquet":
        return _parquet([path]), suffix
    if suffix == ".csv":
        options = "all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', max_line_size = 16000000"
        return f"read_csv({files(path)}, {options})", suffix
    return f"read_json({files(path)}, format = 'newline_delimited', sample_size = 20000)", ".jsonl"


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet({files(*paths)}, union_by_name = true, hive_partitioning = false)"


def _described(made: Outputs, path: Path, source: str) -> list[tuple[Any, ...]]:
    from duckdb import Error

    try:
        return list(made.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall())
    except Error as error:
        raise _unreadable(path, error) from None


def _check(path: Path, columns: set[str]) -> None:
    sides = [name for name in SIDES if name not in columns]
    missing = sides if len(sides) < len(SIDES) else [name for name in NEEDED if name not in columns]
    if missing:
        message = f"this is no result of dingji batch: it has no column {', '.join(missing)}"
        raise _bad(path, message, "give a file that dingji batch -o wrote")


def _alike(paths: Sequence[Path], found: Sequence[set[str]]) -> None:
    """Results of one grading and of two can't be summed up together."""
    kinds = [set(SIDES) <= columns for columns in found]
    if len(set(kinds)) > 1:
        other = paths[kinds.index(not kinds[0])]
        raise _bad(other, f"one grading of the rows stands in {paths[0]}, two in this file, or the other way round", "sum them up apart")


def _value(name: str, column: str, suffix: str) -> str:
    """A column in its type."""
    cell = quoted(column)
    if suffix == ".csv":
        cell = f"(CASE WHEN regexp_matches({cell}, '{_APOSTROPHE}') THEN substr({cell}, 2) ELSE {cell} END)"
        if name == "findings":
            return f"list_transform(list_filter(string_split(coalesce({cell}, ''), '; '), lambda x: x <> ''), lambda x: {_FROM_TEXT})"
        if name in LISTS:
            return f"list_filter(string_split(coalesce({cell}, ''), ' '), lambda x: x <> '')"
        cell = f"nullif({cell}, '')"
    if name == "findings":
        fields = ", ".join(f"{field}: x.{field}" for field in ("instrument", "grade", "status", "fired", "undecided"))
        return f"CAST(list_transform({cell}, lambda x: {{{fields}}}) AS {FINDING}[])"
    return f"CAST({cell} AS {TYPES.get(name, 'TEXT')})"


_STATUSES = "('undetermined', 'silent')"
_SAID = r"regexp_extract(x, '^[^:]*: ([^ ]*)', 1)"
_FROM_TEXT = (
    r"{instrument: regexp_extract(x, '^([^:]*): ', 1), "
    f"grade: CASE WHEN {_SAID} IN {_STATUSES} THEN NULL ELSE {_SAID} END, "
    f"status: CASE WHEN {_SAID} IN {_STATUSES} THEN {_SAID} ELSE 'determined' END, "
    r"fired: list_filter(string_split(regexp_extract(x, '[(]fired ([^,)]*)', 1), ' '), lambda y: y <> ''), "
    r"undecided: list_filter(string_split(regexp_extract(x, 'undecided ([^,)]*)[)]$', 1), ' '), lambda y: y <> '')}"
)
"""A finding from the text of a CSV cell, which tells a provisional grade from a determined one no more."""


def _rejects(path: Path) -> Path:
    name = path.name if path.is_dir() else path.stem
    return path.with_name(f"{name}.rejects.csv")


def _bad(path: Path, message: str, hint: str = "") -> CaseError:
    return CaseError([Problem(str(path), 0, 0, "X013", message, hint)])


def _unreadable(path: Path, error: Exception) -> CaseError:
    return _bad(path, f"the file can't be read: {' '.join(str(error).split())[:300]}", "give a file that dingji batch -o wrote")
