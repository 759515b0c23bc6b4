"""The case files below some paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dingji.cases.reader import CaseFile, read_cases
from dingji.errors import CaseError, Problem

SUFFIXES = (".yaml", ".yml", ".json")
_DISPUTE = re.compile(r"""^(?:\s*\{)?\s*"dispute"\s*:|^dispute\s*:""", re.MULTILINE)


def case_files(paths: Iterable[Path]) -> list[Path]:
    """Every case file named or found below a folder, in order. Raises CaseError for a path that does not exist."""
    return [path for path in files_below(paths) if not is_dispute(path)]


def dispute_files(paths: Iterable[Path]) -> list[Path]:
    """Every dispute file named or found below a folder, in order. Raises CaseError for a path that does not exist."""
    return [path for path in files_below(paths) if is_dispute(path)]


def is_dispute(path: Path) -> bool:
    """Does a file hold a dispute? Disputes and cases stand in the same folders."""
    try:
        return _DISPUTE.search(path.read_text("utf-8-sig")) is not None
    except (OSError, ValueError):
        return False  # the reader of cases tells what is wrong with it


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Every file named, or of a known kind below a folder, in order. Raises CaseError for a path that does not exist."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        elif path.exists():
            found.append(path)
        else:
            raise CaseError([Problem(str(path), 0, 0, "C001", "there is no such file or folder")])
    return found


def cases_below(paths: Iterable[Path]) -> Iterator[tuple[Path, CaseFile]]:
    """Every case of every case file below the paths. Raises CaseError with the problems of the first file that has any."""
    for path in case_files(paths):
        for case in read_cases(path):
            yield path, case
