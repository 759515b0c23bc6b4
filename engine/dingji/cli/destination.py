"""Where `dingji batch` writes: looked at before anything is graded; and what is said when a run is broken off."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dingji.errors import DingjiError

if TYPE_CHECKING:
    from dingji.batch.against import Against
    from dingji.batch.job import Job


def ready(output: Path | None, inputs: Iterable[Path | None]) -> Path:
    """The output, if it can be written and is none of the inputs. Raises UsageError."""
    from dingji.batch.job import SUFFIXES, rejects_of

    if output is None:
        raise click.UsageError("the grades go into a file: -o FILE")
    if output.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"what kind of file is {output.name}? It ends with none of {', '.join(SUFFIXES)}")
    if output.is_dir():
        raise click.UsageError(f"{output} is a folder: -o names a file")
    if not output.parent.is_dir():
        raise click.UsageError(f"the folder {output.parent} does not exist: make it first, or write the grades elsewhere")
    for made in (output, rejects_of(output)):
        for given in inputs:
            if given is not None and made.exists() and given.exists() and made.samefile(given):
                raise click.UsageError(f"{made} would be written over, and is read: give the grades another name")
    for place, what in ((output.parent, os.W_OK | os.X_OK), (output, os.W_OK), (rejects_of(output), os.W_OK)):
        if place.exists() and not os.access(place, what):
            raise click.UsageError(f"can't write {place}: {os.strerror(errno.EACCES)}")
    return output


@contextmanager
def broken_off(job: Job | Against) -> Iterator[None]:
    """Says what a run that can't go on, or that is interrupted, leaves behind."""
    from dingji.batch.engine import duckdb
    from dingji.cli.language import spoken

    engine = duckdb()
    try:
        yield
    except (KeyboardInterrupt, engine.InterruptException):
        click.echo("\n" + spoken(f"broken off: {job.output} is not written; {_after(job)}"), err=True)
        raise click.Abort from None
    except DingjiError:
        if not job.begun:
            shutil.rmtree(job.folder, ignore_errors=True)
        raise
    except OSError as error:
        raise click.ClickException(f"can't write {job.output}: {error.strerror or error}; {_after(job)}") from None
    except (engine.IOException, engine.OutOfMemoryException) as error:
        raise click.ClickException(f"the engine can't go on: {str(error).splitlines()[0]}; {_after(job)}") from None


def _after(job: Job | Against) -> str:
    from dingji.cli.language import spoken

    if job.begun:
        return spoken("the same command with --resume goes on where it stopped")
    return spoken("nothing was graded yet: run it again")
