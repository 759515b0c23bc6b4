"""Columns as mapping files and headers make them: with every text that is understood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dingji.knowledge.model import FactDefinition, FieldDefinition, Knowledge, Place, Words
from dingji.language import types as t
from dingji.records import replace
from dingji.tables.model import AS_OF, CASE, PROFILE, TITLE, Column
from dingji.tables.words import UNKNOWN, labelled, understood

Choices = tuple[tuple[str, Words], ...]


def fact_column(
    knowledge: Knowledge, header: str, definition: FactDefinition | FieldDefinition, of: str = "", place: Place | None = None
) -> Column:
    """The column of a fact, or of a field of the list fact `of`."""
    name = f"{of}.{definition.name}" if of else definition.name
    known = understood(definition.type, labelled(definition, knowledge))
    return Column(header, name, definition.type, known, UNKNOWN, place=place)


def chosen_column(header: str, name: str, choices: Choices, place: Place | None = None) -> Column:
    """A column that holds one of some ids, or their labels."""
    kind = t.Enum(tuple(id for id, _ in choices))
    return Column(header, name, kind, understood(kind, choices), UNKNOWN, place=place)


def text_column(header: str, name: str, place: Place | None = None) -> Column:
    """A column of free text."""
    return Column(header, name, t.Text(), unknown=frozenset() if name == CASE else UNKNOWN, place=place)


def grades(knowledge: Knowledge, scale: str) -> Choices:
    """The grades that an authority may give: those of a scale that say more than that nothing was found."""
    return tuple((g.id, g.label) for g in knowledge.scales[scale].grades if not g.silent)


def opinion_column(knowledge: Knowledge, header: str, scale: str, place: Place | None = None) -> Column:
    """The column with the grades that an expert gave."""
    return chosen_column(header, "opinion", tuple((g.id, g.label) for g in knowledge.scales[scale].grades), place)


def profiles(knowledge: Knowledge) -> Choices:
    """The profiles of a knowledge base."""
    return tuple((p.id, p.title) for p in knowledge.profiles.values())


def case_column(knowledge: Knowledge, header: str, name: str, place: Place | None = None) -> Column:
    """The column of a key of the case: `case`, `title`, `as_of` or `profile`."""
    if name == AS_OF:
        return Column(header, name, t.Date(), unknown=UNKNOWN, place=place)
    if name == PROFILE:
        return chosen_column(header, name, profiles(knowledge), place)
    assert name in (CASE, TITLE)
    return text_column(header, name, place)


def with_words(column: Column, values: dict[str, Any], unknown: Iterable[str]) -> Column:
    """A column that understands more words. A text with a value is not one of those that nobody knows."""
    new = frozenset(unknown)
    known = {text: value for text, value in column.values.items() if text not in new}
    return replace(column, values={**known, **values}, unknown=column.unknown | new)
