"""From the rows of a table to cases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from dingji.cases import model as cases
from dingji.cases.opinions import read_opinions
from dingji.cases.shapes import CASE, SURVEY
from dingji.cases.values import Values, dated, with_ranges
from dingji.documents import Document, Problems
from dingji.errors import Problem
from dingji.knowledge.model import FactDefinition, Knowledge, Place, Words
from dingji.language.values import Records
from dingji.records import Record, replace
from dingji.shapes import Reader, Shape
from dingji.tables.cells import BLANK, CellReader, text_of
from dingji.tables.model import AS_OF, SUBJECT, Column, Constant, Given, ListColumns, Mapping, Row

LONGEST_ID = 200
_TAG = "tag:yaml.org,2002:"
_ASKED = Shape("asked", {key: CASE.keys[key] for key in ("survey", "opinions")})


class Keys:
    """The ids seen so far, on the disk where they are many: memory does not grow with the rows."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        for step in ("pragma journal_mode = off", "pragma synchronous = off", "pragma cache_size = -16000"):
            self._store.execute(step)
        self._store.execute("create table keys (id text primary key, row integer) without rowid")
        self._store.execute("begin")

    def first(self, id: str, row: int) -> int:
        """The row in which an id stood first: this one, if it is new."""
        try:
            self._store.execute("insert into keys values (?, ?)", (id, row))
        except sqlite3.IntegrityError:
            return int(self._store.execute("select row from keys where id = ?", (id,)).fetchone()[0])
        return row

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()


class _Where(Record, frozen=True):
    """The place of a column and its reader; without a reader, what holds for every row (BLANK: nothing does)."""

    index: int
    reader: CellReader | None
    constant: Any = BLANK


class _List(Record, frozen=True):
    """A list fact: for each record the columns of its fields."""

    fact: FactDefinition
    groups: tuple[tuple[tuple[str, _Where], ...], ...]
    count: _Where
    whole: int
    header: str
    complete: bool

    @property
    def index(self) -> int:
        """The column that stands for the fact in messages."""
        return next((where.index for group in self.groups for _, where in group), max(self.whole, self.count.index))


class _Line:
    """A row while it is read."""

    __slots__ = ("cells", "file", "number", "problems")

    def __init__(self, file: str, number: int, cells: Sequence[Any]) -> None:
        self.file, self.number, self.cells, self.problems = file, number, cells, list[Problem]()

    def read(self, where: _Where) -> Any:
        """The value of a column or constant, BLANK where nothing is said; problems are kept."""
        if where.reader is None:
            return where.constant
        index = where.index
        value, found = where.reader.read(self.cells[index] if index < len(self.cells) else None)
        if found:
            self.put(found, index)
        return value

    def put(self, found: Sequence[Problem], index: int) -> None:
        """Problems of a cell, with their place."""
        self.problems += [replace(problem, file=self.file, line=self.number, column=index + 1) for problem in found]

    def report(self, index: int, code: str, message: str, hint: str) -> None:
        """A problem of a cell; of the whole row if the index is -1."""
        self.problems.append(Problem(self.file, self.number, max(index, 0) + 1, code, message, hint))

    def place(self, index: int) -> Place:
        return Place(self.file, self.number, max(index, 0) + 1)


