"""Can the rule engine carry every rule? Asked when knowledge is compiled, so that no case meets the answer no."""

from __future__ import annotations

from dingji.documents import Problems
from dingji.errors import KnowledgeError
from dingji.inference import durable
from dingji.inference.plan import encoder_for
from dingji.knowledge.model import Knowledge


def check_carried(knowledge: Knowledge) -> None:
    """Compile every condition for the rule engine.

    Raises KnowledgeError (K034) naming each rule that the engine can't carry. Where durable-rules can't be imported there is
    nothing to check.
    """
    if not durable.available():
        return
    problems = Problems("K")
    rules = [r for r in (*knowledge.rules.values(), *(r for p in knowledge.profiles.values() for r in p.rules)) if r.when is not None]
    encoder = encoder_for(knowledge, [r.when for r in rules if r.when is not None])
    encoded = [(rule.id, condition) for rule, condition in zip(rules, encoder.conditions, strict=True)]
    try:
        durable.DurableRuleset("all rules", encoded)
    except durable.PortError:
        # all at once is quick; one by one tells which
        for rule, pair in zip(rules, encoded, strict=True):
            try:
                durable.DurableRuleset(rule.id, [pair])
            except durable.PortError as error:
                problems.place(rule.place.file, rule.place.line, rule.place.column, 34, str(error), "split the rule")
    if problems.found:
        raise KnowledgeError(problems.found)
