"""The account of a record as finished strings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dingji.audit.account import Account, Point
from dingji.audit.model import DeterminationRecord, Plain, Trouble
from dingji.cases.model import DAY_OF_CASE
from dingji.knowledge.model import STAGE_NUMBER
from dingji.knowledge.shapes import WEAK
from dingji.methods import model as r
from dingji.records import Record
from dingji.reports.html.view import LANGUAGES, PageView, page
from dingji.reports.messages import Catalogue
from dingji.reports.proof import ProofViews, RuleView
from dingji.reports.values import Speech

STAGES = tuple(STAGE_NUMBER)
MOST_INPUTS, MOST_NAMED = 12, 6


class PointView(Record, frozen=True):
    """Something to look at, and why."""

    text: str
    why: str
    mark: str
    kind: str


class StepView(Record, frozen=True):
    """A value that was reached: by which rules, from what."""

    label: str
    value: str
    remarks: tuple[str, ...]
    rules: tuple[RuleView, ...]
    open_rules: tuple[RuleView, ...]
    inputs: str


class StageView(Record, frozen=True):
    """The values of one stage, in the order in which they were reached."""

    heading: str
    steps: tuple[StepView, ...]


class AccountView(Record, frozen=True):
    """The report. `page` is the determination as its own report shows it; None where there is none to show."""

    language: str
    title: str
    where: tuple[str, ...]
    headline: str
    colour: str
    meaning: tuple[str, ...]
    points: tuple[PointView, ...]
    stages: tuple[StageView, ...]
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]
    page: PageView | None
    foot: tuple[str, ...]


def account_view(found: Account, words: Catalogue) -> AccountView:
    """The view of an account."""
    return _Writer(found, words).view()


class _Writer:
    def __init__(self, found: Account, words: Catalogue) -> None:
        self.found, self.words = found, words
        self.speech = Speech(found.knowledge, words)
        self.proofs = ProofViews(self.speech)

    def view(self) -> AccountView:
        found, words = self.found, self.words
        result, record = found.result, found.record
        shown = page(result, found.knowledge, words, with_proof=True) if result is not None else None
        report = shown.report if shown else None
        named = report.title if report else Path(found.stored.path).name
        headline = words("headline", scale=report.scale, grade=report.headline) if report and report.scale else words("headline.none")
        return AccountView(
            language=LANGUAGES.get(words.language, words.language),
            title=words("account.title", case=named),
            where=tuple(self._where(record)),
            headline=headline,
            colour=report.colour if report else "",
            meaning=tuple(self._meaning(report.meaning if report else "")),
            points=tuple(self._point(point) for point in found.points),
            stages=tuple(self._stages(result)) if result else (),
            assumed=tuple(self._assumed(result, record)) if result else (),
            unknown=tuple(self._unknown(result)) if result else (),
            page=shown,
            foot=tuple(self._foot(record)),
        )

    def _where(self, record: DeterminationRecord | None) -> Iterator[str]:
        words = self.words
        yield words("account.number", n=self.found.stored.number)
        if record is None:
            return
        yield words("head.as-of", day=self.speech.date(str(record.result.get("as_of", ""))))
        time = record.time.replace("T", " ")
        by = record.recorded_by or words("judged.nobody")
        yield words("account.recorded-by-clock" if record.time_source == "clock" else "account.recorded", by=by, time=time)

    def _meaning(self, meaning: str) -> Iterator[str]:
        words, verdict = self.words, self.found.verdict
        if meaning:
            yield meaning
        wrong = sum(point.wrong for point in self.found.points)
        key = "account.replayed" if verdict.verdict == "reproduced" else "account.not-replayed"
        yield words(key, verdict=words.choice("replayed", verdict.verdict))
        yield words("account.wrong", n=wrong) if wrong else words("account.sound")

    # --- what to look at first

    def _point(self, point: Point) -> PointView:
        mark = "wrong" if point.wrong else "open"
        return PointView(self._said(point), self.words.choice("account-why", point.kind), mark, point.kind)

    def _said(self, point: Point) -> str:
        words, speech = self.words, self.speech
        if point.trouble is not None:
            return self._trouble(point.trouble)
        kind = point.kind
        if kind == "differs" and point.difference is not None:
            key = "audit.differs.embedded" if point.names[0] == "embedded" else "audit.differs.base"
            said = words(key, path=point.difference.path, replayed=point.difference.replayed, recorded=point.difference.recorded)
            return words("account.node", said=said, node=point.difference.node) if point.difference.node else said
        if kind == "impossible":
            return words("audit.impossible.embedded" if point.names[0] == "embedded" else "audit.impossible.base", reason=point.reason)
        if kind == "expiring":
            scale = self.found.record.overrides[0].scale if self.found.record else ""
            grade, day = speech.grade(scale, point.names[0]), speech.date(point.names[1])
            return words("account-point.expiring", grade=grade, day=day, by=point.reason)
        names = [self._named(kind, name) for name in point.names]
        listed, more = words("list.comma").join(names[:MOST_NAMED]), len(names) - MOST_NAMED
        listed = words("ledger.and-more", names=listed, n=more) if more > 0 else listed
        return words.choice("account-point", kind, n=len(names), names=listed)

    def _named(self, kind: str, name: str) -> str:
        """A rule by its id, a fact or an instrument in words."""
        if kind == "provisional":
            return name
        return self.speech.label(name) if kind in ("judged", "unknown") else self.speech.instrument(name)

    def _trouble(self, trouble: Trouble) -> str:
        words = self.words
        said = words("audit.coded", code=trouble.code, said=words.choice("trouble", trouble.code))
        said = words("audit.detail", said=said, detail=trouble.detail) if trouble.detail else said
        return words("audit.at", said=said, where=Path(trouble.where).name) if trouble.where else said

    # --- how the grade was reached

    def _stages(self, result: r.Result) -> Iterator[StageView]:
        order = {decision.fact: decision.stage for decision in self.found.knowledge.decisions}
        steps: dict[int, list[StepView]] = {}
        for proof in _in_order(result.proof):
            stage = STAGE_NUMBER["determine"] if "@" in proof.fact else order.get(proof.fact, 0)
            steps.setdefault(stage, []).append(self._step(proof))
        for number in sorted(steps):
            yield StageView(self.words.choice("stage", STAGES[number]), tuple(steps[number]))

    def _step(self, proof: r.FactProof) -> StepView:
        words = self.words
        shown = self.proofs.fact(proof)
        inputs = [words("item.field", field=part.label, value=part.value) for part in shown.facts]
        more = len(inputs) - MOST_INPUTS
        listed = words("list.semicolon").join(inputs[:MOST_INPUTS])
        return StepView(
            shown.label,
            shown.value,
            shown.remarks,
            shown.rules,
            shown.open_rules,
            words("ledger.and-more", names=listed, n=more) if more > 0 else listed,
        )

    def _assumed(self, result: r.Result, record: DeterminationRecord | None) -> Iterator[str]:
        """What was taken for granted, beside what was stated and what the text says."""
        words, speech, knowledge = self.words, self.speech, self.found.knowledge
        for ground in result.determination.rests_on if result.determination else ():
            confidence = words.choice("confidence", ground.confidence)
            note = speech.text(ground.note)
            said = words("account.ground", rule=ground.rule.partition("@")[0], confidence=confidence, text=speech.text(ground.text))
            yield words("account.with-note", said=said, note=note) if note else said
        for proof in _in_order(result.proof):
            if proof.value is not None and not proof.rules and not proof.open_rules and proof.policy not in ("reconcile", None):
                yield words("account.default", label=speech.text(proof.label), value=speech.fact(proof.fact, proof.value))
        for proof in _all(result.proof):
            if proof.provenance is not None and proof.provenance.note == DAY_OF_CASE:
                yield words("account.day-of-case", label=speech.text(proof.label), value=speech.fact(proof.fact, proof.value))
        for finding in result.findings:
            instrument = knowledge.instruments.get(finding.instrument)
            if instrument is not None and instrument.in_force_confidence in WEAK:
                confidence = words.choice("confidence", instrument.in_force_confidence)
                yield words("account.in-force", instrument=speech.text(instrument.title), confidence=confidence)
        if result.profile:
            profile = knowledge.profiles.get(result.profile)
            yield words("account.profile", profile=speech.text(profile.title) if profile else result.profile)
        for choice in record.options.choices if record else ():
            yield words("account.choice", choice=" ".join((choice.kind, *choice.names)))

    def _unknown(self, result: r.Result) -> Iterator[str]:
        """What nobody stated: what could change the grade first."""
        words, speech = self.words, self.speech
        asked = {question.fact for question in result.unknown}
        for question in result.unknown:
            scale = result.determination.scale if result.determination else ""
            decides = speech.grades(scale, question.decides) if question.decides else ""
            label = speech.text(question.label)
            yield words("account.could-change", label=label, grades=decides) if decides else words("account.could-matter", label=label)
        rest = [proof for proof in _all(result.proof) if proof.how == "unknown" and proof.fact not in asked]
        for proof in rest:
            yield words("account.no-change", label=speech.text(proof.label))

    def _foot(self, record: DeterminationRecord | None) -> Iterator[str]:
        words, verdict = self.words, self.found.verdict
        yield words("account.file", path=self.found.stored.path, digest=self.found.stored.digest)
        if record is None:
            return
        yield words("foot.knowledge", version=record.knowledge_version, digest=record.knowledge_digest)
        signature = words.choice("signature", verdict.signature, names=", ".join(verdict.signers))
        yield words("account.signature", signature=signature)
        if not self.found.embedded:
            yield words("account.not-embedded")


def _in_order(proofs: tuple[r.FactProof, ...]) -> Iterator[r.FactProof]:
    """The derived values, each after what it was derived from."""
    for proof in proofs:
        yield from _in_order(proof.facts)
        if proof.how == "derived":
            yield proof


def _all(proofs: tuple[r.FactProof, ...]) -> Iterator[r.FactProof]:
    for proof in proofs:
        yield proof
        yield from _all(proof.facts)


def account_plain(found: Account, view: AccountView) -> Plain:
    """The account as data: the points with their reasons, and the recorded result."""
    record = found.record
    return {
        "path": found.stored.path,
        "number": found.stored.number,
        "case": found.verdict.case,
        "verdict": found.verdict.verdict,
        "points": [{"kind": p.kind, "wrong": p.mark == "wrong", "text": p.text, "why": p.why} for p in view.points],
        "assumed": list(view.assumed),
        "unknown": list(view.unknown),
        "result": record.result if record else None,
    }
