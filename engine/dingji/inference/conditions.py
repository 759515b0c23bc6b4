"""Conditions for the rule engine: negation pushed to the leaves, every leaf a test that is true only if surely true.

The engine knows neither decimals nor unknowns (and coerces types), so facts reach it encoded:

- a true-or-false fact and an enum or text fact as themselves, left out when unknown;
- a number, date or grade as two ranks, `name<` for its lower and `name>` for its upper bound, among the constants that
  the rules compare it with: exact for any decimal, and equally right for numbers known only in part;
- everything else (arithmetic, facts against facts, lists, `known`, derived enums) as `?source`: computed by the reference
  evaluator, tested by the engine.

A condition in this form holds in the engine exactly when the reference evaluator finds it true.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.evaluate import Defaults, Evaluator, Facts, compile_node
from dingji.language.printer import to_source
from dingji.language.values import Partial, Truth

Condition = tuple[Any, ...]
"""("test", field, op, constant), ("and", conditions), ("or", conditions) or ("true",)."""

_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Encoder:
    """Encodes the conditions of a set of rules, and the facts of a case for them.

    `types` are those of the vocabulary; `derived` names the facts that rules write (they may be known in part).
    """

    def __init__(self, types: Mapping[str, t.Type], derived: frozenset[str], defaults: Defaults, conditions: Iterable[n.Node]) -> None:
        self._types, self._derived, self._defaults = types, derived, defaults
        self._constants: dict[str, list[Any]] = {}
        self._computed: dict[str, tuple[Evaluator, set[bool], n.Node]] = {}
        self._reading: dict[str, list[str]] | None = None
        self._plain: dict[str, set[Any]] = {}
        nodes = list(conditions)
        found: dict[str, set[Any]] = {}
        for node in nodes:
            self._collect(node, found)
        self._constants = {name: sorted(values) for name, values in found.items()}
        self._ranges = {k: rank for name in self._constants if name in defaults for k, rank in self._ranks(name, defaults[name]).items()}
        self.conditions = [self.encode(node) for node in nodes]
        # a condition that is one computed test was evaluated already, by the prover
        self._whole = {c[1]: i for i, c in enumerate(self.conditions) if c[0] == "test" and c[1] in self._computed and c[3] is True}

    def encode(self, node: n.Node, negated: bool = False) -> Condition:
        """`node` (or its negation) as a condition of the engine."""
        match node:
            case n.Not(operand=x):
                return self.encode(x, not negated)
            case n.And(operands=xs):
                return ("or" if negated else "and", tuple(self.encode(x, negated) for x in xs))
            case n.Or(operands=xs):
                return ("and" if negated else "or", tuple(self.encode(x, negated) for x in xs))
            case n.Compare(operands=xs, operators=ops) if len(ops) > 1:
                parts = tuple(self.encode(n.Compare((a, b), (op,)), negated) for a, op, b in zip(xs, ops, xs[1:], strict=False))
                return ("or" if negated else "and", parts)
            case n.Fact(name=name):
                self._plain.setdefault(name, set()).add(not negated)
                return ("test", name, "==", not negated)
        simple = self._simple(node)
        if simple is None:
            return self._compute(node, negated)
        fact, op, values = simple
        if isinstance(self._types[fact], t.Enum | t.Text):
            return self._choice(fact, values, (op == "!=") != negated)
        if negated:
            op = _NEGATED[op]
        parts = tuple(self._rank(fact, op, value) for value in values)
        return parts[0] if len(parts) == 1 else ("and" if op == "!=" else "or", parts)

    def computed_only(self, condition: Condition) -> bool:
        """Does a condition test computed fields only?"""
        if condition[0] == "test":
            return condition[1] in self._computed
        return condition[0] != "true" and all(map(self.computed_only, condition[1]))

    def constants_of(self, fact: str) -> list[Any]:
        """The constants that conditions compare a number, date or grade with, in ascending order."""
        return self._constants.get(fact, [])

    def fields(self, facts: Facts, truths: Sequence[Truth] = ()) -> dict[str, Any]:
        """The known facts as the engine's fields; only what some test asks for is given.

        `truths`, if given, are those of the conditions in their order: computed tests that are a whole condition are taken
        from there instead of being evaluated again.
        """
        # what a declared range alone says of a fact; facts that are known say more
        fields = dict(self._ranges)
        for name in self._plain.keys() & facts.keys():
            self._plainly(name, facts[name], fields)
        for name in self._constants.keys() & facts.keys():
            value = facts[name]
            if value is not None:
                for side in ("<", ">"):
                    fields.pop(name + side, None)
                fields.update(self._ranks(name, value))
        self._compute_fields(self._computed, facts, truths, fields)
        return fields

    def fields_since(self, fields: Mapping[str, Any], before: Facts, facts: Facts, truths: Sequence[Truth] = ()) -> dict[str, Any]:
        """The same as `fields`, from those of the facts `before`: what the difference does not touch is taken from there."""
        again = dict(fields)
        changed = [name for name, value in facts.items() if before.get(name) is not value]
        changed += [name for name in before if name not in facts]
        readers = self._readers()
        for name in changed:
            value = facts.get(name)
            if name in self._plain:
                again.pop(name, None)
                self._plainly(name, value, again)
            if name in self._constants:
                for key in (name + "<", name + ">"):
                    again.pop(key, None)
                    if value is None and key in self._ranges:
                        again[key] = self._ranges[key]
                if value is not None:
                    again.update(self._ranks(name, value))
        computed = {test for name in changed for test in readers.get(name, ())}
        for test in computed:
            again.pop(test, None)
        self._compute_fields(computed, facts, truths, again)
        return again

    def _plainly(self, name: str, value: Any, fields: dict[str, Any]) -> None:
        """The field of a fact that stands for itself, if a test can be met by it."""
        if value is not None and (type(value) is not bool or value in self._plain[name]):
            fields[name] = value

    def _compute_fields(self, names: Iterable[str], facts: Facts, truths: Sequence[Truth], fields: dict[str, Any]) -> None:
        for name in names:
            evaluator, polarity, _ = self._computed[name]
            truth = truths[self._whole[name]] if truths and name in self._whole else evaluator(facts)
            if truth is not None and truth in polarity:
                fields[name] = truth

    def _readers(self) -> dict[str, list[str]]:
        """The computed tests that read each fact; worked out when first asked for."""
        if self._reading is None:
            found: dict[str, list[str]] = {}
            for test, (_, _, node) in self._computed.items():
                for name in n.facts_of(node):
                    found.setdefault(name, []).append(test)
            self._reading = found
        return self._reading

    def _ranks(self, name: str, value: Any) -> dict[str, int]:
        """The rank fields of a value that is known, or known by its bounds."""
        constants = self._constants[name]
        if type(value) is not Partial:
            rank = _rank_of(value, constants)
            return {name + "<": rank, name + ">": rank}
        bounds = (("<", value.low), (">", value.high))
        return {name + side: _rank_of(bound, constants) for side, bound in bounds if bound is not None}

    def _simple(self, node: n.Node) -> tuple[str, str, tuple[Any, ...]] | None:
        """(fact, operator, constants) of a test of one fact against constants; None if it must be computed."""
        found: tuple[str, str, tuple[Any, ...]]
        match node:
            case n.Compare(operands=(n.Fact(name=name), n.Literal(value=value)), operators=(op,)):
                found = (name, op, (value,))
            case n.Compare(operands=(n.Literal(value=value), n.Fact(name=name)), operators=(op,)):
                found = (name, _MIRRORED[op], (value,))
            case n.Member(operand=n.Fact(name=name), choices=choices, negated=negated):
                found = (name, "!=" if negated else "==", tuple(c.value for c in choices))
            case _:
                return None
        ordered = found[1] not in ("==", "!=")
        # a derived value may be one of several: equality then depends on the set, order only on its bounds
        return found if ordered or name not in self._derived else None

    def _collect(self, node: n.Node, found: dict[str, set[Any]]) -> None:
        if isinstance(node, n.Compare) and len(node.operators) > 1:
            for a, op, b in zip(node.operands, node.operators, node.operands[1:], strict=False):
                self._collect(n.Compare((a, b), (op,)), found)
            return
        simple = self._simple(node)
        if simple is not None and not isinstance(self._types[simple[0]], t.Enum | t.Text):
            found.setdefault(simple[0], set()).update(simple[2])
        if isinstance(node, n.Not | n.And | n.Or):
            for child in n.children(node):
                self._collect(child, found)

    def _choice(self, fact: str, values: tuple[Any, ...], excluded: bool) -> Condition:
        self._plain.setdefault(fact, set())
        tests = tuple(("test", fact, "!=" if excluded else "==", value) for value in values)
        return tests[0] if len(tests) == 1 else ("and" if excluded else "or", tests)

    def _rank(self, fact: str, op: str, value: Any) -> Condition:
        rank = 2 * self._constants[fact].index(value) + 1
        low, high = fact + "<", fact + ">"
        match op:
            case "<" | "<=":
                return ("test", high, op, rank)
            case ">" | ">=":
                return ("test", low, op, rank)
            case "==":
                return ("and", (("test", low, ">=", rank), ("test", high, "<=", rank)))
        return ("or", (("test", high, "<", rank), ("test", low, ">", rank)))

    def _compute(self, node: n.Node, negated: bool) -> Condition:
        name = "?" + to_source(node)
        if name not in self._computed:
            self._computed[name] = (compile_node(node, self._defaults), set(), node)
        self._computed[name][1].add(not negated)
        return ("test", name, "==", not negated)


def _rank_of(value: Any, constants: list[Any]) -> int:
    """Even between two constants, odd on one: the order of ranks is the order of values."""
    index = bisect_left(constants, value)
    return 2 * index + (1 if index < len(constants) and constants[index] == value else 0)
