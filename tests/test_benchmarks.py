"""The measurements run on small data and print what they promise."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import indonlu, learning_curve, robustness, scaling, screen, tagging, training, transfer
from benchmarks.results import record
from benchmarks.variants import VARIANTS
from tema import training as training_module
from tema.evaluation import Prediction


def test_learning_curve_when_run_then_a_row_per_share(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "learning_curve",
        "--config",
        str(workshop / "tiny.yaml"),
        "--set",
        "training.epochs=1",
        "--folds",
        "4",
        "--run",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", command)
    learning_curve.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 4
    sizes = [int(row[1]) for row in rows]
    assert sizes == sorted(set(sizes))
    assert all(0 <= float(row[3].split()[0]) <= 1 for row in rows)


def test_transfer_when_run_on_the_training_articles_then_near_perfect(
    workshop: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "transfer",
        "--model",
        str(model),
        "--articles",
        str(workshop / "articles"),
        "--themes",
        str(workshop / "themes.yaml"),
    ]
    monkeypatch.setattr(sys, "argv", command)
    transfer.main()
    out = capsys.readouterr().out
    assert "50 articles, 300 lines" in out
    micro = {name: float(value) for name, value in re.findall(r"^(.+): micro-F1 (\S+)", out, re.MULTILINE)}
    assert micro["model"] > 0.9
    assert micro["TF-IDF + logistic"] > 0.9
    lead = micro["lead over TF-IDF + logistic"]
    assert lead == pytest.approx(micro["model"] - micro["TF-IDF + logistic"], abs=0.002)
    assert "needs_review" in out


def test_robustness_when_run_then_a_row_per_damage_with_its_change(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["robustness", "--model", str(model)])
    robustness.main()
    rows = {cells[1].strip(): cells for line in capsys.readouterr().out.splitlines() if len(cells := line.split("|")) > 3}
    assert float(rows["none"][2].split()[0]) > 0.9
    assert abs(float(rows["lower case"][3].split()[0])) < 0.01  # the words that decide are in lower case already
    assert "typos" in rows


def test_tagging_when_run_then_rates_and_ratios_of_every_way(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--lines", "64", "--articles", "5", "--base-lines", "16", "--results", str(tmp_path / "R.md")]
    monkeypatch.setattr(tagging, "_BASE", {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 64})
    monkeypatch.setattr(sys, "argv", ["tagging", "--model", str(model), *sizes])
    tagging.main()
    out = capsys.readouterr().out
    rows = [line.split("|") for line in out.splitlines() if line.startswith("| ") and "paragraphs/s" not in line]
    assert len(rows) == 8  # four ways, two encoders
    for table in (rows[:4], rows[4:]):
        assert table[0][3].strip() == table[1][4].strip() == "1.0x"
        assert all(float(row[2]) > 0 for row in table)
    assert "predict.py --text from a cold start" in out
    assert out.strip() in (tmp_path / "R.md").read_text(encoding="utf-8")


def test_training_when_run_then_both_recipes_and_the_share_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training, "_MATRIX", 256)
    monkeypatch.setattr(sys, "argv", ["training", "--turns", "1", "--steps", "1", "--results", str(tmp_path / "R.md")])
    training.main()
    out = capsys.readouterr().out
    rows = [line.split("|") for line in out.splitlines() if line.startswith("| ") and "tokens of text" not in line]
    assert float(rows[1][2]) > float(rows[0][2]) > 0
    assert re.search(r"at \d+% of the machine.s (bf16|fp32) matrix rate", out)


def test_operations_when_lines_grow_then_only_attention_does() -> None:
    config = SimpleNamespace(hidden_size=8, intermediate_size=32, num_hidden_layers=2)
    assert training.operations(config, [4]) == 6 * ((4 * 64 + 2 * 8 * 32) + 2 * 64 + 2 * 8 * 4)
    assert training.operations(config, [8]) - training.operations(config, [4]) == 6 * 2 * 8 * 4


def test_scaling_when_run_then_rate_and_memory_by_size(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--paragraphs", "96", "192", "--ray-paragraphs", "0", "--results", str(tmp_path / "R.md")]
    monkeypatch.setattr(sys, "argv", ["scaling", "--model", str(model), *sizes])
    scaling.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| one process")]
    assert [int(row[2]) for row in rows] == [96, 192]
    assert all(float(row[3]) > 0 and float(row[4]) > 10 for row in rows)


def test_record_when_a_result_is_renewed_then_it_takes_the_old_ones_place(tmp_path: Path) -> None:
    path = tmp_path / "R.md"
    path.write_text("# Results\n\nWords.\n", encoding="utf-8")
    for command, text in (("a", "one"), ("b", "two"), ("a", "three")):
        record(command, text, path)
    assert path.read_text(encoding="utf-8") == "# Results\n\nWords.\n\n## `a`\n\nthree\n\n## `b`\n\ntwo\n"


SMSA = {"train": "positive", "valid": "negative", "test": "neutral"}


def smsa_files(folder: Path) -> Path:
    words = {"positive": "enak sekali", "negative": "buruk sekali", "neutral": "buka jam"}
    for side in SMSA:
        rows = [f'kata "{words[label]} {i}\t{label}' for i in range(8) for label in words]
        (folder / f"{side}_preprocess.tsv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def hoasa_files(folder: Path) -> Path:
    rows = ["review,ac,wifi"]
    for i in range(8):
        rows += [
            f'"ac dingin, wifi mati {i}",pos,neg',
            f"ac mati tapi kadang dingin {i},neg_pos,neut",
            f"wifi cepat {i},neut,pos",
        ]
        rows += [f"ac mati {i},neg,neut"]
    for side in SMSA:
        (folder / f"{side}_preprocess.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_indonlu_when_hoasa_is_converted_then_two_labels_per_aspect_and_back(tmp_path: Path) -> None:
    rows = list(indonlu.table_rows("hoasa", hoasa_files(tmp_path)))
    assert rows[0] == {"text": "ac dingin, wifi mati 0", "labels": ["ac=pos", "wifi=neg"], "split": "train"}
    assert rows[1]["labels"] == ["ac=neg", "ac=pos"]
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    labels = ["ac=neg", "ac=pos", "wifi=neg", "wifi=pos"]
    marked = np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]])
    assert indonlu.classes(labels, marked).tolist() == [[1, 2], [3, 0], [0, 1]]


def test_indonlu_when_both_signs_are_given_then_the_likelier_stays() -> None:
    labels = ["a=neg", "a=pos", "b=neg", "b=pos"]
    given = np.array([[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 0]], dtype=bool)
    probabilities = np.array([[0.6, 0.9, 0.1, 0.8], [0.9, 0.7, 0.8, 0.6], [0.0, 0.1, 0.9, 0.3]])
    kept = indonlu.likelier_sign(labels, Prediction(given, probabilities))
    assert kept.astype(int).tolist() == [[0, 1, 0, 1], [1, 0, 1, 0], [0, 0, 1, 0]]
    assert given[0, 0], "the prediction itself stays as it was"


def test_indonlu_when_half_the_aspects_are_missed_then_pooled_and_mean_scores_differ() -> None:
    labels = ["a=neg", "a=pos", "b=neg", "b=pos"]
    gold = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    given = gold * np.array([1, 1, 0, 0])
    found = indonlu.measures("hoasa", labels, gold, given)
    # pooled: neutral 2 of 5 right (P .4, R 1), positive, negative and both half found
    assert found["macro-F1, aspects pooled"] == pytest.approx(100 * (4 / 7 + 3 * 2 / 3) / 4)
    assert found["mean macro-F1 of the aspects"] == pytest.approx(100 * (1 + 0.4 / 4) / 2)


@pytest.mark.parametrize(("dataset", "files"), [("smsa", smsa_files), ("hoasa", hoasa_files)])
def test_indonlu_when_the_recipe_meets_a_published_layout_then_figures_beside_the_published(
    encoder: Path, tmp_path: Path, dataset: str, files: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [f"encoder.name={encoder}", "encoder.max_length=64", "training.epochs=2", "training.batch_size=8"]
    overrides = [part for setting in settings for part in ("--set", setting)]
    monkeypatch.setattr(sys, "argv", ["indonlu", dataset, str(files(tmp_path)), "--seeds", "1", "2", *overrides])
    indonlu.main()
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if line.startswith("| Tema's recipe"))
    assert " ± " in row
    assert "| IndoBERT base p1 (published) | " in out
    assert ("87.73" if dataset == "smsa" else "92.07") in out
    assert re.search(r"trained weights [\d.]+ MB; (?:openvino|onnx) tags [1-9]\d* rows a second", out)


def test_indonlu_when_a_file_is_missing_then_it_says_which(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no \.tsv file with 'train' in its name"):
        list(indonlu.table_rows("smsa", tmp_path))


def test_screen_when_run_then_a_row_per_variant(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variants = ["training.epochs=1 training.learning_rate=1e-9 training.head_learning_rate=1e-9", "training.epochs=4"]
    monkeypatch.setattr(sys, "argv", ["screen", "--config", str(workshop / "tiny.yaml"), *variants])
    screen.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("| training")][:2]
    assert [row[1].strip() for row in rows] == variants
    assert float(rows[1][2]) > float(rows[0][2])


def test_screen_when_variants_are_named_then_each_trains_another_model_and_leaves_nothing_behind(
    workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("fine_tune", "loss_function", "initialise_new_layers", "set_dropout", "make_optimiser")
    before = {name: vars(training_module)[name] for name in names}
    command = ["screen", "--config", str(workshop / "tiny.yaml"), "--set", "training.epochs=2", "--share", "0.5"]
    monkeypatch.setattr(sys, "argv", [*command, "", *VARIANTS, ""])
    screen.main()
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines()[-len(VARIANTS) - 2 :]]
    assert [row[1].strip() for row in rows] == ["the recipe", *VARIANTS, "the recipe"]
    assert rows[-1][2:5] == rows[0][2:5]
    same = [row[1].strip() for row in rows[1:-1] if row[2] == rows[0][2]]
    assert len(same) <= 2, same  # few lines: two models can rank them alike
    assert before == {name: vars(training_module)[name] for name in before}
