"""The rows of a register: a table with its mapping, or a folder of case files."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dingji.batch.job import Read
from dingji.cases.folder import case_files
from dingji.cases.model import Case
from dingji.cases.reader import CaseFile, parse_json_case, read_cases
from dingji.documents import Problems, parse_json
from dingji.errors import CaseError, DingjiError, Problem
from dingji.knowledge.model import Knowledge
from dingji.tables.cells import Refused
from dingji.tables.columnar import lines_of
from dingji.tables.rows import Keys

if TYPE_CHECKING:
    from dingji.batch.table.columns import RegisterFile

CASES = (".yaml", ".yml", ".json")
LINES = (".jsonl", ".ndjson")
_Found = tuple[int, CaseFile | CaseError, str]
"""The number of a case, the case or why it is none, and the line of JSON that it stands in."""


def holds_cases(path: Path, mapping: Path | None = None) -> bool:
    """Does the input hold cases as case files do? JSON lines do if no mapping is given and the first object has facts of its own."""
    if path.is_dir() or path.suffix.lower() in CASES:
        return True
    if mapping is not None or path.suffix.lower() not in LINES or not path.is_file():
        return False
    first = next((line.found for line in lines_of(path) if isinstance(line.found, dict)), {})
    return any(isinstance(first.get(key), dict) for key in ("facts", "scope"))


def rows_of_cases(path: Path, knowledge: Knowledge) -> Iterator[Read]:
    """The cases below a path, counted in the order of their files; those of JSON lines have the numbers of their lines.

    A file of a folder or a line that holds no case is a row without one, as is a case whose id stands twice; `column` says where.
    """
    lines = path.is_file() and path.suffix.lower() in LINES
    ids = Keys()
    try:
        for number, found, text in _in_lines(path) if lines else _in_files(path):
            try:
                yield Read(number, _case(number, found, knowledge, ids))
            except CaseError as error:
                first = error.problems[0]
                yield Read(number, None, error.problems, _key_at(text, first.column) if lines else f"{first.file}:{first.line}")
    finally:
        ids.close()


def _case(number: int, found: CaseFile | CaseError, knowledge: Knowledge, ids: Keys) -> Case:
    if isinstance(found, CaseError):
        raise found
    case = found.check(knowledge)
    first = ids.first(case.id, number)
    if first != number:
        at = case.place
        message = f"the id {case.id!r} stands in row {first} already"
        raise CaseError([Problem(at.file, at.line, at.column, "C067", message, "an id that stands once in the register")])
    return case


def _in_files(path: Path) -> Iterator[_Found]:
    number = count(1)
    files = case_files([path])
    if not files:
        hint = "case files end in .yaml, .yml or .json; a table is named itself"
        raise CaseError([Problem(str(path), 0, 0, "C001", "there is no case file in the folder", hint)])
    for file in files:
        found: Sequence[CaseFile | CaseError]
        try:
            found = read_cases(file)
        except CaseError as error:
            if not path.is_dir():
                raise
            found = [error]
        for one in found:
            yield next(number), one, ""


def _in_lines(path: Path) -> Iterator[_Found]:
    for line in lines_of(path):
        if isinstance(line.found, Refused):
            problem = Problem(str(path), line.number, 1, line.found.code, line.found.message, line.found.hint)
            yield line.number, CaseError([problem]), ""
            continue
        try:
            yield line.number, parse_json_case(line.text, str(path)), line.text
        except CaseError as error:
            yield line.number, error, line.text


def _key_at(text: str, column: int) -> str:
    """The fact, or the key of the case, in which a column of a line of JSON lies."""
    documents = parse_json(text, "", Problems("C"))
    root = documents[0].root if documents else None
    name = ""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        parts = value.value if key.value in ("facts", "scope") and isinstance(value, yaml.MappingNode) else []
        for part in (key, *(inner for inner, _ in parts)):
            if part.start_mark.column < column:
                name = str(part.value)
    return name


class Table:
    """The rows of a table; `notes` are what a person should know of how it is read."""

    def __init__(self, path: Path, knowledge: Knowledge, mapping: Path | None, sheet: str | None, as_of: dt.date | None) -> None:
        from dingji.tables.mapping import read_mapping
        from dingji.tables.reader import read_table

        self.table = read_table(path, knowledge, read_mapping(mapping, knowledge) if mapping else None, sheet, as_of)
        self.notes = self.table.notes
        self.group = tuple(name for name, _ in self.table.mapping.group)

    def rows(self) -> Iterator[Read]:
        """Every row, with the header of the column in which its first problem stands."""
        for row in self.table.rows():
            yield Read(row.number, row.case, row.problems, self.table.header(row), row.group)

    def in_columns(self, connection: Any, folder: Path, profile: str | None, worth: int) -> RegisterFile | None:
        """The table in columns; None where it must be read row by row. `folder` is for the database."""
        from dingji.batch.table.columns import FormError, RegisterFile, UnfitError
        from dingji.batch.table.text import texts

        try:
            for text in texts(self.table, folder):
                try:
                    return RegisterFile(self.table, connection, folder, profile, worth, text)
                except FormError:
                    continue
        except UnfitError:
            pass
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
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
