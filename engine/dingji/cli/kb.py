"""`dingji kb ...`: look at and check the knowledge base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.options import knowledge_options, write
from dingji.errors import DingjiError, KnowledgeError, Problem, nearest

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge, Rule

FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)


@click.group("kb")
def command() -> None:
    """Check, list and show the knowledge: instruments, rules, facts, scales."""


@command.command("check")
@FORMAT
@knowledge_options
def check(form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool) -> int:
    """Read every file of the knowledge base and report every mistake, with file, line and column.

    Nothing is taken from the cache. Exit 3 if anything is wrong.
    """
    from dingji.grading import load

    try:
        base = load(knowledge, cache=False)
    except DingjiError as error:
        if form == "json":
            write(json.dumps({"problems": [p.to_dict() for p in error.problems]}, ensure_ascii=False, indent=2), output)
            return error.exit_code
        raise
    counts = _counts(base)
    if form == "json":
        write(json.dumps({"problems": [], "digest": base.digest, **counts}, ensure_ascii=False, indent=2), output)
    elif not quiet:
        write(f"no problems in {base.digest[:12]}: " + ", ".join(f"{n} {what}" for what, n in counts.items()), output)
    return 0


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


@command.command("list")
@click.argument("what", type=click.Choice(["instruments", "rules", "facts", "scales", "profiles", "sources"]), default="instruments")
@click.option("--search", metavar="WORD", help="Only entries with this word, in either language.")
@click.option("--instrument", metavar="ID", help="Only rules of this instrument.")
@FORMAT
@knowledge_options
def listing(
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


@command.command("show")
@click.argument("name", metavar="ID")
@FORMAT
@knowledge_options
def show(name: str, form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool) -> int:
    """Show one rule, table, instrument, fact or scale: what it says, where it stands, what reads and writes it.

    \b
    Examples:
      dingji kb show SGE-002
      dingji kb show potential_deaths --lang zh
    """
    from dingji.grading import load

    base = load(knowledge)
    entry = _entry(base, name, lang)
    if entry is None:
        known = [*base.rules, *base.instruments, *base.facts, *base.scales, *(d.id for d in base.decisions)]
        raise KnowledgeError(
            [Problem("kb show", 0, 0, "K021", f"there is no rule, instrument, fact or scale {name!r}", nearest(name, known))]
        )
    if form == "json":
        write(json.dumps(entry, ensure_ascii=False, indent=2), output)
    else:
        lines = []
        for key, value in entry.items():
            if isinstance(value, list):
                lines += [f"{key}:", *(f"  {item}" for item in value)] if value else []
            elif value not in ("", None):
                lines.append(f"{key}: {value}")
        write("\n".join(lines), output)
    return 0


def _entry(base: Knowledge, name: str, lang: str) -> dict[str, Any] | None:
    if name in base.rules:
        return _rule(base, base.rules[name], lang)
    if name in base.instruments:
        i = base.instruments[name]
        return {
            "instrument": i.id,
            "title": i.title.in_(lang),
            "source": f"{base.sources[i.source].title.in_(lang)} {base.sources[i.source].number}".strip(),
            "in force": f"{i.in_force.start or '..'} - {i.in_force.end or '..'}",
            "method": i.method,
            "decides": i.decides,
            "completeness": i.completeness,
            "note": i.note,
            "place": str(i.place),
            "rules": [f"{r.id}  {r.text.in_(lang)}" for r in base.rules.values() if r.owner == name],
        }
    if name in base.facts:
        from dingji.knowledge.linking import rule_reads
        from dingji.language.types import describe

        f = base.facts[name]
        return {
            "fact": f.name,
            "label": f.label.in_(lang),
            "type": describe(f.type),
            "nature": f.nature,
            "question": f.question.in_(lang) if f.question else "",
            "values": [f"{value}  {words.in_(lang)}" for value, words in f.values],
            "fields": [f"{x.name}  {x.label.in_(lang)} ({describe(x.type)})" for x in f.fields],
            "place": str(f.place),
            "written by": [d.id for d in base.decisions if d.fact == name],
            "read by": [r.id for r in base.rules.values() if name in rule_reads(r)],
        }
    if name in base.scales:
        s = base.scales[name]
        return {
            "scale": s.id,
            "title": s.title.in_(lang),
            "grades": [f"{g.id}  {g.label.in_(lang)}" + (f" ({g.colour})" if g.colour else "") for g in s.grades],
        }
    decision = next((d for d in base.decisions if d.id == name), None)
    if decision is not None:
        rules = [
            f"{r}  {base.rules[r].condition} -> {base.shown(decision.fact, dict(base.rules[r].then).get(decision.fact))}"
            for r in decision.rules
        ]
        return {"table": decision.id, "decides": decision.fact, "policy": decision.policy, "owner": decision.owner, "rules": rules}
    return None


def _rule(base: Knowledge, rule: Rule, lang: str) -> dict[str, Any]:
    from dingji.language.printer import to_source

    source = base.sources.get(rule.source)
    scales = {"from": "", "to": ""}
    if rule.kind == "crosswalk":
        crosswalk = base.crosswalks[rule.owner]
        start, end = dict(rule.then)["from"], dict(rule.then)["to"]
        scales = {
            "from": f"{base.scales[crosswalk.source_scale].grade(start).id} on {crosswalk.source_scale}",
            "to": f"{base.scales[crosswalk.target_scale].grade(end).id} on {crosswalk.target_scale}",
        }
    return {
        "rule": rule.id,
        "kind": rule.kind,
        "of": rule.owner + (f", table {rule.table}" if rule.table else ""),
        "text": rule.text.in_(lang),
        "when": rule.condition,
        **scales,
        "then": [f"{fact} = {base.shown(fact, value)}" for fact, value in rule.then if rule.kind != "crosswalk"],
        "value": "" if rule.value is None else to_source(rule.value),
        "cite": rule.cite.in_(lang),
        "source": f"{source.title.in_(lang)} {source.number}".strip() if source else rule.source,
        "confidence": rule.confidence,
        "note": rule.note.in_(lang),
        "overrides": list(rule.overrides),
        "place": str(rule.place),
    }
