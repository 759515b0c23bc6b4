"""How long explanations take, with the whole knowledge base loaded: `python benchmarks/explanations.py`.

- `why-not`, for each grade that the case has not: what it takes beyond the evaluation that it starts with, as grading does;
- `what-if --set`: what it takes beyond grading the case and the changed case;
- sensitivity: every fact that turns the grade by itself, and where;
- `what-if --to` with up to three changes, from nothing compiled: until all sets are searched, or until its time is over (2 s);
- an HTML page with all its sections, from a graded case, with what would change the grade; and its size.

Prints Markdown tables. Bars: 5 ms beyond grading; 200 ms for the sensitivity of 40 facts; 2 s for three changes of a case of 60
facts; 50 ms and 400 kB a page.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import Any

from one_case import timed

import dingji
from dingji.cases.model import Case
from dingji.inference.run import run
from dingji.knowledge import bundled
from dingji.reasoning.explanation.why_not import why_not
from dingji.reasoning.variation.what_if import WhatIf, read_statement
from dingji.reports import render
from dingji.reports.what_if import changes_on_page

CASES = bundled("cases")
RUNS = 25
ASKED = {
    "power-grid/photovoltaic-under-500kv.yaml": ("photovoltaic-under-500kv", "potential_deaths=10"),
    "power-grid/ten-deaths-possible.yaml": ("ten-deaths-possible", "potential_deaths=2"),
    "power-grid/examples/distribution.yaml": ("roadside-pole", "potential_deaths=10"),
    "hazards/worked/construction-2024.yaml": ("con-worked-basement-2024", "work_contracted=true"),
    "hazards/worked/major-fire-2017.yaml": ("fire-2017-worked-4", "auto_fire_alarm_works=false"),
    "hazards/worked/trade-2023.yaml": ("trade-worked-cigarette-factory", ""),
}
"""Cases by their files, each with a change that it is asked about: the worked disputes, and those with the most facts."""


def case_of(kb: dingji.Knowledge, path: str, name: str) -> Case:
    return next(c for c in dingji.read_cases(CASES / path) if c.id == name).check(kb)


def ms(function: Callable[[], Any]) -> float:
    """Median milliseconds of a call."""
    return timed(function, RUNS)[0] * 1e3


def beyond_grading(kb: dingji.Knowledge, case: Case, change: str) -> str:
    found = dingji.grade(kb, case).determination
    assert found is not None, "each of the cases has one"
    grading = ms(lambda: dingji.grade(kb, case))
    evaluating = ms(lambda: run(kb, case.facts(), case.as_of))
    cells = [f"{case.id} ({len(case.facts())} facts)", f"{grading:.1f}"]
    asked = [grade.id for grade in kb.scales[found.scale].grades if grade.id != found.grade]
    took = {name: ms(lambda n=name: why_not(kb, case, grade=n)) - evaluating for name in asked}  # type: ignore[misc]
    cells.append(", ".join(f"{name} {more:.1f}" for name, more in took.items()))
    if change:
        statement = read_statement(change, case, kb)
        # the changed case is graded as well: its share is grading
        changed = WhatIf(kb, case).with_statements([statement]).case
        both = grading + ms(lambda: dingji.grade(kb, changed))
        cells.append(f"{ms(lambda: WhatIf(kb, case).difference([statement])) - both:.1f}")
    else:
        cells.append("")
    what_if = WhatIf(kb, case)
    cells.append(f"{ms(lambda: WhatIf(kb, case).hinges()):.0f} ({len(what_if.variations.slots())})")
    return "| " + " | ".join(cells) + " |"


def ways(kb: dingji.Knowledge, case: Case) -> list[str]:
    rows = []
    what_if = WhatIf(kb, case)
    for grade in what_if.variations.scale.grades:
        start = time.perf_counter()
        found = WhatIf(kb, case).ways(grade.id)
        took = time.perf_counter() - start
        if not found.already:
            sizes = ", ".join(map(str, found.complete)) or "none"
            end = "time over" if found.cut_off else "to the end"
            rows.append(f"| {case.id} ({len(case.facts())} facts) | {grade.id} | {took:.2f} | {found.found} | {sizes} | {end} |")
    return rows


def page(kb: dingji.Knowledge, case: Case) -> str:
    result = dingji.grade(kb, case)
    changes = changes_on_page(WhatIf(kb, case).hinges(), kb, "en")
    made = ""

    def write() -> None:
        nonlocal made
        made = render(result, kb, form="html", language="en", detail="full", changes=changes)

    took = ms(write)
    looked = ms(lambda: WhatIf(kb, case).hinges(0.2))
    return f"| {case.id} | {took:.0f} | {looked:.0f} | {len(made.encode()) / 1000:.0f} |"


def main() -> None:
    kb = dingji.load()
    cases = [(case_of(kb, path, name), change) for path, (name, change) in ASKED.items()]
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores; {len(kb.rules)} rules; medians in milliseconds\n")
    print("| case | grading | `why-not`, more than the evaluation | `what-if --set`, more than grading twice | sensitivity (of so many) |")
    print("|---|---|---|---|---|")
    for case, change in cases:
        print(beyond_grading(kb, case, change))
    print("\n| `what-if --to`, up to three changes | grade | seconds | ways | sizes searched | ended |\n|---|---|---|---|---|---|")
    for case, _ in cases:
        print("\n".join(ways(kb, case)))
    print("\n| HTML page | render | look for what changes the grade | kB |\n|---|---|---|---|")
    for case, _ in cases:
        print(page(kb, case))


if __name__ == "__main__":
    main()
