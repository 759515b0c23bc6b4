"""The shape of YAML mappings, declared once: it reads the nodes, reports every mistake, and prints as JSON Schema.

A `Shape` names the keys of one kind of mapping, each with the kind of its value. Kinds are small objects with two
methods: `read` turns a node into a Python value (or reports a problem and returns None), `schema` describes it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import yaml

from dingji.documents import Document, Problems, pairs
from dingji.errors import nearest
from dingji.records import Draft, Record, field

Schema = dict[str, Any]

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
FACT_NAME = re.compile(r"[a-z][a-z0-9_]*")
NUMBER = re.compile(r"[-+]?\d{1,30}(\.\d{1,30})?", re.ASCII)


class Reader(Draft):
    """What the kinds need while they read one document."""

    document: Document
    problems: Problems

    def report(self, node: yaml.Node, number: int | str, message: str, hint: str = "") -> None:
        self.problems.add(self.document.file, node, number, message, hint)


class Section(Draft):
    """A mapping that was read: values by key, and the nodes they came from."""

    node: yaml.MappingNode
    values: dict[str, Any] = field(default_factory=dict)
    nodes: dict[str, yaml.Node] = field(default_factory=dict)
    key_nodes: dict[str, yaml.Node] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key; the default if it is absent or was refused."""
        value = self.values.get(key)
        return default if value is None else value

    def at(self, key: str) -> yaml.Node:
        """The node of a key's value, or of the whole mapping if the key is absent."""
        return self.nodes.get(key, self.node)


class Kind(Protocol):
    """The kind of a value."""

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        """The value of a node; None, with a problem, if it does not fit."""

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        """The kind as JSON Schema; shapes are put into `definitions` and referred to."""


class Key(Record, frozen=True):
    """One key of a shape. `doc` becomes the description that an editor shows."""

    kind: Kind
    doc: str = ""
    required: bool = False


def scalar_text(node: yaml.Node) -> str | None:
    """The text of a scalar node, None for a mapping or list."""
    return node.value if isinstance(node, yaml.ScalarNode) else None


def plain(node: yaml.Node) -> bool:
    """Is the node a scalar written without quotes?"""
    return isinstance(node, yaml.ScalarNode) and not node.style


def blank(node: yaml.Node) -> bool:
    """Is the node a scalar that says nothing: empty, spaces only, or a null?"""
    return isinstance(node, yaml.ScalarNode) and (not node.value.strip() or (plain(node) and node.value in ("null", "~")))


