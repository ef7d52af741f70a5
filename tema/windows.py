"""From texts to batches of token ids: windows of long texts, batches of one padded length, filled up.

Windows are padded to the next multiple of eight tokens and share a batch only with windows of the same padded length. So a
window is computed at the same length whatever stands beside it, which keeps results independent of the batch even in int8 and
bf16, where a different padding would move them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_OVERLAP = 0.25  # of a window
_BATCH_TOKENS = 1024
_MULTIPLE = 8  # tokens


def open_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """The model's tokenizer, which cuts a long text into overlapping windows of `max_length` tokens and does not pad."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length, stride=overlap(max_length))
    return tokenizer


def overlap(max_length: int) -> int:
    """How many tokens of a window of `max_length` the next one repeats."""
    return int((max_length - 2) * _OVERLAP)


def windows_of(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
    """The token ids of every window, and for each the number of its text."""
    windows: list[list[int]] = []
    owner: list[int] = []
    for i, encoding in enumerate(tokenizer.encode_batch_fast(list(texts))):
        for window in [encoding, *encoding.overflowing]:
            windows.append(window.ids)
            owner.append(i)
    return windows, owner


def pad(windows: Sequence[list[int]], token: int) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask of windows of one padded length, each (n, padded length) int64."""
    ids = np.full((len(windows), padded_length(len(windows[0]))), token, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)], mask[row, : len(window)] = window, 1
    return ids, mask


def padded_length(length: int) -> int:
    """The next multiple of eight tokens."""
    return -(-length // _MULTIPLE) * _MULTIPLE


def length_batches(lengths: Sequence[int], tokens: int = _BATCH_TOKENS) -> list[list[int]]:
    """Numbers of windows in batches of one padded length, longest first; a batch holds at most `tokens` tokens, at least one
    window. Batches count 1, 2, 4, 8 … windows: OpenVINO prepares itself for every shape that it meets, so few shapes save time
    and memory."""
    alike: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        alike.setdefault(padded_length(length), []).append(i)
    batches = []
    for length in sorted(alike, reverse=True):
        waiting, most = alike[length], max(1, tokens // length)
        while waiting:
            size = 2 ** (min(most, len(waiting)).bit_length() - 1)
            batches.append(waiting[:size])
            waiting = waiting[size:]
    return batches
