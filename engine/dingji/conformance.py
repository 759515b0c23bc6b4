"""Cases as tests: does the result of a case meet what the case expects?"""

from __future__ import annotations

from typing import Any

from dingji.cases.model import Case, Expected
from dingji.cases.reader import CaseFile
from dingji.errors import CaseError
from dingji.grading import grade, under
from dingji.inference.prover import Evaluation
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge
from dingji.language.values import Truth
from dingji.methods.model import Determination, Finding, Result
from dingji.records import replace

TRUTHS: dict[Truth, str] = {True: "met", False: "not met", None: "open"}


def check(knowledge: Knowledge, file: CaseFile | Case) -> list[str]:
    """Grade a case and compare: one sentence for each expectation that is not met; empty if there is none to meet.

    Raises what grading raises, unless the case expects to be refused.
    """
    case = file.check(knowledge) if isinstance(file, CaseFile) else file
    if case.expectation is None:
        return []
    base = under(knowledge, case.profile)
    if not case.expectation.refused:
        return differences(grade(base, replace(case, profile=None)), case, base)
    try:
        grade(base, replace(case, profile=None))
    except CaseError as error:
        broken = {p.message.split(":")[0] for p in error.problems if p.code == "C029"}
        return _compare_sets("refused by", case.expectation.refused, broken)
    return [f"expected to be refused by {', '.join(case.expectation.refused)}, but graded"]


def differences(result: Result, case: Case, knowledge: Knowledge) -> list[str]:
    """One sentence for each expectation that the result does not meet; empty if it meets them all."""
    expected = case.expectation
    if expected is None:
        return []
    found: list[str] = []
    if expected.determination is not None:
        found += _compare("determination", expected.determination, result.determination)
    for wanted in expected.findings:
        found += _compare(wanted.instrument, wanted, result.finding(wanted.instrument))
    if expected.facts or expected.met or expected.not_met:
        evaluation = run(knowledge, case.facts(), case.as_of).evaluation
        for name, value in expected.facts:
            if evaluation.facts.get(name) != value:
                shown = knowledge.shown(name, evaluation.facts.get(name))
                found.append(f"{name}: expected {knowledge.shown(name, value)}, found {shown}")
        truths = truths_of_rules(evaluation)
        for rule, truth in [*((r, True) for r in expected.met), *((r, False) for r in expected.not_met)]:
            if truths.get(rule) is not truth:
                found.append(f"{rule}: expected {TRUTHS[truth]}, found {TRUTHS[truths.get(rule)]}")
    found += _compare_sets("flags", expected.flags, [f.id for f in result.flags])
    found += _compare_sets("left_out", expected.left_out, result.disagreement.left_out)
    if expected.first_question is not None:
        asked = [q.fact for q in result.unknown]
        if asked[:1] != [expected.first_question]:
            found.append(f"first question: expected {expected.first_question}, found {asked[0] if asked else 'none'}")
    return found


def truths_of_rules(evaluation: Evaluation) -> dict[str, Truth]:
    """Rule id -> truth of its condition, for the rules of every instrument that applies.

    A rule that the plan left out is false by the index facts alone. A crosswalk row stands once for each finding it carries; it
    is true if it is true for one of them.
    """
    plan = evaluation.plan
    owners = {a.instrument.id for a in plan.applied}
    truths: dict[str, Truth] = {r.id: False for r in plan.knowledge.rules.values() if r.owner in owners}
    seen: set[str] = set()
    for rule, truth in zip(plan.rules, evaluation.truths, strict=True):
        name = rule.id.split("@")[0]
        among = (truths[name], truth) if name in seen else (truth,)
        truths[name] = True if True in among else None if None in among else False
        seen.add(name)
    return truths


def _compare(what: str, expected: Expected, found: Determination | Finding | None) -> list[str]:
    if found is None:
        return [f"{what}: expected, but the case has none"]
    wrong = []
    # `none` stands for a finding that is silent: nothing was found
    grade = "none" if found.status == "silent" else found.grade
    pairs: list[tuple[str, Any, Any]] = [
        ("scale", expected.scale, found.scale),
        ("grade", expected.grade, grade),
        ("status", expected.status, found.status),
    ]
    for name, wanted, value in pairs:
        if wanted is not None and wanted != value:
            wrong.append(f"{what}: {name}: expected {wanted}, found {value}")
    return wrong + _compare_sets(f"{what}: reachable", expected.reachable, found.reachable)


def _compare_sets(what: str, expected: Any, found: Any) -> list[str]:
    if expected is None or set(expected) == set(found):
        return []
    return [f"{what}: expected {', '.join(expected) or 'none'}, found {', '.join(found) or 'none'}"]
