"""One run over a case: the prover and the rule engine, held against each other."""

from __future__ import annotations

from collections.abc import Set
from itertools import compress
from typing import Any

from dingji.errors import EvaluationError, Problem
from dingji.inference import durable
from dingji.inference.plan import Plan, plan_for
from dingji.inference.prover import Evaluation, prove
from dingji.knowledge.model import Knowledge
from dingji.language.values import Truth
from dingji.records import Record, replace

REFERENCE = "reference"


class Run(Record, frozen=True):
    """An evaluation that both evaluators agree on. `without` says why the rule engine did not run, if it did not."""

    evaluation: Evaluation
    evaluators: tuple[str, ...]
    without: str = ""
    firing: durable.Firing | None = None
    """What the rule engine was told of the case, and what it fired."""


def run(knowledge: Knowledge, stated: dict[str, Any], as_of: Any) -> Run:
    """Evaluate a case by both evaluators.

    Raises EvaluationError (X002) naming the rules when they disagree, KnowledgeError when rules contradict each other.
    """
    plan = plan_for(knowledge, stated, as_of)
    evaluation = prove(plan, stated)
    if not durable.available():
        return Run(evaluation, (REFERENCE,), durable.unavailable_reason() or "durable-rules can't be imported")
    firing = _fire(plan, evaluation)
    _agree(firing, evaluation)
    return Run(evaluation, (REFERENCE, f"durable-rules {durable.version()}"), firing=firing)


def confirm(base: Run, evaluation: Evaluation) -> Run:
    """The run of the case of `base` with a few facts changed, of which the reference evaluation is there already.

    The rule engine runs where it sees a difference. Raises EvaluationError as `run` does.
    """
    plan, known = evaluation.plan, base.firing
    if known is None:
        return replace(base, evaluation=evaluation)
    fields = plan.encoder.fields_since(known.fields, base.evaluation.facts, evaluation.facts, _tested(evaluation))
    try:
        firing = plan.engine.firing(fields, known)
    except durable.PortError as error:
        raise _refused(error) from error
    _agree(firing, evaluation)
    return replace(base, evaluation=evaluation, firing=firing)


def _agree(firing: durable.Firing, evaluation: Evaluation) -> None:
    """Raise EvaluationError (X002) unless the rules that fired are those that hold."""
    memo, fired = evaluation.plan.memo, frozenset().union(*firing.fired)
    if "tested" not in memo:
        memo["tested"] = [evaluation.plan.rules[i].id for i in evaluation.plan.tested]
    proved = set(compress(memo["tested"], _tested(evaluation)))
    if fired != proved:
        raise _disagreement(fired, proved)


def _tested(evaluation: Evaluation) -> list[Truth]:
    """The truths of the rules that both evaluators must agree on."""
    return list(map(evaluation.truths.__getitem__, evaluation.plan.tested))


def _fire(plan: Plan, evaluation: Evaluation) -> durable.Firing:
    """What the rule engine fires; its rulesets are compiled with the first case of a plan."""
    fields = plan.encoder.fields(evaluation.facts, _tested(evaluation))
    try:
        if plan.engine is None:
            rules = [(plan.rules[i].id, condition) for i, condition in zip(plan.tested, plan.encoder.conditions, strict=True)]
            # rulesets without a known field are skipped: keep the computed tests together, most of them are not met
            rules.sort(key=lambda rule: plan.encoder.computed_only(rule[1]))
            plan.engine = durable.DurableRuleset("plan", rules)
        found: durable.Firing = plan.engine.firing(fields)
        return found
    except durable.PortError as error:
        raise _refused(error) from error


def _refused(error: durable.PortError) -> EvaluationError:
    return EvaluationError([Problem("rule engine", 0, 0, "X003", str(error), "please report this with the case")])


def _disagreement(fired: Set[str], proved: Set[str]) -> EvaluationError:
    problems = []
    for name, rules in (("only the rule engine fired", fired - proved), ("only the reference evaluator proved", proved - fired)):
        if rules:
            message = f"the evaluators disagree: {name} {', '.join(sorted(rules))}"
            problems.append(Problem("evaluators", 0, 0, "X002", message, "no grade is given; please report this with the case"))
    return EvaluationError(problems)
