"""Pages in a real browser, on a phone (360 pixels) and on a desk (1280), in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dingji.knowledge.model import Knowledge

from ..samples import DEMO, LANGUAGES
from .browser import HEIGHT, looked_at, size_of
from .pages import LS, TRADE, text_of

WIDTHS = (360, 1280)
CASES = {"demo": DEMO, "hazard": TRADE, "matrix": LS}
SHOWN = [(case, language, width) for case in CASES for language in LANGUAGES for width in WIDTHS]
KEYS = {
    ("demo", "en"): ("Level II", "provisional", "Asset life-cycle risk model of the State Grid", "this case", "safety department"),
    ("demo", "zh"): ("二级", "暂定", "国家电网资产全寿命周期风险评估模型", "本案例", "国家电网公司安全事故调查规程"),
    ("hazard", "en"): ("major accident hazard", "determined", "county_inspector_liu"),
    ("hazard", "zh"): ("重大事故隐患", "已确定", "钢芯钢丝绳"),
    ("matrix", "en"): ("major risk", "this case"),
    ("matrix", "zh"): ("重大风险", "风险矩阵"),
}
Looks = tuple[dict[tuple[str, int], dict[str, Any]], Path]


@pytest.fixture(scope="module")
def looks(kb: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Looks:
    pages = {(f"{case}.{language}", width): text_of(kb, CASES[case], language) for case, language, width in SHOWN}  # type: ignore[arg-type]
    return looked_at(pages, tmp_path_factory.mktemp("browser"))


@pytest.mark.parametrize(("case", "language", "width"), SHOWN)
def test_a_page_is_no_wider_than_the_screen(case: str, language: str, width: int, looks: Looks) -> None:
    look = looks[0][f"{case}.{language}", width]
    assert look["scroll"] == width
    assert look["out"] == []


@pytest.mark.parametrize(("case", "language", "width"), SHOWN)
def test_the_grade_stands_on_the_first_screen(case: str, language: str, width: int, looks: Looks) -> None:
    look = looks[0][f"{case}.{language}", width]
    assert 0 < look["top"] < look["bottom"] < 740  # the height of a small phone's window
    assert look["font"] == "16px"


@pytest.mark.parametrize(("case", "language", "width"), SHOWN)
def test_the_text_is_there(case: str, language: str, width: int, looks: Looks) -> None:
    text = looks[0][f"{case}.{language}", width]["text"]
    assert [key for key in KEYS[case, language] if key.lower() not in text.lower()] == []


def test_the_script_may_run(looks: Looks) -> None:
    # its hash stands in the page's policy: a changed script would be refused
    assert {look["scripted"] for look in looks[0].values()} == {True}


def test_a_picture_is_taken(looks: Looks) -> None:
    picture = looks[1]
    assert size_of(picture) == (sum(width for *_, width in SHOWN), HEIGHT)
    assert picture.stat().st_size > 100_000  # an empty page takes a few thousand
