"""The summary of a register as a page: what matters first, then charts with their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dingji.batch.summary import figures as b
from dingji.batch.summary.attainment import MET, MISSED, OPEN
from dingji.knowledge.model import Knowledge
from dingji.knowledge.shapes import COLOURS
from dingji.reports.charts.vega import Grid
from dingji.reports.html.compare_charts import grid_of
from dingji.reports.html.document import Block, Page, Section, Table, Tile
from dingji.reports.html.summary_charts import Charts
from dingji.reports.html.view import LANGUAGES
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.summary import SummaryWriter

MOST = 50
"""Rows of a table on the page; JSON holds all."""


def render_summary_page(found: b.Summary, knowledge: Knowledge, *, language: str, templates: Path | None = None) -> str:
    """A summary as one HTML file that needs nothing else.

    Raises ReportError (T005) naming what to install if the package that draws is missing, and as `dingji.reports.render` does.
    """
    words = catalogue(language, templates)
    view = _Writer(found, knowledge, words).page()
    return render_page("summary/html/page.j2", view, words, form="html", width=80, colour=False, templates=templates)


class _Writer(SummaryWriter):
    def __init__(self, found: b.Summary, knowledge: Knowledge, words: Catalogue) -> None:
        super().__init__(found, knowledge, words, MOST)
        self.charts = Charts(self)

    def page(self) -> Page:
        """The view of the page."""
        found, words = self.found, self.words
        sections = [*(self._changes() if self.turns else self._sections()), self._refused()]
        return Page(
            language=LANGUAGES.get(words.language, words.language),
            title=words("summary.title", n=self.number(found.rows)),
            where=(words("summary.files", files=words("list.comma").join(found.files)),),
            skip=words("summary.skip"),
            headline=self._headline(),
            meaning=tuple(self._meaning()),
            tiles=tuple(self._tiles()),
            sections=tuple(section for section in sections if section is not None),
            version=found.knowledge_version,
            digest=found.knowledge_digest,
        )

    # --- the head

    def _headline(self) -> str:
        found, words = self.found, self.words
        if not found.rows:
            return words("summary.empty")
        if found.changes is not None:
            return words("summary.headline-changes", share=self.share(found.changes.changed, found.rows))
        worst = next((kind for kind in COLOURS if found.colours.get(kind)), None)
        if worst is None:
            return words("summary.headline", share=self.share(found.graded, found.rows))
        return words("summary.headline-colour", share=self.share(found.colours[worst], found.rows), colour=self.kind(worst))

    def _meaning(self) -> Iterator[str]:
        found, words = self.found, self.words
        if found.open:
            yield words("summary.open", n=self.number(found.open), share=self.share(found.open, found.rows))
        if found.missing:
            first = found.missing[0]
            yield words("summary.first-missing", fact=self.speech.label(first.fact), share=self.share(first.rows, found.open))
        measured = [one.verdict for target in found.targets for one in target.measured]
        if measured:
            counts = {verdict: measured.count(verdict) for verdict in (MET, MISSED, OPEN)}
            yield words("summary.targets-told", n=len(measured), met=counts[MET], missed=counts[MISSED], open=counts[OPEN])

    def _tiles(self) -> Iterator[Tile]:
        found = self.found
        counts = {"rows": found.rows, "graded": found.graded, "open": found.open, "refused": found.refused}
        if found.changes is not None:
            counts = {"rows": found.rows, "changed": found.changes.changed, "refused": found.refused}
        for name, count in counts.items():
            if count or name in ("rows", "changed"):
                yield Tile(self.number(count), self.words.choice("summary-tile", name))

    # --- sections

    def _sections(self) -> Iterator[Section | None]:
        words, found = self.words, self.found
        if not found.rows:
            return
        yield Section("colours", words("summary.colours"), blocks=tuple(self._colours()))
        if found.targets:
            yield Section("targets", words("summary.targets"), self.targets_lead(), tuple(self._targets()))
        scales = [
            Block(self.scale_title(scale), figures=(self.charts.scale(scale, number),)) for number, scale in enumerate(found.scales, 1)
        ]
        if scales:
            yield Section("grades", words("summary.grades"), blocks=tuple(scales))
        if found.periods:
            yield Section("time", words("summary.time"), blocks=(Block("", figures=(self.charts.periods(),)),))
        if found.open:
            block = Block("", figures=(self.charts.missing(),), notes=self.more(len(found.missing))) if found.missing else Block("")
            yield Section("missing", words("summary.missing"), self.missing_lead(), (block,))
        if found.fired:
            block = Block("", figures=(self.charts.fired(),), tables=(self._rules(),))
            yield Section("rules", words("summary.rules"), (words("summary.rules-lead"),), (block,))
        if found.instruments:
            yield Section(
                "instruments", words("summary.instruments"), blocks=(Block("", tables=(Table("", grid_of(self.instruments())),)),)
            )

    def _colours(self) -> Iterator[Block]:
        yield Block("", figures=(self.charts.overall(),))
        for number, group in enumerate(self.found.groups, 1):
            tables = [
                Table(found.title or self.words("summary.group", group=self.group(group.name)), grid_of(found), found.note, True)
                for found in self.by_grade(group)
            ]
            figure = self.charts.by_colour(group, number)
            yield Block("", figures=(figure,), tables=tuple(tables))

    def _targets(self) -> Iterator[Block]:
        for number, target in enumerate(self.found.targets, 1):
            table = self.target(target)
            figure = self.charts.target(target, number, grid_of(table))
            if figure is None:
                yield Block(table.title, tables=(Table("", grid_of(table), table.note),))
            else:
                yield Block(table.title, figures=(figure,), notes=(table.note,) if table.note else ())

    def _rules(self) -> Table:
        words = self.words
        heads = tuple(words.choice("summary-head", name) for name in ("rule", "rows", "share", "source"))
        rows = []
        for name, n in self.found.fired[: self.most]:
            rule = self.knowledge.named_rules.get(name)
            cited = words("summary.rule", rule=name, cited=self.cited(rule)) if rule else name
            rows.append((self.rule_text(name), self.number(n), self.share(n, self.found.rows), cited))
        return Table(words("summary.rules-all"), Grid(heads, tuple(rows)), self.sentences(self.more(len(self.found.fired))), True)

    def _changes(self) -> Iterator[Section]:
        assert self.turns is not None
        words, turns, found = self.words, self.turns, self.turns.found
        if not found.rows:
            return
        listed = turns.listed()
        tables = (Table(words("summary.listed"), grid_of(listed), listed.note, True),) if found.changed else ()
        block = Block("", figures=(self.charts.changes(turns),), tables=tables, notes=turns.unchanged())
        yield Section("changes", words("summary.changes"), (turns.lead(),), (block,))
        for number, group in enumerate(found.groups, 1):
            told = turns.by_group(group)
            figure = self.charts.changes_by(turns, group, number, grid_of(told))
            block = Block("", figures=(figure,)) if figure else Block("", tables=(Table("", grid_of(told), told.note),))
            yield Section(f"changes-{number}", words("summary.by-changes", group=self.group(group.name)), blocks=(block,))

    def _refused(self) -> Section | None:
        part = self.refused()
        if part is None:
            return None
        title, lead, (found,), _, notes = part
        return Section("refused", title, lead, (Block("", tables=(Table("", grid_of(found)),)),), notes=notes)
