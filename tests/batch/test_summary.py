"""Sums over the grades of registers: counted by hand, open rows between their bounds, and what is no result refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dingji
from dingji.batch.engine import connect
from dingji.batch.inputs import rows_of_cases
from dingji.batch.summary.attainment import MET, MISSED, NONE, OPEN, Attained
from dingji.batch.summary.figures import Cell, Instrumental, Missing, Summary, summary
from dingji.errors import CaseError, KnowledgeError
from dingji.grading import grade
from dingji.knowledge import bundled
from dingji.knowledge.model import Knowledge
from dingji.knowledge.targets import read_targets

from .graded import Plain, finding, row, written

TARGETS = ("cq.register.a", "cq.register.b", "cq.register.c", "cq.register.d")


@pytest.fixture(scope="module")
def kb() -> Knowledge:
    return dingji.load()


def summed(kb: Knowledge, folder: Path, rows: list[Plain], groups: tuple[str, ...] = (), name: str = "grades.parquet") -> Summary:
    return summary([written(folder / name, rows, groups)], kb)


def firms(a: int, b: int, c: int, d: int, **more: object) -> list[Plain]:
    return [row(grade, **more) for grade, n in (("A", a), ("B", b), ("C", c), ("D", d)) for _ in range(n)]


def target(found: Summary, id: str) -> Attained:
    (one,) = [each for each in found.targets if each.id == id]
    return one


def verdicts(found: Summary) -> dict[str, str]:
    return {each.id: each.measured[0].verdict for each in found.targets}


# --- counts

MIXED = [
    row("A", group_county="x", as_of="2012-11-30", findings=[finding("i.one", "A", ["r1", "r2"]), finding("i.two", "A", ["r1"])]),
    row("A", "provisional", group_county="x", as_of="2012-11-01", findings=[finding("i.one", "A", ["r2"])]),
    row("D", group_county="y", as_of="2012-12-01", findings=[finding("i.one", "D", ["r3"])]),
    row("none", "silent", group_county="y", as_of="2013-01-05", findings=[finding("i.one", None, status="silent")]),
    row(None, reachable=["B", "A"], group_county="", missing=["f1", "f2"], findings=[finding("i.one", None, undecided=["r4"])]),
    row(None, reachable=["D", "C", "B", "A"], group_county="x", missing=["f2"], findings=[finding("i.one", None)]),
    row(None, "", scale=None, group_county="y", findings=[]) | {"status": None},
]
"""Two A, one of them provisional; a D; one in which nothing was found; two open; one that nothing covers."""


def test_rows_are_counted_by_grade_status_and_colour(kb: Knowledge, tmp_path: Path) -> None:
    found = summed(kb, tmp_path, MIXED, ("county",))
    assert (found.rows, found.graded, found.provisional, found.open, found.ungraded) == (7, 4, 1, 2, 1)
    # A is blue and D red on this scale; its grade `none` says only that nothing was found
    assert found.colours == {"blue": 2, "red": 1, "silent": 1, "undetermined": 2, "ungraded": 1}
    (scale,) = found.scales
    assert (scale.rows, scale.open) == (6, 2)
    assert scale.grades == (("D", 1, 0), ("C", 0, 0), ("B", 0, 0), ("A", 2, 1), ("none", 1, 0))
    assert scale.may == (("D", 1), ("C", 1), ("B", 2), ("A", 2))


def test_groups_have_their_own_counts(kb: Knowledge, tmp_path: Path) -> None:
    (group,) = summed(kb, tmp_path, MIXED, ("county",)).groups
    assert (group.name, group.values, group.rest) == ("county", 3, 0)
    parts = {part.value: part for part in group.parts}
    assert [part.value for part in group.parts] == ["x", "y", ""]  # most rows first
    assert parts["x"].colours == {"blue": 2, "undetermined": 1}
    assert parts["y"].colours == {"red": 1, "silent": 1, "ungraded": 1}
    assert Cell("enterprise-grade", "A", "provisional", 1) in parts["x"].cells


def test_instruments_and_the_rules_that_fired(kb: Knowledge, tmp_path: Path) -> None:
    found = summed(kb, tmp_path, MIXED, ("county",))
    assert found.instruments[0] == Instrumental("i.one", 6, (("A", 2), ("D", 1)), 1, 2)
    assert found.instruments[1] == Instrumental("i.two", 1, (("A", 1),), 0, 0)
    # r1 counts once in the row in which two findings rest on it
    assert found.fired == (("r2", 2), ("r1", 1), ("r3", 1))


def test_missing_facts_by_the_open_rows_that_lack_them(kb: Knowledge, tmp_path: Path) -> None:
    found = summed(kb, tmp_path, MIXED, ("county",))
    assert found.told_missing
    assert found.missing == (Missing("f2", 2, 1), Missing("f1", 1, 0))


def test_months_and_over_a_long_time_years(kb: Knowledge, tmp_path: Path) -> None:
    found = summed(kb, tmp_path, MIXED, ("county",))
    assert found.period == "month"
    # two rows of the list above are of 30 November, as are the three without a day of their own
    assert [(part.value, part.rows) for part in found.periods] == [("2012-11", 5), ("2012-12", 1), ("2013-01", 1)]
    assert found.periods[1].colours == {"red": 1}
    long = summed(kb, tmp_path, [row("A", as_of="2008-01-01"), row("A", as_of="2011-01-01"), row("D", as_of="2011-12-31")])
    assert [(part.value, part.rows) for part in long.periods] == [("2008", 1), ("2011", 2)]
    assert long.period == "year"
    one = summed(kb, tmp_path, [row("A", as_of="2011-01-01"), row("A", as_of="2011-01-31")])
    assert (one.period, one.periods) == ("", ())


def test_36_months_are_told_by_month_and_37_by_year(kb: Knowledge, tmp_path: Path) -> None:
    ends = {"2010-12-31": "month", "2011-01-01": "year"}  # from January 2008: 36 and 37 months
    for end, period in ends.items():
        assert summed(kb, tmp_path, [row("A", as_of="2008-01-31"), row("A", as_of=end)]).period == period


# --- files of every kind


@pytest.mark.parametrize("name", ["grades.csv", "grades.jsonl", "grades.ndjson", "GRADES.PARQUET"])
def test_every_kind_of_file_gives_the_same_sums(name: str, kb: Knowledge, tmp_path: Path) -> None:
    rows = [*MIXED, row("A", group_county="=1+1"), row("A", group_county="-x"), row("A", group_county="a; b, (c) fired")]
    parquet, other = (summed(kb, tmp_path, rows, ("county",), file).to_dict() for file in ("grades.parquet", name))
    assert {**parquet, "files": ()} == {**other, "files": ()}
    assert [part["value"] for part in parquet["groups"][0]["parts"]] == ["x", "y", "", "-x", "=1+1", "a; b, (c) fired"]


def test_a_folder_as_a_cluster_writes_it_and_several_files(kb: Knowledge, tmp_path: Path) -> None:
    folder = tmp_path / "grades"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for number in (0, 1):
        written(folder / f"part-{number}.parquet", MIXED, ("county",))
    written(folder / ".part-9.parquet", MIXED, ("county",))  # a hidden file is none of the result
    assert summary([folder], kb).rows == 14
    both = summary([folder, written(tmp_path / "more.csv", MIXED[:1], ("discipline",))], kb)
    assert (both.rows, both.colours["blue"]) == (15, 5)
    assert [(group.name, group.parts[0].value) for group in both.groups] == [("county", "x"), ("discipline", "")]


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.csv", "a?.jsonl", "it's.parquet", "a{b}.csv"])
def test_signs_in_a_name_stand_for_themselves(name: str, kb: Knowledge, tmp_path: Path) -> None:
    written(tmp_path / f"a1{Path(name).suffix}", MIXED)
    written(tmp_path / f"ab{Path(name).suffix}", MIXED)
    assert summed(kb, tmp_path, MIXED[:2], name=name).rows == 2


def test_rejected_rows_are_counted_once_with_their_reasons(kb: Knowledge, tmp_path: Path) -> None:
    path = written(tmp_path / "grades.parquet", MIXED)
    lines = ["row,key,column,code,reason", "2,,depth,C021,bad depth", "2,,width,C021,bad width", "9,,depth,C021,bad depth, too"]
    lines[3] = '9,,depth,C021,"bad depth, ""too"""'
    (tmp_path / "grades.rejects.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", "utf-8")
    found = summary([path], kb)
    assert found.refused == 2
    assert [(why.column, why.code, why.rows) for why in found.reasons] == [("depth", "C021", 2), ("width", "C021", 1)]
    assert found.reasons[0].reason in ("bad depth", 'bad depth, "too"')


