"""The last layer computed for the first token alone: a classifier in, the same logits out with some seven percent less work.

A classifier of the BERT family reads nothing but the first token's vector from its last layer, so the other tokens' queries,
attention and feed-forward there are computed in vain. They still serve as keys and values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

_FAMILY = ("bert", "roberta", "xlm-roberta", "camembert")


@contextlib.contextmanager
def first_token_only(model: PreTrainedModel) -> Iterator[None]:
    """While the block runs, the last layer's output is (n, 1, hidden size). Other architectures are left as they are."""
    if model.config.model_type not in _FAMILY:
        yield
        return
    layer = model.base_model.encoder.layer[-1]
    whole: type[nn.Module] = type(layer)
    layer.__class__ = _narrowed(whole)
    try:
        yield
    finally:
        layer.__class__ = whole


def _narrowed(whole: type[nn.Module]) -> type[nn.Module]:
    """The layer's class with another `forward`; weights and their names stay."""

    def forward(self: Any, hidden: torch.Tensor, attention_mask: torch.Tensor | None = None, *_: Any, **__: Any) -> torch.Tensor:
        own = self.attention.self
        first = hidden[:, :1]

        def heads(vectors: torch.Tensor) -> torch.Tensor:
            return vectors.view(*vectors.shape[:2], -1, own.attention_head_size).transpose(1, 2)

        attended = nn.functional.scaled_dot_product_attention(
            heads(own.query(first)),
            heads(own.key(hidden)),
            heads(own.value(hidden)),
            attn_mask=None if attention_mask is None else attention_mask[..., :1, :],
            dropout_p=own.dropout.p if self.training else 0.0,
        )
        first = self.attention.output(attended.transpose(1, 2).flatten(2), first)
        return self.output(self.intermediate(first), first)

    return type(f"FirstToken{whole.__name__}", (whole,), {"forward": forward})
