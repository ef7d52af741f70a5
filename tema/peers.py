"""Other ways to train the same encoder, to compare with: settings and the sides of a split in, a `Prediction` out."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.calibration import calibrate, logits_of, raw_probabilities
from tema.encoders import encoder_folder
from tema.errors import EncoderError
from tema.evaluation import Prediction
from tema.job import Sides, fit
from tema.settings import EncoderSettings, Settings, TrainingSettings

if TYPE_CHECKING:
    from tema.corpus import Corpus

_USUAL = TrainingSettings(
    epochs=3,
    batch_size=8,
    learning_rate=5e-5,
    head_learning_rate=5e-5,
    weight_decay=0.0,
    warmup=0.0,
    positive_weight=1.0,
    dropout=0.1,
    noise=0.0,
)
_CONTRASTIVE_STEPS = 200  # of SetFit, batches of pairs, at most: one pass over every line takes a CPU core two hours


def plain_fine_tuning(settings: Settings, corpus: Corpus, sides: Sides) -> Prediction:
    """The recipe of transformers' text-classification example (three epochs, 5e-5, batches of 8), themes given above 0.5."""
    from tema.training import predict_logits

    usual = settings.model_copy(update={"encoder": _as_published(settings), "training": _USUAL})
    with tempfile.TemporaryDirectory(prefix="tema-") as checkpoints:
        fitted = fit(usual, corpus, sides, Path(checkpoints))
    logits = predict_logits(fitted.model, fitted.tokenizer, sides.test.texts)
    probabilities = raw_probabilities(logits, settings.task)
    if settings.task == "multiclass":
        return Prediction(probabilities == probabilities.max(axis=1, keepdims=True), probabilities)
    return Prediction(probabilities > 0.5, probabilities)


def setfit(settings: Settings, corpus: Corpus, sides: Sides) -> Prediction:
    """SetFit (Tunstall et al., 2022): contrastive tuning of the encoder, then logistic regression on its sentence vectors, here
    with the same calibration and thresholds as the model. Raises EncoderError when the package is not installed."""
    try:
        from datasets import Dataset
        from setfit import SetFitModel, Trainer, TrainingArguments
    except ImportError as error:
        raise EncoderError(f"SetFit cannot be loaded ({error}); pip install -r requirements-dev.txt") from None
    with tempfile.TemporaryDirectory(prefix="tema-") as scratch:
        with encoder_folder(_as_published(settings), sides.train.texts, Path(scratch)) as (folder, _):
            model = SetFitModel.from_pretrained(str(folder), multi_target_strategy=_strategy(settings))
        model.model_body.max_seq_length = settings.encoder.max_length
        arguments = TrainingArguments(
            output_dir=scratch,
            batch_size=settings.training.batch_size,
            num_iterations=1,
            max_steps=min(_CONTRASTIVE_STEPS, math.ceil(2 * len(sides.train.texts) / settings.training.batch_size)),
            seed=settings.seed,
            report_to="none",
            save_strategy="no",
        )
        data = Dataset.from_dict({"text": sides.train.texts, "label": _targets(settings, sides.train.labels)})
        Trainer(model=model, args=arguments, train_dataset=data).train()
    chosen_on, test = (
        logits_of(np.asarray(model.predict_proba(side.texts, as_numpy=True)), settings.task)
        for side in (sides.validation, sides.test)
    )
    calibration = calibrate(chosen_on, sides.validation.labels, settings.task)
    probabilities = calibration.probabilities(test)
    return Prediction(calibration.decide(probabilities), probabilities)


def _as_published(settings: Settings) -> EncoderSettings:
    """The encoder without what this project's recipe adds to it."""
    return EncoderSettings(**{**settings.encoder.model_dump(), "normalise": False, "lowercase": False})


def _strategy(settings: Settings) -> str | None:
    return "one-vs-rest" if settings.task == "multilabel" else None


def _targets(settings: Settings, labels: np.ndarray) -> list[Any]:
    return list((labels.astype(int) if settings.task == "multilabel" else labels.argmax(axis=1)).tolist())


PEERS = {"plain fine-tuning": plain_fine_tuning, "SetFit": setfit}
