"""Pieces of a statement: expressions that know on which columns they rest, and columns that are computed once.

An expression that others read becomes a column of its own (`Columns.let`). Columns that read no other computed column stand in
the first common table expression, those that read them in the second, and so on: every value is computed once per row.

Truths are folded while they are built: True, False and None are constants, and only what depends on the row is SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from dingji.records import Draft, Record, field


class Sql(Record, frozen=True):
    """An expression. `level` is that of the deepest column it reads; `bound` the list items it reads (they allow no column).

    `sure`: it is never NULL. Conditions that are sure cost a tenth of others: no test for NULL, and none row by row.
    """

    node: exp.Expression
    level: int = 0
    bound: frozenset[str] = frozenset()
    sure: bool = False

    @property
    def plain(self) -> bool:
        """Is it a column or a constant, that costs nothing to repeat?"""
        return isinstance(self.node, exp.Column | exp.Literal | exp.Boolean | exp.Null)


Truth = Sql | bool | None
"""A condition: what it depends on, or its constant truth (None: unknown whatever the row says)."""


def column(name: str, level: int = 0, sure: bool = False) -> Sql:
    """A column of a level."""
    return Sql(exp.Column(this=exp.Identifier(this=name, quoted=True)), level, sure=sure)


def make(kind: type[exp.Expression], *parts: Sql, **arguments: Any) -> Sql:
    """A node over parts: `this`, then `expression`, unless `arguments` say otherwise."""
    names = ("this", "expression")
    named = {name: wrap(part) for name, part in zip(names, parts, strict=False)}
    sure = kind is exp.Is or (kind in (exp.And, exp.Or, exp.Not) and all(p.sure for p in parts))
    return over(parts, kind(**named, **arguments), sure)


def wrap(part: Sql) -> exp.Expression:
    """The node, in brackets where an operator around it could tear it apart."""
    node = part.node
    return exp.Paren(this=node) if isinstance(node, exp.Binary | exp.Connector | exp.Unary | exp.Between | exp.In | exp.Interval) else node


def over(parts: Iterable[Sql], node: exp.Expression, sure: bool = False) -> Sql:
    """A node that was made by hand from the nodes of some parts."""
    found = list(parts)
    return Sql(node, max((p.level for p in found), default=0), frozenset().union(*(p.bound for p in found)), sure)


def call(name: str, *parts: Sql) -> Sql:
    """A function by its name."""
    return over(parts, exp.Anonymous(this=name, expressions=[p.node for p in parts]))


def typed(kind: type[exp.Expression], *parts: Sql, **arguments: Any) -> Sql:
    """A function that sqlglot knows by its meaning, so that every dialect spells it its own way."""
    names = [name for name in kind.arg_types if name not in arguments]
    named = {name: part.node for name, part in zip(names, parts, strict=False)}
    sure = kind is exp.Coalesce and isinstance(arguments["expressions"][-1], exp.Boolean | exp.Literal)
    return over(parts, kind(**named, **arguments), sure)


NULL = Sql(exp.Null())


def constant(value: Any) -> Sql:
    """A constant of the rule language."""
    match value:
        case None:
            return NULL
        case bool():
            return Sql(exp.Boolean(this=value), sure=True)
        case int():
            return Sql(exp.Literal.number(str(value))) if value >= 0 else Sql(exp.Paren(this=exp.Neg(this=exp.Literal.number(str(-value)))))
        case Decimal():
            plain = format(value.copy_abs(), "f")
            literal = exp.Cast(this=exp.Literal.string(plain), to=exp.DataType.build(decimal_type(*digits(value))))
            return Sql(literal if value >= 0 else exp.Paren(this=exp.Neg(this=literal)))
        case str():
            return Sql(exp.Literal.string(value))
        case dt.date():
            return Sql(exp.Cast(this=exp.Literal.string(value.isoformat()), to=exp.DataType.build("DATE")))
    raise TypeError(value)


def digits(value: int | Decimal) -> tuple[int, int]:
    """The (precision, scale) that hold a number exactly."""
    _, figures, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int), "finite"
    scale = max(0, -exponent)
    return max(len(figures) + max(0, exponent), scale, 1), scale


def decimal_type(precision: int, scale: int) -> str:
    """The SQL type that holds such numbers."""
    return f"DECIMAL({precision}, {scale})"


def cast(part: Sql, to: str, safe: bool = False) -> Sql:
    """A value as another type; `safe` gives NULL where that can't be done."""
    kind = exp.TryCast if safe else exp.Cast
    return over([part], kind(this=part.node, to=exp.DataType.build(to)))


def sql(truth: Truth) -> Sql:
    """A truth as an expression."""
    if isinstance(truth, Sql):
        return truth
    return Sql(exp.Cast(this=exp.Null(), to=exp.DataType.build("BOOLEAN"))) if truth is None else constant(truth)


def both(truths: Iterable[Truth]) -> Truth:
    """Kleene's and."""
    return _connect(truths, exp.And, False)


