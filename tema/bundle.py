"""The saved model: an ordinary Hugging Face folder with JSON beside it and a manifest written last.

A folder is written beside its destination and renamed into place, so a model is whole or not there; `manifest.json` lists every
file with its checksum and is checked at loading.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tema.calibration import Calibration
from tema.errors import ModelError, OutputError
from tema.themes import Theme, load_themes

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MANIFEST = "manifest.json"
EXPORTS = {"openvino": ["openvino/model.xml", "openvino/model.bin"], "onnx": ["onnx/model.onnx"]}
_WEIGHTS = (".safetensors", ".bin", ".xml", ".onnx")  # large: checked by the engine that reads them
FORMAT = 1
_CHUNK = 2**20  # bytes
_SHA256 = 64  # hexadecimal digits; weights of older models have one too


@dataclass(frozen=True)
class Bundle:
    """A checked model folder: its themes in output order, calibration, encoder note and longest window in tokens."""

    folder: Path
    themes: tuple[Theme, ...]
    calibration: Calibration
    encoder_note: str
    is_standin: bool
    max_length: int


@contextlib.contextmanager
def writing(output: Path) -> Iterator[Path]:
    """A folder to write a model into; when the block ends without an error it is sealed and takes the place of `output`.

    Raises OutputError when the place cannot be written.
    """
    beside = output.with_name(f".{output.name}.writing")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror}; choose another folder with --output") from None
    yield beside
    _seal(beside)
    before = output.with_name(f".{output.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if output.exists():
        output.rename(before)
    beside.rename(output)
    shutil.rmtree(before, ignore_errors=True)


def check_output(output: Path) -> None:
    """Fail before training rather than after it. Raises OutputError for a place that cannot hold a model."""
    if output.is_file() or (output.is_dir() and any(output.iterdir()) and not (output / MANIFEST).exists()):
        raise OutputError(f"{output}: exists and is not a Tema model; it will not be overwritten, choose another with --output")
    with _probe(output) as beside:
        beside.write_bytes(b"")


@contextlib.contextmanager
def _probe(output: Path) -> Iterator[Path]:
    probe = output.parent / f".{output.name}.probe"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        yield probe
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror}; choose another folder with --output") from None


def save_model(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Weights (safetensors), configuration and tokenizer, as `AutoModelForSequenceClassification` loads them."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_json(path: Path, value: Any) -> None:
    """Readable JSON, UTF-8."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_bundle(folder: str | Path) -> Bundle:
    """Open a saved model after checking it against its manifest; of the weights only that they are there.

    Raises ModelError when there is no model, or a file is missing or altered.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(f"{folder}: no model there yet; train one with `python train.py`, or name a model's folder with --model")
    names = list(_manifest(folder)["files"])
    for name in names:
        if not (folder / name).is_file():
            raise ModelError(f"{folder}: the model is incomplete: {name} is missing; copy the folder again or train anew")
    check_files(folder, [name for name in names if not name.endswith(_WEIGHTS)])
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    tokenizer_config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    return Bundle(
        folder,
        load_themes(folder / "themes.yaml"),
        Calibration(**json.loads((folder / "calibration.json").read_text(encoding="utf-8"))),
        metrics["encoder"]["note"],
        metrics["encoder"]["standin_reason"] is not None,
        int(tokenizer_config["model_max_length"]),
    )


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Hold files of a saved model against the manifest. Raises ModelError for one that was altered."""
    digests = _manifest(folder)["files"]
    for name in names:
        recorded = digests.get(name, "")
        if _digest(folder / name, sha256=len(recorded) == _SHA256) != recorded:
            raise ModelError(
                f"{folder}: {name} was altered since training (its checksum differs); copy the folder again or train anew"
            )


def is_listed(folder: Path, file: Path) -> bool:
    """Whether the manifest knows a file of the folder; one that it does not know is left from another model."""
    return file.relative_to(folder).as_posix() in _manifest(folder)["files"]


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise ModelError(f"{folder}: model format {manifest['format']}, this version reads {FORMAT}; train anew")
        if not {"config.json", "metrics.json", "calibration.json", "themes.yaml"} <= set(manifest["files"]):
            raise KeyError("files")
        manifest["files"].items()
        return manifest
    except FileNotFoundError:
        raise ModelError(
            f"{folder}: not a whole model: {MANIFEST} is missing; was training stopped while saving? Train anew"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ModelError(f"{folder}: {MANIFEST} was altered; copy the folder again or train anew") from None


def _seal(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        _flush(path)
    digests = {path.relative_to(folder).as_posix(): _digest(path, not path.name.endswith(_WEIGHTS)) for path in files}
    write_json(folder / MANIFEST, {"format": FORMAT, "files": digests})
    _flush(folder / MANIFEST)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path, sha256: bool) -> str:
    """SHA-256 or, for weights, which every start reads whole, CRC-32, some eight times as fast."""
    with path.open("rb") as stream:
        if sha256:
            return hashlib.file_digest(stream, "sha256").hexdigest()
        checksum = 0
        while chunk := stream.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
        return f"{checksum:08x}"
