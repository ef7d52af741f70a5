"""Labels that look wrong: cross-validated probabilities in, the (line, theme) pairs to look at first out.

A pair's quality is cleanlab's self-confidence of the label given the probability that a model trained on other articles assigns
(Northcutt et al., JAIR 70, 2021); lines whose worst pair is lowest come first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tema.comparison import Comparison
from tema.corpus import Corpus

_DOUBT = 0.5  # pairs of a listed line with a quality below this are named


@dataclass(frozen=True)
class Suspect:
    """A line whose labels look wrong: what the model would add and what it would take away, each with its probability."""

    article_id: str
    line: int
    text: str
    themes: list[str]
    missing: dict[str, float]
    unfounded: dict[str, float]
    quality: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def suspects(corpus: Corpus, comparison: Comparison, most: int) -> list[Suspect]:
    """The `most` lines with the least trustworthy labels, worst first."""
    from cleanlab.multilabel_classification.rank import get_label_quality_scores_per_class

    lines, probabilities = comparison.lines, comparison.predictions[comparison.main].probabilities
    labels = [np.flatnonzero(row).tolist() for row in lines.labels]
    quality = np.asarray(get_label_quality_scores_per_class(labels, np.clip(probabilities, 1e-6, 1 - 1e-6)))
    worst = np.argsort(quality.min(axis=1), kind="stable")[:most]
    return [_suspect(corpus, comparison, int(i), quality[i], probabilities[i]) for i in worst]


def _suspect(corpus: Corpus, comparison: Comparison, i: int, quality: np.ndarray, probabilities: np.ndarray) -> Suspect:
    lines, themes = comparison.lines, corpus.theme_ids
    doubtful = [j for j in range(len(themes)) if quality[j] < _DOUBT]

    def named(labelled: bool) -> dict[str, float]:
        return {themes[j]: round(float(probabilities[j]), 3) for j in doubtful if bool(lines.labels[i, j]) == labelled}

    return Suspect(
        corpus.articles[lines.articles[i]].article_id,
        int(lines.lines[i]),
        lines.texts[i],
        [theme for j, theme in enumerate(themes) if lines.labels[i, j]],
        named(False),
        named(True),
        round(float(quality.min()), 4),
    )


def show(found: Sequence[Suspect]) -> None:
    """Print one JSON object per suspect."""
    for suspect in found:
        print(json.dumps(suspect.as_json(), ensure_ascii=False))
