"""Recipes side by side on one split: `python -m benchmarks.screen "training.noise=0.0" "training.noise=0.4 training.epochs=7"`.

Each argument is a variant: settings that differ from the recipe's, separated by spaces; an empty one is the recipe. Training
runs to its last epoch or early stop; what is compared is the mean over themes of average precision on the validation lines,
which no threshold enters. One split and one seed: differences under a point are noise, and winners need `train.py --folds`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from sklearn.metrics import average_precision_score

from tema.corpus import load_corpus
from tema.job import divided, fit
from tema.settings import load_settings
from tema.splits import split_articles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", help='settings such as "training.noise=0.4 training.epochs=7"')
    parser.add_argument("--config", default="configs/default.yaml")
    arguments = parser.parse_args()
    rows = ["| variant | mean average precision | epochs | minutes |", "|---|---|---|---|"]
    for variant in arguments.variants:
        settings = load_settings(arguments.config, variant.split())
        corpus = load_corpus(settings.data, settings.task)
        sides = divided(corpus, split_articles(corpus, settings.split, settings.seed))
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            fitted = fit(settings, corpus, sides, Path(scratch))
        probabilities = fitted.predict(sides.validation.texts).probabilities
        precision = average_precision_score(sides.validation.labels, probabilities, average="macro")
        minutes = (time.monotonic() - started) / 60
        rows.append(f"| {variant or 'the recipe'} | {precision:.4f} | {len(fitted.log.epochs)} | {minutes:.1f} |")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
