"""What changes between two gradings of a register: tables from grade to grade, of all rows and by group."""

from __future__ import annotations

from collections.abc import Iterator

from dingji.batch.summary.turns import Changes, Side, Turn, TurnGroup, TurnPart
from dingji.reports.compare import FIELDS, Grid, Item, grid
from dingji.reports.summary_figures import Figures

Told = tuple[str, tuple[str, ...], tuple[Grid, ...], tuple[Item, ...], tuple[str, ...]]


class Turns:
    """Tells the changes; `most`: lines of a table."""

    def __init__(self, found: Changes, figures: Figures, most: int) -> None:
        self.found, self.figures, self.words, self.most = found, figures, figures.words, most

    def parts(self) -> Iterator[Told]:
        """The sections about two gradings."""
        words = self.words
        yield words("summary.changes"), (self.lead(),), (self.matrix(), self.listed()), (), self.unchanged()
        for group in self.found.groups:
            yield words("summary.by-changes", group=self.figures.group(group.name)), (), (self.by_group(group),), (), ()

    def lead(self) -> str:
        """How many rows change."""
        found, figures = self.found, self.figures
        share = figures.share(found.changed, found.rows)
        return self.words("summary.changed", n=figures.number(found.changed), rows=figures.number(found.rows), share=share)

    def unchanged(self) -> tuple[str, ...]:
        """What changes in rows whose grade stays."""
        counts = dict(self.found.unchanged)
        told = [self.words.choice("summary-stay", kind, n=self.figures.number(n)) for kind, n in counts.items() if kind != "same"]
        return (self.words("summary.unchanged", kinds=self.words("list.semicolon").join(told)),) if told else ()

    def sides(self) -> tuple[tuple[Side, ...], tuple[Side, ...]]:
        """The sides that a table has room for."""
        return self.found.before, self.found.after[: len(FIELDS) - 1]

    def matrix(self) -> Grid:
        """All rows: what they were (rows) and what they become (columns); those that stay stand in brackets."""
        before, after = self.sides()
        counts = {(turn.before, turn.after): turn.rows for turn in self.found.turns}
        rows = [[self.side(a), *(self._count(counts.get((a, b), 0), a == b) for b in after)] for a in before]
        return grid("", [self.words("summary.corner"), *map(self.side, after)], rows, self.words("summary.stay"))

    def _count(self, rows: int, same: bool) -> str:
        if not rows:
            return self.words("chart.dash")
        shown = self.figures.number(rows)
        return self.words("summary.same", n=shown) if same else shown

    def listed(self) -> Grid:
        """The changes, the most frequent first."""
        words, figures = self.words, self.figures
        changed = [turn for turn in self.found.turns if turn.changed]
        rows = [[self.turn(turn), figures.number(turn.rows), figures.share(turn.rows, self.found.rows)] for turn in changed[: self.most]]
        heads = [words.choice("summary-head", name) for name in ("change", "rows", "share")]
        more = words("summary.more", n=figures.number(len(changed) - self.most)) if len(changed) > self.most else ""
        return grid("", heads, rows, more)

    def by_group(self, group: TurnGroup) -> Grid:
        """The texts of a group column with most changes."""
        words, figures = self.words, self.figures
        rows = [
            [
                figures.place(part.value),
                figures.number(part.rows),
                figures.number(part.changed),
                figures.share(part.changed, part.rows),
                self._most(part),
            ]
            for part in group.parts[: self.most]
        ]
        heads = [figures.group(group.name), *(words.choice("summary-head", name) for name in ("rows", "changed", "share", "most"))]
        hidden = group.values - min(len(group.parts), self.most)
        rest = group.rest + sum(part.rows for part in group.parts[self.most :])
        return grid("", heads, rows, words("summary.beyond", n=figures.number(hidden), rows=figures.number(rest)) if hidden else "")

    def _most(self, part: TurnPart) -> str:
        changed = [turn for turn in part.turns if turn.changed]
        if not changed:
            return ""
        most = max(changed, key=lambda turn: turn.rows)
        return self.words("item.field", field=self.turn(most), value=self.figures.number(most.rows))

    def turn(self, turn: Turn) -> str:
        """From a grade to another."""
        return self.words("summary.turn", before=self.side(turn.before), after=self.side(turn.after))

    def side(self, side: Side) -> str:
        """A grade, or what stands in its place; with its scale where there are several."""
        if side.state:
            return self.words.choice("summary-colour", side.state)
        label = self.figures.grade(side.scale, side.grade)
        scales = {each.scale for each in (*self.found.before, *self.found.after) if each.scale}
        if len(scales) < 2 or side.scale not in self.figures.knowledge.scales:
            return label
        return self.words("item.field", field=self.figures.text(self.figures.knowledge.scales[side.scale].title), value=label)
