"""Why two methods differ on a case: the class of the reason, found from the proofs, with the rules and facts that show it.

Each class is a question that the proof answers; the first that is answered yes is the main reason of a pair, the others stand
beside it. What would need another grading (does another reading make the two agree?) is asked only where no proof has answered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import combinations, product

from dingji.comparison import model as m
from dingji.comparison.rows import ORDER, RATED, SUBJECTIVE, Graded, supposed
from dingji.comparison.ticks import contradicted, ticked_factors
from dingji.errors import DingjiError
from dingji.grading import under
from dingji.inference.plan import choose
from dingji.knowledge.linking import rule_reads
from dingji.knowledge.model import Instrument, Knowledge
from dingji.language.evaluate import is_known
from dingji.methods.grounds import Grounds, factors_read, grounds, steps_by_fact
from dingji.records import Draft, replace


class Sides(Draft):
    """A pair under examination: the case, its row, the milder and the more severe column."""

    about: Graded
    row: m.Row
    milder: m.Column
    severer: m.Column
    open: bool = False

    def carriers(self, column: m.Column) -> tuple[m.Standing, ...]:
        """The findings that give a column's grade."""
        return tuple(s for s in column.standings if s.instrument in column.carried_by)

    def grounds(self, instrument: str) -> Grounds:
        """What an instrument's finding rests on; nothing for one that is not in the knowledge base."""
        key = ("grounds", instrument)
        if key not in self.about.memo:
            known = self.about.knowledge.instruments.get(instrument)
            self.about.memo[key] = grounds(self.about.evaluation, known.decides) if known else Grounds()
        found: Grounds = self.about.memo[key]
        return found

    def facts(self, column: m.Column) -> tuple[str, ...]:
        """The stated or askable facts that a column's grade rests on."""
        definitions = self.about.knowledge.facts
        names = dict.fromkeys(name for s in self.carriers(column) for name in self.grounds(s.instrument).facts)
        return tuple(name for name in names if name in definitions and definitions[name].nature != "derived")

    @property
    def proved(self) -> bool:
        """Do both grades come with a proof?"""
        return not {m.OFFICIAL, SUBJECTIVE} & {self.milder.method, self.severer.method}


def explained(about: Graded, row: m.Row) -> m.Row:
    """The row with its differing pairs, the furthest apart and most severe first, and the reasons of each."""
    found = []
    comparable = [c for c in row.columns if c.state != "not_comparable"]
    for a, b in combinations(comparable, 2):
        met = _meet(about, a, b)
        if met is not None:
            milder, severer, distance, is_open = met
            main, further = _reasons(Sides(about, row, milder, severer, is_open))
            found.append(m.CasePair(milder.method, severer.method, distance, is_open, main, further))
    ranks = {c.method: -1 if c.severity is None else c.severity for c in row.columns}
    found.sort(key=lambda p: (p.open, -(p.distance or 0), -ranks[p.severer], ORDER.index(p.milder), ORDER.index(p.severer)))
    return replace(row, pairs=tuple(found))


def _meet(about: Graded, a: m.Column, b: m.Column) -> tuple[m.Column, m.Column, int | None, bool] | None:
    """Milder, severer, distance and whether open; None where the two agree or say nothing to compare."""
    scale = about.scale
    assert scale is not None, "a column is comparable on a scale only"
    if "silent" in (a.state, b.state):
        milder, severer = (a, b) if a.state == "silent" else (b, a)
        return (milder, severer, None, False) if severer.state in RATED else None
    ranks_a, ranks_b = ([scale.severity(g) for g in c.reachable] for c in (a, b))
    if a.state in RATED and b.state in RATED:
        if ranks_a == ranks_b:
            return None
        milder, severer = (a, b) if ranks_a < ranks_b else (b, a)
        return milder, severer, abs(ranks_a[0] - ranks_b[0]), False
    if max(ranks_a) < min(ranks_b):
        return a, b, min(ranks_b) - max(ranks_a), False
    if max(ranks_b) < min(ranks_a):
        return b, a, min(ranks_a) - max(ranks_b), False
    if "undetermined" not in (a.state, b.state) or a.state == b.state:
        return None
    milder, severer = (a, b) if min(ranks_a) < min(ranks_b) else (b, a)
    return milder, severer, 0, True


