"""Scores of known predictions, and the baselines they stand beside."""

from __future__ import annotations

import numpy as np
import pytest

from tema.baselines import always_empty, keyword_cues, tfidf
from tema.corpus import Examples
from tema.evaluation import Prediction, calibration_error, reliability, score, score_table
from tema.settings import Settings
from tema.themes import Theme

THEMES = ["a", "b"]
GOLD = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], bool)
ARTICLES = np.array([3, 3, 9, 9])


def predicted(given: np.ndarray) -> Prediction:
    return Prediction(given.astype(bool), given.astype(float))


def test_score_when_all_is_right_then_one_everywhere_and_no_calibration_error() -> None:
    scores = score(GOLD, predicted(GOLD), ARTICLES, THEMES, 0)
    for found in (scores.micro, scores.macro, *scores.themes.values()):
        assert (found.precision.value, found.recall.value, found.f1.value, found.average_precision.value) == (1, 1, 1, 1)
        assert (found.ece, found.brier) == (0, 0)
    assert scores.exact.value == scores.articles_micro.value == 1


def test_score_when_one_line_misses_a_theme_then_measures_say_where() -> None:
    given = GOLD.copy()
    given[3, 1] = False
    scores = score(GOLD, predicted(given), ARTICLES, THEMES, 0)
    assert scores.themes["a"].f1.value == 1
    assert (scores.themes["b"].precision.value, scores.themes["b"].recall.value) == (1, 0.5)
    assert scores.micro.recall.value == pytest.approx(3 / 4)
    assert scores.exact.value == pytest.approx(3 / 4)
    assert scores.articles_micro.value == pytest.approx(2 * 2 / (3 + 2))  # article 9 has b in no other line
    assert scores.themes["b"].support == 2


def test_calibration_error_when_probabilities_are_right_then_small_and_when_shifted_then_the_shift() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.uniform(0, 0.7, 50_000)
    gold = rng.random(50_000) < probabilities
    assert calibration_error(probabilities, gold) < 0.01
    assert calibration_error(probabilities + 0.2, gold) == pytest.approx(0.2, abs=0.01)


def test_reliability_when_some_tenths_are_unused_then_left_out() -> None:
    table = reliability(np.array([0.05, 0.05, 1.0]), np.array([False, True, True]))
    assert table.tolist() == [[pytest.approx(0.05), 0.5, 2], [1.0, 1.0, 1]]


def test_baselines_when_cue_words_stand_in_a_line_then_only_keywords_give_its_theme() -> None:
    lines = Examples(["harus Jujur", "apel pagi"], np.array([[1, 0], [0, 1]], bool), np.array([0, 1]), np.array([0, 0]))
    themes = [Theme("a", "A", cues=("jujur",)), Theme("b", "B")]
    assert keyword_cues(lines, themes).given.tolist() == [[True, False], [False, False]]
    assert not always_empty(lines).given.any()


def test_table_when_printed_then_a_column_per_model_and_rows_for_themes_and_averages() -> None:
    right, empty = (score(GOLD, predicted(g), ARTICLES, THEMES, 0) for g in (GOLD, np.zeros_like(GOLD)))
    table = score_table({"ours": right, "empty": empty}, {"a": "Alfa", "b": "Beta"})
    rows = {line.split("  ")[0]: line.split() for line in table.splitlines()}
    assert rows["Alfa"][-2:] == ["1.000", "0.000"]
    assert {"micro", "macro", "exact match", "micro, whole articles"} <= set(rows)


def test_tfidf_when_there_is_a_single_label_then_it_is_learned_too() -> None:
    labels = np.array([[i % 2] for i in range(40)], bool)
    texts = [f"{'pegawai jujur' if given else 'rapat pagi'} nomor {i}" for i, (given,) in enumerate(labels)]
    lines = Examples(texts, labels, np.arange(40), np.zeros(40, int))
    assert (tfidf(lines, lines, lines, Settings()).given == labels).all()
