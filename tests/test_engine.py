"""The exported form says what the trained weights say, is checked before it is kept, and runs without torch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from tema.bundle import EXPORTS, load_bundle
from tema.engine import Engine, compiled_file, exported_engine, open_engine
from tema.errors import ModelError
from tema.export import export
from tema.tagging import Tagger

TEXTS = [
    f"{'bupati camat sekda ' * (i % 7 + 1)} {word} {i}" for i, word in enumerate(["jujur", "netral", "disiplin", "rapat"] * 15)
]


def test_export_when_trained_then_metrics_tell_its_form_and_its_score(model: Path) -> None:
    exports = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["exports"]
    assert list(exports) == list(EXPORTS)
    for engine, exported in exports.items():
        assert exported["form"] in ("int8", "mixed", "float")
        assert exported["tried"][exported["form"]] >= exported["trained_f1"] - 0.005
        assert all((model / name).exists() for name in EXPORTS[engine])


@pytest.mark.parametrize("engine", EXPORTS)
def test_export_when_tagging_then_the_themes_of_the_trained_weights(model: Path, engine: str) -> None:
    bundle = load_bundle(model)
    fast, exact = (open_engine(bundle, choice).logits(TEXTS) for choice in (engine, "torch"))
    decide = [bundle.calibration.decide(bundle.calibration.probabilities(logits)) for logits in (fast, exact)]
    assert (decide[0] == decide[1]).mean() > 0.98


@pytest.mark.parametrize("engine", EXPORTS)
def test_engine_when_texts_stand_in_other_company_then_the_same_logits(model: Path, engine: str) -> None:
    runs = open_engine(load_bundle(model), engine)
    together = runs.logits(TEXTS)
    alone = np.concatenate([runs.logits([text]) for text in TEXTS[:12]])
    assert np.abs(together[:12] - alone).max() < 1e-4
    assert np.abs(together[::-1] - runs.logits(TEXTS[::-1])).max() < 1e-4


def test_engine_when_form_is_compiled_already_then_the_same_logits(model: Path) -> None:
    compiled = compiled_file(model)
    ready, anew = (exported_engine("openvino", model, 64, compiled=file) for file in (compiled, None))
    assert np.abs(ready.logits(TEXTS) - anew.logits(TEXTS)).max() < 1e-4


def test_engine_when_another_version_compiled_the_form_then_it_is_compiled_anew(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = open_engine(load_bundle(model)).logits(TEXTS)
    monkeypatch.setattr("openvino.__version__", "another")
    assert not compiled_file(model).exists()
    assert np.abs(open_engine(load_bundle(model)).logits(TEXTS) - ready).max() < 1e-4


def test_engine_when_a_driver_is_there_but_no_gpu_then_the_fast_form(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert open_engine(load_bundle(model)).name == "openvino"


def test_engine_when_compiled_form_cannot_be_used_here_then_it_is_compiled_anew(model: Path, tmp_path: Path) -> None:
    refused = tmp_path / "compiled.bin"
    refused.write_bytes(b"for other instructions")
    anew = exported_engine("openvino", model, 64, compiled=refused)
    assert np.abs(anew.logits(TEXTS) - exported_engine("openvino", model, 64).logits(TEXTS)).max() < 1e-4


def test_engine_when_compiled_form_is_left_from_another_model_then_it_is_not_read(model: Path, tmp_path: Path) -> None:
    alone = without(model, tmp_path / "m", compiled_file(model).name)
    compiled_file(alone).write_bytes(b"of another model")
    assert Tagger(alone).engine.name == "openvino"


def test_engine_when_compiled_form_was_altered_then_said(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "m")
    with compiled_file(tmp_path / "m").open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ModelError, match=r"compiled-\w+.bin was altered since training"):
        Tagger(tmp_path / "m")


@pytest.mark.skipif(sys.platform != "linux" or (os.cpu_count() or 1) < 2, reason="needs Linux's /proc and a second core")
def test_engine_when_given_one_core_then_pins_none_that_other_processes_use(model: Path) -> None:
    before = {thread.name for thread in Path("/proc/self/task").iterdir()}  # other tests' engines pin theirs
    runs = exported_engine("openvino", model, 64, threads=1)
    seen = set()
    with ThreadPoolExecutor(1) as aside:
        work = aside.submit(runs.logits, [f"{text} {i}" for i in range(50) for text in TEXTS])
        while not work.done():
            for thread in Path("/proc/self/task").iterdir():
                if thread.name in before:
                    continue
                with contextlib.suppress(OSError):  # it has ended
                    seen.add(frozenset(os.sched_getaffinity(int(thread.name))))
    assert seen == {frozenset(os.sched_getaffinity(0))}


def trained_copy(model: Path, folder: Path) -> Any:
    from transformers import AutoModelForSequenceClassification

    shutil.copytree(model, folder)
    return AutoModelForSequenceClassification.from_pretrained(folder)


def test_export_when_no_form_scores_well_enough_then_none_is_kept(model: Path, tmp_path: Path) -> None:
    trained = trained_copy(model, tmp_path / "m")
    scores = iter([0.80, 0.85, 0.89] * 2)
    exports = export(tmp_path / "m", trained, TEXTS, 64, 0.9, lambda _: next(scores))
    for exported, names in zip(exports, EXPORTS.values(), strict=True):
        assert (exported.form, exported.tried) == ("none", {"int8": 0.80, "mixed": 0.85, "float": 0.89})
        assert not (tmp_path / "m" / names[0]).exists()
        assert f"nothing was exported for {exported.engine} (int8 0.8000, mixed 0.8500, float 0.8900)" in str(exported)


def test_export_when_converters_do_not_know_the_architecture_then_the_reason_is_told_and_the_model_kept(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ConversionError(Exception): ...  # as OpenVINO's is, of no narrower kind

    def fail(*_: Any) -> Any:
        raise ConversionError("no rule for aten::new")

    trained = trained_copy(model, tmp_path / "m")
    monkeypatch.setattr("tema.export._to_openvino", fail)
    monkeypatch.setattr("tema.export._to_onnx", fail)
    for exported in export(tmp_path / "m", trained, TEXTS, 64, 0.9, lambda _: 1.0):
        assert (exported.form, exported.reason) == ("none", "ConversionError: no rule for aten::new")
    assert (tmp_path / "m" / "model.safetensors").exists()


@pytest.mark.parametrize(("scores", "form"), [([0.8, 0.9], "mixed"), ([0.8, 0.8, 0.9], "float")])
def test_export_when_a_form_loses_too_much_then_the_next_more_exact_one_is_kept(
    model: Path, tmp_path: Path, scores: list[float], form: str
) -> None:
    trained = trained_copy(model, tmp_path / "m")
    seen: list[np.ndarray] = []

    def f1(engine: Engine) -> float:
        seen.append(engine.logits(TEXTS))
        return scores[(len(seen) - 1) % len(scores)]

    exports = export(tmp_path / "m", trained, TEXTS, 64, 0.9, f1)
    assert [exported.form for exported in exports] == [form, form]
    for engine, tried in zip(EXPORTS, (seen[: len(scores)], seen[len(scores) :]), strict=True):
        kept = exported_engine(engine, tmp_path / "m", 64).logits(TEXTS)
        assert np.array_equal(kept, tried[-1])
        assert not any(np.array_equal(kept, worse) for worse in tried[:-1])


def without(model: Path, folder: Path, *names: str) -> Path:
    """A copy of the model that lacks exported forms: folders or files."""
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns(*names))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: digest for name, digest in manifest["files"].items() if not set(name.split("/")) & set(names)}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_engine_when_one_form_is_missing_then_the_next_and_said(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Tagger(without(model, tmp_path / "m", "openvino")).engine.name == "onnx"
    assert "tagging with onnx (openvino: this model holds no form for it)" in capsys.readouterr().err


def test_engine_when_no_form_is_there_then_torch_and_said_and_refused_when_asked_for(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = without(model, tmp_path / "m", *EXPORTS)
    assert Tagger(bare).engine.name == "torch"
    assert "tagging with torch, which is several times slower" in capsys.readouterr().err
    with pytest.raises(ModelError, match="engine 'openvino' cannot run: openvino: this model holds no form for it"):
        Tagger(bare, engine="openvino")


def test_engine_when_no_package_is_installed_then_torch_and_said(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert Tagger(model).engine.name == "torch"
    said = capsys.readouterr().err
    assert "pip install openvino" in said
    assert "pip install onnxruntime" in said


def test_engine_when_uncalibrated_scores_are_asked_for_then_the_trained_weights_answer(model: Path) -> None:
    assert Tagger(model, calibrated=False).engine.name == "torch"


def test_predict_when_given_a_text_then_neither_torch_nor_transformers_is_imported(model: Path) -> None:
    heavy = (
        "torch",
        "transformers",
        "datasets",
        "sklearn",
        "scipy",
        "pandas",
        "pydantic",
        "trafilatura",
        "pyarrow",
        "matplotlib",
    )
    program = (
        "import runpy, sys; sys.argv = ['predict.py', '--text', 'bupati jujur', '--model', sys.argv[1]]\n"
        "try: runpy.run_path('predict.py', run_name='__main__')\n"
        f"except SystemExit as end: print(end.code, [name for name in {heavy!r} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(model)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stdout.splitlines()[-1] == "0 []"