def _reasons(pair: Sides) -> tuple[m.Reason, tuple[m.Reason, ...]]:
    questions = (_fact_unknown, *_PROOFS) if pair.open else _PROOFS
    found = [reason for question in questions if (reason := question(pair)) is not None]
    for question in _TRIALS if not found else ():
        reason = question(pair)
        if reason is not None:
            found.append(reason)
            break
    found += [reason for question in _WEAKER if (reason := question(pair)) is not None]
    if not found:
        found = [next(reason for question in _LAST if (reason := question(pair)) is not None)]
    return found[0], tuple(found[1:])


# --- answered by the proofs


def _rater_slip(pair: Sides) -> m.Reason | None:
    if SUBJECTIVE not in (pair.milder.method, pair.severer.method):
        return None
    slips = contradicted(pair.about, pair.row, milder=pair.milder.method == SUBJECTIVE)
    if not slips:
        return None
    rules = dict.fromkeys(rule for slip in slips for rule in slip.rules)
    facts = dict.fromkeys(fact for slip in slips for fact in slip.facts)
    return m.Reason("rater_slip", raters=tuple(slip.rater for slip in slips), facts=tuple(facts), rules=tuple(rules))


def _fact_unknown(pair: Sides) -> m.Reason | None:
    """What keeps an open pair open. Two that differ whatever the fact is do not differ because of it."""
    for column in (pair.milder, pair.severer):
        if column.state == "undetermined" and column.method not in (m.OFFICIAL, SUBJECTIVE):
            values = pair.about.evaluation.facts
            unknown = tuple(name for name in pair.facts(column) if not is_known(values.get(name)))
            rules = tuple(dict.fromkeys(r for f in pair.about.findings if f.instrument in column.carried_by for r in f.undecided))
            return m.Reason("fact_unknown", facts=unknown, rules=rules, instruments=column.carried_by)
    return None


def _unknown_besides(pair: Sides) -> m.Reason | None:
    return None if pair.open else _fact_unknown(pair)


def _list_silent(pair: Sides) -> m.Reason | None:
    if pair.milder.state != "silent" or pair.milder.method != "example":
        return None
    rules = tuple(rule for s in pair.carriers(pair.severer) for rule in s.fired)
    return m.Reason("list_silent", rules=rules, facts=pair.facts(pair.severer), instruments=pair.milder.carried_by)


def _left_out(pair: Sides) -> m.Reason | None:
    """Factors that carry the more severe grade and that the milder one neither weighs nor looks at."""
    if pair.milder.method == SUBJECTIVE:
        ticked = ticked_factors(pair.about, pair.row, pair.milder.severity)
        if ticked is None:
            return None
        left = tuple(dict.fromkeys(f for s in pair.carriers(pair.severer) for f in s.factors if f not in ticked))
    else:
        left = tuple(
            dict.fromkeys(f for a, b in product(pair.carriers(pair.milder), pair.carriers(pair.severer)) for f in _left(pair, a, b))
        )
    if not left:
        return None
    rests = [name for name in _rests_on(pair, pair.severer) if pair.about.knowledge.facts[name].factor in left]
    rules = dict.fromkeys(rule for s in (*pair.carriers(pair.milder), *pair.carriers(pair.severer)) for rule in s.fired)
    instruments = (*pair.milder.carried_by, *pair.severer.carried_by)
    return m.Reason("left_out", _principal(pair.about, left), left, tuple(rests), tuple(rules), instruments)


