"""Options and steps that the `kb` commands share."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dingji.cases.reader import CaseFile

FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))


def cases_of(paths: Iterable[Path], *, quiet: bool) -> Iterator[tuple[Path, CaseFile]]:
    """Every case below the paths (by default the cases that come with dingji), with a bar on a terminal."""
    from dingji.cases.folder import cases_below
    from dingji.knowledge import bundled

    cases = list(cases_below(paths or [bundled("cases")]))
    with click.progressbar(cases, label="cases", file=sys.stderr, hidden=quiet or not sys.stderr.isatty()) as bar:
        yield from bar
