"""Cross-validation: settings and a corpus in; what each model says of every labelled line, learned from other articles, out.

Every fold is written when it is done, so a broken-off run goes on with the next one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tema.bundle import write_json
from tema.comparison import Comparison, joined, read_rows, write_rows
from tema.corpus import Corpus, load_corpus
from tema.encoders import Origin
from tema.errors import OutputError
from tema.job import Outcome, Peer, Sides, compared, divided, fit, outcome_json, run_identity
from tema.report import report, review_errors
from tema.settings import Settings, load_settings
from tema.splits import fold_splits


def cross_validate(
    settings: Settings, corpus: Corpus, folds: int, peers: Mapping[str, Peer], folder: Path, resume: bool, quiet: bool
) -> Outcome:
    """Train on each fold in turn and score the test lines of all folds together.

    `folder` receives a file of rows per fold, report.html and metrics.json.

    Raises OutputError when a run with other settings, data, folds or peers is to be resumed, CorpusError when there are too few
    articles.
    """
    _prepare(folder, f"# {folds} folds, compared with {sorted(peers)}\n{run_identity(settings, corpus)}", resume)
    splits = fold_splits(corpus, settings.split, folds, settings.seed)
    parts: list[Comparison] = []
    for number, split in enumerate(splits, 1):
        file = folder / f"fold-{number}.jsonl"
        if not file.exists():
            print(f"fold {number} of {folds}", flush=True)
            part = _run_fold(settings, corpus, divided(corpus, split), peers, folder, quiet)
            write_rows(file.with_suffix(".partial"), corpus, part)
            file.with_suffix(".partial").rename(file)
        parts.append(read_rows(file, corpus))
    origin = Origin(**json.loads((folder / "encoder.json").read_text(encoding="utf-8")))
    whole = joined(parts)
    outcome = Outcome(whole.scores(corpus.theme_ids, settings.seed), whole.differences(settings.seed), origin, folder)
    metrics = {**outcome_json(outcome), "review": review_errors(whole), "folds": folds, "lines": len(whole.lines)}
    page = report(f"{Path(settings.output).name}: {folds}-fold cross-validation", corpus, whole, outcome, [])
    (folder / "report.html").write_text(page, encoding="utf-8")
    write_json(folder / "metrics.json", metrics)
    return outcome


def read_folds(folder: Path) -> tuple[Corpus, Comparison]:
    """The data of a finished run with today's labels, and the rows of its folds. Raises OutputError when there is none."""
    if not (folder / "metrics.json").exists():
        raise OutputError(f"{folder}: no finished cross-validation there; run `python train.py --folds 5` first")
    settings = load_settings(folder / "settings.yaml")
    corpus = load_corpus(settings.data, settings.task)
    return corpus, joined([read_rows(file, corpus) for file in sorted(folder.glob("fold-*.jsonl"))])


def _prepare(folder: Path, identity: str, resume: bool) -> None:
    recipe = folder / "settings.yaml"
    if resume and recipe.exists() and recipe.read_text(encoding="utf-8") != identity:
        raise OutputError(
            f"{folder}: the run to resume had other settings, data, folds or peers; use the same or leave --resume out"
        )
    if folder.exists() and not resume:
        if any(folder.iterdir()) and not recipe.exists():
            raise OutputError(f"{folder}: exists and holds no cross-validation; it will not be overwritten")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        recipe.write_text(identity, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}; choose another folder with --output") from None


def _run_fold(
    settings: Settings, corpus: Corpus, sides: Sides, peers: Mapping[str, Peer], folder: Path, quiet: bool
) -> Comparison:
    with tempfile.TemporaryDirectory(prefix="tema-") as checkpoints:
        fitted = fit(settings, corpus, sides, Path(checkpoints), quiet=quiet)
    write_json(folder / "encoder.json", {k: v for k, v in fitted.origin.as_json().items() if k != "note"})
    return compared(settings, corpus, sides, fitted, peers)
