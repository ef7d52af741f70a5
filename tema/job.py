"""The whole of train.py as functions: settings in, a saved model out. `train.py` reads from top to bottom over these."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tema.bundle import check_output, save_model, write_json, writing
from tema.calibration import calibrate
from tema.card import model_card
from tema.corpus import Corpus, Examples, examples
from tema.encoders import Origin, encoder_folder, load_encoder
from tema.errors import OutputError
from tema.evaluation import Scores, score, tfidf_baseline
from tema.intervals import Interval, f1_intervals, paired_difference
from tema.settings import Settings, settings_yaml
from tema.splits import Split
from tema.themes import themes_yaml


@dataclass(frozen=True)
class Sides:
    """The lines of the three sides of a split. Boilerplate trains (as lines without themes) but is never scored."""

    train: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True)
class Outcome:
    """What a training run found: scores on test lines and their intervals by model, and the encoder's origin.

    The last entry of `intervals` is the difference to the baseline on the same draws of articles.
    """

    scores: dict[str, Scores]
    intervals: dict[str, dict[str, Interval]]
    origin: Origin
    folder: Path


def divided(corpus: Corpus, split: Split) -> Sides:
    """The lines of each side."""
    return Sides(
        examples(corpus, split.train),
        examples(corpus, split.validation).only_scored(),
        examples(corpus, split.test).only_scored(),
    )


def checkpoint_folder(settings: Settings, resume: bool) -> Path:
    """Where a run keeps its checkpoints until the model is saved; fresh unless resumed under the same settings.

    Raises OutputError when the output cannot be written or a run with other settings is to be resumed.
    """
    output = Path(settings.output)
    check_output(output)
    folder = output.with_name(f".{output.name}.checkpoints")
    recipe = folder / "settings.yaml"
    if resume and recipe.exists() and recipe.read_text(encoding="utf-8") != settings_yaml(settings):
        raise OutputError(f"{output}: the run to resume had other settings ({recipe}); use the same ones or leave --resume out")
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write_text(settings_yaml(settings), encoding="utf-8")
    return folder


def train_and_save(settings: Settings, corpus: Corpus, split: Split, checkpoints: Path, resume: bool, quiet: bool) -> Outcome:
    """Fine-tune, calibrate on validation, score on test beside the baseline, and save the model folder."""
    from tema.training import fine_tune, predict_logits

    started = time.monotonic()
    sides = divided(corpus, split)
    with tempfile.TemporaryDirectory(prefix="tema-") as scratch:
        with encoder_folder(settings.encoder, sides.train.texts, Path(scratch)) as (folder, origin):
            print(origin.note, flush=True)
            model, tokenizer = load_encoder(folder, settings.encoder, corpus.theme_ids, settings.task)
        log = fine_tune(model, tokenizer, sides.train, sides.validation, settings, checkpoints, resume, quiet)
    calibration = calibrate(predict_logits(model, tokenizer, sides.validation.texts), sides.validation.labels, settings.task)
    test = sides.test
    given = {
        "fine-tuned encoder": calibration.decide(calibration.probabilities(predict_logits(model, tokenizer, test.texts))),
        "TF-IDF + logistic": tfidf_baseline(sides.train, sides.validation, test, settings.task, settings.seed),
    }
    scores = {name: score(test.labels, guess, corpus.theme_ids) for name, guess in given.items()}
    intervals = {name: f1_intervals(test.labels, guess, test.articles, settings.seed) for name, guess in given.items()}
    ours, baseline = given.values()
    intervals["difference"] = paired_difference(test.labels, ours, baseline, test.articles, settings.seed)
    metrics = {
        "scores": {name: scored.as_json() for name, scored in scores.items()},
        "intervals": {name: {average: i.as_json() for average, i in row.items()} for name, row in intervals.items()},
        "encoder": origin.as_json(),
        "split": {
            side: [corpus.articles[i].article_id for i in getattr(split, side)] for side in ("train", "validation", "test")
        },
        "lines": {side: len(getattr(sides, side)) for side in ("train", "validation", "test")},
        "epochs": log.epochs,
        "weights": sum(parameter.numel() for parameter in model.parameters()),
        "seconds": round(time.monotonic() - started, 1),
    }
    _save(settings, corpus, model, tokenizer, calibration.as_json(), metrics)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return Outcome(scores, intervals, origin, Path(settings.output))


def _save(
    settings: Settings, corpus: Corpus, model: Any, tokenizer: Any, calibration: dict[str, Any], metrics: dict[str, Any]
) -> None:
    with writing(Path(settings.output)) as folder:
        save_model(folder, model, tokenizer)
        write_json(folder / "calibration.json", calibration)
        write_json(folder / "metrics.json", json.loads(json.dumps(metrics)))
        (folder / "settings.yaml").write_text(settings_yaml(settings), encoding="utf-8")
        (folder / "themes.yaml").write_text(themes_yaml(corpus.themes), encoding="utf-8")
        (folder / "README.md").write_text(model_card(corpus, metrics), encoding="utf-8")
