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

from tema.baselines import tfidf
from tema.comparison import Comparison, joined
from tema.corpus import load_corpus
from tema.job import OURS, divided, fit
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
        parts, sizes = [], []
        for split in splits:
            order = np.random.default_rng(settings.seed).permutation(split.train)
            sides = divided(corpus, Split(sorted(order[: round(share * len(order))].tolist()), split.validation, split.test))
            with tempfile.TemporaryDirectory() as scratch:
                ours = fit(settings, corpus, sides, Path(scratch)).predict(sides.test.texts)
            baseline = tfidf(sides.train, sides.validation, sides.test, settings)
            parts.append(Comparison(sides.test, {OURS: ours, "baseline": baseline}))
            sizes.append((round(share * len(order)), len(sides.train)))
        scores = joined(parts).scores(corpus.theme_ids, settings.seed)
        n_articles, n_lines = np.mean(sizes, axis=0)
        ours_f1, macro, other = scores[OURS].micro.f1, scores[OURS].macro.f1, scores["baseline"].macro.f1
        print(f"| {n_articles:.0f} | {n_lines:.0f} | {ours_f1} | {macro} | {other} |", flush=True)


if __name__ == "__main__":
    main()
