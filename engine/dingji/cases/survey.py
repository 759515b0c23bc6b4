"""What the opinions of experts tell: the grade in the middle, how far they are apart, who still has to answer.

A survey goes in rounds. What it tells is that of its last round: an expert of the panel who has not answered in it may still give
any grade, so that what follows from the opinions is known only in part, until the survey is closed. Then those who answered count.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dingji.cases.model import Opinion, Survey
from dingji.knowledge.model import ScaleDefinition
from dingji.language.values import CONTEXT, Value, between, one_of
from dingji.records import Record

Weight = int | Decimal
Weights = list[Weight]
"""The weight that stands behind each severity, the mildest first."""


class Round(Record, frozen=True):
    """One round: the opinions given in it, and the experts of the panel who have not answered in it (nobody, once it is over)."""

    number: int
    opinions: tuple[Opinion, ...]
    awaited: tuple[str, ...]


def panel_of(survey: Survey, opinions: Sequence[Opinion]) -> tuple[str, ...]:
    """The experts who take part: those named, else those who have answered in some round; without those who withdrew."""
    named = survey.panel or tuple(dict.fromkeys(o.rater for o in opinions))
    return tuple(rater for rater in named if rater not in survey.withdrawn)


def rounds(survey: Survey, opinions: Sequence[Opinion]) -> tuple[Round, ...]:
    """The rounds from the first to the last in which somebody answered. Who withdrew no longer counts in the rounds after."""
    last = max((o.round for o in opinions), default=0)
    panel = panel_of(survey, opinions)
    found = []
    for number in range(1, last + 1):
        given = tuple(o for o in opinions if o.round == number and (number < last or o.rater in panel))
        answered = {o.rater for o in given}
        over = survey.closed or number < last
        found.append(Round(number, given, () if over else tuple(rater for rater in panel if rater not in answered)))
    return tuple(found)


def told(survey: Survey, opinions: Sequence[Opinion], scale: ScaleDefinition) -> dict[str, Value]:
    """Everything that a survey tells, by the words of knowledge.shapes.SURVEYED; grades as severities, None where nothing is known."""
    held = rounds(survey, opinions)
    given = held[-1].opinions if held else ()
    waiting = held[-1].awaited if held else () if survey.closed else panel_of(survey, opinions)
    weights = weights_of(given, scale)
    earlier = {o.rater: o.weight for o in opinions}
    open_weight = sum((earlier.get(rater, 1) for rater in waiting), start=0)
    before = {o.rater: o.grade for o in held[-2].opinions} if len(held) > 1 else {}
    changed = sum(o.grade != before.get(o.rater) for o in given)
    known = bool(given) or bool(waiting)
    return {
        "scale": scale.id,
        "raters": between(len(given), len(given) + len(waiting)),
        "round": len(held),
        "closed": survey.closed,
        "same_share": _share_near(weights, open_weight, 0),
        "within_one_share": _share_near(weights, open_weight, 1),
        "changed_share": _percent(changed, changed + len(waiting), len(given) + len(waiting)),
        "spread": between(0, len(weights) - 1) if waiting else spread([scale.severity(o.grade) for o in given]),
        "median": one_of(_medians(weights, open_weight)) if known else None,
        "median_tied": None if waiting or not given else len(middle(weights)) > 1,
        "majority": one_of(_modes(weights, open_weight)) if known else None,
        "majority_tied": None if waiting or not given else weights.count(max(weights)) > 1,
        "worst": one_of(_worsts(weights, open_weight)) if known else None,
    }


def weights_of(opinions: Sequence[Opinion], scale: ScaleDefinition) -> Weights:
    """The weight behind each grade of the scale."""
    found: Weights = [0] * len(scale.grades)
    for opinion in opinions:
        found[scale.severity(opinion.grade)] += opinion.weight
    return found


def middle(weights: Weights) -> tuple[int, ...]:
    """The severity in the middle; two of them, the milder first, if the weight is split evenly between them."""
    half = Decimal(sum(weights)) / 2
    mild = next(g for g in range(len(weights)) if sum(weights[: g + 1]) >= half)
    grave = next(g for g in reversed(range(len(weights))) if sum(weights[g:]) >= half)
    return (mild,) if mild == grave else (mild, grave)


def spread(severities: Sequence[int]) -> Decimal | None:
    """How many grades apart the quartiles are, by linear interpolation between the ordered opinions; None without opinions."""
    ordered = sorted(severities)
    if not ordered:
        return None
    lower, upper = (_quantile(ordered, quarter) for quarter in (1, 3))
    return upper - lower


def _quantile(ordered: Sequence[int], quarters: int) -> Decimal:
    place, part = divmod((len(ordered) - 1) * quarters, 4)
    step = ordered[min(place + 1, len(ordered) - 1)] - ordered[place]
    return ordered[place] + Decimal(step * part) / 4


def _assigned(weights: Weights, more: Weight, grade: int) -> Weights:
    """The weights if all who have not answered gave one grade."""
    return [w + more if g == grade else w for g, w in enumerate(weights)]


def _medians(weights: Weights, more: Weight) -> range:
    """The medians that can still come out: with every outstanding answer at the mildest grade, up to every one at the gravest."""
    mildest, gravest = (middle(_assigned(weights, more, end))[-1] for end in (0, len(weights) - 1))
    return range(mildest, gravest + 1)


def _modes(weights: Weights, more: Weight) -> list[int]:
    """The grades that most weight can still stand behind; of equals the gravest is taken."""
    found = []
    for grade in range(len(weights)):
        if_so = _assigned(weights, more, grade)
        if if_so[grade] == max(if_so) and if_so[grade] > max(if_so[grade + 1 :], default=0):
            found.append(grade)
    return found


def _worsts(weights: Weights, more: Weight) -> range:
    gravest = max((g for g, w in enumerate(weights) if w), default=0)
    return range(gravest, len(weights)) if more else range(gravest, gravest + 1)


def _share_near(weights: Weights, more: Weight, distance: int) -> Value:
    """Per cent of the weight at the median, or at most so many grades from it."""
    total = sum(weights) + more
    if not total:
        return None
    near = [sum(weights[max(0, m - distance) : m + distance + 1]) for m in _medians(weights, more)]
    return _percent(min(near), max(near) + more, total)


def _percent(low: Any, high: Any, total: Any) -> Value:
    if not total:
        return None
    least, most = (CONTEXT.divide(Decimal(100 * part), Decimal(total)) for part in (low, high))
    return between(least, min(most, Decimal(100)))
