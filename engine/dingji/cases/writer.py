"""Writing facts into a case file: only what changes is written, every other character of the file stays as it is.

A YAML library that reads and prints again would keep the comments, but not the line breaks, quotes and brackets of lines that
nobody touched. The reader knows where every node stands, so new text is set in at those places; then the file is read again
and every fact compared, and a file that would not say what it should is never written.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from dingji.cases.model import Case
from dingji.cases.reader import CaseFile, parse_case
from dingji.cases.shapes import CASE
from dingji.documents import Problems, pairs, parse_documents
from dingji.files import write_whole
from dingji.knowledge.model import Knowledge
from dingji.records import Record, replace
from dingji.shapes import NUMBER, Reader, plain, scalar_text

HEAD = ("case", "subject", "title", "as_of", "profile")
"""The keys after which `scope` and `facts` stand by custom."""
_SAYS = frozenset({"value", "at_least", "at_most", "complete", "asserted_by", "asserted_on"})
"""Keys of a statement that go when another value is stated: whoever stated the old one did not state the new one."""
_TAG = "tag:yaml.org,2002:"
_PLAIN = re.compile(r"[^\W_][\w.+%°·/ -]*(?<! )")


class UnwritableError(Exception):
    """The facts can't be written into the file; the message says why."""


class Stated(Record, frozen=True):
    """A fact as it is to be written: the node of its value, as in a case file. `scope` facts join the scope of the case."""

    fact: str
    node: yaml.Node
    scope: bool = False


def scalar(text: str, *, quoted: bool = False) -> yaml.ScalarNode:
    """A scalar of a case file. What would not be read back as it stands is quoted in any case."""
    bare = not quoted and (_PLAIN.fullmatch(text) or NUMBER.fullmatch(text))
    return yaml.ScalarNode(_TAG + "str", text, style=None if bare else '"')


def mapping(entries: Iterable[tuple[str, yaml.Node]]) -> yaml.MappingNode:
    """A mapping of a case file."""
    return yaml.MappingNode(_TAG + "map", [(scalar(key), node) for key, node in entries], flow_style=True)


def sequence(items: Iterable[yaml.Node]) -> yaml.SequenceNode:
    """A list of a case file."""
    return yaml.SequenceNode(_TAG + "seq", list(items), flow_style=True)


def stated_by(node: yaml.Node, name: str, day: dt.date | None) -> yaml.Node:
    """A value or statement with who states it and when, where it does not say so itself."""
    if not name:
        return node
    entries = [(str(scalar_text(k)), v) for k, v in pairs(node)] if isinstance(node, yaml.MappingNode) else [("value", node)]
    said = {key for key, _ in entries}
    if "asserted_by" not in said:
        entries.append(("asserted_by", scalar(name)))
        if day is not None and "asserted_on" not in said:
            entries.append(("asserted_on", scalar(day.isoformat())))
    return mapping(entries)


def new_case(name: str, subject: str, day: dt.date) -> str:
    """The text of a case that states nothing yet."""
    return f"case: {name}\nsubject: {subject}\nas_of: {day.isoformat()}\n"


def checked(knowledge: Knowledge, case: Case, stated: Stated, known: Iterable[str] = ()) -> Any:
    """The value of a statement, checked as in a case file. Raises CaseError with the same messages.

    `known` are the facts stated elsewhere, which the statement may rest on.
    """
    others = ""
    if isinstance(stated.node, yaml.MappingNode):
        others = "".join(f"  {name}: unknown\n" for name in known if name not in (stated.fact, "subject"))
    text = f"{new_case(case.id, case.subject, case.as_of)}facts:\n  {stated.fact}: {flow(stated.node)}\n{others}"
    statement = parse_case(text, stated.fact).check(knowledge).statements.get(stated.fact)
    return statement.value if statement else None


def flow(node: yaml.Node) -> str:
    """A node on one line."""
    if isinstance(node, yaml.MappingNode):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in pairs(node)) + "}"
    if isinstance(node, yaml.SequenceNode):
        return "[" + ", ".join(map(flow, node.value)) + "]"
    text = str(node.value)
    if plain(node) and (_PLAIN.fullmatch(text) or NUMBER.fullmatch(text)):
        return text
    shown = yaml.dump(text, Dumper=yaml.SafeDumper, default_style='"', allow_unicode=True, width=10**9)
    return str(shown).rstrip("\n")


