"""Shared by the tests: a tiny encoder in IndoBERT's published layout, small labelled articles, and one model trained on them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
os.environ["HF_HUB_OFFLINE"] = "1"  # no test asks the network

THEMES = {"integrity": "jujur", "discipline": "disiplin", "neutrality": "netral"}
_FILLER = ("bupati camat sekda pegawai kantor rapat pagi hari ini warga desa kota apel kata ujar dan di pada untuk yang").split()  # noqa: SIM905


def make_labelled_articles(folder: Path, n_articles: int = 50, seed: int = 0) -> Path:
    """Articles whose lines carry a theme exactly when they hold its word."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(n_articles):
        lines = []
        for _ in range(6):
            words = rng.choices(_FILLER, k=rng.randint(8, 14))
            themes = [theme for theme in THEMES if rng.random() < 0.3]
            for theme in themes:
                words.insert(rng.randrange(len(words)), THEMES[theme])
            lines.append({"text": " ".join([*words, str(rng.randrange(10**6))]), "kind": "body", "themes": themes})
        lines.append({"text": "Baca juga: kantor desa", "kind": "boilerplate", "themes": []})
        rows.append({"article_id": f"t{number:02d}", "title": lines[0]["text"], "lines": lines, "meta": {}})
    (folder / "made.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def make_published_encoder(folder: Path) -> Path:
    """A tiny BERT as IndoBERT is published: vocab.txt, an empty tokenizer_config.json, pytorch_model.bin, no safetensors."""
    import torch
    from transformers import BertConfig, BertModel

    words = sorted(
        {
            *_FILLER,
            *THEMES.values(),
            *"abcdefghijklmnopqrstuvwxyz0123456789.,:",
            *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"),
        }
    )
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=64, num_hidden_layers=1, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64, initializer_range=0.2,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps({**config.to_dict(), "architectures": ["BertModel"]}), encoding="utf-8")
    torch.manual_seed(1)
    torch.save(BertModel(config).state_dict(), folder / "pytorch_model.bin")
    return folder


def themes_file(folder: Path) -> Path:
    path = folder / "themes.yaml"
    path.write_text(
        "themes:\n" + "".join(f"- {{id: {theme}, name: {{id: {word}, en: {theme}}}}}\n" for theme, word in THEMES.items()),
        encoding="utf-8",
    )
    return path


def run_script(script: str, *arguments: object, cwd: Path | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run train.py or predict.py as a user does."""
    return subprocess.run(
        [sys.executable, str(ROOT / script), *map(str, arguments)],
        cwd=cwd or ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300, **options,
    )  # fmt: skip


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_published_encoder(tmp_path_factory.mktemp("encoder") / "indobert-tiny")


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Path:
    """A folder with labelled articles, themes and a recipe that trains the tiny encoder within seconds."""
    folder = tmp_path_factory.mktemp("workshop")
    make_labelled_articles(folder / "articles")
    themes_file(folder)
    (folder / "tiny.yaml").write_text(
        f"""task: multilabel
output: {folder / "model"}
data: {{articles: {folder / "articles"}, themes: {folder / "themes.yaml"}}}
encoder: {{name: {encoder}, max_length: 64}}
# fp32: the same model whatever the processor is good at
training: {{epochs: 8, batch_size: 16, learning_rate: 3e-3, head_learning_rate: 5e-3, patience: 12, precision: fp32}}
""",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="session")
def training_run(workshop: Path) -> subprocess.CompletedProcess[str]:
    """The whole of train.py on the workshop, run once."""
    result = run_script("train.py", "--config", workshop / "tiny.yaml")
    assert result.returncode == 0, result.stderr
    return result


@pytest.fixture(scope="session")
def model(workshop: Path, training_run: subprocess.CompletedProcess[str]) -> Path:
    return workshop / "model"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file into the test's folder."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put
