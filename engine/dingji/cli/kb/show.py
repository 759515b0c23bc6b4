"""`dingji kb show`: one entry of the knowledge base."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.kb.options import FORMAT
from dingji.cli.options import knowledge_options, write
from dingji.errors import KnowledgeError, Problem, nearest

if TYPE_CHECKING:
    from dingji.knowledge.model import Decision, Knowledge, Rule


@click.command("show")
@click.argument("name", metavar="ID")
@FORMAT
@knowledge_options
def command(name: str, form: str, lang: str, output: Path | None, knowledge: Path | None, quiet: bool) -> int:
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
        tables = [decision.id for decision in _tables(base)]
        known = [*base.named_rules, *base.instruments, *base.facts, *base.scales, *base.evidence, *tables, *_agreement(base), *base.targets]
        raise KnowledgeError(
            [Problem("kb show", 0, 0, "K021", f"there is no rule, instrument, fact or scale {name!r}", nearest(name, known))]
        )
    if form == "json":
        write(json.dumps(entry, ensure_ascii=False, indent=2), output)
    else:
        from dingji.reports.knowledge import entry_lines
        from dingji.reports.messages import catalogue

        write("\n".join(entry_lines(entry, catalogue(lang))), output)
    return 0


def _tables(base: Knowledge) -> Iterator[Decision]:
    """The tables and other decisions, those that a profile puts in their place included."""
    yield from base.decisions
    for profile in base.profiles.values():
        yield from profile.decisions


def _agreement(base: Knowledge) -> list[str]:
    """The ids of what judges agreement."""
    return [base.agreement.rule.id, *(v.id for v in base.agreement.verdicts)] if base.agreement else []


def _entry(base: Knowledge, name: str, lang: str) -> dict[str, Any] | None:
    if name in base.named_rules:
        return _rule(base, base.named_rules[name], lang)
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
            "note": i.note.in_(lang),
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
            "evidence": [f"{kind}  {base.evidence[kind].label.in_(lang)}" for kind in f.evidence],
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
    if name in base.evidence:
        kind = base.evidence[name]
        return {
            "evidence": kind.id,
            "label": kind.label.in_(lang),
            "note": kind.note.in_(lang),
            "cite": kind.cite.in_(lang),
            "source": base.sources[kind.source].title.in_(lang) if kind.source else "",
            "confidence": kind.confidence,
            "place": str(kind.place),
            "shows": [f.name for f in base.facts.values() if name in f.evidence],
        }
    judged = next((v for v in base.agreement.verdicts if v.id == name), None) if base.agreement else None
    if judged is not None:
        bounds = ["" if b.bound is None else f"{'>=' if b.inclusive else '>'} {b.bound}" for b in judged.bands]
        words = [f"{bound or 'below'}  {b.word.in_(lang)}" for bound, b in zip(bounds, judged.bands, strict=True)]
        return {"verdicts": judged.id, "measures": list(judged.measures), "bands": words, **_rule(base, judged.rule, lang)}
    if base.agreement and base.agreement.rule.id == name:
        return {"minimum cases": base.agreement.minimum_cases, **_rule(base, base.agreement.rule, lang)}
    if name in base.targets:
        return _target(base, name, lang)
    decision = next((d for d in _tables(base) if d.id == name), None)
    if decision is not None:
        listed = [base.named_rules[r] for r in decision.rules]
        rules = [f"{r.id}  {r.condition} -> {base.shown(decision.fact, dict(r.then).get(decision.fact))}" for r in listed]
        return {"table": decision.id, "decides": decision.fact, "policy": decision.policy, "owner": decision.owner, "rules": rules}
    return None


def _target(base: Knowledge, name: str, lang: str) -> dict[str, Any]:
    found = base.targets[name]
    bounds = [f"{sign} {bound} {found.unit}" for sign, bound in ((">=", found.at_least), ("<=", found.at_most)) if bound is not None]
    return {
        "target": name,
        "scale": found.scale,
        "grades": list(found.grades),
        "bounds": bounds,
        "by": found.by,
        "among": f"{found.among[0]}: {', '.join(found.among[1])}" if found.among else "",
        **_rule(base, found.rule, lang),
    }


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
        "profile": next((p.id for p in base.profiles.values() if rule in p.rules), ""),
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
