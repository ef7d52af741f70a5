"""Probabilities, thresholds and doubt."""

from __future__ import annotations

import numpy as np
import pytest

from tema.calibration import best_f1, calibrate, choose_thresholds, expected_errors, raw_probabilities, sigmoid

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


def test_thresholds_when_theme_is_rare_then_drawn_to_the_common_one() -> None:
    probabilities = np.concatenate([RNG.uniform(0, 0.3, (500, 1)), RNG.uniform(0, 1, (500, 1))], axis=1)
    labels = np.zeros((500, 2), bool)
    labels[:3, 0] = True
    probabilities[:3, 0] = 0.9
    labels[:, 1] = probabilities[:, 1] > 0.4
    rare, frequent = choose_thresholds(probabilities, labels)
    assert frequent == pytest.approx(0.4, abs=0.03)
    assert abs(rare - 0.6) > abs(rare - frequent)  # alone it would lie between 0.3 and 0.9


def test_thresholds_when_nothing_is_above_a_half_then_themes_are_still_given() -> None:
    probabilities = RNG.uniform(0, 0.4, (300, 1))
    assert choose_thresholds(probabilities, probabilities > 0.25)[0] < 0.4


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
    alone = [choose_thresholds(probabilities[:, [j]], labels[:, [j]])[0] for j in range(3)]
    gaps = [np.abs(probabilities[:, j] - threshold).min() for j, threshold in enumerate(alone)]
    assert min(gaps) > 1e-6


def test_thresholds_when_many_are_equally_good_then_one_from_the_upper_part() -> None:
    positives, doubtful, negatives = np.full(200, 0.9), np.linspace(0.3, 0.7, 4), np.full(796, 0.05)
    probabilities = np.concatenate([positives, doubtful, negatives])[:, None]
    labels = (np.arange(1000) < 202)[:, None]  # half of the doubtful ones, so F1 is the same within a point from 0.3 to 0.9
    (threshold,) = choose_thresholds(probabilities, labels)
    assert threshold == pytest.approx((0.56667 + 0.7) / 2, abs=1e-3)
