"""A survey of experts, as finished strings: the rounds for who holds it, and a sheet for each expert, blind to names."""

from __future__ import annotations

from decimal import Decimal

from dingji.knowledge.model import Knowledge, Words
from dingji.language.values import Records
from dingji.methods import model as m
from dingji.methods.proof import shown_value
from dingji.methods.subjective import Delphi, Feedback, Share, Sheet
from dingji.records import Record
from dingji.reports.html.view import LANGUAGES
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech


class ShareView(Record, frozen=True):
    """A grade, how many experts gave it, and why."""

    grade: str
    colour: str
    experts: str
    reasons: tuple[str, ...]
    middle: bool


class RoundView(Record, frozen=True):
    """A round: its grades, and what they tell in sentences."""

    heading: str
    shares: tuple[ShareView, ...]
    lines: tuple[str, ...]


class SurveyView(Record, frozen=True):
    """The whole survey, for who holds it."""

    language: str
    title: str
    heading: str
    lead: str
    rounds: tuple[RoundView, ...]
    outcome: tuple[str, ...]
    outlook: str


class OptionView(Record, frozen=True):
    """A grade that may be ticked."""

    grade: str
    colour: str


class LineView(Record, frozen=True):
    """A label with its value."""

    label: str
    value: str


class SheetView(Record, frozen=True):
    """The sheet of one expert: what is known of the case, what the round before told, and the boxes to tick."""

    language: str
    title: str
    heading: str
    rater: str
    case: str
    facts: tuple[LineView, ...]
    before: RoundView | None
    own: tuple[str, ...]
    question: str
    options: tuple[OptionView, ...]
    ask: str


def survey_view(survey: Delphi, result: m.Result, knowledge: Knowledge, words: Catalogue) -> SurveyView:
    """The rounds of a survey and what became of it. `result` is the graded case: its flags of the survey tell the outcome."""
    speech = Speech(knowledge, words)
    told = {flag.id for flag in result.flags if knowledge.instruments[knowledge.rules[flag.id].owner].surveys} if result.flags else set()
    outcome = [words("delphi.flag", text=speech.text(f.text), cite=speech.text(f.cite)) for f in result.flags if f.id in told]
    for finding in result.findings:
        if knowledge.instruments[finding.instrument].surveys and finding.grade is not None:
            outcome.insert(
                0, words("delphi.grade", grade=speech.grade(finding.scale, finding.grade), instrument=speech.text(finding.title))
            )
    return SurveyView(
        language=LANGUAGES.get(words.language, words.language),
        title=speech.text(survey.case.title),
        heading=words("delphi.title"),
        lead=words("delphi.lead", scale=speech.text(survey.scale.title), case=survey.case.id, panel=words("list.comma").join(survey.panel)),
        rounds=tuple(_round(f, survey, speech, names=True) for f in survey.feedback),
        outcome=tuple(outcome),
        outlook=words("delphi.over") if survey.over else words("delphi.due", n=survey.next),
    )


def sheet_view(sheet: Sheet, survey: Delphi, knowledge: Knowledge, words: Catalogue) -> SheetView:
    """The sheet of one expert. Nobody else's name stands on it."""
    speech = Speech(knowledge, words)
    scale = survey.scale
    own = []
    if sheet.own is not None:
        own.append(words("delphi.own", n=sheet.round - 1, grade=speech.grade(scale.id, sheet.own)))
        if sheet.own_reasons:
            own.append(words("delphi.own-reasons", reasons=words("list.semicolon").join(_reason(r, speech) for r in sheet.own_reasons)))
    ask = "delphi.ask-dissent" if sheet.dissents else "delphi.ask-again" if sheet.feedback else "delphi.ask-first"
    return SheetView(
        language=LANGUAGES.get(words.language, words.language),
        title=speech.text(survey.case.title),
        heading=words("delphi.sheet", n=sheet.round),
        rater=words("delphi.rater", rater=sheet.rater),
        case=words("delphi.case", case=survey.case.id, day=speech.date(survey.case.as_of.isoformat())),
        facts=tuple(_facts(survey, speech)),
        before=_round(sheet.feedback, survey, speech, names=False) if sheet.feedback else None,
        own=tuple(own),
        question=words("delphi.question", scale=speech.text(scale.title)),
        options=tuple(OptionView(speech.text(g.label), g.colour or "") for g in scale.grades),
        ask=words(ask),
    )


def _facts(survey: Delphi, speech: Speech) -> list[LineView]:
    """What the case states, without who states it."""
    shown = []
    for statement in survey.case.statements.values():
        definition = speech.knowledge.facts[statement.name]
        empty = isinstance(statement.value, Records) and not statement.value.items
        if statement.value is not None and statement.place is not None and not empty:
            value = speech.value(definition, shown_value(speech.knowledge, statement.name, statement.value))
            shown.append(LineView(speech.text(definition.label), value))
    return shown


def _round(told: Feedback, survey: Delphi, speech: Speech, *, names: bool) -> RoundView:
    words = speech.words
    return RoundView(
        words("delphi.round", round=told.round, n=told.experts),
        tuple(_share(share, told, survey, speech) for share in told.shares if share.experts),
        tuple(_lines(told, survey, speech, names=names)),
    )


def _share(share: Share, told: Feedback, survey: Delphi, speech: Speech) -> ShareView:
    words = speech.words
    weighted = share.weight != share.experts
    experts = words("delphi.weighed", n=share.experts, weight=share.weight) if weighted else words("delphi.experts", n=share.experts)
    return ShareView(
        speech.grade(survey.scale.id, share.grade),
        speech.colour(survey.scale.id, share.grade),
        experts,
        tuple(_reason(reason, speech) for reason in share.reasons),
        share.grade in told.median,
    )


def _lines(told: Feedback, survey: Delphi, speech: Speech, *, names: bool) -> list[str]:
    """The middle, the spread, how many agree, who moved."""
    words, scale = speech.words, survey.scale.id
    lines = []
    if len(told.median) == 1:
        lines.append(words("delphi.median", grade=speech.grade(scale, told.median[0])))
    elif told.median:
        grave, mild = (speech.grade(scale, grade) for grade in told.median)
        lines.append(words("delphi.split", grade=grave, other=mild))
    if told.spread is not None:
        lines.append(words("delphi.spread", grades=_number(told.spread)))
    if told.same_share is not None and told.within_one_share is not None:
        lines.append(words("delphi.shares", same=_number(told.same_share), near=_number(told.within_one_share)))
    if told.round > 1 and told.changed_share is not None:
        lines.append(words("delphi.changed", share=_number(told.changed_share)))
    if told.awaited:
        who = words("list.comma").join(told.awaited)
        lines.append(words("delphi.awaited-names", who=who) if names else words("delphi.awaited", n=len(told.awaited)))
    return lines


def _number(value: Decimal) -> str:
    """A number with at most two places."""
    shown = f"{value:.2f}"
    return shown.rstrip("0").rstrip(".")


def _reason(reason: str, speech: Speech) -> str:
    """A reason in the reader's words, if it names a fact, a factor or a rule of the base."""
    knowledge = speech.knowledge
    if reason in knowledge.facts:
        return speech.label(reason)
    if reason in knowledge.factors:
        return speech.factor(reason)
    return speech.text(_text(reason, knowledge))


def _text(reason: str, knowledge: Knowledge) -> Words:
    return knowledge.rules[reason].text if reason in knowledge.rules else Words(reason, reason)
