"""Tagging on many machines with Ray Data: files or object-store addresses in, a folder of Parquet files out.

Files are read in tasks (a file each, streamed), articles flow in batches through workers that hold a model each, and records are
written as Parquet. Ray runs a failed task again, and restarts a worker that died; what a task writes replaces what it had
written before. The records are those of predict.py on one machine.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

from tema.articles import Article, Paragraph
from tema.bundle import load_bundle
from tema.cli import is_quiet
from tema.errors import InputError, OutputError, TemaError
from tema.readers import ENDINGS, Reader, SetAside, expand
from tema.tagging import Tagger, records
from tema.writers import FORMATS, parquet_row, parquet_schema, partial

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 64  # articles
_PATIENCE = 5.0  # seconds


@dataclass(frozen=True)
class ClusterJob:
    """What to tag and how; `workers` is how many models run at a time (None: one per CPU of the cluster), `address` that of a
    running cluster ("local": start one on this machine)."""

    inputs: Sequence[str]
    model: Path
    output: str
    level: str = "paragraph"
    text_column: str = "text"
    id_column: str | None = None
    title_column: str | None = None
    engine: str = "auto"
    calibrated: bool = True
    address: str = "local"
    workers: int | None = None


def tag_on_cluster(job: ClusterJob) -> list[SetAside]:
    """Run the job; what had to be left out is returned.

    Raises InputError for inputs that do not exist, OutputError for a place that cannot be written or is taken, TemaError when Ray
    is missing or cannot be reached.
    """
    target = _free_place(job.output)
    files = list(dict.fromkeys(file for name in job.inputs for file in _files(name)))
    load_bundle(job.model)  # a model that is not whole stops here
    ray = _connect(job.address)
    try:
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = not is_quiet()
        workers = job.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        desk = ray.remote(num_cpus=0)(_Desk).remote(_packed(job.model))
        (
            ray.data.from_items([{"file": file, "place": _place(file)} for file in files], override_num_blocks=len(files))
            .map_batches(
                _read,
                fn_kwargs={"job": job, "desk": desk},
                batch_size=1,
                batch_format="pyarrow",
                num_cpus=0,  # reading waits for disks and networks; the CPUs are the workers'
                concurrency=workers,
            )
            .map_batches(
                _Worker,
                fn_constructor_kwargs={"job": job, "desk": desk},
                batch_size=_BATCH,
                batch_format="pyarrow",
                num_cpus=1,
                concurrency=workers,
            )
            .write_parquet(str(target), ray_remote_args={"num_cpus": 0}, mode="overwrite")
        )
        left_out = ray.get(desk.left_out.remote())
    except ray.exceptions.RayError as error:
        raise TemaError(f"--ray: the run broke off: {str(error).strip().splitlines()[-1]}") from None
    finally:
        ray.shutdown()
    if not _is_address(job.output):
        target.mkdir(exist_ok=True)  # nothing to write leaves no folder
        target.rename(job.output)
    return left_out


class _Desk:
    """Hands out the model's files, for workers on other machines have no such folder, and collects what was left out, once per
    source however often a task is run."""

    def __init__(self, model: dict[str, bytes]) -> None:
        self._model = model
        self._reasons: dict[str, str] = {}

    def model(self) -> dict[str, bytes]:
        return self._model

    def leave_out(self, notes: list[SetAside]) -> None:
        self._reasons.update((note.source, note.reason) for note in notes)

    def left_out(self) -> list[SetAside]:
        return [SetAside(source, reason) for source, reason in sorted(self._reasons.items())]


class _Worker:
    """A model on a worker: batches of articles in, records out."""

    def __init__(self, job: ClusterJob, desk: Any) -> None:
        import ray

        self._level = job.level
        self._scratch = tempfile.TemporaryDirectory(prefix="tema-model-")
        for name, content in ray.get(desk.model.remote()).items():
            path = Path(self._scratch.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if job.engine == "auto":
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a worker has a core to itself and no GPU, which all would share
        self._tagger = Tagger(self._scratch.name, job.calibrated, job.engine, threads=1)
        self._schema = parquet_schema(job.level, self._tagger.theme_ids)

    def __call__(self, batch: pa.Table) -> pa.Table:
        import pyarrow as pa

        articles = (
            Article(row["article_id"], row["source"], row["title"], tuple(Paragraph(**p) for p in row["paragraphs"]))
            for row in batch.to_pylist()
        )
        rows = [
            parquet_row(record)
            for tagged in self._tagger.tag(articles)
            for record in records(tagged, self._tagger.theme_ids, self._level)
        ]
        return pa.Table.from_pylist(rows, schema=self._schema)


def _read(batch: pa.Table, job: ClusterJob, desk: Any) -> Iterator[pa.Table]:
    """The articles of one file, a table per batch."""
    import pyarrow as pa
    import ray

    kinds = pa.list_(pa.struct([("text", pa.string()), ("kind", pa.string())]))
    schema = pa.schema([*((name, pa.string()) for name in ("article_id", "source", "title")), ("paragraphs", kinds)])
    file, place = batch["file"][0].as_py(), batch["place"][0].as_py()
    with tempfile.TemporaryDirectory(prefix="tema-input-") as scratch:
        path = _local(place, Path(scratch))
        reader = Reader(job.text_column, job.id_column, title_column=job.title_column)
        rows: list[dict[str, Any]] = []
        for article in reader.read_file(path):
            spoken = [{"text": p.text, "kind": p.kind} for p in article.paragraphs]
            source = article.source.replace(str(path), file, 1)
            rows.append({"article_id": article.article_id, "source": source, "title": article.title, "paragraphs": spoken})
            if len(rows) == _BATCH:
                yield pa.Table.from_pylist(rows, schema=schema)
                rows = []
        yield pa.Table.from_pylist(rows, schema=schema)
        left_out = [SetAside(note.source.replace(str(path), file, 1), note.reason) for note in reader.set_aside]
        ray.get(desk.leave_out.remote(left_out))


def _connect(address: str) -> Any:
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise TemaError(f"--ray: Ray cannot be loaded ({error}); pip install -r requirements-ray.txt") from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    package = str(Path(__file__).parent)
    try:
        _knock(address)
        ray.init(
            None if address == "local" else address,
            runtime_env={} if address == "local" else {"py_modules": [package]},
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise TemaError(f"--ray {address}: no cluster answers there: {str(error).splitlines()[0]}") from None
    return ray


def _knock(address: str) -> None:
    """Raises OSError when nothing listens at host:port: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit() and "//" not in host:
        socket.create_connection((host, int(port)), _PATIENCE).close()


