"""A second, independent meaning of expressions over cases in which everything is known: exact fractions, no bounds, no unknowns.

It shares no code with the evaluator. Numbers are fractions, rounded to 60 significant digits after each operation as the
language promises; an expression without a value (division by zero, the greatest of no items) raises `NoValueError`.
"""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dingji.language import nodes as n

DIGITS = 60


class NoValueError(Exception):
    """The expression, or a part of it that was needed, has no value."""


def meaning(node: n.Node, facts: dict[str, Any]) -> Any:
    """The value of `node`. Items in reach stand in `facts` under the name of their variable."""
    match node:
        case n.Literal(value=value):
            return exact(value)
        case n.Fact(name=name):
            return exact(facts[name])
        case n.Field(variable=variable, name=name):
            return exact(facts[variable][name])
        case n.Not(operand=x):
            return not meaning(x, facts)
        case n.And(operands=xs):
            return min([meaning(x, facts) for x in xs])
        case n.Or(operands=xs):
            return max([meaning(x, facts) for x in xs])
        case n.Compare(operands=xs, operators=ops):
            values = [meaning(x, facts) for x in xs]
            return False not in [_holds(a, op, b) for a, op, b in zip(values, ops, values[1:], strict=False)]
        case n.Member(operand=x, choices=choices, negated=negated):
            return (meaning(x, facts) in [exact(c.value) for c in choices]) is not negated
        case n.Arithmetic(operator=op, left=left, right=right):
            return _arithmetic(op, meaning(left, facts), meaning(right, facts))
        case n.Negative(operand=x):
            return -meaning(x, facts)
        case n.Call(function=name, arguments=xs):
            return _call(name, [meaning(x, facts) for x in xs])
        case n.Quantifier():
            return _over_list(node, facts)
    raise TypeError(node)


def exact(value: Any) -> Any:
    """A number as a fraction, anything else as it is."""
    return Fraction(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


def _holds(a: Any, op: str, b: Any) -> bool:
    return {"==": a == b, "!=": a != b}[op] if op in ("==", "!=") else {"<": a < b, "<=": not a > b, ">": a > b, ">=": not a < b}[op]


def _arithmetic(op: str, a: Fraction, b: Fraction) -> Fraction:
    if op == "/" and b == 0:
        raise NoValueError
    return rounded_to_digits({"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[op])


def rounded_to_digits(x: Fraction) -> Fraction:
    """`x` with 60 significant digits, half to even."""
    if x == 0:
        return x
    size = len(str(abs(x.numerator))) - len(str(x.denominator))
    scale = Fraction(10) ** (DIGITS - size)
    while abs(x) * scale >= 10**DIGITS:
        scale /= 10
    return round(x * scale) / scale


def _call(name: str, values: list[Any]) -> Any:
    match name:
        case "max" | "min":
            ordered = sorted(values)
            return ordered[-1] if name == "max" else ordered[0]
        case "abs":
            return values[0] if values[0] > 0 else -values[0]
        case "round":
            scale = 10 ** int(values[1]) if len(values) > 1 else 1
            size = (2 * abs(values[0]) * scale + 1) // 2  # half away from zero
            return Fraction(size if values[0] > 0 else -size) / scale
        case "days_between":
            return Fraction(values[1].toordinal() - values[0].toordinal())
    return Fraction(periods(*values, step=1 if name == "months_between" else 12))


def periods(start: dt.date, end: dt.date, step: int) -> int:
    """How often `step` whole months fit between two days, counted from the earlier; negative if `end` comes first."""
    if end < start:
        return -periods(end, start, step)
    count = 0
    while later(start, (count + 1) * step) <= end:
        count += 1
    return count


def later(day: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last one of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _over_list(node: n.Quantifier, facts: dict[str, Any]) -> Any:
    items = [{**facts, node.variable: item} for item in facts[node.source].items]
    if node.condition is not None:
        items = [item for item in items if meaning(node.condition, item)]
    if node.element is None:
        return Fraction(len(items))
    values = [meaning(node.element, item) for item in items]
    if node.kind in ("any", "all"):
        return True in values if node.kind == "any" else False not in values
    if node.kind == "sum":
        total = Fraction(0)
        for value in values:
            total = rounded_to_digits(total + value)
        return total
    if not values:
        raise NoValueError
    return sorted(values)[-1 if node.kind == "max" else 0]
