"""From labelled lines to batches: texts and labels in; a tokenised dataset, and padded batches of lines partly damaged, out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from transformers import DataCollatorWithPadding, TrainerCallback

from tema.corpus import Examples
from tema.noise import damaged
from tema.settings import Settings

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import BatchEncoding, PreTrainedTokenizerBase


def as_dataset(lines: Examples, tokenizer: PreTrainedTokenizerBase, task: str, rows: bool = False) -> Dataset:
    """Tokenised lines with labels (float vectors for multilabel, class numbers for multiclass) and lengths.

    With `rows` each carries its number, by which `Damage` finds its text.
    """
    from datasets import Dataset

    tokens = tokenizer(lines.texts, truncation=True)
    cut = sum(encoding.overflowing != [] for encoding in tokens.encodings)
    if cut:
        print(f"{cut} of {len(lines)} lines are longer than {tokenizer.model_max_length} tokens; training reads their beginning")
    labels = lines.labels.astype(np.float32) if task == "multilabel" else lines.labels.argmax(axis=1)
    columns = {name: tokens[name] for name in tokenizer.model_input_names if name in tokens}
    columns["length"] = [len(ids) for ids in tokens["input_ids"]]
    if rows:
        columns["row"] = list(range(len(lines)))
    return Dataset.from_dict({**columns, "labels": labels.tolist()})


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

    def _one(self, feature: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in feature.items() if name not in ("row", "length")}
        if "row" not in feature:
            return kept
        generator = random.Random(f"{self._seed} {self._epoch} {feature['row']}")
        if generator.random() >= self._share:
            return kept
        tokens = self._tokenizer(damaged(self._texts[feature["row"]], generator, self._lowercase), truncation=True)
        return {**kept, **{name: tokens[name] for name in tokens if name in kept}}
