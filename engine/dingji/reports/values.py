"""Values in the reader's form: numbers with units, dates, grades and choices by their labels.

A result holds values as text (`5`, `major`, `0..1000`, `a | b`); the vocabulary says what they are.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from dingji.knowledge.model import FactDefinition, FieldDefinition, Knowledge, ScaleDefinition, Words
from dingji.language import types as t
from dingji.reports.messages import Catalogue

MONEY = frozenset({"cny"})
"""Units of money: Chinese counts them in ten thousands and hundred millions."""
_MAGNITUDES = (8, 4)
_MOST_DECIMALS = 4
_MANY_GRADES = 3
"""From so many grades on, a run of neighbours is told by its ends."""

Definition = FactDefinition | FieldDefinition


class Speech:
    """Speaks of the things of a knowledge base in one language."""

    def __init__(self, knowledge: Knowledge, words: Catalogue) -> None:
        self.knowledge, self.words, self.language = knowledge, words, words.language

    def text(self, text: Words | None) -> str:
        """A text in the reader's language; the other one where that is missing."""
        if text is None:
            return ""
        return text.in_(self.language) or text.en or text.zh

    def label(self, fact: str) -> str:
        """The label of a fact; its name if the vocabulary does not know it."""
        definition = self.knowledge.facts.get(fact)
        return self.text(definition.label) if definition else fact

    def factor(self, factor: str) -> str:
        """The label of a factor."""
        return self.text(self.knowledge.factors.get(factor)) or factor

    def source(self, source: str) -> str:
        """The title of a document."""
        document = self.knowledge.sources.get(source)
        return self.text(document.title) if document else source

    def note(self, note: Words) -> str:
        """What is missing of a rule's text, as a sentence."""
        shown = self.text(note)
        return self.words("note", note=shown) if shown else ""

    def instrument(self, instrument: str) -> str:
        """The title of an instrument."""
        found = self.knowledge.instruments.get(instrument)
        return self.text(found.title) if found else instrument

    def edition(self, instrument: str) -> str:
        """The number of an instrument or of its document."""
        found = self.knowledge.instruments.get(instrument)
        if found is None:
            return ""
        document = self.knowledge.sources.get(found.source)
        return found.number or (document.number if document else "")

    def grade(self, scale: str, grade: str) -> str:
        """The label of a grade; the grade itself if the scale does not know it."""
        found = self.knowledge.scales.get(scale)
        return next((self.text(g.label) for g in found.grades if g.id == grade), grade) if found else grade

    def colour(self, scale: str, grade: str) -> str:
        """The colour of a grade; empty if it has none."""
        found = self.knowledge.scales.get(scale)
        return next((g.colour or "" for g in found.grades if g.id == grade), "") if found else ""

    def grades(self, scale: str, grades: tuple[str, ...]) -> str:
        """Several grades, most severe first: each by its label, or a long unbroken run by its ends."""
        found = self.knowledge.scales.get(scale)
        order = [g.id for g in found.grades] if found else []
        if len(grades) >= _MANY_GRADES and grades[0] in order:
            start = order.index(grades[0])
            if tuple(order[start : start + len(grades)]) == grades:
                return self.words("range.both", low=self.grade(scale, grades[0]), high=self.grade(scale, grades[-1]))
        return self.words.listed([self.grade(scale, g) for g in grades], "or")

    def date(self, text: str) -> str:
        """A day, given as YYYY-MM-DD."""
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            return text
        return self.words("date", year=day.year, month=day.month, day=day.day) if self.language == "zh" else text

    def truth(self, truth: bool) -> str:
        """Yes or no."""
        return self.words("yes" if truth else "no")

    def fact(self, fact: str, text: str | None) -> str:
        """The value of a fact. `X@scale` is the grade of X on another scale."""
        if text is None:
            return self.words("unknown")
        if "@" in fact:
            return self._graded(self.knowledge.scales.get(fact.split("@")[1]), text)
        definition = self.knowledge.facts.get(fact)
        return self.value(definition, text) if definition else text

    def value(self, definition: Definition, text: str, complete: bool = True) -> str:
        """A value of a declared fact or field; without its unit unless `complete`."""
        kind = definition.type
        if text == "unknown":
            return self.words("unknown")
        if isinstance(kind, t.Bool):
            return self.truth(text == "true") if text in ("true", "false") else text
        if isinstance(kind, t.Enum):
            return self.words.listed([self._choice(definition, part) for part in text.split(" | ")], "or")
        if isinstance(kind, t.Scale):
            return self._graded(self.knowledge.scales.get(kind.name), text)
        if isinstance(kind, t.Number):
            return self.number(text, definition.unit if complete else "")
        if isinstance(kind, t.Records) and isinstance(definition, FactDefinition):
            return self._records(definition, text)
        return self.date(text) if isinstance(kind, t.Date) else self.words("quoted", text=text)

    def number(self, text: str, unit: str = "") -> str:
        """A number, a range `1..5` or possible numbers `1 | 2`, with a unit."""
        if " | " in text:
            *others, last = text.split(" | ")
            return self.words.listed([*(self._figure(x) for x in others), self.measured(last, unit)], "or")
        if ".." not in text:
            return self.measured(text, unit)
        low, _, high = text.partition(" .. ") if " .. " in text else text.partition("..")
        low, high = low.strip(" ."), high.strip(" .")
        if not low and not high:
            return self.words("unknown")
        if low and high:
            return self.words(
                "range.both", low=self.measured(low, unit) if unit in MONEY else self._figure(low), high=self.measured(high, unit)
            )
        return self.words("range.from", low=self.measured(low, unit)) if low else self.words("range.to", high=self.measured(high, unit))

    def measured(self, text: str, unit: str) -> str:
        """One number with its unit."""
        if unit in MONEY and self.language == "zh":
            return self._money(text, unit)
        figure = self._figure(text)
        if not unit:
            return figure
        if self.words.known(f"unit.{unit}"):
            return self.words.choice("unit", unit, n=figure)
        return self.words("number.with-unit", n=figure, unit=unit)

    def _figure(self, text: str) -> str:
        number = _decimal(text)
        if number is None:
            return text
        plain = format(number.normalize(), "f")
        # a year or a voltage of four digits stands without a comma
        return f"{Decimal(plain):,f}" if self.language == "en" and abs(number) >= 10_000 else plain

    def _money(self, text: str, unit: str) -> str:
        number = _decimal(text)
        if number is None:
            return self.words.choice("unit", unit, n=text)
        for power in _MAGNITUDES:
            smaller = number.scaleb(-power).normalize()
            exponent = smaller.as_tuple().exponent
            if abs(number) >= 10**power and isinstance(exponent, int) and exponent >= -_MOST_DECIMALS:
                return self.words(f"money.{power}", n=self._figure(str(smaller)))
        return self.words.choice("unit", unit, n=self._figure(text))

    def _choice(self, definition: Definition, text: str) -> str:
        return next((self.text(label) for name, label in definition.values if name == text), text)

    def _graded(self, scale: ScaleDefinition | None, text: str) -> str:
        """A grade, `a | b`, or `mild..severe`."""
        if scale is None:
            return text
        if ".." in text:
            low, _, high = (self.grade(scale.id, end) for end in text.partition(".."))
            return self.words("range.both", low=low, high=high) if low and high else self.words("unknown")
        return self.grades(scale.id, tuple(text.split(" | ")))

    def _records(self, definition: FactDefinition, text: str) -> str:
        """A list as a proof writes it: `[kind x, voltage_kv 500; …]`, perhaps followed by `and perhaps more`."""
        body, _, more = text.rpartition("]")
        if not body.startswith("["):
            return text
        items = [self._record(definition, item) for item in body[1:].split("; ") if item]
        listed = self.words("list.semicolon").join(items) or self.words("list.none")
        return self.words("list.perhaps-more", items=listed) if more.strip() else listed

    def _record(self, definition: FactDefinition, text: str) -> str:
        fields = {f.name: f for f in definition.fields}
        if not fields:
            return text
        parts = re.split(rf"(?:^|, )(?=(?:{'|'.join(map(re.escape, fields))}) )", text)
        shown = []
        for part in filter(None, parts):
            name, _, raw = part.partition(" ")
            field = fields.get(name)
            value = raw.lower() if field is not None and isinstance(field.type, t.Bool) else raw
            shown.append(self.words("item.field", field=self.text(field.label), value=self.value(field, value)) if field else part)
        return self.words("item.comma").join(shown)


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
