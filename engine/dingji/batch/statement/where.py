"""`--where`: a condition over the stated facts that says which rows are graded.

A row is graded where the condition is true; where it is false or unknown the row is left out. In SQL it is compiled as the
conditions of rules are; a row of which SQL can't say for sure what the condition comes to is left to `Where.__call__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlglot import exp

from dingji.batch.statement import sql as q
from dingji.batch.statement.amounts import Doubts
from dingji.batch.statement.dialects import spelled
from dingji.batch.statement.expressions import Expressions
from dingji.batch.statement.schema import AS_OF, Schema
from dingji.batch.statement.sql import Columns, Truth
from dingji.batch.statement.values import Plain, UnsupportedError
from dingji.cases.model import Case
from dingji.errors import CaseError, Problem
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.check import check
from dingji.language.evaluate import compile_node
from dingji.language.parser import ExpressionError, parse
from dingji.records import Record

WANTED, UNSURE = "_wanted", "_unsure"
"""Columns that `Where.query` adds: is the row to be graded, and can SQL not say? Neither is ever NULL."""


class Where(Record, frozen=True):
    """A checked condition. `node` is what it says, `evaluate` the reference evaluator's truth of it."""

    text: str
    node: n.Node
    knowledge: Knowledge
    evaluate: Callable[[dict[str, Any]], Any]

    @staticmethod
    def of(text: str, knowledge: Knowledge) -> Where:
        """The condition that a text says. Raises CaseError at the place of its first mistake."""
        stated = {name: fact.type for name, fact in knowledge.facts.items() if fact.nature != "derived"}
        try:
            node = check(parse(text), stated, t.Bool())
        except ExpressionError as error:
            raise CaseError([Problem("--where", 1, error.at + 1, error.code, error.message, error.hint)]) from None
        return Where(text, node, knowledge, compile_node(node, knowledge.defaults))

    def __call__(self, case: Case) -> bool:
        """Is the case to be graded?"""
        return self.evaluate(case.facts()) is True

    @property
    def reads(self) -> frozenset[str]:
        """The facts that the condition reads."""
        return n.facts_of(self.node)

    def truth(self, schema: Schema, columns: Columns) -> tuple[Truth, Truth]:
        """Whether a row is wanted, and whether SQL can't say, over the columns of a schema; neither is ever NULL.

        What the two read stands in `columns`, as in every statement.
        """
        types = {name: fact.type for name, fact in self.knowledge.facts.items()}
        doubts = Doubts(columns)
        at = Expressions(types, schema, self.knowledge.defaults, columns, doubts)
        for name in self.knowledge.dated:  # where nobody states another day, the day of the case stands
            own, day = q.column(name), q.column(AS_OF)
            at.facts[name] = Plain(q.typed(exp.Coalesce, own, expressions=[day.node]) if name in schema else day)
        try:
            wanted = q.is_true(at.truth(self.node))
        except UnsupportedError:
            return False, True
        return wanted, q.either(doubts.tests)

    def query(self, schema: Schema, source: str, keep: Iterable[str], dialect: str = "duckdb") -> str:
        """The columns `keep` of every row of a relation, with WANTED and UNSURE."""
        columns = Columns(frozenset((*schema, AS_OF, WANTED, UNSURE)))
        found = self.truth(schema, columns)
        tables, last = columns.over(exp.select("*").from_(exp.to_table(source, dialect=dialect)))
        chosen = [q.column(name).node for name in keep]
        named = [exp.alias_(q.sql(truth).node, name, quoted=True) for name, truth in zip((WANTED, UNSURE), found, strict=True)]
        select = exp.Select(expressions=[*chosen, *named]).from_(last)
        for name, node in tables:
            select = select.with_(name, as_=node, copy=False)
        return spelled(select, dialect)
