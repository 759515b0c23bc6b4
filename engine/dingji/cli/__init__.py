"""The command line: one file per command, the same manners for all.

Data goes to stdout, messages to stderr. Exit codes: 0 done, 1 the answer is no, 2 usage, 3 knowledge invalid, 4 case
invalid, 5 the evaluators disagree or an internal error.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import click

from dingji.cli.lazy import LazyGroup
from dingji.version import __version__


class _Commands(LazyGroup):
    modules = {  # noqa: RUF012
        "ask": "dingji.cli.ask",
        "audit": "dingji.cli.audit",
        "batch": "dingji.cli.batch",
        "compare": "dingji.cli.compare",
        "delphi": "dingji.cli.delphi",
        "duties": "dingji.cli.duties",
        "explain": "dingji.cli.explain",
        "grade": "dingji.cli.grade",
        "kb": "dingji.cli.kb",
        "resolve": "dingji.cli.resolve",
        "review": "dingji.cli.review",
        "schema": "dingji.cli.schema",
        "summary": "dingji.cli.summary",
        "what-if": "dingji.cli.what_if",
        "why": "dingji.cli.why",
        "why-not": "dingji.cli.why_not",
    }


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="dingji %(version)s")
def dingji() -> None:
    """Grade safety hazards and show how each grade was reached (定级).

    \b
    Examples:
      dingji grade cases/power-grid/photovoltaic-under-500kv.yaml
      dingji grade CASE --lang zh --detail panel
      dingji explain CASE
      dingji kb show SGE-002
    """


def main() -> None:
    """Entry point: runs the command and turns errors into lines on stderr and exit codes."""
    from dingji.errors import DingjiError

    # a command is over before there is garbage to speak of: don't look for it every few hundred objects
    gc.set_threshold(50_000, 20, 20)
    _utf8_streams()
    try:
        sys.exit(_call())
    except DingjiError as error:
        from dingji.cli.language import say

        say(error)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        from dingji.cli.language import say_usage

        say_usage(error)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        # the reader (head, less) went away: nothing is left to say, not even at shutdown
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        # a defect of ours: one line for the user, the whole story for whoever mends it
        if os.environ.get("DINGJI_TRACEBACK"):
            raise
        click.echo(
            f"error[X001]: internal error: {type(error).__name__}: {error}; run again with DINGJI_TRACEBACK=1 and report it", err=True
        )
        sys.exit(5)


def _call() -> int:
    result: Any = dingji.main(prog_name="dingji", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _utf8_streams() -> None:
    """Chinese text must not fail on a terminal or pipe with a narrower encoding."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="replace")
