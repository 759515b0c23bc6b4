"""The impact of changed knowledge on records, as a ledger."""

from __future__ import annotations

from collections.abc import Iterator

from dingji.audit import impact as i
from dingji.audit.outcome import MOST_RULES
from dingji.knowledge.model import Knowledge
from dingji.reports.html.view import LANGUAGES
from dingji.reports.ledger.model import Grade, Ledger, Row, Section, Tile, counted
from dingji.reports.ledger.speech import LedgerSpeech, Names
from dingji.reports.messages import Catalogue

NUMBERS = 8


def impact_ledger(found: i.Impact, knowledge: Knowledge, words: Catalogue) -> Ledger:
    """The view of an impact. `knowledge` is the new base."""
    return _Writer(found, knowledge, words).ledger()


class _Writer:
    def __init__(self, found: i.Impact, knowledge: Knowledge, words: Catalogue) -> None:
        self.found, self.words, self.knowledge = found, words, knowledge
        self.speech = LedgerSpeech(knowledge, words, Names(found.texts, found.duties))

    def ledger(self) -> Ledger:
        found, words = self.found, self.words
        graded = [m for m in found.moved if m.change.graded]
        day = words("ledger.day", day=self.speech.date(found.day)) if found.day else words("ledger.own-day")
        tiles = [Tile(str(n), self.speech.steps(steps)) for steps, n in found.steps()]
        due = len(found.moved) - len(graded)
        tiles += [Tile(str(due), words("impact.duties-only"))] if due else []
        tiles += [Tile(str(len(found.refused)), words("impact.refused"))] if found.refused else []
        sections = (self._moved(), self.speech.rule_section(change for m in found.moved for change in m.change.rules), self._due())
        return Ledger(
            language=LANGUAGES.get(words.language, words.language),
            title=words("impact.title", path=found.path),
            where=(day,),
            headline=words("impact.answer", n=found.count, changed=len(found.moved))
            if found.moved
            else words("impact.none", n=found.count),
            meaning=tuple(self._notes()),
            tiles=tuple(tiles),
            figures=(),
            sections=tuple(s for s in (*sections, self._refused()) if s.rows),
            foot=words("ledger.foot", digest=self.knowledge.digest),
        )

    def _notes(self) -> Iterator[str]:
        if self.found.otherwise:
            shown = self.words("list.comma").join(map(str, self.found.otherwise[:NUMBERS]))
            more = len(self.found.otherwise) - NUMBERS
            shown = self.words("ledger.and-more", names=shown, n=more) if more > 0 else shown
            yield self.words("impact.otherwise", n=len(self.found.otherwise), records=shown)

    def _moved(self) -> Section:
        words = self.words
        heads = (words("ledger.record"), words("impact.old"), words("impact.new"), words("ledger.why"))
        rows = [self._row(moved) for moved in self.found.moved]
        heading = words("ledger.heading", heading=words("impact.moved"), n=len(rows))
        return counted(words, "moved", heading, heads, rows, kind="grades")

    def _row(self, moved: i.Moved) -> Row:
        speech, change = self.speech, moved.change
        why = [speech.steps(change.steps)] if change.graded else []
        why += [*speech.rules(change.rules[:MOST_RULES], max(0, len(change.rules) - MOST_RULES))]
        brief = speech.brief(why, change.appear, change.vanish)
        why += speech.due(change.appear, change.vanish)
        below = ""
        if moved.recorded != moved.before:
            below = self.words("impact.recorded", grade=speech.graded(moved.recorded).text)
        return Row(str(moved.number), moved.case, below, (speech.graded(moved.before), speech.graded(moved.after)), tuple(why), brief)

    def _due(self) -> Section:
        moved = self.found.moved
        return self.speech.duty_section((d for m in moved for d in m.change.appear), (d for m in moved for d in m.change.vanish))

    def _refused(self) -> Section:
        words = self.words
        rows = [
            Row(str(r.number), r.case or str(r.number), words.choice("impact-by", r.by), (Grade(str(r.number)),), (r.reason,))
            for r in self.found.refused
        ]
        heads = (words("ledger.record"), words("ledger.number"), words("ledger.why"))
        return counted(words, "refused", words("impact.refused-title"), heads, rows)
