"""Ways to train that were tried and are not in the recipe: a name in, `tema.training` altered while the block runs.

`python -m benchmarks.screen focal-loss` trains with one of them; what came out is in RESULTS.md.
"""

from __future__ import annotations

import contextlib
import copy
import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import torch
from torch import nn

from benchmarks.pretraining import (
    Patch,
    contrastive_warm_up,
    distilled_ensemble,
    distilled_half,
    masked_language_warm_up,
)
from tema import batches, training
from tema.corpus import Corpus, Examples, examples
from tema.optimiser import MasterWeights, is_new

_DECAY = 0.9  # of the learning rate, layer by layer downwards
_SMOOTHING = 0.05
_AVERAGING = 0.995
_MASKED = 0.1
_JOINED = 0.3
_SKIPPED = 0.15
_UNIFORM = 4.0  # weight of the mean of all tokens against [CLS]
_CONSISTENCY = 1.0


def _loss(measure: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Patch:
    """Another loss of logits and labels, averaged over both."""

    def make(settings: Any) -> Callable[..., torch.Tensor]:
        def compute(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
            return measure(outputs.logits.float(), labels.float()).mean()

        return compute

    return mock.patch.object(training, "loss_function", make)


def _cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    weight = torch.full((logits.shape[1],), 2.0)
    return nn.functional.binary_cross_entropy_with_logits(logits, labels, pos_weight=weight, reduction="none")


def focal_loss() -> Patch:
    """Lin et al., ICCV 2017, exponent 2."""

    def measure(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        right = torch.sigmoid(torch.where(labels > 0.5, logits, -logits))
        return 2 * _cross_entropy(logits, labels) * (1 - right) ** 2

    return _loss(measure)


def label_smoothing() -> Patch:
    """Labels drawn towards the share that themes have."""
    return _loss(lambda logits, labels: _cross_entropy(logits, labels * (1 - _SMOOTHING) + _SMOOTHING * 0.1))


def consistency() -> Patch:
    """R-Drop (Liang et al., NeurIPS 2021) with dropout 0.1: two passes over a batch should agree."""

    def compute(self: Any, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        labels = inputs.pop("labels")
        first = model(**inputs)
        if not model.training:
            loss = self.compute_loss_func(first, labels)
            return (loss, {"loss": loss, "logits": first.logits}) if return_outputs else loss
        second = model(**inputs)
        apart = torch.sigmoid(first.logits.float()) - torch.sigmoid(second.logits.float())
        return (self.compute_loss_func(first, labels) + self.compute_loss_func(second, labels)) / 2 + _CONSISTENCY * (
            apart**2
        ).mean()

    drop = training.set_dropout
    return _both(
        mock.patch.object(training._ThemeTrainer, "compute_loss", compute),
        mock.patch.object(training, "set_dropout", lambda model, share: drop(model, 0.1)),
    )


def layerwise_rates() -> Patch:
    """A tenth less learning rate in each lower layer."""

    def make(model: Any, recipe: Any) -> torch.optim.Optimizer:
        depth = model.config.num_hidden_layers
        groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            layer = re.search(r"layer\.(\d+)\.", name)
            below = depth - int(layer[1]) - 1 if layer else depth
            rate = recipe.head_learning_rate if is_new(name, model) else recipe.learning_rate * _DECAY**below
            groups.setdefault((rate, parameter.ndim > 1 and "norm" not in name.lower()), []).append(parameter)
        options = [
            {"params": parameters, "lr": rate, "weight_decay": recipe.weight_decay if decays else 0.0}
            for (rate, decays), parameters in groups.items()
        ]
        in_bf16 = any(parameter.dtype == torch.bfloat16 for parameter in model.parameters())
        return MasterWeights(options) if in_bf16 else torch.optim.AdamW(options, fused=True)

    return mock.patch.object(training, "make_optimiser", make)


def _prepared(change: Callable[[Any], None]) -> Patch:
    """Change the model before its new layers are drawn."""
    whole = training.initialise_new_layers

    def both(model: Any) -> None:
        change(model)
        whole(model)

    return mock.patch.object(training, "initialise_new_layers", both)


def fresh_top_layers() -> Patch:
    """The two top layers start anew (Zhang et al., ICLR 2021)."""

    def change(model: Any) -> None:
        for layer in model.base_model.encoder.layer[-2:]:
            for module in layer.modules():
                if isinstance(module, nn.Linear):
                    nn.init.normal_(module.weight, std=0.02)
                    nn.init.zeros_(module.bias)
                elif isinstance(module, nn.LayerNorm):
                    module.reset_parameters()

    return _prepared(change)


def layer_drop() -> Patch:
    """A seventh of the layers is skipped in each step (Fan et al., ICLR 2020), which saves as much time."""

    def change(model: Any) -> None:
        for layer in model.base_model.encoder.layer:
            layer.forward = _skipping(layer)

    return _prepared(change)


def _skipping(layer: Any) -> Callable[..., torch.Tensor]:
    whole = layer.forward

    def forward(hidden: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        return hidden if layer.training and torch.rand(()) < _SKIPPED else whole(hidden, *rest, **more)

    return forward


def fewer_layers() -> Patch:
    """Without the top quarter of the layers, a quarter quicker."""

    def change(model: Any) -> None:
        kept = math.ceil(len(model.base_model.encoder.layer) * 3 / 4)
        model.base_model.encoder.layer = model.base_model.encoder.layer[:kept]
        model.config.num_hidden_layers = kept

    return _prepared(change)


def frozen_lower_layers() -> Patch:
    """Word embeddings and the lower half of the layers stay as they are."""

    def change(model: Any) -> None:
        encoder = model.base_model.encoder.layer
        for part in (model.base_model.embeddings, *encoder[: len(encoder) // 2]):
            part.requires_grad_(False)

    return _prepared(change)


def mean_pooling() -> Patch:
    """One more layer whose attention starts uniform, so that [CLS] holds the mean of all tokens; an ordinary model still."""

    @torch.no_grad()
    def change(model: Any) -> None:
        layers = model.base_model.encoder.layer
        added = copy.deepcopy(layers[-1])
        one = torch.eye(model.config.hidden_size)
        for linear in (m for m in added.modules() if isinstance(m, nn.Linear)):
            linear.bias.zero_()
        for norm in (m for m in added.modules() if isinstance(m, nn.LayerNorm)):
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        attention = added.attention
        attention.self.query.weight.zero_()
        attention.self.key.weight.normal_(std=0.02)
        attention.self.value.weight.copy_(one)
        attention.output.dense.weight.copy_(one * _UNIFORM)
        added.output.dense.weight.zero_()
        layers.append(added)
        model.config.num_hidden_layers += 1

    return _prepared(change)


def weight_averaging() -> Patch:
    """What is scored and saved is a running mean of the weights (0.995 a step); training goes on from the optimiser's own copies,
    so this needs bf16."""
    evaluate, training_step = training._ThemeTrainer.evaluate, training._ThemeTrainer.training_step
    means: dict[str, torch.Tensor] = {}

    def follow(self: Any, model: Any, *rest: Any, **more: Any) -> Any:
        for name, parameter in model.named_parameters():
            now = parameter.detach().float()
            means[name] = means[name].lerp_(now, 1 - _AVERAGING) if name in means else now.clone()
        return training_step(self, model, *rest, **more)

    def score(self: Any, *rest: Any, **more: Any) -> Any:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(means[name])
        return evaluate(self, *rest, **more)

    return _both(
        mock.patch.object(training._ThemeTrainer, "training_step", follow),
        mock.patch.object(training._ThemeTrainer, "evaluate", score),
    )


def _augmented(change: Callable[[batches.Damage, list[dict[str, Any]], random.Random], list[dict[str, Any]]]) -> Patch:
    """Change the lines of a training batch after they were damaged."""

    def collate(self: batches.Damage, features: list[dict[str, Any]]) -> Any:
        plain = [self._one(feature) for feature in features]
        if "row" not in features[0]:
            return self._pad(plain)
        return self._pad(change(self, plain, random.Random(f"{self._epoch} {features[0]['row']}")))

    return mock.patch.object(batches.Damage, "collate", collate)


def masked_pieces() -> Patch:
    """A tenth of the word pieces is hidden."""

    def change(self: batches.Damage, lines: list[dict[str, Any]], generator: random.Random) -> list[dict[str, Any]]:
        hidden = self._tokenizer.unk_token_id
        for line in lines:
            inner = [hidden if generator.random() < _MASKED else piece for piece in line["input_ids"][1:-1]]
            line["input_ids"] = [line["input_ids"][0], *inner, line["input_ids"][-1]]
        return lines

    return _augmented(change)


def joined_lines() -> Patch:
    """Three lines in ten are read together with another of their batch and carry the themes of both."""

    def change(self: batches.Damage, lines: list[dict[str, Any]], generator: random.Random) -> list[dict[str, Any]]:
        joined = []
        for line in lines:
            if generator.random() < _JOINED:
                other = generator.choice(lines)
                ids = [*line["input_ids"][:-1], *other["input_ids"][1:]][: self._tokenizer.model_max_length]
                labels = [max(pair) for pair in zip(line["labels"], other["labels"], strict=True)]
                kept = {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": labels}
                line = {**{name: [0] * len(ids) for name in line}, **kept}
            joined.append(line)
        return joined

    return _augmented(change)


def headline_context() -> Patch:
    """Every line follows its article's title, in training and validation, though labels speak of the line alone."""

    def with_headlines(corpus: Corpus, chosen: Sequence[int]) -> Examples:
        lines = examples(corpus, chosen)
        titles = [corpus.articles[i].title for i in lines.articles]
        texts = [text if text == title else f"{title} | {text}" for title, text in zip(titles, lines.texts, strict=True)]
        return replace(lines, texts=texts)

    return mock.patch("tema.job.examples", with_headlines)


def _both(*patches: Patch) -> Patch:
    stack = contextlib.ExitStack()
    for patch in patches:
        stack.enter_context(patch)
    return stack


VARIANTS: dict[str, Callable[[], Patch]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        focal_loss, label_smoothing, consistency, layerwise_rates, fresh_top_layers, layer_drop, fewer_layers,
        frozen_lower_layers, mean_pooling, weight_averaging, masked_pieces, joined_lines, headline_context,
        distilled_ensemble, distilled_half, masked_language_warm_up, contrastive_warm_up,
    )
}  # fmt: skip
