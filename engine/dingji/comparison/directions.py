"""In which direction a fact makes a case worse, as the rules have it.

Nobody declares it. A condition says it: `deaths >= 3` can only become true as the deaths grow, and under a table that takes the
worst row a condition that becomes true can only make the grade worse. The directions are followed from the determination down
through every table and formula to the stated facts. A table whose rows exclude each other (bands) can't be read row by row; its
values are tried, one for each class of values that the constants in its conditions tell apart. A fact that works in both
directions, or in none that can be shown, has no direction: two cases can then be compared only if they are equal in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

from dingji.inference.plan import Entry, Plan, Step
from dingji.inference.policies import ConflictError, Hit, settle
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import FieldDefinition, Rule
from dingji.language import nodes as n
from dingji.language import types as t
from dingji.language.evaluate import compile_node
from dingji.language.values import possible
from dingji.methods.grounds import steps_by_fact

MORE, LESS, BOTH = 1, -1, 0
"""More is worse, less is worse, or neither can be shown."""
MOST_TRIALS = 4096
"""A table with more combinations of values than that is not tried: its facts have no direction."""

Signs = dict[str, int]


def directions(plan: Plan) -> Signs:
    """The direction of every stated fact that the determination's rules read; facts they do not read are not in it."""
    if "directions" not in plan.memo:
        target = plan.reconciliation.decides if plan.reconciliation else None
        plan.memo["directions"] = _Follower(plan).signs(target) if target else {}
    found: Signs = plan.memo["directions"]
    return found


def _join(signs: Signs, more: Signs, sign: int = MORE) -> None:
    """Add the effects `more`, seen through something that itself works in the direction `sign`."""
    for fact, one in more.items():
        seen = one * sign
        signs[fact] = seen if signs.get(fact, seen) == seen else BOTH


