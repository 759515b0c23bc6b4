"""JSON Schema (draft-07) of knowledge files, case files and results: for completion in editors and for other programs.

Nothing here is written by hand twice: the shapes that the readers use, the vocabulary of a knowledge base and the types of
the result say what a file holds. The readers stay stricter (expressions, references, calendars), and they give positions.
"""

from __future__ import annotations

import inspect
import json
import re
import types
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from dingji.cases.shapes import CASE, STATEMENT, STATUSES
from dingji.comparison.model import OFFICIAL, Comparison
from dingji.disputes.shapes import DISPUTE, PARTY
from dingji.knowledge.model import FactDefinition, FieldDefinition, Knowledge, Words
from dingji.knowledge.shapes import COLOURS, CONFIDENCES, FILES, METHODS, NATURES
from dingji.language import types as t
from dingji.language.units import show
from dingji.methods.model import Result
from dingji.records import Record
from dingji.shapes import DATE, NUMBER, TEXT, Schema, Shape
from dingji.tables.shapes import MAPPING

DRAFT = "http://json-schema.org/draft-07/schema#"
_UNKNOWN: Schema = {"const": "unknown"}
_NATURES = {"observed": "Seen or measured on site.", "judged": "A person answers for it."}


def knowledge_schema() -> Schema:
    """What a knowledge file may hold: one of the kinds of file, told by the key that each must have."""
    definitions: dict[str, Schema] = {}
    kinds = [shape.schema(definitions) for shape in FILES.values()]
    return _whole(
        "dingji knowledge file",
        "Facts, scales, factors, actors, kinds of evidence, sources, or one instrument, crosswalk, reconciliation or profile.",
        {"oneOf": kinds},
        definitions,
    )


def case_schema(knowledge: Knowledge) -> Schema:
    """What a case file may hold, with every fact that a person may state under this knowledge base."""
    definitions: dict[str, Schema] = {}
    reference = CASE.schema(definitions)
    properties = definitions[CASE.name]["properties"]
    for name, keys in _STATEMENTS.items():
        Shape(name, {k: STATEMENT.keys[k] for k in STATEMENT.keys if k in keys}, STATEMENT.doc).schema(definitions)
    for bound in ("at_least", "at_most"):  # each fact says what its bounds may be; "500 kV" is one
        definitions["number_statement"]["properties"][bound].pop("type")
    stated = {name: fact for name, fact in knowledge.facts.items() if fact.nature != "derived"}
    facts: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
    for name, fact in stated.items():
        if name != "subject":  # it has a key of its own
            definitions[f"fact.{name}"] = _fact(fact, knowledge, definitions)
            facts["properties"][name] = {"$ref": f"#/definitions/fact.{name}"}
    definitions["facts"] = facts
    for key in ("scope", "facts"):
        properties[key] = {"description": CASE.keys[key].doc, "$ref": "#/definitions/facts"}
    if "subject" in stated:
        properties["subject"] = {**_labelled(stated["subject"], knowledge), **_plain_value(stated["subject"], knowledge)}
    if knowledge.profiles:
        properties["profile"] = {"description": CASE.keys["profile"].doc, "enum": sorted(knowledge.profiles)}
    expect = definitions["expect"]["properties"]
    expect["facts"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {n: _plain_value(f, knowledge) for n, f in knowledge.facts.items() if not isinstance(f.type, t.Records)},
    }
    definitions["expected_finding"]["properties"]["instrument"] = {"enum": sorted(knowledge.instruments)}
    return _whole("dingji case file", "One subject with its facts on a date.", reference, definitions)


def mapping_schema(knowledge: Knowledge) -> Schema:
    """What a mapping file may hold: from the columns of a table to the facts that a person may state."""
    definitions: dict[str, Schema] = {}
    reference = MAPPING.schema(definitions)
    stated = [name for name, fact in knowledge.facts.items() if fact.nature != "derived"]
    definitions["fact_name"] = {"enum": stated}
    name: Schema = {"$ref": "#/definitions/fact_name"}
    definitions["fact_column"]["properties"]["fact"] = name
    entry: Schema = {"anyOf": [name, {"$ref": "#/definitions/fact_column"}]}
    properties = definitions[MAPPING.name]["properties"]
    properties["columns"] = {
        "description": MAPPING.keys["columns"].doc,
        "type": "object",
        "additionalProperties": {"anyOf": [entry, {"type": "array", "items": entry}]},
    }
    for key in ("constants", "lists"):
        (values,) = properties[key].pop("patternProperties").values()
        lists = {n: values for n in stated if key == "constants" or isinstance(knowledge.facts[n].type, t.Records)}
        properties[key]["properties"] = lists
    for key, known in (("official_column", knowledge.scales), ("opinion_column", knowledge.scales)):
        definitions[key]["properties"]["scale"] = {"enum": sorted(known)}
    return _whole("dingji mapping file", "From the columns of a table to facts.", reference, definitions)