def _packed(model: Path) -> dict[str, bytes]:
    """The files of a model folder."""
    return {path.relative_to(model).as_posix(): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()}


def _is_address(name: str) -> bool:
    return "://" in name


def _free_place(output: str) -> Any:
    """Where to write: an address as it is, a local folder beside its place. Raises OutputError when the output is named like a
    file, exists or cannot be made."""
    if output.endswith(FORMATS) and not output.endswith(".parquet"):  # such folders are often called NAME.parquet
        raise OutputError(f"{output}: --ray writes a folder of Parquet files; name it so with --output")
    taken = f"{output}: exists already; --ray writes a new folder of Parquet files, name another with --output"
    if _is_address(output):
        if _listed(output):
            raise OutputError(taken)
        return output
    path = Path(output)
    if path.exists():
        raise OutputError(taken)
    beside = partial(path)
    try:
        shutil.rmtree(beside, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror}; choose another place with --output") from None
    return beside.resolve()


def _files(name: str) -> Iterator[str]:
    """The files that one input names. Raises InputError when there is none."""
    if not _is_address(name):
        if name == "-":
            raise InputError("--ray: standard input cannot be spread over machines; name files, folders or addresses")
        yield from expand([name])
        return
    found = sorted(file for file in _listed(name) if file.lower().endswith(ENDINGS))
    if not found:
        raise InputError(f"{name}: no {', '.join(ENDINGS)} file there")
    yield from found


def _listed(address: str) -> list[str]:
    """The addresses of the files at and under an address. Raises InputError when it cannot be asked."""
    import pyarrow as pa
    import pyarrow.fs as pafs

    try:
        store, path = pafs.FileSystem.from_uri(address)
        info = store.get_file_info(path)
        inside = store.get_file_info(pafs.FileSelector(path, recursive=True)) if info.type == pafs.FileType.Directory else [info]
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{address}: cannot be listed: {error}") from None
    return [_address(urlsplit(address), file.path) for file in inside if file.type == pafs.FileType.File]


def _address(beside: SplitResult, path: str) -> str:
    """The address of a path in the store of another address, with its host, credentials and options. Paths in object stores begin
    with the bucket, which is the address's host."""
    credentials = beside.netloc.rpartition("@")
    host = beside.netloc if path.startswith("/") else "".join(credentials[:2])
    return f"{beside.scheme}://{host}{quote(path)}{'?' if beside.query else ''}{beside.query}"


def _place(file: str) -> str:
    """Where a worker, whose working folder may be another, finds a file."""
    return file if _is_address(file) else str(Path(file).resolve())


def _local(place: str, scratch: Path) -> Path:
    """The file itself, or a copy of what an address holds."""
    if not _is_address(place):
        return Path(place)
    import pyarrow.fs as pafs

    store, path = pafs.FileSystem.from_uri(place)
    copy = scratch / Path(path).name
    with store.open_input_stream(path) as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)
    return copy
