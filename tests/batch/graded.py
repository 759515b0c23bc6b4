"""Result files as `dingji batch` writes them, from a few words about each row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dingji.batch.engine import connect
from dingji.batch.job import write
from dingji.batch.register import KEY, ROW, literal, quoted
from dingji.batch.results import GROUP, with_group

Plain = dict[str, Any]
SCALE = "enterprise-grade"
DAY = "2012-11-30"


def row(grade: str | None, status: str = "", reachable: Sequence[str] = (), scale: str | None = SCALE, **more: Any) -> Plain:
    """A row with a determination; without a grade it is open. `more` are other columns, `group_NAME` a group column."""
    found = {"scale": scale, "grade": grade, "status": status or ("determined" if grade else "undetermined"), "as_of": DAY}
    groups = {GROUP + name.removeprefix("group_"): value for name, value in more.items() if name.startswith("group_")}
    rest = {name: value for name, value in more.items() if not name.startswith("group_")}
    return {**found, "reachable": list(reachable) or ([grade] if grade else []), **rest, **groups}


def finding(instrument: str, grade: str | None, fired: Sequence[str] = (), undecided: Sequence[str] = (), status: str = "") -> Plain:
    """A finding of a row."""
    status = status or ("determined" if grade else "undetermined")
    return {"instrument": instrument, "grade": grade, "status": status, "fired": list(fired), "undecided": list(undecided)}


def written(path: Path, rows: Iterable[Plain], groups: Sequence[str] = ()) -> Path:
    """The rows as a result file of the kind that its name says."""
    lines = path.with_name(f"{path.name}.lines")
    lists = {"reachable": [], "findings": [], "flags": [], "duties": [], "missing": [], "differ": False}
    with lines.open("w", encoding="utf-8") as stream:
        for number, one in enumerate(rows, 1):
            stream.write(json.dumps({ROW: number, KEY: f"K-{number}", **lists, **one}, ensure_ascii=False) + "\n")
    types = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in with_group(groups).items())
    connection = connect()
    source = f"read_json({literal(str(lines))}, format='newline_delimited', columns={{{types}}})"
    write(connection, source, path)
    connection.close()
    lines.unlink()
    return path


def sides(before: str | None, after: str | None, county: str, **more: Any) -> Plain:
    """A row that was graded twice; without a grade it is open."""
    found: Plain = {"group.county": county}
    for side, grade in (("a", before), ("b", after)):
        status = "determined" if grade else "undetermined"
        found |= {f"scale_{side}": SCALE, f"grade_{side}": grade, f"status_{side}": status}
    return found | more


MIXED_SIDES = [
    sides("A", "A", "x"),
    sides("A", "A", "x", status_b="provisional"),
    sides("A", "B", "y"),
    sides("A", "B", "y"),
    sides("D", "A", "y"),
    sides(None, "A", "y"),
    sides("A", None, "x"),
    sides(None, None, "x"),
    sides(None, None, "x", scale_a=None, scale_b=None, status_a=None, status_b=None),
]
"""Rows graded twice: two stay A, two go from A to B, and each other kind of change once."""


def compared(path: Path, rows: Sequence[Plain]) -> Path:
    """The rows of two gradings as a file of the kind that its name says."""
    lines = path.with_name(f"{path.name}.lines")
    lines.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows), "utf-8")
    types = ", ".join(f"{quoted(name)}: 'TEXT'" for name in rows[0])
    source = f"read_json({literal(str(lines))}, format='newline_delimited', columns={{{types}}})"
    form = {".parquet": "parquet", ".csv": "csv, HEADER true", ".jsonl": "json"}[path.suffix]
    connection = connect()
    connection.execute(f"COPY (SELECT * FROM {source}) TO {literal(str(path))} (FORMAT {form})")
    connection.close()
    lines.unlink()
    return path
