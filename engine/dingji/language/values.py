"""What an expression may be worth when not every fact is known.

A condition is True, False or None (unknown; Kleene's three-valued logic). Any other value is the value itself when it is
known, None when nothing is known, and a `Partial` in between: bounds and, where they are few, the possible values.
All operations are sound: the true value, once known, is always among those that the result allows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from itertools import product
from typing import Any

from dingji.records import Record

Truth = bool | None
Value = Any
"""bool, int, Decimal, str, date, Partial, Records, or None for unknown."""

MOST_VALUES = 32
"""A partial value keeps at most this many possible values; beyond, only its bounds."""

# 60 digits: every product of two literals of the language is exact
CONTEXT = Context(prec=60)


class Partial(Record, frozen=True):
    """A value known in part. `low` and `high` are inclusive, None where open.

    `values`, if given, are all the values still possible, in ascending order; then the bounds are its ends.
    """

    low: Any = None
    high: Any = None
    values: tuple[Any, ...] | None = None

    def __str__(self) -> str:
        if self.values is not None:
            return " | ".join(map(str, self.values))
        return f"{'..' if self.low is None else self.low} .. {'..' if self.high is None else self.high}"


class Records(Record, frozen=True):
    """The value of a list fact: its items (field -> value; a missing field is unknown).

    `complete` is false where more items may exist than are listed.
    """

    items: tuple[dict[str, Any], ...]
    complete: bool = True


def one_of(values: Iterable[Any]) -> Value:
    """The value that is one of `values`: itself if there is one only, None if there is none."""
    distinct = sorted(set(values))
    if len(distinct) == 1:
        return distinct[0]
    if not distinct or isinstance(distinct[0], bool):
        return None  # no value, or true and false: nothing is known
    if len(distinct) > MOST_VALUES and not isinstance(distinct[0], str):
        return Partial(distinct[0], distinct[-1])
    return Partial(distinct[0], distinct[-1], tuple(distinct))


def between(low: Any, high: Any) -> Value:
    """The number that lies between two inclusive bounds, None where open."""
    if low is None and high is None:
        return None
    return low if low == high and low is not None else Partial(low, high)


def possible(value: Value) -> tuple[Any, ...] | None:
    """The finite set of values that `value` may have, or None if it is not finite."""
    if value is None:
        return None
    if isinstance(value, Partial):
        return value.values
    return (value,)


def low(value: Value) -> Any:
    """The lower bound of a number, None where open."""
    return value.low if isinstance(value, Partial) else value


def high(value: Value) -> Any:
    """The upper bound of a number, None where open."""
    return value.high if isinstance(value, Partial) else value


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def negate(truth: Truth) -> Truth:
    """Kleene's not."""
    return None if truth is None else not truth


def compare(op: str, a: Value, b: Value) -> Truth:
    """`a op b`, unknown unless every possible pair of values agrees."""
    if a is None or b is None:
        return None
    if not isinstance(a, Partial) and not isinstance(b, Partial):
        return OPERATORS[op](a, b)
    left, right = possible(a), possible(b)
    if left is not None and right is not None:
        test = OPERATORS[op]
        outcomes = {test(x, y) for x, y in product(left, right)}
        return outcomes.pop() if len(outcomes) == 1 else None
    if op in (">", ">="):
        a, b, op = b, a, _FLIPPED[op]
    if op == "<":
        return _below(high(a), low(b), strict=True, other=(low(a), high(b)))
    if op == "<=":
        return _below(high(a), low(b), strict=False, other=(low(a), high(b)))
    apart = _less(high(a), low(b)) or _less(high(b), low(a))
    if apart:
        return op == "!="
    return None


def _less(a: Any, b: Any) -> bool:
    return a is not None and b is not None and a < b


def _below(top: Any, bottom: Any, *, strict: bool, other: tuple[Any, Any]) -> Truth:
    """Is every a below every b (True), none (False), or some (None)?"""
    if top is not None and bottom is not None and (top < bottom if strict else top <= bottom):
        return True
    least, greatest = other
    if least is not None and greatest is not None and (least >= greatest if strict else least > greatest):
        return False
    return None


def member(value: Value, choices: frozenset[Any]) -> Truth:
    """Is the value one of the constants?"""
    if value is None:
        return None
    values = possible(value)
    if values is not None:
        inside = sum(v in choices for v in values)
        return True if inside == len(values) else False if inside == 0 else None
    hits = any(not _less(c, value.low) and not _less(value.high, c) for c in choices)
    return None if hits else False


def _divide(a: Any, b: Any) -> Any:
    return None if b == 0 else CONTEXT.divide(Decimal(a), Decimal(b))


