"""How fast a saved model tags: `python -m benchmarks.tagging --model models/themes`.

The same corpus paragraphs go through transformers' pipeline (fp32, batches of 32, as they come), the trained weights (fp32,
batches of one length) and the exported form, in turn, chunk by chunk, so that a noisy machine slows all alike; ratios are
medians over chunks. Then predict.py as a whole: a folder of articles to .jsonl, and one text from a cold start.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tema.bundle import load_bundle
from tema.corpus import examples, load_corpus
from tema.engine import open_engine
from tema.settings import DataSettings

_CHUNKS = 8
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")


def contenders(model: Path) -> dict[str, Callable[[Sequence[str]], Any]]:
    """Each a function that tags a list of texts."""
    from transformers import pipeline

    bundle = load_bundle(model)
    usual = pipeline("text-classification", model=str(model), top_k=None, batch_size=32)
    torch, fast = open_engine(bundle, "torch"), open_engine(bundle, "openvino")
    return {
        "transformers pipeline, fp32, batches of 32": lambda texts: usual(list(texts), truncation=True),
        "trained weights, fp32, batches of one length": torch.logits,
        "exported form": fast.logits,
    }


def rates(tag: dict[str, Callable[[Sequence[str]], Any]], texts: Sequence[str]) -> dict[str, list[float]]:
    """Paragraphs a second of each contender on each chunk."""
    found: dict[str, list[float]] = {name: [] for name in tag}
    for run in tag.values():
        run(texts[:64])  # the first call of each sets up its kernels
    for k in range(_CHUNKS):
        chunk = texts[k::_CHUNKS]
        for name, run in tag.items():
            started = time.perf_counter()
            run(chunk)
            found[name].append(len(chunk) / (time.perf_counter() - started))
    return found


def whole_runs(model: Path, articles: list[list[str]]) -> tuple[float, float]:
    """Paragraphs a second of predict.py on a folder of .txt articles, and seconds of predict.py --text from a cold start (median
    of five)."""
    with tempfile.TemporaryDirectory() as scratch:
        for number, lines in enumerate(articles):
            Path(scratch, f"{number:05}.txt").write_text("\n".join(lines), encoding="utf-8")
        seconds = _seconds([scratch, "--model", model, "--output", Path(scratch, "tags.jsonl")])
        paragraphs = len(Path(scratch, "tags.jsonl").read_text(encoding="utf-8").splitlines())
    cold = statistics.median(_seconds(["--text", "ASN harus jujur", "--model", model]) for _ in range(5))
    return paragraphs / seconds, cold


def _seconds(arguments: Sequence[object]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "predict.py", *map(str, arguments)], check=True, capture_output=True)
    return time.perf_counter() - started


def machine() -> str:
    """The machine by its features."""
    info = Path("/proc/cpuinfo")
    flags = info.read_text(encoding="utf-8").split() if info.exists() else []
    return f"{os.cpu_count()} cores, {' '.join(flag for flag in _FEATURES if flag in flags) or 'unknown instruction sets'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/themes"))
    parser.add_argument("--lines", type=int, default=2000, help="corpus paragraphs to tag")
    parser.add_argument("--articles", type=int, default=2000, help="articles in the folder for predict.py")
    arguments = parser.parse_args()
    corpus = load_corpus(DataSettings())
    texts = examples(corpus, range(len(corpus.articles))).texts[: arguments.lines]
    found = rates(contenders(arguments.model), texts)
    form = json.loads((arguments.model / "metrics.json").read_text(encoding="utf-8"))["export"]["form"]
    print(f"{len(texts)} paragraphs; {machine()}; exported as {form}\n")
    first, second, _ = found.values()
    print("| | paragraphs/s | against the pipeline | against the trained weights |\n|---|---|---|---|")
    for name, values in found.items():
        ratios = (statistics.median(a / b for a, b in zip(values, base, strict=True)) for base in (first, second))
        print(f"| {name} | {statistics.median(values):.0f} | {' | '.join(f'{ratio:.1f}x' for ratio in ratios)} |")
    sources = [[line.text for line in article.lines] for article in corpus.articles]
    # no two articles alike, or identical lines would be tagged once
    articles = [[f"{line} ({i})" for line in sources[i % len(sources)]] for i in range(arguments.articles)]
    rate, cold = whole_runs(arguments.model, articles)
    print(f"\npredict.py on {len(articles)} articles: {rate:.0f} paragraphs/s, boilerplate included")
    print(f"predict.py --text from cold: {cold:.2f} s")


if __name__ == "__main__":
    main()
