"""Which word pieces the stand-in encoder keeps, and what cutting the rest costs: `python -m benchmarks.vocabulary`.

Pieces are those that the full tokenizer uses for the Indonesian and Malay words of `wordfreq` (31,000 and 29,000 words seen at
least once in a million), written in lower case, capitalised and in capitals. `--write` renews tema/indonesian_pieces.txt. The
cost is the cosine between sentence vectors (mean over tokens) of the cut and the whole encoder on the labelled corpus.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from tema import embedded
from tema.corpus import examples, load_corpus
from tema.settings import DataSettings


def indonesian_pieces() -> list[str]:
    """The pieces that Indonesian and Malay words use, in the order of the full vocabulary."""
    import wordfreq

    packed = embedded.read_packed(embedded.packed_file())
    tokenizer = embedded.build_tokenizer(packed.pieces, packed.scores)
    words = sorted({word for language in ("id", "ms") for word in wordfreq.get_frequency_dict(language)})
    forms = [form for word in words for form in (word, word.capitalize(), word.upper())]
    ids = {i for encoding in tokenizer.encode_batch(forms) for i in encoding.ids if i >= len(embedded.SPECIAL)}
    return [packed.pieces[i] for i in sorted(ids)]


def sentence_vectors(folder: Path, texts: list[str]) -> np.ndarray:
    """Mean token vectors, (n, hidden) float32, of unit length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    vectors = []
    for start in range(0, len(texts), 32):
        batch = tokenizer(texts[start : start + 32], padding=True, truncation=True, max_length=256, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        vectors.append(((hidden * mask).sum(1) / mask.sum(1)).numpy())
    joined = np.concatenate(vectors)
    return joined / np.linalg.norm(joined, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="renew tema/indonesian_pieces.txt")
    parser.add_argument("--lines", type=int, default=500, help="corpus lines to compare on")
    arguments = parser.parse_args()
    if arguments.write:
        Path(embedded.__file__).with_name("indonesian_pieces.txt").write_text(
            "\n".join(indonesian_pieces()) + "\n", encoding="utf-8"
        )
    corpus = load_corpus(DataSettings())
    texts = examples(corpus, range(len(corpus.articles))).texts
    chosen = [texts[i] for i in np.random.default_rng(0).permutation(len(texts))[: arguments.lines]]
    with tempfile.TemporaryDirectory() as scratch:
        cut, whole, lower = Path(scratch, "cut"), Path(scratch, "whole"), Path(scratch, "lower")
        embedded.write_encoder(cut, [])
        embedded.write_encoder(lower, texts, lowercase=True)
        embedded.write_encoder(whole, [], whole=True)
        cosines = (sentence_vectors(cut, chosen) * sentence_vectors(whole, chosen)).sum(axis=1)
        kept, full, small = (weights(folder) for folder in (cut, whole, lower))
    print(f"weights: {kept:,} of {full:,} ({kept / full:.1%})")
    print(f"in lower case, with the pieces of the corpus, as train.py cuts it: {small:,} ({small / full:.1%})")
    print(f"cosine of the cut encoder's vectors to the whole one's on {len(chosen)} corpus lines: mean {cosines.mean():.5f}, ")
    print(f"lowest {cosines.min():.5f}, lines unchanged {np.mean(cosines > 1 - 1e-6):.1%}")


def weights(folder: Path) -> int:
    """How many numbers a model folder's weights are."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", "np") as tensors:
        return sum(int(np.prod(tensors.get_slice(name).get_shape())) for name in tensors.keys())  # noqa: SIM118


if __name__ == "__main__":
    main()