def _left(pair: Sides, milder: m.Standing, severer: m.Standing) -> tuple[str, ...]:
    """What the disagreement of the result says was left out; for findings that it does not compare, by the same test."""
    if milder.state in RATED and severer.state in RATED:
        names = (milder.instrument, severer.instrument)
        known = next((d.left_out for d in pair.about.differences if (d.milder, d.severer) == names), None)
        if known is not None:
            return known
    knowledge = pair.about.knowledge
    if milder.instrument not in knowledge.instruments or severer.instrument not in knowledge.instruments:
        return ()
    weighed = {w for name in milder.fired if name in knowledge.rules for w in knowledge.rules[name].weighs or ()}
    looked_at = weighed or factors_read(pair.about.evaluation.plan, knowledge.instruments[milder.instrument].decides)
    return tuple(factor for factor in severer.factors if factor not in looked_at)


def _rests_on(pair: Sides, column: m.Column) -> tuple[str, ...]:
    """The facts behind a column's grade, and the observed facts from which judged ones among them were judged."""
    statements, definitions = pair.about.case.statements, pair.about.knowledge.facts
    names = dict.fromkeys(pair.facts(column))
    for name in tuple(names):
        if name in statements:
            names.update(dict.fromkeys(statements[name].rests_on))
    return tuple(name for name in names if name in definitions)


def _principal(about: Graded, left: tuple[str, ...]) -> str:
    """The factor by which a reason is named: a consequence before all others.

    Consequences are the factors that methods by consequence look at; the knowledge says so, not we.
    """
    plan = about.evaluation.plan
    decides = [a.instrument.decides for a in plan.applied if a.instrument.method == "consequence" and a.instrument.decides]
    consequences = frozenset[str]().union(*(factors_read(plan, fact) for fact in decides))
    return next((factor for factor in left if factor in consequences), left[0])


def _edition(pair: Sides) -> m.Reason | None:
    """Another edition: two of one family, or an official grade on the scale of an edition that was not in force."""
    instruments = pair.about.knowledge.instruments
    for a, b in product(pair.milder.carried_by, pair.severer.carried_by):
        family = instruments[a].family if a in instruments else ""
        if family and a != b and b in instruments and instruments[b].family == family:
            return m.Reason("other_edition", instruments=(a, b))
    given = pair.about.case.official
    if given is None or m.OFFICIAL not in (pair.milder.method, pair.severer.method):
        return None
    applied = [a.instrument for a in pair.about.evaluation.plan.applied if a.instrument.decides]
    if given.scale in {_scale_of(pair.about.knowledge, i) for i in applied}:
        return None
    for other in instruments.values():
        same = [i.id for i in applied if other.family and i.family == other.family]
        if same and _scale_of(pair.about.knowledge, other) == given.scale:
            return m.Reason("other_edition", instruments=(other.id, *same))
    return None


def _scale_of(knowledge: Knowledge, instrument: Instrument) -> str:
    scale = knowledge.scale_of(instrument.decides) if instrument.decides else None
    return scale.id if scale else ""


def _same_score(pair: Sides) -> m.Reason | None:
    """Two band tables over one number."""
    for a, b in product(pair.carriers(pair.milder), pair.carriers(pair.severer)):
        if a.score_fact is not None and a.score_fact == b.score_fact:
            return m.Reason("band_scheme", facts=(a.score_fact,), rules=a.fired + b.fired, instruments=(a.instrument, b.instrument))
    return None


# --- answered by trying


def _official_day(pair: Sides) -> m.Reason | None:
    """Does the method say what the official grade says, under the editions of the day on which that was given?"""
    given = pair.about.case.official
    if given is None or given.on is None or m.OFFICIAL not in (pair.milder.method, pair.severer.method):
        return None
    about = pair.about
    before = {a.instrument.id for a in about.evaluation.plan.applied}
    then = {a.instrument.id for a in choose(about.knowledge, about.case.facts(), given.on)}
    if before == then:
        return None
    other = _agree_under(pair, None, given.on)
    return m.Reason("other_edition", instruments=tuple(sorted(before ^ then))) if other else None


