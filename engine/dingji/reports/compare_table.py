"""A comparison as tables: one row per case for CSV, a workbook of sheets for XLSX."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dingji.comparison import agreement as a
from dingji.comparison import model as m
from dingji.comparison.rows import ORDER
from dingji.knowledge.model import Knowledge
from dingji.reports.compare_reasons import Reasons
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.values import Speech
from dingji.tables.writing import write_csv, write_xlsx

Sheet = tuple[str, list[str], list[list[Any]]]


def write_comparison_csv(found: m.Comparison, knowledge: Knowledge, path: Path, language: str, templates: Path | None = None) -> None:
    """A row per case: what each method says, how far apart, and why."""
    _, head, rows = _Sheets(found, Speech(knowledge, catalogue(language, templates))).cases()
    write_csv(path, head, rows)


def write_comparison_xlsx(found: m.Comparison, knowledge: Knowledge, path: Path, language: str, templates: Path | None = None) -> None:
    """A workbook: cases, differences, agreement, reasons, and screening and precedents where they were asked for."""
    sheets = _Sheets(found, Speech(knowledge, catalogue(language, templates)))
    write_xlsx(path, list(sheets.all()))


class _Sheets:
    """Heads are ids, so that programs can read them in either language; cells are in the reader's language."""

    def __init__(self, found: m.Comparison, speech: Speech) -> None:
        self.found, self.speech, self.reasons = found, speech, Reasons(speech)
        self.words: Catalogue = speech.words

    def all(self) -> Iterator[Sheet]:
        yield self.cases()
        yield self.pairs()
        yield self.agreement()
        yield self.shares()
        if self.found.screened:
            yield self.screening()
        if self.found.precedents:
            yield self.precedents()

    def cases(self) -> Sheet:
        methods = [method for method in ORDER if any(row.column(method) for row in self.found.rows)]
        heads = [
            "case",
            "title",
            "as_of",
            "scale",
            *self.found.by,
            *methods,
            "distance",
            "milder",
            "severer",
            "reason",
            "factor",
            "raters_apart",
        ]
        rows = []
        for row in self.found.rows:
            groups = {g.fact: self.speech.text(g.label) for g in row.groups}
            main = row.main
            line: list[Any] = [row.case, self.speech.text(row.title), row.as_of, row.scale, *(groups.get(x, "") for x in self.found.by)]
            line += [self._cell(row.column(method)) for method in methods]
            line += [row.distance, main.milder if main else "", main.severer if main else ""]
            line += [main.main.kind if main else "", (main.main.factor or "") if main else "", row.spread]
            rows.append(line)
        return self.words("sheet.cases"), heads, rows

    def _cell(self, column: m.Column | None) -> str:
        if column is None:
            return ""
        return column.grade or ("|".join(column.reachable) if column.state == "undetermined" else column.state)

    def pairs(self) -> Sheet:
        heads = ["case", "milder", "severer", "distance", "open", "main", "reason", "facts", "rules", "instruments", "further"]
        rows: list[list[Any]] = []
        for row in self.found.rows:
            for pair in row.pairs:
                main = pair.main
                line: list[Any] = [row.case, pair.milder, pair.severer, pair.distance, pair.open, main.kind]
                line += [self.reasons.sentence(main), " ".join(main.facts), " ".join(main.rules), " ".join(main.instruments)]
                rows.append([*line, " ".join(reason.kind for reason in pair.further)])
        return self.words("sheet.pairs"), heads, rows

    def agreement(self) -> Sheet:
        heads = ["scale", "first", "second", "group", "measure", "value", "low", "high", "n", "reason"]
        rows = [[section.scale, *line] for section in self.found.scales for line in _figures(section)]
        return self.words("sheet.agreement"), heads, rows

    def shares(self) -> Sheet:
        rows: list[list[Any]] = [
            [x.kind, x.factor or "", self.reasons.name(x.kind, x.factor), x.cases, x.share, x.pairs] for x in self.found.reasons
        ]
        return self.words("sheet.reasons"), ["kind", "factor", "text", "cases", "share", "pairs"], rows

    def screening(self) -> Sheet:
        heads = ["case", "title", "rule", "text", "confidence", "values", "calculated", "missing"]
        rows: list[list[Any]] = []
        for each in self.found.screened:
            for ground in each.rules:
                values = " ".join(f"{name}={value}" for name, value in ground.values)
                line: list[Any] = [each.case, self.speech.text(each.title), ground.rule, self.speech.text(ground.text), ground.confidence]
                rows.append([*line, values, each.calculated, " ".join(each.missing)])
        return self.words("sheet.screening"), heads, rows

    def precedents(self) -> Sheet:
        heads = ["case", "at_least", "by", "at_most", "by_most", "conflict", "against", "nearest", "similarity"]
        rows: list[list[Any]] = []
        for each in self.found.precedents:
            near = each.nearest[0] if each.nearest else None
            least, most = " ".join(d.milder for d in each.at_least_by), " ".join(d.severer for d in each.at_most_by)
            line: list[Any] = [each.case, each.at_least or "", least, each.at_most or "", most, each.conflict, " ".join(each.against)]
            rows.append([*line, near.precedent if near else "", near.similarity if near else None])
        return self.words("sheet.precedents"), heads, rows


def _figures(section: m.ScaleSection) -> Iterator[list[Any]]:
    for p in section.pairs:
        for f in (p.raw, p.kappa, p.linear, p.quadratic, p.bias):
            yield [p.first, p.second, "", *_figure(f)]
    for name, panel in (("methods", section.all_methods), ("experts", section.panel)):
        for f in (panel.alpha_ordinal, panel.alpha_nominal, panel.fleiss, panel.kendall) if panel else ():
            yield [name, "", "", *_figure(f)]
    for b in section.bias:
        yield [b.first, b.second, f"{b.group.fact}={b.group.value}", *_figure(b.bias)]
    for rater in section.raters:
        yield [rater.rater, "", "", *_figure(rater.difference)]
    for unit in section.units:
        yield [unit.unit.value, "", unit.unit.fact, *_figure(unit.leniency.difference)]


def _figure(found: a.Statistic) -> list[Any]:
    return [found.measure, found.value, found.low, found.high, found.n, found.reason]
