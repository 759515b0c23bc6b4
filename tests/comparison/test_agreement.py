"""Statistics of agreement: published values, properties, and what can't be computed."""

import random
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dingji.comparison import agreement as a
from dingji.errors import DingjiError

ANY = a.Plan(draws=50, minimum=2)
GRADES = ("mild", "fair", "grave", "worst")


def columns(*raters: str) -> a.Ratings:
    """A table given by rater: a digit per case, `-` for none; 1 is the mildest grade."""
    cells = [[None if c == "-" else int(c) - 1 for c in rater] for rater in raters]
    grades = tuple("12345"[: 1 + max(g for column in cells for g in column if g is not None)])
    return a.Ratings(tuple(f"r{i}" for i in range(len(raters))), grades, tuple(zip(*cells, strict=True)))


def from_counts(counts: list[list[int]]) -> a.Ratings:
    """Two raters whose confusion matrix is given."""
    rows = [(i, j) for i, row in enumerate(counts) for j, count in enumerate(row) for _ in range(count)]
    return a.Ratings(("first", "second"), GRADES[: len(counts)], tuple(rows))


def from_shares(counts: list[list[int]]) -> a.Ratings:
    """Cases for each of which it is known how many raters gave each grade."""
    rows = tuple(tuple(g for g, count in enumerate(row) for _ in range(count)) for row in counts)
    return a.Ratings(tuple(f"r{i}" for i in range(len(rows[0]))), tuple("12345"[: len(counts[0])]), rows)


# 4 x 4, 50 cases: recomputed by hand for the notes on risk methods
TABLE = [[10, 2, 0, 0], [3, 12, 3, 0], [0, 2, 9, 2], [0, 0, 1, 6]]
# ten subjects, fourteen raters, five categories: the example of the literature on Fleiss' kappa
FLEISS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
# Krippendorff's example: twelve units, four observers, gaps; here a string per unit
UNITS = ["11-1", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "-555", "--11", "--3-"]
KRIPPENDORFF = columns(*("".join(unit[i] for unit in UNITS) for i in range(4)))


def value(statistic: a.Statistic) -> float:
    assert statistic.value is not None, statistic.reason
    return round(statistic.value, 4)


def test_weighted_kappa() -> None:
    pair = a.pair(from_counts(TABLE), "first", "second")
    assert (value(pair.kappa), value(pair.linear), value(pair.quadratic)) == (0.6450, 0.7667, 0.8718)
    assert {s.n for s in (pair.raw, pair.kappa, pair.linear, pair.quadratic, pair.bias)} == {50}
    assert value(pair.raw) == round(37 / 50, 4)  # the diagonal
    assert pair.confusion.counts == tuple(map(tuple, TABLE))
    assert pair.distances == (37, 13, 0, 0)
    # above the diagonal 2 + 3 + 2 = 7 cases one grade up, below 3 + 2 + 1 = 6 one down
    assert (pair.severer, pair.milder, value(pair.bias)) == (7, 6, 0.02)


def test_fleiss_kappa() -> None:
    assert value(a.panel(from_shares(FLEISS)).fleiss) == 0.2099


def test_krippendorffs_alpha() -> None:
    panel = a.panel(KRIPPENDORFF)
    assert (value(panel.alpha_nominal), value(panel.alpha_ordinal)) == (0.7434, 0.8154)
    assert panel.alpha_ordinal.n == 11  # the last unit has one rating: nothing to agree with
    assert panel.kendall == a.Statistic(a.KENDALL, None, None, None, 8, a.TOO_FEW_CASES)  # eight units have all four


def test_kendalls_w() -> None:
    kendall = a.panel(columns("1234", "1324", "2134"), ANY).kendall
    assert (value(kendall), kendall.df, round(kendall.chi2 or 0, 4)) == (0.7778, 3, 7.0)
    assert round(kendall.p or 0, 4) == 0.0719  # the upper 7.19 % of chi-square with 3 degrees of freedom
    assert value(a.panel(columns("1223", "1234", "1123"), ANY).kendall) == 0.9405  # with ties


def test_a_mean_difference_by_hand() -> None:
    ratings = columns("1233", "2233", "3234")
    first, second, third = a.leniency(ratings, ANY)
    # against the mean of the others, case by case: -1.5, 0, 0, -0.5 / 0, 0, 0, -0.5 / 1.5, 0, 0, 1
    assert [value(x.difference) for x in (first, second, third)] == [-0.5, -0.125, 0.625]
    assert [(x.severer, x.milder) for x in (first, second, third)] == [(0, 2), (0, 1), (2, 0)]
    assert value(a.pair(ratings, "r0", "r2", ANY).bias) == 0.75  # 2, 0, 0, 1


def test_intervals_are_seeded_and_hold_the_value() -> None:
    ratings = from_counts(TABLE)
    once, again, other = (a.pair(ratings, "first", "second", a.Plan(seed=seed)) for seed in (7, 7, 8))
    assert once == again
    assert once.linear != other.linear
    for s in (once.raw, once.kappa, once.linear, once.quadratic, once.bias):
        assert s.low is not None and s.high is not None and s.value is not None
        assert s.low < s.value < s.high
    # the mean of 50 differences: a normal interval is 0.02 ± 1.96 * sqrt((13/50 - 0.02²)/50) = -0.121 .. 0.161
    assert once.bias.low == pytest.approx(-0.12, abs=0.021)
    assert once.bias.high == pytest.approx(0.16, abs=0.021)


