"""The replay matrix: each record under the knowledge then and now, with the facts then and now.

    then, then    what was recorded, and must be reached again
    now, then     today's knowledge, with the facts as they were
    then, now     the knowledge of that time, with today's facts, by the editions of that time
    now, now      today's knowledge with today's facts: would the grade stand today?

What changes the determination or the duties by itself is named as the cause; what does so only together with the other is both.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from dingji.audit import model as m
from dingji.audit import outcome as o
from dingji.audit.chain import load_file
from dingji.audit.embedded import knowledge_of
from dingji.audit.walk import Progress, at_hand, each, paths_of
from dingji.cases.folder import cases_below
from dingji.cases.reader import CaseFile, read_cases
from dingji.errors import CaseError, DingjiError, Problem
from dingji.knowledge.model import Knowledge
from dingji.language import nodes as n
from dingji.records import Record, field, replace

SAME, BY_KNOWLEDGE, BY_FACTS, BY_BOTH, OFFSET, IMPOSSIBLE, UNSOUND = (
    "same",
    "knowledge",
    "facts",
    "both",
    "offset",
    "impossible",
    "unsound",
)
VERDICTS = (UNSOUND, BY_BOTH, BY_KNOWLEDGE, BY_FACTS, OFFSET, IMPOSSIBLE, SAME)
"""What is to be looked at first stands first. offset: knowledge or facts alone would change it, both together do not.
unsound: the record itself does not lead to what it says; `dingji audit` tells why."""
NO_WHOLE = "only the whole knowledge base of that time can tell: facts differ by which instruments choose their cases"


class Settings(Record, frozen=True):
    """What is now: the folder of the knowledge (None: our own), the day whose editions count (None: that of each record), the
    case files, and folders of earlier whole bases."""

    knowledge: str | None = None
    day: str | None = None
    cases: dict[str, tuple[str, int]] | None = None
    earlier: tuple[str, ...] = ()


class FactChange(Record, frozen=True):
    """A fact that is stated otherwise now. `read`: the proof of one of the grades reads it."""

    fact: str
    then: str
    now: str
    read: bool


class Row(Record, frozen=True):
    """One record in the matrix. The corners are named (knowledge, facts); those with the facts now are null if there are none."""

    number: int
    path: str
    case: str
    time: str
    verdict: str
    then_then: o.Cell
    now_then: o.Cell
    then_now: o.Cell | None = None
    now_now: o.Cell | None = None
    steps: int | None = None
    """By how many grades today's is more severe than that of then (negative: milder)."""
    first: str = ""
    rules: tuple[o.RuleChange, ...] = ()
    more_rules: int = 0
    facts: tuple[FactChange, ...] = ()
    appear: tuple[str, ...] = ()
    vanish: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Facts of the record that the vocabulary of today does not have."""

    @property
    def now(self) -> o.Cell:
        """Today's grade."""
        return self.now_now or self.now_then


class Matrix(Record, frozen=True):
    """The matrix of a folder: `rows` with the most weighty first, the texts of the rules and the duties that they name."""

    path: str
    day: str | None
    with_cases: bool
    matched: int
    """Records for which a case with today's facts was found."""
    digest: str
    rows: tuple[Row, ...]
    texts: dict[str, o.RuleText] = field(default_factory=dict)
    duties: dict[str, o.Duty] = field(default_factory=dict)

    def of(self, verdict: str) -> tuple[Row, ...]:
        """The rows of a verdict."""
        return tuple(row for row in self.rows if row.verdict == verdict)


def cases_now(folder: Path) -> dict[str, tuple[str, int]]:
    """Case id -> file and place in it, of all cases below a folder. Raises CaseError, also for two cases of one id (C011)."""
    found: dict[str, tuple[str, int]] = {}
    counts: dict[Path, int] = {}
    for path, case in cases_below([folder]):
        counts[path] = counts.get(path, -1) + 1
        if case.id in found:
            message = f"the case {case.id} stands in two files: {found[case.id][0]} and {path}"
            raise CaseError([Problem(str(path), 0, 0, "C011", message, "name a folder with today's facts of each case once")])
        found[case.id] = (str(path), counts[path])
    return found


def matrix(path: Path, settings: Settings, *, workers: int = 2, progress: Progress | None = None) -> Matrix:
    """The replay matrix of a folder of records, or of one record. Raises RecordError (A019) if there is none."""
    rows: list[Row] = []
    texts: dict[str, o.RuleText] = {}
    duties: dict[str, o.Duty] = {}
    for part in each(paths_of(path), _Worker(settings), workers=workers, progress=progress):
        rows += part[0]
        texts |= part[1]
        duties |= part[2]
    rows.sort(key=_weight)
    matched = sum(row.now_now is not None for row in rows)
    base = at_hand(settings.knowledge)
    return Matrix(str(path), settings.day, settings.cases is not None, matched, base.digest, tuple(rows), texts, duties)


