"""What `dingji batch` says of a run over a register."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dingji.batch.job import Counts
from dingji.batch.summary.turns import Changes, TurnGroup
from dingji.knowledge.model import Knowledge
from dingji.reports.messages import Catalogue

if TYPE_CHECKING:
    from dingji.reports.summary_changes import Turns
    from dingji.reports.summary_figures import Figures

MOST = 12
"""Lines of a table of changes."""


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


def changed(words: Catalogue, knowledge: Knowledge, found: Changes, others: Mapping[str, int], width: int) -> list[str]:
    """What changes between two gradings: from which grade to which, and where; `others` are the rows whose grade stays, by kind."""
    from dingji.reports.lines import fill, table
    from dingji.reports.summary_changes import Turns
    from dingji.reports.summary_figures import Figures

    figures = Figures(knowledge, words)
    turns = Turns(found, figures, MOST)
    share = figures.share(found.changed, found.rows)
    told = fill(words("batch.changed", n=figures.number(found.changed), rows=figures.number(found.rows), share=share), width)
    every = [turn for turn in found.turns if turn.changed]
    rows = [[turns.turn(turn), figures.number(turn.rows), figures.share(turn.rows, found.rows)] for turn in every[:MOST]]
    if rows:
        heads = [words.choice("batch-head", name) for name in ("change", "rows", "share")]
        told += ["", *table(heads, rows, width, False)]
        told += [words("batch.more-changes", n=figures.number(len(every) - MOST))] if len(every) > MOST else []
    for group in found.groups if rows else ():
        told += ["", *_by_group(group, turns, figures, width)]
    lines = [line for kind, n in sorted(others.items()) for line in fill(words.choice("batch-stays", kind, n=figures.number(n)), width)]
    return [*told, *([""] if lines else []), *lines]


def _by_group(group: TurnGroup, turns: Turns, figures: Figures, width: int) -> list[str]:
    """The texts of a group column with most changes."""
    from dingji.reports.lines import table

    words = figures.words
    parts = [part for part in group.parts if part.changed]
    rows = [
        [
            figures.place(part.value),
            figures.number(part.rows),
            figures.number(part.changed),
            figures.share(part.changed, part.rows),
            turns.turn(max((turn for turn in part.turns if turn.changed), key=lambda turn: turn.rows)),
        ]
        for part in parts[:MOST]
    ]
    heads = [figures.group(group.name), *(words.choice("batch-head", name) for name in ("rows", "changed", "share", "most"))]
    hidden = group.values - len(rows)
    more = [words("batch.more-groups", n=figures.number(hidden))] if hidden else []
    return [*table(heads, rows, width, False), *more]
