"""Probabilities, thresholds and doubt."""

from __future__ import annotations

import numpy as np
import pytest

from tema.calibration import best_f1, calibrate, choose_thresholds, expected_errors, logits_of, raw_probabilities, sigmoid

RNG = np.random.default_rng(0)


def overconfident(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits three times too large for the labels drawn from them."""
    logits = RNG.normal(-1, 1.5, (n, 2))
    return 3 * logits, RNG.random((n, 2)) < sigmoid(logits)


def test_calibrate_when_logits_are_three_times_too_large_then_scale_is_a_third() -> None:
    calibration = calibrate(*overconfident(), "multilabel")
    assert calibration.scales == pytest.approx([1 / 3, 1 / 3], abs=0.06)


def test_calibrate_when_fitted_then_a_fifth_of_validation_needs_review() -> None:
    logits, labels = overconfident()
    calibration = calibrate(logits, labels, "multilabel")
    assert calibration.needs_review(calibration.probabilities(logits)).mean() == pytest.approx(0.2, abs=0.01)


def test_calibrate_when_flagged_then_errors_are_where_it_points() -> None:
    logits, labels = overconfident()
    calibration = calibrate(logits, labels, "multilabel")
    probabilities = calibration.probabilities(logits)
    wrong = (calibration.decide(probabilities) != labels).any(axis=1)
    flagged = calibration.needs_review(probabilities)
    assert wrong[flagged].mean() > wrong[~flagged].mean()


def f1_at(threshold: float, probabilities: np.ndarray, labels: np.ndarray) -> float:
    given = probabilities >= threshold
    return float(2 * (labels & given).sum() / (given.sum() + labels.sum()))


def test_thresholds_when_probabilities_are_true_then_nearly_the_best_f1_and_not_below_its_place() -> None:
    probabilities = RNG.beta(0.5, 1.5, (20_000, 1))
    labels = RNG.random((20_000, 1)) < probabilities
    (threshold,) = choose_thresholds(probabilities)
    cuts = np.arange(0.05, 0.95, 0.01)
    f1 = [f1_at(cut, probabilities, labels) for cut in cuts]
    assert f1_at(threshold, probabilities, labels) > max(f1) - 0.01
    assert threshold > cuts[np.argmax(f1)] - 0.02


def test_thresholds_when_probabilities_are_true_then_half_of_the_best_f1() -> None:
    probabilities = RNG.beta(0.5, 1.5, (20_000, 1))
    ranked = np.sort(probabilities[:, 0])[::-1]
    f1 = 2 * np.cumsum(ranked) / (np.arange(1, 20_001) + ranked.sum())
    assert choose_thresholds(probabilities)[0] == pytest.approx(f1.max() / 2, abs=1e-2)  # Lipton et al., 2014


def test_thresholds_when_theme_is_rare_then_drawn_to_that_of_all_themes() -> None:
    rare, frequent = np.full(1000, 0.02), np.full(1000, 0.02)
    rare[:3], frequent[:600] = 0.3, 0.8
    alone = choose_thresholds(rare[:, None])[0]
    together = choose_thresholds(np.stack([rare, frequent], axis=1))
    assert alone < 0.2 < together[1] < together[0]
    assert together[1] == pytest.approx(choose_thresholds(frequent[:, None])[0], abs=0.05)


def test_calibrate_when_no_logit_is_above_zero_then_themes_are_still_given() -> None:
    logits = RNG.uniform(-4, -1, (300, 1))
    calibration = calibrate(logits, logits > -2, "multilabel")
    assert (calibration.decide(calibration.probabilities(logits)) == (logits > -2)).mean() > 0.95


def test_best_f1_when_separable_then_one_and_without_positives_zero() -> None:
    assert best_f1(np.array([0.1, 0.9, 0.8]), np.array([False, True, True])) == 1
    assert best_f1(np.array([0.1, 0.9]), np.array([False, False])) == 0


def test_best_f1_when_scores_tie_then_the_tie_is_not_broken() -> None:
    assert best_f1(np.array([0.5, 0.5]), np.array([True, False])) == pytest.approx(2 / 3)


def test_expected_errors_when_certain_then_none() -> None:
    assert expected_errors(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[True, False], [True, False]])).tolist() == [0, 1]


def test_multiclass_when_decided_then_exactly_one_class_and_probabilities_sum_to_one() -> None:
    logits = RNG.normal(size=(200, 3)) * 4
    labels = np.eye(3, dtype=bool)[logits.argmax(axis=1)]
    labels[:60] = np.eye(3, dtype=bool)[RNG.integers(0, 3, 60)]
    calibration = calibrate(logits, labels, "multiclass")
    probabilities = calibration.probabilities(logits)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(200))
    assert (calibration.decide(probabilities).sum(axis=1) == 1).all()
    assert raw_probabilities(logits, "multiclass").sum(axis=1) == pytest.approx(np.ones(200))


def test_thresholds_when_chosen_then_no_line_stands_on_one() -> None:
    generator = np.random.default_rng(5)
    labels = generator.random((60, 3)) < 0.3
    probabilities = np.clip(labels * 0.4 + generator.random((60, 3)) * 0.6, 0, 1)
    alone = [choose_thresholds(probabilities[:, [j]])[0] for j in range(3)]
    gaps = [np.abs(probabilities[:, j] - threshold).min() for j, threshold in enumerate(alone)]
    assert min(gaps) > 1e-6


@pytest.mark.parametrize("task", ["multilabel", "multiclass"])
def test_logits_of_when_turned_back_then_the_same_probabilities(task: str) -> None:
    probabilities = raw_probabilities(RNG.normal(size=(20, 3)), task)
    assert raw_probabilities(logits_of(probabilities, task), task) == pytest.approx(probabilities, abs=1e-6)
    assert np.isfinite(logits_of(np.array([[0.0, 1.0]]), task)).all()
