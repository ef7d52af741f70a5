"""The whole of train.py as functions: settings in, a saved model out. `train.py` reads from top to bottom over these."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.baselines import always_empty, keyword_cues, tfidf
from tema.bundle import save_model, write_json, writing
from tema.calibration import Calibration, calibrate
from tema.card import model_card
from tema.cli import is_first_process
from tema.comparison import Comparison
from tema.corpus import SIDES, Corpus, Examples, examples
from tema.encoders import Origin, encoder_folder, load_encoder
from tema.errors import OutputError
from tema.evaluation import Prediction, Scores
from tema.export import Export, export
from tema.intervals import Interval
from tema.report import report, review_errors
from tema.settings import Settings, settings_yaml
from tema.splits import Split
from tema.themes import themes_yaml

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from tema.training import TrainingLog

OURS = "fine-tuned encoder"

Peer = Callable[["Settings", "Corpus", "Sides"], Prediction]
"""Another model to compare with: learns from the training and validation lines, predicts the test lines."""


@dataclass(frozen=True)
class Sides:
    """The lines of the three sides of a split."""

    train: Examples
    validation: Examples
    test: Examples


@dataclass(frozen=True)
class Outcome:
    """What a training run found on its test lines: each model's scores, the first model's lead over each other one, the
    encoder's origin, and the folder that was written."""

    scores: dict[str, Scores]
    differences: dict[str, dict[str, Interval]]
    origin: Origin
    folder: Path


def divided(corpus: Corpus, split: Split) -> Sides:
    """The lines of each side."""
    return Sides(examples(corpus, split.train), examples(corpus, split.validation), examples(corpus, split.test))


def checkpoint_folder(settings: Settings, corpus: Corpus, resume: bool) -> Path:
    """Where a run keeps its checkpoints until the model is saved; fresh unless resumed with the same settings and data.

    Raises OutputError when a run with other settings or data is to be resumed: what it had trained on could stand on the test
    side now.
    """
    output = Path(settings.output)
    folder = output.with_name(f".{output.name}.checkpoints")
    if not is_first_process():
        return folder
    recipe = folder / "settings.yaml"
    now = run_identity(settings, corpus)
    if resume and recipe.exists() and recipe.read_text(encoding="utf-8") != now:
        raise OutputError(
            f"{output}: the run to resume had other settings or data ({recipe}); use the same or leave --resume out"
        )
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    recipe.write_text(now, encoding="utf-8")
    return folder


def run_identity(settings: Settings, corpus: Corpus) -> str:
    """The settings with a digest of the data: a run is resumed only with the same."""
    return f"# data {fingerprint(corpus)}\n{settings_yaml(settings)}"


