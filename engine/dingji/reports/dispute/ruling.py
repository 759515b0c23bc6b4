"""The ruling as finished strings: findings, rules applied, grade, duties, appeal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dingji.disputes.model import Issue, PanelFinding
from dingji.disputes.ruling import Ruling, applied, behind
from dingji.knowledge.shapes import WEAK
from dingji.methods import model as m
from dingji.records import replace
from dingji.reports.dispute.terms import Terms
from dingji.reports.dispute.view import Point, Section
from dingji.reports.duties import duties


def ruling_sections(ruling: Ruling, terms: Terms) -> list[Section]:
    """The sections of a ruling, in the order in which they are read."""
    views = _Views(ruling, terms)
    decided = [views.override(), views.panel(), views.agreed(), views.findings(), views.left()]
    return [*decided, views.rules(), views.duties(), views.doubtful(), views.appeal()]


class _Views:
    def __init__(self, ruling: Ruling, terms: Terms) -> None:
        self.ruling, self.terms = ruling, terms
        self.words, self.speech = terms.words, terms.speech

    def panel(self) -> Section:
        """Who decided."""
        points = []
        for member in self.ruling.dispute.panel:
            name, role = self.speech.text(member.name), self.speech.text(member.role)
            said = self.words("resolve.member", member=name, role=role) if role else name
            points.append(Point(self.words("resolve.chairs", member=said) if member.chairs else said))
        return Section("panel", self.words("resolve.section.panel"), points=tuple(points))

    def agreed(self) -> Section:
        """The facts on which the grade rests and which nobody disputes."""
        result, dispute = self.ruling.result, self.ruling.dispute
        disputed = {issue.about for issue in dispute.issues}
        points: dict[str, Point] = {}
        for fact in _stated(behind(result, dispute.about)) if result is not None else ():
            if fact.fact not in disputed:
                said = self.words("item.field", field=self.speech.text(fact.label), value=self.speech.fact(fact.fact, fact.value))
                by = fact.provenance.asserted_by if fact.provenance else ""
                points[fact.fact] = Point(self.words("resolve.stated-by", fact=said, by=by) if by else said)
        return Section("agreed", self.words("resolve.section.agreed"), points=tuple(points.values()))

    def findings(self) -> Section:
        """What the panel found in each issue, why, and who dissents."""
        points = [Point(*self._finding(finding)) for finding in self.ruling.findings]
        return Section("findings", self.words("resolve.section.findings"), points=tuple(points))

    def _finding(self, finding: PanelFinding) -> tuple[str, tuple[str, ...]]:
        words, terms = self.words, self.terms
        issue = self.ruling.dispute.issue(finding.issue)
        position = issue.positions[finding.position]
        head = words("resolve.found", issue=terms.issue(issue), position=terms.position(issue, position))
        held = words("resolve.as-nobody")
        if position.parties:
            held = words("resolve.as-parties", parties=terms.parties(position.parties), n=len(position.parties))
        reason = self.speech.text(finding.reason)
        return head, tuple(filter(None, (held, words("resolve.reason", reason=reason) if reason else "", *self._dissents(finding, issue))))

    def _dissents(self, finding: PanelFinding, issue: Issue) -> Iterable[str]:
        for dissent in finding.dissents:
            position = self.terms.position(issue, issue.positions[dissent.position])
            member, reason = self.terms.member(dissent.member), self.speech.text(dissent.reason)
            yield self.words("resolve.dissent", member=member, position=position, reason=reason)

    def rules(self) -> Section:
        """The rules from which the grade follows, with their citations and editions."""
        words, speech = self.words, self.speech
        result = self.ruling.result
        if result is None:
            return Section("rules", words("resolve.section.rules"))
        points, weak = [], []
        seen: set[str] = set()
        for rule in applied(behind(result, self.ruling.dispute.about)):
            if rule.id in seen or rule.id not in self.ruling.rules:
                continue
            seen.add(rule.id)
            weak += [rule.id] if rule.confidence in WEAK else []
            cited = words("cited", cite=speech.text(rule.cite), document=speech.text(rule.document) or speech.source(rule.source))
            cited = words("cited.sure", cited=cited, confidence=words.choice("confidence", rule.confidence))
            source = speech.knowledge.sources.get(rule.source)
            number = source.number if source else ""
            edition = (words("resolve.number", number=number),) if number else ()
            points.append(Point(words("resolve.rule", rule=rule.id.split("@")[0], text=speech.text(rule.text)), (cited, *edition)))
        return Section("rules", words("resolve.section.rules"), points=tuple(points), after=tuple(self._sure(weak)))

    def _sure(self, weak: list[str]) -> Iterator[str]:
        """Why weak rules among those applied do not make a determined grade provisional."""
        standing = self.ruling.standing()
        if weak and standing is not None and standing.status == "determined":
            why = "beside" if set(weak) & set(self.ruling.beside) else "outside"
            yield self.words.choice("resolve-sure", why, rules=self.words.listed([w.split("@")[0] for w in weak]), n=len(weak))

    def override(self) -> Section:
        """The departure from the computed grade."""
        words, override, settled = self.words, self.ruling.override, self.ruling.settled
        if override is None or settled is None:
            return Section("override", words("resolve.section.override"))
        lines = (
            words("resolve.computed", grade=self.terms.outcome(settled)),
            words(
                "resolve.set",
                grade=self.speech.grade(settled.scale, override.grade),
                day=self.speech.date(override.expires.isoformat()),
            ),
            words("resolve.justification", text=self.speech.text(override.justification)),
            words("resolve.authority", text=self.speech.text(override.authority)),
            words.choice("resolve-duties", override.duties_follow),
        )
        return Section("override", words("resolve.section.override"), points=tuple(map(Point, lines)))

    def duties(self) -> Section:
        """What follows from the grade that stands, whatever was left undecided."""
        points = self._duties(self.ruling.duties)
        return Section("duties", self.words("resolve.section.duties"), before=self._followed() if points else (), points=points)

    def _followed(self) -> tuple[str, ...]:
        """Under an override: the grade that duties follow, and the one that they do not."""
        override, settled = self.ruling.override, self.ruling.settled
        if override is None or settled is None:
            return ()
        grades = {"computed": self.terms.outcome(settled), "panel": self.speech.grade(settled.scale, override.grade)}
        return (self.words.choice("resolve-followed", override.duties_follow, **grades),)

    def doubtful(self) -> Section:
        """What follows on some accounts of the issues left undecided only."""
        points = self._duties(self.ruling.doubtful)
        before = (*self._followed(), self.words("resolve.doubtful")) if points else ()
        return Section("doubtful", self.words("resolve.section.doubtful"), before=before, points=points)

    def _duties(self, found: tuple[m.Duty, ...]) -> tuple[Point, ...]:
        words, result = self.words, self.ruling.result
        if result is None:
            return ()
        return tuple(
            Point(words("agenda.line", when=duty.due, act=duty.act), (words("agenda.actor", actor=duty.actor, cite=duty.cite),))
            for duty in duties(replace(result, duties=found), self.speech)
        )

    def left(self) -> Section:
        """The issues that were not decided because nothing hangs on them."""
        issues = [self.ruling.dispute.issue(id) for id in self.ruling.left]
        points = tuple(Point(self.terms.issue(issue)) for issue in issues)
        before = (self.words("resolve.left"),) if points else ()
        return Section("left", self.words("resolve.section.left"), before=before, points=points)

    def appeal(self) -> Section:
        """How the ruling can be appealed, as far as the file says so."""
        note = self.speech.text(self.ruling.dispute.procedure.appeal)
        said = note or self.words("resolve.no-appeal")
        return Section("appeal", self.words("resolve.section.appeal"), before=(said,))


def _stated(proof: Iterable[m.FactProof]) -> Iterator[m.FactProof]:
    """The stated facts of a proof."""
    for part in proof:
        if part.how == "stated":
            yield part
        yield from _stated(part.facts)