# --- targets


def test_the_targets_of_the_county_by_hand(kb: Knowledge, tmp_path: Path) -> None:
    # 200 firms: A 60 (30 %), B 100 (50 %), C 40, D 0; of 50 in high-risk and key industries 12 are C (24 %)
    key = [*firms(10, 28, 12, 0, group_key_industry="yes")]
    found = summed(kb, tmp_path, [*key, *firms(50, 72, 28, 0, group_key_industry="no")], ("key_industry",))
    assert verdicts(found) == dict(zip(TARGETS, (MET, MET, MISSED, MET), strict=True))
    shares = {id: (target(found, id).measured[0].low, target(found, id).measured[0].high) for id in TARGETS}
    assert shares == {TARGETS[0]: (30, 30), TARGETS[1]: (50, 50), TARGETS[2]: (24, 24), TARGETS[3]: (0, 0)}
    assert target(found, TARGETS[2]).measured[0].rows == 50


def test_nothing_is_rounded_up(kb: Knowledge, tmp_path: Path) -> None:
    # 59 of 200 are 29.5 %
    found = summed(kb, tmp_path, firms(59, 100, 41, 0))
    assert verdicts(found)["cq.register.a"] == MISSED
    assert target(found, "cq.register.a").measured[0].low == 29.5


def test_one_firm_of_grade_d_misses_its_target(kb: Knowledge, tmp_path: Path) -> None:
    assert verdicts(summed(kb, tmp_path, firms(31, 51, 17, 1)))["cq.register.d"] == MISSED


