"""Amounts in the reader's form in every report of one case: 15.6万元 and 2.5亿元, never 156000 or 250,000,000."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

import dingji
from cli.test_commands import dingji as command
from dingji.cases.writer import scalar
from dingji.knowledge.model import Knowledge
from dingji.reasoning.interview import Interview
from dingji.reports.ask import Asker

from .samples import ROOT

SOURCE = ROOT / "cases" / "power-grid" / "photovoltaic-deaths-unknown.yaml"
AMOUNTS = {"156000": "15.6万元", "250000000": "2.5亿元"}
REPORTS = {
    "text": ("grade", "--detail", "full"),
    "html": ("grade", "--detail", "full", "--format", "html"),
    "why": ("why", "--fact", "f4_loss"),
    "why-not": ("why-not", "--rule", "alcr.f4.2"),
    "what-if": ("what-if",),
}


@pytest.fixture
def stated(tmp_path: Path) -> Path:
    return tmp_path / "case.yaml"


def run(report: str, case: Path, amount: str, *more: str) -> str:
    text = SOURCE.read_text("utf-8")
    assert text.count("  direct_loss_cny: 150000\n") == 1
    case.write_text(text.replace("  direct_loss_cny: 150000\n", f"  direct_loss_cny: {amount}\n"), "utf-8")
    name, *options = REPORTS[report]
    done = command(name, case, *options, *more, "--lang", "zh")
    assert done.returncode == 0, done.stderr
    return "".join(html.unescape(re.sub("<[^>]*>", "", done.stdout)).split())


@pytest.mark.parametrize("amount", AMOUNTS)
@pytest.mark.parametrize("report", ["text", "html", "why", "why-not"])
def test_a_stated_amount(report: str, amount: str, stated: Path) -> None:
    said = run(report, stated, amount)
    assert AMOUNTS[amount] in said
    assert amount not in said
    assert f"{int(amount):,}" not in said


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_changed_amount(amount: str, stated: Path) -> None:
    said = run("what-if", stated, "999999", "--set", f"direct_loss_cny={amount}")
    assert AMOUNTS[amount] in said and "99.9999万元" in said
    assert amount not in said


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_in_the_interview(amount: str, kb: Knowledge) -> None:
    text = SOURCE.read_text("utf-8").replace("  direct_loss_cny: 150000\n", "")
    interview = Interview(kb, dingji.parse_case(text).check(kb))
    asker = Asker(interview, "zh")
    # the edges of F4: 1 million (the paper's example), 10, 50 and 100 million yuan (Order 493)
    assert "100万元" in asker.why(interview.reason("direct_loss_cny"))
    interview.answer("direct_loss_cny", scalar(amount))
    assert AMOUNTS[amount] in asker.noted("direct_loss_cny")
