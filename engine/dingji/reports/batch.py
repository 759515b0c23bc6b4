"""What `dingji batch` says of a run over a register."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dingji.batch.job import Counts
from dingji.reports.messages import Catalogue


def progress(words: Catalogue, counts: Counts, seconds: float, total: int | None = None) -> str:
    """How far the run is; and, where the rows are counted, how long it still takes."""
    if total is None or not counts.read:
        return words("batch.progress", rows=_shown(counts.read), rate=_rate(counts, seconds))
    left = round(seconds * max(total - counts.read, 0) / counts.read)
    clock = f"{left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
    return words("batch.progress-left", rows=_shown(counts.read), total=_shown(total), rate=_rate(counts, seconds), left=clock)


def lines(
    words: Catalogue, counts: Counts, output: Path, rejects: Path, sampled: int, seconds: float, singly: Mapping[str, str]
) -> list[str]:
    """What became of the rows, a line each; `singly` says which rules no statement can express, and why."""
    found = [words("batch.read", rows=_shown(counts.read), rate=_rate(counts, seconds))]
    found.append(words("batch.graded", rows=_shown(counts.graded), file=output.name))
    if counts.singly:
        found.append(words("batch.singly", rows=_shown(counts.singly)))
    if counts.refused:
        found.append(words("batch.refused", rows=_shown(counts.refused), file=rejects.name))
    if counts.left_out:
        found.append(words("batch.left-out", rows=_shown(counts.left_out)))
    if sampled:
        found.append(words("batch.sampled", rows=_shown(sampled)))
    return found + [words("batch.singly-rule", rule=rule, why=why) for rule, why in sorted(singly.items())]


def _shown(number: int) -> str:
    return f"{number:,}"


def _rate(counts: Counts, seconds: float) -> str:
    return f"{counts.read / max(seconds, 1e-6):,.0f}"
