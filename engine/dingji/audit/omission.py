"""Does a rule that fired matter? It is left out, and the case is evaluated again.

What a rule rests on does not tell: without it, one that it kept from firing may fire. So each rule is tried, until once it mattered.
"""

from __future__ import annotations

from typing import Any

from dingji.errors import KnowledgeError
from dingji.inference.plan import Plan, Step
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.linking import rule_reads
from dingji.records import replace

Told = tuple[Any, tuple[Any, ...]]
"""What an evaluation came to: the determination; and the findings, duties and warnings."""


class Omissions:
    """Tries what a case would come to without each rule. `mattered` and `elsewhere` are filled: rules that once made a difference
    to a determination, and to a finding, a duty or a warning."""

    def __init__(self, mattered: set[str], elsewhere: set[str]) -> None:
        self.mattered, self.elsewhere = mattered, elsewhere

    def examine(self, evaluation: Evaluation, stated: dict[str, Any]) -> None:
        """Try the rules that fired in one case, and are not known to matter."""
        plan = evaluation.plan
        told = _told(evaluation)
        for rule, positions in _deciding(plan).items():
            if rule in self.mattered or not any(evaluation.truths[position] is True for position in positions):
                continue
            if rule in self.elsewhere and not _reaches(plan, positions):
                continue
            try:
                without = _told(prove(_without(plan, rule, positions), stated))
            except KnowledgeError:  # it kept two others from contradicting each other
                self.mattered.add(rule)
                continue
            if without[0] != told[0]:
                self.mattered.add(rule)
            elif without[1] != told[1]:
                self.elsewhere.add(rule)


def _told(evaluation: Evaluation) -> Told:
    plan, facts = evaluation.plan, evaluation.facts
    findings = tuple(facts.get(a.instrument.decides) for a in plan.applied if a.instrument.decides)
    rest = tuple(evaluation.truths[position] for position in (*plan.flags, *plan.duties, *plan.requirements))
    if plan.reconciliation is None:  # nothing is determined: the findings are what was graded
        return findings, rest
    return facts.get(plan.reconciliation.decides), (*findings, *rest)


def _deciding(plan: Plan) -> dict[str, tuple[int, ...]]:
    """The rules that take part in a decision, with their positions; a crosswalk row stands once for each finding."""
    if "deciding" not in plan.memo:
        found: dict[str, dict[int, None]] = {}
        for step in plan.steps:
            for entry in step.entries if step.decision.policy != "reconcile" else ():
                found.setdefault(plan.rules[entry.position].id.partition("@")[0], {})[entry.position] = None
        plan.memo["deciding"] = {rule: tuple(positions) for rule, positions in found.items()}
    deciding: dict[str, tuple[int, ...]] = plan.memo["deciding"]
    return deciding


def _reaches(plan: Plan, positions: tuple[int, ...]) -> bool:
    """Can what a rule writes reach the determination (or the findings, where there is none)?"""
    if "reaching" not in plan.memo:
        targets = [plan.reconciliation.decides] if plan.reconciliation else [a.instrument.decides for a in plan.applied]
        wanted, reaching = set(targets), set()
        for step in reversed(plan.steps):
            if step.decision.fact not in wanted:
                continue
            wanted |= {step.decision.base, *step.decision.inputs}
            for entry in step.entries:
                reaching.add(entry.position)
                wanted |= rule_reads(plan.rules[entry.position])
        plan.memo["reaching"] = frozenset(reaching)
    return any(position in plan.memo["reaching"] for position in positions)


def _without(plan: Plan, rule: str, positions: tuple[int, ...]) -> Plan:
    """The plan without a rule, kept for the next case."""
    key = ("without", rule)
    if key not in plan.memo:
        steps = tuple(_step(step, positions) for step in plan.steps)
        plan.memo[key] = replace(plan, steps=steps, memo={})
    without: Plan = plan.memo[key]
    return without


def _step(step: Step, positions: tuple[int, ...]) -> Step:
    if not any(entry.position in positions for entry in step.entries):
        return step
    blocks = tuple((needs, tuple(e for e in entries if e.position not in positions)) for needs, entries in step.blocks)
    return replace(step, entries=tuple(e for e in step.entries if e.position not in positions), blocks=blocks)
