"""The exported form says what the trained weights say, is checked before it is kept, and runs without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from tema.bundle import EXPORT, load_bundle
from tema.engine import Engine, OpenVinoEngine, open_engine
from tema.errors import ModelError
from tema.export import export
from tema.tagging import Tagger

TEXTS = [
    f"{'bupati camat sekda ' * (i % 7 + 1)} {word} {i}" for i, word in enumerate(["jujur", "netral", "disiplin", "rapat"] * 15)
]


def test_export_when_trained_then_metrics_tell_its_form_and_its_score(model: Path) -> None:
    exported = json.loads((model / "metrics.json").read_text(encoding="utf-8"))["export"]
    assert exported["form"] in ("int8", "float")
    assert exported["tried"][exported["form"]] >= exported["trained_f1"] - 0.005
    assert (model / EXPORT).exists()


def test_export_when_tagging_then_the_themes_of_the_trained_weights(model: Path) -> None:
    bundle = load_bundle(model)
    fast, exact = (open_engine(bundle, choice).logits(TEXTS) for choice in ("openvino", "torch"))
    decide = [bundle.calibration.decide(bundle.calibration.probabilities(logits)) for logits in (fast, exact)]
    assert (decide[0] == decide[1]).mean() > 0.98


def test_export_when_no_form_scores_well_enough_then_none_is_kept(model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    shutil.copytree(model, tmp_path / "m", ignore=shutil.ignore_patterns("openvino"))
    trained = AutoModelForSequenceClassification.from_pretrained(tmp_path / "m")
    scores = iter([0.80, 0.89])
    exported = export(tmp_path / "m", trained, TEXTS, 64, 0.9, lambda _: next(scores))
    assert (exported.form, exported.tried) == ("none", {"int8": 0.80, "float": 0.89})
    assert not (tmp_path / "m" / EXPORT).exists()
    assert "predict.py runs the trained weights" in str(exported)


def test_export_when_int8_loses_too_much_then_the_more_exact_form_is_kept(model: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    shutil.copytree(model, tmp_path / "m")
    trained = AutoModelForSequenceClassification.from_pretrained(tmp_path / "m")
    seen: list[np.ndarray] = []

    def f1(engine: Engine) -> float:
        seen.append(engine.logits(TEXTS))
        return [0.8, 0.9][len(seen) - 1]

    assert export(tmp_path / "m", trained, TEXTS, 64, 0.9, f1).form == "float"
    exact = OpenVinoEngine(tmp_path / "m", 64).logits(TEXTS)
    assert np.array_equal(exact, seen[1])
    assert not np.array_equal(exact, seen[0])


def test_engine_when_export_is_missing_then_torch_and_said_and_refused_when_asked_for(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model, tmp_path / "m")
    shutil.rmtree(tmp_path / "m" / "openvino")
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: digest for name, digest in manifest["files"].items() if not name.startswith("openvino/")}
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert Tagger(tmp_path / "m").engine.name == "torch"
    assert "this model holds no exported form" in capsys.readouterr().err
    with pytest.raises(ModelError, match="engine 'openvino' cannot run"):
        Tagger(tmp_path / "m", engine="openvino")


def test_engine_when_openvino_is_not_installed_then_torch_and_said(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert Tagger(model).engine.name == "torch"
    assert "pip install openvino" in capsys.readouterr().err


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
