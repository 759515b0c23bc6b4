"""A dispute as finished strings: sections of points, a decision tree, tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from dingji.disputes.diagram import Outcome, Tree
from dingji.disputes.model import Issue, Party
from dingji.disputes.ruling import Ruling
from dingji.disputes.settlement import Settlement, Unsettled, Verdict
from dingji.disputes.world import FACTS
from dingji.methods.proof import shown_value
from dingji.records import Record
from dingji.reports.dispute.terms import Terms
from dingji.reports.messages import Catalogue
from dingji.reports.questions import evidence_named
from dingji.reports.values import Speech


class Point(Record, frozen=True):
    """A point with its details."""

    head: str
    details: tuple[str, ...] = ()


class Branch(Record, frozen=True):
    """An answer, with what follows: a grade, or the next question."""

    answer: str
    outcome: str
    colour: str
    below: Question | None


class Question(Record, frozen=True):
    """A question of the decision tree."""

    text: str
    branches: tuple[Branch, ...]


class Section(Record, frozen=True):
    """What stands under one heading."""

    id: str
    heading: str
    before: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    tree: Question | None = None
    after: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Does it say nothing?"""
        return not (self.before or self.points or self.tree or self.after)


class DisputePage(Record, frozen=True):
    """The page. `headline` is the grade ruled, or on how many issues the dispute turns."""

    language: str
    title: str
    where: tuple[str, ...]
    scale: str
    headline: str
    colour: str
    meaning: tuple[str, ...]
    sections: tuple[Section, ...]
    version: str
    digest: str


def page(settlement: Settlement, ruling: Ruling | None, words: Catalogue) -> DisputePage:
    """The page of a dispute; with a ruling, what the panel found stands first."""
    return _Views(settlement, ruling, words).page()


