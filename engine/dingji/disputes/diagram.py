"""Which grade follows from which positions, as a reduced ordered decision diagram.

Equal parts stand once, and a question whose answers all lead to the same part does not stand at all. So the issues of the
diagram are exactly those that can change the outcome, and everything asked of the table is asked of the diagram.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from dingji.records import Record

Grades = tuple[str, ...]


class Outcome(Record, frozen=True):
    """What follows: the grades still possible on a scale, most severe first; none if the facts are refused or nothing grades them.

    `settled`: it is one grade, and surely the grade of the case.
    """

    scale: str
    grades: Grades
    settled: bool


REFUSED = Outcome("", (), False)


class Node(Record, frozen=True, eq=False):
    """A question: the number of its issue, and a part for each position."""

    issue: int
    parts: tuple[Part, ...]


Part = Node | Outcome


class Diagram:
    """Makes and asks the parts of diagrams over issues that have so many positions each."""

    def __init__(self, sizes: Iterable[int]) -> None:
        self.sizes = tuple(sizes)
        self._nodes: dict[tuple[int, ...], Node] = {}
        self._outcomes: dict[Outcome, Outcome] = {}
        self._restricted: dict[tuple[int, int, int], Part] = {}
        self._found: dict[int, frozenset[Outcome]] = {}
        self._support: dict[int, frozenset[int]] = {}

    def outcome(self, outcome: Outcome) -> Outcome:
        """The one outcome that is equal to this."""
        return self._outcomes.setdefault(outcome, outcome)

    def node(self, issue: int, parts: tuple[Part, ...]) -> Part:
        """The question with these parts; the part itself where all are the same."""
        if all(part is parts[0] for part in parts):
            return parts[0]
        key = (issue, *map(id, parts))
        if key not in self._nodes:
            self._nodes[key] = Node(issue, parts)
        return self._nodes[key]

    def restricted(self, part: Part, issue: int, position: int) -> Part:
        """What remains when one issue is decided."""
        if isinstance(part, Outcome) or part.issue > issue:
            return part
        if part.issue == issue:
            return part.parts[position]
        key = (id(part), issue, position)
        if key not in self._restricted:
            parts = tuple(self.restricted(p, issue, position) for p in part.parts)
            self._restricted[key] = self.node(part.issue, parts)
        return self._restricted[key]

    def decided(self, part: Part, choice: Mapping[int, int]) -> Part:
        """What remains when several issues are decided."""
        for issue, position in choice.items():
            part = self.restricted(part, issue, position)
        return part

    def support(self, part: Part) -> frozenset[int]:
        """The issues that can still change the outcome."""
        if isinstance(part, Outcome):
            return frozenset()
        if id(part) not in self._support:
            self._support[id(part)] = frozenset((part.issue,)).union(*map(self.support, part.parts))
        return self._support[id(part)]

    def outcomes(self, part: Part) -> frozenset[Outcome]:
        """The outcomes that can still come about."""
        if isinstance(part, Outcome):
            return frozenset((part,))
        if id(part) not in self._found:
            self._found[id(part)] = frozenset().union(*map(self.outcomes, part.parts))
        return self._found[id(part)]

    def rows(self, part: Part, issues: Iterable[int]) -> Iterator[tuple[dict[int, int], Outcome]]:
        """Every combination of positions on some issues, with what follows. The issues hold all that matters to the part."""
        wanted = tuple(issues)
        for positions in product(*(range(self.sizes[i]) for i in wanted)):
            choice = dict(zip(wanted, positions, strict=True))
            left = self.decided(part, choice)
            assert isinstance(left, Outcome), "the issues asked for decide everything"
            yield choice, left

    def smallest(self, part: Part, wanted: Outcome) -> list[dict[int, int]]:
        """The smallest sets of findings from which the outcome follows whatever is found in the other issues."""
        issues = sorted(self.support(part))
        for size in range(len(issues) + 1):
            found = [dict(way) for way in self._ways(part, wanted, issues, size)]
            if found:
                return found
        return []

    def _ways(self, part: Part, wanted: Outcome, issues: list[int], size: int) -> Iterator[tuple[tuple[int, int], ...]]:
        if wanted not in self.outcomes(part):
            return
        if isinstance(part, Outcome):
            if size == 0:
                yield ()
            return
        if size == 0:
            return
        for number, issue in enumerate(issues):
            for position in range(self.sizes[issue]):
                left = self.restricted(part, issue, position)
                if left is part:
                    break
                for way in self._ways(left, wanted, issues[number + 1 :], size - 1):
                    yield ((issue, position), *way)

    def needed(self, part: Part, wanted: frozenset[Outcome]) -> dict[int, frozenset[int]]:
        """For each issue that rules some position out: the positions that some combination with a wanted outcome has."""
        found: dict[int, frozenset[int]] = {}
        for issue in self.support(part):
            able = frozenset(p for p in range(self.sizes[issue]) if self.outcomes(self.restricted(part, issue, p)) & wanted)
            if len(able) < self.sizes[issue]:
                found[issue] = able
        return found


MOST_EXACT = 6
"""Up to so many issues the tree with the least expected number of questions is found; beyond, the most telling question comes first."""


class Tree(Record, frozen=True):
    """A question with a branch for each group of positions that lead on alike: (positions, what follows)."""

    issue: int
    branches: tuple[tuple[tuple[int, ...], Tree | Outcome], ...]


def tree_of(diagram: Diagram, part: Part) -> Tree | Outcome:
    """The diagram as a tree that asks as few questions as it can, on average over all combinations."""
    return _Trees(diagram).tree(part)


class _Trees:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self._best: dict[int, tuple[float, int]] = {}

    def tree(self, part: Part) -> Tree | Outcome:
        if isinstance(part, Outcome):
            return part
        issue = self.question(part)[1]
        groups: dict[int, tuple[Part, list[int]]] = {}
        for position in range(self.diagram.sizes[issue]):
            left = self.diagram.restricted(part, issue, position)
            groups.setdefault(id(left), (left, []))[1].append(position)
        return Tree(issue, tuple((tuple(positions), self.tree(left)) for left, positions in groups.values()))

    def question(self, part: Node) -> tuple[float, int]:
        """The expected number of questions, and the first one."""
        if id(part) not in self._best:
            issues = sorted(self.diagram.support(part))
            if len(issues) <= MOST_EXACT:
                best = min((1 + self.expected(part, issue), issue) for issue in issues)
            else:
                best = min((self.spread(part, issue), issue) for issue in issues)
            self._best[id(part)] = best
        return self._best[id(part)]

    def expected(self, part: Part, issue: int) -> float:
        lefts = [self.diagram.restricted(part, issue, p) for p in range(self.diagram.sizes[issue])]
        return sum(0 if isinstance(left, Outcome) else self.question(left)[0] for left in lefts) / len(lefts)

    def spread(self, part: Part, issue: int) -> float:
        """How much is left to ask on average: questions still open, weighed by the outcomes between which they decide."""
        lefts = [self.diagram.restricted(part, issue, p) for p in range(self.diagram.sizes[issue])]
        return sum(len(self.diagram.support(x)) * len(self.diagram.outcomes(x)) for x in lefts) / len(lefts)
