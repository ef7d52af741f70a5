"""A saved model on articles by other hands: `python -m benchmarks.transfer --model models/themes`.

`data/transfer/` holds articles by other writers, after another plan, for other outlets; nothing is trained or tuned on them.
Every headline and body line is tagged alone, with the model's own calibration and thresholds; intervals are over articles. TF-IDF
+ logistic regression, learned from the articles that the model learned from (`split` in its metrics.json), stands beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.saved import prediction, trained_on
from tema.baselines import tfidf
from tema.comparison import Comparison
from tema.corpus import Examples, examples, load_corpus
from tema.evaluation import Prediction, score_table
from tema.settings import DataSettings
from tema.tagging import Tagger

SEED = 13


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="models/themes")
    parser.add_argument("--articles", default="data/transfer", help="labelled articles to score on")
    parser.add_argument("--themes", default="data/themes.yaml", help="their themes")
    arguments = parser.parse_args()
    corpus = load_corpus(DataSettings(articles=arguments.articles, themes=arguments.themes))
    lines = examples(corpus, range(len(corpus.articles)))
    tagger = Tagger(arguments.model)
    tags = tagger.tag_texts(lines.texts)
    predicted = prediction(tags, corpus.theme_ids)
    said = {"model": predicted, "TF-IDF + logistic": _tfidf(Path(arguments.model), lines)}
    comparison = Comparison(lines, said)
    scores = comparison.scores(corpus.theme_ids, SEED)
    print(f"{len(corpus.articles)} articles, {len(lines)} lines; {tagger.bundle.encoder_note}")
    print(score_table(scores, {t.id: t.name for t in corpus.themes}))
    for name, its in scores.items():
        print(f"{name}: micro-F1 {its.micro.f1}, macro-F1 {its.macro.f1}  (95 % over articles)")
    for name, lead in comparison.differences(SEED).items():
        print(f"lead over {name}: micro-F1 {lead['micro']}, macro-F1 {lead['macro']}  (paired)")
    wrong = (predicted.given != lines.labels).any(axis=1)
    flagged = np.array([tag.needs_review for tag in tags])
    errors = wrong[flagged].mean(), wrong[~flagged].mean()
    print(f"needs_review: {flagged.mean():.0%} of lines; wrong among them {errors[0]:.0%}, among the rest {errors[1]:.0%}")


def _tfidf(folder: Path, lines: Examples) -> Prediction:
    """The baseline that train.py sets beside the model in `folder`, on other lines."""
    settings, _, sides = trained_on(folder)
    return tfidf(sides.train, sides.validation, lines, settings)


if __name__ == "__main__":
    main()
