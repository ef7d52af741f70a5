"""The report: a comparison with its scores in, one self-contained page of HTML out that opens offline and on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema import plots
from tema.comparison import Comparison
from tema.corpus import Corpus, examples
from tema.themes import Theme

if TYPE_CHECKING:
    from tema.job import Outcome

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_WORST = 25
_KEPT = 0.8


@dataclass(frozen=True)
class Mistake:
    """A line whose themes are wrong: those given, those missed, and the names of those labelled."""

    article_id: str
    text: str
    given: list[Theme]
    missed: list[Theme]
    gold: list[str]


def report(title: str, corpus: Corpus, comparison: Comparison, outcome: Outcome, epochs: Sequence[dict[str, float]]) -> str:
    """The page. `epochs` is the training log; empty for cross-validation."""
    import jinja2

    main = outcome.scores[comparison.main]
    labels = examples(corpus, range(len(corpus.articles))).labels
    in_corpus = labels.sum(axis=0)
    rows = [(theme.name, n, main.themes[theme.id]) for theme, n in zip(corpus.themes, in_corpus, strict=True)]
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return page.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        title=title,
        note=outcome.origin.note,
        standin=outcome.origin.standin_reason is not None,
        summary=_summary(corpus, comparison, labels),
        scores=outcome.scores,
        differences=outcome.differences,
        rows=[*rows, ("micro", in_corpus.sum(), main.micro), ("macro", in_corpus.sum(), main.macro)],
        names=list(comparison.predictions),
        precision_recall=plots.precision_recall(comparison, corpus.themes),
        reliabilities=plots.reliabilities(comparison, corpus.themes),
        risk_coverage=plots.risk_coverage(comparison),
        confusions=plots.confusions(comparison, corpus.themes),
        review=review_errors(comparison),
        errors=worst_mistakes(corpus, comparison, _WORST),
        training=plots.training(epochs) if epochs else "",
    )


def review_errors(comparison: Comparison) -> dict[str, float]:
    """The share of lines with a mistake among the most certain four fifths, and among the rest, each 0…1."""
    coverage, risk = plots.risk_by_coverage(comparison)
    at = int(np.searchsorted(coverage, _KEPT, side="right")) - 1
    wrong = risk * np.arange(1, len(risk) + 1)
    rest = max(1, len(risk) - at - 1)
    return {"kept": float(risk[at]), "set_aside": float((wrong[-1] - wrong[at]) / rest)}


def worst_mistakes(corpus: Corpus, comparison: Comparison, most: int) -> list[Mistake]:
    """The lines on which the model was surest of something wrong."""
    said, gold = comparison.predictions[comparison.main], comparison.lines.labels
    wrong = said.given != gold
    sure = np.where(wrong, np.abs(said.probabilities - gold), 0).max(axis=1)
    return [_mistake(corpus, comparison, int(i)) for i in np.argsort(-sure, kind="stable")[:most] if sure[i] > 0]


def _mistake(corpus: Corpus, comparison: Comparison, i: int) -> Mistake:
    gold, given = comparison.lines.labels[i], comparison.predictions[comparison.main].given[i]
    return Mistake(
        corpus.articles[comparison.lines.articles[i]].article_id,
        comparison.lines.texts[i],
        [corpus.themes[j] for j in np.flatnonzero(given)],
        [corpus.themes[j] for j in np.flatnonzero(gold & ~given)],
        [corpus.themes[j].name for j in np.flatnonzero(gold)],
    )


def _summary(corpus: Corpus, comparison: Comparison, labels: np.ndarray) -> str:
    lines: Any = comparison.lines
    tested = len(np.unique(lines.articles))
    n_themes = labels.sum(axis=1)
    return (
        f"Scored on {len(lines):,} lines of {tested:,} articles that the model had not seen. The corpus: "
        f"{len(corpus.articles):,} articles, {len(labels):,} labelled lines, {len(corpus.themes)} themes; "
        f"{(n_themes == 0).mean():.0%} of the lines carry none, {(n_themes > 1).mean():.0%} several."
    )
