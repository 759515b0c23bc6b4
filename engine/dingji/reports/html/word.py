"""A page as a Word document (DOCX), by python-docx: the same content in headings, paragraphs and tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dingji.errors import Problem
from dingji.reports.errors import ReportError
from dingji.reports.html.matrix import CellView, MatrixView
from dingji.reports.html.pdf import EXTRA
from dingji.reports.html.view import PageView
from dingji.reports.html.wordstyle import FILLS, SOFT, fill, points, prepare, run, table
from dingji.reports.messages import Catalogue
from dingji.reports.plain import mapped, stripped
from dingji.reports.proof import ConditionView, FactView, RuleView

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

MARKS = {"true": "✓", "false": "✗", "unknown": "?"}
DEEPEST = 8
"""From this depth on the proof is indented no further."""

SECTIONS = {
    "brief": ("findings", "questions", "duties"),
    "panel": ("findings", "questions", "matrices", "differences", "grounds", "judged", "changes", "duties", "today"),
    "full": (
        "findings",
        "questions",
        "matrices",
        "differences",
        "grounds",
        "judged",
        "changes",
        "duties",
        "facts",
        "proof",
        "citations",
        "today",
    ),
}
"""The sections of each level of detail, in order."""


def word(view: PageView, words: Catalogue, detail: str) -> bytes:
    """The document. Raises ReportError (T005) if python-docx is not installed."""
    try:
        import docx
    except ImportError:
        raise ReportError([Problem("python-docx", 0, 0, "T005", "a Word document needs a package", EXTRA)]) from None
    document = docx.Document()
    prepare(document, clean(view.report.title), view.language)
    writer = Writer(document, mapped(view, clean), words)
    writer.head()
    for section in SECTIONS[detail]:
        getattr(writer, section)()
    writer.foot()
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def clean(text: str) -> str:
    """Text without what no XML may hold: besides the invisible characters, two that are none."""
    return stripped(text).replace("\ufffe", "").replace("\uffff", "")


class Writer:
    """Writes the sections of a page, one after the other, into a document."""

    def __init__(self, document: Document, view: PageView, words: Catalogue) -> None:
        self.document, self.view, self.report, self.words = document, view, view.report, words

    def head(self) -> None:
        """Title, case, determination and warnings."""
        report, words = self.report, self.words
        self.document.add_heading(report.title, 0)
        where = [words("head.case", subject=report.subject, case=report.case), words("head.as-of", day=report.as_of)]
        self._soft(words("list.semicolon").join(where + ([words("head.profile", profile=report.profile)] if report.profile else [])))
        cell = self._table([], [[""]], [1])[0][0]
        if report.colour:
            fill(cell, report.colour)
        line = cell.paragraphs[0]
        headline = words("headline", scale=report.scale, grade=report.headline) if report.scale else report.headline
        if report.colour_word:
            headline = words("html.coloured", grade=headline, colour=report.colour_word)
        run(line, headline, bold=True, size=18, ink=FILLS[report.colour][1] if report.colour in FILLS else "")
        self.document.add_paragraph(report.meaning).paragraph_format.space_before = points(6)
        if report.flags:
            self._heading(words("flags.title"))
            for flag in report.flags:
                self._bullet(words("flag.line", text=flag.text, cite=flag.cite))

    def findings(self) -> None:
        """The findings side by side."""
        report, words = self.report, self.words
        if not report.findings:
            return
        self._heading(words("html.findings.title"))
        heads = [words("column.method"), words("column.instrument"), words("column.grade")]
        heads += [report.scale] if report.scale else []
        heads += [words("column.status"), words("column.score")]
        shares = [14, 38, 22, *([14] if report.scale else []), 13, 11]
        rows = [[f.method, f.named, f.grade, *([f.canonical] if report.scale else []), f.status, f.score] for f in report.findings]
        for cells, f in zip(self._table(heads, rows, shares)[1:], report.findings, strict=True):
            if f.colour:
                fill(cells[2], f.colour)
        if report.scale and any(f.beside for f in report.findings):
            self._soft(words("canonical.note"))
        for remark in report.remarks:
            self._bullet(remark)

    def matrices(self) -> None:
        """The risk matrices."""
        for matrix in self.view.matrices:
            self._heading(self.words("html.matrix.title"))
            self._matrix(matrix)

    def _matrix(self, matrix: MatrixView) -> None:
        words = self.words
        self._bold(matrix.instrument)
        corner = words("html.matrix.corner", row=matrix.row_label, column=matrix.column_label)
        rows = [[row.head, *(_cell_text(c, words) for c in row.cells)] for row in matrix.rows]
        cells = self._table([corner, *matrix.columns], rows, [2, *(1 for _ in matrix.columns)])
        for shown, row in zip(cells[1:], matrix.rows, strict=True):
            for cell, known in zip(shown[1:], row.cells, strict=True):
                if known.colour:
                    fill(cell, known.colour, bold=bool(known.state))
            for cell in shown:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
        self._bold(matrix.point)
        for band in matrix.bands:
            grade = words("html.coloured", grade=band.grade, colour=band.colour_word) if band.colour_word else band.grade
            self._bullet(words("item.field", field=grade, value=band.band))

    def differences(self) -> None:
        """Why the findings differ."""
        report, words = self.report, self.words
        if not report.differ:
            return
        self._heading(words("differ.title"))
        self.document.add_paragraph(report.differ)
        for milder in report.differences:
            self.document.add_paragraph(words("differ.milder", instrument=milder.instrument, grade=milder.grade))
            for pair in milder.severer:
                self._bullet(words("pair", instrument=pair.instrument, grade=pair.grade, reason=pair.reason))

    def grounds(self) -> None:
        """The weak rules."""
        words = self.words
        if self.report.grounds:
            self._heading(words("grounds.title"))
        for ground in self.report.grounds:
            line = self._bullet("")
            run(line, words("ground", rule=ground.rule, confidence=ground.confidence) + " ", bold=True)
            run(line, ground.text + " ")
            run(line, " ".join(filter(None, (ground.cite, ground.note))), ink=SOFT)

    def judged(self) -> None:
        """The judgements that the grade turns on."""
        words = self.words
        if self.report.judged:
            self._heading(words("judged.title"))
            heads = [words("judged.fact"), words("judged.value"), words("judged.by"), words("judged.evidence")]
            self._table(heads, [[j.label, j.value, j.by, j.evidence] for j in self.report.judged], [34, 22, 20, 24])

    def questions(self) -> None:
        """What to ask."""
        if self.report.questions:
            self._heading(self.words("questions.title"))
        for question in self.report.questions:
            line = self.words("question.line", question=question.question, decides=question.decides)
            self.document.add_paragraph(line, style="List Number")
        if self.report.more_questions:
            self._soft(self.report.more_questions)

    def changes(self) -> None:
        """What would change the grade."""
        if self.view.changes:
            self._heading(self.words("html.changes.title"))
        if any(not change.note for change in self.view.changes):
            self._soft(self.words("html.changes.lead"))
        for change in self.view.changes:
            if change.note:
                self.document.add_paragraph(change.head)
            else:
                self._bullet(change.head)
            for line in change.details:
                self._indented(line, 2)

    def duties(self) -> None:
        """The duties in the order in which they fall due."""
        words = self.words
        if self.view.timeline:
            self._heading(words("html.duties.title"))
            heads = [words("html.duties.due"), words("html.duties.actor"), words("html.duties.act"), words("html.duties.cite")]
            rows = []
            for stop in self.view.timeline:
                for duty in stop.duties:
                    due = words("group", text=duty.limit) if duty.limit else ""
                    rows.append([f"{stop.heading} {due}".strip(), duty.actor, duty.act, duty.cite])
            self._table(heads, rows, [19, 17, 34, 30])

    def facts(self) -> None:
        """The stated facts with who states them on what evidence."""
        words = self.words
        if self.view.facts:
            self._heading(words("html.facts.title"))
        heads = [
            words("judged.fact"),
            words("judged.value"),
            words("html.facts.source"),
            words("judged.evidence"),
            words("html.facts.note"),
        ]
        for group in self.view.facts:
            self._bold(group.heading)
            rows = []
            for f in group.facts:
                if f.items:
                    continue
                label = f"{f.label} ★ {words('html.facts.decisive')}" if f.decisive else f.label
                by = " ".join(filter(None, (f.by or words("judged.nobody"), f.on)))
                rests = words("html.facts.rests-on", facts=f.rests_on) if f.rests_on else ""
                evidence = words("list.semicolon").join(filter(None, (f.evidence or words("judged.no-evidence"), rests)))
                rows.append([label, f.value, by, evidence, f.note])
            if rows:
                self._table(heads, rows, [24, 19, 16, 21, 20])
            for f in group.facts:
                if f.items:
                    self._bold(f.label)
                    said = (f.by or words("judged.nobody"), f.on, f.evidence, f.note)
                    self._soft(words("list.semicolon").join(filter(None, said)))
                    self._table(f.items.heads, f.items.rows, [1] * len(f.items.heads))

    def proof(self) -> None:
        """The proof, indented."""
        if self.report.proof:
            self._heading(self.words("proof.title"))
            self._soft(self.words("proof.legend"))
        for fact in self.report.proof:
            self._fact(fact, 0)

    def _fact(self, fact: FactView, depth: int) -> None:
        words = self.words
        if fact.how == "seen":
            self._indented(words("proof.seen", label=fact.label, value=fact.value), depth)
            return
        if fact.how == "unknown":
            self._indented(words("proof.unknown", label=fact.label), depth)
            return
        line = self._indented("", depth)
        run(line, words("proof.value", label=fact.label, value=fact.value), bold=True)
        run(line, "".join(words("list.semicolon") + remark for remark in fact.remarks), ink=SOFT)
        for rule in fact.rules:
            self._rule(rule, words("proof.rule", rule=rule.id, value=rule.concludes) if rule.concludes else rule.id, depth + 1)
        for rule in fact.open_rules:
            shown = words("proof.open", rule=rule.id, value=rule.concludes) if rule.concludes else words("proof.open-only", rule=rule.id)
            self._rule(rule, shown, depth + 1)
        for part in fact.facts:
            self._fact(part, depth + 1)

    def _rule(self, rule: RuleView, head: str, depth: int) -> None:
        line = self._indented("", depth)
        run(line, head + " ", italic=True)
        run(line, rule.text + " ")
        run(line, " ".join(filter(None, (rule.cite, rule.note))), ink=SOFT)
        if rule.condition is not None:
            self._condition(rule.condition, depth + 1)

    def _condition(self, condition: ConditionView, depth: int) -> None:
        here = self.words("here.after", here=condition.here) if condition.here else ""
        self._indented(f"{MARKS[condition.truth]} {condition.text}{here}", depth)
        for part in condition.parts:
            self._condition(part, depth + 1)

    def citations(self) -> None:
        """The documents cited."""
        words = self.words
        if self.view.citations:
            self._heading(words("html.citations.title"))
            heads = [words("html.citations.document"), words("html.citations.edition"), words("html.citations.places")]
            rows = []
            for document in self.view.citations:
                places = [words("cited.sure", cited=place.cite, confidence=place.confidence) for place in document.places]
                rows.append([document.title, document.edition, "\n".join(places)])
            self._table(heads, rows, [33, 29, 38])

    def today(self) -> None:
        """The editions of today."""
        if self.report.today:
            self._heading(self.words("today.title"))
        for edition in self.report.today:
            self._bullet(self.words("today.line", then=edition.then, now=edition.now))

    def foot(self) -> None:
        """Who evaluated it with which knowledge."""
        report = self.report
        self._soft(f"{report.evaluators} {self.words('foot.knowledge', version=report.version, digest=report.digest)}")

    def _heading(self, text: str) -> None:
        self.document.add_heading(text, 1)

    def _bold(self, text: str) -> None:
        line = self.document.add_paragraph()
        line.paragraph_format.keep_with_next = True
        run(line, text, bold=True)

    def _soft(self, text: str) -> None:
        run(self.document.add_paragraph(), text, ink=SOFT)

    def _bullet(self, text: str) -> Paragraph:
        return self.document.add_paragraph(text, style="List Bullet")

    def _indented(self, text: str, depth: int) -> Paragraph:
        from docx.shared import Mm

        line = self.document.add_paragraph(text)
        line.paragraph_format.left_indent = Mm(5 * min(depth, DEEPEST))
        line.paragraph_format.space_after = points(2)
        return line

    def _table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], shares: Sequence[float]) -> list[list[_Cell]]:
        return table(self.document, heads, rows, shares)


def _cell_text(cell: CellView, words: Catalogue) -> str:
    return f"{cell.value} {words.choice('cell', cell.state)}" if cell.state else cell.value
