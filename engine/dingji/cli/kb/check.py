"""`dingji kb check`: everything that is wrong with the knowledge base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.language import remark, spoken
from dingji.cli.options import knowledge_options, write
from dingji.errors import DingjiError, KnowledgeError, Problem

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge

NOUNS = {
    "instruments": ("{} instrument", "{} instruments"),
    "rules": ("{} rule", "{} rules"),
    "facts": ("{} fact", "{} facts"),
    "scales": ("{} scale", "{} scales"),
    "crosswalks": ("{} crosswalk", "{} crosswalks"),
    "profiles": ("{} profile", "{} profiles"),
    "sources": ("{} source", "{} sources"),
}


@click.command("check")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@knowledge_options
def command(form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool) -> int:
    """Read every file of the knowledge base and report every mistake, with file, line and column.

    A base that loads is then searched for conditions that can't be true or can't be false, gaps and overlaps in tables (each
    with a case that shows it), rules that other rules make idle, facts nobody reads, grades nobody reaches, days that no
    edition covers, and missing translations. Nothing is taken from the cache. Exit 3 if anything is wrong.

    \b
    Examples:
      dingji kb check
      dingji kb check --format sarif -o problems.sarif
    """
    from dingji import analysis
    from dingji.analysis import EXTRA
    from dingji.analysis.sarif import sarif
    from dingji.grading import load
    from dingji.reports.messages import catalogue

    counts: dict[str, int] = {}
    problems: tuple[Problem, ...] = ()
    solved = analysis.can_solve()
    try:
        base = load(knowledge, cache=False)
        counts = _counts(base)
        problems = tuple(analysis.problems(base))
    except DingjiError as error:
        problems = error.problems
    if not solved and not quiet:
        remark(EXTRA)
    if form == "text":
        if problems:
            raise KnowledgeError(problems)
        if not quiet:
            held = catalogue(lang)("list.comma").join(spoken(NOUNS[what][n != 1].format(f"{n:,}")) for what, n in counts.items())
            write(spoken(f"no problems in {held}"), output)
    else:
        found = [p.to_dict() for p in problems]
        plain = sarif(problems) if form == "sarif" else {"problems": found, "conditions_analysed": solved, **counts}
        write(json.dumps(plain, ensure_ascii=False, indent=2), output)
    return KnowledgeError.exit_code if problems else 0


def _counts(base: Knowledge) -> dict[str, int]:
    return {
        "instruments": len(base.instruments),
        "rules": len(base.rules),
        "facts": len(base.facts),
        "scales": len(base.scales),
        "crosswalks": len(base.crosswalks),
        "profiles": len(base.profiles),
        "sources": len(base.sources),
    }
