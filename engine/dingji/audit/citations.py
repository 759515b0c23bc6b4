"""Whether what a determination cites is what the knowledge says, and was in force on the day of the case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from dingji.audit.model import DeterminationRecord, Plain, Trouble
from dingji.grading import under
from dingji.knowledge.model import Knowledge, Rule


def rules_cited(result: Plain) -> Iterator[Plain]:
    """Every rule in the proof of a result, each once."""
    seen: set[str] = set()
    stack: list[Any] = list(reversed(result.get("proof") or ()))
    while stack:
        node = stack.pop()
        for rule in (*node.get("rules", ()), *node.get("open_rules", ())):
            if rule["id"] not in seen:
                seen.add(rule["id"])
                yield rule
        stack += reversed(node.get("facts") or ())


def check(record: DeterminationRecord, knowledge: Knowledge) -> tuple[list[Trouble], list[Trouble]]:
    """What is wrong with the citations of a record, and what is to be cleared up. `knowledge` is what the record carries."""
    wrong: list[Trouble] = []
    notes: list[Trouble] = []
    knowledge = under(knowledge, record.result["knowledge"].get("profile"))
    day = dt.date.fromisoformat(record.result["as_of"])
    instruments: dict[str, str] = {}
    later: dict[str, str] = {}
    for cited in rules_cited(record.result):
        rule = knowledge.rules.get(cited["id"].partition("@")[0])
        if rule is None:
            wrong.append(Trouble("A040", f"cites the rule {cited['id']}, which the knowledge does not have", detail=cited["id"]))
            continue
        if not _same(cited, rule):
            message = f"what it says of the rule {rule.id} is not what the knowledge says"
            wrong.append(Trouble("A041", message, detail=rule.id))
        instruments.setdefault(rule.owner, rule.id)
        source = knowledge.sources.get(rule.source)
        if source is not None and source.issued and source.issued > day.isoformat()[: len(source.issued)]:
            later.setdefault(f"{rule.source} ({source.issued})", rule.id)
    notes += [Trouble("A053", f"cites a document that was issued later: {told}", detail=told) for told in later]
    for owner, rule_id in instruments.items():
        if owner in knowledge.instruments:
            covers = knowledge.instruments[owner].in_force.covers(day)
            told = f"{owner} ({rule_id})"
            if covers is False:
                wrong.append(Trouble("A042", f"cites an instrument that was not in force on {day}: {told}", detail=told))
            elif covers is None:
                notes.append(Trouble("A054", f"whether it was in force on {day} is not known: {told}", detail=told))
    return wrong, notes


def _same(cited: Plain, rule: Rule) -> bool:
    """Does a proof quote a rule as it stands?"""
    words = {"cite": rule.cite, "text": rule.text, "note": rule.note}
    quoted = all(cited.get(part) == {"en": said.en, "zh": said.zh} for part, said in words.items())
    return quoted and (cited.get("source"), cited.get("confidence")) == (rule.source, rule.confidence)
