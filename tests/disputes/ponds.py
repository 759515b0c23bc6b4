"""A dispute over a pond of the small knowledge base in tests/knowledge/good, and pieces of it."""

from __future__ import annotations

from functools import cache

import dingji
from dingji.disputes.model import Dispute
from dingji.disputes.reader import parse_dispute
from dingji.knowledge.model import Knowledge
from knowledge.mistakes import GOOD

CASE = """\
case:
  case: pond
  subject: hazard
  as_of: 2015-06-01
  scope: {region: north}
  facts: {crest_level_m: 10, water_level_m: 8.5, people_below: 100, crack_width_mm: 5, patrol_done: true, cracks: [], found_on: 2015-05-30}
"""
# The freeboard is 1.5 m: orange by the code of 2010, one worse with 100 people below: red. The list finds a crack wider than 20 mm
# severe (orange), an unpatrolled pond slight (yellow). The worst of code and list stands.
SOUND = f"""\
dispute: upper-pond
title: {{en: The upper pond, zh: 上水库}}
{CASE}parties:
  owner:
    name: {{en: the owner, zh: 业主}}
    claims: {{scale: pond, grade: orange}}
    facts:
      people_below: {{value: 60, evidence: [register of 2014]}}
      warden: nobody
    relies_on: {{finding: [pond.2010]}}
    arguments:
      - {{rule: p10.people, says: {{en: fewer than a hundred live below, zh: 下游不足百人}}}}
  board:
    name: {{en: the pond board, zh: 水库局}}
    role: {{en: supervisor, zh: 监管单位}}
    claims: {{scale: pond, grade: red}}
    facts:
      patrol_done: false
panel:
  - {{member: ann, name: {{en: Ann, zh: 安}}, chairs: true}}
  - {{member: ben, name: {{en: Ben, zh: 本}}}}
"""


@cache
def small() -> Knowledge:
    """The knowledge base of ponds, loaded once."""
    return dingji.load(GOOD, cache=False)


def dispute(knowledge: Knowledge, text: str = SOUND) -> Dispute:
    return parse_dispute(text, "pond.yaml").check(knowledge)


def between(first: str, second: str, case: str = CASE) -> str:
    """The text of a dispute between two parties, of whom only these keys are said."""
    text = f"dispute: d\n{case}parties:\n"
    for name, grade, said in (("one", "clear", first), ("two", "red", second)):
        text += f"  {name}:\n    name: {{en: {name}, zh: 方}}\n    claims: {{scale: pond, grade: {grade}}}\n"
        text += "".join(f"    {line}\n" for line in said.splitlines())
    return text
