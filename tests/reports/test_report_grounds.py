"""Nothing stands in a report without something behind it: every text of the view rests on a rule, a fact, a citation or the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dingji.knowledge.model import Knowledge, Words
from dingji.methods.model import Result
from dingji.records import Record, replace
from dingji.reports.html.view import page
from dingji.reports.messages import Catalogue, catalogue
from dingji.reports.view import report

from .samples import DEMO, LANGUAGES, ROOT, UNDETERMINED, graded

CASES = (
    DEMO,
    UNDETERMINED,
    *sorted((ROOT / "cases" / "hazards" / "worked").glob("*.yaml"))[::9],
    ROOT / "cases" / "enterprises" / "chongqing-rating.yaml",
)
FRAMES = ("digest", "version", "kind", "mark", "language", "style", "script", "anchor", "id", "key", "truth", "state", "colour", "rule")
"""Fields that are no sentences: names, and what a template needs to lay out the page."""
SIGNS = (
    *("list", "compare", "condition", "severity", "unit", "function", "quantifier", "range", "money", "item", "here"),
    *("known", "unknown", "yes", "no", "value", "date"),
)
MORE_SIGNS = ("html.issued",)
"""Groups of messages, and messages, that only join names and values: of them no sentence is made."""
ASSEMBLED = (*SIGNS, "proof", "instrument", "cited", "cite", "duties")
"""Groups of messages whose fields may be such joined names and values."""

Holds = Callable[[Result], bool]


def _status(*wanted: str) -> Holds:
    return lambda result: (result.determination.status if result.determination else "none") in wanted


STANDING: dict[str, Holds] = {
    "headline.none": _status("none"),
    "headline.undetermined": _status("undetermined"),
    "meaning.none": _status("none"),
    "meaning.determined": _status("determined"),
    "meaning.silent": _status("silent"),
    "differ.weigh-otherwise": lambda result: result.disagreement.differ and not result.disagreement.left_out,
    "decides.scope": lambda result: any(q.kind == "scope" for q in result.unknown),
    "why.worst": lambda result: "worst" in set(strings(msgspec.to_builtins(result.proof))),
    "agenda.waiting": lambda result: any(duty.due is None for duty in result.duties),
    "html.matrix.open": lambda result: any(f.status == "undetermined" for f in result.findings),
    "judged.nobody": lambda result: bool(result.determination and any(not j.asserted_by for j in result.determination.judged)),
    "judged.no-evidence": lambda result: bool(result.determination and any(not j.evidence for j in result.determination.judged)),
}
"""Sentences that name nothing, each with what must be so in the result where it stands."""


class Recorder(Catalogue):
    """A catalogue that remembers what it said, under which id and with which fields."""

    def __init__(self, words: Catalogue) -> None:
        super().__init__(words.language, words.file, words._messages)
        self.said: dict[str, list[tuple[str, dict[str, str]]]] = {}

    def __call__(self, id: str, **fields: Any) -> str:
        text = super().__call__(id, **fields)
        self.said.setdefault(text, []).append((id, {name: str(value) for name, value in fields.items()}))
        return text


def texts(view: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """(field, text) of every text of a view."""
    if isinstance(view, Record):
        for name in view.__struct_fields__:
            yield from texts(getattr(view, name), f"{field}.{name}" if field else name)
    elif isinstance(view, dict):
        for value in view.values():
            yield from texts(value, field)
    elif isinstance(view, str):
        if view.strip() and field.rpartition(".")[2] not in FRAMES:
            yield field, view
    elif isinstance(view, Iterable):
        for item in view:
            yield from texts(item, field)


def strings(plain: Any) -> Iterator[str]:
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield str(key)
            yield from strings(value)
    elif isinstance(plain, list | tuple):
        for item in plain:
            yield from strings(item)
    elif isinstance(plain, str | int | float) and not isinstance(plain, bool):
        yield str(plain)


_KNOWN: dict[tuple[str, str], frozenset[str]] = {}


def _words_of(knowledge: Knowledge, language: str) -> frozenset[str]:
    """Every label and title that the knowledge base has in a language. Rules and citations come from the result."""
    if (knowledge.digest, language) in _KNOWN:
        return _KNOWN[knowledge.digest, language]
    found: set[str] = set()

    def walk(node: Any, depth: int = 0) -> None:
        if isinstance(node, Words):
            found.add(node.in_(language))
        elif isinstance(node, Record) and depth < 6:
            for name in node.__struct_fields__:
                walk(getattr(node, name), depth + 1)
        elif isinstance(node, list | tuple):
            for item in node:
                walk(item, depth + 1)

    for group in (knowledge.facts, knowledge.scales, knowledge.factors, knowledge.actors, knowledge.sources, knowledge.instruments):
        for item in group.values():
            walk(item)
    for cited in (*knowledge.sources.values(), *knowledge.instruments.values()):
        found |= {value for name in cited.__struct_fields__ if isinstance(value := getattr(cited, name), str)}
    _KNOWN[knowledge.digest, language] = frozenset(found - {""})
    return _KNOWN[knowledge.digest, language]


def ungrounded(view: Any, words: Recorder, result: Result, knowledge: Knowledge) -> list[tuple[str, str]]:
    """The texts of a view that nothing is behind."""
    known = _words_of(knowledge, words.language) | set(strings(msgspec.to_builtins(result))) - {""}
    return [(field, text) for field, text in texts(view) if not _grounded(text, words, known, result, 0)]


def _grounded(text: str, words: Recorder, known: frozenset[str] | set[str], result: Result, depth: int) -> bool:
    stripped = text.strip()
    if stripped in known or stripped[:1].lower() + stripped[1:] in known or depth > 12:
        return depth <= 12
    if stripped.startswith("“") and not _without_quotes(stripped, known).strip():
        return True
    said = words.said.get(text, []) or words.said.get(stripped[:1].lower() + stripped[1:], [])
    for id, fields in said:
        if fields and all(not value.strip() or _grounded(value, words, known, result, depth + 1) for value in fields.values()):
            return True
        if not fields and (id not in STANDING or STANDING[id](result)) and (id in STANDING or not _is_sentence(text)):
            return True  # one word for a code of the result, such as its status or colour
    return all(id.split(".")[0] in ASSEMBLED for id, _ in said) and _pieces(stripped, words, known)


def _pieces(text: str, words: Recorder, known: frozenset[str] | set[str]) -> bool:
    """Are these names and values of the case, with nothing between them but the signs of conditions?"""
    signs = [message for id, message in words._messages.items() if id.split(".")[0] in SIGNS or id in MORE_SIGNS]
    pieces = {piece.strip() for message in signs for piece in re.split(r"\{[a-z_]+\}| \| ", message)}
    text = _without_quotes(text, known)
    for part in sorted({p.strip() for p in known if len(p.strip()) > 1} | pieces - {""}, key=len, reverse=True):
        if part in text:
            text = re.sub(rf"\b{re.escape(part)}\b" if part.isascii() and part.isalnum() else re.escape(part), " ", text)
    return not any(c.isalpha() for c in text)


def _without_quotes(text: str, known: frozenset[str] | set[str]) -> str:
    """The text without what a person wrote: it stands in quotes, and in the value of a fact."""
    return re.sub(r"“([^”]*)”", lambda quoted: " " if any(quoted[1] in value for value in known) else quoted[0], text)


def _is_sentence(text: str) -> bool:
    return text.rstrip().endswith((".", "。")) or len(text.split()) > 6


def views(result: Result, knowledge: Knowledge, language: str) -> list[tuple[Any, Recorder]]:
    made = []
    for view in (report, page):
        words = Recorder(catalogue(language))
        made.append((view(result, knowledge, words, with_proof=True), words))
    return made


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_text_of_a_report_has_something_behind_it(kb: Knowledge, path: Path, language: str) -> None:
    result = graded(kb, path)
    for view, words in views(result, kb, language):
        assert len(list(texts(view))) > 20
        assert ungrounded(view, words, result, kb) == []


@pytest.mark.parametrize("text", ["This site is dangerous.", "该场所很危险。", "Rule 99 holds as well"])
def test_a_sentence_from_nowhere_is_found(kb: Knowledge, text: str) -> None:
    result = graded(kb, DEMO)
    words = Recorder(catalogue("en"))
    view = report(result, kb, words, with_proof=False)
    assert ungrounded(replace(view, meaning=text), words, result, kb) == [("meaning", text)]


def test_a_standing_sentence_in_the_wrong_place_is_found(kb: Knowledge) -> None:
    result = graded(kb, DEMO)
    words = Recorder(catalogue("en"))
    view = report(result, kb, words, with_proof=False)
    wrong = words("headline.undetermined")
    assert ungrounded(replace(view, headline=wrong), words, result, kb) == [("headline", wrong)]


def test_a_message_about_a_fact_that_is_not_there_is_found(kb: Knowledge) -> None:
    result = graded(kb, DEMO)
    words = Recorder(catalogue("en"))
    view = report(result, kb, words, with_proof=False)
    wrong = words("differ.left-out", factors="the weather on Mars")
    assert ungrounded(replace(view, differ=wrong), words, result, kb) == [("differ", wrong)]
