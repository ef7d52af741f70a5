"""Several processes learn what one learns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, run_script


def torchrun(processes: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        str(processes),
        "train.py",
        *map(str, arguments),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_torchrun_when_two_processes_share_the_batches_then_the_loss_curve_of_one(workshop: Path, tmp_path: Path) -> None:
    metrics: list[dict[str, Any]] = []
    for processes in (1, 2):
        output = tmp_path / f"model-{processes}"
        settings = ("training.epochs=3", "training.batch_size=14", "training.noise=0.3")
        overrides = [part for setting in settings for part in ("--set", setting)]
        run = torchrun(processes, "--config", workshop / "tiny.yaml", "--output", output, *overrides)
        assert run.returncode == 0, run.stderr
        assert run.stdout.count("epoch  3/3") == 1  # one process speaks
        metrics.append(json.loads((output / "metrics.json").read_text(encoding="utf-8")))
        assert not (tmp_path / f".model-{processes}.checkpoints").exists()
    assert metrics[0]["lines"]["train"] % 14 == 0  # else the last batch is filled up
    for name in ("loss", "validation_f1"):
        one, two = ([epoch[name] for epoch in m["epochs"]] for m in metrics)
        assert two == pytest.approx(one, rel=1e-3)
    one, two = (m["scores"]["fine-tuned encoder"]["micro"]["f1"]["value"] for m in metrics)
    assert two == pytest.approx(one, abs=0.01)


def test_torchrun_when_a_batch_cannot_be_shared_then_exit_1_and_why(workshop: Path, tmp_path: Path) -> None:
    run = torchrun(2, "--config", workshop / "tiny.yaml", "--output", tmp_path / "m", "--set", "training.batch_size=7")
    assert run.returncode == 1
    assert "training.batch_size 7 cannot be shared by 2 processes" in run.stderr


def test_torchrun_when_peers_or_folds_are_asked_for_then_exit_2_at_once() -> None:
    for option in (("--peers",), ("--folds", "3")):
        run = run_script("train.py", *option, env={**os.environ, "WORLD_SIZE": "2"})
        assert run.returncode == 2
        assert "--folds and --peers run in one process" in run.stderr
