"""How far raters or methods agree: chance-corrected agreement, bias and leniency, with bootstrap intervals.

Everything speaks of a table of ratings: a row per case, a column per rater (or method), in each cell the severity of the grade
(0 is the mildest, as in the rule language) or None. Every statistic tells the number of cases behind it; one that can't be
computed tells why and has no value. Words for the values (fair, substantial, ...) are knowledge: see `verdicts.verdict`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from types import ModuleType

from dingji.errors import DingjiError, Problem
from dingji.records import Record

DRAWS = 1000
"""Resamples behind an interval."""
SEED = 20170701
LEVEL = 0.95
MINIMUM = 10
"""Cases below which a statistic is not computed where the caller says nothing else; knowledge says what to use (`verdicts.plan_of`)."""
EXTRA = "pip install 'dingji[compare]'"

# why a statistic has no value
TOO_FEW_CASES = "too-few-cases"
NO_VARIATION = "no-variation"
TOO_FEW_RATERS = "too-few-raters"

# what is measured; the ids under which knowledge has words for the values
RAW = "raw-agreement"
KAPPA, KAPPA_LINEAR, KAPPA_QUADRATIC = "kappa", "kappa-linear", "kappa-quadratic"
ALPHA_ORDINAL, ALPHA_NOMINAL = "alpha-ordinal", "alpha-nominal"
FLEISS, KENDALL = "fleiss-kappa", "kendall-w"
BIAS, LENIENCY = "bias", "leniency"
PAIRED = (RAW, KAPPA, KAPPA_LINEAR, KAPPA_QUADRATIC, BIAS)


class Ratings(Record, frozen=True):
    """Cases × raters. `grades` are the grades of the scale, mildest first: a cell is the position of one, or None.

    `cases` names the rows, for the reader only.
    """

    raters: tuple[str, ...]
    grades: tuple[str, ...]
    rows: tuple[tuple[int | None, ...], ...]
    cases: tuple[str, ...] = ()


class Plan(Record, frozen=True):
    """How to compute: resamples, seed, level of the intervals, and the fewest cases that a statistic needs."""

    draws: int = DRAWS
    seed: int = SEED
    level: float = LEVEL
    minimum: int = MINIMUM


class Statistic(Record, frozen=True):
    """One number with its interval and the cases behind it.

    `value` is None where it can't be computed: `reason` is then too-few-cases, no-variation or too-few-raters. `low` and `high` are
    None where resampling gave too few values. `p` is the significance, where there is one, of `chi2` with `df` degrees of freedom.
    """

    measure: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str = ""
    p: float | None = None
    chi2: float | None = None
    df: int | None = None


class Confusion(Record, frozen=True):
    """How often one rater's grade met the other's: `counts[i][j]` cases have grade i of the first and j of the second."""

    first: str
    second: str
    grades: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n: int


class Pair(Record, frozen=True):
    """Two raters or methods against each other.

    `bias` is the mean of (second - first) in grades: positive if the second grades more severely. `severer` and `milder` count
    the cases in which the second is so; `distances[d]` those in which they are d grades apart.
    """

    first: str
    second: str
    confusion: Confusion
    raw: Statistic
    kappa: Statistic
    linear: Statistic
    quadratic: Statistic
    bias: Statistic
    severer: int
    milder: int
    distances: tuple[int, ...]


class Panel(Record, frozen=True):
    """All raters together."""

    raters: tuple[str, ...]
    alpha_ordinal: Statistic
    alpha_nominal: Statistic
    fleiss: Statistic
    kendall: Statistic


class Leniency(Record, frozen=True):
    """One rater against the others: `difference` is the mean, in grades, of (own grade - mean of the others on the same case).

    Negative: more lenient than the others.
    """

    rater: str
    difference: Statistic
    severer: int
    milder: int


def pair(ratings: Ratings, first: str, second: str, plan: Plan | None = None) -> Pair:
    """Two raters against each other, over the cases that both graded."""
    plan, engine = plan or Plan(), _engine()
    met = confusion(ratings, first, second)
    cells = [count for row in met.counts for count in row]
    grades = len(met.grades)
    apart = [j - i for i in range(grades) for j in range(grades)]
    found = dict(zip(PAIRED, engine.of_cells(cells, grades, plan), strict=True))
    return Pair(
        first,
        second,
        met,
        raw=found[RAW],
        kappa=found[KAPPA],
        linear=found[KAPPA_LINEAR],
        quadratic=found[KAPPA_QUADRATIC],
        bias=found[BIAS],
        severer=sum(count for count, d in zip(cells, apart, strict=True) if d > 0),
        milder=sum(count for count, d in zip(cells, apart, strict=True) if d < 0),
        distances=tuple(sum(count for count, d in zip(cells, apart, strict=True) if abs(d) == far) for far in range(grades)),
    )


def pairs(ratings: Ratings, plan: Plan | None = None) -> tuple[Pair, ...]:
    """Every pair of raters, in the order of the columns."""
    return tuple(pair(ratings, first, second, plan) for first, second in combinations(ratings.raters, 2))


def panel(ratings: Ratings, plan: Plan | None = None) -> Panel:
    """All raters together.

    Alpha and Fleiss' kappa take the cases that at least two raters graded, whoever they are. Kendall's W ranks the cases of each
    rater, so it takes only those that all of them graded; its significance is that of chi-square = m(n - 1)W.
    """
    found = _engine().of_panel(ratings.rows, len(ratings.raters), len(ratings.grades), plan or Plan())
    return Panel(ratings.raters, found[ALPHA_ORDINAL], found[ALPHA_NOMINAL], found[FLEISS], found[KENDALL])


def leniency(ratings: Ratings, plan: Plan | None = None) -> tuple[Leniency, ...]:
    """Each rater against the others. For units instead of raters, give a table whose columns are units."""
    found = []
    for column, rater in enumerate(ratings.raters):
        differences = []
        for row in ratings.rows:
            own, others = row[column], [g for i, g in enumerate(row) if i != column and g is not None]
            if own is not None and others:
                differences.append(own - sum(others) / len(others))
        severer, milder = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
        found.append(Leniency(rater, mean_difference(differences, LENIENCY, plan), severer, milder))
    return tuple(found)


def confusion(ratings: Ratings, first: str, second: str) -> Confusion:
    """How often the grades of one met those of the other, over the cases that both graded."""
    i, j = ratings.raters.index(first), ratings.raters.index(second)
    counts = [[0] * len(ratings.grades) for _ in ratings.grades]
    for row in ratings.rows:
        one, other = row[i], row[j]
        if one is not None and other is not None:
            counts[one][other] += 1
    return Confusion(first, second, ratings.grades, tuple(map(tuple, counts)), sum(map(sum, counts)))


def mean_difference(differences: Sequence[float], measure: str = BIAS, plan: Plan | None = None) -> Statistic:
    """The mean of differences in grades, e.g. of one discipline, with its interval."""
    found: Statistic = _engine().of_differences(differences, measure, plan or Plan())
    return found


def _engine() -> ModuleType:
    """The module that computes; it needs numpy, scipy and krippendorff. Raises DingjiError (X005) if they are not installed."""
    try:
        from dingji.comparison import resampling
    except ImportError as error:
        message = "the statistics of agreement need packages"
        raise DingjiError([Problem(error.name or "numpy", 0, 0, "X005", message, EXTRA)]) from None
    return resampling
