"""One run over a case: the prover and the rule engine, held against each other."""

from __future__ import annotations

from typing import Any

from dingji.errors import EvaluationError, Problem
from dingji.inference import durable
from dingji.inference.plan import Plan, plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import Knowledge
from dingji.records import Record

REFERENCE = "reference"


class Run(Record, frozen=True):
    """An evaluation that both evaluators agree on. `without` says why the rule engine did not run, if it did not."""

    evaluation: Evaluation
    evaluators: tuple[str, ...]
    without: str = ""


def run(knowledge: Knowledge, stated: dict[str, Any], as_of: Any) -> Run:
    """Evaluate a case by both evaluators.

    Raises EvaluationError (X002) naming the rules when they disagree, KnowledgeError when rules contradict each other.
    """
    plan = plan_for(knowledge, stated, as_of)
    evaluation = prove(plan, stated)
    if not durable.available():
        return Run(evaluation, (REFERENCE,), durable.unavailable_reason() or "durable-rules can't be imported")
    fired = _fire(plan, evaluation)
    proved = {plan.rules[i].id for i in plan.tested if evaluation.truths[i] is True}
    if fired != proved:
        raise _disagreement(fired, proved)
    return Run(evaluation, (REFERENCE, f"durable-rules {durable.version()}"))


def _fire(plan: Plan, evaluation: Evaluation) -> set[str]:
    """The rules that the rule engine fires; its rulesets are compiled with the first case of a plan."""
    try:
        if plan.engine is None:
            rules = [(plan.rules[i].id, condition) for i, condition in zip(plan.tested, plan.encoder.conditions, strict=True)]
            # rulesets without a known field are skipped: keep the computed tests together, most of them are not met
            rules.sort(key=lambda rule: plan.encoder.computed_only(rule[1]))
            plan.engine = durable.DurableRuleset("plan", rules)
        truths = [evaluation.truths[i] for i in plan.tested]
        return set(plan.engine.fire(plan.encoder.fields(evaluation.facts, truths)))
    except durable.PortError as error:
        raise EvaluationError([Problem("rule engine", 0, 0, "X003", str(error), "please report this with the case")]) from error


def _disagreement(fired: set[str], proved: set[str]) -> EvaluationError:
    problems = []
    for name, rules in (("only the rule engine fired", fired - proved), ("only the reference evaluator proved", proved - fired)):
        if rules:
            message = f"the evaluators disagree: {name} {', '.join(sorted(rules))}"
            problems.append(Problem("evaluators", 0, 0, "X002", message, "no grade is given; please report this with the case"))
    return EvaluationError(problems)
