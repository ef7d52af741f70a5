"""A cluster's records are those of one machine, whatever dies on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, run_script

from tema.cluster import _address

WORDS = ("jujur", "netral", "disiplin", "rapat", "jalan", "pasar")


def article(number: int) -> str:
    return "\n".join(f"Bupati {WORDS[(number + i) % len(WORDS)]} di kecamatan {number} hari ke-{i}." for i in range(6))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder of files of every kind of table, one with a broken row, and a text."""
    folder = tmp_path / "archive"
    folder.mkdir()
    rows = [{"text": article(i), "key": f"berita-{i}"} for i in range(900)]
    broken = [*map(json.dumps, rows[:300]), "{"]
    (folder / "a.jsonl").write_text("\n".join(broken), encoding="utf-8")
    quoted = [f'"{row["text"]}",{row["key"]}' for row in rows[300:600]]
    (folder / "b.csv").write_text("\n".join(["text,key", *quoted]), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows[600:]), folder / "c.parquet")
    (folder / "d.txt").write_text(article(900), encoding="utf-8")
    return folder


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def busy_workers() -> list[psutil.Process]:
    """The processes that hold a model and are at work; Ray writes into a process's title what it does."""
    titles = {process: " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])}
    return [process for process, title in titles.items() if "_Worker" in title and ".submit" in title]


def test_predict_when_a_worker_is_killed_in_mid_run_then_the_records_of_a_plain_run(
    model: Path, archive: Path, tmp_path: Path
) -> None:
    plain = run_script("predict.py", archive, "--model", model, "--output", tmp_path / "plain.jsonl")
    assert plain.returncode == 3
    command = ["predict.py", archive, "--model", model, "--ray", "--workers", "2", "--output", tmp_path / "tags.parquet"]
    with subprocess.Popen(
        [sys.executable, *map(str, command)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        deadline = time.monotonic() + 240
        while not (found := busy_workers()):
            assert run.poll() is None, run.stderr.read() if run.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.02)
        found[0].kill()
        assert run.poll() is None
        _, told = run.communicate(timeout=240)
    assert run.returncode == 3, told
    assert "a.jsonl:301: not valid JSON" in told
    assert pq.read_table(tmp_path / "tags.parquet").to_pylist() == read_jsonl(tmp_path / "plain.jsonl")


def test_predict_when_inputs_and_output_are_addresses_then_the_records_of_a_plain_run(
    model: Path, archive: Path, tmp_path: Path
) -> None:
    plain = run_script("predict.py", archive, "--model", model, "--level", "article", "--output", tmp_path / "plain.jsonl")
    assert plain.returncode == 3
    addresses = archive.as_uri(), "--output", (tmp_path / "tags").as_uri()
    run = run_script("predict.py", *addresses, "--model", model, "--level", "article", "--ray")
    assert run.returncode == 3, run.stderr
    expected = read_jsonl(tmp_path / "plain.jsonl")
    found = pq.read_table(tmp_path / "tags").to_pylist()
    assert [{**row, "theme_paragraphs": dict(row["theme_paragraphs"])} for row in found] == [
        {**row, "source": row["source"].replace(str(archive), archive.as_uri())} for row in expected
    ]
    again = run_script("predict.py", *addresses, "--model", model, "--ray")
    assert again.returncode == 1
    assert "exists already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "--ray", "--output", "tags"], "nowhere: no such file, folder or match"),
        (["-", "--ray", "--output", "tags"], "standard input cannot be spread over machines"),
        (["file:///nowhere", "--ray", "--output", "tags"], "file:///nowhere: no .txt"),
        (["data/samples", "--ray", "127.0.0.1:1", "--output", "tags"], "--ray 127.0.0.1:1: no cluster answers there"),
    ],
)
def test_predict_when_a_cluster_run_cannot_start_then_exit_1_and_why(model: Path, arguments: list[str], message: str) -> None:
    result = run_script("predict.py", *arguments, "--model", model)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("given", "path", "address"),
    [
        ("s3://bucket/news?region=x", "bucket/news/a b.txt", "s3://bucket/news/a%20b.txt?region=x"),
        ("s3://key:secret@bucket/news", "bucket/news/a.txt", "s3://key:secret@bucket/news/a.txt"),
        ("hdfs://host:8020/news", "/news/a.txt", "hdfs://host:8020/news/a.txt"),
        ("file:///news", "/news/a.txt", "file:///news/a.txt"),
    ],
)
def test_address_when_of_a_file_in_a_store_then_it_keeps_host_and_options(given: str, path: str, address: str) -> None:
    assert _address(urlsplit(given), path) == address


def test_predict_when_ray_lacks_an_output_then_exit_2(model: Path) -> None:
    result = run_script("predict.py", "data/samples", "--ray", "--model", model)
    assert result.returncode == 2
    assert "needs --output" in result.stderr


def test_predict_when_the_clusters_output_is_named_like_a_file_then_refused(model: Path, archive: Path, tmp_path: Path) -> None:
    run = run_script("predict.py", archive, "--model", model, "--ray", "--output", tmp_path / "tags.html")
    assert run.returncode == 1
    assert "--ray writes a folder of Parquet files" in run.stderr
