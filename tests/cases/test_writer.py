"""Facts set into case files: the file says all that it said, with its comments, order and layout, and the new facts."""

from __future__ import annotations

import datetime as dt
import difflib
import os
import stat
from collections import Counter
from pathlib import Path

import pytest
import yaml

import dingji
from conftest import ROOT
from dingji.cases.folder import case_files
from dingji.cases.reader import CaseFile, read_cases
from dingji.cases.writer import Stated, UnwritableError, flow, mapping, new_case, save, scalar, sequence, stated_by, with_statements
from dingji.knowledge.model import Knowledge

GOOD = ROOT / "tests" / "knowledge" / "good"
HEAD = "case: pond\nsubject: hazard\nas_of: 2015-06-01\n"


@pytest.fixture(scope="module")
def base() -> Knowledge:
    return dingji.load(GOOD, cache=False)


def written(base: Knowledge, folder: Path, text: str, *statements: Stated, name: str = "case.yaml", case: int = 0) -> str:
    path = folder / name
    path.write_bytes(text.encode())
    return with_statements(read_cases(path)[case], text, statements, base)[0]


def stated(fact: str, text: str, *, scope: bool = False) -> Stated:
    return Stated(fact, scalar(text), scope)


LIVED_IN = """\
# who wrote this, and why
case: pond     # the upper one
title: {en: 'Upper pond',   zh: "上库"}   # odd spacing stays

subject: hazard
as_of: 2015-06-01
scope: {region: north}   # one line
facts:
    # four spaces, and they stay
    crest_level_m:   10.50   # from the drawing
    water_level_m: unknown   # gauge broken

    found_on: 2015-05-30     # by the patrol
    # nothing after this
note: >-
  folded
  text
"""


def test_comments_order_and_layout_stay(base: Knowledge, tmp_path: Path) -> None:
    text = written(base, tmp_path, LIVED_IN, stated("water_level_m", "8.5"), stated("people_below", "100"), stated("patrol_done", "true"))
    assert list(difflib.unified_diff(LIVED_IN.splitlines(), text.splitlines(), lineterm="", n=0))[2:] == [
        "@@ -11 +11 @@",
        "-    water_level_m: unknown   # gauge broken",
        "+    water_level_m: 8.5   # gauge broken",
        "@@ -13,0 +14,2 @@",
        "+    people_below: 100",
        "+    patrol_done: true",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "facts:\n  people_below: 1\n"),
        ("facts: {}\n", "facts:\n  people_below: 1\n"),
        ("facts: {crest_level_m: 1}\n", "facts: {crest_level_m: 1, people_below: 1}\n"),
        (
            "facts:\n  {crest_level_m: 1,\n   patrol_done: true,\n  }\n",
            "facts:\n  {crest_level_m: 1,\n   patrol_done: true, people_below: 1,\n  }\n",
        ),
        ("facts:\n  crest_level_m: 1", "facts:\n  crest_level_m: 1\n  people_below: 1"),
        ("facts:\n  warden: |\n    Li\n\nnote: x\n", "facts:\n  warden: |\n    Li\n  people_below: 1\n\nnote: x\n"),
        (
            "facts:\n  cracks:\n  - {wet: true}\n  # more\nnote: x\n",
            "facts:\n  cracks:\n  - {wet: true}\n  people_below: 1\n  # more\nnote: x\n",
        ),
        ("facts:\n  people_below: unknown\n", "facts:\n  people_below: 1\n"),
        ("facts:\n  'people_below': {value: unknown, note: x}\n", "facts:\n  'people_below': {value: 1, note: x}\n"),
        ("scope: {region: north}\nfacts: {}\n", "scope: {region: north}\nfacts:\n  people_below: 1\n"),
        ("scope:\n  people_below: unknown\n", "scope:\n  people_below: 1\n"),
    ],
)
def test_a_new_fact_stands_where_the_facts_stand(base: Knowledge, tmp_path: Path, before: str, after: str) -> None:
    assert written(base, tmp_path, HEAD + before, stated("people_below", "1")) == HEAD + after


