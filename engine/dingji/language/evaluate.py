"""The reference meaning of an expression: three-valued evaluation, and the truth of every node for a proof.

`compile_node` turns a checked tree into a closure over a mapping of facts. A `Tracer` keeps the same closures node by node,
so that what a proof shows and what the evaluator computed can't differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dingji.language import dates
from dingji.language import nodes as n
from dingji.language import values as v
from dingji.language.printer import to_source
from dingji.records import Record

Facts = dict[str, Any]
"""Fact name -> value; a name that is missing is unknown. List items are bound under `<variable>.` while a quantifier runs."""
Evaluator = Callable[[Facts], Any]
Defaults = Mapping[str, Any]
"""What is known of a fact that nobody stated: the range that the vocabulary declares."""


def compile_node(node: n.Node, defaults: Defaults) -> Evaluator:
    """A function from facts to the value of `node`. The tree must have passed `check`."""
    match node:
        case n.Literal(value=value):
            return lambda facts: value
        case n.Fact(name=name):
            default = defaults.get(name)
            return lambda facts: facts.get(name, default)
        case n.Field(variable=variable, name=name):
            key = variable + "."
            return lambda facts: facts[key].get(name)
        case n.Not(operand=x):
            inner = compile_node(x, defaults)
            return lambda facts: None if (t := inner(facts)) is None else not t
        case n.And(operands=xs):
            return _all([compile_node(x, defaults) for x in xs])
        case n.Or(operands=xs):
            return _any([compile_node(x, defaults) for x in xs])
        case n.Compare():
            return _comparison(node, defaults)
        case n.Member(operand=x, choices=choices, negated=negated):
            inner, allowed = compile_node(x, defaults), frozenset(c.value for c in choices)
            if negated:
                return lambda facts: v.negate(v.member(inner(facts), allowed))
            return lambda facts: v.member(inner(facts), allowed)
        case n.Arithmetic(operator=op, left=left, right=right):
            a, b = compile_node(left, defaults), compile_node(right, defaults)
            return lambda facts: v.arithmetic(op, a(facts), b(facts))
        case n.Negative(operand=x):
            inner = compile_node(x, defaults)
            return lambda facts: v.arithmetic("-", 0, inner(facts))
        case n.Call():
            return _call(node, defaults)
        case n.Quantifier():
            return _quantifier(node, defaults)
    raise TypeError(f"not a node: {node!r}")


class Tracer(Record, frozen=True):
    """A compiled expression that can also be evaluated part by part, for proofs. Constants are not parts."""

    node: n.Node
    source: str
    evaluate: Evaluator
    parts: tuple[Tracer, ...]
    facts: tuple[str, ...]

    def items(self, facts: Facts) -> Iterator[tuple[str, Facts]]:
        """For a quantifier: each item of its list, named, with the facts in which the item is bound."""
        assert isinstance(self.node, n.Quantifier)
        records = facts.get(self.node.source)
        if isinstance(records, v.Records):
            for number, item in enumerate(records.items, 1):
                yield f"{self.node.source}[{number}]", {**facts, self.node.variable + ".": item}


def tracer(node: n.Node, defaults: Defaults) -> Tracer:
    """Compile `node` for proofs: the same functions as `compile_node`, kept part by part."""
    parts = tuple(tracer(part, defaults) for part in n.children(node) if not isinstance(part, n.Literal))
    return Tracer(node, to_source(node), compile_node(node, defaults), parts, tuple(sorted(n.facts_of(node))))


def _all(parts: list[Evaluator]) -> Evaluator:
    if len(parts) == 2:
        first, second = parts

        def both(facts: Facts) -> v.Truth:
            a = first(facts)
            if a is False:
                return False
            b = second(facts)
            return b if a is True or b is False else None

        return both

    def conjunction(facts: Facts) -> v.Truth:
        result: v.Truth = True
        for part in parts:
            truth = part(facts)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return conjunction


def _any(parts: list[Evaluator]) -> Evaluator:
    def disjunction(facts: Facts) -> v.Truth:
        result: v.Truth = False
        for part in parts:
            truth = part(facts)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return disjunction


def _comparison(node: n.Compare, defaults: Defaults) -> Evaluator:
    if len(node.operators) > 1:
        pairs = zip(node.operands, node.operators, node.operands[1:], strict=False)
        return _all([_comparison(n.Compare((a, b), (op,)), defaults) for a, op, b in pairs])
    op = node.operators[0]
    test = v.OPERATORS[op]
    if isinstance(node.operands[0], n.Fact | n.Field) and isinstance(node.operands[1], n.Literal):
        return _against_constant(node.operands[0], op, node.operands[1].value, defaults)
    left, right = (compile_node(x, defaults) for x in node.operands)

    def compare(facts: Facts) -> v.Truth:
        a, b = left(facts), right(facts)
        if a is None or b is None:
            return None
        if type(a) is v.Partial or type(b) is v.Partial:
            return v.compare(op, a, b)
        return test(a, b)

    return compare


def _against_constant(operand: n.Fact | n.Field, op: str, constant: Any, defaults: Defaults) -> Evaluator:
    """The commonest test of all, without the detour over its operands; written out twice because it is the hot path."""
    test, name, partial = v.OPERATORS[op], operand.name, v.Partial

    if isinstance(operand, n.Field):
        key = operand.variable + "."

        def compare_field(facts: Facts) -> v.Truth:
            value = facts[key].get(name)
            if value is None:
                return None
            return v.compare(op, value, constant) if type(value) is partial else test(value, constant)

        return compare_field

    default = defaults.get(name)

    def compare_fact(facts: Facts) -> v.Truth:
        value = facts.get(name, default)
        if value is None:
            return None
        return v.compare(op, value, constant) if type(value) is partial else test(value, constant)

    return compare_fact


def is_known(value: Any) -> bool:
    """Is the value fully known?"""
    return not (value is None or isinstance(value, v.Partial) or (isinstance(value, v.Records) and not value.complete))


def _call(node: n.Call, defaults: Defaults) -> Evaluator:
    name = node.function
    arguments = [compile_node(x, defaults) for x in node.arguments]
    first = arguments[0]
    if name == "known":
        return lambda facts: is_known(first(facts))
    if name in ("max", "min"):
        return lambda facts: v.extreme(name, [a(facts) for a in arguments])
    if name == "abs":
        return lambda facts: v.absolute(first(facts))
    if name == "round":
        places = node.arguments[1].value if len(node.arguments) == 2 and isinstance(node.arguments[1], n.Literal) else 0
        return lambda facts: v.rounded(first(facts), int(str(places)))
    if name == "last_day":
        assert isinstance(node.arguments[1], n.Literal), "checked"
        period = str(node.arguments[1].value)
        return lambda facts: dates.last_day(first(facts), period)
    second = arguments[1]
    if name in dates.SHIFTS:
        return lambda facts: dates.shifted(name, first(facts), second(facts))
    return lambda facts: dates.apart(name, first(facts), second(facts))


def _quantifier(node: n.Quantifier, defaults: Defaults) -> Evaluator:
    """Bounds over partly known lists: an item whose filter is unknown may or may not count, a list may be incomplete."""
    key, source, kind = node.variable + ".", node.source, node.kind
    element = compile_node(node.element, defaults) if node.element is not None else None
    condition = compile_node(node.condition, defaults) if node.condition is not None else None
    if kind == "any" and condition is None and element is not None:
        return _exists(key, source, element)

    def evaluate(facts: Facts) -> Any:
        records = facts.get(source)
        if records is None:
            return between_nothing(kind)
        rows: list[tuple[v.Truth, Any]] = []
        for item in records.items:
            facts[key] = item
            counted = True if condition is None else condition(facts)
            if counted is not False:
                rows.append((counted, None if element is None else element(facts)))
        facts.pop(key, None)
        return _AGGREGATES[kind](rows, records.complete)

    return evaluate


def _exists(key: str, source: str, element: Evaluator) -> Evaluator:
    """`any(...)` without a filter, by far the commonest quantifier: stops at the first item that holds."""

    def exists(facts: Facts) -> v.Truth:
        records = facts.get(source)
        if records is None:
            return None
        result: v.Truth = False if records.complete else None
        for item in records.items:
            facts[key] = item
            truth = element(facts)
            if truth:
                result = True
                break
            if truth is None:
                result = None
        facts.pop(key, None)
        return result

    return exists


def between_nothing(kind: str) -> Any:
    """What an aggregate over a wholly unknown list is worth: a count is at least 0."""
    return v.between(0, None) if kind == "count" else None


Rows = list[tuple[v.Truth, Any]]


def _quantify_any(rows: Rows, complete: bool) -> v.Truth:
    outcomes = [_both(counted, truth) for counted, truth in rows]
    if True in outcomes:
        return True
    return False if complete and None not in outcomes else None


def _quantify_all(rows: Rows, complete: bool) -> v.Truth:
    # an item fails if it surely counts and surely does not hold
    outcomes = [True if truth is True else (False if truth is False and counted else None) for counted, truth in rows]
    if False in outcomes:
        return False
    return True if complete and None not in outcomes else None


def _both(a: v.Truth, b: v.Truth) -> v.Truth:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _count(rows: Rows, complete: bool) -> Any:
    sure = sum(counted is True for counted, _ in rows)
    return v.between(sure, len(rows) if complete else None)


def _sum(rows: Rows, complete: bool) -> Any:
    total: Any = 0
    for counted, value in rows:
        term = value if counted else v.between(*_with_zero(value))
        total = v.arithmetic("+", total, term) if term is not None else None
        if total is None:
            return None
    # items that are not listed could add anything
    return total if complete else None


def _with_zero(value: Any) -> tuple[Any, Any]:
    bottom, top = v.low(value), v.high(value)
    return (None if bottom is None else min(0, bottom)), (None if top is None else max(0, top))


def _extreme(kind: str) -> Callable[[Rows, bool], Any]:
    def extreme(rows: Rows, complete: bool) -> Any:
        # the extreme of no items has no value
        sure = [value for counted, value in rows if counted]
        if not rows or not sure:
            return None
        certain = v.extreme(kind, sure)
        everything = v.extreme(kind, [value for _, value in rows])
        if kind == "max":
            return v.between(v.low(certain), v.high(everything) if complete else None) if _open(rows, complete) else certain
        return v.between(v.low(everything) if complete else None, v.high(certain)) if _open(rows, complete) else certain

    return extreme


def _open(rows: Rows, complete: bool) -> bool:
    return not complete or any(counted is None for counted, _ in rows)


_AGGREGATES: dict[str, Callable[[Rows, bool], Any]] = {
    "any": _quantify_any,
    "all": _quantify_all,
    "count": _count,
    "sum": _sum,
    "max": _extreme("max"),
    "min": _extreme("min"),
}
