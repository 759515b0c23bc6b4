"""Where knowledge lies on disk, and its digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def bundled(name: str) -> Path:
    """A folder that comes with dingji: `knowledge`, `templates` or `cases`; in a checkout, that of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "data" / name
    return installed if installed.is_dir() else package.parents[1] / name


def knowledge_files(folder: Path) -> list[Path]:
    """Whatever in a knowledge folder is named like YAML, in a fixed order; the loader refuses what it can't read.

    Raises OSError for a folder that can't be read: rules that nobody saw are no rules that don't exist.
    """

    def refuse(error: OSError) -> None:
        raise error

    found = []
    for place, folders, files in os.walk(folder, onerror=refuse):
        names = [name for name in (*folders, *files) if name.lower().endswith((".yaml", ".yml")) and not name.startswith(".")]
        found += [Path(place, name) for name in names]
    return sorted(found)


def digest_of(folder: Path, files: list[Path]) -> str:
    """SHA-256 over the names and contents of the files. Raises OSError if one is no file, or can't be read."""
    total = hashlib.sha256()
    for path in files:
        if not path.is_file():
            raise OSError(0, "not a file", str(path))
        with path.open("rb") as stream:
            total.update(f"{path.relative_to(folder).as_posix()}\0{os.fstat(stream.fileno()).st_size}\0".encode())
            while piece := stream.read(1 << 20):
                total.update(piece)
    return total.hexdigest()