def test_the_instrument_that_judges_the_counts_of_a_county_agrees(kb: Knowledge, tmp_path: Path) -> None:
    """The thresholds stand in two places of the knowledge base: in the instrument and in the targets of registers."""
    read = [one.case for one in rows_of_cases(bundled("cases") / "enterprises" / "chongqing-targets.yaml", kb)]
    cases = {case.id: case for case in read if case is not None}
    for id, counts in {
        "cq.t11": (31, 51, 18, 0, 20, 3),
        "cq.t11-one-d": (31, 51, 17, 1, 20, 3),
        "cq.t30": (60, 100, 40, 0, 50, 12),
    }.items():
        case = cases[id]
        assert (
            tuple(case.facts()[name] for name in ("firms_a", "firms_b", "firms_c", "firms_d", "key_firms_total", "key_firms_c")) == counts
        )
        a, b, c, d, key, key_c = counts
        rows = [*firms(0, key - key_c, key_c, 0, group_key_industry="是")]
        rows += firms(a, b - (key - key_c), c - key_c, d, group_key_industry="否")
        found = summed(kb, tmp_path, rows, ("key_industry",))
        (said,) = [f for f in grade(kb, case).findings if f.instrument == "cn.chongqing-targets"]
        assert (said.grade == "met") is all(verdict == MET for verdict in verdicts(found).values()), id


