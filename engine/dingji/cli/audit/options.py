"""Options that the commands over many records share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dingji.cli.options import knowledge_options

F = TypeVar("F", bound=Callable[..., Any])


def records_options(forms: Sequence[str]) -> Callable[[F], F]:
    """PATH, --format, --workers, --templates, and what every command over knowledge takes."""

    def options(function: F) -> F:
        for option in (
            click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours."),
            click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that share the work."),
            click.option("--format", "form", type=click.Choice(list(forms)), default="text", show_default=True),
            knowledge_options,
            click.argument("path", type=click.Path(path_type=Path)),
        ):
            function = option(function)
        return function

    return options
