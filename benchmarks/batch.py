"""Cases per second of a register, side by side with its peers: `python benchmarks/batch.py [ROWS]`.

One instrument, the trade list with its 65 items; random hazards in which facts are unknown. Everything runs over the same rules
and the same rows, in one run, each on all cores it can use:

- dingji: the compiled statement, Parquet to Parquet: grade, status, reachable grades, fired and undecided items;
- a query written by hand: the same 65 conditions as columns, the two lists of items, Parquet to Parquet;
- zen-engine (one expression node, with trace), clipspy and durable-rules (through our port, which skips the library's slow loop):
  the fired items only, on a sample.

The fired items of all of them are compared before anything is timed. Then memory at ten times the rows, and the cost per row
with a tenth of the rules and with ten times the rows. Prints a Markdown table with versions; exit 1 if results differ.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
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

import dingji
from dingji.batch import sql as q
from dingji.batch.compiler import compile_plan
from dingji.batch.schema import Stored
from dingji.inference.durable import DurableRuleset
from dingji.inference.plan import Plan, encoder_for, plan_for
from dingji.knowledge.model import Knowledge, Rule
from dingji.language import nodes as n
from dingji.language import types as t

LIST = "cn.trade-2023"
DAY = dt.date(2024, 7, 1)
KIND = {"subject": "hazard", "sector": "trade", "special_field": "none"}
SAMPLE = 2_000
NUMBER = (6, 1)
RUNS = 3


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


def items(kb: Knowledge) -> list[Rule]:
    return [rule for rule in kb.rules_of(LIST) if rule.kind == "example"]


def facts_read(kb: Knowledge) -> list[str]:
    return sorted(frozenset().union(*(n.facts_of(rule.when) for rule in items(kb) if rule.when is not None)))


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
    from sqlglot import parse_one

    source = parse_one(f"SELECT * FROM read_parquet('{path}')", dialect="duckdb")
    return compile_plan(plan, schema(kb), source, ("_row", "_key")).sql()


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


def sure(node: n.Node, negated: bool, spell: Callable[[str, tuple[Any, ...]], str]) -> str:
    """A condition that is true only if it is surely true, for engines that know no unknown: negation at the leaves."""
    match node:
        case n.Not(operand=x):
            return sure(x, not negated, spell)
        case n.And(operands=xs) | n.Or(operands=xs):
            kind = "and" if isinstance(node, n.And) != negated else "or"
            return spell(kind, tuple(sure(x, negated, spell) for x in xs))
        case n.Fact(name=name):
            return spell("flag", (name, not negated))
        case n.Compare(operands=(n.Fact(name=name), n.Literal(value=value)), operators=(op,)):
            return spell("test", (name, _NEGATED[op] if negated else op, value))
        case n.Compare(operands=(n.Fact(name=name), n.Fact(name=other)), operators=(op,)):
            return spell("pair", (name, _NEGATED[op] if negated else op, other))
        case n.Member(operand=n.Fact(name=name), choices=choices, negated=excluded):
            op, kind = ("!=", "and") if excluded != negated else ("==", "or")
            return spell(kind, tuple(spell("test", (name, op, choice.value)) for choice in choices))
    raise TypeError(node)


_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def zen_text(kind: str, parts: tuple[Any, ...]) -> str:
    if kind in ("and", "or"):
        return "(" + f" {kind} ".join(parts) + ")"
    if kind == "flag":
        return f"({parts[0]} == {str(parts[1]).lower()})"
    name, op, value = parts
    if kind == "pair":
        return f"({name} != null and {value} != null and {name} {op} {value})"
    shown = json.dumps(value) if isinstance(value, str) else str(value)
    return f"({name} != null and {name} {op} {shown})"


def clips_text(kind: str, parts: tuple[Any, ...]) -> str:
    if kind in ("and", "or"):
        return f"({kind} {' '.join(parts)})"
    if kind == "flag":
        return f"(eq ?{parts[0]} {'yes' if parts[1] else 'no'})"
    name, op, value = parts
    if isinstance(value, str) and kind == "test":
        return f"(and (neq ?{name} nil) ({'eq' if op == '==' else 'neq'} ?{name} {value}))"
    word = {"==": "=", "!=": "<>"}.get(op, op)
    if kind == "pair":
        return f"(and (numberp ?{name}) (numberp ?{value}) ({word} ?{name} ?{value}))"
    return f"(and (numberp ?{name}) ({word} ?{name} {value}))"


Fire = Callable[[dict[str, Any]], set[str]]


def with_zen(kb: Knowledge) -> Fire:
    import zen

    rules = items(kb)
    lines = [{"id": str(i), "key": f"r{i}", "value": sure(r.when, False, zen_text)} for i, r in enumerate(rules) if r.when is not None]
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "list", "type": "expressionNode", "name": "list", "position": place, "content": {"expressions": lines}},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [{"id": "a", "sourceId": "in", "targetId": "list"}, {"id": "b", "sourceId": "list", "targetId": "out"}]
    content = {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    names = dict.fromkeys(facts_read(kb))

    def fire(case: dict[str, Any]) -> set[str]:
        found = decision.evaluate({**names, **case}, {"trace": True})["result"]
        return {rule.id for i, rule in enumerate(rules) if found[f"r{i}"] is True}

    return fire


def with_clips(kb: Knowledge) -> Fire:
    import clips

    environment = clips.Environment()
    names = facts_read(kb)
    environment.build("(deftemplate hazard " + " ".join(f"(slot {name} (default nil))" for name in names) + ")")
    found: set[str] = set()
    environment.define_function(lambda name: found.add(str(name)), name="met")
    for rule in items(kb):
        assert rule.when is not None
        slots = " ".join(f"({name} ?{name})" for name in sorted(n.facts_of(rule.when)))
        environment.build(f'(defrule {rule.id} (hazard {slots}) (test {sure(rule.when, False, clips_text)}) => (met "{rule.id}"))')
    template = environment.find_template("hazard")
    symbols = {True: clips.Symbol("yes"), False: clips.Symbol("no")}

    def fire(case: dict[str, Any]) -> set[str]:
        found.clear()
        slots = {k: symbols[v] if isinstance(v, bool) else clips.Symbol(v) if isinstance(v, str) else v for k, v in case.items()}
        template.assert_fact(**slots)
        environment.run()
        environment.reset()
        return set(found)

    return fire


def with_durable(kb: Knowledge) -> Fire:
    rules = items(kb)
    encoder = encoder_for(kb, [rule.when for rule in rules if rule.when is not None])
    engine = DurableRuleset("list", [(rule.id, condition) for rule, condition in zip(rules, encoder.conditions, strict=True)])
    return lambda case: set(engine.fire(encoder.fields(case)))


PEERS = (
    ("zen-engine, trace", "zen-engine", with_zen, 200),
    ("clipspy", "clipspy", with_clips, 80),
    ("durable-rules", "durable_rules", with_durable, 100),
)


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


def copied(connection: Any, query: str, target: Path) -> Took:
    """How long a query takes, to a Parquet file."""
    return best(lambda: connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet)"))


def peak(rows: int, folder: Path) -> float:
    """Megabytes at the most of a process that grades so many rows."""
    command = [sys.executable, __file__, "--one", str(rows), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return usage.ru_maxrss / 1024


def one(rows: int, folder: Path) -> None:
    from dingji.batch.engine import connect

    kb = only(dingji.load(), {LIST})
    connection = connect()
    query = compiled(plan_for(kb, dict(KIND), DAY), kb, folder / f"{rows}.parquet")
    connection.execute(f"COPY ({query}) TO '{folder / 'one.parquet'}' (FORMAT parquet)")


def same_results(connection: Any, fired: dict[int, set[str]], kb: Knowledge, cases: list[dict[str, Any]]) -> dict[str, Fire]:
    peers = {name: make(kb) for name, _, make, _ in PEERS}
    for name, fire in peers.items():
        for number, case in enumerate(cases, 1):
            got = fire(dict(case))
            if got != fired[number]:
                sys.exit(f"{name} differs on row {number}: {sorted(got ^ fired[number])}")
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
        own_time, hand_time = copied(connection, ours, out), copied(connection, hand, other)
        both = f"read_parquet('{out}') o JOIN read_parquet('{other}') h USING (_row)"
        unfired = "len(h.fired) = 0 AND o.findings[1].undecided <> h.undecided"
        differ = f"o.doubt OR list_sort(o.findings[1].fired) <> list_sort(h.fired) OR ({unfired})"
        wrong = connection.execute(f"SELECT count(*) FROM {both} WHERE {differ}").fetchone()[0]
        if wrong:
            sys.exit(f"the query by hand differs on {wrong} rows")
        listed = connection.execute(f"SELECT _row, findings[1].fired FROM read_parquet('{out}') WHERE _row <= {SAMPLE}").fetchall()
        cases = sample(connection, kb, path)
        peers = same_results(connection, {row: set(names) for row, names in listed}, kb, cases)
        cores, load = os.cpu_count(), " ".join(f"{x:.1f}" for x in os.getloadavg())
        print(f"CPython {platform.python_version()}, {cores} cores, load {load}; DuckDB {version('duckdb')}")
        print(f"{rows:,} rows, {len(items(kb))} items; best of {RUNS}\n")
        print("| engine | cases/s | cases per CPU second | dingji is faster | by CPU, per core | bar |\n|---|---:|---:|---:|---:|---:|")
        print(f"| dingji, DuckDB | {rows / own_time.wall:,.0f} | {rows / own_time.cpu:,.0f} | | | |")
        ratio = f"{hand_time.wall / own_time.wall:.2f}x | {hand_time.cpu / own_time.cpu:.2f}x"
        print(f"| query by hand, DuckDB | {rows / hand_time.wall:,.0f} | {rows / hand_time.cpu:,.0f} | {ratio} | 0.7x |")
        for title, package, _, bar in PEERS:
            fire = peers[title]
            took = best(lambda fire=fire: [fire(case) for case in cases])  # type: ignore[misc]
            rates = len(cases) / took.wall, len(cases) / took.cpu
            ratio = f"{rows / own_time.wall / rates[0]:,.0f}x | {rows / own_time.cpu / rates[1]:,.0f}x"
            print(f"| {title} {version(package)} | {rates[0]:,.0f} | {rates[1]:,.0f} | {ratio} | {bar}x |", flush=True)
        growth(connection, kb, rows, folder, own_time)


def growth(connection: Any, kb: Knowledge, rows: int, folder: Path, own_time: Took) -> None:
    """Memory and time as rows and rules grow."""
    register(connection, kb, rows * 10, folder / f"{rows * 10}.parquet")
    small, large = peak(rows, folder), peak(rows * 10, folder)
    few = only(dingji.load(), {LIST}, len(items(kb)) // 10)
    plan = plan_for(few, dict(KIND), DAY)
    few_time = copied(connection, compiled(plan, few, folder / f"{rows}.parquet"), folder / "few.parquet")
    many_time = copied(connection, compiled(plan_for(kb, dict(KIND), DAY), kb, folder / f"{rows * 10}.parquet"), folder / "many.parquet")
    print("\n| as it grows | measured | bar |\n|---|---:|---:|")
    print(f"| peak memory, rows x 10 | {small:,.0f} -> {large:,.0f} MB ({large / small - 1:+.0%}) | +20 %, 4,096 MB |")
    print(f"| CPU per row, rules x 10 | {own_time.cpu / few_time.cpu:.1f}x | 10x |")
    print(f"| CPU per row, rows x 10 | {many_time.cpu / 10 / own_time.cpu:.2f}x | 1.1x |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
