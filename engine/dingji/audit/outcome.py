"""What a determination came to, and how two of them differ: by how many grades, by which rules, in which duties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import yaml

from dingji.audit import model as m
from dingji.audit.canonical import plain
from dingji.audit.citations import rules_cited
from dingji.audit.replay import first_difference
from dingji.cases.reader import CaseFile, parse_case
from dingji.errors import DingjiError
from dingji.grading import grade
from dingji.knowledge.choices import chosen
from dingji.knowledge.model import Knowledge, Words
from dingji.records import Record
from dingji.shapes import Section, scalar_text

FELL, CAME, CHANGED = "fell", "came", "changed"
"""A rule that fired then and not now, one that fires now and did not then, one that says something else now."""
MOST_RULES = 60
"""A row names so many rules; the counts are over all."""


class Cell(Record, frozen=True):
    """A grade as reached: `grade` is null unless it is settled. `reason`: why nothing could be graded, empty if it could.

    `colour` and `label` are those of the grade on its scale.
    """

    scale: str = ""
    grade: str | None = None
    label: Words | None = None
    colour: str | None = None
    status: str = "none"
    reachable: tuple[str, ...] = ()
    reason: str = ""


class RuleChange(Record, frozen=True):
    """A rule that parts two results: fell, came or changed."""

    rule: str
    change: str


class RuleText(Record, frozen=True):
    """What a rule says."""

    rule: str
    text: Words
    cite: Words
    source: str


class Duty(Record, frozen=True):
    """A duty that appears or vanishes."""

    id: str
    actor: Words
    act: Words


class Change(Record, frozen=True):
    """How a result differs from an earlier one.

    `steps`: by how many grades it is more severe (negative: milder); null unless both are settled on one scale. `first` is the
    first node of the proof, in the order of reasoning, that differs.
    """

    graded: bool
    """Does the determination differ?"""
    steps: int | None
    first: str
    rules: tuple[RuleChange, ...]
    appear: tuple[str, ...]
    vanish: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Does what is determined or due differ?"""
        return self.graded or bool(self.appear or self.vanish)


def case_without_tests(text: str, name: str) -> CaseFile:
    """A case as it is graded: what it expects as a test and what an authority said take no part. Raises CaseError."""
    return without_tests(parse_case(text, name))


def without_tests(file: CaseFile) -> CaseFile:
    """The same of a case that has been read."""
    return _changed(file, {"expect": None, "official": None})


def _changed(file: CaseFile, values: Mapping[str, Any]) -> CaseFile:
    section = file.section
    return CaseFile(Section(section.node, {**section.values, **values}, section.nodes, section.key_nodes), file.document)


def known_part(file: CaseFile, knowledge: Knowledge) -> tuple[CaseFile, tuple[str, ...]]:
    """The case without the facts that a vocabulary does not have, and their names: no rule of that knowledge can read them."""
    dropped = {name for key in ("scope", "facts") for name, _, _ in file.section.get(key, ()) if name not in knowledge.facts}
    if not dropped:
        return file, ()
    kept = {
        key: tuple((name, node, _resting(value, dropped)) for name, node, value in file.section.get(key, ()) if name not in dropped)
        for key in ("scope", "facts")
        if file.section.get(key)
    }
    return _changed(file, kept), tuple(sorted(dropped))


def _resting(node: yaml.Node, dropped: set[str]) -> yaml.Node:
    """A statement that does not rest on facts which are left out."""
    if not isinstance(node, yaml.MappingNode):
        return node
    parts = []
    for key, value in node.value:
        if scalar_text(key) == "rests_on" and isinstance(value, yaml.SequenceNode):
            rest = [child for child in value.value if scalar_text(child) not in dropped]
            value = yaml.SequenceNode(value.tag, rest, value.start_mark, value.end_mark)
        parts.append((key, value))
    return yaml.MappingNode(node.tag, parts, node.start_mark, node.end_mark)


def graded_under(knowledge: Knowledge, file: CaseFile, options: m.Options, day: dt.date | None) -> m.Plain | str:
    """The plain result of a case under a knowledge base and the editions of a day; in words why there is none.

    What a panel decided on the texts stands: the knowledge is taken so.
    """
    try:
        result = grade(
            chosen(knowledge, options.choices),
            file,
            as_of=day,
            today=_day(options.today),
            profile=options.profile,
            on=_day(options.on),
        )
    except DingjiError as error:
        first = error.problems[0]
        return f"{first.code}: {first.message}"
    except (ValueError, RecursionError) as error:
        return str(error)
    found: m.Plain = plain(result.to_dict())
    return found


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def cell(result: m.Plain | str) -> Cell:
    """What a result came to. Where nothing is determined, the findings stand for it."""
    if isinstance(result, str):
        return Cell(reason=result)
    found = result.get("determination")
    if found is None:
        told = [f"{f.get('instrument', '')} {f.get('grade') or '|'.join(f.get('reachable', ()))}" for f in result.get("findings", ())]
        return Cell(reachable=tuple(told))
    label = found.get("grade_label")
    return Cell(
        scale=found.get("scale", ""),
        grade=found.get("grade"),
        label=words(label) if label else None,
        colour=found.get("colour"),
        status=found.get("status", "none"),
        reachable=tuple(found.get("reachable", ())),
    )


