"""Conditions as formulas of the SMT solver Z3: can they be true, can they be false, and in which case?

A formula speaks of cases in which everything is known: what no such case can make true is never true, since an unknown fact
only stands for one of them. Numbers are exact (integers and rationals), an enum or text value is a number of its own, a
grade its severity, a day its ordinal. A list fact is a list of a few records; what has no exact counterpart (months between
two days, rounding) is left free, so that a search may find too many cases, never too few.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import z3

from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.printer import to_source

ITEMS = 8
"""Records that a list fact may have where a condition counts or adds them up; a condition that needs more seems impossible."""
PATIENCE = 2_000
"""Milliseconds for one question; what takes longer stays open."""

Case = dict[str, Any]
"""A concrete case: fact -> value as written in case files."""


class Solver:
    """Asks Z3 about conditions over the facts of a knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.codes: dict[str, int] = {}
        self.variables: dict[str, Any] = {}
        self.types: dict[str, t.Type] = {}
        self.domains: dict[str, Any] = {}
        self.formulas: dict[n.Node, tuple[Any, frozenset[str]]] = {}
        self.models: dict[n.Node, Any] = {}
        self.used: set[str] = set()
        self.sizes = _sizes(knowledge)
        self.solver = z3.SimpleSolver()
        self.solver.set("timeout", PATIENCE)

    def case(self, true: Iterable[n.Node] = (), false: Iterable[n.Node] = ()) -> Case | None:
        """A case in which every condition of `true` holds and none of `false`; None if there is none, or none was found in time."""
        answer = self._ask(true, false)
        return self._concrete(self.solver.model()) if answer == z3.sat else None

    def possible(self, true: Iterable[n.Node] = (), false: Iterable[n.Node] = ()) -> bool:
        """Can every condition of `true` hold while none of `false` does? True also where the solver gave up."""
        return bool(self._ask(true, false) != z3.unsat)

    def implies(self, inner: n.Node, outer: n.Node) -> bool:
        """Does `outer`, which reads nothing that `inner` does not read, hold wherever `inner` does?"""
        if inner not in self.models:
            self.models[inner] = self.solver.model() if self._ask([inner], ()) == z3.sat else None
        model = self.models[inner]
        # most pairs are told apart by the first case in which the inner condition holds
        if model is not None and not z3.is_true(model.eval(self.formula(outer), model_completion=True)):
            return False
        return not self.possible([inner], [outer])

    def _ask(self, true: Iterable[n.Node], false: Iterable[n.Node]) -> Any:
        self.used = set()
        parts = [self.formula(c) for c in true] + [z3.Not(self.formula(c)) for c in false]
        self.solver.reset()
        self.solver.add(*(self.domains[name] for name in self.used if name in self.domains), *parts)
        return self.solver.check()

    def formula(self, node: n.Node) -> Any:
        """The condition as a formula; the variables it needs are remembered with what bounds them."""
        known = self.formulas.get(node)
        if known is None:
            before, self.used = self.used, set()
            known = self.formulas[node] = (self._term(node, {}), frozenset(self.used))
            self.used = before
        self.used |= known[1]
        return known[0]

    # -- terms ---------------------------------------------------------------------------------------------------------

    def _term(self, node: n.Node, bound: dict[str, tuple[str, int]]) -> Any:
        match node:
            case n.Literal(value=value):
                return self._constant(value)
            case n.Fact(name=name):
                return self._variable(name, self.knowledge.facts[name].type)
            case n.Field(variable=variable, name=name):
                source, number = bound[variable]
                kind = self.knowledge.facts[source].type
                assert isinstance(kind, t.Records)
                field = kind.field(name)
                assert field is not None
                return self._variable(f"{source}[{number + 1}].{name}", field)
            case n.Not(operand=x):
                return z3.Not(self._term(x, bound))
            case n.And(operands=xs):
                return z3.And(*(self._term(x, bound) for x in xs))
            case n.Or(operands=xs):
                return z3.Or(*(self._term(x, bound) for x in xs))
            case n.Compare(operands=xs, operators=operators):
                terms = [self._term(x, bound) for x in xs]
                return z3.And(*(_compare(op, a, b) for op, a, b in zip(operators, terms, terms[1:], strict=False)))
            case n.Member(operand=x, choices=choices, negated=negated):
                term = self._term(x, bound)
                among = z3.Or(*(term == self._constant(c.value) for c in choices))
                return z3.Not(among) if negated else among
            case n.Negative(operand=x):
                return -self._term(x, bound)
            case n.Arithmetic(operator=op, left=left, right=right):
                return self._arithmetic(op, self._term(left, bound), self._term(right, bound))
            case n.Call():
                return self._call(node, bound)
            case n.Quantifier():
                return self._quantifier(node, bound)
        raise TypeError(f"not a node: {node!r}")

    def _constant(self, value: Any) -> Any:
        if isinstance(value, bool):
            return z3.BoolVal(value)
        if isinstance(value, str):
            return z3.IntVal(self.codes.setdefault(value, len(self.codes)))
        if isinstance(value, dt.date):
            return z3.IntVal(value.toordinal())
        return z3.RealVal(str(value)) if isinstance(value, Decimal) else z3.IntVal(value)

    def _variable(self, name: str, kind: t.Type) -> Any:
        self.used.add(name)
        if name in self.variables:
            return self.variables[name]
        self.types[name] = kind
        variable: Any = z3.Int(name)
        domain: list[Any] = []
        match kind:
            case t.Bool():
                variable = z3.Bool(name)
            case t.Number(integer=integer, low=low, high=high):
                variable = variable if integer else z3.Real(name)
                if low is not None:
                    domain.append(variable >= self._constant(low))
                if high is not None:
                    domain.append(variable <= self._constant(high))
            case t.Enum(values=values):
                domain = [z3.Or(*(variable == self._constant(v) for v in values))]
            case t.Scale(grades=grades):
                domain = [variable >= 0, variable < len(grades)]
        self.variables[name] = variable
        if domain:
            self.domains[name] = z3.And(*domain)
        return variable

    def _free(self, name: str, term: Any, domain: list[Any]) -> Any:
        """An auxiliary variable, with what is known of it."""
        self.variables.setdefault(name, term)
        if domain:
            self.domains[name] = z3.And(*domain)
        self.used.add(name)
        return self.variables[name]

    def _arithmetic(self, op: str, a: Any, b: Any) -> Any:
        if op == "/":
            # a quotient by zero is any number here
            return z3.ToReal(a) / z3.ToReal(b) if z3.is_int(a) and z3.is_int(b) else a / b
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b}[op]()

    def _call(self, node: n.Call, bound: dict[str, tuple[str, int]]) -> Any:
        if node.function == "known":
            # in these cases everything is known; what asks whether it is may still go either way
            name = f"{to_source(node)} {bound}"
            return self._free(name, z3.Bool(name), [])
        terms = [self._term(x, bound) for x in node.arguments]
        match node.function:
            case "max":
                return _fold(terms, lambda a, b: z3.If(a >= b, a, b))
            case "min":
                return _fold(terms, lambda a, b: z3.If(a <= b, a, b))
            case "abs":
                return z3.If(terms[0] >= 0, terms[0], -terms[0])
            case "days_between":
                return terms[1] - terms[0]
        name = f"{node.function} {terms}"
        if node.function == "round":
            value = z3.Real(name)
            return self._free(name, value, [value - terms[0] <= 1, terms[0] - value <= 1])
        return self._free(name, z3.Int(name), [])

    # -- lists ---------------------------------------------------------------------------------------------------------

    def _present(self, source: str) -> list[Any]:
        """For each record that the list may have: is it there? They fill from the first."""
        there = [z3.Bool(f"{source}[{i + 1}]") for i in range(self.sizes.get(source, ITEMS))]
        for i, each in enumerate(there):
            self._free(f"{source}[{i + 1}]", each, [z3.Implies(each, there[i - 1])] if i else [])
        return there

    def _quantifier(self, node: n.Quantifier, bound: dict[str, tuple[str, int]]) -> Any:
        there = self._present(node.source)
        chosen, elements = [], []
        for number in range(len(there)):
            inner = {**bound, node.variable: (node.source, number)}
            condition = self._term(node.condition, inner) if node.condition is not None else z3.BoolVal(True)
            chosen.append(z3.And(there[number], condition))
            elements.append(self._term(node.element, inner) if node.element is not None else None)
        match node.kind:
            case "any":
                return z3.Or(*(z3.And(c, e) for c, e in zip(chosen, elements, strict=True)))
            case "all":
                return z3.And(*(z3.Implies(c, e) for c, e in zip(chosen, elements, strict=True)))
            case "count":
                return z3.Sum([z3.If(c, 1, 0) for c in chosen])
            case "sum":
                return z3.Sum([z3.If(c, e, 0) for c, e in zip(chosen, elements, strict=True)])
        name = f"{to_source(node)} {bound}"
        value = z3.Real(name)
        beyond: Callable[[Any, Any], Any] = operator.ge if node.kind == "max" else operator.le
        some = z3.Or(*(z3.And(c, value == e) for c, e in zip(chosen, elements, strict=True)))
        every = [z3.Implies(c, beyond(value, e)) for c, e in zip(chosen, elements, strict=True)]
        return self._free(name, value, [z3.Or(z3.Not(z3.Or(*chosen)), z3.And(some, *every))])

    # -- back to a case ------------------------------------------------------------------------------------------------

    def _concrete(self, model: Any) -> Case:
        words = {code: value for value, code in self.codes.items()}
        case: Case = {}
        for name in sorted(self.used & self.types.keys()):
            value = model.eval(self.variables[name], model_completion=True)
            head = name.split(".")[0]
            if head != name and not z3.is_true(model.eval(self.variables[head], model_completion=True)):
                continue  # a field of a record that is not there
            match self.types[name]:
                case t.Bool():
                    case[name] = z3.is_true(value)
                case t.Scale() as scale:
                    case[name] = scale.grade(value.as_long())
                case t.Enum() | t.Text():
                    case[name] = words.get(value.as_long(), "another")
                case t.Date():
                    case[name] = dt.date.fromordinal(min(max(value.as_long(), 1), dt.date.max.toordinal()))
                case _:
                    case[name] = value.as_long() if z3.is_int_value(value) else value.as_decimal(6).rstrip("?")
        return case


