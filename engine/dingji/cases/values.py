"""The values of facts: from nodes to values of the rule language, checked against the vocabulary.

Case files and tables of cases share these checks, and their messages.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from typing import Any

import yaml

from dingji.cases import model as m
from dingji.documents import pairs
from dingji.errors import nearest
from dingji.knowledge.model import FactDefinition, Knowledge
from dingji.knowledge.vocabulary import read_value
from dingji.language import types as t
from dingji.language.units import parse_unit, show
from dingji.language.values import Partial, Records
from dingji.shapes import NUMBER_KIND, Reader, blank, describe_node, scalar_text

MAX_TEXT = 2000
"""Characters of a text fact; the rule engine compares short texts only."""


def stated_fact(knowledge: Knowledge, name: str, at: yaml.Node, reader: Reader) -> FactDefinition | None:
    """The fact that somebody states; None, with a problem, if there is none of that name or only rules find it."""
    fact = knowledge.facts.get(name)
    if fact is None:
        stated = [n for n, f in knowledge.facts.items() if f.nature != "derived"]
        reader.report(at, 20, f"unknown fact {name!r}", nearest(name, stated) or "`dingji kb list facts` lists them")
        return None
    if fact.nature == "derived":
        reader.report(at, 24, f"{name} is derived: a rule finds it", "state the facts that it follows from")
        return None
    return fact


def check_profile(knowledge: Knowledge, name: str, at: yaml.Node, reader: Reader) -> bool:
    """Is there a profile of that name? A problem if not."""
    if name in knowledge.profiles:
        return True
    reader.report(at, 26, f"unknown profile {name!r}", nearest(name, knowledge.profiles) or "`dingji kb list profiles` lists them")
    return False


def dated(knowledge: Knowledge, stated: Container[str], day: dt.date) -> dict[str, m.Statement]:
    """The dates that nobody stated, for which the day of the case stands."""
    return {name: m.Statement(name, day, note=m.DAY_OF_CASE) for name in knowledge.dated if name not in stated}


def with_ranges(fact: FactDefinition, item: dict[str, Any]) -> dict[str, Any]:
    """A record of a list fact; of its numbers that nobody states the declared range is known."""
    for field in fact.fields:
        kind = field.type
        if field.name not in item and isinstance(kind, t.Number) and (kind.low is not None or kind.high is not None):
            item[field.name] = Partial(kind.low, kind.high)
    return item


class Values:
    """Reads values; problems go to the reader."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def of(self, fact: FactDefinition, node: yaml.Node) -> Any:
        """The value of a fact; None if it is unknown, or does not fit."""
        if scalar_text(node) == "unknown" and not (isinstance(fact.type, t.Text) and getattr(node, "style", None)):
            return None
        if isinstance(fact.type, t.Records):
            return self._records(fact, node)
        return self.scalar(fact.name, fact.type, node)

    def scalar(self, name: str, kind: t.Type, node: yaml.Node) -> Any:
        """The value of a fact or field that is no list; `name` is what messages call it."""
        if blank(node):
            message = f"{name}: {t.describe(kind)} is expected, not {describe_node(node)}"
            self.reader.report(node, 21, message, "write `unknown` if nobody knows it")
            return None
        if isinstance(kind, t.Number):
            text = scalar_text(node) or ""
            number, _, unit = text.partition(" ")
            if unit and not getattr(node, "style", None) and NUMBER_KIND.pattern and NUMBER_KIND.pattern.fullmatch(number):
                if parse_unit(unit.strip()) != kind.unit:
                    message = f"{name} is measured in {show(kind.unit)}, not in {unit.strip()}"
                    self.reader.report(node, 22, message, f"convert it, and write the number alone or with {show(kind.unit)}")
                    return None
                node = yaml.ScalarNode(node.tag, number, node.start_mark, node.end_mark)
        value = read_value(node, kind, self.reader, 21, name)
        if isinstance(kind, t.Number) and value is not None and not kind.admits(value):
            low, high = ("open" if b is None else b for b in (kind.low, kind.high))
            self.reader.report(node, 23, f"{name}: {value} is out of range", f"the range is {low} .. {high}")
            return None
        if isinstance(value, str) and len(value) > MAX_TEXT:
            self.reader.report(node, 23, f"{name}: the text has {len(value)} characters", f"at most {MAX_TEXT}")
            return None
        return value

    def _records(self, fact: FactDefinition, node: yaml.Node) -> Records | None:
        if not isinstance(node, yaml.SequenceNode):
            fields = ", ".join(f.name for f in fact.fields)
            self.reader.report(node, 21, f"{fact.name} is a list", f"write [] for none, or items with the fields {fields}")
            return None
        return Records(tuple(item for child in node.value if (item := self._record(fact, child)) is not None))

    def _record(self, fact: FactDefinition, node: yaml.Node) -> dict[str, Any] | None:
        fields = {f.name: f for f in fact.fields}
        if not isinstance(node, yaml.MappingNode):
            self.reader.report(node, 21, f"an item of {fact.name} is a mapping", "fields: " + ", ".join(fields))
            return None
        item: dict[str, Any] = {}
        seen: set[str] = set()
        for key_node, value_node in pairs(node):
            name = scalar_text(key_node) or ""
            if name not in fields:
                hint = nearest(name, fields) or "fields: " + ", ".join(fields)
                self.reader.report(key_node, 20, f"{fact.name} has no field {name!r}", hint)
            elif name in seen:
                self.reader.report(key_node, 4, f"the field {name} stands twice")
            elif scalar_text(value_node) != "unknown":
                value = self.scalar(f"{fact.name}.{name}", fields[name].type, value_node)
                if value is not None:
                    item[name] = value
            seen.add(name)
        return with_ranges(fact, item)