def test_open_rows_count_against_a_target_and_for_it(kb: Knowledge, tmp_path: Path) -> None:
    # ten firms: 2 A, 6 B, two that may be A or B: A lies from 20 to 40 %, B from 60 to 80 %
    rows = [*firms(2, 6, 0, 0), row(None, reachable=["B", "A"]), row(None, reachable=["B", "A"])]
    found = summed(kb, tmp_path, rows)
    a, b = (target(found, id).measured[0] for id in TARGETS[:2])
    assert (a.low, a.high, a.verdict) == (20, 40, OPEN)
    assert (b.low, b.high, b.verdict) == (60, 80, MET)
    # one more for sure: 30 % whatever becomes of the open ones
    more = summed(kb, tmp_path, [*firms(3, 5, 0, 0), *rows[-2:]])
    assert target(more, TARGETS[0]).measured[0].verdict == MET
    # one open row only: 20 % at most, for it can't be A
    fewer = summed(kb, tmp_path, [*firms(2, 6, 1, 0), row(None, reachable=["D", "C"])])
    assert target(fewer, TARGETS[0]).measured[0].verdict == MISSED
    assert (target(fewer, TARGETS[3]).measured[0].low, target(fewer, TARGETS[3]).measured[0].high) == (0, 1)
    assert target(fewer, TARGETS[3]).measured[0].verdict == OPEN


def test_an_open_row_of_which_nothing_is_ruled_out_may_have_any_grade(kb: Knowledge, tmp_path: Path) -> None:
    found = summed(kb, tmp_path, [*firms(1, 1, 0, 0), row(None), row(None)])
    one = target(found, TARGETS[0]).measured[0]
    assert (one.low, one.high) == (25, 75)


def own(kb: Knowledge, folder: Path, text: str) -> list[dingji.knowledge.model.Target]:
    path = folder / "own.yaml"
    path.write_text(text, "utf-8")
    return list(read_targets(path, kb).values())


WORST = "targets: [{id: our.worst, scale: enterprise-grade, grades: [C, D], at_most: 20}]"


def test_an_open_row_that_is_one_or_the_other_wanted_grade_is_sure(kb: Knowledge, tmp_path: Path) -> None:
    path = written(tmp_path / "g.parquet", [*firms(7, 0, 0, 0), *[row(None, reachable=["D", "C"])] * 3])
    found = summary([path], kb, own(kb, tmp_path, WORST))
    one = target(found, "our.worst").measured[0]
    assert (one.low, one.high, one.verdict) == (30, 30, MISSED)


def test_a_target_for_counties_is_measured_in_each(kb: Knowledge, tmp_path: Path) -> None:
    rows = [*firms(4, 6, 0, 0, group_county="x"), *firms(1, 9, 0, 0, group_county="y")]
    a = target(summed(kb, tmp_path, rows, ("county",)), TARGETS[0])
    assert [(one.place, one.low, one.verdict) for one in a.measured] == [("x", 40, MET), ("y", 10, MISSED)]
    assert (a.by, a.no_by, a.count(MET)) == ("county", False, 1)
    # without the column all rows are one place, and that is said
    whole = target(summed(kb, tmp_path, rows), TARGETS[0])
    assert [(one.place, one.low) for one in whole.measured] == [("", 25)]
    assert whole.no_by


def test_a_row_that_names_no_county_may_belong_to_any(kb: Knowledge, tmp_path: Path) -> None:
    # x has 3 A of 10; two A without a county make it 5 of 12 at most, two others 3 of 12 at least
    rows = [*firms(3, 7, 0, 0, group_county="x"), *firms(2, 2, 0, 0, group_county="")]
    (x,) = target(summed(kb, tmp_path, rows, ("county",)), TARGETS[0]).measured
    assert (x.place, x.rows, x.unsure, x.verdict) == ("x", 10, 4, OPEN)
    assert (x.low, x.high) == (pytest.approx(100 * 3 / 12), pytest.approx(100 * 5 / 12))


