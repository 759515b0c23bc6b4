"""The code for ponds, which has a fact of every type, and a mapping file over it."""

from __future__ import annotations

import pytest

import dingji
from dingji.knowledge.model import Knowledge
from knowledge.mistakes import GOOD


@pytest.fixture(scope="session")
def ponds(own_cache: object) -> Knowledge:
    return dingji.load(GOOD, cache=False)
