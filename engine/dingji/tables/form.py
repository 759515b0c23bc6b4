"""The columns of an empty table for the cases of one instrument."""

from __future__ import annotations

from dingji.knowledge.model import FactDefinition, FieldDefinition, Instrument, Knowledge, Rule, Words
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.records import Record
from dingji.tables.model import AS_OF, CASE, SUBJECT, TITLE
from dingji.tables.words import KEYS, labelled

RECORDS = 3
"""Records of a list fact for which the table has columns."""

_REMARKS = ("flag", "duty")
"""Rules that decide no grade: what they read of the grades of others is no matter of this table."""


class FormColumn(Record, frozen=True):
    """A column of an empty table: `name` is understood when the table is read, `label` is for people.

    `fact` is the fact that the column states, `field` its field where that is a list; `record` counts its records from 1.
    `values` are the values allowed with their labels, none if they are free.
    """

    name: str
    label: Words
    type: t.Type
    values: tuple[tuple[str, Words], ...] = ()
    fact: FactDefinition | None = None
    field: FieldDefinition | None = None
    record: int = 0

    @property
    def unit(self) -> str:
        """The unit of a number."""
        definition = self.field or self.fact
        return definition.unit if definition is not None and isinstance(self.type, t.Number) else ""


def facts_read(knowledge: Knowledge, instrument: Instrument) -> tuple[FactDefinition, ...]:
    """The facts that people state and that an instrument's rules read, by themselves or through facts that rules derive.

    Those of its scope come first, then what is seen on site, then what people judge; each in the order of the vocabulary.
    """
    scope = n.facts_of(instrument.scope)
    rules = [knowledge.rules[name] for name in knowledge.owned.get(instrument.id, ())]
    remarks = [rule for rule in rules if rule.kind in _REMARKS]
    wanted = {*scope, instrument.decides, *(fact for rule in rules if rule not in remarks for fact in _reads(rule))}
    wanted |= {d.base for d in knowledge.decisions if d.owner == instrument.id}
    wanted |= {fact for rule in remarks for fact in _reads(rule) if knowledge.facts[fact].nature != "derived"}
    reached: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name in reached or name not in knowledge.facts:
            continue
        reached.add(name)
        if knowledge.facts[name].nature == "derived":
            writers = [d for d in knowledge.decisions if d.fact == name]
            for decision in [d for d in writers if d.owner == instrument.id] or writers:
                wanted |= {decision.base, *decision.inputs}
                wanted |= {fact for rule in decision.rules for fact in _reads(knowledge.rules[rule])}
    stated = [fact for name, fact in knowledge.facts.items() if name in reached and fact.nature != "derived"]
    natures = ("observed", "judged")
    return tuple(sorted(stated, key=lambda fact: (fact.name != SUBJECT, fact.name not in scope, natures.index(fact.nature))))


def _reads(rule: Rule) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for node in (rule.when, rule.value):
        found |= n.facts_of(node) if node is not None else frozenset()
    return found | (rule.due.reads if rule.due is not None else frozenset())


def form(knowledge: Knowledge, instrument: Instrument) -> tuple[FormColumn, ...]:
    """The columns of an empty table for an instrument: of the case, of the official grade, of the facts its rules read."""
    columns = [FormColumn(CASE, KEYS[CASE], t.Text()), FormColumn(TITLE, KEYS[TITLE], t.Text()), FormColumn(AS_OF, KEYS[AS_OF], t.Date())]
    facts = facts_read(knowledge, instrument)
    if all(fact.name != SUBJECT for fact in facts) and SUBJECT in knowledge.facts:
        facts = (knowledge.facts[SUBJECT], *facts)
    for fact in facts:
        if isinstance(fact.type, t.Records):
            columns += _records(knowledge, fact)
        else:
            columns.append(FormColumn(fact.name, fact.label, fact.type, labelled(fact, knowledge), fact))
    scale = knowledge.scale_of(instrument.decides)
    if scale is not None:
        label = Words(f"{KEYS['official'].en}: {scale.title.en}", f"{KEYS['official'].zh}：{scale.title.zh}")
        grades = tuple((g.id, g.label) for g in scale.grades if not g.silent)
        columns.insert(3, FormColumn(f"official.{scale.id}", label, t.Enum(tuple(id for id, _ in grades)), grades))
    return tuple(columns)


def _records(knowledge: Knowledge, fact: FactDefinition) -> list[FormColumn]:
    label = Words(f"{fact.label.en}: {KEYS['count'].en}", f"{fact.label.zh}：{KEYS['count'].zh}")
    found = [FormColumn(f"{fact.name}.count", label, t.Number(integer=True, low=0), fact=fact)]
    for record in range(1, RECORDS + 1):
        for field in fact.fields:
            label = Words(f"{fact.label.en} {record}: {field.label.en}", f"{fact.label.zh}{record}：{field.label.zh}")
            name = f"{fact.name}.{record}.{field.name}"
            found.append(FormColumn(name, label, field.type, labelled(field, knowledge), fact, field, record))
    return found
