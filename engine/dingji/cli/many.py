"""Steps of the commands that look at many cases."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dingji.knowledge.model import Knowledge
    from dingji.methods.model import Result


def grade_all(base: Knowledge, paths: Iterable[Path], *, profile: str | None, on: dt.date | None, quiet: bool) -> list[Result]:
    """Every case below the paths, graded, with a bar on a terminal.

    Raises CaseError with the problems of all cases that are invalid or refused: none of them is passed over in silence.
    """
    from dingji.cases.folder import cases_below
    from dingji.cli.options import find_case
    from dingji.errors import CaseError, Problem
    from dingji.grading import grade

    cases = list(cases_below([find_case(path) for path in paths]))
    results: list[Result] = []
    problems: list[Problem] = []
    with click.progressbar(cases, label="cases", file=sys.stderr, hidden=quiet or not sys.stderr.isatty()) as bar:
        for _, case in bar:
            try:
                results.append(grade(base, case, profile=profile, on=on))
            except CaseError as error:
                problems += error.problems
    if problems:
        raise CaseError(problems)
    return results
