"""A knowledge base as a decision on its texts has it: an edition, whether a text applies, how a condition is read, whose findings stand."""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Iterable
from typing import Any, Literal

from dingji.errors import KnowledgeError, Problem, nearest
from dingji.knowledge.model import InForce, Knowledge
from dingji.language.nodes import Literal as Constant
from dingji.records import Record, replace

ChoiceKind = Literal["profile", "edition", "applies", "not_applicable", "met", "not_met", "findings"]


class Choice(Record, frozen=True):
    """One decision on the texts: `names` are the profile, instrument, crosswalk or rule that it is about.

    Of `findings` they are the instruments whose findings stand, or one method.
    """

    kind: ChoiceKind
    names: tuple[str, ...]


def chosen(knowledge: Knowledge, choices: Iterable[Choice]) -> Knowledge:
    """The knowledge base under some decisions, taken in their order. Raises KnowledgeError for a profile or edition it does not have."""
    for choice in choices:
        knowledge = _under(knowledge, choice)
    return knowledge


def _under(knowledge: Knowledge, choice: Choice) -> Knowledge:
    if choice.kind == "findings":
        left_out = tuple(name for name in knowledge.instruments if not stands(knowledge, name, choice.names))
        counted = {name: replace(r, omits=tuple({*r.omits, *left_out})) for name, r in knowledge.reconciliations.items()}
        return dataclasses.replace(knowledge, reconciliations=counted, plans={})
    (name,) = choice.names
    match choice.kind:
        case "profile":
            from dingji.knowledge import with_profile

            return with_profile(knowledge, name)
        case "edition":
            return _edition(knowledge, name)
        case "applies":
            return _applies(knowledge, name)
        case "not_applicable":
            instruments = {x: found for x, found in knowledge.instruments.items() if x != name}
            crosswalks = {x: found for x, found in knowledge.crosswalks.items() if x != name}
            return dataclasses.replace(knowledge, instruments=instruments, crosswalks=crosswalks, plans={})
        case "met" | "not_met":
            return _read(knowledge, name, choice.kind == "met")


def _edition(knowledge: Knowledge, name: str) -> Knowledge:
    if name not in knowledge.instruments:
        hint = nearest(name, knowledge.instruments)
        raise KnowledgeError([Problem("edition", 0, 0, "K021", f"unknown instrument {name!r}", hint)])
    others = [e.id for e in knowledge.editions(knowledge.instruments[name]) if e.id != name]
    kept = {x: found for x, found in knowledge.instruments.items() if x not in others}
    kept[name] = replace(kept[name], in_force=InForce())
    return dataclasses.replace(knowledge, instruments=kept, plans={})


def _applies(knowledge: Knowledge, name: str) -> Knowledge:
    if name not in knowledge.instruments:
        return knowledge  # another edition was found to apply in its place
    forced = replace(knowledge.instruments[name], scope=Constant(True, "true"), in_force=InForce())
    return dataclasses.replace(knowledge, instruments={**knowledge.instruments, name: forced}, plans={})


def _read(knowledge: Knowledge, name: str, met: bool) -> Knowledge:
    if name not in knowledge.rules:
        return knowledge  # it is a rule of a profile that was not chosen, or one that a profile has replaced
    read = replace(knowledge.rules[name], when=None if met else Constant(False, "false"))
    rules: Any = ChainMap({name: read}, knowledge.rules)  # type: ignore[arg-type]
    return dataclasses.replace(knowledge, rules=rules, plans={})


def stands(knowledge: Knowledge, instrument: str, findings: tuple[str, ...]) -> bool:
    """Does the finding of an instrument count, where only those named (instruments, or a method) do?"""
    return not findings or instrument in findings or knowledge.instruments[instrument].method in findings