def test_a_part_of_the_rows_that_is_not_stated_leaves_the_target_open(kb: Knowledge, tmp_path: Path) -> None:
    without = target(summed(kb, tmp_path, firms(31, 51, 18, 0)), TARGETS[2])
    assert without.no_among
    assert (without.measured[0].verdict, without.measured[0].rows, without.measured[0].unsure) == (OPEN, 0, 100)
    # 2 C of 10 key firms, and one C of which nobody says whether it is a key firm: 2/10 or 3/11
    rows = [
        *firms(8, 0, 2, 0, group_key_industry="TRUE"),
        *firms(0, 0, 1, 0, group_key_industry=""),
        *firms(5, 0, 0, 0, group_key_industry="no"),
    ]
    one = target(summed(kb, tmp_path, rows, ("key_industry",)), TARGETS[2]).measured[0]
    assert (one.low, one.high, one.verdict) == (20, pytest.approx(100 * 3 / 11), OPEN)
    none = target(summed(kb, tmp_path, firms(1, 0, 0, 0, group_key_industry="no"), ("key_industry",)), TARGETS[2]).measured[0]
    assert (none.verdict, none.low) == (NONE, None)


def test_targets_of_scales_that_the_rows_do_not_have_are_not_told(kb: Knowledge, tmp_path: Path) -> None:
    assert summed(kb, tmp_path, [row("I", scale="hazard-level")]).targets == ()


OWN_MISTAKES = {
    "targets: [{id: t, scale: enterprise-grad, grades: [A], at_least: 3}]": ("K021", "'enterprise-grade'"),
    "targets: [{id: t, scale: enterprise-grade, grades: [E], at_least: 3}]": ("K027", "grades: D, C, B, A, none"),
    "targets: [{id: t, scale: enterprise-grade, grades: [], at_least: 3}]": ("K007", "one grade or more"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A]}]": ("K007", "at_least or at_most is missing"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A], at_least: 130}]": ("K033", "no share from 0 to 100"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A], at_least: 30, at_most: 20}]": ("K033", "at most 20 is less"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A], at_least: many}]": ("K006", "a number is expected"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A], atleast: 3, at_most: 4}]": ("K005", "'at_least'"),
    "targets: [{id: t, scale: enterprise-grade, grades: [A], at_least: 3, source: nowhere}]": ("K021", "unknown source"),
    "target: []": ("K007", "targets"),
}


@pytest.mark.parametrize("text", OWN_MISTAKES)
def test_mistakes_in_targets_of_ones_own(text: str, kb: Knowledge, tmp_path: Path) -> None:
    code, words = OWN_MISTAKES[text]
    with pytest.raises(KnowledgeError) as caught:
        own(kb, tmp_path, text)
    assert any(p.code == code and words in f"{p.message}; {p.hint}" for p in caught.value.problems), caught.value
    assert all(p.file.endswith("own.yaml") and p.line for p in caught.value.problems)


# --- what is no result


def refused(paths: list[Path], kb: Knowledge, **options: object) -> str:
    with pytest.raises(CaseError) as caught:
        summary(paths, kb, **options)  # type: ignore[arg-type]
    (problem,) = caught.value.problems
    return str(problem)


def test_a_file_that_is_no_result_is_named_with_what_it_lacks(kb: Knowledge, tmp_path: Path) -> None:
    for name, form in (("t.parquet", "parquet"), ("t.jsonl", "json"), ("t.csv", "csv")):
        connect().execute(f"COPY (SELECT 'x' AS scale, 'y' AS grade, 1 AS status) TO '{tmp_path / name}' (FORMAT {form})")
        said = refused([tmp_path / name], kb)
        assert "X013" in said and name in said
        assert "it has no column reachable, findings" in said
    connect().execute(
        f"COPY (SELECT 'A' AS grade_a, 'determined' AS status_a, 'B' AS grade_b) TO '{tmp_path / 't.parquet'}' (FORMAT parquet)"
    )
    assert "it has no column status_b" in refused([tmp_path / "t.parquet"], kb)


