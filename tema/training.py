"""Fine-tuning: labelled lines and an encoder in, a classifier and a log of its epochs out.

A Hugging Face `Trainer` on `datasets`, with four additions: the loss weighs given and absent themes differently; new layers
learn at their own rate (`tema.optimiser`); the sentence vector is batch-normalised in front of the first of them
(`tema.normalisation`); and a share of the lines is damaged afresh in every epoch (`tema.batches`).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from tema.batches import Damage, LengthOrder, as_dataset
from tema.calibration import best_f1
from tema.cli import n_processes
from tema.corpus import Examples
from tema.first_token import first_token_only
from tema.normalisation import fold_normalisation, insert_normalisation
from tema.optimiser import is_new, make_optimiser
from tema.settings import Settings
from tema.windows import overlap

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_PREDICT_BATCH = 32
_MARGIN = 0.05  # of the asymmetric loss, as its authors set it


@dataclass(frozen=True)
class TrainingLog:
    """One mapping per epoch: epoch, loss, validation_loss, validation_f1 (0…1), seconds."""

    epochs: list[dict[str, float]] = field(default_factory=list)


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train: Examples,
    validation: Examples,
    settings: Settings,
    checkpoints: Path,
    resume: bool = False,
    quiet: bool = False,
) -> TrainingLog:
    """Fine-tune `model` in place; it ends with the weights of the epoch that scored best on validation, folded and in fp32.

    Checkpoints go under `checkpoints`, one per epoch; with `resume` the newest whole one is continued.
    """
    set_seed(settings.seed)
    initialise_new_layers(model)
    set_dropout(model, settings.training.dropout)
    if not torch.cuda.is_available():
        model.set_attn_implementation("eager")  # on CPUs the fused kernel's backward pass takes twice as long in bf16
    if settings.encoder.normalise:
        insert_normalisation(model)
    if use_bf16(settings.training.precision) and not torch.cuda.is_available():
        to_bf16(model)
    log, noise = _EpochTable(quiet), Damage(train.texts, tokenizer, settings)
    trainer = _ThemeTrainer(
        settings=settings,
        noise=noise,
        model=model,
        args=training_arguments(settings, checkpoints, quiet),
        train_dataset=as_dataset(train, tokenizer, settings.task, rows=True),
        eval_dataset=as_dataset(validation, tokenizer, settings.task),
        data_collator=noise.collate,
        compute_metrics=_validation_score(settings.task),
        compute_loss_func=loss_function(settings),
        callbacks=[EarlyStoppingCallback(settings.training.patience), log, noise],
    )
    trainer.remove_callback(PrinterCallback)
    with first_token_only(model):
        trainer.train(resume_from_checkpoint=newest_whole_checkpoint(checkpoints) if resume else None)
    model.float().eval()
    fold_normalisation(model)
    return TrainingLog(epoch_table(trainer.state.log_history))


def newest_whole_checkpoint(checkpoints: Path) -> str | None:
    """The checkpoint to go on from; one that was broken off while it was written is removed. Its state is written last."""
    found = sorted(checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), reverse=True)
    for checkpoint in found:
        try:
            json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
            return str(checkpoint)
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)
    return None


def predict_logits(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> np.ndarray:
    """Logits in the order of `texts`, (n, n_labels) float32, computed in fp32, batched by length; of a text longer than the
    encoder's window the highest over its windows, as predict.py reads it."""
    windows = tokenizer(list(texts), truncation=True, stride=overlap(tokenizer.model_max_length), return_overflowing_tokens=True)
    owner = np.array(windows.pop("overflow_to_sample_mapping"))
    order = np.argsort([-len(ids) for ids in windows["input_ids"]], kind="stable")
    logits = np.full((len(texts), model.config.num_labels), -np.inf, np.float32)
    model.eval()
    with torch.inference_mode(), first_token_only(model):
        for start in range(0, len(order), _PREDICT_BATCH):
            rows = order[start : start + _PREDICT_BATCH]
            batch = tokenizer.pad({name: [values[i] for i in rows] for name, values in windows.items()}, return_tensors="pt")
            np.maximum.at(logits, owner[rows], model(**batch.to(model.device)).logits.float().cpu().numpy())
    return logits


