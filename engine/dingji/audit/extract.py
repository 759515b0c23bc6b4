"""The part of a knowledge base that concerns one case, as files of the authoring format.

A record must be graded again when the base has changed and dingji itself has. So it carries the author's own text, not a form
that some version of ours compiled it to: of each file the rules and entries that were in the plan of the case, character by
character, and what these refer to. Cases of one kind carry the same files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dingji.audit.cutting import cut
from dingji.audit.model import RecordError, Trouble
from dingji.cases.model import Case
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.choices import Choice
from dingji.knowledge.folder import bundled, digest_of, knowledge_files
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Decision, Knowledge, Profile, Rule
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.methods.model import Result

Files = dict[str, str]


def source_files(folder: Path | None, digest: str) -> Files:
    """The text of every file of a knowledge folder. Raises RecordError if it is no longer what was loaded."""
    where = folder if folder is not None else bundled("knowledge")
    try:
        paths = knowledge_files(where)
        if digest_of(where, paths) == digest:
            return {path.relative_to(where).as_posix(): path.read_text("utf-8-sig") for path in paths}
    except (OSError, UnicodeDecodeError):
        pass
    hint = "nothing was recorded: grade again"
    raise RecordError(Trouble("A002", "the knowledge folder is not what the case was graded by", hint, str(where)))


def extract(files: Files, base: Knowledge, graded_by: Knowledge, case: Case, result: Result, choices: tuple[Choice, ...] = ()) -> Files:
    """The files cut down to what concerns a case. `graded_by` is `base` under the profile of the result, if there is one, and `choices`."""
    plan = plan_for(graded_by, case.facts(), dt.date.fromisoformat(result.as_of))
    need = _Needs(base)
    if result.profile:
        need.profile(base.profiles[result.profile])
    for choice in choices:
        if choice.kind == "profile":
            need.profile(base.profiles[choice.names[0]])
        elif choice.kind == "edition":
            need.instrument(choice.names[0])
    need.case(case)
    need.plan(plan)
    for finding in result.findings:
        need.instrument(finding.instrument)
        if finding.today:
            need.instrument(finding.today)
    need.add("source", (kind.source for kind in base.evidence.values()))
    need.close()
    return cut(files, base, need.kept())


class _Needs:
    """Names that a part of a base must hold to be a base itself: whatever is needed brings what it refers to."""

    def __init__(self, base: Knowledge) -> None:
        self.base = base
        self.kinds: dict[str, dict[str, None]] = {}
        self.open: list[tuple[str, str]] = []
        self.writers: dict[str, list[Decision]] = {}
        for decision in base.decisions:
            self.writers.setdefault(decision.fact, []).append(decision)
        self.decisions = {d.id: d for d in base.decisions}
        self.decided: dict[str, list[Decision]] = {}
        """The decisions of each rule."""
        for decision in base.decisions:
            for rule in decision.rules:
                self.decided.setdefault(rule, []).append(decision)
        self.follow: dict[str, Callable[[str], None]] = {
            "fact": self._fact,
            "rule": self._rule,
            "instrument": self._instrument,
            "crosswalk": self._crosswalk,
            "reconciliation": self._reconciliation,
        }

    def add(self, kind: str, names: Iterable[str]) -> None:
        found = self.kinds.setdefault(kind, {})
        for name in names:
            if name and name not in found:
                found[name] = None
                self.open.append((kind, name))

    def kept(self) -> Mapping[str, dict[str, None]]:
        return self.kinds

    def close(self) -> None:
        """Follow every reference, then give each derived fact one of its writers, until nothing is missing."""
        while True:
            while self.open:
                kind, name = self.open.pop()
                self.follow.get(kind, _nothing)(name)
            missing = [f for f in self.kinds.get("fact", ()) if self._unwritten(f)]
            for fact in missing:
                self._writer(fact)
            if not self.open:
                return

    def case(self, case: Case) -> None:
        self.add("fact", case.statements)
        if case.opinions:
            self.add("fact", self.base.surveyed.values())
            self.add("scale", (s.id for s in self.base.scales.values()))

    def plan(self, plan: Plan) -> None:
        """The instruments that apply, whole: cases that differ in what is left out of their plans share one knowledge."""
        for item in plan.applied:
            self.add("instrument", [item.instrument.id])
            self.add("rule", self.base.owned.get(item.instrument.id, ()))
        self.add("crosswalk", (c for c in dict.fromkeys(rule.owner for rule in plan.rules) if c in self.base.crosswalks))
        if plan.reconciliation is not None:
            self.add("reconciliation", [plan.reconciliation.id])
        if not plan.covered:  # what is asked for then is what would let another one cover the case
            self.add("reconciliation", self.base.reconciliations)

    def instrument(self, name: str) -> None:
        self.add("instrument", [name])

    def profile(self, profile: Profile) -> None:
        """A profile with all that it names: it is kept whole."""
        self.add("profile", [profile.id])
        for target in profile.removes:
            self.add("rule", [target] if target in self.base.rules else self.decisions[target].rules[:1])
        self.add("instrument" if profile.joins in self.base.instruments else "crosswalk", [profile.joins])
        for instrument, fact in profile.readings:
            self.add("instrument", [instrument])
            self.add("fact", [fact])
        for rule in profile.rules:
            self._refers(rule)
        for decision in profile.decisions:
            self.add("fact", (decision.fact, decision.base))

    def _unwritten(self, fact: str) -> bool:
        definition = self.base.facts[fact]
        if definition.nature != "derived" or definition.survey:
            return False
        rules, owners = self.kinds.get("rule", {}), self.kinds.get("reconciliation", {})
        for decision in self.writers.get(fact, ()):
            if any(r in rules for r in decision.rules) or (decision.policy == "reconcile" and decision.owner in owners):
                return False
        profiles = self.kinds.get("profile", {})
        return not any(d.fact == fact for p in profiles for d in self.base.profiles[p].decisions)

    def _writer(self, fact: str) -> None:
        for decision in self.writers.get(fact, ()):
            if decision.policy == "reconcile":
                self.add("reconciliation", [decision.owner])
            else:
                self.add("rule", decision.rules[:1])
                self.add("fact", (decision.base,))
            return
        for profile in self.base.profiles.values():
            if any(d.fact == fact for d in profile.decisions):
                self.profile(profile)
                return

    def _fact(self, name: str) -> None:
        fact = self.base.facts[name]
        fields = fact.fields
        for kind in (fact.type, *(f.type for f in fields)):
            if isinstance(kind, t.Scale):
                self.add("scale", [kind.name])

    def _rule(self, name: str) -> None:
        self._refers(self.base.rules[name])

    def _refers(self, rule: Rule) -> None:
        base = self.base
        self.add("fact", rule_reads(rule))
        self.add("fact", (fact for fact, _ in rule.then if fact in base.facts))
        if rule.due is not None:
            self.add("fact", rule.due.reads)
        self.add("source", [rule.source])
        self.add("rule", (r for r in (*rule.overrides, *rule.repeats) if r in base.rules))
        for decision in self.decided.get(rule.id, ()):
            self.add("fact", (decision.fact, decision.base))
        for kind, entries in (
            ("instrument", base.instruments),
            ("crosswalk", base.crosswalks),
            ("reconciliation", base.reconciliations),
        ):
            if rule.owner in entries:
                self.add(kind, [rule.owner])

    def _instrument(self, name: str) -> None:
        instrument = self.base.instruments[name]
        self.add("fact", n.facts_of(instrument.scope))
        self.add("fact", [instrument.decides])
        self.add("source", [instrument.source])
        self.add("scale", instrument.surveys)

    def _crosswalk(self, name: str) -> None:
        crosswalk = self.base.crosswalks[name]
        self.add("scale", (crosswalk.source_scale, crosswalk.target_scale))
        self.add("source", [crosswalk.source])
        self.add("rule", self.base.owned.get(name, ()))

    def _reconciliation(self, name: str) -> None:
        reconciliation = self.base.reconciliations[name]
        self.add("fact", (*n.facts_of(reconciliation.when), reconciliation.decides))
        self.add("rule", (reconciliation.rule, reconciliation.disagreement))
        self.add("instrument", reconciliation.omits)


def _nothing(name: str) -> None:
    """Sources, scales and profiles refer to nothing that is cut."""
