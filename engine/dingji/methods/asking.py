"""What to ask next: the unknown facts that can still change the determination, the most telling first.

First the facts on which it depends what applies at all, then those whose answer leaves the fewest grades (`Ranking`). A result
names them as `unknown`; an interview asks them one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dingji.cases.model import Case
from dingji.inference.prover import Evaluation
from dingji.language import nodes as n
from dingji.language.evaluate import compile_node
from dingji.language.nodes import facts_of
from dingji.methods import model as m
from dingji.methods.ranking import Candidate, Ranking
from dingji.methods.unsettled import grades_left, settled, target_of


def questions(evaluation: Evaluation, case: Case) -> tuple[m.Question, ...]:
    """The open questions of an undetermined case, best first, as its result names them.

    Where nobody knows what applies, and the case says so, the questions behind that one stand here as well.
    """
    found = candidates(evaluation)
    asked = [candidate.fact for candidate in found]
    if found and all(name in case.statements for name in asked) and found[0].kind == "scope":
        found += candidates(evaluation, asked)
    definitions = evaluation.plan.knowledge.facts
    return tuple(
        m.Question(c.fact, definitions[c.fact].label, definitions[c.fact].question or definitions[c.fact].label, c.kind, c.decides)
        for c in found
    )


def candidates(evaluation: Evaluation, skip: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """The facts worth asking for, best first, without those in `skip`; only scope facts while there are any."""
    if settled(evaluation):
        return ()
    passed = frozenset(skip)
    scope = [name for name in _scope_facts(evaluation) if name not in passed]
    now = grades_left(evaluation)
    if scope:
        return tuple(Candidate(name, "scope", now) for name in scope)
    if target_of(evaluation.plan) is None:
        return ()
    return Ranking(evaluation, passed).ranked()


def _scope_facts(evaluation: Evaluation) -> list[str]:
    """The unknown facts on which it depends what applies; first those on which most depends."""
    plan, facts = evaluation.plan, evaluation.facts
    knowledge = plan.knowledge
    counted = {c.instrument for c in plan.counted}
    scopes = [a.instrument.scope for a in plan.applied if a.truth is None and (not plan.covered or a.instrument.id in counted)]
    if not plan.covered:
        # one that asks whether a fact is known opens once somebody states it; an instrument that does so does not want to be asked for
        scopes += [_opened(r.when, facts) for r in knowledge.reconciliations.values()]
    votes: dict[str, int] = {}
    for scope in scopes:
        if compile_node(scope, knowledge.defaults)(facts) is None:
            for name in facts_of(scope):
                if name in knowledge.facts and facts.get(name) is None:
                    votes[name] = votes.get(name, 0) + 1
    order = list(knowledge.facts)
    return sorted(votes, key=lambda name: (-votes[name], order.index(name)))


def _opened(node: n.Node, facts: Mapping[str, Any]) -> n.Node:
    """`node` with `known(x)` taken for true where x may yet be stated: the rest of the condition says what x decides."""
    match node:
        case n.Call(function="known", arguments=(n.Fact(name=name),)) if facts.get(name) is None:
            return n.Literal(True, "true")
        case n.Not(operand=x):
            return n.Not(_opened(x, facts))
        case n.And(operands=xs):
            return n.And(tuple(_opened(x, facts) for x in xs))
        case n.Or(operands=xs):
            return n.Or(tuple(_opened(x, facts) for x in xs))
    return node
