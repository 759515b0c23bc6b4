"""Authors' mistakes as data: an edit of the good knowledge base, and what the loader must say about it.

An entry of `bad/*.yaml` is

    mistake: what the author did wrong
    file: the file of the good base that is edited (or a new one)
    find: text that stands there exactly once        # or `text:` for a whole file, or `add:` for lines at its end
    put: what stands there instead
    code: K005
    says: [words of the message or its hint]

A ‸ in the new text marks where the problem must be reported; it is taken out before the file is written. Without one the
problem concerns the whole file. Several problems: `expect:`, a list of {code, says}, one for each mark in file order.
`edits:` holds several {file, find, put}. Nothing else may be reported.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
GOOD = HERE / "good"
MARK = "‸"


@dataclass(frozen=True)
class Expected:
    file: str
    line: int
    column: int
    code: str
    says: tuple[str, ...]


def mistakes(place: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, entry) of every entry of an index file, or of those of a folder."""
    for path in sorted(place.glob("*.yaml")) if place.is_dir() else [place]:
        for entry in yaml.safe_load(path.read_text("utf-8")):
            yield f"{path.stem}: {entry['mistake']}", entry


def make(entry: dict[str, Any], target: Path, good: Path = GOOD) -> list[Expected]:
    """Write the good base with the mistake in it to `target`, and return what must be reported."""
    shutil.copytree(good, target)
    places: list[tuple[str, int, int]] = []
    for edit in entry.get("edits", [entry]):
        path = target / edit["file"]
        text = _edited(edit, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        found = list(marks(text))
        places += [(f"{target.name}/{edit['file']}", line, column) for line, column in found]
        path.write_bytes(text.replace(MARK, "").encode(edit.get("encoding", "utf-8")))
    if not places:
        first = entry.get("edits", [entry])[0]
        places = [(f"{target.name}/{first['file']}", 0, 0)]
    wanted = entry.get("expect") or [{"code": entry["code"], "says": entry["says"]}]
    assert len(wanted) == len(places), "one mark for each expected problem"
    return sorted(
        (Expected(*place, w["code"], tuple(map(str, w["says"]))) for place, w in zip(places, wanted, strict=True)),
        key=lambda e: (e.file, e.line, e.column, e.code),
    )


def _edited(edit: dict[str, Any], path: Path) -> str:
    if "text" in edit:
        return str(edit["text"])
    old = path.read_text("utf-8")
    if "add" in edit:
        return old + str(edit["add"])
    assert old.count(edit["find"]) == 1, f"{edit['find']!r} stands {old.count(edit['find'])} times in {path.name}"
    return old.replace(edit["find"], edit["put"])


def marks(text: str) -> Iterator[tuple[int, int]]:
    """Line and column (from 1) of every mark, as they are without the marks."""
    for number, line in enumerate(text.split("\n"), 1):
        pieces = line.split(MARK)
        column = 1
        for piece in pieces[:-1]:
            column += len(piece)
            yield number, column
