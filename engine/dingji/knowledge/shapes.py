"""The shapes of knowledge files. Loader, editor completion and JSON Schema all come from here."""

from __future__ import annotations

from dingji import shapes as s
from dingji.shapes import Key, ListOf, MapOf, Shape

CONFIDENCES = ("verified", "single-source", "stated", "unverified", "assumed")
"""Strongest first: two copies read, one copy read, stated in a source document, from recollection, our default for a hole."""
WEAK = frozenset({"unverified", "assumed"})
"""A determination that rests on one of these is provisional."""
METHODS = ("subjective", "example", "consequence", "quantitative", "scoring")
POLICIES = ("unique", "any", "first", "worst", "best")
STAGES = ("derive", "identify", "grade", "adjust", "determine", "escalate")
SURVEYED = {
    "scale": ("enum",),
    "raters": ("integer",),
    "round": ("integer",),
    "same_share": ("number",),
    "within_one_share": ("number",),
    "changed_share": ("number",),
    "spread": ("number",),
    "closed": ("bool",),
    "median": ("scale",),
    "median_tied": ("bool",),
    "majority": ("scale",),
    "majority_tied": ("bool",),
    "worst": ("scale",),
}
"""What a survey of experts can tell, with the types of a fact that holds it."""
TYPES = ("bool", "integer", "number", "date", "text", "enum", "scale", "list")
NATURES = ("observed", "judged", "derived")
COLOURS = ("red", "orange", "yellow", "blue")
MEASURES = ("raw-agreement", "kappa", "kappa-linear", "kappa-quadratic", "alpha-ordinal", "alpha-nominal", "fleiss-kappa", "kendall-w")
TARGET_UNITS = ("percent", "rows")
DUE_UNITS = ("hours", "days", "working_days", "months", "years")

WORDS = Shape(
    "words",
    {"en": Key(s.TEXT, "the text in English", required=True), "zh": Key(s.TEXT, "the text in Chinese", required=True)},
    "A text in both languages.",
)

_FIELD = {
    "type": Key(s.Choice(TYPES), "what kind of value", required=True),
    "unit": Key(s.TEXT, "unit of a number, such as m, kV or mm/kV"),
    "range": Key(s.Pair(), "inclusive bounds of a number, null where open"),
    "values": Key(MapOf(WORDS), "the values of an enum, with their labels"),
    "scale": Key(s.IDENT, "the scale of a grade"),
    "factor": Key(s.IDENT, "the factor this fact speaks of (knowledge/factors.yaml)"),
    "label": Key(WORDS, "what a reader sees", required=True),
    "note": Key(s.TEXT, "a remark for authors"),
}
RECORD_FIELD = Shape(
    "field",
    {**_FIELD, "type": Key(s.Choice(tuple(t for t in TYPES if t != "list")), "what kind of value", required=True)},
    "A field of the records of a list fact.",
)
FACT = Shape(
    "fact",
    {
        **_FIELD,
        "nature": Key(s.Choice(NATURES), "seen on site, answered for by a person, or written by a rule", required=True),
        "question": Key(WORDS, "how to ask a person for it"),
        "evidence": Key(ListOf(s.IDENT), "kinds of evidence that would show it, the best first (knowledge/evidence.yaml)"),
        "of": Key(MapOf(RECORD_FIELD, s.NAME), "the fields of a list's records"),
        "policy": Key(s.Choice(("worst", "best")), "how values from several instruments combine"),
        "unless_stated": Key(s.Choice(("as_of",)), "a date: the day of the case, if nobody states another"),
        "immutable": Key(s.BOOL, "true: it can't be changed, so `what-if` proposes no change of it"),
        "survey": Key(s.Choice(tuple(SURVEYED)), "a derived fact: what the opinions of the experts tell, instead of a rule"),
    },
    "One fact of the vocabulary.",
)
USUAL_EVIDENCE = Shape(
    "usual_evidence",
    {nature: Key(ListOf(s.IDENT), f"kinds of evidence for the {nature} facts of this file") for nature in NATURES if nature != "derived"},
    "What shows the facts of a file that name no evidence of their own.",
)
GRADE = Shape(
    "grade",
    {
        "id": Key(s.IDENT, "the grade in rules and results", required=True),
        "label": Key(WORDS, required=True),
        "colour": Key(s.Choice(COLOURS), "its colour on a four-colour map"),
        "silent": Key(s.BOOL, "not a grade: says only that nothing was found"),
    },
)
SCALE = Shape(
    "scale",
    {"title": Key(WORDS, required=True), "grades": Key(ListOf(GRADE), "most severe first", required=True)},
    "An ordered set of grades.",
)
SOURCE = Shape(
    "source",
    {
        "title": Key(WORDS, required=True),
        "number": Key(s.TEXT, "document number"),
        "issuer": Key(WORDS, "who issued it"),
        "issued": Key(s.DAY_OR_YEAR, "day or year of issue"),
        "note": Key(s.TEXT),
    },
    "A document that rules cite.",
)

