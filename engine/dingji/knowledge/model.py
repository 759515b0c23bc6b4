"""What a knowledge base is made of, once loaded. Everything is immutable."""

from __future__ import annotations

import datetime as dt
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from dingji.knowledge.shapes import WEAK
from dingji.language import nodes as n
from dingji.language.printer import to_source
from dingji.language.types import Number, Scale, Type
from dingji.language.values import Truth, Value, between
from dingji.records import Record

STAGE_NUMBER = {"derive": 0, "identify": 1, "grade": 2, "adjust": 3, "determine": 4, "escalate": 5}


class Words(Record, frozen=True):
    """A text in English and Chinese."""

    en: str
    zh: str

    def in_(self, language: str) -> str:
        """The text in `en` or `zh`."""
        return self.zh if language == "zh" else self.en


class Place(Record, frozen=True):
    """Where something stands: file, line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class FieldDefinition(Record, frozen=True):
    """A field of a list fact's records."""

    name: str
    type: Type
    label: Words
    unit: str = ""
    factor: str | None = None
    values: tuple[tuple[str, Words], ...] = ()


class FactDefinition(Record, frozen=True):
    """A declared fact. `unit` is the label as written; `values` are the labels of an enum."""

    name: str
    type: Type
    nature: str
    label: Words
    question: Words | None
    unit: str
    factor: str | None
    values: tuple[tuple[str, Words], ...]
    fields: tuple[FieldDefinition, ...]
    policy: str | None
    place: Place
    unless_stated: str = ""
    """`as_of`: the day of the case stands for it if nobody states another."""
    immutable: bool = False
    """Nothing that can be done about the subject changes it."""
    survey: str = ""
    """What the opinions of experts tell (`median`, `raters`, ...); such a fact is written by no rule."""
    evidence: tuple[str, ...] = ()
    """Kinds of evidence that would show it, the best first: its own, or those that are usual in its file."""

    def default(self) -> Value:
        """What is known of the fact when nobody stated it: its declared range."""
        return between(self.type.low, self.type.high) if isinstance(self.type, Number) else None


class GradeDefinition(Record, frozen=True):
    """One grade of a scale; `silent` grades say only that nothing was found."""

    id: str
    label: Words
    colour: str | None
    silent: bool


class ScaleDefinition(Record, frozen=True):
    """An ordered scale, most severe grade first."""

    id: str
    title: Words
    grades: tuple[GradeDefinition, ...]
    place: Place

    @property
    def type(self) -> Scale:
        """The scale as a type of the rule language."""
        return Scale(self.id, tuple(g.id for g in self.grades))

    def grade(self, severity: int) -> GradeDefinition:
        """The grade of a severity (0 is the mildest)."""
        return self.grades[len(self.grades) - 1 - severity]

    def severity(self, grade: str) -> int:
        """The severity of a grade. Raises ValueError for a grade that is not on the scale."""
        return self.type.severity(grade)


class SourceDocument(Record, frozen=True):
    """A document that rules cite."""

    id: str
    title: Words
    number: str
    issuer: Words | None
    issued: str
    note: str
    place: Place


class EvidenceKind(Record, frozen=True):
    """A kind of evidence; `cite`, `source` and `confidence` say which text names it, if one does."""

    id: str
    label: Words
    note: Words
    cite: Words
    source: str
    confidence: str
    place: Place


class Adjustment(Record, frozen=True):
    """What an adjustment does to a grade: `kind` is lower, raise, at_least, at_most or set; `amount` steps or a severity."""

    kind: str
    amount: int


