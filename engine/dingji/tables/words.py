"""The words of cells and headers that are understood without a mapping file saying so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dingji.knowledge.model import FactDefinition, FieldDefinition, Knowledge, Words
from dingji.language import types as t

YES, NO = Words("yes", "是"), Words("no", "否")
TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "是", "有")
FALSE = ("false", "False", "FALSE", "no", "No", "NO", "否", "无")
UNKNOWN = frozenset({"unknown", "Unknown", "UNKNOWN", "未知", "不详", "不明", "空", "/", "／", "-", "—", "——", "N/A", "n/a"})
"""Texts that say that nobody knows. A blank cell says the same. No word here may mean that something is not there."""

KEYS = {
    "case": Words("case id", "编号"),
    "title": Words("title", "名称"),
    "as_of": Words("date of the facts", "日期"),
    "profile": Words("profile", "方案"),
    "official": Words("official grade", "主管部门认定"),
    "opinion": Words("grade by", "评级人"),
    "group": Words("group", "分组"),
    "count": Words("how many", "数量"),
}
"""The headers of columns that state no fact."""

_SPACE = re.compile(r"\s+")


def plain_text(text: str) -> str:
    """A text without spaces at its ends and with single spaces inside."""
    return _SPACE.sub(" ", text).strip()


def labelled(definition: FactDefinition | FieldDefinition, knowledge: Knowledge) -> tuple[tuple[str, Words], ...]:
    """The values that a fact or field may have, with their labels: of a bool, an enum, a scale; else none."""
    match definition.type:
        case t.Bool():
            return (("true", YES), ("false", NO))
        case t.Scale(name=name):
            return tuple((g.id, g.label) for g in knowledge.scales[name].grades)
    return definition.values


def understood(kind: t.Type, labels: Iterable[tuple[str, Words]]) -> dict[str, Any]:
    """The texts that mean one of a fixed set of values: ids, and the labels that belong to one value only."""
    if isinstance(kind, t.Bool):
        return {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}
    if not isinstance(kind, t.Enum | t.Scale):
        return {}
    found: dict[str, set[str]] = {}
    for id, label in labels:
        for text in (label.en, label.zh):
            found.setdefault(plain_text(text), set()).add(id)
    ids = {text: ids.pop() for text, ids in found.items() if len(ids) == 1} | {id: id for id, _ in labels}
    return {text: kind.severity(id) if isinstance(kind, t.Scale) else id for text, id in ids.items()}
