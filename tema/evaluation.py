"""Scores: gold and given themes in, precision, recall, F1 per theme, micro and macro out; and a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tema.calibration import choose_thresholds
from tema.corpus import Examples


@dataclass(frozen=True)
class Score:
    """Precision, recall and F1 (0…1) and how many lines truly carry the theme."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """What one model reaches on one set of lines. `exact` is the share of lines whose themes are all right."""

    micro: Score
    macro: Score
    exact: float
    themes: dict[str, Score]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def score(gold: np.ndarray, given: np.ndarray, theme_ids: Sequence[str]) -> Scores:
    """Compare `gold` and `given`, both (n, n_themes) bool. A theme without gold or given lines has F1 0."""
    hits, truths, guesses = (gold & given).sum(axis=0), gold.sum(axis=0), given.sum(axis=0)
    per_theme = {theme: _score(int(hits[j]), int(truths[j]), int(guesses[j])) for j, theme in enumerate(theme_ids)}
    rows = list(per_theme.values())
    macro = Score(
        float(np.mean([row.precision for row in rows])),
        float(np.mean([row.recall for row in rows])),
        float(np.mean([row.f1 for row in rows])),
        int(truths.sum()),
    )
    micro = _score(int(hits.sum()), int(truths.sum()), int(guesses.sum()))
    return Scores(micro, macro, float((gold == given).all(axis=1).mean()) if len(gold) else 0.0, per_theme)


def _score(hits: int, truths: int, guesses: int) -> Score:
    precision = hits / guesses if guesses else 0.0
    recall = hits / truths if truths else 0.0
    return Score(precision, recall, 2 * hits / (truths + guesses) if truths + guesses else 0.0, truths)


def tfidf_baseline(train: Examples, validation: Examples, test: Examples, task: str, seed: int) -> np.ndarray:
    """TF-IDF (words and characters) + logistic regression with the same threshold tuning: what it gives the test lines,
    (n, n_themes) bool."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)),
            TfidfVectorizer(sublinear_tf=True, min_df=2, analyzer="char_wb", ngram_range=(2, 5), max_features=100_000),
        ),
        OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced", max_iter=1000, random_state=seed)),
    )
    model.fit(train.texts, train.labels.astype(int))
    if task == "multiclass":
        guessed = model.predict_proba(test.texts)
        return np.asarray(guessed == guessed.max(axis=1, keepdims=True))
    thresholds = choose_thresholds(model.predict_proba(validation.texts), validation.labels)
    return np.asarray(model.predict_proba(test.texts) >= np.array(thresholds))


def score_table(columns: dict[str, Scores], names: dict[str, str]) -> str:
    """A plain-text table: a row per theme, then micro and macro; F1 of every model, precision and recall of the first.

    `names` maps theme ids to the names shown.
    """
    first = next(iter(columns.values()))
    width = max(map(len, [*names.values(), "exact match"])) + 2
    lines = [f"{'':{width}}{'support':>8}{'precision':>11}{'recall':>8}" + "".join(f"{name:>22}" for name in columns)]

    def line(label: str, main: Score, others: list[float]) -> str:
        values = "".join(f"{value:>22.3f}" for value in others)
        return f"{label:{width}}{main.support:>8}{main.precision:>11.3f}{main.recall:>8.3f}{values}"

    for theme, name in names.items():
        lines.append(line(name, first.themes[theme], [scores.themes[theme].f1 for scores in columns.values()]))
    lines.append(line("micro", first.micro, [scores.micro.f1 for scores in columns.values()]))
    lines.append(line("macro", first.macro, [scores.macro.f1 for scores in columns.values()]))
    lines.append(f"{'exact match':{width}}{'':>27}" + "".join(f"{scores.exact:>22.3f}" for scores in columns.values()))
    return "\n".join(lines)
