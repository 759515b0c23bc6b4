"""From sections to facts, scales, sources, factors, kinds of evidence and actors."""

from __future__ import annotations

import datetime as dt
import keyword
from typing import Any

import yaml

from dingji.errors import nearest
from dingji.knowledge import model as m
from dingji.knowledge.shapes import SURVEYED
from dingji.language import types as t
from dingji.language.parser import RESERVED
from dingji.language.units import parse_unit
from dingji.records import Draft, field
from dingji.shapes import DATE, NUMBER_KIND, Reader, Section, describe_node, plain, scalar_text


class Names(Draft):
    """Everything that rules may refer to."""

    facts: dict[str, m.FactDefinition] = field(default_factory=dict)
    scales: dict[str, m.ScaleDefinition] = field(default_factory=dict)
    factors: dict[str, m.Words] = field(default_factory=dict)
    evidence: dict[str, m.EvidenceKind] = field(default_factory=dict)
    actors: dict[str, m.Words] = field(default_factory=dict)
    sources: dict[str, m.SourceDocument] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    surveyed: dict[str, str] = field(default_factory=dict)
    """What a survey of experts tells -> the fact that holds it."""

    def claim(self, kind: str, name: str, node: yaml.Node, reader: Reader) -> bool:
        """Take a name for one kind of thing; false, with a problem, if it is taken."""
        here = f"{reader.document.file}:{node.start_mark.line + 1}"
        if (kind, name) in self.places:
            reader.report(node, 20, f"the {kind} {name} is declared twice", f"first in {self.places[kind, name]}")
            return False
        self.places[kind, name] = here
        return True

    def types(self) -> dict[str, t.Type]:
        """The vocabulary as the expression checker wants it."""
        return {name: fact.type for name, fact in self.facts.items()}


def place(reader: Reader, node: yaml.Node) -> m.Place:
    """Where a node stands."""
    return m.Place(reader.document.file, node.start_mark.line + 1, node.start_mark.column + 1)


def words(section: Section | None) -> m.Words | None:
    """A bilingual text; None if it is absent. A missing language is reported where the section was read."""
    if section is None:
        return None
    return m.Words(section.get("en", ""), section.get("zh", ""))


def wording(value: Section | str | None) -> m.Words:
    """A text in both languages; one that is written once reads the same in both."""
    if isinstance(value, Section):
        return words(value) or m.Words("", "")
    return m.Words(value or "", value or "")


def some_words(section: Section | None, fallback: str = "") -> m.Words:
    """A bilingual text, with a fallback for one that is absent."""
    return words(section) or m.Words(fallback, fallback)


def build_words(entries: Any, kind: str, target: dict[str, m.Words], names: Names, reader: Reader) -> None:
    """Factors and actors: id -> label."""
    for name, node, section in entries or ():
        if names.claim(kind, name, node, reader):
            target[name] = some_words(section, name)


def build_sources(entries: Any, names: Names, reader: Reader) -> None:
    """Documents that rules cite."""
    for name, node, section in entries or ():
        if names.claim("source", name, node, reader):
            _check_day(section, reader)
            names.sources[name] = m.SourceDocument(
                name,
                some_words(section.get("title"), name),
                section.get("number", ""),
                words(section.get("issuer")),
                section.get("issued", ""),
                section.get("note", ""),
                place(reader, node),
            )


def build_evidence(entries: Any, names: Names, reader: Reader) -> None:
    """Kinds of evidence. Sources must have been built before."""
    for name, node, section in entries or ():
        if not names.claim("kind of evidence", name, node, reader):
            continue
        source = section.get("source", "")
        if source and source not in names.sources:
            reader.report(section.at("source"), 21, f"unknown source {source!r}", nearest(source, names.sources))
        grounds = ("cite", "source", "confidence")
        missing = [key for key in grounds if key not in section.nodes]
        if 0 < len(missing) < len(grounds):
            reader.report(node, 7, f"{name}: the key {missing[0]} is missing", "cite, source and confidence go together")
        names.evidence[name] = m.EvidenceKind(
            name,
            some_words(section.get("label"), name),
            some_words(section.get("note")),
            wording(section.get("cite")),
            source,
            section.get("confidence", ""),
            place(reader, node),
        )


def _check_day(section: Section, reader: Reader) -> None:
    issued = section.get("issued", "")
    try:
        if len(issued) > 4:
            dt.date.fromisoformat(issued)
    except ValueError:
        reader.report(section.at("issued"), 33, f"{issued} is not a day of the calendar", "write a day such as 2024-07-15, or a year")


