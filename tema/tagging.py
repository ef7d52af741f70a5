"""Tagging: a stream of articles in, a stream of `TaggedArticle`s out, in the same order, whatever the batches.

Articles are gathered until they hold enough paragraphs to fill the engine's batches, tagged together, and handed on; no
more than that is ever in memory. Boilerplate is kept with no themes and never reaches the encoder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tema.articles import Article, Paragraph
from tema.bundle import Bundle, load_bundle
from tema.calibration import raw_probabilities
from tema.engine import Engine, open_engine

_GATHERED = 512  # paragraphs


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
    and doubt always come from the calibrated ones. `threads` is how many cores it may use (None: all)."""

    def __init__(self, model: str | Path, calibrated: bool = True, engine: str = "auto", threads: int | None = None) -> None:
        self.bundle: Bundle = load_bundle(model)
        self.theme_ids = [theme.id for theme in self.bundle.themes]
        self._no_tags = Tags((), (0.0,) * len(self.theme_ids), False)
        self._calibrated = calibrated
        # the exported form rounds; who asks for the pipeline's own figures gets the trained weights
        self.engine: Engine = open_engine(self.bundle, "torch" if engine == "auto" and not calibrated else engine, threads)

    def tag(self, articles: Iterable[Article]) -> Iterator[TaggedArticle]:
        """Tag a stream of articles; while some are tagged, the next are read and the last are handed on."""
        with ThreadPoolExecutor(1) as worker:
            running: Future[list[TaggedArticle]] | None = None
            for group in _groups(articles):
                ahead = worker.submit(self._tag_together, group)
                if running is not None:
                    yield from running.result()
                running = ahead
            if running is not None:
                yield from running.result()

    def tag_texts(self, texts: list[str]) -> list[Tags]:
        """Tag single paragraphs; each is taken as body text."""
        return self._tags(texts)

    def _tag_together(self, articles: list[Article]) -> list[TaggedArticle]:
        tagged = iter(self._tags([p.text for article in articles for p in article.paragraphs if is_tagged(p)]))
        return [
            TaggedArticle(article, tuple(next(tagged) if is_tagged(p) else self._no_tags for p in article.paragraphs))
            for article in articles
        ]

    def _tags(self, texts: list[str]) -> list[Tags]:
        if not texts:
            return []
        calibration = self.bundle.calibration
        once = list(dict.fromkeys(texts))  # archives repeat themselves
        number = {text: i for i, text in enumerate(once)}
        logits = self.engine.logits(once)[[number[text] for text in texts]]
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


def _groups(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Articles in groups that hold enough paragraphs to fill the engine's batches."""
    gathered: list[Article] = []
    waiting = 0
    for article in articles:
        gathered.append(article)
        waiting += len(article.paragraphs)
        if waiting >= _GATHERED:
            yield gathered
            gathered, waiting = [], 0
    if gathered:
        yield gathered


def is_tagged(paragraph: Paragraph) -> bool:
    """Whether a paragraph is the writer's own words."""
    return paragraph.kind != "boilerplate"


def records(tagged: TaggedArticle, theme_ids: list[str], level: str) -> Iterator[dict[str, Any]]:
    """The records of an article at level paragraph or article."""
    if level == "article":
        yield article_record(tagged, theme_ids)
    else:
        yield from paragraph_records(tagged, theme_ids)


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
