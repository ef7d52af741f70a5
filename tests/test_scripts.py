"""The two scripts as users run them: outputs, exit codes, messages."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, make_labelled_articles, run_script

Write = Callable[[str, str | bytes], Path]


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


def test_train_when_done_then_scores_beside_the_baseline_and_the_next_command(
    training_run: subprocess.CompletedProcess[str],
) -> None:
    assert "TF-IDF + logistic" in training_run.stdout
    assert "macro" in training_run.stdout
    assert "tag new text with: python predict.py" in training_run.stdout
    assert "\r" not in training_run.stderr  # quiet when piped
    assert "Traceback" not in training_run.stderr


def test_train_when_done_then_words_that_decide_were_learned(model: Path) -> None:
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["scores"]["fine-tuned encoder"]["micro"]["f1"]["value"] > 0.9
    assert metrics["encoder"]["standin_reason"] is None


def test_train_when_run_twice_with_one_seed_then_the_same_weights(workshop: Path, model: Path, tmp_path: Path) -> None:
    result = run_script("train.py", "--config", workshop / "tiny.yaml", "--output", tmp_path / "again")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "again" / "model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()
    assert (tmp_path / "again" / "calibration.json").read_text() == (model / "calibration.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "configs/defualt.yaml"], "Did you mean 'default.yaml'?"),
        (["--set", "training.epoch=1"], "unknown settings key 'training.epoch'. Did you mean 'epochs'?"),
        (["--set", "data.articles=nowhere"], "nowhere: no labelled articles"),
        (["--set", "encoder.offline=null", "--set", "training.epochs=1", "--output", "{tmp}/m"], "the model hub is out of reach"),
        (["--output", "README.md"], "README.md: exists and is not a Tema model"),
    ],
)
def test_train_when_input_is_wrong_then_exit_1_and_a_message(arguments: list[str], words: str, tmp_path: Path) -> None:
    result = run_script("train.py", *[argument.replace("{tmp}", str(tmp_path)) for argument in arguments])
    assert result.returncode == 1, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_train_when_killed_while_training_then_resume_ends_as_an_unbroken_run(
    workshop: Path, model: Path, tmp_path: Path
) -> None:
    command = [sys.executable, str(ROOT / "train.py"), "--config", str(workshop / "tiny.yaml"), "--output", str(tmp_path / "m")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip().startswith("epoch  3"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "m").exists()
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert resumed.returncode == 0, resumed.stderr
    assert "epoch  1/" not in resumed.stdout
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == (model / "model.safetensors").read_bytes()


def test_predict_when_piped_then_jsonl_with_the_agreed_keys(model: Path) -> None:
    result = run_script("predict.py", ROOT / "data" / "samples", "--model", model)
    assert result.returncode == 0, result.stderr
    rows = records(result.stdout)
    assert list(rows[0]) == ["article_id", "source", "paragraph", "text", "kind", "themes", "scores", "needs_review"]
    assert {"headline", "body", "boilerplate"} == {row["kind"] for row in rows}
    assert len({row["article_id"] for row in rows}) == 12


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_predict_when_output_is_named_then_written_whole(model: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"tags.{ending}"
    result = run_script("predict.py", ROOT / "data" / "samples", "--model", model, "--level", "article", "--output", output)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == [output.name]


def test_predict_when_text_is_given_then_tagged(model: Path) -> None:
    (row,) = records(run_script("predict.py", "--text", "bupati kata jujur pada warga desa", "--model", model).stdout)
    assert row["themes"] == ["integrity"]


def test_predict_when_the_text_looks_like_furniture_then_tagged_all_the_same(model: Path) -> None:
    (row,) = records(run_script("predict.py", "--text", "Baca juga: bupati jujur pada warga", "--model", model).stdout)
    assert row["kind"] == "body"
    assert row["scores"]["integrity"] > 0


def test_predict_when_a_row_is_broken_then_exit_3_and_the_rest_is_there(model: Path, write: Write) -> None:
    path = write("a.jsonl", '{"text": "Bupati jujur."}\n{oops\n{"text": "Camat netral."}\n')
    result = run_script("predict.py", path, "--model", model)
    assert result.returncode == 3
    assert f"set aside: {path}:2: not valid JSON" in result.stderr
    assert [row["text"] for row in records(result.stdout)] == ["Bupati jujur.", "Camat netral."]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nothere.txt"], 1, "nothere.txt: no such file, folder or match"),
        (["data/samples", "--model", "models/none"], 1, "no model there yet; train one with `python train.py`"),
        (["--text", "  "], 1, "--text: the text is empty"),
        (["data/samples", "--text", "x"], 2, "give INPUT files, or --text"),
        ([], 2, "give INPUT files, or --text"),
        (["data/samples", "--level", "word"], 2, "invalid choice: 'word'"),
        (["data/samples", "--output", "tags.xlsx"], 1, "cannot write .xlsx"),
    ],
)
def test_predict_when_used_wrongly_then_code_and_message(model: Path, arguments: list[str], code: int, words: str) -> None:
    defaults = [] if "--model" in arguments else ["--model", str(model)]
    result = run_script("predict.py", *arguments, *defaults)
    assert result.returncode == code, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_predict_when_killed_and_resumed_then_no_record_is_lost_or_double(model: Path, write: Write, tmp_path: Path) -> None:
    rows = "".join(
        json.dumps({"text": f"Judul Berita {i}\nBupati ujar jujur {i}.\nCamat netral {i}."}) + "\n" for i in range(6000)
    )
    articles, output = write("many.jsonl", rows), tmp_path / "tags.jsonl"
    command = [sys.executable, str(ROOT / "predict.py"), str(articles), "--model", str(model), "--output", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    partial = output.with_name("tags.jsonl.partial")
    deadline = time.monotonic() + 120
    while not (partial.exists() and partial.stat().st_size > 200_000) and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not output.exists()
    resumed = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert resumed.returncode == 0, resumed.stderr
    whole = records(run_script("predict.py", articles, "--model", model).stdout)
    parts = records(output.read_text(encoding="utf-8"))
    assert [(row["source"], row["paragraph"], row["text"]) for row in parts] == [
        (row["source"], row["paragraph"], row["text"]) for row in whole
    ]
    assert all(a["scores"] == pytest.approx(b["scores"], abs=1e-4) for a, b in zip(parts, whole, strict=True))


def test_scripts_when_asked_for_help_then_examples() -> None:
    for script in ("train.py", "predict.py"):
        result = run_script(script, "--help")
        assert result.returncode == 0
        assert f"python {script}" in result.stdout


def test_predict_when_reader_closes_early_then_no_complaint(model: Path) -> None:
    command = f"{sys.executable} predict.py data/samples --model {model} | head -n 1"
    result = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in result.stderr
    assert len(records(result.stdout)) == 1


def test_train_when_hub_is_out_of_reach_then_standin_is_told_everywhere(workshop: Path, tmp_path: Path) -> None:
    arguments = [
        "--config",
        workshop / "tiny.yaml",
        "--output",
        tmp_path / "m",
        "--set",
        "encoder.name=indobenchmark/indobert-base-p1",
    ]
    result = run_script("train.py", *arguments, "--set", "training.epochs=1")
    assert result.returncode == 0, result.stderr
    assert "STAND-IN ENCODER" in result.stdout
    assert "STAND-IN ENCODER" in (tmp_path / "m" / "metrics.json").read_text(encoding="utf-8")
    assert "STAND-IN ENCODER" in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    tagged = run_script("predict.py", "--text", "jujur", "--model", tmp_path / "m")
    assert "STAND-IN ENCODER" in tagged.stderr
    shutil.rmtree(tmp_path / "m")


def test_train_when_resumed_with_other_settings_then_refused(workshop: Path, tmp_path: Path) -> None:
    folder = tmp_path / ".m.checkpoints"
    folder.mkdir()
    (folder / "settings.yaml").write_text("task: multilabel\n", encoding="utf-8")
    result = run_script("train.py", "--config", workshop / "tiny.yaml", "--output", tmp_path / "m", "--resume")
    assert result.returncode == 1
    assert "the run to resume had other settings or data" in result.stderr


def test_train_when_the_articles_cannot_be_divided_then_earlier_checkpoints_stay(workshop: Path, tmp_path: Path) -> None:
    kept = tmp_path / ".m.checkpoints" / "checkpoint-9"
    kept.mkdir(parents=True)
    few = make_labelled_articles(tmp_path / "articles", 2, seed=3)
    arguments = ["--set", f"data.articles={few}", "--output", tmp_path / "m"]
    result = run_script("train.py", "--config", workshop / "tiny.yaml", *arguments)
    assert result.returncode == 1
    assert "2 separate articles are too few to divide" in result.stderr
    assert kept.exists()


def test_train_and_predict_when_task_is_multiclass_then_every_line_gets_one_label(
    workshop: Path, write: Write, tmp_path: Path
) -> None:
    words = {"baik": "jujur", "buruk": "netral"}
    rows = "".join(f"bupati camat {word} desa {i},{label}\n" for i in range(40) for label, word in words.items())
    overrides = {"data.articles": "null", "data.table": write("t.csv", "text,label\n" + rows), "data.label_column": "label"}
    overrides |= {"data.themes": "null", "task": "multiclass", "output": tmp_path / "m", "training.epochs": 3}
    arguments = [part for key, value in overrides.items() for part in ("--set", f"{key}={value}")]
    result = run_script("train.py", "--config", workshop / "tiny.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    (row,) = records(run_script("predict.py", "--text", "camat netral di desa", "--model", tmp_path / "m").stdout)
    assert len(row["themes"]) == 1
    assert sum(row["scores"].values()) == pytest.approx(1, abs=1e-4)


def test_predict_when_csv_is_to_be_resumed_then_refused_and_the_file_stays(model: Path, write: Write) -> None:
    path = write("tags.csv", "precious")
    result = run_script("predict.py", "data/samples", "--model", model, "--output", path, "--resume")
    assert result.returncode == 1
    assert path.read_text() == "precious"