WORDING = s.Either(s.TEXT, WORDS)
"""A text in both languages, or one that needs no translation (`§2.3`, a clause number)."""
EVIDENCE_KIND = Shape(
    "evidence_kind",
    {
        "label": Key(WORDS, "its name", required=True),
        "note": Key(WORDS, "what it must show or carry to be worth something"),
        "cite": Key(WORDING, "where a text names it"),
        "source": Key(s.IDENT, "the document cited"),
        "confidence": Key(s.Choice(CONFIDENCES), "how sure we are of the text"),
    },
    "A kind of evidence: guidance for those who must show a fact. It changes no grade.",
)

# What every rule carries. Rows inherit what they leave out from their table.
_GROUNDS = {
    "cite": Key(WORDING, "article, clause, table or section"),
    "source": Key(s.IDENT, "the document cited, if not the instrument's"),
    "confidence": Key(s.Choice(CONFIDENCES), "how sure we are of the text"),
    "note": Key(WORDING, "what is missing or why it is assumed"),
    "text": Key(WORDS, "the rule in plain words"),
}
_RULE = {
    "id": Key(s.IDENT, "unique in the whole knowledge base", required=True),
    "when": Key(s.Source("a condition"), "the condition"),
    **_GROUNDS,
    "override": Key(ListOf(s.IDENT), "rules that this one beats"),
    "repeats": Key(ListOf(s.IDENT), "rules that the text says again here, in whole or in part"),
}
_THEN = s.Raw({"type": ["string", "number", "boolean"]})
FORMULA = Shape(
    "formula",
    {
        **_RULE,
        "fact": Key(s.NAME, "the derived fact it writes", required=True),
        "value": Key(s.Source("a formula"), "the formula", required=True),
        "stage": Key(s.Choice(STAGES)),
    },
)
ROW = Shape("row", {**_RULE, "then": Key(_THEN, "the value the table's fact takes", required=True), "weighs": Key(ListOf(s.IDENT))})
TABLE = Shape(
    "table",
    {
        "id": Key(s.IDENT, required=True),
        "decides": Key(s.NAME, "the derived fact the rows write", required=True),
        "policy": Key(s.Choice(POLICIES), "what holds when several rows are true", required=True),
        "default": Key(_THEN, "the value when no row is true"),
        "stage": Key(s.Choice(STAGES)),
        "fixed": Key(s.BOOL, "no profile may replace it"),
        **_GROUNDS,
        "rows": Key(ListOf(ROW), required=True),
    },
)
EXAMPLE = Shape(
    "example",
    {
        **_RULE,
        "applies": Key(s.Source("a condition"), "precondition of the item"),
        "grade": Key(_THEN, "the grade of the instrument's fact when the item is met"),
        "then": Key(MapOf(_THEN, s.NAME), "several facts at once, for a list that several instruments read"),
        "weighs": Key(ListOf(s.IDENT), "factors on which the item's grade rests"),
    },
)
ADJUSTMENT = Shape(
    "adjustment",
    {
        **_RULE,
        "fact": Key(s.NAME, "the graded fact it writes", required=True),
        "base": Key(s.NAME, "the fact it starts from", required=True),
        "lower": Key(s.COUNT, "grades toward more severe"),
        "raise": Key(s.COUNT, "grades toward less severe"),
        "at_least": Key(_THEN, "not milder than this grade"),
        "at_most": Key(_THEN, "not more severe than this grade"),
        "set": Key(_THEN, "this grade"),
    },
)
DUE = Shape(
    "due",
    {
        "within": Key(s.COUNT, "how many units"),
        "unit": Key(s.Choice(DUE_UNITS)),
        "from": Key(s.NAME, "the date fact it counts from"),
        "by": Key(s.Source("a day"), "the last day, as a formula of dates"),
        "text": Key(WORDS, "that day in words"),
    },
    "A time limit: `within` so many `unit` `from` a date fact, or `by` a day with its `text`.",
)
DUTY = Shape(
    "duty",
    {
        **_RULE,
        "actor": Key(s.IDENT, "who must act (knowledge/actors)", required=True),
        "due": Key(s.Either(s.Choice(("at_once", "none_stated")), DUE), "time limit, or that the source states none", required=True),
    },
)
FLAG = Shape("flag", _RULE, "A warning beside the grade.")
REQUIREMENT = Shape("requirement", _RULE, "What an input must satisfy: a case in which the condition is false is refused.")
CROSSWALK_ROW = Shape(
    "crosswalk_row",
    {**_RULE, "from": Key(_THEN, "grade of the one scale", required=True), "to": Key(_THEN, "grade of the other", required=True)},
)
CROSSWALK_ROW_OPTIONAL_ID = Shape("crosswalk_entry", {**CROSSWALK_ROW.keys, "id": Key(s.IDENT, "by default <crosswalk>.<from>")})

