"""Values in the reader's form."""

from __future__ import annotations

import pytest

from dingji.knowledge.model import Knowledge
from dingji.reports.messages import catalogue
from dingji.reports.values import Speech


@pytest.fixture(scope="module")
def en(kb: Knowledge) -> Speech:
    return Speech(kb, catalogue("en"))


@pytest.fixture(scope="module")
def zh(kb: Knowledge) -> Speech:
    return Speech(kb, catalogue("zh"))


@pytest.mark.parametrize(
    ("yuan", "chinese", "english"),
    [
        ("150000", "15万元", "150,000 yuan"),
        ("10000", "1万元", "10,000 yuan"),
        ("9999", "9999元", "9999 yuan"),
        ("9999.5", "9999.5元", "9999.5 yuan"),
        ("100000000", "1亿元", "100,000,000 yuan"),
        ("123450000", "1.2345亿元", "123,450,000 yuan"),
        ("123456789", "12345.6789万元", "123,456,789 yuan"),  # nothing is rounded away
        ("12345.67", "12345.67元", "12,345.67 yuan"),
        ("0", "0元", "0 yuan"),
        ("1E+6", "100万元", "1,000,000 yuan"),
    ],
)
def test_money(yuan: str, chinese: str, english: str, zh: Speech, en: Speech) -> None:
    assert zh.measured(yuan, "cny") == chinese
    assert en.measured(yuan, "cny") == english


@pytest.mark.parametrize(
    ("text", "unit", "chinese", "english"),
    [
        ("5", "persons", "5人", "5 persons"),
        ("1", "persons", "1人", "1 person"),
        ("500", "kV", "500千伏", "500 kV"),
        ("0.50", "", "0.5", "0.5"),
        ("16", "", "16", "16"),
        ("30", "%", "30%", "30%"),
        ("20", "furlongs", "20 furlongs", "20 furlongs"),  # a unit that no catalogue knows
        ("3..9", "persons", "3至9人", "3 to 9 persons"),
        ("3 .. 9", "persons", "3至9人", "3 to 9 persons"),
        ("3..", "persons", "3人及以上", "3 persons or more"),
        ("..9", "persons", "9人及以下", "9 persons or less"),
        (".. .. 9", "persons", "9人及以下", "9 persons or less"),
        ("8 | 12 | 16", "", "8、12或16", "8, 12 or 16"),
        ("150000..2000000", "cny", "15万元至200万元", "150,000 yuan to 2,000,000 yuan"),
        ("-12500.25", "m", "-12500.25米", "-12,500.25 m"),
    ],
)
def test_numbers_with_units(text: str, unit: str, chinese: str, english: str, zh: Speech, en: Speech) -> None:
    assert zh.number(text, unit) == chinese
    assert en.number(text, unit) == english


def test_days(zh: Speech, en: Speech) -> None:
    assert zh.date("2014-07-05") == "2014年7月5日"
    assert en.date("2014-07-05") == "2014-07-05"
    assert zh.date("2014") == "2014"


def test_grades_are_told_by_their_labels(zh: Speech, en: Speech) -> None:
    assert en.grade("hazard-level", "II") == "Level II"
    assert zh.grade("hazard-level", "II") == "二级"
    assert zh.grades("hazard-level", ("I", "II")) == "一级或二级"
    assert en.grades("hazard-level", ("I", "II", "III")) == "Level I to Level III"
    assert en.grades("hazard-level", ("I", "III", "IV")) == "Level I, Level III or Level IV"  # no run
    assert en.grade("hazard-level", "V") == "V"


def test_facts_are_told_by_what_the_vocabulary_says_of_them(zh: Speech, en: Speech) -> None:
    assert zh.fact("power_safety_event", "false") == "否"
    assert en.fact("power_safety_event", "true") == "yes"
    assert zh.fact("potential_deaths", "5") == "5人"
    assert zh.fact("found_on", "2014-07-15") == "2014年7月15日"
    assert en.fact("risk_level", "major") == "major risk"
    assert en.fact("risk_level@hazard-level", "II") == "Level II"
    assert en.fact("grid_event_level", "level-7..level-5") == "level 7 to level 5"
    assert en.fact("potential_deaths", None) == "unknown"
    assert en.fact("potential_deaths", "unknown") == "unknown"
    assert en.fact("nobody_declared_it", "x") == "x"


def test_a_list_is_told_item_by_item(zh: Speech, en: Speech) -> None:
    one = "[kind forced_outage, voltage_kv 500, load_cut_mw 20]"
    assert "500 kV" in en.fact("grid_events", one)
    assert "500千伏" in zh.fact("grid_events", one)
    assert "forced_outage" not in zh.fact("grid_events", one)
    assert en.fact("grid_events", "[]") == "none"
    assert en.fact("grid_events", "[voltage_kv 220; voltage_kv 500] and perhaps more").endswith("220 kV; voltage: 500 kV; perhaps more")


def test_a_choice_is_told_by_its_label(kb: Knowledge, zh: Speech) -> None:
    labels = dict(kb.facts["discipline"].values)
    assert zh.fact("discipline", "transmission") == labels["transmission"].zh
    first, second = list(labels)[:2]
    assert zh.fact("discipline", f"{first} | {second}") == f"{labels[first].zh}或{labels[second].zh}"
