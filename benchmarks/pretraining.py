"""What can happen before fine-tuning: teachers whose answers soften the labels, warm-ups of the encoder on the training texts.

Variants for `python -m benchmarks.screen`, listed in `benchmarks/variants.py`; each alters `tema.training` while its block runs.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

from tema import training
from tema.calibration import sigmoid
from tema.corpus import Examples

Patch = AbstractContextManager[Any]


def _distilled(teachers: int, shrink: Callable[[Any, Any], None] | None = None) -> Patch:
    """Models of other seeds are trained first; the labels are averaged with what they say (Hinton et al., 2015). `shrink` then
    makes the model that learns out of one of them."""
    whole = training.fine_tune

    def fine_tune(
        model: Any,
        tokenizer: Any,
        train: Examples,
        validation: Examples,
        settings: Any,
        checkpoints: Path,
        *rest: Any,
        **more: Any,
    ) -> Any:
        said = []
        for number in range(1, teachers + 1):
            teacher = copy.deepcopy(model)
            other = settings.model_copy(update={"seed": settings.seed + number})
            whole(teacher, tokenizer, train, validation, other, checkpoints / f"teacher-{number}", *rest, **more)
            said.append(sigmoid(training.predict_logits(teacher, tokenizer, train.texts)))
        if shrink:
            shrink(model, teacher)
        soft = replace(train, labels=(train.labels + np.mean(said, axis=0)) / 2)
        return whole(model, tokenizer, soft, validation, settings, checkpoints, *rest, **more)

    return mock.patch.object(training, "fine_tune", fine_tune)


def distilled_ensemble() -> Patch:
    """Two teachers for one model."""
    return _distilled(2)


def distilled_half() -> Patch:
    """Every second layer of a trained model, half the work when tagging, learns from it."""

    def shrink(model: Any, teacher: Any) -> None:
        model.load_state_dict(teacher.state_dict())
        layers = model.base_model.encoder.layer
        model.base_model.encoder.layer = nn.ModuleList([*layers][::-2][::-1])  # counted from the top
        model.config.num_hidden_layers = len(model.base_model.encoder.layer)

    return _distilled(1, shrink)


def _warmed(warm: Callable[[Any, Any, list[str]], None]) -> Patch:
    """Train the encoder on the training texts before it is fine-tuned."""
    whole = training.fine_tune

    def fine_tune(model: Any, tokenizer: Any, train: Any, *rest: Any, **more: Any) -> Any:
        model.set_attn_implementation("eager")
        warm(model.base_model, tokenizer, train.texts)
        return whole(model, tokenizer, train, *rest, **more)

    return mock.patch.object(training, "fine_tune", fine_tune)


def _steps(tokenizer: Any, texts: list[str]) -> Iterator[tuple[Any, float]]:
    """As many padded batches of 32, drawn at random, as an epoch has, and the share of the peak learning rate."""
    n = len(texts) // 32
    order = random.Random(0)
    for step in range(n):
        rows = order.sample(range(len(texts)), 32)
        batch = tokenizer([texts[i] for i in rows], padding=True, truncation=True, return_tensors="pt")
        yield batch, min(1.0, (step + 1) / (n / 10)) * (1 - step / n)


def _autocast() -> torch.autocast:
    """bf16 where the recipe would train in it."""
    return torch.autocast("cpu", torch.bfloat16, enabled=training.use_bf16("auto"))


def masked_language_warm_up() -> Patch:
    """As many steps as an epoch has of guessing hidden word pieces, with the word embeddings as output layer."""

    def warm(encoder: Any, tokenizer: Any, texts: list[str]) -> None:
        words = encoder.embeddings.word_embeddings.weight
        head = nn.Sequential(nn.Linear(words.shape[1], words.shape[1]), nn.LayerNorm(words.shape[1]))
        bias = torch.zeros(len(words), requires_grad=True)
        rates = [(1e-4, list(encoder.parameters())), (1e-3, [*head.parameters(), bias])]
        optimiser = torch.optim.AdamW([{"params": parameters, "lr": rate} for rate, parameters in rates], fused=True)
        for batch, share in _steps(tokenizer, texts):
            ids = batch["input_ids"].clone()
            hidden = (torch.rand(ids.shape) < 0.2) & (ids > 3)
            ids[hidden] = tokenizer.unk_token_id
            with _autocast():
                vectors = encoder(input_ids=ids, attention_mask=batch["attention_mask"]).last_hidden_state[hidden]
                loss = nn.functional.cross_entropy((head(vectors) @ words.T).float() + bias, batch["input_ids"][hidden])
            _step(optimiser, loss, [rate * share for rate, _ in rates])

    return _warmed(warm)


def contrastive_warm_up() -> Patch:
    """As many steps as an epoch has of SimCSE (Gao et al., EMNLP 2021): the two dropout views of a line should find each other
    in the batch."""

    def warm(encoder: Any, tokenizer: Any, texts: list[str]) -> None:
        training.set_dropout(encoder, 0.1)
        encoder.train()
        optimiser = torch.optim.AdamW(encoder.parameters(), lr=3e-5, fused=True)
        for batch, share in _steps(tokenizer, texts):
            with _autocast():
                views = [encoder(**batch).last_hidden_state[:, 0].float() for _ in range(2)]
            first, second = (nn.functional.normalize(view) for view in views)
            loss = nn.functional.cross_entropy(first @ second.T / 0.05, torch.arange(len(first)))
            _step(optimiser, loss, [3e-5 * share])

    return _warmed(warm)


def _step(optimiser: torch.optim.Optimizer, loss: torch.Tensor, rates: list[float]) -> None:
    for group, rate in zip(optimiser.param_groups, rates, strict=True):
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 1.0)
    optimiser.step()
