"""The proof as a tree of finished strings: facts, the rules that gave them, and conditions node by node."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.values import Partial
from dingji.methods import model as m
from dingji.records import Record, replace
from dingji.reports.expressions import Phrases, tree
from dingji.reports.values import Speech

_ITEM = re.compile(r"\w+\[(\d+)\]")
_ADJUSTED = "adjust"


class ConditionView(Record, frozen=True):
    """A node of a condition: `truth` is true, false or unknown; `here` what this case has, where that is not plain."""

    truth: str
    text: str
    here: str = ""
    parts: tuple[ConditionView, ...] = ()


class RuleView(Record, frozen=True):
    """A rule: what it says, concludes, cites, and how sure we are of its text."""

    id: str
    text: str
    concludes: str
    cite: str
    note: str
    condition: ConditionView | None


class FactView(Record, frozen=True):
    """A fact with its value. `how` is stated, derived, unknown or seen; `remarks` say who states it, or how it was derived."""

    id: str
    label: str
    value: str
    how: str
    remarks: tuple[str, ...] = ()
    rules: tuple[RuleView, ...] = ()
    open_rules: tuple[RuleView, ...] = ()
    facts: tuple[FactView, ...] = ()


class ProofViews:
    """Turns proofs into views."""

    def __init__(self, speech: Speech) -> None:
        self.speech, self.words = speech, speech.words
        self._phrases = Phrases(speech)

    def fact(self, proof: m.FactProof) -> FactView:
        """The view of one fact, with all below it."""
        speech = self.speech
        view = FactView(proof.fact, speech.text(proof.label), speech.fact(proof.fact, proof.value), proof.how)
        if proof.how == "stated" and proof.provenance is not None:
            return replace(view, remarks=tuple(self._said(proof.provenance)))
        if proof.how == "surveyed":
            return replace(view, facts=tuple(self.fact(part) for part in proof.facts))
        if proof.how != "derived":
            return view
        return replace(
            view,
            remarks=tuple(filter(None, (self._why(proof), self._formula(proof), self._figures(proof)))),
            rules=tuple(self._rule(rule, proof.fact) for rule in proof.rules),
            open_rules=tuple(_missing(self._rule(rule, proof.fact)) for rule in proof.open_rules),
            facts=tuple(self.fact(part) for part in proof.facts),
        )

    def _said(self, said: m.Provenance) -> Iterator[str]:
        """Who states a fact, when, on what evidence and from which other facts."""
        words = self.words
        nature = "judged" if said.nature == "judged" else "observed"
        sentence = words.choice("said-by", nature, who=said.asserted_by) if said.asserted_by else words.choice("said", nature)
        yield words("said-on", said=sentence, day=self.speech.date(said.asserted_on)) if said.asserted_on else sentence
        if said.evidence:
            yield words("proof.evidence", evidence=words("list.semicolon").join(said.evidence))
        if said.rests_on:
            yield words("proof.judged-from", facts=words("list.comma").join(map(self.speech.label, said.rests_on)))
        if said.note:
            yield words("note", note=said.note)

    def _why(self, proof: m.FactProof) -> str:
        """How several rules make one value, where the rules themselves do not say it."""
        if proof.policy == "reconcile":
            return self.words("why.reconcile", n=len(proof.facts))
        if not proof.rules and not proof.open_rules:
            return self.words("why.default" if proof.value is not None else "why.nothing")
        if proof.policy == _ADJUSTED:
            return self.words("why.adjust")
        if proof.policy in ("worst", "best") and len(proof.rules) + len(proof.open_rules) > 1:
            return self.words.choice("why", proof.policy)
        return ""

    def _formula(self, proof: m.FactProof) -> str:
        node = tree(proof.formula) if proof.formula else None
        return self.words("proof.formula", formula=self._phrases.operand(node)) if node is not None else proof.formula or ""

    def _figures(self, proof: m.FactProof) -> str:
        """The formula with the case's numbers in the place of names, if all are known."""
        node = tree(proof.formula) if proof.formula else None
        if node is None or isinstance(node, n.Fact) or proof.value is None or any(isinstance(x, n.Quantifier) for x in _walk(node)):
            return ""
        values = {}
        for part in proof.facts:
            definition = self.speech.knowledge.facts.get(part.fact)
            if definition is None or not isinstance(definition.type, t.Number) or part.value is None:
                continue
            values[part.fact] = self.speech.value(definition, part.value, complete=False)
        if not n.facts_of(node) <= values.keys():
            return ""
        return self.words("proof.formula", formula=Phrases(self.speech, values=values).operand(node))

    def _rule(self, rule: m.RuleProof, fact: str) -> RuleView:
        speech, words = self.speech, self.words
        cited = words("cited", cite=speech.text(rule.cite), document=speech.text(rule.document) or rule.source)
        return RuleView(
            id=rule.id.split("@")[0],
            text=speech.text(rule.text),
            concludes=speech.fact(fact, rule.concludes) if rule.concludes is not None else "",
            cite=words("cite", cite=words("cited.sure", cited=cited, confidence=words.choice("confidence", rule.confidence))),
            note=speech.note(rule.note),
            condition=self._condition(rule.condition, None, self._phrases) if rule.condition is not None else None,
        )

    def _condition(self, condition: m.Condition, node: n.Node | None, phrases: Phrases) -> ConditionView:
        """The view of a condition. `node` is its tree, where that of the whole is at hand."""
        words = self.words
        truth = _truth(condition.truth)
        node = tree(condition.source) if node is None else node
        condition = _spelled_out(condition, node)
        match node:
            case None:
                return ConditionView(truth, condition.source, "", self._parts(condition, phrases))
            case n.And() | n.Or():
                parts = tuple(self._condition(c, x, phrases) for c, x in _flat(condition, node))
                return ConditionView(truth, words("condition.all" if isinstance(node, n.And) else "condition.any"), "", parts)
            case n.Not(operand=x) if not isinstance(x, n.Fact | n.Field):
                return ConditionView(truth, words("condition.not"), "", (self._condition(condition.parts[0], x, phrases),))
            case n.Quantifier():
                return self._quantifier(condition, node, phrases)
        return ConditionView(truth, phrases.phrase(node), self._here(condition, node, phrases), self._items_below(condition, node, phrases))

    def _parts(self, condition: m.Condition, phrases: Phrases) -> tuple[ConditionView, ...]:
        return tuple(self._condition(part, None, phrases) for part in condition.parts)

    def _quantifier(self, condition: m.Condition, node: n.Quantifier, phrases: Phrases) -> ConditionView:
        truth = _truth(condition.truth)
        if not condition.parts:
            here = self.words("list.none") if condition.truth is not None else self.words("unknown")
            return ConditionView(truth, phrases.quantifier(node), self.words("here", value=here))
        head = self.words("quantifier.head", quantifier=self.words.choice("quantifier", node.kind, list=self.speech.label(node.source)))
        return ConditionView(truth, head, "", self._items(condition, node, phrases))

    def _items(self, condition: m.Condition, node: n.Quantifier, phrases: Phrases) -> tuple[ConditionView, ...]:
        """The items of a list, each with the condition that it meets or not."""
        inside, shown = phrases.over(node), []
        for item in condition.parts:
            parts = [self._condition(c, x, inside) for c, x in zip(item.parts, _operands(node), strict=False)]
            if len(parts) == 1 and isinstance(_operands(node)[0], n.And):
                parts = list(parts[0].parts)
            found = _ITEM.fullmatch(item.source)
            name = self.words("condition.item", n=found[1]) if found else item.source
            shown.append(ConditionView(_truth(item.truth), name, "", tuple(parts)))
        return tuple(shown)

    def _items_below(self, condition: m.Condition, node: n.Node, phrases: Phrases) -> tuple[ConditionView, ...]:
        """The items that a comparison counts or sums up."""
        found: list[ConditionView] = []
        for part, child in zip(condition.parts, _operands(node), strict=False):
            if isinstance(child, n.Quantifier):
                found += self._items(part, child, phrases)
        return tuple(found)

    def _here(self, condition: m.Condition, node: n.Node, phrases: Phrases) -> str:
        """What the case has for the facts of a comparison. A bare truth needs no more words than its mark."""
        if isinstance(node, n.Fact | n.Field | n.Not):
            return "" if condition.truth is True else self.words("here", value=self._truth_here(condition, node))
        read = list(_read(condition, node))
        if not read or (condition.truth is True and isinstance(node, n.Compare) and node.operators == ("==",) and len(read) == 1):
            return ""  # an equation that holds tells the value itself
        direct = [x for _, x in read] == list(_operands(node)) and len(read) == 1
        shown = [self._value(part, x, phrases) if direct else self._named(part, x, phrases) for part, x in read]
        return self.words("here", value=self.words("item.comma").join(dict.fromkeys(shown)))

    def _truth_here(self, condition: m.Condition, node: n.Node) -> str:
        if condition.truth is None:
            return self.words("unknown")
        return self.speech.truth(isinstance(node, n.Not))  # not true: a fact is no, a negated one is yes

    def _value(self, part: m.Condition, node: n.Node, phrases: Phrases) -> str:
        definition = phrases.definition(node)
        if isinstance(node, n.Quantifier):
            return self.speech.number(part.value) if part.value is not None else self.words("unknown")
        if definition is None:
            return part.value or self.words("unknown")
        if part.truth is not None:
            return self.speech.truth(part.truth)
        if part.value is None or (isinstance(node, n.Fact) and self._is_default(node.name, part.value)):
            return self.words("unknown")
        return self.speech.value(definition, part.value)

    def _named(self, part: m.Condition, node: n.Node, phrases: Phrases) -> str:
        return self.words("item.field", field=phrases.operand(node), value=self._value(part, node, phrases))

    def _is_default(self, fact: str, value: str) -> bool:
        """Is the value only the range that the vocabulary declares?"""
        default = self.speech.knowledge.defaults.get(fact)
        if not isinstance(default, Partial):
            return False
        low, high = ("" if b is None else str(b) for b in (default.low, default.high))
        return value == f"{low}..{high}"


