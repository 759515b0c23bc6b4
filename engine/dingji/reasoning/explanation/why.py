"""Why: the proof of one conclusion, from its rules down to the stated facts and who stated them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import msgspec

from dingji.cases.model import Case
from dingji.cases.reader import CaseFile
from dingji.errors import KnowledgeError, Problem, nearest
from dingji.grading import grade, under
from dingji.inference.plan import Plan
from dingji.inference.prover import Evaluation
from dingji.inference.run import Run, run
from dingji.knowledge import model as k
from dingji.knowledge.linking import rule_reads
from dingji.language import nodes as n
from dingji.language.evaluate import Tracer, tracer
from dingji.methods import model as m
from dingji.methods.proof import Prover, shown_value
from dingji.records import Draft, Record


class QuestionError(ValueError):
    """What was asked has no answer in this case: a grade that the scale has not, or no determination at all."""


class Exclusion(Record, frozen=True):
    """Why an instrument (or a reconciliation) does not apply: by its dates, or by its scope.

    `in_force` and `in_scope` are true, false or null (not known). `instead` are the editions of the same text that do apply.
    """

    id: str
    title: k.Words
    day: str
    start: str
    end: str
    in_force: bool | None
    in_scope: bool | None
    scope: m.Condition | None
    instead: tuple[str, ...] = ()


class Why(Record, frozen=True):
    """The answer to "why": `kind` is determination, fact, rule or instrument, `asked` its id.

    `proof` is that of the fact; for a rule, `rules` is the rule (a row of a crosswalk once for each finding that it carries) and
    `facts` are the proofs of what it reads. `exclusion` is set where the instrument does not apply.
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
    proof: m.FactProof | None = None
    rules: tuple[m.RuleProof, ...] = ()
    facts: tuple[m.FactProof, ...] = ()
    exclusion: Exclusion | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


class Subject(Draft):
    """A case as it was evaluated: what every question about it starts from."""

    knowledge: k.Knowledge
    case: Case
    day: dt.date
    profile: str | None
    run: Run

    @property
    def evaluation(self) -> Evaluation:
        """What the evaluators agreed on."""
        return self.run.evaluation

    @property
    def target(self) -> str:
        """The fact of the determination; empty if nothing reconciles the findings."""
        reconciliation = self.evaluation.plan.reconciliation
        return reconciliation.decides if reconciliation else ""

    def head(self) -> dict[str, Any]:
        """The fields that every answer begins with."""
        return {
            "case": self.case.id,
            "title": self.case.title,
            "as_of": self.day.isoformat(),
            "knowledge_version": self.knowledge.version,
            "knowledge_digest": self.knowledge.digest,
            "profile": self.profile,
            "evaluators": self.run.evaluators,
            "without": self.run.without,
        }

    def applies(self, instrument: str) -> bool:
        """Does an instrument apply, or may it?"""
        return any(a.instrument.id == instrument for a in self.evaluation.plan.applied)


def subject(knowledge: k.Knowledge, case: CaseFile | Case, as_of: dt.date | None = None, profile: str | None = None) -> Subject:
    """Evaluate a case by both evaluators. Raises what grading raises, but for a case that no instrument covers."""
    if isinstance(case, CaseFile):
        case = case.check(knowledge)
    profile = profile or case.profile
    base = under(knowledge, profile)
    day = as_of or case.as_of
    done = run(base, case.facts(), day)
    plan = done.evaluation.plan
    if any(done.evaluation.truths[i] is False for i in plan.requirements):
        grade(knowledge, case, as_of=as_of, profile=profile)  # refuses the case, and says why
    return Subject(base, case, day, profile, done)


def why(
    knowledge: k.Knowledge,
    case: CaseFile | Case,
    *,
    rule: str | None = None,
    fact: str | None = None,
    instrument: str | None = None,
    as_of: dt.date | None = None,
    profile: str | None = None,
) -> Why:
    """The proof of one conclusion: of a rule, a fact, the finding of an instrument, or (by default) the determination.

    Raises KnowledgeError (K021) for a name that the knowledge base has not, QuestionError if the case has no determination.
    """
    about = subject(knowledge, case, as_of, profile)
    prover = Proofs(about)
    if rule is not None:
        return _rule(about, prover, rule)
    if fact is not None:
        known(fact, about.knowledge.facts, "fact")
        return Why(**about.head(), kind="fact", asked=fact, proof=prover.fact(fact))
    if instrument is not None:
        found = known_instrument(about, instrument)
        if not about.applies(instrument):
            return Why(**about.head(), kind="instrument", asked=instrument, exclusion=prover.exclusion(found))
        if not found.decides:
            raise QuestionError(f"{instrument} gives no finding: it only derives facts or duties; ask for one of its rules or facts")
        return Why(**about.head(), kind="instrument", asked=instrument, proof=prover.fact(found.decides))
    if not about.target:
        raise QuestionError(no_determination(about))
    return Why(**about.head(), kind="determination", asked=about.target, proof=prover.fact(about.target))