def _sizes(knowledge: Knowledge) -> dict[str, int]:
    """For each list the records that two conditions of the base together can tell apart: one for each `any` or `all`."""
    sizes: dict[str, int] = {}
    for rule in knowledge.rules.values():
        found = Counter[str]()
        for node in (rule.when, rule.value):
            for quantifier in _quantifiers(node):
                found[quantifier.source] += 1 if quantifier.kind in ("any", "all") else ITEMS
        for source, count in found.items():
            sizes[source] = max(sizes.get(source, 0), 2 * count + 1 if count < ITEMS else count + 1)
    return sizes


def _quantifiers(node: n.Node | None) -> list[n.Quantifier]:
    if node is None:
        return []
    own = [node] if isinstance(node, n.Quantifier) else []
    return own + [q for child in n.children(node) for q in _quantifiers(child)]


def _compare(op: str, a: Any, b: Any) -> Any:
    match op:
        case "==":
            return a == b
        case "!=":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
    return a >= b


def _fold(terms: list[Any], join: Any) -> Any:
    result = terms[0]
    for term in terms[1:]:
        result = join(result, term)
    return result


def shown(case: Case) -> str:
    """A concrete case on one line."""
    written = {True: "true", False: "false"}
    return (
        ", ".join(f"{name} {written.get(value, value) if isinstance(value, bool) else value}" for name, value in case.items()) or "any case"
    )
