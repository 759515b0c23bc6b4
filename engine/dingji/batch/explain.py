"""The statements that a register needs, one for each kind of case in it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from sqlglot import exp

from dingji.batch.job import Read
from dingji.batch.register import KEY, ROW, Writer, fits
from dingji.batch.statement.compiler import compile_plan
from dingji.batch.statement.schema import AS_OF
from dingji.grading import under
from dingji.inference.plan import Plan, plan_for
from dingji.knowledge.model import Knowledge


def statements(knowledge: Knowledge, rows: Iterable[Read], profile: str | None, dialect: str) -> Iterator[tuple[str, str]]:
    """(the instruments, the statement) for each kind of case, with the columns of all rows of that kind."""
    kinds: dict[int, tuple[Plan, Writer]] = {}
    for read in rows:
        if read.case is None:
            continue
        facts = {name: value for name, value in read.case.facts().items() if fits(value)}
        base = under(knowledge, profile or read.case.profile)
        plan = plan_for(base, facts, read.case.as_of)
        types = {name: fact.type for name, fact in base.facts.items()}
        _, writer = kinds.setdefault(id(plan), (plan, Writer(io.StringIO(), types)))
        writer.write(read.number, read.case.id, read.case.as_of, facts)
        writer.stream.seek(0)
        writer.stream.truncate()
    for plan, writer in kinds.values():
        statement = compile_plan(plan, writer.schema(), exp.select("*").from_("register"), (ROW, KEY, AS_OF))
        head = ", ".join(a.instrument.id for a in plan.applied) or "no instrument"
        yield head, statement.sql(dialect, pretty=True)
