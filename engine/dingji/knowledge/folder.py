"""Where knowledge lies on disk, and its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path


def bundled(name: str) -> Path:
    """A folder that comes with dingji: `knowledge`, `templates` or `cases`; in a checkout, that of the checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "data" / name
    return installed if installed.is_dir() else package.parents[1] / name


def knowledge_files(folder: Path) -> list[Path]:
    """The YAML files of a knowledge folder, in a fixed order."""
    return sorted(p for p in folder.rglob("*.yaml") if not p.name.startswith("."))


def digest_of(folder: Path, files: list[Path]) -> str:
    """SHA-256 over the names and contents of the files."""
    total = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()
