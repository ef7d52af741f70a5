"""Fine-tuning: one seed gives one model, the normalisation folds away exactly, every training key reaches the trainer."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import make_labelled_articles, themes_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tema.bundle import load_bundle
from tema.corpus import Examples, examples, load_corpus
from tema.encoders import load_encoder
from tema.engine import open_engine
from tema.normalisation import fold_normalisation, insert_normalisation
from tema.settings import Settings, load_settings
from tema.training import fine_tune, loss_function, predict_logits, use_bf16

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "quick.yaml"
LABELS = ["integrity", "discipline", "neutrality"]


def recipe(encoder: Path, *overrides: str) -> Settings:
    base = [f"encoder.name={encoder}", "training.epochs=2", "training.learning_rate=1e-3", "training.precision=fp32"]
    return load_settings(CONFIG, [*base, *overrides])


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Examples, Examples]:
    folder = tmp_path_factory.mktemp("lines")
    make_labelled_articles(folder / "articles", 12)
    data = load_settings(CONFIG, [f"data.articles={folder / 'articles'}", f"data.themes={themes_file(folder)}"]).data
    corpus = load_corpus(data)
    return examples(corpus, range(8)), examples(corpus, range(8, 12))


def trained(settings: Settings, lines: tuple[Examples, Examples], folder: Path, **options: Any) -> tuple[Any, np.ndarray]:
    model, tokenizer = load_encoder(Path(settings.encoder.name), settings.encoder, LABELS, settings.task)
    fine_tune(model, tokenizer, *lines, settings, folder, quiet=True, **options)
    return model, predict_logits(model, tokenizer, lines[1].texts)


@pytest.fixture(scope="module")
def plain(encoder: Path, lines: tuple[Examples, Examples], tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The logits of the recipe as it is."""
    return trained(recipe(encoder), lines, tmp_path_factory.mktemp("plain"))[1]


def test_fine_tune_when_seed_is_the_same_then_same_logits_and_when_other_then_other(
    encoder: Path, lines: tuple[Examples, Examples], plain: np.ndarray, tmp_path: Path
) -> None:
    assert np.array_equal(plain, trained(recipe(encoder), lines, tmp_path / "again")[1])
    assert not np.array_equal(plain, trained(recipe(encoder, "seed=14"), lines, tmp_path / "other")[1])


@pytest.mark.parametrize(
    "override",
    [
        "training.epochs=1", "training.batch_size=4", "training.learning_rate=3e-3", "training.head_learning_rate=5e-2",
        "training.weight_decay=0.9", "training.warmup=0.5", "training.positive_weight=5.0", "training.negative_focus=4.0",
        "training.dropout=0.3", "training.noise=0.9", "encoder.normalise=false",
        "encoder.max_length=16", "training.precision=bf16",
    ],
)  # fmt: skip
def test_fine_tune_when_a_key_changes_then_the_model_does(
    encoder: Path, lines: tuple[Examples, Examples], plain: np.ndarray, tmp_path: Path, override: str
) -> None:
    assert not np.allclose(plain, trained(recipe(encoder, override), lines, tmp_path)[1], atol=1e-6)


def test_fine_tune_when_patience_runs_out_then_it_stops_early(
    encoder: Path, lines: tuple[Examples, Examples], tmp_path: Path
) -> None:
    settings = recipe(
        encoder, "training.epochs=9", "training.patience=1", "training.learning_rate=1e-9", "training.head_learning_rate=1e-9"
    )
    model, tokenizer = load_encoder(encoder, settings.encoder, LABELS, settings.task)
    log = fine_tune(model, tokenizer, *lines, settings, tmp_path / "c", quiet=True)
    assert len(log.epochs) < 9
    assert {"epoch", "loss", "validation_loss", "validation_f1"} <= set(log.epochs[0])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_fine_tune_when_resumed_after_an_epoch_then_ends_as_an_unbroken_run(
    encoder: Path, lines: tuple[Examples, Examples], tmp_path: Path, precision: str
) -> None:
    import shutil

    settings = recipe(encoder, "training.epochs=3", "training.noise=0.5", f"training.precision={precision}")
    whole, logits = trained(settings, lines, tmp_path / "whole")
    checkpoints = sorted((tmp_path / "whole").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    shutil.copytree(checkpoints[-2], tmp_path / "broken" / checkpoints[-2].name)
    half = tmp_path / "broken" / "checkpoint-9999"  # killed while it was written: its state, written last, is missing
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"half")
    again, again_logits = trained(settings, lines, tmp_path / "broken", resume=True)
    assert np.allclose(logits, again_logits, atol=1e-5)
    for name, value in whole.state_dict().items():
        assert torch.allclose(value, again.state_dict()[name], atol=1e-5), name


