"""The shapes of dispute files."""

from __future__ import annotations

from dingji import shapes as s
from dingji.cases.shapes import CASE, STATUSES
from dingji.knowledge.shapes import METHODS, WORDING, WORDS
from dingji.shapes import Key, ListOf, MapOf, Scalar, Shape

FACTS = MapOf(s.Raw(), s.NAME)
ISSUE = Scalar("the id of an issue")
"""A fact, or a kind of issue with what it is about: `edition:FAMILY`, `reading:RULE`."""
POSITION = s.Raw()
"""A position in an issue: a value as in a case file, an id, or `@` with the party that holds it."""

RELIANCE = Shape(
    "relies_on",
    {
        "as_of": Key(s.DATE, "the day by which editions are chosen"),
        "editions": Key(ListOf(s.IDENT), "editions that apply instead of the others of their family, whatever the day"),
        "applies": Key(ListOf(s.IDENT), "instruments that apply, though their scope or dates say otherwise"),
        "not_applicable": Key(ListOf(s.IDENT), "instruments and crosswalks that do not apply"),
        "profiles": Key(ListOf(s.IDENT), "band schemes, crosswalks and readings: profiles of the knowledge base"),
        "finding": Key(ListOf(s.IDENT), "instruments whose findings stand; the others are left out"),
        "method": Key(s.Choice(METHODS), "the method whose findings stand, instead of `finding`"),
    },
    "The texts and methods that a party relies on.",
)
ARGUMENT = Shape(
    "argument",
    {
        "rule": Key(s.IDENT, "a rule of the knowledge base"),
        "fact": Key(s.NAME, "a fact of the vocabulary"),
        "instrument": Key(s.IDENT, "an instrument"),
        "says": Key(WORDING, "what the party draws from it"),
    },
    "A reference to a rule, a fact or an instrument.",
)
PARTY = Shape(
    "party",
    {
        "name": Key(WORDS, "who it is", required=True),
        "role": Key(WORDING, "its part in the dispute"),
        "claims": Key(
            Shape("claim", {"scale": Key(s.IDENT, required=True), "grade": Key(s.IDENT, required=True)}, "The grade that a party claims."),
            "the grade it claims",
            required=True,
        ),
        "facts": Key(FACTS, "the facts it asserts, as in a case file; `unknown` contests one that the case states"),
        "relies_on": Key(RELIANCE),
        "readings": Key(MapOf(s.Choice(("met", "not_met"))), "rules whose condition it reads as met or not met, whatever the facts"),
        "arguments": Key(ListOf(ARGUMENT)),
    },
    "One party to the dispute.",
)
MEMBER = Shape(
    "member",
    {
        "member": Key(s.IDENT, "id of the member", required=True),
        "name": Key(WORDS, required=True),
        "role": Key(WORDING),
        "chairs": Key(s.BOOL, "true for who chairs the panel"),
    },
)
DISSENT = Shape(
    "dissent",
    {
        "member": Key(s.IDENT, "who dissents", required=True),
        "finds": Key(POSITION, "what the member finds instead", required=True),
        "reason": Key(WORDING, "why", required=True),
    },
)
FINDING = Shape(
    "panel_finding",
    {
        "finds": Key(POSITION, "the position that the panel takes", required=True),
        "reason": Key(WORDING, "why", required=True),
        "dissents": Key(ListOf(DISSENT)),
    },
    "What the panel finds in one issue.",
)
OVERRIDE = Shape(
    "override",
    {
        "grade": Key(s.IDENT, "the grade that the panel sets instead of the computed one", required=True),
        "justification": Key(WORDING, "why", required=True),
        "authority": Key(WORDING, "who may do so, by which text", required=True),
        "expires": Key(s.DATE, "the day from which the computed grade stands again", required=True),
        "duties_follow": Key(s.Choice(("computed", "override")), "the grade from which the duties follow", required=True),
    },
    "A departure from the computed grade; both stay visible.",
)
RULING = Shape(
    "ruling",
    {
        "findings": Key(MapOf(FINDING, ISSUE), "the finding in each issue that was decided"),
        "grade": Key(s.IDENT, "the grade ruled; it must follow from the findings"),
        "override": Key(OVERRIDE),
    },
    "What the panel has found.",
)
PROCEDURE = Shape(
    "procedure",
    {
        "filed_on": Key(s.DATE, "when the dispute was filed"),
        "heard_on": Key(s.DATE, "when the parties were heard"),
        "decided_on": Key(s.DATE, "when the panel decided"),
        "appeal": Key(WORDING, "how and until when the ruling can be appealed"),
    },
)
ROW = Shape(
    "expected_row",
    {
        "if": Key(MapOf(POSITION, ISSUE), "positions; an issue that is left out may be decided either way", required=True),
        "grade": Key(s.IDENT, "the grade that follows"),
        "reachable": Key(ListOf(s.IDENT), "or the grades still possible"),
        "refused": Key(s.BOOL, "or true: the facts are refused or contradict each other"),
    },
)
EXPECT = Shape(
    "dispute_expect",
    {
        "material": Key(ListOf(ISSUE), "exactly the issues that can change the grade"),
        "not_material": Key(ListOf(ISSUE), "exactly the others"),
        "table": Key(ListOf(ROW), "the settlement table; the rows cover every combination"),
        "decides": Key(MapOf(s.COUNT), "for a grade, the least number of findings that fixes it"),
        "claims": Key(MapOf(s.Choice(("follows", "fails", "open"))), "for a party, what its own facts make of its claim"),
        "reachable": Key(MapOf(s.BOOL), "for a party, whether some combination gives the grade it claims"),
        "ruling": Key(Shape("expected_ruling", {"grade": Key(s.IDENT), "status": Key(s.Choice(STATUSES))})),
    },
    "The expected analysis: it makes the dispute a test.",
)
DISPUTE = Shape(
    "dispute_file",
    {
        "dispute": Key(s.IDENT, "id of the dispute", required=True),
        "title": Key(WORDS, "what it is about"),
        "case": Key(s.Either(s.TEXT, CASE), "the case: a path from this file (`file.yaml#id`), or the case itself", required=True),
        "about": Key(s.IDENT, "the instrument whose finding is disputed, if it is not the determination"),
        "agreed": Key(FACTS, "facts that all parties accept"),
        "parties": Key(MapOf(PARTY), "the parties, two or more", required=True),
        "panel": Key(ListOf(MEMBER), "who decides"),
        "procedure": Key(PROCEDURE),
        "ruling": Key(RULING),
        "expect": Key(EXPECT),
        "note": Key(s.TEXT),
    },
    "Two or more parties who claim different grades of one case.",
)