def build_scales(entries: Any, names: Names, reader: Reader) -> None:
    """Ordered scales."""
    for name, node, section in entries or ():
        if not names.claim("scale", name, node, reader):
            continue
        grades: list[m.GradeDefinition] = []
        for grade in section.get("grades", []):
            grade_id = grade.get("id", "")
            if grade_id in [g.id for g in grades]:
                reader.report(grade.at("id"), 20, f"the grade {grade_id} stands twice on the scale {name}")
            elif not grade_id:
                reader.problems.damaged = True
            else:
                grades.append(
                    m.GradeDefinition(grade_id, some_words(grade.get("label"), grade_id), grade.get("colour"), grade.get("silent", False))
                )
        if len(grades) < 2:
            reader.report(node, 8, f"the scale {name} needs two grades or more", "list them most severe first")
        silent = [g.silent for g in grades]
        if any(silent[:-1]):
            reader.report(node, 8, f"on the scale {name} a silent grade stands above a grade", "the silent grade comes last")
        names.scales[name] = m.ScaleDefinition(name, some_words(section.get("title"), name), tuple(grades), place(reader, node))


def build_facts(entries: Any, usual: Section | None, names: Names, reader: Reader) -> None:
    """The vocabulary, with the evidence that is usual in its file. Scales, factors and kinds of evidence must have been built before."""
    by_nature = {nature: _evidence(usual, nature, names, reader) for nature in usual.nodes} if usual else {}
    for name, node, section in entries or ():
        if not names.claim("fact", name, node, reader):
            continue
        if not _speakable(name, node, reader):
            continue
        nature = section.get("nature", "observed")
        question = words(section.get("question"))
        if nature != "derived" and "question" not in section.nodes and "type" in section.values:
            reader.report(node, 7, f"{name}: the key question is missing", "a fact that people state needs the question that asks for it")
        fields = tuple(f for n, at, s in section.get("of", ()) if _speakable(n, at, reader) and (f := _field(n, s, names, reader)))
        kind = _type(name, section, names, reader, fields)
        factor = _known_factor(section, names, reader)
        if kind is None:
            continue
        survey = _survey(name, section, kind, names, reader)
        if nature == "derived" and "evidence" in section.nodes:
            reader.report(section.key_nodes["evidence"], 5, f"{name}: a derived fact has no evidence", "evidence shows what people state")
        names.facts[name] = m.FactDefinition(
            name,
            kind,
            nature,
            some_words(section.get("label"), name),
            question,
            section.get("unit", ""),
            factor,
            _values(section),
            fields,
            section.get("policy"),
            place(reader, node),
            section.get("unless_stated", ""),
            section.get("immutable", False),
            survey,
            _evidence(section, "evidence", names, reader) or by_nature.get(nature, ()),
        )


def _evidence(section: Section, key: str, names: Names, reader: Reader) -> tuple[str, ...]:
    """The kinds of evidence that stand under a key, as far as they are known."""
    kinds = section.get(key, [])
    for index, kind in enumerate(kinds):
        if kind not in names.evidence:
            at = section.at(key)
            node = at.value[index] if isinstance(at, yaml.SequenceNode) and len(at.value) == len(kinds) else at
            hint = nearest(kind, names.evidence) or "see knowledge/evidence.yaml"
            reader.report(node, 21, f"unknown kind of evidence {kind!r}", hint)
    return tuple(dict.fromkeys(kinds))


def _survey(name: str, section: Section, kind: t.Type, names: Names, reader: Reader) -> str:
    """What the fact tells of a survey of experts; empty, if it tells nothing of one."""
    told: str = section.get("survey", "")
    if not told:
        return ""
    allowed = SURVEYED[told]
    if section.get("type") not in allowed:
        reader.report(section.at("survey"), 28, f"{name}: {told} is no {section.get('type')}", f"it goes with {' or '.join(allowed)}")
        return told
    if section.get("nature") != "derived":
        reader.report(section.at("nature"), 25, f"{name} is told by the opinions of experts, nobody states it", "nature: derived")
        return told
    if isinstance(kind, t.Enum):
        for value, node, _ in section.get("values", ()):
            if value not in names.scales:
                reader.report(node, 21, f"unknown scale {value!r}", nearest(value, names.scales))
    key = f"{told} {kind.name}" if isinstance(kind, t.Scale) else told
    if key in names.surveyed:
        reader.report(section.at("survey"), 26, f"{names.surveyed[key]} tells {key} already", "a survey tells each thing to one fact")
    names.surveyed.setdefault(key, name)
    return told


def _speakable(name: str, node: yaml.Node, reader: Reader) -> bool:
    """Can an expression read this name?"""
    if name in RESERVED or keyword.iskeyword(name):
        reader.report(node, 22, f"{name!r} is a word of the rule language", "choose another name")
        return False
    return True


def _values(section: Section) -> tuple[tuple[str, m.Words], ...]:
    return tuple((value, some_words(label, value)) for value, _, label in section.get("values", ()))


def _field(name: str, section: Section, names: Names, reader: Reader) -> m.FieldDefinition | None:
    kind = _type(name, section, names, reader, ())
    factor = _known_factor(section, names, reader)
    if kind is None:
        return None
    return m.FieldDefinition(name, kind, some_words(section.get("label"), name), section.get("unit", ""), factor, _values(section))


