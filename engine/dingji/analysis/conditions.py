"""What a solver finds in the conditions and tables of a knowledge base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

from dingji.analysis.solver import Solver, shown
from dingji.errors import Problem
from dingji.knowledge.model import Decision, Knowledge, Place, Rule
from dingji.language import nodes as n


def problems(knowledge: Knowledge) -> list[Problem]:
    """Conditions that are never or always true, gaps and overlaps in tables, rules that other rules make idle."""
    solver = Solver(knowledge)
    found = []
    for base in (knowledge.rules.values(), *(p.rules for p in knowledge.profiles.values())):
        found += [problem for rule in base if (problem := _sense(solver, rule))]
    senseless = {p.message.split()[0] for p in found}
    for decision in knowledge.decisions:
        rules = [knowledge.rules[r] for r in decision.rules if r not in senseless]
        if decision.policy in ("unique", "any"):
            found += _overlaps(solver, decision, rules)
        if decision.policy == "unique" and not decision.has_default:
            found += _gaps(solver, decision, rules)
        if decision.policy == "first":
            found += _hidden(solver, rules)
        found += _idle(solver, rules, ordered=decision.policy == "first")
    return found


def _problem(place: Place, code: int, message: str, hint: str = "") -> Problem:
    return Problem(place.file, place.line, place.column, f"K{code:03}", message, hint)


def _sense(solver: Solver, rule: Rule) -> Problem | None:
    if rule.when is None:
        return None
    if not solver.possible([rule.when]):
        return _problem(
            rule.place, 50, f"{rule.id} can never be true", "its parts contradict each other, or a range or the values of a fact"
        )
    if not solver.possible(false=[rule.when]):
        return _problem(rule.place, 51, f"{rule.id} is true in every case", "leave `when` out if that is meant")
    return None


def _conditions(rules: list[Rule]) -> list[n.Node]:
    return [r.when for r in rules if r.when is not None]


def _overlaps(solver: Solver, decision: Decision, rules: list[Rule]) -> Iterator[Problem]:
    """Two rows with different conclusions that hold together, neither of which overrides the other."""
    for a, b in combinations(rules, 2):
        settled = a.id in b.overrides or b.id in a.overrides or a.then == b.then
        if settled or a.when is None or b.when is None or not n.facts_of(a.when) & n.facts_of(b.when):
            continue
        case = solver.case([a.when, b.when])
        if case is not None:
            message = f"{a.id} and {b.id} give {decision.fact} different values in one case: {shown(case)}"
            yield _problem(b.place, 53, message, "make one of them narrower, or let it override the other")


def _gaps(solver: Solver, decision: Decision, rules: list[Rule]) -> Iterator[Problem]:
    """A case in which no row of a table without a default holds."""
    if not rules or any(r.when is None for r in rules):
        return
    case = solver.case(false=_conditions(rules))
    if case is not None:
        message = f"{decision.id}: no row gives {decision.fact} a value in this case: {shown(case)}"
        yield _problem(rules[0].place, 52, message, "add a row, or a default if the text leaves the rest")


def _hidden(solver: Solver, rules: list[Rule]) -> Iterator[Problem]:
    """Rows of a `first` table that earlier rows always take."""
    for number, rule in enumerate(rules):
        earlier = _conditions(rules[:number])
        if rule.when is not None and earlier and not solver.possible([rule.when], earlier):
            yield _problem(
                rule.place, 54, f"{rule.id} never counts: earlier rows hold whenever it does", "put it before them, or delete it"
            )


def _idle(solver: Solver, rules: list[Rule], *, ordered: bool) -> Iterator[Problem]:
    """Rules that hold only where another of the same conclusion does."""
    alike: defaultdict[tuple[object, ...], list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.when is not None and rule.kind in ("row", "example"):
            alike[rule.then].append(rule)
    covered: list[tuple[Rule, Rule]] = []
    for group in alike.values():
        reads = {r.id: n.facts_of(r.when) for r in group if r.when is not None}
        for a, b in combinations(group, 2):
            if reads[a.id] == reads[b.id] and _within(solver, a, b) and _within(solver, b, a):
                yield _problem(
                    b.place,
                    55,
                    f"{b.id} says the same as {a.id}",
                    "keep one of them and cite both, or say in `repeats` that the text repeats itself",
                )
            elif not ordered:
                pairs = ((a, b), (b, a))
                covered += [(i, o) for i, o in pairs if reads[o.id] <= reads[i.id] and _within(solver, i, o)]
    for inner in dict.fromkeys(i.id for i, _ in covered):
        rule = next(i for i, _ in covered if i.id == inner)
        outer = " and ".join(o.id for i, o in covered if i.id == inner)
        hint = "delete it, or say in `repeats` that the text repeats itself"
        yield _problem(rule.place, 54, f"{inner} never counts: {outer} holds whenever it does", hint)


def _within(solver: Solver, inner: Rule, outer: Rule) -> bool:
    """Does `outer` hold wherever `inner` does, without the knowledge saying that the text repeats itself?"""
    if outer.id in inner.repeats or inner.id in outer.repeats or inner.when is None or outer.when is None:
        return False
    return solver.implies(inner.when, outer.when)
