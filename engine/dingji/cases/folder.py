"""The case files below some paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dingji.cases.reader import CaseFile, read_cases
from dingji.errors import CaseError, Problem

SUFFIXES = (".yaml", ".yml", ".json")


def case_files(paths: Iterable[Path]) -> list[Path]:
    """Every case file named or found below a folder, in order. Raises CaseError for a path that does not exist."""
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
