"""What a choice of positions makes of the case and of the knowledge: the world in which a combination is graded."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import ChainMap
from collections.abc import Iterable, Mapping
from typing import Any

from dingji.cases.model import Case, Statement
from dingji.disputes import issues as i
from dingji.disputes.model import Dispute, Issue
from dingji.grading import under
from dingji.knowledge.model import InForce, Knowledge
from dingji.language.nodes import Literal
from dingji.methods.model import Result
from dingji.records import Record, replace

FACTS = frozenset({"fact", "judgement", "scope"})
"""The kinds of issue that are about a fact of the case."""

ORDER = ("bands", "crosswalk", "profile", "edition", "applicable", "reading", "method")
"""The order in which positions on texts are taken: the texts first, then which of them apply, then how they are read."""

Choice = Mapping[str, int]
"""Issue -> number of the position taken. An issue that is left out is as the case and the knowledge have it."""


class World(Record, frozen=True):
    """A knowledge base, a case and a day."""

    knowledge: Knowledge
    case: Case
    day: dt.date

    def graded(self) -> Result:
        """The case graded by both evaluators. Raises what grading raises."""
        from dingji.grading import grade

        return grade(self.knowledge, replace(self.case, profile=None), as_of=self.day)


class Worlds:
    """The worlds of one dispute; knowledge bases are made once for each combination of texts and methods."""

    def __init__(self, dispute: Dispute, knowledge: Knowledge, variants: dict[Any, Knowledge] | None = None) -> None:
        self.dispute, self.base = dispute, knowledge
        self.variants: dict[Any, Knowledge] = {} if variants is None else variants

    def world(self, choice: Choice, *, method: bool = True) -> World:
        """The world of a choice. Without `method` every finding counts, whatever was chosen."""
        dispute = self.dispute
        taken = [(issue, issue.positions[choice[issue.id]].value) for issue in dispute.issues if issue.id in choice]
        taken += [(issue, issue.positions[0].value) for issue in dispute.common]
        statements = {
            issue.about: replace(dispute.case.statements.get(issue.about) or Statement(issue.about, None), value=value)
            for issue, value in taken
            if issue.kind in FACTS
        }
        day = next((value for issue, value in taken if issue.kind == "date"), dispute.case.as_of)
        texts = [(x, v) for x, v in taken if x.kind not in FACTS and x.kind != "date" and (method or x.kind != "method")]
        case = replace(dispute.case, statements={**dispute.case.statements, **statements})
        return World(self._knowledge(texts), case, day)

    def _knowledge(self, taken: Iterable[tuple[Issue, Any]]) -> Knowledge:
        texts = [(issue, value) for issue, value in taken if value not in (i.BY_DATE, i.BY_SCOPE, i.AS_WRITTEN, ())]
        texts.sort(key=lambda text: ORDER.index(text[0].kind))
        key = tuple((issue.id, value) for issue, value in texts)
        if key not in self.variants:
            chosen = [v for issue, v in texts if issue.kind in ("bands", "crosswalk", "profile")]
            if not any(issue.kind in ("bands", "crosswalk", "profile") for issue in (*self.dispute.issues, *self.dispute.common)):
                chosen = [self.dispute.case.profile]
            found = self.base
            for profile in chosen:
                found = under(found, None if profile == i.NONE else profile)
            for issue, value in texts:
                found = _changed(found, issue, value)
            self.variants[key] = found
        return self.variants[key]


def _changed(knowledge: Knowledge, issue: Issue, value: Any) -> Knowledge:
    """The knowledge base as a position on a text or method has it."""
    instruments = dict(knowledge.instruments)
    match issue.kind:
        case "edition":
            others = [e.id for e in knowledge.editions(knowledge.instruments[value]) if e.id != value]
            kept = {name: x for name, x in instruments.items() if name not in others}
            kept[value] = replace(kept[value], in_force=InForce())
            return dataclasses.replace(knowledge, instruments=kept, plans={})
        case "applicable":
            return _applicable(knowledge, issue.about, value)
        case "reading":
            if issue.about not in knowledge.rules:
                return knowledge  # a profile has replaced it
            rule = knowledge.rules[issue.about]
            when = None if value == i.MET else Literal(False, "false")
            rules: Any = ChainMap({issue.about: replace(rule, when=when)}, knowledge.rules)  # type: ignore[arg-type]
            return dataclasses.replace(knowledge, rules=rules, plans={})
        case "method":
            left_out = tuple(name for name in instruments if not stands(knowledge, name, value))
            kept_all = {name: replace(r, omits=tuple({*r.omits, *left_out})) for name, r in knowledge.reconciliations.items()}
            return dataclasses.replace(knowledge, reconciliations=kept_all, plans={})
    return knowledge


def _applicable(knowledge: Knowledge, name: str, value: str) -> Knowledge:
    if value == i.NOT_APPLICABLE:
        instruments = {x: found for x, found in knowledge.instruments.items() if x != name}
        crosswalks = {x: found for x, found in knowledge.crosswalks.items() if x != name}
        return dataclasses.replace(knowledge, instruments=instruments, crosswalks=crosswalks, plans={})
    if name not in knowledge.instruments:
        return knowledge  # another edition was found to apply in its place
    forced = replace(knowledge.instruments[name], scope=Literal(True, "true"), in_force=InForce())
    return dataclasses.replace(knowledge, instruments={**knowledge.instruments, name: forced}, plans={})


def stands(knowledge: Knowledge, instrument: str, finding: tuple[str, ...]) -> bool:
    """Does the finding of an instrument count, where only those named (instruments, or a method) do?"""
    return not finding or instrument in finding or knowledge.instruments[instrument].method in finding
