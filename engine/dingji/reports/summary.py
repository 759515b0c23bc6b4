"""The summary of a register as finished strings: how many rows have which grade, where, by which rules, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dingji.batch.summary import figures as b
from dingji.batch.summary.attainment import MET, MISSED, NONE, OPEN, Attained, Measured
from dingji.knowledge.model import Knowledge, Rule
from dingji.knowledge.shapes import COLOURS
from dingji.records import Record
from dingji.reports.compare import Grid, Item, grid
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.summary_changes import Turns
from dingji.reports.summary_figures import Figures, percent

MOST = {"text": 15, "markdown": 30}
"""Lines of a table or list; JSON holds all."""
KINDS = (*COLOURS, b.SILENT, b.PLAIN, b.UNGRADED, b.OPEN)
"""Colours of grades, then what has none, in the order of a table's columns."""
MOST_SCALES = 3
"""Scales by which each group is told apart."""
VERDICTS = (MISSED, OPEN, MET, NONE)
"""The order in which places are told: what needs something to be done comes first."""


class SummaryPart(Record, frozen=True):
    """A section: what it has none of is empty."""

    title: str
    lead: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    items: tuple[Item, ...] = ()
    notes: tuple[str, ...] = ()


class SummaryView(Record, frozen=True):
    """A summary; `files` names the results it sums up."""

    title: str
    files: str
    counts: Grid
    parts: tuple[SummaryPart, ...]
    version: str
    digest: str


