"""The optimiser: a classifier and a recipe in, AdamW out, whose new layers learn at their own rate.

A model in bf16 has too few digits to add small steps up, so the optimiser steps fp32 copies of its weights (mixed precision with
master weights; Micikevicius et al., ICLR 2018). On CPUs this is half as fast again as autocast, which casts every weight and
activation on every use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from tema.settings import TrainingSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def make_optimiser(model: PreTrainedModel, recipe: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW over the trainable parameters; biases and norms do not decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decays = parameter.ndim > 1 and not re.search("norm", name, re.IGNORECASE)
            groups.setdefault((is_new(name, model), decays), []).append(parameter)
    options: list[dict[str, Any]] = [
        {
            "params": parameters,
            "lr": recipe.head_learning_rate if new else recipe.learning_rate,
            "weight_decay": recipe.weight_decay if decays else 0.0,
        }
        for (new, decays), parameters in groups.items()
    ]
    in_bf16 = any(parameter.dtype == torch.bfloat16 for parameter in model.parameters())
    return MasterWeights(options) if in_bf16 else torch.optim.AdamW(options, fused=True)


def is_new(name: str, model: PreTrainedModel) -> bool:
    """Whether a parameter or module learns as a new one: the classifier, and the pooler."""
    prefix = model.base_model_prefix + "."
    return not name.startswith(prefix) or name.startswith(prefix + "pooler")


class MasterWeights(torch.optim.Optimizer):
    """AdamW on fp32 copies of parameters of any type; after each step the parameters are the copies, rounded."""

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {})
        masters = [{**group, "params": [_master(p) for p in group["params"]]} for group in self.param_groups]
        self._inner = torch.optim.AdamW(masters, fused=True)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One AdamW step at the groups' current learning rates."""
        for group, inner in zip(self.param_groups, self._inner.param_groups, strict=True):
            inner["lr"] = group["lr"]
            learned = [(p, m) for p, m in zip(group["params"], inner["params"], strict=True) if p.grad is not None]
            for _, master in learned:
                if master.grad is None:
                    master.grad = torch.empty_like(master)
            torch._foreach_copy_([m.grad for _, m in learned], [p.grad for p, _ in learned])
        self._inner.step()
        for group, inner in zip(self.param_groups, self._inner.param_groups, strict=True):
            torch._foreach_copy_(group["params"], inner["params"])

    def state_dict(self) -> dict[str, Any]:
        """The groups, AdamW's state and the fp32 copies, so that a resumed run goes on with every digit."""
        masters = [[master.detach() for master in group["params"]] for group in self._inner.param_groups]
        return {**super().state_dict(), "inner": self._inner.state_dict(), "masters": masters}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        state = dict(state_dict)
        self._inner.load_state_dict(state.pop("inner"))
        with torch.no_grad():
            for group, saved in zip(self._inner.param_groups, state.pop("masters"), strict=True):
                torch._foreach_copy_(group["params"], saved)
        super().load_state_dict(state)


def _master(parameter: torch.Tensor) -> torch.Tensor:
    return parameter.detach().float().clone().requires_grad_()