class _Follower:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.knowledge = plan, plan.knowledge
        self.known: dict[str, Signs] = {}
        self.writers: dict[str, list[Step]] = {}
        for step in plan.steps:
            self.writers.setdefault(step.decision.fact, []).append(step)

    def signs(self, fact: str) -> Signs:
        """How the stated facts move a fact."""
        if fact not in self.known:
            steps = self.writers.get(fact)
            if not steps:
                return {fact: MORE}
            found: Signs = {}
            for step in steps:
                for name, sign in self._step(step).items():
                    _join(found, self.signs(name), sign)
            self.known[fact] = found
        return self.known[fact]

    def _step(self, step: Step) -> Signs:
        """How the facts that a step reads move what it writes."""
        decision = step.decision
        rules = [self.plan.rules[e.position] for e in step.entries]
        if decision.policy == "reconcile":
            return dict.fromkeys(decision.inputs, MORE)
        if decision.policy == "formula":
            return self._node(rules[0].value) if rules and rules[0].value is not None else {}
        if decision.policy == "adjust":
            found = {decision.base: MORE}
            for rule in rules:
                _join(found, self._node(rule.when), _moves(rule))
            return found
        if not self._ordered(decision.fact):
            return dict.fromkeys((name for rule in rules for name in rule_reads(rule)), BOTH)
        if decision.policy == "worst" and not step.overrides and self._lowest(step):
            return self._worst(step)
        return self._tried(step, step.entries)

    def _worst(self, step: Step) -> Signs:
        """Of the worst of many rows each may be looked at alone; those that are bands together, over the facts they share."""
        signs = {entry.position: self._node(self.plan.rules[entry.position].when) for entry in step.entries}
        found: Signs = {}
        for one in signs.values():
            _join(found, one)
        torn = {name for name, sign in found.items() if sign == BOTH and self._ordered(name)}
        bands: list[tuple[set[str], list[Entry]]] = []
        for entry in step.entries:
            reads, entries = torn & signs[entry.position].keys(), [entry]
            if not reads:
                continue
            apart = []
            for other, theirs in bands:
                if other & reads:
                    reads, entries = reads | other, theirs + entries
                else:
                    apart.append((other, theirs))
            bands = [*apart, (reads, entries)]
        for reads, entries in bands:
            tried = self._tried(step, tuple(entries))
            # what the trial shows of a fact holds only if no row outside the bands says otherwise: those that read it are all in
            found.update({name: tried[name] for name in reads if name in tried})
        return found

    def _ordered(self, fact: str) -> bool:
        definition = self.knowledge.facts.get(fact)
        return definition is None or isinstance(definition.type, t.Number | t.Scale | t.Bool)

    def _lowest(self, step: Step) -> bool:
        """Is what a table gives when no row is true at most what any row gives? (Without a default one row is meant to hold.)"""
        return not step.decision.has_default or all(step.decision.default <= e.value for e in step.entries)

    # --- conditions and formulas

    def _node(self, node: n.Node | None) -> Signs:
        """How the facts in an expression move it: a condition towards true, a number upwards."""
        found: Signs = {}
        match node:
            case n.Fact(name=name):
                found[name] = MORE
            case n.Not(operand=x) | n.Negative(operand=x):
                _join(found, self._node(x), LESS)
            case n.And(operands=xs) | n.Or(operands=xs):
                for x in xs:
                    _join(found, self._node(x))
            case n.Compare(operands=xs, operators=operators):
                for (a, b), operator in zip(pairwise(xs), operators, strict=True):
                    sign = {"<": LESS, "<=": LESS, ">": MORE, ">=": MORE}.get(operator, BOTH)
                    _join(found, self._node(a), sign)
                    _join(found, self._node(b), -sign)
            case n.Member(operand=x, choices=choices, negated=negated):
                _join(found, self._node(x), self._member(x, choices) * (LESS if negated else MORE))
            case n.Arithmetic(operator=operator, left=a, right=b):
                _join(found, self._node(a), MORE if operator in "+-" or self._positive(b) else BOTH)
                turned = LESS if operator in "-/" else MORE
                _join(found, self._node(b), turned if operator in "+-" or self._positive(a) else BOTH)
            case n.Call(function=function, arguments=xs):
                # whether a fact is known does not move: two cases are compared only where both know it or neither does
                sign = {"max": MORE, "min": MORE, "round": MORE}.get(function, BOTH)
                for x in xs if function != "known" else ():
                    _join(found, self._node(x), sign)
            case n.Quantifier():
                self._quantifier(node, found)
        return found

    def _quantifier(self, node: n.Quantifier, found: Signs) -> None:
        """More items: a list is the worse the more it holds."""
        adds = node.kind in ("any", "count", "max") or (node.kind == "sum" and self._positive_field(node))
        sign = MORE if adds else LESS if node.kind in ("all", "min") else BOTH
        _join(found, {node.source: sign})
        for part in (node.element, node.condition):
            _join(found, self._node(part), MORE if node.kind in ("any", "count") else BOTH)

    def _member(self, node: n.Node, choices: tuple[n.Literal, ...]) -> int:
        """Do the choices stand at the severe end of a scale (or the high end of truth), or at the mild end?"""
        definition = self.knowledge.facts.get(node.name) if isinstance(node, n.Fact) else None
        if definition is None or not isinstance(definition.type, t.Scale):
            return BOTH
        chosen, all_ = {c.value for c in choices}, range(len(definition.type.grades))
        if chosen == set(all_[-len(chosen) :]):
            return MORE
        return LESS if chosen == set(all_[: len(chosen)]) else BOTH

    def _positive(self, node: n.Node) -> bool:
        """Is a number never below zero?"""
        match node:
            case n.Literal(value=value):
                return not isinstance(value, bool | str) and float(str(value)) >= 0 if not hasattr(value, "year") else False
            case n.Fact(name=name):
                kind = self.knowledge.facts[name].type if name in self.knowledge.facts else None
                return isinstance(kind, t.Number) and kind.low is not None and kind.low >= 0
            case n.Arithmetic(operator=operator, left=a, right=b):
                return operator in "+*/" and self._positive(a) and self._positive(b)
            case n.Call(function="max", arguments=xs):
                return any(map(self._positive, xs))
            case n.Call(function="min" | "round", arguments=xs):
                return all(map(self._positive, xs))
            case n.Quantifier(kind="count"):
                return True
            case n.Quantifier(kind="sum"):
                return self._positive_field(node)
        return False

    def _positive_field(self, node: n.Quantifier) -> bool:
        definition = self.knowledge.facts.get(node.source)
        if definition is None or not isinstance(node.element, n.Field):
            return False
        field: FieldDefinition | None = next((f for f in definition.fields if f.name == node.element.name), None)
        return field is not None and isinstance(field.type, t.Number) and field.type.low is not None and field.type.low >= 0

    # --- tables tried

    def _tried(self, step: Step, entries: tuple[Entry, ...]) -> Signs:
        """The directions of a table, found by giving its facts every combination of values that its conditions tell apart."""
        rules = [self.plan.rules[e.position] for e in entries]
        names = sorted({name for rule in rules for name in rule_reads(rule)})
        values = [self._values(name, rules) for name in names]
        size = 1
        for each in values:
            size *= len(each)
        if not size or size > MOST_TRIALS:
            return dict.fromkeys(names, BOTH)
        tests = [None if r.when is None else compile_node(r.when, self.knowledge.defaults) for r in rules]
        given: dict[tuple[Any, ...], Any] = {}
        for point in product(*(range(len(each)) for each in values)):
            facts = {name: values[i][k] for i, (name, k) in enumerate(zip(names, point, strict=True))}
            given[point] = _settled(step, entries, [True if test is None else test(facts) for test in tests])
        return {name: self._slope(given, i, name) for i, name in enumerate(names)}

    def _slope(self, given: dict[tuple[Any, ...], Any], axis: int, name: str) -> int:
        """The direction along one axis of all that was tried. Points where the table gives nothing say nothing."""
        if not self._ordered(name):
            return BOTH
        steps = set()
        for point, value in given.items():
            after = value
            rest = point[axis] + 1
            while (key := (*point[:axis], rest, *point[axis + 1 :])) in given and (after is None or after == value):
                after, rest = given[key], rest + 1
            if value is not None and after is not None and after != value:
                steps.add(MORE if after > value else LESS)
        return steps.pop() if len(steps) == 1 else BOTH if steps else MORE

    def _values(self, name: str, rules: list[Rule]) -> list[Any]:
        """One value of each class that the conditions tell apart, in ascending order."""
        definition = self.knowledge.facts.get(name)
        kind = definition.type if definition else None
        match kind:
            case t.Bool():
                return [False, True]
            case t.Scale(grades=grades):
                return list(range(len(grades)))
            case t.Enum(values=values):
                return list(values)
            case t.Number():
                edges = sorted({c for rule in rules if rule.when is not None for c in _constants(rule.when, name)})
                inner = [(a + b) / 2 for a, b in pairwise(edges)]
                outer = [edges[0] - 1, edges[-1] + 1] if edges else []
                return [v for v in sorted({*edges, *inner, *outer}) if kind.admits(v) or not kind.integer]
        return []