def test_other_files_are_refused_with_what_right_looks_like(kb: Knowledge, tmp_path: Path) -> None:
    garbage, empty, folder, workbook = (tmp_path / name for name in ("g.parquet", "e.csv", "none", "g.xlsx"))
    garbage.write_bytes(b"PAR1 no such thing")
    empty.touch()
    folder.mkdir()
    workbook.write_bytes(b"PK")
    assert "X013" in refused([garbage], kb) and "can't be read" in refused([garbage], kb)
    assert "X013" in refused([empty], kb)
    assert "holds no Parquet files" in refused([folder], kb)
    assert "grade into a .parquet, .jsonl or .csv file" in refused([workbook], kb)
    assert "did you mean 'g.parquet'" in refused([tmp_path / "h.parquet"], kb)
    assert "there is no such file" in refused([tmp_path / "nowhere" / "h.parquet"], kb)


def test_columns_of_other_types_are_refused(kb: Knowledge, tmp_path: Path) -> None:
    row = "'s' AS scale, 'g' AS grade, 'determined' AS status, 3 AS reachable, 4 AS findings"
    connect().execute(f"COPY (SELECT {row}) TO '{tmp_path / 't.parquet'}' (FORMAT parquet)")
    assert "X013" in refused([tmp_path / "t.parquet"], kb)


def test_a_group_column_that_is_not_there_is_named_with_the_nearest(kb: Knowledge, tmp_path: Path) -> None:
    path = written(tmp_path / "g.parquet", MIXED, ("county",))
    assert "did you mean 'county'" in refused([path], kb, by=["conty"])
    assert "groups: county" in refused([path], kb, by=["zzz"])
    assert "the results have none" in refused([written(tmp_path / "h.parquet", MIXED)], kb, by=["zzz"])
    assert [group.name for group in summary([path], kb, by=["group.county"]).groups] == ["county"]


def test_results_without_a_row_sum_up_to_nothing(kb: Knowledge, tmp_path: Path) -> None:
    for name in ("e.parquet", "e.csv"):
        found = summed(kb, tmp_path, [], ("county",), name)
        assert (found.rows, found.scales, found.targets, found.periods, found.colours) == (0, (), (), (), {})
        assert found.groups[0].parts == ()


def test_results_of_an_older_version_say_nothing_of_missing_facts(kb: Knowledge, tmp_path: Path) -> None:
    path = written(tmp_path / "g.parquet", MIXED)
    connect().execute(f"COPY (SELECT * EXCLUDE (missing) FROM '{path}') TO '{tmp_path / 'old.parquet'}' (FORMAT parquet)")
    found = summary([tmp_path / "old.parquet"], kb)
    assert (found.told_missing, found.missing, found.open) == (False, (), 2)


def test_many_texts_of_a_group_column_are_counted_and_the_rare_ones_together(kb: Knowledge, tmp_path: Path) -> None:
    rows = [row("A", group_county=f"c{n:04}") for n in range(1500)] + [row("D", group_county="c1499")]
    (group,) = summed(kb, tmp_path, rows, ("county",)).groups
    assert (len(group.parts), group.values, group.rest) == (1000, 1500, 500)
    assert (group.parts[0].value, group.parts[0].rows) == ("c1499", 2)


def test_json_is_plain_and_whole(kb: Knowledge, tmp_path: Path) -> None:
    plain = json.loads(json.dumps(summed(kb, tmp_path, MIXED, ("county",)).to_dict()))
    assert plain["knowledge"] == {"version": kb.version, "digest": kb.digest}
    assert plain["groups"][0]["parts"][0]["colours"] == {"blue": 2, "undetermined": 1}
    (a,) = [one for one in plain["targets"] if one["id"] == "cq.register.a"]
    assert (a["at_least"], a["cite"], a["confidence"]) == (30, "§4(3)", "stated")
    assert "target" not in a
