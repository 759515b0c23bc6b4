"""Grading by experts: the opinions as the proof of a finding, and what goes back to the experts after each round.

How opinions become a grade stands in knowledge: rules read what a survey tells (dingji.cases.survey). Here is the rest of the
Delphi loop: for each round the middle, the spread and the dissent, and for each expert a sheet for the next round.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from dingji.cases.model import Case, Opinion
from dingji.cases.survey import Round, middle, panel_of, rounds, told, weights_of
from dingji.errors import CaseError, Problem
from dingji.knowledge.model import Knowledge, ScaleDefinition, Words
from dingji.language.values import Value
from dingji.methods.model import FactProof, Provenance, Result
from dingji.records import Record, replace


class Share(Record, frozen=True):
    """How many experts gave a grade, the weight behind them, and their reasons, each once."""

    grade: str
    experts: int
    weight: int | Decimal
    reasons: tuple[str, ...]


class Feedback(Record, frozen=True):
    """What a round told. `shares` are those of every grade of the scale, gravest first; `awaited` the experts who have not answered.

    `median` holds two grades where the opinions are split evenly (the graver first), none where nobody answered. Percentages and
    `spread` (grades between the quartiles) are None where they are not known yet.
    """

    round: int
    experts: int
    awaited: tuple[str, ...]
    shares: tuple[Share, ...]
    median: tuple[str, ...]
    spread: Decimal | None
    same_share: Decimal | None
    within_one_share: Decimal | None
    changed_share: Decimal | None

    @property
    def dissent(self) -> tuple[Share, ...]:
        """The grades given that are not in the middle."""
        return tuple(share for share in self.shares if share.experts and share.grade not in self.median)


class Sheet(Record, frozen=True):
    """What one expert gets for a round: the feedback of the round before (None for the first) and the own grade in it.

    `dissents`: the own grade is not in the middle, so reasons are asked for.
    """

    rater: str
    round: int
    feedback: Feedback | None
    own: str | None
    own_reasons: tuple[str, ...]
    dissents: bool


class Delphi(Record, frozen=True):
    """A survey of experts on one case. `over`: no round is due; `next` is the round that is due, or was answered last."""

    case: Case
    scale: ScaleDefinition
    panel: tuple[str, ...]
    feedback: tuple[Feedback, ...]
    over: bool
    next: int


def delphi(knowledge: Knowledge, case: Case, result: Result) -> Delphi:
    """The survey of a graded case. Raises CaseError (C040) if the case has none."""
    if case.survey is None:
        place = case.place
        message, hint = f"no experts were asked on {case.id}", "survey: {scale: ..., panel: [...]}"
        raise CaseError([Problem(place.file, place.line, place.column, "C040", message, hint)])
    scale = knowledge.scales[case.survey.scale]
    held = rounds(case.survey, case.opinions)
    feedback = tuple(_feedback(case, number, scale) for number in range(1, len(held) + 1))
    # a round in which somebody has still to answer goes on; else the rules of the knowledge base say whether another is due
    graded = any(f.grade is not None for f in result.findings if scale.id in knowledge.instruments[f.instrument].surveys)
    over = case.survey.closed or graded
    waiting = bool(held and held[-1].awaited)
    return Delphi(case, scale, panel_of(case.survey, case.opinions), feedback, over, len(held) + (0 if over or waiting else 1))


def sheet(survey: Delphi, rater: str, number: int) -> Sheet:
    """The sheet of an expert for a round. Raises ValueError if the rounds before have no opinions to feed back."""
    if not 1 <= number <= len(survey.feedback) + 1:
        raise ValueError(number)
    before = survey.feedback[number - 2] if number > 1 else None
    own = next((o for o in survey.case.opinions if o.rater == rater and o.round == number - 1), None)
    return Sheet(
        rater,
        number,
        before,
        own.grade if own else None,
        own.reasons if own else (),
        bool(own and before and own.grade not in before.median),
    )


def _feedback(case: Case, number: int, scale: ScaleDefinition) -> Feedback:
    survey = case.survey
    assert survey is not None, "the caller has one"
    upto = tuple(o for o in case.opinions if o.round <= number)
    held = rounds(survey, case.opinions)
    at = held[number - 1]
    # in a round that is over nobody is awaited any more
    then = survey if number == len(held) else replace(survey, last_round=number)
    facts = told(then, upto, scale)
    weights = weights_of(at.opinions, scale)
    median = tuple(scale.grade(g).id for g in reversed(middle(weights))) if at.opinions else ()
    return Feedback(
        number,
        len(at.opinions),
        at.awaited,
        tuple(_share(at, grade.id) for grade in scale.grades),
        median,
        *(_known(facts[name]) for name in ("spread", "same_share", "within_one_share", "changed_share")),
    )


def _share(at: Round, grade: str) -> Share:
    given = [o for o in at.opinions if o.grade == grade]
    reasons = dict.fromkeys(reason for o in given for reason in o.reasons)
    return Share(grade, len(given), sum((o.weight for o in given), start=0), tuple(reasons))


def _known(value: Value) -> Decimal | None:
    return Decimal(value) if isinstance(value, int | Decimal) else None


MEDIAN = ("median", "majority", "worst")
"""What a survey tells that is a grade: the opinions stand below it in a proof."""


def survey_proof(knowledge: Knowledge, case: Case, proof: FactProof, seen: set[str]) -> FactProof:
    """The proof of a fact that a survey tells: below a grade, the opinions of the last round and how far they are apart."""
    told_now = knowledge.facts[proof.fact].survey
    if case.survey is None or proof.value is None or told_now not in MEDIAN:
        return replace(proof, how="surveyed" if proof.value is not None else "unknown")
    held = rounds(case.survey, case.opinions)
    opinions = tuple(_opinion_proof(o, case.survey.scale, knowledge.facts) for o in (held[-1].opinions if held else ()))
    spread = knowledge.surveyed.get("spread")
    if spread is not None and spread not in seen and case.told.get(spread) is not None:
        seen.add(spread)
        definition = knowledge.facts[spread]
        opinions += (FactProof(spread, definition.label, str(case.told[spread]), definition.unit, "surveyed"),)
    return replace(proof, how="surveyed", facts=opinions)


def _opinion_proof(opinion: Opinion, scale: str, known: Mapping[str, object]) -> FactProof:
    """An opinion as a stated grade: reasons that are facts of the vocabulary are what it was judged from."""
    facts = tuple(r for r in opinion.reasons if r in known)
    others = "; ".join(r for r in opinion.reasons if r not in known)
    on = opinion.date.isoformat() if opinion.date else None
    label = Words(f"Opinion, round {opinion.round}", f"第{opinion.round}轮意见")
    if opinion.weight != 1:
        label = Words(f"{label.en}, weight {opinion.weight}", f"{label.zh}（权重{opinion.weight}）")
    provenance = Provenance("judged", opinion.rater, on, (), facts, others)
    return FactProof(f"{opinion.rater}@{scale}", label, opinion.grade, "", "stated", provenance=provenance)
