"""The result of grading: findings, determination, proof. Frozen, and plain data through `to_dict`."""

from __future__ import annotations

from typing import Any

import msgspec

from dingji.knowledge.model import Words
from dingji.records import Record

Plain = dict[str, Any]


class Condition(Record, frozen=True):
    """A node of a condition with its truth: true, false or null (unknown).

    `value`, as text, is that of the fact which a comparison with constants reads; such a comparison has no parts. For a node
    that is no condition it is the node's own.
    """

    source: str
    truth: bool | None
    value: str | None
    parts: tuple[Condition, ...] = ()


class RuleProof(Record, frozen=True):
    """A rule in a proof: what it says, where it stands, how sure we are of it, and its condition node by node."""

    id: str
    truth: bool | None
    concludes: str | None
    text: Words
    cite: Words
    source: str
    document: Words | None
    confidence: str
    note: Words
    condition: Condition | None


class Provenance(Record, frozen=True):
    """Who states a fact, and on what evidence."""

    nature: str
    asserted_by: str
    asserted_on: str | None
    evidence: tuple[str, ...]
    rests_on: tuple[str, ...]
    note: str


class FactProof(Record, frozen=True):
    """How a fact got its value. `how`: stated, derived, unknown, surveyed (told by the opinions of experts, which may stand below
    it as stated grades), or seen (proved earlier in the same proof).

    `formula` is the formula of a derived number, `policy` the hit policy of a table. `rules` gave the value; `open_rules`
    could still change it. `facts` are the facts read on the way.
    """

    fact: str
    label: Words
    value: str | None
    unit: str
    how: str
    policy: str | None = None
    formula: str | None = None
    provenance: Provenance | None = None
    rules: tuple[RuleProof, ...] = ()
    open_rules: tuple[RuleProof, ...] = ()
    facts: tuple[FactProof, ...] = ()


class Score(Record, frozen=True):
    """The number behind a banded grade, and how far it is from the next more severe band (null if there is none)."""

    fact: str
    value: str
    distance_to_next: str | None


class Finding(Record, frozen=True):
    """What one method says under one instrument.

    `status`: determined, provisional (rests on weak rules), undetermined (unknown facts could change it) or silent (nothing
    found: `silence` says whether that clears, or only shows that this list does not make it so, or can't even show that).
    `grade` is null unless it is settled; `reachable` are the grades still possible. `canonical` is the finding on the
    determination's scale. `factors` are those on which the grade rests.
    """

    instrument: str
    method: str
    title: Words
    edition: str
    scale: str
    scale_title: Words
    grade: str | None
    grade_label: Words | None
    colour: str | None
    status: str
    reachable: tuple[str, ...]
    canonical: tuple[str, ...]
    counted: bool
    fired: tuple[str, ...]
    undecided: tuple[str, ...]
    rests_on: tuple[str, ...]
    factors: tuple[str, ...]
    score: Score | None
    silence: str | None
    conditional: bool
    today: str | None


class Difference(Record, frozen=True):
    """Two findings that differ: the milder one, the more severe one, and the factors the milder one left out."""

    milder: str
    severer: str
    left_out: tuple[str, ...]
    reason: str


class Disagreement(Record, frozen=True):
    """Whether the findings differ on the determination's scale, and why."""

    differ: bool
    left_out: tuple[str, ...]
    differences: tuple[Difference, ...]


class Ground(Record, frozen=True):
    """A weak rule on which a grade rests: what makes it provisional."""

    rule: str
    text: Words
    cite: Words
    source: str
    confidence: str
    note: Words


class Judgement(Record, frozen=True):
    """A judged fact that the grade turns on, with who judged it and on what evidence."""

    fact: str
    label: Words
    value: str
    asserted_by: str
    evidence: tuple[str, ...]


class Determination(Record, frozen=True):
    """The grade that stands after reconciliation."""

    scale: str
    scale_title: Words
    grade: str | None
    grade_label: Words | None
    colour: str | None
    status: str
    reachable: tuple[str, ...]
    rests_on: tuple[Ground, ...]
    judged: tuple[Judgement, ...]


class Flag(Record, frozen=True):
    """A warning beside the grade."""

    id: str
    text: Words
    cite: Words


class Duty(Record, frozen=True):
    """What follows: who must do what, by when. `due` is a day, or null; `limit` says how it is reckoned.

    `kind`: at_once, within (so long from a day), by (a day reckoned otherwise) or none_stated.
    """

    id: str
    actor: str
    actor_label: Words
    act: Words
    due: str | None
    limit: Words
    cite: Words
    source: str
    confidence: str
    kind: str


class Question(Record, frozen=True):
    """An unknown fact that could change the determination: how to ask, and between which grades it decides.

    `kind`: scope (it says what applies), alone (its answer by itself changes which grades are possible), together (it does so
    with other answers) or open (its answers can't be tried: a date, a list).
    """

    fact: str
    label: Words
    question: Words
    kind: str
    decides: tuple[str, ...]


class Result(Record, frozen=True):
    """A graded case."""

    case: str
    title: Words
    subject: str
    as_of: str
    knowledge_version: str
    knowledge_digest: str
    profile: str | None
    evaluators: tuple[str, ...]
    without: str
    determination: Determination | None
    findings: tuple[Finding, ...]
    disagreement: Disagreement
    flags: tuple[Flag, ...]
    duties: tuple[Duty, ...]
    unknown: tuple[Question, ...]
    proof: tuple[FactProof, ...]

    def finding(self, instrument: str) -> Finding | None:
        """The finding of an instrument, None if it gave none."""
        return next((f for f in self.findings if f.instrument == instrument), None)

    def to_dict(self) -> Plain:
        """The result as plain data: the JSON result (`dingji schema result`)."""
        plain: Plain = msgspec.to_builtins(self)
        head = {"case": plain.pop("case"), "title": plain.pop("title"), "subject": plain.pop("subject"), "as_of": plain.pop("as_of")}
        knowledge = {"version": plain.pop("knowledge_version"), "digest": plain.pop("knowledge_digest"), "profile": plain.pop("profile")}
        return {**head, "knowledge": knowledge, **plain}
