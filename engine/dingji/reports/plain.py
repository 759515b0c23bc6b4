"""Text from users, made harmless: for a terminal by stripping, for Markdown by escaping.

Both work on a whole view at once, so that no field can be forgotten by a template, ours or a user's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from dingji.records import Record, replace

V = TypeVar("V")

# whole sequences, so that no `[31m` is left over
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # strings up to their end: titles, links
    r"|\x1b[ -/]*[0-~]?"  # all others
)
_SPACE = re.compile(r"\s+")
# control, format (direction marks, zero-width characters), surrogates; rare Chinese names may stand in private or new planes
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_SPECIAL = re.compile(r"[\\`*\[\]{}|~$#]|(?<![^\W_])_|_(?![^\W_])")
_LEADING = re.compile(r"^(?:[-+=:]|\d+(?=[.)]))")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def mapped(view: V, change: Callable[[str], str]) -> V:
    """A copy of a view (records, tuples, strings) with every string changed."""
    found: Any = view
    if isinstance(found, str):
        found = change(found)
    elif isinstance(found, tuple):
        found = tuple([mapped(part, change) for part in found])
    elif isinstance(found, Record):
        parts = [(name, part, mapped(part, change)) for name in found.__struct_fields__ if (part := getattr(found, name))]
        changed = {name: new for name, old, new in parts if new is not old}
        found = replace(found, **changed) if changed else found
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=8192)
def stripped(text: str) -> str:
    """One line without escape sequences, control characters, direction marks and invisible characters."""
    if text.isascii() and text.isprintable():
        return _SPACE.sub(" ", text).strip()
    text = _SPACE.sub(" ", _SEQUENCE.sub("", text))
    return "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE).strip()


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands, in a paragraph, a list item, a heading or a table cell."""
    text = _SPECIAL.sub(lambda m: "\\" + m[0], text.translate(_ENTITIES))
    return _LEADING.sub(lambda m: m[0] + "\\" if m[0].isdigit() else "\\" + m[0], text)
