"""The arithmetic behind `agreement`: every statistic as a function of counts, for the cases as they are and for all resamples at once.

A bootstrap resamples cases. Cases with the same grades are one pattern, so a resample is a draw of how often each pattern comes
up; a statistic of a thousand resamples is then one computation on a matrix of counts. Weighted kappa is a line of sums over a
confusion matrix; the packages that have it (statsmodels, scikit-learn, irrCAC) take a second to import and do not resample.
Krippendorff's alpha comes from the author's package; our own counts of it, which the interval needs, are tested against it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import krippendorff
import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from dingji.comparison import agreement as a
from dingji.records import replace

Array = NDArray[Any]
Measure = Callable[[Array], Array]
"""From counts, a row per resample, to the statistic of each row; not a number where it is not defined."""

ENOUGH = 0.5
"""The share of resamples in which a statistic must be defined for its interval to be told."""


def of_cells(cells: Sequence[int], grades: int, plan: a.Plan) -> list[a.Statistic]:
    """The statistics of a confusion matrix, given row by row, in the order of `agreement.PAIRED`."""
    counts = np.array(cells, dtype=float)
    n = int(counts.sum())
    i, j = np.divmod(np.arange(grades * grades), grades)
    weights = {a.KAPPA: (i != j).astype(float), a.KAPPA_LINEAR: np.abs(i - j), a.KAPPA_QUADRATIC: (i - j) ** 2}
    measures: dict[str, Measure] = {
        a.RAW: lambda c: c @ (i == j) / c.sum(axis=1),
        a.BIAS: lambda c: c @ (j - i) / c.sum(axis=1),
        **{name: _kappa(weight, grades) for name, weight in weights.items()},
    }
    samples = _samples(counts, plan) if n >= _fewest(plan) else None
    return [_statistic(name, n, measures[name], samples, plan) for name in a.PAIRED]


def of_differences(differences: Sequence[float], measure: str, plan: a.Plan) -> a.Statistic:
    """The mean of some differences."""
    values, counts = np.unique(np.array(differences, dtype=float), return_counts=True)
    n = len(differences)
    samples = _samples(counts.astype(float), plan) if n >= _fewest(plan) else None
    return _statistic(measure, n, lambda c: c @ values / c.sum(axis=1), samples, plan)


def of_panel(rows: Sequence[Sequence[int | None]], raters: int, grades: int, plan: a.Plan) -> dict[str, a.Statistic]:
    """Alpha, Fleiss' kappa and Kendall's W of a table of cases × raters."""
    table = np.array([[-1 if g is None else g for g in row] for row in rows], dtype=int).reshape(len(rows), raters)
    patterns, counts = np.unique(table, axis=0, return_counts=True) if len(rows) else (table, np.zeros(0))
    graded = (patterns >= 0).sum(axis=1)
    shared, full = graded >= 2, graded == raters
    by_grade = (patterns[shared][:, :, None] == np.arange(grades)).sum(axis=1).astype(float)
    complete = patterns[full]
    found = {}
    parts: list[tuple[str, Array, Measure]] = [
        (a.ALPHA_ORDINAL, counts[shared], _alpha(by_grade, ordinal=True)),
        (a.ALPHA_NOMINAL, counts[shared], _alpha(by_grade, ordinal=False)),
        (a.FLEISS, counts[shared], _fleiss(by_grade)),
        (a.KENDALL, counts[full], _kendall(complete, grades)),
    ]
    for name, number, measure in parts:
        n = int(number.sum())
        samples = _samples(number.astype(float), plan) if n >= _fewest(plan) and raters > 1 else None
        found[name] = _statistic(name, n, measure, samples, plan, raters)
    every, domain = np.repeat(by_grade, counts[shared].astype(int), axis=0), list(range(grades))
    if found[a.ALPHA_ORDINAL].value is not None:
        value = krippendorff.alpha(value_counts=every, value_domain=domain, level_of_measurement="ordinal")
        found[a.ALPHA_ORDINAL] = replace(found[a.ALPHA_ORDINAL], value=float(value))
    if found[a.ALPHA_NOMINAL].value is not None:
        value = krippendorff.alpha(value_counts=every, value_domain=domain, level_of_measurement="nominal")
        found[a.ALPHA_NOMINAL] = replace(found[a.ALPHA_NOMINAL], value=float(value))
    return {**found, a.KENDALL: _significant(found[a.KENDALL], raters)}


def _fewest(plan: a.Plan) -> int:
    """One case, or none, says nothing of agreement, whatever is asked for."""
    return max(2, plan.minimum)


def _samples(counts: Array, plan: a.Plan) -> Array:
    """The counts as they are, and below them those of each resample."""
    n = int(counts.sum())
    generator = np.random.default_rng(plan.seed)
    return np.vstack([counts, generator.multinomial(n, counts / n, size=plan.draws)])


def _statistic(name: str, n: int, measure: Measure, samples: Array | None, plan: a.Plan, raters: int = 2) -> a.Statistic:
    if samples is None:
        return a.Statistic(name, None, None, None, n, a.TOO_FEW_RATERS if raters < 2 else a.TOO_FEW_CASES)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = measure(samples)
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values[0]):
        return a.Statistic(name, None, None, None, n, a.NO_VARIATION)
    resampled = values[1:][~np.isnan(values[1:])]
    if not len(resampled) or len(resampled) < ENOUGH * plan.draws:
        return a.Statistic(name, float(values[0]), None, None, n)
    tail = (1 - plan.level) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return a.Statistic(name, float(values[0]), float(low), float(high), n)


def _kappa(weights: Array, grades: int) -> Measure:
    """1 - disagreement observed / disagreement expected from the marginal counts."""

    def measure(counts: Array) -> Array:
        n = counts.sum(axis=1)
        tables = counts.reshape(-1, grades, grades)
        expected = np.einsum("bi,bj,ij->b", tables.sum(axis=2), tables.sum(axis=1), weights.reshape(grades, grades)) / n
        observed: Array = counts @ weights
        return np.asarray(1 - observed / expected)

    return measure


def _alpha(by_grade: Array, *, ordinal: bool) -> Measure:
    """1 - Do/De from the coincidences of grades within cases."""
    patterns, grades = by_grade.shape
    within = by_grade.sum(axis=1, keepdims=True) - 1
    outer = by_grade[:, :, None] * by_grade[:, None, :] - by_grade[:, :, None] * np.eye(grades)
    coincidences = (outer / np.maximum(within, 1)[:, :, None]).reshape(patterns, grades * grades)

    def measure(counts: Array) -> Array:
        tables = (counts @ coincidences).reshape(-1, grades, grades)
        each = tables.sum(axis=2)
        total = each.sum(axis=1)
        if ordinal:
            # the number of values between two grades, half of each end included, is the difference of their mid-ranks
            middle = np.cumsum(each, axis=1) - each / 2
            distance = (middle[:, :, None] - middle[:, None, :]) ** 2
        else:
            distance = np.broadcast_to(1 - np.eye(grades), tables.shape)
        observed = (tables * distance).sum(axis=(1, 2))
        expected = (each[:, :, None] * each[:, None, :] * distance).sum(axis=(1, 2)) / (total - 1)
        return np.asarray(1 - observed / expected)

    return measure


def _fleiss(by_grade: Array) -> Measure:
    """Agreement of pairs within cases, against that of grades drawn with the shares they have over all cases.

    Cases may have different numbers of raters; with the same number it is Fleiss' formula.
    """
    raters = by_grade.sum(axis=1)
    agreeing = ((by_grade**2).sum(axis=1) - raters) / np.maximum(raters * (raters - 1), 1)

    def measure(counts: Array) -> Array:
        n = counts.sum(axis=1)
        shares = counts @ by_grade / (counts @ raters)[:, None]
        expected = (shares**2).sum(axis=1)
        return np.asarray((counts @ agreeing / n - expected) / (1 - expected))

    return measure


def _kendall(patterns: Array, grades: int) -> Measure:
    """12 S / (m²(n³ - n) - m ΣT): S of the rank sums of the cases, T of the ties of each rater."""
    raters = patterns.shape[1]

    def measure(counts: Array) -> Array:
        n = counts.sum(axis=1)
        sums = np.zeros_like(counts)
        ties = np.zeros(len(counts))
        for rater in range(raters):
            given = np.stack([counts @ (patterns[:, rater] == g) for g in range(grades)], axis=1)
            ranks = np.cumsum(given, axis=1) - given + (given + 1) / 2
            sums += ranks[:, patterns[:, rater]]
            ties += (given**3 - given).sum(axis=1)
        spread = (counts * (sums - (raters * (n + 1) / 2)[:, None]) ** 2).sum(axis=1)
        below = raters**2 * (n**3 - n) - raters * ties
        # with all cases tied the difference is rounding only
        return np.asarray(np.where(below > 0.5, 12 * spread / np.where(below > 0.5, below, 1), np.nan))

    return measure


def _significant(kendall: a.Statistic, raters: int) -> a.Statistic:
    if kendall.value is None:
        return kendall
    df = kendall.n - 1
    chi2 = raters * df * kendall.value
    return replace(kendall, p=float(chdtrc(df, chi2)), chi2=chi2, df=df)
