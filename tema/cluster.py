"""Tagging on many machines with Ray Data: files or object-store addresses in, a folder of Parquet files out.

Files are read in tasks (a file each, streamed), articles flow in batches through workers that hold a model each, and records are
written as Parquet. Ray runs a failed task again, and restarts a worker that died; what a task writes replaces what it had
written before. The records are those of predict.py on one machine.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tema.articles import Article, Paragraph
from tema.errors import InputError, OutputError, TemaError
from tema.readers import ENDINGS, Reader, SetAside, expand
from tema.tagging import Tagger, records
from tema.writers import parquet_row, parquet_schema, partial

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 64  # articles


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
    files = [file for name in job.inputs for file in _files(name)]
    tagger = Tagger(job.model, job.calibrated, job.engine)  # a model that cannot run stops here
    ray = _connect(job.address)
    try:
        ray.data.DataContext.get_current().execution_options.preserve_order = True
        workers = job.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        notes = ray.remote(num_cpus=0)(_Notes).remote()
        (
            ray.data.from_items([{"file": file} for file in files], override_num_blocks=len(files))
            .map_batches(
                _read,
                fn_kwargs={"job": job, "notes": notes},
                batch_size=1,
                batch_format="pyarrow",
                num_cpus=0,  # reading waits for disks and networks; the CPUs are the workers'
                concurrency=workers,
            )
            .map_batches(
                _Worker,
                fn_constructor_kwargs={"job": job, "model": ray.put(_packed(job.model))},
                batch_size=_BATCH,
                batch_format="pyarrow",
                num_cpus=1,
                concurrency=workers,
            )
            .write_parquet(str(target), ray_remote_args={"num_cpus": 0}, mode="overwrite")
        )
        left_out = ray.get(notes.all.remote())
    finally:
        ray.shutdown()
    if not _is_address(job.output):
        target.mkdir(exist_ok=True)  # nothing to write leaves no folder
        target.rename(job.output)
    del tagger
    return left_out


class _Notes:
    """Collects what was left out, once per source however often a task is run."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def add(self, left_out: list[SetAside]) -> None:
        self._reasons.update((note.source, note.reason) for note in left_out)

    def all(self) -> list[SetAside]:
        return [SetAside(source, reason) for source, reason in sorted(self._reasons.items())]


class _Worker:
    """A model on a worker: batches of articles in, records out."""

    def __init__(self, job: ClusterJob, model: dict[str, bytes]) -> None:
        self._level = job.level
        self._scratch = tempfile.TemporaryDirectory(prefix="tema-model-")
        for name, content in model.items():
            path = Path(self._scratch.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
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


def _read(batch: pa.Table, job: ClusterJob, notes: Any) -> Iterator[pa.Table]:
    """The articles of one file, a table per batch."""
    import pyarrow as pa
    import ray

    kinds = pa.list_(pa.struct([("text", pa.string()), ("kind", pa.string())]))
    schema = pa.schema([*((name, pa.string()) for name in ("article_id", "source", "title")), ("paragraphs", kinds)])
    file = batch["file"][0].as_py()
    with tempfile.TemporaryDirectory(prefix="tema-input-") as scratch:
        path = _local(file, Path(scratch))
        reader = Reader(job.text_column, job.id_column)
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
        ray.get(notes.add.remote(left_out))


def _connect(address: str) -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise TemaError(f"--ray: Ray cannot be loaded ({error}); pip install -r requirements-ray.txt") from None
    package = str(Path(__file__).parent)
    try:
        ray.init(
            None if address == "local" else address,
            runtime_env={} if address == "local" else {"py_modules": [package]},
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise TemaError(f"--ray {address}: no cluster answers there: {str(error).splitlines()[0]}") from None
    return ray


def _packed(model: Path) -> dict[str, bytes]:
    """The files of a model folder: workers on other machines have no such folder."""
    return {path.relative_to(model).as_posix(): path.read_bytes() for path in sorted(model.rglob("*")) if path.is_file()}


def _is_address(name: str) -> bool:
    return "://" in name


def _free_place(output: str) -> Any:
    """Where to write. Raises OutputError when a local output exists or cannot be made."""
    if _is_address(output):
        return output
    path = Path(output)
    if path.exists():
        raise OutputError(f"{output}: exists already; --ray writes a new folder of Parquet files, name another with --output")
    beside = partial(path)
    try:
        shutil.rmtree(beside, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{output}: cannot be written: {error.strerror}; choose another place with --output") from None
    return beside.resolve()


def _files(name: str) -> Iterator[str]:
    """The files that one input names, with absolute paths or full addresses. Raises InputError when there is none."""
    if not _is_address(name):
        if name == "-":
            raise InputError("--ray: standard input cannot be spread over machines; name files, folders or addresses")
        yield from (str(Path(file).resolve()) for file in expand([name]))
        return
    import pyarrow as pa
    import pyarrow.fs as pafs

    try:
        store, path = pafs.FileSystem.from_uri(name)
        info = store.get_file_info(path)
        inside = store.get_file_info(pafs.FileSelector(path, recursive=True)) if info.type == pafs.FileType.Directory else [info]
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{name}: cannot be listed: {error}") from None
    scheme = name.split("://", 1)[0]
    found = sorted(file.path for file in inside if file.type == pafs.FileType.File and file.path.lower().endswith(ENDINGS))
    if not found:
        raise InputError(f"{name}: no {', '.join(ENDINGS)} file there")
    yield from (f"{scheme}://{file}" for file in found)


def _local(file: str, scratch: Path) -> Path:
    """The file itself, or a copy of what an address holds."""
    if not _is_address(file):
        return Path(file)
    import pyarrow.fs as pafs

    store, path = pafs.FileSystem.from_uri(file)
    copy = scratch / Path(path).name
    with store.open_input_stream(path) as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)
    return copy
