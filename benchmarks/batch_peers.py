"""The peers of `benchmarks/batch.py`: the items of a list in their languages.

Each is a function from a case to the items that fired and those that are undecided. The engines know no unknown, so an item is
two conditions: one that is true where the item surely holds, and one that is true unless it surely does not. Asked for the
fired items alone they have the first only.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from dingji.inference.durable import DurableRuleset
from dingji.inference.plan import encoder_for
from dingji.knowledge.model import Knowledge, Rule
from dingji.language import nodes as n

LIST = "cn.trade-2023"


def items(kb: Knowledge) -> list[Rule]:
    return [rule for rule in kb.rules_of(LIST) if rule.kind == "example"]


def facts_read(kb: Knowledge) -> list[str]:
    return sorted(frozenset().union(*(n.facts_of(rule.when) for rule in items(kb) if rule.when is not None)))


Spell = Callable[[str, tuple[Any, ...]], str]
"""How an engine writes "and", "or", a flag, a test of a fact against a constant and of a pair of facts."""


def sure(node: n.Node, spell: Spell, negated: bool = False) -> Any:
    """A condition that is true only if it is surely true: negation at the leaves."""
    return _written(node, negated, spell)


def possible(node: n.Node, spell: Spell, lacks: Callable[[str], Any]) -> Any:
    """A condition that is true unless it is surely false: where a fact is lacking, whatever reads it may be true."""

    def leaf(kind: str, parts: tuple[Any, ...]) -> Any:
        if kind in ("and", "or"):
            return spell(kind, parts)
        read = (parts[0], parts[2]) if kind == "pair" else (parts[0],)
        return spell("or", (*map(lacks, read), spell(kind, parts)))

    return _written(node, False, leaf)


def _written(node: n.Node, negated: bool, spell: Spell) -> Any:
    match node:
        case n.Not(operand=x):
            return _written(x, not negated, spell)
        case n.And(operands=xs) | n.Or(operands=xs):
            kind = "and" if isinstance(node, n.And) != negated else "or"
            return spell(kind, tuple(_written(x, negated, spell) for x in xs))
        case n.Fact(name=name):
            return spell("flag", (name, not negated))
        case n.Compare(operands=(n.Fact(name=name), n.Literal(value=value)), operators=(op,)):
            return spell("test", (name, _NEGATED[op] if negated else op, value))
        case n.Compare(operands=(n.Fact(name=name), n.Fact(name=other)), operators=(op,)):
            return spell("pair", (name, _NEGATED[op] if negated else op, other))
        case n.Member(operand=n.Fact(name=name), choices=choices, negated=excluded):
            op, kind = ("!=", "and") if excluded != negated else ("==", "or")
            return spell(kind, tuple(spell("test", (name, op, choice.value)) for choice in choices))
    raise TypeError(node)


_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
FIRED, POSSIBLE = "fired", "possible"


def conditions(kb: Knowledge, spell: Spell, lacks: Callable[[str], Any], both: bool) -> list[tuple[str, str, Any]]:
    """What an engine is given: (item, FIRED or POSSIBLE, condition)."""
    found = []
    for rule in items(kb):
        assert rule.when is not None
        found.append((rule.id, FIRED, sure(rule.when, spell)))
        if both:
            found.append((rule.id, POSSIBLE, possible(rule.when, spell, lacks)))
    return found


def told(met: set[tuple[str, str]]) -> Lists:
    """The two lists: where an item fired, the grade is settled, and what else may be true no longer matters."""
    fired = {name for name, kind in met if kind == FIRED}
    return fired, set() if fired else {name for name, kind in met if kind == POSSIBLE}


def zen_text(kind: str, parts: tuple[Any, ...]) -> str:
    if kind in ("and", "or"):
        return "(" + f" {kind} ".join(parts) + ")"
    if kind == "flag":
        return f"({parts[0]} == {str(parts[1]).lower()})"
    name, op, value = parts
    if kind == "pair":
        return f"({name} != null and {value} != null and {name} {op} {value})"
    shown = json.dumps(value) if isinstance(value, str) else str(value)
    return f"({name} != null and {name} {op} {shown})"


def clips_text(kind: str, parts: tuple[Any, ...]) -> str:
    if kind in ("and", "or"):
        return f"({kind} {' '.join(parts)})"
    if kind == "flag":
        return f"(eq ?{parts[0]} {'yes' if parts[1] else 'no'})"
    name, op, value = parts
    if isinstance(value, str) and kind == "test":
        return f"(and (neq ?{name} nil) ({'eq' if op == '==' else 'neq'} ?{name} {value}))"
    word = {"==": "=", "!=": "<>"}.get(op, op)
    if kind == "pair":
        return f"(and (numberp ?{name}) (numberp ?{value}) ({word} ?{name} ?{value}))"
    return f"(and (numberp ?{name}) ({word} ?{name} {value}))"


Lists = tuple[set[str], set[str]]
Fire = Callable[[dict[str, Any]], Lists]


def with_zen(kb: Knowledge, both: bool) -> Fire:
    import zen

    asked = conditions(kb, zen_text, lambda name: f"({name} == null)", both)
    lines = [{"id": str(i), "key": f"r{i}", "value": text} for i, (_, _, text) in enumerate(asked)]
    place = {"x": 0, "y": 0}
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "position": place},
        {"id": "list", "type": "expressionNode", "name": "list", "position": place, "content": {"expressions": lines}},
        {"id": "out", "type": "outputNode", "name": "out", "position": place},
    ]
    edges = [{"id": "a", "sourceId": "in", "targetId": "list"}, {"id": "b", "sourceId": "list", "targetId": "out"}]
    content = {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
    decision = zen.ZenEngine().create_decision(json.dumps(content))
    names = dict.fromkeys(facts_read(kb))

    def fire(case: dict[str, Any]) -> Lists:
        found = decision.evaluate({**names, **case}, {"trace": True})["result"]
        return told({(name, kind) for i, (name, kind, _) in enumerate(asked) if found[f"r{i}"] is True})

    return fire


def with_clips(kb: Knowledge, both: bool) -> Fire:
    import clips

    environment = clips.Environment()
    names = facts_read(kb)
    environment.build("(deftemplate hazard " + " ".join(f"(slot {name} (default nil))" for name in names) + ")")
    found: set[tuple[str, str]] = set()
    environment.define_function(lambda name, kind: found.add((str(name), str(kind))), name="met")
    read = {rule.id: sorted(n.facts_of(rule.when)) for rule in items(kb) if rule.when is not None}
    for name, kind, text in conditions(kb, clips_text, lambda name: f"(eq ?{name} nil)", both):
        slots = " ".join(f"({fact} ?{fact})" for fact in read[name])
        environment.build(f'(defrule {name}-{kind} (hazard {slots}) (test {text}) => (met "{name}" "{kind}"))')
    template = environment.find_template("hazard")
    symbols = {True: clips.Symbol("yes"), False: clips.Symbol("no")}

    def fire(case: dict[str, Any]) -> Lists:
        found.clear()
        slots = {k: symbols[v] if isinstance(v, bool) else clips.Symbol(v) if isinstance(v, str) else v for k, v in case.items()}
        template.assert_fact(**slots)
        environment.run()
        environment.reset()
        return told(found)

    return fire


def with_durable(kb: Knowledge, both: bool) -> Fire:
    """Our port: its encoder writes the conditions, those that are possible likewise."""
    assert not both, "the port asks for what is possible in another form, not compared here"
    rules = items(kb)
    encoder = encoder_for(kb, [rule.when for rule in rules if rule.when is not None])
    engine = DurableRuleset("list", [(rule.id, condition) for rule, condition in zip(rules, encoder.conditions, strict=True)])
    return lambda case: (set(engine.fire(encoder.fields(case))), set())


def direct_text(kind: str, parts: tuple[Any, ...]) -> Any:
    """A condition as durable-rules writes it in JSON."""
    if kind in ("and", "or"):
        return {f"${kind}": list(parts)}
    name, op, value = (parts[0], "==", parts[1]) if kind == "flag" else parts
    if kind == "pair":
        value = {"$m": value}
    elif kind == "test" and not isinstance(value, str):
        value = int(value)
    key = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}.get(op)
    return {name: value} if key is None else {key: {name: value}}


def with_durable_directly(kb: Knowledge, both: bool) -> Fire:
    """One ruleset in the library's own host; each case is a fact that is asserted, and retracted where a rule met it."""
    from durable import engine

    found: set[tuple[str, str]] = set()

    def met(name: str, kind: str) -> Callable[[object], None]:
        return lambda context: found.add((name, kind))

    host, numbers, names = engine.Host(), itertools.count(), facts_read(kb)
    # what is lacking is said by a fact of its own: over long conditions with $nex the library does not come to an end
    asked = conditions(kb, direct_text, lambda name: {f"{name}_lacks": True}, both)
    host.set_rulesets({"list": {f"{name}-{kind}": {"all": [{"m": test}], "run": met(name, kind)} for name, kind, test in asked}})

    def fire(case: dict[str, Any]) -> Lists:
        found.clear()
        whole = {k: v if isinstance(v, bool | str) or not float(v).is_integer() else int(v) for k, v in case.items()}
        lacking = {f"{name}_lacks": True for name in names if name not in case} if both else {}
        fact = {**whole, **lacking, "id": f"f{next(numbers)}", "sid": "0"}
        try:
            host.assert_fact("list", fact)
        except engine.MessageNotHandledException:
            return set(), set()
        host.retract_fact("list", fact)
        return told(found)

    return fire


PEERS = (
    ("zen-engine, trace", "zen-engine", with_zen, True, 200),
    ("clipspy", "clipspy", with_clips, True, 80),
    ("durable-rules, used directly", "durable_rules", with_durable_directly, True, 100),
    ("zen-engine, trace, fired only", "zen-engine", with_zen, False, None),
    ("clipspy, fired only", "clipspy", with_clips, False, None),
    ("durable-rules, used directly, fired only", "durable_rules", with_durable_directly, False, None),
    ("durable-rules, through our port, fired only", "durable_rules", with_durable, False, None),
)
"""What is shown, the package, the engine, whether it gives both lists as dingji does, and how many times faster dingji must be."""
