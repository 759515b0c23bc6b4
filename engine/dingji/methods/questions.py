"""What to ask next: the unknown facts that can still change the determination, the most telling first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from dingji.inference.plan import Plan
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import FactDefinition
from dingji.language import types as t
from dingji.language.evaluate import is_known
from dingji.language.nodes import facts_of
from dingji.language.values import Records
from dingji.methods import model as m
from dingji.methods.findings import reachable
from dingji.methods.grounds import grounds

MOST_CANDIDATES = 40
MOST_SAMPLES = 12


def questions(evaluation: Evaluation) -> tuple[m.Question, ...]:
    """The open questions of an undetermined case, best first: the one whose answer leaves the fewest grades on average.

    Each unknown fact behind the determination is tried with every value that can make a difference (true and false, each
    choice, each side of every threshold that a rule compares it with), and the case is proved again.
    """
    plan = evaluation.plan
    target = plan.reconciliation.decides if plan.reconciliation else None
    if target is None or (plan.covered and is_known(evaluation.facts.get(target))):
        return ()
    scale = plan.knowledge.scale_of(target)
    assert scale is not None, "checked by the loader"
    now = reachable(scale, evaluation.facts.get(target))
    scope = _scope_facts(evaluation)
    ranked: list[tuple[float, bool, str, tuple[str, ...]]] = []
    for name in _candidates(evaluation, target):
        definition = plan.knowledge.facts[name]
        outcomes = [_grades(plan, evaluation, name, value, target) for value in _samples(definition, plan)]
        decides = tuple(g for g in now if any((g in o) != (g in outcomes[0]) for o in outcomes)) if outcomes else ()
        # a fact that can't be sampled (a list, a date) may decide anything, but ranks behind those that are known to
        expected = sum(map(len, outcomes)) / len(outcomes) if outcomes else float(len(now))
        if decides or not outcomes:
            ranked.append((expected, not outcomes, name, decides or now))
    ranked.sort()
    found = [(name, now) for name in scope] + [(name, decides) for _, _, name, decides in ranked if name not in scope]
    return tuple(_question(plan.knowledge.facts[name], decides) for name, decides in found)


def _scope_facts(evaluation: Evaluation) -> list[str]:
    """The unknown facts on which it depends what applies at all: they come before every other question."""
    plan, facts = evaluation.plan, evaluation.facts
    open_scopes = [a.instrument.scope for a in plan.applied if a.truth is None and a.instrument.decides]
    if plan.reconciliation is not None and not plan.covered:
        open_scopes.insert(0, plan.reconciliation.when)
    names = dict.fromkeys(name for scope in open_scopes for name in sorted(facts_of(scope)))
    return [name for name in names if facts.get(name) is None]


def _question(definition: FactDefinition, decides: tuple[str, ...]) -> m.Question:
    return m.Question(definition.name, definition.label, definition.question or definition.label, decides)


def _candidates(evaluation: Evaluation, target: str) -> list[str]:
    definitions = evaluation.plan.knowledge.facts
    unknown = [
        name
        for name in grounds(evaluation, target).facts
        if name in definitions and definitions[name].nature != "derived" and _open(definitions[name], evaluation.facts.get(name))
    ]
    return unknown[:MOST_CANDIDATES]


def _open(definition: FactDefinition, value: Any) -> bool:
    """Is the fact unknown, or a list of which an item, or a field of an item, is?"""
    if not isinstance(value, Records):
        return not is_known(value)
    return not value.complete or any(not is_known(item.get(f.name)) for item in value.items for f in definition.fields)


def _samples(definition: FactDefinition, plan: Plan) -> list[Any]:
    kind = definition.type
    if isinstance(kind, t.Bool):
        return [True, False]
    if isinstance(kind, t.Enum):
        return list(kind.values)
    if not isinstance(kind, t.Number):
        return []
    edges = sorted(plan.encoder.constants_of(definition.name))
    values = set(edges)
    for a, b in pairwise(edges):
        values.add((a + b) // 2 if kind.integer else (a + b) / 2)
    if edges:
        values |= {edges[0] - 1, edges[-1] + 1}
    values |= {bound for bound in (kind.low, kind.high) if bound is not None}
    inside = [v for v in sorted(values) if (kind.low is None or v >= kind.low) and (kind.high is None or v <= kind.high)]
    return inside[:: max(1, -(-len(inside) // MOST_SAMPLES))]


def _grades(plan: Plan, evaluation: Evaluation, name: str, value: Any, target: str) -> tuple[str, ...]:
    stated = {f: v for f, v in evaluation.facts.items() if f not in evaluation.outcomes}
    again = prove(plan, {**stated, name: value})
    scale = plan.knowledge.scale_of(target)
    assert scale is not None, "checked by the loader"
    return reachable(scale, again.facts.get(target))
