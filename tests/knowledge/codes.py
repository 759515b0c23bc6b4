"""The codes that a part of the engine may report, read from its sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import dingji

ENGINE = Path(dingji.__file__).parent
# where the number stands in the arguments of the functions that report
_POSITION = {"report": 1, "add": 2, "place": 3, "_report": 2, "_problem": 1, "read_value": 3}


def codes(letter: str, places: Iterable[str]) -> set[str]:
    """Every code that the modules below the given places of the engine report; bare numbers take `letter`."""
    return {code for place in places for path in _modules(ENGINE / place) for code in _of_module(path, letter)}


def _modules(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


def _of_module(path: Path, letter: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[A-Z]\d{3}", node.value):
            yield node.value
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            index = _POSITION.get(name)
            if index is not None and len(node.args) > index:
                number = node.args[index]
                if isinstance(number, ast.Constant) and isinstance(number.value, int):
                    yield f"{letter}{number.value:03d}"
