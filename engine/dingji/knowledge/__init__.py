"""The knowledge base: loaded from YAML with positions, checked, compiled and cached."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

from dingji.errors import KnowledgeError, Problem
from dingji.knowledge.cache import read_cache, write_cache
from dingji.knowledge.loader import digest_of, knowledge_files, read_knowledge
from dingji.knowledge.model import Knowledge
from dingji.knowledge.profiles import with_profile
from dingji.version import __version__

__all__ = ["Knowledge", "bundled", "load", "with_profile"]


def bundled(name: str) -> Path:
    """A folder that comes with dingji: `knowledge`, `templates` or `cases`; in a checkout, that of the checkout."""
    installed = Path(str(resources.files("dingji"))) / "data" / name
    if installed.is_dir():
        return installed
    return Path(__file__).resolve().parents[3] / name


def load(
    folder: Path | str | None = None,
    *,
    cache: bool = True,
    verify: Callable[[Knowledge], None] | None = None,
) -> Knowledge:
    """The knowledge base of `folder` (by default the one that comes with dingji).

    Raises KnowledgeError with every problem of every file. With `cache`, a base whose files have not changed is read from
    the user's cache folder. `verify` may raise KnowledgeError for a freshly read base, before it is cached.
    """
    where = Path(folder) if folder is not None else bundled("knowledge")
    try:
        digest = digest_of(where, knowledge_files(where)) if where.is_dir() else ""
    except OSError as error:
        raise KnowledgeError([Problem(str(where), 0, 0, "K001", f"can't be read: {error.strerror}")]) from None
    knowledge = read_cache(digest, __version__) if cache and digest else None
    if knowledge is None:
        knowledge = read_knowledge(where, digest, __version__)
        if verify is not None:
            verify(knowledge)
        if cache:
            write_cache(knowledge)
    return knowledge
