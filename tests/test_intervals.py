"""Intervals cover the truth, grow with fewer articles, and pair differences on the same draws."""

from __future__ import annotations

import numpy as np
import pytest

from tema.intervals import Interval, average_precision, counts, f1_measures, interval, paired_difference

RNG = np.random.default_rng(3)


def noisy(n_articles: int, wrong: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    articles = np.repeat(np.arange(n_articles), 8)
    gold = RNG.random((len(articles), 4)) < 0.3
    return gold, gold ^ (RNG.random(gold.shape) < wrong), articles


def f1(gold: np.ndarray, given: np.ndarray, articles: np.ndarray, average: str) -> Interval:
    return interval(f1_measures(counts(gold, given, articles))[average], len(np.unique(articles)), 0)


def test_intervals_when_given_equals_gold_then_one_without_width() -> None:
    gold, _, articles = noisy(20)
    assert f1(gold, gold, articles, "micro") == Interval(1, 1, 1)


def test_intervals_when_computed_then_value_is_sklearns() -> None:
    from sklearn.metrics import f1_score

    gold, given, articles = noisy(30)
    for average in ("micro", "macro"):
        found = f1(gold, given, articles, average)
        assert found.value == pytest.approx(f1_score(gold, given, average=average))
        assert found.low < found.value < found.high


def test_intervals_when_articles_are_fewer_then_wider() -> None:
    def width(n_articles: int) -> float:
        found = f1(*noisy(n_articles), "macro")
        return found.high - found.low

    assert width(15) > 1.5 * width(150)


def test_intervals_when_lines_of_an_article_err_together_then_wider_than_if_lines_were_drawn() -> None:
    gold = np.ones((400, 1), bool)
    given = np.repeat(RNG.random(20) < 0.5, 20)[:, None]
    together = f1(gold, given, np.repeat(np.arange(20), 20), "micro")
    alone = f1(gold, given, np.arange(400), "micro")
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_paired_when_models_are_equal_then_nothing_and_when_one_is_better_then_above_zero() -> None:
    gold, given, articles = noisy(100, 0.1)
    worse = given ^ (RNG.random(given.shape) < 0.1)
    same = paired_difference(gold, given, given, articles, 0)["macro"]
    assert (same.value, same.low, same.high, same.excludes_zero) == (0, 0, 0, False)
    better = paired_difference(gold, given, worse, articles, 0)["macro"]
    assert better.low > 0
    assert better.excludes_zero


def test_counts_when_articles_are_not_in_order_then_each_line_counts_for_its_own() -> None:
    gold = np.array([[True], [True], [False]])
    given = np.array([[True], [False], [True]])
    assert counts(gold, given, np.array([7, 2, 7])).tolist() == [[[0, 1, 0]], [[1, 1, 2]]]


@pytest.mark.parametrize("digits", [1, 6])  # with one digit most scores tie
def test_average_precision_when_computed_then_sklearns(digits: int) -> None:
    from sklearn.metrics import average_precision_score

    scores = RNG.random(500).round(digits)
    gold = RNG.random(500) < scores
    rows = np.repeat(np.arange(100), 5)
    ours = average_precision(scores, gold, rows)
    assert ours(np.ones((1, 100)))[0] == pytest.approx(average_precision_score(gold, scores))
    weights = RNG.integers(0, 3, (1, 100)).astype(float)
    repeated = np.repeat(np.arange(500), weights[0, rows].astype(int))
    assert ours(weights)[0] == pytest.approx(average_precision_score(gold[repeated], scores[repeated]))
