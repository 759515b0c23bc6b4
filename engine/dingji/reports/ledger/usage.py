"""Dead knowledge as a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from dingji.audit import usage as u
from dingji.knowledge.model import Knowledge, Rule
from dingji.records import replace
from dingji.reports.html.view import LANGUAGES
from dingji.reports.ledger.model import Grade, Ledger, Row, Section, Tile, counted
from dingji.reports.ledger.speech import LedgerSpeech, Names
from dingji.reports.messages import Catalogue

MOST_NAMED = 6


def usage_ledger(found: u.Usage, knowledge: Knowledge, words: Catalogue) -> Ledger:
    """The view of what records used of a base."""
    return _Writer(found, knowledge, words).ledger()


class _Writer:
    def __init__(self, found: u.Usage, knowledge: Knowledge, words: Catalogue) -> None:
        self.found, self.words, self.knowledge = found, words, knowledge
        self.speech = LedgerSpeech(knowledge, words, Names({}, {}))
        profiled = {r.id: r for p in knowledge.profiles.values() for r in p.rules}
        self.rules: dict[str, Rule] = {**profiled, **knowledge.rules}

    def ledger(self) -> Ledger:
        found, words = self.found, self.words
        ungiven = sum(not g.given for g in found.grades)
        numbers = (
            (len(found.unfired), "usage.tile.unfired"),
            (len(found.idle), "usage.tile.idle"),
            (len(found.unread), "usage.tile.unread"),
            (len(found.far) + len(found.unmet), "usage.tile.far"),
            (ungiven, "usage.tile.ungiven"),
            (len(found.never), "usage.tile.never"),
        )
        sections = (self._idle(), self._unfired(), self._thresholds(), self._grades(), self._facts(), self._instruments(), self._refused())
        return Ledger(
            language=LANGUAGES.get(words.language, words.language),
            title=words("usage.title", path=found.path),
            where=(words("usage.where", n=found.count - len(found.refused) - found.more_refused),),
            headline=words("usage.answer", unfired=len(found.unfired), rules=found.rules),
            meaning=(words("usage.meaning"),),
            tiles=tuple(Tile(str(n), words(key)) for n, key in numbers),
            figures=(),
            sections=tuple(s for s in sections if s.rows),
            foot=words("ledger.foot", digest=found.digest),
        )

    def _section(self, id: str, rows: Iterable[Row], *heads: str, **fields: str) -> Section:
        rows = list(rows)
        heading = self.words("ledger.heading", heading=self.words.choice("usage-heading", id), n=len(rows))
        return counted(self.words, id, heading, heads, rows, lead=(self.words.choice("usage-lead", id, **fields),))

    def _idle(self) -> Section:
        words = self.words
        rows = [
            Row(
                str(x.fired),
                x.rule,
                words("usage.elsewhere") if x.elsewhere else "",
                (Grade(str(x.fired)),),
                (self._text(x.rule),),
            )
            for x in self.found.idle
        ]
        return self._section("idle", rows, words("ledger.rule"), words("usage.fired"), words("ledger.says"))

    def _unfired(self) -> Section:
        words = self.words
        ordered = sorted(self.found.unfired, key=lambda x: -x.in_scope)
        rows = [
            Row(str(x.in_scope), x.rule, self.speech.instrument(x.owner), (Grade(str(x.in_scope)),), (self._text(x.rule),)) for x in ordered
        ]
        return self._section("unfired", rows, words("ledger.rule"), words("usage.evaluated"), words("ledger.says"))

    def _text(self, rule: str) -> str:
        found = self.rules.get(rule)
        return self.speech.text(found.text) if found else ""

    def _thresholds(self) -> Section:
        words = self.words
        rows = [self._threshold(x) for x in (*self.found.far, *self.found.unmet)]
        share = self.speech.number(str(Decimal(self.found.near) * 100))
        return self._section("far", rows, words("usage.threshold"), words("usage.nearest"), words("usage.rules"), share=share)

    def _threshold(self, x: u.Threshold) -> Row:
        words = self.words
        name, _, part = x.fact.partition(".")
        label, unit = self.speech.label(name), ""
        definition = self.knowledge.facts.get(name)
        if definition is not None:
            field = next((f for f in definition.fields if f.name == part), None)
            unit = field.unit if field else definition.unit
            label = words("usage.field", list=label, field=self.speech.text(field.label)) if field else label
        nearest = self.speech.number(x.nearest, unit) if x.seen else words("usage.no-value")
        below = words("usage.of-case", case=x.case, share=_percent(x.distance)) if x.seen else ""
        named = words("list.comma").join(x.rules[:MOST_NAMED])
        more = len(x.rules) - MOST_NAMED
        named = words("ledger.and-more", names=named, n=more) if more > 0 else named
        return Row("", words("item.field", field=label, value=self.speech.number(x.bound, unit)), below, (Grade(nearest),), (named,))

    def _grades(self) -> Section:
        words = self.words
        found = Counter(g.scale for g in self.found.grades if not g.given)
        rows = []
        for scale in found:
            missing = [g.grade for g in self.found.grades if g.scale == scale and not g.given]
            given = [g for g in self.found.grades if g.scale == scale and g.given]
            listed = words("list.comma").join(words("usage.given", grade=self.speech.grade(scale, g.grade), n=g.given) for g in given)
            title = self.speech.text(self.knowledge.scales[scale].title)
            named = words("list.comma").join(self.speech.grade(scale, grade) for grade in missing)
            rows.append(Row(str(len(missing)), title, "", (Grade(named),), (listed,)))
        return self._section("ungiven", rows, words("usage.scale"), words("usage.never-given"), words("usage.were-given"))

    def _facts(self) -> Section:
        words, found = self.words, self.found
        rows = [
            Row(str(x.stated), self.speech.label(x.fact), x.fact, (Grade(words("usage.unread", n=x.stated)),), ()) for x in found.unread
        ]
        asked = sorted((x for x in found.unstated if x.read), key=lambda x: -x.read)
        rows += [Row("0", self.speech.label(x.fact), x.fact, (Grade(words("usage.unstated", n=x.read)),), ()) for x in asked]
        section = self._section("facts", rows, words("usage.fact"), words("usage.how"), words("ledger.says"))
        rest = len(found.unstated) - len(asked)
        return replace(section, lead=(*section.lead, words("usage.more-unstated", n=rest))) if rest else section

    def _instruments(self) -> Section:
        words = self.words
        rows = [Row("0", self.speech.instrument(id), id, (Grade("0"),), (self.speech.edition(id),)) for id in self.found.never]
        section = self._section("never", rows, words("column.instrument"), words("ledger.records"), words("usage.edition"))
        return replace(section, closed=True)

    def _refused(self) -> Section:
        words = self.words
        rows = (Row(str(r.number), r.case or str(r.number), "", (Grade(str(r.number)),), (r.reason,)) for r in self.found.refused)
        section = self._section("refused", rows, words("ledger.record"), words("ledger.number"), words("ledger.why"))
        return replace(section, beyond=words("ledger.beyond", n=self.found.more_refused) if self.found.more_refused else "")


def _percent(share: str) -> str:
    return f"{float(share) * 100:.0f}%" if share else ""
