"""The charts of a comparison: why methods differ, how far they agree, how grades flow between them, who is lenient, the risk matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dingji.comparison import agreement as a
from dingji.comparison import model as m
from dingji.comparison.rows import RATED
from dingji.comparison.verdicts import plan_of
from dingji.grading import under
from dingji.reports.charts.bars import Bar, Dot, bars, dots
from dingji.reports.charts.cells import Axis, Cell, Square, counts, heat_map
from dingji.reports.charts.flows import Stand, flows
from dingji.reports.charts.vega import Grid
from dingji.reports.compare import Grid as Cells
from dingji.reports.compare import Writer
from dingji.reports.html.document import Figure
from dingji.reports.html.matrix import BandMatrix, band_matrix
from dingji.reports.values import Speech

MOST = 10
"""Reasons that have a bar."""
MOST_PATHS = 30
"""Paths through the methods that the table of a flow names; rarer ones are one line."""


def percent(share: float) -> str:
    """A share as a whole number of hundredths; a smaller one is not nothing."""
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def grid_of(found: Cells) -> Grid:
    """The cells of a grid of the other reports."""
    heads, fields = tuple(head for head, _ in found.columns), [field for _, field in found.columns]
    return Grid(heads, tuple(tuple(getattr(row, field) for field in fields) for row in found.rows))


class Charts(Writer):
    """Draws the charts of a comparison."""

    def causes(self) -> Figure | None:
        """The classes of reasons as bars."""
        words = self.words
        shares = [share for share in self.found.reasons if share.cases][:MOST]
        if not shares:
            return None
        names = [self.reasons.name(share.kind, share.factor) for share in shares]
        shown = [words("chart.share-of", percent=percent(share.share), n=share.cases) for share in shares]
        items = [Bar(name, share.cases, told) for name, share, told in zip(names, shares, shown, strict=True)]
        heads = (words("chart.reason"), words("chart.cases"), words("chart.share"))
        rows = tuple(
            (name, str(share.cases), words("chart.percent", percent=percent(share.share)))
            for name, share in zip(names, shares, strict=True)
        )
        first = words("item.field", field=names[0], value=shown[0])
        told = words("chart.reasons.told", first=first, n=len([s for s in self.found.reasons if s.cases]))
        return Figure(bars("chart-reasons", words("chart.reasons"), told, items, Grid(heads, rows)))

    # --- one scale

    def agreement(self, section: m.ScaleSection, name: str, grid: Grid) -> Figure | None:
        """The share of the same grade for each pair of methods; None if none was computed."""
        words, met = self.words, {(p.first, p.second): p for p in section.pairs}
        known = sorted((p for p in section.pairs if p.raw.value is not None), key=lambda p: p.raw.value or 0)
        if not known:
            return None
        methods = section.methods
        cells = [
            [self._tile(met.get((column, row)) or met.get((row, column))) if c <= r else None for c, column in enumerate(methods[:-1])]
            for r, row in enumerate(methods[1:])
        ]
        low, high = (self._pair_share(p) for p in (known[0], known[-1]))
        labels = [self._short(method) for method in methods]
        told = words("chart.agreement.told", low=low, high=high)
        return Figure(heat_map(f"{name}-agreement", words("chart.agreement"), told, labels[1:], labels[:-1], cells, grid))

    def _tile(self, pair: a.Pair | None) -> Cell:
        words = self.words
        if pair is None or pair.raw.value is None:
            return Cell(words("chart.dash"), words("chart.n", n=pair.raw.n if pair else 0))
        return Cell(words("chart.percent", percent=percent(pair.raw.value)), words("chart.n", n=pair.raw.n), pair.raw.value)

    def _pair_share(self, pair: a.Pair) -> str:
        names = self.words("comparison.pair", first=self._short(pair.first), second=self._short(pair.second))
        return self.words("chart.agreement.one", pair=names, percent=percent(pair.raw.value or 0))

    def _short(self, method: str) -> str:
        return self.words.choice("comparison-short", method)

    def flows(self, section: m.ScaleSection, name: str) -> Figure | None:
        """The grades of each method and the cases between them, of those that two methods grade; None if they are too few."""
        words, order = self.words, range(len(section.grades) - 1, -1, -1)
        stands = [Stand(self.speech.text(section.labels[i]), section.colours[i] or "plain") for i in order]
        stands.append(Stand(words("compare-page.none"), "plain", False))
        place = {grade: number for number, grade in enumerate(reversed(section.grades))}
        paths: Counter[tuple[int, ...]] = Counter()
        none = len(stands) - 1
        for row in (row for row in self.found.rows if row.scale == section.scale):
            path = tuple(self._stand(row.column(method), place, none) for method in section.methods)
            if len(path) - path.count(none) > 1:
                paths[path] += 1
        if paths.total() < plan_of(self.knowledge).minimum:
            return None
        ranked = sorted(paths.items(), key=lambda item: (-item[1], item[0]))
        labels = [self._short(method) for method in section.methods]
        rows = [(*(stands[s].label for s in path), str(n)) for path, n in ranked[:MOST_PATHS]]
        if len(ranked) > MOST_PATHS:
            rest = sum(n for _, n in ranked[MOST_PATHS:])
            rows.append((words("compare-page.more", n=rest), *[""] * (len(labels) - 1), str(rest)))
        path, most = ranked[0]
        steps = [words("chart.flows.step", method=label, grade=stands[s].label) for label, s in zip(labels, path, strict=True)]
        told = words("chart.flows.told", methods=words.listed(labels), path=words("list.comma").join(steps), n=most)
        grid = Grid((*labels, words("chart.cases")), tuple(rows))
        return Figure(flows(f"{name}-flows", words("chart.flows"), told, labels, stands, paths, grid))

    @staticmethod
    def _stand(column: m.Column | None, place: dict[str, int], none: int) -> int:
        return place[column.grade] if column is not None and column.state in RATED and column.grade is not None else none

    def leniency(self, id: str, title: str, found: Sequence[tuple[str, a.Leniency]], grid: Grid) -> Figure | None:
        """Who grades more mildly or more severely than the others; None if nothing was computed."""
        words = self.words
        known = sorted(((each.difference.value, name) for name, each in found if each.difference.value is not None))
        if not known:
            return None
        ranked = sorted(found, key=lambda item: (item[1].difference.value is None, item[1].difference.value or 0, item[0]))
        items = []
        for name, each in ranked:
            d = each.difference
            items.append(Dot(name, d.value, d.low, d.high, self._signed(d)))
        low, high = (
            words("chart.leniency.one", name=name, value=f"{value:+.2f}".replace("-", "−")) for value, name in (known[0], known[-1])
        )
        told = words("chart.leniency.told", low=low, high=high)
        return Figure(dots(id, title, told, items, (words("chart.milder"), words("chart.severer")), grid))

    # --- the matrix

    def matrices(self) -> tuple[Figure, ...]:
        """The matrix of each instrument that has one, with the cases on it."""
        knowledge = under(self.speech.knowledge, self.found.profile)
        speech = Speech(knowledge, self.words)
        points: dict[str, Counter[tuple[str | None, ...]]] = {}
        parts: dict[str, tuple[str, ...]] = {}
        for row in self.found.rows:
            for standing in (s for column in row.columns for s in column.standings if len(s.score_parts) == 2):
                parts[standing.instrument] = tuple(part.fact for part in standing.score_parts)
                points.setdefault(standing.instrument, Counter())[tuple(part.value for part in standing.score_parts)] += 1
        figures = []
        for instrument in sorted(points, key=lambda name: (-points[name].total(), name)):
            matrix = band_matrix(instrument, speech)
            if matrix is not None and set(parts[instrument]) == {matrix.row, matrix.column}:
                turned = parts[instrument][0] != matrix.row
                found = Counter({(key[1], key[0]) if turned else (key[0], key[1]): n for key, n in points[instrument].items()})
                figures.append(self._matrix(instrument, matrix, found))
        return tuple(figures)

    def _matrix(self, instrument: str, matrix: BandMatrix, points: Counter[tuple[str | None, str | None]]) -> Figure:
        words, view = self.words, matrix.view
        squares = [
            [Square(cell.value, cell.colour, points[line.head, head]) for cell, head in zip(line.cells, view.columns, strict=True)]
            for line in view.rows
        ]
        placed = sum(square.count for line in squares for square in line)
        best = max(
            (
                (square.count, line.head, head)
                for line, row in zip(view.rows, squares, strict=True)
                for square, head in zip(row, view.columns, strict=True)
            )
        )
        corner = words("html.matrix.corner", row=view.row_label, column=view.column_label)
        rows = tuple((line.head, *(str(square.count) for square in row)) for line, row in zip(view.rows, squares, strict=True))
        told = words(
            "chart.matrix.told",
            row=view.row_label,
            column=view.column_label,
            most=words("chart.matrix.one", row=best[1], column=best[2], n=best[0]),
        )
        left = points.total() - placed
        notes = [words("compare-page.matrix-lead", n=placed), *([words("compare-page.matrix-open", n=left)] if left else [])]
        across, upright = (words("chart.rising", label=label) for label in (view.column_label, view.row_label))
        chart = counts(
            f"matrix-{instrument.replace('.', '-')}",
            words("chart.matrix", instrument=view.instrument),
            told,
            Axis(upright, tuple(line.head for line in view.rows)),
            Axis(across, view.columns),
            squares,
            Grid((corner, *view.columns), rows),
        )
        return Figure(chart, view.bands, tuple(notes))