def _other_reading(pair: Sides) -> m.Reason | None:
    """Is there a declared reading (profile) of the rules behind the two under which they agree?"""
    about = pair.about
    if _friend(pair, pair.milder, pair.severer) or _friend(pair, pair.severer, pair.milder):
        return None  # the reason of the method it stands with is the better one
    used = {about.evaluation.plan.rules[i].id.split("@")[0] for c in (pair.milder, pair.severer) for i in _rules_behind(pair, c)}
    used |= {rule for c in (pair.milder, pair.severer) for s in pair.carriers(c) for rule in s.crosswalk}
    tables = {about.knowledge.rules[name].table for name in used if name in about.knowledge.rules}
    for profile in about.knowledge.profiles.values():
        touched = used.intersection(profile.removes) | tables.intersection(profile.removes)
        if touched and _agree_under(pair, profile.id):
            kinds = {about.knowledge.rules[name].kind for name in touched if name in about.knowledge.rules}
            kind = "crosswalk" if kinds == {"crosswalk"} else "band_scheme"
            return m.Reason(kind, rules=tuple(sorted(touched)), profile=profile.id)
    return None


def _agree_under(pair: Sides, profile: str | None, day: dt.date | None = None) -> bool:
    """Would the two agree under a profile, or on another day? False where the case can't be graded so."""
    about = pair.about
    key = ("supposed", profile, day)
    if key not in about.memo:
        try:
            about.memo[key] = supposed(under(about.knowledge, profile), about.case, day or about.as_of)
        except DingjiError:
            about.memo[key] = {}
    grades: dict[str, str] = about.memo[key]
    # what an authority or an expert said stays said
    a, b = (c.grade if c.method in (m.OFFICIAL, SUBJECTIVE) else grades.get(c.method) for c in (pair.milder, pair.severer))
    return a is not None and a == b


def _rules_behind(pair: Sides, column: m.Column) -> Iterator[int]:
    for standing in pair.carriers(column):
        yield from pair.grounds(standing.instrument).rules


# --- what is left


def _crosswalk(pair: Sides) -> m.Reason | None:
    """Would another row of the same crosswalk, from the same grade, have made the two agree?"""
    scale, knowledge = pair.about.scale, pair.about.knowledge
    assert scale is not None
    for column, other in ((pair.milder, pair.severer), (pair.severer, pair.milder)):
        for standing in pair.carriers(column):
            for name in standing.crosswalk:
                rule = knowledge.rules[name]
                then = dict(rule.then)
                siblings = [r for r in knowledge.rules_of(rule.owner) if dict(r.then)["from"] == then["from"] and r.id != name]
                met = [r.id for r in siblings if dict(r.then)["to"] == other.severity]
                if met:
                    return m.Reason("crosswalk", rules=(name, *met), instruments=(standing.instrument,))
    return None


def _other_scale(pair: Sides) -> m.Reason | None:
    """Has the scale of one no grade at all that leads to the other's grade?"""
    scale, knowledge = pair.about.scale, pair.about.knowledge
    assert scale is not None
    for column, other in ((pair.milder, pair.severer), (pair.severer, pair.milder)):
        carriers = [s for s in pair.carriers(column) if s.crosswalk]
        lacking = [s for s in carriers if other.severity is not None and other.severity not in _reached(knowledge, s.own_scale, scale.id)]
        if carriers and len(lacking) == len(pair.carriers(column)):
            rules = tuple(rule for s in lacking for rule in s.crosswalk)
            return m.Reason("other_scale", rules=rules, instruments=tuple(s.instrument for s in lacking))
    return None


def _reached(knowledge: Knowledge, source: str, target: str) -> set[int]:
    """The grades of a scale to which another scale's crosswalk leads."""
    walks = [w.id for w in knowledge.crosswalks.values() if (w.source_scale, w.target_scale) == (source, target)]
    return {dict(rule.then)["to"] for walk in walks for rule in knowledge.rules_of(walk)}


