"""The types of facts and expressions."""

from __future__ import annotations

from decimal import Decimal

from dingji.language.units import PLAIN, Unit, show
from dingji.records import Record

Bound = int | Decimal | None


class Type(Record, frozen=True):
    """Base of all types."""


class Bool(Type, frozen=True):
    """true or false."""


class Date(Type, frozen=True):
    """A day of the calendar."""


class Text(Type, frozen=True):
    """Free text; compares for equality only."""


class Number(Type, frozen=True):
    """A number with a unit. `low` and `high` are inclusive bounds of every possible value, None where open.

    `literal` marks a number whose unit is still free: a constant takes the unit of what it is compared with or added to.
    """

    unit: Unit = PLAIN
    integer: bool = False
    low: Bound = None
    high: Bound = None
    literal: bool = False

    def admits(self, value: int | Decimal) -> bool:
        """Does a value lie within the bounds?"""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


class Enum(Type, frozen=True):
    """One of a set of named values, without order."""

    values: tuple[str, ...]


class Scale(Type, frozen=True):
    """A grade of an ordered scale. `grades` runs from the most severe to the mildest."""

    name: str
    grades: tuple[str, ...]

    def severity(self, grade: str) -> int:
        """The rank of a grade: 0 for the mildest, greater for more severe. Raises ValueError for a grade of another scale."""
        return len(self.grades) - 1 - self.grades.index(grade)

    def grade(self, severity: int) -> str:
        """The grade of a rank."""
        return self.grades[len(self.grades) - 1 - severity]


class Records(Type, frozen=True):
    """A list of records; `fields` are (name, type) pairs."""

    fields: tuple[tuple[str, Type], ...]

    def field(self, name: str) -> Type | None:
        """The type of a field, or None if the records have none of that name."""
        return dict(self.fields).get(name)


class String(Type, frozen=True):
    """A string constant whose meaning (enum value, grade, text) is still open."""

    value: str


def describe(kind: Type) -> str:
    """A type in words, for messages."""
    match kind:
        case Bool():
            return "true or false"
        case Date():
            return "a date"
        case Text():
            return "text"
        case Number(unit=unit, literal=literal):
            return "a number" if literal or not unit else f"a number in {show(unit)}"
        case Enum(values=values):
            return "one of " + ", ".join(values[:6]) + (", ..." if len(values) > 6 else "")
        case Scale(name=name):
            return f"a grade of the scale {name}"
        case Records():
            return "a list"
        case String(value=value):
            return f'the string "{value}"'
    raise TypeError(f"not a type: {kind!r}")
