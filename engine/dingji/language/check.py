"""Types and units of an expression against the vocabulary.

The checker returns the tree with its string constants resolved: a grade becomes its severity, so that evaluators compare
plain integers and no evaluator needs the scales.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

from dingji.errors import nearest
from dingji.language import nodes as n
from dingji.language import units
from dingji.language.dates import BETWEEN, PERIODS, SHIFTS
from dingji.language.parser import RESERVED, ExpressionError
from dingji.language.types import Bool, Date, Enum, Number, Records, Scale, String, Text, Type, describe

Vocabulary = Mapping[str, Type]


def check(node: n.Node, vocabulary: Vocabulary, expected: Type | None = None) -> n.Node:
    """The resolved tree of `node`.

    `vocabulary` maps fact names to types; `expected` is the type the whole expression must have (its unit included).
    Raises ExpressionError: E010 unknown fact or field, E011 wrong type, E012 units differ, E013 not a value of that enum or scale.
    """
    checker = _Checker(vocabulary)
    resolved, kind = checker.walk(node)
    if expected is not None:
        resolved = checker.fit(resolved, kind, expected)
    return resolved


class _Checker:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.bound: dict[str, Records] = {}

    def walk(self, node: n.Node) -> tuple[n.Node, Type]:
        match node:
            case n.Literal():
                return node, _literal_type(node)
            case n.Fact(name=name):
                return node, self._fact(name, node.at)
            case n.Field(variable=variable, name=name):
                return node, self._field(variable, name, node.at)
            case n.Not(operand=x):
                return n.Not(self.condition(x), at=node.at), Bool()
            case n.And(operands=xs):
                return n.And(tuple(map(self.condition, xs)), at=node.at), Bool()
            case n.Or(operands=xs):
                return n.Or(tuple(map(self.condition, xs)), at=node.at), Bool()
            case n.Compare():
                return self._compare(node), Bool()
            case n.Member(operand=x, choices=choices, negated=negated):
                operand, kind = self.walk(x)
                if isinstance(kind, Bool | Records | String):
                    raise ExpressionError("E011", x.at, f"`in` can't test {describe(kind)}", "use it on an enum, a scale or a number")
                fitted = tuple(self._literal(c, kind) for c in choices)
                return n.Member(operand, fitted, negated, at=node.at), Bool()
            case n.Arithmetic(operator=op, left=left, right=right):
                return self._arithmetic(node, op, left, right)
            case n.Negative(operand=x):
                operand, kind = self.number(x)
                return n.Negative(operand, at=node.at), _loose(kind)
            case n.Call():
                return self._call(node)
            case n.Quantifier():
                return self._quantifier(node)
        raise TypeError(f"not a node: {node!r}")

    def condition(self, node: n.Node) -> n.Node:
        resolved, kind = self.walk(node)
        if not isinstance(kind, Bool):
            raise ExpressionError("E011", node.at, f"a condition is expected, this is {describe(kind)}", "compare it with something")
        return resolved

    def number(self, node: n.Node) -> tuple[n.Node, Number]:
        resolved, kind = self.walk(node)
        if not isinstance(kind, Number):
            raise ExpressionError("E011", node.at, f"a number is expected, this is {describe(kind)}")
        return resolved, kind

    def fit(self, node: n.Node, kind: Type, expected: Type) -> n.Node:
        """`node` as a value of the expected type."""
        if isinstance(node, n.Literal) and isinstance(kind, String):
            return self._literal(node, expected)
        if isinstance(expected, Number) and isinstance(kind, Number):
            if not kind.literal and kind.unit != expected.unit:
                raise _units_differ(node.at, expected, kind)
            return node
        if type(kind) is not type(expected) or (isinstance(kind, Scale | Enum) and kind != expected):
            raise ExpressionError("E011", node.at, f"{describe(expected)} is expected, this is {describe(kind)}")
        return node

    def _fact(self, name: str, at: int) -> Type:
        if name in self.bound:
            raise ExpressionError("E011", at, f"{name} is a list item", f"read one of its fields: {name}.{self.bound[name].fields[0][0]}")
        kind = self.vocabulary.get(name)
        if kind is None:
            hint = f'a value stands in quotes: "{name}"' if self._is_value(name) else nearest(name, self.vocabulary)
            raise ExpressionError("E010", at, f"unknown fact {name!r}", hint or "declare it in the vocabulary")
        return kind

    def _is_value(self, name: str) -> bool:
        kinds = list(self.vocabulary.values())
        kinds += [kind for records in kinds if isinstance(records, Records) for _, kind in records.fields]
        return any(name in (kind.values if isinstance(kind, Enum) else kind.grades) for kind in kinds if isinstance(kind, Enum | Scale))

    def _field(self, variable: str, name: str, at: int) -> Type:
        records = self.bound.get(variable)
        if records is None:
            raise ExpressionError("E010", at, f"{variable!r} is not bound to a list", f"write any(... for {variable} in some_list)")
        kind = records.field(name)
        if kind is None:
            fields = [field for field, _ in records.fields]
            raise ExpressionError(
                "E010", at, f"the list items have no field {name!r}", nearest(name, fields) or "fields: " + ", ".join(fields)
            )
        return kind

    def _compare(self, node: n.Compare) -> n.Compare:
        operands, kinds = map(list, zip(*map(self.walk, node.operands), strict=True))
        # a string between two operands takes its meaning from the first that has one; the other must agree
        for i, j in (*pairwise(range(len(kinds))), *pairwise(reversed(range(len(kinds))))):
            if isinstance(kinds[j], String) and not isinstance(kinds[i], String):
                operands[j], kinds[j] = self._literal(operands[j], kinds[i]), kinds[i]
        for i, op in enumerate(node.operators):
            self._comparable(node.operands[i], kinds[i], node.operands[i + 1], kinds[i + 1], op)
        return n.Compare(tuple(operands), node.operators, at=node.at)

    def _comparable(self, left: n.Node, a: Type, right: n.Node, b: Type, op: str) -> None:
        if isinstance(a, Number) and isinstance(b, Number):
            if not a.literal and not b.literal and a.unit != b.unit:
                raise _units_differ(right.at, a, b)
            return
        if type(a) is not type(b) or (isinstance(a, Scale | Enum) and a != b):
            raise ExpressionError("E011", right.at, f"{describe(a)} can't be compared with {describe(b)}")
        if isinstance(a, Bool):
            name = next((x.name for x in (left, right) if isinstance(x, n.Fact)), "it")
            raise ExpressionError("E011", left.at, "a true-or-false fact stands alone", f"write `{name}` or `not {name}`")
        if isinstance(a, Records | String) or (isinstance(a, Enum | Text) and op not in ("==", "!=")):
            raise ExpressionError("E011", left.at, f"{describe(a)} has no order", "use ==, != or in [...]")

    def _literal(self, literal: n.Literal, kind: Type) -> n.Literal:
        """A constant as a value of `kind`; grades become severities."""
        own = _literal_type(literal)
        if isinstance(own, String):
            if isinstance(kind, Text):
                return literal
            valid = kind.grades if isinstance(kind, Scale) else kind.values if isinstance(kind, Enum) else None
            if valid is None:
                raise ExpressionError("E011", literal.at, f"{describe(kind)} can't be compared with {describe(own)}")
            if own.value not in valid:
                what = f"the scale {kind.name} has no grade" if isinstance(kind, Scale) else "there is no such value:"
                raise ExpressionError(
                    "E013", literal.at, f'{what} "{own.value}"', nearest(own.value, valid) or "valid: " + ", ".join(valid)
                )
            return n.Literal(kind.severity(own.value), literal.text, at=literal.at) if isinstance(kind, Scale) else literal
        if type(own) is not type(kind):
            raise ExpressionError("E011", literal.at, f"{describe(kind)} can't be compared with {describe(own)}")
        return literal

    def _arithmetic(self, node: n.Node, op: str, left: n.Node, right: n.Node) -> tuple[n.Node, Number]:
        (x, a), (y, b) = self.number(left), self.number(right)
        resolved = n.Arithmetic(op, x, y, at=node.at)
        whole = a.integer and b.integer and op != "/"
        if op in "*/":
            unit = units.multiply(a.unit, b.unit) if op == "*" else units.divide(a.unit, b.unit)
            return resolved, Number(unit, whole, literal=a.literal and b.literal)
        if not a.literal and not b.literal and a.unit != b.unit:
            raise _units_differ(right.at, a, b)
        return resolved, Number(b.unit if a.literal else a.unit, whole, literal=a.literal and b.literal)

    def _call(self, node: n.Call) -> tuple[n.Node, Type]:
        name = node.function
        if name == "known":
            if not isinstance(node.arguments[0], n.Fact | n.Field):
                raise ExpressionError("E011", node.at, "known takes one fact", "write known(some_fact)")
            return n.Call(name, (self.walk(node.arguments[0])[0],), at=node.at), Bool()
        if name in SHIFTS or name == "last_day":
            return self._day(node)
        if name in BETWEEN:
            walked = [self.walk(x) for x in node.arguments]
            for argument, (_, kind) in zip(node.arguments, walked, strict=True):
                if not isinstance(kind, Date):
                    raise ExpressionError("E011", argument.at, f"{name} takes two dates, this is {describe(kind)}")
            unit = _UNITS[name]
            return n.Call(name, tuple(x for x, _ in walked), at=node.at), Number(units.parse_unit(unit), integer=True)
        numbers = [self.number(x) for x in node.arguments]
        resolved = n.Call(name, tuple(x for x, _ in numbers), at=node.at)
        if name == "round" and len(numbers) == 2:
            places = node.arguments[1]
            if not (isinstance(places, n.Literal) and isinstance(places.value, int) and 0 <= places.value <= 10):
                raise ExpressionError("E011", places.at, "round takes a constant number of places", "round(x) or round(x, 2)")
            return resolved, _loose(numbers[0][1])
        kind = numbers[0][1]
        for argument, (_, other) in zip(node.arguments[1:], numbers[1:], strict=True):
            if not kind.literal and not other.literal and kind.unit != other.unit:
                raise _units_differ(argument.at, kind, other)
            kind = other if kind.literal else kind
        return resolved, Number(kind.unit, all(k.integer for _, k in numbers) or name == "round", literal=kind.literal)

    def _day(self, node: n.Call) -> tuple[n.Node, Type]:
        """A day reckoned from another: so much later, or the last of its month."""
        first, second = node.arguments
        day, kind = self.walk(first)
        if not isinstance(kind, Date):
            raise ExpressionError("E011", first.at, f"{node.function} takes a date first, this is {describe(kind)}")
        if node.function == "last_day":
            if not (isinstance(second, n.Literal) and second.value in PERIODS):
                raise ExpressionError("E011", second.at, "last_day takes a period second", "one of " + ", ".join(f'"{p}"' for p in PERIODS))
            return n.Call(node.function, (day, second), at=node.at), kind
        amount, number = self.number(second)
        unit = units.parse_unit(_UNITS[node.function])
        if not number.integer:
            raise ExpressionError("E011", second.at, f"{node.function} takes a whole number second")
        if not number.literal and number.unit not in (units.PLAIN, unit):
            raise _units_differ(second.at, Number(unit), number)
        return n.Call(node.function, (day, amount), at=node.at), kind

    def _quantifier(self, node: n.Quantifier) -> tuple[n.Node, Type]:
        records = self._fact(node.source, node.at)
        if not isinstance(records, Records):
            raise ExpressionError("E011", node.at, f"{node.source} is {describe(records)}, not a list", "any(... for i in a_list_fact)")
        if node.variable in self.vocabulary or node.variable in RESERVED or node.variable in self.bound:
            raise ExpressionError("E011", node.at, f"the name {node.variable!r} is taken", "choose a short name for the item, such as i")
        self.bound[node.variable] = records
        try:
            filters = None if node.condition is None else self.condition(node.condition)
            if node.kind in ("any", "all"):
                assert node.element is not None
                element: n.Node | None = self.condition(node.element)
                kind: Type = Bool()
            elif node.kind == "count":
                element, kind = None, Number(units.parse_unit("count"), integer=True, low=0, literal=True)
            else:
                assert node.element is not None
                element, number = self.number(node.element)
                kind = _loose(number)
        finally:
            del self.bound[node.variable]
        return n.Quantifier(node.kind, element, node.variable, node.source, filters, at=node.at), kind


_UNITS = {
    "days_between": "d",
    "days_after": "d",
    "working_days_between": "working_d",
    "working_days_after": "working_d",
    "months_between": "mo",
    "months_after": "mo",
    "years_between": "a",
}


def _literal_type(literal: n.Literal) -> Type:
    value = literal.value
    if isinstance(value, bool):
        return Bool()
    if isinstance(value, str):
        return String(value)
    if isinstance(value, int | Decimal):
        # a grade that was resolved before is an integer whose text is quoted
        return Number(integer=isinstance(value, int), literal=True)
    return Date()


def _loose(kind: Number) -> Number:
    return Number(kind.unit, kind.integer, literal=kind.literal)


def _units_differ(at: int, a: Number, b: Number) -> ExpressionError:
    message = f"units differ: {units.show(a.unit)} against {units.show(b.unit)}"
    return ExpressionError("E012", at, message, "compare like with like, or convert in the expression")
