"""YAML and JSON documents with the position of every node.

PyYAML's C parser composes the nodes; nothing is constructed from tags, and scalars stay text until a reader that knows
the wanted type converts them, so YAML's guesses (`no`, `1:30`, `010`) never reach a grade.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from dingji.errors import Problem
from dingji.records import Draft, field

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_NODES = 400_000

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml: slower, the same result
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


# What only follows from another mistake: an unknown name, if the file that may declare it is damaged.
_DAMAGE = frozenset({"K001", "K002", "K003", "K009", "K010"})
_UNKNOWN_NAME = frozenset({"K021", "K027", "E010", "E013"})
_QUOTED = re.compile(r"""['"]([^'"]+)['"]""")


class Document(Draft):
    """One document of a file: the root node and the text it came from."""

    file: str
    text: str
    root: yaml.Node


class Problems(Draft):
    """Collects problems of one domain; `letter` is `K` for knowledge and `C` for cases."""

    letter: str
    found: list[Problem] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Names whose declaration was refused. That rules don't find them is no mistake of the rules."""
    damaged: bool = False
    """A file can't be read, or a name in it: nobody knows what was declared there."""

    def add(self, file: str, node: yaml.Node | None, number: int | str, message: str, hint: str = "", offset: int = 0) -> None:
        """Record a problem at `node` (the whole file if None), `offset` columns to its right."""
        line, column = (0, 0) if node is None else (node.start_mark.line + 1, node.start_mark.column + 1 + offset)
        self.place(file, line, column, number, message, hint)

    def place(self, file: str, line: int, column: int, number: int | str, message: str, hint: str = "") -> None:
        """Record a problem at a line and column, both from 1."""
        code = number if isinstance(number, str) else f"{self.letter}{number:03d}"
        if code in _UNKNOWN_NAME and (self.damaged or not self.lost.isdisjoint(_QUOTED.findall(message))):
            return
        self.damaged = self.damaged or code in _DAMAGE
        self.found.append(Problem(file, line, column, code, message, hint))


def read_documents(path: Path, shown: str, problems: Problems) -> list[Document]:
    """The documents of a YAML or JSON file; an empty list if it can't be read (the problems say why).

    `shown` is the name of the file in messages.
    """
    text = _read_text(path, shown, problems)
    if text is None:
        return []
    return (parse_json if path.suffix.lower() == ".json" else parse_documents)(text, shown, problems)


def parse_json(text: str, shown: str, problems: Problems) -> list[Document]:
    """The document of JSON text; an empty list if it is not JSON or is out of bounds."""
    try:
        json.loads(text, parse_int=str, parse_float=str)  # the syntax only: numbers are read later, within their bounds
    except ValueError as error:
        line, column = getattr(error, "lineno", 0), getattr(error, "colno", 0)
        problems.place(shown, line, column, 2, f"not JSON: {getattr(error, 'msg', error)}", "or save it as .yaml")
        return []
    except RecursionError:
        problems.place(shown, 0, 0, 9, "nested too deeply", f"at most {MAX_DEPTH} levels")
        return []
    return parse_documents(_json_as_yaml(text), shown, problems)


def parse_documents(text: str, shown: str, problems: Problems) -> list[Document]:
    """The documents of YAML text; an empty list if it is not YAML or is out of bounds."""
    try:
        if not _bounded(text, shown, problems):
            return []
        loader = _Loader(text)
        try:
            documents = []
            while loader.check_node():
                root = loader.get_node()
                if root is not None:
                    documents.append(Document(shown, text, root))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        _syntax_error(error, text, shown, problems)
        return []
    except (yaml.YAMLError, UnicodeEncodeError):  # the text itself is refused; the parser counts it in bytes
        match = _UNPRINTABLE.search(text)
        line, column = _line_column(text, match.start()) if match else (0, 0)
        problems.place(
            shown, line, column, 2, "not YAML: control characters are not allowed", "take it out, and save the file as UTF-8 text"
        )
        return []
    if not documents:
        problems.place(shown, 0, 0, 2, "the file is empty", "see `dingji schema` for what it should hold")
    return documents


