"""The reasons that a rater ticked, and whether the rater's own grade contradicts them.

A reason that names a factor, a fact or a rule is a tick; other words are kept but prove nothing. What the ticked reasons prove is
found by the rules: the case is evaluated with the ticked facts alone (and those that say what kind of case it is), and a grade
milder than what these already prove contradicts them. A ticked list item says its grade itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from dingji.cases.model import Opinion
from dingji.comparison import model as m
from dingji.comparison.rows import Graded, last_opinions, on_scale
from dingji.errors import KnowledgeError
from dingji.inference.prover import prove
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Rule
from dingji.language import nodes as n
from dingji.language.values import possible
from dingji.records import Record


class Ticks(Record, frozen=True):
    """What a rater ticked: factors, the facts meant, and rules of lists."""

    factors: tuple[str, ...]
    facts: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def none(self) -> bool:
        """Did the rater tick nothing that the knowledge knows?"""
        return not (self.factors or self.facts or self.rules)


class Slip(Record, frozen=True):
    """A rater whose grade contradicts the reasons ticked, with the facts and rules that prove another grade."""

    rater: str
    facts: tuple[str, ...]
    rules: tuple[str, ...]


def ticks(about: Graded, opinion: Opinion) -> Ticks:
    """What an opinion's reasons name."""
    if not opinion.reasons:
        return Ticks((), (), ())
    knowledge = about.knowledge
    factors = [r for r in opinion.reasons if r in knowledge.factors]
    rules = [r for r in opinion.reasons if r in knowledge.rules]
    named = [r for r in opinion.reasons if r in knowledge.facts]
    factors += [f for r in named if (f := knowledge.facts[r].factor) and f not in factors]
    meant = [name for name in about.case.statements if name in knowledge.facts and knowledge.facts[name].factor in factors]
    read = [name for r in rules for name in sorted(rule_reads(knowledge.rules[r])) if name in about.case.statements]
    factors += [w for r in rules for w in knowledge.rules[r].weighs or () if w not in factors]
    return Ticks(tuple(factors), tuple(dict.fromkeys([*named, *meant, *read])), tuple(rules))


def ticked_factors(about: Graded, row: m.Row, severity: int | None) -> frozenset[str] | None:
    """The factors that the raters who gave a grade ticked, together; None if none of them ticked anything."""
    given = {r.rater: r.severity for r in row.raters}
    found: list[Ticks] = []
    for opinion in last_opinions(about.case):
        one = ticks(about, opinion)
        if not one.none and (severity is None or given.get(opinion.rater) == severity):
            found.append(one)
    return frozenset(f for one in found for f in one.factors) if found else None


def contradicted(about: Graded, row: m.Row, *, milder: bool) -> tuple[Slip, ...]:
    """The raters whose last grade contradicts their ticked reasons, in the direction of the difference.

    `milder`: only grades below what the reasons prove; else only grades other than that of the list items ticked.
    """
    found = []
    severities = {r.rater: r.severity for r in row.raters}
    for opinion in last_opinions(about.case):
        given = severities.get(opinion.rater)
        ticked = ticks(about, opinion)
        if given is None or ticked.none:
            continue
        slip = _against_list(about, opinion, ticked, given, milder) or (_against_proof(about, opinion, ticked, given) if milder else None)
        if slip is not None:
            found.append(slip)
    return tuple(found)


def _against_list(about: Graded, opinion: Opinion, ticked: Ticks, given: int, milder: bool) -> Slip | None:
    """Does the rater's grade differ from the worst of the list items ticked?"""
    graded = [(reach, name) for name in ticked.rules for reach in _grades(about, about.knowledge.rules[name])]
    if not graded:
        return None
    worst = max(reach for reach, _ in graded)
    if (given < worst) if milder else (given > worst and not set(ticked.facts) - _read(about, ticked.rules)):
        return Slip(opinion.rater, (), tuple(dict.fromkeys(name for reach, name in graded if reach == worst)))
    return None


def _read(about: Graded, rules: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(*(rule_reads(about.knowledge.rules[name]) for name in rules))


def _grades(about: Graded, rule: Rule) -> list[int]:
    """The severities on the case's scale that a rule's conclusions become."""
    applied = {a.instrument.decides for a in about.evaluation.plan.applied}
    found: list[int] = []
    for fact, value in rule.then:
        scale = about.knowledge.scale_of(fact)
        if scale is not None and fact in applied:
            reach, _ = on_scale(about, scale.id, value)
            found += reach if len(reach) == 1 else ()
    return found


def _against_proof(about: Graded, opinion: Opinion, ticked: Ticks, given: int) -> Slip | None:
    """Do the ticked facts alone prove a more severe grade than the rater gave?"""
    plan = about.evaluation.plan
    if plan.reconciliation is None:
        return None
    stated = about.case.facts()
    kept = {name: value for name, value in stated.items() if name in ticked.facts or name in _choosing(about)}
    try:
        proved = prove(plan, kept)
    except KnowledgeError:
        return None
    least = [(min(reach), c) for c in plan.counted if c.certain and (reach := possible(proved.facts.get(c.fact)))]
    above = [c for rank, c in least if rank > given]
    if not above:
        return None
    decides = [about.knowledge.instruments[c.instrument].decides for c in above]
    rules = dict.fromkeys(plan.rules[i].id for fact in decides for i in proved.outcomes[fact].winners)
    return Slip(opinion.rater, tuple(name for name in ticked.facts if name in kept), tuple(rules))


def _choosing(about: Graded) -> frozenset[str]:
    """The facts that say what kind of case it is, and so which instruments apply."""
    knowledge = about.knowledge
    scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
    return frozenset(knowledge.index).union(*map(n.facts_of, scopes))
