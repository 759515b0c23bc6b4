"""Mapping files: read, and checked against the vocabulary."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from dingji.cases.model import Survey
from dingji.cases.opinions import read_opinions
from dingji.cases.values import Values, stated_fact
from dingji.documents import Problems, read_documents
from dingji.errors import CaseError, nearest
from dingji.knowledge.model import FactDefinition, FieldDefinition, Knowledge
from dingji.knowledge.vocabulary import place
from dingji.language import types as t
from dingji.language.units import parse_unit, show
from dingji.records import replace
from dingji.shapes import Reader, Section, scalar_text
from dingji.tables import columns as c
from dingji.tables import model as m
from dingji.tables.shapes import MAPPING
from dingji.tables.words import plain_text


def read_mapping(path: Path | str, knowledge: Knowledge) -> m.Mapping:
    """The mapping of a YAML or JSON file. Raises CaseError with every problem."""
    problems = Problems("C")
    documents = read_documents(Path(path), str(path), problems)
    if len(documents) > 1:
        problems.place(str(path), 0, 0, 11, f"the file holds {len(documents)} mappings", "give each a file of its own")
    found = None
    if documents and not problems.found:
        reader = Reader(documents[0], problems)
        section = MAPPING.read(documents[0].root, reader)
        found = _Checker(knowledge, reader).mapping(section) if section is not None else None
    if found is None or problems.found:
        raise CaseError(problems.found)
    return found


class _Checker:
    def __init__(self, knowledge: Knowledge, reader: Reader) -> None:
        self.knowledge, self.reader, self.values = knowledge, reader, Values(reader)
        self.stated: dict[str, str] = {}
        """Each fact that the mapping states, and where it says so."""
        self.truths: dict[str, bool] = {}
        self.unknown: tuple[str, ...] = ()

    def mapping(self, section: Section) -> m.Mapping:
        self.truths = {plain_text(text): value for text, _, value in section.get("values", ())}
        self.unknown = tuple(map(plain_text, section.get("unknown", ())))
        header = section.get("header", 1)
        if header < 1:
            self.reader.report(section.at("header"), 6, "rows count from 1, not from 0")
        subject = self._subject(section)  # before the columns: it is the key's to say
        facts, lists = self._columns(section)
        survey, opinions = self._survey(section)
        return m.Mapping(
            id=section.get("mapping", ""),
            case=self._key(section, m.CASE),
            subject=subject,
            as_of=self._given(section, m.AS_OF, c.case_column(self.knowledge, "", m.AS_OF)),
            title=self._key(section, m.TITLE),
            profile=self._given(section, m.PROFILE, c.case_column(self.knowledge, "", m.PROFILE)),
            official=self._official(section.get("official")),
            survey=survey,
            opinions=opinions,
            group=tuple((name, self._one(c.text_column("", f"group.{name}"), given, at)) for name, at, given in section.get("group", ())),
            facts=facts,
            constants=self._constants(section),
            lists=(*lists, *self._lists(section)),
            sheet=section.get("sheet", ""),
            header=header,
            first=header + 1,
            encoding=section.get("encoding", ""),
            delimiter=self._delimiter(section),
            merged=section.get("merged", ""),
        )

    def _delimiter(self, section: Section) -> str:
        node = section.get("delimiter")
        sign = {"\\t": "\t", "tab": "\t"}.get(scalar_text(node) or "", scalar_text(node)) if node is not None else ""
        if node is not None and (sign is None or len(sign) != 1 or sign in '"\r\n'):
            self.reader.report(node, 6, "one sign is expected between cells", 'such as ";" or tab')
            return ""
        return sign or ""

    # --- what is said of the case

    def _key(self, section: Section, name: str) -> m.Column | None:
        header = section.get(name)
        if header is None:
            return None
        return c.case_column(self.knowledge, plain_text(header), name, place(self.reader, section.at(name)))

    def _subject(self, section: Section) -> m.Given:
        fact = stated_fact(self.knowledge, m.SUBJECT, section.at(m.SUBJECT), self.reader)
        if fact is None:
            return None
        self.stated[m.SUBJECT] = "the key subject"
        return self._given(section, m.SUBJECT, c.fact_column(self.knowledge, "", fact))

    def _given(self, section: Section, key: str, column: m.Column) -> m.Given:
        given = section.get(key)
        return None if given is None else self._one(column, given, section.at(key))

    def _one(self, column: m.Column, given: str | Section, at: yaml.Node) -> m.Given:
        """A header, or a section with `column` or `constant`."""
        if isinstance(given, str):
            return replace(column, header=plain_text(given), place=place(self.reader, at))
        return self._of_section(column, given)

    def _of_section(self, column: m.Column, given: Section) -> m.Column | m.Constant | None:
        if ("column" in given.nodes) == ("constant" in given.nodes):
            self.reader.report(
                given.node, 7, f"{column.name}: column or constant is expected, one of them", "column: the header of a column"
            )
            return None
        if "constant" in given.nodes:
            for key in ("values", "unknown", "date"):
                if key in given.nodes:
                    self.reader.report(given.key_nodes[key], 5, f"{column.name}: {key} goes with a column", "write the constant itself")
            node = given.nodes["constant"]
            return m.Constant(column.name, self.values.scalar(column.name, column.type, node), place(self.reader, node))
        found = replace(column, header=plain_text(given.get("column", "")), place=place(self.reader, given.at("column")))
        return self._cells(found, given)

    def _official(self, section: Section | None) -> m.Official | None:
        if section is None or not self._scale(section):
            return None
        scale = section.get("scale")
        given = self._of_section(c.chosen_column("", "official", c.grades(self.knowledge, scale)), section)
        return None if given is None else m.Official(scale, given)

    def _scale(self, section: Section) -> bool:
        scale = section.get("scale")
        if scale in self.knowledge.scales:
            return True
        if scale is not None:
            hint = nearest(scale, self.knowledge.scales) or "`dingji kb list scales` lists them"
            self.reader.report(section.at("scale"), 26, f"unknown scale {scale!r}", hint)
        return False

    def _survey(self, section: Section) -> tuple[Survey | None, tuple[m.OpinionColumn, ...]]:
        """How the experts were asked, and the columns with what they said."""
        entries = section.get("opinions", [])
        if entries and "survey" not in section.nodes:
            hint = "survey: {scale: ...}, the scale on which they grade"
            self.reader.report(section.key_nodes["opinions"], 7, "opinions need the key survey", hint)
        alone = Section(section.node, {"survey": section.get("survey")}, section.nodes, section.key_nodes)
        before = len(self.reader.problems.found)
        survey, _, _ = read_opinions(alone, self.knowledge, self.reader)
        if survey is None or len(self.reader.problems.found) > before:
            return None, ()
        return survey, tuple(self._opinion(entry, survey) for entry in entries)

    def _opinion(self, section: Section, survey: Survey) -> m.OpinionColumn:
        at = place(self.reader, section.at("column"))
        column = c.opinion_column(self.knowledge, plain_text(section.get("column", "")), survey.scale, at)
        return m.OpinionColumn(self._cells(column, section), section.get("rater", ""), section.get("round", 1))

    # --- facts

    def _claim(self, name: str, where: str, at: yaml.Node) -> FactDefinition | None:
        fact = stated_fact(self.knowledge, name, at, self.reader)
        if fact is not None and name in self.stated:
            message = f"{name} is stated twice: by {self.stated[name]} and by {where}"
            self.reader.report(at, 69, message, "one place says what a fact is")
            return None
        self.stated[name] = where
        return fact

    def _columns(self, section: Section) -> tuple[tuple[m.Column, ...], list[m.ListColumns]]:
        facts: list[m.Column] = []
        lists: list[m.ListColumns] = []
        for header, node, entries in section.get("columns", ()):
            for entry in entries:
                name = entry if isinstance(entry, str) else entry.get("fact", "")
                at = node if isinstance(entry, str) else entry.at("fact")
                fact = self._claim(name, f"the column {header!r}", at) if name else None
                if fact is None:
                    continue
                column = c.fact_column(self.knowledge, plain_text(header), fact, place=place(self.reader, node))
                column = self._cells(column, None if isinstance(entry, str) else entry, fact)
                if isinstance(fact.type, t.Records):
                    lists.append(m.ListColumns(name, (), whole=column, place=column.place))
                else:
                    facts.append(column)
        return tuple(facts), lists

    def _constants(self, section: Section) -> tuple[m.Constant, ...]:
        found: list[m.Constant] = []
        for name, node, value in section.get("constants", ()):
            fact = self._claim(name, "a constant", node)
            if fact is not None:
                found.append(m.Constant(name, self.values.of(fact, value), place(self.reader, node)))
        return tuple(found)

    def _lists(self, section: Section) -> list[m.ListColumns]:
        found: list[m.ListColumns] = []
        for name, node, entry in section.get("lists", ()):
            fact = self._claim(name, "lists", node)
            if fact is None:
                continue
            if not isinstance(fact.type, t.Records):
                self.reader.report(node, 21, f"{name} is no list", "state it under `columns`")
                continue
            records = tuple(self._record(fact, record) for record in entry.get("records", ()))
            count = None
            if entry.get("count"):
                kind = t.Number(integer=True, low=0)
                count = m.Column(plain_text(entry.get("count")), f"{name}.count", kind, place=place(self.reader, entry.at("count")))
            if not records and count is None:
                self.reader.report(entry.node, 7, f"{name}: records or count is expected", "for each record: field -> column")
            found.append(m.ListColumns(name, records, count, None, entry.get("complete", True), place(self.reader, node)))
        return found

    def _record(self, fact: FactDefinition, entries: list[tuple[str, yaml.Node, Any]]) -> tuple[m.Column, ...]:
        fields = {f.name: f for f in fact.fields}
        found: list[m.Column] = []
        for name, node, entry in entries:
            if name not in fields:
                self.reader.report(node, 20, f"{fact.name} has no field {name!r}", nearest(name, fields) or "fields: " + ", ".join(fields))
                continue
            header = entry if isinstance(entry, str) else entry.get("column", "")
            column = c.fact_column(self.knowledge, plain_text(header), fields[name], fact.name, place(self.reader, node))
            found.append(self._cells(column, None if isinstance(entry, str) else entry, fields[name]))
        return tuple(found)

    # --- how cells are read

    def _cells(self, column: m.Column, section: Section | None, definition: FactDefinition | FieldDefinition | None = None) -> m.Column:
        """A column with the words, units and forms of its entry."""
        values: dict[str, Any] = dict(self.truths) if isinstance(column.type, t.Bool) else {}
        unknown = [text for text in self.unknown if text not in values]
        if section is None:
            return c.with_words(column, values, unknown)
        for text, _, node in section.get("values", ()):
            word = plain_text(text)
            if scalar_text(node) == "unknown":
                unknown.append(word)
            else:
                value = self.values.scalar(column.name, column.type, node)
                values[word] = value
        own = [plain_text(text) for text in section.get("unknown", ())]
        for text in own:
            if values.get(text) is not None and text not in self.truths:
                self.reader.report(section.at("unknown"), 69, f"{text!r} means a value and that nobody knows it", "leave one of them out")
            values.pop(text, None)
        found = c.with_words(column, values, [u for u in unknown if u not in values] + own)
        self._check_form(found, section)
        return replace(
            found,
            unit=self._unit(found, section, definition),
            times=section.get("times"),
            day=section.get("date", ""),
            decimal=section.get("decimal", "."),
        )

    def _check_form(self, column: m.Column, section: Section) -> None:
        """Do the keys fit the type?"""
        for keys, kind in ((("unit", "times", "decimal"), t.Number), (("date",), t.Date)):
            for key in keys:
                if key in section.nodes and not isinstance(column.type, kind):
                    message = f"{column.name} is {t.describe(column.type)}: {key} does not go with it"
                    self.reader.report(section.key_nodes[key], 22 if key == "unit" else 5, message, "leave it out")
        if section.get("times") is not None and section.get("times") <= 0:
            self.reader.report(section.at("times"), 8, f"{column.name}: times {section.get('times')} is no conversion", "a number above 0")
        form = section.get("date")
        if form is not None and not _tells_the_day(form):
            hint = "%Y, %m and %d stand for the year, the month and the day"
            self.reader.report(section.at("date"), 6, f"{form!r} is no form of a day", hint)

    def _unit(self, column: m.Column, section: Section, definition: FactDefinition | FieldDefinition | None) -> str:
        unit: str = section.get("unit", "")
        if unit and isinstance(column.type, t.Number) and section.get("times") is None and parse_unit(unit) != column.type.unit:
            message = f"{column.name} is measured in {show(column.type.unit)}, not in {unit}"
            self.reader.report(section.at("unit"), 22, message, "`times` converts the numbers of the column")
        return unit or (definition.unit if definition is not None and section.get("times") is None else "")


def _tells_the_day(form: str) -> bool:
    """Does a form of strptime give back the day that it shows?"""
    day = dt.date(2023, 11, 25)
    try:
        return dt.datetime.strptime(day.strftime(form), form).date() == day
    except ValueError:
        return False
