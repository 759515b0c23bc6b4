"""Cases per second of a register, side by side with its peers: `python benchmarks/batch.py [ROWS]`.

One instrument, the trade list with its 65 items; random hazards in which facts are unknown. Everything runs over the same rules
and the same rows, in one run, each on all cores it can use:

- dingji: the compiled statement, Parquet to Parquet: grade, status, reachable grades, fired and undecided items;
- a query written by hand: the same 65 conditions as columns, the two lists of items, Parquet to Parquet;
- zen-engine (one expression node, with trace), clipspy and durable-rules, used directly, on a sample: the same two lists; then
  the fired items only, which is half the work (durable-rules through our port, too, which skips the library's slow loop);
- the command `dingji batch` over the whole knowledge base, in a process of its own, from Parquet with types and from CSV.

The lists of all of them are compared before anything is timed. Then memory at ten times the rows, and the cost per row
with a tenth of the rules and with ten times the rows. Prints a Markdown table with versions; exit 1 if results differ.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from batch_peers import LIST, PEERS, Fire, Lists, facts_read, items
from sqlglot import exp

import dingji
from dingji.batch.statement import sql as q
from dingji.batch.statement.compiler import compile_plan
from dingji.batch.statement.schema import Stored
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language import types as t

DAY = dt.date(2024, 7, 1)
KIND = {"subject": "hazard", "sector": "trade", "special_field": "none"}
SAMPLE = 2_000
NUMBER = (6, 1)
RUNS, TURNS = 3, 7


def only(kb: Knowledge, kept: set[str], most: int | None = None) -> Knowledge:
    """The knowledge base with these instruments alone; of their items the first `most`."""
    gone = kb.instruments.keys() - kept
    rules = {name: rule for name, rule in kb.rules.items() if rule.owner not in gone}
    items = [name for name, rule in rules.items() if rule.kind == "example"]
    dropped = set() if most is None else set(items[most:])
    return dataclasses.replace(
        kb,
        instruments={name: kb.instruments[name] for name in kept},
        rules={name: rule for name, rule in rules.items() if name not in dropped},
        decisions=tuple(_without(d, dropped) for d in kb.decisions if d.owner not in gone),
        owned={owner: tuple(x for x in names if x not in dropped) for owner, names in kb.owned.items() if owner not in gone},
        plans={},
    )


def _without(decision: Any, dropped: set[str]) -> Any:
    from dingji.records import replace

    return replace(decision, rules=tuple(name for name in decision.rules if name not in dropped))


def register(connection: Any, kb: Knowledge, rows: int, path: Path) -> None:
    """Random hazards: a defect in 6 % of the facts, 1.5 % of them unknown."""
    columns = ["i + 1 AS _row", "'H' || i AS _key", f"DATE '{DAY}' AS as_of"]
    for place, name in enumerate(facts_read(kb)):
        kind = kb.facts[name].type
        share = f"((hash(i * 1000 + {place}) % 1000) / 1000.0)"
        if isinstance(kind, t.Bool):
            columns.append(f'CASE WHEN {share} < 0.06 THEN TRUE WHEN {share} < 0.985 THEN FALSE END AS "{name}"')
        elif isinstance(kind, t.Enum):
            words = "[" + ", ".join(f"'{word}'" for word in kind.values) + "]"
            columns.append(f'CASE WHEN {share} < 0.97 THEN {words}[1 + (hash(i + {place}) % {len(kind.values)})::INT] END AS "{name}"')
        else:
            columns.append(f'CASE WHEN {share} < 0.97 THEN (hash(i + {place}) % 400)::DECIMAL({NUMBER[0]}, {NUMBER[1]}) END AS "{name}"')
    connection.execute(f"COPY (SELECT {', '.join(columns)} FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)")


def schema(kb: Knowledge) -> dict[str, Stored]:
    kinds = {name: kb.facts[name].type for name in facts_read(kb)}
    return {name: Stored(kind, *NUMBER) if isinstance(kind, t.Number) else Stored(kind) for name, kind in kinds.items()}


def compiled(plan: Plan, kb: Knowledge, path: Path) -> str:
    source = exp.select("*").from_(exp.to_table("facts"))
    return compile_plan(plan, schema(kb), source, ("_row", "_key")).sql().replace("FROM facts", f"FROM read_parquet('{path}')", 1)


def by_hand(kb: Knowledge, path: Path) -> str:
    """What a person would write: each condition once as a column, the lists by a filter."""
    conditions = [(rule.id, hand_condition(rule.when)) for rule in items(kb) if rule.when is not None]
    truths = ", ".join(f"({text}) AS t{i}" for i, (_, text) in enumerate(conditions))
    lists = []
    for test in ("t{i}", "t{i} IS NULL"):
        names = ", ".join(f"CASE WHEN {test.format(i=i)} THEN '{name}' END" for i, (name, _) in enumerate(conditions))
        lists.append(f"list_filter([{names}], lambda x: x IS NOT NULL)")
    any_true = " OR ".join(f"t{i}" for i in range(len(conditions)))
    grade = f"CASE WHEN {any_true} THEN 'major' END AS grade"
    return f"SELECT _row, _key, {grade}, {lists[0]} AS fired, {lists[1]} AS undecided FROM (SELECT *, {truths} FROM read_parquet('{path}'))"


def hand_condition(node: n.Node) -> str:
    match node:
        case n.Fact(name=name):
            return f'"{name}"'
        case n.Literal(value=value):
            return q.constant(value).node.sql("duckdb")
        case n.Not(operand=x):
            return f"(NOT {hand_condition(x)})"
        case n.And(operands=xs) | n.Or(operands=xs):
            return "(" + (" AND " if isinstance(node, n.And) else " OR ").join(map(hand_condition, xs)) + ")"
        case n.Compare(operands=(a, b), operators=(op,)):
            return f"({hand_condition(a)} {'=' if op == '==' else op} {hand_condition(b)})"
        case n.Member(operand=x, choices=choices, negated=negated):
            return f"({hand_condition(x)} {'NOT ' * negated}IN ({', '.join(map(hand_condition, choices))}))"
    raise TypeError(node)


def sample(connection: Any, kb: Knowledge, path: Path) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM read_parquet('{path}') ORDER BY _row LIMIT {SAMPLE}")
    names = [column[0] for column in cursor.description]
    read = set(facts_read(kb))
    found = []
    for row in cursor.fetchall():
        facts = {name: value for name, value in zip(names, row, strict=True) if name in read and value is not None}
        found.append({k: float(v) if not isinstance(v, bool | str) else v for k, v in facts.items()})
    return found


class Took(NamedTuple):
    """Seconds by the clock, and of the processor in all its cores: on a shared machine the second is the fairer."""

    wall: float
    cpu: float


def best(run: Callable[[], object], times: int = RUNS) -> Took:
    """The best of several runs, by either measure."""
    found = []
    for _ in range(times):
        start, used = time.perf_counter(), time.process_time()
        run()
        found.append(Took(time.perf_counter() - start, time.process_time() - used))
    return Took(min(t.wall for t in found), min(t.cpu for t in found))


def copying(connection: Any, query: str, target: Path) -> Callable[[], object]:
    """A query, to a Parquet file."""
    return lambda: connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)")


def in_turns(runs: dict[str, Callable[[], object]], times: int = RUNS) -> dict[str, Took]:
    """The best of several runs of each, one after the other and again: a machine may change its speed in between."""
    found: dict[str, list[Took]] = {name: [] for name in runs}
    for _ in range(times):
        for name, run in runs.items():
            found[name].append(best(run, 1))
    return {name: Took(min(t.wall for t in took), min(t.cpu for t in took)) for name, took in found.items()}


def peak(rows: int, folder: Path) -> float:
    """Megabytes at the most of a process that grades so many rows by the statement."""
    return spent([sys.executable, __file__, "--one", str(rows), str(folder)])[1]


METER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def spent(command: list[str]) -> tuple[Took, float]:
    """The time that a command takes, and its megabytes at the most.

    A small process starts it: what the system counts for a child begins at the size of its parent, and we hold a register.
    """
    start = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", METER, *command], stdout=subprocess.PIPE, check=True).stdout.split()
    took = time.perf_counter() - start
    if told[0] != b"0":
        sys.exit(f"{' '.join(command)} ended with {told[0].decode()}")
    return Took(took, float(told[1])), int(told[2]) / 1024


def command(kb: Knowledge, source: Path, *options: str) -> tuple[Took, float]:
    """`dingji batch` over a register, to a file beside it."""
    mapping = source.with_name("mapping.yaml")
    facts = "".join(f"  {name}: {name}\n" for name in facts_read(kb))
    constants = "".join(f"  {name}: {value}\n" for name, value in KIND.items() if name != "subject")
    head = f"mapping: register\ncase: _key\nsubject: {{constant: {KIND['subject']}}}\nas_of: as_of\n"
    mapping.write_text(f"{head}columns:\n{facts}constants:\n{constants}", encoding="utf-8")
    output = source.with_name(f"grades-of-{source.name}.parquet")
    called = [sys.executable, "-m", "dingji", "batch", str(source), "--mapping", str(mapping), "-o", str(output), "-q"]
    return spent([*called, *options])


def same_by_command(connection: Any, ours: Path, folder: Path, rows: int) -> None:
    """The list's finding in the output of the command, from both kinds of file, is the one of the statement."""
    for form in ("parquet", "csv"):
        found = f"(SELECT _key, unnest(findings) AS f FROM read_parquet('{folder / f'grades-of-{rows}.{form}.parquet'}'))"
        joined = f"read_parquet('{ours}') o JOIN {found} c USING (_key) WHERE c.f.instrument = '{LIST}'"
        wrong = (
            "c.f.grade IS DISTINCT FROM o.findings[1].grade OR c.f.undecided <> o.findings[1].undecided OR c.f.fired <> o.findings[1].fired"
        )
        [(many, bad)] = connection.execute(f"SELECT count(*), count(*) FILTER ({wrong}) FROM {joined}").fetchall()
        if many != rows or bad:
            sys.exit(f"the command differs on {bad} of {many} rows from {form}")


