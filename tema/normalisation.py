"""Batch normalisation of the sentence vector while training: a classifier in, one with a normalised head out, and back.

The vectors of sentence encoders crowd together, and a fresh head hardly moves on them; normalised in front of the first new
layer they spread. The normalisation is affine, so it folds into that layer at the end, and the result is an ordinary
transformers model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# The layer that first reads the sentence vector, by architecture (BERT; RoBERTa and ELECTRA; DistilBERT; DeBERTa).
_FIRST_LAYERS = ("base.pooler.dense", "classifier.dense", "pre_classifier", "pooler.dense")
_MOMENTUM = 0.05  # of the running statistics: some twenty batches, for each holds lines of one length


class _Normalised(nn.Module):
    """A linear layer behind batch normalisation."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(linear.in_features)
        self.linear = linear

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        vectors = vectors.float()  # statistics over a batch need more digits than bf16 has
        if self.training:
            self.norm.momentum = max(_MOMENTUM, 1 / (1 + int(self.norm.get_buffer("num_batches_tracked"))))
        if self.training and torch.distributed.is_initialized():
            normalised = self._over_processes(vectors)
        elif self.training and vectors.shape[0] == 1:  # one line has no variance
            self.norm.eval()
            normalised = self.norm(vectors)
            self.norm.train()
        else:
            normalised = self.norm(vectors)
        return self.linear(normalised.to(self.linear.weight.dtype))

    def _over_processes(self, vectors: torch.Tensor) -> torch.Tensor:
        """Normalise by the statistics of the whole batch, of which every process holds a part (torch's own SyncBatchNorm needs
        GPUs)."""
        from torch.distributed.nn.functional import all_reduce

        held = torch.full_like(vectors[0], len(vectors))
        n, total, squares = all_reduce(  # type: ignore[no-untyped-call]
            torch.stack([held, vectors.sum(0), vectors.square().sum(0)])
        )
        mean = total / n
        variance = (squares / n - mean.square()).clamp(min=0)
        with torch.no_grad():
            share = self.norm.momentum or 0.0
            self.norm.get_buffer("running_mean").lerp_(mean, share)
            self.norm.get_buffer("running_var").lerp_(variance * n / (n - 1).clamp(min=1), share)
            self.norm.get_buffer("num_batches_tracked").add_(1)
        return (vectors - mean) * torch.rsqrt(variance + self.norm.eps) * self.norm.weight + self.norm.bias


def insert_normalisation(model: PreTrainedModel) -> None:
    """Batch-normalise the sentence vector in front of the first new layer; unknown architectures are left as they are."""
    for parent, name, layer in _first_layer(model):
        setattr(parent, name, _Normalised(layer))


def fold_normalisation(model: PreTrainedModel) -> None:
    """Undo `insert_normalisation`: y = W((x - m) / s * g + b) + c becomes y = W'x + c', the same function in evaluation mode."""
    for parent, name, layer in _first_layer(model):
        if not isinstance(layer, _Normalised):
            continue
        norm, linear = layer.norm, layer.linear
        with torch.no_grad():
            mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
            scale = norm.weight / torch.sqrt(variance + norm.eps)
            linear.bias.add_(linear.weight @ (norm.bias - mean * scale))
            linear.weight.mul_(scale)
        setattr(parent, name, linear)


def _first_layer(model: PreTrainedModel) -> list[tuple[nn.Module, str, Any]]:
    for path in _FIRST_LAYERS:
        *parents, name = path.split(".")
        owner: Any = model
        for parent in parents:
            owner = getattr(owner, model.base_model_prefix if parent == "base" else parent, None)
        layer = getattr(owner, name, None)
        if isinstance(layer, (nn.Linear, _Normalised)):
            return [(owner, name, layer)]
    return []
