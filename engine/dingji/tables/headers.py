"""A table that maps itself: its headers are the names of facts, or their labels.

Such a table may have the names in a second row, below headers for people: `dingji schema table` writes it so. The names
of columns that state no fact: `case`, `title`, `as_of`, `profile`, `official.SCALE`, `opinion.SCALE.RATER` or
`opinion.SCALE.RATER.ROUND`, `group.NAME`; a list fact has `FACT.count` and `FACT.1.FIELD`, `FACT.2.FIELD`, ...
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dingji.cases.model import Survey
from dingji.errors import CaseError, Problem, nearest
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.records import replace
from dingji.tables import columns as c
from dingji.tables import model as m
from dingji.tables.words import KEYS, plain_text

_UNIT = re.compile(r" ?[(（][^()（）]*[)）]$")
_OPINION = re.compile(r"opinion\.([A-Za-z][A-Za-z0-9_-]*)\.([A-Za-z][A-Za-z0-9_-]*)(?:\.(\d{1,4}))?", re.ASCII)
_GROUP = re.compile(r"group\.([A-Za-z][A-Za-z0-9._-]*)", re.ASCII)
MOST_HINTS = 20
"""Headers that nothing reads for which a near name is looked up: a comparison with every fact takes its time."""


def named(cell: Any, knowledge: Knowledge) -> bool:
    """Is this cell the name of a column, as opposed to its label?"""
    name = str(cell)
    stem, _, rest = name.partition(".")
    if stem in KEYS or name in knowledge.facts:
        return True
    fact = knowledge.facts.get(stem)
    return bool(rest) and fact is not None and isinstance(fact.type, t.Records)


def names_in(cells: Sequence[Any], knowledge: Knowledge) -> bool:
    """Does a row hold names of columns and nothing else?"""
    stated = [cell for cell in cells if cell is not None and str(cell).strip()]
    return bool(stated) and all(isinstance(cell, str) and named(cell.strip(), knowledge) for cell in stated)


def map_headers(path: Path, headers: Sequence[str], row: int, knowledge: Knowledge) -> tuple[m.Mapping, tuple[str, ...]]:
    """The mapping of a table that maps itself, and hints on headers that are almost the name of a fact.

    `row` is the row of the headers. Raises CaseError with every header that can't be understood.
    """
    found = _Headers(path, row, knowledge)
    for index, header in enumerate(headers):
        name = header if named(header, knowledge) else found.labelled(header, index)
        if name:
            found.column(header, name, index)
    if not found.problems and not found.known:
        hint = "the headers stand in row 1; a mapping file names another row, and the columns (`dingji schema mapping`)"
        found.problems.append(Problem(str(path), 0, 0, "C061", "no header is the name or the label of a fact", hint))
    if found.problems:
        raise CaseError(found.problems)
    return found.mapping(), tuple(note for header in found.strange[:MOST_HINTS] if (note := found.note(header)))


class _Headers:
    def __init__(self, path: Path, row: int, knowledge: Knowledge) -> None:
        self.path, self.row, self.knowledge = path, row, knowledge
        self.problems: list[Problem] = []
        self.strange: list[str] = []
        self.keys: dict[str, m.Column] = {}
        self.official: m.Official | None = None
        self.survey = Survey("")
        self.opinions: list[m.OpinionColumn] = []
        self.group: list[tuple[str, m.Given]] = []
        self.facts: dict[str, m.Column] = {}
        self.counts: dict[str, m.Column] = {}
        self.wholes: dict[str, m.Column] = {}
        self.records: dict[str, dict[int, list[m.Column]]] = {}
        self._labels: dict[str, list[str]] | None = None

    def report(self, index: int, code: str, message: str, hint: str) -> None:
        self.problems.append(Problem(str(self.path), self.row, index + 1, code, message, hint))

    @property
    def labels(self) -> dict[str, list[str]]:
        """The names of columns by their labels, in both languages."""
        if self._labels is None:
            self._labels = {}
            entries = [(key, KEYS[key]) for key in ("case", "title", "as_of", "profile")]
            entries += [(name, fact.label) for name, fact in self.knowledge.facts.items() if fact.nature != "derived"]
            for name, label in entries:
                for text in {plain_text(label.en), plain_text(label.zh)}:
                    self._labels.setdefault(text, []).append(name)
        return self._labels

    def labelled(self, header: str, index: int) -> str:
        """The name of a column by its label; empty if there is none of that label."""
        found = self.labels.get(header) or self.labels.get(_UNIT.sub("", header)) or []
        if len(found) > 1:
            self.report(index, "C062", f"the header {header!r} is the label of {len(found)} facts", "write the name: " + " or ".join(found))
            return ""
        if not found and header:
            self.strange.append(header)
        return found[0] if found else ""

    @property
    def known(self) -> bool:
        """Has any column a meaning?"""
        return bool(self.keys or self.facts or self.counts or self.wholes or self.records or self.official or self.opinions or self.group)

    def note(self, header: str) -> str:
        """A line on a header that may be the misspelt name or label of a fact; empty if none is near."""
        hint = nearest(header, {name: None for names in self.labels.values() for name in names}) or nearest(header, self.labels)
        return f"{self.path}: no fact is called {header!r}: {hint}" if hint else ""

    def column(self, header: str, name: str, index: int) -> None:
        """Take a column by its name."""
        stem, _, rest = name.partition(".")
        fact = self.knowledge.facts.get(stem)
        if fact is not None and fact.nature == "derived":
            self.report(index, "C024", f"{stem} is derived: a rule finds it", "leave the column out")
        elif fact is not None and isinstance(fact.type, t.Records):
            self._list(header, name, index)
        elif fact is not None and not rest:
            self._once(self.facts, name, c.fact_column(self.knowledge, header, fact), index)
        elif stem in ("case", "title", "as_of", "profile") and not rest:
            self._once(self.keys, name, c.case_column(self.knowledge, header, name), index)
        elif stem == "official" and rest in self.knowledge.scales and self.official is None:
            self.official = m.Official(rest, c.chosen_column(header, "official", c.grades(self.knowledge, rest)))
        elif (match := _OPINION.fullmatch(name)) and match[1] in self.knowledge.scales and self.survey.scale in ("", match[1]):
            self.survey = replace(self.survey, scale=match[1])
            column = c.opinion_column(self.knowledge, header, match[1])
            self.opinions.append(m.OpinionColumn(column, match[2], int(match[3] or 1)))
        elif match := _GROUP.fullmatch(name):
            self.group.append((match[1], c.text_column(header, name)))
        else:
            self.report(index, "C062", f"no column is called {name!r}", nearest(name, self.knowledge.scales) or "see `dingji schema table`")

    def _once(self, known: dict[str, m.Column], name: str, column: m.Column, index: int) -> None:
        if name in known:
            self.report(index, "C069", f"{name} is stated twice: by {known[name].header!r} and by {column.header!r}", "keep one column")
        known[name] = column

    def _list(self, header: str, name: str, index: int) -> None:
        stem, *rest = name.split(".")
        fact = self.knowledge.facts[stem]
        fields = {f.name: f for f in fact.fields}
        if rest == ["count"]:
            kind = t.Number(integer=True, low=0)
            self._once(self.counts, stem, m.Column(header, name, kind), index)
        elif not rest:
            self._once(self.wholes, stem, c.fact_column(self.knowledge, header, fact), index)
        elif len(rest) == 2 and rest[0].isdecimal() and rest[1] in fields:
            group = self.records.setdefault(stem, {}).setdefault(int(rest[0]), [])
            group.append(c.fact_column(self.knowledge, header, fields[rest[1]], stem))
        else:
            self.report(index, "C020", f"{stem} has no column {name!r}", f"{stem}.count, or {stem}.1. and one of: {', '.join(fields)}")

    def mapping(self) -> m.Mapping:
        """The mapping of the columns taken."""
        lists = [
            m.ListColumns(name, tuple(tuple(g) for _, g in sorted(self.records.get(name, {}).items())), self.counts.get(name))
            for name in dict.fromkeys([*self.records, *self.counts])
        ]
        lists += [m.ListColumns(name, (), whole=column) for name, column in self.wholes.items()]
        subject = self.facts.pop(m.SUBJECT, None)
        return m.Mapping(
            "headers",
            self.keys.get(m.CASE),
            subject,
            self.keys.get(m.AS_OF),
            self.keys.get(m.TITLE),
            self.keys.get(m.PROFILE),
            self.official,
            self.survey if self.opinions else None,
            tuple(self.opinions),
            tuple(self.group),
            tuple(self.facts.values()),
            (),
            tuple(lists),
            header=self.row,
            first=self.row + 1,
        )
