"""The tables of statistics on the page of a comparison, with the words for the figures and their sources."""

from __future__ import annotations

from collections.abc import Iterator

from dingji.comparison import agreement as a
from dingji.comparison import model as m
from dingji.comparison.verdicts import plan_of, verdict
from dingji.reports.charts.vega import Grid
from dingji.reports.compare import Writer
from dingji.reports.html.compare_charts import Charts, grid_of, percent
from dingji.reports.html.document import Figure, Table


class Statistics(Writer):
    """The tables of a comparison."""

    def computed(self, section: m.ScaleSection) -> bool:
        """Has any figure been computed?"""
        return any(pair.raw.value is not None for pair in section.pairs)

    def few(self, section: m.ScaleSection) -> tuple[str, ...]:
        """That there are too few cases."""
        return (self.words("compare-page.few", n=plan_of(self.knowledge).minimum),) if section.pairs else ()

    def short(self, section: m.ScaleSection) -> Grid:
        """What the heat map shows: the pairs with their share and, in words, what it amounts to beyond chance."""
        words = self.words
        heads = (
            words.choice("comparison-head", "pair"),
            words.choice("comparison-head", "n"),
            words("compare-page.same"),
            words("compare-page.kappa"),
        )
        rows = []
        for pair in section.pairs:
            short = [words.choice("comparison-short", each) for each in (pair.first, pair.second)]
            share = words("chart.dash") if pair.raw.value is None else words("chart.percent", percent=percent(pair.raw.value))
            rows.append((words("comparison.pair", first=short[0], second=short[1]), str(pair.raw.n), share, self._kappa(pair.quadratic)))
        return Grid(heads, tuple(rows))

    def _kappa(self, found: a.Statistic) -> str:
        said = verdict(self.knowledge, found)
        if found.value is None:
            return self.words("chart.dash")
        value = f"{found.value:.2f}".replace("-", "−")
        return self.words("compare-page.kappa-verdict", value=value, word=self.speech.text(said.word)) if said else value

    def pairs(self, section: m.ScaleSection) -> tuple[Table, ...]:
        """All figures of the pairs, and grade against grade."""
        words, found = self.words, []
        shown = self._pairs(section)
        if shown is not None and self.computed(section):
            found.append(Table(words("compare-page.figures"), grid_of(shown), shown.note, True))
        met = [self._confusion(section, pair) for pair in section.pairs if pair.confusion.n]
        if met:
            inner = tuple(Table(each.title, grid_of(each), each.note) for each in met)
            found.append(Table(words("compare-page.confusions"), closed=True, inner=inner))
        return tuple(found)

    def sources(self, section: m.ScaleSection, heat: bool) -> tuple[str, ...]:
        """Whose words the figures of the heat map are given."""
        if not heat:
            return ()
        found = next((said for p in section.pairs if (said := verdict(self.knowledge, p.quadratic)) is not None), None)
        if found is None:
            return ()
        rule, speech = found.scheme.rule, self.speech
        fields = {"source": speech.source(rule.source), "cite": speech.text(rule.cite)}
        sure = self.words.choice("confidence", rule.confidence)
        note = speech.text(rule.note)
        if note:
            return (self.words("compare-page.words-note", confidence=sure, note=note, **fields),)
        return (self.words("compare-page.words", confidence=sure, **fields),)

    def together(self, section: m.ScaleSection) -> tuple[Table, ...]:
        """The figures over all methods."""
        found = self._all(section)
        return (Table(found.title, grid_of(found), found.note),) if found and self.computed(section) else ()

    def people(self, section: m.ScaleSection, name: str, charts: Charts) -> Iterator[tuple[Figure | None, tuple[Table, ...], str]]:
        """The experts with the figures among them, and the units: chart, tables and heading."""
        words = self.words
        panel = self._panel(section)
        tables = (Table(panel.title, grid_of(panel), panel.note),) if panel and section.panel and _any(section.panel) else ()
        raters = self._raters(section)
        if raters is not None:
            items = [(each.rater, each) for each in section.raters]
            chart = charts.leniency(f"{name}-raters", words("chart.raters"), items, grid_of(raters))
            rest = () if chart else (Table(raters.title, grid_of(raters), raters.note, True),)
            yield _noted(chart, raters.note), (*tables, *rest), raters.title if chart or tables else ""
        units = self._units(section)
        if units is not None:
            names = [row.a for row in units.rows]
            items = list(zip(names, (each.leniency for each in section.units), strict=True))
            chart = charts.leniency(f"{name}-units", words("chart.units"), items, grid_of(units))
            rest = () if chart else (Table(units.title, grid_of(units), units.note, True),)
            yield _noted(chart, units.note), rest, units.title if chart else ""

    def rest(self, section: m.ScaleSection) -> tuple[Table, ...]:
        """Bias by group, and what could not be compared."""
        found = []
        bias = self._bias(section)
        if bias is not None and any(each.bias.value is not None for each in section.bias):
            found.append(Table(bias.title, grid_of(bias), bias.note, True))
        left = tuple(self._left(each) for each in section.left)
        if left:
            found.append(Table(self.words("compare-page.left"), closed=True, lines=left))
        return tuple(found)


def _any(panel: a.Panel) -> bool:
    return any(each.value is not None for each in (panel.alpha_ordinal, panel.alpha_nominal, panel.fleiss, panel.kendall))


def _noted(figure: Figure | None, note: str) -> Figure | None:
    return figure and Figure(figure.chart, figure.key, (*figure.notes, note) if note else figure.notes)