def test_scope_and_facts_are_made_behind_the_head(base: Knowledge, tmp_path: Path) -> None:
    text = HEAD + "note: late\n"
    made = written(base, tmp_path, text, stated("people_below", "1"), stated("region", "north", scope=True))
    assert made == HEAD + "scope:\n  region: north\nfacts:\n  people_below: 1\nnote: late\n"


def test_whoever_stated_the_old_value_did_not_state_the_new_one(base: Knowledge, tmp_path: Path) -> None:
    text = HEAD + "facts:\n  people_below: {value: unknown, asserted_by: Li, asserted_on: 2015-01-01, evidence: [list.pdf]}\n"
    assert written(base, tmp_path, text, stated("people_below", "1")).endswith("people_below: {value: 1, evidence: [list.pdf]}\n")
    by = Stated("people_below", stated_by(scalar("1"), "Wang: deputy", dt.date(2015, 6, 2)))
    assert written(base, tmp_path, text, by).endswith(
        'people_below: {value: 1, asserted_by: "Wang: deputy", asserted_on: 2015-06-02, evidence: [list.pdf]}\n'
    )


def test_bounds_give_way_to_a_value_in_a_block(base: Knowledge, tmp_path: Path) -> None:
    text = HEAD + "facts:\n  people_below:\n    note: counted\n    at_least: 1   # sure\n    at_most: 9\n    evidence: [a]\n"
    made = written(base, tmp_path, text, stated("people_below", "5"))
    assert made == HEAD + "facts:\n  people_below:\n    note: counted\n    value: 5   # sure\n    evidence: [a]\n"


def test_lists_are_written_item_by_item(base: Knowledge, tmp_path: Path) -> None:
    items = sequence([mapping([("kind", scalar("along")), ("wet", scalar("true"))]), mapping([("wet", scalar("unknown"))])])
    assert written(base, tmp_path, HEAD, Stated("cracks", items)) == (
        HEAD + "facts:\n  cracks:\n    - {kind: along, wet: true}\n    - {wet: unknown}\n"
    )
    open_list = stated_by(mapping([("value", items), ("complete", scalar("false"))]), "Li", None)
    lines = ["facts:", "  cracks:", "    value:", "      - {kind: along, wet: true}", "      - {wet: unknown}", "    complete: false"]
    assert written(base, tmp_path, HEAD, Stated("cracks", open_list)) == HEAD + "\n".join([*lines, "    asserted_by: Li", ""])
    again = HEAD + "facts:\n  cracks:\n  - {wet: true}\n  - {wet: false}\n  found_on: 2015-05-30\n"
    assert written(base, tmp_path, again, Stated("cracks", sequence([]))) == HEAD + "facts:\n  cracks: []\n  found_on: 2015-05-30\n"


