"""`dingji kb list`: what the knowledge base holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.cli.kb.options import FORMAT
from dingji.cli.language import spoken
from dingji.cli.options import knowledge_options, write
from dingji.errors import KnowledgeError, Problem, nearest

if TYPE_CHECKING:
    from dingji.knowledge.model import FactDefinition, Instrument, Knowledge, Rule, Words

LISTS = ("instruments", "rules", "facts", "scales", "profiles", "sources", "verdicts", "targets")
FILTERED = ("instruments", "rules", "facts", "sources")


@click.command("list")
@click.argument("what", type=click.Choice(LISTS), default="instruments")
@click.option("--search", metavar="WORDS", help="Only entries with all these words, in either language.")
@click.option("--instrument", metavar="ID", help="Only what this instrument holds, reads or cites.")
@click.option("--fact", metavar="NAME", help="Only what reads or writes this fact.")
@FORMAT
@knowledge_options
def command(
    what: str,
    search: str | None,
    instrument: str | None,
    fact: str | None,
    form: str,
    lang: str,
    output: Path | None,
    knowledge: Path | None,
    quiet: bool,
) -> int:
    """List what the knowledge base holds, one line each.

    \b
    Examples:
      dingji kb list
      dingji kb list rules --instrument sg.alcr
      dingji kb list rules --fact potential_deaths
      dingji kb list facts --search 伤亡
    """
    from dingji.grading import load

    base = load(knowledge)
    for option, name, known in (("--instrument", instrument, base.instruments), ("--fact", fact, base.facts)):
        if name is not None and name not in known:
            message = f"unknown {option.removeprefix('--')} {name!r}"
            raise KnowledgeError([Problem(option, 0, 0, "K021", message, nearest(name, known))])
    if (instrument or fact) and what not in FILTERED:
        raise click.UsageError(f"--instrument and --fact choose among {', '.join(FILTERED)}, not {what}")
    rows = _rows(base, what, lang, _chosen(base, instrument, fact) if instrument or fact else None)
    for word in (search or "").lower().split():
        rows = [row for row in rows if word in " ".join(row.values()).lower()]
    if form == "json":
        write(json.dumps(rows, ensure_ascii=False, indent=2), output)
    else:
        lines = [f"{row['id']}  {row[lang]}" + (f"  [{row['more']}]" if row["more"] else "") for row in rows]
        write("\n".join(lines) or spoken("nothing found"), output)
    return 0


def _chosen(base: Knowledge, instrument: str | None, fact: str | None) -> list[Rule]:
    """The rules of an instrument, and among them those that read or write a fact."""
    from dingji.knowledge.linking import rule_reads

    writers = {r for d in base.decisions if d.fact == fact for r in d.rules}
    return [
        rule
        for rule in base.rules.values()
        if instrument in (None, rule.owner) and (fact is None or fact in rule_reads(rule) or rule.id in writers)
    ]


def _rows(base: Knowledge, what: str, lang: str, chosen: list[Rule] | None) -> list[dict[str, str]]:
    """One row for each entry; only what the chosen rules belong to, read or cite, if some are chosen."""
    from dingji.knowledge.linking import rule_reads
    from dingji.reports.messages import catalogue

    def row(name: str, words: Words, more: str = "") -> dict[str, str]:
        return {"id": name, "en": words.en, "zh": words.zh, "more": more}

    coded = catalogue(lang).choice

    def fact(f: FactDefinition) -> str:
        return ", ".join(x for x in (coded("nature", f.nature), f.unit) if x)

    def instrument(i: Instrument) -> str:
        period = f"{i.in_force.start or '..'} - {i.in_force.end or '..'}"
        return ", ".join(x for x in (i.method and coded("method", i.method), period) if x)

    rules = base.rules.values() if chosen is None else chosen
    match what:
        case "rules":
            return [row(r.id, r.text, f"{r.owner}, {r.cite.in_(lang)}, {coded('confidence', r.confidence)}") for r in rules]
        case "facts":
            read = base.facts if chosen is None else set().union(*(rule_reads(r) for r in chosen))
            return [row(f.name, f.label, fact(f)) for f in base.facts.values() if f.name in read]
        case "scales":
            return [row(s.id, s.title, " > ".join(g.id for g in s.grades)) for s in base.scales.values()]
        case "profiles":
            return [row(p.id, p.title, p.joins) for p in base.profiles.values()]
        case "verdicts":
            schemes = base.agreement.verdicts if base.agreement else ()
            return [row(v.id, v.rule.text, ", ".join(v.measures)) for v in schemes]
        case "targets":
            return [row(t.rule.id, t.rule.text, f"{t.scale}: {', '.join(t.grades)}") for t in base.targets.values()]
        case "sources":
            cited = base.sources if chosen is None else {r.source for r in chosen}
            return [row(s.id, s.title, s.number) for s in base.sources.values() if s.id in cited]
    owners = base.instruments if chosen is None else {r.owner for r in chosen}
    return [row(i.id, i.title, instrument(i)) for i in base.instruments.values() if i.id in owners]
