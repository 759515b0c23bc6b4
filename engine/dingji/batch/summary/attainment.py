"""Are the targets for the grades of a register met? A row whose grade is open counts against a target and for it, in turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Any

import msgspec

from dingji.batch.register import literal, quoted
from dingji.batch.results import GROUP
from dingji.batch.summary.outputs import Outputs
from dingji.knowledge.model import Knowledge, Target
from dingji.records import Draft, Record

MET, MISSED, OPEN, NONE = "met", "missed", "open", "none"
"""Verdicts: it is met or missed whatever becomes of the open rows; that depends on them; no row is measured."""
MOST_PLACES = 5000


class Measured(Record, frozen=True):
    """A target measured on the rows of one place (empty: all rows).

    `rows` are measured for sure, `unsure` more perhaps. `low` and `high` bound the share, in percent, or the number of rows that
    have one of the grades: all open rows counted against it, and all counted for it. None where no row is measured.
    """

    place: str
    verdict: str
    rows: int
    unsure: int
    low: float | None
    high: float | None


class Attained(Record, frozen=True):
    """A target and how it stands. `by` and `among` name group columns; `no_by` and `no_among`: the results lack them."""

    id: str
    scale: str
    grades: tuple[str, ...]
    at_least: float | None
    at_most: float | None
    unit: str
    by: str
    among: str
    no_by: bool
    no_among: bool
    measured: tuple[Measured, ...]
    target: Target

    def to_dict(self) -> dict[str, Any]:
        """The target as plain data, with where it comes from."""
        rule = self.target.rule
        plain: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__ if name not in ("target", "measured")}
        source = {"text": msgspec.to_builtins(rule.text), "source": rule.source, "cite": rule.cite.en, "confidence": rule.confidence}
        return {**plain, **source, "grades": list(self.grades), "measured": msgspec.to_builtins(self.measured)}

    def count(self, verdict: str) -> int:
        """In how many places it stands so."""
        return sum(one.verdict == verdict for one in self.measured)


class _Rows(Draft):
    """Counts of rows: measured ones, of which some surely or perhaps have a grade; and the same of those perhaps measured."""

    rows: int = 0
    sure: int = 0
    maybe: int = 0
    unsure: int = 0
    unsure_not: int = 0
    unsure_maybe: int = 0


def attained(outputs: Outputs, knowledge: Knowledge, targets: Iterable[Target], scales: Collection[str | None]) -> tuple[Attained, ...]:
    """The targets for the scales that the results hold, each measured in every place or on all rows."""
    return tuple(_attained(outputs, target) for target in targets if target.scale in scales)


def _attained(outputs: Outputs, target: Target) -> Attained:
    by = target.by if target.by in outputs.groups else ""
    among = target.among[0] if target.among else ""
    no_among = bool(among) and among not in outputs.groups
    found = _counted(outputs, target, by, no_among)
    if by and set(found) == {""}:
        by = ""  # no row says where it belongs: all are one place
    nowhere = found.pop("", None) if by else None
    measured = [_measured(target, place, rows, nowhere) for place, rows in sorted(found.items())]
    return Attained(
        id=target.rule.id,
        scale=target.scale,
        grades=target.grades,
        at_least=None if target.at_least is None else float(target.at_least),
        at_most=None if target.at_most is None else float(target.at_most),
        unit=target.unit,
        by=by,
        among=among,
        no_by=bool(target.by) and not by,
        no_among=no_among,
        measured=tuple(measured[:MOST_PLACES]),
        target=target,
    )


def _counted(outputs: Outputs, target: Target, by: str, no_among: bool) -> dict[str, _Rows]:
    """The rows of each place; those that name none stand under an empty text."""
    grades = f"[{', '.join(map(literal, target.grades))}]"
    opened = "coalesce(status, '') = 'undetermined'"
    none = "coalesce(len(reachable), 0) = 0"
    certain = f"NOT {none} AND list_has_all({grades}, reachable)"
    sure = f"(CASE WHEN {opened} THEN {certain} ELSE coalesce(grade IN {_in(target.grades)}, FALSE) END)"
    maybe = f"({sure} OR ({opened} AND ({none} OR list_has_any(reachable, {grades}))))"
    inside, unsure = _among(target, no_among)
    place = f"coalesce(trim({quoted(GROUP + by)}), '')" if by else "''"
    counts = ", ".join(
        f"count(*) FILTER ({test})"
        for test in (
            inside,
            f"{inside} AND {sure}",
            f"{inside} AND {maybe}",
            unsure,
            f"{unsure} AND NOT {sure}",
            f"{unsure} AND {maybe}",
        )
    )
    query = f"SELECT {place}, {counts} FROM result WHERE scale = {literal(target.scale)} GROUP BY 1"
    return {row[0]: _Rows(*map(int, row[1:])) for row in outputs.all(query)}


def _in(names: Iterable[str]) -> str:
    return f"({', '.join(map(literal, names))})"


def _among(target: Target, no_among: bool) -> tuple[str, str]:
    """Tests of a row: is it measured, and is it not known whether it is?"""
    if target.among is None:
        return "TRUE", "FALSE"
    if no_among:
        return "FALSE", "TRUE"
    name, values = target.among
    text = f"coalesce(lower(trim({quoted(GROUP + name)})), '')"
    return f"{text} IN {_in(value.lower() for value in values)}", f"{text} = ''"


def _measured(target: Target, place: str, own: _Rows, nowhere: _Rows | None) -> Measured:
    """A place. Rows that name none may belong to it, too."""
    against, perhaps, unsure = own.unsure_not, own.unsure_maybe, own.unsure
    if nowhere is not None:
        unsure += nowhere.rows + nowhere.unsure
        against += nowhere.rows - nowhere.sure + nowhere.unsure_not
        perhaps += nowhere.maybe + nowhere.unsure_maybe
    low: Fraction | None = Fraction(own.sure)
    high: Fraction | None = Fraction(own.maybe + perhaps)
    if target.unit == "percent":
        low = Fraction(100 * own.sure, own.rows + against) if own.rows + against else Fraction(100) if perhaps else None
        high = Fraction(100 * (own.maybe + perhaps), own.rows + perhaps) if own.rows + perhaps else Fraction(0) if against else None
    if low is None or high is None or not (own.rows or unsure):
        return Measured(place, NONE, own.rows, unsure, None, None)
    return Measured(place, _verdict(target, low, high), own.rows, unsure, float(low), float(high))


def _verdict(target: Target, low: Fraction, high: Fraction) -> str:
    least, most = (None if bound is None else Fraction(bound) for bound in (target.at_least, target.at_most))
    if (least is not None and high < least) or (most is not None and low > most):
        return MISSED
    if (least is None or low >= least) and (most is None or high <= most):
        return MET
    return OPEN
