"""dingji (定级): an expert system that grades safety hazards and shows how each grade was reached.

>>> import dingji
>>> kb = dingji.load()                                    # doctest: +SKIP
>>> result = dingji.grade(kb, dingji.read_case("case.yaml"))  # doctest: +SKIP
>>> result.determination.grade                             # doctest: +SKIP
'II'
"""

from __future__ import annotations

from dingji.cases.reader import CaseFile, parse_case, read_case, read_cases
from dingji.errors import CaseError, DingjiError, EvaluationError, KnowledgeError, Problem
from dingji.grading import grade, load
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result
from dingji.version import __version__

__all__ = [
    "CaseError",
    "CaseFile",
    "DingjiError",
    "EvaluationError",
    "Knowledge",
    "KnowledgeError",
    "Problem",
    "Result",
    "__version__",
    "grade",
    "load",
    "parse_case",
    "read_case",
    "read_cases",
]
