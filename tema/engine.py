"""Inference: texts in, logits out, in the order given and independent of it.

A text longer than the encoder's window is read in overlapping windows (`tema.windows`); a theme's logit is the highest over them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tema.bundle import EXPORTS, Bundle, check_files, is_listed
from tema.errors import ModelError
from tema.windows import length_batches, open_tokenizer, pad, windows_of

ENGINES = ("auto", "openvino", "onnx", "torch")
PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime"}
CPU_OPTIONS: dict[str, Any] = {
    "PERFORMANCE_HINT": "THROUGHPUT",
    "CPU_RUNTIME_CACHE_CAPACITY": 0,  # with this cache int8 logits are wrong by several units on CPUs with AMX
}

Batch = tuple[list[int], np.ndarray, np.ndarray]
"""Numbers of windows, their token ids and attention mask, each (n, padded length) int64."""


class Engine(Protocol):
    """Anything that turns texts into logits."""

    name: str

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """(n, n_themes) float32, row i for text i."""
        ...


class _WindowedEngine:
    """Windows, batches and the way back; a subclass runs the batches."""

    name = ""

    def __init__(self, folder: Path, max_length: int) -> None:
        self._pad = pad_token(folder)
        self._n_themes = len(_config(folder)["id2label"])
        self._tokenizer = open_tokenizer(folder, max_length)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """See `Engine.logits`."""
        windows, owner = windows_of(self._tokenizer, texts)
        result = np.full((len(texts), self._n_themes), -np.inf, np.float32)

        def take(rows: list[int], values: np.ndarray) -> None:
            np.maximum.at(result, [owner[row] for row in rows], values)

        batches = length_batches([len(window) for window in windows])
        self._run([(rows, *pad([windows[row] for row in rows], self._pad)) for rows in batches], take)
        return result

    def _run(self, batches: list[Batch], take: Callable[[list[int], np.ndarray], None]) -> None:
        raise NotImplementedError


class TorchEngine(_WindowedEngine):
    """Runs the trained weights in fp32 with transformers, on a GPU where there is one."""

    name = "torch"

    def __init__(self, folder: Path, max_length: int, threads: int | None = None) -> None:
        super().__init__(folder, max_length)
        import torch
        from transformers import AutoModelForSequenceClassification

        if threads:
            torch.set_num_threads(threads)
        self._torch = torch
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = AutoModelForSequenceClassification.from_pretrained(folder).eval().to(self._device)
        self._takes_types = getattr(self._model.config, "type_vocab_size", 0) > 1

    def _run(self, batches: list[Batch], take: Callable[[list[int], np.ndarray], None]) -> None:
        for rows, ids, mask in batches:
            inputs = {"input_ids": self._tensor(ids), "attention_mask": self._tensor(mask)}
            if self._takes_types:
                inputs["token_type_ids"] = self._torch.zeros_like(inputs["input_ids"])
            with self._torch.inference_mode():
                take(rows, self._model(**inputs).logits.float().cpu().numpy())

    def _tensor(self, values: np.ndarray) -> Any:
        return self._torch.from_numpy(values).to(self._device)


class OpenVinoEngine(_WindowedEngine):
    """Runs the exported form on the CPU, a batch per core at a time; torch is not imported.

    The arithmetic is what the processor does best (int8 weights and activations, the rest in bf16 where it has it).
    """

    name = "openvino"

    def __init__(self, folder: Path, max_length: int, threads: int | None = None, compiled: Path | None = None) -> None:
        super().__init__(folder, max_length)
        import openvino

        core = openvino.Core()
        options = dict(CPU_OPTIONS)
        if threads:  # not pinned to cores: every process would pin itself to the first ones
            options |= {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        model = _read_compiled(core, compiled, options) if compiled else None
        model = model or core.compile_model(core.read_model(folder / EXPORTS["openvino"][0]), "CPU", options)
        # Not openvino's AsyncInferQueue: its callbacks need Python's lock, which a model that is being freed holds while it waits
        # for them.
        n_requests = model.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1  # one more waits filled
        self._requests = [model.create_infer_request() for _ in range(n_requests)]

    def _run(self, batches: list[Batch], take: Callable[[list[int], np.ndarray], None]) -> None:
        running: deque[tuple[list[int], Any]] = deque()

        def finish() -> Any:
            rows, request = running.popleft()
            request.wait()
            take(rows, request.get_output_tensor(0).data)
            return request

        free = list(self._requests)
        for rows, ids, mask in batches:
            request = free.pop() if free else finish()
            request.start_async({0: ids, 1: mask})
            running.append((rows, request))
        while running:
            finish()


class OnnxEngine(_WindowedEngine):
    """Runs the exported form with ONNX Runtime on the CPU, a batch per core at a time; torch is not imported."""

    name = "onnx"

    def __init__(self, folder: Path, max_length: int, threads: int | None = None) -> None:
        super().__init__(folder, max_length)
        import onnxruntime

        self._threads = threads or os.cpu_count()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a batch is small: a core each beats all cores on one
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(folder / EXPORTS["onnx"][0], options, ["CPUExecutionProvider"])

    def _run(self, batches: list[Batch], take: Callable[[list[int], np.ndarray], None]) -> None:
        def logits(batch: Batch) -> np.ndarray:
            return self._session.run(None, {"input_ids": batch[1], "attention_mask": batch[2]})[0]

        with ThreadPoolExecutor(self._threads) as cores:
            for (rows, _, _), values in zip(batches, cores.map(logits, batches), strict=True):
                take(rows, values)


def open_engine(bundle: Bundle, choice: str = "auto", threads: int | None = None) -> Engine:
    """The engine asked for, on `threads` cores (None: all); `auto` takes torch on a machine with a GPU, else the first exported
    form that can run, and says on stderr why when it has to fall back. Raises ModelError when the engine asked for cannot run
    this model."""
    if choice == "torch" or (choice == "auto" and _has_gpu()):
        return _torch(bundle, threads)
    reasons = []
    for name in PACKAGES if choice == "auto" else [choice]:
        if reason := _why_not(bundle, name):
            reasons.append(f"{name}: {reason}")
            continue
        compiled = _compiled(bundle.folder) if name == "openvino" else None
        check_files(bundle.folder, [*EXPORTS[name], *([compiled.relative_to(bundle.folder).as_posix()] if compiled else [])])
        if reasons:
            print(f"tagging with {name} ({'; '.join(reasons)})", file=sys.stderr)
        return exported_engine(name, bundle.folder, bundle.max_length, threads, compiled)
    if choice != "auto":
        raise ModelError(f"{bundle.folder}: engine {choice!r} cannot run: {reasons[0]}")
    print(f"tagging with torch, which is several times slower ({'; '.join(reasons)})", file=sys.stderr)
    return _torch(bundle, threads)


def exported_engine(name: str, folder: Path, max_length: int, threads: int | None = None, compiled: Path | None = None) -> Engine:
    """The engine called `name`, openvino or onnx, on the form exported for it in `folder`; for openvino `compiled` may be that
    form compiled already."""
    if name == "openvino":
        return OpenVinoEngine(folder, max_length, threads, compiled)
    return OnnxEngine(folder, max_length, threads)


def compiled_file(folder: Path) -> Path:
    """Where a model keeps its form for OpenVINO, compiled by the version that is installed for a processor such as this one:
    reading it takes a fifth of the time that compiling takes. There is none unless the model was trained on such a machine."""
    import openvino

    info = Path("/proc/cpuinfo")
    flags = re.search(r"^flags.*", info.read_text(encoding="utf-8"), re.MULTILINE) if info.exists() else None
    core = openvino.Core()
    kind = [openvino.__version__, core.get_property("CPU", "FULL_DEVICE_NAME"), flags[0] if flags else platform.machine()]
    return folder / "openvino" / f"compiled-{hashlib.sha256(' '.join(kind).encode()).hexdigest()[:12]}.bin"


def _compiled(folder: Path) -> Path | None:
    """The compiled form that belongs to the model, where there is one for this processor."""
    file = compiled_file(folder)
    return file if is_listed(folder, file) else None


def _read_compiled(core: Any, file: Path, options: dict[str, Any]) -> Any:
    """A compiled form, or None when OpenVINO may not use the instructions here that it was compiled for."""
    try:
        return core.import_model(file.read_bytes(), "CPU", options)
    except RuntimeError:
        return None


def _why_not(bundle: Bundle, name: str) -> str | None:
    """What keeps an engine from running this model."""
    if not (bundle.folder / EXPORTS[name][0]).exists():
        return "this model holds no form for it"
    if importlib.util.find_spec(PACKAGES[name]) is None:
        return f"the package is not installed (pip install {PACKAGES[name]})"
    return None


def _has_gpu() -> bool:
    """Whether torch finds a GPU; it is slow to load, so asked only where the driver's own tool is installed."""
    if shutil.which("nvidia-smi") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _torch(bundle: Bundle, threads: int | None) -> TorchEngine:
    check_files(bundle.folder, ["model.safetensors"])
    return TorchEngine(bundle.folder, bundle.max_length, threads)


def pad_token(folder: Path) -> int:
    """The id that fills windows up."""
    return int(_config(folder).get("pad_token_id") or 0)


def _config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config
