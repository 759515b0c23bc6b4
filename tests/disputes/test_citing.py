"""What a party may name: rules that a profile puts in the place of others; and grades in lists are named, never numbered."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

import dingji
from cli.test_commands import dingji as command
from conftest import ROOT
from dingji.cases.folder import dispute_files
from dingji.disputes.model import Dispute
from dingji.disputes.reader import read_dispute
from dingji.disputes.settlement import Settlement, plain
from dingji.knowledge.model import Knowledge, Words
from dingji.language.values import Partial, Records
from dingji.methods.model import Condition, FactProof
from dingji.methods.proof import shown_value
from dingji.records import replace
from dingji.reports.dispute import render_dispute
from knowledge.mistakes import GOOD

from .ponds import between, dispute

CITES = "relies_on: {profiles: [waves]}\narguments: [{rule: waves.base.red, says: {en: waves, zh: 浪}}]"


def test_a_rule_of_a_profile_can_be_cited(good: Knowledge) -> None:
    found = dispute(good, between(CITES, ""))
    assert [a.name for a in found.parties[0].arguments] == ["waves.base.red"]
    made = render_dispute(Settlement(found, good), form="text", language="en")
    assert "It refers to waves.base.red (The grade follows the freeboard." in made


def test_a_condition_of_a_profile_can_be_read_otherwise(good: Knowledge) -> None:
    """1.5 m less the waves: 1.0 m, clear, one worse with the people: yellow. Read as if it were below 1 m: red, and it stays red."""
    case = "relies_on: {profiles: [waves]}"
    settlement = Settlement(dispute(good, between(f"{case}\nreadings: {{waves.base.red: met, waves.base.clear: not_met}}", case)), good)
    outcomes = {tuple(choice.values()): o.grades for choice, o in settlement.rows()}
    assert (outcomes[0, 0], outcomes[1, 1]) == (("red",), ("yellow",))
    assert settlement.material[0].id == "reading:waves.base.red"


@pytest.mark.parametrize(("name", "says"), [("waves.base.red", "profile: waves"), ("waves.base", "waves.base.red  freeboard_m < 1 -> red")])
def test_kb_show_knows_the_rules_of_profiles(name: str, says: str) -> None:
    done = command("kb", "show", name, "--knowledge", GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout
    assert command("kb", "show", "waves.base.rod", "--knowledge", GOOD).stderr.count("did you mean 'waves.base.red'") == 1


def test_grades_in_lists_stand_by_their_names(kb: Knowledge) -> None:
    """A is the third above D, and D the mildest in number: the scale runs from A to D."""
    worst, best = (kb.scales["enterprise-grade"].severity(grade) for grade in ("D", "A"))
    value = Records(({"name": "一厂", "grade": best}, {"name": "二厂", "grade": worst}))
    assert shown_value(kb, "group_members", value) == "[name 一厂, grade A; name 二厂, grade D]"
    part = Records(({"name": "一厂", "grade": Partial(0, 3)}, {"score": 960}), complete=False)
    assert shown_value(kb, "group_members", part) == "[name 一厂; score 960] and perhaps more"


def conditions(proof: tuple[FactProof, ...]) -> list[Condition]:
    found: list[Condition] = []
    open_parts = [rule.condition for fact in proof for rule in (*fact.rules, *fact.open_rules) if rule.condition is not None]
    while open_parts:
        part = open_parts.pop()
        found.append(part)
        open_parts += part.parts
    return found + [c for fact in proof for c in conditions(fact.facts)]


def test_grades_in_lists_stand_by_their_names_in_the_proof_too(kb: Knowledge) -> None:
    """One of the county's members is D: the proof of the group's grade shows A, A and D, in the list and in each item."""
    settlement = Settlement(dispute_of("group-enterprise-members-grades", kb), kb)
    choice = {**settlement.own("county"), "group_forced_d": settlement.own("city")["group_forced_d"]}
    result = settlement.graded(choice)
    shown = {c.source: c.value for c in conditions(result.proof) if c.value is not None and c.source.endswith(".grade")}
    assert set(shown.values()) <= {"A", "B", "C", "D"}
    assert shown
    (held,) = (i for i in plain(settlement)["issues"] if i["id"] == "group_members")
    assert [p["finding"].rpartition("grade ")[2] for p in held["positions"]] == ["B]", "D]", "C]"]


def dispute_of(name: str, kb: Knowledge) -> Dispute:
    return read_dispute(ROOT / "cases" / "disputes" / f"{name}.yaml").check(kb)


def test_the_issue_of_editions_names_the_family(good: Knowledge) -> None:
    instruments = {**good.instruments, "pond.2020": replace(good.instruments["pond.2020"], family_title=Words("Pond code", "水库规范"))}
    base = dataclasses.replace(good, instruments=instruments, plans={})
    settlement = Settlement(dispute(base, between("relies_on: {editions: [pond.2020]}", "relies_on: {editions: [pond.2010]}")), base)
    for language, heading in (("en", "Edition that applies: Pond code\n"), ("zh", "适用的版本：水库规范\n")):
        assert heading in render_dispute(settlement, form="text", language="zh" if language == "zh" else "en")


def test_every_family_of_editions_has_a_name(kb: Knowledge) -> None:
    families = {i.family for i in kb.instruments.values() if i.family}
    assert [f for f in families if kb.family_title(f).en == f] == []
    years = [f for f in families if any(c.isdigit() for c in kb.family_title(f).en + kb.family_title(f).zh)]
    assert years == [], "a family is no edition"


@pytest.mark.parametrize("path", dispute_files([ROOT / "cases" / "disputes"]), ids=lambda path: path.stem)
def test_every_yaml_reader_takes_the_worked_disputes(path: Path) -> None:
    """PyYAML without its C part ends a plain text in braces at `?`."""
    assert yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader) is not None


def test_conditions_are_compiled_once_for_all_variants(good: Knowledge) -> None:
    base = dataclasses.replace(good, plans={}, compiled={})
    Settlement(dispute(base, between("relies_on: {not_applicable: [pond.list]}", "relies_on: {as_of: 2014-06-01}")), base)
    first = base.compiled["p10.people"]
    dingji.grade(dataclasses.replace(base, plans={}), dispute(base, between("", "")).case)
    assert base.compiled["p10.people"] is first
