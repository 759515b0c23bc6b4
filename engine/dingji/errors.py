"""Problems and the errors that carry them.

A problem is one line a person can act on: where, what is wrong, what right looks like. Readers collect every problem of
a file before they raise, so that an author sees all of them in one run. The exit code stands on the error class.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from dingji.records import Record


class Problem(Record, order=True, frozen=True):
    """One mistake in one place.

    `line` and `column` count from 1; 0 means that the problem concerns the whole file. `code` is stable: `K` knowledge,
    `C` case, `D` dispute, `E` expression (inside any), `T` template, `X` evaluation. `hint` says what right looks like.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: error[{self.code}]: {self.reason}"

    @property
    def reason(self) -> str:
        """What is wrong, and what right looks like."""
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def to_dict(self) -> dict[str, str | int]:
        """The problem as plain data, for JSON output."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


class DingjiError(Exception):
    """Base of every error that dingji raises on purpose; `exit_code` is what the command line ends with."""

    exit_code = 5

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        found = [Problem("dingji", 0, 0, "X001", problems)] if isinstance(problems, str) else sorted(set(problems))
        self.problems: tuple[Problem, ...] = tuple(found)
        super().__init__("\n".join(map(str, self.problems)))


class RequestError(DingjiError):
    """What was asked for can't be done as it was asked: a server that is not there, a table that has another name or is taken."""

    exit_code = 2


class KnowledgeError(DingjiError):
    """The knowledge base is invalid, or two of its rules contradict each other on a case."""

    exit_code = 3


class CaseError(DingjiError):
    """The case file is invalid, or asks for something no instrument covers."""

    exit_code = 4


class EvaluationError(DingjiError):
    """The evaluators disagree, or the engine failed: never a grade."""

    exit_code = 5


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint that names the closest valid spellings of `name`, or an empty string if nothing is close."""
    close = difflib.get_close_matches(name, list(valid), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(repr(c) for c in close)}?" if close else ""
