"""Comparing methods over many cases: every case graded by all of them, then counted.

Cases are independent of each other, so they are worked out in several processes where there are many of them; what comes back are
plain records. A case that is invalid or refused is never passed over: its problems come back with the others'.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from dingji.cases.model import Case
from dingji.cases.reader import read_cases
from dingji.comparison import agreement, precedents, screening, sections
from dingji.comparison import model as m
from dingji.comparison.reasons import explained
from dingji.comparison.rows import Graded, graded, row
from dingji.comparison.verdicts import plan_of
from dingji.errors import CaseError, Problem
from dingji.grading import load, under
from dingji.knowledge.model import Knowledge
from dingji.records import Record, replace

CHUNK = 20
"""Sources that a process works on at a time."""
FEW = 40
"""Below so many sources, starting processes takes longer than the work."""


class Subject(Record, frozen=True):
    """A case, with the groups that its table puts it in."""

    case: Case
    groups: tuple[m.Group, ...] = ()


Source = Path | Subject
"""A case file (of one or more cases), or a case that has been read."""


class Task(Record, frozen=True):
    """What is asked of each case. Without `by` the index facts of the knowledge base group the cases."""

    profile: str | None = None
    by: tuple[str, ...] = ()
    screen: bool = False
    settled: tuple[precedents.Settled, ...] = ()


class Outcome(Record, frozen=True):
    """What came of one case: its row and what was asked besides, or its problems."""

    row: m.Row | None = None
    screened: m.Screened | None = None
    precedence: m.Precedence | None = None
    problems: tuple[Problem, ...] = ()


def compare(
    knowledge: Knowledge,
    cases: Iterable[Subject | Case],
    *,
    task: Task | None = None,
    plan: agreement.Plan | None = None,
) -> m.Comparison:
    """Compare the methods over cases that have been read, in this process. Raises CaseError with the problems of all cases."""
    task = task or Task()
    sources = (case if isinstance(case, Subject) else Subject(case) for case in cases)
    return summed_up(knowledge, [o for source in sources for o in work(knowledge, task, source)], task, plan)


def outcomes(
    folder: Path | None,
    knowledge: Knowledge,
    sources: Sequence[Source],
    task: Task,
    *,
    processes: int = 1,
    done: Callable[[int], None] | None = None,
) -> list[Outcome]:
    """What comes of each source, in order. `folder` is where the knowledge lies, for other processes to load it from.

    `done` is told how many sources were worked out since it was last told.
    """
    told = done or (lambda number: None)
    found: list[Outcome] = []
    if processes < 2 or len(sources) < FEW:
        for source in sources:
            found += work(knowledge, task, source)
            told(1)
        return found
    # a new interpreter for each process: a fork would copy the threads' locks of the rule engine
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _start, (folder, task)) as pool:
        for chunk, part in zip(_chunks(sources), pool.map(_work, _chunks(sources)), strict=True):
            found += part
            told(len(chunk))
    return found


def _chunks(sources: Sequence[Source]) -> Iterator[list[Source]]:
    rest = iter(sources)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


_process: tuple[Knowledge, Task]


def _start(folder: Path | None, task: Task) -> None:
    global _process
    _process = (load(folder), task)


def _work(chunk: list[Source]) -> list[Outcome]:
    knowledge, task = _process
    return [outcome for source in chunk for outcome in work(knowledge, task, source)]


def work(knowledge: Knowledge, task: Task, source: Source) -> list[Outcome]:
    """What comes of the cases of one source."""
    if isinstance(source, Subject):
        return [_outcome(knowledge, task, source)]
    try:
        files = read_cases(source)
    except CaseError as error:
        return [Outcome(problems=error.problems)]
    found = []
    for file in files:
        try:
            found.append(_outcome(knowledge, task, Subject(file.check(knowledge))))
        except CaseError as error:
            found.append(Outcome(problems=error.problems))
    return found


def _outcome(knowledge: Knowledge, task: Task, subject: Subject) -> Outcome:
    try:
        about: Graded = graded(knowledge, subject.case, task.profile)
    except CaseError as error:
        return Outcome(problems=error.problems)
    made = row(about, task.by or knowledge.index)
    made = explained(about, replace(made, groups=(*subject.groups, *made.groups)))
    return Outcome(
        made,
        screening.screened(about, made) if task.screen else None,
        precedents.precedence(about, made, task.settled) if task.settled else None,
    )


def summed_up(knowledge: Knowledge, found: Iterable[Outcome], task: Task, plan: agreement.Plan | None = None) -> m.Comparison:
    """The comparison of what came of the cases. Raises CaseError with the problems of all cases that have any."""
    done = list(found)
    problems = [problem for outcome in done for problem in outcome.problems]
    if problems:
        raise CaseError(problems)
    rows = _grouped([o.row for o in done if o.row is not None], task)
    plan = plan or plan_of(knowledge)
    inconsistent = precedents.inconsistent(under(knowledge, task.profile), task.settled) if task.settled else ()
    return m.Comparison(
        knowledge_version=knowledge.version,
        knowledge_digest=knowledge.digest,
        profile=task.profile,
        by=tuple(dict.fromkeys(group.fact for row in rows for group in row.groups)),
        rows=sections.in_order(rows),
        scales=sections.sections(knowledge, rows, plan),
        reasons=sections.shares(rows),
        disagreeing=sum(sections.closed(row) is not None for row in rows),
        open=sum(row.main is not None and row.main.open for row in rows),
        not_comparable=sections.not_comparable(rows),
        precedents=tuple(o.precedence for o in done if o.precedence is not None),
        inconsistent=inconsistent,
        screened=tuple(o.screened for o in done if o.screened is not None),
    )


def _grouped(rows: list[m.Row], task: Task) -> list[m.Row]:
    """The rows with the groups worth showing: those asked for, else those that tell cases apart."""
    if task.by:
        return rows
    values: dict[str, set[str]] = {}
    for group in (group for each in rows for group in each.groups):
        values.setdefault(group.fact, set()).add(group.value)
    kept = {fact for fact, found in values.items() if len(found) > 1}
    return [replace(each, groups=tuple(g for g in each.groups if g.fact in kept)) for each in rows]