class Due(Record, frozen=True):
    """A time limit: `kind` is at_once, none_stated, within (`amount` `unit` from the date fact `since`) or by (`day`, `text`)."""

    kind: str
    amount: int = 0
    unit: str = ""
    since: str = ""
    day: n.Node | None = None
    text: Words | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The facts that the limit is reckoned from."""
        return n.facts_of(self.day) if self.day is not None else frozenset((self.since,)) if self.since else frozenset()


class Rule(Record, frozen=True):
    """Condition -> conclusion. `kind`: formula, row, example, adjustment, duty, flag, requirement, crosswalk or
    reconciliation.

    `then` are the (fact, value) pairs it concludes; grades stand as severities. A formula has `value` instead.
    `owner` is the id of its instrument, crosswalk or reconciliation; `table` of its table, if it has one.
    """

    id: str
    kind: str
    owner: str
    table: str
    when: n.Node | None
    then: tuple[tuple[str, Any], ...]
    value: n.Node | None
    cite: Words
    source: str
    confidence: str
    note: Words
    text: Words
    overrides: tuple[str, ...]
    repeats: tuple[str, ...]
    weighs: tuple[str, ...] | None
    place: Place
    adjustment: Adjustment | None = None
    actor: str = ""
    due: Due | None = None

    @property
    def weak(self) -> bool:
        """Does a grade that rests on this rule stand only provisionally?"""
        return self.confidence in WEAK

    @property
    def condition(self) -> str:
        """The condition as source text; empty if there is none."""
        return "" if self.when is None else to_source(self.when)


class Decision(Record, frozen=True):
    """The rules of one owner that write one fact, and the policy by which one value comes out.

    `policy`: as in a table, or `formula`, `adjust` (folds over `base`), `reconcile` (combines `inputs`).
    `stage` counts as in STAGE_NUMBER. `fixed` tables can't be replaced by a profile.
    """

    id: str
    fact: str
    owner: str
    policy: str
    stage: int
    rules: tuple[str, ...]
    default: Any = None
    has_default: bool = False
    base: str = ""
    inputs: tuple[str, ...] = ()
    fixed: bool = False
    scale: str = ""


class InForce(Record, frozen=True):
    """The days an instrument is in force. A bound known only to the year leaves the days of that year open."""

    start: str = ""
    end: str = ""

    def covers(self, day: dt.date) -> Truth:
        """Is the instrument in force on `day`? Unknown within a year that is all the source gives."""
        after = _reached(self.start, day)
        before = _not_passed(self.end, day)
        if after is False or before is False:
            return False
        return None if after is None or before is None else True


def _reached(start: str, day: dt.date) -> Truth:
    if not start:
        return True
    if len(start) == 4:
        return None if day.year == int(start) else day.year > int(start)
    return day >= dt.date.fromisoformat(start)


def _not_passed(end: str, day: dt.date) -> Truth:
    if not end:
        return True
    if len(end) == 4:
        return None if day.year == int(end) else day.year < int(end)
    return day <= dt.date.fromisoformat(end)


class Instrument(Record, frozen=True):
    """One edition of a regulation, standard, list or model."""

    id: str
    title: Words
    source: str
    number: str
    family: str
    in_force: InForce
    in_force_confidence: str
    scope: n.Node
    method: str
    decides: str
    completeness: str
    note: Words
    place: Place
    surveys: tuple[str, ...] = ()
    """Scales: the instrument applies only where experts were asked to grade on one of them."""
    family_title: Words = Words("", "")
    """What the editions of the family have in common; empty where another edition says it."""


class Crosswalk(Record, frozen=True):
    """A cited table from one scale to another."""

    id: str
    source_scale: str
    target_scale: str
    source: str
    note: str
    place: Place


class Reconciliation(Record, frozen=True):
    """How the findings of a kind of case become one determination."""

    id: str
    when: n.Node
    decides: str
    policy: str
    omits: tuple[str, ...]
    rule: str
    disagreement: str
    place: Place


class Profile(Record, frozen=True):
    """A named set of replacements: `removes` leave, `rules` and `decisions` join, `readings` move findings to other facts."""

    id: str
    title: Words
    note: str
    joins: str
    removes: tuple[str, ...]
    readings: tuple[tuple[str, str], ...]
    rules: tuple[Rule, ...]
    decisions: tuple[Decision, ...]
    place: Place


class Band(Record, frozen=True):
    """Values of a statistic that have one name: from `bound` on, or right above it if not `inclusive`; None for the lowest band."""

    bound: Decimal | int | None
    inclusive: bool
    word: Words


class Verdicts(Record, frozen=True):
    """Words for the values of some statistics, the greatest values first; `rule` says where they come from."""

    id: str
    measures: tuple[str, ...]
    bands: tuple[Band, ...]
    rule: Rule
    place: Place


class Agreement(Record, frozen=True):
    """How agreement is judged: the fewest cases for a statistic (`rule` says why), and words for its values."""

    minimum_cases: int
    rule: Rule
    verdicts: tuple[Verdicts, ...]
    place: Place


class Target(Record, frozen=True):
    """A bound for the rows of a register that have one of `grades`: a share in percent, or a number of rows.

    `by` is the group column each of whose texts must reach it; `among` the group column and the texts of the rows that it is
    measured on (None: all rows with a grade on the scale). `rule` says where it comes from.
    """

    scale: str
    grades: tuple[str, ...]
    at_least: Decimal | int | None
    at_most: Decimal | int | None
    unit: str
    by: str
    among: tuple[str, tuple[str, ...]] | None
    rule: Rule

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.rule.place


@dataclass(frozen=True, repr=False)
class Knowledge:
    """A loaded, checked knowledge base. `decisions` stand in the order in which they can be evaluated."""

    version: str
    digest: str
    facts: Mapping[str, FactDefinition]
    scales: dict[str, ScaleDefinition]
    factors: dict[str, Words]
    actors: dict[str, Words]
    sources: dict[str, SourceDocument]
    instruments: dict[str, Instrument]
    crosswalks: dict[str, Crosswalk]
    reconciliations: dict[str, Reconciliation]
    profiles: dict[str, Profile]
    rules: Mapping[str, Rule]
    decisions: tuple[Decision, ...]
    owned: dict[str, tuple[str, ...]]
    """The rules of each instrument, crosswalk and reconciliation."""
    index: tuple[str, ...]
    """The observed enum facts by which instruments and list items choose their cases."""
    dated: tuple[str, ...]
    """The facts for which the day of the case stands if nobody states another."""
    surveyed: dict[str, str]
    """What a survey of experts tells -> the fact that holds it; a grade by the scale, too: `median hazard-level`."""
    agreement: Agreement | None = None
    evidence: dict[str, EvidenceKind] = field(default_factory=dict)
    """The kinds of evidence that facts name. They guide whoever must show a fact, and change no grade."""
    targets: dict[str, Target] = field(default_factory=dict)
    """What the grades of a whole register must come to. They change no grade."""
    plans: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Compiled plans by scope; filled by the inference layer."""
    compiled: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Compiled conditions by rule; filled by the inference layer, and shared with the bases that differ from this one in some texts."""

    def __repr__(self) -> str:
        return f"<Knowledge {self.digest[:12]}: {len(self.rules)} rules>"

    @property
    def defaults(self) -> Mapping[str, Value]:
        """What the vocabulary itself says of facts that people may state: their ranges.

        A derived fact has none: only its rules say what it can be, and they are checked against its range.
        """
        return _Ranges(self.facts)

    @property
    def named_rules(self) -> Mapping[str, Rule]:
        """What people may cite: the rules by id, those that a profile puts in their place included."""
        if "named rules" not in self.plans:
            joining = {rule.id: rule for profile in self.profiles.values() for rule in profile.rules}
            self.plans["named rules"] = ChainMap(cast(dict[str, Rule], self.rules), joining)
        found: Mapping[str, Rule] = self.plans["named rules"]
        return found

    def rules_of(self, owner: str) -> list[Rule]:
        """The rules of an instrument, crosswalk or reconciliation, in the order of its file."""
        return [self.rules[name] for name in self.owned.get(owner, ())]

    def scale_of(self, fact: str) -> ScaleDefinition | None:
        """The scale of a graded fact, None if it has none."""
        definition = self.facts.get(fact)
        if definition is not None and isinstance(definition.type, Scale):
            return self.scales[definition.type.name]
        return None

    def editions(self, instrument: Instrument) -> list[Instrument]:
        """The instruments of the same family, this one included."""
        if not instrument.family:
            return [instrument]
        return [i for i in self.instruments.values() if i.family == instrument.family]

    def family_title(self, family: str) -> Words:
        """What the editions of a family have in common; the family itself if none of them says it."""
        titles = (i.family_title for i in self.instruments.values() if i.family == family and i.family_title.en)
        return next(titles, Words(family, family))

    def shown(self, fact: str, value: Any) -> Any:
        """A known value as written in cases: severities become grades again."""
        scale = self.scale_of(fact)
        if scale is not None and isinstance(value, int) and not isinstance(value, bool):
            return scale.grade(value).id
        return str(value) if isinstance(value, Decimal | dt.date) else value


class _Ranges(Mapping[str, Value]):
    """The declared ranges of the facts that people may state, worked out when they are asked for."""

    def __init__(self, facts: Mapping[str, FactDefinition]) -> None:
        self.facts = facts

    def __getitem__(self, name: str) -> Value:
        fact = self.facts[name]
        default = None if fact.nature == "derived" else fact.default()
        if default is None:
            raise KeyError(name)
        return default

    def __iter__(self) -> Iterator[str]:
        return (fact.name for fact in self.facts.values() if fact.nature != "derived" and fact.default() is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
