"""What is compiled once and used for every case of a kind: the rules in scope, in order, ready for both evaluators.

A plan belongs to the instruments that apply and to the values of the index facts: the enum facts (subject, sector,
discipline, ...) by which instruments and list items choose their cases. Rules that these facts alone make false are left
out, so the cost of a case follows the rules that concern it, not the size of the knowledge base.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from itertools import groupby
from typing import Any, NamedTuple

from dingji.inference.conditions import Encoder
from dingji.inference.policies import Outcome
from dingji.knowledge import model as m
from dingji.language import nodes as n
from dingji.language.evaluate import Evaluator, compile_node
from dingji.language.values import Truth
from dingji.records import Draft, Record, field, replace

MOST_PLANS = 64
"""Plans kept per knowledge base; the oldest goes first."""
MOST_KEYS = 4096
"""Days and index facts that are remembered with their plan."""


class Applied(Record, frozen=True):
    """An instrument that applies to a case. `truth` None: it depends on a fact or day that is not known."""

    instrument: m.Instrument
    truth: Truth


class Entry(NamedTuple):
    """One rule of a step: its position in `Plan.rules`, what it concludes, and how its truth is found.

    `first` is false where an earlier step has evaluated the rule.
    """

    position: int
    value: Any
    evaluator: Evaluator
    first: bool


class Step(Record, frozen=True):
    """One decision, compiled."""

    decision: m.Decision
    entries: tuple[Entry, ...]
    blocks: tuple[tuple[frozenset[str], tuple[Entry, ...]], ...]
    """The entries again, neighbours together that need an item of the same list facts (`lists_needed`) to be anything but false."""
    nothing: Outcome
    """The outcome when every rule is false."""
    certain: bool
    """Does the instrument surely apply? If not, what its rules conclude is only possible."""
    formula: Evaluator | None = None
    overrides: tuple[tuple[int, int], ...] = ()
    combines: str | None = None
    """How this value joins one that another instrument wrote before: worst or best."""


class Counted(Record, frozen=True):
    """A finding as the reconciliation reads it: on the determination's scale, through a crosswalk if need be."""

    instrument: str
    fact: str
    certain: bool


class Plan(Draft):
    """The rules in scope and the steps in order. `flags` and `duties` are positions of rules."""

    knowledge: m.Knowledge
    applied: tuple[Applied, ...]
    reconciliation: m.Reconciliation | None
    covered: bool
    """Does the reconciliation surely cover the case? If not, its determination stays open."""
    counted: tuple[Counted, ...]
    rules: tuple[m.Rule, ...]
    evaluators: tuple[Evaluator, ...]
    steps: tuple[Step, ...]
    flags: tuple[int, ...]
    duties: tuple[int, ...]
    requirements: tuple[int, ...]
    """Positions of what the input must satisfy."""
    tested: tuple[int, ...]
    """Positions of the rules with a condition: what both evaluators must agree on."""
    encoder: Encoder
    settling: int = -1
    """Position of the reconciliation's rule."""
    engine: Any = None
    """The compiled rulesets of the rule engine, once built."""
    memo: dict[Any, Any] = field(default_factory=dict)
    """What later layers work out once per plan."""


def choose(knowledge: m.Knowledge, facts: dict[str, Any], as_of: dt.date) -> tuple[Applied, ...]:
    """The instruments in force on `as_of` whose scope the facts meet, or may meet."""
    chosen = []
    asked = facts.get(knowledge.surveyed.get("scale", ""))
    for instrument in knowledge.instruments.values():
        if instrument.surveys and asked not in instrument.surveys:
            continue
        in_force = instrument.in_force.covers(as_of)
        if in_force is False:
            continue
        in_scope = _scope(knowledge, instrument.id, instrument.scope)(facts)
        if in_scope is not False:
            chosen.append(Applied(instrument, None if in_force is None or in_scope is None else True))
    return tuple(chosen)