def result_schema() -> Schema:
    """What `Result.to_dict` gives."""
    definitions: dict[str, Schema] = {}
    _of_type(Result, "", definitions)
    result = definitions.pop(Result.__name__)
    properties: dict[str, Schema] = result["properties"]
    # to_dict gathers what says under which knowledge the case was graded
    inner = {key.removeprefix("knowledge_"): properties.pop(key) for key in ("knowledge_version", "knowledge_digest", "profile")}
    properties["knowledge"] = {"type": "object", "additionalProperties": False, "properties": inner, "required": list(inner)}
    result["required"] = list(properties)
    result.pop("description")
    return _whole("dingji result", "A graded case: `dingji grade --format json`, or Result.to_dict() in Python.", result, definitions)


def comparison_schema() -> Schema:
    """What `Comparison.to_dict` gives."""
    definitions: dict[str, Schema] = {}
    _of_type(Comparison, "", definitions)
    found = definitions.pop(Comparison.__name__)
    properties: dict[str, Schema] = found["properties"]
    keys = {"version": "knowledge_version", "digest": "knowledge_digest", "profile": "profile"}
    inner = {key: properties.pop(name) for key, name in keys.items()}
    properties["knowledge"] = {"type": "object", "additionalProperties": False, "properties": inner, "required": list(inner)}
    found["required"] = list(properties)
    found.pop("description")
    definitions["Column"]["properties"]["method"] = {"enum": [OFFICIAL, *METHODS]}
    return _whole("dingji comparison", "Methods compared: `dingji compare --format json`, or Comparison.to_dict().", found, definitions)


def dispute_schema(knowledge: Knowledge) -> Schema:
    """What a dispute file may hold: a case with what parties assert of it, with every fact of this knowledge base."""
    definitions: dict[str, Schema] = case_schema(knowledge)["definitions"]
    reference = DISPUTE.schema(definitions)
    for shape, key in ((DISPUTE, "agreed"), (PARTY, "facts")):
        definitions[shape.name]["properties"][key] = {"description": shape.keys[key].doc, "$ref": "#/definitions/facts"}
    return _whole("dingji dispute file", DISPUTE.doc, reference, definitions)


