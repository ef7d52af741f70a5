"""Lines become batches; damage is drawn anew in every epoch, the same for the same seed, and never on validation lines."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tema.batches import Damage, LengthOrder, as_dataset
from tema.corpus import Examples
from tema.encoders import load_encoder
from tema.settings import Settings, load_settings

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "quick.yaml"
TEXT = "bupati jujur kata warga desa dan kantor netral untuk camat sekda rapat pagi hari ini di kota " * 3
LINES = Examples([TEXT] * 40, np.ones((40, 1), bool), np.arange(40), np.zeros(40, int))


def batches(encoder: Path, share: float, seed: int = 1) -> tuple[Damage, Any, Any]:
    settings: Settings = load_settings(CONFIG, [f"training.noise={share}", f"seed={seed}"])
    _, tokenizer = load_encoder(encoder, settings.encoder, ["a"], "multilabel")
    numbered = as_dataset(LINES, tokenizer, "multilabel", rows=True)
    return Damage(LINES.texts, tokenizer, settings), numbered, as_dataset(LINES, tokenizer, "multilabel")


def ids(damage: Damage, dataset: Any, epoch: int) -> list[list[int]]:
    damage.on_epoch_begin(None, SimpleNamespace(epoch=epoch), None)
    found: list[list[int]] = damage.collate(list(dataset))["input_ids"].tolist()
    return found


def test_damage_when_share_is_one_then_training_lines_change_by_epoch_and_validation_lines_never(
    encoder: Path,
) -> None:
    damage, numbered, plain = batches(encoder, 1.0)
    clean = ids(damage, plain, 0)
    assert len({tuple(row) for row in clean}) == 1
    assert len({tuple(row) for row in ids(damage, numbered, 0)}) > 2
    assert ids(damage, numbered, 0) != ids(damage, numbered, 1)
    assert ids(damage, plain, 1) == clean


def test_damage_when_drawn_again_for_an_epoch_then_the_same_and_by_seed_another(encoder: Path) -> None:
    damage, numbered, _ = batches(encoder, 1.0)
    assert ids(damage, numbered, 3) == ids(damage, numbered, 3)
    other, others, _ = batches(encoder, 1.0, seed=2)
    assert ids(other, others, 3) != ids(damage, numbered, 3)


def test_damage_when_share_is_nought_then_nothing_changes_and_only_the_models_inputs_are_left(encoder: Path) -> None:
    damage, numbered, plain = batches(encoder, 0.0)
    assert ids(damage, numbered, 0) == ids(damage, plain, 0)
    assert set(damage.collate(list(numbered))) == {"input_ids", "token_type_ids", "attention_mask", "labels"}


def test_order_when_drawn_then_every_row_once_in_batches_of_like_length_at_random() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, size=1003)
    order = LengthOrder(lengths.tolist(), 10, seed=3)
    rows = list(order)
    assert sorted(rows) == list(range(1003))
    means = np.array([lengths[rows[i : i + 10]].mean() for i in range(0, 1000, 10)])
    spreads = [lengths[rows[i : i + 10]].std() for i in range(0, 1000, 10)]
    assert np.mean(spreads) < 3
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.3, "long and short batches follow each other at random"
    assert abs(means[-20:].mean() - lengths.mean()) < 20, "the last batches stand for all"


def test_order_when_an_epoch_is_drawn_again_then_the_same_and_another_epoch_another() -> None:
    lengths = list(range(200))
    first, again = LengthOrder(lengths, 8, seed=3), LengthOrder(lengths, 8, seed=3)
    assert list(first) == list(again)
    again.set_epoch(1)
    assert list(first) != list(again)
    assert list(LengthOrder(lengths, 8, seed=4)) != list(first)
