"""What a condition lacks: the fewest stated facts that would have to be otherwise, or to be known, for it to hold.

A condition on a number is followed through arithmetic and maxima to the facts inside (`risk_value > 9` with a likelihood of 4
lacks an impact above 2.25); a condition on a derived fact is a goal, reached through the rules that write the fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from dingji.language import nodes as n
from dingji.language import values as v
from dingji.language.evaluate import Facts, is_known
from dingji.reasoning.explanation.lacks import (
    MIRRORED,
    NEGATED,
    NOTHING,
    Found,
    Goal,
    Lack,
    Test,
    cheapest,
    compared,
    gap_of,
    joined,
    lacking,
    meets,
    truth_of,
)
from dingji.reasoning.explanation.parts import SIMPLE, Part
from dingji.records import Record, field

MOST_LEAVES = 4096
"""So many lacks of single facts are kept."""


class Shortfalls(Record, frozen=True):
    """Finds what conditions lack. `behind` says what a goal lacks.

    `defaults` are the declared ranges: what is known of a fact that nobody stated.
    """

    facts: Facts
    defaults: Mapping[str, Any]
    behind: Callable[[Goal], Found]
    derived: Set[str] = frozenset()
    """The facts that the rules of the case write."""
    leaves: dict[Any, Found] = field(default_factory=dict)
    """What stated facts lack, by fact, tests and value; may be shared by the cases of a plan."""
    ranges: dict[str, Any] = field(default_factory=dict)
    """The declared ranges that were asked for; may be shared by the cases of a knowledge base."""
    values: dict[int, Any] = field(default_factory=dict)
    """What parts of sums and products amount to."""
    known: dict[tuple[str, tuple[Test, ...]], Found] = field(default_factory=dict)
    """What facts lack, worked out once: many rules ask the same of a fact."""

    def condition(self, trace: Part, wanted: bool, facts: Facts, place: tuple[str, int] = ("", 0)) -> Found:
        """What a condition lacks to have the truth that is `wanted`. `place` is the list and the item that is bound, if any."""
        if facts is self.facts and self.is_blank(trace.facts):
            blank = trace.blank.get(wanted)
            if blank is None:
                blank = trace.blank[wanted] = self._condition(trace, wanted, facts, place)
            return blank
        return self._condition(trace, wanted, facts, place)

    def is_blank(self, names: tuple[str, ...]) -> bool:
        """Is nothing known of any of the facts?"""
        return self.facts.keys().isdisjoint(names) and self.derived.isdisjoint(names)

    def _condition(self, trace: Part, wanted: bool, facts: Facts, place: tuple[str, int]) -> Found:
        node = trace.node
        if trace.single is not None:
            name, holds, fails = trace.single
            tests = holds if wanted else fails
            # what is known to be lacking need not be evaluated again
            found = self.known.get((name, tests))
            return found or (NOTHING if trace.evaluate(facts) is wanted else self.fact(name, tests))
        if isinstance(node, n.And if wanted else n.Or):
            return joined([self.condition(part, wanted, facts, place) for part in trace.parts])
        if trace.evaluate(facts) is wanted:
            return NOTHING
        match node:
            case n.And() | n.Or():
                return cheapest([self.condition(part, wanted, facts, place) for part in trace.parts])
            case n.Quantifier(kind="any" | "all"):
                return self._quantifier(trace, wanted, facts)
            case n.Not():
                return self.condition(trace.parts[0], not wanted, facts, place)
            case n.Field():
                return self._operand(trace, (("==", wanted),), facts, place)
            case n.Member(choices=choices, negated=negated):
                op = "in" if negated is not wanted else "not in"
                return self._operand(trace.parts[0], ((op, tuple(c.value for c in choices)),), facts, place)
            case n.Compare():
                return self._comparison(trace, node, wanted, facts, place)
        return self._whole(trace, wanted, facts, place)

    def _comparison(self, trace: Part, node: n.Compare, wanted: bool, facts: Facts, place: tuple[str, int]) -> Found:
        sides = trace.sides(facts, self.value)
        tests: list[Test] = []
        for (left, x), op, (right, y) in zip(sides, node.operators, sides[1:], strict=False):
            if y is None and x is not None:
                tests.append((op, right))
            elif x is None and y is not None:
                tests.append((MIRRORED[op], left))
        parts = [part for _, part in sides if part is not None]
        if len(tests) == len(node.operators) and len(parts) == 1:
            if wanted:
                value = parts[0].evaluate(facts)
                truths = [compared(t, value) for t in tests]
                unmet = tuple(t for t, met in zip(tests, truths, strict=True) if met is not True)
                return self._operand(parts[0], unmet if False in truths else tuple(tests), facts, place)
            return cheapest(self._operand(parts[0], ((NEGATED[op], c),), facts, place) for op, c in tests)
        if len(trace.parts) != 2 or len(node.operators) != 1 or self.derived.isdisjoint(trace.facts):
            return self._whole(trace, wanted, facts, place)
        op = node.operators[0] if wanted else NEGATED[node.operators[0]]
        left_value, right_value = (part.evaluate(facts) for part in trace.parts)
        ways = []
        if is_known(right_value):
            ways.append(self._operand(trace.parts[0], ((op, right_value),), facts, place))
        if is_known(left_value):
            ways.append(self._operand(trace.parts[1], ((MIRRORED[op], left_value),), facts, place))
        return cheapest(ways) if ways else self._whole(trace, wanted, facts, place)

    def value(self, part: Part, facts: Facts) -> Any:
        """The value of an expression; each part of a long sum is reckoned once, not again for each that it is a part of."""
        node = part.node
        if facts is not self.facts or not isinstance(node, n.Arithmetic):
            return part.evaluate(facts)
        if id(part) not in self.values:
            (left, _), (right, _) = part.sides(facts, self.value)
            self.values[id(part)] = v.arithmetic(node.operator, left, right)
        return self.values[id(part)]

    def operand(self, trace: Part, tests: tuple[Test, ...]) -> Found:
        """What the value of an expression lacks to meet the tests."""
        return self._operand(trace, tests, self.facts, ("", 0))

    def _operand(self, trace: Part, tests: tuple[Test, ...], facts: Facts, place: tuple[str, int]) -> Found:
        node = trace.node
        value = self.value(trace, facts)
        if is_known(value) and not isinstance(value, v.Records) and meets(tests, value):
            return NOTHING
        match node:
            case n.Fact(name=name):
                return self.fact(name, tests)
            case n.Field(name=name):
                lack = Lack(trace.source, True, truth_of(tests, value), name, tests, value, (place[0],), *place, gap=gap_of(tests, value))
                return lacking(alone := (lack,), alone)
            case n.Negative():
                return self._operand(trace.parts[0], _mapped(tests, lambda c: v.arithmetic("-", 0, c), flipped=True), facts, place)
            case n.Arithmetic():
                return self._arithmetic(trace, node, tests, facts, place)
            case n.Call(function="max" | "min"):
                return self._extreme(trace, node, tests, facts, place)
        if trace.facts and isinstance(value, bool | None) and tests in ((("==", True),), (("==", False),)):
            return self.condition(trace, tests[0][1], facts, place)
        lack = Lack(trace.source, True, truth_of(tests, value), "", tests, value, trace.facts, *place, gap=gap_of(tests, value))
        return lacking(alone := (lack,), alone)

    def fact(self, name: str, tests: tuple[Test, ...]) -> Found:
        """What the value of a fact lacks to meet the tests."""
        key = (name, tests)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._lacking(name, tests, self.facts[name] if name in self.facts else self._range(name))
        return found

    def _range(self, name: str) -> Any:
        if name not in self.ranges:
            self.ranges[name] = self.defaults.get(name)
        return self.ranges[name]

    def _lacking(self, name: str, tests: tuple[Test, ...], value: Any) -> Found:
        stated = None if value is not None and self.facts.get(name) is None else value
        if name not in self.derived:
            return self._stated(name, tests, value, stated)
        goal = Goal(name, tests)
        behind = self.behind(goal)
        truth, gap = truth_of(tests, value), gap_of(tests, stated)
        lack = Lack(name, True, truth, name, tests, stated, (name,), gap=gap, goal=goal, impossible=behind.cost[0] > 0)
        return Found((lack,), behind.base, behind.cost)

    def _stated(self, name: str, tests: tuple[Test, ...], value: Any, stated: Any) -> Found:
        """What a stated fact lacks; the same in every case that has the same value."""
        key = (name, tests, stated) if value is None or type(value) in SIMPLE else None
        if key is not None and key in self.leaves:
            return self.leaves[key]
        truth = truth_of(tests, value)
        lack = Lack(name, True, truth, name, tests, stated, (name,), gap=gap_of(tests, stated) if truth is False else 0.0)
        found = lacking(alone := (lack,), alone)
        if key is not None:
            if len(self.leaves) >= MOST_LEAVES:
                self.leaves.clear()
            self.leaves[key] = found
        return found

    def _arithmetic(self, trace: Part, node: n.Arithmetic, tests: tuple[Test, ...], facts: Facts, place: tuple[str, int]) -> Found:
        total = self.value(trace, facts)
        if node.operator == "+" and type(total) is int and trace.terms:
            # each term by what the others leave it: a long sum is not taken apart pair by pair
            rest = [(part, _undone_left("+", total - part.evaluate(facts), tests)) for part in trace.terms]
            return cheapest([self._operand(part, moved, facts, place) for part, moved in rest if moved is not None])
        (left, left_trace), (right, right_trace) = trace.sides(facts, self.value)
        ways = []
        if left_trace is not None and is_known(right) and (moved := _undone_left(node.operator, right, tests)) is not None:
            ways.append(self._operand(left_trace, moved, facts, place))
        if right_trace is not None and is_known(left) and (moved := _undone_right(node.operator, left, tests)) is not None:
            ways.append(self._operand(right_trace, moved, facts, place))
        if ways:
            return cheapest(ways)
        value = trace.evaluate(facts)
        lack = Lack(trace.source, True, truth_of(tests, value), "", tests, value, trace.facts, *place)
        return lacking(alone := (lack,), alone)

    def _extreme(self, trace: Part, node: n.Call, tests: tuple[Test, ...], facts: Facts, place: tuple[str, int]) -> Found:
        """A maximum reaches a bound if one operand does, and stays below it if all do; a minimum the other way round."""
        reaching = (">", ">=") if node.function == "max" else ("<", "<=")
        sides = trace.sides(facts, self.value)

        def reach(test: Test) -> list[Found]:
            return [self._operand(part, (test,), facts, place) for _, part in sides if part is not None]

        def stay(test: Test) -> list[Found]:
            # a constant beyond the bound can't be helped
            fixed = any(part is None and not meets((test,), value) for value, part in sides)
            return [_impossible(trace)] if fixed else reach(test)

        found: list[Found] = []
        for op, constant in tests:
            if op == "==":
                within = stay((MIRRORED[reaching[1]], constant))
                exact = reach(("==", constant))
                found.append(cheapest(joined([x, *(w for j, w in enumerate(within) if j != i)]) for i, x in enumerate(exact)))
            elif op in reaching:
                found.append(cheapest(reach((op, constant))))
            else:
                found.append(joined(stay((op, constant))))
        return joined(found)

    def _quantifier(self, trace: Part, wanted: bool, facts: Facts) -> Found:
        node = trace.node
        assert isinstance(node, n.Quantifier)
        some = (node.kind == "any") is wanted
        value = facts.get(node.source)
        records = value.items if isinstance(value, v.Records) else ()
        if not records and some:
            return self._new_item(trace, wanted, None if value is None or not value.complete else False, facts)
        found = [
            joined(self._item(trace, wanted, {**facts, node.variable + ".": item}, (node.source, number)))
            for number, item in enumerate(records, 1)
        ]
        if not some:
            return joined(found) if found else self._whole(trace, wanted, facts, ("", 0))
        return cheapest([*found, self._new_item(trace, wanted, None if value is None or not value.complete else False, facts)])

    def _new_item(self, trace: Part, wanted: bool, truth: v.Truth, facts: Facts) -> Found:
        """An item of which nothing is known; where what it lacks does not depend on the case, it is worked out once."""
        node = trace.node
        assert isinstance(node, n.Quantifier)
        if (wanted, truth) in trace.new_items:
            return trace.new_items[wanted, truth]
        fields = joined(self._item(trace, wanted, {**facts, node.variable + ".": {}}, (node.source, 0))).own
        weight = max(1, len(fields))
        gap = 0.0 if truth is None else float(weight)
        new = Lack(trace.source, wanted, truth, facts=(node.source,), list=node.source, weight=weight, gap=gap, fields=fields)
        found = lacking(alone := (new,), alone)
        if not any(part.facts for part in trace.parts):
            trace.new_items[wanted, truth] = found
        return found

    def _item(self, trace: Part, wanted: bool, bound: Facts, place: tuple[str, int]) -> list[Found]:
        """What one item lacks: the element to be as wanted, and to be counted (the filter)."""
        node = trace.node
        assert isinstance(node, n.Quantifier)
        found = []
        parts = list(trace.parts)
        if node.element is not None and parts:
            found.append(self.condition(parts.pop(0), wanted, bound, place))
        if node.condition is not None and parts:
            counted = self.condition(parts[0], True, bound, place)
            if (node.kind == "any") is wanted:
                found.append(counted)
            else:
                # an item that is not counted can't fail
                found = [cheapest([*found, self.condition(parts[0], False, bound, place)])]
        return found

    def _whole(self, trace: Part, wanted: bool, facts: Facts, place: tuple[str, int]) -> Found:
        """A condition that is one whole: two numbers compared with each other, a count, whether something is known."""
        node, gap = trace.node, 0.0
        if isinstance(node, n.Compare) and len(trace.parts) == 2:
            left, right = (part.evaluate(facts) for part in trace.parts)
            gap = gap_of((("==", right),), left) if is_known(right) else 0.0
        lack = Lack(trace.source, wanted, trace.evaluate(facts), facts=trace.facts, list=place[0], item=place[1], gap=gap)
        return lacking(alone := (lack,), alone)


def _impossible(trace: Part) -> Found:
    lack = Lack(trace.source, True, False, facts=trace.facts, impossible=True)
    return lacking(alone := (lack,), alone)


def _mapped(tests: tuple[Test, ...], change: Callable[[Any], Any], flipped: bool = False) -> tuple[Test, ...]:
    moved = []
    for op, constant in tests:
        op = MIRRORED.get(op, op) if flipped else op
        moved.append((op, tuple(map(change, constant)) if isinstance(constant, tuple) else change(constant)))
    return tuple(moved)


def _undone_left(op: str, right: Any, tests: tuple[Test, ...]) -> tuple[Test, ...] | None:
    """The tests that x must meet for `x op right` to meet those given; None where that can't be said."""
    match op:
        case "+":
            return _mapped(tests, lambda c: v.arithmetic("-", c, right))
        case "-":
            return _mapped(tests, lambda c: v.arithmetic("+", c, right))
    if right == 0:
        return None
    return _mapped(tests, lambda c: v.arithmetic("/" if op == "*" else "*", c, right), flipped=right < 0)


def _undone_right(op: str, left: Any, tests: tuple[Test, ...]) -> tuple[Test, ...] | None:
    """The same for `left op x`."""
    if op in "+*":
        return _undone_left(op, left, tests)
    if op == "-":
        return _mapped(tests, lambda c: v.arithmetic("-", left, c), flipped=True)
    if left <= 0 or any(isinstance(c, tuple) or c <= 0 for _, c in tests):
        return None
    return _mapped(tests, lambda c: v.arithmetic("/", left, c), flipped=True)
