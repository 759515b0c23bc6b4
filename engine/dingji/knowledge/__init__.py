"""The knowledge base: loaded from YAML with positions, checked, compiled and cached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dingji.errors import KnowledgeError, Problem
from dingji.knowledge.cache import read_cache, write_cache
from dingji.knowledge.folder import bundled, digest_of, knowledge_files
from dingji.knowledge.model import Knowledge
from dingji.version import __version__

__all__ = ["Knowledge", "bundled", "load", "with_profile"]


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
    except OSError:
        digest = ""  # reading tells which file it is
    knowledge = read_cache(digest, __version__) if cache and digest else None
    if knowledge is None:
        # the reader of YAML knowledge is not needed where the cache serves
        from dingji.knowledge.loader import read_knowledge

        knowledge = read_knowledge(where, digest, __version__)
        if not digest:
            raise KnowledgeError([Problem(str(where), 0, 0, "K001", "the knowledge folder changed while it was read")])
        if verify is not None:
            verify(knowledge)
        if cache:
            write_cache(knowledge)
    return knowledge


def with_profile(knowledge: Knowledge, name: str) -> Knowledge:
    """The knowledge base under a profile. Raises KnowledgeError if there is no such profile, or if it breaks the base."""
    from dingji.knowledge.profiles import with_profile as apply

    return apply(knowledge, name)
