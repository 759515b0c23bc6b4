"""Whole reports of the demo, read by people. `DINGJI_UPDATE_GOLDEN=1 pytest tests/reports/test_report_golden.py` writes them anew.

Read the difference before it is committed: these files are what users see.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dingji.knowledge.model import Knowledge
from dingji.records import replace
from dingji.reports import Detail, Form, Language, render

from .samples import DEMO, UNDETERMINED, graded

GOLDEN = Path(__file__).parent / "golden"
REPORTS: list[tuple[str, Path, Form, Language, Detail]] = [
    ("brief.en.txt", DEMO, "text", "en", "brief"),
    ("brief.zh.txt", DEMO, "text", "zh", "brief"),
    ("undetermined.zh.txt", UNDETERMINED, "text", "zh", "brief"),
    ("panel.en.txt", DEMO, "text", "en", "panel"),
    ("panel.zh.txt", DEMO, "text", "zh", "panel"),
    ("full.zh.txt", DEMO, "text", "zh", "full"),
    ("full.en.md", DEMO, "markdown", "en", "full"),
]


@pytest.mark.parametrize(("name", "path", "form", "language", "detail"), REPORTS, ids=[r[0] for r in REPORTS])
def test_the_report_is_as_read(name: str, path: Path, form: Form, language: Language, detail: Detail, kb: Knowledge) -> None:
    # what differs from one machine or state of the knowledge to the next has no place in a file that people read
    result = replace(
        graded(kb, path), knowledge_version="0.0.0", knowledge_digest="0" * 64, evaluators=("reference", "durable-rules"), without=""
    )
    page = render(result, kb, form=form, language=language, detail=detail)
    if os.environ.get("DINGJI_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_text(page, "utf-8")
    assert page == (GOLDEN / name).read_text("utf-8")
