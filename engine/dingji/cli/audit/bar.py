"""The progress bar of the commands that go through records."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

PATIENCE = 1.0
"""Seconds before a progress bar appears."""


class Bar:
    """A progress bar on stderr, once the work has taken a second. A context."""

    def __init__(self, length: int, *, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._length, self._start, self._done = length, time.monotonic(), 0
        self._bar: Any = None

    def __enter__(self) -> Bar:
        return self

    def update(self, steps: int) -> None:
        """So many steps more are done."""
        self._done += steps
        if not self._shown:
            return
        if self._bar is None and time.monotonic() - self._start > PATIENCE:
            self._bar = click.progressbar(length=self._length, label="records", file=sys.stderr)
            self._bar.__enter__()
            steps = self._done
        if self._bar is not None:
            self._bar.update(steps)

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
