"""Why not: for a grade that a case did not get, the rules that would have given it, the nearest miss first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from dingji.cases.model import Case
from dingji.cases.reader import CaseFile
from dingji.errors import nearest
from dingji.knowledge import model as k
from dingji.knowledge.linking import rule_reads
from dingji.language.evaluate import is_known
from dingji.methods import model as m
from dingji.methods.findings import reachable
from dingji.methods.grounds import grounds
from dingji.methods.proof import shown_value
from dingji.reasoning.explanation.lacks import Goal, Lack, joined
from dingji.reasoning.explanation.needs import Need, Needs
from dingji.reasoning.explanation.trial import Outcome, Trials
from dingji.reasoning.explanation.ways import Block, Way, Ways
from dingji.reasoning.explanation.why import (
    Exclusion,
    Proofs,
    QuestionError,
    Subject,
    bound,
    known,
    known_instrument,
    no_determination,
    subject,
)
from dingji.records import Record

MOST = 5
"""Routes that are shown unless more are asked for."""
MOST_RULES = 5
"""Of many rules that together stand against a route, so many are shown."""


class Against(Record, frozen=True):
    """What outdoes a route: rules or a finding with another value, and what it would take for them to fall.

    `reason`: override, order (an earlier row of a table), extreme (a row with a worse or better value), default (a row that
    holds, where the value is that of a table without a row that holds), adjust, reconcile. `others` counts rules not shown.
    """

    reason: str
    fact: str
    label: k.Words
    value: str | None
    rules: tuple[m.RuleProof, ...]
    others: int
    needs: tuple[Need, ...]


class Route(Record, frozen=True):
    """One way to the grade, with the rule that would give it.

    `state`: false, unknown (the rule may yet hold) or holds (but something outdoes it). `missing` counts the conditions on stated
    facts that are not met by the shortest way, `false` those of them that are known to be false. `through` are the rules that
    carry the value on. `left_out` names the scope facts by which the rule does not concern this kind of case. `behind` are the
    routes to a derived value that the rule needs, by its fact; `then` is the grade if the needs were met (null: not tried).
    """

    rule: m.RuleProof | None
    fact: str
    label: k.Words
    gives: str | None
    instrument: str
    state: str
    possible: bool
    missing: int
    false: int
    needs: tuple[Need, ...]
    behind: tuple[Route, ...]
    others: int
    through: tuple[m.RuleProof, ...]
    against: tuple[Against, ...]
    left_out: tuple[str, ...]
    facts: tuple[m.FactProof, ...]
    then: Outcome | None = None


class Asked(Record, frozen=True):
    """A fact to establish, and how to ask for it."""

    fact: str
    label: k.Words
    question: k.Words


class WhyNot(Record, frozen=True):
    """The answer to "why not".

    `kind` is grade, rule or instrument. `status`: reached (it is so), open (unknown facts decide), outdone (it would be so, but
    something with another value stands), missed, or excluded (`exclusion` says why the instrument does not apply).
    `value` is what the case has instead (null: unknown). `others` counts the routes that are not shown.
    """

    case: str
    title: k.Words
    as_of: str
    knowledge_version: str
    knowledge_digest: str
    profile: str | None
    evaluators: tuple[str, ...]
    without: str
    kind: str
    asked: str
    instrument: str | None
    fact: str
    scale: str | None
    status: str
    value: str | None
    routes: tuple[Route, ...] = ()
    others: int = 0
    decides: tuple[Asked, ...] = ()
    exclusion: Exclusion | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def why_not(
    knowledge: k.Knowledge,
    case: CaseFile | Case,
    *,
    grade: str | None = None,
    rule: str | None = None,
    instrument: str | None = None,
    as_of: dt.date | None = None,
    profile: str | None = None,
    most: int = MOST,
) -> WhyNot:
    """Why a case has not the grade (of the determination, or of the finding of an instrument), why a rule does not hold, or why
    an instrument does not apply or finds nothing.

    Raises KnowledgeError (K021) for an unknown rule or instrument, QuestionError for a grade that the scale has not.
    """
    about = subject(knowledge, case, as_of, profile)
    answer = _Answer(about, most)
    if rule is not None:
        return answer.rule(rule)
    if instrument is not None:
        found = known_instrument(about, instrument)
        scale = about.knowledge.scale_of(found.decides) if found.decides else None
        if grade is not None and scale is not None:
            _check_grade(scale, grade)
        if not about.applies(instrument):
            return answer.head("instrument", instrument, "excluded", exclusion=answer.proofs.exclusion(found), instrument=instrument)
        if scale is None:
            raise QuestionError(f"{instrument} gives no finding: it only derives facts or duties; ask for one of its rules")
        if grade is None:
            return answer.finding(found, scale)
        return answer.grade(found.decides, scale, grade, instrument)
    if grade is None:
        raise QuestionError("say what is asked for: a grade, a rule or an instrument")
    scale = about.knowledge.scale_of(about.target)
    if scale is None:
        raise QuestionError(no_determination(about))
    _check_grade(scale, grade)
    return answer.grade(about.target, scale, grade, None)


def _check_grade(scale: k.ScaleDefinition, grade: str) -> None:
    names = [g.id for g in scale.grades]
    if grade not in names:
        hint = nearest(grade, names)
        raise QuestionError(f"the scale {scale.id} has no grade {grade!r}{'; ' + hint if hint else ''}; grades: {', '.join(names)}")


class _Answer:
    """Builds one answer."""

    def __init__(self, about: Subject, most: int) -> None:
        self.about, self.most = about, most
        self.ways = Ways(about.evaluation)
        self.trials = Trials(about)
        self.told: dict[int, tuple[Block, Against]] = {}
        self.index = frozenset(about.knowledge.index)
        self.proofs = Proofs(about)
        self.needs = Needs(about, self.proofs)
        self.knowledge, self.facts = about.knowledge, about.evaluation.facts

    def head(self, kind: str, asked: str, status: str, *, fact: str = "", instrument: str | None = None, **fields: Any) -> WhyNot:
        """The answer with what every answer has."""
        scale = self.knowledge.scale_of(fact.split("@")[0]) if fact else None
        value = self.facts.get(fact)
        shown = None if value is None else shown_value(self.knowledge, fact, value)
        return WhyNot(
            **self.about.head(),
            kind=kind,
            asked=asked,
            instrument=instrument,
            fact=fact,
            scale=scale.id if scale else None,
            status=status,
            value=shown,
            **fields,
        )

    def grade(self, fact: str, scale: k.ScaleDefinition, grade: str, instrument: str | None) -> WhyNot:
        """Why a graded fact has not that grade."""
        severity, value = scale.severity(grade), self.facts.get(fact)
        sure = self._sure(instrument)
        if sure and is_known(value) and value == severity:
            return self.head("grade", grade, "reached", fact=fact, instrument=instrument)
        ways = [w for w in self.ways.to(Goal(fact, (("==", severity),))) if w.cost[0] == 0]
        still = grade in reachable(scale, value)
        if still:
            return self._open("grade", grade, ways, fact=fact, instrument=instrument)
        outdone = any(not w.found.base and all(b.reason != "default" for b in w.blocks) for w in ways)
        return self._answered("grade", grade, "outdone" if outdone else "missed", ways, fact=fact, instrument=instrument)

    def _sure(self, instrument: str | None) -> bool:
        """Does the instrument (or the reconciliation) surely apply?"""
        plan = self.about.evaluation.plan
        return plan.covered if instrument is None else any(a.instrument.id == instrument and a.truth is True for a in plan.applied)

    def finding(self, instrument: k.Instrument, scale: k.ScaleDefinition) -> WhyNot:
        """Why an instrument that applies finds nothing; that it does give a grade."""
        fact, name = instrument.decides, instrument.id
        value = self.facts.get(fact)
        if self._sure(name) and value is not None and is_known(value) and not scale.grade(value).silent:
            return self.head("instrument", name, "reached", fact=fact, instrument=name)
        wanted = tuple(scale.severity(g.id) for g in scale.grades if not g.silent)
        ways = [w for w in self.ways.to(Goal(fact, (("in", wanted),))) if w.cost[0] == 0]
        if not self._sure(name) or not is_known(value):
            return self._open("instrument", name, ways, fact=fact, instrument=name)
        return self._answered("instrument", name, "missed", ways, fact=fact, instrument=name)

    def rule(self, name: str) -> WhyNot:
        """Why a rule does not hold, or why its value does not stand although it does."""
        known(name, self.knowledge.rules, "rule")
        plan = self.about.evaluation.plan
        rules = bound(self.about, name)
        owner = self.knowledge.instruments.get(rules[0].owner)
        ways = sorted((self._way_of(rule) for rule in rules), key=lambda w: w.cost)
        first = ways[0]
        if owner is not None and not self.about.applies(owner.id):
            exclusion = self.proofs.exclusion(owner)
            return self._answered("rule", name, "excluded", ways, fact=first.fact, instrument=owner.id, exclusion=exclusion)
        if rules[0].kind == "crosswalk" and rules[0].id not in self.ways.positions:
            return self.head("rule", name, "unused")
        instrument = owner.id if owner else None
        doubtful = any(a.instrument.id == instrument and a.truth is None for a in plan.applied)
        truths = [self.ways.truth(rule) for rule in rules]
        if True in truths and not doubtful:
            status = "outdone" if first.blocks or first.found.own else "reached"
            return self._answered("rule", name, status, [] if status == "reached" else ways, fact=first.fact, instrument=instrument)
        if None in truths or True in truths:
            return self._open("rule", name, ways, fact=first.fact, instrument=instrument)
        return self._answered("rule", name, "missed", ways, fact=first.fact, instrument=instrument)

    def _way_of(self, rule: k.Rule) -> Way:
        """A rule with what it lacks; one that holds, with what outdoes it."""
        fact = self._written(rule)
        value = dict(rule.then).get(fact)
        found = self.ways.lacks(rule)
        part = self.ways.part(rule, formula=True)
        if part is not None and self.facts.get(fact) is None:
            # a formula holds, but can give no value while a fact is unknown
            unknown = [f for f in part.facts if self.facts.get(f) is None]
            found = joined([found, *(self.ways.shortfalls.fact(f, (("known", None),)) for f in unknown)])
        outcome = self.about.evaluation.outcomes.get(fact)
        blocks: tuple[Block, ...] = ()
        position = self.ways.positions.get(rule.id)
        if outcome is not None and self.ways.truth(rule) is True and position not in outcome.winners and not found.own and outcome.winners:
            standing = tuple(self.about.evaluation.plan.rules[i] for i in outcome.winners)
            reason = "override" if any(rule.id in r.overrides for r in standing) else "extreme"
            blocks = (Block(fact, outcome.value, standing, joined(self.ways.lacks(r, False) for r in standing), reason),)
        return Way(fact, value, rule, found, (), blocks)

    def _written(self, rule: k.Rule) -> str:
        """The fact that a rule writes; of several the finding of its instrument, or the first that the case derives."""
        owner = self.knowledge.instruments.get(rule.owner)
        if owner is not None and owner.decides in dict(rule.then):
            return owner.decides
        evaluation = self.about.evaluation
        written = [d for d, _ in rule.then if d in evaluation.outcomes]
        written += [d.fact for d in self.knowledge.decisions if rule.id in d.rules]
        return written[0] if written else ""

    def _open(self, kind: str, asked: str, ways: list[Way], *, fact: str, instrument: str | None) -> WhyNot:
        """What unknown facts still decide: the routes that no known fact bars, and the facts that they wait for."""
        waiting = [w for w in ways if w.cost[2] == 0] or ways
        scope = self.needs.scope_facts(instrument)
        lacks = [lack for way in waiting for lack in way.found.base if lack.truth is None]
        names = dict.fromkeys([*scope, *(name for lack in lacks for name in (lack.facts or (lack.fact,)))])
        if fact and any(not way.found.base for way in waiting):
            # a rule gives it already: what else may come is decided by all that is still open
            names |= dict.fromkeys(grounds(self.about.evaluation, fact).facts)
        decides = tuple(self._asked(name) for name in names if self.needs.is_open(name))
        return self._answered(kind, asked, "open", waiting, fact=fact, instrument=instrument, decides=decides)

    def _asked(self, name: str) -> Asked:
        definition = self.knowledge.facts[name]
        return Asked(name, definition.label, definition.question or definition.label)

    def _answered(self, kind: str, asked: str, status: str, ways: list[Way], **fields: Any) -> WhyNot:
        target = fields.get("fact") or ""
        ordered = sorted(ways, key=lambda w: (bool(w.found.base), len(w.blocks), w.cost)) if status == "outdone" else ways
        routes = tuple(self.route(way, target) for way in ordered[: self.most])
        return self.head(kind, asked, status, routes=routes, others=len(ways) - len(routes), **fields)

    def route(self, way: Way, target: str = "") -> Route:
        """One way, written out. With a `target`, what the case would be if its needs were met is tried."""
        rule = way.rule
        whole = way.whole
        truth = True if rule is None else self.ways.truth(rule)
        behind, others = self._behind(way.found.own)
        outside = rule is not None and rule.id not in self.ways.positions
        return Route(
            rule=None if rule is None else self.proofs.rule(rule),
            fact=way.fact,
            label=self.proofs.label(way.fact),
            gives=None if way.value is None else shown_value(self.knowledge, way.fact, way.value),
            instrument="" if rule is None else rule.owner,
            state="holds" if truth else "unknown" if truth is None else "false",
            possible=whole.cost[0] == 0,
            missing=whole.cost[1],
            false=whole.cost[2],
            needs=tuple(self.needs.need(lack) for lack in way.found.own),
            behind=behind,
            others=others,
            through=tuple(self.proofs.rule(r) for r in way.through),
            against=tuple(self._against(block) for block in way.blocks),
            left_out=tuple(x.fact for x in way.found.own if x.fact in self.index and x.truth is False) if outside else (),
            facts=self._facts(rule),
            then=self.trials.outcome(whole.base, target, way.value) if target else None,
        )

    def _behind(self, lacks: Iterable[Lack]) -> tuple[tuple[Route, ...], int]:
        """The nearest route to each derived value that is needed, and how many others there are."""
        routes, others = [], 0
        for lack in lacks:
            if lack.goal is not None and not lack.impossible and lack.tests[0][0] != "known":
                ways = [w for w in self.ways.to(lack.goal) if w.cost[0] == 0]
                routes += [self.route(way) for way in ways[:1]]
                others += max(0, len(ways) - 1)
        return tuple(routes), others

    def _facts(self, rule: k.Rule | None) -> tuple[m.FactProof, ...]:
        if rule is None:
            return ()
        memo, key = self.about.evaluation.plan.memo, ("reads of", rule.id)
        if key not in memo:
            memo[key] = sorted(rule_reads(rule))
        return tuple([self.proofs.stated(name) for name in memo[key]])

    def _against(self, block: Block) -> Against:
        # a finding that outdoes one route outdoes most of them
        told = self.told.get(id(block))
        if told is None:
            told = self.told[id(block)] = block, self._outdone(block)
        return told[1]

    def _outdone(self, block: Block) -> Against:
        value = None if block.value is None else shown_value(self.knowledge, block.fact, block.value)
        shown = block.rules[:MOST_RULES]
        return Against(
            reason=block.reason,
            fact=block.fact,
            label=self.proofs.label(block.fact),
            value=value,
            rules=tuple(self.proofs.rule(rule) for rule in shown),
            others=len(block.rules) - len(shown),
            needs=tuple(self.needs.need(lack) for lack in block.found.base),
        )
