"""What if a fact were otherwise: the difference that changes make, the changes that bring a grade about, what the grade hangs on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dingji.cases.model import Case, Statement
from dingji.cases.reader import parse_case
from dingji.errors import CaseError, DingjiError, EvaluationError, KnowledgeError, Problem, nearest
from dingji.grading import grade, under
from dingji.inference.plan import plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.language.types import Scale
from dingji.language.values import Records, Truth
from dingji.methods import model as m
from dingji.methods.proof import shown_value
from dingji.reasoning.variation.distances import Distance, distances
from dingji.reasoning.variation.model import (
    Answer,
    Difference,
    DutyShift,
    Edit,
    Ends,
    Firing,
    Hinge,
    Hinges,
    Shift,
    Standing,
    Turning,
    Verified,
    Ways,
)
from dingji.reasoning.variation.propagation import again
from dingji.reasoning.variation.samples import Sample, Samples
from dingji.reasoning.variation.search import MOST_CHANGES, Search, Way
from dingji.reasoning.variation.sensitivity import extent, is_ordered, sensitivity
from dingji.reasoning.variation.slots import DROPPED, Change, Slot, changed
from dingji.reasoning.variation.variations import Variations
from dingji.records import replace

MOST_WAYS = 10


class WhatIf:
    """Questions to one case. `instrument` asks about its finding instead of the determination."""

    def __init__(
        self, knowledge: Knowledge, case: Case, *, as_of: dt.date | None = None, profile: str | None = None, instrument: str | None = None
    ) -> None:
        self.profile = profile or case.profile
        self.whole, self.case, self.instrument = knowledge, case, instrument
        self.knowledge = under(knowledge, self.profile)
        self.day = as_of or case.as_of
        self._variations: Variations | None = None
        self._samples: Samples | None = None
        self._before: m.Result | None = None

    @property
    def variations(self) -> Variations:
        """The rules behind the grade, ready for changed facts."""
        if self._variations is None:
            self._variations = Variations(self.knowledge, self.case, self.day, self.instrument)
        return self._variations

    @property
    def samples(self) -> Samples:
        """The values of each fact that make a difference."""
        if self._samples is None:
            self._samples = Samples(self.variations)
        return self._samples

    def graded(self, case: Case) -> m.Result:
        """The case, or a changed one, graded by both evaluators."""
        return grade(self.whole, case, as_of=self.day, profile=self.profile)

    @property
    def before(self) -> m.Result:
        """The case as it is, graded once for all questions."""
        if self._before is None:
            self._before = self.graded(self.case)
        return self._before

    def _evaluated(self, after: Case) -> tuple[Evaluation, Evaluation]:
        """The case and a changed one by the reference evaluator; grading has held the other one against it, for each."""
        one, two = self.case.facts(), after.facts()
        plans = [plan_for(self.knowledge, facts, self.day) for facts in (one, two)]
        before = prove(plans[0], one)
        if plans[0] is not plans[1]:
            return before, prove(plans[1], two)
        return before, again(before, two, [name for name in one.keys() | two.keys() if one.get(name) != two.get(name)])

    def with_statements(self, statements: Iterable[Statement]) -> WhatIf:
        """The same questions to the case with other statements."""
        case = stated(self.case, statements)
        return WhatIf(self.whole, case, as_of=self.day, profile=self.profile, instrument=self.instrument)

    # what changes make of the case ----------------------------------------------------------------------------

    def difference(self, statements: Sequence[Statement]) -> Difference:
        """Grade again with other statements, and compare. Raises what grading raises."""
        after = stated(self.case, statements)
        one, two = self.before, self.graded(after)
        now = self.case.facts()
        edits = tuple(self.edit(Change(Slot(s.name), s.value), now) for s in statements)
        ones, twos = ({flag.id: flag for flag in result.flags} for result in (one, two))
        return Difference(
            edits=edits,
            determination=_shifted(None, one.determination, two.determination),
            findings=tuple(_finding_shifts(one, two)),
            firings=tuple(self._firings(*self._evaluated(after))),
            raised=tuple(flag for id, flag in twos.items() if id not in ones),
            cleared=tuple(flag for id, flag in ones.items() if id not in twos),
            duties=tuple(_duty_shifts(one, two)),
        )

    def _firings(self, one: Evaluation, two: Evaluation) -> Iterable[Firing]:
        before, after = _truths(one), _truths(two)
        # a rule that is not in the plan, or of an instrument that does not apply, does not fire
        turned = {name for name in {*before, *after} if (before.get(name) is True) is not (after.get(name) is True)}
        for name in self.knowledge.rules if turned else ():
            if name in turned and (rule := self.knowledge.rules[name]).when is not None:
                yield Firing(name, rule.text, rule.cite, before.get(name, False), after.get(name, False))

    # ways to a grade ------------------------------------------------------------------------------------------

    def ways(self, to: str, *, at_most: bool = False, seconds: float = 2.0, changes: int = MOST_CHANGES, most: int = MOST_WAYS) -> Ways:
        """The smallest sets of changes that make the grade `to` (or, with `at_most`, no more severe), the best ones verified.

        Raises CaseError if the scale has no such grade.
        """
        scale = self.variations.scale
        severity = self._severity(to, scale)
        wanted = frozenset(range(severity + 1) if at_most else (severity,))
        search = Search(self.variations, self.samples, wanted, seconds)
        if self.variations.settled and search.reached(()):
            return Ways(scale.id, to, at_most, True, (), 0, (), False)
        if not self.variations.settled:
            raise self._open_scope()
        found = search.run(changes)
        shown: list[Verified] = []
        for way in found.ways:
            if len(shown) < most and (verified := self._verified(way, search, wanted)) is not None:
                shown.append(verified)
        return Ways(scale.id, to, at_most, False, tuple(shown), len(found.ways), tuple(found.complete), found.cut_off)

    def _severity(self, to: str, scale: ScaleDefinition) -> int:
        grades = [g.id for g in scale.grades]
        if to not in grades:
            hint = nearest(to, grades) or "grades: " + ", ".join(grades)
            raise CaseError([Problem("--to", 0, 0, "C021", f"the scale {scale.id} has no grade {to!r}", hint)])
        return scale.severity(to)

    def _open_scope(self) -> CaseError:
        place = self.case.place
        message = "it is not certain which instruments and which reconciliation apply to this case"
        return CaseError([Problem(place.file, place.line, place.column, "C025", message, "state the open facts of its scope first")])

    def _verified(self, way: Way, search: Search, wanted: frozenset[int]) -> Verified | None:
        """The way, graded again; None if rules that have nothing to do with the grade refuse or contradict each other on it."""
        try:
            result = self.graded(self.changed(way.changes))
        except (CaseError, KnowledgeError):
            return None
        standing = _standing(result.determination if self.instrument is None else result.finding(self.instrument))
        scale = self.variations.scale
        if standing is None or not {scale.severity(g) for g in standing.reachable} <= wanted:
            raise EvaluationError(f"the search says that {self.variations.goal} is reached, grading again does not; please report this")
        return Verified(tuple(self._edit_of(way, change, search) for change in way.changes), standing)

    def _edit_of(self, way: Way, change: Change, search: Search) -> Edit:
        others = [c for c in way.changes if c is not change]
        classes = self.samples.classes(change.slot)
        run = extent(classes, change.value, lambda value: search.reached([*others, Change(change.slot, value)]))
        same = next((s for s in classes if s.value == change.value), None)
        return self.edit(change, self.variations.facts, run or same)

    def changed(self, changes: Iterable[Change]) -> Case:
        """The case after some changes; what is changed is stated by nobody."""
        changes = list(changes)
        facts = changed(self.case.facts(), changes, (), self.knowledge.facts)
        return stated(self.case, [Statement(name, facts.get(name)) for name in dict.fromkeys(c.slot.fact for c in changes)])

    # what the grade hangs on ----------------------------------------------------------------------------------

    def hinges(self, seconds: float | None = None) -> Hinges:
        """Every fact that turns the grade by itself; if that takes longer than `seconds`, those found until then."""
        variations, found = self.variations, sensitivity(self.variations, self.samples, seconds)
        hinges = tuple(
            Hinge(
                tuple(
                    Turning(self.edit(Change(turn.slot, flip.sample.value), variations.facts, flip.sample), self._reachable(flip.grades))
                    for flip in turn.flips
                )
            )
            for turn in found.turns
        )
        return Hinges(variations.scale.id, hinges, found.steady, found.untried)

    def distances(self) -> tuple[Distance, ...]:
        """How far the numbers behind each finding are from the bands beside them."""
        facts = self.case.facts()
        return distances(prove(plan_for(self.knowledge, facts, self.day), facts))

    def _reachable(self, grades: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.variations.scale.grade(severity).id for severity in sorted(grades, reverse=True))

    def answer(self, difference: Difference | None = None, ways: Ways | None = None, hinges: Hinges | None = None) -> Answer:
        """Answers together, with the distances of the case."""
        graded = run(self.knowledge, self.case.facts(), self.day)
        return Answer(
            case=self.case.id,
            title=self.case.title,
            as_of=self.day.isoformat(),
            knowledge_version=self.knowledge.version,
            knowledge_digest=self.knowledge.digest,
            profile=self.profile,
            evaluators=graded.evaluators,
            without=graded.without,
            instrument=self.instrument,
            difference=difference,
            ways=ways,
            hinges=hinges,
            distances=distances(graded.evaluation),
        )

    # ----------------------------------------------------------------------------------------------------------

    def edit(self, change: Change, facts: Mapping[str, Any], sample: Sample | None = None) -> Edit:
        """A change in the words of the vocabulary. `sample` says which other values do the same."""
        slot = change.slot
        definition = self.knowledge.facts[slot.fact]
        field = next((f for f in definition.fields if f.name == slot.field), None)
        kind = slot.type(definition)

        def shown(value: Any) -> str:
            if slot.item >= 0 and not slot.field:
                return shown_value(self.knowledge, slot.fact, Records((value,)))[1:-1]
            if isinstance(kind, Scale) and isinstance(value, int):
                return kind.grade(value)
            return shown_value(self.knowledge, slot.fact, value)

        return Edit(
            fact=slot.fact,
            label=definition.label,
            nature=definition.nature,
            item=slot.item + 1 if slot.item >= 0 else None,
            field=slot.field or None,
            field_label=field.label if field else None,
            before=shown(slot.value(facts)),
            after=None if isinstance(change.value, str) and change.value == DROPPED and kind is None else shown(change.value),
            alike=tuple(shown(v) for v in sample.alike) if sample else (),
            within=_ends(sample, shown) if sample is not None and is_ordered(sample) else None,
        )


def _ends(sample: Sample, shown: Any) -> Ends:
    low = None if sample.low is None else shown(sample.low)
    high = None if sample.high is None else shown(sample.high)
    return Ends(
        at_least=low if sample.low_inside else None,
        above=None if sample.low_inside else low,
        below=None if sample.high_inside else high,
        at_most=high if sample.high_inside else None,
    )


def stated(case: Case, statements: Iterable[Statement]) -> Case:
    """The case with some facts stated otherwise."""
    new = {s.name: s for s in statements}
    subject = new["subject"].value if "subject" in new else case.subject
    return replace(case, subject=subject, statements={**case.statements, **new})


def read_statement(text: str, case: Case, knowledge: Knowledge) -> Statement:
    """A statement from `fact=value`, the value as in a case file. Raises CaseError, with the problems of the case file's reader."""
    place = f"--set {text}"
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or "\n" in text:
        raise CaseError([Problem(place, 0, 0, "C006", "a fact and its value are expected", "write fact=value")])
    others = [n for n in case.statements if n not in (name, "subject")]
    subject = value if name == "subject" else case.subject
    facts = "" if name == "subject" else f"  {name}: {value}\n"
    facts += "".join(f"  {n}: unknown\n" for n in others)
    source = f"case: x\nsubject: {subject}\nas_of: {case.as_of.isoformat()}\nfacts:\n{facts or '  {}'}"
    try:
        read = parse_case(source, place).check(knowledge)
    except DingjiError as error:
        raise CaseError([replace(p, file=place, line=0, column=0) for p in error.problems]) from None
    return replace(read.statements[name], place=None)