def schema_text(schema: Schema) -> str:
    """A schema as the text of its file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def write_schemas(folder: Path, knowledge: Knowledge) -> tuple[Path, ...]:
    """Write the schema of each kind of file as `KIND.schema.json` into a folder; the paths written."""
    written = []
    of_base = {"case": case_schema, "dispute": dispute_schema, "mapping": mapping_schema}
    made = {kind: make(knowledge) for kind, make in of_base.items()}
    for name, schema in {"knowledge": knowledge_schema(), **made, "result": result_schema()}.items():
        path = folder / f"{name}.schema.json"
        path.write_text(schema_text(schema), encoding="utf-8")
        written.append(path)
    return tuple(written)


def _whole(title: str, description: str, body: Schema, definitions: dict[str, Schema]) -> Schema:
    return {"$schema": DRAFT, "title": title, "description": description, **body, "definitions": definitions}


# --- facts of a case

_PROVENANCE = frozenset(STATEMENT.keys) - {"at_least", "at_most", "unit", "complete"}
# which keys a statement may have depends on the type of its fact
_STATEMENTS = {
    "statement": _PROVENANCE,
    "number_statement": _PROVENANCE | {"at_least", "at_most", "unit"},
    "list_statement": _PROVENANCE | {"complete"},
}


# the many facts of a plain type share their definitions
_SHARED: dict[type, str] = {t.Bool: "bool", t.Date: "date", t.Text: "text"}


def _fact(fact: FactDefinition, knowledge: Knowledge, definitions: dict[str, Schema]) -> Schema:
    """A fact as stated, with what an editor shows of it."""
    label = _labelled(fact, knowledge)
    shared = _SHARED.get(type(fact.type))
    if shared is None:
        return {**label, **_stated(fact, knowledge, definitions)}
    if f"stated.{shared}" not in definitions:
        definitions[f"stated.{shared}"] = _stated(fact, knowledge, definitions)
    return {**label, "allOf": [{"$ref": f"#/definitions/stated.{shared}"}]}


def _stated(fact: FactDefinition, knowledge: Knowledge, definitions: dict[str, Schema]) -> Schema:
    """The value of a fact, `unknown`, or a mapping with the value and who states it."""
    value = _reference(fact, knowledge, definitions)
    kind = "statement"
    narrowed: Schema = {"properties": {"value": value}, "required": ["value"]}
    if isinstance(fact.type, t.Records):
        kind = "list_statement"
    elif isinstance(fact.type, t.Number):
        kind = "number_statement"
        bounds = {"anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]}
        narrowed = {"properties": dict.fromkeys(("value", "at_least", "at_most"), value), "oneOf": [{"required": ["value"]}, bounds]}
        if fact.unit:
            narrowed["properties"]["unit"] = {"enum": _unit_labels(fact)}
    return {"anyOf": [value, {"allOf": [{"$ref": f"#/definitions/{kind}"}, narrowed]}]}


def _reference(fact: FactDefinition, knowledge: Knowledge, definitions: dict[str, Schema]) -> Schema:
    """A reference to what a fact may be worth."""
    name = _SHARED.get(type(fact.type), f"value.{fact.name}")
    if name not in definitions:
        value = _records(fact, knowledge) if isinstance(fact.type, t.Records) else _plain_value(fact, knowledge)
        definitions[name] = {"anyOf": [value, _UNKNOWN]}
    return {"$ref": f"#/definitions/{name}"}


def _records(fact: FactDefinition, knowledge: Knowledge) -> Schema:
    fields = {f.name: {**_labelled(f, knowledge), "anyOf": [_plain_value(f, knowledge), _UNKNOWN]} for f in fact.fields}
    return {"type": "array", "items": {"type": "object", "additionalProperties": False, "properties": fields}}


def _plain_value(fact: FactDefinition | FieldDefinition, knowledge: Knowledge) -> Schema:
    match fact.type:
        case t.Bool():
            return {"type": "boolean"}
        case t.Enum(values=values) | t.Scale(grades=values):
            return {"enum": list(values)}
        case t.Date():
            return {**DATE.schema({}), "format": "date"}
        case t.Number(integer=integer, low=low, high=high):
            number: Schema = {"type": "integer" if integer else "number"}
            number.update({key: _number(bound) for key, bound in (("minimum", low), ("maximum", high)) if bound is not None})
            if not fact.unit:
                return number
            units = "|".join(map(_literally, _unit_labels(fact)))
            return {"anyOf": [number, {"type": "string", "pattern": f"^(?:{NUMBER.pattern}) +(?:{units})$"}]}
    return TEXT.schema({})


def _number(bound: int | Decimal) -> int | float:
    return int(bound) if bound == int(bound) else float(bound)


def _unit_labels(fact: FactDefinition | FieldDefinition) -> list[str]:
    assert isinstance(fact.type, t.Number)
    return list(dict.fromkeys((fact.unit, show(fact.type.unit)))) if fact.type.unit else [fact.unit]


def _literally(text: str) -> str:
    """Text as a pattern: only what is special in both Python's and ECMAScript's patterns is escaped."""
    return re.sub(r"[\^$\\.*+?()\[\]{}|/]", r"\\\g<0>", text)


def _labelled(fact: FactDefinition | FieldDefinition, knowledge: Knowledge) -> Schema:
    """Title and description: label, question, nature, unit, range and the labels of the values."""
    parts: list[str] = []
    if isinstance(fact, FactDefinition):
        parts += [_both(fact.question)] if fact.question else []
        parts.append(_NATURES.get(fact.nature, ""))
    if isinstance(fact.type, t.Number):
        parts += [f"Unit: {fact.unit}."] if fact.unit else []
        low, high = fact.type.low, fact.type.high
        parts += [f"Range: {'open' if low is None else low} to {'open' if high is None else high}."] if (low, high) != (None, None) else []
    values = fact.values
    if isinstance(fact.type, t.Scale) and fact.type.name in knowledge.scales:
        values = tuple((g.id, g.label) for g in knowledge.scales[fact.type.name].grades)
    if values:
        parts.append("Values: " + "; ".join(f"{value} = {_both(label)}" for value, label in values) + ".")
    described = " ".join(filter(None, parts))
    return {"title": _both(fact.label), **({"description": described} if described else {})}


def _both(words: Words) -> str:
    return words.en if words.en == words.zh else f"{words.en} / {words.zh}"


# --- results

# the fields of results that hold one word of a fixed set
_CHOICES = {"status": STATUSES, "method": METHODS, "confidence": CONFIDENCES, "nature": NATURES, "colour": COLOURS}
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _of_type(hint: Any, field: str, definitions: dict[str, Schema]) -> Schema:
    """The schema of a type hint; `field` is the name of the field that has it."""
    if isinstance(hint, type) and issubclass(hint, Record):
        return _of_record(hint, definitions)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        return {"type": "array", "items": _of_type(arguments[0], "", definitions)}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        parts = [_of_type(a, field, definitions) for a in arguments]
        if all(set(part) == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}
    if hint is str and field in _CHOICES:
        return {"enum": list(_CHOICES[field])}
    return {"type": _TYPES[hint]}


def _of_record(cls: type[Record], definitions: dict[str, Schema]) -> Schema:
    if cls.__name__ not in definitions:
        body = definitions.setdefault(cls.__name__, {})
        hints = get_type_hints(cls)
        body.update({"type": "object", "description": " ".join(inspect.cleandoc(cls.__doc__ or "").split()), "additionalProperties": False})
        body["properties"] = {name: _of_type(hint, name, definitions) for name, hint in hints.items()}
        body["required"] = list(hints)
    return {"$ref": f"#/definitions/{cls.__name__}"}
