"""A mapping file over the code for ponds, and tables for it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl

from dingji.knowledge.model import Knowledge
from dingji.tables.mapping import read_mapping
from dingji.tables.model import Mapping, Row
from dingji.tables.reader import Table, read_table

MAPPING = """\
mapping: pond-register
case: 编号
subject: {constant: hazard}
as_of: {column: 排查日期}
title: 名称
official: {column: 定级, scale: pond, values: {重大: red, 较大: orange}}
group: {county: 区县, party: {constant: 水务局}}
values: {√: true, ×: false}
unknown: [没查]
columns:
  区域: {fact: region, values: {北: north, 南: south}}
  坝高: crest_level_m
  水位(cm): {fact: water_level_m, unit: cm, times: 0.01}
  人数: {fact: people_below, unknown: ["0"]}
  巡查: patrol_done
  责任人: warden
  发现: {fact: found_on, date: "%d.%m.%Y"}
constants: {crack_width_mm: 21}
lists:
  cracks:
    count: 裂缝数
    records:
      - {kind: 类别1, width_mm: 宽1, wet: {column: 湿1, values: {漏: true}}}
      - {kind: 类别2, width_mm: 宽2}
"""
HEADERS = ["编号", "排查日期", "名称", "定级", "区县", "区域", "坝高", "水位(cm)", "人数", "巡查", "责任人", "发现"]
HEADERS += ["裂缝数", "类别1", "宽1", "湿1", "类别2", "宽2"]
ROW = ["P-1", "2015年6月1日", "西塘", "重大", "渝北", "北", "10", "850", "1,200", "√", "张三", "30.05.2015"]
ROW += ["2", "纵向", "3", "漏", "across", "5"]

PLAIN = ["case", "subject", "as_of", "water_level_m"]
"""The headers of a table that maps itself."""


def write_mapping(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, "utf-8")
    return path


def mapping(folder: Path, ponds: Knowledge, text: str = MAPPING) -> Mapping:
    return read_mapping(write_mapping(folder, text), ponds)


def write_csv(folder: Path, *rows: Sequence[Any], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


def write_xlsx(folder: Path, *rows: Sequence[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(folder / "table.xlsx")
    return folder / "table.xlsx"


def rows_of(path: Path, ponds: Knowledge, mapped: Mapping | None = None) -> list[Row]:
    return list(read_table(path, ponds, mapped).rows())


def facts(row: Row) -> dict[str, Any]:
    assert row.case is not None, "\n".join(map(str, row.problems))
    return row.case.facts()


def said(row: Row) -> list[tuple[int, int, str]]:
    """Row, column and code of each problem."""
    assert row.case is None or not row.problems
    return [(p.line, p.column, p.code) for p in row.problems]


def one(table: Table) -> Row:
    (row,) = table.rows()
    return row
