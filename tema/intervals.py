"""How far a score can be trusted: gold and given themes with their articles in, bootstrap intervals and paired differences out.

Lines of one article are not independent, so whole articles are drawn (cluster bootstrap; Field and Welsh, JRSS B 69, 2007). F1 is
computed from counts summed over the drawn articles.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 2000
_LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def f1_intervals(gold: np.ndarray, given: np.ndarray, articles: np.ndarray, seed: int) -> dict[str, Interval]:
    """Micro- and macro-F1 with intervals. `gold`, `given` (n, n_themes) bool; `articles` (n,) numbers each line's article."""
    counts = counts_by_article(gold, given, articles)
    drawn = _drawn(counts, seed)
    return {
        name: _interval(float(measure(counts.sum(axis=0)[None])[0]), measure(drawn))
        for name, measure in (("micro", micro_f1), ("macro", macro_f1))
    }


def paired_difference(
    gold: np.ndarray, given: np.ndarray, other: np.ndarray, articles: np.ndarray, seed: int
) -> dict[str, Interval]:
    """Micro- and macro-F1 of `given` minus those of `other` on the same draws of articles."""
    first, second = (counts_by_article(gold, guess, articles) for guess in (given, other))
    first_drawn, second_drawn = _drawn(first, seed), _drawn(second, seed)
    return {
        name: _interval(
            float((measure(first.sum(axis=0)[None]) - measure(second.sum(axis=0)[None]))[0]),
            measure(first_drawn) - measure(second_drawn),
        )
        for name, measure in (("micro", micro_f1), ("macro", macro_f1))
    }


def counts_by_article(gold: np.ndarray, given: np.ndarray, articles: np.ndarray) -> np.ndarray:
    """(n_articles, n_themes, 2) int: lines where both have the theme; lines where gold has it plus those where given has it."""
    numbers, rows = np.unique(articles, return_inverse=True)
    counts = np.zeros((len(numbers), gold.shape[1], 2), dtype=np.int64)
    np.add.at(counts[:, :, 0], rows, gold & given)
    np.add.at(counts[:, :, 1], rows, gold.astype(np.int64) + given)
    return counts


def micro_f1(sums: np.ndarray) -> np.ndarray:
    """F1 over all themes together, (draws,), of summed counts (draws, n_themes, 2)."""
    totals = sums.sum(axis=1)
    return np.asarray(2 * totals[:, 0] / np.maximum(totals[:, 1], 1))


def macro_f1(sums: np.ndarray) -> np.ndarray:
    """Mean over themes of F1, (draws,), of summed counts (draws, n_themes, 2)."""
    return np.asarray((2 * sums[:, :, 0] / np.maximum(sums[:, :, 1], 1)).mean(axis=1))


def _drawn(counts: np.ndarray, seed: int) -> np.ndarray:
    """Counts summed over articles drawn with replacement, (DRAWS, n_themes, 2); the same draws for the same seed and size."""
    weights = np.random.default_rng(seed).multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=DRAWS)
    return np.einsum("da,atk->dtk", weights, counts)


def _interval(value: float, draws: np.ndarray) -> Interval:
    low, high = np.quantile(draws, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Interval(value, float(low), float(high))