# before and after -------------------------------------------------------------------------------------------


def _truths(evaluation: Evaluation) -> dict[str, Truth]:
    """Rule id -> truth; a row of a crosswalk stands once for each finding that it carries, and is true if it is for one."""
    truths: dict[str, Truth] = {}
    for rule, truth in zip(evaluation.plan.rules, evaluation.truths, strict=True):
        name = rule.id.partition("@")[0] if rule.kind == "crosswalk" else rule.id
        # true before unknown before false
        truths[name] = truth if truth or name not in truths else truths[name] if truths[name] or truth is False else None
    return truths


def _standing(found: m.Determination | m.Finding | None) -> Standing | None:
    return None if found is None else Standing(found.grade, found.status, found.reachable)


def _shifted(instrument: str | None, one: Any, two: Any) -> Shift | None:
    side = two if two is not None else one
    if side is None:
        return None
    title = side.title if instrument is not None else side.scale_title
    return Shift(instrument, title, side.scale, _standing(one), _standing(two))


def _finding_shifts(one: m.Result, two: m.Result) -> Iterable[Shift]:
    for name in dict.fromkeys(f.instrument for f in (*one.findings, *two.findings)):
        shift = _shifted(name, one.finding(name), two.finding(name))
        if shift is not None and shift.before != shift.after:
            yield shift


def _duty_shifts(one: m.Result, two: m.Result) -> Iterable[DutyShift]:
    before, after = ({duty.id: duty for duty in result.duties} for result in (one, two))
    for id in dict.fromkeys((*before, *after)):
        was, now = before.get(id), after.get(id)
        if was is None or now is None or was.due != now.due:
            yield DutyShift(was, now)
