"""What the dialogue with a panel says: one issue at a time, with who holds what."""

from __future__ import annotations

from dingji.disputes.diagram import Outcome
from dingji.disputes.model import Dispute, Issue
from dingji.disputes.settlement import Settlement
from dingji.disputes.world import FACTS
from dingji.reports.dispute.terms import Terms
from dingji.reports.lines import fill
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech

TOLD = (
    "intro",
    "reason",
    "dissent",
    "dissent-finds",
    "dissent-reason",
    "members",
    "refused",
    "no-back",
    "back",
    "noted",
    "settled",
    "stopped",
    "interrupted",
    "own-value",
)
"""The messages of the dialogue."""
WIDTH = 80


class Chair:
    """Speaks to a panel in one language."""

    def __init__(self, settlement: Settlement, words: Catalogue, width: int = WIDTH) -> None:
        self.settlement, self.words, self.width = settlement, words, width
        self.speech = Speech(settlement.knowledge, words)

    def terms(self, dispute: Dispute) -> Terms:
        """The words for a dispute as it stands."""
        return Terms(dispute, self.speech)

    def told(self, code: str, **fields: object) -> str:
        """A message of the dialogue, wrapped."""
        return self._lines(self.words.choice("resolve-told", code, **fields))

    def question(self, dispute: Dispute, issue: Issue, number: int) -> str:
        """An issue with its positions, each with a number to type."""
        words, terms = self.words, self.terms(dispute)
        kind = words.choice("resolve-kind", issue.kind)
        head = words("resolve.ask", n=number, issue=words("resolve.issue", issue=terms.issue(issue), kind=kind))
        lines = [self._lines(head)]
        if issue.kind in FACTS and (question := self.speech.knowledge.facts[issue.about].question) is not None:
            lines.append(self._lines(self.speech.text(question), "   "))
        for choice, position in enumerate(issue.positions, 1):
            held = terms.parties(position.parties) or words("resolve.panel")
            said = words("resolve.held", position=terms.position(issue, position), parties=held)
            lines.append(self._lines(said, f"   {choice}. ", "      "))
        if issue.kind in FACTS:
            lines.append(self.told("own-value"))
        return "\n" + "".join(lines)

    def why(self, dispute: Dispute, issue: Issue, open_after: list[tuple[int, tuple[Outcome, ...]]]) -> str:
        """What each position of an issue leads to."""
        terms = self.terms(dispute)
        lines = []
        for position, outcomes in open_after:
            grades = self.words.listed([terms.outcome(o) for o in outcomes], "or")
            said = self.words("resolve.leads", answer=terms.position(issue, issue.positions[position]), grade=grades)
            lines.append(self._lines(said, "   - ", "     "))
        return "".join(lines)

    def _lines(self, text: str, first: str = "", rest: str | None = None) -> str:
        return "".join(f"{line}\n" for line in fill(text, self.width, first, rest))
