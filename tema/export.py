"""The forms of a trained model that CPUs run fastest: a saved model folder in, `openvino/` and `onnx/` in it out, checked.

For each engine forms are tried from the fastest to the most exact; the first that tags the validation lines as well as the
trained weights do is kept. Int8 is calibrated on training lines (NNCF, post-training quantisation).
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.bundle import EXPORTS
from tema.engine import CPU_OPTIONS, PACKAGES, Engine, compiled_file, exported_engine, pad_token
from tema.windows import length_batches, open_tokenizer, pad, windows_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_CALIBRATION_TEXTS = 320
_CALIBRATION_TOKENS = 512
_TOOLS = {"openvino": ("nncf",), "onnx": ("nncf", "onnx")}  # what exporting needs beside the engine's own package
_INPUTS = ("input_ids", "attention_mask")
_OPSET = 18
_WIDE = r".*layer\.\d+[./]output[./]dense.*"  # a layer's last product: some inputs, after GELU, dwarf the rest
TOLERANCE = 0.005  # of micro-F1


@dataclass(frozen=True)
class Export:
    """What was exported for one engine: `form` is int8, mixed, float or none; F1 on validation of the trained weights and of each
    form tried, 0…1."""

    engine: str
    form: str
    trained_f1: float
    tried: dict[str, float]
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        figures = ", ".join(f"{form} {f1:.4f}" for form, f1 in self.tried.items())
        if self.form == "none":
            return f"nothing was exported for {self.engine} ({self.reason or figures})"
        trained = f"trained weights {self.trained_f1:.4f}"
        return f"exported for {self.engine} as {self.form} (micro-F1 on validation: {figures}; {trained})"


def export(
    folder: Path, model: PreTrainedModel, texts: Sequence[str], max_length: int, trained_f1: float, f1: Callable[[Engine], float]
) -> list[Export]:
    """Export the model saved in `folder`, with its tokenizer, for every engine.

    `texts` are training lines, `f1` the micro-F1 of an engine on the validation lines, `trained_f1` that of the trained weights.
    What cannot be exported is said in the result; the model can always be run by torch.
    """
    return [_export(engine, folder, model, texts, max_length, trained_f1, f1) for engine in EXPORTS]


def _export(
    engine: str,
    folder: Path,
    model: PreTrainedModel,
    texts: Sequence[str],
    max_length: int,
    trained_f1: float,
    f1: Callable[[Engine], float],
) -> Export:
    missing = [name for name in (PACKAGES[engine], *_TOOLS[engine]) if importlib.util.find_spec(name) is None]
    if missing:
        return Export(engine, "none", trained_f1, {}, f"not installed: {', '.join(missing)}")
    from tema.first_token import first_token_only  # needs torch

    tried: dict[str, float] = {}
    reason = None
    target = folder / EXPORTS[engine][0]
    convert, save = (_to_openvino, _save_openvino) if engine == "openvino" else (_to_onnx, _save_onnx)
    try:
        with first_token_only(model):
            whole = convert(model)
        for form, converted in _forms(whole, folder, texts, max_length):
            shutil.rmtree(target.parent, ignore_errors=True)  # an engine maps its file into memory: never write into one
            target.parent.mkdir()
            save(converted, target)
            compiled = _compile(folder) if engine == "openvino" else None
            tried[form] = f1(exported_engine(engine, folder, max_length, compiled=compiled))
            if tried[form] >= trained_f1 - TOLERANCE:
                return Export(engine, form, trained_f1, tried)
    except Exception as error:  # converters raise what they like for an architecture that they do not know
        reason = f"{type(error).__name__}: {(str(error).splitlines() or ['conversion failed'])[0]}"
    shutil.rmtree(target.parent, ignore_errors=True)
    return Export(engine, "none", trained_f1, tried, reason)


def _forms(converted: Any, folder: Path, texts: Sequence[str], max_length: int) -> Iterator[tuple[str, Any]]:
    """The converted model in int8, then with the products whose inputs int8 fits worst left in float, then as it is."""
    import nncf

    samples = _samples(folder, texts, max_length)
    for form, left in (("int8", None), ("mixed", nncf.IgnoredScope(patterns=[_WIDE], validate=False))):
        with _quiet():
            quantised = nncf.quantize(
                converted,
                nncf.Dataset(samples),
                model_type=nncf.ModelType.TRANSFORMER,
                subset_size=len(samples),
                ignored_scope=left,
            )
        yield form, quantised
    yield "float", converted


def _to_openvino(model: PreTrainedModel) -> Any:
    import openvino

    shape = openvino.PartialShape([-1, -1])
    inputs = [(name, shape, openvino.Type.i64) for name in _INPUTS]
    with _quiet():
        return openvino.convert_model(_logits_only(model), example_input=_example(), input=inputs)


def _save_openvino(converted: Any, target: Path) -> None:
    import openvino

    openvino.save_model(converted, target)  # weights that are not int8 are stored in 16 bits


def _compile(folder: Path) -> Path | None:
    """Keep the exported form compiled for this processor, so that it starts at once, and what is checked here is what runs here;
    None where it cannot be kept."""
    import openvino

    file = compiled_file(folder)
    try:
        compiled = openvino.Core().compile_model(folder / EXPORTS["openvino"][0], "CPU", CPU_OPTIONS)
        file.write_bytes(compiled.export_model().getvalue())
    except RuntimeError:
        return None
    return file


def _to_onnx(model: PreTrainedModel) -> Any:
    import onnx
    import torch

    axes = {**dict.fromkeys(_INPUTS, {0: "n", 1: "tokens"}), "logits": {0: "n"}}
    with _quiet(), tempfile.TemporaryDirectory(prefix="tema-") as scratch:
        file = Path(scratch, "model.onnx")
        torch.onnx.export(
            _logits_only(model), _example(), file, input_names=list(_INPUTS), output_names=["logits"],
            dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        return onnx.load(file)


def _save_onnx(converted: Any, target: Path) -> None:
    import onnx

    onnx.save(converted, target)


def _example() -> tuple[Any, Any]:
    import torch

    ids = torch.ones((2, 8), dtype=torch.long)
    return ids, torch.ones_like(ids)


def _logits_only(model: PreTrainedModel) -> Any:
    """The model, in fp32, as a function of token ids and mask that gives nothing but logits."""
    import torch

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model.float().cpu().eval()

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    return Logits().eval()


def _samples(folder: Path, texts: Sequence[str], max_length: int) -> list[dict[str, np.ndarray]]:
    """Batches of token ids and attention masks, of lines drawn evenly from `texts`."""
    chosen = [texts[i] for i in np.linspace(0, len(texts) - 1, min(_CALIBRATION_TEXTS, len(texts))).astype(int)]
    windows, _ = windows_of(open_tokenizer(folder, max_length), chosen)
    batches = length_batches([len(window) for window in windows], _CALIBRATION_TOKENS)
    padded = [pad([windows[row] for row in rows], pad_token(folder)) for rows in batches]
    return [dict(zip(_INPUTS, arrays, strict=True)) for arrays in padded]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The converters draw progress bars and warn developers."""
    logging.getLogger("nncf").setLevel(logging.ERROR)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), warnings.catch_warnings():  # noqa: PTH123
        warnings.simplefilter("ignore")
        yield
