"""The ways to a value: the rules that would give it, each with what it lacks, the nearest first.

A way follows the decision that writes the fact: rows of a table (and the rows that would have to fall), a formula, an
adjustment and its base, a crosswalk and the finding behind it, the reconciliation and the findings that would have to give way.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from dingji.inference.plan import Step
from dingji.inference.policies import adjust
from dingji.inference.prover import Evaluation
from dingji.knowledge import model as k
from dingji.language import nodes as n
from dingji.language.evaluate import Facts, is_known
from dingji.language.types import Scale
from dingji.language.values import Records
from dingji.reasoning.explanation.lacks import NOTHING, Cost, Found, Goal, Lack, Test, joined, lacking, meets
from dingji.reasoning.explanation.shortfalls import SIMPLE, Part, Shortfalls
from dingji.records import Record, replace

MOST_KEPT = 4096
"""So many conditions are kept with what they lack."""


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

    @cached_property
    def cost(self) -> Cost:
        """By which ways are ordered."""
        return joined([self.found, *(b.found for b in self.blocks)]).cost if self.blocks else self.found.cost


class Ways:
    """The ways to every value that an evaluation could have reached; worked out when asked for."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation, self.plan, self.facts = evaluation, evaluation.plan, evaluation.facts
        self.knowledge = evaluation.plan.knowledge
        self.positions = {rule.id: position for position, rule in enumerate(self.plan.rules)}
        self._steps: dict[str, list[Step]] = {}
        for step in self.plan.steps:
            self._steps.setdefault(step.decision.fact, []).append(step)
        self._holding: dict[str, list[tuple[int, k.Rule, Any]]] = {}
        self._known: dict[Goal, list[Way]] = {}
        self._behind: dict[Goal, Found] = {}
        self._lacks: dict[tuple[str, bool], Found] = {}
        leaves = self.plan.memo.setdefault("leaves", {})
        self.shortfalls = Shortfalls(self.facts, self.knowledge.defaults, self.behind, leaves)

    def rule(self, name: str) -> k.Rule:
        """A rule by id; those of a crosswalk are bound to a finding."""
        return self.plan.rules[self.positions[name]] if name in self.positions else self.knowledge.rules[name]

    def part(self, rule: k.Rule, formula: bool = False) -> Part | None:
        """A rule's condition or formula; None if it has none. Kept with the plan."""
        node = rule.value if formula else rule.when
        if node is None:
            return None
        key = ("part", rule.id, formula)
        if key not in self.plan.memo:
            position = None if formula else self.positions.get(rule.id)
            evaluator = None if position is None else self.plan.evaluators[position]
            self.plan.memo[key] = Part(node, self.knowledge.defaults, evaluator)
        found: Part = self.plan.memo[key]
        return found

    def truth(self, rule: k.Rule) -> bool | None:
        """The truth of a rule's condition. One that the plan leaves out is false by the index facts alone."""
        position = self.positions.get(rule.id)
        return False if position is None else self.evaluation.truths[position]

    def lacks(self, rule: k.Rule, wanted: bool = True) -> Found:
        """What a rule's condition lacks to hold, or not to hold."""
        key = (rule.id, wanted)
        if key not in self._lacks:
            part = self.part(rule)
            if part is not None:
                self._lacks[key] = self._lacking(part, (rule.id, wanted))
            else:
                self._lacks[key] = NOTHING if wanted else _impossible(rule.id, wanted)
        return self._lacks[key]

    def _lacking(self, part: Part, key: tuple[str, bool]) -> Found:
        """What a condition lacks; kept with the plan by the values of its facts: most of them are the same in many cases."""
        values = None if any(name in self._steps for name in part.facts) else _plain(self.facts, part.facts)
        if values is None:
            return self.shortfalls.condition(part, key[1], self.facts)
        kept: dict[Any, Found] = self.plan.memo.setdefault("lacks", {})
        if (key, values) not in kept:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            kept[key, values] = self.shortfalls.condition(part, key[1], self.facts)
        return kept[key, values]

    def fall(self, rule: k.Rule, keeping: k.Rule) -> Found:
        """What it takes for a rule to fall; if that can be, without the conditions that another rule needs."""
        part = self.part(rule)
        if part is None or not isinstance(part.node, n.And) or keeping.when is None:
            return self.lacks(rule, False)
        needed = self.part(keeping)
        kept = frozenset(needed.facts if needed is not None else ())
        options = [(not kept.isdisjoint(x.facts), self.shortfalls.condition(x, False, self.facts)) for x in part.parts]
        return min(options, key=lambda option: (option[1].cost[0], option[0], option[1].cost))[1]

    def behind(self, goal: Goal) -> Found | None:
        """What a goal lacks by its nearest way; None if no rule of the case writes the fact."""
        if goal.fact not in self._steps:
            return None
        if not goal.tests:
            return NOTHING
        if goal not in self._behind:
            ways = self.to(goal)
            self._behind[goal] = joined([ways[0].found, *(b.found for b in ways[0].blocks)]) if ways else _impossible(goal.fact, True)
        return self._behind[goal]

    def to(self, goal: Goal) -> list[Way]:
        """All ways to a goal, the nearest first."""
        if goal not in self._known:
            found = [way for step in self._steps.get(goal.fact, []) for way in self._of(step, goal.tests)]
            edges = [constant for op, constant in goal.tests if op in ("<", "<=", ">", ">=")]
            self._known[goal] = sorted(found, key=lambda way: (way.cost if way.blocks else way.found.cost, _beyond(way.value, edges)))
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

    def rows(self, step: Step) -> list[tuple[k.Rule, Any]]:
        """The rules of a decision with their values of its fact, those that the plan leaves out included; kept with the plan."""
        if "decisions" not in self.knowledge.plans:
            self.knowledge.plans["decisions"] = {d.id: d for d in self.knowledge.decisions}
        key = ("rows", step.decision.id)
        if key not in self.plan.memo:
            whole = self.knowledge.plans["decisions"].get(step.decision.id, step.decision)
            rules = [self.rule(name) for name in whole.rules]
            self.plan.memo[key] = [(rule, dict(rule.then).get(step.decision.fact)) for rule in rules]
        found: list[tuple[k.Rule, Any]] = self.plan.memo[key]
        return found

    def holding(self, step: Step) -> list[tuple[int, k.Rule, Any]]:
        """The rows of a table that hold, with their places."""
        name = step.decision.id
        if name not in self._holding:
            self._holding[name] = [(i, rule, value) for i, (rule, value) in enumerate(self.rows(step)) if self.truth(rule) is True]
        return self._holding[name]

    def _table(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        decision, fact = step.decision, step.decision.fact
        rows = self.rows(step)
        met = {value: meets(tests, value) for value in {value for _, value in rows if value is not None}}
        holding = self.holding(step)
        ways = []
        for place, (rule, value) in enumerate(rows):
            if met.get(value):
                against = [(r, x, why) for p, r, x in holding if (why := _against(decision.policy, place, rule, value, p, r, x, met))]
                blocks = tuple(Block(fact, x, (r,), self.fall(r, rule), why) for r, x, why in against)
                ways.append(Way(fact, value, rule, self.lacks(rule), (), blocks))
        if decision.has_default and decision.default is not None and meets(tests, decision.default):
            standing = [(r, self.truth(r)) for r, x in rows if x is not None and not met[x]]
            standing = sorted((pair for pair in standing if pair[1] is not False), key=lambda pair: pair[1] is None)
            fall = joined(self.lacks(r, False) for r, _ in standing)
            ways.append(
                Way(fact, decision.default, None, NOTHING, (), (Block(fact, None, tuple(r for r, _ in standing), fall, "default"),))
            )
        return ways

    def _formula(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        ways = []
        for rule, _ in self.rows(step):
            part = self.part(rule, formula=True)
            if part is not None:
                found = joined([self.lacks(rule), self.shortfalls.operand(part, tests)])
                ways.append(Way(step.decision.fact, None, rule, found))
        return ways

    def _adjust(self, step: Step, tests: tuple[Test, ...]) -> list[Way]:
        """By another base with the adjustments as they are, or by one adjustment more or less."""
        decision = step.decision
        scale = self.knowledge.facts[decision.fact].type
        assert isinstance(scale, Scale)
        rows = [r for r, _ in self.rows(step) if r.adjustment is not None]
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
                    fall = self.behind(Goal(other.fact, goal)) or _impossible(other.fact, True)
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


def _plain(facts: Facts, names: tuple[str, ...]) -> tuple[Any, ...] | None:
    """The values of facts as a key; None where one is no plain value. A list without items is told by whether it is complete."""
    values = []
    for name in names:
        value = facts.get(name)
        if isinstance(value, Records) and not value.items:
            value = (value.complete,)
        elif value is not None and type(value) not in SIMPLE:
            return None
        values.append(value)
    return tuple(values)


def _against(policy: str, place: int, rule: k.Rule, value: Any, before: int, other: k.Rule, x: Any, met: dict[Any, bool]) -> str:
    """Why a row that holds keeps another row from giving its value; empty if it does not."""
    if rule.id in other.overrides:
        return "override"
    if x is None or met[x]:
        return ""
    if policy == "first" and before < place:
        return "order"
    return "extreme" if (policy == "worst" and x > value) or (policy == "best" and x < value) else ""


def _beyond(value: Any, edges: list[Any]) -> Any:
    """How far a value goes beyond what is asked: of ways equally near, the one that just suffices comes first."""
    return min([abs(value - edge) for edge in edges]) if edges and value is not None and not isinstance(value, bool | str) else 0


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
