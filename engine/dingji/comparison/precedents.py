"""Precedents: settled cases beside a case, nearest first, and what follows from them a fortiori.

A fortiori: a case that is at least as severe as a settled one in every fact that the rules read deserves at least its grade; one
that is at most as severe deserves at most its grade. What "more severe" means in a fact is found from the rules (`directions`). A
fact without a direction must be equal; a fact known in one of the two cases only can't be compared.

This is no fifth method. It binds nobody, enters no statistic and changes no determination: a precedent repeats what an authority
once said, and counting it beside the methods would count that authority's habit as evidence for itself. It stands beside the
findings with its own proof (the fact-by-fact comparison), and it says "at least" or "at most", not a grade, where that is all that
follows. A case is compared with those graded under the same editions only.

Nearest: the general coefficient of similarity of Gower (1971, Biometrics 27, 857-871), over the stated facts that the rules behind
the grade read and that both cases know. A number counts 1 - difference / range, the range taken over the settled cases and the
case; anything else counts 1 if equal, else 0; a pair of conditions that are both false is left out, as Gower has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import permutations
from typing import Any

from dingji.cases.model import Case
from dingji.comparison import model as m
from dingji.comparison.directions import BOTH, LESS, at_least, directions
from dingji.comparison.rows import Graded, graded, on_scale
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.language.values import Records
from dingji.methods.proof import shown_value
from dingji.records import Record

NEAREST = 3
"""So many nearest precedents are shown."""


class Settled(Record, frozen=True):
    """A case that an authority has graded, its grade on the scale of its determination, and the editions that apply to it."""

    case: Case
    scale: str
    severity: int
    grade: str
    editions: tuple[str, ...]


def settled(knowledge: Knowledge, cases: Iterable[Case], profile: str | None = None) -> tuple[tuple[Settled, ...], tuple[str, ...]]:
    """The settled ones among some cases, and the ids of those without an official grade that can be put on their scale."""
    found, left = [], []
    for case in cases:
        about = graded(knowledge, case, profile)
        given, scale = case.official, about.scale
        reach: tuple[int, ...] = ()
        if given is not None:
            reach, _ = on_scale(about, given.scale, knowledge.scales[given.scale].severity(given.grade))
        if scale is None or len(reach) != 1:
            left.append(case.id)
            continue
        found.append(Settled(case, scale.id, reach[0], scale.grade(reach[0]).id, _editions(about.evaluation.plan)))
    return tuple(found), tuple(left)


def precedence(about: Graded, row: m.Row, all_settled: Sequence[Settled]) -> m.Precedence | None:
    """What settled cases say about a case; None where none is graded on its scale."""
    scale, plan, case = about.scale, about.evaluation.plan, about.case
    peers = [s for s in all_settled if scale is not None and s.scale == scale.id and s.case.id != case.id]
    if scale is None or not peers:
        return None
    alike = [s for s in peers if s.editions == _editions(plan)]
    below = [(s, d) for s in alike if (d := dominance(plan, s.case, case)) is not None]
    above = [(s, d) for s in alike if (d := dominance(plan, case, s.case)) is not None]
    least = max((s.severity for s, _ in below), default=None)
    most = min((s.severity for s, _ in above), default=None)
    rated = [c for c in row.columns if c.severity is not None]
    against = [c for c in rated if (least is not None and c.severity < least) or (most is not None and c.severity > most)]  # type: ignore[operator]
    return m.Precedence(
        case=case.id,
        title=case.title,
        scale=scale.id,
        at_least=None if least is None else scale.grade(least).id,
        at_least_by=tuple(m.Dominance(s.case.id, s.grade, case.id, None, d) for s, d in below if s.severity == least),
        at_most=None if most is None else scale.grade(most).id,
        at_most_by=tuple(m.Dominance(case.id, None, s.case.id, s.grade, d) for s, d in above if s.severity == most),
        conflict=least is not None and most is not None and least > most,
        nearest=_nearest(plan, case, peers),
        against=tuple(c.method for c in against),
    )


def inconsistent(knowledge: Knowledge, all_settled: Sequence[Settled]) -> tuple[m.Dominance, ...]:
    """Settled cases of which one is at least as severe in every fact and yet graded lower; the widest apart first."""
    found = []
    for milder, severer in permutations(all_settled, 2):
        if milder.scale == severer.scale and milder.editions == severer.editions and milder.severity > severer.severity:
            plan = plan_for(under(knowledge, severer.case.profile), severer.case.facts(), severer.case.as_of)
            dimensions = dominance(plan, milder.case, severer.case)
            if dimensions is not None:
                pair = m.Dominance(milder.case.id, milder.grade, severer.case.id, severer.grade, dimensions)
                found.append((severer.severity - milder.severity, pair))
    return tuple(pair for _, pair in sorted(found, key=lambda item: (item[0], item[1].milder, item[1].severer)))


def dominance(plan: Plan, milder: Case, severer: Case) -> tuple[m.Dimension, ...] | None:
    """The facts in which two cases differ, if the second is at least as severe in each fact that the rules read; else None."""
    other = _plan_of(plan, milder)
    signs = {**directions(other), **directions(plan)}
    a, b = milder.facts(), severer.facts()
    found = []
    for fact in signs:
        low, high = a.get(fact), b.get(fact)
        if low == high:
            continue
        if at_least(plan, fact, low, high) is not True or at_least(other, fact, low, high) is not True:
            return None
        found.append(_dimension(plan, fact, low, high, signs[fact]))
    return tuple(found)


def _plan_of(plan: Plan, case: Case) -> Plan:
    """The plan of another case: its kind may bring other rules with it."""
    return plan_for(plan.knowledge, case.facts(), case.as_of)


def _editions(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(c.instrument for c in plan.counted))


def _dimension(plan: Plan, fact: str, low: Any, high: Any, sign: int) -> m.Dimension:
    direction = "tried" if sign == BOTH else "less_is_worse" if sign == LESS else "more_is_worse"
    a, b = (None if v is None else shown_value(plan.knowledge, fact, v) for v in (low, high))
    return m.Dimension(fact, plan.knowledge.facts[fact].label, a, b, direction)


# --- nearest


def _nearest(plan: Plan, case: Case, peers: Sequence[Settled]) -> tuple[m.Likeness, ...]:
    spans = _spans([case, *(s.case for s in peers)], directions(plan))
    found = [_likeness(plan, case, peer, spans) for peer in peers]
    found = [one for one in found if one.compared]
    return tuple(sorted(found, key=lambda one: (-one.similarity, -one.compared, one.precedent))[:NEAREST])


def _likeness(plan: Plan, case: Case, peer: Settled, spans: dict[str, Decimal]) -> m.Likeness:
    a, b = case.facts(), peer.case.facts()
    scores: dict[str, Decimal] = {}
    for fact in sorted({**directions(plan), **directions(_plan_of(plan, peer.case))}):
        x, y = a.get(fact), b.get(fact)
        if x is None or y is None or (x is False and y is False):
            continue
        scores[fact] = _score(x, y, spans.get(fact))
    total = sum(scores.values(), Decimal(0))
    return m.Likeness(
        precedent=peer.case.id,
        title=peer.case.title,
        grade=peer.grade,
        severity=peer.severity,
        alike=sum(score == 1 for score in scores.values()),
        compared=len(scores),
        similarity=float(total / len(scores)) if scores else 0.0,
        differing=tuple(fact for fact, score in sorted(scores.items(), key=lambda item: item[1]) if score != 1),
    )


def _score(x: Any, y: Any, span: Decimal | None) -> Decimal:
    if x == y:
        return Decimal(1)
    if span and _number(x) and _number(y):
        return 1 - abs(Decimal(x) - Decimal(y)) / span
    return Decimal(0)


def _spans(cases: Sequence[Case], facts: Iterable[str]) -> dict[str, Decimal]:
    """The range of each number over some cases."""
    values = [case.facts() for case in cases]
    spans = {}
    for fact in facts:
        found = [Decimal(v) for each in values if (v := each.get(fact)) is not None and _number(v)]
        if len(found) > 1:
            spans[fact] = max(found) - min(found)
    return spans


def _number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool | Records)
