"""What changed between two knowledge bases, and which cases are graded otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from dingji.cases.reader import CaseFile
from dingji.errors import DingjiError
from dingji.grading import grade
from dingji.knowledge.model import (
    Agreement,
    Crosswalk,
    EvidenceKind,
    FactDefinition,
    Instrument,
    Knowledge,
    Place,
    Profile,
    Reconciliation,
    Rule,
    ScaleDefinition,
    SourceDocument,
    Target,
    Verdicts,
    Words,
)
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.printer import to_source
from dingji.methods.model import Determination, Finding, Result
from dingji.records import Record, replace

Entry = (
    FactDefinition
    | Instrument
    | Rule
    | ScaleDefinition
    | Crosswalk
    | Reconciliation
    | Profile
    | SourceDocument
    | EvidenceKind
    | Agreement
    | Verdicts
    | Target
)


class Change(Record, frozen=True):
    """One entry that was added, removed or changed. `parts` are (what, before, after); `place` is where it stands now."""

    change: str
    kind: str
    id: str
    place: str
    parts: tuple[tuple[str, str, str], ...] = ()


class Outcome(Record, frozen=True):
    """What a determination or finding says: the grade, or all still reachable, and its status; or why there is no result."""

    grades: tuple[str, ...] = ()
    status: str = ""
    error: str = ""


class Regraded(Record, frozen=True):
    """A case whose result differs. `parts` are (determination, error or instrument, before, after)."""

    case: str
    parts: tuple[tuple[str, Outcome | None, Outcome | None], ...]


def changes(old: Knowledge, new: Knowledge) -> tuple[Change, ...]:
    """Entries of every kind that differ in meaning; where a thing stands takes no part."""
    found: list[Change] = []
    for kind, before, after in (
        ("instrument", old.instruments, new.instruments),
        ("rule", old.rules, new.rules),
        ("fact", old.facts, new.facts),
        ("scale", old.scales, new.scales),
        ("crosswalk", old.crosswalks, new.crosswalks),
        ("reconciliation", old.reconciliations, new.reconciliations),
        ("profile", old.profiles, new.profiles),
        ("source", old.sources, new.sources),
        ("evidence", old.evidence, new.evidence),
        ("verdicts", _verdicts(old), _verdicts(new)),
        ("agreement", _agreement(old), _agreement(new)),
        ("target", old.targets, new.targets),
    ):
        found += _compare(kind, before, after)
    return tuple(found + _policies(old, new))


_NOWHERE = Place("", 0, 0)


def _verdicts(base: Knowledge) -> dict[str, Verdicts]:
    return {v.id: v for v in base.agreement.verdicts} if base.agreement else {}


def _agreement(base: Knowledge) -> dict[str, Agreement]:
    """What is said of agreement beside the words for it."""
    if base.agreement is None:
        return {}
    return {base.agreement.rule.id: replace(base.agreement, verdicts=())}


def _compare(kind: str, old: Mapping[str, Entry], new: Mapping[str, Entry]) -> list[Change]:
    found = [Change("removed", kind, name, str(entry.place)) for name, entry in old.items() if name not in new]
    for name, entry in new.items():
        if name not in old:
            found.append(Change("added", kind, name, str(entry.place)))
        elif parts := _parts(old[name], entry):
            found.append(Change("changed", kind, name, str(entry.place), parts))
    return found


def _parts(old: Record, new: Record) -> tuple[tuple[str, str, str], ...]:
    pairs = ((name, _placeless(getattr(old, name)), _placeless(getattr(new, name))) for name in old.__struct_fields__ if name != "place")
    return tuple((name, *_told_apart(a, b)) for name, a, b in pairs if a != b)


def _placeless(value: Any) -> Any:
    """A part of an entry without where it stands: the rules of a profile are parts of it, and have places of their own."""
    if isinstance(value, tuple):
        return tuple(map(_placeless, value))
    return replace(value, place=_NOWHERE) if isinstance(value, Record) and "place" in value.__struct_fields__ else value


def _told_apart(old: Any, new: Any) -> tuple[str, str]:
    """Two values as text; of two lists only what the other one lacks."""
    if isinstance(old, tuple) and isinstance(new, tuple) and old and new and set(old) != set(new):
        return shown(tuple(x for x in old if x not in new)), shown(tuple(x for x in new if x not in old))
    if isinstance(old, t.Enum) and isinstance(new, t.Enum):
        return _told_apart(old.values, new.values)
    return shown(old), shown(new)


def _policies(old: Knowledge, new: Knowledge) -> list[Change]:
    """Tables whose policy or default differs; their rows are rules of their own."""
    before = {d.id: d for d in old.decisions}
    found = []
    for decision in new.decisions:
        was = before.get(decision.id)
        if was is None or decision.policy == "reconcile":
            continue
        pairs = (("policy", was.policy, decision.policy), ("default", was.default, decision.default))
        parts = tuple((name, shown(a), shown(b)) for name, a, b in pairs if a != b)
        if parts:
            place = new.rules[decision.rules[0]].place if decision.rules else ""
            found.append(Change("changed", "table", decision.id, str(place), parts))
    return found


def shown(value: Any) -> str:
    """A part of an entry as text."""
    match value:
        case None | () | "":
            return "-"
        case n.Node():
            return to_source(value)
        case Words():
            return value.en if value.en == value.zh else f"{value.en} / {value.zh}"
        case t.Number(low=low, high=high):
            return f"{t.describe(value)}, {'..' if low is None else low} to {'..' if high is None else high}"
        case t.Type():
            return t.describe(value)
        case tuple():
            return ", ".join(map(shown, value))
        case Place():
            return ""
        case Record():
            return ", ".join(f"{k} {shown(getattr(value, k))}" for k in value.__struct_fields__ if k != "place")
    return str(value)


def regraded(old: Knowledge, new: Knowledge, cases: Iterable[CaseFile], as_of: dt.date | None = None) -> tuple[Regraded, ...]:
    """The cases that the two bases grade differently, each by its own date unless `as_of` is given."""
    found = []
    for case in cases:
        before, after = _outcomes(old, case, as_of), _outcomes(new, case, as_of)
        parts = tuple((k, before.get(k), after.get(k)) for k in {**before, **after} if before.get(k) != after.get(k))
        if parts:
            found.append(Regraded(case.id, parts))
    return tuple(found)


def _outcomes(knowledge: Knowledge, case: CaseFile, as_of: dt.date | None) -> dict[str, Outcome]:
    try:
        result: Result = grade(knowledge, case, as_of=as_of)
    except DingjiError as error:
        return {"error": Outcome(error=error.problems[0].message)}
    outcomes = {f.instrument: _outcome(f) for f in result.findings}
    return {"determination": _outcome(result.determination), **outcomes} if result.determination else outcomes


def _outcome(found: Determination | Finding) -> Outcome:
    return Outcome((found.grade,) if found.grade else found.reachable, found.status)
