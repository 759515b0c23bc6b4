"""The shapes of case files."""

from __future__ import annotations

from dingji import shapes as s
from dingji.knowledge.shapes import WORDS
from dingji.shapes import Key, ListOf, MapOf, Shape

STATUSES = ("determined", "provisional", "undetermined", "silent")

STATEMENT = Shape(
    "statement",
    {
        "value": Key(s.Raw(), "the value, or `unknown`"),
        "at_least": Key(s.Raw({"type": "number"}), "a lower bound, if the value is known only in part"),
        "at_most": Key(s.Raw({"type": "number"}), "an upper bound"),
        "unit": Key(s.TEXT, "the unit meant; it must be that of the fact"),
        "complete": Key(s.BOOL, "false if a list may have more items than are written"),
        "asserted_by": Key(s.TEXT, "who states it"),
        "asserted_on": Key(s.DATE, "when"),
        "evidence": Key(ListOf(s.TEXT), "documents, photographs, measurements"),
        "rests_on": Key(ListOf(s.NAME), "the observed facts from which a judged value was judged"),
        "note": Key(s.TEXT),
    },
    "A fact with who states it and on what evidence.",
)
OPINION = Shape(
    "opinion",
    {
        "rater": Key(s.IDENT, "who grades", required=True),
        "round": Key(s.INTEGER, "round of the survey, from 1", required=True),
        "grade": Key(s.IDENT, "the grade given", required=True),
        "reasons": Key(ListOf(s.TEXT)),
        "weight": Key(s.NUMBER_KIND),
        "date": Key(s.DATE),
    },
    "One expert's grade in one round.",
)
SURVEY = Shape(
    "survey",
    {
        "scale": Key(s.IDENT, "the scale on which the experts grade", required=True),
        "panel": Key(ListOf(s.IDENT), "the experts who were asked; without it, those who answer"),
        "withdrawn": Key(ListOf(s.IDENT), "experts who left: no answer of theirs is awaited, none in the last round counts"),
        "closed_on": Key(s.DATE, "the last day on which answers were taken, once it has passed"),
        "last_round": Key(s.INTEGER, "the round with which the survey ended"),
    },
    "How experts were asked for their grades.",
)
OFFICIAL = Shape(
    "official",
    {
        "scale": Key(s.IDENT, "the scale of the grade", required=True),
        "grade": Key(s.IDENT, "the grade given", required=True),
        "by": Key(s.TEXT, "who gave it"),
        "on": Key(s.DATE, "when"),
        "note": Key(s.TEXT),
    },
    "The grade that an authority gave. It is compared with the findings and changes none of them.",
)
EXPECTED = {
    "grade": Key(s.IDENT, "the grade"),
    "status": Key(s.Choice(STATUSES)),
    "reachable": Key(ListOf(s.IDENT), "grades still possible"),
}
EXPECT = Shape(
    "expect",
    {
        "determination": Key(Shape("expected_determination", {"scale": Key(s.IDENT), **EXPECTED})),
        "findings": Key(ListOf(Shape("expected_finding", {"instrument": Key(s.IDENT, required=True), **EXPECTED}))),
        "facts": Key(MapOf(s.Raw({"type": ["string", "number", "boolean"]}), s.NAME), "values of derived facts"),
        "met": Key(ListOf(s.IDENT), "rules whose condition is true"),
        "not_met": Key(ListOf(s.IDENT), "rules whose condition is known to be false"),
        "refused": Key(ListOf(s.IDENT), "the requirements that the case breaks: it gets no grade"),
        "flags": Key(ListOf(s.IDENT), "flags raised"),
        "left_out": Key(ListOf(s.IDENT), "factors that the milder findings leave out"),
        "first_question": Key(s.NAME, "the fact asked for first"),
    },
    "The expected result: it makes the case a test.",
)
CASE = Shape(
    "case_file",
    {
        "case": Key(s.IDENT, "id of the case", required=True),
        "subject": Key(s.IDENT, "hazard, risk_point, enterprise or accident", required=True),
        "title": Key(WORDS, "what it is about"),
        "as_of": Key(s.DATE, "date of the facts; it picks the editions", required=True),
        "profile": Key(s.IDENT, "the profile under which it is graded"),
        "scope": Key(MapOf(s.Raw(), s.NAME), "facts that say which instruments apply"),
        "facts": Key(MapOf(s.Raw(), s.NAME), "the facts; one that is left out is unknown"),
        "survey": Key(SURVEY, "how experts were asked; it says on which scale they grade"),
        "opinions": Key(ListOf(OPINION), "grades given by experts"),
        "official": Key(OFFICIAL, "the grade that an authority gave"),
        "expect": Key(EXPECT),
        "note": Key(s.TEXT),
    },
    "One case: a subject with its facts on a date.",
)
