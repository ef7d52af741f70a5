"""A saved model on articles by other hands: `python -m benchmarks.transfer --model models/themes`.

`data/transfer/` holds articles by other writers, after another plan, for other outlets; nothing is trained or tuned on them.
Every headline and body line is tagged alone, with the model's own calibration and thresholds; intervals are over articles.
"""

from __future__ import annotations

import argparse

import numpy as np

from tema.corpus import examples, load_corpus
from tema.evaluation import Prediction, score, score_table
from tema.settings import DataSettings
from tema.tagging import Tagger


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
    given = np.array([[theme in tag.themes for theme in corpus.theme_ids] for tag in tags])
    predicted = Prediction(given, np.array([tag.scores for tag in tags]))
    scores = score(lines.labels, predicted, lines.articles, corpus.theme_ids, seed=13)
    print(f"{len(corpus.articles)} articles, {len(lines)} lines; {tagger.bundle.encoder_note}")
    print(score_table({"model": scores}, {t.id: t.name for t in corpus.themes}))
    for name, average in (("micro", scores.micro), ("macro", scores.macro)):
        print(f"{name}-F1 {average.f1}  (95 % over articles)")
    wrong = (given != lines.labels).any(axis=1)
    flagged = np.array([tag.needs_review for tag in tags])
    errors = wrong[flagged].mean(), wrong[~flagged].mean()
    print(f"needs_review: {flagged.mean():.0%} of lines; wrong among them {errors[0]:.0%}, among the rest {errors[1]:.0%}")


if __name__ == "__main__":
    main()
