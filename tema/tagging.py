"""Tagging: a stream of articles in, a stream of `TaggedArticle`s out, in the same order, whatever the batches.

Articles are gathered until they hold enough paragraphs to fill the engine's batches, tagged together, and handed on; no
more than that is ever in memory. Boilerplate is kept with no themes and never reaches the encoder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tema.articles import Article, Paragraph
from tema.bundle import Bundle, load_bundle
from tema.calibration import raw_probabilities
from tema.engine import Engine, TorchEngine

_GATHERED = 1024  # paragraphs


@dataclass(frozen=True)
class Tags:
    """What a paragraph got: themes given, probabilities in theme order (all 0 for boilerplate), and doubt."""

    themes: tuple[str, ...]
    scores: tuple[float, ...]
    needs_review: bool


@dataclass(frozen=True)
class TaggedArticle:
    """An article with the tags of each of its paragraphs."""

    article: Article
    tags: tuple[Tags, ...]


class Tagger:
    """A saved model, ready to tag. `calibrated=False` gives the probabilities of transformers' pipeline as scores; themes
    and doubt always come from the calibrated ones."""

    def __init__(self, model: str | Path, calibrated: bool = True) -> None:
        self.bundle: Bundle = load_bundle(model)
        self.theme_ids = [theme.id for theme in self.bundle.themes]
        self._no_tags = Tags((), (0.0,) * len(self.theme_ids), False)
        self._calibrated = calibrated
        self._engine: Engine = TorchEngine(self.bundle.folder, self.bundle.max_length)

    def tag(self, articles: Iterable[Article]) -> Iterator[TaggedArticle]:
        """Tag a stream of articles."""
        gathered: list[Article] = []
        waiting = 0
        for article in articles:
            gathered.append(article)
            waiting += len(article.paragraphs)
            if waiting >= _GATHERED:
                yield from self._tag_together(gathered)
                gathered, waiting = [], 0
        if gathered:
            yield from self._tag_together(gathered)

    def tag_texts(self, texts: list[str]) -> list[Tags]:
        """Tag single paragraphs; each is taken as body text."""
        return self._tags(texts)

    def _tag_together(self, articles: list[Article]) -> Iterator[TaggedArticle]:
        tagged = iter(self._tags([p.text for article in articles for p in article.paragraphs if is_tagged(p)]))
        for article in articles:
            yield TaggedArticle(article, tuple(next(tagged) if is_tagged(p) else self._no_tags for p in article.paragraphs))

    def _tags(self, texts: list[str]) -> list[Tags]:
        if not texts:
            return []
        calibration = self.bundle.calibration
        logits = self._engine.logits(texts)
        probabilities = calibration.probabilities(logits)
        given, doubtful = calibration.decide(probabilities), calibration.needs_review(probabilities)
        shown = probabilities if self._calibrated else raw_probabilities(logits, calibration.task)
        return [
            Tags(
                tuple(self.theme_ids[j] for j in np.flatnonzero(given[i])),
                tuple(shown[i].tolist()),
                bool(doubtful[i]),
            )
            for i in range(len(texts))
        ]


def is_tagged(paragraph: Paragraph) -> bool:
    """Whether a paragraph is the writer's own words."""
    return paragraph.kind != "boilerplate"


def paragraph_records(tagged: TaggedArticle, theme_ids: list[str]) -> Iterator[dict[str, Any]]:
    """One record per paragraph, in order; scores are rounded to 6 digits."""
    article = tagged.article
    for number, (paragraph, tags) in enumerate(zip(article.paragraphs, tagged.tags, strict=True)):
        yield {
            "article_id": article.article_id,
            "source": article.source,
            "paragraph": number,
            "text": paragraph.text,
            "kind": paragraph.kind,
            "themes": list(tags.themes),
            "scores": _scores(tags.scores, theme_ids),
            "needs_review": tags.needs_review,
        }


def article_record(tagged: TaggedArticle, theme_ids: list[str]) -> dict[str, Any]:
    """One record per article: themes that some paragraph carries, the highest score of each over the paragraphs."""
    article = tagged.article
    counts = Counter(theme for tags in tagged.tags for theme in tags.themes)
    return {
        "article_id": article.article_id,
        "source": article.source,
        "title": article.title,
        "themes": [theme for theme in theme_ids if counts[theme]],
        "scores": _scores(np.max([tags.scores for tags in tagged.tags], axis=0).tolist(), theme_ids),
        "paragraphs": len(article.paragraphs),
        "theme_paragraphs": {theme: counts[theme] for theme in theme_ids if counts[theme]},
        "needs_review": any(tags.needs_review for tags in tagged.tags),
    }


def _scores(values: Iterable[float], theme_ids: list[str]) -> dict[str, float]:
    return {theme: round(value, 6) for theme, value in zip(theme_ids, values, strict=True)}