IN_FORCE = Shape("in_force", {"from": Key(s.DAY_OR_YEAR, "first day"), "to": Key(s.DAY_OR_YEAR, "last day")})
INSTRUMENT = Shape(
    "instrument",
    {
        "id": Key(s.IDENT, required=True),
        "title": Key(WORDS, required=True),
        "source": Key(s.IDENT, "the document (knowledge/sources)", required=True),
        "number": Key(s.TEXT),
        "family": Key(s.IDENT, "editions of one text share it"),
        "family_title": Key(WORDS, "what its editions have in common, for a heading over them; one of them says it"),
        "in_force": Key(IN_FORCE, "a bare year means some day of it"),
        "in_force_confidence": Key(s.Choice(CONFIDENCES)),
        "scope": Key(s.Source("a condition"), "which cases it covers", required=True),
        "method": Key(s.Choice(METHODS)),
        "surveys": Key(ListOf(s.IDENT), "scales: it applies only where experts were asked to grade on one of them"),
        "decides": Key(s.NAME, "the fact that is its finding"),
        "default": Key(_THEN, "its finding when no item is met"),
        "completeness": Key(s.Choice(("complete", "partial")), "partial lists can find but never clear"),
        "note": Key(WORDING, "how the text reads, and its limits"),
    },
)
_BODY = {
    "formulas": Key(ListOf(FORMULA)),
    "tables": Key(ListOf(TABLE)),
    "examples": Key(ListOf(EXAMPLE)),
    "adjustments": Key(ListOf(ADJUSTMENT)),
    "duties": Key(ListOf(DUTY)),
    "flags": Key(ListOf(FLAG)),
    "requirements": Key(ListOf(REQUIREMENT)),
}
CROSSWALK = Shape(
    "crosswalk",
    {
        "id": Key(s.IDENT, required=True),
        "from": Key(s.IDENT, "scale", required=True),
        "to": Key(s.IDENT, "scale", required=True),
        "source": Key(s.IDENT, required=True),
        "note": Key(s.TEXT),
        "rows": Key(ListOf(CROSSWALK_ROW_OPTIONAL_ID), required=True),
    },
)
RECONCILIATION = Shape(
    "reconciliation",
    {
        "id": Key(s.IDENT, required=True),
        "when": Key(s.Source("a condition"), "which cases it covers", required=True),
        "decides": Key(s.NAME, "the fact that is the determination", required=True),
        "policy": Key(s.Choice(("worst", "best")), required=True),
        "omits": Key(ListOf(s.IDENT), "findings that are shown but not counted"),
        **_GROUNDS,
        "disagreement": Key(FLAG, "the rule that settles findings which differ", required=True),
    },
)
PROFILE = Shape(
    "profile",
    {
        "id": Key(s.IDENT, required=True),
        "title": Key(WORDS, required=True),
        "note": Key(s.TEXT),
        "replaces": Key(ListOf(s.IDENT), "rules and tables that leave"),
        "instrument": Key(s.IDENT, "the instrument or crosswalk that the rules below join"),
        "readings": Key(MapOf(s.NAME), "another fact as the finding of an instrument"),
    },
)

