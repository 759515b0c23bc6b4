"""What knowledge is for in practice: over the records of a folder, what was never used.

The base is evaluated on the case of each record by the reference evaluator, on the day and under the profile of the record. So the
answer is about the base at hand, not about what the base was when the records were made.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from dingji.audit import model as m
from dingji.audit import outcome as o
from dingji.audit.chain import load_file
from dingji.audit.omission import Omissions
from dingji.audit.walk import Progress, at_hand, each, paths_of
from dingji.cases.model import Case
from dingji.errors import DingjiError
from dingji.grading import under
from dingji.inference.plan import plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.choices import chosen
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Knowledge, Rule
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.values import Records
from dingji.records import Draft, Record, field

NEAR = Decimal("0.1")
"""A value is near a threshold if it is within this share of it."""
REFUSALS = 5


class Settings(Record, frozen=True):
    """The folder of the base (None: our own), and how near a threshold is near."""

    knowledge: str | None = None
    near: Decimal = NEAR


class RuleUse(Record, frozen=True):
    """A rule with the number of records in which it was evaluated, and of those in which it fired.

    A rule that the kind of case alone makes false is not evaluated.
    """

    rule: str
    owner: str
    in_scope: int
    fired: int


class Idle(Record, frozen=True):
    """A rule that fired, and never mattered to a grade. `elsewhere`: it did matter to a finding, a duty or a warning."""

    rule: str
    owner: str
    fired: int
    elsewhere: bool


class FactUse(Record, frozen=True):
    """A fact with the number of records that state it, and of those in which a rule in scope reads it."""

    fact: str
    stated: int
    read: int


class Threshold(Record, frozen=True):
    """A number that a fact is compared with. `seen`: records in which the fact had a value; `nearest` is the value nearest to it,
    `distance` how far that is, as a share."""

    fact: str
    bound: str
    rules: tuple[str, ...]
    seen: int
    nearest: str = ""
    distance: str = ""
    case: str = ""


class GradeUse(Record, frozen=True):
    """A grade with the number of records in which it was the determination, and of those in which any rule gave it."""

    scale: str
    grade: str
    determined: int
    given: int


class Refused(Record, frozen=True):
    """A record whose case the base can't grade."""

    number: int
    case: str
    reason: str


class Usage(Record, frozen=True):
    """What was used and what was not, by the records of a folder. Instruments `never` applied have none of their rules listed."""

    path: str
    digest: str
    near: str
    count: int
    refused: tuple[Refused, ...]
    more_refused: int
    instruments: tuple[tuple[str, int], ...]
    never: tuple[str, ...]
    unfired: tuple[RuleUse, ...]
    idle: tuple[Idle, ...]
    unstated: tuple[FactUse, ...]
    unread: tuple[FactUse, ...]
    far: tuple[Threshold, ...]
    unmet: tuple[Threshold, ...]
    """Thresholds of facts that had no value in any record."""
    grades: tuple[GradeUse, ...]
    unused: tuple[str, ...]
    """Scales on which nothing was graded."""
    rules: int
    thresholds: int


class _Near(Draft):
    """How near the values of one fact came to one threshold."""

    seen: int = 0
    distance: Decimal | None = None
    value: str = ""
    case: str = ""

    def join(self, other: _Near) -> None:
        self.seen += other.seen
        if other.distance is not None and (self.distance is None or other.distance < self.distance):
            self.distance, self.value, self.case = other.distance, other.value, other.case


class Tally(Draft):
    """What a group of records used."""

    count: int = 0
    refused: list[Refused] = field(default_factory=list)
    in_scope: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    stated: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    applied: Counter[str] = field(default_factory=Counter)
    determined: Counter[tuple[str, str]] = field(default_factory=Counter)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)
    near: dict[tuple[str, str], _Near] = field(default_factory=dict)
    mattered: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)

    def join(self, other: Tally) -> None:
        """Add what another group used."""
        self.count += other.count
        self.refused += other.refused
        for name in ("in_scope", "fired", "stated", "read", "applied", "determined", "given"):
            getattr(self, name).update(getattr(other, name))
        for key, found in other.near.items():
            self.near.setdefault(key, _Near()).join(found)
        self.mattered |= other.mattered
        self.elsewhere |= other.elsewhere


def usage(path: Path, settings: Settings, *, workers: int = 2, progress: Progress | None = None) -> Usage:
    """What the records of a folder used of a base. Raises RecordError (A019) if there are none."""
    total = Tally()
    for part in each(paths_of(path), _Worker(settings), workers=workers, progress=progress):
        total.join(part)
    return _usage(path, at_hand(settings.knowledge), settings, total)


class _Worker(Record, frozen=True):
    """Tallies a group of files; what a process is given to do."""

    settings: Settings

    def __call__(self, paths: Sequence[str]) -> Tally:
        base, tally = at_hand(self.settings.knowledge), Tally()
        omissions = Omissions(tally.mattered, tally.elsewhere)
        for path in paths:
            stored = load_file(Path(path))
            tally.count += 1
            if stored.record is None:
                tally.refused.append(Refused(stored.number, "", f"{stored.troubles[0].code}: {stored.troubles[0].message}"))
                continue
            try:
                _tally(tally, omissions, stored.record, base)
            except DingjiError as error:
                first = error.problems[0]
                tally.refused.append(Refused(stored.number, stored.record.case, f"{first.code}: {first.message}"))
        return tally


