"""A result as finished strings: what templates print. Nothing here knows of layout."""

from __future__ import annotations

from collections import Counter

from dingji.knowledge.model import Knowledge
from dingji.methods import model as m
from dingji.records import Record
from dingji.reports.duties import DutyView, duties
from dingji.reports.findings import DifferenceView, FindingView, TodayView, differences, findings, remarks, today
from dingji.reports.messages import Catalogue
from dingji.reports.proof import FactView, ProofViews
from dingji.reports.questions import QuestionView, more_questions, questions
from dingji.reports.values import Speech


class GroundView(Record, frozen=True):
    """A weak rule on which the grade rests."""

    rule: str
    confidence: str
    text: str
    cite: str
    note: str


class JudgementView(Record, frozen=True):
    """A judged fact that the grade turns on."""

    label: str
    value: str
    by: str
    evidence: str


class FlagView(Record, frozen=True):
    """A warning."""

    text: str
    cite: str


class Report(Record, frozen=True):
    """A graded case. `headline` is the grade in words, `meaning` what its status means; empty strings stand for nothing."""

    case: str
    title: str
    subject: str
    as_of: str
    profile: str
    scale: str
    headline: str
    colour: str
    colour_word: str
    meaning: str
    findings: tuple[FindingView, ...]
    remarks: tuple[str, ...]
    differ: str
    differences: tuple[DifferenceView, ...]
    grounds: tuple[GroundView, ...]
    judged: tuple[JudgementView, ...]
    flags: tuple[FlagView, ...]
    questions: tuple[QuestionView, ...]
    more_questions: str
    duties: tuple[DutyView, ...]
    duties_summary: str
    today: tuple[TodayView, ...]
    version: str
    digest: str
    evaluators: str
    proof: tuple[FactView, ...]


def report(result: m.Result, knowledge: Knowledge, words: Catalogue, *, with_proof: bool) -> Report:
    """The view of a result in the language of the catalogue."""
    speech = Speech(knowledge, words)
    found = result.determination
    proofs = ProofViews(speech)
    shown_duties = duties(result, speech)
    return Report(
        case=result.case,
        title=speech.text(result.title) or result.case,
        subject=_capital(speech.fact("subject", result.subject)),
        as_of=speech.date(result.as_of),
        profile=_profile(result, speech),
        scale=_capital(speech.text(found.scale_title)) if found else "",
        headline=_headline(found, speech),
        colour=(found.colour or "") if found else "",
        colour_word=words.choice("colour", found.colour) if found and found.colour else "",
        meaning=_meaning(found, speech),
        findings=findings(result, speech),
        remarks=remarks(result, speech),
        differ=_differ(result, speech),
        differences=differences(result, speech),
        grounds=tuple(_ground(g, speech) for g in found.rests_on) if found else (),
        judged=tuple(_judgement(j, speech) for j in found.judged if j.value != "unknown") if found else (),
        flags=tuple(FlagView(speech.text(f.text), words("cite", cite=speech.text(f.cite))) for f in result.flags),
        questions=questions(result, speech),
        more_questions=more_questions(result, speech),
        duties=shown_duties,
        duties_summary=_duties_summary(shown_duties, words),
        today=today(result, speech),
        version=result.knowledge_version,
        digest=result.knowledge_digest,
        evaluators=_evaluators(result, words),
        proof=tuple(proofs.fact(f) for f in result.proof) if with_proof else (),
    )


def _profile(result: m.Result, speech: Speech) -> str:
    if result.profile is None:
        return ""
    profile = speech.knowledge.profiles.get(result.profile)
    return speech.text(profile.title) if profile else result.profile


def _headline(found: m.Determination | None, speech: Speech) -> str:
    words = speech.words
    if found is None:
        return words("headline.none")
    if found.status == "undetermined":
        return words("headline.undetermined")
    if found.grade_label is not None:
        return speech.text(found.grade_label)
    return speech.grades(found.scale, found.reachable)


def _meaning(found: m.Determination | None, speech: Speech) -> str:
    """What the status of the determination means, and how many weak rules it rests on."""
    words = speech.words
    if found is None:
        return words("meaning.none")
    if found.status == "undetermined":
        return _capital(words("meaning.undetermined", grades=speech.grades(found.scale, found.reachable)))
    counts = Counter(g.confidence for g in found.rests_on)
    weak = words.listed([words.choice("weak", confidence, n=counts[confidence]) for confidence in sorted(counts)], "plus")
    if found.status == "silent" and weak:
        return words("meaning.silent-weak", rules=weak)
    return words.choice("meaning", found.status, rules=weak)


def _differ(result: m.Result, speech: Speech) -> str:
    """Why the findings differ, in one sentence; that they agree, where there are several to compare."""
    words, disagreement = speech.words, result.disagreement
    if disagreement.differ:
        if not disagreement.left_out:
            return words("differ.weigh-otherwise")
        return words("differ.left-out", factors=words.listed(map(speech.factor, disagreement.left_out)))
    settled = [f for f in result.findings if f.counted and f.status in ("determined", "provisional")]
    return words("differ.agree", n=len(settled)) if len(settled) > 1 else ""


def _ground(ground: m.Ground, speech: Speech) -> GroundView:
    words = speech.words
    cite = words("cited", cite=speech.text(ground.cite), document=speech.source(ground.source))
    return GroundView(
        rule=ground.rule.split("@")[0],
        confidence=words.choice("confidence", ground.confidence),
        text=speech.text(ground.text),
        cite=words("cite", cite=cite),
        note=speech.note(ground.note),
    )


def _judgement(judged: m.Judgement, speech: Speech) -> JudgementView:
    words = speech.words
    return JudgementView(
        label=speech.text(judged.label),
        value=speech.fact(judged.fact, judged.value),
        by=judged.asserted_by or words("judged.nobody"),
        evidence=words("list.semicolon").join(judged.evidence) or words("judged.no-evidence"),
    )


def _duties_summary(shown: tuple[DutyView, ...], words: Catalogue) -> str:
    """How many duties there are, and the earliest with a day."""
    if not shown:
        return ""
    at_once = sum(duty.at_once for duty in shown)
    count = words("duties.count-at-once", n=len(shown), at_once=at_once) if at_once else words("duties.count", n=len(shown))
    dated = next((duty for duty in shown if duty.day), None)
    return words("duties.summary-dated", count=count, day=dated.day, act=dated.act) if dated else words("duties.summary", count=count)


def _evaluators(result: m.Result, words: Catalogue) -> str:
    names = words.listed([words("evaluator.reference") if e == "reference" else e for e in result.evaluators])
    if result.without:
        return words("evaluators.alone", evaluators=names, reason=result.without)
    return words("evaluators.agree", evaluators=names, n=len(result.evaluators))


def _capital(text: str) -> str:
    """A label as the beginning of a line."""
    return text[:1].upper() + text[1:]
