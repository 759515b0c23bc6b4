"""What the rules of a plan ask of each fact: the constants they compare it with, and the quantities they reckon from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dingji.language import nodes as n
from dingji.language.evaluate import Defaults, Evaluator, Facts, compile_node
from dingji.language.types import Date, Number, Type
from dingji.language.values import ARITHMETIC, Records
from dingji.records import Draft, Record, field

Place = tuple[str, str]
"""A fact, or a field of the items of a list fact; the field is empty for the fact itself."""


class Gauge(Record, frozen=True):
    """A comparison that is not one of a stated fact with a constant: its two sides, whose difference changes sign at its edge.

    `variable` and `source` say which list's items it is about, if it stands inside a quantifier.
    """

    left: Evaluator
    right: Evaluator
    reads: frozenset[str]
    variable: str = ""
    source: str = ""

    def readings(self, facts: Facts) -> Iterator[Any]:
        """Left minus right, once or for each item of the list; None where it is not known."""
        if not self.source:
            yield _apart(self.left(facts), self.right(facts))
            return
        records = facts.get(self.source)
        for item in records.items if isinstance(records, Records) else ():
            bound = {**facts, self.variable + ".": item}
            yield _apart(self.left(bound), self.right(bound))


def _apart(a: Any, b: Any) -> Any:
    if isinstance(a, dt.date) and isinstance(b, dt.date):
        return (a - b).days
    return ARITHMETIC["-"](a, b) if isinstance(a, int | Decimal) and isinstance(b, int | Decimal) else None


class Mentions(Draft):
    """What some conditions and formulas say of their facts."""

    constants: dict[Place, set[Any]] = field(default_factory=dict)
    compared: set[Place] = field(default_factory=set)
    """Places that are compared with something else than constants: each of their values may matter."""
    asked: set[Place] = field(default_factory=set)
    """Places of which some rule asks whether they are known; what it says may turn when they become known."""
    gauges: list[Gauge] = field(default_factory=list)


def mentions(nodes: Iterable[n.Node], types: Mapping[str, Type], derived: frozenset[str], defaults: Defaults) -> Mentions:
    """What `nodes` ask of the facts they read. `types` are those of the vocabulary, `derived` the facts that rules write."""
    reader = _Reader(types, derived, defaults)
    for node in nodes:
        reader.read(node, {})
    return reader.found


class _Reader:
    def __init__(self, types: Mapping[str, Type], derived: frozenset[str], defaults: Defaults) -> None:
        self.types, self.derived, self.defaults = types, derived, defaults
        self.found = Mentions()
        self.seen: set[tuple[n.Node, n.Node]] = set()

    def read(self, node: n.Node, bound: dict[str, str]) -> None:
        match node:
            case n.Compare(operands=operands):
                for left, right in pairwise(operands):
                    self.compare(left, right, bound)
            case n.Member(operand=operand, choices=choices):
                for choice in choices:
                    self.compare(operand, choice, bound)
            case n.Call(function="known", arguments=(argument,)):
                self.found.asked |= set(_places(argument, bound))
        if isinstance(node, n.Quantifier):
            bound = {**bound, node.variable: node.source}
        for child in n.children(node):
            self.read(child, bound)

    def compare(self, left: n.Node, right: n.Node, bound: dict[str, str]) -> None:
        if isinstance(left, n.Literal):
            left, right = right, left
        place = _place(left, bound)
        constant = isinstance(right, n.Literal)
        if place is not None and isinstance(right, n.Literal):
            self.found.constants.setdefault(place, set()).add(right.value)
        if place is None or not constant:
            self.found.compared |= {p for side in (left, right) for p in _places(side, bound)}
        if place is None or not constant or place[0] in self.derived:
            self.gauge(left, right, bound)

    def gauge(self, left: n.Node, right: n.Node, bound: dict[str, str]) -> None:
        if (left, right) in self.seen or not self.measured(left):
            return
        self.seen.add((left, right))
        free = {variable for side in (left, right) for variable in _variables(side)}
        if len(free) > 1:
            return  # items of two lists against each other: the neighbours of constants must do
        variable = next(iter(free), "")
        source = bound.get(variable, "")
        reads = n.facts_of(left) | n.facts_of(right) | ({source} if source else set())
        sides = compile_node(left, self.defaults), compile_node(right, self.defaults)
        self.found.gauges.append(Gauge(*sides, reads, variable, source))

    def measured(self, node: n.Node) -> bool:
        """Is it a number or a day, as far as one can tell? What is neither reads as None."""
        return not isinstance(node, n.Fact) or isinstance(self.types.get(node.name), Number | Date)


def _place(node: n.Node, bound: Mapping[str, str]) -> Place | None:
    if isinstance(node, n.Fact):
        return node.name, ""
    return (bound[node.variable], node.name) if isinstance(node, n.Field) else None


def _places(node: n.Node, bound: Mapping[str, str]) -> Iterator[Place]:
    """Every fact and field read somewhere in an expression; a list counts as such, too."""
    place = _place(node, bound)
    if place is not None:
        yield place
    if isinstance(node, n.Quantifier):
        yield node.source, ""
        bound = {**bound, node.variable: node.source}
    for child in n.children(node):
        yield from _places(child, bound)


def _variables(node: n.Node, inner: frozenset[str] = frozenset()) -> Iterator[str]:
    """The list items that an expression reads and does not bind itself."""
    if isinstance(node, n.Field) and node.variable not in inner:
        yield node.variable
    if isinstance(node, n.Quantifier):
        inner |= {node.variable}
    for child in n.children(node):
        yield from _variables(child, inner)
