"""What a grade rests on: an assumed rule makes it provisional only where no other way leads to it."""

from __future__ import annotations

from collections.abc import Callable

from dingji.knowledge.model import Knowledge
from knowledge.conftest import edited  # noqa: F401
from knowledge.small import found, graded

LIST = "instruments/list.yaml"
END = "    text: {en: A crack is wider than 20 mm., zh: 裂缝宽于20毫米。}\n"
ASSUMED = (
    END
    + """\
  - id: list.3
    when: not patrol_done
    then: {listed: severe, listed_strictly: severe}
    cite: §9
    confidence: assumed
    note: {en: our reading, zh: 我们的理解}
    text: {en: Not patrolled is severe., zh: 未巡查属严重。}
"""
)
WIDE, NARROW = ("crack_width_mm: 21", "crack_width_mm: 21"), ("crack_width_mm: 21", "crack_width_mm: 20")


def test_a_verified_rule_holds_by_itself(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    knowledge = edited((LIST, END, ASSUMED))
    both = graded(knowledge, WIDE)
    assert found(both)["pond.list"] == ("severe", "determined")
    finding = both.finding("pond.list")
    assert finding is not None
    assert set(finding.fired) == {"list.2", "list.3"}, "both are shown"
    assert finding.rests_on == ()


def test_an_assumed_rule_alone_makes_it_provisional(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    finding = graded(edited((LIST, END, ASSUMED)), NARROW).finding("pond.list")
    assert finding is not None
    assert (finding.grade, finding.status, finding.rests_on) == ("severe", "provisional", ("list.3",))


def test_weakness_comes_up_from_what_a_rule_reads(edited: Callable[..., Knowledge]) -> None:  # noqa: F811
    """A verified row that reads a score which only an assumed row gives is no way free of assumptions."""
    row = "      - {id: p10.score.3, when: crack_width_mm >= 10, then: 3, cite: §2.1, confidence: stated}\n"
    knowledge = edited(
        ("instruments/pond-2010.yaml", row, row.replace("confidence: stated", "confidence: assumed, note: {en: ours, zh: 我们的}"))
    )
    wet = ("water_level_m: 8.5", "water_level_m: 7")
    finding = graded(knowledge, wet).finding("pond.2010")
    assert finding is not None
    assert (finding.status, finding.rests_on) == ("provisional", ("p10.score.3",))
