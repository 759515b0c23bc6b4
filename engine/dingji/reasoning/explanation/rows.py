"""The rows of a table as the ways see them, and what of a case and its plan is looked up for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from dingji.inference.plan import Plan, Step
from dingji.knowledge import model as k
from dingji.knowledge.linking import rule_reads
from dingji.language.evaluate import Facts
from dingji.language.values import Records
from dingji.reasoning.explanation.lacks import Goal
from dingji.reasoning.explanation.parts import SIMPLE
from dingji.records import Record


class Row(NamedTuple):
    """A rule of a decision: its place there, the value that it gives, and its position in the plan (None: left out)."""

    place: int
    rule: k.Rule
    value: Any
    position: int | None


class Rows(Record, frozen=True):
    """The rules of a decision, those that the plan leaves out included; those that give a value also by it."""

    all: tuple[Row, ...]
    by_value: dict[Any, tuple[Row, ...]]

    def giving(self, values: set[Any]) -> Iterable[Row]:
        """Those that give one of the values, in their order."""
        if len(values) == 1:
            (value,) = values
            return self.by_value[value]
        return [row for row in self.all if row.value in values]


def rows_of(knowledge: k.Knowledge, decision: k.Decision, positions: Mapping[str, int], rule: Callable[[str], k.Rule]) -> Rows:
    """The rows of a decision; of one that a plan has cut down, those of the whole."""
    if "decisions" not in knowledge.plans:
        knowledge.plans["decisions"] = {d.id: d for d in knowledge.decisions}
    whole: k.Decision = knowledge.plans["decisions"].get(decision.id, decision)
    rules = [rule(name) for name in whole.rules]
    listed = tuple(Row(place, r, dict(r.then).get(decision.fact), positions.get(r.id)) for place, r in enumerate(rules))
    values = dict.fromkeys(row.value for row in listed if row.value is not None)
    return Rows(listed, {value: tuple(row for row in listed if row.value == value) for value in values})


def stated_behind(
    fact: str, steps: Mapping[str, list[Step]], rows: Callable[[Step], Rows], kept: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """All stated facts that the value of a fact, and what it lacks to be another, depend on; itself if no step writes it."""
    if fact not in steps:
        return (fact,)
    if fact not in kept:
        reads: set[str] = set()
        for step in steps[fact]:
            reads.update(step.decision.inputs, [step.decision.base] if step.decision.base else ())
            for row in rows(step).all:
                reads |= rule_reads(row.rule)
        kept[fact] = tuple(sorted({name for read in reads for name in stated_behind(read, steps, rows, kept)}))
    return kept[fact]


def standing_against(policy: str, row: Row, other: Row, same: bool) -> str:
    """Why another row, one that holds, keeps a row from giving its value; empty if it does not. `same`: its value is no other."""
    if row.rule.id in other.rule.overrides:
        return "override"
    if same:
        return ""
    if policy == "first" and other.place < row.place:
        return "order"
    worse, better = (policy == "worst" and other.value > row.value), (policy == "best" and other.value < row.value)
    return "extreme" if worse or better else ""


def plain_values(facts: Facts) -> tuple[dict[str, Any], set[str]]:
    """The values of facts as they stand in a key, and the facts with no plain value."""
    plain: dict[str, Any] = {}
    others: set[str] = set()
    for name, value in facts.items():
        if value is None or type(value) in SIMPLE:
            plain[name] = value
        elif isinstance(value, Records) and all(type(x) in SIMPLE for item in value.items for x in item.values()):
            plain[name] = (value.complete, *[tuple(item.items()) for item in value.items])
        else:
            others.add(name)
    return plain, others


def steps_of(plan: Plan) -> dict[str, list[Step]]:
    """The steps that write each fact; kept with the plan."""
    if "ways" not in plan.memo:
        steps: dict[str, list[Step]] = {}
        for step in plan.steps:
            steps.setdefault(step.decision.fact, []).append(step)
        plan.memo["ways"] = steps
    found: dict[str, list[Step]] = plan.memo["ways"]
    return found


def edges_of(goal: Goal) -> list[Any]:
    """The bounds of what is asked."""
    return [constant for op, constant in goal.tests if op in ("<", "<=", ">", ">=")]


def beyond(value: Any, edges: list[Any]) -> Any:
    """How far a value goes beyond what is asked: of ways equally near, the one that just suffices comes first."""
    return min([abs(value - edge) for edge in edges]) if edges and value is not None and not isinstance(value, bool | str) else 0
