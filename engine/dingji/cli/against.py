"""`dingji batch INPUT --profile A --against B -o OUT`: what changes under another profile, knowledge folder or day."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dingji.cli.destination import broken_off

if TYPE_CHECKING:
    from dingji.batch.against import Against
    from dingji.batch.inputs import Table
    from dingji.batch.job import Counts, Job, Read
    from dingji.knowledge.model import Knowledge
    from dingji.reports.messages import Catalogue

NONE = "none"
"""The name for no profile: the rules as they stand."""
Given = tuple["Table | None", Callable[[], "Iterator[Read]"]]
Options = dict[str, Any]


def asked(options: Options) -> bool:
    """Is a comparison asked for?"""
    return any(options[name] is not None for name in ("against", "against_knowledge", "against_as_of"))


def run(source: Path, output: Path, base: Knowledge, options: Options, words: Catalogue, quiet: bool) -> int:
    """Grade a register under both, join the rows, and tell what changes."""
    from dingji.batch.against import SIDES, Against
    from dingji.batch.engine import connect

    other = _other(base, options)
    # a name of no profile is told before anything is read
    sides = [(base, _profile(base, options["profile"], "--profile"), None), (*other, options["against_as_of"])]
    if sides[0][0].digest == sides[1][0].digest and sides[0][1:] == sides[1][1:]:
        raise click.UsageError("both sides are the same: --against names another profile, or add --against-knowledge or --against-as-of")
    both = Against(output, _signature(source, base, other[0], options), options["resume"])
    start = time.monotonic()
    counts, sampled = [], 0
    both.prepare()
    with broken_off(both):
        for side, (knowledge, profile, day) in zip(SIDES, sides, strict=True):
            grading = _Grading(source, knowledge, profile, day, options, words, quiet)
            found, drawn = both.grade(side, grading.job)
            counts.append(found)
            sampled += drawn
        connection = connect(options["memory"])
        connection.execute("set temp_directory = ?", [str(both.folder / "spill")])
        group = _groups(connection, both)
        total = both.finish(connection, (counts[0], counts[1]), group)
        _tell(both, connection, base, group, words, (total, sampled, time.monotonic() - start, quiet))
        connection.close()
        both.close()
    return 0


def _other(base: Knowledge, options: Options) -> tuple[Knowledge, str | None]:
    """The knowledge and the profile of the second side; what is not said is as on the first."""
    from dingji.grading import load

    knowledge = load(options["against_knowledge"]) if options["against_knowledge"] else base
    name = options["against"]
    if name is None:
        return knowledge, _profile(knowledge, options["profile"], "--profile")
    return knowledge, None if name == NONE and NONE not in knowledge.profiles else _profile(knowledge, name, "--against")


def _profile(knowledge: Knowledge, name: str | None, option: str) -> str | None:
    """A profile that there is. Raises KnowledgeError with the nearest name."""
    from dingji.errors import KnowledgeError
    from dingji.grading import under
    from dingji.records import replace

    try:
        under(knowledge, name)
    except KnowledgeError as error:
        raise KnowledgeError([replace(p, file=option) if p.file == "--profile" else p for p in error.problems]) from None
    return name


def _signature(source: Path, base: Knowledge, other: Knowledge, options: Options) -> str:
    from dingji.batch.inputs import signature

    paths = [source, *([options["mapping"]] if options["mapping"] else [])]
    names = ("sheet", "as_of", "condition", "profile", "against", "against_as_of")
    return signature(paths, base, [*(options[name] for name in names), other.digest])


def _groups(connection: Any, both: Against) -> tuple[str, ...]:
    """The group columns of the sides: what the register says of its rows is the same on both."""
    from dingji.batch.register import files
    from dingji.batch.results import GROUP

    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({files(both.place('a'))})").fetchall()
    return tuple(row[0].removeprefix(GROUP) for row in described if row[0].startswith(GROUP))


class _Grading:
    """The grading of one side."""

    def __init__(
        self, source: Path, knowledge: Knowledge, profile: str | None, day: dt.date | None, options: Options, words: Catalogue, quiet: bool
    ) -> None:
        self.source, self.knowledge, self.profile, self.day = source, knowledge, profile, day
        self.options, self.words, self.quiet = options, words, quiet

    def job(self, place: Path) -> Job:
        """Run it."""
        from dingji.cli.batch import job_of, open_rows, run_job

        given = self._moved(open_rows(self.source, self.knowledge, self.options, self.quiet))
        job = job_of(self.source, place, self.knowledge, given, {**self.options, "profile": self.profile, "as_of": self.day})
        job.resume = True  # what is there is of this very run: its signature was looked at
        run_job(job, given, self.words, self.quiet)
        job.engine.connection.close()
        return job

    def _moved(self, given: Given) -> Given:
        """The rows as on another day, if one is asked for: under the editions in force then."""
        from dingji.records import replace
        from dingji.tables.model import AS_OF, Constant

        day, (table, rows) = self.day, given
        if day is None:
            return given
        if table is not None:
            table.table.mapping = replace(table.table.mapping, as_of=Constant(AS_OF, day))
            return table, table.rows

        def moved() -> Iterator[Read]:
            for read in rows():
                yield read if read.case is None else replace(read, case=replace(read.case.on(day), as_of=day))

        return None, moved


def _tell(
    both: Against, connection: Any, base: Knowledge, group: tuple[str, ...], words: Catalogue, told: tuple[Counts, int, float, bool]
) -> None:
    """The counts, for a person; and what changes."""
    from dingji.batch.against import CHANGED
    from dingji.batch.summary.outputs import Outputs
    from dingji.batch.summary.turns import changes
    from dingji.cli.options import terminal_width
    from dingji.reports.batch import changed, lines

    total, sampled, seconds, quiet = told
    if not quiet:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
        for line in lines(words, total, both.output, both.rejects, sampled, seconds, {}):
            click.echo(line, err=True)
    columns = frozenset(row[0] for row in connection.execute("DESCRIBE result").fetchall())
    found = changes(Outputs(connection, (both.output,), columns, group, None), base, group)
    kinds = dict(connection.execute("SELECT change, count(*) FROM result GROUP BY 1").fetchall())
    others = {name: rows for name, rows in kinds.items() if name not in (*CHANGED, "same")}
    for line in changed(words, base, found, others, terminal_width()):
        click.echo(line)
