"""Which cases fire a rule, and which see it false."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from dingji.cases.reader import CaseFile
from dingji.conformance import truths_of_rules
from dingji.grading import under
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge, Rule
from dingji.records import Record


class RuleCoverage(Record, frozen=True):
    """A rule with the ids of the cases in which its condition is true, and of those in which it is false."""

    rule: str
    true: tuple[str, ...]
    false: tuple[str, ...]
    can_be_false: bool
    """Rules without a condition can't be; nor can they be missed."""

    @property
    def complete(self) -> bool:
        """Seen true in one case and, if it can be, false in another?"""
        return bool(self.true) and (bool(self.false) or not self.can_be_false)


def coverage(knowledge: Knowledge, cases: Iterable[CaseFile]) -> tuple[RuleCoverage, ...]:
    """For every rule, those of profiles included, the cases that fire it and those that see it false.

    A crosswalk row counts as fired when it carries a finding. Raises CaseError for a case that is invalid.
    """
    true: defaultdict[str, list[str]] = defaultdict(list)
    false: defaultdict[str, list[str]] = defaultdict(list)
    for file in cases:
        case = file.check(knowledge)
        base = under(knowledge, case.profile)
        for rule, truth in truths_of_rules(run(base, case.facts(), case.as_of).evaluation).items():
            if truth is not None:
                (true if truth else false)[rule].append(case.id)
    # the rule that settles a disagreement has no condition of its own
    settling = {r.disagreement for r in knowledge.reconciliations.values()}
    rules: dict[str, Rule] = {**knowledge.rules, **{r.id: r for p in knowledge.profiles.values() for r in p.rules}}
    return tuple(
        RuleCoverage(rule.id, tuple(true[rule.id]), tuple(false[rule.id]), rule.when is not None)
        for rule in rules.values()
        if rule.id not in settling
    )