def _block(node: yaml.Node, indent: str, newline: str) -> str:
    """What follows `key:`: on the same line, or below it where a list of records would make the line long."""
    if isinstance(node, yaml.SequenceNode) and any(isinstance(item, yaml.MappingNode) and len(item.value) > 1 for item in node.value):
        return "".join(f"{newline}{indent}  - {flow(item)}" for item in node.value)
    if isinstance(node, yaml.MappingNode) and any(isinstance(v, yaml.SequenceNode) and v.value for _, v in pairs(node)):
        return "".join(f"{newline}{indent}  {flow(k)}:{_block(v, indent + '  ', newline)}" for k, v in pairs(node))
    return " " + flow(node)


def with_statements(file: CaseFile, text: str, statements: Sequence[Stated], knowledge: Knowledge) -> tuple[str, CaseFile]:
    """The text of a case's file with more facts stated, each in the place of what the case said of it before; and its case.

    `text` is the file as it stands on the disk. Raises UnwritableError if the file can't be edited without harm.
    """
    name = file.document.file
    edit = _json_edited if name.lower().endswith(".json") else _yaml_edited
    changed = edit(file, text, statements)
    documents = parse_documents(changed, name, Problems("C"))
    again = next((c for c in _cases(documents, name) if c.id == file.id), None)
    if again is None or not _says(file.check(knowledge), again.check(knowledge), statements, knowledge):
        raise UnwritableError("the new facts can't be set into it without changing what else it says")
    return changed, again


def _cases(documents: list[Any], name: str) -> list[CaseFile]:
    problems = Problems("C")
    sections = [(CASE.read(d.root, Reader(d, problems)), d) for d in documents]
    return [] if problems.found else [CaseFile(section, document) for section, document in sections if section is not None]


def _says(before: Case, after: Case, statements: Sequence[Stated], knowledge: Knowledge) -> bool:
    """Does the case say all that it said, and the new statements?"""
    new = {s.fact: checked(knowledge, before, s, before.statements) for s in statements}
    for name in {*before.statements, *after.statements, *new}:
        old, found = before.statements.get(name), after.statements.get(name)
        if found is None or (name in new and found.value != new[name]):
            return False
        if name not in new and (old is None or replace(old, place=None) != replace(found, place=None)):
            return False
    return replace(before, statements={}, place=after.place) == replace(after, statements={})


Edit = tuple[int, int, str]
"""Start and end of what goes, and what comes instead."""


class Page:
    """A text with the places of its nodes, and the edits made to it."""

    def __init__(self, text: str) -> None:
        self.text, self.edits = text, list[Edit]()
        self.newline = "\r\n" if "\r\n" in text else "\n"
        # the line breaks of YAML 1.1, as the parser counts them
        self._lines = [0, *(m.end() for m in re.finditer("\r\n|[\n\r\x85\u2028\u2029]", text))]

    def at(self, mark: yaml.Mark) -> int:
        """The offset of a mark."""
        return self._lines[mark.line] + int(mark.column)

    def start(self, node: yaml.Node) -> int:
        """The offset of a node's first character."""
        return self.at(node.start_mark)

    def end(self, node: yaml.Node) -> int:
        """The end of a node without the comments and empty lines that the parser counts to it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self.end(last[1] if isinstance(last, tuple) else last)
        start = self.start(node)
        return start + len(self.text[start : self.at(node.end_mark)].rstrip())

    def line_end(self, offset: int) -> int:
        """The end of the line in which a character stands."""
        found = re.compile("[\n\r\x85\u2028\u2029]").search(self.text, offset)
        return found.start() if found else len(self.text)

    def edit(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of what stands there."""
        self.edits.append((start, end, text))

    def edited(self) -> str:
        """The text with all edits made."""
        parts, done = [], 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            parts += [self.text[done:start], text]
            done = end
        return "".join([*parts, self.text[done:]])


def _yaml_edited(file: CaseFile, text: str, statements: Sequence[Stated]) -> str:
    page, section = Page(text), file.section
    places = {name: (key, value) for part in ("scope", "facts") for name, key, value in section.get(part, ())}
    for stated in statements:
        if stated.fact in places:
            _restate(page, *places[stated.fact], stated.node)
    for part in ("scope", "facts"):
        new = [s for s in statements if s.fact not in places and s.scope == (part == "scope")]
        if new:
            _add(page, file, part, new)
    return page.edited()


