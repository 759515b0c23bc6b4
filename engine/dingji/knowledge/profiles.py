"""Profiles: named sets of replacements, each checked against the base when the knowledge is loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from dingji.documents import Problems
from dingji.errors import KnowledgeError, nearest
from dingji.knowledge import model as m
from dingji.knowledge.linking import Reads, check_links, order, owned
from dingji.knowledge.rules import Block
from dingji.knowledge.vocabulary import Names, place, some_words
from dingji.language.types import Type
from dingji.records import replace
from dingji.shapes import Reader, Section


def build_profile(
    file: Section,
    reader: Reader,
    names: Names,
    instruments: Mapping[str, m.Instrument],
    crosswalks: Mapping[str, m.Crosswalk],
    rules: Mapping[str, m.Rule],
    decisions: list[m.Decision],
) -> m.Profile | None:
    """A profile file, with its rules read and its references checked."""
    section = file.get("profile")
    name = section.get("id")
    if name is None or not names.claim("profile", name, section.at("id"), reader):
        return None
    joins = section.get("instrument", "")
    if joins and joins not in instruments and joins not in crosswalks:
        reader.report(section.at("instrument"), 21, f"unknown instrument {joins!r}", nearest(joins, [*instruments, *crosswalks]))
    tables = {d.id: d for d in decisions}
    removes = section.get("replaces", [])
    for target in removes:
        if target not in tables and target not in rules:
            reader.report(
                section.at("replaces"), 21, f"the profile replaces the unknown rule {target!r}", nearest(target, {**tables, **rules})
            )
        elif _is_fixed(target, tables, rules):
            reader.report(section.at("replaces"), 31, f"{target} is fixed: no profile may replace it", "leave it as its source has it")
    readings = []
    for instrument, node, fact in section.get("readings", ()):
        if instrument not in instruments:
            reader.report(node, 21, f"unknown instrument {instrument!r}", nearest(instrument, instruments))
        elif not instruments[instrument].decides:
            reader.report(node, 21, f"{instrument} gives no finding: there is nothing to read elsewhere", "name one that decides a fact")
        elif fact not in names.facts or names.facts[fact].type != _type_of(instruments[instrument].decides, names):
            reader.report(node, 21, f"{fact!r} is not a fact on the scale of {instrument}", nearest(fact, names.facts))
        else:
            readings.append((instrument, fact))
    block = Block(joins or name, _source_of(joins, instruments, crosswalks), reader, names, names.types())
    if joins in instruments:
        block.decides = instruments[joins].decides
    block.read(file)
    _crosswalk_rows(file, block, crosswalks)
    return m.Profile(
        id=name,
        title=some_words(section.get("title"), name),
        note=section.get("note", ""),
        joins=joins,
        removes=tuple(removes),
        readings=tuple(readings),
        rules=tuple(block.rules),
        decisions=tuple(block.decisions),
        place=place(reader, section.node),
    )


def _type_of(fact: str, names: Names) -> Type | None:
    return names.facts[fact].type if fact in names.facts else None


def _crosswalk_rows(file: Section, block: Block, crosswalks: Mapping[str, m.Crosswalk]) -> None:
    section, rows = file.get("profile"), file.get("crosswalk_rows", [])
    joins = section.get("instrument")
    if joins in crosswalks:
        for row in rows:
            block.crosswalk_row(row, crosswalks[joins])
    elif rows and joins is None:
        block.reader.report(section.node, 7, "profile: the key instrument is missing", "name the crosswalk that the crosswalk_rows join")
    elif rows and ("instrument", joins) in block.names.places:
        block.reader.report(section.at("instrument"), 21, f"{joins} is no crosswalk: crosswalk_rows join one", nearest(joins, crosswalks))


def _is_fixed(target: str, tables: Mapping[str, m.Decision], rules: Mapping[str, m.Rule]) -> bool:
    if target in rules and rules[target].kind == "reconciliation":
        return True  # how findings become a determination is not open to choice
    table = target if target in tables else rules[target].table
    return table in tables and tables[table].fixed


def _source_of(joins: str, instruments: Mapping[str, m.Instrument], crosswalks: Mapping[str, m.Crosswalk]) -> str:
    if joins in instruments:
        return instruments[joins].source
    return crosswalks[joins].source if joins in crosswalks else ""


def with_profile(knowledge: m.Knowledge, name: str, known: Reads | None = None) -> m.Knowledge:
    """The knowledge base under a profile. `known` keeps what rules read, for whoever looks at many profiles.

    Raises KnowledgeError if there is no such profile, or if its rules break the base (a fact without a writer, a cycle).
    """
    problems = Problems("K")
    profile = knowledge.profiles.get(name)
    if profile is None:
        hint = nearest(name, knowledge.profiles) or "profiles: " + (", ".join(sorted(knowledge.profiles)) or "none")
        problems.place("--profile", 0, 0, 21, f"unknown profile {name!r}", hint)
        raise KnowledgeError(problems.found)
    rules = _rules(knowledge, profile)
    gone = set(profile.removes)
    decisions = [
        replace(d, rules=tuple(r for r in d.rules if r in rules))
        for d in knowledge.decisions
        if d.id not in gone and (not d.rules or any(r in rules for r in d.rules))
    ]
    decisions += profile.decisions
    readings = dict(profile.readings)
    instruments = {
        i: replace(instrument, decides=readings[i]) if i in readings else instrument for i, instrument in knowledge.instruments.items()
    }
    decisions = [_reading_default(d, knowledge, readings) for d in decisions]
    optional = frozenset(d.fact for other in knowledge.profiles.values() for d in other.decisions)
    check_links(knowledge.facts, instruments, rules, decisions, problems, optional)
    ordered = order(decisions, rules, problems, known)
    if problems.found:
        raise KnowledgeError(problems.found)
    # a rule of a profile chooses its cases as the rule does that it replaces: the index stays
    return dataclasses.replace(knowledge, rules=rules, instruments=instruments, decisions=ordered, owned=owned(rules), plans={})


def _rules(knowledge: m.Knowledge, profile: m.Profile) -> dict[str, m.Rule]:
    """The rules of the base that stay, and those of the profile."""
    gone = set(profile.removes)
    rules = {i: r for i, r in knowledge.rules.items() if i not in gone and r.table not in gone}
    left = knowledge.rules.keys() - rules.keys()
    rules = {i: replace(r, overrides=tuple(o for o in r.overrides if o not in left)) if r.overrides else r for i, r in rules.items()}
    rules.update((r.id, r) for r in profile.rules)
    return rules


def _reading_default(decision: m.Decision, knowledge: m.Knowledge, readings: Mapping[str, str]) -> m.Decision:
    """The fact that a reading moves to takes over the default of the fact it moves from."""
    for instrument, fact in readings.items():
        if decision.fact == fact and not decision.has_default:
            for other in knowledge.decisions:
                if other.fact == knowledge.instruments[instrument].decides and other.has_default:
                    return replace(decision, default=other.default, has_default=True)
    return decision