def _tally(tally: Tally, omissions: Omissions, record: m.DeterminationRecord, base: Knowledge) -> None:
    file, _ = o.known_part(o.case_without_tests(record.case_text, f"case {record.case}"), base)
    case = file.check(base)
    if record.options.on is not None:
        case = case.on(dt.date.fromisoformat(record.options.on))
    knowledge = under(chosen(base, record.options.choices), record.options.profile or case.profile)
    facts = case.facts()
    evaluation = prove(plan_for(knowledge, facts, dt.date.fromisoformat(record.result["as_of"])), facts)
    _rules(tally, evaluation)
    _facts(tally, evaluation, case)
    _grades(tally, evaluation)
    _thresholds(tally, evaluation, record.case)
    omissions.examine(evaluation, facts)


def _base_id(rule: Rule) -> str:
    return rule.id.partition("@")[0]


def _rules(tally: Tally, evaluation: Evaluation) -> None:
    plan = evaluation.plan
    tally.applied.update(a.instrument.id for a in plan.applied)
    tally.in_scope.update({_base_id(rule) for rule in plan.rules})
    tally.fired.update({_base_id(rule) for rule, truth in zip(plan.rules, evaluation.truths, strict=True) if truth is True})


def _facts(tally: Tally, evaluation: Evaluation, case: Case) -> None:
    plan = evaluation.plan
    tally.stated.update(name for name, s in case.statements.items() if s.value is not None)
    if "read" not in plan.memo:
        found = {a.instrument.decides for a in plan.applied}
        for rule in plan.rules:
            found |= rule_reads(rule) | (rule.due.reads if rule.due else frozenset())
        for step in plan.steps:
            found |= {step.decision.base, *step.decision.inputs}
        for applied in plan.applied:
            found |= n.facts_of(applied.instrument.scope)
        plan.memo["read"] = frozenset(fact.partition("@")[0] for fact in found) & plan.knowledge.facts.keys()
    tally.read.update(plan.memo["read"])


def _grades(tally: Tally, evaluation: Evaluation) -> None:
    plan, knowledge = evaluation.plan, evaluation.plan.knowledge
    given: set[tuple[str, str]] = set()
    for fact, value in evaluation.facts.items():
        name, _, scale = fact.partition("@")
        found = knowledge.scales.get(scale) if scale else knowledge.scale_of(name) if name in knowledge.facts else None
        if found is not None and isinstance(value, int) and not isinstance(value, bool):
            given.add((found.id, found.type.grade(value)))
    tally.given.update(given)
    if plan.reconciliation is not None:
        fact = plan.reconciliation.decides
        scale_of, value = knowledge.scale_of(fact), evaluation.facts.get(fact)
        if scale_of is not None and isinstance(value, int):
            tally.determined[scale_of.id, scale_of.type.grade(value)] += 1


def _thresholds(tally: Tally, evaluation: Evaluation, case: str) -> None:
    plan = evaluation.plan
    if "thresholds" not in plan.memo:
        plan.memo["thresholds"] = tuple({key for rule in plan.rules for key in _bounds(rule)})
    for fact, bound in plan.memo["thresholds"]:
        near = tally.near.setdefault((fact, str(bound)), _Near())
        values = list(_values(evaluation, fact))
        near.seen += bool(values)
        for value in values:
            distance = _distance(value, bound, plan.knowledge, fact)
            if near.distance is None or distance < near.distance:
                near.distance, near.value, near.case = distance, format(value.normalize(), "f"), case


def _distance(value: Decimal, bound: Decimal, knowledge: Knowledge, fact: str) -> Decimal:
    """How far a value is from a bound, as a share of the greater of the two; the neighbour of a whole number is at it."""
    apart = abs(value - bound)
    if apart <= 1 and _integer(knowledge, fact):
        return Decimal(0)
    return apart / max(abs(value), abs(bound)) if apart else Decimal(0)


def _type(knowledge: Knowledge, fact: str) -> t.Type | None:
    name, _, part = fact.partition(".")
    definition = knowledge.facts.get(name)
    if definition is None or not part:
        return definition.type if definition else None
    return next((f.type for f in definition.fields if f.name == part), None)


def _integer(knowledge: Knowledge, fact: str) -> bool:
    kind = _type(knowledge, fact)
    return isinstance(kind, t.Number) and kind.integer


def _values(evaluation: Evaluation, fact: str) -> Iterator[Decimal]:
    """The numbers that a fact, or a field of the items of a list, has in a case, where they are known."""
    name, _, part = fact.partition(".")
    value = evaluation.facts.get(name)
    found: list[Any] = [item.get(part) for item in value.items] if part and isinstance(value, Records) else [value]
    for number in found:
        if isinstance(number, int | Decimal) and not isinstance(number, bool):
            yield Decimal(number)