def _restate(page: Page, key: yaml.Node, old: yaml.Node, new: yaml.Node) -> None:
    if not isinstance(old, yaml.MappingNode):
        if isinstance(old, yaml.SequenceNode) and not old.flow_style:  # it may stand no deeper than its key
            page.edit(page.text.index(":", page.end(key)) + 1, page.end(old), " " + flow(new))
        else:
            page.edit(page.start(old), page.end(old), flow(new))
        return
    entries = [(k, v) for k, v in pairs(new)] if isinstance(new, yaml.MappingNode) else [(scalar("value"), new)]
    said = [f"{flow(k)}: {flow(v)}" for k, v in entries]
    between = ", " if old.flow_style else page.newline + " " * old.start_mark.column
    gone = [number for number, (k, _) in enumerate(old.value) if scalar_text(k) in _SAYS]
    for number in gone:
        k, v = old.value[number]
        if number == gone[0]:
            page.edit(page.start(k), page.end(v), between.join(said))
        elif old.flow_style:
            page.edit(page.end(old.value[number - 1][1]), page.end(v), "")
        else:
            page.edit(page.line_end(page.end(old.value[number - 1][1])), page.line_end(page.end(v)), "")


def _add(page: Page, file: CaseFile, part: str, new: Sequence[Stated]) -> None:
    """Set new facts behind the last one of `scope` or `facts`; without such a key, behind the head of the case."""
    root, node, newline = file.section.node, file.section.nodes.get(part), page.newline
    in_line = ", ".join(f"{s.fact}: {flow(s.node)}" for s in new)
    if isinstance(node, yaml.MappingNode) and node.value:
        last = page.end(node.value[-1][1])
        if node.flow_style:
            page.edit(last, last, f", {in_line}")
        else:
            page.edit(page.line_end(last), page.line_end(last), _lines(new, " " * node.start_mark.column, newline))
    elif root.flow_style:
        if node is not None:
            page.edit(page.start(node), page.end(node), f"{{{in_line}}}")
        else:
            last = page.end(root.value[-1][1])
            page.edit(last, last, f", {part}: {{{in_line}}}")
    else:
        indent = " " * root.start_mark.column
        lines = _lines(new, indent + "  ", newline)
        if node is not None:
            page.edit(page.text.index(":", page.end(file.section.key_nodes[part])) + 1, page.end(node), lines)
        else:
            before = (*HEAD, "scope") if part == "facts" else HEAD
            last = page.line_end(max(page.end(v) for k, v in file.section.nodes.items() if k in before))
            page.edit(last, last, f"{newline}{indent}{part}:{lines}")


def _lines(new: Sequence[Stated], indent: str, newline: str) -> str:
    return "".join(f"{newline}{indent}{s.fact}:{_block(s.node, indent, newline)}" for s in new)


def _json_edited(file: CaseFile, text: str, statements: Sequence[Stated]) -> str:
    """JSON has neither comments nor a custom of line breaks: it is written anew, its keys in their order."""
    data = json.loads(text)
    for stated in statements:
        part = next((p for p in ("scope", "facts") if stated.fact in data.get(p, {})), "scope" if stated.scope else "facts")
        value, facts = _plain(stated.node), data.setdefault(part, {})
        old = facts.get(stated.fact)
        if isinstance(old, dict):
            kept = {k: v for k, v in old.items() if k not in _SAYS}
            value = {**(value if isinstance(value, dict) else {"value": value}), **kept}
        facts[stated.fact] = value
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(scalar_text(key)): _plain(value) for key, value in pairs(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    text = str(node.value)
    if plain(node) and (text in ("true", "false") or NUMBER.fullmatch(text)):
        return json.loads(text.lstrip("+"))
    return text


def save(path: Path, text: str, before: bytes | None) -> None:
    """Write a file whole or not at all. `before` is what it held when it was read, None if it must not exist yet.

    Raises UnwritableError if it holds something else by now.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    now = target.read_bytes() if target.exists() else None
    if now != before:
        raise UnwritableError("there is such a file already" if before is None else "somebody has changed it meanwhile")
    mark = "\ufeff" if before is not None and before.startswith(b"\xef\xbb\xbf") else ""
    write_whole(target, (mark + text).encode())
