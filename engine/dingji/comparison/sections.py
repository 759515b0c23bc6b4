"""What is counted over many rows: agreement of methods and of raters, bias in each group, reasons, what was not comparable."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from dingji.comparison import agreement
from dingji.comparison import model as m
from dingji.comparison.rows import ORDER, RATED
from dingji.knowledge.model import Knowledge, Words

OFFICIAL_BY = "official.by"
"""The group of those who gave the official grades."""


def sections(knowledge: Knowledge, rows: Sequence[m.Row], plan: agreement.Plan) -> tuple[m.ScaleSection, ...]:
    """The statistics of each scale; the scale with the most cases first."""
    found: dict[str, list[m.Row]] = defaultdict(list)
    for row in rows:
        if row.scale:
            found[row.scale].append(row)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(_section(knowledge, scale, of_scale, plan) for scale, of_scale in ranked)


def _section(knowledge: Knowledge, scale: str, rows: list[m.Row], plan: agreement.Plan) -> m.ScaleSection:
    definition = knowledge.scales[scale]
    grades = tuple(reversed(definition.grades))
    ids = tuple(g.id for g in grades)
    present = {c.method for row in rows for c in row.columns if c.state in RATED}
    methods = tuple(method for method in ORDER if method in present)
    ratings = agreement.Ratings(methods, ids, tuple(_ranks(row, methods) for row in rows), tuple(row.case for row in rows))
    people = tuple(sorted({r.rater for row in rows for r in row.raters if r.severity is not None}))
    panel = agreement.Ratings(people, ids, tuple(_people(row, people) for row in rows), ratings.cases)
    return m.ScaleSection(
        scale=scale,
        title=definition.title,
        grades=ids,
        labels=tuple(g.label for g in grades),
        colours=tuple(g.colour for g in grades),
        cases=len(rows),
        methods=methods,
        pairs=tuple(agreement.pairs(ratings, plan)),
        all_methods=agreement.panel(ratings, plan) if len(methods) > 1 else None,
        left=tuple(_left(rows)),
        bias=tuple(_bias(rows, methods, plan)),
        panel=agreement.panel(panel, plan) if len(people) > 1 else None,
        raters=tuple(agreement.leniency(panel, plan)) if len(people) > 1 else (),
        units=tuple(_units(rows, plan)),
    )


def _ranks(row: m.Row, methods: Sequence[str]) -> tuple[int | None, ...]:
    severities = {c.method: c.severity for c in row.columns if c.state in RATED}
    return tuple(severities.get(method) for method in methods)


def _people(row: m.Row, people: Sequence[str]) -> tuple[int | None, ...]:
    given = {r.rater: r.severity for r in row.raters}
    return tuple(given.get(name) for name in people)


def _left(rows: Sequence[m.Row]) -> Iterator[m.Left]:
    """For each pair of columns, the cases that could not be compared, by what stood in the way: the first of the two that does."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for a, b in combinations(row.columns, 2):
            states = [c.state for c in (a, b) if c.state not in RATED]
            if states:
                counts[a.method, b.method, states[0]] += 1
    for (first, second, state), cases in sorted(counts.items(), key=lambda item: (*map(ORDER.index, item[0][:2]), item[0][2])):
        yield m.Left(first, second, state, cases)


def _bias(rows: Sequence[m.Row], methods: Sequence[str], plan: agreement.Plan) -> Iterator[m.GroupBias]:
    for first, second in combinations(methods, 2):
        differences: dict[m.Group, list[float]] = defaultdict(list)
        for row in rows:
            a, b = _ranks(row, (first, second))
            if a is not None and b is not None:
                for group in row.groups:
                    differences[group].append(b - a)
        for group in sorted(differences, key=lambda g: (g.fact, g.value)):
            yield m.GroupBias(first, second, group, agreement.mean_difference(differences[group], agreement.BIAS, plan))


def _units(rows: Sequence[m.Row], plan: agreement.Plan) -> Iterator[m.UnitLeniency]:
    """The official grades of each unit against the mean of the methods on the same cases."""
    differences: dict[m.Group, list[float]] = defaultdict(list)
    for row in rows:
        official = row.column(m.OFFICIAL)
        others = [c.severity for c in row.columns if c.severity is not None and c.method != m.OFFICIAL]
        if official is None or official.severity is None or not others:
            continue
        by = official.standings[0].title
        units = [group for group in row.groups if group.column] + ([m.Group(OFFICIAL_BY, by.en, by)] if by.en else [])
        for unit in units:
            differences[unit].append(official.severity - sum(others) / len(others))
    for unit in sorted(differences, key=lambda g: (g.fact, g.value)):
        found = differences[unit]
        mean = agreement.mean_difference(found, agreement.LENIENCY, plan)
        counted = agreement.Leniency(unit.value, mean, sum(d > 0 for d in found), sum(d < 0 for d in found))
        yield m.UnitLeniency(unit, counted)


# --- reasons


def closed(row: m.Row) -> m.CasePair | None:
    """The pair that stands for a case that surely disagrees, None for others."""
    main = row.main
    return main if main is not None and not main.open else None


def shares(rows: Sequence[m.Row]) -> tuple[m.ReasonShare, ...]:
    """How many of the disagreeing cases have each main class, the most frequent first."""
    cases: Counter[tuple[str, str | None]] = Counter()
    pairs: Counter[tuple[str, str | None]] = Counter()
    for row in rows:
        main = closed(row)
        if main is not None:
            cases[main.main.kind, main.main.factor] += 1
        for pair in row.pairs:
            if not pair.open:
                pairs[pair.main.kind, pair.main.factor] += 1
    total = cases.total()
    ranked = sorted(pairs, key=lambda key: (-cases[key], -pairs[key], m.KINDS.index(key[0]), key[1] or ""))
    return tuple(m.ReasonShare(kind, factor, n := cases[kind, factor], n / total, pairs[kind, factor]) for kind, factor in ranked)


def not_comparable(rows: Sequence[m.Row]) -> tuple[m.NotComparable, ...]:
    """The findings that no crosswalk brings to the scale of their cases, the most frequent first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    titles: dict[str, Words] = {}
    for row in rows:
        for column in row.columns:
            for s in column.standings:
                if s.state == "not_comparable" and s.own_grade is not None:
                    counts[s.instrument, s.own_scale, row.scale] += 1
                    titles[s.instrument] = s.title
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(m.NotComparable(name, titles[name], own, scale, cases) for (name, own, scale), cases in ranked)


def in_order(rows: Sequence[m.Row]) -> tuple[m.Row, ...]:
    """Rows that disagree before those that are open and those that agree; the furthest apart and most severe first."""

    def rank(row: m.Row) -> tuple[int, int, int, str]:
        kind = 2 if row.main is None else 1 if row.main.open else 0
        return kind, -((row.main.distance if row.main else None) or 0), -row.consequence, row.case

    return tuple(sorted(rows, key=rank))