@pytest.mark.parametrize(
    "text", ["unknown", "null", "true", "5", "a: b", "- x", "{", "# no", "a, b]", '"', "'", "\\", "王伟", "line\nbreak", "\x7f\u2028"]
)
def test_any_text_is_read_back_as_it_was(base: Knowledge, tmp_path: Path, text: str) -> None:
    for head in (HEAD, HEAD + "facts: {patrol_done: true}\n"):
        made = written(base, tmp_path, head, Stated("warden", scalar(text, quoted=True)))
        assert dingji.parse_case(made).check(base).statements["warden"].value == text


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
def test_line_breaks_and_byte_order_mark_stay(base: Knowledge, tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "case.yaml"
    before = (prefix + HEAD + "facts:\n  patrol_done: true\n").replace("\n", "\r\n").encode()
    path.write_bytes(before)
    text = with_statements(dingji.read_case(path), before.decode("utf-8-sig"), [stated("people_below", "1")], base)[0]
    save(path, text, before)
    assert path.read_bytes() == before + b"  people_below: 1\r\n"


def test_only_one_case_of_a_file_changes(base: Knowledge, tmp_path: Path) -> None:
    text = "---\n" + HEAD + "facts:\n  patrol_done: true\n---\n" + HEAD.replace("pond", "other") + "facts: {patrol_done: false}\n# end\n"
    assert written(base, tmp_path, text, stated("people_below", "1"), case=0) == text.replace(": true\n", ": true\n  people_below: 1\n")
    assert written(base, tmp_path, text, stated("people_below", "1"), case=1) == text.replace("false}", "false, people_below: 1}")


def test_json_keeps_its_keys_in_order(base: Knowledge, tmp_path: Path) -> None:
    text = '{"subject": "hazard", "case": "pond", "as_of": "2015-06-01",\n "facts": {"warden": "5\\u738b", "water_level_m": 8.25}}'
    made = written(base, tmp_path, text, stated("people_below", "1"), stated("region", "north", scope=True), name="case.json")
    assert made == (
        '{\n  "subject": "hazard",\n  "case": "pond",\n  "as_of": "2015-06-01",\n  "facts": {\n    "warden": "5王",\n'
        '    "water_level_m": 8.25,\n    "people_below": 1\n  },\n  "scope": {\n    "region": "north"\n  }\n}\n'
    )


def test_an_edit_that_would_say_something_else_is_refused(base: Knowledge, tmp_path: Path) -> None:
    # read as it was, but the text on the disk is another
    path = tmp_path / "case.yaml"
    path.write_text(HEAD, "utf-8")
    with pytest.raises(UnwritableError, match="what else it says"):
        with_statements(dingji.read_case(path), HEAD.replace("06-01", "06-02"), [stated("people_below", "1")], base)


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("mine", "utf-8")
    for before, said in ((b"older", "changed it meanwhile"), (None, "such a file already")):
        with pytest.raises(UnwritableError, match=said):
            save(path, "new", before)
    assert path.read_text("utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "case.yaml", tmp_path / "link.yaml"
    real.write_text("old", "utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, "new", b"old")
    assert (link.is_symlink(), real.read_text("utf-8"), stat.S_IMODE(real.stat().st_mode)) == (True, "new", 0o640)


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("old", "utf-8")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(path, "new", b"old")
    assert (path.read_text("utf-8"), list(tmp_path.iterdir())) == ("old", [path])


def test_a_new_case_is_a_case(base: Knowledge) -> None:
    case = dingji.parse_case(new_case("pond-7", "hazard", dt.date(2024, 1, 2))).check(base)
    assert (case.id, case.subject, case.as_of) == ("pond-7", "hazard", dt.date(2024, 1, 2))


CASES = case_files([ROOT / "cases"])


@pytest.mark.parametrize("path", CASES[::3], ids=lambda path: path.stem)
def test_every_case_of_the_project_keeps_all_other_lines(kb: Knowledge, path: Path) -> None:
    text = path.read_text("utf-8")
    for file in read_cases(path)[:3]:
        free = next(name for name, fact in kb.facts.items() if str(fact.type) == "Bool()" and name not in _stated(file))
        new = [stated(free, "true")]
        taken = next(
            (name for name in _stated(file) if kb.facts[name].nature != "derived" and name not in ("sector", "special_field")), None
        )
        if taken is not None and not _rested_on(file, taken):
            new.append(stated(taken, "unknown"))
        made = with_statements(file, text, new, kb)[0]
        gone = Counter(text.splitlines()) - Counter(made.splitlines())
        comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
        assert gone.total() <= 1 + _lines_of(file, taken)  # a line of facts in brackets grows; the replaced value goes
        assert [line for line in made.splitlines() if line.lstrip().startswith("#")] == comments


def _stated(file: CaseFile) -> dict[str, yaml.Node]:
    return {name: node for part in ("scope", "facts") for name, _, node in file.section.get(part, ())}


def _rested_on(file: CaseFile, name: str) -> bool:
    return any(f"rests_on: [{name}" in flow(node) or f", {name}" in flow(node) for node in _stated(file).values())


def _lines_of(file: CaseFile, name: str | None) -> int:
    node = _stated(file).get(name or "")
    return 0 if node is None else node.end_mark.line - node.start_mark.line + 1
