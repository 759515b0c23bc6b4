"""What a rule needs, fact by fact: the value that the case has, the value that it would take, and who stated it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dingji.knowledge import model as k
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.nodes import facts_of
from dingji.language.values import Records
from dingji.methods import model as m
from dingji.methods.proof import shown_value
from dingji.records import Record

if TYPE_CHECKING:
    from dingji.reasoning.explanation.lacks import Lack
    from dingji.reasoning.explanation.why import Proofs, Subject


class Need(Record, frozen=True):
    """One thing that would have to be otherwise, or to be known.

    A simple need names the fact (with `list` and `item`, a field of an item) and the `tests` that its value is to meet: operator
    and values, as text. Otherwise `source` is the condition that is to have the truth `wanted`. `truth` is what it has now: false,
    or null for unknown. `distance` is how far a number is from the threshold. `derived`: rules write the fact. `possible` is
    false where no rule that applies can give such a value.
    """

    fact: str
    label: k.Words
    list: str
    item: int
    tests: tuple[tuple[str, tuple[str, ...]], ...]
    source: str
    wanted: bool
    truth: bool | None
    value: str | None
    distance: str | None
    derived: bool
    possible: bool
    said: m.Provenance | None


class Needs:
    """Turns shortfalls into needs."""

    def __init__(self, about: Subject, proofs: Proofs) -> None:
        self.about, self.proofs = about, proofs
        self.knowledge, self.facts = about.knowledge, about.evaluation.facts
        self._told: dict[int, tuple[Lack, Need]] = {}

    def need(self, lack: Lack) -> Need:
        """One need; what many routes lack is told once."""
        told = self._told.get(id(lack))
        if told is None:
            told = self._told[id(lack)] = lack, self._need(lack)
        return told[1]

    def _need(self, lack: Lack) -> Need:
        definition = self._definition(lack)
        said = None
        if lack.goal is None and (name := lack.list or lack.fact or (lack.facts[0] if len(lack.facts) == 1 else "")):
            said = self.proofs.stated(name).provenance
        return Need(
            fact=lack.fact,
            label=definition.label if definition is not None else self.proofs.label(lack.fact),
            list=lack.list,
            item=lack.item,
            tests=tuple(self._test(lack, definition, op, constant) for op, constant in lack.tests),
            source="" if lack.fact else lack.source,
            wanted=lack.wanted,
            truth=lack.truth,
            value=None if lack.value is None else self._shown(lack, definition, lack.value),
            distance=self._distance(lack),
            derived=lack.goal is not None,
            possible=not lack.impossible,
            said=said,
        )

    def _definition(self, lack: Lack) -> k.FactDefinition | k.FieldDefinition | None:
        if lack.list and lack.fact:
            return next((f for f in self.knowledge.facts[lack.list].fields if f.name == lack.fact), None)
        return self.knowledge.facts.get(lack.fact)

    def _shown(self, lack: Lack, definition: k.FactDefinition | k.FieldDefinition | None, value: Any) -> str:
        if definition is not None and isinstance(definition.type, t.Scale) and isinstance(value, int):
            return definition.type.grade(value)
        return shown_value(self.knowledge, "" if lack.list else lack.fact, value)

    def _test(
        self, lack: Lack, definition: k.FactDefinition | k.FieldDefinition | None, op: str, constant: Any
    ) -> tuple[str, tuple[str, ...]]:
        if op == "known":
            return op, ()
        constants = constant if isinstance(constant, tuple) else (constant,)
        if definition is not None and isinstance(definition.type, t.Number) and definition.type.integer:
            op, constants = _whole(op, constants)
        return op, tuple(self._shown(lack, definition, c) for c in constants)

    def _distance(self, lack: Lack) -> str | None:
        """How far a known number is from the furthest threshold that it does not meet."""
        if len(lack.tests) != 1 or not is_known(lack.value) or isinstance(lack.value, bool | str | tuple | dt.date):
            return None
        ((op, constant),) = lack.tests
        definition = self._definition(lack)
        if lack.fact and (definition is None or not isinstance(definition.type, t.Number)):
            return None
        if isinstance(constant, bool | str | tuple | dt.date) or constant is None or op == "!=":
            return None
        # on the threshold itself: the operator tells it
        return shown_value(self.knowledge, "", abs(constant - lack.value)) if constant != lack.value else None

    def scope_facts(self, instrument: str | None) -> list[str]:
        """The unknown facts on which it depends whether an instrument (or the reconciliation) applies at all."""
        plan = self.about.evaluation.plan
        if instrument is None:
            scopes = [] if plan.covered or plan.reconciliation is None else [plan.reconciliation.when]
            scopes += [a.instrument.scope for a in plan.applied if a.truth is None and a.instrument.decides]
        else:
            scopes = [a.instrument.scope for a in plan.applied if a.instrument.id == instrument and a.truth is None]
        return [name for scope in scopes for name in sorted(facts_of(scope)) if self.facts.get(name) is None]

    def is_open(self, name: str) -> bool:
        """Is it a fact that someone could state, and nobody has in full?"""
        definition = self.knowledge.facts.get(name)
        if definition is None or definition.nature == "derived":
            return False
        value = self.facts.get(name)
        if isinstance(value, Records):
            return not value.complete or any(not is_known(item.get(f.name)) for item in value.items for f in definition.fields)
        return not is_known(value)


def _whole(op: str, constants: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """A bound on a whole number, as whole numbers: above 2.25 is at least 3."""
    if op not in ("<", "<=", ">", ">=") or not isinstance(constants[0], Decimal) or constants[0] == constants[0].to_integral_value():
        return op, constants
    floor = int(constants[0] // 1)
    return ("<=", (floor,)) if op in ("<", "<=") else (">=", (floor + 1,))