class _Views:
    def __init__(self, settlement: Settlement, ruling: Ruling | None, words: Catalogue) -> None:
        self.settlement, self.dispute, self.words = settlement, settlement.dispute, words
        self.ruling = ruling if ruling is not None and ruling.findings else None
        self.speech = Speech(settlement.knowledge, words)
        self.terms = Terms(settlement.whole, self.speech)

    def page(self) -> DisputePage:
        words, dispute, speech = self.words, self.dispute, self.speech
        sections = [self.claims(), self.agreed(), self.material(), self.table(), self.ways(), self.immaterial()]
        if self.ruling is not None:
            from dingji.reports.dispute.ruling import ruling_sections

            # the ruling names the agreed facts on which the grade rests, the analysis those that the dispute file adds
            sections = [*ruling_sections(self.ruling, self.terms), *(s for s in sections if s.id != "agreed")]
        scale, headline, colour = self.headline()
        where = [
            words("resolve.case", dispute=dispute.id, case=dispute.case.id),
            words("head.as-of", day=words.listed([speech.date(day.isoformat()) for day in self.graded_on()], "or")),
        ]
        if dispute.about is not None:
            where.append(words("resolve.about", instrument=speech.instrument(dispute.about)))
        return DisputePage(
            language=words.language,
            title=words("resolve.title", title=speech.text(dispute.title)),
            where=(*where, *self.days()),
            scale=scale,
            headline=headline,
            colour=colour,
            meaning=tuple(self.meaning()),
            sections=tuple(section for section in sections if not section.empty),
            version=self.settlement.knowledge.version,
            digest=self.settlement.knowledge.digest,
        )

    def graded_on(self) -> Iterable[dt.date]:
        """The day as of which the case is graded; several while it is open."""
        return self.settlement.whole.days(self.ruling.findings if self.ruling is not None else ())

    def days(self) -> Iterable[str]:
        procedure = self.dispute.procedure
        for day, id in (
            (procedure.filed_on, "resolve.filed"),
            (procedure.heard_on, "resolve.heard"),
            (procedure.decided_on, "resolve.decided"),
        ):
            if day is not None:
                yield self.words(id, day=self.speech.date(day.isoformat()))

    def headline(self) -> tuple[str, str, str]:
        """The scale, what stands largest, and its colour."""
        words, ruling = self.words, self.ruling
        if ruling is not None and ruling.settled is not None and ruling.stands is not None:
            scale = ruling.settled.scale
            title = self.speech.text(self.speech.knowledge.scales[scale].title)
            return title, self.speech.grade(scale, ruling.stands), self.speech.colour(scale, ruling.stands)
        count, all_issues = len(self.settlement.material), len(self.dispute.issues)
        if not count:
            return "", words("resolve.turns-on-nothing"), ""
        return "", words("resolve.turns-on", n=count, all=all_issues), ""

    def meaning(self) -> Iterable[str]:
        words, ruling = self.words, self.ruling
        if ruling is None:
            if isinstance(self.settlement.root, Outcome):
                yield words("resolve.whatever", grade=self.terms.outcome(self.settlement.root))
            return
        if ruling.override is not None and ruling.settled is not None:
            computed = self.terms.outcome(ruling.settled)
            yield words("resolve.overridden", computed=computed, day=self.speech.date(ruling.override.expires.isoformat()))
        elif ruling.grade is not None:
            yield words("resolve.follows", status=self.terms.status(ruling.result))
        elif ruling.settled is not None:
            yield words("resolve.settled-open", grade=self.terms.outcome(ruling.settled))
        else:
            grades = words.listed([self.terms.outcome(o) for o in ruling.computed], "or")
            yield words("resolve.still", grades=grades, issues=words.listed(self.labels(ruling.open)))

    def labels(self, ids: Iterable[str]) -> list[str]:
        return [self.terms.issue(self.settlement.whole.issue(id)) for id in ids]

    # what the parties say -------------------------------------------------------------------------------------

    def claims(self) -> Section:
        points = []
        for verdict in self.settlement.verdicts:
            party = self.dispute.party(verdict.party)
            claim = self.speech.grade(party.scale, party.grade)
            scale = self.speech.text(self.speech.knowledge.scales[party.scale].title)
            name = self.speech.text(party.name)
            role = self.speech.text(party.role)
            head = self.words("resolve.claims-role" if role else "resolve.claims", party=name, role=role, scale=scale, claim=claim)
            points.append(Point(head, (*self.verdict(verdict), *self.arguments(party))))
        return Section("claims", self.words("resolve.section.claims"), points=tuple(points))

    def verdict(self, verdict: Verdict) -> Iterable[str]:
        words, terms = self.words, self.terms
        party, own = self.dispute.party(verdict.party), verdict.own
        claim = self.speech.grades(own.scale, verdict.claim) if own.scale else self.speech.grade(party.scale, party.grade)
        if own.scale and own.scale != party.scale:
            scale = self.speech.text(self.speech.knowledge.scales[own.scale].title)
            yield words("resolve.converted", claim=claim, scale=scale)
        yield words.choice("resolve-claim", verdict.status, claim=claim, grade=terms.outcome(own))
        if verdict.needs is None:
            yield words("resolve.never", claim=claim)
        elif verdict.needs:
            yield words("resolve.only-if", claim=claim, findings=words("list.semicolon").join(terms.findings(verdict.needs)))

    def arguments(self, party: Party) -> Iterable[str]:
        words, speech = self.words, self.speech
        for argument in party.arguments:
            says = speech.text(argument.says)
            if argument.kind == "rule":
                rule = speech.knowledge.named_rules[argument.name]
                cited = words("cited", document=speech.source(rule.source), cite=speech.text(rule.cite))
                about = words("resolve.argument-rule", rule=rule.id, text=speech.text(rule.text), cite=words("cite", cite=cited))
            else:
                about = speech.label(argument.name) if argument.kind == "fact" else speech.instrument(argument.name)
            yield words("resolve.argument", about=about, says=says) if says else words("resolve.argument-bare", about=about)

    def agreed(self) -> Section:
        dispute, speech = self.dispute, self.speech
        points = []
        for name in dispute.agreed:
            value = speech.fact(name, shown_value(speech.knowledge, name, dispute.case.statements[name].value))
            points.append(Point(self.words("item.field", field=speech.label(name), value=value)))
        return Section("agreed", self.words("resolve.section.agreed"), points=tuple(points))

    # what it turns on -----------------------------------------------------------------------------------------

    def positions(self, issue: Issue) -> str:
        words, terms = self.words, self.terms
        held = [words("resolve.held", position=terms.position(issue, p), parties=terms.parties(p.parties)) for p in issue.positions]
        return words("list.semicolon").join(held)

    def head(self, issue: Issue) -> str:
        return self.words("resolve.issue", issue=self.terms.issue(issue), kind=self.words.choice("resolve-kind", issue.kind))

    def material(self) -> Section:
        words = self.words
        points = tuple(Point(self.head(issue), (self.positions(issue), *self.settles(issue))) for issue in self.settlement.material)
        return Section("material", words("resolve.section.material"), points=points)

    def settles(self, issue: Issue) -> Iterable[str]:
        """What evidence would settle an issue, and what the parties offer."""
        words, speech = self.words, self.speech
        if issue.kind not in FACTS:
            yield words.choice("resolve-settles", issue.kind)
            return
        definition = speech.knowledge.facts[issue.about]
        question = speech.text(definition.question) if definition.question else speech.label(issue.about)
        yield words("resolve.question", question=question, by=words.choice("resolve-evidence", definition.nature))
        if kinds := evidence_named(issue.about, speech):
            yield words("resolve.shown", kinds=kinds)
        statements = [(p.id, p.statements.get(issue.about)) for p in self.dispute.parties]
        for party, statement in statements:
            if statement is not None and statement.evidence:
                evidence = words("list.comma").join(statement.evidence)
                yield words("resolve.offers", party=self.terms.party(party), evidence=evidence)

    def table(self) -> Section:
        words = self.words
        tree = self.settlement.tree()
        if isinstance(tree, Outcome):
            return Section("table", words("resolve.section.table"))
        before = words("resolve.table-lead", n=len(self.settlement.material), combinations=self.settlement.combinations)
        return Section("table", words("resolve.section.table"), before=(before,), tree=self.question(tree))

    def question(self, tree: Tree) -> Question:
        terms, issue = self.terms, self.dispute.issue(self.settlement.id(tree.issue))
        branches = []
        for positions, below in tree.branches:
            answer = self.words.listed([terms.position(issue, issue.positions[p]) for p in positions], "or")
            if isinstance(below, Outcome):
                branches.append(Branch(answer, terms.outcome(below), terms.colour(below), None))
            else:
                branches.append(Branch(answer, "", "", self.question(below)))
        return Question(terms.issue(issue), tuple(branches))

    def ways(self) -> Section:
        words, terms = self.words, self.terms
        points = []
        if not isinstance(self.settlement.root, Outcome):
            for way in self.settlement.ways:
                sets = [words("list.semicolon").join(terms.findings(found)) for found in way.sets[:MOST_SETS]]
                more = len(way.sets) - len(sets)
                details = [*sets, *([words("resolve.more-sets", n=more)] if more else [])]
                points.append(Point(words("resolve.fixes", grade=terms.outcome(way.outcome), n=len(way.sets[0])), tuple(details)))
        return Section("ways", words("resolve.section.ways"), points=tuple(points))

    def immaterial(self) -> Section:
        points = [
            Point(self.head(issue), (self.positions(issue), self.proof(found, issue)))
            for found in self.settlement.immaterial
            for issue in (self.dispute.issue(found.issue),)
        ]
        return Section("immaterial", self.words("resolve.section.immaterial"), points=tuple(points))

    def proof(self, found: Unsettled, issue: Issue) -> str:
        others = self.settlement.combinations // len(issue.positions)
        return self.words.choice("resolve-immaterial", found.why, n=others)


MOST_SETS = 4
"""So many sets of findings are shown for one grade."""
