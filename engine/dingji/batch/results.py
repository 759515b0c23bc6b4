"""The rows of a result: the columns of every output, and a single-case result in the same form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dingji.batch.register import KEY, ROW
from dingji.batch.statement.missing import is_open, missing
from dingji.batch.statement.schema import AS_OF
from dingji.cases.model import Case
from dingji.grading import grade
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Finding, Result

FINDING = (
    "STRUCT(instrument TEXT, grade TEXT, status TEXT, reachable TEXT[], fired TEXT[], undecided TEXT[], "
    "score_of TEXT, score_low DOUBLE, score_high DOUBLE)[]"
)
COLUMNS = {
    ROW: "BIGINT",
    KEY: "TEXT",
    AS_OF: "DATE",
    "scale": "TEXT",
    "grade": "TEXT",
    "status": "TEXT",
    "reachable": "TEXT[]",
    "differ": "BOOLEAN",
    "findings": FINDING,
    "flags": "TEXT[]",
    "duties": "STRUCT(id TEXT, due DATE)[]",
    "missing": "TEXT[]",
}
"""Name and SQL type of every column of a result; those of the group columns (`with_group`) follow."""
GROUP = "group."


def grouped(names: Iterable[str]) -> tuple[str, ...]:
    """The columns that a result has for the group columns of a mapping."""
    return tuple(GROUP + name for name in names)


def with_group(names: Iterable[str]) -> dict[str, str]:
    """Name and SQL type of every column of the result of a register with these group columns."""
    return {**COLUMNS, **dict.fromkeys(grouped(names), "TEXT")}


def single(
    row: int, knowledge: Knowledge, case: Case, profile: str | None = None, group: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The row that the single-case path gives for a case. `group` are the texts of the group columns.

    Raises CaseError as `grade` does.
    """
    result = grade(knowledge, case, profile=profile)
    unknown = missing(knowledge, case, profile) if is_open(result) else []
    return {**plain(row, result, unknown), **{GROUP + name: text for name, text in (group or {}).items()}}


def plain(row: int, result: Result, unknown: list[str]) -> dict[str, Any]:
    """A single-case result as a row of a register's result; `single` knows what is missing."""
    found = result.determination
    return {
        ROW: row,
        KEY: result.case,
        AS_OF: result.as_of,
        "scale": found.scale if found else None,
        "grade": found.grade if found else None,
        "status": found.status if found else None,
        "reachable": list(found.reachable) if found else [],
        "differ": result.disagreement.differ,
        "findings": [_finding(finding) for finding in result.findings],
        "flags": [flag.id for flag in result.flags],
        "duties": [{"id": duty.id, "due": duty.due} for duty in result.duties],
        "missing": unknown,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    score = finding.score
    low, high = _bounds(score.value) if score else (None, None)
    return {
        "instrument": finding.instrument,
        "grade": finding.grade,
        "status": finding.status,
        "reachable": list(finding.reachable),
        "fired": list(finding.fired),
        "undecided": list(finding.undecided),
        "score_of": score.fact if score else None,
        "score_low": low,
        "score_high": high,
    }


def _bounds(shown: str) -> tuple[float | None, float | None]:
    """The ends of a value as `Partial` shows it: `3`, `1 | 3` or `2 .. 5`, open ends as `..`."""
    if " .. " in shown:
        low, high = shown.split(" .. ")
        return (None if low == ".." else float(low)), (None if high == ".." else float(high))
    values = [float(part) for part in shown.split(" | ")]
    return min(values), max(values)


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """A row for comparison: rules as sets, duties without their order, scores without the last digits of a double."""
    kept = [*COLUMNS, *(name for name in row if name.startswith(GROUP))]
    found = {name: row[name] for name in kept if name not in (ROW, "findings", "duties", AS_OF)}
    found[AS_OF] = str(row[AS_OF])
    found["duties"] = sorted((duty["id"], str(duty["due"])) for duty in row["duties"])
    found["findings"] = [_comparable(finding) for finding in row["findings"]]
    return found


def _comparable(finding: dict[str, Any]) -> dict[str, Any]:
    scored = finding["score_low"] is not None or finding["score_high"] is not None
    rules = {name: sorted(finding[name]) for name in ("fired", "undecided")}
    ends = {name: None if finding[name] is None else f"{finding[name]:.9g}" for name in ("score_low", "score_high")}
    return {**finding, **rules, **ends, "score_of": finding["score_of"] if scored else None}
