"""A ruling as a record of the audit: the case as the panel found it, graded under its decisions on the texts.

What a record holds is graded again whenever it is audited. So the case of the record states what was found, by the panel and with
its reasons; decisions on editions, readings and methods stand in its options; parties, reasons and dissents stand beside it.
"""

from __future__ import annotations

import datetime as dt

import yaml

from dingji.audit import model as audit
from dingji.audit.record import Recorder
from dingji.cases.reader import CaseFile, parse_case
from dingji.cases.writer import flow, mapping, scalar, sequence
from dingji.disputes.model import Dispute, PanelFinding, Position
from dingji.disputes.reader import DisputeFile
from dingji.disputes.ruling import Ruling, RulingError, decision
from dingji.disputes.settlement import Settlement, outcome_of
from dingji.disputes.world import FACTS, Worlds
from dingji.documents import pairs
from dingji.errors import EvaluationError, Problem
from dingji.grading import grade
from dingji.knowledge.choices import chosen
from dingji.knowledge.model import Words
from dingji.records import Record
from dingji.shapes import scalar_text

PANEL = "panel"
"""Who states what the panel has found."""
_LEFT_OUT = frozenset({"case", "as_of", "profile", "scope", "facts", "expect"})
"""Keys of a case that its record writes anew (the profile stands in the options), or does not hold."""
Nodes = dict[str, yaml.Node]


class Answering(Record, frozen=True):
    """Who answers for the ruling, and when it was made (None: now)."""

    by: str = ""
    time: str | None = None


def recorded(
    recorder: Recorder, settlement: Settlement, ruling: Ruling, file: DisputeFile, answering: Answering | None = None
) -> audit.DeterminationRecord:
    """The record of a ruling, without its place in a chain.

    Raises RulingError (D043) while several outcomes can follow or nothing is graded, RecordError as `Recorder.record` does.
    """
    dispute, answering = settlement.whole, answering or Answering()
    if ruling.settled is None or ruling.result is None:
        hint = "decide first: " + ", ".join(ruling.open) if ruling.open else "nothing is graded on these findings"
        place = dispute.place
        raise RulingError([Problem(place.file, place.line, place.column, "D043", "a ruling is recorded once a grade follows", hint)])
    worlds = settlement.grid.worlds
    world = Worlds(dispute, worlds.base, worlds.variants).world(ruling.account)
    case = found_case(file, dispute, ruling)
    result = grade(chosen(settlement.knowledge, world.choices), case, as_of=world.day)
    if outcome_of(result, dispute.about) != ruling.settled:
        raise EvaluationError("the case as it was found has another grade than the ruling; please report this")
    options = audit.Options(as_of=world.day.isoformat(), choices=world.choices)
    told = {k: v for k, v in decision(settlement, ruling).items() if k != "knowledge"}
    overrides = _overrides(ruling, dispute, answering.time)
    return recorder.record(case, result, options=options, by=answering.by, time=answering.time, overrides=overrides, ruling=told)


def _overrides(ruling: Ruling, dispute: Dispute, time: str | None) -> tuple[audit.Override, ...]:
    override, settled = ruling.override, ruling.settled
    if override is None or settled is None:
        return ()
    day = dispute.procedure.decided_on
    return (
        audit.Override(
            scale=settled.scale,
            computed=ruling.grade,
            grade=override.grade,
            justification=_both(override.justification),
            authority=_both(override.authority),
            decided_on=day.isoformat() if day is not None else (time or dt.datetime.now(dt.UTC).isoformat())[:10],
            # from the day that a ruling names the computed grade stands again; a record names the last day of the departure
            expires=(override.expires - dt.timedelta(1)).isoformat(),
            reference=dispute.id,
        ),
    )


def _both(words: Words) -> str:
    return words.en if words.en == words.zh else f"{words.en} / {words.zh}"


def found_case(file: DisputeFile, dispute: Dispute, ruling: Ruling) -> CaseFile:
    """The case as it was found: what the parties agree on, what the panel found, and of the rest one party's account."""
    section = file.case.section
    facts = _facts(file, dispute, ruling)
    lines = [f"case: {flow(scalar(dispute.case.id))}", f"as_of: {dispute.case.as_of.isoformat()}"]
    lines += [f"{key}: {flow(node)}" for key, node in section.nodes.items() if key not in _LEFT_OUT]
    lines += ["facts:" if facts else "facts: {}", *(f"  {name}: {flow(_resting(node, facts))}" for name, node in facts.items())]
    return parse_case("\n".join(lines) + "\n", f"ruling {dispute.id}")


def _facts(file: DisputeFile, dispute: Dispute, ruling: Ruling) -> Nodes:
    case, section = file.case.section, file.section
    facts: Nodes = {name: node for part in ("scope", "facts") for name, _, node in case.get(part, ())}
    facts.update({name: node for name, _, node in section.get("agreed", ())})
    parties = {id: {name: node for name, _, node in party.get("facts", ())} for id, _, party in section.get("parties", ())}
    disputed = {issue.about: issue for issue in dispute.issues if issue.kind in FACTS}
    for said in reversed(parties.values()):  # of what all say alike the first stands
        facts.update({name: node for name, node in said.items() if name not in disputed})
    found = {finding.issue: finding for finding in ruling.findings}
    stated: Nodes = {}
    for name, issue in disputed.items():
        position = issue.positions[ruling.account[issue.id]]
        held = next((parties[party][name] for party in position.parties if name in parties[party]), None)
        if held is None and position.parties:
            held = facts.get(name)  # a party that does not speak of it holds what the case says
        stated[name] = _stated(held, found.get(issue.id), position)
    return {**facts, **stated}


def _stated(held: yaml.Node | None, finding: PanelFinding | None, position: Position) -> yaml.Node:
    """A fact in dispute as it is to be graded. What the panel found is stated by the panel, on the evidence of whoever says so, too."""
    if finding is None:
        return held or scalar("unknown")
    if held is None:
        held = scalar("unknown") if position.parties else yaml.compose(finding.written, Loader=yaml.SafeLoader)
        assert held is not None, "it was read before"
    entries = [(str(scalar_text(k)), v) for k, v in pairs(held)] if isinstance(held, yaml.MappingNode) else [("value", held)]
    kept = [(key, node) for key, node in entries if key not in ("asserted_by", "asserted_on", "note")]
    return mapping([*kept, ("asserted_by", scalar(PANEL)), ("note", scalar(_both(finding.reason), quoted=True))])


def _resting(node: yaml.Node, facts: Nodes) -> yaml.Node:
    """A statement that rests on nothing but what is stated."""
    if not isinstance(node, yaml.MappingNode):
        return node
    entries = []
    for key, value in pairs(node):
        if scalar_text(key) == "rests_on" and isinstance(value, yaml.SequenceNode):
            value = sequence([name for name in value.value if scalar_text(name) in facts])
        entries.append((str(scalar_text(key)), value))
    return mapping(entries)
