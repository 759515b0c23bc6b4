"""A job over a table in columns: only rows that are odd or in doubt become cases."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from dingji.batch.columns import KIND, RegisterFile, kind_source
from dingji.batch.engine import Graded, Reject
from dingji.batch.job import Counts, Job, finished
from dingji.cases.model import Case


class DirectJob(Job):
    """One run over a table in columns."""

    def run_file(self, file: RegisterFile, tell: Callable[[Counts], None] = lambda counts: None) -> Counts:
        """Grade the rows and write the output, as `run` does."""
        self.chunk = file.chunk
        self._prepare()
        try:
            for number, start in enumerate(range(0, file.total, file.chunk)):
                done, end = self.folder / f"{number:06d}.json", min(start + file.chunk, file.total)
                if done.exists():
                    counts = finished(done)
                    file.skip(start, end)
                else:
                    counts = self._range(file, start, end, done)
                self.counts.add(counts)
                tell(self.counts)
            self._draw(file)
        finally:
            file.close()
        self._finish()
        return self.counts

    def _range(self, file: RegisterFile, start: int, end: int, done: Path) -> Counts:
        """Grade the rows of a range; its files count once `done` stands."""
        place = done.with_suffix("")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        file.load(start, end)
        found = Graded()
        doubtful: set[int] = set()
        present = {kind for (kind,) in self.engine.connection.execute(f"SELECT DISTINCT {KIND} FROM loaded").fetchall()}
        for kind in file.kinds:
            if kind.number in present:
                self.engine.connection.execute(f"CREATE OR REPLACE TEMP TABLE register AS {kind_source(kind)}")
                target = place / f"kind-{kind.number}.parquet"
                doubtful |= self.engine.grade_register(kind.plan, kind.knowledge, file.schema, target, found)
        read = found.graded
        cases: list[tuple[int, Case]] = []
        refused: list[Reject] = []
        for row in file.rows(sorted([*file.left(start, end), *(number - file.first for number in doubtful)]), file.reader):
            read += 1
            if row.case is not None:
                cases.append((row.number, row.case))
                continue
            index = row.problems[0].column - 1 if row.problems else 0
            column = file.table.columns[index] if 0 <= index < len(file.table.columns) else ""
            refused += [Reject(row.number, "", column, p.code, p.message) for p in row.problems]
        rest = self.engine.grade(cases, place, self.profile)
        refused += rest.rejects
        counts = Counts(read, found.graded + rest.graded, rest.singly, len({reject.row for reject in refused}), 0)
        self._done(done, counts, refused)
        return counts

    def _draw(self, file: RegisterFile) -> None:
        """Rows to be graded again, each with the same chance."""
        if not self.sample:
            return
        places = random.Random(self.seed).sample(range(file.total), min(file.total, self.sample))
        reader = file.new_reader()
        try:
            self.sampled += [(row.number, row.case) for row in file.rows(sorted(places), reader) if row.case is not None]
        finally:
            reader.close()
