"""Issues, positions and outcomes in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dingji.disputes import issues as i
from dingji.disputes.diagram import Outcome
from dingji.disputes.model import Dispute, Issue, Position
from dingji.disputes.world import FACTS
from dingji.knowledge.shapes import METHODS
from dingji.language.values import Records
from dingji.methods.model import Result
from dingji.methods.proof import shown_value
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech


class Terms:
    """Speaks of one dispute in one language."""

    def __init__(self, dispute: Dispute, speech: Speech) -> None:
        self.dispute, self.speech = dispute, speech
        self.words: Catalogue = speech.words

    def party(self, id: str) -> str:
        """The name of a party."""
        return self.speech.text(self.dispute.party(id).name)

    def parties(self, ids: Iterable[str]) -> str:
        """Several parties."""
        return self.words.listed([self.party(id) for id in ids])

    def member(self, id: str) -> str:
        """The name of a member of the panel."""
        return next((self.speech.text(m.name) for m in self.dispute.panel if m.id == id), id)

    def issue(self, issue: Issue) -> str:
        """What an issue is about."""
        words, speech = self.words, self.speech
        match issue.kind:
            case "fact" | "judgement" | "scope":
                return speech.label(issue.about)
            case "edition":
                return words("resolve.about.edition", family=speech.text(speech.knowledge.family_title(issue.about)))
            case "applicable":
                return words("resolve.about.applicable", instrument=self.text_of(issue.about))
            case "reading":
                rule = speech.knowledge.named_rules[issue.about]
                return words("resolve.about.reading", rule=rule.id, text=speech.text(rule.text))
            case "bands" | "crosswalk" | "profile":
                return words("resolve.about.profile", profile=self.profile(issue.about))
        return words("resolve.about.date") if issue.kind == "date" else words("resolve.about.method")

    def text_of(self, id: str) -> str:
        """The title of an instrument, or a crosswalk by the scales between which it leads."""
        crosswalk = self.speech.knowledge.crosswalks.get(id)
        if crosswalk is None:
            return self.speech.instrument(id)
        scales = self.speech.knowledge.scales
        source, target = (self.speech.text(scales[s].title) for s in (crosswalk.source_scale, crosswalk.target_scale))
        return self.words("resolve.crosswalk", source=source, target=target)

    def profile(self, id: str) -> str:
        """The title of a profile."""
        return self.speech.text(self.speech.knowledge.profiles[id].title)

    def position(self, issue: Issue, position: Position) -> str:
        """A position in words."""
        words, key = self.words, position.key
        if issue.kind in FACTS:
            return self._rows(issue, position) or self.speech.fact(issue.about, key)
        match issue.kind:
            case "date":
                return self.speech.date(key)
            case "edition" if key != i.BY_DATE:
                return words("resolve.edition", instrument=self.speech.instrument(key), edition=self.speech.edition(key))
            case "bands" | "crosswalk" | "profile":
                return words("resolve.position.none") if key == i.NONE else self.profile(key)
            case "method" if key != i.ALL:
                return words("resolve.only", findings=words.listed([self.finding(name) for name in position.value]))
        return words.choice("resolve-position", key)

    def _rows(self, issue: Issue, position: Position) -> str:
        """Of a list, the rows that not all positions have; empty if there is nothing to leave out."""
        lists = [p.value for p in issue.positions if isinstance(p.value, Records)]
        if len(lists) < 2 or not isinstance(position.value, Records):
            return ""
        own, alike = [], 0
        for number, row in enumerate(position.value.items):
            # a row that stands twice is alike only where it stands twice in all
            nth = position.value.items[: number + 1].count(row)
            if all(other.items.count(row) >= nth for other in lists):
                alike += 1
            else:
                own.append(row)
        if not alike:
            return ""
        rest = Records(tuple(own), position.value.complete)
        if not own and rest.complete:
            return self.words("resolve.rows-only", n=alike)
        items = self.speech.fact(issue.about, shown_value(self.speech.knowledge, issue.about, rest))
        return self.words("resolve.rows", items=items, n=alike)

    def finding(self, name: str) -> str:
        """The findings of a method, or of an instrument."""
        return self.words.choice("method", name) if name in METHODS else self.speech.instrument(name)

    def outcome(self, outcome: Outcome) -> str:
        """A grade, the grades that are still possible, or that nothing is graded."""
        if not outcome.grades:
            return self.words("resolve.refused")
        grades = self.speech.grades(outcome.scale, outcome.grades)
        return grades if outcome.settled else self.words("resolve.open", grades=grades)

    def colour(self, outcome: Outcome) -> str:
        """The colour of a settled grade."""
        return self.speech.colour(outcome.scale, outcome.grades[0]) if outcome.settled else ""

    def findings(self, choice: Mapping[str, int | tuple[int, ...]]) -> list[str]:
        """Findings in words: the issue and its position, or those that will do."""
        said = []
        for id, taken in choice.items():
            issue = self.dispute.issue(id)
            numbers = taken if isinstance(taken, tuple) else (taken,)
            positions = self.words.listed([self.position(issue, issue.positions[n]) for n in numbers], "or")
            said.append(self.words("item.field", field=self.issue(issue), value=positions))
        return said

    def status(self, result: Result | None) -> str:
        """How sure the graded case is."""
        found = None if result is None else result.determination if self.dispute.about is None else result.finding(self.dispute.about)
        return self.words.choice("status", found.status) if found is not None else ""