BAND = Shape(
    "band",
    {
        "at_least": Key(s.NUMBER_KIND, "the band begins with this value"),
        "above": Key(s.NUMBER_KIND, "the band begins right above this value"),
        "word": Key(WORDS, "what such a value is called", required=True),
    },
    "Values of a statistic that have one name; the last band has no bound.",
)
VERDICTS = Shape(
    "verdicts",
    {
        "id": Key(s.IDENT, required=True),
        "measures": Key(ListOf(s.Choice(MEASURES)), "the statistics it speaks of", required=True),
        "bands": Key(ListOf(BAND), "the greatest values first", required=True),
        **_GROUNDS,
    },
    "Words for the values of statistics of agreement.",
)
AGREEMENT = Shape(
    "agreement",
    {
        "minimum_cases": Key(
            Shape("minimum_cases", {"id": Key(s.IDENT, required=True), "cases": Key(s.COUNT, required=True), **_GROUNDS}),
            "cases below which no statistic is told",
            required=True,
        ),
        "verdicts": Key(ListOf(VERDICTS), required=True),
    },
    "How the agreement of raters and methods is judged.",
)

AMONG = Shape(
    "among",
    {
        "group": Key(s.IDENT, "a group column of the register", required=True),
        "values": Key(ListOf(s.TEXT), "its texts in the rows that the target is measured on", required=True),
    },
    "The rows of a register on which a target is measured.",
)
TARGET = Shape(
    "target",
    {
        "id": Key(s.IDENT, required=True),
        "scale": Key(s.IDENT, "the scale of the rows' grades", required=True),
        "grades": Key(ListOf(s.IDENT), "the grades that are counted", required=True),
        "at_least": Key(s.NUMBER_KIND, "the least share or number of rows with one of them"),
        "at_most": Key(s.NUMBER_KIND, "the greatest share or number"),
        "unit": Key(s.Choice(TARGET_UNITS), "what the bounds count (default: percent of the rows with a grade on the scale)"),
        "by": Key(s.IDENT, "the group column each of whose texts must reach it, such as county"),
        "among": Key(AMONG, "measured on a part of the rows only"),
        **_GROUNDS,
    },
    "A target for the grades of a whole register. It changes no grade.",
)

# A knowledge file is one of these, told by its first key.
FILES: dict[str, Shape] = {
    "facts": Shape("vocabulary_file", {"facts": Key(MapOf(FACT, s.NAME), required=True), "evidence": Key(USUAL_EVIDENCE)}),
    "scales": Shape("scales_file", {"scales": Key(MapOf(SCALE), required=True)}),
    "factors": Shape("factors_file", {"factors": Key(MapOf(WORDS), required=True)}),
    "actors": Shape("actors_file", {"actors": Key(MapOf(WORDS), required=True)}),
    "sources": Shape("sources_file", {"sources": Key(MapOf(SOURCE), required=True)}),
    "instrument": Shape("instrument_file", {"instrument": Key(INSTRUMENT, required=True), **_BODY}),
    "crosswalk": Shape("crosswalk_file", {"crosswalk": Key(CROSSWALK, required=True)}),
    "reconciliation": Shape("reconciliation_file", {"reconciliation": Key(RECONCILIATION, required=True)}),
    "agreement": Shape("agreement_file", {"agreement": Key(AGREEMENT, required=True)}),
    "targets": Shape("targets_file", {"targets": Key(ListOf(TARGET), required=True)}),
    "evidence_kinds": Shape("evidence_file", {"evidence_kinds": Key(MapOf(EVIDENCE_KIND), required=True)}),
    "profile": Shape(
        "profile_file",
        {"profile": Key(PROFILE, required=True), **_BODY, "crosswalk_rows": Key(ListOf(CROSSWALK_ROW_OPTIONAL_ID))},
    ),
}
