"""How fast a saved model tags: `python -m benchmarks.tagging --model models/themes`.

The same corpus paragraphs go through transformers' pipeline (fp32, batches of 32, as they come), the trained weights (fp32,
batches of one length) and each exported form, in turn, chunk by chunk, so that a noisy machine slows all alike; ratios are
medians over chunks. Then predict.py as a whole: a folder of articles to .jsonl beside the engine alone on the same paragraphs,
where the time goes, and one text from a cold start. Last, an encoder of IndoBERT base's size with random weights (speed does not
depend on them).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import RESULTS, machine, record
from tema.articles import Article
from tema.bundle import EXPORTS, load_bundle
from tema.corpus import Corpus, examples, load_corpus
from tema.engine import Engine, exported_engine, open_engine
from tema.export import export
from tema.readers import Reader
from tema.settings import DataSettings
from tema.tagging import Tagger, is_tagged, paragraph_records
from tema.windows import open_tokenizer, windows_of

_CHUNKS = 8
_BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}

Contender = Callable[[Sequence[str]], Any]


def contenders(model: Path) -> dict[str, Contender]:
    """Each a function that tags a list of texts."""
    bundle = load_bundle(model)
    forms = {name: open_engine(bundle, name) for name in ("torch", *EXPORTS) if _is_there(model, name)}
    return {"transformers pipeline, fp32, batches of 32": _pipeline(model), **_named(model, forms)}


def _is_there(model: Path, engine: str) -> bool:
    return engine == "torch" or (model / EXPORTS[engine][0]).exists()


def _pipeline(model: Path) -> Contender:
    from transformers import pipeline

    usual = pipeline("text-classification", model=str(model), top_k=None, batch_size=32)
    return lambda texts: usual(list(texts), truncation=True)


def _named(model: Path, engines: dict[str, Engine]) -> dict[str, Contender]:
    exports = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["exports"]
    names = {"torch": "trained weights, fp32, batches of one length"}
    names |= {engine: f"{engine}, exported as {export['form']}" for engine, export in exports.items()}
    return {names[name]: engine.logits for name, engine in engines.items()}


def rates(tag: dict[str, Contender], texts: Sequence[str]) -> dict[str, list[float]]:
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


def rate_table(found: dict[str, list[float]]) -> str:
    """Median rates, and median ratios to the first contender and to the second."""
    first, second, *_ = found.values()
    lines = ["| | paragraphs/s | against the pipeline | against the trained weights |", "|---|---|---|---|"]
    for name, values in found.items():
        ratios = (statistics.median(a / b for a, b in zip(values, base, strict=True)) for base in (first, second))
        lines.append(f"| {name} | {statistics.median(values):.0f} | {' | '.join(f'{ratio:.1f}x' for ratio in ratios)} |")
    return "\n".join(lines)


def whole_runs(model: Path, corpus: Corpus, n_articles: int) -> str:
    """predict.py on a folder of .txt articles, the engine alone on its paragraphs, the steps one by one, and a cold start."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "articles")
        folder.mkdir()
        for number in range(n_articles):
            lines = corpus.articles[number % len(corpus.articles)].lines
            # no two articles alike, or identical lines would be tagged once
            (folder / f"{number:05}.txt").write_text("\n".join(f"{line.text} ({number})" for line in lines), encoding="utf-8")
        articles, reading = _timed(lambda: list(Reader().read([str(folder)])))
        spoken = [p.text for article in articles for p in article.paragraphs if is_tagged(p)]
        tagger = Tagger(model)
        tagger.tag_texts(spoken[:512])
        _, tokenising = _timed(lambda: windows_of(open_tokenizer(model, tagger.bundle.max_length), spoken))
        _, alone = _timed(lambda: [tagger.engine.logits(spoken[i : i + 512]) for i in range(0, len(spoken), 512)])
        _, writing = _timed(lambda: _records(tagger, articles))
        whole = _predict([folder, "--model", model, "--output", Path(scratch, "tags.jsonl")])
    cold = statistics.median(_predict(["--text", "ASN harus jujur", "--model", model]) for _ in range(5))
    steps = {"reading and dividing articles": reading, "tokenising": tokenising, "records and JSON": writing}
    told = "; ".join(f"{name} {seconds:.1f} s" for name, seconds in steps.items())
    rate = len(spoken) / whole
    return (
        f"predict.py on {n_articles} articles, {len(spoken)} tagged paragraphs, to .jsonl: {rate:.0f} paragraphs/s, "
        f"{alone / whole:.0%} of the engine's own rate (start-up included). The engine alone takes {alone:.0f} of the "
        f"{whole:.0f} s; done one after the other: {told}.\n\n"
        f"predict.py --text from a cold start: {cold:.2f} s (median of five)."
    )


def _records(tagger: Tagger, articles: list[Article]) -> list[str]:
    """The records of articles whose paragraphs all got the same tags: what is timed is everything but the model."""
    from tema.tagging import TaggedArticle, Tags

    tags = Tags((), (0.5,) * len(tagger.theme_ids), False)
    tagged = (TaggedArticle(article, (tags,) * len(article.paragraphs)) for article in articles)
    return [json.dumps(row, ensure_ascii=False) for one in tagged for row in paragraph_records(one, tagger.theme_ids)]


def _timed(job: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return job(), time.perf_counter() - started


def _predict(arguments: Sequence[object]) -> float:
    command = [sys.executable, "predict.py", *map(str, arguments)]
    return _timed(lambda: subprocess.run(command, check=True, capture_output=True))[1]


def base_size(model: Path, texts: Sequence[str]) -> dict[str, list[float]]:
    """Rates of an encoder of IndoBERT base's size with this model's tokenizer and random weights."""
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        config = AutoConfig.from_pretrained(model, **_BASE)
        encoder = AutoModelForSequenceClassification.from_config(config).eval()
        tokenizer = AutoTokenizer.from_pretrained(model)
        encoder.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        export(folder, encoder, texts, tokenizer.model_max_length, 1.0, lambda engine: 1.0)
        forms = {f"{name}, int8": exported_engine(name, folder, tokenizer.model_max_length).logits for name in EXPORTS}
        from tema.engine import TorchEngine

        exact = TorchEngine(folder, tokenizer.model_max_length).logits
        return rates({"transformers pipeline, fp32, batches of 32": _pipeline(folder), "fp32 by length": exact, **forms}, texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/themes"))
    parser.add_argument("--lines", type=int, default=2000, help="corpus paragraphs to tag (default: %(default)s)")
    parser.add_argument("--articles", type=int, default=1000, help="articles in predict.py's folder (default: %(default)s)")
    parser.add_argument("--base-lines", type=int, default=256, help="paragraphs for the larger encoder (default: %(default)s)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file that keeps the result")
    arguments = parser.parse_args()
    corpus = load_corpus(DataSettings())
    texts = examples(corpus, range(len(corpus.articles))).texts[: arguments.lines]
    found = rates(contenders(arguments.model), texts)
    whole = whole_runs(arguments.model, corpus, arguments.articles)
    base = base_size(arguments.model, texts[: arguments.base_lines])
    record(
        "python -m benchmarks.tagging",
        f"{machine()}; {len(texts)} corpus paragraphs in {_CHUNKS} turns.\n\n{rate_table(found)}\n\n{whole}\n\n"
        f"An encoder of IndoBERT base's size, random weights, {arguments.base_lines} paragraphs:\n\n{rate_table(base)}",
        arguments.results,
    )


if __name__ == "__main__":
    main()