def describe_node(node: yaml.Node) -> str:
    """A node in words, for messages."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    return "nothing" if not text.strip() else repr(text if len(text) <= 40 else text[:37] + "...")


class Scalar(Record, frozen=True):
    """A scalar that matches a pattern; `what` says what is expected."""

    what: str
    pattern: re.Pattern[str] | None = None
    convert: Callable[[str], Any] = str
    json_type: tuple[str, ...] = ("string",)

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        text = scalar_text(node)
        if text is None or blank(node) or (self.pattern is not None and not self.pattern.fullmatch(text)):
            reader.report(node, 6, f"{self.what} is expected, not {describe_node(node)}")
            return None
        try:
            return self.convert(text)
        except ValueError:
            reader.report(node, 6, f"{self.what} is expected, not {describe_node(node)}")
            return None

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        types: Any = self.json_type[0] if len(self.json_type) == 1 else list(self.json_type)
        result: Schema = {"type": types}
        if self.pattern is not None and self.json_type == ("string",):
            result["pattern"] = f"^(?:{self.pattern.pattern})$"
        return result


def _number(text: str) -> int | Decimal:
    return Decimal(text) if "." in text else int(text)


def _true_or_false(text: str) -> bool:
    return text == "true"


TEXT = Scalar("text", json_type=("string", "number", "integer", "boolean"))
IDENT = Scalar("an id (letters, digits, . _ -)", IDENTIFIER)
NAME = Scalar("a fact name (lower case, digits, _)", FACT_NAME)
BOOL = Scalar("true or false", re.compile("true|false"), _true_or_false, ("boolean",))
INTEGER = Scalar("a whole number", re.compile(r"[-+]?\d{1,15}", re.ASCII), int, ("integer",))
COUNT = Scalar("a whole number from 0 to 9999", re.compile(r"\d{1,4}", re.ASCII), int, ("integer",))
NUMBER_KIND = Scalar("a number", NUMBER, _number, ("number",))
DATE = Scalar("a date such as 2024-07-15", re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), dt.date.fromisoformat)
DAY_OR_YEAR = Scalar("a date such as 2024-07-15, or a year", re.compile(r"\d{4}(-\d{2}-\d{2})?", re.ASCII), json_type=("string", "integer"))


class Bound(Record, frozen=True):
    """A number, or null for an open end."""

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        return None if scalar_text(node) == "null" else NUMBER_KIND.read(node, reader)

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": ["number", "null"]}


class Choice(Record, frozen=True):
    """One of a fixed set of words."""

    words: tuple[str, ...]

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        text = scalar_text(node)
        if text not in self.words:
            hint = nearest(str(text), self.words) or "one of: " + ", ".join(self.words)
            reader.report(node, 8, f"{describe_node(node)} is not allowed here", hint)
            return None
        return text

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"enum": list(self.words)}


class Raw(Record, frozen=True):
    """A node that a later step reads, because its type depends on something else."""

    json_schema: Mapping[str, Any] = field(default_factory=dict)

    def read(self, node: yaml.Node, reader: Reader) -> yaml.Node:
        return node

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return dict(self.json_schema)


class Source(Record, frozen=True):
    """A scalar whose source matters (an expression): the node itself."""

    what: str = "an expression"

    def read(self, node: yaml.Node, reader: Reader) -> yaml.ScalarNode | None:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            reader.report(node, 6, f"{self.what} is expected, not {describe_node(node)}")
            return None
        return node

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": ["string", "number", "integer", "boolean"]}


class ListOf(Record, frozen=True):
    """A list of values of one kind; refused items are left out."""

    item: Kind

    def read(self, node: yaml.Node, reader: Reader) -> list[Any] | None:
        if not isinstance(node, yaml.SequenceNode):
            reader.report(node, 6, f"a list is expected, not {describe_node(node)}")
            return None
        values = [self.item.read(child, reader) for child in node.value]
        return [v for v in values if v is not None]

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "array", "items": self.item.schema(definitions)}


class Pair(Record, frozen=True):
    """A list of exactly two bounds."""

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
            reader.report(node, 6, f"two bounds are expected, not {describe_node(node)}", "write [0, 100], null where open")
            return None
        return tuple(Bound().read(child, reader) for child in node.value)

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2}


class MapOf(Record, frozen=True):
    """A mapping from ids to values of one kind, as a list of (key, key node, value)."""

    item: Kind
    key: Scalar = IDENT

    def read(self, node: yaml.Node, reader: Reader) -> list[tuple[str, yaml.Node, Any]] | None:
        if not isinstance(node, yaml.MappingNode):
            reader.report(node, 6, f"a mapping is expected, not {describe_node(node)}")
            return None
        entries: list[tuple[str, yaml.Node, Any]] = []
        seen: dict[str, int] = {}
        for key_node, value_node in pairs(node):
            key = self.key.read(key_node, reader)
            value = self.item.read(value_node, reader)
            if key is None or value is None:
                reader.problems.lost.add(str(scalar_text(key_node)))
                reader.problems.damaged |= key is None
                continue
            if key in seen:
                reader.report(key_node, 4, f"{key} stands twice", f"first on line {seen[key]}")
                continue
            seen[key] = key_node.start_mark.line + 1
            entries.append((key, key_node, value))
        return entries

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        pattern = self.key.pattern.pattern if self.key.pattern else ".*"
        return {"type": "object", "patternProperties": {f"^(?:{pattern})$": self.item.schema(definitions)}, "additionalProperties": False}


class Either(Record, frozen=True):
    """A scalar of one kind or a collection of another."""

    scalar: Kind
    other: Kind

    def read(self, node: yaml.Node, reader: Reader) -> Any:
        return (self.scalar if isinstance(node, yaml.ScalarNode) else self.other).read(node, reader)

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"anyOf": [self.scalar.schema(definitions), self.other.schema(definitions)]}


class Shape(Record, eq=False, frozen=True):
    """A mapping with known keys."""

    name: str
    keys: Mapping[str, Key]
    doc: str = ""

    def read(self, node: yaml.Node, reader: Reader) -> Section | None:
        if not isinstance(node, yaml.MappingNode):
            reader.report(node, 6, f"{self.name}: a mapping is expected, not {describe_node(node)}", "keys: " + _some(self.keys))
            return None
        section = Section(node)
        for key_node, value_node in pairs(node):
            name = scalar_text(key_node)
            key = self.keys.get(name) if name is not None else None
            if name is None or key is None:
                hint = nearest(str(name), self.keys) or "keys: " + _some(self.keys)
                reader.report(key_node, 5, f"{self.name}: unknown key {describe_node(key_node)}", hint)
            elif name in section.nodes:
                first = section.key_nodes[name].start_mark.line + 1
                reader.report(key_node, 4, f"{self.name}: the key {name} stands twice", f"first on line {first}")
            else:
                section.key_nodes[name], section.nodes[name] = key_node, value_node
                section.values[name] = key.kind.read(value_node, reader)
        for name, key in self.keys.items():
            if key.required and name not in section.nodes:
                reader.report(node, 7, f"{self.name}: the key {name} is missing", key.doc)
        return section

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        reference = {"$ref": f"#/definitions/{self.name}"}
        if self.name not in definitions:
            body: Schema = definitions.setdefault(self.name, {})
            body.update({"type": "object", "additionalProperties": False})
            if self.doc:
                body["description"] = self.doc
            body["properties"] = {
                name: ({"description": key.doc, **key.kind.schema(definitions)} if key.doc else key.kind.schema(definitions))
                for name, key in self.keys.items()
            }
            if required := [name for name, key in self.keys.items() if key.required]:
                body["required"] = required
        return reference


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:12]) + (", ..." if len(listed) > 12 else "")
