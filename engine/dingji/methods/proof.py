"""The proof: from the determination through findings, rules and formulas down to the stated facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dingji.cases.model import Case
from dingji.inference.plan import Step
from dingji.inference.prover import Evaluation
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Knowledge, Words
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.evaluate import Facts, Tracer, is_known
from dingji.language.values import Partial, Records
from dingji.methods import model as m
from dingji.methods.grounds import steps_by_fact, tracer_of
from dingji.methods.subjective import survey_proof

MOST_OPEN_RULES = 20
"""A proof shows at most this many rules that could still change a value; `why-not` shows the others."""


def shown_value(knowledge: Knowledge, fact: str, value: Any) -> str:
    """A value as text: grades by their names, partly known values as what is still possible."""
    return _shown(_type(knowledge, fact), value)


def _shown(kind: t.Type | None, value: Any) -> str:
    """A value of a type as text; only of grades and lists the type must be known."""
    if value is None:
        return "unknown"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, Partial):
        if value.values is not None:
            return " | ".join(_shown(kind, v) for v in reversed(value.values))
        low, high = ("" if b is None else _shown(kind, b) for b in (value.low, value.high))
        return f"{low}..{high}"
    if isinstance(value, Records):
        listed = "; ".join(shown_record(kind, item) for item in value.items)
        return f"[{listed}]" + ("" if value.complete else " and perhaps more")
    if isinstance(kind, t.Scale) and isinstance(value, int):
        return kind.grade(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value == value.to_integral_value() or len(str(value)) < 16 else f"{value:.6g}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _type(knowledge: Knowledge, fact: str) -> t.Type | None:
    definition = knowledge.facts.get(fact)
    if definition is not None:
        return definition.type
    _, _, scale = fact.partition("@")
    return knowledge.scales[scale].type if scale else None


def shown_record(kind: t.Type | None, item: dict[str, Any]) -> str:
    """An item of a list as text: what is known of it."""
    kinds = dict(kind.fields) if isinstance(kind, t.Records) else {}
    return ", ".join(f"{name} {_shown(kinds.get(name), value)}" for name, value in item.items() if is_known(value))


def _type_of(node: n.Node, lists: Mapping[str, str], knowledge: Knowledge) -> t.Type | None:
    """The type of what an expression chooses among its facts and fields; `lists` are those that its variables run over."""
    match node:
        case n.Fact(name=name):
            return _type(knowledge, name)
        case n.Field(variable=variable, name=name):
            kind = _type(knowledge, lists.get(variable, ""))
            return kind.field(name) if isinstance(kind, t.Records) else None
        case n.Quantifier(kind="min" | "max", element=element, variable=variable, source=source) if element is not None:
            return _type_of(element, {**lists, variable: source}, knowledge)
        case n.Call(function="min" | "max", arguments=arguments):
            return _type_of(arguments[0], lists, knowledge)
    return None


class Prover:
    """Builds the proofs of one evaluation. A fact is proved in full once; later it is only named (`how: seen`)."""

    def __init__(self, evaluation: Evaluation, case: Case) -> None:
        self.evaluation, self.case = evaluation, case
        self.plan = evaluation.plan
        self.knowledge = evaluation.plan.knowledge
        self.steps = steps_by_fact(evaluation.plan)
        self.seen: set[str] = set()

    def fact(self, name: str) -> m.FactProof:
        """The proof of one fact."""
        value = self.evaluation.facts.get(name)
        label, unit = self._label(name)
        shown = None if value is None else shown_value(self.knowledge, name, value)
        if name in self.seen:
            return m.FactProof(name, label, shown, unit, "seen")
        self.seen.add(name)
        step = self.steps.get(name)
        if step is None:
            return self._stated(name, label, shown, unit)
        outcome = self.evaluation.outcomes[name]
        winners = outcome.winners or (self._failed(step) if outcome.gap else ())
        rules = tuple(self._rule(i, name) for i in winners)
        undecided = tuple(self._rule(i, name) for i in outcome.undecided[:MOST_OPEN_RULES])
        formula = None
        if step.decision.policy == "formula" and step.entries:
            tracer = tracer_of(self.plan, step.entries[0].position, formula=True)
            formula = tracer.source if tracer else None
        parts = tuple(self.fact(read) for read in self._reads(step, winners, outcome.undecided[:MOST_OPEN_RULES]))
        return m.FactProof(name, label, shown, unit, "derived", step.decision.policy, formula, None, rules, undecided, parts)

    def _failed(self, step: Step) -> tuple[int, ...]:
        """The rules by which experts would have given a grade, had there been enough of them, or had they come to an end."""
        owner = self.knowledge.instruments.get(step.decision.owner)
        return tuple(entry.position for entry in step.entries) if owner is not None and owner.surveys else ()

    def _reads(self, step: Step, winners: tuple[int, ...], undecided: tuple[int, ...]) -> list[str]:
        if step.decision.policy == "reconcile":
            return list(step.decision.inputs)
        found = [step.decision.base] if step.decision.base else []
        for position in (*winners, *undecided):
            memo = self.plan.memo
            if ("reads", position) not in memo:
                memo["reads", position] = sorted(rule_reads(self.plan.rules[position]))
            found += memo["reads", position]
        return list(dict.fromkeys(found))

    def _stated(self, name: str, label: Words, shown: str | None, unit: str) -> m.FactProof:
        statement = self.case.statements.get(name)
        if statement is None or statement.value is None:
            proof = m.FactProof(name, label, shown, unit, "unknown")
            definition = self.knowledge.facts.get(name)
            return survey_proof(self.knowledge, self.case, proof, self.seen) if definition and definition.survey else proof
        definition = self.knowledge.facts[name]
        on = statement.asserted_on.isoformat() if statement.asserted_on else None
        provenance = m.Provenance(definition.nature, statement.asserted_by, on, statement.evidence, statement.rests_on, statement.note)
        return m.FactProof(name, label, shown, unit, "stated", provenance=provenance)

    def _label(self, name: str) -> tuple[Words, str]:
        """Label and unit of a fact, worked out once per plan."""
        memo = self.plan.memo
        key = ("label", name)
        if key not in memo:
            memo[key] = self._new_label(name)
        found: tuple[Words, str] = memo[key]
        return found

    def _new_label(self, name: str) -> tuple[Words, str]:
        definition = self.knowledge.facts.get(name.split("@")[0])
        if definition is None:
            return Words(name, name), ""
        if "@" not in name:
            return definition.label, definition.unit
        scale = self.knowledge.scales[name.split("@")[1]].title
        return Words(f"{definition.label.en}, as {scale.en}", f"{definition.label.zh}（折算为{scale.zh}）"), ""

    def _rule(self, position: int, fact: str) -> m.RuleProof:
        rule = self.plan.rules[position]
        concluded = dict(rule.then).get(fact)
        tracer = tracer_of(self.plan, position)
        source = self.knowledge.sources.get(rule.source)
        return m.RuleProof(
            id=rule.id,
            truth=self.evaluation.truths[position],
            concludes=None if concluded is None else shown_value(self.knowledge, fact, concluded),
            text=rule.text,
            cite=rule.cite,
            source=rule.source,
            document=source.title if source else None,
            confidence=rule.confidence,
            note=rule.note,
            condition=None if tracer is None else self._condition(tracer, self.evaluation.facts, {}),
        )

    def _condition(self, tracer: Tracer, facts: Facts, lists: Mapping[str, str]) -> m.Condition:
        """A condition, part by part. `lists` are those that the variables around it run over."""
        node = tracer.node
        if isinstance(node, n.Compare | n.Member) and len(tracer.parts) == 1 and isinstance(tracer.parts[0].node, n.Fact):
            # the commonest condition, one fact against constants: the fact's value says it all
            read = tracer.parts[0].evaluate(facts)
            shown = None if read is None else shown_value(self.knowledge, tracer.facts[0], read)
            return m.Condition(tracer.source, tracer.evaluate(facts), shown)
        if isinstance(node, n.Quantifier):
            below = {**lists, node.variable: node.source}
            parts = tuple([self._item(tracer, name, bound, below) for name, bound in tracer.items(facts)])
        else:
            parts = tuple([self._condition(part, facts, lists) for part in tracer.parts])
            if isinstance(node, n.And | n.Or):
                settling = isinstance(node, n.Or)
                truths = [part.truth for part in parts]
                joined = settling if settling in truths else None if None in truths else not settling
                return m.Condition(tracer.source, joined, None, parts)
        value = tracer.evaluate(facts)
        if value is None or value is True or value is False:
            return m.Condition(tracer.source, value, None, parts)
        kind = _type_of(node, lists, self.knowledge)
        told = isinstance(node, n.Fact) or isinstance(kind, t.Scale)
        return m.Condition(tracer.source, None, _shown(kind, value) if told else str(value), parts)

    def _item(self, quantifier: Tracer, name: str, bound: Facts, lists: Mapping[str, str]) -> m.Condition:
        parts = tuple([self._condition(part, bound, lists) for part in quantifier.parts])
        return m.Condition(name, parts[0].truth if parts else True, None, parts)