def _missing(rule: RuleView) -> RuleView:
    """A rule that is still open, with only those parts of its condition that are not known: what is missing."""
    return replace(rule, condition=_unknown(rule.condition)) if rule.condition is not None else rule


def _unknown(condition: ConditionView) -> ConditionView:
    return replace(condition, parts=tuple(_unknown(part) for part in condition.parts if part.truth == "unknown"))


def _spelled_out(condition: m.Condition, node: n.Node | None) -> m.Condition:
    """A comparison of one fact with constants, with that fact as its part."""
    if condition.parts or not isinstance(node, n.Compare | n.Member):
        return condition
    operands = _operands(node)
    if len(operands) != 1 or not isinstance(operands[0], n.Fact):
        return condition
    return replace(condition, parts=(m.Condition(operands[0].name, None, condition.value),))


def _truth(truth: bool | None) -> str:
    return "unknown" if truth is None else "true" if truth else "false"


def _operands(node: n.Node) -> tuple[n.Node, ...]:
    """The nodes that the parts of a condition stand for: all but constants."""
    return tuple(child for child in n.children(node) if not isinstance(child, n.Literal))


def _flat(condition: m.Condition, node: n.Node) -> Iterator[tuple[m.Condition, n.Node]]:
    """The parts of nested `and`s (or `or`s) as one list."""
    for part, child in zip(condition.parts, _operands(node), strict=False):
        if type(child) is type(node):
            yield from _flat(part, child)
        else:
            yield part, child


def _read(condition: m.Condition, node: n.Node) -> Iterator[tuple[m.Condition, n.Node]]:
    """The facts, fields and aggregates that a comparison reads, with what they are in this case."""
    if isinstance(node, n.Fact | n.Field | n.Quantifier):
        yield condition, node
        return
    for part, child in zip(condition.parts, _operands(node), strict=False):
        yield from _read(part, child)


def _walk(node: n.Node) -> Iterator[n.Node]:
    yield node
    for child in n.children(node):
        yield from _walk(child)
