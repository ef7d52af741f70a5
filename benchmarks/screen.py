"""Recipes side by side on one split: `python -m benchmarks.screen "training.noise=0.0" "focal-loss training.epochs=7"`.

Each argument is a variant: settings that differ from the recipe's and names from `benchmarks/variants.py`, separated by spaces;
an empty one is the recipe. `--share` trains on a part of the training articles. Training runs to its last epoch or early stop;
what is compared is the mean over themes of average precision on the validation lines, which no threshold enters (macro-F1 there
is shown beside it; for themes its thresholds were chosen on the same lines). One split and one seed: differences under a point
are noise, and winners need `train.py --folds`.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

from benchmarks.variants import VARIANTS
from tema.corpus import load_corpus
from tema.job import divided, fit
from tema.settings import load_settings
from tema.splits import Split, split_articles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", help='settings such as "training.noise=0.4 training.epochs=7"')
    parser.add_argument("--config", default="configs/default.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for all variants alike")
    parser.add_argument("--share", type=float, default=1.0, help="of the training articles (default: all)")
    arguments = parser.parse_args()
    unknown = {part for variant in arguments.variants for part in variant.split() if "=" not in part} - set(VARIANTS)
    if unknown:
        parser.error(f"no variant {', '.join(sorted(unknown))}; there are {', '.join(VARIANTS)}")
    rows = ["| variant | mean average precision | macro-F1 | epochs | minutes |", "|---|---|---|---|---|"]
    for variant in arguments.variants:
        parts = variant.split()
        settings = load_settings(arguments.config, [*arguments.set, *(part for part in parts if "=" in part)])
        corpus = load_corpus(settings.data, settings.task)
        split = split_articles(corpus, settings.split, settings.seed)
        order = np.random.default_rng(settings.seed).permutation(split.train)
        train = sorted(order[: round(arguments.share * len(order))].tolist())
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as altered:
            for name in (part for part in parts if "=" not in part):
                altered.enter_context(VARIANTS[name]())
            sides = divided(corpus, Split(train, split.validation, split.test))
            fitted = fit(settings, corpus, sides, Path(scratch))
        said = fitted.predict(sides.validation.texts)
        precision = average_precision_score(sides.validation.labels, said.probabilities, average="macro")
        f1 = f1_score(sides.validation.labels, said.given, average="macro")
        minutes = (time.monotonic() - started) / 60
        rows.append(f"| {variant or 'the recipe'} | {precision:.4f} | {f1:.4f} | {len(fitted.log.epochs)} | {minutes:.1f} |")
        print(rows[-1], flush=True)
    print("\n".join(["", *rows]))


if __name__ == "__main__":
    main()
