"""A comparison of methods as finished strings: what agrees, how far, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dingji.comparison import agreement as a
from dingji.comparison import model as m
from dingji.comparison.rows import ORDER
from dingji.comparison.sections import OFFICIAL_BY, closed
from dingji.comparison.verdicts import verdict
from dingji.knowledge.model import Knowledge
from dingji.records import Record
from dingji.reports.compare_reasons import Reasons
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.values import Speech

MOST = 60
"""Cases told one by one in a text; the tables (CSV, XLSX, JSON) hold all of them."""
FIELDS = tuple("abcdefghijkl")


class Cells(Record, frozen=True):
    """A line of a grid whose columns depend on what there is to show. `colour` is that of its first grade."""

    a: str = ""
    b: str = ""
    c: str = ""
    d: str = ""
    e: str = ""
    f: str = ""
    g: str = ""
    h: str = ""
    i: str = ""
    j: str = ""
    k: str = ""
    l: str = ""  # noqa: E741


class Grid(Record, frozen=True):
    """A table: the head of each column with the field of `Cells` that stands in it."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Cells, ...]
    note: str = ""


class Item(Record, frozen=True):
    """A heading line with the lines below it."""

    head: str
    lines: tuple[str, ...] = ()


class SectionView(Record, frozen=True):
    """What is told of the cases of one scale."""

    title: str
    notes: tuple[str, ...]
    grids: tuple[Grid, ...]


class CompareView(Record, frozen=True):
    """A page: cases, then agreement by scale, reasons, precedents and screening; what was not asked for is empty."""

    title: str
    cases: Grid
    sections: tuple[SectionView, ...]
    summary: tuple[str, ...]
    reasons: tuple[Item, ...]
    rest: str
    not_comparable: tuple[str, ...]
    precedents: tuple[Item, ...]
    inconsistent: tuple[Item, ...]
    screened: tuple[Item, ...]
    asked_precedents: bool
    asked_screening: bool


