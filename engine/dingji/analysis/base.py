"""What shows in the knowledge base as a whole, without a solver: idle facts and sources, grades and editions, translations."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from dingji.errors import Problem
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Instrument, Knowledge, Place, Rule, Words
from dingji.language import nodes as n
from dingji.language.types import Scale

CHINESE = re.compile("[\u3400-\u9fff]")
LATIN = re.compile("[A-Za-z]{4,}")


def problems(knowledge: Knowledge) -> list[Problem]:
    """Facts nobody reads, grades nobody reaches, gaps between editions, missing translations, sources nobody cites."""
    rules = [*knowledge.rules.values(), *(r for p in knowledge.profiles.values() for r in p.rules)]
    return [
        *_idle_facts(knowledge, rules),
        *_idle_grades(knowledge, rules),
        *_idle_sources(knowledge, rules),
        *_editions(knowledge),
        *_translations(knowledge, rules),
    ]


def _problem(place: Place, code: int, message: str, hint: str = "") -> Problem:
    return Problem(place.file, place.line, place.column, f"K{code:03}", message, hint)


def _idle_facts(knowledge: Knowledge, rules: list[Rule]) -> Iterator[Problem]:
    read = {i.decides for i in knowledge.instruments.values()} | {r.decides for r in knowledge.reconciliations.values()}
    for rule in rules:
        read |= rule_reads(rule)
        if rule.due:
            read |= rule.due.reads
    for node in [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]:
        read |= n.facts_of(node)
    for decision in knowledge.decisions + tuple(d for p in knowledge.profiles.values() for d in p.decisions):
        read.add(decision.base)
    read |= {fact for profile in knowledge.profiles.values() for _, fact in profile.readings}
    for fact in knowledge.facts.values():
        if fact.name not in read and fact.survey != "scale":  # the scale chooses instruments
            yield _problem(fact.place, 56, f"no rule reads {fact.name}", "delete it, or let a rule read it")


def _idle_grades(knowledge: Knowledge, rules: list[Rule]) -> Iterator[Problem]:
    """Grades of a scale that no rule, default or crosswalk gives."""
    given: defaultdict[str, set[int]] = defaultdict(set)
    open_scales: set[str] = set()
    for rule in rules:
        if rule.kind == "crosswalk":
            crosswalk = knowledge.crosswalks.get(rule.owner)
            if crosswalk is not None:
                given[crosswalk.target_scale].add(dict(rule.then)["to"])
            continue
        for fact, value in rule.then:
            if isinstance(knowledge.facts[fact].type, Scale):
                given[_scale(knowledge, fact)].add(value)
        if rule.adjustment:
            open_scales |= {_scale(knowledge, fact) for fact, _ in rule.then}
    for decision in knowledge.decisions + tuple(d for p in knowledge.profiles.values() for d in p.decisions):
        if isinstance(knowledge.facts[decision.fact].type, Scale):
            written = _scale(knowledge, decision.fact)
            if decision.has_default:
                given[written].add(decision.default)
            if decision.policy in ("adjust", "formula"):
                open_scales.add(written)
    stated = {f.type.name for f in knowledge.facts.values() if isinstance(f.type, Scale) and f.nature != "derived"}
    for scale in knowledge.scales.values():
        if scale.id in stated or scale.id in open_scales:
            continue
        for grade in scale.grades:
            if scale.severity(grade.id) not in given[scale.id] and not grade.silent:
                message = f"no rule gives the grade {grade.id} of the scale {scale.id}"
                yield _problem(scale.place, 57, message, "delete it, or write the rule that gives it")


def _scale(knowledge: Knowledge, fact: str) -> str:
    kind = knowledge.facts[fact].type
    return kind.name if isinstance(kind, Scale) else ""


def _idle_sources(knowledge: Knowledge, rules: list[Rule]) -> Iterator[Problem]:
    cited = {r.source for r in rules} | {i.source for i in knowledge.instruments.values()}
    cited |= {kind.source for kind in knowledge.evidence.values()}
    if knowledge.agreement is not None:
        cited |= {knowledge.agreement.rule.source, *(v.rule.source for v in knowledge.agreement.verdicts)}
    cited |= {target.rule.source for target in knowledge.targets.values()}
    for source in knowledge.sources.values():
        if source.id not in cited:
            yield _problem(source.place, 60, f"nothing cites the source {source.id}", "delete it, or cite it")


def _editions(knowledge: Knowledge) -> Iterator[Problem]:
    """Editions of one text: days that two of them or none of them cover."""
    families: defaultdict[str, list[Instrument]] = defaultdict(list)
    for instrument in knowledge.instruments.values():
        if instrument.family:
            families[instrument.family].append(instrument)
    for family, editions in families.items():
        dated = sorted(((start, end, i) for i in editions for start, end in [_days(i)] if start and end), key=lambda x: x[0])
        for (_, end, a), (start, _, b) in pairwise(dated):
            days = (start - end).days
            if days < 1:
                yield _problem(
                    b.place, 59, f"{a.id} and {b.id} ({family}) are both in force on {start}", "end the older edition the day before"
                )
            elif days > 1:
                yield _problem(
                    b.place,
                    59,
                    f"no edition of {family} is in force from {end + dt.timedelta(1)} to {start - dt.timedelta(1)}",
                    "correct a date, or give the editions different families",
                )


def _days(instrument: Instrument) -> tuple[dt.date | None, dt.date | None]:
    """First and last day; None for a bound that is known to the year only."""
    start, end = instrument.in_force.start, instrument.in_force.end
    first = dt.date.min if not start else dt.date.fromisoformat(start) if len(start) > 4 else None
    last = dt.date.max if not end else dt.date.fromisoformat(end) if len(end) > 4 else None
    return first, last


def _translations(knowledge: Knowledge, rules: list[Rule]) -> Iterator[Problem]:
    """Texts whose English holds no English, or whose Chinese holds no Chinese."""
    texts: list[tuple[Place, str, Words | None]] = []
    for rule in rules:
        texts += [
            (rule.place, f"{rule.id}: {part}", words) for part, words in (("text", rule.text), ("cite", rule.cite), ("note", rule.note))
        ]
    for fact in knowledge.facts.values():
        texts += [(fact.place, f"{fact.name}: label", fact.label), (fact.place, f"{fact.name}: question", fact.question)]
        texts += [(fact.place, f"{fact.name}: {value}", words) for value, words in fact.values]
        texts += [(fact.place, f"{fact.name}.{f.name}: label", f.label) for f in fact.fields]
    for instrument in knowledge.instruments.values():
        texts.append((instrument.place, f"{instrument.id}: title", instrument.title))
    for place, what, words in texts:
        if words is None or not (words.en or words.zh):
            continue
        if LATIN.search(words.en) and not CHINESE.search(words.zh):
            yield _problem(place, 58, f"{what}: the Chinese is missing", "say it in zh")
        elif CHINESE.search(words.en) and not LATIN.search(words.en):
            yield _problem(place, 58, f"{what}: the English is missing", "say it in en")
