"""The peers of `benchmarks/batch.py`: the items of a list in their languages. Each is a function from a case to the fired items."""

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


def sure(node: n.Node, negated: bool, spell: Callable[[str, tuple[Any, ...]], str]) -> str:
    """A condition that is true only if it is surely true, for engines that know no unknown: negation at the leaves."""
    match node:
        case n.Not(operand=x):
            return sure(x, not negated, spell)
        case n.And(operands=xs) | n.Or(operands=xs):
            kind = "and" if isinstance(node, n.And) != negated else "or"
            return spell(kind, tuple(sure(x, negated, spell) for x in xs))
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


Fire = Callable[[dict[str, Any]], set[str]]


def with_zen(kb: Knowledge) -> Fire:
    import zen

    rules = items(kb)
    lines = [{"id": str(i), "key": f"r{i}", "value": sure(r.when, False, zen_text)} for i, r in enumerate(rules) if r.when is not None]
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

    def fire(case: dict[str, Any]) -> set[str]:
        found = decision.evaluate({**names, **case}, {"trace": True})["result"]
        return {rule.id for i, rule in enumerate(rules) if found[f"r{i}"] is True}

    return fire


def with_clips(kb: Knowledge) -> Fire:
    import clips

    environment = clips.Environment()
    names = facts_read(kb)
    environment.build("(deftemplate hazard " + " ".join(f"(slot {name} (default nil))" for name in names) + ")")
    found: set[str] = set()
    environment.define_function(lambda name: found.add(str(name)), name="met")
    for rule in items(kb):
        assert rule.when is not None
        slots = " ".join(f"({name} ?{name})" for name in sorted(n.facts_of(rule.when)))
        environment.build(f'(defrule {rule.id} (hazard {slots}) (test {sure(rule.when, False, clips_text)}) => (met "{rule.id}"))')
    template = environment.find_template("hazard")
    symbols = {True: clips.Symbol("yes"), False: clips.Symbol("no")}

    def fire(case: dict[str, Any]) -> set[str]:
        found.clear()
        slots = {k: symbols[v] if isinstance(v, bool) else clips.Symbol(v) if isinstance(v, str) else v for k, v in case.items()}
        template.assert_fact(**slots)
        environment.run()
        environment.reset()
        return set(found)

    return fire


def with_durable(kb: Knowledge) -> Fire:
    rules = items(kb)
    encoder = encoder_for(kb, [rule.when for rule in rules if rule.when is not None])
    engine = DurableRuleset("list", [(rule.id, condition) for rule, condition in zip(rules, encoder.conditions, strict=True)])
    return lambda case: set(engine.fire(encoder.fields(case)))


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


def with_durable_directly(kb: Knowledge) -> Fire:
    """One ruleset in the library's own host; each case is a fact that is asserted, and retracted where a rule met it."""
    from durable import engine

    found: set[str] = set()

    def met(name: str) -> Callable[[object], None]:
        return lambda context: found.add(name)

    host, numbers = engine.Host(), itertools.count()
    rules = [(rule.id, sure(rule.when, False, direct_text)) for rule in items(kb) if rule.when is not None]
    host.set_rulesets({"list": {name: {"all": [{"m": condition}], "run": met(name)} for name, condition in rules}})

    def fire(case: dict[str, Any]) -> set[str]:
        found.clear()
        whole = {k: v if isinstance(v, bool | str) or not float(v).is_integer() else int(v) for k, v in case.items()}
        fact = {**whole, "id": f"f{next(numbers)}", "sid": "0"}
        try:
            host.assert_fact("list", fact)
        except engine.MessageNotHandledException:
            return set()
        host.retract_fact("list", fact)
        return set(found)

    return fire


PEERS = (
    ("zen-engine, trace", "zen-engine", with_zen, 200),
    ("clipspy", "clipspy", with_clips, 80),
    ("durable-rules, used directly", "durable_rules", with_durable_directly, 100),
    ("durable-rules, through our port", "durable_rules", with_durable, None),
)
