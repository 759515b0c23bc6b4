"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MOST_OF_A_NAME = 40
"""Characters of a name that its temporary name begins with: names may have 255 bytes."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name to write to; it becomes `path` when the block ends well and is removed when it does not.

    A link stays a link, and a file keeps its permissions. What is written is on the disk before the old file is gone.
    A device or a pipe is no file that could be replaced: what was written goes into it at the end.
    Raises OSError where `path` is a folder, or may not be written.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    replaced = path.is_file() or not path.exists()
    target = Path(os.path.realpath(path)) if replaced else path
    handle, name = tempfile.mkstemp(dir=target.parent if replaced else None, prefix=f".{target.name[:_MOST_OF_A_NAME]}.", suffix=".tmp")
    os.close(handle)
    made = Path(name)
    try:
        yield made
        if replaced:
            _replace(made, target)
        else:
            with made.open("rb") as source, target.open("wb") as stream:
                shutil.copyfileobj(source, stream)
            made.unlink()
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _replace(made: Path, target: Path) -> None:
    with made.open("rb+") as stream:
        os.fsync(stream.fileno())
    made.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
    made.replace(target)
    with contextlib.suppress(OSError):  # not every file system can
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, as `whole` does."""
    with whole(path) as made:
        made.write_bytes(content)