def _known_factor(section: Section, names: Names, reader: Reader) -> str | None:
    factor: str | None = section.get("factor")
    if factor is not None and factor not in names.factors:
        reader.report(
            section.at("factor"), 21, f"unknown factor {factor!r}", nearest(factor, names.factors) or "see knowledge/factors.yaml"
        )
        return None
    return factor


_BELONGS = {
    "unit": ("number", "integer"),
    "range": ("number", "integer"),
    "values": ("enum",),
    "scale": ("scale",),
    "of": ("list",),
    "unless_stated": ("date",),
}
_ORDERED = ("scale", "number", "integer")


def _check_keys(name: str, section: Section, kind: str, reader: Reader) -> None:
    """Are there the keys that the type needs, and no others?"""
    for key, allowed in _BELONGS.items():
        if key in section.nodes and kind not in allowed:
            reader.report(section.key_nodes[key], 5, f"{name}: a {kind} has no {key}", f"{key} goes with {' or '.join(allowed)}")
    for key in ("values", "scale", "of"):
        if kind in _BELONGS[key] and key not in section.nodes:
            reader.report(section.node, 7, f"{name}: the key {key} is missing", f"a {kind} needs it")
        elif kind in _BELONGS[key] and section.nodes[key].value == []:
            reader.report(section.nodes[key], 7, f"{name}: {key} holds nothing", f"a {kind} needs one or more")
    if section.get("policy") and kind not in _ORDERED:
        message = f"{section.get('policy')} needs an order, {name} is of type {kind}"
        reader.report(section.key_nodes["policy"], 28, message, f"policy goes with {', '.join(_ORDERED)}")
    for value, node, _ in section.get("values", ()):
        if value == "unknown":
            reader.report(
                node, 22, f"{name}: 'unknown' in a case says that nobody knows the value", "choose another word, such as undetermined"
            )


def _type(name: str, section: Section, names: Names, reader: Reader, fields: tuple[m.FieldDefinition, ...]) -> t.Type | None:
    """The type of a fact or field; None if it can't be told, and then rules that use it are not judged."""
    kind = section.get("type")
    if kind is not None:
        _check_keys(name, section, kind, reader)
    match kind:
        case "bool":
            return t.Bool()
        case "date":
            return t.Date()
        case "text":
            return t.Text()
        case "enum" if section.get("values"):
            return t.Enum(tuple(value for value, _ in _values(section)))
        case "scale" if section.get("scale") in names.scales:
            return names.scales[section.get("scale")].type
        case "scale" if section.get("scale"):
            scale = section.get("scale")
            reader.report(section.at("scale"), 21, f"unknown scale {scale!r}", nearest(scale, names.scales) or "see knowledge/scales.yaml")
        case "list" if section.get("of"):
            return t.Records(tuple((f.name, f.type) for f in fields))
        case "number" | "integer":
            low, high = section.get("range", (None, None))
            if low is not None and high is not None and low > high:
                reader.report(section.at("range"), 8, f"{name}: the range runs backwards", f"write [{high}, {low}]")
            return t.Number(parse_unit(section.get("unit", "")), kind == "integer", low, high)
    reader.problems.lost.add(name)
    return None


def read_value(node: yaml.Node, kind: t.Type, reader: Reader, number: int, name: str) -> Any:
    """A plain YAML value as a value of the rule language, None (and problem `number`) if it does not fit."""
    text = scalar_text(node)
    if text is None:
        reader.report(node, number, f"{name}: {t.describe(kind)} is expected, not a list or mapping")
        return None
    match kind:
        case t.Bool():
            if text in ("true", "false") and plain(node):
                return text == "true"
        case t.Number(integer=integer):
            value = NUMBER_KIND.read(node, Reader(reader.document, type(reader.problems)(""))) if plain(node) else None
            if value is not None and integer and not isinstance(value, int):
                value = int(value) if value == int(value) else None
            if value is not None:
                return value
        case t.Enum(values=valid):
            if text in valid:
                return text
            reader.report(node, number, f"{name}: there is no value {text!r}", nearest(text, valid) or "one of: " + ", ".join(valid))
            return None
        case t.Scale(name=scale, grades=grades):
            if text in grades:
                return kind.severity(text)
            reader.report(
                node, number, f"{name}: the scale {scale} has no grade {text!r}", nearest(text, grades) or "one of: " + ", ".join(grades)
            )
            return None
        case t.Date():
            day = DATE.read(node, Reader(reader.document, type(reader.problems)("")))
            if day is not None:
                return day
        case t.Text():
            return text
    hint = "write true or false, without quotes" if isinstance(kind, t.Bool) else ""
    if isinstance(kind, t.Number):
        hint = f"write a {'whole' if kind.integer else 'plain'} number, without quotes"
    if isinstance(kind, t.Date):
        hint = "write a day such as 2024-07-15"
    reader.report(node, number, f"{name}: {t.describe(kind)} is expected, not {describe_node(node)}", hint)
    return None
