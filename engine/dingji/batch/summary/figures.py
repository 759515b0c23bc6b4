"""What the grades of whole registers come to, counted by the column engine: never row by row, so that millions cost seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dingji.batch.register import quoted
from dingji.batch.results import GROUP
from dingji.batch.summary.attainment import Attained, attained
from dingji.batch.summary.outputs import Outputs, Reason, open_outputs
from dingji.batch.summary.turns import Changes, changes
from dingji.errors import CaseError, Problem, nearest
from dingji.knowledge.model import Knowledge, Target
from dingji.records import Record, replace

MOST_PARTS = 1000
"""Texts of a group column that are told apart; rows with a rarer one are counted together."""
MOST_MONTHS = 36
"""A longer time is told by years."""
MOST_RULES = 200
OPEN, PROVISIONAL = "undetermined", "provisional"
SILENT, PLAIN, UNGRADED = "silent", "plain", "ungraded"
"""Beside the colours of grades: nothing was found; a grade has no colour; no determination covers the row."""


class Cell(Record, frozen=True):
    """Rows with the same scale, grade and status; None where a row has none."""

    scale: str | None
    grade: str | None
    status: str | None
    rows: int


class Part(Record, frozen=True):
    """The rows of one text of a group column, or of one month."""

    value: str
    rows: int
    cells: tuple[Cell, ...]
    colours: dict[str, int]


class Group(Record, frozen=True):
    """A group column: its most frequent texts, how many it has, and the rows of the others."""

    name: str
    parts: tuple[Part, ...]
    values: int
    rest: int


class Distribution(Record, frozen=True):
    """The rows whose determination stands on a scale: those graded, by grade with the provisional ones among them, and the open.

    Of the open ones `may` counts for each grade those that could still get it.
    """

    scale: str
    rows: int
    grades: tuple[tuple[str, int, int], ...]
    open: int
    may: tuple[tuple[str, int], ...]


class Instrumental(Record, frozen=True):
    """What one instrument found: the grades with their rows, the rows in which it found nothing, and the open ones."""

    instrument: str
    rows: int
    grades: tuple[tuple[str, int], ...]
    silent: int
    open: int


class Missing(Record, frozen=True):
    """A fact that open rows lack: how many, and in how many of them nothing else is missing."""

    fact: str
    rows: int
    alone: int


class Summary(Record, frozen=True):
    """Everything a summary tells. `told_missing`: do the results say which facts their open rows lack?"""

    files: tuple[str, ...]
    knowledge_version: str
    knowledge_digest: str
    rows: int
    graded: int
    provisional: int
    open: int
    ungraded: int
    refused: int
    reasons: tuple[Reason, ...]
    colours: dict[str, int]
    scales: tuple[Distribution, ...] = ()
    instruments: tuple[Instrumental, ...] = ()
    groups: tuple[Group, ...] = ()
    targets: tuple[Attained, ...] = ()
    fired: tuple[tuple[str, int], ...] = ()
    told_missing: bool = False
    missing: tuple[Missing, ...] = ()
    period: str = ""
    periods: tuple[Part, ...] = ()
    changes: Changes | None = None

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(replace(self, targets=()))
        plain["targets"] = [target.to_dict() for target in self.targets]
        head = {"version": plain.pop("knowledge_version"), "digest": plain.pop("knowledge_digest")}
        return {"knowledge": head, **plain}


def summary(
    paths: Sequence[Path], knowledge: Knowledge, targets: Iterable[Target] = (), by: Sequence[str] = (), memory: str = "1GB"
) -> Summary:
    """Sum up result files. `by` chooses among their group columns (none: all); `targets` join those of the knowledge base.

    Raises CaseError: X013 for what is no result, X014 for a group column that there is not.
    """
    outputs = open_outputs(paths)
    try:
        return _Counter(outputs, knowledge, _chosen(outputs, by)).summary(targets)
    finally:
        outputs.close()


def _chosen(outputs: Outputs, by: Sequence[str]) -> tuple[str, ...]:
    for name in by:
        if name.removeprefix(GROUP) not in outputs.groups:
            hint = nearest(name, outputs.groups) or ("groups: " + ", ".join(outputs.groups) if outputs.groups else "the results have none")
            raise CaseError([Problem("--by", 0, 0, "X014", f"the results have no group column {name!r}", hint)])
    return tuple(dict.fromkeys(name.removeprefix(GROUP) for name in by)) or outputs.groups


class _Counter:
    def __init__(self, outputs: Outputs, knowledge: Knowledge, groups: tuple[str, ...]) -> None:
        self.outputs, self.knowledge, self.groups = outputs, knowledge, groups

    def summary(self, targets: Iterable[Target]) -> Summary:
        outputs, knowledge = self.outputs, self.knowledge
        refused, reasons = outputs.rejects()
        files = tuple(path.name for path in outputs.files)
        if outputs.compared:
            found = changes(outputs, knowledge, self.groups)
            head = (found.rows, found.rows - found.open, 0, found.open, 0)
            return Summary(files, knowledge.version, knowledge.digest, *head, refused, reasons, {}, changes=found)
        cells = self._cells("")
        told = "missing" in outputs.columns
        period, periods = self._periods()
        return Summary(
            files=files,
            knowledge_version=knowledge.version,
            knowledge_digest=knowledge.digest,
            rows=sum(cell.rows for cell in cells),
            graded=sum(cell.rows for cell in cells if cell.status not in (None, OPEN)),
            provisional=sum(cell.rows for cell in cells if cell.status == PROVISIONAL),
            open=sum(cell.rows for cell in cells if cell.status == OPEN),
            ungraded=sum(cell.rows for cell in cells if cell.status is None),
            refused=refused,
            reasons=reasons,
            colours=self._colours(cells),
            scales=self._scales(cells),
            instruments=self._instruments(),
            groups=tuple(map(self._group, self.groups)),
            targets=attained(outputs, knowledge, [*knowledge.targets.values(), *targets], {cell.scale for cell in cells}),
            fired=self._fired(),
            told_missing=told,
            missing=self._missing() if told else (),
            period=period,
            periods=periods,
        )

    # --- rows by grade

    def _cells(self, where: str) -> tuple[Cell, ...]:
        query = f"SELECT scale, grade, status, count(*) FROM result {where} GROUP BY ALL ORDER BY ALL"
        return tuple(Cell(*row) for row in self.outputs.all(query))

    def _colours(self, cells: Iterable[Cell]) -> dict[str, int]:
        """Rows by the colour of their grade, and those that have none."""
        found: dict[str, int] = {}
        for cell in cells:
            name = self._colour(cell)
            found[name] = found.get(name, 0) + cell.rows
        return found

    def _colour(self, cell: Cell) -> str:
        if cell.status is None:
            return UNGRADED
        if cell.status == OPEN:
            return OPEN
        scale = self.knowledge.scales.get(cell.scale or "")
        grade = next((each for each in scale.grades if each.id == cell.grade), None) if scale else None
        if cell.status == SILENT or (grade is not None and grade.silent):
            return SILENT
        return (grade.colour if grade else None) or PLAIN

    def _scales(self, cells: Sequence[Cell]) -> tuple[Distribution, ...]:
        query = "SELECT scale, g, count(*) FROM (SELECT scale, unnest(reachable) AS g FROM result"
        may = self.outputs.all(f"{query} WHERE status = '{OPEN}') GROUP BY ALL")
        found = []
        for name in dict.fromkeys(cell.scale for cell in cells if cell.scale is not None):
            own = [cell for cell in cells if cell.scale == name]
            order = self._order(name, [cell.grade for cell in own] + [grade for scale, grade, _ in may if scale == name])
            sums = {(status, grade): 0 for grade in order for status in ("all", PROVISIONAL)}
            for cell in own:
                if cell.grade is not None and cell.status != OPEN:
                    sums["all", cell.grade] += cell.rows
                    sums[PROVISIONAL, cell.grade] += cell.rows if cell.status == PROVISIONAL else 0
            grades = tuple((grade, sums["all", grade], sums[PROVISIONAL, grade]) for grade in order)
            possible = {grade: n for scale, grade, n in may if scale == name}
            opened = sum(cell.rows for cell in own if cell.status == OPEN)
            rows = sum(cell.rows for cell in own)
            found.append(Distribution(name, rows, grades, opened, tuple((g, possible[g]) for g in order if g in possible)))
        return tuple(sorted(found, key=lambda each: (-each.rows, each.scale)))

    def _order(self, scale: str, met: Sequence[str | None]) -> list[str]:
        """The grades of a scale, most severe first, and those met that it does not know."""
        known = [grade.id for grade in self.knowledge.scales[scale].grades] if scale in self.knowledge.scales else []
        return [*known, *sorted({grade for grade in met if grade is not None and grade not in known})]

    # --- groups and time

    def _group(self, name: str) -> Group:
        column = f"coalesce({quoted(GROUP + name)}, '')"
        query = f"SELECT {column} AS value, count(*) AS n FROM result GROUP BY 1"
        [(values, rows)] = self.outputs.all(f"SELECT count(*), coalesce(sum(n), 0) FROM ({query})")
        top = f"SELECT value FROM ({query}) ORDER BY n DESC, value LIMIT {MOST_PARTS}"
        parts = self._parts(f"SELECT {column} AS value, scale, grade, status FROM result WHERE {column} IN ({top})")
        parts.sort(key=lambda part: (-part.rows, part.value))
        return Group(name, tuple(parts), int(values), int(rows) - sum(part.rows for part in parts))

    def _parts(self, query: str) -> list[Part]:
        cells: dict[str, list[Cell]] = {}
        for value, *cell in self.outputs.all(f"SELECT value, scale, grade, status, count(*) FROM ({query}) GROUP BY ALL ORDER BY ALL"):
            cells.setdefault(value, []).append(Cell(*cell))
        return [Part(value, sum(c.rows for c in own), tuple(own), self._colours(own)) for value, own in cells.items()]

    def _periods(self) -> tuple[str, tuple[Part, ...]]:
        """The rows by month of their day, or by year; nothing if all are of one month."""
        if "as_of" not in self.outputs.columns:
            return "", ()
        [(first, last, months)] = self.outputs.all(
            "SELECT min(as_of), max(as_of), count(DISTINCT strftime(as_of, '%Y-%m')) FROM result WHERE as_of IS NOT NULL"
        )
        if months < 2:
            return "", ()
        span = (last.year - first.year) * 12 + last.month - first.month + 1
        period, form = ("month", "%Y-%m") if span <= MOST_MONTHS else ("year", "%Y")
        parts = self._parts(f"SELECT strftime(as_of, '{form}') AS value, scale, grade, status FROM result WHERE as_of IS NOT NULL")
        return period, tuple(parts)

    # --- findings, rules, facts

    def _instruments(self) -> tuple[Instrumental, ...]:
        query = "SELECT f.instrument, f.grade, f.status, count(*) FROM (SELECT unnest(findings) AS f FROM result) GROUP BY ALL ORDER BY ALL"
        cells: dict[str, list[tuple[str | None, str, int]]] = {}
        for instrument, *cell in self.outputs.all(query):
            cells.setdefault(instrument, []).append((cell[0], cell[1], cell[2]))
        return tuple(sorted((self._instrument(*item) for item in cells.items()), key=lambda each: (-each.rows, each.instrument)))

    def _instrument(self, name: str, cells: Sequence[tuple[str | None, str, int]]) -> Instrumental:
        known = self.knowledge.instruments.get(name)
        scale = self.knowledge.scale_of(known.decides) if known else None
        sums: dict[str, int] = {}
        for grade, status, n in cells:
            if grade is not None and status not in (OPEN, SILENT):
                sums[grade] = sums.get(grade, 0) + n
        order = self._order(scale.id, list(sums)) if scale else sorted(sums)
        grades = tuple((grade, sums[grade]) for grade in order if grade in sums)
        of = {wanted: sum(n for _, status, n in cells if status == wanted) for wanted in (SILENT, OPEN)}
        return Instrumental(name, sum(n for *_, n in cells), grades, of[SILENT], of[OPEN])

    def _fired(self) -> tuple[tuple[str, int], ...]:
        """The rules on which findings rest, by the rows in which they do."""
        rules = "list_distinct(flatten(list_transform(findings, lambda f: f.fired)))"
        query = f"SELECT r, count(*) AS n FROM (SELECT unnest({rules}) AS r FROM result) GROUP BY 1 ORDER BY n DESC, r LIMIT {MOST_RULES}"
        return tuple((rule, n) for rule, n in self.outputs.all(query))

    def _missing(self) -> tuple[Missing, ...]:
        source = "SELECT unnest(missing) AS fact, len(missing) = 1 AS alone FROM result"
        counts = "fact, count(*) AS n, count(*) FILTER (alone) AS single"
        query = f"SELECT {counts} FROM ({source} WHERE status = '{OPEN}') GROUP BY 1 ORDER BY n DESC, single DESC, fact"
        return tuple(Missing(*row) for row in self.outputs.all(f"{query} LIMIT {MOST_RULES}"))
