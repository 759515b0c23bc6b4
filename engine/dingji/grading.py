"""From a knowledge folder and a case to a result."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from dingji import knowledge as base
from dingji.cases.model import Case
from dingji.cases.reader import CaseFile
from dingji.errors import CaseError, Problem
from dingji.inference.carry import check_carried
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge, Rule
from dingji.methods import model as m
from dingji.methods.asking import questions
from dingji.methods.determination import determination, disagreement, duties, flags
from dingji.methods.findings import findings
from dingji.methods.proof import Prover


def load(folder: Path | str | None = None, *, cache: bool = True) -> Knowledge:
    """The knowledge base of a folder (by default the one that comes with dingji), ready for grading.

    With `cache`, a base that has not changed is read from the user's cache folder.
    Raises KnowledgeError with every problem of every file.
    """
    return base.load(folder, cache=cache, verify=check_carried)


def grade(
    knowledge: Knowledge,
    case: CaseFile | Case,
    *,
    as_of: dt.date | None = None,
    today: dt.date | None = None,
    profile: str | None = None,
    on: dt.date | None = None,
) -> m.Result:
    """Grade a case by every method that applies.

    `as_of` grades as on another day than the case's own; `today` is the day for which a newer edition is named (by default
    none is). `profile` is used instead of the one that the case names, if any. `on` is the day on which duties and delays are
    reckoned, where the case does not say (by default the case's own).

    Raises CaseError if the case is invalid, breaks a requirement or is covered by no instrument, KnowledgeError if two rules
    contradict each other on it, EvaluationError if the evaluators disagree.
    """
    if isinstance(case, CaseFile):
        case = case.check(knowledge)
    if on is not None:
        case = case.on(on)
    profile = profile or case.profile
    if profile:
        knowledge = under(knowledge, profile)
    day = as_of or case.as_of
    outcome = run(knowledge, case.facts(), day)
    evaluation = outcome.evaluation
    refused = [evaluation.plan.rules[i] for i in evaluation.plan.requirements if evaluation.truths[i] is False]
    if refused:
        raise CaseError([_refused(rule, case) for rule in refused])
    found = findings(evaluation, case, today)
    if not found:
        raise CaseError([_uncovered(knowledge, case, day)])
    differs = disagreement(evaluation, found)
    prover = Prover(evaluation, case)
    plan = evaluation.plan
    roots = [plan.reconciliation.decides] if plan.reconciliation else []
    roots += [a.instrument.decides for a in plan.applied if a.instrument.decides]
    proof = tuple(prover.fact(root) for root in roots if root not in prover.seen)
    return m.Result(
        case=case.id,
        title=case.title,
        subject=case.subject,
        as_of=day.isoformat(),
        knowledge_version=knowledge.version,
        knowledge_digest=knowledge.digest,
        profile=profile,
        evaluators=outcome.evaluators,
        without=outcome.without,
        determination=determination(evaluation, case, differs.differ),
        findings=found,
        disagreement=differs,
        flags=flags(evaluation),
        duties=duties(evaluation),
        unknown=questions(evaluation, case),
        proof=proof,
    )


def under(knowledge: Knowledge, profile: str | None) -> Knowledge:
    """The knowledge base under a profile; kept, with its compiled plans, for the next case. Without one, as it is."""
    if profile is None:
        return knowledge
    key = ("profile", profile)
    if key not in knowledge.plans:
        knowledge.plans[key] = base.with_profile(knowledge, profile)
    found: Knowledge = knowledge.plans[key]
    return found


def _refused(rule: Rule, case: Case) -> Problem:
    place = case.place
    message = f"{rule.id}: the case does not satisfy what it must: {rule.text.en} / {rule.text.zh}"
    return Problem(place.file, place.line, place.column, "C029", message, f"required by {rule.cite.en} of {rule.source}")


def _uncovered(knowledge: Knowledge, case: Case, day: dt.date) -> Problem:
    place = case.place
    starts = sorted(i.in_force.start for i in knowledge.instruments.values() if i.decides and i.in_force.start)
    message = f"no edition of any instrument covers this case on {day.isoformat()}"
    hint = f"check as_of, subject and scope; the earliest edition is of {starts[0]}" if starts else "check subject and scope"
    return Problem(place.file, place.line, place.column, "C025", message, hint)
