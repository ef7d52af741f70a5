"""Recipes side by side on one split: `python -m benchmarks.screen "training.noise=0.0" "training.noise=0.4 training.epochs=7"`.

Each argument is a variant: settings that differ from the recipe's, separated by spaces; an empty one is the recipe. Training
runs to its last epoch or early stop; what is compared is the mean over themes of average precision on the validation lines,
which no threshold enters (macro-F1 there is shown beside it; for themes its thresholds were chosen on the same lines). One split
and one seed: differences under a point are noise, and winners need `train.py --folds`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from sklearn.metrics import average_precision_score, f1_score

from tema.corpus import load_corpus
from tema.job import divided, fit
from tema.settings import load_settings
from tema.splits import split_articles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", help='settings such as "training.noise=0.4 training.epochs=7"')
    parser.add_argument("--config", default="configs/default.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for all variants alike")
    arguments = parser.parse_args()
    rows = ["| variant | mean average precision | macro-F1 | epochs | minutes |", "|---|---|---|---|---|"]
    for variant in arguments.variants:
        settings = load_settings(arguments.config, [*arguments.set, *variant.split()])
        corpus = load_corpus(settings.data, settings.task)
        sides = divided(corpus, split_articles(corpus, settings.split, settings.seed))
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch:
            fitted = fit(settings, corpus, sides, Path(scratch))
        said = fitted.predict(sides.validation.texts)
        precision = average_precision_score(sides.validation.labels, said.probabilities, average="macro")
        f1 = f1_score(sides.validation.labels, said.given, average="macro")
        minutes = (time.monotonic() - started) / 60
        rows.append(f"| {variant or 'the recipe'} | {precision:.4f} | {f1:.4f} | {len(fitted.log.epochs)} | {minutes:.1f} |")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
