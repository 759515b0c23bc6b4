"""The answer to "why not": what each rule lacks, as finished strings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.reasoning.explanation.needs import Need
from dingji.reasoning.explanation.why_not import Against, Route, WhyNot
from dingji.records import Record, replace
from dingji.reports import Form, Language
from dingji.reports.expressions import Phrases, tree
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.proof import RuleView
from dingji.reports.values import Definition, Speech
from dingji.reports.why import ExclusionView, Views, page_head

_WANTED = {
    "==": "wanted.is",
    "in": "wanted.is",
    "!=": "wanted.not",
    "not in": "wanted.not",
    "<": "wanted.below",
    "<=": "wanted.at-most",
    ">": "wanted.above",
    ">=": "wanted.at-least",
}
_GRADED = {"<": "wanted.milder", "<=": "wanted.milder-or", ">": "wanted.severer", ">=": "wanted.severer-or"}
_OFF = {"<": "need.over", "<=": "need.over", ">": "need.short", ">=": "need.short", "==": "need.off"}
_AGAINST = {
    "override": "against.override",
    "order": "against.order",
    "extreme": "against.extreme",
    "default": "against.default",
    "adjust": "against.adjust",
    "reconcile": "against.reconcile",
}
_KINDS = {"grade": "whynot.question", "rule": "whynot.question-rule", "instrument": "whynot.question-instrument"}
_STATUS = {
    ("grade", "reached"): "whynot.reached",
    ("grade", "open"): "whynot.open",
    ("grade", "outdone"): "whynot.outdone",
    ("grade", "missed"): "whynot.missed",
    ("rule", "reached"): "whynot.rule-reached",
    ("rule", "open"): "whynot.rule-open",
    ("rule", "outdone"): "whynot.rule-outdone",
    ("rule", "missed"): "whynot.rule-missed",
    ("rule", "unused"): "whynot.rule-unused",
    ("instrument", "reached"): "whynot.instrument-reached",
    ("instrument", "open"): "whynot.instrument-open",
    ("instrument", "missed"): "whynot.instrument-missed",
}


class NeedView(Record, frozen=True):
    """What is needed, and who stated what there is."""

    text: str
    said: str


class AgainstView(Record, frozen=True):
    """What outdoes a route, and what it would take for it to fall."""

    text: str
    needs: tuple[NeedView, ...]


class RouteView(Record, frozen=True):
    """One rule that would give it. `head` names it with what it gives, `state` how far off it is, `lines` stand below the rule."""

    head: str
    state: str
    rule: RuleView | None
    lines: tuple[str, ...]
    needs: tuple[NeedView, ...]
    against: tuple[AgainstView, ...]
    facts: tuple[str, ...]
    behind: tuple[RouteView, ...]
    others: str
    then: str


class WhyNotView(Record, frozen=True):
    """A page on what did not come about."""

    title: str
    head: str
    question: str
    answer: str
    nearest: str
    decides: tuple[str, ...]
    routes: tuple[RouteView, ...]
    others: str
    exclusion: ExclusionView | None
    version: str
    digest: str


class Misses:
    """Turns routes into views."""

    def __init__(self, speech: Speech) -> None:
        self.speech, self.words = speech, speech.words
        self.views = Views(speech)

    def route(self, route: Route, target: str = "") -> RouteView:
        """One route, with those behind it."""
        words = self.words
        rule = None if route.rule is None else replace(self.views.rule(route.rule, route.fact), note="")
        behind = tuple(self.route(part) for part in route.behind)
        return RouteView(
            head=self._head(route, rule),
            state=self._state(route),
            rule=rule,
            lines=tuple(self._lines(route)),
            needs=tuple(self.need(need) for need in route.needs),
            against=tuple(self._against(item) for item in route.against),
            facts=tuple(self._facts(route)),
            behind=behind,
            others=words("route.others", n=route.others) if route.others else "",
            then=self._then(route, target),
        )

    def _head(self, route: Route, rule: RuleView | None) -> str:
        words, value = self.words, self.speech.fact(route.fact, route.gives) if route.gives is not None else ""
        if rule is None:
            return words("route.default", label=self.label(route.fact, route), value=value)
        return words("route.gives", rule=rule.id, value=value) if value else rule.id

    def label(self, fact: str, route: Route | Against) -> str:
        """The label of what a route gives, or of what stands against it."""
        return self.speech.text(route.label) or fact

    def _state(self, route: Route) -> str:
        words = self.words
        if not route.possible:
            return words("route.impossible")
        if route.rule is not None and route.state == "holds" and route.against:
            return words("route.holds")
        if not route.missing:
            return words("route.stands")
        if not route.false:
            return words("route.unknown", n=route.missing)
        if route.false == route.missing:
            return words("route.false", n=route.missing)
        return words("route.mixed", n=route.missing, unknown=route.missing - route.false)

    def _lines(self, route: Route) -> Iterator[str]:
        words, speech = self.words, self.speech
        if route.left_out:
            yield words("route.left-out", facts=words.listed(map(speech.label, route.left_out)))
        for rule in route.through:
            yield words("route.through", rule=rule.id.split("@")[0], text=speech.text(rule.text), cite=speech.text(rule.cite))

    def _facts(self, route: Route) -> Iterator[str]:
        """The stated facts that the rule reads, but for those whose needs say it already."""
        told = {need.list or need.fact for need in route.needs}
        for proof in route.facts:
            if proof.how == "stated" and proof.provenance is not None and proof.fact not in told:
                value = self.speech.fact(proof.fact, proof.value)
                said = self.views.said(proof.provenance)[0]
                yield self.words("route.fact", label=self.speech.text(proof.label), value=value, said=said)

    def _against(self, item: Against) -> AgainstView:
        words = self.words
        rules = words("list.comma").join(dict.fromkeys(rule.id.split("@")[0] for rule in item.rules))
        rules = words("against.more", rules=rules, n=item.others) if item.others else rules
        value = self.speech.fact(item.fact, item.value) if item.value is not None else ""
        text = words(_AGAINST[item.reason], rules=rules or words("against.no-rule"), label=self.label(item.fact, item), value=value)
        return AgainstView(text, tuple(self.need(need) for need in item.needs))

    def _then(self, route: Route, target: str) -> str:
        words, speech = self.words, self.speech
        if route.then is None or not target:
            return ""
        if route.then.value is not None:
            # a rule may be met and its grade not reached: others stand in the way that hold only then
            id = "route.then" if route.gives in (None, route.then.value) else "route.then-other"
            return words(id, label=speech.label(target), value=speech.fact(target, route.then.value))
        scale = speech.knowledge.scale_of(target)
        if scale is None or not route.then.reachable:
            return ""
        return words("route.then-open", label=speech.label(target), values=speech.grades(scale.id, route.then.reachable))

    def need(self, need: Need) -> NeedView:
        """What is needed, in words."""
        words = self.words
        # who and on what evidence; notes stand in the proof
        said = words("list.semicolon").join(self.views.said(replace(need.said, note=""))) if need.said is not None else ""
        if not need.fact:
            return NeedView(self._condition(need), said)
        definition = self._definition(need)
        what = self.speech.text(need.label) or need.fact
        if need.list:
            what = words("need.item", n=need.item, list=self.speech.label(need.list), field=what)
        wanted = words.listed([self._wanted(definition, op, values) for op, values in need.tests])
        if not need.possible:
            return NeedView(words("need.impossible", what=what, wanted=wanted), said)
        if need.value is None:
            return NeedView(words("need.unknown", what=what, wanted=wanted), said)
        text = words("need.known", what=what, value=self._value(definition, need.fact, need.value), wanted=wanted)
        if need.distance is not None and need.truth is False:
            distance = self._value(definition, need.fact, need.distance)
            text = words("need.distance", need=text, distance=words(_OFF[need.tests[0][0]], distance=distance))
        return NeedView(text, said)

    def _condition(self, need: Need) -> str:
        node = tree(need.source)
        condition = need.source if node is None else Phrases(self.speech).phrase(node)
        return self.words("need.condition" if need.wanted else "need.condition-not", condition=condition)

    def _definition(self, need: Need) -> Definition | None:
        facts = self.speech.knowledge.facts
        if not need.list:
            return facts.get(need.fact)
        return next((f for f in facts[need.list].fields if f.name == need.fact), None)

    def _value(self, definition: Definition | None, fact: str, text: str) -> str:
        return self.speech.value(definition, text) if definition is not None else self.speech.fact(fact, text)

    def _wanted(self, definition: Definition | None, op: str, values: tuple[str, ...]) -> str:
        if op == "known":
            return self.words("wanted.known")
        shown = self.words.listed([self._value(definition, "", value) for value in values], "or")
        graded = definition is not None and isinstance(definition.type, t.Scale)
        return self.words(_GRADED[op] if graded and op in _GRADED else _WANTED[op], value=shown)


def why_not(answer: WhyNot, knowledge: Knowledge, words: Catalogue) -> WhyNotView:
    """The view of an answer."""
    speech = Speech(knowledge, words)
    misses = Misses(speech)
    routes = tuple(misses.route(route, answer.fact) for route in answer.routes)
    return WhyNotView(
        title=speech.text(answer.title) or answer.case,
        head=page_head(answer.case, answer.as_of, answer.profile, speech),
        question=_question(answer, speech),
        answer=_answer(answer, speech),
        nearest=_nearest(routes) if answer.status == "missed" else "",
        decides=tuple(speech.text(asked.question) for asked in answer.decides),
        routes=routes,
        others=words("whynot.others", n=answer.others) if answer.others else "",
        exclusion=misses.views.exclusion(answer.exclusion) if answer.exclusion is not None else None,
        version=answer.knowledge_version,
        digest=answer.knowledge_digest,
    )


def _question(answer: WhyNot, speech: Speech) -> str:
    words = speech.words
    if answer.kind == "rule":
        return words(_KINDS["rule"], rule=answer.asked)
    title = speech.instrument(answer.instrument) if answer.instrument else ""
    if answer.kind == "instrument":
        return words(_KINDS["instrument"], instrument=title)
    return words(_KINDS["grade"], label=title or speech.label(answer.fact), grade=_grade(answer, speech))


def _grade(answer: WhyNot, speech: Speech) -> str:
    return speech.grade(answer.scale, answer.asked) if answer.scale and answer.kind == "grade" else answer.asked


def _answer(answer: WhyNot, speech: Speech) -> str:
    """The status in a sentence."""
    if answer.status == "excluded":
        return ""
    id = _STATUS[answer.kind, answer.status]
    if answer.kind == "grade" and answer.status == "missed" and not answer.routes:
        id = "whynot.missed-none"
    label = speech.label(answer.fact) if answer.fact else ""
    value = speech.fact(answer.fact, answer.value)
    text = speech.words(id, label=label, value=value, grade=_grade(answer, speech), rule=answer.asked)
    return text if answer.kind == "rule" else text[:1].upper() + text[1:]


def _nearest(routes: tuple[RouteView, ...]) -> str:
    """The innermost need of the nearest route, where it is the only one."""
    route = routes[0] if routes else None
    while route is not None:
        if len(route.needs) != 1 or route.against:
            return ""
        if not route.behind:
            return route.needs[0].text
        route = route.behind[0]
    return ""


def render_why_not(
    answer: WhyNot,
    knowledge: Knowledge,
    *,
    form: Form,
    language: Language,
    width: int = 80,
    templates: Path | None = None,
) -> str:
    """What did not come about, and what it would take."""
    words = catalogue(language, templates)
    view = why_not(answer, knowledge, words)
    return render_page(f"why/not-{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)
