"""Problems in the Static Analysis Results Interchange Format (SARIF 2.1.0), which code hosts show beside the lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dingji.errors import Problem
from dingji.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(problems: Iterable[Problem]) -> dict[str, Any]:
    """One run with one result for each problem."""
    found = list(problems)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "dingji",
                        "version": __version__,
                        "rules": [{"id": code} for code in sorted({p.code for p in found})],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(p) for p in found],
            }
        ],
    }


def _result(problem: Problem) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": problem.file.replace("\\", "/").replace(" ", "%20")}}
    if problem.line:
        location["region"] = {"startLine": problem.line, "startColumn": max(problem.column, 1)}
    return {
        "ruleId": problem.code,
        "level": "error",
        "message": {"text": problem.message + (f"; {problem.hint}" if problem.hint else "")},
        "locations": [{"physicalLocation": location}],
    }
