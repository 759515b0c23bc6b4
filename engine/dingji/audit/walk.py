"""Going through the records of a folder: shared among processes, and sorted by the knowledge that the records carry.

So each knowledge is loaded once, and nothing but what a record's work returns stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from dingji.audit import model as m
from dingji.audit.chain import load_file, record_files
from dingji.grading import load
from dingji.knowledge.model import Knowledge

MANY = 64
"""From so many records on, several processes share the work."""
BATCH = 64
T = TypeVar("T")
Work = Callable[[Sequence[str]], T]
"""What a process does with a group of files; it must be picklable."""
Progress = Callable[[int], None]


@lru_cache(maxsize=8)
def at_hand(folder: str | None) -> Knowledge:
    """A knowledge base, loaded once per process and run: with it its compiled plans are kept."""
    return load(folder)


def paths_of(path: Path) -> list[str]:
    """The files of records that a path names: those of a folder, or itself. Raises RecordError (A019) if there are none."""
    if not path.is_dir():
        if not path.is_file():
            raise m.RecordError(m.Trouble("A019", "there is no such file or folder", where=str(path)))
        return [str(path)]
    try:
        found = [str(p) for p in record_files(path)]
    except OSError as error:
        raise m.RecordError(m.Trouble("A019", f"the folder can't be read: {error.strerror}", where=str(path))) from None
    if not found:
        raise m.RecordError(m.Trouble("A019", "there are no records in the folder", "name a folder of `dingji grade --record`", str(path)))
    return found


def each(paths: Sequence[str], work: Work[T], *, workers: int = 2, progress: Progress | None = None) -> Iterator[T]:
    """What `work` makes of each group of files, as the groups are done. `progress` is told of steps done; a record takes two."""
    tell = progress or (lambda steps: None)
    at_hand.cache_clear()  # of an earlier run: a folder may have changed since
    if len(paths) < MANY or workers < 2:
        for group in _groups(_kinds(paths), tell, len(paths)):
            yield work(group)
            tell(len(group))
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        kinds = chain.from_iterable(pool.map(_kinds, _batches(paths)))
        groups = _groups(list(kinds), tell, len(paths))
        for group, found in zip(groups, pool.map(work, groups), strict=True):
            yield found
            tell(len(group))


def _batches(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    return (paths[start : start + BATCH] for start in range(0, len(paths), BATCH))


def _kinds(paths: Sequence[str]) -> list[tuple[str, str]]:
    """(path, digest of the knowledge carried; empty if it is no record) of each file."""
    stored = [load_file(Path(path)) for path in paths]
    return [(path, each.record.embedded.digest if each.record else "") for path, each in zip(paths, stored, strict=True)]


def _groups(kinds: Sequence[tuple[str, str]], tell: Progress, count: int) -> list[Sequence[str]]:
    tell(count)
    by_knowledge: dict[str, list[str]] = {}
    for path, digest in kinds:
        by_knowledge.setdefault(digest, []).append(path)
    return [group for paths in by_knowledge.values() for group in _batches(paths)]
