"""Several models on the same lines: predictions by model in; scores, paired differences and one file of rows out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tema.corpus import Corpus, Examples
from tema.errors import InputError
from tema.evaluation import Prediction, Scores, score
from tema.intervals import Interval, paired_difference


@dataclass(frozen=True)
class Comparison:
    """What each model says of the same labelled lines; the first model is the one that the others are held against."""

    lines: Examples
    predictions: Mapping[str, Prediction]

    @property
    def main(self) -> str:
        """The name of the first model."""
        return next(iter(self.predictions))

    def scores(self, theme_ids: Sequence[str], seed: int) -> dict[str, Scores]:
        """Scores of every model."""
        lines = self.lines
        return {name: score(lines.labels, said, lines.articles, theme_ids, seed) for name, said in self.predictions.items()}

    def differences(self, seed: int) -> dict[str, dict[str, Interval]]:
        """Micro- and macro-F1 of the first model minus those of each other one, on the same draws of articles."""
        lines, main = self.lines, self.predictions[self.main]
        return {
            name: paired_difference(lines.labels, main.given, said.given, lines.articles, seed)
            for name, said in self.predictions.items()
            if name != self.main
        }


def joined(parts: Sequence[Comparison]) -> Comparison:
    """The lines of all folds together; every part must hold the same models."""
    lines = Examples(
        [text for part in parts for text in part.lines.texts],
        *(np.concatenate([getattr(part.lines, name) for part in parts]) for name in ("labels", "articles", "lines")),
    )
    predictions = {
        name: Prediction(
            np.concatenate([part.predictions[name].given for part in parts]),
            np.concatenate([part.predictions[name].probabilities for part in parts]),
        )
        for name in parts[0].predictions
    }
    return Comparison(lines, predictions)


def write_rows(path: Path, corpus: Corpus, comparison: Comparison) -> None:
    """One JSON row per line: article, line number, gold themes, and each model's themes and probabilities."""
    themes = corpus.theme_ids
    with path.open("w", encoding="utf-8") as stream:
        for i in range(len(comparison.lines)):
            row = {
                "article_id": corpus.articles[comparison.lines.articles[i]].article_id,
                "line": int(comparison.lines.lines[i]),
                "themes": _named(comparison.lines.labels[i], themes),
                "models": {name: _said(said, i, themes) for name, said in comparison.predictions.items()},
            }
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_rows(path: Path, corpus: Corpus) -> Comparison:
    """What `write_rows` wrote, with today's labels of the corpus. Raises InputError when the corpus has no such line."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    number = {article.article_id: i for i, article in enumerate(corpus.articles)}
    texts, labels = [], np.zeros((len(rows), len(corpus.themes)), dtype=bool)
    for i, row in enumerate(rows):
        try:
            line = corpus.articles[number[row["article_id"]]].lines[row["line"]]
        except (KeyError, IndexError):
            raise InputError(
                f"{path}: row {i + 1}: the corpus has no line {row.get('line')} of article {row.get('article_id')!r}; "
                "run the folds anew"
            ) from None
        texts.append(line.text)
        labels[i] = [theme in line.themes for theme in corpus.theme_ids]
    places = np.array([(number[row["article_id"]], row["line"]) for row in rows], dtype=np.int64).reshape(-1, 2)
    predictions = {name: _read(rows, name, corpus.theme_ids) for name in (rows[0]["models"] if rows else ())}
    return Comparison(Examples(texts, labels, places[:, 0], places[:, 1]), predictions)


def _read(rows: Sequence[Any], name: str, themes: Sequence[str]) -> Prediction:
    said = [row["models"][name] for row in rows]
    given = np.array([[theme in model["themes"] for theme in themes] for model in said])
    return Prediction(given, np.array([[model["scores"][theme] for theme in themes] for model in said]))


def _said(said: Prediction, i: int, themes: Sequence[str]) -> dict[str, Any]:
    scores = {theme: round(float(p), 6) for theme, p in zip(themes, said.probabilities[i], strict=True)}
    return {"themes": _named(said.given[i], themes), "scores": scores}


def _named(labels: np.ndarray, themes: Sequence[str]) -> list[str]:
    return [theme for theme, has in zip(themes, labels, strict=True) if has]
