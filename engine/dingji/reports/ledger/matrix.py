"""The replay matrix as a ledger: a section for each verdict, what is to be looked at first above."""

from __future__ import annotations

from collections.abc import Iterator

from dingji.audit import matrix as x
from dingji.audit.outcome import Cell
from dingji.knowledge.model import Knowledge
from dingji.records import replace
from dingji.reports.html.view import LANGUAGES
from dingji.reports.ledger.model import Grade, Ledger, Row, Section, Tile, counted, csv_text
from dingji.reports.ledger.speech import LedgerSpeech, Names
from dingji.reports.messages import Catalogue


def matrix_ledger(found: x.Matrix, knowledge: Knowledge, words: Catalogue, *, charts: bool = False) -> Ledger:
    """The view of a matrix. `knowledge` is that of now."""
    return _Writer(found, knowledge, words).ledger(charts)


class _Writer:
    def __init__(self, found: x.Matrix, knowledge: Knowledge, words: Catalogue) -> None:
        self.found, self.words = found, words
        self.speech = LedgerSpeech(knowledge, words, Names(found.texts, found.duties))

    def ledger(self, charts: bool) -> Ledger:
        found, words = self.found, self.words
        counts = {verdict: len(found.of(verdict)) for verdict in x.VERDICTS}
        changed = sum(counts[v] for v in (x.BY_BOTH, x.BY_KNOWLEDGE, x.BY_FACTS))
        day = self.speech.date(found.day) if found.day else ""
        where = [words("ledger.day", day=day) if day else words("ledger.own-day")]
        where.append(words("ledger.cases", n=found.matched) if found.with_cases else words("ledger.no-cases"))
        pairs = [(row.then_then, row.now) for row in found.rows if row.verdict != x.UNSOUND]
        ends = words("ledger.then"), words("ledger.now")
        return Ledger(
            language=LANGUAGES.get(words.language, words.language),
            title=words("matrix.title", path=found.path),
            where=tuple(where),
            headline=words("matrix.answer", n=len(found.rows), changed=changed) if changed else words("matrix.stands", n=len(found.rows)),
            meaning=(words("matrix.meaning"),),
            tiles=tuple(Tile(str(counts[v]), words.choice("matrix-tile", v)) for v in x.VERDICTS if counts[v]),
            figures=self.speech.moves(pairs, words("matrix.moves"), ends) if charts else (),
            sections=tuple(section for section in self._sections() if section.rows),
            foot=words("ledger.foot", digest=found.digest),
        )

    def _sections(self) -> Iterator[Section]:
        words, found = self.words, self.found
        heads = [words("ledger.record"), words("ledger.then"), words("ledger.now-then")]
        heads += [words("ledger.then-facts"), words("ledger.now-facts")] if found.with_cases else []
        for verdict in x.VERDICTS:
            rows = [self._row(row) for row in found.of(verdict)]
            lead = (words.choice("matrix-lead", verdict),)
            heading = words("ledger.heading", heading=words.choice("matrix-verdict", verdict), n=len(rows))
            section = counted(words, verdict, heading, (*heads, words("ledger.why")), rows, lead=lead, kind="grades")
            yield replace(section, closed=verdict == x.SAME)
        yield self.speech.rule_section(change for row in found.rows for change in row.rules)
        yield self.speech.duty_section((d for row in found.rows for d in row.appear), (d for row in found.rows for d in row.vanish))

    def _row(self, row: x.Row) -> Row:
        speech = self.speech
        cells = [speech.graded(row.then_then), speech.graded(row.now_then)]
        if self.found.with_cases:
            cells += [self._corner(row, row.then_now), self._corner(row, row.now_now)]
        if row.verdict == x.UNSOUND:
            cells = cells[:1] + [Grade("–")] * (len(cells) - 1)
        why = list(self._why(row))
        brief = self.speech.brief(why, row.appear, row.vanish)
        return Row(str(row.number), row.case, row.time[:10], tuple(cells), (*why, *self.speech.due(row.appear, row.vanish)), brief)

    def _corner(self, row: x.Row, cell: Cell | None) -> Grade:
        whole = self.words("matrix.no-whole") if cell is not None and cell.reason == x.NO_WHOLE else ""
        return self.speech.graded(cell, whole)

    def _why(self, row: x.Row) -> Iterator[str]:
        words, speech = self.words, self.speech
        if row.verdict in (x.BY_BOTH, x.BY_KNOWLEDGE, x.BY_FACTS):
            yield speech.steps(row.steps)
        if row.verdict == x.UNSOUND:
            yield row.then_then.reason or words("matrix.see-audit")
        yield from speech.rules(row.rules, row.more_rules)
        read = [fact for fact in row.facts if fact.read]
        for fact in read:
            yield words(
                "matrix.fact", fact=speech.label(fact.fact), then=self._said(fact.fact, fact.then), now=self._said(fact.fact, fact.now)
            )
        if row.unread:
            yield words("matrix.unread", facts=words("list.comma").join(map(speech.label, row.unread)))

    def _said(self, fact: str, text: str) -> str:
        """A value as a case states it."""
        if text == "-":
            return self.words("ledger.unstated")
        return self.speech.fact(fact, text) if not text.startswith("[") and " " not in text else text


HEADS = (
    "number",
    "case",
    "recorded",
    "verdict",
    "scale",
    "then_then",
    "now_then",
    "then_now",
    "now_now",
    "steps",
    "rules_changed",
    "rules_fell",
    "rules_came",
    "facts",
    "duties_appear",
    "duties_vanish",
    "first_difference",
    "path",
)


def matrix_csv(found: x.Matrix) -> str:
    """The matrix as CSV, one record a line; grades by their ids."""
    return csv_text(HEADS, map(_line, found.rows))


def _line(row: x.Row) -> list[object]:
    rules = [" ".join(c.rule for c in row.rules if c.change == kind) for kind in ("changed", "fell", "came")]
    facts = "; ".join(f"{f.fact}: {f.then} -> {f.now}" for f in row.facts if f.read)
    corners = [_id(cell) for cell in (row.then_then, row.now_then, row.then_now, row.now_now)]
    head = [row.number, row.case, row.time, row.verdict, row.then_then.scale]
    return [*head, *corners, row.steps, *rules, facts, " ".join(row.appear), " ".join(row.vanish), row.first, row.path]


def _id(cell: Cell | None) -> str:
    if cell is None or cell.reason:
        return ""
    return cell.grade or "|".join(cell.reachable)