def _moves(rule: Rule) -> int:
    """Does an adjustment make a grade worse or milder?"""
    kind = rule.adjustment.kind if rule.adjustment else ""
    return {"lower": MORE, "at_least": MORE, "raise": LESS, "at_most": LESS}.get(kind, BOTH)


def _settled(step: Step, entries: tuple[Entry, ...], truths: list[bool | None]) -> Any:
    """What a table gives; None where that is open or nothing."""
    decision = step.decision
    hits = [Hit(e.position, truth, e.value) for e, truth in zip(entries, truths, strict=True) if truth is not False]
    try:
        beaten = {loser for winner, loser in step.overrides if any(h.rule == winner and h.truth for h in hits)}
        value = settle(decision.policy, [h for h in hits if h.rule not in beaten], decision.default, decision.has_default).value
    except ConflictError:
        return None
    found = possible(value) if value is not None else None
    return found[0] if found is not None and len(found) == 1 else None


def _constants(node: n.Node, name: str) -> Iterator[Any]:
    """The numbers that a condition compares a fact with; other ways of reading it have no classes to try."""
    if isinstance(node, n.Compare):
        for a, b in pairwise(node.operands):
            for one, other in ((a, b), (b, a)):
                if isinstance(one, n.Fact) and one.name == name and isinstance(other, n.Literal):
                    yield other.value
    if isinstance(node, n.Member) and isinstance(node.operand, n.Fact) and node.operand.name == name:
        yield from (choice.value for choice in node.choices)
    for child in n.children(node):
        yield from _constants(child, name)


