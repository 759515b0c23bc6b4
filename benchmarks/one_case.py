"""How long one case takes, step by step, and what a cold start costs: `python benchmarks/one_case.py`.

Everything is measured in one run on the worked dispute, with the whole knowledge base loaded:

- in process: the whole of `dingji.grade`, and the share of each of its steps;
- as a process: `dingji grade CASE` from a warm cache, its wall time and peak memory;
- knowledge: `kb check` (all files read and checked), and loading from the cache;
- side by side, call by call: cases under the whole base and under one from which every instrument that does not apply to
  them was removed, with its rules: the cost of a case must not depend on those.

Prints a Markdown table. Bars: 1 ms a case, 0.35 s and 120 MB a cold start; 3 s to read all knowledge, 60 ms from the cache;
within 5 % side by side.
"""

from __future__ import annotations

import dataclasses
import gc
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dingji
from dingji.cases.model import Case
from dingji.inference import durable
from dingji.inference.carry import check_carried
from dingji.inference.plan import plan_for
from dingji.inference.prover import prove
from dingji.knowledge import bundled, load
from dingji.methods.determination import determination, disagreement, duties, flags
from dingji.methods.findings import findings
from dingji.methods.proof import Prover

CASE = bundled("cases") / "power-grid" / "photovoltaic-under-500kv.yaml"
HAZARDS = bundled("cases") / "hazards" / "worked"
OTHERS = (CASE, HAZARDS / "trade-2023.yaml", HAZARDS / "coal-2026.yaml", HAZARDS / "major-fire-2017.yaml")
RUNS = 1000
PROCESSES = 15


def timed(function: Callable[[], Any], runs: int = RUNS) -> tuple[float, float]:
    """Median and minimum seconds of a call; the garbage collector rests, as in timeit."""
    function()
    times = []
    gc.disable()
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    gc.enable()
    return statistics.median(times), min(times)


def steps(kb: dingji.Knowledge) -> list[tuple[str, float, float]]:
    case = dingji.read_case(CASE).check(kb)
    dingji.grade(kb, case)
    facts = case.facts()
    plan = plan_for(kb, facts, case.as_of)
    evaluation = prove(plan, facts)
    truths = [evaluation.truths[i] for i in plan.tested]
    found = findings(evaluation, case, None)
    roots = [r for r in [plan.reconciliation and plan.reconciliation.decides, *(a.instrument.decides for a in plan.applied)] if r]

    def proof() -> None:
        prover = Prover(evaluation, case)
        for root in roots:
            prover.fact(root)

    measured: list[tuple[str, Callable[[], Any]]] = [
        ("find the plan", lambda: plan_for(kb, facts, case.as_of)),
        ("prove (reference evaluator)", lambda: prove(plan, facts)),
        ("encode the facts", lambda: plan.encoder.fields(evaluation.facts, truths)),
    ]
    if durable.available():
        fields = plan.encoder.fields(evaluation.facts, truths)
        measured.append(("fire (durable-rules)", lambda: plan.engine.fire(fields)))
    measured += [
        ("findings", lambda: findings(prove_again(), case, None)),
        ("determination, disagreement, duties", lambda: conclude(found)),
        ("proof", proof),
    ]

    def prove_again() -> Any:
        evaluation.memo.clear()
        return evaluation

    def conclude(found: Any) -> None:
        differs = disagreement(evaluation, found)
        determination(evaluation, case, differs.differ)
        flags(evaluation)
        duties(evaluation)

    return [(name, *timed(function)) for name, function in measured]


def without_foreign_instruments(kb: dingji.Knowledge, case: Case) -> dingji.Knowledge:
    """The knowledge base reduced to what applies to the case: other instruments leave, with their rules and tables."""
    kept = {a.instrument.id for a in plan_for(kb, case.facts(), case.as_of).applied}
    gone = kb.instruments.keys() - kept
    rules = {i: r for i, r in kb.rules.items() if r.owner not in gone}
    return dataclasses.replace(
        kb,
        instruments={i: x for i, x in kb.instruments.items() if i in kept},
        rules=rules,
        decisions=tuple(d for d in kb.decisions if d.owner not in gone),
        owned={owner: names for owner, names in kb.owned.items() if owner not in gone},
        plans={},
    )


