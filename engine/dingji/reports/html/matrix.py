"""A risk matrix: drawn where a grade is a band of a product of two small whole numbers.

Nothing declares a matrix. The rules do: a table that reads one number, and a formula that multiplies two facts for it. So a
matrix shows what the rules say, under every profile, and a base without such rules shows none.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dingji.grading import under
from dingji.inference.policies import ConflictError, Hit, settle
from dingji.knowledge.model import Decision, Knowledge, Rule
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.evaluate import Evaluator, compile_node
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.expressions import Phrases
from dingji.reports.values import Speech

MOST = 10
"""More rows or columns than that are no matrix to look at."""


class CellView(Record, frozen=True):
    """A product and its grade. `state`: here (this case), possible or empty."""

    value: str
    grade: str
    colour: str
    state: str


class RowView(Record, frozen=True):
    """The cells of one value of the first factor."""

    head: str
    cells: tuple[CellView, ...]


class BandView(Record, frozen=True):
    """A grade and the condition of its band."""

    grade: str
    colour: str
    colour_word: str
    band: str


class MatrixView(Record, frozen=True):
    """The matrix of an instrument: rows from the greatest value down, columns from the least up; `point` says where the case is."""

    instrument: str
    row_label: str
    column_label: str
    columns: tuple[str, ...]
    rows: tuple[RowView, ...]
    bands: tuple[BandView, ...]
    point: str


class _Matrix(Record, frozen=True):
    """What the rules give: the table, the number it reads, and the two facts whose product that is."""

    table: Decision
    score: str
    row: str
    column: str


class BandMatrix(Record, frozen=True):
    """The matrix of an instrument without a case on it, and the two facts whose values are its rows and columns."""

    row: str
    column: str
    view: MatrixView


def band_matrix(instrument: str, speech: Speech) -> BandMatrix | None:
    """The matrix that an instrument grades by; None if it has none."""
    found = speech.knowledge.instruments.get(instrument)
    matrix = _matrix(speech.knowledge, found.decides) if found else None
    view = _Drawing(matrix, speech.knowledge, {}, speech).view(speech.instrument(instrument)) if matrix else None
    return BandMatrix(matrix.row, matrix.column, view) if matrix and view else None


def matrices(result: m.Result, speech: Speech) -> tuple[MatrixView, ...]:
    """The matrix of each finding that has one."""
    knowledge = under(speech.knowledge, result.profile)
    values = dict(_values(result.proof))
    shown = []
    for finding in result.findings:
        instrument = knowledge.instruments.get(finding.instrument)
        matrix = _matrix(knowledge, instrument.decides) if instrument else None
        if matrix is not None:
            shown.append(_Drawing(matrix, knowledge, values, Speech(knowledge, speech.words)).view(speech.text(finding.title)))
    return tuple(each for each in shown if each is not None)


def _values(proof: tuple[m.FactProof, ...]) -> Iterator[tuple[str, str]]:
    for part in proof:
        if part.value is not None:
            yield part.fact, part.value
        yield from _values(part.facts)


def _matrix(knowledge: Knowledge, fact: str) -> _Matrix | None:
    """The matrix behind a finding, if there is one; looked for once in each knowledge base."""
    kept: dict[str, _Matrix | None] = knowledge.plans.setdefault(("matrices",), {})
    if fact not in kept:
        kept[fact] = _found(knowledge, fact)
    return kept[fact]


def _found(knowledge: Knowledge, fact: str) -> _Matrix | None:
    table = _decision(knowledge, fact)
    while table is not None and table.policy == "adjust":
        table = _decision(knowledge, table.base)
    if table is None or table.policy in ("formula", "reconcile"):
        return None
    reads = frozenset().union(*(n.facts_of(rule.when) for rule in _rules(knowledge, table) if rule.when is not None))
    if len(reads) != 1:
        return None
    (score,) = reads
    formula = _decision(knowledge, score)
    if formula is None or formula.policy != "formula" or len(formula.rules) != 1:
        return None
    match knowledge.rules[formula.rules[0]]:
        case Rule(when=None, value=n.Arithmetic(operator="*", left=n.Fact(name=row), right=n.Fact(name=column))) if row != column:
            if all(_range(knowledge, name) for name in (row, column)):
                return _Matrix(table, score, row, column)
    return None


def _decision(knowledge: Knowledge, fact: str) -> Decision | None:
    """What gives a fact its value, if only one thing does."""
    found = [decision for decision in knowledge.decisions if decision.fact == fact]
    return found[0] if len(found) == 1 else None


def _rules(knowledge: Knowledge, table: Decision) -> list[Rule]:
    return [knowledge.rules[name] for name in table.rules]


def _range(knowledge: Knowledge, fact: str) -> range:
    """The values of a small whole number; empty for other facts."""
    definition = knowledge.facts.get(fact)
    match definition.type if definition else None:
        case t.Number(integer=True, low=int(low), high=int(high)) if high - low < MOST:
            return range(low, high + 1)
    return range(0)


class _Drawing:
    def __init__(self, matrix: _Matrix, knowledge: Knowledge, values: dict[str, str], speech: Speech) -> None:
        self.matrix, self.knowledge, self.speech = matrix, knowledge, speech
        self.rows = _known(values.get(matrix.row), _range(knowledge, matrix.row))
        self.columns = _known(values.get(matrix.column), _range(knowledge, matrix.column))
        self.rules = _rules(knowledge, matrix.table)
        self.tests: list[Evaluator] = [compile_node(rule.when, {}) for rule in self.rules if rule.when is not None]

    def view(self, instrument: str) -> MatrixView | None:
        matrix, speech = self.matrix, self.speech
        if len(self.tests) != len(self.rules):
            return None  # a row without a condition: no band
        columns = _range(self.knowledge, matrix.column)
        try:
            rows = [
                RowView(speech.number(str(row)), tuple(self._cell(row, column) for column in columns))
                for row in reversed(_range(self.knowledge, matrix.row))
            ]
        except ConflictError:
            return None
        return MatrixView(
            instrument=instrument,
            row_label=speech.label(matrix.row),
            column_label=speech.label(matrix.column),
            columns=tuple(speech.number(str(column)) for column in columns),
            rows=tuple(rows),
            bands=tuple(self._bands()),
            point=self._point(),
        )

    def _cell(self, row: int, column: int) -> CellView:
        grade = self._grade(row * column)
        state = ""
        if row in self.rows and column in self.columns:
            state = "here" if len(self.rows) == len(self.columns) == 1 else "possible"
        scale = self.knowledge.scale_of(self.matrix.table.fact)
        return CellView(
            value=self.speech.number(str(row * column)),
            grade=self.speech.grade(scale.id, grade) if scale and grade else "",
            colour=self.speech.colour(scale.id, grade) if scale and grade else "",
            state=state,
        )

    def _grade(self, score: int) -> str:
        """The grade of a product; empty if no band holds it."""
        table, facts = self.matrix.table, {self.matrix.score: score}
        hits = [
            Hit(number, truth, dict(rule.then).get(table.fact))
            for number, (rule, test) in enumerate(zip(self.rules, self.tests, strict=True))
            if (truth := test(facts)) is not False
        ]
        value = settle(table.policy, hits, table.default, table.has_default).value
        return str(self.knowledge.shown(table.fact, value)) if isinstance(value, int) else ""

    def _bands(self) -> Iterator[BandView]:
        """The bands from the most severe down, each with its rules in words."""
        scale, phrases, words = self.knowledge.scale_of(self.matrix.table.fact), Phrases(self.speech), self.speech.words
        for grade in scale.grades if scale else ():
            severity = scale.severity(grade.id) if scale else 0
            tests = [r.when for r in self.rules if r.when is not None and dict(r.then).get(self.matrix.table.fact) == severity]
            if tests:
                colour = words.choice("colour", grade.colour) if grade.colour else ""
                band = words.listed([phrases.phrase(test) for test in tests], "or")
                yield BandView(self.speech.text(grade.label), grade.colour or "", colour, band)

    def _point(self) -> str:
        speech, words, matrix = self.speech, self.speech.words, self.matrix
        if len(self.rows) > 1 or len(self.columns) > 1:
            return words("html.matrix.open")
        (row,), (column,) = self.rows, self.columns
        return words(
            "html.matrix.point",
            row_label=speech.label(matrix.row),
            row=speech.number(str(row)),
            column_label=speech.label(matrix.column),
            column=speech.number(str(column)),
            value=speech.number(str(row * column)),
        )


def _known(text: str | None, values: range) -> tuple[int, ...]:
    """Which of the values a fact can have, given as a proof writes it: `4`, `3 | 4`, `2..5` or nothing."""
    if text is None:
        return tuple(values)
    if ".." in text:
        low, _, high = text.partition("..")
        return tuple(v for v in values if (not low or v >= Decimal(low)) and (not high or v <= Decimal(high)))
    named = {Decimal(part) for part in text.split(" | ")}
    return tuple(v for v in values if v in named)
