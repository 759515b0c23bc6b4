"""Errors in the reader's language.

The engine reports a problem in English, where it finds it; `templates/messages/zh/errors/*.yaml` says each text in Chinese:

    "the scale {1} has no grade {2}": 量表{1}没有{2}这一级

A problem that is to be shown is looked up by its text; what stands in the gaps is looked up in turn ("a list", "did you mean
...?") and else left as it is. What no catalogue knows stays English, as do codes, names, paths, and JSON.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from dingji.errors import Problem
from dingji.knowledge import bundled
from dingji.records import Record, replace
from dingji.reports.messages import Catalogue, read_messages

GAP = re.compile(r"\{(\d)\}")
LEAD = re.compile(r"\w.*: \{\d\}")
MOST_LETTERS = 2_000
"""Longer texts are not matched with gaps: nobody reads them, and a search for the gaps could take long."""
_DEEPEST = 3


class Pattern(Record, frozen=True):
    """A text with gaps, and what it is in the other language."""

    expression: re.Pattern[str]
    text: str


class Translator:
    """The texts of problems in one language."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._whole = {key: text for key, text in texts.items() if not GAP.search(key)}
        gapped = [key for key in texts if key not in self._whole]
        # first what leads into another text (`column {1}: {2}`), which may say anything; else the text that says most by itself is meant
        gapped.sort(key=lambda key: (LEAD.fullmatch(key) is None, -len(GAP.sub("", key)), key))
        self._patterns = [(GAP.sub("", key), Pattern(_expression(key), texts[key])) for key in gapped]

    def text(self, text: str, depth: int = 0) -> str:
        """A text in the other language; as it is if no catalogue knows it."""
        if text in self._whole:
            return self._whole[text]
        if depth >= _DEEPEST or len(text) > MOST_LETTERS:
            return text
        for said, pattern in self._patterns:
            match = pattern.expression.fullmatch(text) if len(text) >= len(said) else None
            if match is not None:
                return _filled(pattern.text, [self.text(gap, depth + 1) for gap in match.groups()])
        return text

    def problem(self, problem: Problem) -> Problem:
        """A problem with message and hint in the other language."""
        return replace(problem, message=self.text(problem.message), hint=self.text(problem.hint) if problem.hint else "")


def _filled(text: str, gaps: list[str]) -> str:
    return GAP.sub(lambda gap: gaps[int(gap[1]) - 1], text)


def _expression(key: str) -> re.Pattern[str]:
    """The text as an expression; each gap takes as little as it can."""
    pieces = GAP.split(key)[::2]
    return re.compile("(.*?)".join(map(re.escape, pieces)), re.DOTALL)


def shown(problem: Problem, language: str, templates: Path | None = None) -> str:
    """A problem as a line in the language of its reader."""
    if language == "en":
        return str(problem)
    told = translator(language, templates).problem(problem)
    place = f"{told.file}:{told.line}:{told.column}" if told.line else told.file
    tail = f"；{told.hint}" if told.hint else ""
    return f"{place}: 错误[{told.code}]：{told.message}{tail}"


def reason(problem: Problem, language: str) -> str:
    """What is wrong and what right looks like, in the language of its reader, without the place."""
    if language == "en":
        return problem.reason
    found = translator(language).problem(problem)
    return "；".join(filter(None, (found.message, found.hint)))


def told(problem: Problem, words: Catalogue, templates: Path | None = None) -> str:
    """A problem as a dialogue tells it: what is wrong and how to mend it, without the place."""
    if words.language != "en":
        problem = translator(words.language, templates).problem(problem)
    return f"{words('list.semicolon').join(filter(None, (problem.message, problem.hint)))} [{problem.code}]"


def translator(language: str, templates: Path | None = None) -> Translator:
    """The texts of problems in a language; those of the user's folder replace ours. English needs none."""
    place = Path("messages") / language / "errors"
    folders = [bundled("templates") / place, *([templates / place] if templates is not None else [])]
    return _translator(tuple((path, path.stat().st_mtime_ns) for folder in folders for path in sorted(folder.glob("*.yaml"))))


@lru_cache(maxsize=4)
def _translator(files: tuple[tuple[Path, int], ...]) -> Translator:
    texts: dict[str, str] = {}
    for path, changed in files:
        texts.update(read_messages(path, changed))
    return Translator(texts)
