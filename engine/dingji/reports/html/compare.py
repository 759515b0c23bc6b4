"""A comparison as a page: the summary first, then charts with their numbers, the disagreeing cases, screening and precedents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dingji.comparison import model as m
from dingji.comparison.sections import closed
from dingji.knowledge.model import Knowledge
from dingji.reports.compare import Writer
from dingji.reports.html.compare_cases import LISTED, Cases
from dingji.reports.html.compare_charts import Charts, percent
from dingji.reports.html.compare_statistics import Statistics
from dingji.reports.html.document import Block, Page, Section, Tile
from dingji.reports.html.view import LANGUAGES
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page

NEXT = 2
"""So many further reasons are named in the summary."""


def render_comparison_page(
    found: m.Comparison,
    knowledge: Knowledge,
    *,
    language: str,
    templates: Path | None = None,
    screening: bool = False,
    precedents: bool = False,
) -> str:
    """A comparison as one HTML file that needs nothing else. `screening` and `precedents`: were they asked for?

    Raises ReportError (T005) naming what to install if the package that draws is missing, and as `dingji.reports.render` does.
    """
    words = catalogue(language, templates)
    view = _Writer(found, knowledge, words).page(screening, precedents)
    return render_page("compare/html/page.j2", view, words, form="html", width=80, colour=False, templates=templates)


class _Writer(Writer):
    def __init__(self, found: m.Comparison, knowledge: Knowledge, words: Catalogue) -> None:
        super().__init__(found, knowledge, words)
        self.charts = Charts(found, knowledge, words)
        self.statistics = Statistics(found, knowledge, words)

    def page(self, screening: bool, precedents: bool) -> Page:
        """The view of the page."""
        found, words = self.found, self.words
        where = [words("compare-page.where")]
        if found.profile:
            profile = self.knowledge.profiles.get(found.profile)
            where.append(words("compare-page.profile", profile=self.speech.text(profile.title) if profile else found.profile))
        sections = [
            self._reasons_section(),
            *(self._scale_section(section, number) for number, section in enumerate(self._scales(), 1)),
            self._matrix_section(),
            self._cases_section(),
            *self._asked(screening, precedents),
            self._others(),
        ]
        return Page(
            language=LANGUAGES.get(words.language, words.language),
            title=words("compare-page.title", n=len(found.rows)),
            where=tuple(where),
            skip=words("compare-page.skip"),
            headline=self._headline(),
            meaning=tuple(self._meaning(screening)),
            tiles=tuple(self._tiles()),
            sections=tuple(section for section in sections if section is not None),
            version=found.knowledge_version,
            digest=found.knowledge_digest,
        )

    # --- the summary

    def _headline(self) -> str:
        shares = self.found.reasons
        if shares and shares[0].cases:
            return self.words("compare-page.headline", percent=percent(shares[0].share), cause=self._clause(shares[0]))
        met = any(row.distance is not None for row in self.found.rows)
        return self.words("compare-page.agree" if met and not self.found.disagreeing else "compare-page.nothing")

    def _clause(self, share: m.ReasonShare) -> str:
        factor = self.speech.factor(share.factor) if share.factor else self.words("compare-page.some-consequence")
        return self.words.choice("cause-clause", share.kind, factor=factor)

    def _meaning(self, screening: bool) -> Iterator[str]:
        words, found = self.words, self.found
        further = [share for share in found.reasons[1 : NEXT + 1] if share.cases]
        if further:
            causes = [words("compare-page.next", cause=self._clause(share), percent=percent(share.share)) for share in further]
            yield words("compare-page.then", causes=words("list.comma").join(causes))
        met = [pair for section in self._scales()[:1] for pair in section.pairs if pair.raw.value is not None]
        if len(met) > 1:
            met.sort(key=lambda pair: pair.raw.value or 0)
            for message, pair in (("compare-page.furthest", met[0]), ("compare-page.closest", met[-1])):
                names = words("compare-page.pair", first=self._method(pair.first), second=self._method(pair.second))
                yield words(message, pair=names, percent=percent(pair.raw.value or 0), n=pair.raw.n)
        if screening:
            yield words("compare-page.deserve", n=len(found.screened))

    def _tiles(self) -> Iterator[Tile]:
        rows = self.found.rows
        alike = sum(not row.pairs and row.distance is not None for row in rows)
        counts = {"cases": len(rows), "differ": self.found.disagreeing, "agree": alike, "open": self.found.open}
        counts["single"] = len(rows) - sum(counts[name] for name in ("differ", "agree", "open"))
        for name, count in counts.items():
            if count or name in ("cases", "differ", "agree"):
                yield Tile(str(count), self.words.choice("compare-tile", name))

    # --- sections

    def _reasons_section(self) -> Section | None:
        chart = self.charts.causes()
        if chart is None:
            return None
        summary = next(iter(self._summary()))
        lead = (summary, self.words("compare-page.reasons-lead"))
        return Section("reasons", self.words("comparison.reasons"), lead, (Block("", figures=(chart,)),))

    def _scales(self) -> list[m.ScaleSection]:
        """The scales on which methods met, those with figures first."""
        met = [section for section in self.found.scales if any(pair.confusion.n for pair in section.pairs) or section.panel]
        return sorted(met, key=lambda section: not self.statistics.computed(section))

    def _scale_section(self, section: m.ScaleSection, number: int) -> Section:
        title = self.words("comparison.scale", scale=self.speech.text(section.title), n=section.cases)
        name, statistics, charts = f"scale-{number}", self.statistics, self.charts
        blocks = [Block("", lead=statistics.few(section))] if not statistics.computed(section) else []
        heat = charts.agreement(section, name, statistics.short(section))
        blocks.append(
            Block(
                self.words("comparison.agreement") if section.pairs else "",
                figures=(heat,) if heat else (),
                tables=statistics.pairs(section),
                notes=statistics.sources(section, heat is not None),
            )
        )
        flows = charts.flows(section, name)
        if flows is not None:
            blocks.append(Block(self.words("compare-page.flows"), lead=(self.words("compare-page.flow-note"),), figures=(flows,)))
        blocks.append(Block("", tables=statistics.together(section)))
        for chart, tables, heading in statistics.people(section, name, charts):
            blocks.append(Block(heading, figures=(chart,) if chart else (), tables=tables))
        blocks.append(Block("", tables=statistics.rest(section)))
        return Section(name, title, blocks=tuple(b for b in blocks if b.lead or b.figures or b.tables or b.notes))

    def _matrix_section(self) -> Section | None:
        figures = self.charts.matrices()
        if not figures:
            return None
        return Section("matrix", self.words("compare-page.matrix"), blocks=(Block("", figures=figures),))

    def _cases_section(self) -> Section | None:
        groups = Cases(self.found, self.knowledge, self.words).groups()
        if not groups:
            return None
        lead = (self.words("compare-page.cases-lead"),) if any(closed(row) for row in self.found.rows) else ()
        return Section("cases", self.words("compare-page.cases"), lead, groups=groups)

    def _asked(self, screening: bool, precedents: bool) -> Iterator[Section]:
        words, found = self.words, self.found
        if screening:
            items = tuple(self._screened(each) for each in found.screened[:LISTED])
            none = () if items else (words("comparison.none-screened"),)
            yield Section("screening", words("comparison.screening"), none, items=items, notes=self._beyond(len(found.screened)))
        if precedents:
            items = tuple(self._precedence(each) for each in found.precedents[:LISTED])
            lead = (words("comparison.not-binding"), *(() if items else (words("comparison.no-precedents"),)))
            yield Section("precedents", words("comparison.precedents"), lead, items=items, notes=self._beyond(len(found.precedents)))
            items = tuple(self._inconsistent(each) for each in found.inconsistent[:LISTED])
            none = () if items else (words("comparison.none-inconsistent"),)
            yield Section(
                "inconsistent", words("comparison.inconsistent-pairs"), none, items=items, notes=self._beyond(len(found.inconsistent))
            )

    def _beyond(self, number: int) -> tuple[str, ...]:
        """How many of a list the page does not hold."""
        return (self.words("comparison.more", n=number - LISTED),) if number > LISTED else ()

    def _others(self) -> Section | None:
        words, met = self.words, self._scales()
        alone = [section for section in self.found.scales if section not in met]
        notes = (
            *(words("compare-page.alone", scale=self.speech.text(section.title), n=section.cases) for section in alone),
            *(self._not_comparable(each) for each in self.found.not_comparable),
        )
        return Section("not-comparable", self.words("comparison.not-comparable"), notes=notes) if notes else None
