"""The last layer for the first token alone gives the same logits and gradients, and leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from tema.first_token import first_token_only

SIZES: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 32,
    "num_labels": 4,
}


def classifier(family: str) -> Any:
    torch.manual_seed(0)
    return AutoModelForSequenceClassification.from_config(AutoConfig.for_model(family, **SIZES)).eval()


def batch(padded: bool) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    mask = torch.ones((3, 9), dtype=torch.long)
    if padded:
        mask[1, 6:] = 0
    return {"input_ids": torch.randint(5, 50, (3, 9)), "attention_mask": mask}


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
def test_first_token_only_when_running_then_same_logits_and_gradients(family: str, attention: str, padded: bool) -> None:
    model = classifier(family)
    model.set_attn_implementation(attention)
    found = []
    for narrowed in (False, True):
        model.zero_grad()
        if narrowed:
            with first_token_only(model):
                logits = model(**batch(padded)).logits
        else:
            logits = model(**batch(padded)).logits
        logits.square().sum().backward()
        found.append((logits.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]))
    (whole, gradients), (first, others) = found
    assert torch.allclose(whole, first, atol=1e-5)
    assert len(gradients) == len(others) > 40
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(gradients, others, strict=True))


def test_first_token_only_when_running_then_the_last_layer_gives_one_vector_and_afterwards_all() -> None:
    model = classifier("bert")
    names = list(model.state_dict())
    with first_token_only(model):
        assert model.bert(**batch(True)).last_hidden_state.shape == (3, 1, 16)
        assert list(model.state_dict()) == names
    assert model.bert(**batch(True)).last_hidden_state.shape == (3, 9, 16)


def test_first_token_only_when_another_architecture_then_left_as_it_is() -> None:
    model = AutoModelForSequenceClassification.from_config(
        AutoConfig.for_model("distilbert", dim=16, n_heads=2, n_layers=2, hidden_dim=32, vocab_size=50)
    )
    with first_token_only(model):
        assert model.distilbert(**batch(True)).last_hidden_state.shape == (3, 9, 16)
