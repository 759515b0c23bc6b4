"""`dingji kb list`: what the knowledge base holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.kb.options import FORMAT
from dingji.cli.options import knowledge_options, write
from dingji.errors import KnowledgeError, Problem, nearest

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge


@click.command("list")
@click.argument("what", type=click.Choice(["instruments", "rules", "facts", "scales", "profiles", "sources"]), default="instruments")
@click.option("--search", metavar="WORD", help="Only entries with this word, in either language.")
@click.option("--instrument", metavar="ID", help="Only rules of this instrument.")
@FORMAT
@knowledge_options
def command(
    what: str, search: str | None, instrument: str | None, form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool
) -> int:
    """List what the knowledge base holds, one line each.

    \b
    Examples:
      dingji kb list
      dingji kb list rules --instrument sg.alcr
      dingji kb list facts --search 伤亡
    """
    from dingji.grading import load

    base = load(knowledge)
    if instrument is not None and instrument not in base.instruments:
        raise KnowledgeError(
            [Problem("--instrument", 0, 0, "K021", f"unknown instrument {instrument!r}", nearest(instrument, base.instruments))]
        )
    rows = _rows(base, what, instrument)
    if search:
        rows = [row for row in rows if search.lower() in " ".join(map(str, row.values())).lower()]
    if form == "json":
        write(json.dumps(rows, ensure_ascii=False, indent=2), output)
    else:
        write(
            "\n".join(f"{row['id']}  {row[lang]}" + (f"  [{row['more']}]" if row["more"] else "") for row in rows) or "nothing found",
            output,
        )
    return 0


def _rows(base: Knowledge, what: str, instrument: str | None) -> list[dict[str, str]]:
    def row(name: str, words: Any, more: str = "") -> dict[str, str]:
        return {"id": name, "en": words.en, "zh": words.zh, "more": more}

    match what:
        case "rules":
            chosen = (r for r in base.rules.values() if instrument is None or r.owner == instrument)
            return [row(r.id, r.text, f"{r.owner}, {r.cite.en}, {r.confidence}") for r in chosen]
        case "facts":
            return [row(f.name, f.label, " ".join(x for x in (f.nature, f.unit) if x)) for f in base.facts.values()]
        case "scales":
            return [row(s.id, s.title, " > ".join(g.id for g in s.grades)) for s in base.scales.values()]
        case "profiles":
            return [row(p.id, p.title, p.joins) for p in base.profiles.values()]
        case "sources":
            return [row(s.id, s.title, s.number) for s in base.sources.values()]
    return [
        row(i.id, i.title, ", ".join(x for x in (i.method, f"{i.in_force.start or '..'} - {i.in_force.end or '..'}") if x))
        for i in base.instruments.values()
    ]
