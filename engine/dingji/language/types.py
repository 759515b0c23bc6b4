"""The types of facts and expressions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dingji.language.units import PLAIN, Unit, show

Bound = int | Decimal | None


@dataclass(frozen=True, slots=True)
class Type:
    """Base of all types."""


@dataclass(frozen=True, slots=True)
class Bool(Type):
    """true or false."""


@dataclass(frozen=True, slots=True)
class Date(Type):
    """A day of the calendar."""


@dataclass(frozen=True, slots=True)
class Text(Type):
    """Free text; compares for equality only."""


@dataclass(frozen=True, slots=True)
class Number(Type):
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


@dataclass(frozen=True, slots=True)
class Enum(Type):
    """One of a set of named values, without order."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scale(Type):
    """A grade of an ordered scale. `grades` runs from the most severe to the mildest."""

    name: str
    grades: tuple[str, ...]

    def severity(self, grade: str) -> int:
        """The rank of a grade: 0 for the mildest, greater for more severe. Raises ValueError for a grade of another scale."""
        return len(self.grades) - 1 - self.grades.index(grade)

    def grade(self, severity: int) -> str:
        """The grade of a rank."""
        return self.grades[len(self.grades) - 1 - severity]


@dataclass(frozen=True, slots=True)
class Records(Type):
    """A list of records; `fields` are (name, type) pairs."""

    fields: tuple[tuple[str, Type], ...]

    def field(self, name: str) -> Type | None:
        """The type of a field, or None if the records have none of that name."""
        return dict(self.fields).get(name)


@dataclass(frozen=True, slots=True)
class String(Type):
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
