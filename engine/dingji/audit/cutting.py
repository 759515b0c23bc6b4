"""Cutting knowledge files down to some entries, line by line: what stays is what the author wrote.

Every rule knows the line where it begins; it ends where a line stands no deeper than its dash. A YAML library would print the
text anew, without its comments and quotes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from dingji.knowledge.model import Knowledge, Place
from dingji.records import Draft, field

Kept = Mapping[str, Container[str]]
_WORDS = re.compile(r"^(factors|actors|evidence_kinds):", re.MULTILINE)
_TOP = re.compile(r"^([A-Za-z_]+):")
_ENTRY = re.compile(r"^( +)(?:\"([^\"]+)\"|'([^']+)'|([^\s:#'\"]+)):")


def cut(files: Mapping[str, str], base: Knowledge, kept: Kept) -> dict[str, str]:
    """The files that hold a kept entry, without the others' entries."""
    index = _index(base)
    found: dict[str, str] = {}
    for name, text in files.items():
        kind = index.kinds.get(name, "")
        if (not kind and _WORDS.search(text)) or (kind == "profile" and index.profiles[name] in kept.get("profile", ())):
            found[name] = text
        elif kind in ("fact", "source", "scale"):
            names = kept.get(kind, ())
            if any(entry in names for entry in index.named[name]):
                found[name] = _named(text, names)
        elif kind == "rules" and (shorter := _ruled(text, index, name, kept)):
            found[name] = shorter
    return found


class _Index(Draft):
    """What each file holds. `named`: its facts, sources or scales; `rules`: place, rule, table; `owners`: whose rules."""

    kinds: dict[str, str] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, list[tuple[Place, str, str]]] = field(default_factory=dict)
    owners: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)


def _index(base: Knowledge) -> _Index:
    """The index of a base, made once. Other files hold factors, actors and kinds of evidence (short: they stay whole), or no grade."""
    if "audit index" in base.plans:
        known: _Index = base.plans["audit index"]
        return known
    index = base.plans["audit index"] = _Index()
    named: dict[str, Mapping[str, Any]] = {"fact": base.facts, "source": base.sources, "scale": base.scales}
    for kind, entries in named.items():
        for name, entry in entries.items():
            index.kinds[_name(entry.place)] = kind
            index.named.setdefault(_name(entry.place), []).append(name)
    owners: dict[str, Mapping[str, Any]] = {
        "instrument": base.instruments,
        "crosswalk": base.crosswalks,
        "reconciliation": base.reconciliations,
    }
    for kind, entries in owners.items():
        for name, entry in entries.items():
            index.kinds[_name(entry.place)] = "rules"
            index.owners.setdefault(_name(entry.place), []).append((kind, name))
    for name, profile in base.profiles.items():
        index.kinds[_name(profile.place)] = "profile"
        index.profiles[_name(profile.place)] = name
    for rule in base.rules.values():
        index.rules.setdefault(_name(rule.place), []).append((rule.place, rule.id, rule.table))
    return index


def _name(place: Place) -> str:
    """A file's name in its folder: places begin with the name of the folder itself."""
    return place.file.partition("/")[2]


def _named(text: str, kept: Container[str]) -> str:
    """A file of named entries: those that are kept, and what is usual in the file."""
    lines, indent, keep, usual = [], "", True, False
    for line in text.splitlines():
        if line and line[0] not in " #-":
            indent, keep, usual = "", True, line.startswith("evidence:")
        elif usual:
            pass
        elif (match := _ENTRY.match(line)) and (not indent or match[1] == indent):
            indent = match[1]
            keep = (match[2] or match[3] or match[4]) in kept
        elif line[:1] == "#" or not line.strip():
            keep = False
        if keep:
            lines.append(line)
    return "\n".join(lines) + "\n"


def _ruled(text: str, index: _Index, name: str, kept: Kept) -> str:
    """A file of rules, each document without the rules that are not kept; without documents whose head is not kept."""
    if not any(owner in kept.get(kind, ()) for kind, owner in index.owners[name]):
        return ""
    lines = text.splitlines()
    gone: set[int] = set()
    tables: dict[str, list[tuple[Place, bool]]] = {}
    for place, rule, table in index.rules.get(name, ()):
        stays = rule in kept.get("rule", ())
        if table:
            tables.setdefault(table, []).append((place, stays))
        if not stays:
            gone.update(_item(lines, place))
    for rows in tables.values():
        if not any(stays for _, stays in rows):
            gone.update(_around(lines, rows[0][0].line - 1))
    return _documents(lines, gone, kept)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _item(lines: list[str], place: Place) -> range:
    """The lines of a list item that begins at a place; none, if it does not begin its line."""
    start = place.line - 1
    line = lines[start]
    if line[: place.column - 1].strip() != "-":
        return range(0)
    return range(start, _end(lines, start, _indent(line)))


def _end(lines: list[str], start: int, depth: int) -> int:
    """The first line after `start` that stands no deeper than `depth`."""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > depth):
        end += 1
    return end


def _around(lines: list[str], row: int) -> range:
    """The lines of the table around a row: up to the nearest line that stands less deep than `rows:` and begins an item."""
    depth = _indent(lines[row])
    start = row
    while start >= 0:
        line = lines[start]
        if line.strip() and not line.lstrip().startswith("#") and _indent(line) < depth:
            if line.lstrip().startswith("- "):
                return range(start, _end(lines, start, _indent(line)))
            depth = min(depth, _indent(line) + 1)
        start -= 1
    return range(0)


def _documents(lines: list[str], gone: set[int], kept: Kept) -> str:
    parts: list[list[str]] = []
    document: list[tuple[int, str]] = []
    for number, line in [*enumerate(lines), (len(lines), "---")]:
        if line.startswith("---"):
            part = _document(document, gone)
            if part and _head_kept(part, kept):
                parts.append(part)
            document = []
        else:
            document.append((number, line))
    return "---\n".join("\n".join(part) + "\n" for part in parts)


def _head_kept(lines: list[str], kept: Kept) -> bool:
    """Is the instrument, crosswalk or reconciliation of a document kept?"""
    kind = next((m[1] for line in lines if (m := _TOP.match(line))), "")
    owner = next((m[1] for line in lines if (m := re.match(r"^ +id: *[\"']?([^\s\"'#]+)", line))), "")
    return owner in kept.get(kind, ())


def _document(lines: list[tuple[int, str]], gone: set[int]) -> list[str]:
    """The lines of a document that stay; a key below which nothing stays goes, too."""
    sections: list[list[tuple[int, str]]] = [[]]
    for number, line in lines:
        if _TOP.match(line):
            sections.append([])
        sections[-1].append((number, line))
    found: list[str] = []
    for section in sections:
        left = [line for number, line in section if number not in gone]
        said = [line for line in left if line.strip() and not line.lstrip().startswith("#")]
        emptied = len(said) == 1 and len(left) < len(section) and said[0].rstrip().endswith(":")
        if not emptied:
            found += left
    return found
