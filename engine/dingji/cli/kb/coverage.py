"""`dingji kb coverage`: which cases fire a rule, and which see it false."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.kb.options import FORMAT, PATHS, cases_of
from dingji.cli.language import spoken
from dingji.cli.options import knowledge_options, write
from dingji.errors import KnowledgeError, Problem, nearest

if TYPE_CHECKING:
    from dingji.analysis.coverage import RuleCoverage

SHOWN = 8
"""Case ids on a line; JSON has them all."""


@click.command("coverage")
@PATHS
@click.option("--rule", metavar="ID", help="Only this rule, with all its cases.")
@click.option("--instrument", metavar="ID", help="Only rules of this instrument.")
@click.option("--all", "everything", is_flag=True, help="Every rule, not only those that lack a case.")
@FORMAT
@knowledge_options
def command(
    paths: tuple[Path, ...],
    rule: str | None,
    instrument: str | None,
    everything: bool,
    form: str,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """For each rule, the cases below PATH that fire it and those that see it false. Exit 1 if a rule lacks either.

    Without PATH, the cases that come with dingji.

    \b
    Examples:
      dingji kb coverage
      dingji kb coverage --rule SGE-002
      dingji kb coverage my-cases --instrument sg.alcr --all
    """
    from dingji.analysis.coverage import coverage
    from dingji.grading import load

    base = load(knowledge)
    rules = {**base.rules, **{r.id: r for p in base.profiles.values() for r in p.rules}}
    for what, name, known in (("rule", rule, rules), ("instrument", instrument, base.instruments)):
        if name is not None and name not in known:
            raise KnowledgeError([Problem(f"--{what}", 0, 0, "K021", f"unknown {what} {name!r}", nearest(name, known))])
    found = [
        c
        for c in coverage(base, (file for _, file in cases_of(paths, quiet=quiet)))
        if rule in (None, c.rule) and instrument in (None, rules[c.rule].owner)
    ]
    lacking = [c for c in found if not c.complete]
    if form == "json":
        plain = [{"rule": c.rule, "true": c.true, "false": c.false, "complete": c.complete} for c in found]
        write(json.dumps(plain, ensure_ascii=False, indent=2), output)
    else:
        lines = [_line(c, None if rule else SHOWN) for c in (found if everything or rule else lacking)]
        lines.append(spoken(f"{len(found) - len(lacking)} of {len(found)} rules are seen true in one case and false in another"))
        write("\n".join(lines), output)
    return int(bool(lacking))


def _line(item: RuleCoverage, limit: int | None) -> str:
    def named(cases: tuple[str, ...]) -> str:
        more = len(cases) - limit if limit is not None and len(cases) > limit else 0
        listed = ", ".join(cases[:limit]) or spoken("never")
        return spoken(f"{listed} and {more} more") if more else listed

    missed = "\n  " + spoken(f"missed by: {named(item.false)}") if item.can_be_false else ""
    return f"{item.rule}\n  " + spoken(f"fired by: {named(item.true)}") + missed