def reconciliation_for(knowledge: m.Knowledge, facts: dict[str, Any]) -> tuple[m.Reconciliation | None, bool]:
    """The reconciliation that covers the case, and whether it surely does; (None, False) if none may."""
    possible = None
    for item in knowledge.reconciliations.values():
        truth = _scope(knowledge, item.id, item.when)(facts)
        if truth is True:
            return item, True
        if truth is None and possible is None:
            possible = item
    return possible, False


def _scope(knowledge: m.Knowledge, name: str, node: n.Node) -> Evaluator:
    key = ("scope", name)
    if key not in knowledge.plans:
        knowledge.plans[key] = compile_node(node, knowledge.defaults)
    evaluator: Evaluator = knowledge.plans[key]
    return evaluator


def plan_for(knowledge: m.Knowledge, facts: dict[str, Any], as_of: dt.date) -> Plan:
    """The plan of a case, from the knowledge base's store of plans or newly compiled."""
    names = knowledge.index
    asked = facts.get(knowledge.surveyed.get("scale", ""))
    shortcut = ("case", as_of, asked, tuple([facts.get(name) for name in names])) if _scopes_are_indexed(knowledge) else None
    if shortcut in knowledge.plans:
        known: Plan = knowledge.plans[shortcut]
        return known
    applied = choose(knowledge, facts, as_of)
    reconciliation, covered = reconciliation_for(knowledge, facts)
    index = {name: facts[name] for name in names if facts.get(name) is not None}
    key = (
        "plan",
        tuple((a.instrument.id, a.truth) for a in applied),
        None if reconciliation is None else (reconciliation.id, covered),
        tuple(index.items()),
    )
    plan = knowledge.plans.get(key)
    if plan is None:
        _make_room(knowledge.plans)
        plan = knowledge.plans[key] = _compile(knowledge, applied, (reconciliation, covered), index)
    if shortcut is not None:
        if len(knowledge.plans) > MOST_KEYS:
            for old in [k for k in knowledge.plans if k[0] == "case"]:
                del knowledge.plans[old]
        knowledge.plans[shortcut] = plan
    found: Plan = plan
    return found


def _make_room(plans: dict[Any, Any]) -> None:
    """Drop the oldest plan when there are many; a compiled ruleset takes about a megabyte."""
    kept = [key for key in plans if key[0] == "plan"]
    if len(kept) >= MOST_PLANS:
        oldest = plans[kept[0]]
        for key in [key for key, plan in plans.items() if plan is oldest]:
            del plans[key]


def _scopes_are_indexed(knowledge: m.Knowledge) -> bool:
    """Do the index facts and the day alone say which instruments apply?"""
    if "indexed" not in knowledge.plans:
        scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
        knowledge.plans["indexed"] = all(n.facts_of(scope) <= set(knowledge.index) for scope in scopes)
    indexed: bool = knowledge.plans["indexed"]
    return indexed


