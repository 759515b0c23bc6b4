"""Would it be so? What is lacking, made good with values that just suffice, and the case evaluated again by both evaluators."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from dingji.errors import KnowledgeError
from dingji.inference.prover import Evaluation
from dingji.inference.run import Run, confirm
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.nodes import facts_of
from dingji.language.values import Records
from dingji.methods.findings import reachable
from dingji.methods.proof import shown_value
from dingji.reasoning.explanation.lacks import Lack, Test, meets
from dingji.reasoning.explanation.why import Subject
from dingji.reasoning.variation.propagation import again
from dingji.records import Record, replace

MOST_ATTEMPTS = 3
"""So many values are tried where any of several choices would do."""
_STEP = Decimal("0.001")


class Outcome(Record, frozen=True):
    """What a fact would be with other values: its value as text, and for a grade those that would be possible."""

    value: str | None
    reachable: tuple[str, ...]
    changed: dict[str, str]


class Trials:
    """What is tried on one case. Each trial starts from the one before it that differs least: many change the same facts."""

    def __init__(self, about: Subject) -> None:
        self.about = about
        self._made: list[tuple[dict[str, Any], Run]] = [({}, about.run)]
        self._known: dict[frozenset[Any], Outcome | None] = {}

    def outcome(self, lacks: tuple[Lack, ...], target: str, wanted: Any) -> Outcome | None:
        """The value of `target` if the lacks were made good, `wanted` if some such values give it; None where that can't be tried.

        It can't where nothing is lacking, where a need is no matter of single values, or where it would make the case one of
        another kind (a scope fact). The same lacks are tried once.
        """
        key = frozenset(lack.key for lack in lacks)
        if key and key not in self._known:
            self._known[key] = self._tried(lacks, target, wanted)
        return self._known.get(key)

    def _tried(self, lacks: tuple[Lack, ...], target: str, wanted: Any) -> Outcome | None:
        before: list[dict[str, Any]] = []
        first: Evaluation | None = None
        for attempt in range(MOST_ATTEMPTS):
            changes = _changes(self.about, lacks, attempt)
            if changes is None or changes.keys() & _choosing(self.about.knowledge) or changes in before:
                break
            before.append(changes)
            evaluation = self._proved(changes)
            if attempt == 0:
                first = evaluation
            if evaluation is not None and evaluation.facts.get(target) == wanted:
                return self._confirmed(changes, evaluation, target)
        return self._confirmed(before[0], first, target) if before and first is not None else None

    def _nearest(self, changes: dict[str, Any]) -> tuple[list[str], Run]:
        """The run that differs least from the case with some changes, and the facts in which it differs."""
        found = [([f for f in made.keys() | changes.keys() if made.get(f) != changes.get(f)], run) for made, run in self._made]
        return min(found, key=lambda one: len(one[0]))

    def _proved(self, changes: dict[str, Any]) -> Evaluation | None:
        """The evaluation with other facts; None where the values are possible one by one, but not together."""
        differs, run = self._nearest(changes)
        stated = self.about.evaluation.facts
        try:
            return again(run.evaluation, {name: changes.get(name, stated.get(name)) for name in differs}, differs)
        except KnowledgeError:
            return None

    def _confirmed(self, changes: dict[str, Any], evaluation: Evaluation, target: str) -> Outcome | None:
        if any(evaluation.truths[i] is False for i in evaluation.plan.requirements):
            return None
        # one evaluator searches, both confirm what is shown
        self._made.append((changes, confirm(self._nearest(changes)[1], evaluation)))
        knowledge = self.about.knowledge
        value, scale = evaluation.facts.get(target), knowledge.scale_of(target)
        shown = shown_value(knowledge, target, value) if value is not None and is_known(value) else None
        reach = reachable(scale, value) if scale is not None and value is not None else ()
        return Outcome(shown, reach, {name: shown_value(knowledge, name, x) for name, x in changes.items()})


def _choosing(knowledge: Knowledge) -> frozenset[str]:
    """The facts by which it is chosen what applies: with another value it would be another kind of case."""
    if "choosing" not in knowledge.plans:
        scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
        knowledge.plans["choosing"] = frozenset(knowledge.index).union(*map(facts_of, scopes))
    found: frozenset[str] = knowledge.plans["choosing"]
    return found


def _changes(about: Subject, lacks: tuple[Lack, ...], attempt: int) -> dict[str, Any] | None:
    """Values that make good what is lacking; where several suffice, another one with each attempt."""
    tests: dict[tuple[str, int, str], list[Test]] = {}
    places = Counter[str]()
    for lack in lacks:
        if lack.fields and not lack.item:
            # a new item for each lack: numbered from behind
            places[lack.list] -= 1
        for part in lack.fields or (lack,):
            if not part.fact or part.goal is not None or part.impossible or part.fields or any(op == "known" for op, _ in part.tests):
                return None
            number = places[lack.list] if lack.fields else part.item
            tests.setdefault((part.list, number, part.fact), []).extend(part.tests)
    changes: dict[str, Any] = {}
    items: dict[str, dict[int, dict[str, Any]]] = {}
    facts = about.evaluation.facts
    for (records, number, name), wanted in tests.items():
        definition: Any = about.knowledge.facts.get(records or name)
        target = changes
        here = facts
        if records:
            stated = facts.get(records) or Records(())
            rows = items.setdefault(records, {place: dict(row) for place, row in enumerate(stated.items, 1)})
            here = target = rows.setdefault(number, {})
            definition = next(f for f in definition.fields if f.name == name)
        value = None if definition is None else witness(definition.type, tuple(wanted), here.get(name), attempt)
        if value is None:
            return None
        target[name] = value
    for records, rows in items.items():
        stated = facts.get(records) or Records(())
        changes[records] = replace(stated, items=tuple(rows.values()))
    return changes


def witness(kind: t.Type, tests: tuple[Test, ...], here: Any, attempt: int = 0) -> Any:
    """A value that meets all tests, for a number the nearest to what the case has; None if there is none."""
    fitting = [x for x in _candidates(kind, tests) if meets(tests, x) and (not isinstance(kind, t.Number) or kind.admits(x))]
    if isinstance(kind, t.Number):
        if is_known(here):
            fitting.sort(key=lambda x: abs(x - here))
        return fitting[0] if fitting else None
    return fitting[attempt % len(fitting)] if fitting else None


def _candidates(kind: t.Type, tests: tuple[Test, ...]) -> Iterator[Any]:
    match kind:
        case t.Bool():
            yield from (True, False)
            return
        case t.Enum(values=values):
            yield from values
            return
        case t.Scale(grades=grades):
            yield from range(len(grades))
            return
    for _, constant in tests:
        for c in constant if isinstance(constant, tuple) else (constant,):
            yield c
            if isinstance(kind, t.Date):
                yield from (c + dt.timedelta(days=1), c - dt.timedelta(days=1))
            elif isinstance(kind, t.Number):
                floor = int(c // 1)
                yield from (floor, floor + 1, floor - 1) if kind.integer else (c + _STEP, c - _STEP)
