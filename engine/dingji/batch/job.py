"""A register from its file to the file of its grades: in chunks, each whole or not at all, so that a killed run can go on.

The chunks stand in a folder beside the output until the end. Every row of the input is counted: graded, refused or left out.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from dingji.batch.engine import Engine, Graded, Reject
from dingji.batch.register import ROW, literal
from dingji.batch.results import COLUMNS, comparable, plain
from dingji.cases.model import Case
from dingji.errors import CaseError, DingjiError, EvaluationError, Problem
from dingji.grading import grade
from dingji.knowledge.model import Knowledge
from dingji.records import Draft, Record, field

CHUNK = 20_000
"""Rows that are read, graded and written together."""


class Read(Record, frozen=True):
    """A row of the input: its case, or why it is none."""

    number: int
    case: Case | None
    problems: tuple[Problem, ...] = ()
    column: str = ""


class Counts(Draft):
    """What became of the rows of the input."""

    read: int = 0
    graded: int = 0
    singly: int = 0
    refused: int = 0
    left_out: int = 0

    def add(self, other: Counts) -> None:
        """Count the rows of a chunk."""
        for name in ("read", "graded", "singly", "refused", "left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Job(Draft):
    """One run over a register. `where`, if given, says of a case whether it is to be graded."""

    knowledge: Knowledge
    engine: Engine
    output: Path
    signature: str
    """What the run depends on: a run can go on only where this is the same."""
    profile: str | None = None
    where: Callable[[Case], bool] | None = None
    sample: int = 0
    resume: bool = False
    chunk: int = CHUNK
    seed: int = 0
    counts: Counts = field(default_factory=Counts)
    sampled: list[tuple[int, Case]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the chunks stand until the end."""
        return self.output.parent / f".{self.output.name}.work"

    @property
    def scratch(self) -> Path:
        """Where a table stands while it is graded; it is made anew by a run that goes on."""
        return self.output.parent / f".{self.output.name}.table"

    @property
    def rejects(self) -> Path:
        """The file of the rows that have no grade."""
        return self.output.with_name(f"{self.output.stem}.rejects.csv")

    def run(self, rows: Iterator[Read], tell: Callable[[Counts], None] = lambda counts: None) -> Counts:
        """Grade the rows and write the output. Raises EvaluationError (X007) if a sampled row differs from the single-case path."""
        self._prepare()
        draw = random.Random(self.seed)
        number = 0
        while batch := list(islice(rows, self.chunk)):
            done = self.folder / f"{number:06d}.json"
            self._sample(batch, draw)
            counts = finished(done) if done.exists() else self._chunk(batch, done)
            self.counts.add(counts)
            tell(self.counts)
            number += 1
        self._finish()
        return self.counts

    def _prepare(self) -> None:
        mark = self.folder / "run.json"
        if self.resume and mark.exists():
            if json.loads(mark.read_text(encoding="utf-8")) != {"signature": self.signature, "chunk": self.chunk}:
                message = "the input, the knowledge or the options changed since the run that was broken off"
                raise DingjiError([Problem(str(self.folder), 0, 0, "X008", message, "run without --resume")])
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        mark.write_text(json.dumps({"signature": self.signature, "chunk": self.chunk}), encoding="utf-8")

    def _sample(self, batch: list[Read], draw: random.Random) -> None:
        """Rows to be graded again, each with the same chance (reservoir sampling)."""
        for read in batch:
            if not self.sample or read.case is None or not self._wanted(read.case):
                continue
            seen = self.seen = self.seen + 1
            if len(self.sampled) < self.sample:
                self.sampled.append((read.number, read.case))
            elif (place := draw.randrange(seen)) < self.sample:
                self.sampled[place] = (read.number, read.case)

    seen: int = 0

    def _wanted(self, case: Case) -> bool:
        return self.where is None or self.where(case)

    def _chunk(self, batch: list[Read], done: Path) -> Counts:
        """Grade a chunk; its files count once `done` stands."""
        place = done.with_suffix("")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        cases = [(read.number, read.case) for read in batch if read.case is not None and self._wanted(read.case)]
        refused = [Reject(read.number, "", read.column, p.code, p.message) for read in batch if read.case is None for p in read.problems]
        found: Graded = self.engine.grade(cases, place, self.profile)
        refused += found.rejects
        bad = {reject.row for reject in refused}
        left_out = sum(read.case is not None for read in batch) - len(cases)
        counts = Counts(len(batch), found.graded, found.singly, len(bad), left_out)
        self._done(done, counts, refused)
        return counts

    def _done(self, done: Path, counts: Counts, refused: list[Reject]) -> None:
        """The rows of a chunk in one file, in order, and `done`, which says that they are all there."""
        if any(done.with_suffix("").glob("*.parquet")):
            parts = f"read_parquet({literal(str(done.with_suffix('') / '*.parquet'))})"
            target = literal(str(done.with_suffix(".parquet")))
            self.engine.connection.execute(f"COPY (SELECT * FROM {parts} ORDER BY {ROW}) TO {target} (FORMAT parquet)")
        shutil.rmtree(done.with_suffix(""), ignore_errors=True)
        content = {"counts": {name: getattr(counts, name) for name in counts.__struct_fields__}, "rejects": [_plain(r) for r in refused]}
        temporary = done.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        temporary.replace(done)

    def _finish(self) -> None:
        counts, run = self.counts, self.engine.connection.execute
        self._source = self._view()
        written = run(f"SELECT count(*) FROM {self._source}").fetchone()[0]
        if written != counts.graded or counts.graded + counts.refused + counts.left_out != counts.read:
            message = (
                f"{counts.read} rows read, {written} written, {counts.refused} refused, {counts.left_out} left out: they do not add up"
            )
            raise EvaluationError([Problem(str(self.output), 0, 0, "X006", message, "no output is written; please report this")])
        self._check()
        write(self.engine.connection, self._source, self.output)
        self._write_rejects()
        shutil.rmtree(self.folder, ignore_errors=True)

    _source: str = ""

    def _view(self) -> str:
        files = sorted(path for path in self.folder.glob("*.parquet") if path.with_suffix(".json").exists())
        if not files:
            typed = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in COLUMNS.items())
            return f"(SELECT {typed} WHERE FALSE)"
        return f"read_parquet([{', '.join(literal(str(path)) for path in files)}])"

    def _check(self) -> None:
        """Grade the sampled rows again, one by one."""
        cases = dict(self.sampled)
        if not cases:
            return
        numbers = ", ".join(map(str, cases))
        cursor = self.engine.connection.execute(f"SELECT * FROM {self._source} WHERE _row IN ({numbers})")
        names = [column[0] for column in cursor.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        problems = []
        for number, case in sorted(cases.items()):
            try:
                wanted = comparable(plain(number, grade(self.knowledge, case, profile=self.profile)))
            except CaseError:
                wanted = None
            got = comparable(rows[number]) if number in rows else None
            if wanted != got:
                parts = sorted(name for name in (wanted or got or {}) if (wanted or {}).get(name) != (got or {}).get(name))
                message = f"row {number} ({case.id}) differs from the single-case path in {', '.join(parts)}"
                problems.append(Problem(str(self.output), 0, 0, "X007", message, "no output is written; please report this with the row"))
        if problems:
            raise EvaluationError(problems)

    def _write_rejects(self) -> None:
        from dingji.tables.writing import write_csv

        if not self.counts.refused:
            self.rejects.unlink(missing_ok=True)
            return
        files = sorted(self.folder.glob("*.json"))

        def rows() -> Iterator[list[Any]]:
            for path in files:
                if path.name != "run.json":
                    for reject in json.loads(path.read_text(encoding="utf-8"))["rejects"]:
                        yield [reject[name] for name in Reject.__struct_fields__]

        write_csv(self.rejects, list(Reject.__struct_fields__), rows())


def finished(done: Path) -> Counts:
    """The counts of a chunk that an earlier run finished."""
    return Counts(**json.loads(done.read_text(encoding="utf-8"))["counts"])


def _plain(reject: Reject) -> dict[str, Any]:
    return {name: getattr(reject, name) for name in reject.__struct_fields__}


LISTED = ("reachable", "flags")


def write(connection: Any, source: str, output: Path) -> None:
    """The rows of a result, in the order of `source`, as the kind of file that the name of `output` says; whole or not at all."""
    from dingji.tables.writing import whole, write_csv, write_xlsx

    query = f"SELECT * FROM {source}"
    suffix = output.suffix.lower()
    connection.execute("set preserve_insertion_order = true")
    if suffix == ".parquet" or suffix in (".jsonl", ".ndjson"):
        form = "parquet" if suffix == ".parquet" else "json"
        with whole(output) as made:
            connection.execute(f"COPY ({query}) TO {literal(str(made))} (FORMAT {form})")
        return
    cursor = connection.cursor().execute(query)
    header = [name.removeprefix("_") for name in COLUMNS]
    if suffix == ".csv":
        write_csv(output, header, _flat(cursor))
    else:
        write_xlsx(output, [("grades", header, _flat(cursor))])


def _flat(cursor: Any) -> Iterator[list[Any]]:
    """Rows with lists as text."""
    while rows := cursor.fetchmany(1000):
        for row in rows:
            found = dict(zip(COLUMNS, row, strict=True))
            for name in LISTED:
                found[name] = " ".join(found[name] or ())
            found["findings"] = "; ".join(map(_finding, found["findings"]))
            found["duties"] = "; ".join(d["id"] + (f" {d['due']}" if d["due"] else "") for d in found["duties"])
            yield list(found.values())


def _finding(finding: dict[str, Any]) -> str:
    said = f"{finding['instrument']}: {finding['grade'] or finding['status']}"
    rules = [f"{name} {' '.join(finding[name])}" for name in ("fired", "undecided") if finding[name]]
    return said + (f" ({', '.join(rules)})" if rules else "")


SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".csv", ".xlsx")
"""The kinds of output."""