def _different_facts(pair: Sides) -> m.Reason | None:
    """Facts that decide one grade and that the rules of the other never read."""
    if not pair.proved:
        return None
    own: list[str] = []
    for column, other in ((pair.severer, pair.milder), (pair.milder, pair.severer)):
        # what chooses the kind of case is read before any method
        read = frozenset(pair.about.knowledge.index).union(*(facts_read(pair.about, name) for name in other.carried_by))
        own += [name for name in pair.facts(column) if name not in read]
    if not own:
        return None
    rules = dict.fromkeys(rule for s in (*pair.carriers(pair.milder), *pair.carriers(pair.severer)) for rule in s.fired)
    return m.Reason("different_facts", facts=tuple(dict.fromkeys(own)), rules=tuple(rules))


def facts_read(about: Graded, instrument: str) -> frozenset[str]:
    """The facts that people may state and that the rules behind an instrument's finding read, in the case's plan."""
    plan, knowledge = about.evaluation.plan, about.knowledge
    key = ("facts read", instrument)
    if key not in plan.memo:
        known = knowledge.instruments.get(instrument)
        steps, seen, stack = steps_by_fact(plan), set[str](), [known.decides] if known else []
        while stack:
            name = stack.pop()
            if name in seen:
                continue
            seen.add(name)
            step = steps.get(name)
            if step is not None:
                stack += [*step.decision.inputs, *([step.decision.base] if step.decision.base else [])]
                stack += [read for entry in step.entries for read in rule_reads(plan.rules[entry.position])]
        plan.memo[key] = frozenset(n for n in seen if n in knowledge.facts and knowledge.facts[n].nature != "derived")
    found: frozenset[str] = plan.memo[key]
    return found


def _through(pair: Sides) -> m.Reason | None:
    """An official grade or an opinion without reasons stands with a method: then that method's reason is the best there is."""
    for column, other in ((pair.milder, pair.severer), (pair.severer, pair.milder)):
        friend = _friend(pair, column, other)
        if friend is not None:
            sides = (friend, other) if column is pair.milder else (other, friend)
            main, _ = _reasons(Sides(pair.about, pair.row, *sides))
            return replace(main, through=friend.method)
    return None


def _friend(pair: Sides, column: m.Column, other: m.Column) -> m.Column | None:
    """The method with which an official grade or opinion stands against another column."""
    if column.method not in (m.OFFICIAL, SUBJECTIVE) or column.grade is None:
        return None
    apart = (m.OFFICIAL, SUBJECTIVE, other.method)
    return next((c for c in pair.row.columns if c.method not in apart and c.state in RATED and c.grade == column.grade), None)


def _weighs_otherwise(pair: Sides) -> m.Reason | None:
    if not pair.proved:
        return None
    shared = tuple(name for name in pair.facts(pair.severer) if name in pair.facts(pair.milder))
    rules = tuple(rule for c in (pair.milder, pair.severer) for s in pair.carriers(c) for rule in s.fired)
    return m.Reason("weighs_otherwise", facts=shared, rules=rules)


def _method_silent(pair: Sides) -> m.Reason | None:
    if pair.milder.state != "silent" or pair.milder.method == "example":
        return None
    rules = tuple(rule for s in pair.carriers(pair.severer) for rule in s.fired)
    return m.Reason("method_silent", rules=rules, instruments=pair.milder.carried_by)


def _unexplained(pair: Sides) -> m.Reason | None:
    return None if pair.proved else m.Reason("unexplained")


_Question = Callable[[Sides], m.Reason | None]
_PROOFS: tuple[_Question, ...] = (_rater_slip, _list_silent, _left_out, _edition, _same_score)
_TRIALS: tuple[_Question, ...] = (_official_day, _other_reading)
_WEAKER: tuple[_Question, ...] = (_through, _crosswalk, _other_scale, _different_facts, _unknown_besides)
_LAST: tuple[_Question, ...] = (_method_silent, _weighs_otherwise, _unexplained)
