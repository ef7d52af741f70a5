"""Master weights step as AdamW in fp32 does, and a saved state goes on as if never saved."""

from __future__ import annotations

import torch

from tema.optimiser import MasterWeights


def steps(optimiser: torch.optim.Optimizer, parameter: torch.Tensor, n: int) -> None:
    for i in range(n):
        parameter.grad = torch.full_like(parameter, 0.5 + i % 3)
        optimiser.step()
        optimiser.zero_grad()


def test_step_when_updates_are_below_a_bf16_digit_then_they_still_add_up() -> None:
    ours = torch.nn.Parameter(torch.ones(8, dtype=torch.bfloat16))
    steps(MasterWeights([{"params": [ours], "lr": 1e-4, "weight_decay": 0.0}]), ours, 300)
    exact = torch.nn.Parameter(torch.ones(8))
    steps(torch.optim.AdamW([exact], lr=1e-4, weight_decay=0.0), exact, 300)
    assert torch.equal(ours.float(), exact.bfloat16().float())
    alone = torch.nn.Parameter(torch.ones(8, dtype=torch.bfloat16))
    steps(torch.optim.AdamW([alone], lr=1e-4, weight_decay=0.0), alone, 300)
    assert torch.equal(alone, torch.ones_like(alone))  # what the copies are for


def test_step_when_the_rate_of_a_group_changes_then_the_copies_follow() -> None:
    parameter = torch.nn.Parameter(torch.ones(4, dtype=torch.bfloat16))
    optimiser = MasterWeights([{"params": [parameter], "lr": 0.0, "weight_decay": 0.0}])
    steps(optimiser, parameter, 1)
    assert torch.equal(parameter, torch.ones_like(parameter))
    optimiser.param_groups[0]["lr"] = 0.5
    steps(optimiser, parameter, 1)
    assert not torch.equal(parameter, torch.ones_like(parameter))


def test_state_when_loaded_into_another_optimiser_then_it_goes_on_with_every_digit() -> None:
    first = torch.nn.Parameter(torch.ones(8, dtype=torch.bfloat16))
    optimiser = MasterWeights([{"params": [first], "lr": 1e-3, "weight_decay": 0.1}])
    steps(optimiser, first, 5)
    second = torch.nn.Parameter(first.detach().clone())
    resumed = MasterWeights([{"params": [second], "lr": 1.0, "weight_decay": 0.0}])
    resumed.load_state_dict(optimiser.state_dict())
    steps(optimiser, first, 40)
    steps(resumed, second, 40)
    assert torch.equal(first, second)
