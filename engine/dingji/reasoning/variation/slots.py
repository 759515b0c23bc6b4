"""What of a case can be changed by itself, and the facts after some changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dingji.knowledge.model import FactDefinition
from dingji.language.types import Number, Type
from dingji.language.values import Records, between
from dingji.records import Record

DROPPED = "dropped"
"""The value of an item that is taken off its list."""


class Slot(Record, frozen=True, order=True):
    """A fact, a field of an item of a list (items count from 0), or an item itself (no field: it can be dropped)."""

    fact: str
    item: int = -1
    field: str = ""

    def clashes(self, other: Slot) -> bool:
        """Is one of them an item that the other changes a field of?"""
        return self.item >= 0 and (self.fact, self.item) == (other.fact, other.item) and (not self.field or not other.field)

    def value(self, facts: Mapping[str, Any]) -> Any:
        """The value now; of an item, the item."""
        value: Any = facts.get(self.fact)
        if self.item < 0:
            return value
        item = value.items[self.item]
        return item.get(self.field) if self.field else item

    def type(self, definition: FactDefinition) -> Type | None:
        """The type of the values; None for an item."""
        if self.item < 0:
            return definition.type
        return next((f.type for f in definition.fields if f.name == self.field), None)


class Change(NamedTuple):
    """A slot and its new value."""

    slot: Slot
    value: Any


def changed(facts: Mapping[str, Any], changes: Iterable[Change], freed: Iterable[Slot], definitions: Mapping[str, FactDefinition]) -> Any:
    """The facts after some changes, with the slots of `freed` unknown: what holds of them holds whatever those slots become."""
    result = dict(facts)
    lists: dict[str, list[tuple[Slot, Any, bool]]] = {}
    for slot, value, known in [*((s, v, True) for s, v in changes), *((s, None, False) for s in freed)]:
        if slot.item >= 0:
            lists.setdefault(slot.fact, []).append((slot, value, known))
        elif known:
            result[slot.fact] = value
        else:
            result.pop(slot.fact, None)
    for name, edits in lists.items():
        if isinstance(result.get(name), Records):
            result[name] = _edited(result[name], edits, definitions[name])
    return result


def _edited(records: Records, edits: list[tuple[Slot, Any, bool]], definition: FactDefinition) -> Records:
    items: list[dict[str, Any] | None] = [*records.items]
    complete = records.complete
    for slot, value, known in sorted(edits, key=lambda edit: not edit[0].field):  # fields first, then what leaves
        if not slot.field:
            # an item that may or may not be there: the list may have more than it says
            items[slot.item], complete = None, complete and known
            continue
        item = dict(items[slot.item] or {})
        if known:
            item[slot.field] = value
        else:
            kind = slot.type(definition)
            bounds = between(kind.low, kind.high) if isinstance(kind, Number) else None
            item.pop(slot.field, None)
            if bounds is not None:
                item[slot.field] = bounds
        items[slot.item] = item
    return Records(tuple(item for item in items if item is not None), complete)