def _weight(row: Row) -> tuple[int, int, int]:
    steps = row.steps or 0
    return VERDICTS.index(row.verdict), -abs(steps) * 2 - (steps > 0), row.number


Part = tuple[list[Row], dict[str, o.RuleText], dict[str, o.Duty]]


class _Worker(Record, frozen=True):
    """Makes the rows of a group of files; what a process is given to do."""

    settings: Settings

    def __call__(self, paths: Sequence[str]) -> Part:
        now = at_hand(self.settings.knowledge)
        whole = {base.digest: base for base in [now, *map(at_hand, self.settings.earlier)]}
        rows: list[Row] = []
        texts: dict[str, o.RuleText] = {}
        duties: dict[str, o.Duty] = {}
        for path in paths:
            row, results = _Corners(load_file(Path(path)), now, whole, self.settings).row()
            rows.append(row)
            named = {change.rule for change in row.rules}
            texts |= {id: text for id, text in o.texts(*results).items() if id in named}
            named = {*row.appear, *row.vanish}
            duties |= {id: duty for id, duty in o.duties(*results).items() if id in named}
        return rows, texts, duties


class _Corners:
    """The four corners of one record."""

    def __init__(self, stored: m.Stored, now: Knowledge, whole: dict[str, Knowledge], settings: Settings) -> None:
        self.stored, self.now, self.whole, self.settings = stored, now, whole, settings

    def row(self) -> tuple[Row, tuple[m.Plain | str, ...]]:
        """The row, and the results from which the texts of its rules are taken."""
        record, stored = self.stored.record, self.stored
        if record is None:
            reason = "; ".join(f"{t.code}: {t.message}" for t in stored.troubles)
            return Row(stored.number, stored.path, "", "", UNSOUND, o.Cell(reason=reason), o.Cell(reason=reason)), ()
        head = Row(stored.number, stored.path, record.case, record.time, IMPOSSIBLE, o.cell(record.result), o.Cell())
        try:
            then = knowledge_of(record)
            file = o.case_without_tests(record.case_text, f"case {record.case}")
            today = self._case_now(record.case)
        except DingjiError as error:
            return replace(head, now_then=o.Cell(reason=f"{error.problems[0].code}: {error.problems[0].message}")), ()
        return self._graded(head, record, then, file, today)

    def _graded(
        self, head: Row, record: m.DeterminationRecord, then: Knowledge, file: CaseFile, today: CaseFile | None
    ) -> tuple[Row, tuple[m.Plain | str, ...]]:
        day_then = dt.date.fromisoformat(record.result["as_of"])
        day_now = dt.date.fromisoformat(self.settings.day) if self.settings.day else day_then
        replayed = o.graded_under(then, file, record.options, _option(record.options.as_of))
        known, unread = o.known_part(file, self.now)
        later = o.graded_under(self.now, known, record.options, day_now)
        row = replace(head, now_then=o.cell(later), unread=unread)
        if isinstance(replayed, str) or o.compare(record.result, replayed).any:
            return replace(row, verdict=UNSOUND), (record.result, later)
        facts_then = facts_now = None
        if today is not None:
            facts_then = self._facts_now_knowledge_then(record, then, file, today, day_then)
            facts_now = o.graded_under(self.now, o.known_part(today, self.now)[0], record.options, day_now)
            row = replace(row, then_now=o.cell(facts_then), now_now=o.cell(facts_now))
        row = self._verdict(row, record.result, later, facts_then, facts_now, then)
        if today is not None and row.verdict in (BY_FACTS, BY_BOTH, OFFSET, IMPOSSIBLE):
            proofs = [record.result, *(r for r in (facts_then, facts_now) if isinstance(r, dict))]
            row = replace(row, facts=tuple(_facts_changed(file, today, proofs)))
        return row, (record.result, later, *(r for r in (facts_then, facts_now) if r is not None))

    def _verdict(
        self,
        row: Row,
        recorded: m.Plain,
        later: m.Plain | str,
        facts_then: m.Plain | str | None,
        facts_now: m.Plain | str | None,
        then: Knowledge,
    ) -> Row:
        end = later if facts_now is None else facts_now
        by_knowledge = None if isinstance(later, str) else o.compare(recorded, later, then, self.now)
        whole = by_knowledge if facts_now is None else None if isinstance(end, str) else o.compare(recorded, end, then, self.now)
        by_facts = None if not isinstance(facts_then, dict) else o.compare(recorded, facts_then, then)
        if whole is not None:
            row = replace(row, steps=whole.steps, appear=whole.appear, vanish=whole.vanish)
        if by_knowledge is None or whole is None or (facts_then is not None and by_facts is None):
            return _explained(replace(row, verdict=IMPOSSIBLE), by_knowledge if by_knowledge and by_knowledge.any else None)
        moved = by_knowledge.any, by_facts is not None and by_facts.any
        if whole.any:
            verdict = {(True, False): BY_KNOWLEDGE, (False, True): BY_FACTS}.get(moved, BY_BOTH)
        else:
            verdict = OFFSET if True in moved else SAME
        together = None
        if moved == (False, False) and whole.any and isinstance(facts_then, dict) and isinstance(end, dict):
            together = o.compare(facts_then, end, then, self.now)
        return _explained(replace(row, verdict=verdict), by_knowledge if moved[0] else together)

    def _case_now(self, case: str) -> CaseFile | None:
        place = (self.settings.cases or {}).get(case)
        if place is None:
            return None
        return o.without_tests(read_cases(place[0])[place[1]])

    def _facts_now_knowledge_then(
        self, record: m.DeterminationRecord, then: Knowledge, file: CaseFile, today: CaseFile, day: dt.date
    ) -> m.Plain | str:
        """Under the knowledge of that time. A record carries the part of it that concerned its case; where other facts may bring
        in other instruments, only the whole base tells."""
        base = self.whole.get(record.knowledge_digest)
        if base is None:
            base = then
            choosing = _choosing(then) | _choosing(self.now)
            if any(name in choosing for name, _, _ in _differing(file, today)):
                return NO_WHOLE
        return o.graded_under(base, o.known_part(today, base)[0], record.options, day)


