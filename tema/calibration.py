"""From logits to decisions: validation logits in, a `Calibration` (probabilities, thresholds, review) out.

Nothing here sees test data. Probabilities are logits scaled and shifted per theme (Platt, 1999). True probabilities tell by
themselves which F1 a threshold will reach (Nan et al., ICML 2012), more steadily than counting hits among a few hundred lines.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_SHRINKAGE = 200.0  # expected positives at which a theme's own threshold and that of all themes count equally
_RIDGE = 1e-3  # pulls scale towards 1 and shift towards 0, per example
REVIEWED_SHARE = 0.2


@dataclass(frozen=True)
class Calibration:
    """Per theme: probability = sigmoid(scale x logit + shift), given when it reaches `thresholds`.

    `review_above` is the expected number of wrong labels above which a paragraph needs review. For task multiclass `scales` holds
    one temperature for the softmax and there are no thresholds.
    """

    task: str
    scales: list[float]
    shifts: list[float]
    thresholds: list[float]
    review_above: float

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, (n, n_themes) float64, 0…1."""
        if self.task == "multiclass":
            return softmax(logits * self.scales[0])
        return sigmoid(logits * np.array(self.scales) + np.array(self.shifts))

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Which themes are given, (n, n_themes) bool."""
        if self.task == "multiclass":
            return probabilities == probabilities.max(axis=1, keepdims=True)
        return probabilities >= np.array(self.thresholds)

    def needs_review(self, probabilities: np.ndarray) -> np.ndarray:
        """Which lines a person should look at, (n,) bool."""
        return expected_errors(probabilities, self.decide(probabilities)) > self.review_above

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def raw_probabilities(logits: np.ndarray, task: str) -> np.ndarray:
    """Uncalibrated probabilities as transformers' pipeline gives them."""
    return softmax(logits) if task == "multiclass" else sigmoid(logits)


def logits_of(probabilities: np.ndarray, task: str) -> np.ndarray:
    """The inverse of `raw_probabilities`, finite also where a classifier is certain."""
    clipped = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(clipped) if task == "multiclass" else np.log(clipped) - np.log1p(-clipped)


def calibrate(logits: np.ndarray, labels: np.ndarray, task: str) -> Calibration:
    """Fit on validation: `logits` (n, n_themes) float, `labels` (n, n_themes) bool."""
    if task == "multiclass":
        scales, shifts, thresholds = [_temperature(logits, labels)], [0.0], []
    else:
        fitted = [_platt(logits[:, j], labels[:, j]) for j in range(labels.shape[1])]
        scales, shifts = [scale for scale, _ in fitted], [shift for _, shift in fitted]
        thresholds = choose_thresholds(sigmoid(logits * np.array(scales) + np.array(shifts)))
    calibration = Calibration(task, scales, shifts, thresholds, 0.0)
    probabilities = calibration.probabilities(logits)
    doubt = expected_errors(probabilities, calibration.decide(probabilities))
    return Calibration(task, scales, shifts, thresholds, float(np.quantile(doubt, 1 - REVIEWED_SHARE)))


def choose_thresholds(probabilities: np.ndarray) -> list[float]:
    """A threshold per theme, each 0…1: the one that expects the best F1, drawn towards that of all themes where few positives
    are expected. `probabilities` (n, n_themes) float, calibrated."""
    common = _best_threshold(probabilities.ravel())
    expected = probabilities.sum(axis=0)
    trust = expected / (expected + _SHRINKAGE)
    own = np.array([_best_threshold(column) for column in probabilities.T])
    return [float(threshold) for threshold in trust * own + (1 - trust) * common]


def expected_errors(probabilities: np.ndarray, given: np.ndarray) -> np.ndarray:
    """How many labels of each line are expected to be wrong if the probabilities are right, (n,) float."""
    return np.where(given, 1 - probabilities, probabilities).sum(axis=1)


def best_f1(scores: np.ndarray, labels: np.ndarray) -> float:
    """The highest F1 that any threshold on `scores` reaches, 0…1; 0 without positives. Lines of one score are given together."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(labels[order])
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, len(ranked) > 0))
    return float((2 * hits[last] / (last + 1 + labels.sum())).max(initial=0.0))


def _best_threshold(probabilities: np.ndarray) -> float:
    """The threshold whose expected F1 is the best; 0.5 without lines."""
    if not len(probabilities):
        return 0.5
    ranked = np.sort(probabilities)[::-1]
    f1 = 2 * np.cumsum(ranked) / (np.arange(1, len(ranked) + 1) + ranked.sum())
    last = int(np.argmax(f1))
    below = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float((ranked[last] + below) / 2)  # between two lines, so that a rounding error does not move one across it


def _platt(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Scale and shift that minimise the log loss, with a small ridge towards (1, 0)."""
    from scipy.optimize import minimize

    def loss(parameters: np.ndarray) -> float:
        z = parameters[0] * logits + parameters[1]
        fit = np.mean(np.logaddexp(0, z) - labels * z)
        return float(fit + _RIDGE * ((parameters[0] - 1) ** 2 + parameters[1] ** 2))

    scale, shift = minimize(loss, np.array([1.0, 0.0]), bounds=[(0.05, 20.0), (-10.0, 10.0)]).x
    return float(scale), float(shift)


def _temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Inverse softmax temperature that minimises the log loss (Guo et al., ICML 2017)."""
    from scipy.optimize import minimize_scalar

    gold = labels.argmax(axis=1)

    def loss(scale: float) -> float:
        return float(-np.mean(np.log(softmax(logits * scale)[np.arange(len(gold)), gold] + 1e-12)))

    return float(minimize_scalar(loss, bounds=(0.05, 20.0), method="bounded").x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Logistic function without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(x, dtype=np.float64)))


def softmax(x: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    shifted = np.asarray(x, dtype=np.float64) - np.max(x, axis=-1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=-1, keepdims=True)
