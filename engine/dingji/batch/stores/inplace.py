"""A register graded where it stands: on an Apache Spark cluster, or in a PostgreSQL database.

One statement grades the rows of each kind of case. What it can't take (cells spelled in an odd way, ids that stand twice, rows in
doubt, rare kinds) is whatever has no grade after that: those rows, and no others, are read and graded one by one. So every row
of the input is graded, refused or left out by a condition, or the run fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

from dingji.batch.engine import WORTH, Reject
from dingji.batch.job import Counts
from dingji.batch.recheck import differences
from dingji.batch.register import KEY, ROW
from dingji.batch.results import grouped, single, with_group
from dingji.batch.statement.compiler import Statement, compile_plan
from dingji.batch.statement.schema import AS_OF
from dingji.batch.statement.where import UNSURE, WANTED, Where
from dingji.batch.table.reading import ODD, UNDER, VALUES, Reading, Source
from dingji.batch.table.typed import Speech
from dingji.cases.model import Case
from dingji.errors import CaseError, DingjiError, EvaluationError, Problem
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge import model as k
from dingji.records import Draft, Record, field, replace
from dingji.tables import model as m
from dingji.tables.cells import CellReader
from dingji.tables.headers import map_headers
from dingji.tables.rows import RowReader

TWICE, KIND, READ, LEFT_OUT = "_twice", "_kind", "_facts_read", "_left_out"
TOGETHER = 5_000
"""Rows graded one by one that are written together."""


class Store(Source, Protocol):
    """Where a register stands and its result goes. Nothing is to be seen of the result before the store's `finish`."""

    def keep(self, name: str, query: str) -> None:
        """A name for the rows of a query, which are reckoned once."""

    def begin(self, columns: Mapping[str, str]) -> None:
        """An empty result: its columns, and their types in the words of DuckDB."""

    def insert(self, query: str) -> None:
        """Write the rows of a query to the result."""

    def append(self, rows: list[dict[str, Any]]) -> None:
        """Write some rows to the result."""

    def graded(self) -> str:
        """What is written so far, as a relation."""

    def share(self) -> float:
        """The share that is done of what runs at the moment, as far as the store can tell."""


class Planned(Record, frozen=True):
    """A plan that enough rows need: the condition under which a row needs it, and how many do."""

    plan: Plan
    knowledge: k.Knowledge
    condition: str
    rows: int


