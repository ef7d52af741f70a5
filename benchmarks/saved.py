"""Saved models in benchmarks: what one was trained on, and what its tags say of texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tema.corpus import SIDES, Corpus, load_corpus
from tema.evaluation import Prediction
from tema.job import Sides, divided
from tema.settings import Settings, load_settings
from tema.splits import Split
from tema.tagging import Tags


def trained_on(folder: Path) -> tuple[Settings, Corpus, Sides]:
    """The recipe of the model in `folder`, its labelled articles as they are today, and the lines on each side (`split` in
    its metrics.json)."""
    settings = load_settings(folder / "settings.yaml")
    corpus = load_corpus(settings.data, settings.task)
    split = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["split"]
    side_of = {article_id: side for side in SIDES for article_id in split[side]}
    numbers: dict[str, list[int]] = {side: [] for side in SIDES}
    for number, article in enumerate(corpus.articles):
        if article.article_id in side_of:  # articles may have come since
            numbers[side_of[article.article_id]].append(number)
    return settings, corpus, divided(corpus, Split(**numbers))


def prediction(tags: Sequence[Tags], theme_ids: Sequence[str]) -> Prediction:
    """The tags of n texts as two arrays, (n, n_themes)."""
    return Prediction(
        np.array([[theme in row.themes for theme in theme_ids] for row in tags]), np.array([row.scores for row in tags])
    )
