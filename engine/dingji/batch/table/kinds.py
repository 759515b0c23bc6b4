"""The plans that the rows of a register need."""

from __future__ import annotations

from typing import Any

from dingji.batch.register import quoted
from dingji.batch.statement.schema import AS_OF, Schema
from dingji.errors import DingjiError
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.records import Record
from dingji.tables.model import SUBJECT

KIND, UNDER = "_kind", "_under"
_TABLE = "kinds"


class Kind(Record, frozen=True):
    """Rows under one plan."""

    number: int
    plan: Plan
    knowledge: Knowledge


class Kinds(Record, frozen=True):
    """The kinds that are worth a statement; `every`: no row is of another one. `named` gives rows `v` the column KIND."""

    kinds: tuple[Kind, ...]
    every: bool
    joined: str

    def named(self, facts: str) -> tuple[str, str]:
        """A column for KIND, and what to select it from besides the facts of rows, as `v`; others than these kinds fall out."""
        if self.every and len(self.kinds) == 1:
            return f"{self.kinds[0].number} AS {KIND}", f"({facts}) v"
        return f"k.{KIND}", f"({facts}) v JOIN {_TABLE} k ON {self.joined}"


def deciding(knowledge: Knowledge, names: list[str]) -> list[str] | None:
    """Of some facts, those on which the plan of a row depends; None if others do as well."""
    scopes = [i.scope for i in knowledge.instruments.values()] + [r.when for r in knowledge.reconciliations.values()]
    asked = frozenset().union(*(n.facts_of(scope) for scope in scopes if scope is not None))
    # further facts could rule out rules of a plan, but the statement finds those false as well
    return [name for name in names if name in asked or name == knowledge.surveyed.get("scale")] if asked <= set(knowledge.index) else None


def find_kinds(
    connection: Any, knowledge: Knowledge, profile: str | None, worth: int, facts: str, names: list[str], schema: Schema
) -> Kinds:
    """The kinds of the rows that `facts` selects, by one grouping over `names`: those of at least `worth` rows."""
    listed = ", ".join(map(quoted, [UNDER, AS_OF, *names]))
    said = f"{AS_OF} IS NOT NULL AND {quoted(SUBJECT)} IS NOT NULL"
    rows = connection.execute(f"SELECT {listed}, count(*) FROM ({facts}) WHERE {said} GROUP BY ALL").fetchall()
    found: dict[int, Kind] = {}
    counts: dict[int, int] = {}
    keys = []
    for own, day, *values, many in rows:
        try:
            chosen = under(knowledge, profile or own)
        except DingjiError:  # rows that want a profile that there is not go to the row reader
            continue
        stated = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        plan = plan_for(chosen, stated, day)
        kind = found.setdefault(id(plan), Kind(len(found), plan, chosen))
        counts[kind.number] = counts.get(kind.number, 0) + many
        keys.append((own, day, *values, kind.number))
    deciders = [kind for kind in found.values() if any(a.instrument.decides for a in kind.plan.applied)]
    large = tuple(kind for kind in deciders if counts[kind.number] >= worth)
    kept = [key for key in keys if key[-1] in {kind.number for kind in large}]
    columns = "".join(f", {quoted(name)} {schema[name].sql_type}" for name in names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TABLE} ({UNDER} VARCHAR, {AS_OF} DATE{columns}, {KIND} INTEGER)")
    if kept:
        connection.executemany(f"INSERT INTO {_TABLE} VALUES ({', '.join('?' * len(kept[0]))})", kept)
    joined = " AND ".join(f"k.{quoted(name)} IS NOT DISTINCT FROM v.{quoted(name)}" for name in (UNDER, AS_OF, *names))
    return Kinds(large, len(kept) == len(rows), joined)