def _bounds(rule: Rule) -> Iterator[tuple[str, Decimal]]:
    """(fact, or list.field; number) of each comparison with a number in the condition and the formula of a rule."""
    for node in (rule.when, rule.value):
        if isinstance(node, n.Node):
            yield from _bounds_of(node, {})


def _bounds_of(node: n.Node, bound: dict[str, str]) -> Iterator[tuple[str, Decimal]]:
    if isinstance(node, n.Quantifier):
        bound = {**bound, node.variable: node.source}
    if isinstance(node, n.Compare):
        for left, right in zip(node.operands, node.operands[1:], strict=False):
            for one, other in ((left, right), (right, left)):
                name = one.name if isinstance(one, n.Fact) else ""
                if isinstance(one, n.Field) and one.variable in bound:
                    name = f"{bound[one.variable]}.{one.name}"
                if name and isinstance(other, n.Literal) and _is_number(other):
                    yield name, Decimal(str(other.value))
    for child in n.children(node):
        yield from _bounds_of(child, bound)


def _is_number(literal: n.Literal) -> bool:
    """Is it a number as written? A grade has its severity for a value, and its name for a text."""
    if isinstance(literal.value, bool) or not isinstance(literal.value, int | Decimal):
        return False
    try:
        Decimal(literal.text.replace("_", ""))
    except ArithmeticError:
        return False
    return True


def _usage(path: Path, base: Knowledge, settings: Settings, total: Tally) -> Usage:
    profiled = {r.id: r for p in base.profiles.values() for r in p.rules}
    rules = {**base.rules, **{id: rule for id, rule in profiled.items() if total.in_scope[id]}}
    settling = {r.disagreement for r in base.reconciliations.values()} | {r.rule for r in base.reconciliations.values()}
    instruments = tuple((id, total.applied[id]) for id in base.instruments if total.applied[id])
    never = tuple(id for id in base.instruments if not total.applied[id])
    used = [rule for rule in rules.values() if rule.owner not in never and rule.id not in settling]
    thresholds = _reached(base, rules, total, settings)
    graded = {scale for scale, _ in total.given}
    return Usage(
        path=str(path),
        digest=base.digest,
        near=str(settings.near),
        count=total.count,
        refused=tuple(sorted(total.refused, key=lambda each: each.number)[:REFUSALS]),
        more_refused=max(0, len(total.refused) - REFUSALS),
        instruments=tuple(sorted(instruments, key=lambda item: -item[1])),
        never=never,
        unfired=tuple(RuleUse(r.id, r.owner, total.in_scope[r.id], 0) for r in used if not total.fired[r.id]),
        idle=tuple(_idle(used, total)),
        unstated=tuple(
            FactUse(f.name, 0, total.read[f.name]) for f in base.facts.values() if f.nature != "derived" and not total.stated[f.name]
        ),
        unread=tuple(FactUse(f.name, total.stated[f.name], 0) for f in base.facts.values() if _unread(f.name, total)),
        far=tuple(each for each in thresholds if each.seen and Decimal(each.distance) > settings.near),
        unmet=tuple(each for each in thresholds if not each.seen),
        grades=tuple(
            GradeUse(scale.id, grade.id, total.determined[scale.id, grade.id], total.given[scale.id, grade.id])
            for scale in base.scales.values()
            if scale.id in graded
            for grade in scale.grades
        ),
        unused=tuple(scale for scale in base.scales if scale not in graded),
        rules=len(used),
        thresholds=len(thresholds),
    )


def _unread(fact: str, total: Tally) -> bool:
    return total.stated[fact] > 0 and not total.read[fact]


def _idle(rules: Sequence[Rule], total: Tally) -> Iterator[Idle]:
    """Rules that fired and that no grade missed; duties and warnings follow from grades, and are none of them."""
    found = [r for r in rules if total.fired[r.id] and r.kind not in ("duty", "flag", "requirement") and r.id not in total.mattered]
    for rule in sorted(found, key=lambda r: -total.fired[r.id]):
        yield Idle(rule.id, rule.owner, total.fired[rule.id], rule.id in total.elsewhere)


def _reached(base: Knowledge, rules: dict[str, Rule], total: Tally, settings: Settings) -> list[Threshold]:
    """The thresholds of the rules in scope of a record, the farthest first."""
    named: dict[tuple[str, str], list[str]] = {}
    for rule in (rule for rule in rules.values() if total.in_scope[rule.id]):
        for fact, bound in _bounds(rule):
            named.setdefault((fact, str(bound)), []).append(rule.id)
    found = []
    for (fact, at), near in total.near.items():
        if not isinstance(_type(base, fact), t.Number):
            continue
        by = tuple(dict.fromkeys(named.get((fact, at), ())))
        shown = "" if near.distance is None else f"{near.distance:.3f}"
        found.append(Threshold(fact, at, by, near.seen, near.value, shown, near.case))
    return sorted(found, key=lambda each: (-Decimal(each.distance or 0), each.fact, Decimal(each.bound)))
