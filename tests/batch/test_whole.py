"""Cases of some files drawn at random, by statement and one by one; `python tests/batch/whole.py` takes all there are."""

from __future__ import annotations

import random
from typing import Any

import pytest

from batch import whole
from dingji.batch.engine import Engine
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge

FILES, PLANS, LONGEST = 12, 10, 60_000


def drawn(kb: Knowledge, seed: int) -> list[list[Any]]:
    """The cases of a few plans, from files of every kind."""
    draw = random.Random(seed)
    files = sorted(file for file in bundled("cases").rglob("*.yaml") if file.stat().st_size < LONGEST and "disputes" not in file.parts)
    groups = whole.cases_by_plan(kb, draw.sample(files, FILES))
    return draw.sample(groups, min(PLANS, len(groups)))


def test_statements_say_what_the_single_case_path_says(kb: Knowledge) -> None:
    groups = drawn(kb, seed=9)
    found = [whole.outcome(kb, cases) for cases in groups]
    assert [line for one in found for line in one.differences] == []
    assert len(found) == PLANS
    # it says nothing if all is left to the single-case path
    assert sum(one.doubtful for one in found) < sum(one.rows for one in found) / 2


def test_a_wrong_statement_is_noticed(kb: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Engine._statement

    def wrong(self: Engine, *arguments: Any) -> str:
        return f"SELECT * REPLACE ('silent' AS status) FROM ({honest(self, *arguments)})"

    [cases, *_] = whole.cases_by_plan(kb, [bundled("cases") / "enterprises/transport-1000.yaml"])
    assert whole.outcome(kb, cases).differences == ()
    monkeypatch.setattr(Engine, "_statement", wrong)
    assert len(whole.outcome(kb, cases).differences) > 5
