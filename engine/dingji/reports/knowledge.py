"""Entries of the knowledge base, and what changed between two bases, in lines of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dingji.reports.messages import Catalogue
from dingji.reports.problems import translator

if TYPE_CHECKING:
    from dingji.analysis.difference import Change, Outcome, Regraded

CODED = ("method", "nature", "confidence")
"""Keys whose value is a code that the reports have words for."""


def entry_lines(entry: Mapping[str, Any], words: Catalogue) -> list[str]:
    """An entry as `kb show` has it: a line for each key that says something, lists below their key."""
    lines = []
    for key, value in entry.items():
        if value in ("", None, []):
            continue
        head = words("kb.key", name=words.choice("kb-key", key.replace(" ", "-")))
        if isinstance(value, list):
            lines += [head.rstrip(), *(f"  {item}" for item in value)]
        else:
            lines.append(head + _said(key, value, words))
    return lines


def _said(key: str, value: Any, words: Catalogue) -> str:
    if key in CODED:
        return words.choice(key, value)
    return translator(words.language).text(value) if key == "type" else str(value)


def change_lines(changes: Sequence[Change], words: Catalogue) -> list[str]:
    """What `kb diff` found: an entry a line, below it what of it differs; at the end how many."""
    lines = []
    for found in changes:
        what = words.choice("kb-kind", found.kind)
        lines.append(words.choice("kb-change", found.change, kind=what, name=found.id, place=found.place))
        lines += [_part(words.choice("kb-part", part), before, after, words) for part, before, after in found.parts]
    return [*lines, words("kb.changes", n=len(changes)) if changes else words("kb.same")]


def case_lines(cases: Sequence[Regraded], words: Catalogue) -> list[str]:
    """The cases that are graded otherwise, and how many."""
    lines = []
    for case in cases:
        lines.append(words("kb.case", name=case.case))
        for part, before, after in case.parts:
            named = words.choice("kb-outcome", part) if part in ("determination", "error") else part
            lines.append(_part(named, _outcome(before, words), _outcome(after, words), words))
    return [*lines, words("kb.cases", n=len(cases))]


def _outcome(found: Outcome | None, words: Catalogue) -> str:
    if found is None:
        return "-"
    if found.error:
        return translator(words.language).text(found.error)
    return words("kb.outcome", grades=words.listed(found.grades, "or"), status=words.choice("status", found.status))


def _part(name: str, before: str, after: str, words: Catalogue) -> str:
    return "  " + words("kb.key", name=name) + f"{before}  ->  {after}"
