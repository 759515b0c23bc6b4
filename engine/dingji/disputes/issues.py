"""What the parties differ in: one issue for each fact, text or method on which two of them hold different positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dingji.cases.model import Case, Statement
from dingji.disputes.model import Issue, Kind, Party, Position
from dingji.knowledge.model import Knowledge, Profile
from dingji.language import nodes as n
from dingji.methods.proof import shown_value
from dingji.records import replace

ALL = "all"
"""The default in the issue of method: the reconciliation counts every finding."""
BY_DATE, BY_SCOPE, AS_WRITTEN, NONE = "by_date", "by_scope", "as_written", "none"
APPLIES, NOT_APPLICABLE = "applies", "not_applicable"
MET, NOT_MET = "met", "not_met"


def find_issues(knowledge: Knowledge, case: Case, parties: Sequence[Party]) -> tuple[Case, tuple[Issue, ...], tuple[Issue, ...]]:
    """The case with the facts that all parties assert alike, the issues, and what else all rely on alike."""
    case, issues = _facts(knowledge, case, parties)
    common: list[Issue] = []
    for issue in [*_texts(knowledge, case, parties), _method(parties)]:
        (issues if len(issue.positions) > 1 else common).append(issue)
    return case, tuple(issues), tuple(common)


def scope_facts(knowledge: Knowledge) -> frozenset[str]:
    """The facts that say which instruments and which reconciliation apply."""
    scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
    return frozenset().union(*map(n.facts_of, scopes))


def fact_key(knowledge: Knowledge, fact: str, value: Any) -> str:
    """A value of a fact as it is written in case files, lists and partly known values in words."""
    return shown_value(knowledge, fact, value)


def _issue(id: str, kind: Kind, about: str, held: Iterable[tuple[str, str, Any]]) -> Issue:
    """The issue of what each party holds: (party, key, value)."""
    positions: dict[str, Position] = {}
    for party, key, value in held:
        before = positions.get(key)
        positions[key] = replace(before, parties=(*before.parties, party)) if before else Position(key, value, (party,))
    return Issue(id, kind, about, tuple(positions.values()))


def _facts(knowledge: Knowledge, case: Case, parties: Sequence[Party]) -> tuple[Case, list[Issue]]:
    scope = scope_facts(knowledge)
    issues, agreed = [], dict[str, Statement]()
    for name in dict.fromkeys(name for party in parties for name in party.statements):
        said = [(party, party.statements.get(name) or case.statements.get(name) or Statement(name, None)) for party in parties]
        kind: Kind = "scope" if name in scope else "judgement" if knowledge.facts[name].nature == "judged" else "fact"
        held = [(party.id, fact_key(knowledge, name, s.value), s.value) for party, s in said]
        issue = _issue(name, kind, name, held)
        if len(issue.positions) > 1:
            issues.append(issue)
        else:
            # stated by all alike: who states it first stands for them
            agreed[name] = next(party.statements[name] for party in parties if name in party.statements)
    return replace(case, statements={**case.statements, **agreed}), issues


def _texts(knowledge: Knowledge, case: Case, parties: Sequence[Party]) -> Iterable[Issue]:
    days = [(p.id, p.relies_on.as_of or case.as_of) for p in parties]
    yield _issue("as_of", "date", "as_of", [(party, day.isoformat(), day) for party, day in days])
    yield from _editions(knowledge, parties)
    for name in _named(parties, lambda p: (*p.relies_on.applies, *p.relies_on.not_applicable)):
        held = [(p.id, _applies(p, name)) for p in parties]
        yield _issue(f"applies:{name}", "applicable", name, [(party, key, key) for party, key in held])
    yield from _profiles(knowledge, case, parties)
    for name in _named(parties, lambda p: p.readings):
        yield _issue(f"reading:{name}", "reading", name, [(p.id, key := _reading(p, name), key) for p in parties])


def _named(parties: Sequence[Party], names: Callable[[Party], Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(name for party in parties for name in names(party)))


def _applies(party: Party, name: str) -> str:
    if name in party.relies_on.applies:
        return APPLIES
    return NOT_APPLICABLE if name in party.relies_on.not_applicable else BY_SCOPE


def _reading(party: Party, name: str) -> str:
    met = party.readings.get(name)
    return AS_WRITTEN if met is None else MET if met else NOT_MET


def _editions(knowledge: Knowledge, parties: Sequence[Party]) -> Iterable[Issue]:
    families = _named(parties, lambda p: [knowledge.instruments[i].family for i in p.relies_on.editions])
    for family in families:
        held = []
        for party in parties:
            chosen = next((i for i in party.relies_on.editions if knowledge.instruments[i].family == family), BY_DATE)
            held.append((party.id, chosen, chosen))
        yield _issue(f"edition:{family}", "edition", family, held)


def profiles_of(party: Party, case: Case) -> tuple[str, ...]:
    """The profiles under which a party wants the case to be graded."""
    if party.relies_on.profiles is not None:
        return party.relies_on.profiles
    return (case.profile,) if case.profile else ()


def exclude_each_other(one: Profile, other: Profile) -> bool:
    """Do two profiles replace the same rule or move the same finding? Then only one of them can be chosen."""
    return bool(set(one.removes) & set(other.removes) or {i for i, _ in one.readings} & {i for i, _ in other.readings})


def _profiles(knowledge: Knowledge, case: Case, parties: Sequence[Party]) -> Iterable[Issue]:
    groups: list[list[str]] = []
    for name in _named(parties, lambda p: profiles_of(p, case)):
        profile = knowledge.profiles[name]
        together = [g for g in groups if any(exclude_each_other(profile, knowledge.profiles[other]) for other in g)]
        groups = [g for g in groups if g not in together] + [[*(other for g in together for other in g), name]]
    for group in groups:
        held = []
        for party in parties:
            chosen = next((name for name in profiles_of(party, case) if name in group), NONE)
            held.append((party.id, chosen, chosen))
        yield _issue(f"profile:{group[0]}", _kind_of(knowledge.profiles[group[0]], knowledge), group[0], held)


def _kind_of(profile: Profile, knowledge: Knowledge) -> Kind:
    """Does a profile replace the rows of a crosswalk, the bands of a finding, or another reading?"""
    if profile.joins in knowledge.crosswalks:
        return "crosswalk"
    gone = set(profile.removes)
    graded = {i.decides for i in knowledge.instruments.values() if i.decides}
    replaced = {d.fact for d in (*knowledge.decisions, *profile.decisions) if d.id in gone or gone.intersection(d.rules)}
    return "bands" if replaced & graded else "profile"


def _method(parties: Sequence[Party]) -> Issue:
    held = [(p.id, "+".join(p.relies_on.finding) or ALL, p.relies_on.finding) for p in parties]
    return _issue("finding", "method", "finding", held)
