"""What people type, as values of a case: numbers with units and Chinese amounts, days, choices by number or name, yes and no.

The counterpart of `values`: that module speaks, this one listens. It takes both languages at once, and leaves what it does not
understand as it stands, for the checks of case files to refuse with their messages.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import yaml

from dingji.cases.model import Case
from dingji.cases.writer import Stated, checked, mapping, scalar, sequence
from dingji.documents import Problems, pairs, read_documents
from dingji.errors import CaseError, nearest
from dingji.knowledge.model import FactDefinition, GradeDefinition, Knowledge, Words
from dingji.language import types as t
from dingji.reports.messages import catalogue
from dingji.reports.values import MONEY, Definition
from dingji.shapes import FACT_NAME, describe_node, plain, scalar_text

COMMANDS = ("why", "unknown", "back", "save")
_NUMBER = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s*([^\d,.\s].*)?", re.ASCII)
_RANGE = re.compile(r"(?P<low>.*?\S)?\s*\.\.\s*(?P<high>\S.*)?|(?:>=|≥)\s*(?P<least>.+)|(?:<=|≤)\s*(?P<most>.+)")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_BETWEEN = re.compile(r"[,，、;；\s]+")


def checklist(definition: Definition) -> bool:
    """Is it a list whose items have one field, a choice? Then all that apply are picked at once."""
    return isinstance(definition, FactDefinition) and len(definition.fields) == 1 and isinstance(definition.fields[0].type, t.Enum)


def choices(definition: Definition, knowledge: Knowledge) -> tuple[tuple[str, Words], ...]:
    """The values to choose from, each with its label; empty if the fact is no choice."""
    if isinstance(definition, FactDefinition) and checklist(definition):
        return definition.fields[0].values
    if isinstance(definition.type, t.Scale):
        grades: tuple[GradeDefinition, ...] = knowledge.scales[definition.type.name].grades
        return tuple((grade.id, grade.label) for grade in grades)
    return definition.values


class Listener:
    """Understands what people type, in English and Chinese."""

    def __init__(self, knowledge: Knowledge, templates: Path | None = None) -> None:
        self.knowledge = knowledge
        self.catalogues = [catalogue(language, templates) for language in ("en", "zh")]
        self.words = {
            id: frozenset(_folded(word) for words in self.catalogues for word in re.split("[,，]", words.choice("say", id)))
            for id in (*COMMANDS, "yes", "no", "none", "today")
        }

    def says(self, id: str, text: str) -> bool:
        """Does the text say yes, no, none, or a command?"""
        return _folded(text) in self.words[id]

    def command(self, text: str, definition: Definition | None = None) -> str | None:
        """The command that a text is: why, unknown, back or save; None if it is an answer."""
        names = {name for name, _ in choices(definition, self.knowledge)} if definition is not None else set()
        return None if text.strip() in names else next((id for id in COMMANDS if self.says(id, text)), None)

    def node(self, text: str, definition: Definition) -> yaml.Node:
        """A text as the value of a fact or field."""
        text = text.strip()
        kind = definition.type
        if isinstance(kind, t.Text):
            inner = text[1:-1] if len(text) > 2 and text[0] + text[-1] in ('""', "“”", "''") else text
            return scalar(inner, quoted=True)
        bare = unicodedata.normalize("NFKC", text).strip()
        if isinstance(kind, t.Bool):
            return scalar("true" if self.says("yes", text) else "false" if self.says("no", text) else bare)
        if isinstance(kind, t.Enum | t.Scale):
            return scalar(self._choice(bare, definition))
        if isinstance(kind, t.Date):
            return scalar(self._day(bare))
        if isinstance(kind, t.Records):
            return self._picked(text, definition)
        return self._number(bare, definition)

    def _choice(self, text: str, definition: Definition) -> str:
        """A choice by its number, its name or its label in either language."""
        found = choices(definition, self.knowledge)
        if text.isascii() and text.isdigit() and 0 < int(text) <= len(found):
            return found[int(text) - 1][0]
        wanted = _folded(text)
        named = [name for name, label in found if wanted in (_folded(name), _folded(label.en), _folded(label.zh))]
        return named[0] if len(named) == 1 else text

    def _picked(self, text: str, definition: Definition) -> yaml.Node:
        if not isinstance(definition, FactDefinition) or not checklist(definition):
            return sequence([]) if self.says("none", text) else scalar(text)
        parts = [] if self.says("none", text) else [part for part in _BETWEEN.split(text) if part]
        picked = dict.fromkeys(self._choice(unicodedata.normalize("NFKC", part), definition) for part in parts)
        return sequence(mapping([(definition.fields[0].name, scalar(name))]) for name in picked)

    def _day(self, text: str) -> str:
        if self.says("today", text):
            return dt.date.today().isoformat()
        match = _DAY.fullmatch(text)
        return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}" if match else text

    def _number(self, text: str, definition: Definition) -> yaml.Node:
        bounds = _RANGE.fullmatch(text)
        if bounds and isinstance(definition, FactDefinition):
            ends = (("at_least", bounds["low"] or bounds["least"]), ("at_most", bounds["high"] or bounds["most"]))
            found = [(key, scalar(self._figure(end, definition))) for key, end in ends if end]
            if found:
                return mapping(found)
        return scalar(self._figure(text, definition))

    def _figure(self, text: str, definition: Definition) -> str:
        match = _NUMBER.fullmatch(text)
        if match is None:
            return text
        sign, whole, decimals, unit = match.groups()
        figure = f"{sign.replace('+', '')}{whole.replace(',', '')}{decimals or ''}"
        if definition.unit in MONEY:
            for words in self.catalogues:
                for power in (4, 8):
                    name = words(f"money.{power}", n="").strip()
                    if unit and unit in (name, name[:1]):
                        return f"{Decimal(figure).scaleb(power).normalize():f}"
        return figure if not unit or _folded(unit) in self._units(definition.unit) else f"{figure} {unit}"

    def _units(self, unit: str) -> set[str]:
        """The ways to write a unit."""
        names = {_folded(unit)} if unit else set()
        for words in self.catalogues:
            if words.known(f"unit.{unit}"):
                names |= {_folded(words.choice("unit", unit, n=n).replace("1", "", 1)) for n in ("1", "")}
        return names


def read_answers(path: Path, knowledge: Knowledge, case: Case, listener: Listener) -> dict[str, yaml.Node]:
    """The answers of a file, by fact: `fact: answer`, or a list of such pairs. Raises CaseError with all problems of the file."""
    file, problems = str(path), Problems("C")
    nodes: dict[str, yaml.Node] = {}
    places: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for document in read_documents(path, file, problems):
        for key, value in _answers(document.root, file, problems):
            fact = str(scalar_text(key))
            if fact in nodes:
                problems.add(file, key, 4, f"the fact {fact} is answered twice")
                continue
            nodes[fact], places[fact] = _understood(value, knowledge.facts.get(fact), listener), (key, value)
    stated = {*case.statements, *nodes}
    for fact, node in nodes.items():
        key, value = places[fact]
        try:
            if not FACT_NAME.fullmatch(fact) or fact not in knowledge.facts:
                hint = nearest(fact, knowledge.facts) or "`dingji kb list facts` lists them"
                problems.add(file, key, 20, f"unknown fact {fact!r}", hint)
            else:
                checked(knowledge, case, Stated(fact, node), stated)
        except CaseError as error:
            for problem in error.problems:
                problems.add(file, key if problem.code == "C024" else value, problem.code, problem.message, problem.hint)
    if problems.found:
        raise CaseError(problems.found)
    return nodes


def _answers(root: yaml.Node, file: str, problems: Problems) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    items = root.value if isinstance(root, yaml.SequenceNode) else [root]
    for item in items:
        if isinstance(item, yaml.SequenceNode) and len(item.value) == 2:
            yield item.value[0], item.value[1]
        elif isinstance(item, yaml.MappingNode):
            keys = {scalar_text(key): value for key, value in pairs(item)}
            if root is not item and keys.keys() == {"fact", "answer"}:
                yield keys["fact"], keys["answer"]
            else:
                yield from pairs(item)
        else:
            problems.add(file, item, 6, f"an answer is expected, not {describe_node(item)}", "write `fact: answer`")


def _understood(value: yaml.Node, definition: FactDefinition | None, listener: Listener) -> yaml.Node:
    """An answer as a person may write it, as a case file says it."""
    if definition is None or not isinstance(value, yaml.ScalarNode) or not value.value.strip():
        return value
    if plain(value) and listener.command(value.value, definition) == "unknown":
        return scalar("unknown")
    return listener.node(value.value, definition)


def _folded(text: str) -> str:
    """A text without the differences that nobody means: width, case, spaces, a final full stop."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").casefold().split()).rstrip("。.")
