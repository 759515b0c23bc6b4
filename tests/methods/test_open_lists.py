"""A list with an open field is asked for like a fact that nobody stated."""

from __future__ import annotations

from dingji.knowledge.model import Knowledge
from knowledge.conftest import good  # noqa: F401
from knowledge.small import graded


def test_an_item_with_an_unknown_field_is_asked_for(good: Knowledge) -> None:  # noqa: F811
    # the freeboard is wide enough, so that a wet crack decides between the grades
    dry, low = ("crack_width_mm: 21", "crack_width_mm: 2"), ("water_level_m: 8.5", "water_level_m: 7")
    closed = graded(good, dry, low, ("cracks: []", "cracks: [{width_mm: 3, wet: false}]"))
    assert "cracks" not in {q.fact for q in closed.unknown}
    opened = graded(good, dry, low, ("cracks: []", "cracks: [{width_mm: 3}]"))
    assert "cracks" in {q.fact for q in opened.unknown}
