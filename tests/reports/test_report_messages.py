"""The catalogues are complete, alike and used."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from dingji.analysis.difference import Entry
from dingji.audit.account import RANKS
from dingji.audit.matrix import VERDICTS as MATRIX
from dingji.audit.outcome import CAME, CHANGED, FELL
from dingji.audit.signing import BAD, EXPIRED, SIGNED, UNKNOWN, UNSIGNED
from dingji.comparison.model import KINDS, OFFICIAL
from dingji.disputes.issues import ALL, APPLIES, AS_WRITTEN, BY_DATE, BY_SCOPE, MET, NOT_APPLICABLE, NOT_MET
from dingji.disputes.model import Kind
from dingji.disputes.world import FACTS
from dingji.errors import DingjiError
from dingji.knowledge.model import Knowledge
from dingji.knowledge.shapes import COLOURS, CONFIDENCES, METHODS, TARGET_UNITS, WEAK
from dingji.language.parser import FUNCTIONS, QUANTIFIERS
from dingji.methods.agenda import GROUPS as AGENDA
from dingji.reports.account.view import STAGES
from dingji.reports.answers import COMMANDS
from dingji.reports.ask import TOLD
from dingji.reports.audit import VERDICTS as AUDITED
from dingji.reports.dispute.chair import TOLD as ASKED
from dingji.reports.messages import FIELD, catalogue

from .samples import LANGUAGES, ROOT

ENGINE = ROOT / "engine" / "dingji" / "reports"
TEMPLATES = ROOT / "templates"
AUDIT = ROOT / "engine" / "dingji" / "audit"
SHOW = ROOT / "engine" / "dingji" / "cli" / "kb" / "show.py"
REFUSALS = {*(f"A{n:03d}" for n in range(1, 8)), "A019", "A030", "A060", "A061", "A062"}
"""Codes of what a writer or reader refuses to do; the others stand in the report of an audit."""
TROUBLES = {code for path in AUDIT.glob("*.py") for code in re.findall(r'"(A\d{3})"', path.read_text("utf-8"))} - REFUSALS
GROUPS = {
    "colour": set(COLOURS),
    "confidence": set(CONFIDENCES),
    "weak": set(WEAK),
    "method": set(METHODS),
    "status": {"determined", "provisional", "undetermined", "silent"},
    "meaning": {"determined", "provisional", "undetermined", "silent", "silent-weak", "none"},
    "silence": {"no_grade", "partial", "cleared_by_this_list"},
    "batch-head": {"change", "rows", "share", "changed", "most"},
    "batch-stays": {"reachable", "findings", "status"},
    "function": set(FUNCTIONS),
    "quantifier": {*QUANTIFIERS, "head", "where", "with"},
    "severity": {"is", "not", "below", "at-most", "above", "at-least"},
    "compare": {"is", "not", "sign"},
    "list": {"and", "or", "plus", "comma", "semicolon", "none", "perhaps-more"},
    "why": {"reconcile", "default", "nothing", "adjust", "worst", "best"},
    "said": {"judged", "observed"},
    "said-by": {"judged", "observed"},
    "money": {"4", "8"},
    "mark": {"true", "false", "unknown"},
    "cell": {"here", "possible"},
    "nature": {"derived", "judged", "observed"},
    "told": set(TOLD),
    "decides": {"alone", "reached", "scope", "together"},
    "allowed": {"bool", "choice", "number", "number-in", "integer", "integer-in", "unit", "date", "text", "list", "checklist"},
    "say": {*COMMANDS, "yes", "no", "none", "today"},
    "fill-in": {"case", "title", "as_of", "official"},
    "cause": set(KINDS),
    "comparison-short": {OFFICIAL, *METHODS},
    "comparison-sign": {"undetermined", "silent", "not_comparable", "none"},
    "comparison-state": {"undetermined", "silent", "not_comparable"},
    "comparison-none": {"too-few-cases", "no-variation", "too-few-raters"},
    "comparison-measure": {"alpha-ordinal", "alpha-nominal", "fleiss-kappa", "kendall-w"},
    "comparison-head": {
        *("pair", "n", "raw", "linear", "quadratic", "bias", "measure", "value", "word", "group"),
        *("rater", "unit", "leniency", "milder", "severer"),
    },
    "cause-clause": set(KINDS),
    "compare-state": {"silent", "not_comparable"},
    "compare-tile": {"cases", "agree", "differ", "open", "single"},
    "resolve-kind": set(get_args(Kind)),
    "resolve-settles": set(get_args(Kind)) - FACTS,
    "resolve-position": {BY_DATE, BY_SCOPE, APPLIES, NOT_APPLICABLE, ALL, AS_WRITTEN, MET, NOT_MET},
    "resolve-claim": {"follows", "fails", "open"},
    "resolve-evidence": {"judged", "observed"},
    "resolve-immaterial": {"unread", "same"},
    "resolve-duties": {"computed", "override"},
    "resolve-sure": {"beside", "outside"},
    "resolve-followed": {"computed", "override"},
    "resolve-told": set(ASKED),
    "replayed": set(AUDITED),
    "signature": {SIGNED, UNSIGNED, BAD, UNKNOWN, EXPIRED, "unchecked"},
    "trouble": TROUBLES,
    "ledger-rule": {FELL, CAME, CHANGED},
    "ledger-change": {FELL, CAME, CHANGED},
    "matrix-verdict": set(MATRIX),
    "matrix-lead": set(MATRIX),
    "matrix-tile": set(MATRIX),
    "impact-by": {"old", "new", "record"},
    "usage-heading": {"idle", "unfired", "far", "ungiven", "facts", "never", "refused"},
    "usage-lead": {"idle", "unfired", "far", "ungiven", "facts", "never", "refused"},
    "stage": set(STAGES),
    "account-point": {"provisional", "judged", "unknown", "expiring", "superseded", "disagreement"},
    "account-why": set(RANKS),
    "kb-change": {"added", "removed", "changed"},
    "kb-kind": {
        *("instrument", "rule", "fact", "scale", "crosswalk", "reconciliation", "profile", "source", "evidence", "verdicts"),
        *("agreement", "table", "target"),
    },
    "kb-part": {name for entry in get_args(Entry) for name in entry.__struct_fields__ if name != "place"} | {"default"},
    "kb-key": {key.replace(" ", "-") for key in re.findall(r'"([a-z ]+)": ', SHOW.read_text("utf-8"))},
    "kb-outcome": {"determination", "error"},
    "summary-count": {"graded", "provisional", "open", "ungraded", "refused"},
    "summary-head": {
        *("what", "rows", "share", "column", "reason", "grade", "provisional", "may", "colour", "place", "measured", "now", "wanted"),
        *("verdict", "instrument", "silent", "open", "grades", "month", "year", "change", "changed", "most", "rule", "fact", "alone"),
        "source",
    },
    "summary-colour": {"silent", "plain", "ungraded", "undetermined", "refused"},
    "summary-stay": {"reachable", "status", "findings"},
    "summary-places": {"met", "missed", "open", "none"},
    "summary-verdict": {"met", "missed", "open", "none"},
    "summary-wanted": {f"{sign}-{unit}" for sign in ("at-least", "at-most") for unit in TARGET_UNITS},
    "summary-tile": {"rows", "graded", "open", "refused", "changed"},
    "summary-group": {
        *("area", "city", "county", "department", "discipline", "district", "enterprise", "industry", "key_industry", "party"),
        *("province", "station", "town", "unit", "year"),
    },
    "agenda": {*AGENDA, "title", "nothing", "late", "by", "line", "actor", "of"},
}
"""Groups of messages whose last part comes from a result: what it can be."""


def messages(language: str) -> dict[str, str]:
    return dict(catalogue(language)._messages)


def literals() -> set[str]:
    """Every string in the code and the templates of reports."""
    found = set()
    for path in ENGINE.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        found |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for path in TEMPLATES.rglob("*.j2"):
        found |= set(re.findall(r'"([^"]*)"', path.read_text("utf-8")))
    return found


def asked() -> set[tuple[str, str]]:
    """(file, id) of every message that is asked for by a fixed id."""
    found = set()
    for path in ENGINE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "words" and isinstance(call.args[0], ast.Constant):
                found.add((path.name, str(call.args[0].value)))
    for path in TEMPLATES.rglob("*.j2"):
        found |= {(path.name, id) for id in re.findall(r'\bt\("([^"]+)"', path.read_text("utf-8"))}
    return found


def test_both_catalogues_hold_the_same_messages() -> None:
    assert messages("en").keys() == messages("zh").keys()


def test_the_fields_of_a_message_are_the_same_in_both_languages() -> None:
    en, zh = messages("en"), messages("zh")
    assert [id for id in en if set(FIELD.findall(en[id])) != set(FIELD.findall(zh[id]))] == []


def test_every_message_that_is_asked_for_exists() -> None:
    known = messages("en").keys()
    assert len(asked()) > 60
    assert [(file, id) for file, id in sorted(asked()) if id not in known] == []


def test_every_message_is_used() -> None:
    used = literals() | {f"{group}.{code}" for group, codes in GROUPS.items() for code in codes}
    assert [id for id in messages("en") if id not in used and not id.startswith("unit.")] == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_a_message_for_each_code_and_no_other(group: str) -> None:
    assert {id.split(".", 1)[1] for id in messages("en") if id.startswith(group + ".")} == GROUPS[group]


def test_every_unit_of_the_vocabulary_has_a_message(kb: Knowledge) -> None:
    units = {f.unit for f in kb.facts.values()} | {field.unit for f in kb.facts.values() for field in f.fields}
    assert [u for u in sorted(units - {""}) if f"unit.{u}" not in messages("en")] == []


def test_texts_are_in_the_language_of_their_catalogue() -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert [id for id, text in messages("en").items() if chinese.search(text)] == []
    plain = {id for id, text in messages("zh").items() if not chinese.search(text)}
    # marks, fields and international signs only
    assert [id for id in sorted(plain) if re.search(r"[A-Za-z]{2}", FIELD.sub("", messages("zh")[id]))] == []


def test_an_unknown_id_is_an_error_that_names_it_and_the_nearest() -> None:
    with pytest.raises(DingjiError) as caught:
        catalogue("en")("headlin")
    (problem,) = caught.value.problems
    assert (problem.code, caught.value.exit_code) == ("T004", 5)
    assert "'headlin'" in problem.message
    assert "'headline'" in problem.hint


def test_a_missing_field_is_an_error_that_names_message_and_field() -> None:
    with pytest.raises(DingjiError, match=r"T004.*'head\.as-of' wants the field \{day\}"):
        catalogue("zh")("head.as-of")


def test_one_and_several() -> None:
    words = catalogue("en")
    assert words("weak.assumed", n=1) == "1 assumed rule"
    assert words("weak.assumed", n=2) == "2 assumed rules"


def test_fields_are_not_filled_in_twice() -> None:
    assert catalogue("en")("note", note="{day} {0} {note.__class__}") == "Note: {day} {0} {note.__class__}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_user_catalogue_replaces_single_messages(language: str, tmp_path: Path) -> None:
    (tmp_path / "messages" / language).mkdir(parents=True, exist_ok=True)
    (tmp_path / "messages" / language / "own.yaml").write_text('note: "NB {note}"\n', "utf-8")
    words = catalogue(language, tmp_path)
    assert words("note", note="x") == "NB x"
    assert words("yes") == catalogue(language)("yes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", "T004"),
        ("note: [a]\n", "T004"),
        ("note: a\nnote: b\n", "T004"),
        ("note: 'a\n", "T002"),
    ],
)
def test_a_broken_user_catalogue_is_named(text: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "messages" / "en").mkdir(parents=True, exist_ok=True)
    path = tmp_path / "messages" / "en" / "own.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DingjiError) as caught:
        catalogue("en", tmp_path)
    assert {(p.code, p.file) for p in caught.value.problems} == {(expected, str(path))}


PLANTED = {
    "test_both_catalogues_hold_the_same_messages": {"en": {"extra": "Only here"}},
    "test_the_fields_of_a_message_are_the_same_in_both_languages": {"en": {"note": "Note: {note}"}, "zh": {"note": "备注：{text}"}},
    "test_every_message_is_used": {"en": {"nobody-says-this": "x"}, "zh": {"nobody-says-this": "甲"}},
    "test_texts_are_in_the_language_of_their_catalogue": {"zh": {"note": "Note: {note}"}},
    "test_every_message_that_is_asked_for_exists": {"en": {"note": None}, "zh": {"note": None}},
}
"""What each test must find: texts laid over both catalogues (None takes one away)."""


@pytest.mark.parametrize("name", PLANTED)
def test_these_tests_find_what_is_planted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted, ours = PLANTED[name], messages

    def with_planted(language: str) -> dict[str, str]:
        laid = {**ours(language), **planted.get(language, {})}
        return {id: text for id, text in laid.items() if text is not None}

    globals()[name]()
    monkeypatch.setitem(globals(), "messages", with_planted)
    with pytest.raises(AssertionError):
        globals()[name]()


def test_a_group_with_a_message_too_few_or_too_many_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {id: text for id, text in messages("en").items() if id != "status.silent"}
    for texts in (kept, {**messages("en"), "status.other": "x"}):
        monkeypatch.setitem(globals(), "messages", lambda language, texts=texts: texts)
        with pytest.raises(AssertionError):
            test_a_group_has_a_message_for_each_code_and_no_other("status")
