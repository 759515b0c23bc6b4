"""Rows of a result graded again by the single-case path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dingji.batch.results import comparable, single
from dingji.cases.model import Case
from dingji.errors import CaseError, Problem
from dingji.knowledge.model import Knowledge

Drawn = Mapping[int, tuple[Case, Mapping[str, str]]]
"""The number of a row -> its case and the texts of its group columns."""


def differences(place: str, knowledge: Knowledge, profile: str | None, drawn: Drawn, rows: Mapping[int, dict[str, Any]]) -> list[Problem]:
    """A problem (X007) for each drawn case whose row is not what the single-case path gives; a case that it refuses has no row."""
    problems = []
    for number, (case, group) in sorted(drawn.items()):
        try:
            wanted = comparable(single(number, knowledge, case, profile, group))
        except CaseError:
            wanted = None
        got = comparable(rows[number]) if number in rows else None
        if wanted != got:
            parts = sorted(name for name in (wanted or got or {}) if (wanted or {}).get(name) != (got or {}).get(name))
            message = f"row {number} ({case.id}) differs from the single-case path in {', '.join(parts)}"
            problems.append(Problem(place, 0, 0, "X007", message, "no output is written; please report this with the row"))
    return problems
