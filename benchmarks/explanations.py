"""How long explanations take, with the whole knowledge base loaded: `python benchmarks/explanations.py`.

- `why-not`, for each grade that the case has not: what it takes beyond the evaluation that it starts with, as grading does; once
  in a process that has explained cases of the same plan, once without what these leave (what depends on no case stays: conditions
  taken apart, and what they lack where nothing is known of what they read);
- `what-if --set`: what it takes beyond grading the case and the changed case;
- sensitivity: every fact that turns the grade by itself, and where;
- `what-if --to` with up to three changes, from nothing compiled: until all sets are searched, or until its time is over (2 s);
- an HTML page with all its sections, from a graded case, with what would change the grade; and its size.

Prints Markdown tables, and at the end each bar with what comes nearest to it or goes furthest beyond. Bars: 5 ms beyond grading;
200 ms for the sensitivity of 40 facts; 2 s for three changes of a case of 60 facts; 50 ms and 400 kB a page. Time on the
processor is what counts: on a shared machine the time on the wall tells what others do. What other work does to the caches
still shows, so a bar that is missed narrowly is to be measured again on a quiet machine.
"""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import dingji
from dingji.cases.model import Case
from dingji.inference.plan import plan_for
from dingji.inference.run import run
from dingji.knowledge import bundled
from dingji.reasoning.explanation.why_not import why_not
from dingji.reasoning.variation.what_if import WhatIf, read_statement
from dingji.reports import render
from dingji.reports.what_if import changes_on_page

CASES = bundled("cases")
RUNS, MOST_RUNS, SECONDS = 25, 150, 0.5
"""So many calls at least; more for a second, since on a shared machine the best of a few is luck."""
ASKED = {
    "power-grid/photovoltaic-under-500kv.yaml": ("photovoltaic-under-500kv", "potential_deaths=10"),
    "power-grid/ten-deaths-possible.yaml": ("ten-deaths-possible", "potential_deaths=2"),
    "power-grid/examples/distribution.yaml": ("roadside-pole", "potential_deaths=10"),
    "hazards/worked/construction-2024.yaml": ("con-worked-basement-2024", "work_contracted=true"),
    "hazards/worked/major-fire-2017.yaml": ("fire-2017-worked-4", "auto_fire_alarm_works=false"),
    "hazards/worked/trade-2023.yaml": ("trade-worked-cigarette-factory", ""),
}
"""Cases by their files, each with a change that it is asked about: the worked disputes, those with the most facts, and those
that have the most rules to look through (ten-deaths-possible, roadside-pole, fire-2017-worked-4, photovoltaic-under-500kv)."""
BARS = {
    "why-not": ("`why-not` beyond the evaluation, ms", 5.0),
    "anew": ("the same, nothing kept of other cases, ms", 5.0),
    "what-if": ("`what-if --set` beyond grading twice, ms", 5.0),
    "sensitivity": ("sensitivity of all facts, ms", 200.0),
    "to": ("`what-if --to`, until all sets are searched, s", 2.0),
    "page": ("HTML page, ms", 50.0),
    "size": ("HTML page, kB", 400.0),
}
measured: dict[str, list[tuple[float, str]]] = {bar: [] for bar in BARS}
"""What was measured for each bar, and of what."""


def held(bar: str, of: str, took: float) -> str:
    """Notes a figure for its bar; a mark if it is beyond."""
    measured[bar].append((took, of))
    return " **over**" if took > BARS[bar][1] else ""


def verdicts() -> str:
    """Each bar with the figure that comes nearest to it or goes furthest beyond."""
    rows = ["| bar | at most | worst | of | figures | result |", "|---|---|---|---|---|---|"]
    for bar, (what, limit) in BARS.items():
        worst, of = max(measured[bar])
        over = sum(took > limit for took, _ in measured[bar])
        result = f"FAIL ({over} over)" if over else "pass"
        rows.append(f"| {what} | {limit:g} | {worst:.1f} | {of} | {len(measured[bar])} | {result} |")
    return "\n".join(rows)


def case_of(kb: dingji.Knowledge, path: str, name: str) -> Case:
    return next(c for c in dingji.read_cases(CASES / path) if c.id == name).check(kb)


class Took(NamedTuple):
    """The best wall time and the best time on the processor, in milliseconds: the second is not spoilt by other work."""

    wall: float
    cpu: float

    def __sub__(self, other: Any) -> Took:
        return Took(self.wall - other.wall, self.cpu - other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:.1f} / {self.cpu:.1f}"


