"""An interview about a half-filled case: what to ask next, what an answer may be, what it decides.

It holds no dialogue: the command line asks and prints, this module knows the case, the answers so far and what is still open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from dingji.cases.model import Case
from dingji.cases.writer import Stated, checked
from dingji.errors import CaseError, Problem
from dingji.grading import under
from dingji.inference.plan import plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import FactDefinition, Instrument, Knowledge, Rule
from dingji.language.nodes import facts_of
from dingji.methods.asking import candidates
from dingji.methods.ranking import Candidate
from dingji.methods.unsettled import grades_left, is_open, open_rules, settled, target_of
from dingji.records import Record


class Answer(Record, frozen=True):
    """An answer as given, and its value; None if nobody knows it."""

    stated: Stated
    value: Any


class Reason(Record, frozen=True):
    """Why a fact is asked: the rules that its value helps to decide, or the instruments of which it says whether they apply."""

    candidate: Candidate
    rules: tuple[Rule, ...]
    instruments: tuple[Instrument, ...]


class Interview:
    """The questions about one case, answered one by one, in any order."""

    def __init__(
        self, knowledge: Knowledge, case: Case, *, as_of: dt.date | None = None, profile: str | None = None, again: bool = False
    ) -> None:
        """`again` also asks for what the case states as unknown, or only in part."""
        self.knowledge, self.case = knowledge, case
        self.base = under(knowledge, profile or case.profile)
        self.day = as_of or case.as_of
        self.answers: dict[str, Answer] = {}
        self.before = case.facts()
        stated = [name for name, statement in case.statements.items() if is_open(self.base.facts[name], statement.value)]
        self.passed = frozenset() if again else frozenset(stated)
        self._returned: str | None = None
        self._evaluation: Evaluation | None = None
        self._open: tuple[Candidate, ...] | None = None

    def facts(self) -> dict[str, Any]:
        """What is known now: the case with the answers."""
        return _with(self.before, self.answers.values())

    @property
    def evaluation(self) -> Evaluation:
        """The case with the answers, proved."""
        if self._evaluation is None:
            self._evaluation = self._proved(self.facts())
        return self._evaluation

    def definition(self, fact: str) -> FactDefinition:
        """The declaration of a fact."""
        return self.base.facts[fact]

    def open(self) -> tuple[Candidate, ...]:
        """The questions still to be asked, best first."""
        if self._open is None:
            self._open = candidates(self.evaluation, {*self.passed, *self.answers})
        return self._open

    def next(self) -> Candidate | None:
        """The next question: the one gone back to, else the best; None if no answer can change the grade any more."""
        if self._returned is not None:
            return self._found(self._returned)
        return self.open()[0] if self.open() else None

    def put_off(self) -> tuple[Candidate, ...]:
        """The questions that could still change the grade, but whose answer nobody knows."""
        known = [name for name, answer in self.answers.items() if not is_open(self.definition(name), answer.value)]
        return () if self.open() else candidates(self.evaluation, known)

    def settled(self) -> bool:
        """Is the determination final?"""
        return settled(self.evaluation)

    def scale(self) -> str | None:
        """The scale of the determination."""
        target = target_of(self.evaluation.plan)
        scale = self.base.scale_of(target) if target else None
        return scale.id if scale else None

    def grades(self) -> tuple[str, ...]:
        """The grades still possible, most severe first."""
        return grades_left(self.evaluation)

    def answer(self, fact: str, node: yaml.Node) -> Answer:
        """Take an answer, written as the value of the fact in a case file (`unknown` if nobody knows it).

        Raises CaseError, and takes nothing, if a case file could not say so or a requirement forbids it; KnowledgeError if two
        rules contradict each other on it.
        """
        kinds = [candidate.kind for candidate in self.open() if candidate.fact == fact]
        stated = Stated(fact, node, scope=kinds == ["scope"])
        given = Answer(stated, checked(self.knowledge, self.case, stated, {*self.case.statements, *self.answers}))
        evaluation = self._proved(_with(self.facts(), [given]))
        self._refuse(evaluation, fact)
        left = None
        if given.value is None and fact not in self.answers:
            # nothing is known that was not known before: the other questions stand as they stood
            left = tuple(c for c in self.open() if c.fact != fact)
        self.answers.pop(fact, None)  # an answer given anew is the last one
        self.answers[fact] = given
        self._moved(evaluation)
        self._open = left or None
        return given

    def fill(self, nodes: Mapping[str, yaml.Node]) -> tuple[str, ...]:
        """Answer from a store of answers, best question first, until none of the open questions is in it; the facts not needed.

        Raises as `answer` does.
        """
        while (fact := next((c.fact for c in self.open() if c.fact in nodes), None)) is not None:
            self.answer(fact, nodes[fact])
        return tuple(fact for fact in nodes if fact not in self.answers)

    def back(self) -> str | None:
        """Take the last answer back, so that its question comes next; None if there is none."""
        if not self.answers:
            return None
        fact, _ = self.answers.popitem()
        self._moved(None)
        self._returned = fact
        return fact

    def statements(self) -> tuple[Stated, ...]:
        """The answers, to be written into the case."""
        return tuple(answer.stated for answer in self.answers.values())

    def reason(self, fact: str) -> Reason:
        """Why a fact is asked."""
        candidate = self._found(fact)
        plan = self.evaluation.plan
        if candidate.kind == "scope":
            open_texts = [a.instrument for a in plan.applied if a.truth is None and a.instrument.decides]
            return Reason(candidate, (), tuple(i for i in open_texts if fact in facts_of(i.scope)))
        return Reason(candidate, tuple(plan.rules[i] for i in open_rules(self.evaluation, fact)), ())

    def _found(self, fact: str) -> Candidate:
        found = next((c for c in self.open() if c.fact == fact), None)
        return found or Candidate(fact, "together", self.grades())

    def _moved(self, evaluation: Evaluation | None) -> None:
        self._evaluation, self._open, self._returned = evaluation, None, None

    def _proved(self, facts: dict[str, Any]) -> Evaluation:
        return prove(plan_for(self.base, facts, self.day), facts)

    def _refuse(self, evaluation: Evaluation, fact: str) -> None:
        plan, before = evaluation.plan, self.evaluation
        was = {before.plan.rules[i].id for i in before.plan.requirements if before.truths[i] is False}
        broken = [r for i in plan.requirements if evaluation.truths[i] is False and (r := plan.rules[i]).id not in was]
        if broken:
            message = "{}: the case does not satisfy what it must: {} / {}"
            raise CaseError(
                Problem(fact, 0, 0, "C029", message.format(r.id, r.text.en, r.text.zh), f"required by {r.cite.en} of {r.source}")
                for r in broken
            )


def _with(facts: dict[str, Any], answers: Iterable[Answer]) -> dict[str, Any]:
    found = dict(facts)
    for answer in answers:
        if answer.value is None:
            found.pop(answer.stated.fact, None)
        else:
            found[answer.stated.fact] = answer.value
    return found