def one(rows: int, folder: Path) -> None:
    from dingji.batch.engine import connect

    kb = only(dingji.load(), {LIST})
    connection = connect()
    query = compiled(plan_for(kb, dict(KIND), DAY), kb, folder / f"{rows}.parquet")
    connection.execute(f"COPY ({query}) TO '{folder / 'one.parquet'}' (FORMAT parquet)")


def same_results(lists: list[Lists], kb: Knowledge, cases: list[dict[str, Any]]) -> dict[str, Fire]:
    peers = {}
    for name, _, make, both, _ in PEERS:
        peers[name] = fire = make(kb, both)
        for number, (case, wanted) in enumerate(zip(cases, lists, strict=True), 1):
            for got, own, kind in zip(fire(dict(case)), wanted, ("fired", "undecided"), strict=True):
                if got != own and (both or kind == "fired"):
                    sys.exit(f"{name}: row {number} differs in what is {kind}: {sorted(got ^ own)}")
    return peers


def main(rows: int) -> None:
    from dingji.batch.engine import connect

    kb = only(dingji.load(), {LIST})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        connection = connect()
        path = folder / f"{rows}.parquet"
        register(connection, kb, rows, path)
        plan = plan_for(kb, dict(KIND), DAY)
        ours, hand, out, other = compiled(plan, kb, path), by_hand(kb, path), folder / "ours.parquet", folder / "hand.parquet"
        runs = {"ours": copying(connection, ours, out), "hand": copying(connection, hand, other)}
        for run in runs.values():
            run()
        both = f"read_parquet('{out}') o JOIN read_parquet('{other}') h USING (_row)"
        unfired = "len(h.fired) = 0 AND o.findings[1].undecided <> h.undecided"
        differ = f"o.doubt OR list_sort(o.findings[1].fired) <> list_sort(h.fired) OR ({unfired})"
        wrong = connection.execute(f"SELECT count(*) FROM {both} WHERE {differ}").fetchone()[0]
        if wrong:
            sys.exit(f"the query by hand differs on {wrong} rows")
        both = f"SELECT findings[1].fired, findings[1].undecided FROM read_parquet('{out}') ORDER BY _row LIMIT {SAMPLE}"
        listed = [(set(fired), set(open_)) for fired, open_ in connection.execute(both).fetchall()]
        cases = sample(connection, kb, path)
        for title, fire in same_results(listed, kb, cases).items():
            runs[title] = lambda fire=fire: [fire(case) for case in cases]  # type: ignore[misc]
        took = in_turns(runs, TURNS)
        own_time, hand_time = took["ours"], took["hand"]
        cores, load = os.cpu_count(), " ".join(f"{x:.1f}" for x in os.getloadavg())
        print(f"CPython {platform.python_version()}, {cores} cores, load {load}; DuckDB {version('duckdb')}")
        print(f"{rows:,} rows, {len(items(kb))} items; best of {TURNS}\n")
        print("| engine | cases/s | cases per CPU second | dingji is faster | by CPU, per core | bar |\n|---|---:|---:|---:|---:|---:|")
        print(f"| dingji, DuckDB | {rows / own_time.wall:,.0f} | {rows / own_time.cpu:,.0f} | | | |")
        ratio = f"{hand_time.wall / own_time.wall:.2f}x | {hand_time.cpu / own_time.cpu:.2f}x"
        print(f"| query by hand, DuckDB | {rows / hand_time.wall:,.0f} | {rows / hand_time.cpu:,.0f} | {ratio} | 0.7x |")
        for title, package, _, _, bar in PEERS:
            rates = len(cases) / took[title].wall, len(cases) / took[title].cpu
            ratio = f"{rows / own_time.wall / rates[0]:,.0f}x | {rows / own_time.cpu / rates[1]:,.0f}x"
            shown = f"{bar}x" if bar else ""
            print(f"| {title} {version(package)} | {rates[0]:,.0f} | {rates[1]:,.0f} | {ratio} | {shown} |", flush=True)
        commands(connection, kb, rows, folder)
        same_by_command(connection, out, folder, rows)
        growth(connection, kb, rows, folder)