def at_least(plan: Plan, fact: str, a: Any, b: Any) -> bool | None:
    """Is a fact's value `b` at least as severe as `a`? None where the two can't be compared in this fact."""
    if a == b:
        return True
    if a is None or b is None:
        return None
    sign = directions(plan).get(fact, MORE)
    definition = plan.knowledge.facts[fact]
    if isinstance(definition.type, t.Enum):
        return _enum_at_least(plan, fact, a, b)
    if sign == BOTH:
        return None
    low, high = (a, b) if sign == MORE else (b, a)
    if isinstance(definition.type, t.Records):
        return all(item in high.items for item in low.items) or None if low.complete and high.complete else None
    ranks = (possible(low), possible(high))
    if None in ranks or isinstance(definition.type, t.Text):
        return None
    return bool(max(ranks[0] or ()) <= min(ranks[1] or ()))


def _enum_at_least(plan: Plan, fact: str, a: str, b: str) -> bool | None:
    """Is one choice at least as severe as another in every table that reads it, whatever the other facts are?

    Each table is tried with both. A row that needs another fact as well shows nothing, and the two can't be compared.
    """
    key = ("at least", fact, a, b)
    if key not in plan.memo:
        plan.memo[key] = all(_no_milder(plan, step, fact, a, b) for step in _readers(plan, fact)) or None
    found: bool | None = plan.memo[key]
    return found


def _readers(plan: Plan, fact: str) -> list[Step]:
    behind = set(_behind(plan))
    steps = [step for step in plan.steps if step.decision.fact in behind]
    return [s for s in steps if any(fact in rule_reads(plan.rules[e.position]) for e in s.entries)]


def _behind(plan: Plan) -> Iterator[str]:
    """The derived facts behind the determination."""
    steps, seen = steps_by_fact(plan), set[str]()
    stack = [plan.reconciliation.decides] if plan.reconciliation else []
    while stack:
        name = stack.pop()
        if name in seen or name not in steps:
            continue
        seen.add(name)
        yield name
        step = steps[name]
        stack += [*step.decision.inputs, *([step.decision.base] if step.decision.base else [])]
        stack += [read for entry in step.entries for read in rule_reads(plan.rules[entry.position])]


def _no_milder(plan: Plan, step: Step, fact: str, a: str, b: str) -> bool:
    """Does a table give nothing milder with choice `b` than with `a`?"""
    target = plan.reconciliation.decides if plan.reconciliation else ""
    policy = step.decision.policy
    if policy not in ("worst", "unique", "any", "first") or _sign_of(plan, step.decision.fact, target) != MORE:
        return False
    reading = [e for e in step.entries if fact in rule_reads(plan.rules[e.position])]
    before, after = ([plan.evaluators[e.position]({fact: value}) for e in reading] for value in (a, b))
    if None in before or None in after:
        return False
    if before == after:
        return True
    if policy == "worst":
        low, high = ([e.value for e, truth in zip(reading, truths, strict=True) if truth] for truths in (before, after))
        return not low or (bool(high) and bool(max(low) <= max(high)))
    if len(reading) < len(step.entries):
        return False
    values = [_settled(step, step.entries, truths) for truths in (before, after)]
    return None not in values and bool(values[0] <= values[1])


def _sign_of(plan: Plan, fact: str, target: str) -> int:
    """The direction in which a derived fact moves the determination."""
    key = ("sign", fact)
    if key not in plan.memo:
        follower = _Follower(plan)
        follower.writers.pop(fact, None)
        plan.memo[key] = follower.signs(target).get(fact, BOTH)
    found: int = plan.memo[key]
    return found
