"""Texts → windows → batches: every token is read, every window once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tema.windows import length_batches, open_tokenizer, pad, padded_length, windows_of


def test_windows_when_text_is_longer_then_every_token_is_in_some_window(model: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = open_tokenizer(model, 16)
    text = " ".join(str(number) for number in range(200))
    plain = Tokenizer.from_file(str(model / "tokenizer.json"))
    plain.no_truncation()
    encoding = tokenizer.encode(text)
    windows = [encoding, *encoding.overflowing]
    seen = {
        span
        for window in windows
        for span, special in zip(window.offsets, window.special_tokens_mask, strict=True)
        if not special
    }
    assert seen == set(plain.encode(text, add_special_tokens=False).offsets)
    assert max(len(window) for window in windows) <= 16


def test_windows_when_texts_are_long_and_short_then_each_window_knows_its_text(model: Path) -> None:
    tokenizer = open_tokenizer(model, 16)
    windows, owner = windows_of(tokenizer, ["jujur", "pagi " * 40, "kantor"])
    assert owner == [0, *[1] * (len(windows) - 2), 2]
    assert len(windows) > 4
    assert windows[-1] == tokenizer.encode("kantor").ids


def test_length_batches_when_made_then_each_window_once_and_within_the_budget() -> None:
    lengths = [int(n) for n in np.random.default_rng(0).integers(1, 300, 500)]
    batches = length_batches(lengths, 1000)
    assert sorted(i for batch in batches for i in batch) == list(range(500))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 1000 for batch in batches)
    assert all(len({padded_length(lengths[i]) for i in batch}) == 1 for batch in batches)
    assert [len(batch) for batch in length_batches([5000], 1000)] == [1]


def test_pad_when_windows_are_of_one_padded_length_then_filled_up_and_masked() -> None:
    ids, mask = pad([[5, 6, 7, 8, 9], [5, 6]], token=1)
    assert ids.tolist() == [[5, 6, 7, 8, 9, 1, 1, 1], [5, 6, 1, 1, 1, 1, 1, 1]]
    assert mask.tolist() == [[1] * 5 + [0] * 3, [1] * 2 + [0] * 6]
