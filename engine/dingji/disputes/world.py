"""What a choice of positions makes of the case and of the knowledge: the world in which a combination is graded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from dingji.cases.model import Case, Statement
from dingji.disputes import issues as i
from dingji.disputes.model import Dispute, Issue
from dingji.grading import under
from dingji.knowledge.choices import Choice, chosen
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.records import Record, replace

FACTS = frozenset({"fact", "judgement", "scope"})
"""The kinds of issue that are about a fact of the case."""

ORDER = ("bands", "crosswalk", "profile", "edition", "applicable", "reading", "method")
"""The order in which positions on texts are taken: the texts first, then which of them apply, then how they are read."""

PROFILES = frozenset({"bands", "crosswalk", "profile"})
"""The kinds of issue that are about a profile."""

Positions = Mapping[str, int]
"""Issue -> number of the position taken. An issue that is left out is as the case and the knowledge have it."""


class World(Record, frozen=True):
    """A knowledge base, a case and a day."""

    knowledge: Knowledge
    case: Case
    day: dt.date
    choices: tuple[Choice, ...] = ()
    """What makes `knowledge` of the whole base."""

    def graded(self) -> Result:
        """The case graded by both evaluators. Raises what grading raises."""
        from dingji.grading import grade

        return grade(self.knowledge, replace(self.case, profile=None), as_of=self.day)


class Worlds:
    """The worlds of one dispute; knowledge bases are made once for each combination of texts and methods."""

    def __init__(self, dispute: Dispute, knowledge: Knowledge, variants: dict[Any, Knowledge] | None = None) -> None:
        self.dispute, self.base = dispute, knowledge
        self.variants: dict[Any, Knowledge] = {} if variants is None else variants

    def world(self, choice: Positions, *, method: bool = True) -> World:
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
        choices = self._choices(texts)
        return World(self._knowledge(choices), case, day, choices)

    def _choices(self, taken: Iterable[tuple[Issue, Any]]) -> tuple[Choice, ...]:
        """Positions on texts as decisions on the knowledge base. What the case is graded under anyway is one of them."""
        texts = [(issue, value) for issue, value in taken if value not in (i.BY_DATE, i.BY_SCOPE, i.AS_WRITTEN, ())]
        texts.sort(key=lambda text: ORDER.index(text[0].kind))
        found = [Choice("profile", (v,)) for issue, v in texts if issue.kind in PROFILES and v != i.NONE]
        if self.dispute.case.profile and not any(x.kind in PROFILES for x in (*self.dispute.issues, *self.dispute.common)):
            found = [Choice("profile", (self.dispute.case.profile,))]
        for issue, value in texts:
            match issue.kind:
                case "edition":
                    found.append(Choice("edition", (value,)))
                case "applicable" | "reading":
                    found.append(Choice(value, (issue.about,)))
                case "method":
                    found.append(Choice("findings", value))
        return tuple(found)

    def _knowledge(self, choices: tuple[Choice, ...]) -> Knowledge:
        if choices not in self.variants:
            found = self.base
            for choice in choices:
                found = under(found, choice.names[0]) if choice.kind == "profile" else chosen(found, (choice,))
            self.variants[choices] = found
        return self.variants[choices]
