"""The column engine: DuckDB in this process, and statements kept for the plans met so far."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from dingji.batch.register import KEY, ROW, Writer, column_types, files, fits, literal, quoted, read_lines
from dingji.batch.results import GROUP, grouped, single, with_group
from dingji.batch.statement.schema import AS_OF, Schema
from dingji.cases.model import Case
from dingji.errors import CaseError, DingjiError, Problem
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.records import Draft, Record, field

AGAIN = "_again"
"""The column of a file of results that says which rows do not count: they are in doubt or refused, and graded again singly."""
PARQUET = "FORMAT parquet, ROW_GROUP_SIZE 24576"
"""How results are written: each thread keeps a group of rows in memory, and a row with much unknown is kilobytes."""
WORTH = 50
"""So many cases of a kind are worth a statement: fewer are graded one by one sooner than it is compiled."""
Numbered = tuple[int, Case]
"""The number of a row, and its case."""
Texts = Mapping[int, Mapping[str, str]]
"""The number of a row -> the texts of its group columns."""


class Reject(Record, frozen=True):
    """A row that has no grade: its number and key, the column (empty: the whole row), the code and the reason."""

    row: int
    key: str
    column: str
    code: str
    reason: str


class Graded(Draft):
    """What became of some rows: files of results, rows refused, and how many rows were graded one by one."""

    files: list[Path] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    graded: int = 0
    singly: int = 0


def duckdb() -> Any:
    """The module. Raises DingjiError, with the command that brings it, where it is missing."""
    try:
        import duckdb as module
        import sqlglot  # noqa: F401
    except ImportError as error:
        name = str(error.name)
        raise DingjiError([Problem(name, 0, 0, "X004", "registers need a package", "pip install 'dingji[batch]'")]) from None
    return module


def connect(memory: str = "3GB", threads: int | None = None) -> Any:
    """A connection that spills to the disk what does not fit into `memory`."""
    connection = duckdb().connect()
    connection.execute("set enable_progress_bar = false")
    connection.execute(f"set memory_limit = {literal(memory)}")
    connection.execute(f"set threads = {threads or os.cpu_count() or 1}")
    connection.execute("set preserve_insertion_order = false")
    return connection


class Engine:
    """Grades cases in bulk; the plan of each is the one that the single-case path would use."""

    def __init__(self, knowledge: Knowledge, connection: Any, worth: int = WORTH) -> None:
        self.knowledge, self.connection, self.worth = knowledge, connection, worth
        self.statements: dict[Any, str] = {}
        self.unsupported: dict[str, str] = {}
        self.group: tuple[str, ...] = ()
        """The names of the group columns, which pass through."""
        self.says: Callable[[Problem], str] = attrgetter("reason")
        """A problem in the words of the reader of the rejects."""

    def grade(self, cases: Sequence[Numbered], folder: Path, profile: str | None = None, texts: Texts | None = None) -> Graded:
        """Grade cases; results are Parquet files in `folder`."""
        found, texts = Graded(), texts or {}
        kinds: dict[int, tuple[Plan, Knowledge, list[Numbered]]] = {}
        singly: list[Numbered] = []
        for number, case in cases:
            facts = case.facts()
            if not all(map(fits, facts.values())):
                singly.append((number, case))
                continue
            knowledge = under(self.knowledge, profile or case.profile)
            plan = plan_for(knowledge, facts, case.as_of)
            kinds.setdefault(id(plan), (plan, knowledge, []))[2].append((number, case))
        for plan, knowledge, rows in kinds.values():
            if len(rows) < self.worth:
                singly += rows
                continue
            singly += self._by_statement((plan, knowledge), rows, texts, folder, found)
        self._one_by_one(singly, folder, profile, texts, found)
        found.rejects.sort(key=lambda reject: reject.row)
        return found

    def _by_statement(
        self, kind: tuple[Plan, Knowledge], rows: Sequence[Numbered], texts: Texts, folder: Path, found: Graded
    ) -> list[Numbered]:
        """Grade rows of one kind by one statement; what is in doubt, refused or covered by nothing is handed back."""
        plan, knowledge = kind
        if not any(a.instrument.decides for a in plan.applied):
            return list(rows)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".jsonl")
        lines = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            writer = Writer(stream, {fact: definition.type for fact, definition in knowledge.facts.items()})
            for number, case in rows:
                others = {GROUP + name: text for name, text in texts.get(number, {}).items()}
                writer.write(number, case.id, case.as_of, case.facts(), others)
        schema = writer.schema()
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE register AS {read_lines(lines, schema, grouped(self.group))}")
        doubtful = self.grade_register(plan, knowledge, schema, lines.with_suffix(".parquet"), found)
        lines.unlink()
        return [(number, case) for number, case in rows if number in doubtful]

    def grade_register(
        self, plan: Plan, knowledge: Knowledge, schema: Schema, target: Path, found: Graded, source: str = "register"
    ) -> set[int]:
        """Grade the rows of a temporary table into a file, in their order; the numbers of those that are in doubt or refused."""
        # plans come and go; what a statement says depends on its rules and on how the columns are stored
        applied = tuple((a.instrument.id, a.truth) for a in plan.applied)
        rules = tuple(rule.id for rule in plan.rules)
        key = (knowledge.digest, id(knowledge), applied, plan.covered, rules, tuple(column_types(schema).items()), self.group, source)
        if key not in self.statements:
            self.statements[key] = self._statement(plan, schema, source)
        run = self.connection.execute
        columns = ", ".join(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in with_group(self.group).items())
        again = f"doubt OR len(refused) > 0 AS {AGAIN}"
        copy = f"COPY (SELECT {columns}, {again} FROM ({self.statements[key]})) TO {literal(str(target))} ({PARQUET})"
        [(written,)] = run(copy).fetchall()
        doubtful = {row for (row,) in run(f"SELECT {ROW} FROM read_parquet({files(target)}) WHERE {AGAIN}").fetchall()}
        found.files.append(target)
        found.graded += int(written) - len(doubtful)
        return doubtful

    def _statement(self, plan: Plan, schema: Any, source: str) -> str:
        from sqlglot import exp

        from dingji.batch.statement.compiler import compile_plan

        statement = compile_plan(plan, schema, exp.select("*").from_(source), (ROW, KEY, AS_OF, *grouped(self.group)))
        self.unsupported.update(statement.singly)
        return statement.sql()

    def _one_by_one(self, cases: Sequence[Numbered], folder: Path, profile: str | None, texts: Texts, found: Graded) -> None:
        """The single-case path, for rows of which SQL can't say for sure what they come to."""
        rows = []
        for number, case in sorted(cases, key=lambda pair: pair[0]):
            try:
                rows.append(single(number, self.knowledge, case, profile, texts.get(number)))
            except CaseError as error:
                found.rejects += [Reject(number, case.id, "", p.code, self.says(p)) for p in error.problems]
        if rows:
            self.write(rows, folder, found)
            found.graded += len(rows)
            found.singly += len(rows)

    def write(self, rows: list[dict[str, Any]], folder: Path, found: Graded) -> None:
        """Rows of single-case results as a file like the others."""
        handle, name = tempfile.mkstemp(dir=folder, suffix=".jsonl")
        lines = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        target = lines.with_suffix(".parquet")
        columns = ", ".join(f"{quoted(column)}: {literal(kind)}" for column, kind in with_group(self.group).items())
        source = f"SELECT *, FALSE AS {AGAIN} FROM read_json({literal(name)}, format='newline_delimited', columns={{{columns}}})"
        self.connection.execute(f"COPY ({source}) TO {literal(str(target))} (FORMAT parquet)")
        lines.unlink()
        found.files.append(target)