def render_summary(
    found: b.Summary, knowledge: Knowledge, *, form: str, language: str, width: int = 80, templates: Path | None = None
) -> str:
    """A summary as text or Markdown."""
    words = catalogue(language, templates)
    view = SummaryWriter(found, knowledge, words, MOST[form]).view()
    return render_page(f"summary/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)


class SummaryWriter(Figures):
    """Writes the parts of a summary; the page (`reports.html.summary`) draws some of them, too. `most`: lines of a table."""

    def __init__(self, found: b.Summary, knowledge: Knowledge, words: Catalogue, most: int) -> None:
        super().__init__(knowledge, words)
        self.found, self.most = found, most
        self.turns = Turns(found.changes, self, most) if found.changes is not None else None

    def view(self) -> SummaryView:
        """The whole summary."""
        found, words = self.found, self.words
        parts = self.turns.parts() if self.turns else self.parts()
        return SummaryView(
            title=words("summary.title", n=self.number(found.rows)),
            files=words("summary.files", files=words("list.comma").join(found.files)),
            counts=self.counts(),
            parts=tuple(SummaryPart(*part) for part in [*parts, self.refused()] if part is not None),
            version=found.knowledge_version,
            digest=found.knowledge_digest,
        )

    def parts(self) -> Iterator[tuple[str, tuple[str, ...], tuple[Grid, ...], tuple[Item, ...], tuple[str, ...]] | None]:
        """The sections about one grading."""
        words, found = self.words, self.found
        for scale in found.scales:
            yield self.scale_title(scale), (), (self.distribution(scale),), (), ()
        yield words("summary.colours"), (), (self.overall(), *map(self.by_colour, found.groups)), (), ()
        for group in found.groups:
            yield words("summary.group", group=self.group(group.name)), (), tuple(self.by_grade(group)), (), ()
        if found.targets:
            yield words("summary.targets"), self.targets_lead(), tuple(map(self.target, found.targets)), (), ()
        if found.instruments:
            yield words("summary.instruments"), (), (self.instruments(),), (), ()
        if found.fired:
            yield words("summary.rules"), (words("summary.rules-lead"),), (), tuple(self.fired()), self.more(len(found.fired))
        if found.open:
            yield words("summary.missing"), self.missing_lead(), (), tuple(self.missing()), self.more(len(found.missing))
        if found.periods:
            yield words("summary.time"), (), (self.periods(),), (), ()

    # --- counts

    def counts(self) -> Grid:
        """What became of the rows."""
        found = self.found
        numbers = {"graded": found.graded, "provisional": found.provisional, "open": found.open, "ungraded": found.ungraded}
        whole = found.rows + found.refused
        rows = [
            [self.words.choice("summary-count", name), self.number(n), self.share(n, whole)]
            for name, n in {**numbers, "refused": found.refused}.items()
            if n or name in ("graded", "open")
        ]
        heads = [self.words.choice("summary-head", name) for name in ("what", "rows", "share")]
        return grid("", heads, rows, self.words("summary.second") if self.turns else "")

    def refused(self) -> tuple[str, tuple[str, ...], tuple[Grid, ...], tuple[Item, ...], tuple[str, ...]] | None:
        """Why rows were refused."""
        found, words = self.found, self.words
        if not found.refused:
            return None
        heads = [words.choice("summary-head", name) for name in ("column", "rows", "reason")]
        rows = [[r.column or words("summary.whole-row"), self.number(r.rows), r.reason] for r in found.reasons[: self.most]]
        lead = (words("summary.refused-lead", n=self.number(found.refused)),)
        return words("summary.refused"), lead, (grid("", heads, rows),), (), self.more(len(found.reasons))

    # --- grades and colours

    def scale_title(self, scale: b.Distribution) -> str:
        """The heading over the grades of a scale."""
        known = self.knowledge.scales.get(scale.scale)
        return self.words("summary.scale", scale=self.text(known.title) if known else scale.scale, n=self.number(scale.rows))

    def distribution(self, scale: b.Distribution) -> Grid:
        """The grades of a scale: rows, the provisional ones, and the open ones that could still get them."""
        words, may = self.words, dict(scale.may)
        rows = [
            [
                self.coloured(scale.scale, grade),
                self.number(n),
                self.share(n, scale.rows),
                self.number(weak),
                self.number(may.get(grade, 0)),
            ]
            for grade, n, weak in scale.grades
            if n or grade in may
        ]
        if scale.open:
            rows.append([words.choice("summary-colour", b.OPEN), self.number(scale.open), self.share(scale.open, scale.rows), "", ""])
        heads = [words.choice("summary-head", name) for name in ("grade", "rows", "share", "provisional", "may")]
        return grid("", heads, rows, words("summary.may-note") if scale.open else "")

    def kinds(self) -> tuple[str, ...]:
        """The colours that a table shows: all four where one is met, and what else there is."""
        met = self.found.colours
        return tuple(kind for kind in KINDS if met.get(kind) or (kind in COLOURS and any(met.get(c) for c in COLOURS)))

    def overall(self) -> Grid:
        """All rows by colour."""
        rows = [
            [self.kind(kind), self.number(self.found.colours.get(kind, 0)), self.share(self.found.colours.get(kind, 0), self.found.rows)]
            for kind in self.kinds()
        ]
        heads = [self.words.choice("summary-head", name) for name in ("colour", "rows", "share")]
        return grid("", heads, rows)

    def by_colour(self, group: b.Group) -> Grid:
        """The rows of each text of a group column by colour."""
        heads = [self.group(group.name), self.words.choice("summary-head", "rows"), *map(self.kind, self.kinds())]
        rows = [
            [self.place(part.value), self.number(part.rows), *(self.number(part.colours.get(kind, 0)) for kind in self.kinds())]
            for part in group.parts[: self.most]
        ]
        return grid(self.words("summary.by", group=self.group(group.name)), heads, rows, self.beyond(group))

    def by_grade(self, group: b.Group) -> Iterator[Grid]:
        """The rows of each text of a group column by the grades of each scale."""
        words = self.words
        for scale in self.found.scales[:MOST_SCALES]:
            grades = [grade for grade, n, _ in scale.grades if n]
            opened = [words.choice("summary-colour", b.OPEN)] if scale.open else []
            heads = [
                self.group(group.name),
                words.choice("summary-head", "rows"),
                *(self.grade(scale.scale, grade) for grade in grades),
                *opened,
            ]
            rows = []
            for part in group.parts[: self.most]:
                cells = [cell for cell in part.cells if cell.scale == scale.scale]
                of = [sum(c.rows for c in cells if c.grade == grade and c.status != b.OPEN) for grade in grades]
                undecided = [sum(c.rows for c in cells if c.status == b.OPEN)] if opened else []
                rows.append([self.place(part.value), *map(self.number, (sum(c.rows for c in cells), *of, *undecided))])
            yield grid(self.scale_title(scale) if len(self.found.scales) > 1 else "", heads, rows, self.beyond(group))

    def beyond(self, group: b.Group) -> str:
        """How much of a group column a table does not show."""
        hidden = group.values - min(len(group.parts), self.most)
        rest = group.rest + sum(part.rows for part in group.parts[self.most :])
        return self.words("summary.beyond", n=self.number(hidden), rows=self.number(rest)) if hidden else ""

    # --- targets

    def targets_lead(self) -> tuple[str, ...]:
        """How the targets are measured."""
        lead = [self.words("summary.targets-lead")]
        if self.found.refused:
            lead.append(self.words("summary.targets-refused", n=self.number(self.found.refused)))
        return tuple(lead)

    def target(self, target: Attained) -> Grid:
        """A target, place by place: first where it is missed, then where that depends on open rows."""
        words = self.words
        rows = [
            [
                one.place or words("summary.everywhere"),
                self.bounds(target, one),
                self.verdict(one.verdict),
                self.wanted(target),
                self.number(one.rows),
            ]
            for one in self.ordered(target)[: self.most]
        ]
        place = self.group(target.by) if target.by else words.choice("summary-head", "place")
        heads = [place, *(words.choice("summary-head", name) for name in ("now", "verdict", "wanted", "measured"))]
        return grid(self.target_name(target), heads, rows, self.sentences(self.target_notes(target)))

    def ordered(self, target: Attained) -> list[Measured]:
        """The places of a target: those where it is missed first."""
        return sorted(target.measured, key=lambda one: (VERDICTS.index(one.verdict), one.place))

    def target_name(self, target: Attained) -> str:
        """The target in its own words, or by its grades."""
        rule = target.target.rule
        if rule.text.en != rule.id:
            return self.text(rule.text)
        grades = self.words.listed([self.grade(target.scale, grade) for grade in target.grades])
        return self.words("item.field", field=grades, value=self.wanted(target))

    def target_notes(self, target: Attained) -> Iterator[str]:
        """Where a target comes from, how many places reach it, and what the results lack to measure it."""
        words, rule = self.words, target.target.rule
        if len(target.measured) > 1:
            counts = {verdict: target.count(verdict) for verdict in VERDICTS}
            told = [self.words.choice("summary-places", verdict, n=n) for verdict, n in counts.items() if n]
            yield words("summary.places", counts=words("list.comma").join(told))
        if target.no_by:
            yield words("summary.no-by", column=target.target.by)
        if target.no_among:
            yield words("summary.no-among", column=target.among)
        if any(one.unsure for one in target.measured) and not target.no_among:
            yield words("summary.unsure")
        if rule.source:
            yield words("summary.cited", cited=self.cited(rule))
        if rule.note.en:
            yield self.speech.note(rule.note)

    def bounds(self, target: Attained, one: Measured) -> str:
        """What is measured: one value, or from the least that it can be to the most."""
        if one.low is None or one.high is None:
            return self.words("chart.dash")
        if target.unit == "rows":
            low, high = self.number(int(one.low)), self.number(int(one.high))
        else:
            low, high = (self.words("chart.percent", percent=percent(share)) for share in (one.low, one.high))
        return low if one.low == one.high else self.words("summary.between", low=low, high=high)

    def wanted(self, target: Attained) -> str:
        """The bounds of a target."""
        signs = (("at-least", target.at_least), ("at-most", target.at_most))
        unit = "percent" if target.unit == "percent" else "rows"
        shown = [self.words.choice("summary-wanted", f"{sign}-{unit}", n=f"{bound:g}") for sign, bound in signs if bound is not None]
        return self.words.listed(shown)

    def verdict(self, verdict: str) -> str:
        """Met or not, with a sign that needs no colour."""
        return self.words.choice("summary-verdict", verdict)

    # --- instruments, rules, facts, time

    def instruments(self) -> Grid:
        """What each instrument found."""
        words = self.words
        rows = []
        for each in self.found.instruments[: self.most]:
            known = self.knowledge.instruments.get(each.instrument)
            scale = self.knowledge.scale_of(known.decides) if known else None
            told = [
                words("item.field", field=self.grade(scale.id if scale else "", grade), value=self.number(n)) for grade, n in each.grades
            ]
            grades = words("list.semicolon").join(told)
            rows.append([self.speech.instrument(each.instrument), *map(self.number, (each.rows, each.silent, each.open)), grades])
        heads = [words.choice("summary-head", name) for name in ("instrument", "rows", "silent", "open", "grades")]
        return grid("", heads, rows, self.sentences(self.more(len(self.found.instruments))))

    def fired(self) -> Iterator[Item]:
        """The rules that decided most rows."""
        for name, n in self.found.fired[: self.most]:
            rule = self.knowledge.named_rules.get(name)
            head = self.words("summary.fired", n=self.number(n), share=self.share(n, self.found.rows), rule=self.rule_text(name))
            yield Item(head, (self.words("summary.rule", rule=name, cited=self.cited(rule)),) if rule else ())

    def rule_text(self, name: str) -> str:
        """A rule in plain words."""
        rule = self.knowledge.named_rules.get(name)
        return self.text(rule.text) if rule else name

    def missing_lead(self) -> tuple[str, ...]:
        """How the facts that open rows lack are counted."""
        if not self.found.told_missing:
            return (self.words("summary.missing-untold"),)
        return (self.words("summary.missing-lead" if self.found.missing else "summary.missing-none", n=self.number(self.found.open)),)

    def missing(self) -> Iterator[Item]:
        """The facts that most open rows lack."""
        words = self.words
        for each in self.found.missing[: self.most]:
            fact = self.knowledge.facts.get(each.fact)
            lines = [self.text(fact.question)] if fact is not None and fact.question is not None else []
            if each.alone:
                lines.append(words("summary.alone", n=self.number(each.alone)))
            share = self.share(each.rows, self.found.open)
            yield Item(words("summary.lacks", n=self.number(each.rows), share=share, fact=self.speech.label(each.fact)), tuple(lines))

    def periods(self) -> Grid:
        """The rows by month or year."""
        words, found = self.words, self.found
        heads = [words.choice("summary-head", found.period), words.choice("summary-head", "rows"), *map(self.kind, self.kinds())]
        rows = [
            [self.period(part.value), self.number(part.rows), *(self.number(part.colours.get(kind, 0)) for kind in self.kinds())]
            for part in found.periods
        ]
        return grid("", heads, rows)

    def more(self, number: int) -> tuple[str, ...]:
        """How many of a list are not told."""
        return (self.words("summary.more", n=self.number(number - self.most)),) if number > self.most else ()

    # --- words

    def kind(self, kind: str) -> str:
        """A colour, or what has none."""
        return self.words.choice("colour" if kind in COLOURS else "summary-colour", kind)

    def cited(self, rule: Rule) -> str:
        """The document, the place in it, and how sure its text is."""
        words, speech = self.words, self.speech
        cited = words("cited", document=speech.source(rule.source), cite=speech.text(rule.cite))
        return words("cited.sure", cited=cited, confidence=words.choice("confidence", rule.confidence))
