"""A case of the small knowledge base in good/, graded."""

from __future__ import annotations

from typing import Any

import dingji
from dingji.inference.run import run
from dingji.knowledge.model import Knowledge
from dingji.methods.model import Result

CASE = """
case: pond
subject: hazard
as_of: 2015-06-01
scope: {region: north}
facts:
  crest_level_m: 10
  water_level_m: 8.5
  people_below: 100
  crack_width_mm: 21
  patrol_done: false
  cracks: []
  found_on: 2015-05-30
"""


def graded(knowledge: Knowledge, *changes: tuple[str, str], **options: Any) -> Result:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return dingji.grade(knowledge, dingji.parse_case(text), **options)


def facts_of(knowledge: Knowledge, *changes: tuple[str, str]) -> dict[str, Any]:
    text = CASE
    for old, new in changes:
        text = text.replace(old, new)
    case = dingji.parse_case(text).check(knowledge)
    return run(knowledge, case.facts(), case.as_of).evaluation.facts


def found(result: Result) -> dict[str, tuple[str | None, str]]:
    return {f.instrument: (f.grade, f.status) for f in result.findings}