def _rule(about: Subject, prover: Proofs, name: str) -> Why:
    known(name, about.knowledge.rules, "rule")
    rules = bound(about, name)
    reads = sorted({fact for rule in rules for fact in rule_reads(rule)})
    owner = about.knowledge.instruments.get(rules[0].owner)
    exclusion = prover.exclusion(owner) if owner is not None and not about.applies(owner.id) else None
    proofs = tuple(prover.rule(rule) for rule in rules)
    return Why(**about.head(), kind="rule", asked=name, rules=proofs, facts=tuple(prover.fact(fact) for fact in reads), exclusion=exclusion)


def bound(about: Subject, name: str) -> list[k.Rule]:
    """A rule of that id; a row of a crosswalk once for each finding that it carries."""
    rule = about.knowledge.rules[name]
    if rule.kind != "crosswalk":
        return [rule]
    return [r for r in about.evaluation.plan.rules if r.id.split("@")[0] == name] or [rule]


def known(name: str, valid: Iterable[str], what: str) -> None:
    """Raises KnowledgeError (K021), with the nearest valid name, if there is nothing of that name."""
    if name not in valid:
        hint = nearest(name, valid) or f"`dingji kb list {what}s` lists them"
        raise KnowledgeError([Problem(what, 0, 0, "K021", f"there is no {what} {name!r}", hint)])


def known_instrument(about: Subject, name: str) -> k.Instrument:
    """The instrument of that id."""
    known(name, about.knowledge.instruments, "instrument")
    return about.knowledge.instruments[name]


def no_determination(about: Subject) -> str:
    """That nothing makes one grade of this case's findings, and what to ask instead."""
    names = [a.instrument.id for a in about.evaluation.plan.applied if a.instrument.decides]
    return f"nothing makes one grade of the findings of this case; choose one: --instrument {' | '.join(names) or 'ID'}"


def positions_of(plan: Plan) -> dict[str, int]:
    """The positions of a plan's rules by their ids; kept with the plan."""
    if "positions" not in plan.memo:
        plan.memo["positions"] = {rule.id: position for position, rule in enumerate(plan.rules)}
    found: dict[str, int] = plan.memo["positions"]
    return found


class Proofs(Prover):
    """Proofs of single rules, also of those that the plan leaves out or whose instrument does not apply."""

    def __init__(self, about: Subject) -> None:
        super().__init__(about.evaluation, about.case)
        self.about = about
        self.positions = positions_of(self.plan)
        self._rules: dict[tuple[str, str], m.RuleProof] = {}
        self._facts: dict[str, m.FactProof] = {}

    def rule(self, rule: k.Rule, fact: str = "") -> m.RuleProof:
        """The proof of a rule; `fact` is the one whose value it shows, by default the first that it concludes."""
        key = rule.id, fact or next((name for name, _ in rule.then), "")
        if key not in self._rules:
            self._rules[key] = self._proved(rule, key[1])
        return self._rules[key]

    def _proved(self, rule: k.Rule, fact: str) -> m.RuleProof:
        if rule.id in self.positions:
            return self._rule(self.positions[rule.id], fact)
        concluded = dict(rule.then).get(fact)
        source = self.knowledge.sources.get(rule.source)
        condition = None if rule.when is None else self._condition(self._tracer(rule.id, rule.when), self.evaluation.facts, {})
        return m.RuleProof(
            id=rule.id,
            truth=True if condition is None else condition.truth,
            concludes=None if concluded is None or rule.kind == "crosswalk" else shown_value(self.knowledge, fact, concluded),
            text=rule.text,
            cite=rule.cite,
            source=rule.source,
            document=source.title if source else None,
            confidence=rule.confidence,
            note=rule.note,
            condition=condition,
        )

    def _tracer(self, rule: str, when: n.Node) -> Tracer:
        """The tracer of a rule that the plan leaves out; kept with the knowledge base."""
        known: dict[str, Tracer] = self.knowledge.plans.setdefault("tracers", {})
        if rule not in known:
            known[rule] = tracer(when, self.knowledge.defaults)
        return known[rule]

    def label(self, name: str) -> k.Words:
        """The label of a fact."""
        return self._label(name)[0] if name else k.Words("", "")

    def stated(self, name: str) -> m.FactProof:
        """A fact with its value and who stated it; of a derived one the value only."""
        proof = self._facts.get(name)
        if proof is None:
            value = self.evaluation.facts.get(name)
            label, unit = self._label(name)
            shown = None if value is None else shown_value(self.knowledge, name, value)
            derived = name in self.steps
            proof = m.FactProof(name, label, shown, unit, "derived") if derived else self._stated(name, label, shown, unit)
            definition = self.knowledge.facts.get(name)
            if definition is None or not definition.survey:
                # what experts said is told in full once, and only named later
                self._facts[name] = proof
        return proof

    def exclusion(self, instrument: k.Instrument) -> Exclusion:
        """Which of dates and scope keeps an instrument from the case."""
        day = self.about.day
        scope = self._condition(tracer(instrument.scope, self.knowledge.defaults), self.evaluation.facts, {})
        editions = [i.id for i in self.knowledge.editions(instrument) if i.id != instrument.id and self.about.applies(i.id)]
        return Exclusion(
            id=instrument.id,
            title=instrument.title,
            day=day.isoformat(),
            start=instrument.in_force.start,
            end=instrument.in_force.end,
            in_force=instrument.in_force.covers(day),
            in_scope=scope.truth,
            scope=scope,
            instead=tuple(editions),
        )