def ms(function: Callable[[], Any], runs: int = RUNS) -> Took:
    """The best of many calls; the garbage collector rests, as in timeit."""
    function()
    walls: list[float] = []
    times: list[float] = []
    gc.disable()
    begun = time.perf_counter()
    while len(times) < runs or (len(times) < MOST_RUNS and time.perf_counter() - begun < SECONDS):
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        times.append(time.process_time() - cpu)
        walls.append(time.perf_counter() - wall)
    gc.enable()
    return Took(min(walls) * 1e3, min(times) * 1e3)


def beyond(function: Callable[[], Any], part: Callable[[], Any]) -> Took:
    """What a function takes more than a part of it: called in turns, since a machine may change its speed between them."""
    wholes, parts = [], []
    for _ in range(4):
        wholes.append(ms(function, RUNS // 4))
        parts.append(ms(part, RUNS // 4))
    best = [Took(min(t.wall for t in of), min(t.cpu for t in of)) for of in (wholes, parts)]
    return best[0] - best[1]


def beyond_grading(kb: dingji.Knowledge, case: Case, change: str) -> str:
    found = dingji.grade(kb, case).determination
    assert found is not None, "each of the cases has one"
    grading = ms(lambda: dingji.grade(kb, case))
    memo = plan_for(kb, case.facts(), case.as_of).memo

    def anew(grade: str) -> None:
        # what other cases of the same plan have left is not used
        for kept in ("lacks", "leaves", "goals", "states"):
            memo.pop(kept, None)
        why_not(kb, case, grade=grade)

    cells = [f"{case.id} ({len(case.facts())} facts)", str(grading)]
    asked = [grade.id for grade in kb.scales[found.scale].grades if grade.id != found.grade]

    def evaluate() -> object:
        return run(kb, case.facts(), case.as_of)

    took = {name: beyond(partial(why_not, kb, case, grade=name), evaluate) for name in asked}
    first = {name: beyond(partial(anew, name), evaluate) for name in asked}
    for bar, figures in (("why-not", took), ("anew", first)):
        cells.append(", ".join(f"{name} {more}{held(bar, f'{case.id} {name}', more.cpu)}" for name, more in figures.items()))
    if change:
        statement = read_statement(change, case, kb)
        # the changed case is graded as well: its share is grading
        changed = WhatIf(kb, case).with_statements([statement]).case
        more = beyond(lambda: WhatIf(kb, case).difference([statement]), lambda: (dingji.grade(kb, case), dingji.grade(kb, changed)))
        cells.append(f"{more}{held('what-if', case.id, more.cpu)}")
    else:
        cells.append("")
    what_if = WhatIf(kb, case)
    slots, looked = len(what_if.variations.slots()), ms(lambda: WhatIf(kb, case).hinges())
    cells.append(f"{looked} ({slots}){held('sensitivity', case.id, looked.cpu)}")
    return "| " + " | ".join(cells) + " |"


def ways(kb: dingji.Knowledge, case: Case) -> list[str]:
    rows = []
    what_if = WhatIf(kb, case)
    for grade in what_if.variations.scale.grades:
        wall, cpu = time.perf_counter(), time.process_time()
        found = WhatIf(kb, case).ways(grade.id)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if not found.already:
            sizes = ", ".join(map(str, found.complete)) or "none"
            end = "time over" if found.cut_off else "to the end"
            measured["to"].append((max(wall, BARS["to"][1] + 0.01) if found.cut_off else wall, f"{case.id} {grade.id}"))
            rows.append(
                f"| {case.id} ({len(case.facts())} facts) | {grade.id} | {wall:.2f} / {cpu:.2f} | {found.found} | {sizes} | {end} |"
            )
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
    size = len(made.encode()) / 1000
    return f"| {case.id} | {took}{held('page', case.id, took.cpu)} | {looked} | {size:.0f}{held('size', case.id, size)} |"


def main() -> None:
    kb = dingji.load()
    cases = [(case_of(kb, path, name), change) for path, (name, change) in ASKED.items()]
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores; {len(kb.rules)} rules;", end=" ")
    print("best wall time / best time on the processor, in milliseconds\n")
    print("| case | grading | `why-not`, more than the evaluation | the same, nothing kept of other cases | ", end="")
    print("`what-if --set`, more than grading twice | sensitivity (of so many) |\n|---|---|---|---|---|---|")
    for case, change in cases:
        print(beyond_grading(kb, case, change))
    print("\n| `what-if --to`, up to three changes | grade | seconds | ways | sizes searched | ended |\n|---|---|---|---|---|---|")
    for case, _ in cases:
        print("\n".join(ways(kb, case)))
    print("\n| HTML page | render | look for what changes the grade | kB |\n|---|---|---|---|")
    for case, _ in cases:
        print(page(kb, case))
    print(f"\n{verdicts()}")


if __name__ == "__main__":
    main()
