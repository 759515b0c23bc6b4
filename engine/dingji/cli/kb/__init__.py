"""`dingji kb ...`: check, test, compare, list and show the knowledge base."""

from __future__ import annotations

import click

from dingji.cli.lazy import LazyGroup


class _Commands(LazyGroup):
    modules = {  # noqa: RUF012
        "check": "dingji.cli.kb.check",
        "coverage": "dingji.cli.kb.coverage",
        "diff": "dingji.cli.kb.diff",
        "list": "dingji.cli.kb.list",
        "show": "dingji.cli.kb.show",
        "test": "dingji.cli.kb.test",
    }


@click.command("kb", cls=_Commands)
def command() -> None:
    """Check, test, compare, list and show the knowledge: instruments, rules, facts, scales.

    \b
    Examples:
      dingji kb check
      dingji kb test cases/power-grid
      dingji kb coverage --rule SGE-002
      dingji kb list rules --search 起重
      dingji kb show potential_deaths
    """
