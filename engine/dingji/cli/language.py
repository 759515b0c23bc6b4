"""Errors of the command line in the language that was asked for, before and after the options are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from dingji.cli.options import default_language
from dingji.errors import DingjiError


def language(arguments: Sequence[str] | None = None) -> str:
    """The language of `--lang`, which need not have been read yet; else that of the locale."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for option, value in zip(given, [*given, ""][1:], strict=True):
        found = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and found in ("en", "zh"):
            return found
    return default_language()


def say(error: DingjiError) -> None:
    """The problems of an error, a line each, on stderr."""
    for line in problem_lines(error):
        click.echo(line, err=True)


def problem_lines(error: DingjiError) -> list[str]:
    """The problems of an error, a line each."""
    chosen = language()
    if chosen == "en":
        return list(map(str, error.problems))
    from dingji.reports.problems import shown

    return [shown(problem, chosen) for problem in error.problems]


def spoken(text: str) -> str:
    """What a command says, in the language of its reader; `text` is English, as that of an error."""
    chosen = language()
    if chosen == "en":
        return text
    from dingji.reports.problems import translator

    return translator(chosen).text(text)


def remark(text: str) -> None:
    """What the reader should know beside the data, on stderr."""
    click.echo(spoken(f"note: {text}"), err=True)


def say_usage(error: click.ClickException) -> None:
    """A mistake in the command itself, on stderr, as click shows it."""
    if language() == "en":
        error.show()
        return
    from dingji.reports.problems import translator

    words = translator(language())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(words.text(error.ctx.get_usage()), err=True)
        click.echo(words.text(f"Try '{error.ctx.command_path} {error.ctx.help_option_names[0]}' for help.") + "\n", err=True)
    click.echo(words.text(f"Error: {error.format_message()}"), err=True)