# Neither text nor a line break: all that YAML does not take as it stands.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _syntax_error(error: yaml.MarkedYAMLError, text: str, shown: str, problems: Problems) -> None:
    what = str(error.problem or error.context or "syntax error")
    mark = error.problem_mark or error.context_mark
    if what.startswith(("could not find expected ':'", "found unexpected end of stream", "found unexpected document")):
        mark = error.context_mark or mark  # where the key or the quote begins, not where the parser gave up
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    if "tab character" in what or "'\\t'" in what or ("cannot start any token" in what and _char_at(text, line, column) == "\t"):
        problems.place(shown, line, column, 2, "not YAML: a tab can't indent YAML", "use spaces")
    elif "anchor" in what or "alias" in what:
        problems.place(shown, line, column, 3, "anchors and aliases are not allowed", "write the value out")
    else:
        problems.place(shown, line, column, 2, f"not YAML: {what}", "check the indentation, the quotes and the colons of this line")


def _line_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of a character of a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _read_text(path: Path, shown: str, problems: Problems) -> str | None:
    try:
        if path.is_dir():
            problems.place(shown, 0, 0, 1, "this is a folder, not a file", "name a file in it")
            return None
        size = path.stat().st_size
        if size > MAX_BYTES:
            problems.place(shown, 0, 0, 1, f"the file has {size:,} bytes", f"at most {MAX_BYTES:,}")
            return None
        with path.open("rb") as stream:  # a pipe has no size: bound what is read, too
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        problems.place(shown, 0, 0, 1, "there is no such file")
        return None
    except (OSError, ValueError) as error:
        problems.place(shown, 0, 0, 1, f"can't be read: {getattr(error, 'strerror', None) or error}")
        return None
    if len(data) > MAX_BYTES:
        problems.place(shown, 0, 0, 1, "the input is too long", f"at most {MAX_BYTES:,} bytes")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        sound = error.object[: error.start].decode("utf-8")  # the codec has taken the byte order mark off
        line, column = _line_column(sound, len(sound))
        problems.place(shown, line, column, 1, "not UTF-8 text", "save the file as UTF-8 (it may be GB18030 or a binary file)")
        return None


def _bounded(text: str, shown: str, problems: Problems) -> bool:
    """Events first: they are produced without recursion, so depth, size and aliases are known before nodes are composed."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line, column = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (0, 0)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problems.place(shown, line, column, 3, "anchors and aliases are not allowed", "write the value out")
            return False
        if tag := getattr(event, "tag", None):
            problems.place(shown, line, column, 3, f"the tag {tag} is not allowed", "write a plain value")
            return False
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                problems.place(shown, line, column, 9, "nested too deeply", f"at most {MAX_DEPTH} levels")
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if count > MAX_NODES:
            problems.place(shown, line, column, 9, "too many values in one file", f"at most {MAX_NODES:,}")
            return False
    return True


def _char_at(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line - 1][column - 1 : column] if 0 < line <= len(lines) else ""


_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


def _json_as_yaml(text: str) -> str:
    """Valid JSON as the YAML that PyYAML reads: no raw tabs (JSON strings can't hold them), no surrogate pairs."""

    def joined(match: re.Match[str]) -> str:
        high, low = int(match[1], 16), int(match[2], 16)
        return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"

    return _SURROGATES.sub(joined, text.replace("\t", " "))


def pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Key and value nodes of a mapping, in file order."""
    yield from node.value


# One character of a scalar's value as it is written in each style of quotes.
_CHARACTER = {
    "": re.compile(".", re.DOTALL),
    "'": re.compile("''|.", re.DOTALL),
    '"': re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL),
}
_BLANK_ESCAPES = frozenset([r"\t", r"\n", r"\v", r"\f", r"\r", r"\N", r"\_", r"\L", r"\P"])


def place_in_scalar(document: Document, node: yaml.ScalarNode, offset: int) -> tuple[int, int]:
    """Line and column (from 1) of character `offset` of a scalar's value, quotes and folded lines included.

    The k-th visible character of the value is the k-th visible character of its source, apart from quotes and escapes.
    """
    text, position = document.text, _index(document, node)
    if node.style in ("'", '"'):
        position += 1
    elif node.style in ("|", ">"):
        position = text.find("\n", position) + 1
    visible = sum(not c.isspace() for c in node.value[:offset])
    for match in _CHARACTER.get(node.style or "", _CHARACTER[""]).finditer(text, position):
        if match[0] in _BLANK_ESCAPES or match[0].lstrip("\\").isspace():
            continue
        if visible == 0:
            return _line_column(text, match.start())
        visible -= 1
    return _line_column(text, len(text))


def _index(document: Document, node: yaml.Node) -> int:
    """Offset of a node's first character; the C parser's marks count lines and columns."""
    start = 0
    for _ in range(node.start_mark.line):
        start = document.text.find("\n", start) + 1
    return start + int(node.start_mark.column)