def _compile(
    knowledge: m.Knowledge,
    applied: tuple[Applied, ...],
    coverage: tuple[m.Reconciliation | None, bool],
    index: Mapping[str, Any],
) -> Plan:
    reconciliation, covered = coverage
    owners = {a.instrument.id for a in applied}
    doubtful = {a.instrument.id for a in applied if not a.truth}
    known = dict(index)
    rules: dict[str, m.Rule] = {}
    closures: dict[str, Evaluator] = {}

    def admit(rule: m.Rule) -> bool:
        # only a rule that reads an index fact can be false by the index facts alone
        closure, reads = _compiled(knowledge, rule)
        if not known.keys().isdisjoint(reads) and _excluded(knowledge, rule, {name: known[name] for name in known if name in reads}):
            return False
        rules[rule.id] = rule
        closures[rule.id] = closure
        return True

    decisions: list[m.Decision] = []
    counted: tuple[Counted, ...] = ()
    for decision in knowledge.decisions:
        if decision.policy == "reconcile":
            if reconciliation is not None and decision.owner == reconciliation.id:
                bridges, counted = _bridges(knowledge, applied, reconciliation)
                for bridge, rows in bridges:
                    decisions.append(replace(bridge, rules=tuple(row.id for row in rows if admit(row))))
                decisions.append(replace(decision, inputs=tuple(c.fact for c in counted)))
        elif decision.owner in owners:
            decisions.append(replace(decision, rules=tuple(name for name in decision.rules if admit(knowledge.rules[name]))))
    certain = (rule for a in applied if a.truth for rule in knowledge.rules_of(a.instrument.id))
    loose = [rule for rule in certain if rule.kind in ("flag", "duty", "requirement") and admit(rule)]
    if reconciliation is not None:
        for name in (reconciliation.rule, reconciliation.disagreement):
            rules[name], closures[name] = knowledge.rules[name], _always
    position = {name: i for i, name in enumerate(rules)}
    listed = tuple(rules.values())
    tested = tuple(i for i, rule in enumerate(listed) if rule.when is not None)
    encoder = encoder_for(knowledge, [w for i in tested if (w := listed[i].when) is not None])
    return Plan(
        knowledge,
        applied,
        reconciliation,
        covered,
        counted,
        listed,
        tuple(closures[name] for name in rules),
        _steps(decisions, rules, closures, position, knowledge, doubtful),
        tuple(position[r.id] for r in loose if r.kind == "flag"),
        tuple(position[r.id] for r in loose if r.kind == "duty"),
        tuple(position[r.id] for r in loose if r.kind == "requirement"),
        tested,
        encoder,
        -1 if reconciliation is None else position[reconciliation.rule],
    )


def _compiled(knowledge: m.Knowledge, rule: m.Rule) -> tuple[Evaluator, frozenset[str]]:
    """The condition of a rule, compiled, and the facts that it reads; kept for every plan and every variant of the base."""
    if rule.when is None:
        return _always, frozenset()
    known = knowledge.compiled.get(rule.id)
    if known is None or known[0] is not rule.when or known[1] is not knowledge.facts:
        closure = compile_node(rule.when, knowledge.defaults)
        known = knowledge.compiled[rule.id] = (rule.when, knowledge.facts, closure, n.facts_of(rule.when))
    return known[2], known[3]


def _excluded(knowledge: m.Knowledge, rule: m.Rule, known: dict[str, Any]) -> bool:
    """Is the condition of a rule false by the index facts that it reads, whatever else a case states? Kept like the condition."""
    assert rule.when is not None, "it reads something"
    key = (rule.id, *known.items())
    answer = knowledge.compiled.get(key)
    if answer is None or answer[0] is not rule.when or answer[1] is not knowledge.facts:
        false = compile_node(_open_minded(rule.when, known), knowledge.defaults)(known) is False
        answer = knowledge.compiled[key] = (rule.when, knowledge.facts, false)
    excluded: bool = answer[2]
    return excluded


def encoder_for(knowledge: m.Knowledge, conditions: list[n.Node]) -> Encoder:
    """The encoder of some conditions; it knows of the vocabulary what they read, no more."""
    read = frozenset().union(*map(n.facts_of, conditions))
    facts = {name: knowledge.facts[name] for name in read if name in knowledge.facts}
    types = {name: fact.type for name, fact in facts.items()}
    derived = frozenset(name for name, fact in facts.items() if fact.nature == "derived")
    ranges = knowledge.defaults
    return Encoder(types, derived, {name: ranges[name] for name in facts if name in ranges}, conditions)


def _open_minded(node: n.Node, known: Mapping[str, Any]) -> n.Node:
    """`node` with `known(x)` left open for facts that a case may yet state: the index facts are not all it has."""
    match node:
        case n.Call(function="known", arguments=(n.Fact(name=name),)) if name not in known:
            return n.Fact("?")
        case n.Not(operand=x):
            return n.Not(_open_minded(x, known))
        case n.And(operands=xs):
            return n.And(tuple(_open_minded(x, known) for x in xs))
        case n.Or(operands=xs):
            return n.Or(tuple(_open_minded(x, known) for x in xs))
    return node


