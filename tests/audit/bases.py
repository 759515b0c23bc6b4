"""Records of the small base, and changed copies of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import dingji
from dingji.audit.chain import append
from dingji.audit.model import Options
from dingji.audit.record import Recorder
from knowledge.small import CASE

from .samples import GOOD, TIME


def changed_case(*changes: tuple[str, str]) -> str:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def base_with(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """A copy of the small base with some edits: (file, old, new)."""
    shutil.copytree(GOOD, folder)
    for file, old, new in changes:
        path = folder / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), "utf-8")
    return folder


def recorded(folder: Path, *texts: str, base: Path = GOOD) -> Path:
    """A chain with a record of each case."""
    loaded = dingji.load(base)
    recorder = Recorder(loaded, base)
    for text in texts:
        case = dingji.parse_case(text)
        append(folder, recorder.record(case, dingji.grade(loaded, case), options=Options(), by="Li Wei", time=TIME))
    return folder


CODE = "instruments/pond-2010.yaml"
MORE_PEOPLE = (CODE, "when: people_below >= 100", "when: people_below >= 200")
"""The pond has 100 people below: with this edit it is not raised any more from orange to red."""
GATE = """\
  gate_painted:
    type: bool
    nature: observed
    label: {en: gate, zh: 闸门}
    question: {en: Painted?, zh: 是否油漆？}
  subject:
"""
"""A fact that no rule reads, put before the subject in the vocabulary."""
