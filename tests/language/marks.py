"""Expressions with a mark where an error must be reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dingji.language.parser import ExpressionError

MARK = "‸"


def place(marked: str) -> tuple[str, int]:
    """The expression without its mark, and where the mark stood (in characters, from 0)."""
    assert marked.count(MARK) == 1
    return marked.replace(MARK, ""), marked.index(MARK)


def refused(marked: str, code: str, read: Callable[[str], Any]) -> ExpressionError:
    """The error with which `read` refuses the expression: of this code, at the mark."""
    source, at = place(marked)
    with pytest.raises(ExpressionError) as caught:
        read(source)
    error = caught.value
    assert (error.code, error.at) == (code, at), f"{error.code} at {error.at}: {error.message}"
    return error