def side_by_side(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[float, float]:
    """Median seconds of two calls that take turns, so that a slow moment of the machine meets both."""
    first(), second()
    times: tuple[list[float], list[float]] = ([], [])
    gc.disable()
    for number in range(RUNS):
        for index in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            (first, second)[index]()
            times[index].append(time.perf_counter() - start)
    gc.enable()
    return statistics.median(times[0]), statistics.median(times[1])


def process(*arguments: str) -> tuple[float, float, float]:
    """Median and minimum wall seconds of a command, and its peak memory in MB."""
    times = []
    peak = 0
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # as installed: compiled once
    for _ in range(PROCESSES + 1):
        start = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "dingji", *arguments], stdout=subprocess.DEVNULL, env=env) as child:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        times.append(time.perf_counter() - start)
        if child.returncode:
            sys.exit(f"dingji {' '.join(arguments)} ended with {child.returncode}")
        peak = max(peak, usage.ru_maxrss)
    return statistics.median(times[1:]), min(times[1:]), peak / 1024


def cold_starts() -> list[tuple[str, float, float, float]]:
    """Commands as processes: name, median and minimum seconds, peak megabytes."""
    commands = (("grade", str(CASE)), ("grade", str(CASE), "--detail", "full", "--lang", "zh"), ("kb", "check"))
    return [(" ".join(Path(a).name if "/" in a else a for a in c), *process(*c)) for c in commands]


def main() -> None:
    # first of all: a child counts the memory of the process it came from as its own
    cold = cold_starts()
    kb = dingji.load()
    case = dingji.read_case(CASE).check(kb)
    plan = plan_for(kb, case.facts(), case.as_of)
    print(
        f"CPython {platform.python_version()}, {os.cpu_count()} cores; {len(kb.rules)} rules, {len(plan.rules)} in the plan of the case\n"
    )
    print("| what | median | best |\n|---|---|---|")
    median, best = timed(lambda: dingji.grade(kb, case))
    print(f"| **one case, both evaluators, proof** | **{median * 1e3:.2f} ms** | {best * 1e3:.2f} ms |")
    rows = steps(kb)
    total = sum(row[1] for row in rows)
    for name, median, best in rows:
        print(f"| - {name} ({median / total:.0%}) | {median * 1e6:.0f} us | {best * 1e6:.0f} us |")
    median, best = timed(lambda: load(cache=True), 20)
    print(f"| load the knowledge from the cache | {median * 1e3:.0f} ms | {best * 1e3:.0f} ms |")
    median, best = timed(lambda: load(cache=False, verify=check_carried), 5)
    print(f"| read and check all knowledge | {median:.2f} s | {best:.2f} s |")
    for name, median, best, peak in cold:
        print(f"| `dingji {name}`, cold process, {peak:.0f} MB | {median:.2f} s | {best:.2f} s |")
    print("\n| side by side | whole base | only what applies | ratio |\n|---|---|---|---|")
    for path in OTHERS:
        other = dingji.read_cases(path)[0].check(kb)
        small = without_foreign_instruments(kb, other)
        assert dingji.grade(small, other).to_dict() == dingji.grade(kb, other).to_dict(), "both must say the same"
        whole, reduced = side_by_side(lambda o=other: dingji.grade(kb, o), lambda s=small, o=other: dingji.grade(s, o))  # type: ignore[misc]
        rules = f"{len(kb.rules)} and {len(small.rules)} rules"
        print(f"| {other.id} ({rules}) | {whole * 1e3:.3f} ms | {reduced * 1e3:.3f} ms | {whole / reduced:.3f} |")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of this process: {own:.0f} MB.")


if __name__ == "__main__":
    main()
