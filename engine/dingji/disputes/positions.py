"""Positions as they are written in a ruling, in an expected table and on the command line."""

from __future__ import annotations

from typing import Any

import yaml

from dingji.cases.writer import Stated, checked, flow
from dingji.disputes import model as m
from dingji.disputes.issues import fact_key
from dingji.disputes.world import FACTS
from dingji.errors import CaseError, nearest
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.knowledge.vocabulary import wording
from dingji.records import replace
from dingji.shapes import Reader, Section, describe_node, scalar_text


class Positions:
    """Reads positions of one dispute. A fact may also be found to be what no party says: then its issue grows by a position."""

    def __init__(self, knowledge: Knowledge, dispute: m.Dispute, reader: Reader, goal: ScaleDefinition | None) -> None:
        self.knowledge, self.dispute, self.reader, self.goal = knowledge, dispute, reader, goal
        self.issues = {issue.id: issue for issue in dispute.issues}

    def issue(self, id: str, node: yaml.Node) -> m.Issue | None:
        """The issue of an id; None, with a problem, if the parties do not differ in it."""
        found = self.issues.get(id)
        if found is None:
            hint = nearest(id, self.issues) or "issues: " + (", ".join(self.issues) or "none")
            self.reader.report(node, 20, f"the parties do not differ in {id!r}", hint)
        return found

    def position(self, issue: m.Issue, node: yaml.Node, *, grow: bool = False) -> int | None:
        """The number of the position that is written; with `grow`, a value of a fact that no party holds is added."""
        text = scalar_text(node)
        if text is not None and text.startswith("@"):
            return self._of_party(issue, text[1:], node)
        if issue.kind in FACTS:
            return self._value(issue, node, grow)
        number = None if text is None else issue.find(text)
        if number is None:
            keys = [position.key for position in issue.positions]
            hint = nearest(str(text), keys) or "one of: " + ", ".join(keys)
            self.reader.report(node, 21, f"{issue.id}: no party holds {describe_node(node)}", hint)
        return number

    def _of_party(self, issue: m.Issue, party: str, node: yaml.Node) -> int | None:
        names = [p.id for p in self.dispute.parties]
        if party not in names:
            self.reader.report(node, 20, f"there is no party {party!r}", nearest(party, names) or "parties: " + ", ".join(names))
            return None
        return issue.held_by(party)

    def _value(self, issue: m.Issue, node: yaml.Node, grow: bool) -> int | None:
        try:
            value = checked(self.knowledge, self.dispute.case, Stated(issue.about, node), self.dispute.case.statements)
        except CaseError as error:
            for problem in error.problems:
                self.reader.report(node, problem.code, problem.message, problem.hint)
            return None
        for number, position in enumerate(self.issues[issue.id].positions):
            if position.value == value:
                return number
        if not grow:
            keys = ", ".join(position.key for position in issue.positions)
            self.reader.report(node, 21, f"{issue.id}: no party holds {describe_node(node)}", f"one of: {keys}")
            return None
        grown = self.issues[issue.id]
        added = m.Position(fact_key(self.knowledge, issue.about, value), value)
        self.issues[issue.id] = replace(grown, positions=(*grown.positions, added))
        return len(grown.positions)

    # the ruling of the file -----------------------------------------------------------------------------------

    def ruling(self, section: Section | None) -> m.Ruled:
        """The panel's findings. What it found beyond the parties joins the issues."""
        if section is None:
            return m.Ruled()
        findings = []
        for id, node, found in section.get("findings", ()):
            issue = self.issue(id, node)
            number = self.position(issue, found.get("finds"), grow=True) if issue and found.get("finds") else None
            if issue is not None and number is not None:
                reason, written = wording(found.get("reason")), flow(found.get("finds"))
                findings.append(m.PanelFinding(id, number, reason, written, self._dissents(issue, found)))
        grade = section.get("grade")
        if grade is not None:
            self._grade(grade, section.at("grade"))
        return m.Ruled(tuple(findings), grade, self._override(section.get("override")))

    def _dissents(self, issue: m.Issue, found: Section) -> tuple[m.Dissent, ...]:
        dissents = []
        members = [member.id for member in self.dispute.panel]
        for dissent in found.get("dissents", ()):
            member = dissent.get("member")
            if member is not None and member not in members:
                hint = nearest(member, members) or "members: " + (", ".join(members) or "none")
                self.reader.report(dissent.at("member"), 20, f"{member!r} is no member of the panel", hint)
            finds = dissent.get("finds")
            number = self.position(self.issues[issue.id], finds, grow=True) if finds is not None else None
            if member is not None and number is not None:
                dissents.append(m.Dissent(member, number, wording(dissent.get("reason")), flow(finds)))
        return tuple(dissents)

    def _override(self, section: Section | None) -> m.Override | None:
        if section is None:
            return None
        wanted = ("grade", "justification", "authority", "expires", "duties_follow")
        if any(section.get(key) is None for key in wanted):
            return None  # reported where it was read
        self._grade(section.get("grade"), section.at("grade"))
        justification, authority = wording(section.get("justification")), wording(section.get("authority"))
        return m.Override(section.get("grade"), justification, authority, section.get("expires"), section.get("duties_follow"))

    def _grade(self, grade: str, node: yaml.Node) -> None:
        if self.goal is None:
            return
        grades = [g.id for g in self.goal.grades]
        if grade not in grades:
            hint = nearest(grade, grades) or "grades: " + ", ".join(grades)
            self.reader.report(node, 22, f"the scale {self.goal.id} has no grade {grade!r}", hint)

    # what the file expects ------------------------------------------------------------------------------------

    def expectation(self, section: Section | None) -> m.Expectation | None:
        """What the dispute expects, its names checked."""
        if section is None:
            return None
        rows = [row for row in map(self._row, section.get("table", ())) if row is not None]
        parties = [p.id for p in self.dispute.parties]
        for key in ("claims", "reachable"):
            for name, node, _ in section.get(key, ()):
                if name not in parties:
                    self.reader.report(node, 20, f"there is no party {name!r}", nearest(name, parties))
        for grade, node, _ in section.get("decides", ()):
            self._grade(grade, node)
        ruling = section.get("ruling")

        def mapped(key: str) -> dict[str, Any] | None:
            return None if section.get(key) is None else {name: value for name, _, value in section.get(key)}

        return m.Expectation(
            material=self._ids(section, "material"),
            not_material=self._ids(section, "not_material"),
            table=tuple(rows),
            decides=mapped("decides"),
            claims=mapped("claims"),
            reachable=mapped("reachable"),
            grade=ruling.get("grade") if ruling else None,
            status=ruling.get("status") if ruling else None,
        )

    def _ids(self, section: Section, key: str) -> tuple[str, ...] | None:
        return None if section.get(key) is None else tuple(section.get(key))

    def _row(self, section: Section) -> m.ExpectedRow | None:
        said = [key for key in ("grade", "reachable", "refused") if key in section.nodes]
        if len(said) != 1:
            self.reader.report(section.node, 27, "a row says one of: grade, reachable, refused", "write one of the three keys")
            return None
        choice: dict[str, int] = {}
        for id, node, written in section.get("if", ()):
            issue = self.issue(id, node)
            number = self.position(issue, written) if issue is not None else None
            if number is not None:
                choice[id] = number
        grades = None if said == ["refused"] else (section.get("grade"),) if said == ["grade"] else tuple(section.get("reachable", ()))
        for grade in grades or ():
            if grade is not None:
                self._grade(grade, section.at(said[0]))
        return m.ExpectedRow(choice, grades)
