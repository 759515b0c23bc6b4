"""Findings as they are given outside the dispute file: on the command line, or in the dialogue with a panel."""

from __future__ import annotations

import datetime as dt

import yaml

from dingji.cases.writer import flow
from dingji.disputes.model import Dispute, Dissent, Override, PanelFinding
from dingji.disputes.positions import Positions
from dingji.documents import Document, Problems, parse_documents
from dingji.errors import CaseError, Problem, nearest
from dingji.knowledge.model import Knowledge, ScaleDefinition, Words
from dingji.records import Record, replace
from dingji.shapes import Reader


class Given(Record, frozen=True):
    """A finding as it is typed: the issue, the position as a dispute file writes it, and the reason."""

    issue: str
    finds: str
    reason: str


class Objection(Record, frozen=True):
    """A dissent as it is typed."""

    member: str
    issue: str
    finds: str
    reason: str


class Deciding:
    """Takes findings into a dispute one after the other. `dispute` and `ruled` are as they stand."""

    def __init__(self, dispute: Dispute, knowledge: Knowledge) -> None:
        self.dispute, self.knowledge, self.ruled = dispute, knowledge, dispute.ruling

    def take(self, given: Given) -> None:
        """Take a finding in the place of what was found in the issue before. Raises CaseError if there is no such issue or position."""
        where = f"--decide {given.issue}={given.finds}"
        number, written = self._position(given.issue, given.finds, where)
        if not given.reason.strip():
            raise _problem(where, 42, "a finding has a reason", "write --reason after it")
        kept = [f for f in self.ruled.findings if f.issue != given.issue]
        finding = PanelFinding(given.issue, number, _both(given.reason), written)
        self.ruled = replace(self.ruled, findings=(*kept, finding))

    def drop(self, issue: str) -> None:
        """Take a finding back."""
        self.ruled = replace(self.ruled, findings=tuple(f for f in self.ruled.findings if f.issue != issue))

    def dissent(self, objection: Objection) -> None:
        """Record a dissent from a finding. Raises CaseError if there is no such member or finding."""
        where = f"--dissent {objection.member}"
        members = [member.id for member in self.dispute.panel]
        if objection.member not in members:
            hint = nearest(objection.member, members) or "members: " + (", ".join(members) or "none")
            raise _problem(where, 20, f"{objection.member!r} is no member of the panel", hint)
        found = next((f for f in self.ruled.findings if f.issue == objection.issue), None)
        if found is None:
            raise _problem(where, 20, f"nothing is found in {objection.issue!r}", "decide the issue first")
        number, written = self._position(objection.issue, objection.finds, where)
        kept = tuple(d for d in found.dissents if d.member != objection.member)
        added = Dissent(objection.member, number, _both(objection.reason), written)
        self._put(replace(found, dissents=(*kept, added)))

    def grade(self, grade: str, scale: ScaleDefinition) -> None:
        """Record the grade that the panel rules. Raises CaseError if the scale has no such grade."""
        self.ruled = replace(self.ruled, grade=_grade(grade, scale, "--grade"))

    def override(self, grade: str, justification: str, authority: str, expires: dt.date, follow: str, scale: ScaleDefinition) -> None:
        """Record a departure from the computed grade. Raises CaseError if the scale has no such grade, or a reason is missing."""
        if not justification.strip() or not authority.strip():
            raise _problem("--override", 41, "an override has a justification and an authority", "say why, and by which power")
        found = Override(_grade(grade, scale, "--override"), _both(justification), _both(authority), expires, follow)
        self.ruled = replace(self.ruled, override=found)

    def _put(self, finding: PanelFinding) -> None:
        self.ruled = replace(self.ruled, findings=tuple(finding if f.issue == finding.issue else f for f in self.ruled.findings))

    def _position(self, issue: str, text: str, where: str) -> tuple[int, str]:
        """The number of a position, and how a file writes it. A value that no party holds joins the issue."""
        problems = Problems("D")
        node = _node(text, where, problems)
        reader = Reader(Document(where, text, node), problems)
        positions = Positions(self.knowledge, self.dispute, reader, None)
        found = positions.issue(issue, node)
        number = positions.position(found, node, grow=True) if found is not None else None
        if problems.found or number is None:
            raise CaseError([replace(p, line=0, column=0) for p in problems.found])
        self.dispute = replace(self.dispute, issues=tuple(positions.issues.values()))
        return number, flow(node)


def _node(text: str, where: str, problems: Problems) -> yaml.Node:
    # `@party` begins with a character that YAML keeps for itself
    source = f'"{text}"' if text.startswith("@") and '"' not in text else text
    documents = parse_documents(source, where, problems)
    if not documents:
        raise CaseError([replace(p, line=0, column=0) for p in problems.found])
    return documents[0].root


def _grade(grade: str, scale: ScaleDefinition, where: str) -> str:
    grades = [g.id for g in scale.grades]
    if grade not in grades:
        hint = nearest(grade, grades) or "grades: " + ", ".join(grades)
        raise _problem(where, 22, f"the scale {scale.id} has no grade {grade!r}", hint)
    return grade


def _problem(where: str, number: int, message: str, hint: str) -> CaseError:
    return CaseError([Problem(where, 0, 0, f"D{number:03d}", message, hint)])


def _both(text: str) -> Words:
    """What a panel says stands in the language in which it says it."""
    return Words(text.strip(), text.strip())