def either(truths: Iterable[Truth]) -> Truth:
    """Kleene's or."""
    return _connect(truths, exp.Or, True)


def _connect(truths: Iterable[Truth], kind: type[exp.Expression], settling: bool) -> Truth:
    found = list(truths)
    if any(truth is settling for truth in found):
        return settling
    rest = [truth for truth in found if isinstance(truth, Sql)]
    unknown = any(truth is None for truth in found)
    if not rest:
        return None if unknown else not settling
    if unknown:
        rest.append(sql(None))
    return _balanced(kind, rest)


def _balanced(kind: type[exp.Expression], parts: Sequence[Sql]) -> Sql:
    """A chain of one operator, as a tree that is no deeper than it must be."""
    if len(parts) == 1:
        return parts[0]
    middle = (len(parts) + 1) // 2
    return make(kind, _balanced(kind, parts[:middle]), _balanced(kind, parts[middle:]))


def negation(truth: Truth) -> Truth:
    """Kleene's not."""
    if not isinstance(truth, Sql):
        return None if truth is None else not truth
    return make(exp.Not, truth)


def is_true(truth: Truth) -> Truth:
    """Is it surely true? Never unknown."""
    if not isinstance(truth, Sql):
        return truth is True
    return truth if truth.sure else make(exp.Is, truth, expression=exp.true())


def is_null(part: Sql) -> Sql:
    """Has it no value?"""
    return make(exp.Is, part, expression=exp.Null())


def not_null(part: Sql) -> Sql:
    """Has it a value?"""
    return make(exp.Not, is_null(part))


def is_unknown(truth: Truth) -> Truth:
    """Is a truth unknown? Never unknown itself."""
    if not isinstance(truth, Sql):
        return truth is None
    return False if truth.sure else is_null(truth)


def not_false(truth: Truth) -> Truth:
    """May it be true? Never unknown."""
    if not isinstance(truth, Sql):
        return truth is not False
    return truth if truth.sure else make(exp.Not, make(exp.Is, truth, expression=exp.false()))


def when(*cases: tuple[Truth, Sql], default: Sql = NULL) -> Sql:
    """CASE WHEN ... THEN ...; a condition that is known beforehand is settled here."""
    kept: list[tuple[Sql, Sql]] = []
    for test, value in cases:
        if test is True:
            default = value
            break
        if isinstance(test, Sql):
            kept.append((test, value))
    if not kept:
        return default
    ifs = [exp.If(this=test.node, true=value.node) for test, value in kept]
    no_default = isinstance(default.node, exp.Null)
    node = exp.Case(ifs=ifs) if no_default else exp.Case(ifs=ifs, default=default.node)
    sure = default.sure and all(value.sure for _, value in kept)
    return over([default, *(part for pair in kept for part in pair)], node, sure)


def add(parts: Sequence[Sql]) -> Sql:
    """The sum of parts, 0 if there are none."""
    return _balanced(exp.Add, parts) if parts else constant(0)


def bits_or(parts: Sequence[Sql]) -> Sql:
    """The bits that are set in any of the parts."""
    return _balanced(exp.BitwiseOr, parts) if parts else constant(0)


def array(parts: Sequence[Sql]) -> Sql:
    """A list of values."""
    return over(parts, exp.Array(expressions=[p.node for p in parts]))


class Columns(Draft):
    """The computed columns of a statement, level by level. `reserved` are the columns of the source."""

    reserved: frozenset[str]
    levels: list[dict[str, exp.Expression]] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)

    def let(self, part: Sql, hint: str) -> Sql:
        """The value as a column, computed once; what reads a list item or costs nothing stays as it is."""
        if part.plain or part.bound:
            return part
        name = self._name(hint)
        while len(self.levels) <= part.level:
            self.levels.append({})
        self.levels[part.level][name] = part.node
        return column(name, part.level + 1, part.sure)

    def truth(self, truth: Truth, hint: str) -> Truth:
        """A truth as a column; constants stay constants."""
        return self.let(truth, hint) if isinstance(truth, Sql) else truth

    def _name(self, hint: str) -> str:
        base = "".join(c if c.isalnum() and c.isascii() else "_" for c in hint.lower())[:48]
        number = self.named[base] = self.named.get(base, -1) + 1
        name = f"_{base}_{number}" if number else f"_{base}"
        return self._name(hint) if name in self.reserved else name

    def over(self, source: exp.Expression) -> tuple[list[tuple[str, exp.Expression]], str]:
        """The common table expressions over `source` (something to select from), and the name of the last."""
        tables: list[tuple[str, exp.Expression]] = [("_facts", source)]
        for number, level in enumerate(self.levels, 1):
            chosen = [exp.Star(), *(exp.alias_(node, name, quoted=True, copy=False) for name, node in level.items())]
            tables.append((f"_step{number}", exp.Select(expressions=chosen).from_(tables[-1][0], copy=False)))
        return tables, tables[-1][0]
