"""What a change of the knowledge does to past determinations: which would differ, by how many grades, with which duties."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dingji.audit import model as m
from dingji.audit import outcome as o
from dingji.audit.chain import load_file
from dingji.audit.walk import Progress, at_hand, each, paths_of
from dingji.cases.reader import CaseFile
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge
from dingji.records import Record, field

MOST_REASONS = 5
"""So many records that can't be graded are told with their reasons."""


class Settings(Record, frozen=True):
    """The folders of the two bases, and the day by whose editions both grade (None: that of each record)."""

    old: str | None
    new: str | None
    day: str | None = None


class Moved(Record, frozen=True):
    """A record whose determination or duties the new base changes. `recorded` is what stands in it."""

    number: int
    path: str
    case: str
    recorded: o.Cell
    before: o.Cell
    after: o.Cell
    change: o.Change


class Refused(Record, frozen=True):
    """A record that one of the bases can't grade: which one (old, new or record), and why."""

    number: int
    path: str
    case: str
    by: str
    reason: str


class Impact(Record, frozen=True):
    """The impact on a folder of records. `otherwise`: the records whose grade the old base does not give, either."""

    path: str
    day: str | None
    count: int
    moved: tuple[Moved, ...]
    refused: tuple[Refused, ...]
    otherwise: tuple[int, ...]
    texts: dict[str, o.RuleText] = field(default_factory=dict)
    duties: dict[str, o.Duty] = field(default_factory=dict)

    def steps(self) -> list[tuple[int | None, int]]:
        """(steps, records): by how many grades more severe, the greatest first; None, where one of the two is not settled."""
        counts = Counter(each.change.steps for each in self.moved if each.change.graded)
        return sorted(counts.items(), key=lambda item: (item[0] is None, -(item[0] or 0)))

    def due(self, vanish: bool = False) -> list[tuple[str, int]]:
        """(duty, records) of the duties that appear or vanish, the most frequent first."""
        found = Counter(id for each in self.moved for id in (each.change.vanish if vanish else each.change.appear))
        return sorted(found.items(), key=lambda item: (-item[1], item[0]))

    def rules(self) -> list[tuple[o.RuleChange, int]]:
        """(rule, records) of the rules that part the results, the most frequent first."""
        found = Counter((each.rule, each.change) for moved in self.moved for each in moved.change.rules)
        return [(o.RuleChange(*key), n) for key, n in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def impact(path: Path, settings: Settings, *, workers: int = 2, progress: Progress | None = None) -> Impact:
    """What the new base makes of the records of a folder. Raises RecordError (A019) if there are none."""
    moved: list[Moved] = []
    refused: list[Refused] = []
    otherwise: list[int] = []
    texts: dict[str, o.RuleText] = {}
    duties: dict[str, o.Duty] = {}
    paths = paths_of(path)
    for part in each(paths, _Worker(settings), workers=workers, progress=progress):
        moved += part.moved
        refused += part.refused
        otherwise += part.otherwise
        texts |= part.texts
        duties |= part.duties
    moved.sort(key=_weight)
    refused.sort(key=lambda each: each.number)
    return Impact(str(path), settings.day, len(paths), tuple(moved), tuple(refused), tuple(sorted(otherwise)), texts, duties)


def _weight(each: Moved) -> tuple[int, int, int]:
    steps = each.change.steps
    return (0 if steps else 1 if each.change.graded else 2), -(steps or 0), each.number


class _Worker(Record, frozen=True):
    """Grades a group of records under both bases; what a process is given to do."""

    settings: Settings

    def __call__(self, paths: Sequence[str]) -> Impact:
        old, new = at_hand(self.settings.old), at_hand(self.settings.new)
        moved: list[Moved] = []
        refused: list[Refused] = []
        otherwise: list[int] = []
        texts: dict[str, o.RuleText] = {}
        duties: dict[str, o.Duty] = {}
        for path in paths:
            stored = load_file(Path(path))
            record = stored.record
            if record is None:
                reason = stored.troubles[0].code + ": " + stored.troubles[0].message
                refused.append(Refused(stored.number, path, "", "record", reason))
                continue
            try:
                file = o.case_without_tests(record.case_text, f"case {record.case}")
            except DingjiError as error:
                first = error.problems[0]
                refused.append(Refused(stored.number, path, record.case, "record", f"{first.code}: {first.message}"))
                continue
            results = [self._graded(record, file, base) for base in (old, new)]
            failed = [by for by, result in zip(("old", "new"), results, strict=True) if isinstance(result, str)]
            if failed:
                reason = str(results[0] if failed[0] == "old" else results[1])
                refused.append(Refused(stored.number, path, record.case, failed[0], reason))
                continue
            before, after = results
            assert isinstance(before, dict)
            assert isinstance(after, dict)
            recorded = o.cell(record.result)
            if self.settings.day is None and o.cell(before) != recorded:
                otherwise.append(stored.number)
            change = o.compare(before, after, old, new)
            if change.any:
                moved.append(Moved(stored.number, path, record.case, recorded, o.cell(before), o.cell(after), change))
                named = {each.rule for each in change.rules}
                texts |= {id: text for id, text in o.texts(before, after).items() if id in named}
                named = {*change.appear, *change.vanish}
                duties |= {id: duty for id, duty in o.duties(before, after).items() if id in named}
        return Impact("", self.settings.day, len(paths), tuple(moved), tuple(refused), tuple(otherwise), texts, duties)

    def _graded(self, record: m.DeterminationRecord, file: CaseFile, base: Knowledge) -> m.Plain | str:
        day = self.settings.day or record.result["as_of"]
        return o.graded_under(base, o.known_part(file, base)[0], record.options, dt.date.fromisoformat(day))
