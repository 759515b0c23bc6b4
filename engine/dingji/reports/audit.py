"""The audit of records, as finished strings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dingji.audit.model import Replay, Trouble
from dingji.audit.verify import Audit, Verdict
from dingji.records import Record
from dingji.reports import Form, Language
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.pages import render_page

MOST_ROWS = 40
"""Up to so many records are listed one by one; of more, only those with something wrong, and so many of these."""
MOST_NAMED = 8
VERDICTS = ("reproduced", "differs", "impossible", "damaged")
WRONG, NOTE = "✗", "·"


class RowView(Record, frozen=True):
    """One record in the table."""

    number: str
    case: str
    time: str
    grade: str
    verdict: str
    signature: str
    colour: str = ""


class LineView(Record, frozen=True):
    """One finding: `mark` says whether it is wrong or to be cleared up."""

    mark: str
    text: str


class SectionView(Record, frozen=True):
    """Findings under one heading."""

    heading: str
    lines: tuple[LineView, ...]


class AuditView(Record, frozen=True):
    """The page."""

    title: str
    head: tuple[str, ...]
    answer: str
    counts: tuple[str, ...]
    records: str
    rows: tuple[RowView, ...]
    sections: tuple[SectionView, ...]


def view(found: Audit, words: Catalogue) -> AuditView:
    """The view of an audit."""
    wrong = [v for v in found.verdicts if v.verdict != "reproduced" or v.wrong]
    few = len(found.verdicts) <= MOST_ROWS
    listed = found.verdicts if few else tuple(wrong[:MOST_ROWS])
    sections = [SectionView(words("audit.whole"), tuple(LineView(WRONG, _said(t, words)) for t in found.wrong))]
    sections += [SectionView(_heading(v, words), tuple(LineView(WRONG, line) for line in _wrong(v, words))) for v in wrong[:MOST_ROWS]]
    if len(wrong) > MOST_ROWS:
        more = LineView(WRONG, words("audit.more", n=len(wrong) - MOST_ROWS))
        sections.append(SectionView(words("audit.records-wrong"), (more,)))
    sections.append(SectionView(words("audit.notes"), tuple(LineView(NOTE, line) for line in _notes(found, words))))
    head = [words("audit.chain", chain=found.chain)] if found.chain else []
    head += [words("audit.head", digest=found.head)] if found.head else []
    return AuditView(
        title=words("audit.title", path=found.path),
        head=tuple(head),
        answer=words("audit.answer.sound" if found.sound else "audit.answer.wrong", n=found.count),
        counts=_counts(found, words),
        records=words("audit.records" if few else "audit.records-wrong"),
        rows=tuple(_row(v, words) for v in listed),
        sections=tuple(s for s in sections if s.lines),
    )


_COUNTED = {
    "reproduced": "audit.count.reproduced",
    "differs": "audit.count.differs",
    "impossible": "audit.count.impossible",
    "damaged": "audit.count.damaged",
}


def _counts(found: Audit, words: Catalogue) -> tuple[str, ...]:
    lines = []
    for verdict in VERDICTS:
        count = sum(1 for v in found.verdicts if v.verdict == verdict)
        if count:
            lines.append(words(_COUNTED[verdict], n=count))
    others = sum(1 for v in found.verdicts if v.verdict == "reproduced" and v.wrong)
    return (*lines, words("audit.count.wrong", n=others)) if others else tuple(lines)


def _row(verdict: Verdict, words: Catalogue) -> RowView:
    label = verdict.grade_label.in_(words.language) if verdict.grade_label else "–"
    sound = verdict.verdict == "reproduced" and not verdict.wrong
    return RowView(
        str(verdict.number),
        verdict.case,
        verdict.time.replace("T", " "),
        label,
        words.choice("replayed", verdict.verdict),
        words.choice("signature", verdict.signature, names=", ".join(verdict.signers)),
        "" if sound else "red",
    )


def _heading(verdict: Verdict, words: Catalogue) -> str:
    return words("audit.record", n=verdict.number, case=verdict.case or Path(verdict.path).name)


def _said(trouble: Trouble, words: Catalogue) -> str:
    said = words("audit.coded", code=trouble.code, said=words.choice("trouble", trouble.code))
    if trouble.detail:
        said = words("audit.detail", said=said, detail=trouble.detail)
    return words("audit.at", said=said, where=Path(trouble.where).name) if trouble.where else said


def _wrong(verdict: Verdict, words: Catalogue) -> Iterable[str]:
    """What is wrong with one record: its file and chain, its replays, its grounds."""
    for replay in (verdict.embedded, verdict.base):
        if replay is not None:
            yield from _replay(replay, words)
    for trouble in verdict.wrong:
        yield _said(trouble, words)


def _replay(replay: Replay, words: Catalogue) -> Iterable[str]:
    difference = replay.difference
    if replay.verdict == "impossible":
        yield words("audit.impossible.embedded" if replay.knowledge == "embedded" else "audit.impossible.base", reason=replay.reason)
    elif difference is not None:
        key = "audit.differs.embedded" if replay.knowledge == "embedded" else "audit.differs.base"
        yield words(key, path=difference.path, replayed=difference.replayed, recorded=difference.recorded)
        if difference.node:
            yield words("audit.node", node=difference.node, replayed=difference.node_replayed, recorded=difference.node_recorded)


def _notes(found: Audit, words: Catalogue) -> Iterable[str]:
    """What is to be cleared up, the same matter of many records on one line."""
    for trouble in found.notes:
        yield _said(trouble, words)
    together: dict[str, list[int]] = {}
    for verdict in found.verdicts:
        for trouble in verdict.notes:
            together.setdefault(_said(trouble, words), []).append(verdict.number)
    for said, numbers in sorted(together.items(), key=lambda item: (-len(item[1]), item[0]))[:MOST_ROWS]:
        named = words("list.comma").join(str(n) for n in numbers[:MOST_NAMED])
        records = words("audit.and-more", records=named) if len(numbers) > MOST_NAMED else named
        yield words("audit.note", said=said, n=len(numbers), records=records)


def render_audit(
    found: Audit, *, form: Form, language: Language, width: int = 80, colour: bool = False, templates: Path | None = None
) -> str:
    """An audit as a report. Raises ReportError as `dingji.reports.render` does."""
    words = catalogue(language, templates)
    return render_page(f"audit/{form}.j2", view(found, words), words, form=form, width=width, colour=colour, templates=templates)