def test_fold_when_normalisation_has_learned_then_the_plain_model_gives_the_same(encoder: Path) -> None:
    model, tokenizer = load_encoder(encoder, recipe(encoder).encoder, LABELS, "multilabel")
    names = set(model.state_dict())
    insert_normalisation(model)
    norm = model.bert.pooler.dense.norm
    for tensor in (norm.weight.data, norm.running_var):
        tensor.uniform_(0.5, 2)
    for tensor in (norm.bias.data, norm.running_mean):
        tensor.normal_()
    texts = ["bupati jujur", "camat netral hari ini"]
    before = predict_logits(model, tokenizer, texts)
    fold_normalisation(model)
    assert set(model.state_dict()) == names
    assert np.allclose(before, predict_logits(model, tokenizer, texts), atol=1e-5)


@pytest.mark.parametrize("architecture", ["Roberta", "DistilBert", "Electra"])
def test_fold_when_architecture_is_another_then_the_function_stays(architecture: str) -> None:
    import transformers

    sizes = {"DistilBert": {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}}
    usual = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = getattr(transformers, f"{architecture}Config")(vocab_size=50, **sizes.get(architecture, usual))
    model = getattr(transformers, f"{architecture}ForSequenceClassification")(config).eval()
    ids = torch.tensor([[5, 6, 7], [8, 9, 10]])
    insert_normalisation(model)
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    assert len(norms) == 1
    assert norms[0].running_mean is not None
    norms[0].running_mean.normal_()
    model.eval()
    before = model(input_ids=ids).logits
    fold_normalisation(model)
    assert torch.allclose(before, model(input_ids=ids).logits, atol=1e-5)


def test_predict_when_order_and_company_change_then_logits_do_not(encoder: Path) -> None:
    model, tokenizer = load_encoder(encoder, recipe(encoder).encoder, LABELS, "multilabel")
    texts = ["jujur", "bupati camat sekda " * 9, "netral hari ini", "pegawai kantor rapat pagi"] * 12
    together = predict_logits(model, tokenizer, texts)
    assert np.allclose(together[::-1], predict_logits(model, tokenizer, texts[::-1]), atol=1e-5)
    assert np.allclose(together[:4], np.concatenate([predict_logits(model, tokenizer, [text]) for text in texts[:4]]), atol=1e-5)


def test_loss_when_weight_is_two_then_a_missed_theme_costs_double(encoder: Path) -> None:
    loss = loss_function(recipe(encoder, "training.positive_weight=2.0"))
    outputs = type("Outputs", (), {"logits": torch.zeros(1, 3)})
    missed, absent = loss(outputs, torch.ones(1, 3)), loss(outputs, torch.zeros(1, 3))
    assert missed.item() == pytest.approx(2 * absent.item())


def test_loss_when_absent_themes_are_focused_then_the_surest_cost_nothing_and_given_ones_as_before(encoder: Path) -> None:
    plain, focused = (loss_function(recipe(encoder, f"training.negative_focus={focus}")) for focus in (0, 4))
    logits = torch.tensor([[-4.0, 0.0, 3.0]], requires_grad=True)
    outputs = type("Outputs", (), {"logits": logits})
    torch.autograd.backward(focused(outputs, torch.zeros(1, 3)))
    assert logits.grad is not None
    assert logits.grad[0, 0] == 0
    assert logits.grad[0, 2] > logits.grad[0, 1] > 0
    expected = -sum((p - 0.05) ** 4 * math.log(1.05 - p) for p in (0.5, 1 / (1 + math.exp(-3)))) / 3
    assert focused(outputs, torch.zeros(1, 3)).item() == pytest.approx(expected, rel=1e-4)
    assert focused(outputs, torch.ones(1, 3)).item() == pytest.approx(plain(outputs, torch.ones(1, 3)).item())


def test_use_bf16_when_told_then_as_told_and_when_auto_then_by_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert use_bf16("bf16")
    assert not use_bf16("fp32")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx2": True})
    assert not use_bf16("auto")
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": True})
    assert use_bf16("auto")


def test_predict_when_text_is_longer_than_the_window_then_the_logits_that_predict_py_gives(model: Path) -> None:
    bundle = load_bundle(model)
    trained = AutoModelForSequenceClassification.from_pretrained(model)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.model_max_length = bundle.max_length
    texts = ["bupati jujur di kantor " * 80, "netral hari ini", "rapat pagi " * 70 + "camat jujur"]
    assert np.allclose(predict_logits(trained, tokenizer, texts), open_engine(bundle, "torch").logits(texts), atol=1e-4)
