"""A register graded twice, row by row side by side: under another profile, by another knowledge folder, or as on another day.

Each side is a run of its own (`dingji.batch.job`) over the same rows, with everything that belongs to one: chunks that a broken
run need not grade again, rows drawn and graded singly, counts that add up. The sides stand in a folder beside the output until
both are there; then their rows are joined by number, range by range, and the output appears whole.

A row of the output has what both sides say, and the kind of its `change`:
- `grade`: from a grade to another (or to a grade of another scale);
- `settled`: from undetermined to a grade, `opened`: from a grade to undetermined;
- `admitted`: only the second side has an answer, `lost`: only the first has one (the case is refused, as where no edition covers
  it; `refused_a` and `refused_b` say why; or no determination is made of its findings);
- and, where the grade does not change (`changed` is false): `reachable`, undetermined on both sides with other grades still
  reachable; `findings`, the same answer, but not of every instrument; `status`, the same grade with more or less weak rules
  behind it; `same`.

A row that both sides refuse is no row of the output; it stands in the rejects file.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dingji.batch.engine import Reject
from dingji.batch.job import Counts, Job, rejects_of, write
from dingji.batch.register import KEY, ROW, files, literal, quoted
from dingji.batch.results import COLUMNS, grouped
from dingji.batch.statement.schema import AS_OF
from dingji.errors import DingjiError, EvaluationError, Problem
from dingji.records import Draft

SIDES = ("a", "b")
KEPT = ("scale", "grade", "status", "reachable", "findings", "missing")
"""The columns of a result of which the output has two."""
REFUSED = "refused"
"""The status of a side that refuses the row; the column with the reason has this name, too."""
CHANGED = ("grade", "settled", "opened", "admitted", "lost")
AT_ONCE = 200_000
"""Rows that are joined together."""


class Against(Draft):
    """Two runs over a register and their join. `signature`: what both depend on."""

    output: Path
    signature: str
    resume: bool = False

    @property
    def folder(self) -> Path:
        """Where the sides stand until both are there."""
        return self.output.parent / f".{self.output.name}.against"

    scratch = folder
    """All that a run leaves stands in one folder."""

    @property
    def rejects(self) -> Path:
        """The file of the rows that both sides refuse."""
        return rejects_of(self.output)

    @property
    def begun(self) -> bool:
        """Is there something from which a run could go on?"""
        return any(path.name != "run.json" for path in self.folder.glob("**/*.json"))

    def place(self, side: str) -> Path:
        """Where the result of a side stands."""
        return self.folder / f"{side}.parquet"

    def prepare(self) -> None:
        """Begin, or go on. Raises DingjiError (X008) if what is there is of another run."""
        mark = self.folder / "run.json"
        if self.resume and mark.exists():
            if json.loads(mark.read_text(encoding="utf-8")) != self.signature:
                message = "the input, the knowledge or the options changed since the run that was broken off"
                raise DingjiError([Problem(str(self.folder), 0, 0, "X008", message, "run without --resume")])
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        mark.write_text(json.dumps(self.signature), encoding="utf-8")

    def grade(self, side: str, run: Callable[[Path], Job]) -> tuple[Counts, int]:
        """Grade one side, unless an earlier run did: its counts, and how many rows were graded again."""
        done = self.folder / f"{side}.json"
        if done.exists():
            found = json.loads(done.read_text(encoding="utf-8"))
            return Counts(**found["counts"]), int(found["sampled"])
        job = run(self.place(side))
        counts = {name: getattr(job.counts, name) for name in job.counts.__struct_fields__}
        temporary = done.with_suffix(".tmp")
        temporary.write_text(json.dumps({"counts": counts, "sampled": len(job.sampled)}), encoding="utf-8")
        temporary.replace(done)
        return job.counts, len(job.sampled)

    def finish(self, connection: Any, sides: tuple[Counts, Counts], group: tuple[str, ...]) -> Counts:
        """Join the sides and write the output; it stays as the view `result` of the connection until `close`.

        Raises EvaluationError (X006) if the rows do not add up to those that were read.
        """
        self._refusals(connection)
        source = f"read_parquet({files(*self._parts(connection, group))})"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW result AS SELECT * FROM {source}")
        counts = self._count(connection, sides)
        write(connection, source, self.output)
        self._write_rejects(connection)
        return counts

    def close(self) -> None:
        """Remove what the sides left."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refusals(self, connection: Any) -> None:
        """The rejects of each side as tables: a row for each reason."""
        names = ", ".join(f"{literal(name)}: 'TEXT'" for name in Reject.__struct_fields__)
        options = "header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', max_line_size = 100000000"
        for side in SIDES:
            file = rejects_of(self.place(side))
            typed = ", ".join(f"CAST(NULL AS TEXT) AS {quoted(name)}" for name in Reject.__struct_fields__)
            source = f"SELECT {typed} WHERE FALSE"
            if file.exists():
                source = f"SELECT * FROM read_csv({literal(str(file))}, {options}, columns = {{{names}}})"
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE refused_{side} AS SELECT * REPLACE (CAST(row AS BIGINT) AS row) FROM ({source})"
            )

    def _parts(self, connection: Any, group: tuple[str, ...]) -> list[Path]:
        """The joined rows in files, range by range: what is joined at once fits into memory."""
        for old in self.folder.glob("joined-*.parquet"):
            old.unlink()
        most = max(self._highest(connection, side) for side in SIDES)
        parts = []
        for number, start in enumerate(range(0, most + 1, AT_ONCE)):
            part = self.folder / f"joined-{number:06d}.parquet"
            query = f"{self._joined(group, start)} ORDER BY {ROW}"
            connection.execute(f"COPY ({query}) TO {literal(str(part))} (FORMAT parquet)")
            parts.append(part)
        return parts

    def _highest(self, connection: Any, side: str) -> int:
        [(found,)] = connection.execute(f"SELECT coalesce(max({ROW}), 0) FROM read_parquet({files(self.place(side))})").fetchall()
        return int(found)

    def _joined(self, group: tuple[str, ...], start: int) -> str:
        """The query of a range of rows."""
        within = f"WHERE {ROW} >= {start} AND {ROW} < {start + AT_ONCE}"
        sides = [f"(SELECT * FROM read_parquet({files(self.place(side))}) {within}) {side}" for side in SIDES]
        columns = [f"coalesce(a.{quoted(name)}, b.{quoted(name)}) AS {quoted(name)}" for name in (ROW, KEY, AS_OF)]
        for side in SIDES:
            columns += [f"{_kept(name, side)} AS {name}_{side}" for name in KEPT]
            columns.append(f"CASE WHEN {side}.{ROW} IS NULL THEN r{side}.reason END AS {REFUSED}_{side}")
        both = f"SELECT {', '.join(columns)}{_groups(group)} FROM {sides[0]} FULL JOIN {sides[1]} ON a.{ROW} = b.{ROW}"
        for side in SIDES:
            why = f"SELECT row, string_agg(code || ': ' || reason, '; ') AS reason FROM refused_{side} GROUP BY row"
            both += f" LEFT JOIN ({why}) r{side} ON r{side}.row = coalesce(a.{ROW}, b.{ROW})"
        listed = ", ".join(map(literal, CHANGED))
        names = ", ".join(map(quoted, grouped(group)))
        order = f"* EXCLUDE (change{', ' if names else ''}{names}), change, change IN ({listed}) AS changed{', ' if names else ''}{names}"
        return f"SELECT {order} FROM (SELECT *, {CHANGE} AS change FROM ({both}))"

    def _count(self, connection: Any, sides: tuple[Counts, Counts]) -> Counts:
        [(written,)] = connection.execute("SELECT count(*) FROM result").fetchall()
        both = "SELECT row FROM refused_a INTERSECT SELECT row FROM refused_b"
        [(refused,)] = connection.execute(f"SELECT count(*) FROM ({both})").fetchall()
        first, second = sides
        left_out = first.read - written - refused
        if first.read != second.read or not 0 <= left_out <= min(first.left_out, second.left_out):
            message = f"{first.read} and {second.read} rows read, {written} written, {refused} refused: they do not add up"
            raise EvaluationError([Problem(str(self.output), 0, 0, "X006", message, "no output is written; please report this")])
        return Counts(first.read, int(written), max(first.singly, second.singly), int(refused), left_out)

    def _write_rejects(self, connection: Any) -> None:
        """Each reason of the rows that both sides refuse, once."""
        from dingji.tables.writing import unguarded, write_csv

        names = Reject.__struct_fields__
        both = "row IN (SELECT row FROM refused_a) AND row IN (SELECT row FROM refused_b)"
        every = "SELECT * FROM refused_a UNION SELECT * FROM refused_b"
        cursor = connection.execute(f"SELECT * FROM ({every}) WHERE {both} ORDER BY row, code, reason")

        def rows() -> Iterator[list[Any]]:
            while found := cursor.fetchmany(1000):
                for row in found:
                    yield [unguarded(cell) if isinstance(cell, str) else cell or "" for cell in row]

        if not write_csv(self.rejects, list(names), rows()):
            self.rejects.unlink()


