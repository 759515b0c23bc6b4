"""Parts of conditions: what the reference evaluator compiles as a whole, taken apart where it is followed to the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from dingji.language import nodes as n
from dingji.language import values as v
from dingji.language.evaluate import Evaluator, Facts, compile_node
from dingji.language.printer import to_source
from dingji.reasoning.explanation.lacks import MIRRORED, NEGATED, Found, Test

SIMPLE = frozenset({bool, int, str, Decimal, dt.date})
"""Types of values that tell what a condition lacks by themselves: nothing in them is open."""


class Part:
    """A part of an expression, compiled when it is first evaluated: of many conditions only a few are followed to the leaves."""

    __slots__ = ("_facts", "_parts", "_sides", "_source", "_terms", "blank", "defaults", "evaluate", "new_items", "node", "single")

    def __init__(self, node: n.Node, defaults: Mapping[str, Any], evaluator: Evaluator | None = None) -> None:
        self.node, self.defaults = node, defaults
        self.evaluate: Evaluator = evaluator or self._compiled
        """The value for some facts."""
        self.single = _single(node)
        """For a condition on one fact: the fact, and the tests that it is to meet for the condition to hold, and not to hold."""
        self._parts: tuple[Part, ...] | None = None
        self._sides: tuple[tuple[Any, Part | None, bool], ...] | None = None
        self._terms: tuple[Part, ...] | None = None
        self._source = ""
        self._facts: tuple[str, ...] | None = None
        self.new_items: dict[tuple[bool, v.Truth], Found] = {}
        """What a new item of the list of a quantifier lacks, where that does not depend on the case."""
        self.blank: dict[bool, Found] = {}
        """What is lacking where nothing is known of any fact that it reads: the same in every such case."""

    def _compiled(self, facts: Facts) -> Any:
        self.evaluate = compile_node(self.node, self.defaults)
        return self.evaluate(facts)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The direct parts; constants are none."""
        if self._parts is None:
            self._parts = tuple(Part(x, self.defaults) for x in n.children(self.node) if not isinstance(x, n.Literal))
        return self._parts

    @property
    def terms(self) -> tuple[Part, ...]:
        """The terms of a sum, from the left, however they are joined; constants are none."""
        if self._terms is None:
            parts = [part for part in self.parts if not _constant(part.node)]
            self._terms = tuple(term for part in parts for term in (part.terms if _is_sum(part.node) else (part,)))
        return self._terms

    def sides(self, facts: Facts, evaluate: Callable[[Part, Facts], Any]) -> list[tuple[Any, Part | None]]:
        """Each operand with its value and its part; one that reads nothing of the case has no part."""
        if self._sides is None:
            parts = iter(self.parts)
            self._sides = tuple(
                (x.value, None, True) if isinstance(x, n.Literal) else (None, next(parts), _constant(x)) for x in operands(self.node)
            )
        return [(value if part is None else evaluate(part, facts), None if fixed else part) for value, part, fixed in self._sides]

    @property
    def source(self) -> str:
        """The expression as text."""
        self._source = self._source or to_source(self.node)
        return self._source

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it reads."""
        if self._facts is None:
            self._facts = tuple(sorted(n.facts_of(self.node))) if self.single is None else (self.single[0],)
        return self._facts


def operands(node: n.Node) -> tuple[n.Node, ...]:
    """What a comparison compares, an operation reckons with or a function is given."""
    match node:
        case n.Compare(operands=operands):
            return operands
        case n.Arithmetic(left=left, right=right):
            return left, right
        case n.Call(arguments=arguments):
            return arguments
    return ()


def _single(node: n.Node) -> tuple[str, tuple[Test, ...], tuple[Test, ...]] | None:
    """A condition on one fact: the fact, and the tests for the condition to hold and not to hold; None for any other."""
    match node:
        case n.Fact(name=name):
            return name, (("==", True),), (("==", False),)
        case n.Member(operand=n.Fact(name=name), choices=choices, negated=negated):
            values = tuple(c.value for c in choices)
            op = "not in" if negated else "in"
            return name, ((op, values),), ((NEGATED[op], values),)
        case n.Compare(operands=(n.Fact(name=name), n.Literal(value=value)), operators=(op,)):
            return name, ((op, value),), ((NEGATED[op], value),)
        case n.Compare(operands=(n.Literal(value=value), n.Fact(name=name)), operators=(op,)):
            return name, ((MIRRORED[op], value),), ((NEGATED[MIRRORED[op]], value),)
    return None


def _is_sum(node: n.Node) -> bool:
    return isinstance(node, n.Arithmetic) and node.operator == "+"


def _constant(node: n.Node) -> bool:
    """Does an expression read nothing of the case?"""
    return isinstance(node, n.Literal) or (
        isinstance(node, n.Arithmetic | n.Negative | n.Call) and all(_constant(child) for child in n.children(node))
    )