def training_arguments(settings: Settings, checkpoints: Path, quiet: bool) -> TrainingArguments:
    """The Trainer's arguments for a recipe."""
    training = settings.training
    gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=training.epochs,
        per_device_train_batch_size=training.batch_size,
        per_device_eval_batch_size=_PREDICT_BATCH,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        warmup_steps=training.warmup,
        lr_scheduler_type="linear",
        bf16=gpu and use_bf16(training.precision),  # autocast; on a CPU the model itself is in bf16
        remove_unused_columns=False,  # the collator needs the row numbers
        tf32=True if gpu and torch.cuda.is_tf32_supported() else None,
        use_cpu=not gpu,
        dataloader_pin_memory=gpu,
        dataloader_num_workers=2 if gpu else 0,  # a CPU has nothing to overlap: its cores train
        # under torchrun every process takes its part of the batches that one process would see
        accelerator_config={"split_batches": True},
        average_tokens_across_devices=False,
        ddp_backend=("nccl" if gpu else "gloo") if n_processes() > 1 else None,
        ddp_find_unused_parameters=False,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="f1",
        greater_is_better=True,
        save_total_limit=2,
        seed=settings.seed,
        data_seed=settings.seed,
        report_to="none",
        disable_tqdm=quiet,
    )


def use_bf16(precision: str) -> bool:
    """Whether to train in bf16: as told, or where the GPU supports it or the CPU has instructions for it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("amx_bf16_tile"))


def to_bf16(model: PreTrainedModel) -> None:
    """Put the whole model into bf16 but for batch normalisation, whose running statistics need more digits."""
    model.bfloat16()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.float()


def initialise_new_layers(model: PreTrainedModel) -> None:
    """Draw the weights of layers that the encoder does not bring (head, pooler) from the current seed."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and is_new(name, model):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)


def set_dropout(model: PreTrainedModel, share: float) -> None:
    """Drop this share everywhere in the model while training. Drawing the masks costs a CPU a fifth of a training step."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = share


def loss_function(settings: Settings) -> Callable[..., torch.Tensor]:
    """The loss as the Trainer calls it, mean over labels and lines: cross-entropy, or for multilabel with `negative_focus` the
    asymmetric loss (Ridnik et al., ICCV 2021), which leaves out absent themes whose probability is below its margin."""
    if settings.task == "multiclass":
        return lambda outputs, labels, num_items_in_batch=None: nn.functional.cross_entropy(outputs.logits.float(), labels)
    weight, focus = settings.training.positive_weight, settings.training.negative_focus

    def binary(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits, given = outputs.logits.float(), labels.float()
        absent = nn.functional.logsigmoid(-logits)
        if focus:
            wrong = (torch.sigmoid(logits) - _MARGIN).clamp(min=1e-6)  # probability, less what is forgiven
            absent = torch.log1p(-wrong) * wrong**focus
        return -(weight * given * nn.functional.logsigmoid(logits) + (1 - given) * absent).mean()

    return binary


class _ThemeTrainer(Trainer):
    """A Trainer with the recipe's own optimiser and order of lines."""

    def __init__(self, settings: Settings, noise: Damage, **arguments: Any) -> None:
        self._recipe, self._noise = settings.training, noise
        super().__init__(**arguments)

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthOrder:
        lines = self.train_dataset if train_dataset is None else train_dataset
        return LengthOrder(len(lines), self._noise.lengths, self._recipe.batch_size, self.args.seed)

    def create_optimizer(self, *_: Any) -> torch.optim.Optimizer:
        self.optimizer = make_optimiser(self.model, self._recipe)
        return self.optimizer


def _validation_score(task: str) -> Callable[[Any], dict[str, float]]:
    """What chooses the epoch: mean over themes of the best F1 any threshold gives, or macro-F1 of the classes, 0…1."""

    def score(outcome: Any) -> dict[str, float]:
        logits, labels = outcome.predictions, outcome.label_ids
        if task == "multiclass":
            from sklearn.metrics import f1_score

            return {"f1": float(f1_score(labels, logits.argmax(axis=1), average="macro"))}
        return {"f1": float(np.mean([best_f1(logits[:, j], labels[:, j] > 0.5) for j in range(labels.shape[1])]))}

    return score


class _EpochTable(TrainerCallback):
    """Prints a line per epoch."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        row = epoch_table(state.log_history)[-1]
        if not self._quiet:
            print("\r\033[K", end="", file=sys.stderr)
        print(
            f"  epoch {row['epoch']:>2.0f}/{args.num_train_epochs:.0f}  loss {row['loss']:.4f}  "
            f"validation loss {row['validation_loss']:.4f}  best F1 {row['validation_f1']:.3f}",
            flush=True,
        )


def epoch_table(history: Sequence[dict[str, float]]) -> list[dict[str, float]]:
    """The Trainer's log, one row per epoch."""
    rows: dict[float, dict[str, float]] = {}
    for entry in history:
        row = rows.setdefault(round(entry["epoch"]), {"epoch": float(round(entry["epoch"]))})
        for name, ours in (("loss", "loss"), ("eval_loss", "validation_loss"), ("eval_f1", "validation_f1")):
            if name in entry:
                row[ours] = float(entry[name])
    return [row for row in rows.values() if "validation_f1" in row and "loss" in row]
