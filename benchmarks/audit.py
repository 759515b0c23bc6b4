"""How long it takes to audit 10,000 records, and what one record costs: `python benchmarks/audit.py [RECORDS] [CASES]`.

Real cases from everywhere below `cases/` are graded by the whole knowledge base and recorded, over and over with other times until
there are RECORDS; those whose grade is settled, and apart, a tenth as many that are not.
Then the folder is audited as `dingji audit` does it, by two processes: every file read, sealed and chained,
every record replayed from the knowledge it carries and from the base. Nothing is compiled or loaded beforehand.

Prints a Markdown table. Bars: 10,000 records in 60 s on two cores; memory that does not grow with the number of records.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import dingji
from dingji.audit.chain import append, name_of
from dingji.audit.model import DeterminationRecord, Options
from dingji.audit.record import Recorder
from dingji.audit.statement import encode
from dingji.audit.verify import Settings, audit
from dingji.cases.folder import cases_below
from dingji.knowledge import bundled
from dingji.records import replace


def real_records(knowledge: Path, count: int, settled: bool) -> tuple[list[DeterminationRecord], list[float]]:
    """Records of real cases spread evenly over all that can be graded, and the seconds that each took beside its grading."""
    kb = dingji.load(knowledge)
    recorder = Recorder(kb, knowledge)
    cases = [case for _, case in cases_below([bundled("cases")])]
    found: list[DeterminationRecord] = []
    times: list[float] = []
    for case in cases[:: max(1, len(cases) // count)]:
        try:
            result = dingji.grade(kb, case)
        except dingji.DingjiError:
            continue
        if settled is bool(result.unknown):
            continue  # what is not settled costs more: grading ranks what to ask, twice in each replay
        start = time.perf_counter()
        found.append(recorder.record(case, result, options=Options()))
        times.append(time.perf_counter() - start)
    return found, times


def write(folder: Path, records: list[DeterminationRecord], count: int) -> float:
    """A chain of so many records; the median seconds of an append that is synced."""
    synced = os.fsync
    times = []
    for number in range(count):
        record = replace(records[number % len(records)], time=f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z")
        if number == 50:  # what is measured here is reading: the rest is written without waiting for the disk
            os.fsync = lambda fd: None
        start = time.perf_counter()
        append(folder, record)
        times.append(time.perf_counter() - start)
    os.fsync = synced
    return statistics.median(times[:50])


def generate(folder: Path, knowledge: Path, count: int, kinds: int, settled: bool) -> list[str]:
    """Write the chain; rows about its records."""
    records, times = real_records(knowledge, kinds, settled)
    sizes = [len(encode(record)) // 1000 for record in records]
    appended = write(folder, records, count)
    total = sum((folder / name_of(number)).stat().st_size for number in range(1, count + 1))
    knowledges = len({record.embedded.digest for record in records})
    median, most = statistics.median(sizes), sorted(sizes)[len(sizes) * 9 // 10]
    return [
        f"| {len(records)} real cases, {'settled' if settled else 'not settled'} | {knowledges} kinds of knowledge |",
        f"| one record: median, 90 %, largest | {median:.0f}, {most}, {max(sizes)} kB |",
        f"| all {count:,} records | {total / 1e9:.2f} GB |",
        f"| making a record with its replay (median) | {statistics.median(times) * 1e3:.0f} ms |",
        f"| appending it, synced (median) | {appended * 1e3:.1f} ms |",
    ]


def audited(folder: Path, knowledge: Path, expected: int) -> str:
    """Audit a chain by two processes; the row about it."""
    start = time.perf_counter()
    found = audit(folder, Settings("2026-11-22", (str(knowledge),)), workers=2)
    seconds = time.perf_counter() - start
    same = sum(1 for v in found.verdicts if v.embedded and v.base and v.embedded.verdict == v.base.verdict == "reproduced")
    assert same == expected, f"{expected - same} records do not replay"
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    peaks = f"{own.ru_maxrss / 1024:.0f} and {children.ru_maxrss / 1024:.0f} MB"
    what = f"audit of {expected:,} records: wall, processor, peak of the parent and of a worker"
    return f"| **{what}** | **{seconds:.1f} s**, {cpu:.1f} s, {peaks} |"


def part_of(folder: Path, part: Path, count: int) -> Path:
    """The first records of a chain as a folder."""
    part.mkdir()
    for number in range(1, count + 1):
        os.link(folder / name_of(number), part / name_of(number))
    return part


def main(count: int, kinds: int) -> None:
    print(
        f"CPython {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n\n| what | value |\n|---|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        knowledge = shutil.copytree(bundled("knowledge"), Path(folder, "knowledge"))  # somebody may edit ours meanwhile
        # a process of its own for each step: none counts the memory of another
        spawn = get_context("spawn")
        for settled, records, parts in ((True, count, (count // 4, count)), (False, count // 10, (count // 10,))):
            path = Path(folder, f"records-{records}")
            with spawn.Pool(1) as pool:
                print("\n".join(pool.apply(generate, (path, knowledge, records, kinds, settled))), flush=True)
            for part in parts:
                where = path if part == records else part_of(path, Path(folder, "part"), part)
                with ProcessPoolExecutor(1, spawn) as runner:
                    print(runner.submit(audited, where, knowledge, part).result(), flush=True)


if __name__ == "__main__":
    main(*(int(a) for a in (*sys.argv[1:], *("10000", "100")[len(sys.argv) - 1 :])))
