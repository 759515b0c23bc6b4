"""Cases -> table -> cases, and the empty table that people fill in."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.test_commands import dingji
from dingji.knowledge.model import Knowledge
from dingji.language import types as t
from dingji.language.values import Records
from dingji.reports.form import form_text, write_form
from dingji.tables.cells import CONTROL
from dingji.tables.form import facts_read, form
from dingji.tables.reader import read_table
from dingji.tables.words import UNKNOWN
from dingji.tables.writing import write_csv, write_xlsx

RECORDS = 3
TEXT = (
    st.text(min_size=1, max_size=40)
    .map(lambda text: text.strip())
    .filter(lambda text: text and not CONTROL.search(text) and " ".join(text.split()) not in UNKNOWN and "\r" not in text)
)
DAYS = st.dates(dt.date(1954, 1, 1), dt.date(2119, 1, 1))
NUMBERS = {
    "water_level_m": st.decimals(0, 200, places=3),
    "crest_level_m": st.integers(0, 200),
    "crack_width_mm": st.decimals(0, 10**9, places=2),
    "people_below": st.integers(0, 100_000),
}
CRACKS = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["along", "across"]), "width_mm": st.decimals(0, 500, places=2)}, optional={"wet": st.booleans()}
    ),
    max_size=RECORDS,
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **NUMBERS,
        "region": st.sampled_from(["north", "south"]),
        "patrol_done": st.booleans(),
        "warden": TEXT,
        "found_on": DAYS,
        "cracks": CRACKS,
    },
)
SCALARS = [*NUMBERS, "region", "patrol_done", "warden", "found_on"]
HEADERS = ["case", "subject", "as_of", *SCALARS, "cracks.count"]
HEADERS += [f"cracks.{n}.{field}" for n in range(1, RECORDS + 1) for field in ("kind", "width_mm", "wet")]


def cells(id: str, stated: dict[str, Any]) -> list[Any]:
    """A case as a row of a table that maps itself."""
    cracks = stated.get("cracks")
    row = [id, "hazard", dt.date(2015, 6, 1), *(stated.get(name) for name in SCALARS), None if cracks is None else len(cracks)]
    for n in range(RECORDS):
        record = cracks[n] if cracks and n < len(cracks) else {}
        row += [record.get(field) for field in ("kind", "width_mm", "wet")]
    return row


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
@settings(max_examples=40, deadline=None)
@given(st.lists(FACTS, min_size=1, max_size=5))
def test_cases_come_back_from_a_table(kind: str, ponds: Knowledge, stated: list[dict[str, Any]]) -> None:
    rows = [cells(f"c{i}", one) for i, one in enumerate(stated)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        if kind == "csv":
            write_csv(path, HEADERS, rows)
        elif kind == "xlsx":
            write_xlsx(path, [("cases", HEADERS, rows)])
        else:
            lines = [dict(zip(HEADERS, row, strict=True)) for row in rows]
            path.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines), "utf-8")
        read = list(read_table(path, ponds).rows())
    assert [row.problems for row in read] == [()] * len(stated)
    for row, one in zip(read, stated, strict=True):
        assert row.case is not None
        found = {name: value for name, value in row.case.facts().items() if name != "subject"}
        expected = {**one, **({"cracks": Records(tuple(one["cracks"]))} if "cracks" in one else {})}
        if kind == "xlsx":  # a spreadsheet knows one line break only
            expected = {name: value.replace("\r", "\n") if isinstance(value, str) else value for name, value in expected.items()}
        assert found == expected


# --- the empty table

FILLED: dict[str, Any] = {"case": "K-1", "title": "一号", "as_of": "2024-07-15"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("instrument", ["cn.trade-2023", "sg.alcr"])
def test_the_empty_table_filled_in_reads_back(kb: Knowledge, tmp_path: Path, language: str, kind: str, instrument: str) -> None:
    """Each column is filled with its last value, by the label that the drop-down list offers."""
    path = tmp_path / f"form.{kind}"
    write_form(path, kb, kb.instruments[instrument], language)
    assert list(read_table(path, kb).rows()) == []
    columns = form(kb, kb.instruments[instrument])
    wanted: dict[str, Any] = {}
    filled: list[Any] = []
    for column in columns:
        kind_of = column.type
        if column.name in FILLED:
            filled.append(FILLED[column.name])
        elif column.name.endswith(".count"):
            filled.append(0)
            wanted[column.name.removesuffix(".count")] = Records(())
        elif column.record:
            filled.append(None)
        elif column.values:
            id, label = column.values[-1]
            labels = [text.in_(language) for _, text in column.values]
            filled.append(label.in_(language) if labels.count(label.in_(language)) == 1 else id)
            value = {"true": True, "false": False}.get(id, id) if isinstance(kind_of, t.Bool) else id
            wanted[column.name] = kind_of.severity(id) if isinstance(kind_of, t.Scale) else value
        elif isinstance(kind_of, t.Number):
            value = kind_of.low if kind_of.low is not None else 1
            filled.append(value)
            wanted[column.name] = value
        else:
            filled.append("2024-07-01" if isinstance(kind_of, t.Date) else "text")
            wanted[column.name] = dt.date(2024, 7, 1) if isinstance(kind_of, t.Date) else "text"
    if kind == "xlsx":
        book = openpyxl.load_workbook(path)
        book.worksheets[0].append(filled)
        book.save(path)
    else:
        write_csv(path, [c.label.in_(language) for c in columns], [[c.name for c in columns], filled])
    (row,) = read_table(path, kb).rows()
    assert row.case is not None, "\n".join(map(str, row.problems))
    assert (row.number, row.case.id, row.case.as_of) == (3, "K-1", dt.date(2024, 7, 15))
    official = next(name for name in wanted if name.startswith("official."))
    assert row.official == wanted.pop(official)
    stated = {name: row.case.statements[name].value for name in wanted}
    assert stated == {name: Decimal(value) if isinstance(value, Decimal) else value for name, value in wanted.items()}


def test_it_asks_for_the_facts_that_the_rules_read(ponds: Knowledge) -> None:
    """By hand, from pond-2010.yaml and list.yaml: derived facts give way to those they follow from."""
    names = {i: {fact.name for fact in facts_read(ponds, ponds.instruments[i])} for i in ponds.instruments}
    assert all(ponds.facts[name].nature != "derived" for found in names.values() for name in found)
    pond = next(found for name, found in names.items() if name.endswith("2010"))
    assert {"subject", "water_level_m", "crest_level_m"} <= pond


def test_drop_downs_notes_and_explanations(kb: Knowledge, tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    write_form(path, kb, kb.instruments["sg.alcr"], "zh")
    book = openpyxl.load_workbook(path)
    sheet, notes, values = book.worksheets
    names = [cell.value for cell in sheet[2]]
    assert values.sheet_state == "hidden"
    column = openpyxl.utils.get_column_letter(names.index("subject") + 1)
    (check,) = [check for check in sheet.data_validations.dataValidation if str(check.sqref).startswith(f"{column}3:")]
    assert (check.type, check.formula1) == ("list", f"'{values.title}'!${column}$1:${column}$4")
    assert [values[f"{column}{row}"].value for row in range(1, 5)] == [label.zh for _, label in kb.facts["subject"].values]
    deaths = sheet.cell(1, names.index("potential_deaths") + 1)
    assert deaths.comment is not None
    question = kb.facts["potential_deaths"].question
    assert question is not None
    assert question.zh in deaths.comment.text
    assert "单位：人" in deaths.comment.text
    text = "\n".join(str(cell) for row in notes.iter_rows(values_only=True) for cell in row if cell)
    assert "2024-07-15" in text
    assert set(names) <= set(text.split("\n"))


def test_the_command(kb: Knowledge, tmp_path: Path) -> None:
    run = dingji("schema", "table", "--for", "sg.alcr", "--lang", "en")
    assert run.returncode == 0, run.stderr
    assert run.stdout.replace("\r\n", "\n") == form_text(kb, kb.instruments["sg.alcr"], "en").replace("\r\n", "\n")
    assert dingji("schema", "table", "--for", "sg.alcr", "-o", str(tmp_path / "a.xlsx")).returncode == 0
    assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")
    for arguments, says in ((("table",), "--for"), (("table", "--for", "sg.alc"), "'sg.alcr'"), (("case", "--for", "sg.alcr"), "--for")):
        run = dingji("schema", *arguments)
        assert run.returncode == 2
        assert says in run.stderr
