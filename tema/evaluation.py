"""Scores: gold labels and predictions in; precision, recall, F1, average precision with intervals, and calibration out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tema.intervals import (
    Interval,
    article_rows,
    average_precision,
    counts,
    interval,
    intervals,
    precision_recall_f1,
)

_BINS = 10


@dataclass(frozen=True)
class Prediction:
    """What a model says of n lines: `given` (n, n_themes) bool, `probabilities` (n, n_themes) float, 0…1."""

    given: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True)
class Score:
    """Of one theme, or of all: four measures 0…1 with 95 % intervals over articles, how many lines truly carry the theme, and
    how far the probabilities can be believed (expected calibration error and Brier score, 0…1, lower is better)."""

    precision: Interval
    recall: Interval
    f1: Interval
    average_precision: Interval
    support: int
    ece: float
    brier: float


@dataclass(frozen=True)
class Scores:
    """What one model reaches on one set of lines.

    `exact` is the share of lines whose themes are all right; `articles_micro` and `articles_macro` are F1 over whole articles,
    which carry the themes of all their lines. In `micro`, average precision and calibration error are over all (line, theme)
    pairs together; in `macro` they are means over themes.
    """

    micro: Score
    macro: Score
    exact: Interval
    articles_micro: Interval
    articles_macro: Interval
    themes: dict[str, Score]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def score(gold: np.ndarray, predicted: Prediction, articles: np.ndarray, theme_ids: Sequence[str], seed: int) -> Scores:
    """Hold predictions against `gold` (n, n_themes) bool; `articles` (n,) numbers each line's article.

    `seed` draws the bootstrap. A theme that no line carries and none is given has F1 0.
    """
    rows = article_rows(articles)
    n_articles = int(rows.max(initial=0)) + 1
    summed = counts(gold, predicted.given, articles)
    measured = _measured(summed, gold, predicted.probabilities, rows, seed)
    themes = {theme: measured[j] for j, theme in enumerate(theme_ids)}
    right = (gold == predicted.given).all(axis=1)
    lines = np.bincount(rows, minlength=n_articles)
    hits = np.bincount(rows, weights=right, minlength=n_articles)
    whole = counts(_of_articles(gold, rows, n_articles), _of_articles(predicted.given, rows, n_articles), np.arange(n_articles))
    return Scores(
        measured[-2],
        measured[-1],
        interval(lambda weights: (weights @ hits) / np.maximum(weights @ lines, 1), n_articles, seed),
        interval(lambda weights: precision_recall_f1(np.tensordot(weights, whole, 1).sum(axis=1))[2], n_articles, seed),
        interval(lambda weights: precision_recall_f1(np.tensordot(weights, whole, 1))[2].mean(axis=1), n_articles, seed),
        themes,
    )


def _of_articles(labels: np.ndarray, rows: np.ndarray, n_articles: int) -> np.ndarray:
    """The themes of whole articles, (n_articles, n_themes) bool: those of any of their lines."""
    joined = np.zeros((n_articles, labels.shape[1]), dtype=bool)
    np.logical_or.at(joined, rows, labels)
    return joined


def _measured(summed: np.ndarray, gold: np.ndarray, probabilities: np.ndarray, rows: np.ndarray, seed: int) -> list[Score]:
    """A Score per theme, then micro, then macro."""
    n_articles, n_themes = summed.shape[:2]

    def per_theme(kind: int) -> Callable[[np.ndarray], np.ndarray]:
        def measure(weights: np.ndarray) -> np.ndarray:
            drawn = np.tensordot(weights, summed, 1)
            values = precision_recall_f1(drawn)[kind]
            micro = precision_recall_f1(drawn.sum(axis=1))[kind]
            return np.column_stack([values, micro, values.mean(axis=1)])

        return measure

    ranked = [average_precision(probabilities[:, j], gold[:, j], rows) for j in range(n_themes)]
    together = average_precision(probabilities.ravel(), gold.ravel(), np.repeat(rows, n_themes))

    def precisions(weights: np.ndarray) -> np.ndarray:
        values = np.column_stack([measure(weights) for measure in ranked])
        return np.column_stack([values, together(weights), values.mean(axis=1)])

    columns = [intervals(measure, n_articles, seed) for measure in (*map(per_theme, range(3)), precisions)]
    support = [*gold.sum(axis=0), gold.sum(), gold.sum()]
    errors = [calibration_error(probabilities[:, j], gold[:, j]) for j in range(n_themes)]
    briers = [float(np.mean((probabilities[:, j] - gold[:, j]) ** 2)) for j in range(n_themes)]
    errors += [calibration_error(probabilities.ravel(), gold.ravel()), float(np.mean(errors))]
    briers += [float(np.mean(briers)), float(np.mean(briers))]
    return [
        Score(precision, recall, f1, ranking, int(n), ece, brier)
        for precision, recall, f1, ranking, n, ece, brier in zip(*columns, support, errors, briers, strict=True)
    ]


def reliability(probabilities: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Per tenth of the probability scale that is used: mean probability, share of true ones, number of lines; (bins, 3) float."""
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    n = np.bincount(bins, minlength=_BINS)
    used = n > 0
    sums = (np.bincount(bins, weights=values, minlength=_BINS)[used] / n[used] for values in (probabilities, gold))
    return np.column_stack([*sums, n[used]])


def calibration_error(probabilities: np.ndarray, gold: np.ndarray) -> float:
    """Expected calibration error over ten equal bins, 0…1 (Naeini et al., AAAI 2015)."""
    if not len(gold):
        return 0.0
    said, true, n = reliability(probabilities, gold).T
    return float(np.sum(np.abs(said - true) * n) / n.sum())


def score_table(columns: dict[str, Scores], names: dict[str, str]) -> str:
    """A plain-text table: a row per theme, then micro, macro and more; F1 of every model; of the first also precision, recall and
    average precision. `names` maps theme ids to the names shown."""
    first = next(iter(columns.values()))
    width = max(map(len, [*names.values(), "macro, whole articles"])) + 2
    wide = max(map(len, columns)) + 2
    head = f"{'':{width}}{'support':>8}{'precision':>11}{'recall':>8}{'AP':>8}"
    lines = [head + "".join(f"{name:>{wide}}" for name in columns)]

    def line(label: str, main: Score, pick: Callable[[Scores], Score]) -> str:
        values = "".join(f"{pick(scores).f1.value:>{wide}.3f}" for scores in columns.values())
        measures = f"{main.precision.value:>11.3f}{main.recall.value:>8.3f}{main.average_precision.value:>8.3f}"
        return f"{label:{width}}{main.support:>8}{measures}{values}"

    for theme, name in names.items():
        lines.append(line(name, first.themes[theme], lambda scores, theme=theme: scores.themes[theme]))  # type: ignore[misc]
    lines.append(line("micro", first.micro, lambda scores: scores.micro))
    lines.append(line("macro", first.macro, lambda scores: scores.macro))
    wholes: dict[str, Callable[[Scores], Interval]] = {
        "micro, whole articles": lambda scores: scores.articles_micro,
        "macro, whole articles": lambda scores: scores.articles_macro,
        "exact match": lambda scores: scores.exact,
    }
    for label, value in wholes.items():
        lines.append(f"{label:{width}}{'':>35}" + "".join(f"{value(scores).value:>{wide}.3f}" for scores in columns.values()))
    return "\n".join(lines)
