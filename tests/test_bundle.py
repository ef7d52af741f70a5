"""A saved model is whole or not there, and an ordinary transformers model."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tema.bundle import MANIFEST, check_output, load_bundle, writing
from tema.errors import ModelError, OutputError
from tema.tagging import Tagger


@pytest.fixture
def copied(model: Path, tmp_path: Path) -> Path:
    shutil.copytree(model, tmp_path / "model")
    return tmp_path / "model"


def test_load_when_model_is_whole_then_themes_and_thresholds(model: Path) -> None:
    bundle = load_bundle(model)
    assert [theme.id for theme in bundle.themes] == ["integrity", "discipline", "neutrality"]
    assert len(bundle.calibration.thresholds) == 3
    assert bundle.max_length == 64


def test_load_when_nothing_was_trained_then_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model there yet; train one with `python train.py`"):
        load_bundle(tmp_path / "models")


def test_load_when_file_is_missing_then_named(copied: Path) -> None:
    (copied / "calibration.json").unlink()
    with pytest.raises(ModelError, match="calibration.json is missing"):
        load_bundle(copied)


def test_load_when_weights_were_altered_then_said(copied: Path) -> None:
    data = bytearray((copied / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copied / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=r"model.safetensors was altered since training"):
        Tagger(copied, engine="torch")


@pytest.mark.parametrize("name", ["openvino/model.bin", "openvino/model.xml", "tokenizer.json", "calibration.json"])
def test_load_when_a_file_that_tagging_reads_was_altered_then_said(copied: Path, name: str) -> None:
    with (copied / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelError, match=f"{name} was altered since training"):
        Tagger(copied, engine="openvino")


def test_load_when_checksums_are_those_of_older_models_then_they_count(copied: Path) -> None:
    manifest = json.loads((copied / MANIFEST).read_text(encoding="utf-8"))
    name = "openvino/model.bin"
    manifest["files"][name] = hashlib.sha256((copied / name).read_bytes()).hexdigest()
    (copied / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert Tagger(copied).engine.name == "openvino"
    manifest["files"][name] = "0" * 64
    (copied / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ModelError, match=f"{name} was altered"):
        Tagger(copied)


def test_load_when_manifest_is_missing_then_not_whole(copied: Path) -> None:
    (copied / MANIFEST).unlink()
    with pytest.raises(ModelError, match="not a whole model: manifest.json is missing"):
        load_bundle(copied)


@pytest.mark.parametrize(
    "content", ["{}", "[]", "{", '{"format": 1}', '{"format": 1, "files": []}', '{"format": 1, "files": {}}']
)
def test_load_when_manifest_is_garbled_then_said(copied: Path, content: str) -> None:
    (copied / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="manifest.json was altered"):
        load_bundle(copied)


def test_writing_when_it_breaks_off_then_the_old_model_stays(copied: Path) -> None:
    def broken_off() -> None:
        with writing(copied) as folder:
            (folder / "config.json").write_text("{}", encoding="utf-8")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        broken_off()
    load_bundle(copied)


def test_writing_when_done_then_the_new_one_takes_its_place(copied: Path) -> None:
    with writing(copied) as folder:
        (folder / "only.txt").write_text("x", encoding="utf-8")
    assert sorted(path.name for path in copied.iterdir()) == ["manifest.json", "only.txt"]
    assert [path.name for path in copied.parent.iterdir()] == ["model"]


def test_check_output_when_place_holds_something_else_then_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="is not a Tema model; it will not be overwritten"):
        check_output(tmp_path / "thesis")


def test_check_output_when_parent_is_a_file_then_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(tmp_path / "file" / "model")


def test_model_when_loaded_by_transformers_then_pipeline_gives_predicts_uncalibrated_scores(model: Path) -> None:
    from transformers import pipeline

    from tema.tagging import Tagger

    texts = ["bupati jujur hari ini", "camat netral dan disiplin di kantor", "rapat warga desa pagi"]
    ours = [tags.scores for tags in Tagger(model, calibrated=False).tag_texts(texts)]
    for text, scores in zip(texts, ours, strict=True):
        theirs = {row["label"]: row["score"] for row in pipeline("text-classification", model=str(model), top_k=None)([text])[0]}
        assert np.allclose([theirs[theme] for theme in ("integrity", "discipline", "neutrality")], scores, atol=1e-3)


def test_model_when_saved_then_nothing_in_it_can_execute_code(model: Path) -> None:
    assert {path.parent.name for path in model.rglob("*.bin")} <= {"openvino"}  # elsewhere a .bin may be a pickle
    assert {path.suffix for path in model.rglob("*") if path.is_file()} <= {
        ".json",
        ".yaml",
        ".md",
        ".safetensors",
        ".txt",
        ".html",
        ".xml",
        ".bin",
        ".onnx",
    }
    metrics = json.loads((model / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["split"]) == {"train", "validation", "test"}
    assert metrics["scores"]["fine-tuned encoder"]["micro"]["support"] > 0