def _explained(row: Row, change: o.Change | None) -> Row:
    """The row with the rules by which knowledge changed the grade."""
    if change is None:
        return row
    more = max(0, len(change.rules) - o.MOST_RULES)
    return replace(row, first=change.first, rules=change.rules[: o.MOST_RULES], more_rules=more)


def _option(day: str | None) -> dt.date | None:
    return None if day is None else dt.date.fromisoformat(day)


def _choosing(base: Knowledge) -> frozenset[str]:
    """The facts by which instruments, reconciliations and list items choose their cases."""
    scopes = [i.scope for i in base.instruments.values()] + [r.when for r in base.reconciliations.values()]
    return frozenset(base.index).union(*map(n.facts_of, scopes))


def _differing(then: CaseFile, now: CaseFile) -> list[tuple[str, str, str]]:
    """(fact, then, now) of what two cases state otherwise, as their authors wrote it; `-` for what one does not state."""
    before, after = _stated(then), _stated(now)
    nothing = ("-", None)
    pairs = [(name, before.get(name, nothing), after.get(name, nothing)) for name in {**before, **after}]
    return [(name, a[0], b[0]) for name, a, b in pairs if a[1] != b[1]]


def _stated(file: CaseFile) -> dict[str, tuple[str, Any]]:
    """Each fact as written, and what it means: who states it on what evidence takes no part."""
    section = file.section
    found = {"subject": _value(section.nodes["subject"])} if "subject" in section.nodes else {}
    for key in ("scope", "facts"):
        found |= {name: _value(node) for name, _, node in section.get(key, ())}
    return found


_ASIDE = ("asserted_by", "asserted_on", "evidence", "rests_on", "note", "unit")


def _value(node: Any) -> tuple[str, Any]:
    if isinstance(node, yaml.MappingNode):
        parts = {str(key.value): _plain(value) for key, value in node.value if key.value not in _ASIDE}
        if parts.get("complete") == "true":
            del parts["complete"]
        meant = parts["value"] if set(parts) == {"value"} else parts
    else:
        meant = _plain(node)
    return _shown(meant), None if meant == "unknown" else meant


def _plain(node: Any) -> Any:
    """A value as plain data, numbers in one form: 8.50 is 8.5."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child) for child in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    text = str(node.value)
    try:
        number = Decimal(text)
        return format(number.normalize(), "f") if number.is_finite() else text
    except ArithmeticError:
        return text.lower() if text.lower() in ("true", "false") else text


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, list):
        return "[" + "; ".join(map(_shown, value)) + "]"
    return str(value)


def _facts_changed(then: CaseFile, now: CaseFile, proofs: Iterable[m.Plain]) -> list[FactChange]:
    """What is stated otherwise, the facts first that a proof reads."""
    read: set[str] = set()
    for proof in proofs:
        stack = list(proof.get("proof") or ())
        while stack:
            node = stack.pop()
            read.add(str(node.get("fact")))
            stack += node.get("facts") or ()
    found = [FactChange(name, a, b, name in read) for name, a, b in _differing(then, now)]
    return sorted(found, key=lambda change: not change.read)
