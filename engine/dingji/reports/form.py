"""The empty table that people fill in, as a workbook or CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dingji.files import whole
from dingji.knowledge.model import Instrument, Knowledge
from dingji.language import types as t
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.values import Speech
from dingji.tables.form import RECORDS, FormColumn, form
from dingji.tables.writing import guarded, sheet_name, spreadsheets, xlsx_cell

EXAMPLE = "2024-07-15"
_LAST = 1_048_576
_FIGURE = "…"
"""Stands for the number before or within its unit."""
_GROUPS = ("group.party", "group.county")


def form_text(knowledge: Knowledge, instrument: Instrument, language: str) -> str:
    """The table as CSV text: the labels, and below them the names by which it is read."""
    columns = form(knowledge, instrument)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([guarded(column.label.in_(language)) for column in columns])
    writer.writerow([column.name for column in columns])
    return stream.getvalue()


def write_form(path: Path, knowledge: Knowledge, instrument: Instrument, language: str) -> None:
    """Write the table as a workbook, or as CSV where the name of the file does not end in .xlsx."""
    if path.suffix.lower() != ".xlsx":
        with whole(path) as made:
            made.write_text(form_text(knowledge, instrument, language), "utf-8-sig", newline="")
        return
    book = _Book(knowledge, catalogue(language), language).made(instrument)
    with whole(path) as made:
        book.save(made)


class _Book:
    def __init__(self, knowledge: Knowledge, words: Catalogue, language: str) -> None:
        self.words, self.language, self.speech = words, language, Speech(knowledge, words)
        self.knowledge = knowledge
        self.book = spreadsheets().Workbook(write_only=True)

    def made(self, instrument: Instrument) -> Any:
        columns = form(self.knowledge, instrument)
        values = sheet_name(self.words("form.sheet.values"), ())
        self._cases(columns, values)
        self._notes(instrument, columns)
        self._values(columns, values)
        return self.book

    def _cases(self, columns: Sequence[FormColumn], values: str) -> None:
        from openpyxl.comments import Comment
        from openpyxl.styles import Alignment, Font, PatternFill
        from openpyxl.utils import get_column_letter

        sheet = self.book.create_sheet(sheet_name(self.words("form.sheet.cases"), ()))
        sheet.freeze_panes = "B3"
        heads, names = [], []
        for index, column in enumerate(columns, 1):
            letter = get_column_letter(index)
            sheet.column_dimensions[letter].width = 18
            if isinstance(column.type, t.Date):
                sheet.column_dimensions[letter].number_format = "yyyy-mm-dd"
            head = xlsx_cell(sheet, column.label.in_(self.language), bold=True)
            head.alignment, head.fill = Alignment(wrap_text=True, vertical="top"), PatternFill("solid", fgColor="E7EBF0")
            head.comment = Comment(self._comment(column), "dingji", width=320, height=180)
            heads.append(head)
            name = xlsx_cell(sheet, column.name)
            name.font = Font(italic=True, color="6B7280")
            names.append(name)
            if (check := self._check(column, letter, values)) is not None:
                sheet.data_validations.append(check)
        sheet.append(heads)
        sheet.append(names)

    def _check(self, column: FormColumn, letter: str, values: str) -> Any:
        """The check of a column's cells: a drop-down list of the values, or the bounds of a number."""
        from openpyxl.worksheet.datavalidation import DataValidation

        cells = f"{letter}3:{letter}{_LAST}"
        # warnings, not bars: ids and other words that mean a value, or that nobody knows it, are understood as well
        common: dict[str, Any] = {"allow_blank": True, "showErrorMessage": True, "errorStyle": "warning", "sqref": cells}
        if column.values:
            source = f"'{values}'!${letter}$1:${letter}${len(self._labels(column))}"
            return DataValidation(type="list", formula1=source, error=self.words("form.wrong"), **common)
        kind = column.type
        if isinstance(kind, t.Number) and kind.low is not None and kind.high is not None:
            bounds: dict[str, Any] = {"operator": "between", "formula1": str(kind.low), "formula2": str(kind.high)}
            return DataValidation(type="whole" if kind.integer else "decimal", error=self._answer(column), **bounds, **common)
        return None

    def _labels(self, column: FormColumn) -> list[str]:
        """What the drop-down list of a column offers: labels, or the id of a value whose label another one has."""
        labels = [label.in_(self.language) for _, label in column.values]
        return [id if labels.count(label) > 1 else label for (id, _), label in zip(column.values, labels, strict=True)]

    def _values(self, columns: Sequence[FormColumn], title: str) -> None:
        """A hidden sheet with the values of each column, from which the drop-down lists are filled."""
        sheet = self.book.create_sheet(title)
        sheet.sheet_state = "hidden"
        lists = [self._labels(column) for column in columns]
        for row in range(max(map(len, lists))):
            sheet.append([xlsx_cell(sheet, labels[row] if row < len(labels) else None) for labels in lists])

    # --- explanations

    def _notes(self, instrument: Instrument, columns: Sequence[FormColumn]) -> None:
        from openpyxl.styles import Alignment

        words = self.words
        sheet = self.book.create_sheet(sheet_name(words("form.sheet.notes"), ()))
        for letter, width in zip("ABCDEF", (34, 34, 60, 50, 14, 22), strict=True):
            sheet.column_dimensions[letter].width = width
        sheet.append([xlsx_cell(sheet, words("form.title", instrument=self.speech.text(instrument.title)), bold=True)])
        how = [words("form.how-rows"), words("form.how-blank"), words("form.how-columns", names=words.listed(_GROUPS))]
        if any(column.record for column in columns):
            how.append(words("form.how-lists", n=RECORDS))
        for text in how:
            sheet.append([xlsx_cell(sheet, text)])
        sheet.append([])
        heads = ("form.head.column", "form.head.name", "form.head.question", "form.head.answer", "form.head.unit", "form.head.nature")
        sheet.append([xlsx_cell(sheet, words(head), bold=True) for head in heads])
        for column in columns:
            said = (self._question, self._answer, self._unit, self._nature)
            cells = [xlsx_cell(sheet, text) for text in (column.label.in_(self.language), column.name, *(say(column) for say in said))]
            for cell in cells:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
            sheet.append(cells)

    def _comment(self, column: FormColumn) -> str:
        unit = self._unit(column)
        lines = [self._question(column), self._answer(column), self.words("form.unit", unit=unit) if unit else "", self._nature(column)]
        return "\n".join(filter(None, [*lines, column.name]))

    def _question(self, column: FormColumn) -> str:
        if column.fact is None:
            return self.words.choice("fill-in", column.name.partition(".")[0])
        return self.speech.text(column.fact.question) if column.field is None else ""

    def _unit(self, column: FormColumn) -> str:
        """The unit in the reader's words; empty where numbers stand without it."""
        if not column.unit or not self.words.known(f"unit.{column.unit}"):
            return column.unit
        return self.words.choice("unit", column.unit, n=_FIGURE).removeprefix(_FIGURE).strip()

    def _nature(self, column: FormColumn) -> str:
        return self.words.choice("nature", column.fact.nature) if column.fact is not None else ""

    def _answer(self, column: FormColumn) -> str:
        words, kind = self.words, column.type
        if isinstance(kind, t.Bool):
            return words("form.answer.bool")
        if column.values:
            return words("form.answer.choice", values=words("list.semicolon").join(self._labels(column)))
        if isinstance(kind, t.Date):
            return words("form.answer.date", example=EXAMPLE)
        if isinstance(kind, t.Number):
            answer = words("form.answer.integer" if kind.integer else "form.answer.number")
            low, high = ("" if bound is None else str(bound) for bound in (kind.low, kind.high))
            return words("form.answer.in", answer=answer, range=self.speech.number(f"{low}..{high}")) if low or high else answer
        return words("form.answer.text")
