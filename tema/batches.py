"""From labelled lines to batches: texts and labels in; a dataset, its order, and padded batches of partly damaged lines out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import Sampler
from transformers import DataCollatorWithPadding, TrainerCallback
from transformers.trainer_pt_utils import get_length_grouped_indices

from tema.corpus import Examples
from tema.noise import damaged
from tema.settings import Settings

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import BatchEncoding, PreTrainedTokenizerBase

_SORTED_BATCHES = 200  # sorted by length together; with 50, as transformers has it, one token in twenty is padding


def as_dataset(lines: Examples, tokenizer: PreTrainedTokenizerBase, task: str, rows: bool = False) -> Dataset:
    """Tokenised lines with labels (float vectors for multilabel, class numbers for multiclass).

    With `rows` each carries its number, by which `Damage` finds its text; without, the longest come first.
    """
    from datasets import Dataset

    tokens = tokenizer(lines.texts, truncation=True)
    cut = sum(encoding.overflowing != [] for encoding in tokens.encodings)
    if cut:
        print(f"{cut} of {len(lines)} lines are longer than {tokenizer.model_max_length} tokens; training reads their beginning")
    labels = lines.labels.astype(np.float32) if task == "multilabel" else lines.labels.argmax(axis=1)
    columns = {name: tokens[name] for name in tokenizer.model_input_names if name in tokens}
    if rows:
        columns["row"] = list(range(len(lines)))
    dataset = Dataset.from_dict({**columns, "labels": labels.tolist()})
    return dataset if rows else dataset.select(np.argsort([-len(ids) for ids in tokens["input_ids"]], kind="stable"))


class LengthOrder(Sampler[int]):
    """Row numbers in an order in which every `batch_size` of them are of similar length, the batches of an epoch at random.

    `lengths` gives every row's length in an epoch. (transformers' own sampler goes from long lines to short ones, over and over;
    the running statistics of batch normalisation would be those of the short lines that come last.) The order depends on the
    seed and the epoch alone.
    """

    def __init__(self, n_rows: int, lengths: Callable[[int], Sequence[int]], batch_size: int, seed: int) -> None:
        self._n_rows, self._lengths, self._batch_size, self._seed = n_rows, lengths, batch_size, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the Trainer."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._n_rows

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1000 * self._seed + self._epoch)
        batches = max(1, min(self._n_rows // (4 * self._batch_size), _SORTED_BATCHES))
        rows = get_length_grouped_indices(self._lengths(self._epoch), self._batch_size, batches, generator)
        starts = range(0, len(rows), self._batch_size)
        whole = len(rows) // self._batch_size  # a last, smaller batch stays last
        for i in [*torch.randperm(whole, generator=generator).tolist(), *range(whole, len(starts))]:
            yield from rows[starts[i] : starts[i] + self._batch_size]


class Damage(TrainerCallback):
    """Collates lines into padded batches; of those that carry a row number the share `training.noise` is damaged.

    What is damaged, and how, depends on the seed, the epoch and the row alone, so a resumed run sees the same.
    """

    def __init__(self, texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, settings: Settings) -> None:
        self._texts, self._tokenizer = texts, tokenizer
        self._share, self._seed, self._lowercase = settings.training.noise, settings.seed, settings.encoder.lowercase
        self._pad = DataCollatorWithPadding(tokenizer)
        self._epoch = 0

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Draw afresh."""
        self._epoch = round(state.epoch or 0)

    def collate(self, features: list[dict[str, Any]]) -> BatchEncoding:
        """Rows of the dataset → tensors."""
        return self._pad([self._one(feature) for feature in features])

    def lengths(self, epoch: int) -> list[int]:
        """The number of tokens that every line has in an epoch: damaged words are cut into more pieces."""
        texts = [self._text(row, epoch) for row in range(len(self._texts))]
        return [len(ids) for ids in self._tokenizer(texts, truncation=True)["input_ids"]]

    def _one(self, feature: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in feature.items() if name != "row"}
        if "row" not in feature:
            return kept
        text = self._text(feature["row"], self._epoch)
        if text == self._texts[feature["row"]]:
            return kept
        tokens = self._tokenizer(text, truncation=True)
        return {**kept, **{name: tokens[name] for name in tokens if name in kept}}

    def _text(self, row: int, epoch: int) -> str:
        generator = random.Random(f"{self._seed} {epoch} {row}")
        text = self._texts[row]
        return damaged(text, generator, self._lowercase) if generator.random() < self._share else text