def _always(facts: dict[str, Any]) -> bool:
    """The condition of a rule that has none."""
    return True


def _steps(
    decisions: list[m.Decision],
    rules: Mapping[str, m.Rule],
    closures: Mapping[str, Evaluator],
    position: Mapping[str, int],
    knowledge: m.Knowledge,
    doubtful: set[str],
) -> tuple[Step, ...]:
    seen: set[str] = set()
    steps = []
    for decision in decisions:
        entries = []
        for name in decision.rules:
            entries.append(Entry(position[name], dict(rules[name].then).get(decision.fact), closures[name], name not in seen))
            seen.add(name)
        needs = [n.lists_needed(when) if (when := rules[name].when) is not None else frozenset() for name in decision.rules]
        blocks = groupby(zip(needs, entries, strict=True), key=lambda pair: pair[0])
        value = rules[decision.rules[0]].value if decision.policy == "formula" and decision.rules else None
        definition = knowledge.facts.get(decision.fact)
        steps.append(
            Step(
                decision,
                tuple(entries),
                tuple((lists, tuple(entry for _, entry in group)) for lists, group in blocks),
                certain=decision.owner not in doubtful,
                nothing=Outcome(decision.default, gap=not decision.has_default),
                formula=None if value is None else compile_node(value, knowledge.defaults),
                overrides=tuple(
                    (position[i], position[beaten]) for i in decision.rules for beaten in rules[i].overrides if beaten in position
                ),
                combines=definition.policy if definition else None,
            )
        )
    return tuple(steps)


def _bridges(
    knowledge: m.Knowledge, applied: tuple[Applied, ...], reconciliation: m.Reconciliation
) -> tuple[list[tuple[m.Decision, list[m.Rule]]], tuple[Counted, ...]]:
    """A small table for each finding on another scale: the rows of the crosswalk, bound to that finding."""
    target = knowledge.scale_of(reconciliation.decides)
    assert target is not None, "checked by the loader"
    bridges: list[tuple[m.Decision, list[m.Rule]]] = []
    counted: list[Counted] = []
    for item in applied:
        instrument = item.instrument
        scale = knowledge.scale_of(instrument.decides) if instrument.decides else None
        if scale is None or instrument.id in reconciliation.omits:
            continue
        if scale.id == target.id:
            counted.append(Counted(instrument.id, instrument.decides, item.truth is True))
            continue
        crosswalk = next((c for c in knowledge.crosswalks.values() if (c.source_scale, c.target_scale) == (scale.id, target.id)), None)
        if crosswalk is None:
            continue
        fact = f"{instrument.decides}@{target.id}"
        rows = [_bound(rule, instrument, fact) for rule in knowledge.rules_of(crosswalk.id)]
        decision = m.Decision(
            f"{crosswalk.id}@{instrument.id}", fact, crosswalk.id, "unique", m.STAGE_NUMBER["determine"], (), scale=target.id
        )
        bridges.append((decision, rows))
        counted.append(Counted(instrument.id, fact, item.truth is True))
    return bridges, tuple(counted)


def _bound(rule: m.Rule, instrument: m.Instrument, fact: str) -> m.Rule:
    start, end = dict(rule.then)["from"], dict(rule.then)["to"]
    test = n.Compare((n.Fact(instrument.decides), n.Literal(start, str(start))), ("==",))
    when = test if rule.when is None else n.And((test, rule.when))
    beaten = tuple(f"{name}@{instrument.id}" for name in rule.overrides)
    return replace(rule, id=f"{rule.id}@{instrument.id}", when=when, then=((fact, end),), overrides=beaten)