def words(text: Any) -> Words:
    """A text of a plain result."""
    return Words(str(text.get("en", "")), str(text.get("zh", ""))) if isinstance(text, dict) else Words("", "")


def compare(before: m.Plain, after: m.Plain, *scales_of: Knowledge) -> Change:
    """How `after` differs from `before`. `scales_of` are the bases whose scales order the grades."""
    old, new = cell(before), cell(after)
    due = [[duty["id"] for duty in result.get("duties", ())] for result in (before, after)]
    difference = first_difference(before, after)
    return Change(
        graded=(old.scale, old.grade, old.status, old.reachable) != (new.scale, new.grade, new.status, new.reachable),
        steps=steps_between(old, new, *scales_of),
        first=difference.node if difference else "",
        rules=tuple(_rule_changes(before, after)),
        appear=tuple(id for id in due[1] if id not in due[0]),
        vanish=tuple(id for id in due[0] if id not in due[1]),
    )


def steps_between(old: Cell, new: Cell, *bases: Knowledge) -> int | None:
    """By how many grades one is more severe than the other; null unless both are settled on one scale with the same grades."""
    if old.scale != new.scale or not old.scale:
        return None
    known = [base.scales[old.scale] for base in bases if old.scale in base.scales]
    ids = {tuple(g.id for g in scale.grades) for scale in known}
    if len(ids) != 1:
        return None
    order = ids.pop()
    before, after = _settled(old, order), _settled(new, order)
    return order.index(before) - order.index(after) if before in order and after in order else None


def _settled(found: Cell, order: tuple[str, ...]) -> str:
    """The grade; that which says nothing was found, where a determination is silent."""
    return found.grade or (order[-1] if found.status == "silent" else "")


def _rule_changes(before: m.Plain, after: m.Plain) -> list[RuleChange]:
    then, now = _fired(before), _fired(after)
    changed = [RuleChange(id, CHANGED) for id in then if id in now and then[id] != now[id]]
    fell = [RuleChange(id, FELL) for id in then if id not in now]
    came = [RuleChange(id, CAME) for id in now if id not in then]
    return changed + fell + came


def _fired(result: m.Plain) -> dict[str, Any]:
    """What each rule says that holds in a proof: its conclusion, condition and formula; what a duty is due."""
    formulas = dict(_formulas(result.get("proof") or ()))
    found: dict[str, Any] = {}
    for rule in rules_cited(result):
        if rule.get("truth") is True:
            id = rule["id"].partition("@")[0]
            found[id] = (rule.get("concludes"), (rule.get("condition") or {}).get("source"), formulas.get(rule["id"]))
    for duty in result.get("duties", ()):
        found[duty["id"]] = (duty.get("actor"), duty.get("kind"))
    return found


def _formulas(nodes: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for node in nodes:
        if node.get("formula"):
            found += [(rule["id"], node["formula"]) for rule in node.get("rules", ())]
        found += _formulas(node.get("facts") or ())
    return found


def texts(*results: m.Plain | str) -> dict[str, RuleText]:
    """What the rules and duties of some results say, by id."""
    found: dict[str, RuleText] = {}
    for result in results:
        if isinstance(result, str):
            continue
        for rule in rules_cited(result):
            id = rule["id"].partition("@")[0]
            found.setdefault(id, RuleText(id, words(rule.get("text")), words(rule.get("cite")), str(rule.get("source", ""))))
        for duty in result.get("duties", ()):
            found.setdefault(duty["id"], RuleText(duty["id"], words(duty.get("act")), words(duty.get("cite")), str(duty.get("source", ""))))
    return found


def duties(*results: m.Plain | str) -> dict[str, Duty]:
    """The duties of some results, by id."""
    listed = (duty for result in results if not isinstance(result, str) for duty in result.get("duties", ()))
    return {duty["id"]: Duty(duty["id"], words(duty.get("actor_label")), words(duty.get("act"))) for duty in listed}
