"""What only shows when all files are together: who writes a fact, in which order, and whether that is sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from dingji.documents import Problems
from dingji.errors import nearest
from dingji.knowledge import model as m
from dingji.language import nodes as n
from dingji.language.types import Enum
from dingji.records import replace

Reads = dict[str, frozenset[str]]
"""Rule id -> the facts it reads."""


def reads(decision: m.Decision, rules: Mapping[str, m.Rule], known: Reads | None = None) -> frozenset[str]:
    """The facts that a decision reads: conditions, formulas, base and inputs. `known` keeps those of rules looked at before."""
    found = set(decision.inputs)
    if decision.base:
        found.add(decision.base)
    known = {} if known is None else known
    for name in decision.rules:
        if name not in known:
            known[name] = rule_reads(rules[name])
        found |= known[name]
    return frozenset(found)


def rule_reads(rule: m.Rule) -> frozenset[str]:
    """The facts that one rule reads."""
    found: frozenset[str] = frozenset()
    for node in (rule.when, rule.value):
        if isinstance(node, n.Node):
            found |= n.facts_of(node)
    return found


def owned(rules: Mapping[str, m.Rule]) -> dict[str, tuple[str, ...]]:
    """The rules of each owner, in order."""
    found: dict[str, list[str]] = {}
    for rule in rules.values():
        found.setdefault(rule.owner, []).append(rule.id)
    return {owner: tuple(names) for owner, names in found.items()}


def index_facts(
    facts: Mapping[str, m.FactDefinition],
    instruments: Mapping[str, m.Instrument],
    reconciliations: Mapping[str, m.Reconciliation],
    rules: Mapping[str, m.Rule],
) -> tuple[str, ...]:
    """The observed enum facts that scopes and the gates of list items read: cases that agree on them share a plan."""
    read: set[str] = set()
    for scope in [*(i.scope for i in instruments.values()), *(r.when for r in reconciliations.values())]:
        read |= n.facts_of(scope)
    for rule in rules.values():
        if rule.kind == "example" and isinstance(rule.when, n.And):
            read |= {f for part in rule.when.operands if _by_choice(part) for f in n.facts_of(part)}
    return tuple(sorted(f for f in read if isinstance(facts[f].type, Enum) and facts[f].nature != "derived"))


def _by_choice(node: n.Node) -> bool:
    """Is the node made of tests of enum facts against constants only?"""
    if isinstance(node, n.And | n.Or | n.Not):
        return all(map(_by_choice, n.children(node)))
    if isinstance(node, n.Compare):
        return node.operators == ("==",) and any(isinstance(x, n.Literal) and isinstance(x.value, str) for x in node.operands)
    return isinstance(node, n.Member) and all(isinstance(c.value, str) for c in node.choices)


def reconcile(
    reconciliations: Iterable[m.Reconciliation],
    instruments: Iterable[m.Instrument],
    rules: Mapping[str, m.Rule],
) -> list[m.Decision]:
    """One decision for each reconciliation; it reads every finding and whatever the crosswalks read."""
    findings = {i.decides for i in instruments if i.decides}
    for rule in rules.values():
        if rule.kind == "crosswalk":
            findings |= rule_reads(rule)
    stage = m.STAGE_NUMBER["determine"]
    return [
        m.Decision(r.id, r.decides, r.id, "reconcile", stage, (), inputs=tuple(sorted(findings - {r.decides}))) for r in reconciliations
    ]


def order(
    decisions: Iterable[m.Decision],
    rules: Mapping[str, m.Rule],
    problems: Problems,
    known: Reads | None = None,
) -> tuple[m.Decision, ...]:
    """The decisions in an order in which each reads only what was written before; a cycle is reported with every rule in it.

    A decision that reads a fact of a later stage moves to that stage.
    """
    known = {} if known is None else known
    items = list(decisions)
    writers: dict[str, list[int]] = {}
    for index, decision in enumerate(items):
        writers.setdefault(decision.fact, []).append(index)
    graph: dict[int, list[int]] = {}
    for index, decision in enumerate(items):
        graph[index] = [w for fact in sorted(reads(decision, rules, known)) for w in writers.get(fact, ())]
    try:
        sequence = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = [items[index] for index in error.args[1][:-1]]
        named = " <- ".join(f"{d.fact} ({_where(d, rules)})" for d in cycle)
        place = _place(cycle[0], rules) or m.Place("knowledge", 0, 0)
        problems.place(place.file, place.line, place.column, 29, f"rules go in a circle: {named}", "a fact can't depend on itself")
        return tuple(items)
    stages: dict[str, int] = {}
    ordered: list[m.Decision] = []
    for index in sequence:
        decision = items[index]
        stage = max([decision.stage, *(stages.get(fact, 0) for fact in reads(decision, rules, known))])
        stages[decision.fact] = max(stages.get(decision.fact, 0), stage)
        ordered.append(decision if stage == decision.stage else replace(decision, stage=stage))
    return tuple(sorted(ordered, key=lambda d: d.stage))


def _where(decision: m.Decision, rules: Mapping[str, m.Rule]) -> str:
    place = _place(decision, rules)
    return f"{decision.id} in {place}" if place else decision.id


def _place(decision: m.Decision, rules: Mapping[str, m.Rule]) -> m.Place | None:
    """Where the first rule of a decision stands; a reconciliation has one of its own name."""
    rule = rules.get(decision.rules[0] if decision.rules else decision.id)
    return rule.place if rule else None


def check_links(
    facts: Mapping[str, m.FactDefinition],
    instruments: Mapping[str, m.Instrument],
    rules: Mapping[str, m.Rule],
    decisions: Iterable[m.Decision],
    problems: Problems,
    optional: frozenset[str] = frozenset(),
) -> None:
    """Facts written twice or never, overrides of nothing, findings that nothing decides.

    `optional` facts need no writer here: a profile writes them, or a rule that was refused.
    """
    decisions = list(decisions)
    written: dict[str, list[m.Decision]] = {}
    for decision in decisions:
        written.setdefault(decision.fact, []).append(decision)
    unwritten = {f.name for f in facts.values() if f.nature == "derived" and not f.survey} - written.keys() - optional
    for instrument in instruments.values():
        if instrument.decides in unwritten:
            _report(problems, instrument.place, 32, f"no rule writes the finding {instrument.decides} of {instrument.id}")
    for name in unwritten.difference(i.decides for i in instruments.values()):
        hint = "write a formula, table or example for it, or delete it"
        _report(problems, facts[name].place, 25, f"the derived fact {name} is written by no rule", hint)
    for name, writers in written.items():
        _check_writers(name, facts[name], writers, instruments, rules, problems)
    _check_overrides(rules, decisions, problems)
    for rule in rules.values():
        for other in rule.repeats:
            if other not in rules:
                _report(problems, rule.place, 21, f"{rule.id} repeats the unknown rule {other!r}", nearest(other, rules))


def _check_overrides(rules: Mapping[str, m.Rule], decisions: Iterable[m.Decision], problems: Problems) -> None:
    """A rule may beat others of its own table or list, as long as none ends up beating itself."""
    peers: dict[str, set[str]] = {}
    beating = {rule.id for rule in rules.values() if rule.overrides}
    for decision in decisions:
        if decision.policy in ("formula", "adjust") or beating.isdisjoint(decision.rules):
            continue
        for name in beating.intersection(decision.rules):
            peers.setdefault(name, set()).update(decision.rules)
    crosswalks: dict[str, set[str]] = {}
    for rule in rules.values():
        if rule.kind == "crosswalk":
            peers[rule.id] = crosswalks.setdefault(rule.owner, set())
            peers[rule.id].add(rule.id)
    for rule in rules.values():
        for beaten in rule.overrides:
            if beaten not in rules:
                _report(problems, rule.place, 21, f"{rule.id} overrides the unknown rule {beaten!r}", nearest(beaten, rules))
            elif beaten not in peers.get(rule.id, ()):
                hint = "a rule overrides rows of its own table, or examples of its own list; else exclude the case in the condition"
                _report(problems, rule.place, 21, f"{rule.id} overrides {beaten}, which is not of the same table or list", hint)
    try:
        TopologicalSorter({rule.id: rule.overrides for rule in rules.values() if rule.overrides}).prepare()
    except CycleError as error:
        first, *others = (name for name in rules if name in error.args[1])
        message = f"{first} overrides {', '.join(others)}, and the other way round" if others else f"{first} overrides itself"
        _report(problems, rules[first].place, 29, message, "say which of them stands, in one direction only")


def _check_writers(
    name: str,
    fact: m.FactDefinition,
    writers: list[m.Decision],
    instruments: Mapping[str, m.Instrument],
    rules: Mapping[str, m.Rule],
    problems: Problems,
) -> None:
    for i, first in enumerate(writers):
        for second in writers[i + 1 :]:
            if fact.policy or _alternatives(instruments.get(first.owner), instruments.get(second.owner)):
                continue
            place = _place(second, rules) or fact.place
            where = _where(first, rules)
            hint = "merge the tables, make the instruments editions of one family with separate dates, or give the fact a policy"
            _report(problems, place, 26, f"{name} is written twice: by {second.id} and by {where}", hint)


def _alternatives(a: m.Instrument | None, b: m.Instrument | None) -> bool:
    """Can at most one of the two be in force on any day?"""
    if a is None or b is None or a.id == b.id or not a.family or a.family != b.family:
        return False
    return _ends_before(a.in_force, b.in_force) or _ends_before(b.in_force, a.in_force)


def _ends_before(a: m.InForce, b: m.InForce) -> bool:
    return bool(a.end and b.start) and _last_day(a.end) < _first_day(b.start)  # days in this form sort as text


def _last_day(text: str) -> str:
    return f"{text}-12-31" if len(text) == 4 else text


def _first_day(text: str) -> str:
    return f"{text}-01-01" if len(text) == 4 else text


def _report(problems: Problems, place: m.Place, number: int, message: str, hint: str = "") -> None:
    problems.place(place.file, place.line, place.column, number, message, hint)
