"""The tree of an expression. Nodes are immutable and compare by meaning: the source position takes no part.

`at` is the offset of the node's first character in the source, counted from 0 in characters.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

Constant = bool | int | Decimal | str | dt.date


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all nodes."""

    at: int = field(compare=False, kw_only=True, default=0)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant. For a grade of a scale `value` is its severity and `text` the grade as written."""

    value: Constant
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Fact(Node):
    """A fact of the case, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of the list item that a quantifier binds: `i.score`."""

    variable: str
    name: str


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Negation: true only if the operand is known to be false."""

    operand: Node


@dataclass(frozen=True, slots=True)
class And(Node):
    """Conjunction of two or more conditions."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Disjunction of two or more conditions."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """A chain of comparisons, `1 <= x < 5`: `operators[n]` stands between `operands[n]` and `operands[n + 1]`."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`x in [..]` or `x not in [..]`; the choices are constants."""

    operand: Node
    choices: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`+`, `-`, `*` or `/` of two numbers."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """The number with its sign changed."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function of one or more values: max, min, abs, round, known, days_between, months_between, years_between."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Quantifier(Node):
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
