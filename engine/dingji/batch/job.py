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

from dingji.batch.engine import AGAIN, PARQUET, Engine, Graded, Reject
from dingji.batch.recheck import differences
from dingji.batch.register import ROW, files, literal, quoted
from dingji.batch.results import with_group
from dingji.cases.model import Case
from dingji.errors import DingjiError, EvaluationError, Problem
from dingji.files import whole
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
    group: dict[str, str] = field(default_factory=dict)
    """The texts of its group columns."""


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


def rejects_of(output: Path) -> Path:
    """The file beside an output for the rows that have no grade."""
    return output.with_name(f"{output.stem}.rejects.csv")


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
    group: tuple[str, ...] = ()
    """The names of the group columns."""
    counts: Counts = field(default_factory=Counts)
    sampled: list[Read] = field(default_factory=list)

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
        return rejects_of(self.output)

    @property
    def begun(self) -> bool:
        """Are there chunks from which a run could go on?"""
        return any(path.name != "run.json" for path in self.folder.glob("*.json"))

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
        self.engine.group = self.group
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
                self.sampled.append(read)
            elif (place := draw.randrange(seen)) < self.sample:
                self.sampled[place] = read

    seen: int = 0

    def _wanted(self, case: Case) -> bool:
        return self.where is None or self.where(case)

    def _chunk(self, batch: list[Read], done: Path) -> Counts:
        """Grade a chunk; its files count once `done` stands."""
        place = done.with_suffix("")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        cases = [(read.number, read.case) for read in batch if read.case is not None and self._wanted(read.case)]
        refused = [
            Reject(read.number, "", read.column, p.code, self.engine.says(p)) for read in batch if read.case is None for p in read.problems
        ]
        found: Graded = self.engine.grade(cases, place, self.profile, {read.number: read.group for read in batch})
        refused += found.rejects
        bad = {reject.row for reject in refused}
        left_out = sum(read.case is not None for read in batch) - len(cases)
        counts = Counts(len(batch), found.graded, found.singly, len(bad), left_out)
        self._done(done, counts, refused)
        return counts

    def _done(self, done: Path, counts: Counts, refused: list[Reject]) -> None:
        """The rows of a chunk in one file, in order, and `done`, which says that they are all there."""
        if any(done.with_suffix("").glob("*.parquet")):
            self._join(sorted(done.with_suffix("").glob("*.parquet")), done.with_suffix(".parquet"))
        shutil.rmtree(done.with_suffix(""), ignore_errors=True)
        content = {"counts": {name: getattr(counts, name) for name in counts.__struct_fields__}, "rejects": [_plain(r) for r in refused]}
        temporary = done.with_suffix(".tmp")
        temporary.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        temporary.replace(done)

    def _join(self, parts: list[Path], target: Path) -> None:
        """The rows of some files that count, in order, as one file."""
        run, source = self.engine.connection.execute, f"read_parquet({files(*parts)})"
        if len(parts) == 1:
            before = f"SELECT {AGAIN} OR {ROW} <= lag({ROW}) OVER () AS bad FROM {source}"
            if not run(f"SELECT count(*) FROM ({before}) WHERE bad").fetchone()[0]:
                parts[0].replace(target)
                return
        run(f"COPY (SELECT * FROM {source} WHERE NOT {AGAIN} ORDER BY {ROW}) TO {literal(str(target))} ({PARQUET})")

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
        parts = sorted(path for path in self.folder.glob("*.parquet") if path.with_suffix(".json").exists())
        columns = with_group(self.engine.group)
        if not parts:
            typed = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in columns.items())
            return f"(SELECT {typed} WHERE FALSE)"
        return f"(SELECT {', '.join(map(quoted, columns))} FROM read_parquet({files(*parts)}))"

    def _check(self) -> None:
        """Grade the sampled rows again, one by one."""
        cases = {read.number: read for read in self.sampled}
        if not cases:
            return
        numbers = ", ".join(map(str, cases))
        cursor = self.engine.connection.execute(f"SELECT * FROM {self._source} WHERE _row IN ({numbers})")
        names = [column[0] for column in cursor.description]
        rows = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
        drawn = {number: (read.case, read.group) for number, read in cases.items() if read.case is not None}
        problems = differences(str(self.output), self.knowledge, self.profile, drawn, rows)
        if problems:
            raise EvaluationError(problems)

    def _write_rejects(self) -> None:
        from dingji.tables.writing import write_csv

        if not self.counts.refused:
            self.rejects.unlink(missing_ok=True)
            return
        done = sorted(self.folder.glob("*.json"))

        def rows() -> Iterator[list[Any]]:
            for path in done:
                if path.name != "run.json":
                    for reject in json.loads(path.read_text(encoding="utf-8"))["rejects"]:
                        yield [reject[name] for name in Reject.__struct_fields__]

        write_csv(self.rejects, list(Reject.__struct_fields__), rows())


def finished(done: Path) -> Counts:
    """The counts of a chunk that an earlier run finished."""
    return Counts(**json.loads(done.read_text(encoding="utf-8"))["counts"])


def _plain(reject: Reject) -> dict[str, Any]:
    return {name: getattr(reject, name) for name in reject.__struct_fields__}


LISTED = ("reachable", "flags", "missing")


def write(connection: Any, source: str, output: Path) -> None:
    """The rows of a result, in the order of `source`, as the kind of file that the name of `output` says; whole or not at all."""
    from dingji.tables.writing import write_csv, write_xlsx

    query = f"SELECT * FROM {source}"
    suffix = output.suffix.lower()
    connection.execute("set preserve_insertion_order = true")
    if suffix == ".parquet" or suffix in (".jsonl", ".ndjson"):
        form = PARQUET if suffix == ".parquet" else "FORMAT json"
        with whole(output) as made:
            connection.execute(f"COPY ({query}) TO {literal(str(made))} ({form})")
        return
    cursor = connection.cursor().execute(query)
    names = [column[0] for column in cursor.description]
    header = [name.removeprefix("_") for name in names]
    if suffix == ".csv":
        write_csv(output, header, _flat(cursor, names))
    else:
        write_xlsx(output, [("grades", header, _flat(cursor, names))])


def _flat(cursor: Any, names: list[str]) -> Iterator[list[Any]]:
    """Rows with lists as text."""
    while rows := cursor.fetchmany(1000):
        for row in rows:
            found = dict(zip(names, row, strict=True))
            yield [_text(name.removesuffix("_a").removesuffix("_b"), value) for name, value in found.items()]


def _text(name: str, value: Any) -> Any:
    """A cell of a column; a comparison of two gradings has some twice (`_a`, `_b`)."""
    if name in LISTED:
        return " ".join(value or ())
    if name == "findings":
        return "; ".join(map(_finding, value))
    return "; ".join(d["id"] + (f" {d['due']}" if d["due"] else "") for d in value) if name == "duties" else value


def _finding(finding: dict[str, Any]) -> str:
    said = f"{finding['instrument']}: {finding['grade'] or finding['status']}"
    rules = [f"{name} {' '.join(finding[name])}" for name in ("fired", "undecided") if finding[name]]
    return said + (f" ({', '.join(rules)})" if rules else "")


SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".csv", ".xlsx")
"""The kinds of output."""
