"""Looks for what is wrong with knowledge that loads: conditions, tables, the vocabulary, editions, translations."""

from __future__ import annotations

from importlib.util import find_spec

from dingji.analysis import base
from dingji.errors import Problem
from dingji.knowledge.model import Knowledge

EXTRA = "conditions and tables were not analysed: pip install 'dingji[check]' brings the solver"


def can_solve() -> bool:
    """Is the solver installed that conditions and tables are analysed with?"""
    return find_spec("z3") is not None


def problems(knowledge: Knowledge) -> list[Problem]:
    """Everything found, in the order of the files. Without the solver only what needs none."""
    found = base.problems(knowledge)
    if can_solve():
        from dingji.analysis import conditions

        found += conditions.problems(knowledge)
    return sorted(set(found))
