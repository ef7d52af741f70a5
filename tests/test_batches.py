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
    order = LengthOrder(1003, lambda _: lengths.tolist(), 10, seed=3)
    rows = list(order)
    assert sorted(rows) == list(range(1003))
    means = np.array([lengths[rows[i : i + 10]].mean() for i in range(0, 1000, 10)])
    spreads = [lengths[rows[i : i + 10]].std() for i in range(0, 1000, 10)]
    assert np.mean(spreads) < 3
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.3, "long and short batches follow each other at random"
    assert abs(means[-20:].mean() - lengths.mean()) < 20, "the last batches stand for all"


def test_order_when_an_epoch_is_drawn_again_then_the_same_and_another_epoch_another() -> None:
    first, again, other = (LengthOrder(200, lambda _: range(200), 8, seed=seed) for seed in (3, 3, 4))
    assert list(first) == list(again)
    again.set_epoch(1)
    assert list(first) != list(again)
    assert list(other) != list(first)


def test_order_when_lengths_change_with_the_epoch_then_batches_follow_them() -> None:
    lengths = np.random.default_rng(0).integers(5, 100, size=(2, 400))
    order = LengthOrder(400, lambda epoch: lengths[epoch].tolist(), 10, seed=3)
    for epoch in (0, 1):
        order.set_epoch(epoch)
        rows = list(order)
        assert np.mean([lengths[epoch][rows[i : i + 10]].std() for i in range(0, 400, 10)]) < 3


def test_damage_when_lengths_are_asked_then_they_are_those_of_the_batches_of_that_epoch(encoder: Path) -> None:
    damage, numbered, _ = batches(encoder, 0.7)
    for epoch in (0, 2):
        damage.on_epoch_begin(None, SimpleNamespace(epoch=epoch), None)
        assert damage.lengths(epoch) == damage.collate(list(numbered))["attention_mask"].sum(dim=1).tolist()
    assert damage.lengths(0) != damage.lengths(2)


def test_dataset_when_it_is_for_scoring_then_the_longest_lines_come_first_with_their_labels(encoder: Path) -> None:
    texts = ["warga " * n for n in (2, 9, 4)]
    _, tokenizer = load_encoder(encoder, load_settings(CONFIG).encoder, ["a"], "multilabel")
    lines = Examples(texts, np.array([[False], [True], [False]]), np.arange(3), np.zeros(3, int))
    dataset = as_dataset(lines, tokenizer, "multilabel")
    assert dataset["labels"][:] == [[1.0], [0.0], [0.0]]
    lengths = [len(ids) for ids in dataset["input_ids"]]
    assert lengths == sorted(lengths, reverse=True)