def _exact(decimal_operation: Callable[[Any, Any], Any], plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if isinstance(a, int) and isinstance(b, int):
            return plain(a, b)
        return decimal_operation(Decimal(a), Decimal(b))

    return apply


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _exact(CONTEXT.add, operator.add),
    "-": _exact(CONTEXT.subtract, operator.sub),
    "*": _exact(CONTEXT.multiply, operator.mul),
    "/": _divide,
}


def arithmetic(op: str, a: Value, b: Value) -> Value:
    """`a op b`; division by zero gives no value (unknown), as NULL does in SQL."""
    if a is None or b is None:
        return None
    apply = ARITHMETIC[op]
    try:
        if not isinstance(a, Partial) and not isinstance(b, Partial):
            return apply(a, b)
        left, right = possible(a), possible(b)
        if left is not None and right is not None and len(left) * len(right) <= MOST_VALUES * 4:
            results = [apply(x, y) for x, y in product(left, right)]
            return None if None in results else one_of(results)
        return _interval(op, (low(a), high(a)), (low(b), high(b)))
    except DecimalException:
        return None


def _interval(op: str, a: tuple[Any, Any], b: tuple[Any, Any]) -> Value:
    if op == "-":
        return _interval("+", a, (_minus(b[1]), _minus(b[0])))
    if op == "+":
        apply = ARITHMETIC["+"]
        ends = [None if x is None or y is None else apply(x, y) for x, y in zip(a, b, strict=True)]
        return between(*ends)
    if op == "/":
        if None in b or b[0] <= 0 <= b[1]:
            return _positive_quotient(a, b)
        return _hull("/", a, b)
    return _hull("*", a, b)


def _minus(x: Any) -> Any:
    # `-x` and `abs(x)` would round a decimal to the digits of the thread's context
    return x.copy_negate() if isinstance(x, Decimal) else None if x is None else -x


def _size(x: Any) -> Any:
    return x.copy_abs() if isinstance(x, Decimal) else abs(x)


def _positive_quotient(a: tuple[Any, Any], b: tuple[Any, Any]) -> Value:
    """Bounds of a quotient by a divisor that is positive but open above, or that may be zero (then unknown)."""
    if b[0] is not None and b[0] > 0 and b[1] is None and a[0] is not None and a[0] >= 0:
        return between(0, None if a[1] is None else _divide(a[1], b[0]))
    return None


def _hull(op: str, a: tuple[Any, Any], b: tuple[Any, Any]) -> Value:
    """Bounds of a product or quotient: its extremes lie at the ends of the operands."""
    if None in a or None in b:
        # only the common case of two numbers that are not negative keeps bounds when an end is open
        if op == "*" and a[0] is not None and a[0] >= 0 and b[0] is not None and b[0] >= 0:
            top = None if a[1] is None or b[1] is None else ARITHMETIC[op](a[1], b[1])
            return between(ARITHMETIC[op](a[0], b[0]), top)
        return None
    corners = [ARITHMETIC[op](x, y) for x, y in product(a, b)]
    return between(min(corners), max(corners))


def extreme(kind: str, values: Iterable[Value]) -> Value:
    """The greatest (`max`) or least (`min`) of several values; None if one is wholly unknown and no bound remains."""
    items = list(values)
    pick: Callable[..., Any] = max if kind == "max" else min
    if not any(v is None or isinstance(v, Partial) for v in items):
        return pick(items)
    sets = [possible(v) for v in items]
    size = 1
    for s in sets:
        size *= len(s) if s is not None else MOST_VALUES**2
    if size <= MOST_VALUES * 4:
        return one_of(pick(combination) for combination in product(*[s for s in sets if s is not None]))
    lows, highs = [low(v) for v in items], [high(v) for v in items]
    if kind == "max":
        known = [x for x in lows if x is not None]
        return between(max(known) if known else None, None if None in highs else max(highs))
    known = [x for x in highs if x is not None]
    return between(None if None in lows else min(lows), min(known) if known else None)


def absolute(value: Value) -> Value:
    """The size of a number without its sign."""
    if not isinstance(value, Partial):
        return None if value is None else _size(value)
    if value.values is not None:
        return one_of(map(_size, value.values))
    if value.low is not None and value.low >= 0:
        return value
    if value.high is not None and value.high <= 0:
        return between(_minus(value.high), _minus(value.low))
    ends = (value.low, value.high)
    return between(0, None if None in ends else max(map(_size, ends)))


def rounded(value: Value, places: int) -> Value:
    """Rounded half up, as Chinese regulations round (四舍五入), not half to even."""
    if isinstance(value, Partial):
        if value.values is not None:
            return one_of(rounded(v, places) for v in value.values)
        return between(rounded(value.low, places), rounded(value.high, places))
    if value is None or isinstance(value, int):
        return value
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -places:
        return int(value) if places == 0 else value  # it has no more places than that
    result = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=CONTEXT)
    return int(result) if places == 0 else result
