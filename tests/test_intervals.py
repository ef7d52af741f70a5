"""Intervals cover the truth, grow with fewer articles, and pair differences on the same draws."""

from __future__ import annotations

import numpy as np
import pytest

from tema.intervals import counts_by_article, f1_intervals, paired_difference

RNG = np.random.default_rng(3)


def noisy(n_articles: int, wrong: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    articles = np.repeat(np.arange(n_articles), 8)
    gold = RNG.random((len(articles), 4)) < 0.3
    return gold, gold ^ (RNG.random(gold.shape) < wrong), articles


def test_intervals_when_given_equals_gold_then_one_without_width() -> None:
    gold, _, articles = noisy(20)
    interval = f1_intervals(gold, gold, articles, 0)["micro"]
    assert (interval.value, interval.low, interval.high) == (1, 1, 1)


def test_intervals_when_computed_then_value_is_sklearns() -> None:
    from sklearn.metrics import f1_score

    gold, given, articles = noisy(30)
    intervals = f1_intervals(gold, given, articles, 0)
    for average in ("micro", "macro"):
        assert intervals[average].value == pytest.approx(f1_score(gold, given, average=average))
        assert intervals[average].low < intervals[average].value < intervals[average].high


def test_intervals_when_articles_are_fewer_then_wider() -> None:
    def width(n_articles: int) -> float:
        interval = f1_intervals(*noisy(n_articles), 0)["macro"]
        return interval.high - interval.low

    assert width(15) > 1.5 * width(150)


def test_intervals_when_lines_of_an_article_err_together_then_wider_than_if_lines_were_drawn() -> None:
    gold = np.ones((400, 1), bool)
    given = np.repeat(RNG.random(20) < 0.5, 20)[:, None]
    together = f1_intervals(gold, given, np.repeat(np.arange(20), 20), 0)["micro"]
    alone = f1_intervals(gold, given, np.arange(400), 0)["micro"]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_paired_when_models_are_equal_then_nothing_and_when_one_is_better_then_above_zero() -> None:
    gold, given, articles = noisy(100, 0.1)
    worse = given ^ (RNG.random(given.shape) < 0.1)
    same = paired_difference(gold, given, given, articles, 0)["macro"]
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert paired_difference(gold, given, worse, articles, 0)["macro"].low > 0


def test_counts_when_articles_are_not_in_order_then_each_line_counts_for_its_own() -> None:
    gold = np.array([[True], [True], [False]])
    given = np.array([[True], [False], [True]])
    assert counts_by_article(gold, given, np.array([7, 2, 7])).tolist() == [[[0, 1]], [[1, 3]]]
