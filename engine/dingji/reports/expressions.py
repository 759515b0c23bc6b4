"""Conditions and formulas in the reader's words: labels for facts, grades and choices by name, numbers with units."""

from __future__ import annotations

from functools import lru_cache

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.parser import ExpressionError, parse
from dingji.records import Record, field
from dingji.reports.values import Definition, Speech

_ARITHMETIC = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NAMES = {"==": "is", "!=": "not", "<": "below", "<=": "at-most", ">": "above", ">=": "at-least"}


@lru_cache(maxsize=4096)
def tree(source: str) -> n.Node | None:
    """The tree of an expression; None if it is none (an item of a list, `events[1]`)."""
    try:
        return parse(source)
    except ExpressionError:
        return None


class Phrases(Record, frozen=True):
    """Speaks expressions. `lists` are the list facts that variables of quantifiers run over; `values` replace facts by numbers."""

    speech: Speech
    lists: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] | None = None

    def over(self, node: n.Quantifier) -> Phrases:
        """The same, inside a quantifier."""
        return Phrases(self.speech, {**self.lists, node.variable: node.source}, self.values)

    def definition(self, node: n.Node) -> Definition | None:
        """The declaration of the fact or field that `node` names."""
        facts = self.speech.knowledge.facts
        if isinstance(node, n.Fact):
            return facts.get(node.name)
        if isinstance(node, n.Field):
            records = facts.get(self.lists.get(node.variable, ""))
            return next((f for f in records.fields if f.name == node.name), None) if records else None
        return None

    def phrase(self, node: n.Node) -> str:
        """An expression on one line."""
        words = self.speech.words
        match node:
            case n.And(operands=xs):
                return words.listed([self._grouped(x) for x in xs], "and")
            case n.Or(operands=xs):
                return words.listed([self._grouped(x) for x in xs], "or")
            case n.Not(operand=(n.Fact() | n.Field()) as x):
                return words("condition.bool", label=self.operand(x), value=words("no"))
            case n.Not(operand=x):
                return words("condition.not-inline", condition=self.phrase(x))
            case n.Fact() | n.Field() if _is_bool(self.definition(node)):
                return words("condition.bool", label=self.operand(node), value=words("yes"))
            case n.Compare():
                return self._comparison(node)
            case n.Member(operand=x, choices=choices, negated=negated):
                kind = self.definition(x)
                listed = words.listed([self.constant(c, kind) for c in choices], "or")
                return words("compare.not" if negated else "compare.is", left=self.operand(x), right=listed)
            case n.Call(function="known", arguments=(x,)):
                return words("condition.known", fact=self.operand(x))
        return self.operand(node)

    def operand(self, node: n.Node) -> str:
        """A part of a comparison or formula."""
        words = self.speech.words
        match node:
            case n.Literal():
                return self.constant(node, None)
            case n.Fact(name=name):
                if self.values is not None:
                    return self.values.get(name, "?")
                return self.speech.label(name)
            case n.Field():
                definition = self.definition(node)
                return self.speech.text(definition.label) if definition else node.name
            case n.Arithmetic(operator=op, left=left, right=right):
                inner = (self._bracketed(x) if op in "*/" else self.operand(x) for x in (left, right))
                return f" {_ARITHMETIC[op]} ".join(inner)
            case n.Negative(operand=x):
                return f"−{self._bracketed(x)}"
            case n.Call(function=function, arguments=xs):
                return words.choice("function", function, of=words("list.comma").join(map(self.operand, xs)))
            case n.Quantifier():
                return self.quantifier(node)
        return self.phrase(node)

    def quantifier(self, node: n.Quantifier) -> str:
        """A quantifier with its condition: `at least one of grid events: kind is …`."""
        words, inside = self.speech.words, self.over(node)
        head = words.choice("quantifier", node.kind, list=self.speech.label(node.source))
        if node.condition is not None:
            head = words("quantifier.where", quantifier=head, condition=inside.phrase(node.condition))
        return head if node.element is None else words("quantifier.with", quantifier=head, condition=inside.phrase(node.element))

    def constant(self, node: n.Node, beside: Definition | None) -> str:
        """A constant, read as a value of the fact it is compared with."""
        if not isinstance(node, n.Literal):
            return self.operand(node)
        raw = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        if beside is None:
            return self.speech.number(raw) if not isinstance(node.value, str) else raw
        if isinstance(beside.type, t.Scale) and isinstance(node.value, int):
            # crosswalks compare by severity
            raw = beside.type.grade(node.value) if 0 <= node.value < len(beside.type.grades) else raw
        return self.speech.value(beside, raw)

    def _comparison(self, node: n.Compare) -> str:
        operands, operators = node.operands, node.operators
        kinds = [self.definition(x) for x in operands]
        if len(operators) > 1:
            return self._chain(node, next((k for k in kinds if k is not None), None))
        (left, right), (operator,) = operands, operators
        if kinds[0] is None and kinds[1] is not None:
            left, right, operator, kinds = right, left, _MIRRORED[operator], kinds[::-1]
        beside = kinds[0]
        words = self.speech.words
        texts = {"left": self.operand(left), "right": self.constant(right, beside)}
        if beside is not None and isinstance(beside.type, t.Scale):
            return words(f"severity.{_NAMES[operator]}", **texts)
        if beside is not None and not isinstance(beside.type, t.Number | t.Date):
            return words(f"compare.{_NAMES[operator]}", **texts)
        return words("compare.sign", sign=_SIGNS[operator], **texts)

    def _chain(self, node: n.Compare, kind: Definition | None) -> str:
        parts = [self.constant(node.operands[0], kind)]
        for operator, x in zip(node.operators, node.operands[1:], strict=True):
            parts += [_SIGNS[operator], self.constant(x, kind)]
        return " ".join(parts)

    def _grouped(self, node: n.Node) -> str:
        """A part of `and` or `or`, in brackets if it is one itself."""
        text = self.phrase(node)
        return self.speech.words("group", text=text) if isinstance(node, n.And | n.Or) else text

    def _bracketed(self, node: n.Node) -> str:
        text = self.operand(node)
        return self.speech.words("group", text=text) if isinstance(node, n.Arithmetic | n.Negative) else text


def _is_bool(definition: Definition | None) -> bool:
    return definition is not None and isinstance(definition.type, t.Bool)
