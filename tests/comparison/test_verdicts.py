"""Words for statistics are knowledge: on the edges of their bands, as their authors give them."""

import pytest

from dingji.comparison import agreement as a
from dingji.comparison.verdicts import plan_of, verdict
from dingji.knowledge.model import Knowledge
from dingji.records import replace


@pytest.mark.parametrize(
    ("measure", "value", "word"),
    [
        # Landis and Koch 1977: below 0 poor, then slight up to 0.20, fair 0.40, moderate 0.60, substantial 0.80, almost perfect
        (a.KAPPA, -0.01, "poor"),
        (a.KAPPA, 0.0, "slight"),
        (a.KAPPA, 0.20, "slight"),
        (a.FLEISS, 0.2099, "fair"),
        (a.KAPPA, 0.40, "fair"),
        (a.KAPPA_LINEAR, 0.41, "moderate"),
        (a.KAPPA_LINEAR, 0.7667, "substantial"),
        (a.KAPPA_QUADRATIC, 0.8718, "almost perfect"),
        # Krippendorff: 0.800 and 0.667
        (a.ALPHA_ORDINAL, 0.8, "reliable"),
        (a.ALPHA_NOMINAL, 0.7434, "tentative"),
        (a.ALPHA_ORDINAL, 0.667, "tentative"),
        (a.ALPHA_ORDINAL, 0.6669, "not to be relied on"),
        # Schmidt 1997: 0.1, 0.3, 0.5, 0.7, 0.9
        (a.KENDALL, 0.05, "very weak"),
        (a.KENDALL, 0.3, "weak"),
        (a.KENDALL, 0.1 + 0.2, "weak"),
        (a.KENDALL, 0.7778, "strong"),
        (a.KENDALL, 0.9405, "unusually strong"),
    ],
)
def test_words(kb: Knowledge, measure: str, value: float, word: str) -> None:
    found = verdict(kb, a.Statistic(measure, value, None, None, 50))
    assert found is not None
    assert found.word.en == word
    assert found.scheme.rule.cite.zh, "cited like every rule"


def test_no_word_without_a_value_or_without_words(kb: Knowledge) -> None:
    assert verdict(kb, a.Statistic(a.KAPPA, None, None, None, 3, a.TOO_FEW_CASES)) is None
    assert verdict(kb, a.Statistic(a.RAW, 0.9, None, None, 50)) is None, "no author gives words for raw agreement"
    assert kb.agreement is not None


def test_the_fewest_cases_are_knowledge(kb: Knowledge) -> None:
    assert kb.agreement is not None
    ratings = a.Ratings(("x", "y"), ("mild", "grave"), ((0, 0), (1, 1), (0, 1)))
    statistic = a.pair(ratings, "x", "y", plan_of(kb)).linear
    assert (statistic.value, statistic.n, statistic.reason) == (None, 3, a.TOO_FEW_CASES)
    few = replace(kb.agreement, minimum_cases=3)
    fewer = type(kb)(**{**vars(kb), "agreement": few})
    assert a.pair(ratings, "x", "y", plan_of(fewer, draws=20)).linear.value is not None
