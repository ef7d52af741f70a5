#!/usr/bin/env python3
"""Fine-tune an encoder on labelled paragraphs and save a theme model.

examples:
  python train.py                                           the default recipe, into models/themes
  python train.py --config configs/indobert.yaml            IndoBERT or nothing
  python train.py --set training.epochs=3 --set seed=7
  python train.py --set data.articles=null --set data.themes=null --set data.table=labels.csv \\
    --set data.label_column=label --output models/mine
  python train.py --resume                                  go on after an interruption
  python train.py --folds 5                                 cross-validate instead: scores, but no model
  torchrun --nproc-per-node 2 train.py                      on several processes or machines (docs/cluster.md)
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tema.cli import DONE, is_first_process, is_quiet, n_processes, run
from tema.errors import SettingsError

if TYPE_CHECKING:
    from tema.corpus import Corpus
    from tema.job import Outcome, Peer
    from tema.settings import Settings


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/default.yaml", help="recipe (default: %(default)s)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override one setting of the recipe; repeatable"
    )
    parser.add_argument("--output", help="folder of the saved model (default: the recipe's, models/themes)")
    parser.add_argument("--resume", action="store_true", help="continue an interrupted run from its last whole epoch")
    # how far to trust it
    parser.add_argument("--folds", type=int, metavar="N", help="cross-validate on N folds of articles, into OUTPUT-folds")
    parser.add_argument("--peers", action="store_true", help="compare with SetFit and plain fine-tuning too (slow)")
    arguments = parser.parse_args()
    if arguments.folds is not None and arguments.folds < 2:
        parser.error("--folds needs at least 2")
    if (arguments.folds or arguments.peers) and n_processes() > 1:
        parser.error("--folds and --peers run in one process; torchrun trains one model")
    if arguments.peers and importlib.util.find_spec("setfit") is None:
        parser.error("--peers needs SetFit: pip install -r requirements-dev.txt")
    return arguments


def main() -> int:
    arguments = parse_arguments()

    from tema.corpus import load_corpus
    from tema.settings import load_settings

    overrides = [*arguments.set, *([f"output={json.dumps(arguments.output)}"] if arguments.output else [])]
    settings = load_settings(arguments.config, overrides)
    if settings.training.batch_size % n_processes():
        raise SettingsError(f"training.batch_size {settings.training.batch_size} cannot be shared by {n_processes()} processes")
    if not is_first_process():
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    corpus = load_corpus(settings.data, settings.task)
    lines = sum(len(article.lines) for article in corpus.articles)
    print(f"{len(corpus.articles)} articles, {lines} lines, {len(corpus.themes)} themes", flush=True)

    outcome = _cross_validate(settings, corpus, arguments) if arguments.folds else _train(settings, corpus, arguments)
    if outcome is None:  # a helping process of torchrun
        return DONE
    _show(outcome, {theme.id: theme.name for theme in corpus.themes})
    if arguments.folds:
        print(f"rows and scores in {outcome.folder}; suspicious labels: python -m tema.corpus suspects --folds {outcome.folder}")
    else:
        print(f"saved in {outcome.folder}; tag new text with: python predict.py INPUT --model {outcome.folder}")
    return DONE


def _train(settings: Settings, corpus: Corpus, arguments: argparse.Namespace) -> Outcome | None:
    from tema.bundle import check_output
    from tema.job import checkpoint_folder, train_and_save
    from tema.splits import split_articles

    resume, peers = arguments.resume, _peers(arguments.peers)
    if is_first_process():
        check_output(Path(settings.output))  # before the articles are compared with each other, which takes a while
    split = split_articles(corpus, settings.split, settings.seed)
    checkpoints = checkpoint_folder(settings, corpus, resume)
    print(f"articles: {len(split.train)} train, {len(split.validation)} validation, {len(split.test)} test", flush=True)
    return train_and_save(settings, corpus, split, peers, checkpoints, resume, is_quiet())


def _cross_validate(settings: Settings, corpus: Corpus, arguments: argparse.Namespace) -> Outcome:
    from tema.folds import cross_validate

    folder, peers = Path(f"{settings.output}-folds"), _peers(arguments.peers)
    return cross_validate(settings, corpus, arguments.folds, peers, folder, arguments.resume, is_quiet())


def _peers(wanted: bool) -> dict[str, Peer]:
    from tema.peers import PEERS

    return dict(PEERS) if wanted else {}


def _show(outcome: Outcome, names: dict[str, str]) -> None:
    from tema.evaluation import score_table

    print("\nscores on test lines (F1 by model; precision, recall and average precision of the first)")
    print(f"{score_table(outcome.scores, names)}\n")
    for name, scores in outcome.scores.items():
        print(f"{name:28} micro-F1 {scores.micro.f1}  macro-F1 {scores.macro.f1}  (95 % over articles)")
    for name, lead in outcome.differences.items():
        print(f"{'lead over ' + name:28} micro-F1 {lead['micro']}  macro-F1 {lead['macro']}")
    if outcome.origin.standin_reason:
        print(outcome.origin.note)


if __name__ == "__main__":
    run(main)
