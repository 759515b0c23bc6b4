"""A job over a table in columns: only rows that are odd or in doubt become cases."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from dingji.batch.engine import Graded, Reject
from dingji.batch.job import CHUNK, Counts, Job, Read, finished
from dingji.batch.register import ROW
from dingji.batch.statement.where import Where
from dingji.batch.table.columns import RegisterFile
from dingji.tables.model import Row


class DirectJob(Job):
    """One run over a table in columns."""

    def run_file(self, file: RegisterFile, tell: Callable[[Counts], None] = lambda counts: None) -> Counts:
        """Grade the rows and write the output, as `run` does."""
        self.chunk, self.group = self._begun() or file.chunk, tuple(file.group)
        self._prepare()
        try:
            for number, start in enumerate(range(0, file.total, self.chunk)):
                done, end = self.folder / f"{number:06d}.json", min(start + self.chunk, file.total)
                if done.exists():
                    counts = finished(done)
                    file.skip(start, end)
                else:
                    counts = self._range(file, start, end, done)
                self.counts.add(counts)
                tell(self.counts)
            self._draw(file)
            file.stand.check()
            self._finish()
        finally:
            file.close()
        return self.counts

    def _begun(self) -> int | None:
        """The rows of a chunk of the run that goes on: there may be another size for less memory."""
        mark = self.folder / "run.json"
        return int(json.loads(mark.read_text(encoding="utf-8"))["chunk"]) if self.resume and mark.exists() else None

    def _range(self, file: RegisterFile, start: int, end: int, done: Path) -> Counts:
        """Grade the rows of a range; its files count once `done` stands."""
        place = done.with_suffix("")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        assert self.where is None or isinstance(self.where, Where), "a condition that SQL can say"
        left_out = file.load(start, end, self.where)
        found = Graded()
        doubtful: set[int] = set()
        for kind in file.present():
            target = place / f"kind-{kind.number}.parquet"
            doubtful |= self.engine.grade_register(kind.plan, kind.knowledge, file.schema, target, found, file.of_kind(kind))
        counts, refused = Counts(found.graded + left_out, found.graded, 0, 0, left_out), list[Reject]()
        places = sorted([*file.left(start, end, found.files), *(number - file.first for number in doubtful)])
        rows = file.rows(places, file.reader)
        while batch := list(islice(rows, CHUNK)):
            counts.add(self._rows(file, batch, place, refused))
        self._done(done, counts, refused)
        return counts

    def _rows(self, file: RegisterFile, batch: list[Row], place: Path, refused: list[Reject]) -> Counts:
        """Grade rows that the row reader read."""
        wanted = [(row, row.case) for row in batch if row.case is not None and self._wanted(row.case)]
        bad = [row for row in batch if row.case is None]
        found = self.engine.grade(
            [(row.number, case) for row, case in wanted], place, self.profile, {row.number: row.group for row, _ in wanted}
        )
        rejects = [Reject(row.number, "", file.table.header(row), p.code, self.engine.says(p)) for row in bad for p in row.problems]
        rejects += found.rejects
        refused += rejects
        left_out = len(batch) - len(wanted) - len(bad)
        return Counts(len(batch), found.graded, found.singly, len({reject.row for reject in rejects}), left_out)

    def _draw(self, file: RegisterFile) -> None:
        """Rows to be graded again, each with the same chance."""
        if not self.sample:
            return
        # of the rows that were graded: an id that stands twice, a row left out are none
        salt = random.Random(self.seed).randrange(1 << 30)
        chosen = f"SELECT {ROW} FROM {self._view()} ORDER BY hash({ROW} + {salt}) LIMIT {self.sample}"
        places = [row - file.first for (row,) in self.engine.connection.execute(chosen).fetchall()]
        reader = file.new_reader()
        try:
            rows = file.rows(sorted(places), reader)
            self.sampled += [Read(row.number, row.case, group=row.group) for row in rows if row.case is not None]
        finally:
            reader.close()