def render_comparison(
    found: m.Comparison,
    knowledge: Knowledge,
    *,
    form: str,
    language: str,
    width: int = 80,
    templates: Path | None = None,
    screening: bool = False,
    precedents: bool = False,
) -> str:
    """A comparison as text or Markdown. `screening` and `precedents`: were they asked for? If so, that there are none is said."""
    words = catalogue(language, templates)
    view = comparison(found, knowledge, words, screening=screening, precedents=precedents)
    return render_page(f"compare/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)


def comparison(found: m.Comparison, knowledge: Knowledge, words: Catalogue, *, screening: bool, precedents: bool) -> CompareView:
    """The view of a comparison."""
    return Writer(found, knowledge, words).view(screening, precedents)


def grid(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> Grid:
    """A grid from plain cells; at most as many columns as `Cells` has."""
    shown = tuple(heads[: len(FIELDS)])
    return Grid(title, tuple(zip(shown, FIELDS, strict=False)), tuple(Cells(*row[: len(FIELDS)]) for row in rows), note)


class Writer:
    """Writes the parts of a comparison; the page (`reports.html.compare`) has more of them."""

    def __init__(self, found: m.Comparison, knowledge: Knowledge, words: Catalogue) -> None:
        self.found, self.knowledge, self.words = found, knowledge, words
        self.speech = Speech(knowledge, words)
        self.reasons = Reasons(self.speech)

    def view(self, screening: bool, precedents: bool) -> CompareView:
        """The whole page."""
        found, words = self.found, self.words
        told = [row for row in found.rows if row.pairs]
        return CompareView(
            title=words("comparison.title", n=len(found.rows)),
            cases=self._cases(),
            sections=tuple(self._section(section) for section in found.scales),
            summary=tuple(self._summary()),
            reasons=tuple(self._why(row) for row in told[:MOST]),
            rest=words("comparison.rest", n=len(told) - MOST) if len(told) > MOST else "",
            not_comparable=tuple(self._not_comparable(each) for each in found.not_comparable),
            precedents=tuple(self._precedence(each) for each in found.precedents),
            inconsistent=tuple(self._inconsistent(each) for each in found.inconsistent),
            screened=tuple(self._screened(each) for each in found.screened),
            asked_precedents=precedents,
            asked_screening=screening,
        )

    # --- cases

    def _cases(self) -> Grid:
        rows = self.found.rows[:MOST]
        methods = [method for method in ORDER if any(row.column(method) for row in self.found.rows)]
        heads = [
            self.words("comparison.case"),
            *(self.words.choice("comparison-short", x) for x in methods),
            self.words("comparison.apart"),
        ]
        cells = [[row.case, *(self._cell(row, row.column(x)) for x in methods), self._apart(row)] for row in rows]
        more = len(self.found.rows) - len(rows)
        return grid(self.words("comparison.cases"), heads, cells, self.words("comparison.more", n=more) if more else "")

    def _cell(self, row: m.Row, column: m.Column | None) -> str:
        if column is None:
            return ""
        if column.grade is not None:
            return self.words("comparison.provisional", grade=column.grade) if column.state == "provisional" else column.grade
        if column.state == "undetermined":
            return (
                self.words("comparison.either", grades="/".join(column.reachable))
                if len(column.reachable) < 3
                else self.words.choice("comparison-sign", "undetermined")
            )
        return self.words.choice("comparison-sign", column.state)

    def _apart(self, row: m.Row) -> str:
        if row.distance is not None:
            return str(row.distance)
        return self.words.choice("comparison-sign", "none")

    # --- agreement

    def _section(self, section: m.ScaleSection) -> SectionView:
        words, speech = self.words, self.speech
        grids = [self._pairs(section), *(self._confusion(section, pair) for pair in section.pairs if pair.confusion.n)]
        grids += [self._all(section), self._bias(section), self._panel(section), self._raters(section), self._units(section)]
        left = [self._left(each) for each in section.left]
        title = words("comparison.scale", scale=speech.text(section.title), n=section.cases)
        return SectionView(title, tuple(left), tuple(g for g in grids if g is not None))

    def _left(self, each: m.Left) -> str:
        names = {"first": self._method(each.first), "second": self._method(each.second)}
        return self.words("comparison.left", n=each.cases, why=self.words.choice("comparison-state", each.state), **names)

    def _pairs(self, section: m.ScaleSection) -> Grid | None:
        if not section.pairs:
            return None
        words = self.words
        heads = [words.choice("comparison-head", x) for x in ("pair", "n", "raw", "linear", "quadratic", "bias")]
        rows = [
            [
                words("comparison.pair", first=self._method(p.first), second=self._method(p.second)),
                str(p.confusion.n),
                self._figure(p.raw),
                self._figure(p.linear),
                self._figure(p.quadratic),
                self._signed(p.bias),
            ]
            for p in section.pairs
        ]
        return grid(words("comparison.agreement"), heads, rows, words("comparison.bias-note"))

    def _confusion(self, section: m.ScaleSection, pair: a.Pair) -> Grid:
        """Most severe grade first; grades that neither gave are left out."""
        counts = pair.confusion.counts
        ranks = [i for i in reversed(range(len(section.grades))) if any(counts[i]) or any(row[i] for row in counts)]
        heads = [self.words("comparison.confusion.corner", first=self._method(pair.first), second=self._method(pair.second))]
        heads += [self.speech.text(section.labels[i]) for i in ranks]
        rows = [[self.speech.text(section.labels[i]), *(str(counts[i][j]) for j in ranks)] for i in ranks]
        title = self.words("comparison.confusion", first=self._method(pair.first), second=self._method(pair.second), n=pair.confusion.n)
        return grid(title, heads, rows)

    def _all(self, section: m.ScaleSection) -> Grid | None:
        return self._figures("comparison.all-methods", section.all_methods)

    def _panel(self, section: m.ScaleSection) -> Grid | None:
        return self._figures("comparison.panel", section.panel)

    def _figures(self, title: str, panel: a.Panel | None) -> Grid | None:
        if panel is None:
            return None
        words = self.words
        figures = (panel.alpha_ordinal, panel.alpha_nominal, panel.fleiss, panel.kendall)
        heads = [
            words.choice("comparison-head", "measure"),
            words.choice("comparison-head", "n"),
            words.choice("comparison-head", "value"),
            words.choice("comparison-head", "word"),
        ]
        rows = [[words.choice("comparison-measure", f.measure), str(f.n), self._figure(f), self._verdict(f)] for f in figures]
        return grid(words(title, n=len(panel.raters)), heads, rows)

    def _bias(self, section: m.ScaleSection) -> Grid | None:
        if not section.bias:
            return None
        words = self.words
        heads = [
            words.choice("comparison-head", "group"),
            words.choice("comparison-head", "pair"),
            words.choice("comparison-head", "n"),
            words.choice("comparison-head", "bias"),
        ]
        rows = [
            [
                words("comparison.group", fact=self.speech.label(x.group.fact), value=self._group(x.group)),
                words("comparison.pair", first=self._method(x.first), second=self._method(x.second)),
                str(x.bias.n),
                self._signed(x.bias),
            ]
            for x in section.bias
        ]
        return grid(words("comparison.bias"), heads, rows)

    def _raters(self, section: m.ScaleSection) -> Grid | None:
        if not section.raters:
            return None
        rows = [[x.rater, str(x.difference.n), self._signed(x.difference), str(x.milder), str(x.severer)] for x in section.raters]
        return grid(self.words("comparison.raters"), self._leniency_heads("rater"), rows, self.words("comparison.raters-note"))

    def _units(self, section: m.ScaleSection) -> Grid | None:
        if not section.units:
            return None
        rows = []
        for unit in section.units:
            x = unit.leniency
            name = self._group(unit.unit)
            if unit.unit.fact != OFFICIAL_BY:
                name = self.words("comparison.group", fact=self.speech.label(unit.unit.fact), value=name)
            rows.append([name, str(x.difference.n), self._signed(x.difference), str(x.milder), str(x.severer)])
        return grid(self.words("comparison.units"), self._leniency_heads("unit"), rows, self.words("comparison.units-note"))

    def _leniency_heads(self, first: str) -> list[str]:
        return [self.words.choice("comparison-head", x) for x in (first, "n", "leniency", "milder", "severer")]

    def _group(self, group: m.Group) -> str:
        if group.value in ("true", "false") and group.label.en == group.value:
            return self.speech.truth(group.value == "true")
        return self.speech.text(group.label)

    def _method(self, method: str) -> str:
        return self.words("comparison.official") if method == m.OFFICIAL else self.words.choice("method", method)

    def _figure(self, found: a.Statistic) -> str:
        """A value with its interval, or why there is none."""
        if found.value is None:
            return self.words.choice("comparison-none", found.reason, n=found.n)
        value = f"{found.value:.2f}"
        if found.low is None or found.high is None:
            return value
        return self.words("comparison.interval", value=value, low=f"{found.low:.2f}", high=f"{found.high:.2f}")

    def _signed(self, found: a.Statistic) -> str:
        if found.value is None:
            return self.words.choice("comparison-none", found.reason, n=found.n)
        value = _sign(found.value)
        if found.low is None or found.high is None:
            return value
        return self.words("comparison.interval", value=value, low=_sign(found.low), high=_sign(found.high))

    def _verdict(self, found: a.Statistic) -> str:
        said = verdict(self.knowledge, found)
        if said is None:
            return ""
        return self.words("comparison.verdict", word=self.speech.text(said.word), source=self.speech.source(said.scheme.rule.source))

    # --- reasons

    def _summary(self) -> Iterable[str]:
        found, words = self.found, self.words
        distances = [row for row in found.rows if (pair := closed(row)) is not None and pair.distance is not None]
        yield words("comparison.disagreeing", n=found.disagreeing, of=len(found.rows), graded=len(distances), open=found.open)
        for share in found.reasons:
            if share.cases:
                kind = self.reasons.name(share.kind, share.factor)
                yield words("comparison.share", percent=f"{100 * share.share:.0f}", n=share.cases, of=found.disagreeing, kind=kind)

    def _why(self, row: m.Row) -> Item:
        head = self.words("comparison.why", title=self.speech.text(row.title), case=row.case)
        return Item(head, tuple(line for pair in row.pairs for line in self._pair(row, pair)))

    def _pair(self, row: m.Row, pair: m.CasePair) -> Iterable[str]:
        words = self.words
        names = {"milder": self._method(pair.milder), "severer": self._method(pair.severer)}
        milder, severer = row.column(pair.milder), row.column(pair.severer)
        if pair.open:
            yield words("comparison.differ.open", **names)
        elif pair.distance is None:
            yield words("comparison.differ.silent", grade=self._graded(row, severer), **names)
        else:
            settled = milder is not None and severer is not None and None not in (milder.grade, severer.grade)
            yield words(
                "comparison.differ" if settled else "comparison.differ.at-least",
                n=pair.distance,
                low=self._graded(row, milder),
                high=self._graded(row, severer),
                **names,
            )
        yield words("comparison.because", reason=self.reasons.sentence(pair.main))
        if pair.further:
            kinds = dict.fromkeys(self.reasons.name(r.kind, r.factor) for r in pair.further)
            yield words("comparison.further", reasons=words("list.semicolon").join(kinds))

    def _graded(self, row: m.Row, column: m.Column | None) -> str:
        if column is None:
            return ""
        if column.grade is not None:
            return self.speech.grade(row.scale, column.grade)
        return self.speech.grades(row.scale, column.reachable)

    def _not_comparable(self, each: m.NotComparable) -> str:
        scales = self.knowledge.scales
        own = self.speech.text(scales[each.own_scale].title)
        if each.scale not in scales:
            return self.words("comparison.no-scale", title=self.speech.text(each.title), own=own, n=each.cases)
        scale = self.speech.text(scales[each.scale].title)
        return self.words("comparison.no-crosswalk", title=self.speech.text(each.title), own=own, scale=scale, n=each.cases)

    # --- precedents and screening

    def _precedence(self, each: m.Precedence) -> Item:
        words, speech = self.words, self.speech
        lines = []
        if each.at_least is not None:
            by = words("list.comma").join(d.milder for d in each.at_least_by)
            lines.append(words("comparison.at-least", grade=speech.grade(each.scale, each.at_least), cases=by))
        if each.at_most is not None:
            by = words("list.comma").join(d.severer for d in each.at_most_by)
            lines.append(words("comparison.at-most", grade=speech.grade(each.scale, each.at_most), cases=by))
        if each.conflict:
            lines.append(words("comparison.precedent-conflict"))
        if each.against:
            lines.append(words("comparison.against", methods=words.listed(map(self._method, each.against))))
        for near in each.nearest:
            percent = f"{100 * near.similarity:.0f}"
            grade = speech.grade(each.scale, near.grade)
            lines.append(words("comparison.near", case=near.precedent, grade=grade, percent=percent, alike=near.alike, of=near.compared))
        return Item(words("comparison.why", title=speech.text(each.title), case=each.case), tuple(lines))

    def _inconsistent(self, each: m.Dominance) -> Item:
        head = self.words(
            "comparison.inconsistent", severer=each.severer, high=each.severer_grade or "", milder=each.milder, low=each.milder_grade or ""
        )
        return Item(head, tuple(self.reasons.dimension(d) for d in each.dimensions) or (self.words("comparison.alike"),))

    def _screened(self, each: m.Screened) -> Item:
        speech, words = self.speech, self.words
        lines = [self._ground(ground) for ground in each.rules]
        if each.calculated:
            lines.append(words("comparison.calculated"))
        if each.missing:
            lines.append(words("comparison.missing", facts=words("list.comma").join(map(speech.label, each.missing))))
        return Item(words("comparison.why", title=speech.text(each.title), case=each.case), tuple(lines))

    def _ground(self, ground: m.ScreeningGround) -> str:
        speech, words = self.speech, self.words
        values = words("list.comma").join(speech.fact(name, value) for name, value in ground.values)
        text = words("comparison.ground", text=speech.text(ground.text), values=values, rule=ground.rule)
        weak = ground.confidence in ("assumed", "unverified")
        return words("comparison.assumed", text=text, confidence=words.choice("confidence", ground.confidence)) if weak else text


def _sign(value: float) -> str:
    """A difference with its sign; a zero has none."""
    shown = f"{value:+.2f}"
    return "0.00" if shown in ("+0.00", "-0.00") else shown.replace("-", "−")
