"""Inference: texts in, logits out, in the order given and independent of it.

A text longer than the encoder's window is read in overlapping windows; a theme's logit is the highest over them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

_OVERLAP = 0.25  # of a window
_BATCH_TOKENS = 4096


class Engine(Protocol):
    """Anything that turns texts into logits."""

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(n, n_themes) float32, row i for text i."""
        ...


class TorchEngine:
    """Runs the trained weights in fp32 with transformers."""

    def __init__(self, folder: Path, max_length: int) -> None:
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoModelForSequenceClassification

        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = AutoModelForSequenceClassification.from_pretrained(folder).eval().to(self._device)
        self._pad = int(self._model.config.pad_token_id or 0)
        self._takes_types = "token_type_ids" in _input_names(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length, stride=int((max_length - 2) * _OVERLAP))

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """See `Engine.logits`."""
        windows: list[list[int]] = []
        owner: list[int] = []
        for i, encoding in enumerate(self._tokenizer.encode_batch_fast(list(texts))):
            for window in [encoding, *encoding.overflowing]:
                windows.append(window.ids)
                owner.append(i)
        result = np.full((len(texts), self._model.config.num_labels), -np.inf, np.float32)
        for rows in length_batches([len(window) for window in windows]):
            np.maximum.at(result, [owner[row] for row in rows], self._run([windows[row] for row in rows]))
        return result

    def _run(self, windows: list[list[int]]) -> np.ndarray:
        torch = self._torch
        longest = max(map(len, windows))
        ids = torch.full((len(windows), longest), self._pad, dtype=torch.long)
        mask = torch.zeros((len(windows), longest), dtype=torch.long)
        for i, window in enumerate(windows):
            ids[i, : len(window)] = torch.tensor(window)
            mask[i, : len(window)] = 1
        inputs = {"input_ids": ids.to(self._device), "attention_mask": mask.to(self._device)}
        if self._takes_types:
            inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
        with torch.inference_mode():
            logits = self._model(**inputs).logits
        return np.asarray(logits.float().cpu().numpy())


def length_batches(lengths: Sequence[int], tokens: int = _BATCH_TOKENS) -> list[list[int]]:
    """Numbers of windows, longest first, in batches that hold at most `tokens` tokens after padding (at least one window)."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= tokens:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _input_names(folder: Path) -> list[str]:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return ["token_type_ids"] if config.get("type_vocab_size", 0) > 1 else []
