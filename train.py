#!/usr/bin/env python3
"""Fine-tune an encoder on labelled paragraphs and save a theme model.

examples:
  python train.py                                           the default recipe, into models/themes
  python train.py --config configs/indobert.yaml            IndoBERT or nothing
  python train.py --set training.epochs=3 --set seed=7
  python train.py --set data.articles=null --set data.table=labels.csv --set data.label_column=label
  python train.py --resume                                  go on after an interruption
"""

from __future__ import annotations

import argparse
import json

from tema.cli import DONE, is_quiet, run


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/default.yaml", help="recipe (default: %(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override one setting of the recipe; repeatable"
    )
    parser.add_argument("--output", help="folder of the saved model (default: the recipe's, models/themes)")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run from its last whole epoch")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()

    from tema.corpus import load_corpus
    from tema.settings import load_settings

    overrides = [*arguments.set, *([f"output={json.dumps(arguments.output)}"] if arguments.output else [])]
    settings = load_settings(arguments.config, overrides)
    corpus = load_corpus(settings.data, settings.task)
    lines = sum(len(article.lines) for article in corpus.articles)
    print(f"{len(corpus.articles)} articles, {lines} lines, {len(corpus.themes)} themes", flush=True)

    from tema.evaluation import score_table
    from tema.job import checkpoint_folder, train_and_save
    from tema.splits import split_articles

    split = split_articles(corpus, settings.split, settings.seed)
    checkpoints = checkpoint_folder(settings, corpus, arguments.resume)
    print(f"articles: {len(split.train)} train, {len(split.validation)} validation, {len(split.test)} test", flush=True)
    outcome = train_and_save(settings, corpus, split, checkpoints, arguments.resume, is_quiet())
    print(f"\nscores on test lines\n{score_table(outcome.scores, {theme.id: theme.name for theme in corpus.themes})}\n")
    for name, scores in outcome.scores.items():
        print(f"{name:20} micro-F1 {scores.micro.f1}  macro-F1 {scores.macro.f1}  (95 % over articles)")
    for name, lead in outcome.differences.items():
        print(f"lead over {name:20} micro-F1 {lead['micro']}  macro-F1 {lead['macro']}")
    if outcome.origin.standin_reason:
        print(outcome.origin.note)
    print(f"saved in {outcome.folder}; tag new text with: python predict.py INPUT --model {outcome.folder}")
    return DONE


if __name__ == "__main__":
    run(main)
