"""The small knowledge base in good/, as it is and edited."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import dingji
from dingji.knowledge.model import Knowledge

from .mistakes import GOOD


@pytest.fixture(scope="session")
def good() -> Knowledge:
    return dingji.load(GOOD, cache=False)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Knowledge]:
    """The good base with some texts replaced: (file, old, new) each."""

    def load(*edits: tuple[str, str, str]) -> Knowledge:
        folder = tmp_path / "good"
        shutil.copytree(GOOD, folder)
        for name, old, new in edits:
            text = (folder / name).read_text("utf-8")
            assert text.count(old) == 1, old
            (folder / name).write_text(text.replace(old, new), "utf-8")
        return dingji.load(folder, cache=False)

    return load
