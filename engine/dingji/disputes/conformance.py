"""Disputes as tests: does the analysis of a dispute meet what the dispute expects?"""

from __future__ import annotations

from collections.abc import Iterable

from dingji.disputes.diagram import Outcome
from dingji.disputes.model import Dispute, Expectation
from dingji.disputes.ruling import Ruling, RulingError, rule
from dingji.disputes.settlement import Settlement
from dingji.knowledge.model import Knowledge


def check(knowledge: Knowledge, dispute: Dispute) -> list[str]:
    """Analyse a dispute and compare: one sentence for each expectation that is not met; empty if there is none to meet."""
    expected = dispute.expectation
    if expected is None:
        return []
    settlement = Settlement(dispute, knowledge)
    settlement.confirm()
    found = _sets("material", expected.material, (issue.id for issue in settlement.material))
    found += _sets("not material", expected.not_material, (u.issue for u in settlement.immaterial))
    found += _table(settlement, expected)
    found += _decides(settlement, expected)
    for verdict in settlement.verdicts:
        for what, wanted, value in (
            ("claim", (expected.claims or {}).get(verdict.party), verdict.status),
            ("claim reachable", (expected.reachable or {}).get(verdict.party), verdict.needs is not None),
        ):
            if wanted is not None and wanted != value:
                found.append(f"{verdict.party}: {what}: expected {wanted}, found {value}")
    if expected.grade is not None or expected.status is not None or dispute.ruling.findings:
        try:
            found += _ruling(rule(settlement), expected)
        except RulingError as error:
            found += [problem.message for problem in error.problems]
    return found


def _sets(what: str, expected: tuple[str, ...] | None, found: Iterable[str]) -> list[str]:
    listed = list(found)
    if expected is None or set(expected) == set(listed):
        return []
    return [f"{what}: expected {', '.join(expected) or 'none'}, found {', '.join(listed) or 'none'}"]


def _table(settlement: Settlement, expected: Expectation) -> list[str]:
    """Every combination of the material issues meets a row, and every row that it meets says what follows."""
    if not expected.table:
        return []
    wrong: list[str] = []
    used: set[int] = set()
    for choice, outcome in settlement.rows():
        matching = [n for n, row in enumerate(expected.table) if all(choice.get(id, p) == p for id, p in row.choice.items())]
        used.update(matching)
        shown = ", ".join(f"{id} {settlement.dispute.issue(id).positions[p].key}" for id, p in choice.items()) or "always"
        if not matching:
            wrong.append(f"table: no row for {shown}; found {_said(outcome)}")
        wrong += [
            f"table: {shown}: expected {_grades(expected.table[n].grades)}, found {_said(outcome)}"
            for n in matching
            if not _meets(expected.table[n].grades, outcome)
        ]
    idle = [str(n + 1) for n in range(len(expected.table)) if n not in used]
    return [*wrong, *([f"table: rows that no combination meets: {', '.join(idle)}"] if idle else [])]


def _meets(grades: tuple[str, ...] | None, outcome: Outcome) -> bool:
    if grades is None:
        return not outcome.grades
    return set(grades) == set(outcome.grades) and (len(grades) > 1 or outcome.settled)


def _grades(grades: tuple[str, ...] | None) -> str:
    return "refused" if grades is None else " or ".join(grades)


def _said(outcome: Outcome) -> str:
    return " or ".join(outcome.grades) if outcome.grades else "refused"


def _decides(settlement: Settlement, expected: Expectation) -> list[str]:
    if expected.decides is None:
        return []
    found = {way.outcome.grades[0]: len(way.sets[0]) for way in settlement.ways if way.outcome.settled}
    return [
        f"decides: {grade}: expected {size}, found {found.get(grade, 'never')}"
        for grade, size in expected.decides.items()
        if found.get(grade) != size
    ]


def _ruling(ruling: Ruling, expected: Expectation) -> list[str]:
    standing = ruling.standing()
    status = standing.status if standing is not None else "undetermined"
    pairs = (("grade", expected.grade, ruling.grade), ("status", expected.status, status))
    return [f"ruling: {what}: expected {wanted}, found {value}" for what, wanted, value in pairs if wanted is not None and wanted != value]