class RowReader:
    """Makes rows of cells into cases. `find` gives the index of a header, `make` a reader for a column."""

    def __init__(
        self, path: Path, knowledge: Knowledge, mapping: Mapping, find: dict[str, int], make: Callable[[Column], CellReader]
    ) -> None:
        self.file, self.knowledge, self.mapping = str(path), knowledge, mapping
        self._find, self._make, self._keys = find, make, Keys()
        self._facts = [(self._where(column), column.name) for column in mapping.facts]
        self._constants = {one.name: cases.Statement(one.name, one.value, place=one.place) for one in mapping.constants}
        self._lists = [self._list(one) for one in mapping.lists]
        self._opinions = [(self._where(one.column), one) for one in mapping.opinions]
        self._group = [(name, self._where(given)) for name, given in mapping.group]
        self._case, self._title = self._where(mapping.case), self._where(mapping.title)
        self._subject, self._as_of, self._profile = (self._where(one) for one in (mapping.subject, mapping.as_of, mapping.profile))
        self._official = self._where(mapping.official.given if mapping.official else None)

    def close(self) -> None:
        """Let go of the ids seen."""
        self._keys.close()

    def _where(self, given: Given) -> _Where:
        if isinstance(given, Column):
            return _Where(self._find[given.header], self._make(given))
        return _Where(-1, None, given.value if isinstance(given, Constant) else BLANK)

    def _list(self, one: ListColumns) -> _List:
        groups = tuple(tuple((column.name.partition(".")[2], self._where(column)) for column in record) for record in one.records)
        header = one.whole.header if one.whole else ""
        whole = self._find[header] if one.whole else -1
        return _List(self.knowledge.facts[one.fact], groups, self._where(one.count), whole, header, one.complete)

    def row(self, number: int, cells: Sequence[Any]) -> Row:
        """The case of a row, or every problem of its cells."""
        line = _Line(self.file, number, cells)
        statements = self._statements(line)
        day = self._needed(line, self._as_of, AS_OF, "the day of the facts is not known")
        subject = self._needed(line, self._subject, SUBJECT, "what is graded is not known")
        id = self._id(line)
        title, profile, grade = (_said(line.read(where)) for where in (self._title, self._profile, self._official))
        survey, opinions, told = self._asked(line)
        group = {name: _said(line.read(where)) or "" for name, where in self._group}
        if line.problems:
            return Row(number, None, tuple(line.problems), grade, group)
        statements[SUBJECT] = cases.Statement(SUBJECT, subject, place=line.place(self._subject.index))
        statements.update(dated(self.knowledge, statements, day))
        case = cases.Case(
            id=id,
            subject=subject,
            title=Words(title or id, title or id),
            as_of=day,
            statements=statements,
            opinions=opinions,
            expectation=None,
            note="",
            place=line.place(self._case.index),
            profile=profile,
            survey=survey,
            told=told,
            official=cases.Official(self.mapping.official.scale, grade) if grade and self.mapping.official else None,
        )
        return Row(number, case, (), grade, group)

    def _statements(self, line: _Line) -> dict[str, cases.Statement]:
        statements = dict(self._constants)
        for where, name in self._facts:
            value = line.read(where)
            if value is not BLANK:
                place = Place(line.file, line.number, where.index + 1)
                statements[name] = cases.Statement(name, value, "", None, (), (), "", place)
        for one in self._lists:
            value = _records(line, one) if one.whole < 0 else _whole(line, one)
            if value is not BLANK:
                statements[one.fact.name] = cases.Statement(one.fact.name, value, place=line.place(one.index))
        return statements

    def _asked(self, line: _Line) -> tuple[cases.Survey | None, tuple[cases.Opinion, ...], dict[str, Any]]:
        """The survey of a row, its opinions and what they tell, read as those of a case file."""
        given = [(where.index, one, grade) for where, one in self._opinions if (grade := _said(line.read(where)))]
        asked = self.mapping.survey
        if not given or asked is None:
            return None, (), {}
        opinions = [_node({"rater": one.rater, "round": one.round, "grade": grade}, line.number, index) for index, one, grade in given]
        survey = _node({name: value for name in SURVEY.keys if (value := getattr(asked, name))})
        entries = [
            (_node("survey"), survey),
            (_node("opinions"), yaml.SequenceNode(_TAG + "seq", opinions, survey.start_mark, survey.end_mark)),
        ]
        problems = Problems("C")
        node = yaml.MappingNode(_TAG + "map", entries, survey.start_mark, survey.end_mark)
        reader = Reader(Document(line.file, "", node), problems)
        section = _ASKED.read(node, reader)
        found = read_opinions(section, self.knowledge, reader) if section is not None else (None, (), {})
        line.problems += problems.found
        return found

    def _needed(self, line: _Line, where: _Where, name: str, message: str) -> Any:
        before = len(line.problems)
        value = _said(line.read(where))
        if value is None and len(line.problems) == before:
            line.report(where.index, "C007", f"{name}: {message}", "it picks the instruments")
        return value

    def _id(self, line: _Line) -> str:
        if self._case.reader is None:
            return f"row-{line.number}"
        before = len(line.problems)
        id = _said(line.read(self._case)) or ""
        if len(line.problems) > before:
            return ""
        hint = f"an id that stands once in the table, of at most {LONGEST_ID} characters"
        if not id or len(id) > LONGEST_ID:
            line.report(self._case.index, "C067", f"the id has {len(id)} characters" if id else "the case has no id", hint)
            return ""
        first = self._keys.first(id, line.number)
        if first != line.number:
            line.report(self._case.index, "C067", f"the id {id!r} stands in row {first} already", hint)
        return str(id)


def _said(value: Any) -> Any:
    """A value; None if it is blank or unknown."""
    return None if value is BLANK else value


def _records(line: _Line, one: _List) -> Any:
    """The records of a row; BLANK if it says nothing of them."""
    items = []
    for group in one.groups:
        said = {field: line.read(where) for field, where in group}
        if any(value is not BLANK for value in said.values()):
            items.append(with_ranges(one.fact, {field: value for field, value in said.items() if value is not BLANK and value is not None}))
    total = _said(line.read(one.count))
    if total is not None and total < len(items):
        message = f"{one.fact.name}: {total} stands as the number of records, but {len(items)} follow"
        line.report(one.count.index, "C021", message, "count them again")
    if not items and total is None:
        return BLANK
    return Records(tuple(items), one.complete if total is None else total == len(items))


def _whole(line: _Line, one: _List) -> Any:
    """A list that stands in one cell: as such in JSON lines and Parquet, as JSON text elsewhere."""
    raw = line.cells[one.whole] if one.whole < len(line.cells) else None
    if isinstance(raw, str) and raw.strip():
        try:
            raw = json.loads(raw, parse_float=Decimal)
        except ValueError:
            raw = raw.strip()
    if raw is None or raw == "":
        return BLANK
    found = Problems("C")
    node = _node(raw)
    value = Values(Reader(Document("", "", node), found)).of(one.fact, node)
    line.put([replace(problem, message=f"column {one.header!r}: {problem.message}") for problem in found.found], one.whole)
    return value


def _node(value: Any, row: int = 1, index: int = 0) -> yaml.Node:
    """A value of JSON or Parquet as the node of a case file, which stands in a row and a column."""
    mark = yaml.Mark("", 0, row - 1, index, "", 0)
    if isinstance(value, dict):
        said = [(key, one) for key, one in value.items() if one is not None]
        entries: list[tuple[yaml.Node, yaml.Node]] = [(_node(str(key), row, index), _node(one, row, index)) for key, one in said]
        return yaml.MappingNode(_TAG + "map", entries, mark, mark)
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(_TAG + "seq", [_node(one, row, index) for one in value], mark, mark)
    style = '"' if isinstance(value, str) and value != "unknown" else None
    return yaml.ScalarNode(_TAG + "str", "unknown" if value is None else text_of(value), mark, mark, style=style)
