"""The form of a trained model that a CPU runs fastest: a saved model folder in, `openvino/model.xml` in it out, checked.

Forms are tried from the fastest to the most exact; the first that tags the validation lines as well as the trained weights
do is kept. Int8 is calibrated on training lines (NNCF, post-training quantisation).
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tema.bundle import EXPORT
from tema.engine import Engine, OpenVinoEngine, length_batches, open_tokenizer, pad, pad_token, windows_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_CALIBRATION_TEXTS = 320
_CALIBRATION_TOKENS = 512
TOLERANCE = 0.005  # of micro-F1


@dataclass(frozen=True)
class Export:
    """What was exported: `form` is int8, float or none; F1 on validation of the trained weights and of each form tried, 0…1."""

    form: str
    trained_f1: float
    tried: dict[str, float]
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        figures = ", ".join(f"{form} {f1:.4f}" for form, f1 in self.tried.items())
        if self.form == "none":
            return f"no fast form was exported ({self.reason or figures}); predict.py runs the trained weights"
        return f"exported as {self.form} (micro-F1 on validation: {figures}; trained weights {self.trained_f1:.4f})"


def export(
    folder: Path, model: PreTrainedModel, texts: Sequence[str], max_length: int, trained_f1: float, f1: Callable[[Engine], float]
) -> Export:
    """Export the model saved in `folder`, with its tokenizer.

    `texts` are training lines, `f1` the micro-F1 of an engine on the validation lines, `trained_f1` that of the trained weights.
    What cannot be exported is said in the result; the model can always be run by torch.
    """
    missing = [name for name in ("openvino", "nncf") if importlib.util.find_spec(name) is None]
    if missing:
        return Export("none", trained_f1, {}, f"not installed: {', '.join(missing)}")
    tried: dict[str, float] = {}
    reason = None
    try:
        for form, converted in _forms(folder, model, texts, max_length):
            _save(converted, folder)
            tried[form] = f1(OpenVinoEngine(folder, max_length))
            if tried[form] >= trained_f1 - TOLERANCE:
                return Export(form, trained_f1, tried)
    except (RuntimeError, TypeError, ValueError) as error:  # an architecture that the converter does not know
        reason = f"{type(error).__name__}: {(str(error).splitlines() or ['conversion failed'])[0]}"
    shutil.rmtree(folder / Path(EXPORT).parent, ignore_errors=True)
    return Export("none", trained_f1, tried, reason)


def _forms(folder: Path, model: PreTrainedModel, texts: Sequence[str], max_length: int) -> Iterator[tuple[str, Any]]:
    """The model in int8, then in floating point."""
    import nncf
    import openvino
    import torch

    ids = torch.ones((2, 8), dtype=torch.long)
    shape = openvino.PartialShape([-1, -1])
    with _quiet():
        converted = openvino.convert_model(
            _logits_only(model.float().cpu().eval()),
            example_input=(ids, torch.ones_like(ids)),
            input=[(name, shape, openvino.Type.i64) for name in ("input_ids", "attention_mask")],
        )
        samples = _samples(folder, texts, max_length)
        quantised = nncf.quantize(
            converted, nncf.Dataset(samples), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(samples)
        )
    yield "int8", quantised
    yield "float", converted


def _logits_only(model: PreTrainedModel) -> Any:
    """The model as a function of token ids and mask that gives nothing but logits."""
    import torch

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    return Logits()


def _samples(folder: Path, texts: Sequence[str], max_length: int) -> list[dict[str, np.ndarray]]:
    """Batches of token ids and attention masks, of lines drawn evenly from `texts`."""
    chosen = [texts[i] for i in np.linspace(0, len(texts) - 1, min(_CALIBRATION_TEXTS, len(texts))).astype(int)]
    windows, _ = windows_of(open_tokenizer(folder, max_length), chosen)
    batches = length_batches([len(window) for window in windows], _CALIBRATION_TOKENS)
    padded = [pad([windows[row] for row in rows], pad_token(folder)) for rows in batches]
    return [{"input_ids": ids, "attention_mask": mask} for ids, mask in padded]


def _save(converted: Any, folder: Path) -> None:
    import openvino

    target = folder / EXPORT
    shutil.rmtree(target.parent, ignore_errors=True)  # an engine maps its file into memory: never write into one
    target.parent.mkdir()
    openvino.save_model(converted, target)  # weights that are not int8 are stored in 16 bits


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The converters draw progress bars and warn developers."""
    logging.getLogger("nncf").setLevel(logging.ERROR)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), warnings.catch_warnings():  # noqa: PTH123
        warnings.simplefilter("ignore")
        yield
