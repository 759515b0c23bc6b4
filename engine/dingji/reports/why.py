"""The answer to "why": the proof of one conclusion, as finished strings."""

from __future__ import annotations

from pathlib import Path

from dingji.knowledge.model import Knowledge
from dingji.methods import model as m
from dingji.reasoning.explanation.why import Exclusion, Why
from dingji.records import Record
from dingji.reports import Form, Language
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.proof import ConditionView, FactView, ProofViews, RuleView
from dingji.reports.values import Speech

_RULE = {True: "reason.rule-true", False: "reason.rule-false", None: "reason.rule-unknown"}


class ExclusionView(Record, frozen=True):
    """Why an instrument does not apply: sentences, and the condition of its scope where that is not met."""

    lines: tuple[str, ...]
    scope: ConditionView | None


class WhyView(Record, frozen=True):
    """A page on one conclusion. `answer` is its value or truth in words; a rule has `rules`, everything else facts only."""

    title: str
    head: str
    question: str
    answer: str
    rules: tuple[RuleView, ...]
    facts: tuple[FactView, ...]
    exclusion: ExclusionView | None
    version: str
    digest: str


class Views(ProofViews):
    """Proofs of single rules and of scopes."""

    def rule(self, proof: m.RuleProof, fact: str) -> RuleView:
        """The view of a rule that concludes something of `fact`."""
        return self._rule(proof, fact)

    def said(self, provenance: m.Provenance) -> tuple[str, ...]:
        """Who states a fact, and on what evidence."""
        return tuple(self._said(provenance))

    def exclusion(self, excluded: Exclusion) -> ExclusionView:
        """Why an instrument does not apply."""
        words, speech = self.words, self.speech
        lines = [words("excluded.head", instrument=speech.text(excluded.title))]
        day = speech.date(excluded.day)
        if excluded.in_force is not True and (excluded.start or excluded.end):
            period = self._period(excluded)
            lines.append(words("excluded.date" if excluded.in_force is False else "excluded.date-unknown", period=period, day=day))
        if excluded.instead:
            lines.append(words("excluded.instead", instruments=words.listed(map(speech.instrument, excluded.instead))))
        scope = None
        if excluded.in_scope is not True and excluded.scope is not None:
            lines.append(words("excluded.scope" if excluded.in_scope is False else "excluded.scope-unknown"))
            scope = self._condition(excluded.scope, None, self._phrases)
        return ExclusionView(tuple(lines), scope)

    def _period(self, excluded: Exclusion) -> str:
        words, date = self.words, self._day
        if excluded.start and excluded.end:
            return words("excluded.between", start=date(excluded.start), end=date(excluded.end))
        if excluded.start:
            return words("excluded.from", start=date(excluded.start))
        return words("excluded.to", end=date(excluded.end))

    def _day(self, text: str) -> str:
        """A day, or a year where no more is known."""
        return self.words("excluded.year", year=text) if len(text) == len("2000") else self.speech.date(text)


def why(answer: Why, knowledge: Knowledge, words: Catalogue) -> WhyView:
    """The view of an answer."""
    speech = Speech(knowledge, words)
    views = Views(speech)
    rules = tuple(views.rule(rule, _concluded(rule, knowledge)) for rule in answer.rules)
    proofs = answer.facts if answer.kind == "rule" else (answer.proof,) if answer.proof is not None else ()
    return WhyView(
        title=speech.text(answer.title) or answer.case,
        head=page_head(answer.case, answer.as_of, answer.profile, speech),
        question=_question(answer, speech),
        answer=_answer(answer, words),
        rules=rules,
        facts=tuple(views.fact(proof) for proof in proofs),
        exclusion=views.exclusion(answer.exclusion) if answer.exclusion is not None else None,
        version=answer.knowledge_version,
        digest=answer.knowledge_digest,
    )


def page_head(case: str, as_of: str, profile: str | None, speech: Speech) -> str:
    """The case, its day and its profile on one line."""
    words = speech.words
    parts = [words("reason.case", case=case), words("head.as-of", day=speech.date(as_of))]
    if profile is not None:
        found = speech.knowledge.profiles.get(profile)
        parts.append(words("head.profile", profile=speech.text(found.title) if found else profile))
    return words("list.semicolon").join(parts)


def _question(answer: Why, speech: Speech) -> str:
    words = speech.words
    if answer.kind == "instrument":
        return words("reason.question", asked=speech.instrument(answer.asked))
    return words("reason.question", asked=answer.asked if answer.kind == "rule" else speech.label(answer.asked))


def _answer(answer: Why, words: Catalogue) -> str:
    """Whether a rule holds; the value of a fact stands at the top of its proof."""
    if not answer.rules:
        return ""
    truths = [rule.truth for rule in answer.rules]
    truth = True if True in truths else None if None in truths else False
    return words(_RULE[truth], rule=answer.asked)


def _concluded(rule: m.RuleProof, knowledge: Knowledge) -> str:
    """The fact of which a rule concludes something; a crosswalk's row names it by the finding that it carries."""
    found = knowledge.rules.get(rule.id.split("@")[0])
    if found is None or not found.then:
        return ""
    if found.kind != "crosswalk":
        return found.then[0][0]
    instrument = knowledge.instruments.get(rule.id.partition("@")[2])
    return f"{instrument.decides}@{knowledge.crosswalks[found.owner].target_scale}" if instrument else ""


def render_why(
    answer: Why,
    knowledge: Knowledge,
    *,
    form: Form,
    language: Language,
    width: int = 80,
    templates: Path | None = None,
) -> str:
    """The proof of one conclusion."""
    words = catalogue(language, templates)
    view = why(answer, knowledge, words)
    return render_page(f"why/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)
