"""Records to write: small ones that no knowledge stands behind, and real ones of the small base of the knowledge tests."""

from __future__ import annotations

from pathlib import Path

import dingji
from conftest import ROOT
from dingji.audit.canonical import sha256
from dingji.audit.chain import append, load_file, record_files
from dingji.audit.links import ChainReport, brief, check
from dingji.audit.model import DeterminationRecord, Embedded, Options
from dingji.audit.record import NEW, Recorder
from dingji.knowledge.model import Knowledge
from knowledge.small import CASE

GOOD = ROOT / "tests" / "knowledge" / "good"
TIME = "2026-03-04T05:06:07Z"


def toy(name: str = "toy", time: str = TIME) -> DeterminationRecord:
    """A record for tests of the chain: it has the shape, and no knowledge to replay it from."""
    text = f"case: {name}\n"
    result = {"case": name, "as_of": "2026-03-04", "determination": None, "knowledge": {"profile": None}}
    case = (name, text, sha256(text.encode()))
    return DeterminationRecord(
        NEW, *case, "0.0", "0.0", "0" * 64, Embedded("0" * 64, ""), ("reference",), "", Options(), result, "Li", time, "option"
    )


def chain_of(folder: Path, count: int) -> Path:
    """A chain of small records."""
    for number in range(1, count + 1):
        append(folder, toy(f"toy-{number}"))
    return folder


def small_base() -> Knowledge:
    return dingji.load(GOOD)


def real(
    text: str = CASE, *, base: Knowledge | None = None, folder: Path = GOOD, by: str = "Li Wei", time: str | None = TIME
) -> DeterminationRecord:
    """The record of a case of the small base."""
    base = base or dingji.load(folder)
    case = dingji.parse_case(text)
    return Recorder(base, folder).record(case, dingji.grade(base, case), options=Options(), by=by, time=time)


def report(folder: Path) -> ChainReport:
    """What is wrong with a chain as a whole."""
    return check(folder, [brief(load_file(path)) for path in record_files(folder)])


def codes(folder: Path) -> set[str]:
    """The codes of everything that breaks a chain, those of single files included."""
    briefs = [brief(load_file(path)) for path in record_files(folder)]
    found = check(folder, briefs)
    return {t.code for t in [*found.whole, *(t for b in briefs for t in b.troubles), *(t for many in found.of.values() for t in many)]}