def test_the_interval_of_alpha_is_that_of_the_same_statistic() -> None:
    """The value comes from the author's package, the interval from our own counts: both must speak of one number."""
    import numpy as np

    from dingji.comparison import resampling

    for ratings in (KRIPPENDORFF, from_shares(FLEISS), columns("11223", "1-223", "12-33")):
        grades = len(ratings.grades)
        shares = np.array([[sum(g == k for g in row) for k in range(grades)] for row in ratings.rows], dtype=float)
        ones = np.array([[float(row.sum() >= 2) for row in shares]])
        panel = a.panel(ratings, ANY)
        for statistic, ordinal in ((panel.alpha_ordinal, True), (panel.alpha_nominal, False)):
            assert resampling._alpha(shares, ordinal=ordinal)(ones)[0] == pytest.approx(statistic.value)


@pytest.mark.parametrize(
    ("ratings", "minimum", "reason", "n"),
    [
        (columns("123", "123"), 10, a.TOO_FEW_CASES, 3),
        (columns("1-3", "-2-"), 2, a.TOO_FEW_CASES, 0),
        (columns("2", "2"), 0, a.TOO_FEW_CASES, 1),
        (columns("22222", "22222"), 2, a.NO_VARIATION, 5),
        (a.Ratings(("x", "y"), GRADES, ()), 2, a.TOO_FEW_CASES, 0),
    ],
)
def test_not_computable(ratings: a.Ratings, minimum: int, reason: str, n: int) -> None:
    plan = a.Plan(draws=20, minimum=minimum)
    pair, panel = a.pairs(ratings, plan)[0], a.panel(ratings, plan)
    for s in (pair.kappa, pair.linear, pair.quadratic, panel.alpha_ordinal, panel.alpha_nominal, panel.fleiss, panel.kendall):
        assert (s.value, s.low, s.high, s.p, s.reason, s.n) == (None, None, None, None, reason, n)


def test_one_rater_agrees_with_nobody() -> None:
    panel = a.panel(columns("1234123412"), a.Plan(draws=20))
    assert {s.reason for s in (panel.alpha_ordinal, panel.fleiss)} == {a.TOO_FEW_RATERS}
    assert panel.kendall.reason == a.TOO_FEW_RATERS


def test_without_the_packages_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dingji.comparison.resampling", raising=False)
    monkeypatch.delattr("dingji.comparison.resampling", raising=False)
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(DingjiError, match=r"X005.*pip install 'dingji\[compare\]'"):
        a.panel(KRIPPENDORFF)


cell = st.integers(0, 3)
tables = st.lists(st.tuples(cell, cell, cell), min_size=4, max_size=12)


def measured(rows: list[tuple[int, ...]]) -> list[a.Statistic]:
    ratings = a.Ratings(("x", "y", "z"), GRADES, tuple(rows))
    pair, panel = a.pair(ratings, "x", "y", ANY), a.panel(ratings, ANY)
    return [pair.raw, pair.kappa, pair.linear, pair.quadratic, panel.alpha_ordinal, panel.alpha_nominal, panel.fleiss, panel.kendall]


def same(one: list[a.Statistic], other: list[a.Statistic]) -> bool:
    return [
        (s.measure, s.reason, s.n, s.p and pytest.approx(s.p), s.value if s.value is None else pytest.approx(s.value)) for s in one
    ] == [(s.measure, s.reason, s.n, s.p, s.value) for s in other]


@given(tables)
def test_raters_may_change_places(rows: list[tuple[int, ...]]) -> None:
    assert same(measured(rows), measured([(y, x, z) for x, y, z in rows]))


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_the_cases_does_not_matter(rows: list[tuple[int, ...]], chance: random.Random) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert same(measured(rows), measured(shuffled))


@given(tables)
def test_turning_the_scale_round_changes_nothing(rows: list[tuple[int, ...]]) -> None:
    assert same(measured(rows), measured([tuple(3 - g for g in row) for row in rows]))


@given(st.lists(cell, min_size=4, max_size=12).filter(lambda grades: len(set(grades)) > 1))
def test_who_agrees_always_agrees_perfectly(grades: list[int]) -> None:
    for statistic in measured([(g, g, g) for g in grades]):
        assert statistic.value == pytest.approx(1)
        assert statistic.low is None or statistic.low == pytest.approx(1)


@given(tables)
def test_agreement_has_its_limits(rows: list[tuple[int, ...]]) -> None:
    raw, *rest, kendall = measured(rows)
    assert raw.value is not None and 0 <= raw.value <= 1
    assert kendall.value is None or -1e-9 <= kendall.value <= 1 + 1e-9
    assert all(s.value is None or s.value <= 1 + 1e-9 for s in rest)


@given(tables)
def test_biases_of_the_two_directions_are_opposite(rows: list[tuple[int, ...]]) -> None:
    ratings = a.Ratings(("x", "y", "z"), GRADES, tuple(rows))
    one, other = a.pair(ratings, "x", "y", ANY), a.pair(ratings, "y", "x", ANY)
    assert one.bias.value == pytest.approx(-(other.bias.value or 0))
    assert (one.severer, one.milder, one.distances) == (other.milder, other.severer, other.distances)


def test_a_thousand_cases_with_five_raters_take_seconds() -> None:
    chance = random.Random(1)
    rows = tuple(
        tuple(min(3, max(0, truth + chance.choice((-1, 0, 0, 1)))) for _ in range(5)) for truth in chance.choices(range(4), k=1000)
    )
    ratings = a.Ratings(tuple("abcde"), GRADES, rows)
    started = time.process_time()
    a.pairs(ratings), a.panel(ratings), a.leniency(ratings)
    assert time.process_time() - started < 3
