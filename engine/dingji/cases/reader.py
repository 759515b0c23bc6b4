"""Case files: read without a knowledge base, then type-checked against one.

Reading (`read_cases`) finds what is wrong with the file; checking (`CaseFile.check`) what is wrong with the facts. Both
report every problem at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dingji.cases import model as m
from dingji.cases.opinions import read_opinions
from dingji.cases.shapes import CASE, STATEMENT
from dingji.cases.values import Values, check_profile, dated, stated_fact
from dingji.documents import Document, Problems, parse_documents, parse_json, read_documents
from dingji.errors import CaseError, Problem, nearest
from dingji.knowledge.model import FactDefinition, Knowledge
from dingji.knowledge.vocabulary import place, read_value, some_words
from dingji.language import types as t
from dingji.language.units import parse_unit, show
from dingji.language.values import Records, between
from dingji.records import Record
from dingji.shapes import Reader, Section, scalar_text


class CaseFile(Record, frozen=True):
    """A case as it stands in its file: shape checked, facts not yet."""

    section: Section
    document: Document

    @property
    def id(self) -> str:
        """The id of the case."""
        return str(self.section.get("case", ""))

    def check(self, knowledge: Knowledge) -> m.Case:
        """The case with every fact checked against the vocabulary. Raises CaseError with all problems."""
        problems = Problems("C")
        case = _Checker(knowledge, Reader(self.document, problems)).case(self.section)
        if problems.found:
            raise CaseError(problems.found)
        return case


def read_cases(path: Path | str) -> list[CaseFile]:
    """All cases of a YAML (documents separated by `---`) or JSON file. Raises CaseError with all problems."""
    problems = Problems("C")
    return _sections(read_documents(Path(path), str(path), problems), problems)


def read_case(path: Path | str) -> CaseFile:
    """The case of a file that holds one. Raises CaseError with all problems."""
    return _only(read_cases(path), str(path))


def parse_case(text: str, name: str = "<case>") -> CaseFile:
    """The case in a piece of YAML text. Raises CaseError with all problems."""
    problems = Problems("C")
    return _only(_sections(parse_documents(text, name, problems), problems), name)


def parse_json_case(text: str, name: str) -> CaseFile:
    """The case in a piece of JSON text. Raises CaseError with all problems."""
    problems = Problems("C")
    return _only(_sections(parse_json(text, name, problems), problems), name)


def _only(found: list[CaseFile], name: str) -> CaseFile:
    if len(found) > 1:
        raise CaseError([Problem(name, 0, 0, "C011", f"the file holds {len(found)} cases", "use read_cases, or give the file one case")])
    return found[0]


def _sections(documents: list[Document], problems: Problems) -> list[CaseFile]:
    found = []
    for document in documents:
        section = CASE.read(document.root, Reader(document, problems))
        if section is not None:
            found.append(CaseFile(section, document))
    if problems.found:
        raise CaseError(problems.found)
    return found


class _Checker:
    def __init__(self, knowledge: Knowledge, reader: Reader) -> None:
        self.knowledge, self.reader, self.values = knowledge, reader, Values(reader)
        self.rests: list[tuple[str, yaml.Node]] = []
        """Each name that a fact rests on: the fact, and where the name stands."""

    def case(self, section: Section) -> m.Case:
        statements: dict[str, m.Statement] = {}
        subject = self._statement("subject", section.key_nodes["subject"], section.nodes["subject"])
        if subject:
            statements["subject"] = subject
            if subject.value is None and scalar_text(section.nodes["subject"]) == "unknown":
                self.reader.report(section.nodes["subject"], 21, "the subject must be known", "it says which instruments cover the case")
        stated = {"subject"}
        for key in ("scope", "facts"):
            for name, node, value in section.get(key, ()):
                if name in stated:
                    self.reader.report(node, 4, f"the fact {name} is stated twice")
                    continue
                stated.add(name)
                statement = self._statement(name, node, value)
                if statement is not None:
                    statements[name] = statement
        if section.get("as_of"):
            statements.update(dated(self.knowledge, stated, section.get("as_of")))
        for name, node in self.rests:
            other = str(scalar_text(node))
            if other not in stated:
                hint = nearest(other, statements) or "state the fact it was judged from"
                self.reader.report(node, 20, f"{name} rests on {other!r}, which is not stated", hint)
        survey, opinions, told = read_opinions(section, self.knowledge, self.reader)
        return m.Case(
            id=section.get("case", ""),
            subject=str(subject.value) if subject else "",
            title=some_words(section.get("title"), section.get("case", "")),
            as_of=section.get("as_of"),
            statements=statements,
            opinions=opinions,
            expectation=self._expectation(section.get("expect")),
            note=section.get("note", ""),
            place=place(self.reader, section.node),
            profile=self._profile(section),
            official=self._official(section.get("official")),
            survey=survey,
            told=told,
        )

    def _profile(self, section: Section) -> str | None:
        name: str | None = section.get("profile")
        if name is not None:
            check_profile(self.knowledge, name, section.at("profile"), self.reader)
        return name

    def _official(self, section: Section | None) -> m.Official | None:
        if section is None:
            return None
        scale = self.knowledge.scales.get(section.get("scale"))
        grade = section.get("grade", "")
        if scale is None and "scale" in section.nodes:
            hint = nearest(str(section.get("scale")), self.knowledge.scales) or "`dingji kb list scales` lists them"
            self.reader.report(section.at("scale"), 26, f"unknown scale {section.get('scale')!r}", hint)
        elif scale is not None and grade not in {g.id for g in scale.grades if not g.silent}:
            grades = [g.id for g in scale.grades if not g.silent]
            hint = nearest(grade, grades) or "grades: " + ", ".join(grades)
            self.reader.report(section.at("grade"), 21, f"the scale {scale.id} has no grade {grade!r}", hint)
        return m.Official(section.get("scale", ""), grade, section.get("by", ""), section.get("on"), section.get("note", ""))

    def _statement(self, name: str, key: yaml.Node, node: yaml.Node) -> m.Statement | None:
        fact = stated_fact(self.knowledge, name, key, self.reader)
        if fact is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            return m.Statement(name, self.values.of(fact, node), place=place(self.reader, key))
        section = STATEMENT.read(node, self.reader)
        if section is None:
            return None
        value = self._bounded(fact, section)
        rests_on = tuple(section.get("rests_on", ()))
        if rests_on:  # a refused name has been reported already
            self.rests += [(name, child) for child in section.nodes["rests_on"].value if scalar_text(child) in rests_on]
        return m.Statement(
            name,
            value,
            section.get("asserted_by", ""),
            section.get("asserted_on"),
            tuple(section.get("evidence", ())),
            rests_on,
            section.get("note", ""),
            place(self.reader, key),
        )

    def _bounded(self, fact: FactDefinition, section: Section) -> Any:
        unit = section.get("unit")
        if unit is not None and (not isinstance(fact.type, t.Number) or parse_unit(unit) != fact.type.unit):
            self._wrong_unit(fact, section.at("unit"), unit)
        if section.get("complete") is not None and not isinstance(fact.type, t.Records):
            self.reader.report(section.at("complete"), 21, f"{fact.name} is no list that may have more items", "leave complete out")
        bounds = [key for key in ("at_least", "at_most") if key in section.nodes]
        if bounds:
            if "value" in section.nodes or not isinstance(fact.type, t.Number):
                self.reader.report(
                    section.at(bounds[0]),
                    21,
                    f"{fact.name}: bounds go with a number that has no value",
                    "write value, or at_least and at_most",
                )
                return None
            low, high = (self.values.of(fact, section.nodes[k]) if k in section.nodes else None for k in ("at_least", "at_most"))
            low = fact.type.low if low is None else low
            high = fact.type.high if high is None else high
            if low is not None and high is not None and low > high:
                self.reader.report(section.node, 23, f"{fact.name}: at_least {low} is above at_most {high}")
                return None
            return between(low, high)
        if "value" not in section.nodes:
            self.reader.report(section.node, 7, f"{fact.name}: the key value is missing", "write `value: unknown` if it is not known")
            return None
        value = self.values.of(fact, section.nodes["value"])
        if section.get("complete") is False and isinstance(value, Records):
            return Records(value.items, complete=False)
        return value

    def _wrong_unit(self, fact: FactDefinition, node: yaml.Node, unit: str) -> None:
        if isinstance(fact.type, t.Number):
            self.reader.report(node, 22, f"{fact.name} is measured in {show(fact.type.unit)}, not in {unit}", "convert the value")
        else:
            self.reader.report(node, 22, f"{fact.name} is {t.describe(fact.type)} and has no unit", "leave the unit out")

    def _expectation(self, section: Section | None) -> m.Expectation | None:
        if section is None:
            return None
        expected = section.get("determination")
        findings = []
        for finding in section.get("findings", ()):
            instrument = finding.get("instrument")
            if instrument not in self.knowledge.instruments:
                hint = nearest(str(instrument), self.knowledge.instruments)
                self.reader.report(finding.at("instrument"), 26, f"unknown instrument {instrument!r}", hint)
            findings.append(_expected(finding, instrument or ""))
        facts = []
        for name, node, value in section.get("facts", ()):
            fact = self.knowledge.facts.get(name)
            if fact is None:
                self.reader.report(node, 20, f"unknown fact {name!r}", nearest(name, self.knowledge.facts))
            else:
                facts.append((name, read_value(value, fact.type, self.reader, 21, name)))
        return m.Expectation(
            _expected(expected, "") if expected else None,
            tuple(findings),
            tuple(facts),
            None if section.get("flags") is None else tuple(section.get("flags")),
            None if section.get("left_out") is None else tuple(section.get("left_out")),
            section.get("first_question"),
            self._rules(section, "met"),
            self._rules(section, "not_met"),
            self._rules(section, "refused"),
        )

    def _rules(self, section: Section, key: str) -> tuple[str, ...]:
        """The rules named under a key; rules of the case's profile may be among them."""
        known = {*self.knowledge.rules, *(rule.id for profile in self.knowledge.profiles.values() for rule in profile.rules)}
        for rule in section.get(key, ()):
            if rule not in known:
                self.reader.report(section.at(key), 26, f"unknown rule {rule!r}", nearest(rule, known))
        return tuple(section.get(key, ()))


def _expected(section: Section, instrument: str) -> m.Expected:
    reachable = section.get("reachable")
    return m.Expected(
        instrument,
        section.get("scale"),
        section.get("grade"),
        section.get("status"),
        None if reachable is None else tuple(reachable),
    )
