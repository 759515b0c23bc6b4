"""Registers as tables of a database: worked cases, copied many times, each copy with other facts unknown."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from click.testing import CliRunner

from dingji.batch.inputs import rows_of_cases
from dingji.batch.results import comparable, single
from dingji.cases.model import Case
from dingji.cli import dingji
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.language.values import Partial, Records
from dingji.records import replace

FILES = (
    "hazards/worked/trade-2023.yaml",  # a list of examples, most facts unknown
    "hazards/worked/coal-2026.yaml",  # several instruments, numbers and days
    "enterprises/chongqing-rating.yaml",  # a score sheet, as a list of items
)
MOST = 6
"""Cases of each file."""


SMALL = {
    "enterprises/transport-1000.yaml": (8, 12),  # points, and the bands in which they lie
    "escalation/blacklists.yaml": (1, 60),  # lists of accidents and breaches, times between days
    "enterprises/standardization-2021.yaml": (6, 10),  # points reckoned from others, several instruments
    "hazards/worked/trade-2023.yaml": (1, 60),  # a list of examples
}
"""Files whose statements are short, as Spark takes its time for each: so many cases, and so many copies of each."""


def several(kb: Knowledge, chosen: Mapping[str, tuple[int, int]], seed: int = 7) -> list[Case]:
    """Cases of some files: of each so many, and so many copies."""
    return [case for file, (most, copies) in chosen.items() for case in cases(kb, copies, most, seed, (file,))]


def cases(kb: Knowledge, copies: int, most: int = MOST, seed: int = 7, files: Sequence[str] = FILES) -> list[Case]:
    """Cases whose facts a table can hold; each copy lacks other facts."""
    draw = random.Random(seed)
    always = {*kb.index, *kb.dated}  # readers give every case a day for the latter
    found = []
    for file in files:
        for read in islice(rows_of_cases(bundled("cases") / file, kb), most):
            assert read.case is not None
            for copy in range(copies):
                kept = {
                    name: one
                    for name, one in read.case.statements.items()
                    if (name in always or draw.random() < (1 if copy == 0 else 0.8)) and not isinstance(one.value, Partial)
                }
                found.append(
                    replace(
                        read.case,
                        id=f"{read.case.id}-{copy}",
                        statements=kept,
                        profile=None,
                        opinions=(),
                        survey=None,
                        told={},
                        official=None,
                    )
                )
    return found


def columns(kb: Knowledge, chosen: Sequence[Case]) -> dict[str, t.Type]:
    """The facts of the cases, each a column."""
    return {name: kb.facts[name].type for name in sorted({name for case in chosen for name in case.statements})}


def cell(kind: t.Type, value: Any) -> Any:
    """A value as people write it in a database."""
    match kind:
        case t.Scale(grades=grades) if value is not None:
            return grades[len(grades) - 1 - value]
        case t.Records(fields=fields) if isinstance(value, Records):
            return [{name: cell(own, item.get(name)) for name, own in fields} for item in value.items]
    return None if isinstance(value, Partial) else value


def rows(kb: Knowledge, chosen: Sequence[Case]) -> list[dict[str, Any]]:
    """The rows of the table."""
    kinds = columns(kb, chosen)
    found = []
    for case in chosen:
        stated = {name: cell(kind, case.statements[name].value) if name in case.statements else None for name, kind in kinds.items()}
        found.append({"case": case.id, "as_of": case.as_of, **stated})
    return found


def expected(
    kb: Knowledge, chosen: Sequence[Case], group: Callable[[Case], dict[str, str]] = lambda case: {}, profile: str | None = None
) -> dict[str, dict[str, Any]]:
    """What the single-case path says, by id. `group` gives the texts of the group columns."""
    return {case.id: comparable(single(0, kb, case, profile, group(case))) for case in chosen}


def run_batch(*arguments: object) -> tuple[int, str, str]:
    """`dingji batch`: its exit code, what it prints, and what it says beside; errors of dingji are raised."""
    result = CliRunner().invoke(dingji, ["batch", *map(str, arguments), "--lang", "en"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def plain_json(value: Any) -> Any:
    """For json.dumps."""
    return str(value) if isinstance(value, dt.date) else float(value) if isinstance(value, Decimal) else value
