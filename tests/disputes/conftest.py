"""The small knowledge base for all tests of disputes."""

from __future__ import annotations

import pytest

from dingji.knowledge.model import Knowledge

from .ponds import small


@pytest.fixture
def good() -> Knowledge:
    return small()
