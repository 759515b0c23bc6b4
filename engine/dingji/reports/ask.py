"""An interview as finished strings: questions with the answers they allow, why they are asked, what is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dingji.errors import Problem
from dingji.knowledge.model import EvidenceKind, FactDefinition, FieldDefinition, Instrument, Knowledge, Rule
from dingji.knowledge.shapes import WEAK
from dingji.language import types as t
from dingji.methods.proof import shown_value
from dingji.methods.ranking import Candidate
from dingji.reasoning.interview import Interview, Reason
from dingji.records import Record
from dingji.reports.answers import checklist, choices
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.problems import told
from dingji.reports.questions import decides, evidence_named, evidence_of
from dingji.reports.values import Definition, Speech

TOLD = (
    "intro",
    "item-first",
    "item-next",
    "item-dropped",
    "taken-back",
    "nothing-back",
    "refused",
    "interrupted",
    "unreadable",
    "saved",
    "nothing-saved",
    "lost",
)
"""What the command line itself says in a dialogue."""
MOST_RULES = 5
"""Rules that "why" shows; a fact that opens a whole list would fill the screen."""
MOST_NAMES = 12
"""Facts that a line names."""
MOST_OUTLOOKS = 8
"""Answers that "why" looks ahead to."""


class LineView(Record, frozen=True):
    """A remark of the dialogue."""

    text: str


class QuestionView(Record, frozen=True):
    """A question: how far the interview is, what is asked, what may be answered; empty strings stand for nothing."""

    head: str
    question: str
    allowed: str
    hint: str
    evidence: str
    choices: tuple[str, ...]


class WhyView(Record, frozen=True):
    """Why a question is asked; `more` counts the rules or texts left out, in words."""

    decides: str
    outlooks: tuple[str, ...]
    heading: str
    rules: tuple[str, ...]
    more: str
    shown: str
    evidence: tuple[str, ...]


class ListedView(Record, frozen=True):
    """A question in a list."""

    question: str
    allowed: str
    evidence: str
    decides: str


class ListView(Record, frozen=True):
    """The open questions of a case, best first; empty strings stand for nothing."""

    title: str
    remark: str
    questions: tuple[ListedView, ...]
    put_off: str


class AccountView(Record, frozen=True):
    """What became of a file of answers."""

    taken: str
    not_needed: str
    open: str
    put_off: str


class Asker:
    """Words an interview in one language, on pages of one width."""

    def __init__(
        self, interview: Interview, language: str, *, width: int = 80, colour: bool = False, templates: Path | None = None
    ) -> None:
        self.interview, self.knowledge = interview, interview.base
        self.words: Catalogue = catalogue(language, templates)
        self.speech = Speech(self.knowledge, self.words)
        self._hinted = False
        self._page: Mapping[str, Any] = {"width": width, "colour": colour, "templates": templates}

    def page(self, name: str, view: Record, form: str = "text") -> str:
        """A view laid out by its template."""
        page = dict(self._page) | ({"colour": False} if form == "markdown" else {})
        return render_page(f"ask/{form}/{name}.j2", view, self.words, form=form, **page)

    def line(self, text: str) -> str:
        """A remark, wrapped to the page."""
        return self.page("line", LineView(text))

    def refusal(self, problem: Problem) -> str:
        """What is wrong with an answer."""
        return told(problem, self.words, self._page["templates"])

    def told(self, code: str, **fields: object) -> str:
        """One of TOLD, wrapped to the page."""
        return self.line(self.words.choice("told", code, **fields))

    def question(self, candidate: Candidate, number: int) -> str:
        """A question of the dialogue."""
        words, definition = self.words, self.interview.definition(candidate.fact)
        if candidate.kind == "scope" or not self.interview.grades():
            head = words("ask.head-scope", n=number)
        else:
            head = words("ask.head", n=number, grades=self._grades(self.interview.grades()), open=len(self.interview.open()))
        hint = ""
        if isinstance(definition.type, t.Number) and not self._hinted:
            self._hinted, hint = True, words("ask.partly")
        question = self.speech.text(definition.question or definition.label)
        allowed = allowed_answers(definition, self.speech)
        return self.page("question", QuestionView(head, question, allowed, hint, self._evidence(candidate), self._choices(definition)))

    def field(self, definition: FieldDefinition, number: int) -> str:
        """What is asked of one field of an item of a list."""
        allowed = self.words("ask.item.field", n=number, allowed=allowed_answers(definition, self.speech))
        return self.page("question", QuestionView("", "", allowed, "", "", self._choices(definition)))

    def _choices(self, definition: Definition) -> tuple[str, ...]:
        return tuple(self.speech.text(label) for _, label in choices(definition, self.knowledge))

    def _evidence(self, candidate: Candidate) -> str:
        """What to have at hand; what the case is about at all needs no proof."""
        kinds = "" if candidate.kind == "scope" else evidence_named(candidate.fact, self.speech)
        return self.words("ask.evidence", kinds=kinds) if kinds else ""

    def why(self, reason: Reason) -> str:
        """Why a fact is asked: what the answer decides, in which rules of which texts."""
        words, candidate = self.words, reason.candidate
        if candidate.kind == "scope":
            heading, lines, decides = "", [self._text(i) for i in reason.instruments], words("ask.why.scope")
        else:
            heading = words("ask.why.rules") if reason.rules else ""
            lines = [self._rule(rule) for rule in reason.rules]
            decides = self._decides(candidate)
        more = words("ask.why.more", n=len(lines) - MOST_RULES) if len(lines) > MOST_RULES else ""
        evidence = () if candidate.kind == "scope" else tuple(map(self._kind, evidence_of(candidate.fact, self.speech)))
        shown = words("ask.why.evidence") if evidence else ""
        return self.page("why", WhyView(decides, self._outlooks(candidate), heading, tuple(lines[:MOST_RULES]), more, shown, evidence))

    def _kind(self, kind: EvidenceKind) -> str:
        """A kind of evidence, with what it must show."""
        label, note = self.speech.text(kind.label), self.speech.text(kind.note)
        return self.words("ask.why.kind", kind=label, note=note) if note else label

    def _text(self, instrument: Instrument) -> str:
        title, edition = self.speech.text(instrument.title), self.speech.edition(instrument.id)
        return self.words("instrument.edition", instrument=title, edition=edition) if edition else title

    def _rule(self, rule: Rule) -> str:
        speech, words = self.speech, self.words
        cite = words("cited", cite=speech.text(rule.cite), document=speech.source(rule.source))
        if rule.confidence in WEAK:
            cite = words("cited.sure", cited=cite, confidence=words.choice("confidence", rule.confidence))
        return words("ask.why.rule", text=speech.text(rule.text), cite=words("cite", cite=cite))

    def _decides(self, candidate: Candidate) -> str:
        return decides(candidate.fact, candidate.kind, candidate.decides, self.interview.scale() or "", self.speech)

    def _outlooks(self, candidate: Candidate) -> tuple[str, ...]:
        """What each choice would leave possible."""
        kind = self.interview.definition(candidate.fact).type
        if candidate.kind != "alone" or not isinstance(kind, t.Bool | t.Enum | t.Scale) or len(candidate.outlooks) > MOST_OUTLOOKS:
            return ()
        lines = []
        for outlook in candidate.outlooks:
            value = self.speech.fact(candidate.fact, shown_value(self.knowledge, candidate.fact, outlook.value))
            lines.append(self.words("ask.why.outlook", value=value, grades=self._grades(outlook.grades)))
        return tuple(lines)

    def noted(self, fact: str) -> str:
        """An answer as it was understood."""
        value = self.interview.answers[fact].value
        shown = None if value is None else shown_value(self.knowledge, fact, value)
        return self.line(self.words("ask.noted", label=self.speech.label(fact), value=self.speech.fact(fact, shown)))

    def listing(self, form: str) -> str:
        """All open questions."""
        words, found = self.words, self.interview.open()
        title = self.speech.text(self.interview.case.title)
        put_off = self._names([c.fact for c in self.interview.put_off()])
        view = ListView(
            words("ask.list.title", case=title, n=len(found))
            if found
            else words("ask.list.no-more" if put_off else "ask.list.none", case=title),
            words("ask.list.scope") if any(c.kind == "scope" for c in found) else "",
            tuple(self._listed(c) for c in found),
            words("ask.list.put-off", facts=put_off) if put_off else "",
        )
        return self.page("list", view, form)

    def _listed(self, candidate: Candidate) -> ListedView:
        definition = self.interview.definition(candidate.fact)
        allowed = allowed_answers(definition, self.speech)
        if found := choices(definition, self.knowledge):  # nobody types a number here: by their names, as a file of answers has them
            named = [self.words("ask.list.choice", name=name, label=self.speech.text(label)) for name, label in found]
            allowed = self.words("ask.list.choices", label=self.speech.label(candidate.fact), values=self.words("list.comma").join(named))
        allowed = self.words("ask.list.fact", allowed=allowed, fact=candidate.fact)
        decides = "" if candidate.kind != "alone" else self._decides(candidate)
        question = self.speech.text(definition.question or definition.label)
        return ListedView(question, allowed, self._evidence(candidate), decides)

    def account(self, not_needed: Sequence[str], form: str) -> str:
        """What became of a file of answers."""
        words = self.words
        still, later = [c.fact for c in self.interview.open()], [c.fact for c in self.interview.put_off()]
        view = AccountView(
            words("ask.account.taken", n=len(self.interview.answers)),
            words("ask.account.not-needed", facts=self._names(not_needed)) if not_needed else "",
            words("ask.account.open", facts=self._names(still)) if still else "",
            words("ask.list.put-off", facts=self._names(later)) if later else "",
        )
        return self.page("account", view, form)

    def ending(self, path: str, stopped: bool) -> str:
        """How the interview ended."""
        words, later = self.words, self.interview.put_off()
        if stopped:
            return self.line(words("ask.end.stopped", open=len(self.interview.open()), path=path))
        if later:
            return self.line(words("ask.end.put-off", facts=self._names([c.fact for c in later])))
        return self.line(words("ask.end.settled"))

    def _names(self, facts: Sequence[str]) -> str:
        listed = self.words("list.comma").join(self.speech.label(fact) for fact in facts[:MOST_NAMES])
        return self.words("ask.account.more", facts=listed, n=len(facts) - MOST_NAMES) if len(facts) > MOST_NAMES else listed

    def _grades(self, grades: tuple[str, ...]) -> str:
        scale = self.interview.scale()
        return self.speech.grades(scale, grades) if scale is not None else ""


def allowed_answers(definition: Definition, speech: Speech) -> str:
    """The answers that a fact or field takes, in words; choices are listed apart."""
    kind, words, label = definition.type, speech.words, speech.text(definition.label)
    if isinstance(kind, t.Number):
        name = "integer" if kind.integer else "number"
        if kind.low is None and kind.high is None:
            allowed = words.choice("allowed", name, label=label)
            return words("allowed.unit", allowed=allowed, unit=definition.unit) if definition.unit else allowed
        low, high = ("" if bound is None else str(bound) for bound in (kind.low, kind.high))
        return words.choice("allowed", f"{name}-in", label=label, range=speech.number(f"{low}..{high}", definition.unit))
    if checklist(definition):
        return words("allowed.checklist", label=label)
    names = {t.Bool: "bool", t.Enum: "choice", t.Scale: "choice", t.Date: "date", t.Text: "text", t.Records: "list"}
    return words.choice("allowed", names[type(kind)], label=label)


def question_data(candidate: Candidate, knowledge: Knowledge) -> dict[str, Any]:
    """A question as plain data, for JSON output."""
    definition = knowledge.facts[candidate.fact]
    asked = definition.question or definition.label
    return {
        "fact": candidate.fact,
        "kind": candidate.kind,
        "label": {"en": definition.label.en, "zh": definition.label.zh},
        "question": {"en": asked.en, "zh": asked.zh},
        **_type_data(definition, knowledge),
        "evidence": {kind: {"en": (label := knowledge.evidence[kind].label).en, "zh": label.zh} for kind in definition.evidence},
        "decides": list(candidate.decides),
    }


def _type_data(definition: Definition, knowledge: Knowledge) -> dict[str, Any]:
    kind = definition.type
    plain: dict[str, Any] = {"type": type(kind).__name__.lower()}
    if isinstance(kind, t.Number):
        bounds = [None if b is None else int(b) if b == int(b) else float(b) for b in (kind.low, kind.high)]
        plain |= {"type": "integer" if kind.integer else "number", "unit": definition.unit, "range": bounds}
    elif isinstance(kind, t.Enum | t.Scale):
        plain["values"] = {name: {"en": label.en, "zh": label.zh} for name, label in choices(definition, knowledge)}
    elif isinstance(kind, t.Records) and isinstance(definition, FactDefinition):
        plain |= {"type": "list", "of": {f.name: _type_data(f, knowledge) for f in definition.fields}}
    return plain
