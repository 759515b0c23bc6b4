"""What becomes of the grades of a register under another profile or knowledge base: from which grade to which, how many rows."""

from __future__ import annotations

from collections.abc import Sequence

from dingji.batch.register import literal, quoted
from dingji.batch.results import GROUP
from dingji.batch.summary.outputs import Outputs
from dingji.knowledge.model import Knowledge
from dingji.records import Record

MOST_PARTS = 1000
OPEN, NONE, REFUSED = "undetermined", "ungraded", "refused"
"""Beside a grade: the grade is open, no determination covers the row, and the row is refused."""

UNCHANGED = ("same", "reachable", "status", "findings")
"""What can change while the grade stays: nothing, what is still reachable, how sure it is, what single instruments say."""


class Side(Record, frozen=True):
    """What one grading says of a row: a grade of a scale, or a `state` without one."""

    scale: str
    grade: str
    state: str = ""


class Turn(Record, frozen=True):
    """Rows that go from one side to the other; both are the same where nothing changes."""

    before: Side
    after: Side
    rows: int

    @property
    def changed(self) -> bool:
        """Does the grade change, or whether there is one?"""
        without = (NONE, REFUSED)
        return self.before != self.after and not (self.before.state in without and self.after.state in without)


class TurnPart(Record, frozen=True):
    """The rows of one text of a group column."""

    value: str
    rows: int
    changed: int
    turns: tuple[Turn, ...]


class TurnGroup(Record, frozen=True):
    """A group column: the texts with most changes, how many it has, and the rows of the others."""

    name: str
    parts: tuple[TurnPart, ...]
    values: int
    rest: int


class Changes(Record, frozen=True):
    """All rows by what they were and become. `before` and `after` are the sides met, most severe first; `open` are open after.

    `unchanged` counts the rows whose grade stays by what else changes of them, as `dingji batch` says it (`reachable`, `same`, ...).
    """

    rows: int
    changed: int
    open: int
    before: tuple[Side, ...]
    after: tuple[Side, ...]
    turns: tuple[Turn, ...]
    groups: tuple[TurnGroup, ...]
    unchanged: tuple[tuple[str, int], ...]


def changes(outputs: Outputs, knowledge: Knowledge, groups: Sequence[str]) -> Changes:
    """Count the rows of a comparison of two gradings."""
    turns = tuple(turn for _, turn in _turns(outputs, "''"))
    return Changes(
        rows=sum(turn.rows for turn in turns),
        changed=sum(turn.rows for turn in turns if turn.changed),
        open=sum(turn.rows for turn in turns if turn.after.state == OPEN),
        before=_order({turn.before for turn in turns}, knowledge),
        after=_order({turn.after for turn in turns}, knowledge),
        turns=tuple(
            sorted(turns, key=lambda turn: (not turn.changed, -turn.rows, _key(turn.before, knowledge), _key(turn.after, knowledge)))
        ),
        groups=tuple(_group(outputs, name) for name in groups),
        unchanged=_unchanged(outputs),
    )


def _unchanged(outputs: Outputs) -> tuple[tuple[str, int], ...]:
    if "change" not in outputs.columns:
        return ()
    listed = ", ".join(map(literal, UNCHANGED))
    found = outputs.all(f"SELECT change, count(*) FROM result WHERE change IN ({listed}) GROUP BY 1")
    return tuple(sorted(((kind, int(n)) for kind, n in found), key=lambda pair: UNCHANGED.index(pair[0])))


def _turns(outputs: Outputs, value: str, more: str = "") -> list[tuple[str, Turn]]:
    """The turns of each value of an expression."""
    sides = []
    for side in ("a", "b"):
        scale = next((name for name in (f"scale_{side}", "scale") if name in outputs.columns), "''")
        sides.append(f"coalesce({scale}, ''), coalesce(grade_{side}, ''), coalesce(status_{side}, '')")
    query = f"SELECT {value}, {', '.join(sides)}, count(*) FROM result {more} GROUP BY ALL ORDER BY ALL"
    sums: dict[tuple[str, Side, Side], int] = {}
    for found in outputs.all(query):
        key = found[0], _side(*found[1:4]), _side(*found[4:7])
        sums[key] = sums.get(key, 0) + int(found[7])
    return [(value, Turn(before, after, rows)) for (value, before, after), rows in sums.items()]


def _side(scale: str, grade: str, status: str) -> Side:
    if status in (OPEN, REFUSED):
        return Side("", "", status)
    return Side(scale, grade) if grade else Side("", "", NONE)


def _order(sides: set[Side], knowledge: Knowledge) -> tuple[Side, ...]:
    return tuple(sorted(sides, key=lambda side: _key(side, knowledge)))


def _key(side: Side, knowledge: Knowledge) -> tuple[int, str, int, str]:
    """Grades first, most severe first; then what has none."""
    scale = knowledge.scales.get(side.scale)
    known = [grade.id for grade in scale.grades] if scale else []
    place = known.index(side.grade) if side.grade in known else len(known)
    return ["", OPEN, NONE, REFUSED].index(side.state), side.scale, place, side.grade


def _group(outputs: Outputs, name: str) -> TurnGroup:
    column = f"coalesce({quoted(GROUP + name)}, '')"
    moved = "(grade_a IS DISTINCT FROM grade_b OR (status_a = 'undetermined') IS DISTINCT FROM (status_b = 'undetermined'))"
    query = f"SELECT {column} AS value, count(*) AS n, count(*) FILTER ({moved}) AS m FROM result GROUP BY 1"
    [(values, rows)] = outputs.all(f"SELECT count(*), coalesce(sum(n), 0) FROM ({query})")
    top = f"SELECT value FROM ({query}) ORDER BY m DESC, n DESC, value LIMIT {MOST_PARTS}"
    turns: dict[str, list[Turn]] = {}
    for value, turn in _turns(outputs, column, f"WHERE {column} IN ({top})"):
        turns.setdefault(value, []).append(turn)
    parts = [TurnPart(value, sum(t.rows for t in own), sum(t.rows for t in own if t.changed), tuple(own)) for value, own in turns.items()]
    parts.sort(key=lambda part: (-part.changed, -part.rows, part.value))
    return TurnGroup(name, tuple(parts), int(values), int(rows) - sum(part.rows for part in parts))