def commands(connection: Any, kb: Knowledge, rows: int, folder: Path) -> None:
    """What the user of the command waits for, and its memory at a tenth of the rows and with a tenth of the memory."""
    source, text, tenth = folder / f"{rows}.parquet", folder / f"{rows}.csv", folder / "tenth.parquet"
    connection.execute(f"COPY (SELECT * FROM read_parquet('{source}') ORDER BY _row) TO '{text}' (FORMAT csv, HEADER)")
    connection.execute(f"COPY (SELECT * FROM read_parquet('{source}') ORDER BY _row LIMIT {rows // 10}) TO '{tenth}' (FORMAT parquet)")
    print("\n| dingji batch | seconds | CPU seconds | rows/s | peak memory |\n|---|---:|---:|---:|---:|")
    for title, path, options in (
        (f"{rows:,} rows, Parquet", source, ()),
        (f"{rows // 10:,} rows, Parquet, --memory 300MB", tenth, ("--memory", "300MB")),
        (f"{rows:,} rows, Parquet, --memory 300MB", source, ("--memory", "300MB")),
        (f"{rows:,} rows, CSV", text, ()),
    ):
        took, memory = command(kb, path, *options)
        many = rows // 10 if path == tenth else rows
        print(f"| {title} | {took.wall:.1f} | {took.cpu:.1f} | {many / took.wall:,.0f} | {memory:,.0f} MB |", flush=True)


def growth(connection: Any, kb: Knowledge, rows: int, folder: Path) -> None:
    """Memory and time as rows and rules grow."""
    register(connection, kb, rows * 10, folder / f"{rows * 10}.parquet")
    small, large = peak(rows, folder), peak(rows * 10, folder)
    few = only(dingji.load(), {LIST}, len(items(kb)) // 10)
    runs = {}
    for name, known, many in (("few", few, rows), ("own", kb, rows), ("many", kb, rows * 10)):
        query = compiled(plan_for(known, dict(KIND), DAY), known, folder / f"{many}.parquet")
        runs[name] = copying(connection, query, folder / "grown.parquet")
    took = in_turns(runs)
    print("\n| as it grows | measured | bar |\n|---|---:|---:|")
    print(f"| peak memory, rows x 10 | {small:,.0f} -> {large:,.0f} MB ({large / small - 1:+.0%}) | +20 %, 4,096 MB |")
    print(f"| CPU per row, rules x 10 | {took['own'].cpu / took['few'].cpu:.1f}x | 10x |")
    print(f"| CPU per row, rows x 10 | {took['many'].cpu / 10 / took['own'].cpu:.2f}x | 1.1x |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
