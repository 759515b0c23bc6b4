"""Random conditions, and random cases known in part, over a small vocabulary. Shared by the tests of meaning.

The constants are few and lie close together, so that values fall on them, beside them and between them. A case gives a
fact as the case reader and the prover can give it: known, bounded (numbers as stated), one of several values (derived
facts), or not at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.values import Partial, Records

KINDS = ("bus", "line", "plant")
GRADES = ("I", "II", "III", "IV")
REMARKS = ("", "as built", "竣工")
DAYS = tuple(
    map(
        dt.date.fromisoformat,
        ("2019-12-31", "2020-01-31", "2020-02-29", "2020-03-01", "2021-02-28", "2021-03-30", "2024-02-29", "2024-03-31"),
    )
)
# neighbours that binary floating point can't tell apart, and decimals with many places
NUMBERS: tuple[int | Decimal, ...] = (
    *range(-3, 13),
    *map(Decimal, ("-2.5", "0.1", "0.3", "0.5", "1.0", "2.5", "7.25", "0.30000000000000000001", "0.29999999999999999999")),
    *map(Decimal, ("1.000000000000000000000000001", "0.999999999999999999999999999", "2.4999999999999999999")),
    # as long as the readers allow: 30 places
    *map(Decimal, ("2.500000000000000000000000000001", "-2.499999999999999999999999999999", "7.999999999999999999999999999999")),
)
LITERALS = tuple(x for x in NUMBERS if x >= 0 and len(str(x)) <= 30)
EVENT: dict[str, t.Type] = {
    "score": t.Number(integer=True, low=0, high=10),
    "size": t.Number(),
    "lost": t.Bool(),
    "kind": t.Enum(KINDS),
    "level": t.Scale("four", GRADES),
    "on": t.Date(),
}
VOCABULARY: dict[str, t.Type] = {
    "wet": t.Bool(),
    "live": t.Bool(),
    "proved": t.Bool(),
    "workers": t.Number(integer=True, low=0, high=12),
    "height": t.Number(low=Decimal("-2.5"), high=8),
    "depth": t.Number(low=0),
    "load": t.Number(),
    "points": t.Number(low=0, high=25),
    "kind": t.Enum(KINDS),
    "group": t.Enum(KINDS),
    "level": t.Scale("four", GRADES),
    "rank": t.Scale("four", GRADES),
    "began": t.Date(),
    "ended": t.Date(),
    "limit": t.Date(),
    "remark": t.Text(),
    "events": t.Records(tuple(EVENT.items())),
}
DERIVED = frozenset({"proved", "points", "group", "rank", "limit"})
DEFAULTS = {
    name: Partial(kind.low, kind.high)
    for name, kind in VOCABULARY.items()
    if isinstance(kind, t.Number) and not (kind.low is None and kind.high is None)
}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
_BETWEEN = ("days_between", "months_between", "years_between")
_NOTHING = object()


def _named(kind: t.Type, among: dict[str, t.Type]) -> tuple[str, ...]:
    return tuple(name for name, other in among.items() if other == kind or (isinstance(kind, t.Number) and isinstance(other, t.Number)))


class _Grower:
    """Draws one expression. `bound` are the list items in reach; `known` allows the function of that name."""

    def __init__(self, draw: Callable[[Any], Any], known: bool) -> None:
        self.draw, self.known, self.bound = draw, known, list[str]()

    def one(self, choices: Iterable[Any]) -> Any:
        return self.draw(st.sampled_from(tuple(choices)))

    def several(self, least: int, most: int, grow: Callable[[], n.Node]) -> tuple[n.Node, ...]:
        return tuple(grow() for _ in range(self.draw(st.integers(least, most))))

    def atom(self, kind: t.Type) -> n.Node:
        """A fact of the type, or a field of an item in reach."""
        choices: list[n.Node] = [n.Fact(name) for name in _named(kind, VOCABULARY)]
        choices += [n.Field(variable, name) for variable in self.bound for name in _named(kind, EVENT)]
        return self.one(choices)

    def literal(self, kind: t.Type) -> n.Literal:
        match kind:
            case t.Enum(values=words) | t.Scale(grades=words):
                return text(self.one(words))
            case t.Text():
                return text(self.one(REMARKS))
            case t.Date():
                day = self.one(DAYS)
                return n.Literal(day, f'date("{day}")')
        return number(self.one(LITERALS))

    def condition(self, depth: int) -> n.Node:
        """A condition with at most `depth` conditions one inside the other."""
        leaves = [self.flag, self.compare_simple, self.compare_simple, self.member]
        if depth <= 0:
            return self.one(leaves)()
        inner = [self.junction, self.junction, self.negation, self.compare_numbers, self.compare_numbers, self.periods, self.over_list]
        if self.known:
            inner.append(self.is_known)
        return self.one(leaves + 2 * inner)(depth)

    def flag(self, depth: int = 0) -> n.Node:
        if self.draw(st.integers(0, 24)) == 0:
            truth = self.draw(st.booleans())
            return n.Literal(truth, str(truth))
        return self.atom(t.Bool())

    def negation(self, depth: int) -> n.Node:
        return n.Not(self.condition(depth - 1))

    def junction(self, depth: int) -> n.Node:
        return self.one([n.And, n.Or])(self.several(2, 3, lambda: self.condition(depth - 1)))

    def is_known(self, depth: int) -> n.Node:
        kind = self.one([t.Bool(), t.Number(), t.Enum(KINDS), t.Scale("four", GRADES), t.Date()])
        return n.Call("known", (self.one([self.atom(kind), n.Fact("events")]),))

    def compare_simple(self, depth: int = 0) -> n.Node:
        """One fact or field against constants or another one, in either order, as a chain now and then."""
        kind = self.one([t.Number(), t.Number(), t.Enum(KINDS), t.Scale("four", GRADES), t.Scale("four", GRADES), t.Date(), t.Text()])
        operators = ("==", "!=") if isinstance(kind, t.Enum | t.Text) else OPERATORS
        left, right = self.atom(kind), self.literal(kind) if self.draw(st.integers(0, 3)) else self.atom(kind)
        if self.draw(st.booleans()):
            left, right = right, left
        parts, signs = [left, right], [self.one(operators)]
        if operators == OPERATORS and self.draw(st.integers(0, 3)) == 0 and isinstance(right, n.Fact | n.Field):
            parts.append(self.literal(kind))
            signs.append(self.one(operators))
        return n.Compare(tuple(parts), tuple(signs))

    def member(self, depth: int = 0) -> n.Node:
        kind = self.one([t.Number(), t.Enum(KINDS), t.Scale("four", GRADES), t.Date(), t.Text()])
        choices = tuple(self.literal(kind) for _ in range(self.draw(st.integers(1, 3))))
        return n.Member(self.atom(kind), choices, self.draw(st.booleans()))

    def compare_numbers(self, depth: int) -> n.Node:
        parts = self.several(2, 3, lambda: self.number(depth - 1))
        return n.Compare(parts, tuple(self.one(OPERATORS) for _ in parts[1:]))

    def periods(self, depth: int) -> n.Node:
        between = n.Call(self.one(_BETWEEN), (self.atom(t.Date()), self.one([self.atom(t.Date()), self.literal(t.Date())])))
        return n.Compare((between, number(self.one([0, 1, 2, 12, 29, 366]))), (self.one(OPERATORS),))

    def over_list(self, depth: int) -> n.Node:
        return self.quantified(self.one(["any", "all"]), lambda: self.condition(depth - 1), depth)

    def quantified(self, kind: str, element: Callable[[], n.Node] | None, depth: int) -> n.Node:
        variable = "ijklmn"[len(self.bound)]
        self.bound.append(variable)
        filters = self.condition(depth - 1) if self.draw(st.integers(0, 2)) else None
        inner = None if element is None else element()
        self.bound.pop()
        return n.Quantifier(kind, inner, variable, "events", filters)

    def number(self, depth: int, factor: bool = False) -> n.Node:
        """A plain number; a `factor` of a product holds no count, which has a unit of its own."""
        kinds = ["fact", "fact", "literal", "minus"]
        if depth > 0:
            kinds += ["sum", "sum", "product", "call", "round", "list"]
        match self.one(kinds):
            case "fact":
                return self.atom(t.Number())
            case "literal":
                return self.literal(t.Number())
            case "minus":
                return n.Negative(self.number(depth - 1, factor))
            case "sum":
                return n.Arithmetic(self.one("+-"), self.number(depth - 1, factor), self.number(depth - 1, factor))
            case "product":
                return n.Arithmetic(self.one("*/"), self.number(depth - 1, True), self.number(depth - 1, True))
            case "call":
                return n.Call(self.one(["max", "min"]), self.several(2, 3, lambda: self.number(depth - 1, factor)))
            case "round":
                inner = self.number(depth - 1, factor)
                return self.one([n.Call("abs", (inner,)), n.Call("round", (inner,)), n.Call("round", (inner, number(self.one([0, 1, 2]))))])
        kind = self.one(["sum", "max", "min"] if factor else ["count", "count", "sum", "max", "min"])
        return self.quantified(kind, None if kind == "count" else lambda: self.number(depth - 1, factor), depth)


def text(value: str) -> n.Literal:
    """A string constant."""
    return n.Literal(value, f'"{value}"')


def number(value: int | Decimal) -> n.Literal:
    """A number constant, zero or more."""
    return n.Literal(value, str(value))


@st.composite
def conditions(draw: Callable[[Any], Any], depth: int = 3, known: bool = False) -> n.Node:
    """A checked condition over VOCABULARY. `known` lets it ask whether facts are known: its truth may then fall as facts come in."""
    return check(_Grower(draw, known).condition(depth), VOCABULARY, t.Bool())


@st.composite
def formulas(draw: Callable[[Any], Any], depth: int = 3) -> n.Node:
    """A checked number over VOCABULARY."""
    return check(_Grower(draw, False).number(depth), VOCABULARY)


# Cases ------------------------------------------------------------------------------------------------------


def values_of(kind: t.Type, low: Any = None, high: Any = None) -> list[Any]:
    """Values of the type, in ascending order; numbers within bounds as well as within the range of the type."""
    match kind:
        case t.Bool():
            return [False, True]
        case t.Enum(values=words):
            return sorted(words)
        case t.Scale(grades=grades):
            return list(range(len(grades)))
        case t.Date():
            return list(DAYS)
        case t.Text():
            return list(REMARKS)
        case t.Number(integer=whole, low=least, high=most):
            pool = [x for x in (*NUMBERS, low, high) if x is not None and (not whole or x == int(x))]
            bounds = [(least, most), (low, high)]
            return sorted({x for x in pool if all((a is None or x >= a) and (b is None or x <= b) for a, b in bounds)})
    raise TypeError(kind)


def _known(kind: t.Type) -> st.SearchStrategy[Any]:
    return st.sampled_from(values_of(kind))


@st.composite
def _bounded(draw: Callable[[Any], Any], kind: t.Number) -> Any:
    """A number of which bounds are stated; the range of the fact stands in for a bound that is not."""
    low, high = sorted((draw(_known(kind)), draw(_known(kind))))
    low, high = draw(st.sampled_from([(low, high), (low, kind.high), (kind.low, high)]))
    return low if low == high else Partial(low, high)


@st.composite
def _one_of_several(draw: Callable[[Any], Any], kind: t.Type) -> Partial:
    """What a table leaves possible when the conditions of its rows are unknown."""
    chosen = draw(st.lists(_known(kind), min_size=2, max_size=4, unique=True))
    return Partial(min(chosen), max(chosen), tuple(sorted(chosen)))


def _stated(kind: t.Type, derived: bool) -> st.SearchStrategy[Any]:
    ways = [st.just(_NOTHING), _known(kind), _known(kind)]
    if isinstance(kind, t.Number):
        ways.append(_bounded(kind))
    if derived and not isinstance(kind, t.Bool):
        ways.append(_one_of_several(kind))
    return st.one_of(ways)


@st.composite
def _item(draw: Callable[[Any], Any]) -> dict[str, Any]:
    item = {name: value for name, value in draw(_FIELDS).items() if value is not _NOTHING}
    for name, kind in EVENT.items():  # as the case reader: a number that is not given lies in its range
        if name not in item and isinstance(kind, t.Number) and not (kind.low is None and kind.high is None):
            item[name] = Partial(kind.low, kind.high)
    return item


_FIELDS = st.fixed_dictionaries({name: st.one_of(_known(kind), _stated(kind, False)) for name, kind in EVENT.items()})
_LIST = st.builds(
    lambda items, complete: Records(tuple(items), complete), st.lists(_item(), max_size=3), st.sampled_from([True, True, False])
)
_FACTS = st.fixed_dictionaries(
    {
        name: st.one_of(st.just(_NOTHING), _LIST, _LIST, _LIST) if isinstance(kind, t.Records) else _stated(kind, name in DERIVED)
        for name, kind in VOCABULARY.items()
    }
)


def partial_cases() -> st.SearchStrategy[dict[str, Any]]:
    """Facts of a case, each known, known in part or missing."""
    return _FACTS.map(lambda facts: {name: value for name, value in facts.items() if value is not _NOTHING})


def completed(draw: Callable[[Any], Any], facts: dict[str, Any]) -> dict[str, Any]:
    """The case with everything known, at random but within what was known of it."""
    whole = {name: _complete(draw, kind, facts.get(name)) for name, kind in VOCABULARY.items() if not isinstance(kind, t.Records)}
    events = facts.get("events", Records((), complete=False))
    extra = 0 if events.complete else draw(st.integers(0, 2))
    items = (*events.items, *({} for _ in range(extra)))
    whole["events"] = Records(tuple({name: _complete(draw, kind, item.get(name)) for name, kind in EVENT.items()} for item in items))
    return whole


def _complete(draw: Callable[[Any], Any], kind: t.Type, value: Any) -> Any:
    if value is None:
        return draw(_known(kind))
    if not isinstance(value, Partial):
        return value
    return draw(st.sampled_from(values_of(kind, value.low, value.high) if value.values is None else value.values))