class Register(Draft):
    """A register in a store, with the mapping of its columns. Rows for which `where` is not true are left out."""

    store: Store
    knowledge: k.Knowledge
    mapping: m.Mapping
    profile: str | None = None
    worth: int = WORTH
    where: Where | None = None
    sample: int = 0
    singly: dict[str, str] = field(default_factory=dict)
    """Rules that the statements can't express, and why."""
    says: Callable[[Problem], str] = attrgetter("reason")
    """A problem in the words of the reader of the rejects."""
    sampled: int = 0
    """Rows that were graded again."""
    total: int = 0
    running: int = 0
    """Rows that the statement grades which runs at the moment."""
    reading: Reading | None = None

    @staticmethod
    def of(store: Store, knowledge: k.Knowledge, mapping: m.Mapping | None, as_of: dt.date | None, profile: str | None) -> Register:
        """A register; without a mapping its columns are names of facts or their labels."""
        if profile is not None:
            under(knowledge, profile)  # there is such a profile
        if mapping is None:
            mapping, _ = map_headers(Path(store.place), tuple(store.kinds), 0, knowledge)
        if mapping.as_of is None and as_of is not None:
            mapping = replace(mapping, as_of=m.Constant(AS_OF, as_of))
        problems = [
            Problem(store.place, 0, 0, "C062", f"{store.place} has no column {header!r}", "columns: " + ", ".join(list(store.kinds)[:12]))
            for header in sorted({column.header for column in mapping.columns} - set(store.kinds))
        ]
        for name, given in ((m.SUBJECT, mapping.subject), (AS_OF, mapping.as_of)):
            if given is None:
                problems.append(Problem(store.place, 0, 0, "C007", f"the table does not say {name}", "a column or a mapping says it"))
        if problems:
            raise CaseError(problems)
        return Register(store, knowledge, mapping, profile)

    @property
    def speech(self) -> Speech:
        """How the store says things."""
        return Speech(self.store.dialect)

    @property
    def group(self) -> tuple[str, ...]:
        """The names of the group columns."""
        return tuple(name for name, _ in self.mapping.group)

    # --- the rows that a statement may grade

    def prepare(self) -> Reading:
        """Make the views of the values, of the rows that stand for themselves, and of those that are left out."""
        if self.reading is not None:
            return self.reading
        self.reading = reading = Reading(self.store, self.knowledge, self.mapping)
        reading.make()
        whole = f"CASE WHEN {ODD} OR COUNT(*) OVER (PARTITION BY {KEY}) > 1 THEN TRUE ELSE FALSE END"
        self.store.view(READ, f"SELECT *, {whole if self.mapping.case else ODD} AS {TWICE} FROM {VALUES}")
        if self.where is not None:
            query = self.where.query(reading.schema, READ, (*reading.columns, TWICE), self.store.dialect)
            self.store.view("_asked", query)
            self.store.keep(LEFT_OUT, f"SELECT {ROW} FROM _asked WHERE NOT {TWICE} AND NOT {WANTED} AND NOT {UNSURE}")
        return reading

    def _clear(self) -> str:
        """The rows that need no row reader, and are not left out."""
        if self.where is None:
            return f"{READ} WHERE NOT {TWICE}"
        return f"_asked WHERE NOT {TWICE} AND {WANTED} AND NOT {UNSURE}"

    def plans(self) -> list[Planned]:
        """The plans that enough rows need."""
        reading = self.prepare()
        bases = {one: under(self.knowledge, self.profile or one) for one in self._profiles()}
        names = sorted({name for base in bases.values() for name in base.index if name in reading.schema})
        days = sorted({day for base in bases.values() for i in base.instruments.values() for day in _edges(i.in_force)})
        later = " + ".join(f"CASE WHEN {AS_OF} >= {self.speech.constant(day)} THEN 1 ELSE 0 END" for day in days) or "0"
        parts = [UNDER, *map(self.speech.name, names)]
        key = " || '|' || ".join(
            [f"CAST({later} AS {self.speech.text})", *(f"COALESCE(CAST({x} AS {self.speech.text}), '')" for x in parts)]
        )
        self.store.keep(KIND, f"SELECT *, {key} AS {KIND} FROM {self._clear()}")
        listed = ", ".join(parts)
        ask = f"SELECT {KIND}, MIN({AS_OF}), COUNT(*), {listed} FROM {KIND} GROUP BY {KIND}, {listed}"
        kinds: dict[int, tuple[Plan, k.Knowledge, list[str], int]] = {}
        for text, day, many, profile, *stated in self.store.rows(ask):
            facts = {name: value for name, value in zip(names, stated, strict=True) if value is not None}
            plan = plan_for(bases[profile], facts, day)
            own = kinds.get(id(plan), (plan, bases[profile], [], 0))
            kinds[id(plan)] = (*own[:2], [*own[2], text], own[3] + many)
        return [
            Planned(plan, base, f"{KIND} IN ({', '.join(map(self.speech.string, texts))})", many)
            for plan, base, texts, many in kinds.values()
            if many >= self.worth and any(a.instrument.decides for a in plan.applied)
        ]

    def _profiles(self) -> list[str | None]:
        """The profiles that the table names; None where it names none."""
        given = self.mapping.profile
        if isinstance(given, m.Column):
            return [one for (one,) in self.store.rows(f"SELECT DISTINCT {UNDER} FROM {self._clear()}")]
        return [None if given is None else given.value]

    def statement(self, planned: Planned, number: int) -> Statement:
        """The statement for the rows of a kind."""
        from sqlglot import exp

        view = f"_register_{number}"
        self.store.view(view, f"SELECT * FROM {KIND} WHERE {planned.condition}")
        found = compile_plan(planned.plan, self.prepare().schema, exp.select("*").from_(view), (ROW, KEY, AS_OF, *grouped(self.group)))
        self.singly.update(found.singly)
        return found

    # --- the run

    def run(self, tell: Callable[[Counts], None] = lambda counts: None) -> tuple[Counts, list[Reject]]:
        """Grade every row. `tell` is told how many rows are done. Raises EvaluationError if a sampled row differs (X007)."""
        self.total = self._count(self.store.source)
        self.store.begin(with_group(self.group))
        self.prepare()
        done = Counts()
        for number, planned in enumerate(self.plans()):
            found = self.statement(planned, number)
            if not found.singly:
                self.running = planned.rows
                self.store.insert(found.sql(self.store.dialect))
                done.read, self.running = done.read + planned.rows, 0
            tell(done)
        counts = Counts(self.total, self._count(self.store.graded()))
        counts.left_out = self._count(LEFT_OUT) if self.where is not None else 0
        rejects = self._rest(counts, tell)
        counts.refused = len({reject.row for reject in rejects})
        written = self._count(self.store.graded())
        if written != counts.graded or counts.graded + counts.refused + counts.left_out != self.total:
            message = f"{self.total} rows read, {written} written, {counts.refused} refused, {counts.left_out} left out: they do not add up"
            raise EvaluationError([Problem(self.store.place, 0, 0, "X006", message, "no output is written; please report this")])
        self._check({reject.row for reject in rejects})
        return counts, rejects

    def _count(self, relation: str) -> int:
        return int(next(iter(self.store.rows(f"SELECT COUNT(*) FROM {relation}")))[0])

    def _read(self, condition: str, order: str = "ORDER BY 1") -> Iterator[m.Row]:
        """Rows of the input as cases, or why they are none."""
        headers = list(self.store.kinds)
        names = "".join(f", s.{self.speech.name(header)}" for header in headers)
        find = {header: index for index, header in enumerate(headers)}
        reader = RowReader(Path(self.store.place), self.knowledge, self.mapping, find, lambda column: CellReader(column, column.name))
        try:
            for row in self.store.rows(f"SELECT s.{ROW}{names} FROM {self.store.source} AS s WHERE {condition} {order}"):
                yield reader.row(row[0], row[1:])
        finally:
            reader.close()

    def _lacking(self, relation: str) -> str:
        return f"NOT EXISTS (SELECT 1 FROM {relation} AS g WHERE g.{ROW} = s.{ROW})"

    def _rest(self, counts: Counts, tell: Callable[[Counts], None]) -> list[Reject]:
        """Everything that has no grade yet and is not left out, row by row."""
        condition = self._lacking(self.store.graded())
        if self.where is not None:
            condition += f" AND {self._lacking(LEFT_OUT)}"
        rejects: list[Reject] = []
        rows = self._read(condition)
        seen = Counts(counts.graded + counts.left_out)
        while batch := list(islice(rows, TOGETHER)):
            done = [found for row in batch if (found := self._one(row, counts, rejects)) is not None]
            if done:
                self.store.append(done)
            counts.graded += len(done)
            counts.singly += len(done)
            seen.read += len(batch)
            tell(seen)
        return rejects

    def _one(self, row: m.Row, counts: Counts, rejects: list[Reject]) -> dict[str, Any] | None:
        if row.case is None:
            headers, index = list(self.store.kinds), row.problems[0].column - 1
            column = headers[index] if 0 <= index < len(headers) else ""
            rejects += [Reject(row.number, "", column, p.code, self.says(p)) for p in row.problems]
            return None
        if self.where is not None and not self.where(row.case):
            counts.left_out += 1
            return None
        try:
            return single(row.number, self.knowledge, row.case, self.profile, row.group)
        except CaseError as error:
            rejects += [Reject(row.number, row.case.id, "", p.code, self.says(p)) for p in error.problems]
            return None

    # --- single rows

    def _check(self, refused: set[int]) -> None:
        """Grade random rows again, one by one."""
        if not self.sample:
            return
        # an id that stands twice is an error of the second row alone, which by itself looks like a case
        order = f"ORDER BY MD5(CONCAT('row ', CAST(s.{ROW} AS {self.speech.text}))) LIMIT {self.sample + 2 * len(refused)}"
        left = "TRUE" if self.where is None else self._lacking(LEFT_OUT)
        drawn = [row for row in self._read(left, order) if row.number not in refused][: self.sample]
        cases = {row.number: (row.case, row.group) for row in drawn if row.case is not None}
        wanted = {number: one for number, one in cases.items() if self.where is None or self.where(one[0])}
        self.sampled = len(cases)
        columns = list(with_group(self.group))
        names = ", ".join(map(self.speech.name, columns))
        numbers = ", ".join(map(str, cases)) or "NULL"
        found = self.store.rows(f"SELECT {names} FROM {self.store.graded()} WHERE {ROW} IN ({numbers})")
        graded = {row[0]: dict(zip(columns, row, strict=True)) for row in found}
        problems = differences(self.store.place, self.knowledge, self.profile, wanted, graded)
        if problems:
            raise EvaluationError(problems)

    def find(self, key: str) -> Case:
        """The case of a row, by its id. Raises CaseError if there is none, with what is wrong with the row if it is no case."""
        value, odd = Reading(self.store, self.knowledge, self.mapping).key()
        for row in self._read(f"({value}) = {self.speech.string(key)}"):
            if row.case is None:
                raise CaseError(row.problems)
            return row.case
        for row in self._read(odd):
            if row.case is not None and row.case.id == key:
                return row.case
        raise CaseError([Problem(self.store.place, 0, 0, "C012", f"there is no case {key!r} in the table", "--row wants the id of a case")])


def _edges(span: k.InForce) -> Iterator[dt.date]:
    """The days from which an instrument may apply, or may no longer apply."""
    for text, later in ((span.start, 0), (span.end, 1)):
        if len(text) == 4:
            yield from (dt.date(int(text), 1, 1), dt.date(int(text) + 1, 1, 1))
        elif text:
            yield dt.date.fromisoformat(text) + dt.timedelta(days=later)


def lacks(package: str, extra: str) -> DingjiError:
    """The error that names what to install."""
    return DingjiError([Problem(package, 0, 0, "X004", "registers need a package", f"pip install 'dingji[{extra}]'")])


def write_rejects(path: Path, rejects: list[Reject]) -> None:
    """The file of the rows that have no grade; none where all have one."""
    from dingji.tables.writing import write_csv

    if not rejects:
        path.unlink(missing_ok=True)
        return
    names = Reject.__struct_fields__
    write_csv(path, list(names), ([getattr(reject, name) for name in names] for reject in rejects))
