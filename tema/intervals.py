"""How far a score can be trusted: gold labels and guesses with their articles in, bootstrap intervals out.

Lines of one article are not independent, so whole articles are drawn (cluster bootstrap; Field and Welsh, JRSS B 69, 2007):
each draw weighs every article by how often it was drawn, and each measure is computed from the weighted lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 1000
_CHUNK = 100  # draws at a time: the memory of an average precision is draws x lines
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

    @property
    def excludes_zero(self) -> bool:
        """Whether a difference with this interval is real at the 95 % level."""
        return self.low > 0 or self.high < 0


Measure = Callable[[np.ndarray], np.ndarray]
"""Weights of articles, (draws, n_articles) → a value for each draw, (draws,) or (draws, n_themes)."""


def interval(measure: Measure, n_articles: int, seed: int) -> Interval:
    """The measure of the articles as they are, with its interval."""
    return intervals(measure, n_articles, seed)[0]


def intervals(measure: Measure, n_articles: int, seed: int) -> list[Interval]:
    """The same for a measure that gives a value per theme."""
    values = measure(np.ones((1, n_articles))).reshape(-1)
    drawn = np.concatenate([measure(weights).reshape(len(weights), -1) for weights in draws(n_articles, seed)])
    low, high = np.quantile(drawn, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)
    return [Interval(*map(float, row)) for row in zip(values, low, high, strict=True)]


def draws(n_articles: int, seed: int) -> Iterator[np.ndarray]:
    """How often each article is drawn, chunks of (draws, n_articles) float; the same draws for the same seed and size."""
    generator = np.random.default_rng(seed)
    for _ in range(DRAWS // _CHUNK):
        yield generator.multinomial(n_articles, np.full(n_articles, 1 / n_articles), size=_CHUNK).astype(float)


def counts(gold: np.ndarray, given: np.ndarray, articles: np.ndarray) -> np.ndarray:
    """(n_articles, n_themes, 3) float: lines where both have the theme, where gold has it, where it is given.

    `gold`, `given` (n, n_themes) bool; `articles` (n,) numbers each line's article.
    """
    rows = article_rows(articles)
    summed = np.zeros((rows.max(initial=-1) + 1, gold.shape[1], 3))
    np.add.at(summed, rows, np.stack([gold & given, gold, given], axis=2).astype(float))
    return summed


def article_rows(articles: np.ndarray) -> np.ndarray:
    """Articles renumbered from 0, (n,) int."""
    return np.unique(articles, return_inverse=True)[1]


def precision_recall_f1(summed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of counts (…, 3) precision, recall and F1, each (…); 0 where nothing is given or true."""
    hits, gold, given = np.moveaxis(summed, -1, 0)
    return hits / np.maximum(given, 1), hits / np.maximum(gold, 1), 2 * hits / np.maximum(gold + given, 1)


def f1_measures(summed: np.ndarray) -> dict[str, Measure]:
    """Micro- and macro-F1 as measures, from counts by article."""

    def micro(weights: np.ndarray) -> np.ndarray:
        return precision_recall_f1(np.tensordot(weights, summed, 1).sum(axis=1))[2]

    def macro(weights: np.ndarray) -> np.ndarray:
        return precision_recall_f1(np.tensordot(weights, summed, 1))[2].mean(axis=1)

    return {"micro": micro, "macro": macro}


def paired_difference(
    gold: np.ndarray, given: np.ndarray, other: np.ndarray, articles: np.ndarray, seed: int
) -> dict[str, Interval]:
    """Micro- and macro-F1 of `given` minus those of `other` on the same draws of articles."""
    ours, theirs = (f1_measures(counts(gold, guess, articles)) for guess in (given, other))
    n_articles = len(np.unique(articles))

    def difference(average: str) -> Measure:
        return lambda weights: ours[average](weights) - theirs[average](weights)

    return {average: interval(difference(average), n_articles, seed) for average in ("micro", "macro")}


def average_precision(scores: np.ndarray, gold: np.ndarray, rows: np.ndarray) -> Measure:
    """Average precision (step-wise, ties taken together, as scikit-learn's) of `scores` (n,) against `gold` (n,) bool; `rows`
    (n,) numbers each entry's article from 0."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    truth, owner = gold[order].astype(float), rows[order]

    def measure(weights: np.ndarray) -> np.ndarray:
        drawn = weights[:, owner]
        hits, seen = np.cumsum(drawn * truth, axis=1)[:, last], np.cumsum(drawn, axis=1)[:, last]
        gained = np.diff(hits, axis=1, prepend=0)
        return (gained * hits / np.maximum(seen, 1)).sum(axis=1) / np.maximum(hits[:, -1], 1)

    return measure
