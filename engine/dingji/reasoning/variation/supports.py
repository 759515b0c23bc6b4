"""Which few slots, set free together, may bring something about: read off the rules themselves, from the facts upwards.

For every rule: the smallest sets of slots with which its truth may be another; for every fact that rules conclude: those with
which it may take each other value. A way to a grade must contain one of the sets of that grade, so the search begins with
these sets instead of all that can be made of the slots. They are necessary, not sufficient: each rule is looked at as if the
others were free to agree with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any, NamedTuple

from dingji.inference.plan import Step
from dingji.inference.prover import Evaluation
from dingji.knowledge.linking import rule_reads
from dingji.language.types import Scale
from dingji.language.values import possible
from dingji.reasoning.variation.families import NEVER, NOTHING, Family, all_of, both, either
from dingji.reasoning.variation.samples import Samples
from dingji.reasoning.variation.slots import Slot, changed
from dingji.reasoning.variation.variations import Start, Variations
from dingji.records import Draft, field

MOST_GROUPS = 60
MOST_OPTIONS = 48
"""A formula whose value may become more different ones than this is taken to be free as soon as anything it reads is."""


class Option(NamedTuple):
    """Another value of a fact that rules conclude, and the sets with which it may take it."""

    value: Any
    family: Family


class Supports(Draft):
    """What a state of the facts may become: the options of concluded facts, and for each rule the sets that turn its truth."""

    most: int
    options: dict[str, tuple[Option, ...]] = field(default_factory=dict)
    turns: dict[int, Family] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


class _Group(NamedTuple):
    """A slot, or a concluded fact with its options. One option of a group is chosen at a time."""

    fact: str
    bit: int
    options: tuple[Option, ...]


class Supporter:
    """Works out the supports of states of the facts."""

    def __init__(self, variations: Variations, samples: Samples, slots: Sequence[Slot]) -> None:
        self.variations, self.samples = variations, samples
        self.plan, self.goal = variations.plan, variations.goal
        self.slots = tuple(slots)
        self.bits = {slot: 1 << number for number, slot in enumerate(slots)}
        self.by_fact: dict[str, list[Slot]] = {}
        for slot in slots:
            self.by_fact.setdefault(slot.fact, []).append(slot)
        self.concluded = {step.decision.fact for step in self.plan.steps}
        self.asked = {fact for fact, _ in samples.mentions.asked}
        self.reads = [rule_reads(rule) for rule in self.plan.rules]
        self.first: Supports | None = None

    def slots_of(self, one: int) -> frozenset[Slot]:
        """The slots of a set."""
        return frozenset(slot for slot, bit in self.bits.items() if one & bit)

    def needed(self, world: Variations, state: Start, wanted: frozenset[int], most: int) -> Family:
        """The sets of up to `most` slots of which each one contains one that leads from a state of a world to a wanted grade.

        `NOTHING` where that can't be said.
        """
        evaluation = world.look(*state)
        if evaluation is None:
            return NOTHING
        found = _Reader(self, evaluation, state, world.facts, most).read()
        if self.first is None or self.first.most < most:
            self.first = found
        refused = [p for p in self.plan.requirements if evaluation.truths[p] is False]
        if refused:
            return found.turns[refused[0]]
        value = evaluation.facts.get(self.goal)
        if value is None or not wanted.isdisjoint(possible(value) or wanted):
            return NOTHING
        return either([option.family for option in found.options[self.goal] if option.value in wanted], most)


class _Reader:
    """Reads the rules of a plan over one state of the facts. What nothing changed reaches is taken from the first state."""

    def __init__(self, supporter: Supporter, evaluation: Evaluation, state: Start, stated: dict[str, Any], most: int) -> None:
        self.of, self.evaluation, self.state, self.stated = supporter, evaluation, state, stated
        self.plan, self.most = supporter.plan, most
        self.found = Supports(most, facts=evaluation.facts)
        self.first = supporter.first if supporter.first is not None and supporter.first.most >= most else None
        self.fresh: set[str] | None = None
        """The facts that are not as in the first state; None: all."""
        self.lists: dict[tuple[str, int], Any] = {}
        if self.first is not None:
            before, now = self.first.facts, evaluation.facts
            self.fresh = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}

    def read(self) -> Supports:
        """The supports of the state."""
        found, first = self.found, self.first
        writers: dict[str, list[Step]] = {}
        for step in self.plan.steps:
            name = step.decision.fact
            writers.setdefault(name, []).append(step)
            for entry in step.entries:
                self._turns(entry.position)
            old = first.options.get(name) if first is not None else None
            if old is not None and self._as_before(step):
                found.options[name] = old
            else:
                found.options[name] = tuple(self._options(writers[name]))
                if self.fresh is not None and found.options[name] != old:
                    self.fresh.add(name)
        for position in self.plan.requirements:
            self._turns(position)
        return found

    # rules ----------------------------------------------------------------------------------------------------

    def _turns(self, position: int) -> None:
        found, first = self.found.turns, self.first
        if position in found:
            return
        reads = self.of.reads[position]
        if first is not None and self.fresh is not None and self.fresh.isdisjoint(reads) and position in first.turns:
            found[position] = first.turns[position]
            return
        truth, evaluator = self.evaluation.truths[position], self.plan.evaluators[position]
        if truth is None or any(name in self.of.asked for name in reads & self.of.concluded):
            found[position] = NOTHING
            return
        rule = self.plan.rules[position]
        if rule.when is None:
            found[position] = NEVER
            return
        found[position] = self._smallest(reads, lambda facts: evaluator(facts) is not truth)

    def _smallest(self, reads: Iterable[str], differs: Callable[[dict[str, Any]], bool]) -> Family:
        """The smallest sets of slots with which something that is reckoned from some facts may differ."""
        facts, found = self._groups(reads)
        if len(found) > MOST_GROUPS:
            return either([_reach(group, self.most) for group in found], self.most)
        # a rule that asks whether a fact is known would take a free one for unknown
        families: list[Family] = [(g.bit,) for g in found if self._is_asked(g)]
        groups = [g for g in found if not self._is_asked(g)]
        if not groups or not differs(self._freed(facts, groups)):
            return either(families, self.most)
        sure = [g for g in groups if not differs(self._freed(facts, [other for other in groups if other is not g]))]
        rest = [g for g in groups if g not in sure]
        done: list[set[tuple[str, int]]] = []
        for size in range(self.most + 1 - len(sure)):
            for more in combinations(rest, size):
                chosen = [*sure, *more]
                names = {(g.fact, g.bit) for g in chosen}
                if not chosen or any(d <= names for d in done) or not differs(self._freed(facts, chosen)):
                    continue
                if all(g.bit for g in chosen):
                    done.append(names)
                families += [family for family, now in self._choices(facts, chosen) if differs(now)]
        return either(families, self.most)

    def _is_asked(self, group: _Group) -> bool:
        return group.bit > 0 and self.of.samples.asked(self.of.slots[group.bit.bit_length() - 1])

    def _groups(self, reads: Iterable[str]) -> tuple[dict[str, Any], list[_Group]]:
        """The values of some facts, and what of them may be another."""
        facts: dict[str, Any] = {}
        groups: list[_Group] = []
        for name in sorted(reads):
            value = self.evaluation.facts.get(name)
            if value is not None:
                facts[name] = value
            if name in self.of.concluded:
                options = self.found.options.get(name, ())
                groups += [_Group(name, 0, options)] if options else []
            else:
                groups += [_Group(name, self.of.bits[slot], ()) for slot in self.of.by_fact.get(name, ())]
        return facts, groups

    def _freed(self, facts: Mapping[str, Any], groups: Iterable[_Group]) -> dict[str, Any]:
        """The facts with all of some groups unknown."""
        now, bits = dict(facts), dict[str, int]()
        for group in groups:
            if group.bit:
                bits[group.fact] = bits.get(group.fact, 0) | group.bit
            else:
                now.pop(group.fact, None)
        for name, freed in bits.items():
            value = self._unknown(name, freed)
            if value is None:
                now.pop(name, None)
            else:
                now[name] = value
        return now

    def _unknown(self, name: str, freed: int) -> Any:
        """The value of a fact with some of its slots free: none, but for lists."""
        slots = self.of.by_fact[name]
        if len(slots) == 1:
            return None
        key = name, freed
        if key not in self.lists:
            here = self.stated
            changes = [change for change in self.state[0] if change.slot.fact == name]
            free = [slot for slot in self.state[1] if slot.fact == name] + [slot for slot in slots if freed & self.of.bits[slot]]
            start = {name: here[name]} if name in here else {}
            self.lists[key] = changed(start, changes, free, self.of.variations.knowledge.facts).get(name)
        return self.lists[key]

    def _choices(self, facts: Mapping[str, Any], groups: Sequence[_Group]) -> Iterator[tuple[Family, dict[str, Any]]]:
        """The facts with slots free and concluded facts at each of their options, and the sets with which they may be so."""
        slots = [g for g in groups if g.bit]
        concluded = [g for g in groups if not g.bit]
        start = self._freed(facts, slots)
        family: Family = (sum(g.bit for g in slots),)
        for options in product(*(g.options for g in concluded)):
            sets = all_of([family, *(option.family for option in options)], self.most)
            if sets:
                yield sets, {**start, **{g.fact: o.value for g, o in zip(concluded, options, strict=True)}}

    # facts ----------------------------------------------------------------------------------------------------

    def _as_before(self, step: Step) -> bool:
        first, decision = self.first, step.decision
        assert first is not None and self.fresh is not None
        if not self.fresh.isdisjoint({decision.fact, decision.base, *decision.inputs}):
            return False
        return all(
            self.found.turns[e.position] == first.turns[e.position] and self.fresh.isdisjoint(self.of.reads[e.position])
            for e in step.entries
        )

    def _options(self, steps: Sequence[Step]) -> Iterable[Option]:
        step = steps[0]
        policy = step.decision.policy
        if len(steps) > 1:
            return self._anything(steps)
        if policy == "reconcile":
            return self._reconciled()
        if policy == "formula":
            return self._reckoned(step)
        if policy == "adjust":
            return self._anything(steps)
        return self._listed(step)

    def _listed(self, step: Step) -> Iterable[Option]:
        """What a table may give: a row that may hold, while no row goes before it."""
        now = possible(self.evaluation.facts.get(step.decision.fact)) or ()
        holds, falls = self._rows(step)
        policy = step.decision.policy
        values = {e.value for e in step.entries} | ({step.decision.default} if step.decision.has_default else set())
        standing = [(i, e.value) for i, e in enumerate(step.entries) if falls[i] != NOTHING]
        for value in sorted((v for v in values if v not in now and v is not None), key=str):
            families = []
            for number, entry in enumerate(step.entries):
                if entry.value != value or not holds[number]:
                    continue
                before = [falls[i] for i, v in standing if v != value and _goes_before(policy, i, v, number, value)]
                families.append(both(holds[number], all_of(before, self.most), self.most))
            if step.decision.has_default and step.decision.default == value:
                families.append(all_of(falls, self.most))
            if family := either(families, self.most):
                yield Option(value, family)

    def _rows(self, step: Step) -> tuple[list[Family], list[Family]]:
        """For each row the sets with which it may hold, and those with which it may not."""
        turns, truths = self.found.turns, {e.position: self.evaluation.truths[e.position] for e in step.entries}
        holds = {p: turns[p] if truth is False else NOTHING for p, truth in truths.items()}
        falls = {p: turns[p] if truth is True and step.certain else NOTHING for p, truth in truths.items()}
        if not step.certain:
            return [holds[e.position] for e in step.entries], [falls[e.position] for e in step.entries]
        beats: dict[int, list[int]] = {}
        for winner, loser in step.overrides:
            beats.setdefault(loser, []).append(winner)
        alone = {p: all_of([holds[p], *(falls[w] for w in beats.get(p, ()))], self.most) for p in holds}
        beaten = {p: either([falls[p], *(holds[w] for w in beats.get(p, ()))], self.most) for p in falls}
        return [alone[e.position] for e in step.entries], [beaten[e.position] for e in step.entries]

    def _reckoned(self, step: Step) -> Iterable[Option]:
        """The values of a formula with each few of the things free that it reads."""
        if step.formula is None or not step.entries:
            return []
        reads = self.of.reads[step.entries[0].position]
        facts, groups = self._groups(reads)
        now = self.evaluation.facts.get(step.decision.fact)
        if now is None:
            return []
        found: dict[Any, list[Family]] = {}
        for size in range(1, self.most + 1):
            for chosen in combinations(groups, size):
                for family, changed_facts in self._choices(facts, chosen):
                    value = step.formula(changed_facts)
                    if value != now:
                        found.setdefault(value, []).append(family)
                if len(found) > MOST_OPTIONS:
                    return [Option(None, either([_reach(group, self.most) for group in groups], self.most))]
        return [Option(value, either(families, self.most)) for value, families in found.items()]

    def _reconciled(self) -> Iterable[Option]:
        """The worst or the best of the findings that count."""
        plan = self.plan
        assert plan.reconciliation is not None
        scale = plan.knowledge.scale_of(plan.reconciliation.decides)
        assert scale is not None
        grades = range(len(scale.grades))
        worst = plan.reconciliation.policy == "worst"
        may: list[list[Family]] = []
        for item in plan.counted:
            value = self.evaluation.facts.get(item.fact)
            now = set(grades) if value is None else set(possible(value) or grades)
            options = {o.value: o.family for o in self.found.options.get(item.fact, ())}
            now |= set() if item.certain else {0}
            may.append([NOTHING if g in now else options.get(g, NEVER) for g in grades])
        present = set(possible(self.evaluation.facts.get(plan.reconciliation.decides)) or ())
        for grade in grades:
            if grade in present:
                continue
            milder = [either(m[: grade + 1] if worst else m[grade:], self.most) for m in may]
            families = [
                all_of([m[grade], *(milder[other] for other in range(len(may)) if other != number)], self.most)
                for number, m in enumerate(may)
            ]
            if family := either(families, self.most):
                yield Option(grade, family)

    def _anything(self, steps: Sequence[Step]) -> Iterable[Option]:
        """Any other value, as soon as anything that it depends on may be another."""
        fact = steps[0].decision.fact
        families = [self.found.turns[e.position] for step in steps for e in step.entries]
        inputs = {step.decision.base for step in steps if step.decision.base} | {i for step in steps for i in step.decision.inputs}
        inputs |= {name for step in steps if step.formula is not None for e in step.entries for name in self.of.reads[e.position]}
        families += [_reach(group, self.most) for group in self._groups(inputs)[1]]
        family = either(families, self.most)
        kind = self.plan.knowledge.facts[fact].type if fact in self.plan.knowledge.facts else None
        now = possible(self.evaluation.facts.get(fact)) or ()
        if not isinstance(kind, Scale):
            return [Option(None, family)] if family else []
        return [Option(grade, family) for grade in range(len(kind.grades)) if grade not in now and family]


def _goes_before(policy: str, place: int, value: Any, number: int, wanted: Any) -> bool:
    """Does a row, if it holds, keep another row of another value from deciding?

    Not in a table whose rows must not contradict each other: where they do only because of what is supposed, nothing is said.
    """
    if policy == "worst":
        return bool(value > wanted)
    if policy == "best":
        return bool(value < wanted)
    return policy == "first" and place < number


def _reach(group: _Group, most: int) -> Family:
    """The sets with which a group may be another than it is."""
    return (group.bit,) if group.bit else either([option.family for option in group.options], most)
