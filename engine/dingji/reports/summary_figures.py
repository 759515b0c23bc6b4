"""Numbers, shares and names in a summary, in the reader's form."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from fractions import Fraction

from dingji.knowledge.model import Knowledge, Words
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech


def percent(share: float | Fraction, up: bool = False) -> str:
    """A share in percent with two decimals at most. It is cut, not rounded, so that no share seems to reach what it does not."""
    exact = Fraction(share).limit_denominator(10**12)
    shown = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.01"), ROUND_UP if up else ROUND_DOWN)
    return format(shown.normalize(), "f") if shown else "0"


class Figures:
    """What all parts of a summary say alike."""

    def __init__(self, knowledge: Knowledge, words: Catalogue) -> None:
        self.knowledge, self.words = knowledge, words
        self.speech = Speech(knowledge, words)

    def text(self, text: Words) -> str:
        """A text in the reader's language."""
        return self.speech.text(text)

    def number(self, number: int) -> str:
        """A count."""
        return self.speech.number(str(number))

    def share(self, part: int, whole: int) -> str:
        """A part of a whole in percent, with one decimal; the smallest part is not nothing, and all but one is not all."""
        if not whole:
            return self.words("chart.dash")
        tenths = Fraction(1000 * part, whole)
        shown = f"{round(tenths) / 10:g}"
        if part and not round(tenths):
            shown = "<0.1"
        elif part < whole and round(tenths) == 1000:
            shown = ">99.9"
        return self.words("chart.percent", percent=shown)

    def grade(self, scale: str, grade: str) -> str:
        """The label of a grade."""
        return self.speech.grade(scale, grade)

    def coloured(self, scale: str, grade: str) -> str:
        """The label of a grade with its colour in words."""
        label, colour = self.grade(scale, grade), self.speech.colour(scale, grade)
        return self.words("html.coloured", grade=label, colour=self.words.choice("colour", colour)) if colour else label

    def silent(self, scale: str, grade: str) -> bool:
        """Does a grade say only that nothing was found?"""
        known = self.knowledge.scales.get(scale)
        return any(each.silent for each in known.grades if each.id == grade) if known else False

    def group(self, name: str) -> str:
        """The name of a group column: of a usual one in the reader's language, of one that is called like a fact the fact's label."""
        if self.words.known(f"summary-group.{name}"):
            return self.words.choice("summary-group", name)
        return self.speech.label(name)

    def place(self, value: str) -> str:
        """The text of a group column."""
        return value or self.words("summary.no-value")

    def period(self, value: str) -> str:
        """A month (2026-03) or a year."""
        year, _, month = value.partition("-")
        if not month:
            return self.words("summary.year", year=year)
        return self.words("summary.month", year=year, month=int(month) if self.words.language == "zh" else month)

    def sentences(self, parts: Iterable[str]) -> str:
        """Sentences one after the other."""
        return ("" if self.words.language == "zh" else " ").join(part for part in parts if part)
