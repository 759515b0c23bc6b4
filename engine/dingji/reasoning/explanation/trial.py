"""Would it be so? What is lacking, made good with values that just suffice, and the case evaluated again by both evaluators."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import compress
from typing import Any

from dingji.errors import KnowledgeError
from dingji.inference.plan import Plan
from dingji.inference.prover import Evaluation
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.nodes import facts_of
from dingji.language.values import Records, Truth
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


def tried(about: Subject, lacks: tuple[Lack, ...], target: str, wanted: Any) -> Outcome | None:
    """The value of `target` if the lacks were made good, `wanted` if some such values give it; None where that can't be tried.

    It can't where a need is no matter of single values, or where it would make the case one of another kind (a scope fact).
    """
    before: list[dict[str, Any]] = []
    first: Evaluation | None = None
    for attempt in range(MOST_ATTEMPTS):
        changes = _changes(about, lacks, attempt)
        if changes is None or changes.keys() & _choosing(about.knowledge) or changes in before:
            break
        before.append(changes)
        evaluation = _proved(about, changes)
        if attempt == 0:
            first = evaluation
        if evaluation is not None and evaluation.facts.get(target) == wanted:
            return _outcome(about, changes, evaluation, target)
    return _outcome(about, before[0], first, target) if before and first is not None else None


def _proved(about: Subject, changes: dict[str, Any]) -> Evaluation | None:
    """The evaluation with other facts; None where the values are possible one by one, but not together."""
    try:
        return again(about.evaluation, changes, changes)
    except KnowledgeError:
        return None


def _choosing(knowledge: Knowledge) -> frozenset[str]:
    """The facts by which it is chosen what applies: with another value it would be another kind of case."""
    if "choosing" not in knowledge.plans:
        scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
        knowledge.plans["choosing"] = frozenset(knowledge.index).union(*map(facts_of, scopes))
    found: frozenset[str] = knowledge.plans["choosing"]
    return found


def _outcome(about: Subject, changes: dict[str, Any], evaluation: Evaluation, target: str) -> Outcome | None:
    plan = evaluation.plan
    if any(evaluation.truths[i] is False for i in plan.requirements):
        return None
    if plan.engine is not None:
        # one evaluator searches, both confirm what is shown
        truths = _tested(evaluation)
        fired = plan.engine.fire(_fields(about.evaluation, evaluation, truths))
        if set(fired) != set(compress(_names(plan), truths)):
            run(about.knowledge, {**about.case.facts(), **changes}, about.day)  # refuses, and says where they part
    value, scale = evaluation.facts.get(target), about.knowledge.scale_of(target)
    shown = shown_value(about.knowledge, target, value) if value is not None and is_known(value) else None
    reach = reachable(scale, value) if scale is not None and value is not None else ()
    return Outcome(shown, reach, {name: shown_value(about.knowledge, name, x) for name, x in changes.items()})


def _tested(evaluation: Evaluation) -> list[Truth]:
    """The truths of the rules that both evaluators must agree on."""
    return list(map(evaluation.truths.__getitem__, evaluation.plan.tested))


def _names(plan: Plan) -> list[str]:
    """The ids of those rules; kept with the plan."""
    if "tested" not in plan.memo:
        plan.memo["tested"] = [plan.rules[i].id for i in plan.tested]
    names: list[str] = plan.memo["tested"]
    return names


def _fields(base: Evaluation, evaluation: Evaluation, truths: list[Truth]) -> dict[str, Any]:
    """The fields of the rule engine; those of the case as it is are kept, and only what a change touches is encoded again."""
    encoder = base.plan.encoder
    if "fields" not in base.memo:
        base.memo["fields"] = encoder.fields(base.facts, _tested(base))
    return encoder.fields_since(base.memo["fields"], base.facts, evaluation.facts, truths)


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
