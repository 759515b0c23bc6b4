"""The result of comparing methods: rows, pairs, tables of agreement, reasons, precedents, screening. Frozen; plain through `to_dict`.

A column is what is compared: a method of the vocabulary (`subjective`, `example`, `consequence`, `quantitative`, `scoring`), or
`official`, the grade that an authority gave. Grades are compared only on the scale of the case's determination.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dingji.comparison.agreement import Leniency, Pair, Panel, Statistic
from dingji.knowledge.model import Words
from dingji.records import Record

Plain = dict[str, Any]

OFFICIAL = "official"
"""The column of the grade that an authority gave."""

STATES = ("settled", "provisional", "undetermined", "silent", "not_comparable")
"""What a column can be for a case. `silent`: the method found nothing. `not_comparable`: no declared crosswalk leads to the scale."""

KINDS = (
    "rater_slip",
    "fact_unknown",
    "list_silent",
    "left_out",
    "other_edition",
    "band_scheme",
    "crosswalk",
    "other_scale",
    "different_facts",
    "method_silent",
    "weighs_otherwise",
    "unexplained",
)
"""The classes of reasons, in the order in which the first that holds is the main one.

`weighs_otherwise`: both look at the same facts and their rules judge them differently. `method_silent`: another method than a list
gives no grade. `unexplained`: one of the two grades comes without any reason, as an official grade may.
"""


class Part(Record, frozen=True):
    """A number from which a score is worked out, such as a factor of a product. `value` as text, as in a proof."""

    fact: str
    value: str | None


class Standing(Record, frozen=True):
    """One finding as it enters the comparison: an instrument's grade on its own scale, and on the case's.

    `grade` and `reachable` are on the case's scale. `crosswalk` are the rules that led there, empty if the scales are the same.
    `score` is the number behind a banded grade, `distance_to_next` how far it is from a more severe band, `score_parts` the facts
    that its formula reads: with two of them a case has a place on a risk matrix.
    """

    instrument: str
    title: Words
    edition: str
    own_scale: str
    own_grade: str | None
    state: str
    grade: str | None
    reachable: tuple[str, ...]
    crosswalk: tuple[str, ...]
    factors: tuple[str, ...]
    fired: tuple[str, ...]
    score_fact: str | None = None
    score: str | None = None
    distance_to_next: str | None = None
    score_parts: tuple[Part, ...] = ()


class Column(Record, frozen=True):
    """What one method says about a case, on the case's scale.

    Several findings of one method are combined by the `policy` of the case's reconciliation (the worst, where it has none);
    `carried_by` are the instruments that give the combined grade. `severity` counts from 0, the mildest grade of the scale.
    """

    method: str
    state: str
    grade: str | None
    label: Words | None
    colour: str | None
    severity: int | None
    reachable: tuple[str, ...]
    policy: str
    carried_by: tuple[str, ...]
    standings: tuple[Standing, ...]


class Reason(Record, frozen=True):
    """Why two columns differ: the class, and what shows it.

    `factor` is the one that a consequence left out is named by; `factors` are all of them. `facts`, `rules` and `instruments` are
    the ids that show the reason; `raters` whose grade contradicts their reasons; `through` the column whose reason this is,
    where an official grade or an opinion stands with it; `profile` the reading under which the two would agree.
    """

    kind: str
    factor: str | None = None
    factors: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    raters: tuple[str, ...] = ()
    through: str | None = None
    profile: str | None = None


class CasePair(Record, frozen=True):
    """Two columns of a case that differ: the milder and the more severe one, how many grades lie between, and why.

    `distance` is null where one of them is silent: that nothing was found is no grade. `open`: one of them is not settled and could
    still come out as the other; such a pair counts in no share.
    """

    milder: str
    severer: str
    distance: int | None
    open: bool
    main: Reason
    further: tuple[Reason, ...]


class Group(Record, frozen=True):
    """A case's value of a fact by which the comparison is broken down; `column`: of a group column of its table instead."""

    fact: str
    value: str
    label: Words
    column: bool = False


class RaterGrade(Record, frozen=True):
    """The last grade of a rater for a case, on the scale of the opinions; `severity` on the case's scale, if it has a crosswalk."""

    rater: str
    grade: str
    severity: int | None
    unit: str = ""


class Row(Record, frozen=True):
    """A case: each column, the distance between the furthest two, and why they differ.

    `scale` is empty where no reconciliation gives the case a scale; then nothing of it is comparable. `consequence` is the
    severity of its most severe settled column, -1 if there is none. `spread` is the widest distance between raters.
    """

    case: str
    title: Words
    subject: str
    as_of: str
    place: str
    scale: str
    columns: tuple[Column, ...]
    distance: int | None
    consequence: int
    pairs: tuple[CasePair, ...]
    groups: tuple[Group, ...]
    raters: tuple[RaterGrade, ...]
    spread: int | None

    def column(self, method: str) -> Column | None:
        """The column of a method, None if the case has none."""
        return next((c for c in self.columns if c.method == method), None)

    @property
    def main(self) -> CasePair | None:
        """The pair that stands for the case: the furthest apart, an open one only if there is no other."""
        return self.pairs[0] if self.pairs else None


