"""The charts of a summary: rows by colour, grade and time, targets between their bounds, rules, missing facts, and what changes."""

from __future__ import annotations

from collections.abc import Mapping

from dingji.batch.summary import figures as b
from dingji.batch.summary.attainment import Attained
from dingji.batch.summary.turns import Side, Turn, TurnGroup
from dingji.knowledge.shapes import COLOURS
from dingji.reports.charts.bars import Bar, bars
from dingji.reports.charts.cells import Cell, heat_map
from dingji.reports.charts.ranges import Range, ranges
from dingji.reports.charts.stacks import Part, Stack, columns, stacks
from dingji.reports.charts.vega import Grid
from dingji.reports.html.compare_charts import grid_of
from dingji.reports.html.document import Figure
from dingji.reports.html.matrix import BandView
from dingji.reports.summary import SummaryWriter
from dingji.reports.summary_changes import Turns

MOST = 12
"""Bars of a chart, and rows of a heat map; the table beside it holds more."""
MOST_TURNS = 5
"""Changes that a heat map by group has columns for."""


class Charts:
    """Draws the charts of a summary in the words of its writer."""

    def __init__(self, writer: SummaryWriter) -> None:
        self.writer, self.found, self.words = writer, writer.found, writer.words

    # --- colours and grades

    def overall(self) -> Figure:
        """A bar for each colour."""
        words, counts = self.words, self.found.colours
        told = words("chart.colours.told", parts=self._told(counts))
        items = [
            Stack(self.writer.kind(kind), (self._part(kind, counts.get(kind, 0), ""),), self._shown(counts.get(kind, 0), self.found.rows))
            for kind in self.writer.kinds()
        ]
        return Figure(stacks("all-colours", words("chart.colours"), told, items, grid_of(self.writer.overall())))

    def by_colour(self, group: b.Group, number: int) -> Figure:
        """A bar for each text of a group column."""
        writer, words = self.writer, self.words
        shown = group.parts[:MOST]
        items = [Stack(writer.place(part.value), self._parts(part.colours), writer.number(part.rows)) for part in shown]
        first = words("item.field", field=items[0].label, value=items[0].shown)
        told = words("chart.by-colour.told", group=writer.group(group.name), first=first)
        table = writer.by_colour(group)
        notes = (table.note,) if table.note else ()
        sums: dict[str, int] = {}
        for part in shown:
            for kind, rows in part.colours.items():
                sums[kind] = sums.get(kind, 0) + rows
        if group.values > len(shown):
            notes = (words("chart.first", n=len(shown), of=writer.number(group.values)), *notes)
        title = words("chart.by-colour", group=writer.group(group.name))
        return Figure(stacks(f"colours-{number}", title, told, items, grid_of(table)), self._key(sums), notes)

    def periods(self) -> Figure:
        """A column for each month or year."""
        writer, words, found = self.writer, self.words, self.found
        items = [Stack(writer.period(part.value), self._parts(part.colours), writer.number(part.rows)) for part in found.periods]
        most = max(found.periods, key=lambda part: part.rows)
        ends = [writer.period(part.value) for part in (found.periods[0], found.periods[-1], most)]
        told = words("chart.time.told", first=ends[0], last=ends[1], most=ends[2], n=writer.number(most.rows))
        parts = self._told(found.colours)
        chart = columns("time-columns", words("chart.time"), told, items, grid_of(writer.periods()))
        return Figure(chart, notes=(words("chart.time.order", parts=parts),))

    def scale(self, scale: b.Distribution, number: int) -> Figure:
        """A bar for each grade of a scale: the provisional rows paler."""
        writer, words = self.writer, self.words
        items = []
        for grade, n, weak in scale.grades:
            if n or grade in dict(scale.may):
                colour = writer.speech.colour(scale.scale, grade) or "plain"
                tone = "pale" if writer.silent(scale.scale, grade) else "full"
                parts = (Part(colour, n - weak, tone=tone), Part(colour, weak, tone="pale"))
                items.append(Stack(writer.coloured(scale.scale, grade), parts, self._shown(n, scale.rows)))
        if scale.open:
            opened = Part("plain", scale.open, tone="open")
            items.append(Stack(words.choice("summary-colour", b.OPEN), (opened,), self._shown(scale.open, scale.rows)))
        table = writer.distribution(scale)
        told = words("chart.scale.told", parts=words("list.comma").join(f"{item.label} {item.shown}" for item in items))
        notes = [table.note] if table.note else []
        if any(weak for _, _, weak in scale.grades):
            notes.insert(0, words("chart.pale"))
        return Figure(stacks(f"scale-{number}", words("chart.scale"), told, items, grid_of(table)), notes=tuple(notes))

    def _shown(self, n: int, whole: int) -> str:
        return self.words("chart.count", n=self.writer.number(n), share=self.writer.share(n, whole))

    def _parts(self, counts: Mapping[str, int]) -> tuple[Part, ...]:
        kinds = (kind for kind in self.writer.kinds() if counts.get(kind))
        return tuple(self._part(kind, counts[kind], self.writer.kind(kind)) for kind in kinds)

    def _part(self, kind: str, rows: int, name: str) -> Part:
        tone = "full" if kind in COLOURS or kind == b.PLAIN else "open" if kind == b.OPEN else "pale"
        number = self.writer.number(rows)
        return Part(kind if kind in COLOURS else "plain", rows, (f"{name} {number}", number) if name else (), tone)

    def _key(self, counts: Mapping[str, int]) -> tuple[BandView, ...]:
        """The colours in their order, with their rows."""
        whole = sum(counts.values())
        return tuple(
            BandView(self.writer.kind(kind), kind, "", self._shown(counts.get(kind, 0), whole))
            for kind in self.writer.kinds()
            if counts.get(kind) or kind in COLOURS
        )

    def _told(self, counts: Mapping[str, int]) -> str:
        named = (
            self.words("item.field", field=self.writer.kind(kind), value=self.writer.number(counts[kind]))
            for kind in self.writer.kinds()
            if counts.get(kind)
        )
        return self.words("list.comma").join(named)

    # --- targets

    def target(self, target: Attained, number: int, grid: Grid) -> Figure | None:
        """Each place as a bar between its bounds; None for a target that is no share, or without rows."""
        writer, words = self.writer, self.words
        rows = [(place, line) for place, line in zip(writer.ordered(target), grid.rows, strict=False) if place.low is not None]
        if target.unit != "percent" or not rows:
            return None
        items = []
        for place, line in rows[:MOST]:
            assert place.low is not None and place.high is not None
            said = words("item.field", field=line[2], value=line[1])
            items.append(Range(line[0], place.low, place.high, target.at_least, target.at_most, said))
        told = words("chart.target.told", wanted=writer.wanted(target), first=f"{items[0].label} {items[0].shown}")
        return Figure(ranges(f"target-{number}", words("chart.target", wanted=writer.wanted(target)), told, items, grid))

    # --- rules and facts

    def fired(self) -> Figure:
        """The rules that decided most rows."""
        found = self.found.fired[:MOST]
        items = [Bar(self.writer.rule_text(name), n, self._shown(n, self.found.rows)) for name, n in found]
        words = self.words
        heads = tuple(words.choice("summary-head", name) for name in ("rule", "rows", "share"))
        rows = tuple(
            (item.label, self.writer.number(n), self.writer.share(n, self.found.rows)) for item, (_, n) in zip(items, found, strict=True)
        )
        told = words("chart.bars.told", first=words("item.field", field=items[0].label, value=items[0].shown))
        return Figure(bars("rules-bars", words("chart.rules"), told, items, Grid(heads, rows)))

    def missing(self) -> Figure:
        """The facts that most open rows lack."""
        writer, words, found = self.writer, self.words, self.found
        items = [Bar(writer.speech.label(each.fact), each.rows, self._shown(each.rows, found.open)) for each in found.missing[:MOST]]
        heads = tuple(words.choice("summary-head", name) for name in ("fact", "rows", "share", "alone"))
        rows = []
        for each in found.missing[: writer.most]:
            fact = writer.knowledge.facts.get(each.fact)
            asked = writer.text(fact.question) if fact is not None and fact.question is not None else writer.speech.label(each.fact)
            rows.append((asked, writer.number(each.rows), writer.share(each.rows, found.open), writer.number(each.alone)))
        told = words("chart.bars.told", first=words("item.field", field=items[0].label, value=items[0].shown))
        return Figure(bars("missing-bars", words("chart.missing"), told, items, Grid(heads, tuple(rows))))

    # --- changes

    def changes(self, turns: Turns) -> Figure:
        """A heat map from grade to grade: what stays is an outline, what changes is the stronger the more rows it has."""
        words, (before, after) = self.words, turns.sides()
        counts = {(turn.before, turn.after): turn.rows for turn in turns.found.turns}
        most = max((turn.rows for turn in turns.found.turns if turn.changed), default=1)
        cells = [[self._cell(counts.get((a, z), 0), a == z, most, turns.found.rows) for z in after] for a in before]
        changed = [turn for turn in turns.found.turns if turn.changed]
        told = words("chart.changes.told", first=self._turn(turns, changed[0])) if changed else words("chart.changes.none")
        rows, heads = [turns.side(side) for side in before], [turns.side(side) for side in after]
        chart = heat_map("changes-map", words("chart.changes"), told, rows, heads, cells, grid_of(turns.matrix()), wide=True)
        return Figure(chart, notes=(words("chart.changes.note"),))

    def _turn(self, turns: Turns, turn: Turn) -> str:
        return self.words("item.field", field=turns.turn(turn), value=self.writer.number(turn.rows))

    def _cell(self, rows: int, same: bool, most: int, whole: int) -> Cell | None:
        if not rows:
            return None
        shown, below = self.writer.number(rows), self.writer.share(rows, whole)
        return Cell(self.words("summary.same", n=shown) if same else shown, below, None if same else rows / most)

    def changes_by(self, turns: Turns, group: TurnGroup, number: int, grid: Grid) -> Figure | None:
        """A heat map of the most frequent changes in each text of a group column; None if nothing changes."""
        words = self.words
        kinds: list[tuple[Side, Side]] = [(turn.before, turn.after) for turn in turns.found.turns if turn.changed][:MOST_TURNS]
        parts = [part for part in group.parts if part.changed][:MOST]
        if not kinds or not parts:
            return None
        counts = [{(turn.before, turn.after): turn.rows for turn in part.turns} for part in parts]
        most = max(rows for found in counts for kind, rows in found.items() if kind[0] != kind[1])
        cells = [
            [self._cell(found.get(kind, 0), False, most, part.rows) for kind in kinds] for found, part in zip(counts, parts, strict=True)
        ]
        labels = [self.writer.place(part.value) for part in parts]
        heads = [turns.turn(Turn(before, after, 0)) for before, after in kinds]
        first = words("item.field", field=labels[0], value=self.writer.number(parts[0].changed))
        title = words("chart.changes-by", group=self.writer.group(group.name))
        chart = heat_map(f"changes-map-{number}", title, words("chart.changes-by.told", first=first), labels, heads, cells, grid, wide=True)
        return Figure(chart, notes=(words("chart.changes-by.note"),))
