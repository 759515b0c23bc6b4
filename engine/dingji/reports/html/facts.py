"""The stated facts that a proof rests on: value, who states it, and on what evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dingji.knowledge.model import FactDefinition
from dingji.language import types as t
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.values import Speech

FEW = 2
"""So many items of a list stand in a line of text; more stand in a table."""


class ItemsView(Record, frozen=True):
    """The items of a list fact: the labels of the fields that any of them has, and their values."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class StatedView(Record, frozen=True):
    """A stated fact. `decisive`: the grade turns on this judgement. `items` of a long list stand beside its `value`."""

    id: str
    label: str
    value: str
    by: str
    on: str
    evidence: str
    rests_on: str
    note: str
    decisive: bool
    items: ItemsView | None


class FactGroup(Record, frozen=True):
    """The facts of one nature."""

    heading: str
    facts: tuple[StatedView, ...]


def stated_facts(result: m.Result, speech: Speech) -> tuple[FactGroup, ...]:
    """What people judged, those judgements first on which the grade turns; then what was seen or measured."""
    found = result.determination
    decisive = {j.fact for j in found.judged} if found else set()
    groups: dict[str, list[StatedView]] = {"judged": [], "observed": []}
    for proof, said in _stated(result.proof):
        groups["judged" if said.nature == "judged" else "observed"].append(_view(proof, said, decisive, speech))
    groups["judged"].sort(key=lambda fact: not fact.decisive)
    return tuple(FactGroup(speech.words.choice("nature", nature), tuple(facts)) for nature, facts in groups.items() if facts)


def _stated(proof: tuple[m.FactProof, ...]) -> Iterator[tuple[m.FactProof, m.Provenance]]:
    for part in proof:
        if part.provenance is not None:
            yield part, part.provenance
        yield from _stated(part.facts)


def _view(proof: m.FactProof, said: m.Provenance, decisive: set[str], speech: Speech) -> StatedView:
    words = speech.words
    return StatedView(
        id=proof.fact,
        label=speech.text(proof.label),
        value=speech.fact(proof.fact, proof.value),
        by=said.asserted_by,
        on=speech.date(said.asserted_on) if said.asserted_on else "",
        evidence=words("list.semicolon").join(said.evidence),
        rests_on=words("list.comma").join(map(speech.label, said.rests_on)),
        note=said.note,
        decisive=proof.fact in decisive,
        items=_items(proof, speech),
    )


def _items(proof: m.FactProof, speech: Speech) -> ItemsView | None:
    """The table of a long list, which a proof writes as `[kind x, voltage_kv 500; ...]`."""
    definition = speech.knowledge.facts.get(proof.fact)
    if definition is None or not isinstance(definition.type, t.Records) or not proof.value:
        return None
    body, _, more = proof.value.rpartition("]")
    items = [_fields(definition, item) for item in body.removeprefix("[").split("; ")]
    if len(items) <= FEW or more:
        return None  # short, or perhaps not all: the text says so
    shown = [field for field in definition.fields if any(field.name in item for item in items)]
    rows = [
        tuple(speech.value(field, _raw(field.type, item.get(field.name, ""))) if field.name in item else "" for field in shown)
        for item in items
    ]
    return ItemsView(tuple(speech.text(field.label) for field in shown), tuple(rows))


def _fields(definition: FactDefinition, item: str) -> dict[str, str]:
    """The fields of an item; a comma parts two of them only before the name of a field."""
    names = "|".join(re.escape(field.name) for field in definition.fields)
    parts = re.split(rf"(?:^|, )(?=(?:{names}) )", item)
    return {name: value for name, _, value in (part.partition(" ") for part in parts if part)}


def _raw(kind: t.Type, value: str) -> str:
    return value.lower() if isinstance(kind, t.Bool) else value
