"""Expressions of the rule language as SQL: the same trees, the same three-valued meaning as `dingji.language.evaluate`.

What is the same in every row is not compiled but evaluated: by the reference evaluator itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from dingji.batch.statement import amounts as am
from dingji.batch.statement import days, lists
from dingji.batch.statement import sql as q
from dingji.batch.statement import values as w
from dingji.batch.statement.amounts import Amount, Doubts
from dingji.batch.statement.schema import COMPLETE, HIGH, LOW, Schema, Stored
from dingji.batch.statement.sql import Columns, Sql, Truth
from dingji.batch.statement.values import Known, Listed, Masked, Plain, Range, Value
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language import values as v
from dingji.language.evaluate import Defaults, compile_node
from dingji.records import Draft, field, replace


def reads_items(node: n.Node) -> bool:
    """Does it read a field of an item that is bound outside of it?"""
    return bool(_variables(node))


def _variables(node: n.Node) -> frozenset[str]:
    if isinstance(node, n.Field):
        return frozenset((node.variable,))
    inner = frozenset().union(*map(_variables, n.children(node)))
    return inner - {node.variable} if isinstance(node, n.Quantifier) else inner


class Expressions(Draft):
    """Compiles expressions over the columns of a register.

    `facts` holds what is reckoned so far: stated facts as they are first read, derived ones as the decisions write them.
    `items` are the list items in reach: variable -> (the item, how its fields are stored).
    """

    types: Mapping[str, t.Type]
    schema: Schema
    defaults: Defaults
    columns: Columns
    doubts: Doubts
    facts: dict[str, Value] = field(default_factory=dict)
    items: dict[str, tuple[Sql, Stored]] = field(default_factory=dict)
    memo: dict[n.Node, Value] = field(default_factory=dict)

    def forget(self, fact: str) -> None:
        """A fact has a new value: what was reckoned from the old one is out of date."""
        for node in [node for node in self.memo if fact in n.facts_of(node)]:
            del self.memo[node]

    def truth(self, node: n.Node) -> Truth:
        """A condition; what is worth a column of its own becomes one."""
        found = self.value(node)
        if not isinstance(found, Sql | bool | None):
            raise w.UnsupportedError("a condition that is no truth")
        return found

    def value(self, node: n.Node) -> Value:
        """The value of an expression, each computed once."""
        if isinstance(node, n.Literal):
            return node.value if isinstance(node.value, bool) else Known(node.value)
        if isinstance(node, n.Fact):
            return self.fact(node.name)
        if self.items and reads_items(node):
            return self._folded(node, False)
        if node not in self.memo:
            self.memo[node] = self._kept(node, self._folded(node))
        return self.memo[node]

    def _kept(self, node: n.Node, value: Value) -> Value:
        if isinstance(value, Sql) and isinstance(node, n.Compare | n.Member) and len(n.facts_of(node)) == 1:
            return value  # one comparison is as cheap as a column
        return self.columns.let(value, "t") if isinstance(value, Sql) else value

    def fact(self, name: str) -> Value:
        """A fact: derived, from its column, or unknown but for its range."""
        if name not in self.facts:
            stored = self.schema.get(name)
            default = self.defaults.get(name)
            if stored is None:
                self.facts[name] = None if isinstance(self.types.get(name), t.Bool) else Known(default)
            else:
                self.facts[name] = self._stored(name, stored, default)
        return self.facts[name]

    def _stored(self, name: str, stored: Stored, default: Any) -> Value:
        node = q.column(name)
        match stored.type:
            case t.Bool():
                return node
            case t.Records():
                complete: Truth = q.typed(exp.Coalesce, q.column(name + COMPLETE), expressions=[exp.true()]) if stored.partial else True
                return Listed(node, complete, stored)
            case t.Number():
                return self._number(node, stored, default, (q.column(name + LOW), q.column(name + HIGH)) if stored.bounded else ())
        return Plain(node)

    def _number(self, node: Sql, stored: Stored, default: Any, bounds: tuple[Sql, ...] = ()) -> Value:
        least, most = v.low(default), v.high(default)
        whole = Amount(node, stored.precision, stored.scale, least, most)
        if default is None and not bounds:
            return Range(whole, whole, exact=True)
        ends: list[Amount | None] = []
        for side, bound in enumerate((least, most)):
            parts = [node, *([bounds[side]] if bounds else []), *([] if bound is None else [q.constant(bound)])]
            precision, scale = stored.precision, stored.scale
            if bound is not None:
                p, s = q.digits(bound)
                scale = max(scale, s)
                precision = max(stored.precision - stored.scale, p - s) + scale
            end = parts[0] if len(parts) == 1 else q.typed(exp.Coalesce, parts[0], expressions=[p.node for p in parts[1:]])
            ends.append(Amount(self.columns.let(end, "bound"), precision, scale, least, most, sure=bound is not None))
        if bounds:
            return Range(ends[0], ends[1])
        return Range(ends[0], ends[1], whole=whole, settled=q.not_null(node))

    def _folded(self, node: n.Node, fold: bool = True) -> Value:
        """A constant, if nothing that the node reads depends on the row."""
        if fold and all(isinstance(self.fact(name), Known | bool | None) for name in n.facts_of(node)):
            stated = {name: x.value if isinstance(x, Known) else x for name in n.facts_of(node) if (x := self.fact(name)) is not None}
            result = compile_node(node, self.defaults)({k: x for k, x in stated.items() if x is not None})
            return result if self._is_truth(node) else Known(result)
        found = self._compile(node)
        return Known(None) if found is None and not self._is_truth(node) else found

    def _is_truth(self, node: n.Node) -> bool:
        if isinstance(node, n.Quantifier):
            return node.kind in ("any", "all")
        if isinstance(node, n.Call):
            return node.function == "known"
        if isinstance(node, n.Field):
            return isinstance(self._field_type(node), t.Bool)
        return isinstance(node, n.Not | n.And | n.Or | n.Compare | n.Member)

    def _compile(self, node: n.Node) -> Value:
        match node:
            case n.Field():
                return self._field(node)
            case n.Not(operand=x):
                return q.negation(self.truth(x))
            case n.And(operands=xs):
                return q.both([self.truth(x) for x in xs])
            case n.Or(operands=xs):
                return q.either([self.truth(x) for x in xs])
            case n.Compare(operands=xs, operators=ops):
                return q.both([self._compare(a, op, b) for a, op, b in zip(xs, ops, xs[1:], strict=False)])
            case n.Member(operand=x, choices=choices, negated=negated):
                inside = w.member(self.value(x), frozenset(c.value for c in choices), self.doubts)
                return q.negation(inside) if negated else inside
            case n.Arithmetic(operator=op, left=left, right=right):
                return self.arithmetic(op, w.ranged(self.value(left)), w.ranged(self.value(right)))
            case n.Negative(operand=x):
                return self.arithmetic("-", w.ranged(Known(0)), w.ranged(self.value(x)))
            case n.Call():
                return self._call(node)
            case n.Quantifier():
                return lists.quantifier(self, node)
        raise w.UnsupportedError(f"not a node: {node!r}")

    def _compare(self, left: n.Node, op: str, right: n.Node) -> Truth:
        """A stated number against a constant needs no bounds: where it is not stated, its range alone decides."""
        for fact, constant, sign in ((left, right, op), (right, left, w.MIRRORED[op])):
            if isinstance(fact, n.Field) and isinstance(constant, n.Literal):
                kind, own = self._field_type(fact), self.items[fact.variable][1].field(fact.name)
                if isinstance(kind, t.Number) and own is not None:
                    range_ = v.between(kind.low, kind.high)
                    return self._direct(self._read(fact), own, sign, constant.value, range_)
            if isinstance(fact, n.Fact) and isinstance(constant, n.Literal):
                stored = self.schema.get(fact.name)
                value = self.fact(fact.name)
                if stored is not None and not stored.bounded and isinstance(stored.type, t.Number) and isinstance(value, Range):
                    return self._direct(q.column(fact.name), stored, sign, constant.value, self.defaults.get(fact.name))
        return w.compare(op, self.value(left), self.value(right), self.doubts)

    def _direct(self, node: Sql, stored: Stored, op: str, constant: Any, known: Any) -> Truth:
        default = v.compare(op, known, constant)
        found = am.compare(op, Amount(node, stored.precision, stored.scale), am.constant(constant), self.doubts)
        if default is None:
            return found
        return q.not_false(found) if default else q.is_true(found)

    def _field_type(self, node: n.Field) -> t.Type:
        kind = self.items[node.variable][1].type
        assert isinstance(kind, t.Records)
        found = kind.field(node.name)
        assert found is not None, "checked"
        return found

    def _read(self, node: n.Field) -> Sql:
        item, _ = self.items[node.variable]
        return q.over([item], exp.Dot(this=item.node, expression=exp.Identifier(this=node.name, quoted=True)))

    def _field(self, node: n.Field) -> Value:
        kind, stored = self._field_type(node), self.items[node.variable][1].field(node.name)
        default = v.between(kind.low, kind.high) if isinstance(kind, t.Number) else None
        if stored is None:
            return None if isinstance(kind, t.Bool) else Known(default)
        found = self._read(node)
        if isinstance(kind, t.Bool):
            return found
        if isinstance(kind, t.Number):
            return self._number(found, stored, default)
        return Plain(found)

    def arithmetic(self, op: str, a: Range, b: Range) -> Value:
        """`a op b` by bounds, as `values.arithmetic` has it."""
        if op in "+-":
            return self._sum(a, b if op == "+" else lists.negated(b))
        if a.exact and b.exact:
            if a.low is None or b.low is None:
                return None
            found = am.times(a.low, b.low) if op == "*" else am.quotient(a.low, b.low, self.doubts)
            found = self.let(found)
            return Range(found, found, exact=True)
        return lists.product(self, a, b) if op == "*" else lists.quotient(self, a, b)

    def _sum(self, a: Range, b: Range) -> Value:
        low, high = self._ends(am.plus, a.low, b.low), self._ends(am.plus, a.high, b.high)
        if low is None and high is None:
            return None
        if a.exact and b.exact:
            return Range(low, low, exact=True)
        wholes = [lists.whole(x) for x in (a, b)]
        found = Range(low, high, sets=a.sets or b.sets)
        if wholes[0] is None or wholes[1] is None:
            return found
        return replace(found, whole=self.let(am.plus(wholes[0], wholes[1])), settled=q.both([w.known(a), w.known(b)]))

    def _ends(self, operation: Any, a: Amount | None, b: Amount | None) -> Amount | None:
        return None if a is None or b is None else self.let(operation(a, b))

    def let(self, amount: Amount) -> Amount:
        """An amount whose parts are columns."""
        return lists.kept(self.columns, amount)

    def _call(self, node: n.Call) -> Value:
        name = node.function
        first = self.value(node.arguments[0])
        if name == "known":
            return self.known(node.arguments[0], first)
        if name in ("max", "min"):
            return lists.extreme(self, name, [w.ranged(self.value(x)) for x in node.arguments])
        if name == "abs":
            return lists.absolute(self, w.ranged(first))
        if name == "round":
            places = node.arguments[1].value if len(node.arguments) == 2 and isinstance(node.arguments[1], n.Literal) else 0
            found = w.ranged(first)
            low, high = (None if e is None else self.let(am.rounded(e, int(str(places)), self.doubts)) for e in (found.low, found.high))
            if low is None and high is None:
                return None
            return Range(low, low if found.exact else high, found.exact, found.sets)
        if name == "last_day":
            assert isinstance(node.arguments[1], n.Literal), "checked"
            return self._day(days.last_day(self.date(first), str(node.arguments[1].value)))
        second = self.value(node.arguments[1])
        return days.reckoned(self, name, first, second)

    def known(self, node: n.Node, value: Value) -> Truth:
        """Is what a node says fully known? Never NULL."""
        if isinstance(node, n.Fact):
            stored = self.schema.get(node.name)
            default = self.defaults.get(node.name)
            if stored is not None and isinstance(stored.type, t.Number) and not stored.bounded and isinstance(value, Range):
                return True if default is not None and not isinstance(default, v.Partial) else q.not_null(q.column(node.name))
        return w.known(value)

    def date(self, value: Value) -> Sql:
        """A day that is known, else NULL."""
        match value:
            case Plain(node=node):
                return node
            case Known(value=x):
                return q.constant(x) if isinstance(x, dt.date) else q.cast(q.NULL, "DATE")
            case Masked(domain=domain):
                return q.when(*((q.make(exp.EQ, value.mask, q.constant(1 << i)), q.constant(x)) for i, x in enumerate(domain)))
        raise w.UnsupportedError("a day")

    def _day(self, node: Sql) -> Value:
        return Plain(self.columns.let(node, "d"))
