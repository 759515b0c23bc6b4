"""The ways to a value: the rules that would give it, each with what it lacks, the nearest first.

A way follows the decision that writes the fact: rows of a table (and the rows that would have to fall), a formula, an
adjustment and its base, a crosswalk and the finding behind it, the reconciliation and the findings that would have to give way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from dingji.inference.plan import Step
from dingji.inference.policies import adjust
from dingji.inference.prover import Evaluation
from dingji.knowledge import model as k
from dingji.language import nodes as n
from dingji.language.evaluate import is_known
from dingji.language.types import Scale
from dingji.reasoning.explanation.lacks import NOTHING, Cost, Found, Goal, Lack, Test, joined, lacking, meets
from dingji.reasoning.explanation.parts import Part
from dingji.reasoning.explanation.rows import Row, Rows, beyond, edges_of, plain_values, rows_of, standing_against, stated_behind, steps_of
from dingji.reasoning.explanation.shortfalls import Shortfalls
from dingji.reasoning.explanation.why import positions_of
from dingji.records import Record, replace

MOST_KEPT = 4096
"""So many conditions are kept with what they lack."""
BLANK = object()
"""Stands for the values of stated facts of which none is known: what is lacking then is the same for every case of a plan."""
_NO_TABLES = ("formula", "adjust", "reconcile")
"""Policies of decisions that do not choose among the values of rows."""


class Block(Record, frozen=True):
    """What stands against a way although the way's own rule may hold: a rule or a finding with another value.

    `found` is what it would take for it to fall.
    """

    fact: str
    value: Any
    rules: tuple[k.Rule, ...]
    found: Found
    reason: str
    """override, order (an earlier row), extreme (a worse or better row), default, adjust or reconcile."""


class Way(Record, frozen=True, dict=True, gc=True):
    """One way to a value. `rule` is None where a table gives the value if none of its rows holds, or a grade is only carried on.

    `through` are the rules that carry the value on: rows of a crosswalk, adjustments in force. `found` is what is lacking in all.
    """

    fact: str
    value: Any
    rule: k.Rule | None
    found: Found
    through: tuple[k.Rule, ...] = ()
    blocks: tuple[Block, ...] = ()

    @property
    def whole(self) -> Found:
        """What is lacking in all, for what stands against the way to fall included."""
        if not self.blocks:
            return self.found
        kept: dict[str, Found] = self.__dict__
        if "whole" not in kept:
            kept["whole"] = joined([self.found, *[b.found for b in self.blocks]])
        return kept["whole"]

    @property
    def cost(self) -> Cost:
        """By which ways are ordered."""
        return self.whole.cost


class Ways:
    """The ways to every value that an evaluation could have reached; worked out when asked for."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation, self.plan, self.facts = evaluation, evaluation.plan, evaluation.facts
        self.knowledge = evaluation.plan.knowledge
        self.positions = positions_of(self.plan)
        self._steps = steps_of(self.plan)
        self._holding: dict[str, list[Row]] = {}
        self._known: dict[Goal, list[Way]] = {}
        self._behind: dict[Goal, Found] = {}
        self._lacks: tuple[dict[str, Found], dict[str, Found]] = {}, {}
        self._falls: dict[str, list[tuple[tuple[str, ...], Found]]] = {}
        self._states: dict[str, object | None] = {}
        self._plain, self._open = plain_values(self.facts)
        self._parts: tuple[dict[str, Part], dict[str, Part]] = self.knowledge.plans.setdefault("parts", ({}, {}))
        self._kept: dict[Any, Found] = self.plan.memo.setdefault("lacks", {})
        leaves = self.plan.memo.setdefault("leaves", {})
        ranges = self.knowledge.plans.setdefault(("ranges",), {})
        self.shortfalls = Shortfalls(self.facts, self.knowledge.defaults, self.behind, self._steps.keys(), leaves, ranges)

    def rule(self, name: str) -> k.Rule:
        """A rule by id; those of a crosswalk are bound to a finding."""
        return self.plan.rules[self.positions[name]] if name in self.positions else self.knowledge.rules[name]

    def part(self, rule: k.Rule, formula: bool = False) -> Part | None:
        """A rule's condition or formula; None if it has none. Kept with the knowledge base."""
        part = self._parts[formula].get(rule.id)
        if part is None:
            node = rule.value if formula else rule.when
            if node is None:
                return None
            position = None if formula else self.positions.get(rule.id)
            evaluator = None if position is None else self.plan.evaluators[position]
            part = self._parts[formula][rule.id] = Part(node, self.knowledge.defaults, evaluator)
        return part

    def truth(self, rule: k.Rule) -> bool | None:
        """The truth of a rule's condition. One that the plan leaves out is false by the index facts alone."""
        position = self.positions.get(rule.id)
        return False if position is None else self.evaluation.truths[position]

    def lacks(self, rule: k.Rule, wanted: bool = True) -> Found:
        """What a rule's condition lacks to hold, or not to hold."""
        found = self._lacks[wanted].get(rule.id)
        if found is None:
            part = self.part(rule)
            found = self._lacking(part, wanted) if part is not None else NOTHING if wanted else _impossible(rule.id, wanted)
            self._lacks[wanted][rule.id] = found
        return found

    def _lacking(self, part: Part, wanted: bool) -> Found:
        """What a condition lacks; kept with the plan by the values of its facts: most of them are the same in many cases."""
        reads = part.facts
        if self.shortfalls.is_blank(reads) or not self._open.isdisjoint(reads) or not self._steps.keys().isdisjoint(reads):
            return self.shortfalls.condition(part, wanted, self.facts)
        kept = self._kept
        key = (part, wanted, *map(self._plain.get, reads))
        found = kept.get(key)
        if found is None:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            found = kept[key] = self.shortfalls.condition(part, wanted, self.facts)
        return found

    def fall(self, rule: k.Rule, keeping: k.Rule) -> Found:
        """What it takes for a rule to fall; if that can be, without the conditions that another rule needs."""
        part = self.part(rule)
        if part is None or not isinstance(part.node, n.And) or keeping.when is None:
            return self.lacks(rule, False)
        needed = self.part(keeping)
        kept = frozenset(needed.facts if needed is not None else ())
        options = self._falls.get(rule.id)
        if options is None:
            options = self._falls[rule.id] = [(x.facts, self.shortfalls.condition(x, False, self.facts)) for x in part.parts]
        return min(options, key=lambda option: (option[1].cost[0], not kept.isdisjoint(option[0]), option[1].cost))[1]

    def behind(self, goal: Goal) -> Found:
        """What a goal lacks by its nearest way."""
        found = self._behind.get(goal)
        if found is None:
            found = self._behind[goal] = self._recalled(goal.fact, goal, lambda: self._nearest(goal))
        return found

    def _recalled(self, fact: str, asked: Any, work: Callable[[], Found]) -> Found:
        """What is lacking for something asked of a derived fact; kept with the plan by the values of all stated facts behind it."""
        state = self._state(fact)
        if state is None:
            return work()
        kept: dict[Any, Found] = self.plan.memo.setdefault("blank" if state is BLANK else "goals", {})
        found = kept.get((asked, state))
        if found is None:
            found = work()
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[asked, state] = found
        return found

    def _state(self, fact: str) -> object | None:
        """What stands for the values of the stated facts behind a derived one; None where one of them is no plain value."""
        if fact not in self._states:
            names = stated_behind(fact, self._steps, self.rows, self.plan.memo.setdefault("behind", {}))
            self._states[fact] = None
            if self.facts.keys().isdisjoint(names):
                self._states[fact] = BLANK
            elif self._open.isdisjoint(names):
                known: dict[Any, object] = self.plan.memo.setdefault("states", {})
                if len(known) >= MOST_KEPT:
                    known.clear()
                # a mark of its own: what was kept with a mark that is gone is never found again
                self._states[fact] = known.setdefault((fact, *map(self._plain.get, names)), object())
        return self._states[fact]

    def _nearest(self, goal: Goal) -> Found:
        """What the first of the ways to a goal lacks. The rows of tables are many, and become ways only where something may block them."""
        steps = self._steps[goal.fact]
        if goal in self._known or any(step.decision.policy in _NO_TABLES for step in steps):
            ways = self.to(goal)
            return ways[0].whole if ways else _impossible(goal.fact, True)
        found: list[tuple[Any, Found]] = []
        for step in steps:
            if self.holding(step):
                found += [(way.value, way.whole) for way in self._table(step, goal.tests)]
            else:
                # nothing stands against a row
                seen = self._lacks[True]
                found += [(row.value, seen.get(row.rule.id) or self.lacks(row.rule)) for row in self._met(step, goal.tests)]
                found += [(way.value, way.whole) for way in self._default(step, goal.tests)] if step.decision.has_default else []
        if not found:
            return _impossible(goal.fact, True)
        least = min([option.cost for _, option in found])
        first = [option for option in found if option[1].cost == least]
        edges = edges_of(goal)
        return (min(first, key=lambda option: beyond(option[0], edges)) if edges else first[0])[1]

    def to(self, goal: Goal) -> list[Way]:
        """All ways to a goal, the nearest first."""
        if goal not in self._known:
            found = [way for step in self._steps.get(goal.fact, []) for way in self._of(step, goal.tests)]
            edges = edges_of(goal)
            if edges:
                found.sort(key=lambda way: beyond(way.value, edges))
            self._known[goal] = sorted(found, key=lambda way: way.cost)
        return self._known[goal]

    def _of(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        match step.decision.policy:
            case "formula":
                return self._formula(step, tests)
            case "adjust":
                return self._adjust(step, tests)
            case "reconcile":
                return self._reconcile(step, tests)
        return self._table(step, tests)

    def rows(self, step: Step) -> Rows:
        """The rules of a decision, kept with the plan."""
        key = ("rows", step.decision.id)
        found: Rows | None = self.plan.memo.get(key)
        if found is None:
            found = self.plan.memo[key] = rows_of(self.knowledge, step.decision, self.positions, self.rule)
        return found

    def holding(self, step: Step) -> list[Row]:
        """The rows of a table that hold."""
        name = step.decision.id
        found = self._holding.get(name)
        if found is None:
            truths = self.evaluation.truths
            found = [row for row in self.rows(step).all if row.position is not None and truths[row.position] is True]
            self._holding[name] = found
        return found

    def _met(self, step: Step, tests: tuple[Test, ...]) -> Iterable[Row]:
        """The rows of a table with a value that meets the tests."""
        rows = self.rows(step)
        return rows.giving({value for value in rows.by_value if meets(tests, value)})

    def _table(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        policy, fact = step.decision.policy, step.decision.fact
        # what has the value asked for stands against no row but by overriding it
        holding = [(row, row.value is None or meets(tests, row.value)) for row in self.holding(step)]
        ways = []
        for row in self._met(step, tests):
            blocks: tuple[Block, ...] = ()
            if holding:
                against = [(other, why) for other, same in holding if (why := standing_against(policy, row, other, same))]
                blocks = tuple([Block(fact, other.value, (other.rule,), self.fall(other.rule, row.rule), why) for other, why in against])
            ways.append(Way(fact, row.value, row.rule, self.lacks(row.rule), (), blocks))
        return ways + self._default(step, tests)

    def _default(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        """The way to the value that a table has where none of its rows holds."""
        decision, fact = step.decision, step.decision.fact
        if not decision.has_default or decision.default is None or not meets(tests, decision.default):
            return []
        rows = self.rows(step)
        beside = {value for value in rows.by_value if not meets(tests, value)}
        truths = self.evaluation.truths
        others = [(truths[row.position], row.rule) for row in rows.all if row.value in beside and row.position is not None]
        standing = tuple([rule for wanted in (True, None) for truth, rule in others if truth is wanted])
        fall = joined([self.lacks(rule, False) for rule in standing])
        return [Way(fact, decision.default, None, NOTHING, (), (Block(fact, None, standing, fall, "default"),))]

    def _formula(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        ways = []
        for row in self.rows(step).all:
            part = self.part(row.rule, formula=True)
            if part is not None:
                inside = self._recalled(step.decision.fact, (part, tests), partial(self.shortfalls.operand, part, tests))
                found = joined([self.lacks(row.rule), inside])
                ways.append(Way(step.decision.fact, None, row.rule, found))
        return ways

    def _adjust(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        """By another base with the adjustments as they are, or by one adjustment more or less."""
        decision = step.decision
        scale = self.knowledge.facts[decision.fact].type
        assert isinstance(scale, Scale)
        rows = [row.rule for row in self.rows(step).all if row.rule.adjustment is not None]
        active = [r for r in rows if self.truth(r) is True]
        top = len(scale.grades) - 1
        ways = []
        for base in range(top + 1):
            start = Goal(decision.base, (("==", base),))
            here = self.facts.get(decision.base) == base
            if not here and meets(tests, end := _folded(base, active, top)):
                moved = tuple(r for r in active if _folded(base, [r], top) != base)
                ways += [replace(w, fact=decision.fact, value=end, through=(*moved, *w.through)) for w in self.to(start)]
            for rule in rows:
                on = rule not in active
                chosen = [r for r in rows if (r in active) is (r is not rule)]
                if not meets(tests, end := _folded(base, chosen, top)) or end == _folded(base, active, top):
                    continue
                needed = NOTHING if here else self.shortfalls.fact(decision.base, start.tests)
                if on:
                    ways.append(Way(decision.fact, end, rule, joined([self.lacks(rule), needed])))
                else:
                    block = Block(decision.fact, None, (rule,), self.lacks(rule, False), "adjust")
                    ways.append(Way(decision.fact, end, None, needed, (), (block,)))
        return ways

    def _reconcile(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        """By each finding that counts, if no other finding outdoes it."""
        reconciliation = self.plan.reconciliation
        assert reconciliation is not None
        worst = reconciliation.policy == "worst"
        ways: list[Way] = []
        for item in self.plan.counted:
            blocks = []
            for other in self.plan.counted:
                value = self.facts.get(other.fact)
                if other.fact == item.fact or value is None or not is_known(value) or meets(tests, value):
                    continue
                bound = _bound(tests, worst)
                if bound is not None and (value > bound if worst else value < bound):
                    goal = (("<=" if worst else ">=", bound),)
                    fall = self.behind(Goal(other.fact, goal)) if other.fact in self._steps else _impossible(other.fact, True)
                    blocks.append(Block(other.fact, value, self.giving(other.fact), fall, "reconcile"))
            carried = self._carried(item.fact, tests)
            ways += [replace(way, fact=step.decision.fact, blocks=(*way.blocks, *blocks)) for way in carried]
        return ways

    def _carried(self, fact: str, tests: tuple[Test, ...]) -> list[Way]:
        """The ways of a finding; through a crosswalk, those of the grade from which its rows start."""
        value = self.facts.get(fact)
        if is_known(value) and meets(tests, value):
            return [self._standing(fact, value)]
        if "@" not in fact:
            return self.to(Goal(fact, tests))
        ways: list[Way] = []
        for row in self.to(Goal(fact, tests)):
            start = next((lack.goal for lack in row.found.own if lack.goal is not None and lack.fact == fact.split("@")[0]), None)
            if start is None or row.rule is None:
                ways.append(row)
                continue
            others = Found(tuple(lack for lack in row.found.own if lack.goal != start))
            rest = joined([others, *(self._based(lack) for lack in others.own)]) if others.own else NOTHING
            for way in self.to(start):
                found = joined([way.found, rest])
                ways.append(replace(way, value=row.value, found=found, through=(row.rule, *way.through), blocks=way.blocks + row.blocks))
        return ways

    def _based(self, lack: Lack) -> Found:
        """A lack with what it lacks among the stated facts."""
        behind = self.behind(lack.goal) if lack.goal is not None else None
        return Found((), behind.base, behind.cost) if behind is not None else lacking((), (lack,))

    def _standing(self, fact: str, value: Any) -> Way:
        """A finding that has the value already: only others stand against it."""
        given = self.giving(fact)
        if "@" in fact and given:
            below = self.giving(fact.split("@")[0])
            return Way(fact, value, below[0] if below else given[0], NOTHING, given if below else ())
        return Way(fact, value, given[0] if given else None, NOTHING)

    def giving(self, fact: str) -> tuple[k.Rule, ...]:
        """The rules that gave a fact its value."""
        outcome = self.evaluation.outcomes.get(fact)
        if outcome is None:
            return ()
        base = self._steps[fact][-1].decision.base
        # a grade that no adjustment moved is given by the rules of its base
        return tuple(self.plan.rules[i] for i in outcome.winners) or (self.giving(base) if base else ())


def _bound(tests: tuple[Test, ...], worst: bool) -> Any:
    """The most severe (or mildest) value that the tests admit; None where they set no such bound."""
    closed = [c for op, c in tests if op in ("==", "<=" if worst else ">=")]
    for op, constant in tests:
        if op == "in":
            closed.append(max(constant) if worst else min(constant))
        elif op == ("<" if worst else ">"):
            closed.append(constant - 1 if worst else constant + 1)
    return None if not closed else min(closed) if worst else max(closed)


def _folded(base: int, rules: list[k.Rule], top: int) -> int:
    steps = [(0, True, rule.adjustment) for rule in rules if rule.adjustment is not None]
    end: int = adjust(base, steps, top).value
    return end


def _impossible(source: str, wanted: bool) -> Found:
    lack = Lack(source, wanted, False, impossible=True)
    return lacking((lack,), (lack,))
