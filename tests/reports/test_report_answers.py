"""What people type, in English and Chinese, and what a case file then says."""

from __future__ import annotations

import datetime as dt

import pytest

import dingji
from conftest import ROOT
from dingji.cases.writer import flow
from dingji.knowledge.model import Knowledge
from dingji.reports.answers import Listener


@pytest.fixture(scope="module")
def pond() -> Listener:
    return Listener(dingji.load(ROOT / "tests" / "knowledge" / "good", cache=False))


@pytest.mark.parametrize(
    ("fact", "typed", "written"),
    [
        ("patrol_done", "Yes", "true"),
        ("patrol_done", "否。", "false"),
        ("patrol_done", "没有", "false"),
        ("patrol_done", "maybe", "maybe"),
        ("region", "2", "south"),
        ("region", "NORTH", "north"),
        ("region", "南区", "south"),
        ("region", "3", "3"),  # left for the check of case files to refuse
        ("people_below", "1,500 people", "1500 people"),
        ("people_below", "1,500 persons", "1500"),
        ("people_below", "1 person", "1"),
        ("people_below", "１５人", "15"),
        ("people_below", "+5", "5"),
        ("people_below", "1,50", '"1,50"'),
        ("people_below", "3..10", "{at_least: 3, at_most: 10}"),
        ("people_below", "≥ 3人", "{at_least: 3}"),
        ("people_below", "..10", "{at_most: 10}"),
        ("people_below", "..", '".."'),
        ("water_level_m", "8.50m", "8.50"),
        ("water_level_m", "-2 米", "-2"),
        ("water_level_m", "8 km", "8 km"),
        ("found_on", "2024年7月5日", "2024-07-05"),
        ("found_on", "2024/7/5", "2024-07-05"),
        ("found_on", "July", "July"),
        ("found_on", "今天", dt.date.today().isoformat()),
        ("warden", "Li Wei: deputy", '"Li Wei: deputy"'),
        ("warden", "“返回”", '"返回"'),
        ("warden", '"', '"\\""'),
        ("cracks", "none", "[]"),
        ("cracks", "two", "two"),
    ],
)
def test_an_answer_becomes_a_value(pond: Listener, fact: str, typed: str, written: str) -> None:
    assert flow(pond.node(typed, pond.knowledge.facts[fact])) == written


@pytest.mark.parametrize(
    ("typed", "written"),
    [("150000", "150000"), ("15万", "150000"), ("15.5万元", "155000"), ("1.2亿元", "120000000"), ("3,000 yuan", "3000"), ("3元", "3")],
)
def test_amounts_of_money_as_chinese_counts_them(kb: Knowledge, typed: str, written: str) -> None:
    assert flow(Listener(kb).node(typed, kb.facts["direct_loss_cny"])) == written


def test_a_checklist_is_picked_at_once(kb: Knowledge) -> None:
    listener, fact = Listener(kb), kb.facts["treatment_plan_items"]
    ids = [name for name, _ in fact.fields[0].values]
    label = fact.fields[0].values[2][1].zh
    assert flow(listener.node(f"1、2，{label}", fact)) == "[" + ", ".join(f"{{item: {name}}}" for name in ids[:3]) + "]"
    assert flow(listener.node("无", fact)) == "[]"
    assert flow(listener.node("2 2", fact)) == f"[{{item: {ids[1]}}}]"


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("?", "why"),
        ("？", "why"),
        ("为什么", "why"),
        ("don’t know", "unknown"),
        ("不知道。", "unknown"),
        ("BACK", "back"),
        ("上一题", "back"),
        ("退出", "save"),
        ("quit", "save"),
        ("no", None),
        ("backwards", None),
    ],
)
def test_commands_in_both_languages(pond: Listener, typed: str, command: str | None) -> None:
    assert pond.command(typed) == command
