"""The measurements run on small data and print what they promise."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import learning_curve, robustness, screen, tagging, transfer


def test_learning_curve_when_run_then_a_row_per_share(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "learning_curve",
        "--config",
        str(workshop / "tiny.yaml"),
        "--set",
        "training.epochs=1",
        "--folds",
        "4",
        "--run",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", command)
    learning_curve.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 4
    sizes = [int(row[1]) for row in rows]
    assert sizes == sorted(set(sizes))
    assert all(0 <= float(row[3].split()[0]) <= 1 for row in rows)


def test_transfer_when_run_on_the_training_articles_then_near_perfect(
    workshop: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "transfer",
        "--model",
        str(model),
        "--articles",
        str(workshop / "articles"),
        "--themes",
        str(workshop / "themes.yaml"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    transfer.main()
    out = capsys.readouterr().out
    assert "50 articles, 300 lines" in out
    micro = next(line for line in out.splitlines() if line.startswith("micro-F1"))
    assert float(micro.split()[1]) > 0.9
    assert "needs_review" in out


def test_robustness_when_run_then_a_row_per_damage_with_its_change(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["robustness", "--model", str(model)])
    robustness.main()
    rows = {cells[1].strip(): cells for line in capsys.readouterr().out.splitlines() if len(cells := line.split("|")) > 3}
    assert float(rows["none"][2].split()[0]) > 0.9
    assert abs(float(rows["lower case"][3].split()[0])) < 0.01  # the words that decide are in lower case already
    assert "typos" in rows


def test_tagging_when_run_then_rates_and_ratios_of_three_ways(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tagging", "--model", str(model), "--lines", "64", "--articles", "5"])
    tagging.main()
    out = capsys.readouterr().out
    rows = [line.split("|") for line in out.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 3
    assert rows[0][3].strip() == rows[1][4].strip() == "1.0x"
    assert "predict.py --text from cold" in out


def test_screen_when_run_then_a_row_per_variant(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variants = ["training.epochs=1 training.learning_rate=1e-9 training.head_learning_rate=1e-9", "training.epochs=4"]
    monkeypatch.setattr(sys, "argv", ["screen", "--config", str(workshop / "tiny.yaml"), *variants])
    screen.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| training")]
    assert [row[1].strip() for row in rows] == variants
    assert float(rows[1][2]) > float(rows[0][2])
