"""Every case that comes with dingji, graded by the statement of its plan and one by one: `python tests/batch/whole.py [PLANS]`.

Each case is graded as it is written, and once more with a part of its facts left out. Prints a line for each plan, and at the end
how many plans and rows there were, how many of the rows were in doubt, and every difference; exit 1 if there is any.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import dingji
from dingji.batch.engine import AGAIN, Engine, Numbered, connect
from dingji.batch.inputs import rows_of_cases
from dingji.batch.register import ROW, literal
from dingji.batch.results import comparable, single
from dingji.cases.model import Case
from dingji.errors import CaseError
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge
from dingji.records import replace

KEPT = 0.75
"""The share of the facts that stay where a part is left out."""


class Outcome(NamedTuple):
    """What a statement made of the cases of a plan. `doubtful`: rows that it left to the single-case path."""

    rows: int
    doubtful: int
    differences: tuple[str, ...]


def cases_by_plan(kb: Knowledge, files: Iterable[Path] = (bundled("cases"),), seed: int = 3) -> list[list[Case]]:
    """The cases of some files and folders, and their copies with fewer facts, by the plan that grades them.

    Plans in which no instrument decides have no statement, and are left out.
    """
    draw = random.Random(seed)
    found: dict[int, tuple[Plan, list[Case]]] = {}
    for read in (read for file in files for read in rows_of_cases(file, kb)):
        if read.case is None:
            continue
        knowledge = under(kb, read.case.profile)
        plan = plan_for(knowledge, read.case.facts(), read.case.as_of)
        if any(applied.instrument.decides for applied in plan.applied):
            found.setdefault(id(plan), (plan, []))[1].extend([read.case, thinner(knowledge, plan, read.case, draw)])
    return [cases for _, cases in found.values()]


def thinner(knowledge: Knowledge, plan: Plan, case: Case, draw: random.Random) -> Case:
    """The case with fewer facts, of which the same plan grades it; as it is, if by chance another would."""
    kept = {*knowledge.index, *knowledge.dated}  # without the latter it would be no case that a reader gives
    fewer = {name: one for name, one in case.statements.items() if name in kept or draw.random() < KEPT}
    copy = replace(case, id=f"{case.id}-thinner", statements=fewer)
    return copy if plan_for(knowledge, copy.facts(), copy.as_of) is plan else case


def outcome(kb: Knowledge, cases: list[Case]) -> Outcome:
    """Grade cases of one plan both ways. Whatever SQL may grade, it grades, were it a single row."""
    engine = Engine(kb, connect(threads=1), worth=1)
    numbered: list[Numbered] = list(enumerate(cases, 1))
    with tempfile.TemporaryDirectory() as folder:
        graded = engine.grade(numbered, Path(folder))
        by_statement: dict[int, dict[str, Any]] = {}
        for file in graded.files:
            cursor = engine.connection.execute(f"SELECT * FROM read_parquet({literal(str(file))})")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            by_statement |= {row[ROW]: row for row in rows if not row.get(AGAIN)}
    refused = {reject.row for reject in graded.rejects}
    return Outcome(len(cases), graded.singly + len(refused), tuple(_differences(kb, numbered, by_statement)))


def _differences(kb: Knowledge, numbered: list[Numbered], by_statement: dict[int, dict[str, Any]]) -> Iterator[str]:
    for number, case in numbered:
        try:
            wanted = comparable(single(number, kb, case))
        except CaseError:
            wanted = None
        got = comparable(by_statement[number]) if number in by_statement else None
        if wanted != got:
            parts = [name for name in (wanted or got or {}) if (wanted or {}).get(name) != (got or {}).get(name)]
            said = "; ".join(f"{name}: {(wanted or {}).get(name)} by one, {(got or {}).get(name)} by the statement" for name in parts)
            yield f"{case.place.file} {case.id}: {said}"


def main(most: int | None = None) -> int:
    """All plans, or so many drawn at random."""
    kb = dingji.load()
    start = time.monotonic()
    groups = cases_by_plan(kb)
    random.Random(0).shuffle(groups)
    total = Outcome(0, 0, ())
    for number, cases in enumerate(groups[:most], 1):
        found = outcome(kb, cases)
        total = Outcome(total.rows + found.rows, total.doubtful + found.doubtful, total.differences + found.differences)
        seconds = time.monotonic() - start
        print(f"{number}/{len(groups)} {seconds:.0f} s: {found.rows} rows, {found.doubtful} in doubt, {cases[0].id}", flush=True)
        for line in found.differences:
            print("DIFFERENCE", line, flush=True)
    share = 100 * total.doubtful / max(total.rows, 1)
    print(f"{len(groups[:most])} plans, {total.rows} rows, {total.doubtful} in doubt ({share:.1f} %), {len(total.differences)} differences")
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
