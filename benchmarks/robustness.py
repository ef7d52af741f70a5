"""What damaged text costs a saved model: `python -m benchmarks.robustness --model models/themes`.

The lines are those of the articles that the model was tested on (`split.test` in its metrics.json); each kind of damage
(tema/noise.py) is applied to all of them. Changes are paired, with 95 % intervals over articles.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np

from benchmarks.saved import prediction, trained_on
from tema.intervals import counts, f1_measures, interval
from tema.noise import NOISES
from tema.tagging import Tagger


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="models/themes")
    arguments = parser.parse_args()
    folder = Path(arguments.model)
    settings, corpus, sides = trained_on(folder)
    lines = sides.test
    tagger = Tagger(folder)

    def given(texts: list[str]) -> np.ndarray:
        return prediction(tagger.tag_texts(texts), corpus.theme_ids).given

    clean = f1_measures(counts(lines.labels, given(lines.texts), lines.articles))["micro"]
    n_articles = len(np.unique(lines.articles))
    print(f"{n_articles} test articles, {len(lines)} lines; {tagger.bundle.encoder_note}\n")
    print("| damage | micro-F1 | change |\n|---|---|---|")
    print(f"| none | {interval(clean, n_articles, settings.seed)} | |")
    for name, noise in NOISES.items():
        generator = random.Random(settings.seed)
        damaged = given([noise(text, generator) for text in lines.texts])
        hurt = f1_measures(counts(lines.labels, damaged, lines.articles))["micro"]
        change = interval(lambda weights, hurt=hurt: hurt(weights) - clean(weights), n_articles, settings.seed)  # type: ignore[misc]
        print(f"| {name} | {interval(hurt, n_articles, settings.seed)} | {change} |")


if __name__ == "__main__":
    main()
