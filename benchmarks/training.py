"""How fast the recipe trains: `python -m benchmarks.training`.

The usual recipe (transformers' text-classification example: fp32, every line padded to 128 tokens, batches of 8, the encoder's
full vocabulary, AdamW) and this project's take turns on steps over the same corpus lines; rates are in tokens of real text,
without padding, and the ratio is the median over turns. The share of the machine's own rate is that of the operations the
layers need (forward and backward, 6 for each weight and token, and attention's; of the last layer keys and values alone) in the
rate of large matrix products, in bf16 or fp32, whichever is faster here.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.results import RESULTS, machine, record
from tema import embedded
from tema.corpus import Corpus, Examples, examples, load_corpus
from tema.encoders import load_encoder
from tema.first_token import first_token_only
from tema.normalisation import insert_normalisation
from tema.optimiser import make_optimiser
from tema.settings import Settings, load_settings
from tema.training import initialise_new_layers, set_dropout, to_bf16, use_bf16

_USUAL_LENGTH, _USUAL_BATCH = 128, 8
_MATRIX = 4096


class Contender:
    """One way to train; `turn` takes one optimiser step and gives the tokens of real text that it read and the seconds.
    `lengths` collects the tokens of every line read."""

    def __init__(
        self,
        model: Any,
        optimiser: torch.optim.Optimizer,
        batches: Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]],
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> None:
        self.model, self._optimiser, self._batches, self._loss = model.train(), optimiser, batches, loss
        self.lengths: list[int] = []

    def turn(self) -> tuple[int, float]:
        batch, labels = next(self._batches)
        started = time.perf_counter()
        loss = self._loss(self.model(**batch).logits.float(), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self._optimiser.step()
        self.model.zero_grad()
        seconds = time.perf_counter() - started
        lengths = batch["attention_mask"].sum(dim=1).tolist()
        self.lengths += lengths
        return sum(lengths), seconds


def usual(lines: Examples, corpus: Corpus, settings: Settings, folder: Path) -> Contender:
    """transformers' example as it stands."""
    embedded.write_encoder(folder, [], whole=True)
    model, tokenizer = load_encoder(folder, settings.encoder, corpus.theme_ids, settings.task)
    set_dropout(model, 0.1)
    order = np.random.default_rng(settings.seed).permutation(len(lines))
    padding = {"padding": "max_length", "max_length": _USUAL_LENGTH}
    batches = _batches(lines, tokenizer, order, _USUAL_BATCH, padding)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-5)
    return Contender(model, optimiser, batches, nn.functional.binary_cross_entropy_with_logits)


def ours(lines: Examples, corpus: Corpus, settings: Settings, folder: Path) -> Contender:
    """This project's recipe, as `tema.training` sets it up on a CPU."""
    embedded.write_encoder(folder, lines.texts, lowercase=settings.encoder.lowercase)
    model, tokenizer = load_encoder(folder, settings.encoder, corpus.theme_ids, settings.task)
    initialise_new_layers(model)
    set_dropout(model, settings.training.dropout)
    model.set_attn_implementation("eager")
    insert_normalisation(model)
    if use_bf16(settings.training.precision):
        to_bf16(model)
    size = settings.training.batch_size
    lengths = np.array([len(ids) for ids in tokenizer(lines.texts, truncation=True)["input_ids"]])
    grouped = np.argsort(-lengths, kind="stable")[: len(lines) // size * size].reshape(-1, size)
    order = grouped[np.random.default_rng(settings.seed).permutation(len(grouped))].ravel()
    return Contender(
        model,
        make_optimiser(model, settings.training),
        _batches(lines, tokenizer, order, size, {"padding": True}),
        nn.functional.binary_cross_entropy_with_logits,
    )


def _batches(
    lines: Examples, tokenizer: Any, order: np.ndarray, size: int, padding: dict[str, Any]
) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
    labels = torch.from_numpy(lines.labels).float()
    while True:
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            batch = tokenizer([lines.texts[i] for i in rows], truncation=True, return_tensors="pt", **padding)
            yield dict(batch), labels[rows]


def matrix_rate(kind: torch.dtype) -> float:
    """Floating-point operations a second of large matrix products, the median of five."""
    a, b = (torch.randn(_MATRIX, _MATRIX).to(kind) for _ in range(2))
    a @ b
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - started)
    return 2 * _MATRIX**3 / statistics.median(seconds)


def operations(config: Any, lengths: Sequence[int]) -> float:
    """Floating-point operations of one pass forward and back per token of text: of a multiplication by each weight of the layers
    two forward and four back; of attention's products over the line likewise. What the first token alone needs is left out."""
    h, f, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    weights = (layers - 1) * (4 * h * h + 2 * h * f) + 2 * h * h
    attention = (layers - 1) * 2 * h * sum(n * n for n in lengths) / sum(lengths)
    return float(6 * (weights + attention))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default="configs/default.yaml")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--turns", type=int, default=12, help="turns of each contender (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=4, help="our steps a turn; the usual recipe's: one")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file that keeps the result")
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, arguments.set)
    corpus = load_corpus(settings.data, settings.task)
    lines = examples(corpus, range(len(corpus.articles)))
    with tempfile.TemporaryDirectory() as scratch:
        first = usual(lines, corpus, settings, Path(scratch, "usual"))
        second = ours(lines, corpus, settings, Path(scratch, "ours"))
    rates: list[tuple[float, float]] = []
    with first_token_only(second.model):
        for _ in range(arguments.turns + 1):
            tokens, seconds = first.turn()
            steps = np.array([second.turn() for _ in range(arguments.steps)]).sum(axis=0)
            rates.append((tokens / seconds, steps[0] / steps[1]))
    measured = np.array(rates[1:])  # the first turn sets up kernels
    slow, fast = np.median(measured, axis=0)
    ratio = float(np.median(measured[:, 1] / measured[:, 0]))
    machine_rates = {"fp32": matrix_rate(torch.float32), "bf16": matrix_rate(torch.bfloat16)}
    best = max(machine_rates, key=lambda kind: machine_rates[kind])
    share = fast * operations(second.model.config, second.lengths) / machine_rates[best]
    record(
        "python -m benchmarks.training",
        f"{machine()}; {arguments.turns} turns. Large matrix products: {machine_rates['fp32'] / 1e9:.0f} GFLOP/s in fp32, "
        f"{machine_rates['bf16'] / 1e9:.0f} in bf16.\n\n"
        "| | tokens of text a second | against the usual recipe |\n|---|---|---|\n"
        f"| usual recipe: fp32, padded to {_USUAL_LENGTH}, batches of {_USUAL_BATCH}, full vocabulary | {slow:.0f} | 1.0x |\n"
        f"| this recipe | {fast:.0f} | {ratio:.1f}x |\n\n"
        f"The layers' own operations run at {share:.0%} of the machine's {best} matrix rate.",
        arguments.results,
    )


if __name__ == "__main__":
    main()
