"""The tree of an expression. Nodes are immutable and compare by meaning: the source position takes no part.

`at` is the offset of the node's first character in the source, counted from 0 in characters.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from dingji.records import Record

Constant = bool | int | Decimal | str | dt.date


class Node(Record, kw_only=True, frozen=True):
    """Base of all nodes. `at` stands last, by keyword."""

    at: int = 0

    def _meaning(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name not in ("at", "text"))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Node) and self._meaning() == other._meaning()

    def __hash__(self) -> int:
        return hash((type(self), self._meaning()))


class Literal(Node, frozen=True):
    """A constant. For a grade of a scale `value` is its severity and `text` the grade as written."""

    value: Constant
    text: str


class Fact(Node, frozen=True):
    """A fact of the case, by name."""

    name: str


class Field(Node, frozen=True):
    """A field of the list item that a quantifier binds: `i.score`."""

    variable: str
    name: str


class Not(Node, frozen=True):
    """Negation: true only if the operand is known to be false."""

    operand: Node


class And(Node, frozen=True):
    """Conjunction of two or more conditions."""

    operands: tuple[Node, ...]


class Or(Node, frozen=True):
    """Disjunction of two or more conditions."""

    operands: tuple[Node, ...]


class Compare(Node, frozen=True):
    """A chain of comparisons, `1 <= x < 5`: `operators[n]` stands between `operands[n]` and `operands[n + 1]`."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


class Member(Node, frozen=True):
    """`x in [..]` or `x not in [..]`; the choices are constants."""

    operand: Node
    choices: tuple[Literal, ...]
    negated: bool = False


class Arithmetic(Node, frozen=True):
    """`+`, `-`, `*` or `/` of two numbers."""

    operator: str
    left: Node
    right: Node


class Negative(Node, frozen=True):
    """The number with its sign changed."""

    operand: Node


class Call(Node, frozen=True):
    """A function of one or more values: max, min, abs, round, known, days_between, months_between, years_between."""

    function: str
    arguments: tuple[Node, ...]


class Quantifier(Node, frozen=True):
    """any, all, count, sum, max or min over the records of a list fact: `kind(element for variable in source if filter)`."""

    kind: str
    element: Node | None
    variable: str
    source: str
    condition: Node | None = None


def children(node: Node) -> tuple[Node, ...]:
    """The direct parts of `node`, in source order."""
    match node:
        case Not(operand=x) | Negative(operand=x):
            return (x,)
        case And(operands=xs) | Or(operands=xs) | Compare(operands=xs):
            return xs
        case Member(operand=x, choices=choices):
            return (x, *choices)
        case Arithmetic(left=left, right=right):
            return (left, right)
        case Call(arguments=xs):
            return xs
        case Quantifier(element=element, condition=condition):
            return tuple(x for x in (element, condition) if x is not None)
    return ()


def lists_needed(node: Node) -> frozenset[str]:
    """List facts of which at least one must hold an item for a condition to be true or unknown; empty if there are none such.

    `any(...)` over an empty list is false, and so is what rests on nothing else.
    """
    match node:
        case Quantifier(kind="any", source=source):
            return frozenset((source,))
        case And(operands=xs):
            return next((needed for x in xs if (needed := lists_needed(x))), frozenset())
        case Or(operands=xs):
            needs = [lists_needed(x) for x in xs]
            return frozenset().union(*needs) if all(needs) else frozenset()
    return frozenset()


def facts_of(node: Node) -> frozenset[str]:
    """The names of all facts that `node` reads, list facts included."""
    found: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, Fact):
            found.add(current.name)
        elif isinstance(current, Quantifier):
            found.add(current.source)
        stack.extend(children(current))
    return frozenset(found)