class Left(Record, frozen=True):
    """How many cases a pair of columns could not be compared on, by the state that stood in the way."""

    first: str
    second: str
    state: str
    cases: int


class GroupBias(Record, frozen=True):
    """By how many grades `second` grades above `first` on average (negative: below), over the cases of a group."""

    first: str
    second: str
    group: Group
    bias: Statistic


class UnitLeniency(Record, frozen=True):
    """By how many grades the official grades of a unit lie below (negative: lenient) or above the mean of the methods.

    `unit` is a value of a group column of the table, or who gave the official grades (`official.by`).
    """

    unit: Group
    leniency: Leniency


class ScaleSection(Record, frozen=True):
    """Everything computed over the cases of one scale; `grades`, `labels` and `colours` stand mildest first, as in the statistics.

    `pairs` are those of columns (`methods`) that met in at least one case, `all_methods` the figures over all columns, `left` what
    could not be compared, `bias` that of each pair within each group. `panel`, `raters` and `units` are about people: the figures
    among raters, the leniency of each rater, and of each unit that gives official grades. Silent grades are no ratings.
    """

    scale: str
    title: Words
    grades: tuple[str, ...]
    labels: tuple[Words, ...]
    colours: tuple[str | None, ...]
    cases: int
    methods: tuple[str, ...]
    pairs: tuple[Pair, ...]
    all_methods: Panel | None
    left: tuple[Left, ...]
    bias: tuple[GroupBias, ...]
    panel: Panel | None
    raters: tuple[Leniency, ...]
    units: tuple[UnitLeniency, ...]


class ReasonShare(Record, frozen=True):
    """How many disagreeing cases have this main class; `share` is of those cases. `pairs` counts pairs in the same way."""

    kind: str
    factor: str | None
    cases: int
    share: float
    pairs: int


class NotComparable(Record, frozen=True):
    """Findings that no declared crosswalk brings to the scale of their cases."""

    instrument: str
    title: Words
    own_scale: str
    scale: str
    cases: int


class Likeness(Record, frozen=True):
    """A settled case beside a case: `alike` of the shared facts that the rules read agree, of `compared`."""

    precedent: str
    title: Words
    grade: str
    severity: int
    alike: int
    compared: int
    similarity: float
    differing: tuple[str, ...]


class Precedence(Record, frozen=True):
    """What settled cases say about a case, by a fortiori reasoning. It binds nobody: it stands beside the methods.

    `at_least`: a settled case no worse in any respect got this grade. `at_most`: one no better in any respect got it. `against` are
    the columns whose grade lies outside these bounds; `conflict`: the bounds exclude each other.
    """

    case: str
    title: Words
    scale: str
    at_least: str | None
    at_least_by: tuple[Dominance, ...]
    at_most: str | None
    at_most_by: tuple[Dominance, ...]
    conflict: bool
    nearest: tuple[Likeness, ...]
    against: tuple[str, ...]


class Dimension(Record, frozen=True):
    """One fact in which two cases differ: `direction` is more_is_worse, less_is_worse, or tried.

    `tried`: a choice, of which every table that reads it gives nothing milder for the severer case.
    """

    fact: str
    label: Words
    milder: str | None
    severer: str | None
    direction: str


class Dominance(Record, frozen=True):
    """`severer` is at least as severe as `milder` in every fact that the rules read; `dimensions` are those in which they differ.

    The grades are those settled; null for a case that is not.
    """

    milder: str
    milder_grade: str | None
    severer: str
    severer_grade: str | None
    dimensions: tuple[Dimension, ...]


class Screened(Record, frozen=True):
    """A case that deserves a calculation, with the rules that say so.

    `calculated`: a method that calculates has already settled it; `missing` are the facts that a calculation still lacks.
    """

    case: str
    title: Words
    rules: tuple[ScreeningGround, ...]
    calculated: bool
    missing: tuple[str, ...]


class ScreeningGround(Record, frozen=True):
    """A screening rule that holds: its text, source and confidence, and the values that it read."""

    rule: str
    text: Words
    cite: Words
    source: str
    confidence: str
    note: Words
    values: tuple[tuple[str, str], ...]


class Comparison(Record, frozen=True):
    """How far the methods agree over some cases, and where they part. `rows` stand furthest apart and most severe first."""

    knowledge_version: str
    knowledge_digest: str
    profile: str | None
    by: tuple[str, ...]
    rows: tuple[Row, ...]
    scales: tuple[ScaleSection, ...]
    reasons: tuple[ReasonShare, ...]
    disagreeing: int
    open: int
    not_comparable: tuple[NotComparable, ...]
    precedents: tuple[Precedence, ...] = ()
    inconsistent: tuple[Dominance, ...] = ()
    screened: tuple[Screened, ...] = ()

    def to_dict(self) -> Plain:
        """The comparison as plain data: the JSON result."""
        plain: Plain = msgspec.to_builtins(self)
        head = {"version": plain.pop("knowledge_version"), "digest": plain.pop("knowledge_digest"), "profile": plain.pop("profile")}
        return {"knowledge": head, **plain}
