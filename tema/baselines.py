"""What the fine-tuned encoder is held against: the three sides of a split in, a `Prediction` for the test lines out.

All see what the model sees: they learn from the training lines and choose thresholds on the validation lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tema.calibration import calibrate
from tema.evaluation import Prediction
from tema.themes import Theme

if TYPE_CHECKING:
    from tema.corpus import Examples
    from tema.settings import Settings


def always_empty(test: Examples) -> Prediction:
    """No theme for any line."""
    nothing = np.zeros(test.labels.shape)
    return Prediction(nothing.astype(bool), nothing)


def keyword_cues(test: Examples, themes: Sequence[Theme]) -> Prediction:
    """A theme wherever one of its cue words stands (`cues` in themes.yaml)."""
    found = np.array([[bool(pattern.search(text)) for pattern in map(cue_pattern, themes)] for text in test.texts])
    found = found.reshape(test.labels.shape)
    return Prediction(found, found.astype(float))


def cue_pattern(theme: Theme) -> re.Pattern[str]:
    """Matches a word that begins with one of the theme's cues."""
    return re.compile("|".join(r"\b" + re.escape(cue) for cue in theme.cues) or r"(?!)", re.IGNORECASE)


def tfidf(train: Examples, validation: Examples, test: Examples, settings: Settings) -> Prediction:
    """TF-IDF (words and characters) + logistic regression, with the same calibration and thresholds as the model."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    model = make_pipeline(
        make_union(
            TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, 2)),
            TfidfVectorizer(sublinear_tf=True, min_df=2, analyzer="char_wb", ngram_range=(2, 5), max_features=100_000),
        ),
        OneVsRestClassifier(LogisticRegression(C=10, class_weight="balanced", max_iter=1000, random_state=settings.seed)),
    )
    model.fit(train.texts, train.labels.astype(int))
    chosen_on, asked = (
        np.asarray(model.decision_function(side.texts)).reshape(side.labels.shape) for side in (validation, test)
    )  # of a single label scikit-learn gives a vector
    calibration = calibrate(chosen_on, validation.labels, settings.task)
    probabilities = calibration.probabilities(asked)
    return Prediction(calibration.decide(probabilities), probabilities)
