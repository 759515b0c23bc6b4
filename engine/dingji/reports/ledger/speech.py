"""What ledgers say of grades, rules, facts and duties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dingji.audit.outcome import Cell, Duty, RuleChange, RuleText
from dingji.knowledge.model import Knowledge
from dingji.records import Record
from dingji.reports.ledger.model import Grade, Row, Section, counted
from dingji.reports.messages import Catalogue
from dingji.reports.values import Speech

if TYPE_CHECKING:
    from dingji.reports.html.document import Figure

NAMED = 4
"""So many rules are named in a row; all of them stand in a section of their own."""
MOST_MOVES = 8
"""A chart shows so many grades."""


class Names(Record, frozen=True):
    """The rules and duties that a ledger names."""

    rules: Mapping[str, RuleText]
    duties: Mapping[str, Duty]


class LedgerSpeech(Speech):
    """Speaks of records."""

    def __init__(self, knowledge: Knowledge, words: Catalogue, names: Names) -> None:
        super().__init__(knowledge, words)
        self.names = names

    def graded(self, cell: Cell | None, reason: str = "") -> Grade:
        """A grade as it was reached, or that there is none."""
        words = self.words
        if cell is None:
            return Grade(words("ledger.none"))
        if cell.reason:
            return Grade(words("ledger.refused"), below=reason or cell.reason)
        if cell.status == "undetermined":
            return Grade(words("headline.undetermined"), below=self.grades(cell.scale, cell.reachable))
        text = self.text(cell.label) if cell.label else self.grades(cell.scale, cell.reachable) or words("headline.none")
        return Grade(text, cell.colour or "", True)

    def steps(self, steps: int | None) -> str:
        """By how many grades."""
        if steps is None:
            return self.words("ledger.open")
        if not steps:
            return self.words("ledger.level")
        return self.words("ledger.severer" if steps > 0 else "ledger.milder", n=abs(steps))

    def rules(self, changes: Sequence[RuleChange], more: int = 0) -> Iterator[str]:
        """The rules by which knowledge changed a grade; duties are told by what becomes of them."""
        told = [change for change in changes if change.rule not in self.names.duties]
        for kind in ("changed", "fell", "came"):
            named = [change.rule for change in told if change.change == kind]
            if named:
                shown = self.words("list.comma").join(named[:NAMED])
                beyond = len(named) - NAMED + (more if kind == told[-1].change else 0)
                shown = self.words("ledger.and-more", names=shown, n=beyond) if beyond > 0 else shown
                yield self.words.choice("ledger-rule", kind, rules=shown)

    def due(self, appear: Iterable[str], vanish: Iterable[str]) -> Iterator[str]:
        """The duties that appear and vanish."""
        for key, ids in (("ledger.appear", tuple(appear)), ("ledger.vanish", tuple(vanish))):
            if ids:
                yield self.words(key, duties=self.words("list.semicolon").join(map(self.duty, ids)))

    def brief(self, why: Iterable[str], appear: Sequence[str], vanish: Sequence[str]) -> str:
        """Why, on one line: of the duties only how many."""
        parts = list(why)
        if appear or vanish:
            parts.append(self.words("ledger.due", appear=len(appear), vanish=len(vanish)))
        return self.words("list.semicolon").join(parts)

    def duty(self, id: str) -> str:
        """A duty in words."""
        found = self.names.duties.get(id)
        if found is None:
            return id
        return self.words("ledger.duty", actor=self.text(found.actor), act=self.text(found.act).rstrip(".。"))

    def rule_section(self, changes: Iterable[RuleChange]) -> Section:
        """The rules behind all changes, the most frequent first, with what they say."""
        words = self.words
        found = Counter((each.rule, each.change) for each in changes if each.rule not in self.names.duties)
        rows = []
        for (rule, change), count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
            text = self.names.rules.get(rule)
            said = self.text(text.text) if text else ""
            cited = words("cite", cite=words("cited", cite=self.text(text.cite), document=self.source(text.source))) if text else ""
            rows.append(
                Row(str(count), rule, words.choice("ledger-change", change), (Grade(str(count)),), tuple(filter(None, (said, cited))))
            )
        heads = (words("ledger.rule"), words("ledger.records"), words("ledger.says"))
        return counted(words, "rules", words("ledger.rules"), heads, rows)

    def duty_section(self, appear: Iterable[str], vanish: Iterable[str]) -> Section:
        """The duties that appear or vanish, with the number of records."""
        words = self.words
        rows = []
        for key, ids in (("ledger.appears", Counter(appear)), ("ledger.vanishes", Counter(vanish))):
            ordered = sorted(ids.items(), key=lambda item: (-item[1], item[0]))
            rows += [Row(str(n), id, words(key), (Grade(str(n)),), (self.duty(id),)) for id, n in ordered]
        heads = (words("ledger.duty-head"), words("ledger.records"), words("ledger.says"))
        return counted(words, "duties", words("ledger.duties"), heads, rows)

    def moves(self, pairs: Iterable[tuple[Cell, Cell]], title: str, ends: tuple[str, str]) -> tuple[Figure, ...]:
        """A chart of the grades then and now; none where the package that draws is missing, or there is nothing to see."""
        if find_spec("vl_convert") is None:
            return ()
        found = Counter((self.graded(a).text, self.graded(b).text) for a, b in pairs)
        order = self._order({name for pair in found for name in pair})
        if len(found) < 2 or len(order) > MOST_MOVES:
            return ()
        from dingji.reports.charts.cells import Cell as Tile
        from dingji.reports.charts.cells import heat_map
        from dingji.reports.charts.vega import Grid
        from dingji.reports.html.document import Figure

        rows = [name for name in order if any(a == name for a, _ in found)]
        columns = [name for name in order if any(b == name for _, b in found)]
        most = max(found.values())
        tiles = [[Tile(str(n), "", n / most) if (n := found[a, b]) else Tile("", "", None) for b in columns] for a in rows]
        heads = (self.words("ledger.then-now", then=ends[0], now=ends[1]), *columns)
        grid = Grid(heads, tuple((a, *(str(found[a, b] or "") for b in columns)) for a in rows))
        description = self.words("ledger.moves.description", then=ends[0], now=ends[1])
        return (Figure(heat_map("moves", title, description, rows, columns, tiles, grid), (), (description,)),)

    def _order(self, names: set[str]) -> list[str]:
        """Grades by severity, then what is no grade."""
        ranks: dict[str, int] = {}
        for scale in self.knowledge.scales.values():
            for place, grade in enumerate(scale.grades):
                ranks.setdefault(self.text(grade.label), place)
        return sorted(names, key=lambda name: (name not in ranks, ranks.get(name, 0), name))
