"""`dingji kb diff`: what changed between two knowledge bases, and which cases change their grade."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from dingji.cli.kb.options import FORMAT, cases_of
from dingji.cli.options import write


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--cases", multiple=True, type=click.Path(path_type=Path), help="Grade the cases below this path under both bases.")
@FORMAT
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout.")
@click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors.")
def command(old: Path, new: Path, cases: tuple[Path, ...], form: str, output: Path | None, quiet: bool) -> int:
    """Compare the knowledge folders OLD and NEW: rules, facts, scales and instruments that differ in meaning.

    \b
    Examples:
      dingji kb diff last-year/knowledge knowledge
      dingji kb diff last-year/knowledge knowledge --cases cases
    """
    from dingji.analysis.difference import changes, regraded
    from dingji.grading import load

    before, after = load(old), load(new)
    found = changes(before, after)
    moved = regraded(before, after, (file for _, file in cases_of(cases, quiet=quiet))) if cases else ()
    if form == "json":
        plain = {"changes": msgspec.to_builtins(found), "cases": msgspec.to_builtins(moved)}
        write(json.dumps(plain, ensure_ascii=False, indent=2), output)
        return 0
    lines = []
    for change in found:
        lines.append(f"{change.change} {change.kind} {change.id}  ({change.place})")
        lines += [f"  {what}: {a}  ->  {b}" for what, a, b in change.parts]
    lines.append(f"{len(found)} changes" if found else "the two bases mean the same")
    for case in moved:
        lines.append(f"case {case.case}")
        lines += [f"  {what}: {a}  ->  {b}" for what, a, b in case.parts]
    if cases:
        lines.append(f"{len(moved)} cases are graded otherwise")
    write("\n".join(lines), output)
    return 0
