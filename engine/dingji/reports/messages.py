"""The words of reports: message catalogues in English and Chinese, `id: text` with {named} fields.

A message whose text holds ` | ` has a form for one and a form for several; the field `n` chooses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from dingji.documents import Problems, parse_documents
from dingji.errors import Problem, nearest
from dingji.knowledge import bundled
from dingji.reports.errors import ReportError

FIELD = re.compile(r"\{([a-z_]+)\}")


class Catalogue:
    """The messages of one language; call it with an id and the fields of the message."""

    def __init__(self, language: str, file: str, messages: Mapping[str, str]) -> None:
        self.language, self.file, self._messages = language, file, messages

    def __call__(self, id: str, **fields: Any) -> str:
        """The message, its fields filled in. Raises ReportError (T004) for an unknown id or a missing field."""
        text = self._messages.get(id)
        if text is None:
            raise self._error(f"there is no message {id!r}", nearest(id, self._messages) or "add it to the catalogue")
        if " | " in text and "n" in fields:
            one, several = text.split(" | ", 1)
            text = one if str(fields["n"]) == "1" else several

        def field(match: re.Match[str]) -> str:
            if match[1] not in fields:
                raise self._error(f"the message {id!r} wants the field {{{match[1]}}}", f"fields: {', '.join(sorted(fields)) or 'none'}")
            return str(fields[match[1]])

        return FIELD.sub(field, text)

    def choice(self, group: str, code: str, **fields: Any) -> str:
        """The message `group.code`, for codes that come from a result."""
        return self(f"{group}.{code}", **fields)

    def known(self, id: str) -> bool:
        """Is there such a message?"""
        return id in self._messages

    def listed(self, items: Iterable[str], joiner: str = "and") -> str:
        """Items as a list in words; `joiner` is `and` or `or`."""
        found = list(items)
        if len(found) < 2:
            return "".join(found)
        return self.choice("list", joiner, first=self("list.comma").join(found[:-1]), last=found[-1])

    def _error(self, message: str, hint: str) -> ReportError:
        return ReportError([Problem(self.file, 0, 0, "T004", message, hint)])


def catalogue(language: str, templates: Path | None = None) -> Catalogue:
    """The catalogue of a language: all files of its folder; messages of the user's folder replace those of the same id."""
    place = Path("messages") / language
    ours = bundled("templates") / place
    messages = _folder(ours)
    own = templates / place if templates is not None else None
    if own is not None and own.is_dir():
        return Catalogue(language, str(own), {**messages, **_folder(own)})
    return Catalogue(language, str(ours), messages)


def _folder(folder: Path) -> dict[str, str]:
    messages: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for id, text in read_messages(path, path.stat().st_mtime_ns).items():
            if id in messages:
                raise ReportError([Problem(str(path), 0, 0, "T004", f"the message {id!r} stands in two files", "an id stands once")])
            messages[id] = text
    if not messages:
        raise ReportError([Problem(str(folder), 0, 0, "T001", "there are no message catalogues", "expected: *.yaml")])
    return messages


@lru_cache(maxsize=64)
def read_messages(path: Path, changed: int) -> dict[str, str]:
    """The messages of a file; `changed` keys the memory to the file's state."""
    problems = Problems("T")
    try:
        documents = parse_documents(path.read_text("utf-8"), str(path), problems)
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError([Problem(str(path), 0, 0, "T001", f"the message catalogue can't be read: {error}")]) from None
    if problems.found:
        raise ReportError(problems.found)
    root = documents[0].root
    if not isinstance(root, yaml.MappingNode):
        raise ReportError([Problem(str(path), 1, 1, "T004", "a catalogue is a mapping of ids to texts", "id: text")])
    messages: dict[str, str] = {}
    for key, value in root.value:
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode) or key.value in messages:
            problems.add(str(path), key, 4, "a message is one id and one text, and an id stands once", "id: text")
        else:
            messages[key.value] = value.value
    if problems.found:
        raise ReportError(problems.found)
    return messages