def _kept(name: str, side: str) -> str:
    if name == "status":
        return f"CASE WHEN {side}.{ROW} IS NULL THEN {literal(REFUSED)} ELSE {side}.status END"
    return f"coalesce({side}.{name}, [])" if COLUMNS[name].endswith("[]") else f"{side}.{name}"


def _groups(group: tuple[str, ...]) -> str:
    return "".join(f", coalesce(a.{quoted(name)}, b.{quoted(name)}) AS {quoted(name)}" for name in grouped(group))


_OPEN = "(coalesce(status_{0}, '') = 'undetermined')"
_NONE = "(grade_{0} IS NULL AND coalesce(status_{0}, '') <> 'undetermined')"
# without the names of the instruments: another edition of one has another name
_SAID = "list_sort(list_transform(findings_{0}, lambda x: [coalesce(x.grade, ''), array_to_string(x.reachable, ' ')]))"
CHANGE = (
    f"CASE WHEN {_NONE.format('a')} AND NOT {_NONE.format('b')} THEN 'admitted' "
    f"WHEN {_NONE.format('b')} AND NOT {_NONE.format('a')} THEN 'lost' "
    f"WHEN {_OPEN.format('a')} AND NOT {_OPEN.format('b')} AND NOT {_NONE.format('b')} THEN 'settled' "
    f"WHEN {_OPEN.format('b')} AND NOT {_OPEN.format('a')} AND NOT {_NONE.format('a')} THEN 'opened' "
    "WHEN grade_a IS DISTINCT FROM grade_b OR scale_a IS DISTINCT FROM scale_b AND grade_a IS NOT NULL THEN 'grade' "
    "WHEN reachable_a <> reachable_b THEN 'reachable' "
    f"WHEN {_SAID.format('a')} <> {_SAID.format('b')} THEN 'findings' "
    "WHEN status_a IS DISTINCT FROM status_b THEN 'status' ELSE 'same' END"
)
"""The kind of a change. Undetermined is no grade, and two rows that are undetermined have not the same grade."""
