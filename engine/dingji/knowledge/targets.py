"""Targets for the grades of a whole register: what share or number of its rows may or must have a grade."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dingji.documents import Problems, read_documents
from dingji.errors import KnowledgeError, nearest
from dingji.knowledge import model as m
from dingji.knowledge.rules import Block
from dingji.knowledge.shapes import FILES
from dingji.knowledge.vocabulary import Names
from dingji.shapes import Reader, Section, Shape

MOST_PERCENT = 100


def build_targets(sections: Iterable[Section], block: Block) -> dict[str, m.Target]:
    """The targets of a file, by their ids. Each has the grounds of a rule, and is cited like one."""
    found: dict[str, m.Target] = {}
    for section in sections:
        if "source" not in section.nodes:
            block.reader.report(section.node, 7, "target: the key source is missing", "name the document that sets it")
        target = _target(section, block)
        if target is not None:
            found[target.rule.id] = target
    return found


def read_targets(path: Path, knowledge: m.Knowledge) -> dict[str, m.Target]:
    """The targets of a user's own file, which need no source. Raises KnowledgeError with all problems of the file."""
    problems = Problems("K")
    shape: Shape = FILES["targets"]
    found: dict[str, m.Target] = {}
    names = Names(scales=dict(knowledge.scales), sources=dict(knowledge.sources))
    for document in read_documents(path, str(path), problems):
        reader = Reader(document, problems)
        section = shape.read(document.root, reader)
        if section is not None:
            block = Block("targets", "", reader, names, {})
            targets = (_target(_own(one), block) for one in section.get("targets", ()))
            found |= {target.rule.id: target for target in targets if target is not None}
    if problems.found:
        raise KnowledgeError(problems.found)
    return found


def _own(section: Section) -> Section:
    """A target whose grounds may be left out: its user knows where it comes from."""
    usual = {"cite": "", "confidence": "stated", "text": None}
    values = {**usual, **{key: value for key, value in section.values.items() if value is not None}}
    return Section(section.node, values, {**dict.fromkeys(usual, section.node), **section.nodes}, section.key_nodes)


def _target(section: Section, block: Block) -> m.Target | None:
    reader, scales = block.reader, block.names.scales
    rule = block.rule("target", section)
    scale = scales.get(section.get("scale", ""))
    if scale is None:
        if section.get("scale") is not None:
            reader.report(section.at("scale"), 21, f"unknown scale {section.get('scale')!r}", nearest(section.get("scale"), scales))
        return None
    grades = tuple(section.get("grades", ()))
    known = [grade.id for grade in scale.grades]
    for grade in grades:
        if grade not in known:
            hint = nearest(grade, known) or "grades: " + ", ".join(known)
            reader.report(section.at("grades"), 27, f"the scale {scale.id} has no grade {grade!r}", hint)
    if not grades and "grades" in section.nodes:
        reader.report(section.at("grades"), 7, "a target speaks of one grade or more", "grades: [A]")
    _check_bounds(section, reader)
    among = section.get("among")
    if rule is None:
        return None
    return m.Target(
        scale=scale.id,
        grades=grades,
        at_least=section.get("at_least"),
        at_most=section.get("at_most"),
        unit=section.get("unit", "percent"),
        by=section.get("by", ""),
        among=(among.get("group", ""), tuple(among.get("values", ()))) if among else None,
        rule=rule,
    )


def _check_bounds(section: Section, reader: Reader) -> None:
    low, high = section.get("at_least"), section.get("at_most")
    if "at_least" not in section.nodes and "at_most" not in section.nodes:
        reader.report(section.node, 7, "target: the key at_least or at_most is missing", "at_least: 30")
    if low is not None and high is not None and low > high:
        reader.report(section.at("at_most"), 33, f"at most {high} is less than at least {low}")
    for key, bound in (("at_least", low), ("at_most", high)):
        most = MOST_PERCENT if section.get("unit", "percent") == "percent" else bound
        if bound is not None and not 0 <= bound <= most:
            reader.report(section.at(key), 33, f"{bound} is no share from 0 to 100 percent", "write 30 for 30 %, or unit: rows")