def fingerprint(corpus: Corpus) -> str:
    """A short digest of every article, line and label."""
    content = [[a.article_id, a.side, [[line.text, line.kind, sorted(line.themes)] for line in a.lines]] for a in corpus.articles]
    return hashlib.sha256(json.dumps([corpus.theme_ids, content]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Fitted:
    """A fine-tuned model, calibrated on its `logits` of the validation lines, (n, n_themes) float32, with what it took."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    logits: np.ndarray
    calibration: Calibration
    log: TrainingLog
    origin: Origin

    def predict(self, texts: Sequence[str]) -> Prediction:
        """Calibrated probabilities and the themes given to texts."""
        from tema.training import predict_logits

        probabilities = self.calibration.probabilities(predict_logits(self.model, self.tokenizer, texts))
        return Prediction(self.calibration.decide(probabilities), probabilities)


def fit(settings: Settings, corpus: Corpus, sides: Sides, checkpoints: Path, resume: bool = False, quiet: bool = True) -> Fitted:
    """Load the encoder, fine-tune it on the training lines, calibrate it on the validation lines."""
    from tema.training import fine_tune, predict_logits

    with tempfile.TemporaryDirectory(prefix="tema-") as scratch:
        with encoder_folder(settings.encoder, sides.train.texts, Path(scratch)) as (folder, origin):
            print(origin.note, flush=True)
            model, tokenizer = load_encoder(folder, settings.encoder, corpus.theme_ids, settings.task)
        log = fine_tune(model, tokenizer, sides.train, sides.validation, settings, checkpoints, resume, quiet)
    logits = predict_logits(model, tokenizer, sides.validation.texts)
    calibration = calibrate(logits, sides.validation.labels, settings.task)
    return Fitted(model, tokenizer, logits, calibration, log, origin)


def compared(
    settings: Settings, corpus: Corpus, sides: Sides, fitted: Fitted, peers: Mapping[str, Peer] | None = None
) -> Comparison:
    """The fitted model, the baselines that cost seconds, and `peers`, on the test lines."""
    test = sides.test
    return Comparison(
        test,
        {
            OURS: fitted.predict(test.texts),
            "TF-IDF + logistic": tfidf(sides.train, sides.validation, test, settings),
            "keyword cues": keyword_cues(test, corpus.themes),
            "always empty": always_empty(test),
            **{name: peer(settings, corpus, sides) for name, peer in (peers or {}).items()},
        },
    )


def train_and_save(
    settings: Settings, corpus: Corpus, split: Split, peers: Mapping[str, Peer], checkpoints: Path, resume: bool, quiet: bool
) -> Outcome | None:
    """Fit, score on test beside the baselines and `peers`, and save the model folder.

    Under torchrun all processes fit together; the first one does the rest, the others get None.
    """
    started = time.monotonic()
    sides = divided(corpus, split)
    fitted = fit(settings, corpus, sides, checkpoints, resume, quiet)
    if not is_first_process():
        return None
    comparison = compared(settings, corpus, sides, fitted, peers)
    outcome = Outcome(
        comparison.scores(corpus.theme_ids, settings.seed),
        comparison.differences(settings.seed),
        fitted.origin,
        Path(settings.output),
    )
    metrics = {
        **outcome_json(outcome),
        "review": review_errors(comparison),
        "split": {side: [corpus.articles[i].article_id for i in getattr(split, side)] for side in SIDES},
        "lines": {side: len(getattr(sides, side)) for side in SIDES},
        "epochs": fitted.log.epochs,
        "output": settings.output,
        "weights": sum(parameter.numel() for parameter in fitted.model.parameters()),
        "seconds": round(time.monotonic() - started, 1),
    }
    page = report(f"{Path(settings.output).name}: test report", corpus, comparison, outcome, fitted.log.epochs)
    _save(settings, corpus, fitted, sides, metrics, page)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return outcome


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Scores, differences and encoder for metrics.json."""
    return {
        "scores": {name: scored.as_json() for name, scored in outcome.scores.items()},
        "differences": {
            name: {average: value.as_json() for average, value in row.items()} for name, row in outcome.differences.items()
        },
        "encoder": outcome.origin.as_json(),
    }


def _save(settings: Settings, corpus: Corpus, fitted: Fitted, sides: Sides, metrics: dict[str, Any], page: str) -> None:
    with writing(Path(settings.output)) as folder:
        save_model(folder, fitted.model, fitted.tokenizer)
        exports = _export(folder, fitted, sides)
        print(*exports, sep="\n", flush=True)
        metrics = {**metrics, "exports": {export.engine: export.as_json() for export in exports}}
        write_json(folder / "calibration.json", fitted.calibration.as_json())
        write_json(folder / "metrics.json", metrics)
        (folder / "report.html").write_text(page, encoding="utf-8")
        (folder / "settings.yaml").write_text(settings_yaml(settings), encoding="utf-8")
        (folder / "themes.yaml").write_text(themes_yaml(corpus.themes), encoding="utf-8")
        (folder / "README.md").write_text(model_card(corpus, metrics, settings.task), encoding="utf-8")


def _export(folder: Path, fitted: Fitted, sides: Sides) -> list[Export]:
    """Export the saved model, held against the trained weights on the validation lines."""
    validation, calibration = sides.validation, fitted.calibration

    def micro(logits: np.ndarray) -> float:
        given = calibration.decide(calibration.probabilities(logits))
        return float(2 * (given & validation.labels).sum() / max(1, given.sum() + validation.labels.sum()))

    length, trained = fitted.tokenizer.model_max_length, micro(fitted.logits)
    return export(folder, fitted.model, sides.train.texts, length, trained, lambda engine: micro(engine.logits(validation.texts)))
