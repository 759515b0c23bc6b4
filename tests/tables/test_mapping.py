"""Mapping files: what they hold as data, and one fixture for each mistake in them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from dingji import schema
from dingji.errors import CaseError
from dingji.knowledge.model import Knowledge
from dingji.tables.mapping import read_mapping

from .samples import MAPPING, mapping, write_mapping


def test_a_mapping_is_plain_data_for_the_sql_engine(ponds: Knowledge, tmp_path: Path) -> None:
    data = mapping(tmp_path, ponds).to_dict()
    assert json.loads(json.dumps(data)) == data
    water = data["facts"]["water_level_m"]
    assert (water["header"], water["type"], water["unit"], water["times"]) == ("水位(cm)", "number", "cm", "0.01")
    patrol = data["facts"]["patrol_done"]
    assert {text for text, value in patrol["values"].items() if value is True} >= {"true", "是", "有", "√"}
    assert {text for text, value in patrol["values"].items() if value is False} >= {"false", "否", "无", "×"}
    assert {"不详", "/", "-", "没查"} <= set(patrol["unknown"])
    assert "0" in data["facts"]["people_below"]["unknown"]
    assert data["facts"]["region"]["values"]["北"] == "north"
    assert data["facts"]["found_on"]["day"] == "%d.%m.%Y"
    assert data["constants"] == {"crack_width_mm": 21}
    assert data["subject"] == {"constant": "hazard"}
    first, second = data["lists"]["cracks"]["records"]
    assert [(column["name"], column["header"]) for column in (*first, *second)] == [
        ("cracks.kind", "类别1"),
        ("cracks.width_mm", "宽1"),
        ("cracks.wet", "湿1"),
        ("cracks.kind", "类别2"),
        ("cracks.width_mm", "宽2"),
    ]
    assert data["lists"]["cracks"]["count"]["header"] == "裂缝数"


def test_values_are_typed(ponds: Knowledge, tmp_path: Path) -> None:
    facts = {column.name: column for column in mapping(tmp_path, ponds).facts}
    assert facts["water_level_m"].times == Decimal("0.01")
    assert facts["patrol_done"].values["√"] is True


def test_words_of_a_column_win_over_those_that_nobody_knows(ponds: Knowledge, tmp_path: Path) -> None:
    text = MAPPING.replace("巡查: patrol_done", "巡查: {fact: patrol_done, values: {/: false, 是: unknown}}")
    patrol = {column.name: column for column in mapping(tmp_path, ponds, text).facts}["patrol_done"]
    assert patrol.values["/"] is False
    assert "是" in patrol.unknown
    assert "是" not in patrol.values


MISTAKES = {
    "a fact that is none": ("坝高: crest_level_m", "坝高: crest_levl_m", "C020", "did you mean 'crest_level_m'"),
    "a derived fact": ("坝高: crest_level_m", "坝高: freeboard_m", "C024", "freeboard_m is derived"),
    "two columns for a fact": ("责任人: warden", "责任人: crest_level_m", "C069", "by the column '坝高' and by the column '责任人'"),
    "a column and a constant": ("{crack_width_mm: 21}", "{warden: x}", "C069", "by the column '责任人' and by a constant"),
    "subject as a column too": ("责任人: warden", "责任人: subject", "C069", "by the key subject"),
    "a value that the enum lacks": ("南: south", "南: sout", "C021", "did you mean 'south'"),
    "no bool": ("漏: true", "漏: maybe", "C021", "true or false is expected"),
    "a constant out of range": ("{crack_width_mm: 21}", "{crack_width_mm: -1}", "C023", "out of range"),
    "a constant that is unknown to the enum": ("{constant: hazard}", "{constant: hasard}", "C021", "did you mean 'hazard'"),
    "another unit without its conversion": (", times: 0.01", "", "C022", "measured in m, not in cm; `times` converts"),
    "a unit of a text": ("责任人: warden", "责任人: {fact: warden, unit: m}", "C022", "unit does not go with it"),
    "decimals of a bool": ("巡查: patrol_done", '巡查: {fact: patrol_done, decimal: ","}', "C005", "decimal does not go with it"),
    "no conversion": ("times: 0.01", "times: 0", "C008", "times 0 is no conversion"),
    "a form without the year": ("%d.%m.%Y", "%d.%m.", "C006", "is no form of a day"),
    "a word that means two things": (
        'unknown: ["0"]',
        'unknown: ["0"], values: {"0": 5}',
        "C069",
        "'0' means a value and that nobody knows",
    ),
    "a scale that is none": ("scale: pond", "scale: pont", "C026", "unknown scale 'pont'"),
    "a grade that is none": ("重大: red", "重大: rad", "C021", "did you mean 'red'"),
    "a key that is none": ("title: 名称", "titel: 名称", "C005", "did you mean 'title'"),
    "a header that stands twice": ("责任人: warden", "巡查: warden", "C004", "巡查 stands twice"),
    "a field that is none": ("kind: 类别2", "kin: 类别2", "C020", "cracks has no field 'kin'; did you mean 'kind'"),
    "a list of no list": ("  cracks:", "  patrol_done:", "C069", "patrol_done is stated twice"),
    "neither column nor constant": ("{column: 排查日期}", "{values: {x: 2015-01-01}}", "C007", "column or constant is expected"),
    "words of a constant": ("{constant: hazard}", "{constant: hazard, values: {x: dam}}", "C005", "values goes with a column"),
    "no subject": ("subject: {constant: hazard}\n", "", "C007", "the key subject is missing"),
    "row 0": ("case: 编号", "case: 编号\nheader: 0", "C006", "rows count from 1"),
    "two signs between cells": ("case: 编号", 'case: 编号\ndelimiter: "::"', "C006", "one sign is expected"),
    "opinions without scale": (
        "case: 编号",
        "case: 编号\nopinions: [{column: 甲, rater: a}]",
        "C007",
        "need the key survey",
    ),
    "a survey of no instrument": ("case: 编号", "case: 编号\nsurvey: {scale: pont}", "C040", "no instrument brings opinions"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(ponds: Knowledge, tmp_path: Path, name: str) -> None:
    find, put, code, says = MISTAKES[name]
    assert MAPPING.count(find) == 1
    with pytest.raises(CaseError) as caught:
        mapping(tmp_path, ponds, MAPPING.replace(find, put))
    found = [p for p in caught.value.problems if p.code == code and says in f"{p.message}; {p.hint}"]
    listing = "\n".join(map(str, caught.value.problems))
    assert len(found) == 1, listing
    if name != "a list of no list":  # whose fields are reported as well
        assert len(caught.value.problems) == 1, listing
    line = MAPPING[: MAPPING.index(find)].count("\n") + 1
    assert found[0].line in (0, 1, line, line + 1), listing


def test_all_problems_at_once(ponds: Knowledge, tmp_path: Path) -> None:
    text = MAPPING.replace("坝高: crest_level_m", "坝高: crest_levl_m").replace("南: south", "南: sout").replace("times: 0.01", "times: 0")
    with pytest.raises(CaseError) as caught:
        mapping(tmp_path, ponds, text)
    assert sorted(p.code for p in caught.value.problems) == ["C008", "C020", "C021"]


def test_no_mapping_and_two(ponds: Knowledge, tmp_path: Path) -> None:
    for text, code in (("", "C002"), ("- a\n", "C006"), (f"{MAPPING}---\n{MAPPING}", "C011")):
        with pytest.raises(CaseError) as caught:
            mapping(tmp_path, ponds, text)
        assert [p.code for p in caught.value.problems] == [code]
    with pytest.raises(CaseError, match="C001"):
        read_mapping(tmp_path / "nowhere.yaml", ponds)


def test_the_schema_takes_what_the_reader_takes(ponds: Knowledge, tmp_path: Path) -> None:
    of_mappings = Draft7Validator(schema.mapping_schema(ponds))
    of_mappings.validate(yaml.safe_load(write_mapping(tmp_path).read_text("utf-8")))
    for name in ("a fact that is none", "a derived fact", "a key that is none", "a scale that is none", "no subject", "a list of no list"):
        find, put, *_ = MISTAKES[name]
        assert not of_mappings.is_valid(yaml.safe_load(MAPPING.replace(find, put))), name
