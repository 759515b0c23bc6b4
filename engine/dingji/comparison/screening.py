"""Screening: which hazards deserve a calculation, by rules of the knowledge base.

The comparison states what it found out as facts (`FACTS`), and the warnings that read one of them are the screening rules. So
thresholds, texts and their sources are knowledge; here is only how each measure is taken.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dingji.comparison import model as m
from dingji.comparison.rows import RATED, Graded
from dingji.inference.plan import Plan
from dingji.knowledge.linking import rule_reads
from dingji.language.evaluate import is_known
from dingji.methods.grounds import grounds
from dingji.methods.proof import shown_value

FACTS = ("comparison_grades_apart", "comparison_grades_below_worst", "comparison_opinion_spread", "comparison_edge_percent")
"""The facts that a comparison states, as the vocabulary names them."""
CALCULATED = ("quantitative", "scoring")
"""The methods that calculate."""


def measures(about: Graded, row: m.Row) -> dict[str, Any]:
    """What the comparison found out about a case; a measure that can't be taken is left out, and so is unknown."""
    taken = dict(zip(FACTS, (row.distance, _below_worst(about, row), row.spread, _edge(row)), strict=True))
    return {name: value for name, value in taken.items() if value is not None and name in about.knowledge.facts}


def screened(about: Graded, row: m.Row) -> m.Screened | None:
    """The case with the screening rules that hold for it, None if none does. What the case file itself states comes first."""
    plan = about.evaluation.plan
    # no rule but the warnings reads what a comparison found out, so nothing else has to be evaluated again
    facts = {**measures(about, row), **about.evaluation.facts}
    found = []
    for position, read in _rules(plan):
        rule = plan.rules[position]
        if plan.evaluators[position](facts) is True:
            values = tuple((name, shown_value(plan.knowledge, name, facts[name])) for name in read if name in facts)
            found.append(m.ScreeningGround(rule.id, rule.text, rule.cite, rule.source, rule.confidence, rule.note, values))
    if not found:
        return None
    calculated = any(c.method in CALCULATED and c.state in RATED for c in row.columns)
    return m.Screened(about.case.id, about.case.title, tuple(found), calculated, _missing(about, row))


def _rules(plan: Plan) -> list[tuple[int, list[str]]]:
    """The screening rules of a plan, each with the facts of a comparison that it reads."""
    if "screening" not in plan.memo:
        reads = [(i, sorted(rule_reads(plan.rules[i]).intersection(FACTS))) for i in plan.flags]
        plan.memo["screening"] = [(position, read) for position, read in reads if read]
    found: list[tuple[int, list[str]]] = plan.memo["screening"]
    return found


def _below_worst(about: Graded, row: m.Row) -> int | None:
    """How far the most severe grade that any method gives or leaves possible is below the worst of the scale."""
    scale = about.scale
    possible = [grade for c in row.columns if c.state in (*RATED, "undetermined") for grade in c.reachable]
    if scale is None or not possible:
        return None
    return len(scale.grades) - 1 - max(scale.severity(grade) for grade in possible)


def _edge(row: m.Row) -> Decimal | None:
    """The least distance of a score to the next more severe band, in per cent of the score."""
    found = [
        100 * Decimal(s.distance_to_next) / Decimal(s.score)
        for c in row.columns
        for s in c.standings
        if s.distance_to_next is not None and s.score is not None and Decimal(s.score) > 0
    ]
    return min(found, default=None)


def _missing(about: Graded, row: m.Row) -> tuple[str, ...]:
    """The facts that a calculation still lacks."""
    facts, definitions = about.evaluation.facts, about.knowledge.facts
    instruments = [s.instrument for c in row.columns if c.method in CALCULATED and c.state == "undetermined" for s in c.standings]
    decides = [about.knowledge.instruments[i].decides for i in instruments if i in about.knowledge.instruments]
    names = dict.fromkeys(name for fact in decides for name in grounds(about.evaluation, fact).facts)
    return tuple(n for n in names if n in definitions and definitions[n].nature != "derived" and not is_known(facts.get(n)))
