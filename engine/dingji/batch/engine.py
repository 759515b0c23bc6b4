"""The column engine: DuckDB in this process, and statements kept for the plans met so far."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dingji.batch.register import KEY, ROW, Writer, column_types, fits, literal, quoted, read_lines
from dingji.batch.results import COLUMNS, plain
from dingji.batch.schema import AS_OF, Schema
from dingji.cases.model import Case
from dingji.errors import CaseError, DingjiError, Problem
from dingji.grading import grade, under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.records import Draft, Record, field

WORTH = 50
"""So many cases of a kind are worth a statement: fewer are graded one by one sooner than it is compiled."""
Numbered = tuple[int, Case]
"""The number of a row, and its case."""


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

    def grade(self, cases: Sequence[Numbered], folder: Path, profile: str | None = None) -> Graded:
        """Grade cases; results are Parquet files in `folder`."""
        found = Graded()
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
            singly += self._by_statement(plan, knowledge, rows, folder, found)
        self._one_by_one(singly, folder, profile, found)
        found.rejects.sort(key=lambda reject: reject.row)
        return found

    def _by_statement(self, plan: Plan, knowledge: Knowledge, rows: Sequence[Numbered], folder: Path, found: Graded) -> list[Numbered]:
        """Grade rows of one kind by one statement; what is in doubt, refused or covered by nothing is handed back."""
        if not any(a.instrument.decides for a in plan.applied):
            return list(rows)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".jsonl")
        lines = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            writer = Writer(stream, {fact: definition.type for fact, definition in knowledge.facts.items()})
            for number, case in rows:
                writer.write(number, case.id, case.as_of, case.facts())
        schema = writer.schema()
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE register AS {read_lines(lines, schema)}")
        doubtful = self.grade_register(plan, knowledge, schema, lines.with_suffix(".parquet"), found)
        lines.unlink()
        return [(number, case) for number, case in rows if number in doubtful]

    def grade_register(self, plan: Plan, knowledge: Knowledge, schema: Schema, target: Path, found: Graded) -> set[int]:
        """Grade the rows of the temporary table `register` into a file; the numbers of those that are in doubt or refused."""
        # plans come and go; what a statement says depends on its rules and on how the columns are stored
        applied = tuple((a.instrument.id, a.truth) for a in plan.applied)
        rules = tuple(rule.id for rule in plan.rules)
        key = (knowledge.digest, id(knowledge), applied, plan.covered, rules, tuple(column_types(schema).items()))
        if key not in self.statements:
            self.statements[key] = self._statement(plan, schema)
        run = self.connection.execute
        run(f"CREATE OR REPLACE TEMP TABLE graded AS {self.statements[key]}")
        doubtful = {row for (row,) in run(f"SELECT {ROW} FROM graded WHERE doubt OR len(refused) > 0").fetchall()}
        columns = ", ".join(f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in COLUMNS.items())
        copy = f"COPY (SELECT {columns} FROM graded WHERE NOT doubt AND len(refused) = 0) TO {literal(str(target))} (FORMAT parquet)"
        [(written,)] = run(copy).fetchall()
        found.files.append(target)
        found.graded += int(written)
        return doubtful

    def _statement(self, plan: Plan, schema: Any) -> str:
        from sqlglot import exp

        from dingji.batch.compiler import compile_plan

        statement = compile_plan(plan, schema, exp.select("*").from_("register"), (ROW, KEY, AS_OF))
        self.unsupported.update(statement.singly)
        return statement.sql()

    def _one_by_one(self, cases: Sequence[Numbered], folder: Path, profile: str | None, found: Graded) -> None:
        """The single-case path, for rows of which SQL can't say for sure what they come to."""
        rows = []
        for number, case in sorted(cases, key=lambda pair: pair[0]):
            try:
                rows.append(plain(number, grade(self.knowledge, case, profile=profile)))
            except CaseError as error:
                found.rejects += [Reject(number, case.id, "", p.code, p.message) for p in error.problems]
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
        columns = ", ".join(f"{quoted(column)}: {literal(kind)}" for column, kind in COLUMNS.items())
        source = f"SELECT * FROM read_json({literal(name)}, format='newline_delimited', columns={{{columns}}})"
        self.connection.execute(f"COPY ({source}) TO {literal(str(target))} (FORMAT parquet)")
        lines.unlink()
        found.files.append(target)
