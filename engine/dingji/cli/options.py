"""Options and steps that several commands share."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from dingji.errors import CaseError, Problem
from dingji.files import write_whole

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType[dt.date]):
    """A day of the calendar, as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """The date; a usage error if it is none."""
        if isinstance(value, dt.date):
            return value
        try:
            # one way to write a day: Python would also take 20240715
            return dt.datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2024-07-15", param, ctx)


def default_language() -> str:
    """zh where the user's locale is Chinese, else en."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def knowledge_options(function: F) -> F:
    """--knowledge, --lang, -o and --quiet."""
    for option in (
        click.option("--quiet", "-q", is_flag=True, help="No messages, only data and errors."),
        click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file instead of stdout."),
        click.option(
            "--lang", type=click.Choice(["en", "zh"]), default=default_language, help="Language of the report (default: by locale)."
        ),
        click.option("--knowledge", type=click.Path(path_type=Path), help="Another knowledge folder."),
    ):
        function = option(function)
    return function


FORMS = ("text", "markdown", "json")
PAGES = ("html", "docx", "pdf")
"""Reports of one case as a document."""


def case_options(function: F, forms: Sequence[str] = FORMS) -> F:
    """What every command over a case takes."""
    for option in (
        click.option("--templates", type=click.Path(path_type=Path), help="A folder whose templates replace ours."),
        click.option("--profile", help="A profile: another band scheme, scale or reading."),
        click.option("--case", "case_id", help="Which case of a file that holds several."),
        click.option("--as-of", type=Day(), help="Grade by the editions of this day, not the case's own."),
        click.option("--format", "form", type=click.Choice(forms), default="text", show_default=True),
        knowledge_options,
    ):
        function = option(function)
    return function


def report_options(function: F) -> F:
    """The same for a command that also writes documents."""
    return case_options(function, (*FORMS, *PAGES))


def find_case(path: Path) -> Path:
    """The case file; a path that does not exist is also looked up among the cases that come with dingji."""
    if not path.exists() and not path.is_absolute():
        from dingji.knowledge import bundled

        for candidate in (bundled("cases") / path, bundled("cases").parent / path):
            if candidate.is_file() and bundled("cases") in candidate.parents:
                return candidate
    return path


def write(content: str | bytes, output: Path | None) -> None:
    """Text or a document to stdout, or to a file that appears whole or not at all."""
    if output is None:
        click.echo(content, nl=isinstance(content, str) and not content.endswith("\n"))
        return
    if isinstance(content, str):
        content = (content if content.endswith("\n") else content + "\n").encode("utf-8")
    try:
        write_whole(output, content)
    except OSError as error:
        raise click.ClickException(f"can't write {output}: {error.strerror}") from None


def terminal_width() -> int:
    """Columns of the terminal, 80 where there is none; never so narrow that tables can't stand."""
    return max(60, min(shutil.get_terminal_size((80, 24)).columns, 100)) if sys.stdout.isatty() else 80


def use_colour(output: Path | None) -> bool:
    """Colour on a terminal, unless NO_COLOR is set."""
    return output is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def pick(cases: list[Any], case_id: str | None, path: Path) -> list[Any]:
    """The cases of a file, or the one of that id."""
    if case_id is None:
        return cases
    found = [c for c in cases if c.id == case_id]
    if not found:
        from dingji.errors import nearest

        ids = [c.id for c in cases]
        hint = nearest(case_id, ids) or "cases: " + ", ".join(ids[:8]) + (", ..." if len(ids) > 8 else "")
        raise CaseError([Problem(str(path), 0, 0, "C012", f"there is no case {case_id!r} in the file", hint)])
    return found
