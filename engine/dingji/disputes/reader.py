"""Dispute files: read without a knowledge base, then checked against one.

Facts are checked as in a case file, with the same codes (C); what concerns the dispute itself has codes of its own (D).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dingji.cases import reader as cases
from dingji.cases.model import Case, Statement
from dingji.cases.reader import CaseFile
from dingji.disputes import model as m
from dingji.disputes.issues import find_issues
from dingji.disputes.names import Names
from dingji.disputes.positions import Positions
from dingji.disputes.shapes import DISPUTE
from dingji.documents import Document, Problems, parse_documents, read_documents
from dingji.errors import CaseError, nearest
from dingji.grading import under
from dingji.inference.plan import reconciliation_for
from dingji.knowledge.model import Knowledge, ScaleDefinition
from dingji.knowledge.vocabulary import place, some_words, wording
from dingji.records import Record, replace
from dingji.shapes import Reader, Section


class DisputeFile(Record, frozen=True):
    """A dispute as it stands in its file: shape checked, facts and names not yet."""

    section: Section
    document: Document
    case: CaseFile
    case_path: Path | None
    """Where the case stands, None if it stands in the dispute file itself."""

    @property
    def id(self) -> str:
        """The id of the dispute."""
        return str(self.section.get("dispute", ""))

    def check(self, knowledge: Knowledge) -> m.Dispute:
        """The dispute with its facts, names and positions checked, and its issues found. Raises CaseError with all problems."""
        problems = Problems("D")
        dispute = _Checker(self, knowledge, Reader(self.document, problems)).dispute()
        if problems.found or dispute is None:
            raise CaseError(problems.found)
        return dispute


def read_dispute(path: Path | str) -> DisputeFile:
    """The dispute of a YAML or JSON file. Raises CaseError with all problems."""
    problems = Problems("D")
    return _only(read_documents(Path(path), str(path), problems), str(path), Path(path).parent, problems)


def parse_dispute(text: str, name: str = "<dispute>", folder: Path | None = None) -> DisputeFile:
    """The dispute in a piece of YAML text; `folder` is where the path of its case starts. Raises CaseError with all problems."""
    problems = Problems("D")
    return _only(parse_documents(text, name, problems), name, folder or Path(), problems)


def _only(documents: list[Document], name: str, folder: Path, problems: Problems) -> DisputeFile:
    sections = [(DISPUTE.read(d.root, Reader(d, problems)), d) for d in documents]
    if len(documents) > 1:
        problems.place(name, 0, 0, 11, f"the file holds {len(documents)} disputes", "one dispute has one file")
    found = None
    for section, document in sections[:1]:
        given = section.get("case") if section is not None else None
        if section is None or given is None:
            continue
        if isinstance(given, Section):
            found = DisputeFile(section, document, CaseFile(given, document), None)
            continue
        read = _case_at(str(given), folder, section, document, problems)
        found = DisputeFile(section, document, *read) if read else None
    if problems.found or found is None:
        raise CaseError(problems.found)
    return found


def _case_at(given: str, folder: Path, section: Section, document: Document, problems: Problems) -> tuple[CaseFile, Path] | None:
    """The case that a dispute names by `path` or `path#id`, and its file."""
    node = section.at("case")
    where, _, id = given.partition("#")
    path = folder / where
    if not path.is_file():
        problems.add(document.file, node, 10, f"there is no case file {where!r}", "the path starts from the folder of the dispute file")
        return None
    try:
        found = cases.read_cases(path)
    except CaseError as error:
        problems.found += error.problems
        return None
    chosen = [case for case in found if case.id == id] if id else found
    if len(chosen) != 1:
        ids = [case.id for case in found]
        hint = nearest(id, ids) if id else ""
        message = f"there is no case {id!r} in {where}" if id else f"{where} holds {len(ids)} cases"
        problems.add(document.file, node, 12, message, hint or f"write {where}#ID; cases: {', '.join(ids[:6])}")
        return None
    return chosen[0], path


class _Checker:
    def __init__(self, file: DisputeFile, knowledge: Knowledge, reader: Reader) -> None:
        self.file, self.knowledge, self.reader = file, knowledge, reader
        self.names = Names(knowledge, reader)

    def dispute(self) -> m.Dispute | None:
        section = self.file.section
        try:
            bare = self.file.case.check(self.knowledge)
        except CaseError as error:
            self.reader.problems.found += error.problems
            return None
        agreed = self._statements(section.get("agreed", ()), section)
        case = replace(bare, statements={**bare.statements, **agreed}, expectation=None)
        about = self._about(section)
        parties = [self._party(id, node, value, agreed) for id, node, value in section.get("parties", ())]
        if len(parties) < 2:
            self.reader.report(section.at("parties"), 13, "a dispute has two parties or more", "add the party that claims another grade")
        goal = self._goal(case, about)
        for party, (_, _, value) in zip(parties, section.get("parties", ()), strict=True):
            self.names.claim(party, value, goal)
        if self.reader.problems.found:
            return None
        case, issues, common = find_issues(self.knowledge, case, parties)
        dispute = m.Dispute(
            id=section.get("dispute"),
            title=some_words(section.get("title"), section.get("dispute")),
            case=case,
            about=about,
            agreed=tuple(agreed),
            parties=tuple(parties),
            panel=tuple(_member(x) for x in section.get("panel", ())),
            procedure=_procedure(section.get("procedure")),
            issues=issues,
            common=common,
            ruling=m.Ruled(),
            expectation=None,
            note=section.get("note", ""),
            place=place(self.reader, section.node),
        )
        positions = Positions(self.knowledge, dispute, self.reader, goal)
        expectation = positions.expectation(section.get("expect"))
        ruling = positions.ruling(section.get("ruling"))
        return replace(dispute, expectation=expectation, ruling=ruling, issues=tuple(positions.issues.values()))

    def _statements(self, entries: Any, where: Section) -> dict[str, Statement]:
        """Facts of the dispute file, checked as if the case stated them."""
        if not entries:
            return {}
        base = self.file.case.section
        new = {name for name, _, _ in entries}
        kept = [entry for part in ("scope", "facts") for entry in base.get(part, ()) if entry[0] not in new]
        values = {key: base.values.get(key) for key in ("case", "subject", "title", "as_of")}
        merged = Section(base.node, {**values, "facts": [*kept, *entries]}, base.nodes, base.key_nodes)
        try:
            checked = CaseFile(merged, self.file.document).check(self.knowledge)
        except CaseError as error:
            self.reader.problems.found += error.problems
            return {}
        return {name: checked.statements[name] for name, _, _ in entries if name in checked.statements}

    def _about(self, section: Section) -> str | None:
        name: str | None = section.get("about")
        if name is None:
            return None
        graders = [i.id for i in self.knowledge.instruments.values() if i.decides]
        if name not in graders:
            self.reader.report(section.at("about"), 26, f"{name!r} is no instrument that gives a finding", nearest(name, graders))
            return None
        return name

    def _goal(self, case: Case, about: str | None) -> ScaleDefinition | None:
        """The scale of the grade in dispute."""
        base = under(self.knowledge, case.profile)
        if about is not None:
            return base.scale_of(base.instruments[about].decides)
        found, _ = reconciliation_for(base, case.facts())
        if found is None:
            if self.file.section.get("about") is None:
                message = "nothing makes one grade of the findings of this case"
                self.reader.report(self.file.section.at("case"), 22, message, "name the instrument whose finding is disputed: `about`")
            return None
        return base.scale_of(found.decides)

    def _party(self, id: str, key: yaml.Node, section: Section, agreed: dict[str, Statement]) -> m.Party:
        statements = self._statements(section.get("facts", ()), section)
        for name, node, _ in section.get("facts", ()):
            if name in agreed:
                self.reader.report(node, 23, f"{name} is agreed: {id} can't assert it otherwise", "take it out of `agreed`, or out here")
        claim = section.get("claims")
        return m.Party(
            id=id,
            name=some_words(section.get("name"), id),
            role=wording(section.get("role")),
            scale=claim.get("scale", "") if claim else "",
            grade=claim.get("grade", "") if claim else "",
            statements={n: _by(s, id) for n, s in statements.items()},
            relies_on=self.names.reliance(section.get("relies_on")),
            readings=self.names.readings(section),
            arguments=self.names.arguments(section),
        )


def _by(statement: Statement, party: str) -> Statement:
    """A statement of a party, asserted by the party where nobody else is named."""
    return statement if statement.asserted_by else replace(statement, asserted_by=party)


def _member(section: Section) -> m.Member:
    id = section.get("member", "")
    return m.Member(id, some_words(section.get("name"), id), wording(section.get("role")), bool(section.get("chairs", False)))


def _procedure(section: Section | None) -> m.Procedure:
    if section is None:
        return m.Procedure()
    return m.Procedure(section.get("filed_on"), section.get("heard_on"), section.get("decided_on"), wording(section.get("appeal")))
