"""The cases of a comparison on its page: grouped by distance, the furthest apart first, the rest of long lists closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dingji.comparison import model as m
from dingji.comparison.sections import closed
from dingji.records import Record, replace
from dingji.reports.compare import Writer
from dingji.reports.compare_reasons import MOST

SHOWN = 25
"""Cases that stand open; those after them are closed, and stay so on paper."""
LISTED = 1000
"""Cases of a group that the page holds: a browser has to show it."""


class Said(Record, frozen=True):
    """A grade and the methods that give it. `graded`: it is one; nothing found or not known is none."""

    label: str
    colour: str
    methods: str
    graded: bool


class CaseView(Record, frozen=True):
    """A case: what each method says, and why the two furthest apart differ."""

    title: str
    name: str
    day: str
    grades: tuple[Said, ...]
    why: tuple[str, ...]
    rules: str


class CaseGroup(Record, frozen=True):
    """Cases equally far apart: those that stand open, and the rest."""

    title: str
    shown: tuple[CaseView, ...]
    rest: tuple[CaseView, ...]
    more: str
    beyond: str


class Cases(Writer):
    """Tells the cases."""

    room = SHOWN

    def groups(self) -> tuple[CaseGroup, ...]:
        """The groups, in the order of the rows: apart by grades, with a silent method, open, and those that do not disagree."""
        found: dict[str, list[m.Row]] = {}
        for row in self.found.rows:
            found.setdefault(self._kind(row), []).append(row)
        return tuple(self._together(kind, rows) for kind, rows in found.items())

    def _kind(self, row: m.Row) -> str:
        words, main = self.words, row.main
        if main is None:
            return words("compare-page.agreeing")
        if closed(row) is None:
            return words("compare-page.open")
        return words("compare-page.one-silent") if main.distance is None else words("compare-page.apart", n=main.distance)

    def _together(self, kind: str, rows: Sequence[m.Row]) -> CaseGroup:
        title = self.words("compare-page.group", title=kind, n=len(rows))
        room = self.room if closed(rows[0]) is not None else 0
        views = tuple(self._case(row) for row in rows[:LISTED])
        self.room = max(room - len(views), 0) if room else self.room
        left = len(views) - min(room, len(views))
        more = self.words("compare-page.more", n=left) if 0 < left < len(views) else title
        beyond = self.words("comparison.more", n=len(rows) - len(views)) if len(rows) > len(views) else ""
        return CaseGroup(title, views[: len(views) - left], views[len(views) - left :], more, beyond)

    def _case(self, row: m.Row) -> CaseView:
        return CaseView(
            self.speech.text(row.title),
            row.case,
            self.speech.date(row.as_of),
            tuple(self._grades(row)),
            tuple(self._told(row)),
            self._rules(row),
        )

    def _grades(self, row: m.Row) -> Iterator[Said]:
        """The most severe grade first, then what is no grade."""
        said: dict[tuple[int, str, str, bool], list[str]] = {}
        for column in row.columns:
            method = self.words.choice("comparison-short", column.method)
            if column.grade is not None and column.severity is not None:
                key = column.severity, self.speech.grade(row.scale, column.grade), column.colour or "plain", True
                method = self.words("comparison.provisional", grade=method) if column.state == "provisional" else method
            elif column.state == "undetermined":
                key = -1, self.speech.grades(row.scale, column.reachable), "plain", False
            else:
                key = -2 - (column.state != "silent"), self.words.choice("compare-state", column.state), "plain", False
            said.setdefault(key, []).append(method)
        for (_, label, colour, graded), methods in sorted(said.items(), key=lambda item: -item[0][0]):
            yield Said(label, colour, self.words("list.comma").join(methods), graded)

    def _told(self, row: m.Row) -> Iterator[str]:
        """How far the two furthest apart are, why, and what else parts methods here."""
        if not row.pairs:
            return
        main, *others = row.pairs
        yield next(iter(self._pair(row, main)))
        yield self.words("comparison.because", reason=self.reasons.sentence(replace(main.main, rules=())))
        further = [*main.further, *(pair.main for pair in others)]
        kinds = dict.fromkeys(self.reasons.name(reason.kind, reason.factor) for reason in further)
        kinds.pop(self.reasons.name(main.main.kind, main.main.factor), None)
        if kinds:
            yield self.words("comparison.further", reasons=self.words("list.semicolon").join(kinds))

    def _rules(self, row: m.Row) -> str:
        """The rules that show the reason."""
        rules = row.pairs[0].main.rules if row.pairs else ()
        if not rules:
            return ""
        shown = self.words("list.comma").join(rules[:MOST])
        if len(rules) > MOST:
            shown = self.words("cause-more", items=shown, n=len(rules) - MOST)
        return self.words("cause-rules", rules=shown)
