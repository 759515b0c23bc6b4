"""The answers of `what-if`, as finished strings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from dingji.knowledge.model import Knowledge
from dingji.language.types import Number
from dingji.methods import model as m
from dingji.reasoning.variation.distances import Distance, Edge
from dingji.reasoning.variation.model import Answer, Difference, Edit, Ends, Firing, Hinges, Shift, Standing, Ways
from dingji.records import Record
from dingji.reports import Form, Language
from dingji.reports.duties import cited
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page
from dingji.reports.values import Definition, Speech

if TYPE_CHECKING:
    from dingji.reports.html.view import ChangeView


MOST_NAMED = 3
"""So many facts of a table that stay as they are, are named; of more it is said how many they are."""
MOST_ON_PAGE = 12
"""Of many changes that turn a grade, so many stand on the page of a graded case."""


class Line(Record, frozen=True):
    """A point with its details."""

    head: str
    details: tuple[str, ...] = ()


class Section(Record, frozen=True):
    """Points under a heading, with paragraphs before and after them."""

    heading: str
    lines: tuple[Line, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class WhatIfView(Record, frozen=True):
    """A page of sections."""

    title: str
    head: str
    sections: tuple[Section, ...]
    version: str
    digest: str


def render_what_if(
    answer: Answer, knowledge: Knowledge, *, form: Form, language: Language, width: int = 80, templates: Path | None = None
) -> str:
    """The answers to `what-if` on a case as a page that ends with a line break. Raises ReportError as `render` does."""
    words = catalogue(language, templates)
    view = _Views(Speech(knowledge, words)).page(answer)
    return render_page(f"what-if/{form}.j2", view, words, form=form, width=width, colour=False, templates=templates)


def changes_on_page(
    hinges: Hinges, knowledge: Knowledge, language: Language, templates: Path | None = None, distances: Sequence[Distance] = ()
) -> tuple[ChangeView, ...]:
    """What would change the grade, for the page of a graded case: the smallest changes, what was left out of them, and how far
    its numbers are from the neighbouring bands.
    """
    from dingji.reports.html.view import ChangeView

    words = catalogue(language, templates)
    views = _Views(Speech(knowledge, words))
    lines = [line.head for line in views.hinges(hinges).lines]
    shown = [ChangeView(line) for line in lines[:MOST_ON_PAGE]]
    if len(lines) > MOST_ON_PAGE:
        shown.append(ChangeView(words("what-if.more-on-page", n=len(lines) - MOST_ON_PAGE), note=True))
    if hinges.untried:
        shown.append(ChangeView(words("what-if.untried", n=hinges.untried), note=True))
    shown = shown or [ChangeView(words("what-if.none-on-page"), note=True)]
    if distances:
        section = views.distances(distances)
        shown.append(ChangeView(section.heading, note=True))
        shown += [ChangeView(line.head, line.details, note=True) for line in section.lines]
    return tuple(shown)


class _Views:
    def __init__(self, speech: Speech) -> None:
        self.speech = speech
        self.words: Catalogue = speech.words

    def page(self, answer: Answer) -> WhatIfView:
        words, speech = self.words, self.speech
        day = speech.date(answer.as_of)
        further = answer.difference is not None and (answer.ways is not None or answer.hinges is not None or answer.distances)
        head = words("what-if.head-changed", case=answer.case, day=day) if further else words("what-if.head", case=answer.case, day=day)
        if answer.instrument is not None:
            head = words("what-if.head-instrument", head=head, instrument=speech.instrument(answer.instrument))
        sections: list[Section] = []
        sections += self.difference(answer.difference) if answer.difference is not None else []
        sections += [self.ways(answer.ways)] if answer.ways is not None else []
        sections += [self.hinges(answer.hinges)] if answer.hinges is not None else []
        sections += [self.distances(answer.distances)] if answer.distances else []
        title = words("what-if.title", title=speech.text(answer.title) or answer.case)
        return WhatIfView(title, head, tuple(sections), answer.knowledge_version, answer.knowledge_digest)

    # changes --------------------------------------------------------------------------------------------------

    def change(self, edit: Edit) -> str:
        words = self.words
        if edit.after is None:
            said = words("what-if.none-listed", what=self.what(edit))
        else:
            said = words("what-if.change", what=self.what(edit), before=self.value(edit, edit.before), after=self.after(edit))
        return words("what-if.judged", change=said) if edit.nature == "judged" else said

    def what(self, edit: Edit) -> str:
        """The fact, the field of an item, or the item."""
        words, label = self.words, self.speech.text(edit.label)
        if edit.item is None:
            return label
        if edit.field_label is not None:
            return words("what-if.field", fact=label, n=edit.item, field=self.speech.text(edit.field_label))
        item = self.speech.value(self.speech.knowledge.facts[edit.fact], f"[{edit.before}]")
        return words("what-if.item", fact=label, n=edit.item, item=item)

    def value(self, edit: Edit, text: str) -> str:
        return self.speech.value(self.definition(edit), text)

    def definition(self, edit: Edit) -> Definition:
        fact = self.speech.knowledge.facts[edit.fact]
        return next((f for f in fact.fields if f.name == edit.field), fact)

    def after(self, edit: Edit) -> str:
        """The new value: the run of numbers or days that do as well, or the choices that do."""
        assert edit.after is not None
        if edit.within is not None and (run := self.run(edit, edit.within)):
            return run
        return self.value(edit, " | ".join((edit.after, *edit.alike)))

    def run(self, edit: Edit, ends: Ends) -> str:
        """A run of values in words; empty if it is one value only."""
        words, kind = self.words, self.definition(edit).type
        at_least, at_most = ends.at_least, ends.at_most
        if at_least is not None and at_least == at_most:
            return ""
        if isinstance(kind, Number):
            # where the range of the fact ends goes without saying
            at_least = None if at_least is not None and kind.low is not None and Decimal(at_least) == kind.low else at_least
            at_most = None if at_most is not None and kind.high is not None and Decimal(at_most) == kind.high else at_most
        if at_least is not None and at_most is not None:
            return words("range.both", low=self.value(edit, at_least), high=self.value(edit, at_most))
        low = "" if at_least is None else words("range.from", low=self.value(edit, at_least))
        low = words("what-if.above", low=self.value(edit, ends.above)) if ends.above is not None else low
        high = "" if at_most is None else words("range.to", high=self.value(edit, at_most))
        high = words("what-if.below", high=self.value(edit, ends.below)) if ends.below is not None else high
        return words("what-if.both", low=low, high=high) if low and high else low or high

    # the difference -------------------------------------------------------------------------------------------

    def difference(self, difference: Difference) -> list[Section]:
        words = self.words
        lines = [Line(self.shift(shift)) for shift in (difference.determination, *difference.findings) if shift is not None]
        met = [firing for firing in difference.firings if firing.after is True]
        not_met = [firing for firing in difference.firings if firing.after is not True]
        sections = [
            Section(words("what-if.difference"), tuple(Line(self.change(edit)) for edit in difference.edits)),
            Section(words("what-if.compared"), tuple(lines), after=self.nothing(difference)),
            Section(words("what-if.met"), tuple(map(self.firing, met))),
            Section(words("what-if.not-met"), tuple(map(self.firing, not_met))),
            Section(words("what-if.raised"), self.flags(difference.raised)),
            Section(words("what-if.cleared"), self.flags(difference.cleared)),
            *self.duties(difference),
        ]
        return [section for section in sections if section.lines or section.after]

    def nothing(self, difference: Difference) -> tuple[str, ...]:
        before_after = (difference.findings, difference.firings, difference.raised, difference.cleared, difference.duties)
        return () if any(before_after) else (self.words("what-if.no-difference"),)

    def shift(self, shift: Shift) -> str:
        words, title = self.words, self.speech.text(shift.title)
        if shift.before == shift.after:
            return words("what-if.stays", title=title, grade=self.standing(shift.scale, shift.after))
        before, after = (self.standing(shift.scale, side) for side in (shift.before, shift.after))
        return words("what-if.becomes", title=title, before=before, after=after)

    def standing(self, scale: str, standing: Standing | None) -> str:
        words = self.words
        if standing is None:
            return words("what-if.no-grade")
        grades = self.speech.grades(scale, standing.reachable)
        return words("what-if.grade", grade=grades, status=words.choice("status", standing.status))

    def firing(self, firing: Firing) -> Line:
        words = self.words
        head = words("what-if.left-open", rule=firing.rule) if firing.after is None else firing.rule
        cite = words("cite", cite=self.speech.text(firing.cite))
        return Line(head, (words("flag.line", text=self.speech.text(firing.text), cite=cite),))

    def flags(self, flags: Iterable[m.Flag]) -> tuple[Line, ...]:
        return tuple(Line(self.speech.text(f.text), (self.words("cite", cite=self.speech.text(f.cite)),)) for f in flags)

    def duties(self, difference: Difference) -> Iterable[Section]:
        words, speech = self.words, self.speech
        new, gone, moved = list[Line](), list[Line](), list[Line]()
        for shift in difference.duties:
            duty = shift.after or shift.before
            assert duty is not None, "one side is there"
            cite = words("agenda.actor", actor=speech.text(duty.actor_label), cite=cited(duty, speech))
            if shift.before is not None and shift.after is not None:
                before, after = (speech.date(d.due) if d.due else speech.text(d.limit) for d in (shift.before, shift.after))
                moved.append(Line(words("what-if.moved", act=speech.text(duty.act), before=before, after=after), (cite,)))
            else:
                when = speech.date(duty.due) if duty.due else speech.text(duty.limit)
                (new if shift.before is None else gone).append(Line(words("agenda.line", when=when, act=speech.text(duty.act)), (cite,)))
        yield Section(words("what-if.duties-new"), tuple(new))
        yield Section(words("what-if.duties-gone"), tuple(gone))
        yield Section(words("what-if.duties-moved"), tuple(moved))

    # ways, hinges, distances ----------------------------------------------------------------------------------

    def ways(self, ways: Ways) -> Section:
        words, speech = self.words, self.speech
        grade = speech.grade(ways.scale, ways.grade)
        heading = words("what-if.ways-at-most", grade=grade) if ways.at_most else words("what-if.ways", grade=grade)
        if ways.already:
            return Section(heading, (), (words("what-if.already"),))
        lines = []
        for way in ways.ways:
            reached = way.reached
            then = words(
                "what-if.reached", grade=speech.grades(ways.scale, reached.reachable), status=words.choice("status", reached.status)
            )
            first, *others = map(self.change, way.edits)
            lines.append(Line(first, (*others, then)))
        size = max(ways.complete, default=0)
        notes = []
        if not ways.found:
            notes.append(words("what-if.no-way", n=size) if size else words("what-if.no-way-yet"))
        elif ways.found > len(lines):
            notes.append(words("what-if.more", n=ways.found - len(lines)))
        if lines:
            notes.append(words("what-if.verified"))
        if size:
            notes.append(words("what-if.complete", n=size))
        if ways.cut_off:
            notes.append(words("what-if.cut-off"))
        return Section(heading, tuple(lines), after=(" ".join(notes) if speech.language == "en" else "".join(notes),))

    def hinges(self, hinges: Hinges) -> Section:
        words, speech = self.words, self.speech
        lines = []
        for turning in (turning for hinge in hinges.hinges for turning in hinge.turnings):
            grades, edit = speech.grades(hinges.scale, turning.reachable), turning.edit
            if edit.after is None:
                head = words("what-if.turns-off", what=self.what(edit), grades=grades)
            else:
                before = self.value(edit, edit.before)
                head = words("what-if.turns", what=self.what(edit), before=before, after=self.after(edit), grades=grades)
            lines.append(Line(head))
        nothing = () if lines or hinges.untried else (words("what-if.no-hinge"),)
        steady = words.listed([speech.label(name) for name in hinges.steady])
        after = [words("what-if.steady", facts=steady)] if steady else []
        after += [words("what-if.untried", n=hinges.untried)] if hinges.untried else []
        return Section(words("what-if.hinges"), tuple(lines), nothing, tuple(after))

    def distances(self, distances: Iterable[Distance]) -> Section:
        words, speech = self.words, self.speech
        lines = []
        for distance in distances:
            head = words(
                "what-if.score",
                instrument=speech.text(distance.title),
                fact=speech.text(distance.label),
                value=speech.fact(distance.fact, distance.value),
                grade=speech.text(distance.grade_label),
            )
            details = [words("what-if.adjusted")] if distance.adjusted else []
            details += [self.others(distance.others)] if distance.others else []
            for id, edge in (("what-if.severer", distance.severer), ("what-if.milder", distance.milder)):
                if edge is not None:
                    details.append(self.edge(id, distance.fact, edge))
            lines.append(Line(head, tuple(details)))
        return Section(words("what-if.distances"), tuple(lines))

    def others(self, names: Sequence[str]) -> str:
        """The facts that stay as they are: by name, if they are few."""
        if len(names) > MOST_NAMED:
            return self.words("what-if.others-many", n=len(names))
        return self.words("what-if.others", facts=self.words.listed([self.speech.label(name) for name in names]))

    def edge(self, id: str, fact: str, edge: Edge) -> str:
        """`n` chooses the form: the edge belongs to the other band, or it does not."""
        at, distance = self.speech.fact(fact, edge.at), self.speech.fact(fact, edge.distance)
        return self.words(id, n=1 if edge.inside else 2, distance=distance, grade=self.speech.text(edge.label), at=at)
