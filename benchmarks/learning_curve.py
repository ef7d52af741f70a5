"""How scores grow with the number of articles: `python -m benchmarks.learning_curve`.

Grouped, stratified cross-validation; in each fold the recipe is trained on 25, 50, 75 and 100 % of the training articles (nested:
the smaller set is part of the larger) and scored on the fold's test articles. Scores are of the pooled test lines of the folds
that were run, with 95 % intervals over articles.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from tema.corpus import load_corpus
from tema.evaluation import tfidf_baseline
from tema.intervals import f1_intervals
from tema.job import divided, fit
from tema.settings import load_settings
from tema.splits import Split, fold_splits

SHARES = (0.25, 0.5, 0.75, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/default.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--folds", type=int, default=5, help="folds that the articles are divided into")
    parser.add_argument("--run", type=int, help="run only the first so many of them (default: all)")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.set)
    corpus = load_corpus(settings.data, settings.task)
    splits = fold_splits(corpus, settings.split, arguments.folds, settings.seed)[: arguments.run]
    print(
        "| articles in training | lines | micro-F1 | macro-F1 | macro-F1 of TF-IDF + logistic regression |\n|---|---|---|---|---|"
    )
    for share in SHARES:
        gold, ours, baseline, articles, sizes = [], [], [], [], []
        for split in splits:
            order = np.random.default_rng(settings.seed).permutation(split.train)
            sides = divided(corpus, Split(sorted(order[: round(share * len(order))].tolist()), split.validation, split.test))
            with tempfile.TemporaryDirectory() as scratch:
                ours.append(fit(settings, corpus, sides, Path(scratch)).give(sides.test.texts))
            baseline.append(tfidf_baseline(sides.train, sides.validation, sides.test, settings.task, settings.seed))
            gold.append(sides.test.labels)
            articles.append(sides.test.articles)
            sizes.append((round(share * len(order)), len(sides.train)))
        labels, numbers = np.concatenate(gold), np.concatenate(articles)
        scores = f1_intervals(labels, np.concatenate(ours), numbers, settings.seed)
        other = f1_intervals(labels, np.concatenate(baseline), numbers, settings.seed)
        n_articles, n_lines = np.mean(sizes, axis=0)
        print(f"| {n_articles:.0f} | {n_lines:.0f} | {scores['micro']} | {scores['macro']} | {other['macro']} |", flush=True)


if __name__ == "__main__":
    main()
